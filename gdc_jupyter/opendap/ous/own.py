"""The collections of this server as UMM collections, granules, variables and services.

Concept ids are made of the ids that the catalogue has, and stay the same as long as those do. Where a concept id is
asked for, the catalogue's own ids and the names of variables are understood as well.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.granules import granule_url
from gdc_jupyter.opendap.ous import messages
from gdc_jupyter.opendap.ous.cmr_file import part_of
from gdc_jupyter.opendap.ous.cmr_records import to_milliseconds
from gdc_jupyter.opendap.ous.metadata import (
    Collection,
    Found,
    Granule,
    GranuleQuery,
    MetadataError,
    Service,
    Variable,
    ordered,
)
from gdc_jupyter.opendap.ous.own_granules import Entry, Granules, granules_of

PROVIDER = "GDC"
_SERVICE_LINK = "http://esipfed.org/ns/fedsearch/1.1/service#"
#: Granules whose variables are found together; the first of them are not kept waiting.
_FIRST, _TOGETHER = 16, 512
_T = TypeVar("_T")


def concept_id(kind: str, *names: str) -> str:
    """Return the concept id of what the catalogue has under some names.

    Parameters
    ----------
    kind : str
        ``C``, ``G``, ``V`` or ``S``.
    *names : str
        The id of the collection, and of a granule or a variable in it.
    """
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return f"{kind}{10**15 + int.from_bytes(digest[:8]) % (9 * 10**15)}-{PROVIDER}"


class OwnCollections:
    """The collections of this server.

    Parameters
    ----------
    catalog : Catalog
        As who asks may see it.
    server : str
        The address of the Jupyter server with its base URL: ``https://host/base``.
    """

    def __init__(self, catalog: Catalog, server: str) -> None:
        self._catalog = catalog
        self._server = server
        self._known: dict[str, Granules] | None = None

    async def collection(self, concept_id: str) -> Collection | None:
        """Return a collection, None where there is none."""
        return await _told(lambda: self._collection(concept_id))

    async def variables(self, concept_ids: Sequence[str], collection: Collection) -> list[Variable]:
        """Return variables, ordered by their names; those of the first granule that has them."""
        if not concept_ids:
            return []
        return await _told(lambda: self._variables(set(concept_ids), collection.concept_id))

    async def services(self, concept_ids: Sequence[str]) -> list[Service]:
        """Return the service, which all collections share."""
        own = concept_id("S", "opendap")
        return [Service(own, "OPeNDAP")] if own in concept_ids else []

    async def granules(self, query: GranuleQuery) -> Found:
        """Return granules by their start."""
        return await _told(lambda: self._granules(query))

    def _find(self, identifier: str) -> Granules | None:
        if self._known is None:
            there = {collection.id: granules_of(collection) for collection in self._catalog.collections()}
            own = {key: granules for key, granules in there.items() if granules is not None}
            self._known = {concept_id("C", key): granules for key, granules in own.items()} | own
        return self._known.get(identifier)

    def _collection(self, identifier: str) -> Collection | None:
        granules = self._find(identifier)
        if granules is None:
            return None
        own = granules.collection
        ids = [concept_id("V", own.id, name) for name in granules.variables]
        return Collection(concept_id("C", own.id), own.title, "NA", tuple(ids), (concept_id("S", "opendap"),))

    def _variables(self, wanted: set[str], identifier: str) -> list[Variable]:
        granules = self._find(identifier)
        if granules is None:
            return []
        ids = {name: concept_id("V", granules.collection.id, name) for name in granules.variables}
        chosen = [each for name, each in granules.variables.items() if name in wanted or ids[name] in wanted]
        return ordered([replace(variable, concept_id=ids[variable.name]) for variable in chosen])

    def _granules(self, query: GranuleQuery) -> Found:
        granules = self._find(query.collection_id)
        if granules is None:
            return Found(_none(), 0)
        wanted = _wanted(granules, query)
        part, after = part_of(wanted, query)
        return Found(self._each(granules, wanted[part]), len(wanted), after)

    async def _each(self, granules: Granules, entries: Sequence[Entry]) -> AsyncIterator[Granule]:
        for batch in _batches(entries):
            for granule in await _told(partial(self._batch, granules, batch)):
                yield granule

    def _batch(self, granules: Granules, entries: Sequence[Entry]) -> list[Granule]:
        return [self._granule(granules, entry) for entry in entries]

    def _granule(self, granules: Granules, entry: Entry) -> Granule:
        collection = granules.collection.id
        link = {"rel": _SERVICE_LINK, "title": "OPeNDAP", "href": granule_url(self._server, collection, entry.id)}
        return Granule(concept_id("G", collection, entry.id), (link,), entry.order, *granules.variables_of(entry))


def _wanted(granules: Granules, query: GranuleQuery) -> list[Entry]:
    found = granules.entries
    if query.granules:
        collection, chosen = granules.collection.id, query.chosen
        found = [
            entry
            for entry in found
            if (entry.id in chosen or concept_id("G", collection, entry.id) in chosen) != query.exclude
        ]
    if query.temporal:
        intervals = [tuple(to_milliseconds(edge) if edge else None for edge in interval) for interval in query.temporal]
        found = [entry for entry in found if any(entry.meets(start, end) for start, end in intervals)]
    if query.bounding_box is not None:
        box = query.bounding_box
        found = [entry for entry in found if entry.touches(box)]
    return found


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    yield entries[:_FIRST]
    for start in range(_FIRST, len(entries), _TOGETHER):
        yield entries[start : start + _TOGETHER]


async def _none() -> AsyncIterator[Granule]:
    return
    yield


async def _told(work: Callable[[], _T]) -> _T:
    """Return what a function returns, which is called on a thread, its errors as those of metadata."""
    try:
        return await asyncio.to_thread(work)
    except GdcError as error:
        raise MetadataError(messages.NO_VARIABLES, error.message) from None
