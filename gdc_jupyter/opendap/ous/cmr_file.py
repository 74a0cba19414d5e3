"""Metadata of a JSON file in CMR's own forms: ``collections``, ``granules``, ``variables`` and ``services``."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.ous import cmr_records
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
from gdc_jupyter.opendap.ous.parameters import Box


class CmrFile:
    """A catalogue in a file.

    Parameters
    ----------
    path : Path
        The file, which is read at once.

    Raises
    ------
    GdcError
        ``CatalogUnreadable``, with what is wrong.
    """

    def __init__(self, path: Path) -> None:
        try:
            document = orjson.loads(path.read_bytes())
            self._collections = {entry["id"]: cmr_records.collection(entry) for entry in document["collections"]}
            self._variables = {entry["meta"]["concept-id"]: entry for entry in document.get("variables", ())}
            self._services = {
                entry["meta"]["concept-id"]: cmr_records.service(entry) for entry in document.get("services", ())
            }
            self._granules = _by_collection(document.get("granules", ()))
        except OSError as error:
            raise GdcError("CatalogUnreadable", f"{path.name} cannot be read: {error.strerror}.") from None
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise GdcError(
                "CatalogUnreadable", f"{path.name} is not a catalogue in CMR's form: {type(error).__name__} {error}."
            ) from None

    async def collection(self, concept_id: str) -> Collection | None:
        """Return a collection, None where there is none."""
        return self._collections.get(concept_id)

    async def variables(self, concept_ids: Sequence[str], collection: Collection) -> list[Variable]:
        """Return variables, ordered by their names."""
        there = [self._variables[concept_id] for concept_id in concept_ids if concept_id in self._variables]
        return ordered([cmr_records.variable(entry, collection.title) for entry in there])

    async def services(self, concept_ids: Sequence[str]) -> list[Service]:
        """Return services."""
        return [self._services[concept_id] for concept_id in concept_ids if concept_id in self._services]

    async def granules(self, query: GranuleQuery) -> Found:
        """Return granules by provider and start."""
        every = self._granules.get(query.collection_id, [])
        narrowed = query.granules or query.temporal or query.bounding_box
        if not narrowed:
            return page([granule for _, granule in every], query)
        wanted = await asyncio.to_thread(lambda: [found for record, found in every if _is_wanted(record, found, query)])
        return page(wanted, query)


def page(wanted: Sequence[Granule], query: GranuleQuery) -> Found:
    """Return a page of granules, which are in their order.

    Raises
    ------
    MetadataError
        Where the page after another cannot be found.
    """
    part, after = part_of(wanted, query)
    return Found(_each(wanted[part]), len(wanted), after)


class _Ordered(Protocol):
    @property
    def order(self) -> tuple[str, int, int]: ...


def part_of(wanted: Sequence[_Ordered], query: GranuleQuery) -> tuple[slice, str]:
    """Return which of some granules, in their order, are on a page, and what the next one is asked with.

    Raises
    ------
    MetadataError
        Where the page after another cannot be found.
    """
    start = 0
    if query.after:
        start = bisect_left(wanted, _order(query.after), key=lambda each: each.order)
    elif query.page_num and query.page_size:
        start = (query.page_num - 1) * query.page_size
    end = start + query.page_size if query.page_size else len(wanted)
    return slice(start, end), cmr_records.search_after(wanted[end].order) if end < len(wanted) else ""


async def _each(granules: Sequence[Granule]) -> AsyncIterator[Granule]:
    for granule in granules:
        yield granule


def _order(after: str) -> tuple[str, int, int]:
    try:
        provider, start, number = orjson.loads(after)
        return str(provider), int(start), int(number)
    except (orjson.JSONDecodeError, TypeError, ValueError):
        raise MetadataError(f"The search-after header {after[:100]!r} is not one that a page has given.") from None


def _by_collection(records: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[Mapping[str, Any], Granule]]]:
    found: dict[str, list[tuple[Mapping[str, Any], Granule]]] = {}
    for record in records:
        found.setdefault(record["collection_concept_id"], []).append((record, cmr_records.granule(record)))
    for granules in found.values():
        granules.sort(key=lambda pair: pair[1].order)
    return found


def _is_wanted(record: Mapping[str, Any], granule: Granule, query: GranuleQuery) -> bool:
    if query.granules and (granule.concept_id in query.chosen) == query.exclude:
        return False
    if query.temporal and not any(_meets(record, start, end) for start, end in query.temporal):
        return False
    return query.bounding_box is None or _touches(record, query.bounding_box)


def _meets(record: Mapping[str, Any], start: str, end: str) -> bool:
    if not record.get("time_start"):
        return False
    first = cmr_records.to_milliseconds(str(record["time_start"]))
    last = cmr_records.to_milliseconds(str(record["time_end"])) if record.get("time_end") else first
    return (not start or last >= cmr_records.to_milliseconds(start)) and (
        not end or first <= cmr_records.to_milliseconds(end)
    )


def _touches(record: Mapping[str, Any], box: Box) -> bool:
    """Tell whether a granule's boxes, of CMR's form "south west north east", meet a box; without any, it does."""
    boxes = record.get("boxes") or ()
    west, south, east, north = box
    for text in boxes:
        own_south, own_west, own_north, own_east = (float(part) for part in str(text).split())
        if own_south <= north and own_north >= south and _longitudes_meet((west, east), (own_west, own_east)):
            return True
    return not boxes


def _longitudes_meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    def parts(interval: tuple[float, float]) -> list[tuple[float, float]]:
        west, east = interval
        return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]

    return any(a[0] <= b[1] and b[0] <= a[1] for a in parts(one) for b in parts(other))
