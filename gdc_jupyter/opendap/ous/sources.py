"""Several sources of metadata as one: each collection is of the first that has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import asdict
from typing import Any

from gdc_jupyter.opendap.ous.caches import Cache
from gdc_jupyter.opendap.ous.metadata import Collection, Found, Granule, GranuleQuery, Service, Source, Variable

#: A source, and a collection that it has.
_Held = tuple[Source, Collection]


class Sources:
    """Sources one after the other; what they tell of collections is kept.

    Parameters
    ----------
    sources : sequence of Source
    cache : Cache
        Where collections are kept, under keys of which ``prefix`` is a part.
    prefix : str
        What tells one caller's collections from another's, where these differ.
    """

    def __init__(self, sources: Sequence[Source], cache: Cache, prefix: str = "") -> None:
        self._sources = sources
        self._cache = cache
        self._prefix = prefix
        self._searches: dict[str, asyncio.Future[_Held | None]] = {}

    async def collection(self, concept_id: str) -> Collection | None:
        """Return a collection, None where no source has it."""
        found = await self._source_of(concept_id)
        return found[1] if found else None

    async def variables(self, concept_ids: Sequence[str], collection: Collection) -> list[Variable]:
        """Return variables, ordered by their names."""
        found = await self._source_of(collection.concept_id)
        return await found[0].variables(concept_ids, collection) if found else []

    async def services(self, concept_ids: Sequence[str]) -> list[Service]:
        """Return services, whichever source has them."""
        if not concept_ids:
            return []
        return [service for source in self._sources for service in await source.services(concept_ids)]

    async def granules(self, query: GranuleQuery) -> Found:
        """Return granules; the last source is asked for them while it still looks for the collection."""
        if not self._sources:
            return Found(_none(), 0)
        found = await self._earlier(query.collection_id)
        return await (found[0] if found else self._sources[-1]).granules(query)

    async def _source_of(self, concept_id: str) -> _Held | None:
        found = await self._earlier(concept_id)
        if found is None and self._sources:
            found = await self._once(f"last {concept_id}", self._look(self._sources[-1:], concept_id))
        return found

    async def _earlier(self, concept_id: str) -> _Held | None:
        """Return the collection of a source before the last."""
        return await self._once(f"earlier {concept_id}", self._look(self._sources[:-1], concept_id))

    async def _once(self, key: str, looking: Coroutine[Any, Any, _Held | None]) -> _Held | None:
        """Return what a search has found that others of the same key share."""
        if key in self._searches:
            looking.close()
        else:
            self._searches[key] = asyncio.ensure_future(looking)
        return await asyncio.shield(self._searches[key])

    async def _look(self, sources: Sequence[Source], concept_id: str) -> _Held | None:
        for source in sources:
            collection = await source.collection(concept_id)
            if collection is not None:
                self._cache.put(f"concept:{self._prefix}{concept_id}", asdict(collection))
                return source, collection
        return None


async def _none() -> AsyncIterator[Granule]:
    return
    yield
