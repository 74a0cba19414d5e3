"""Several sources of metadata as one: each collection is of the first that has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict

from gdc_jupyter.opendap.caches import Cache
from gdc_jupyter.opendap.metadata import Collection, Found, Granule, GranuleQuery, Service, Source, Variable


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
        self._found: dict[str, tuple[Source, Collection] | None] = {}

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
        """Return granules."""
        found = await self._source_of(query.collection_id)
        return await found[0].granules(query) if found else Found(_none(), 0)

    async def _source_of(self, concept_id: str) -> tuple[Source, Collection] | None:
        if concept_id not in self._found:
            self._found[concept_id] = await self._look(concept_id)
        return self._found[concept_id]

    async def _look(self, concept_id: str) -> tuple[Source, Collection] | None:
        for source in self._sources:
            collection = await source.collection(concept_id)
            if collection is not None:
                self._cache.put(f"concept:{self._prefix}{concept_id}", asdict(collection))
                return source, collection
        return None


async def _none() -> AsyncIterator[Granule]:
    return
    yield
