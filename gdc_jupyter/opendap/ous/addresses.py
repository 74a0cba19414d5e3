"""OUS, the OPeNDAP URL service: from what is asked to addresses, one stage after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gdc_jupyter.opendap.ous import messages
from gdc_jupyter.opendap.ous.constraints import Hyperslab, expression, hyperslabs, true_box
from gdc_jupyter.opendap.ous.links import NoAddress, address
from gdc_jupyter.opendap.ous.metadata import (
    Collection,
    Found,
    Granule,
    GranuleQuery,
    MetadataError,
    Part,
    Place,
    Service,
    Source,
    Variable,
)
from gdc_jupyter.opendap.ous.parameters import Box, BoxInvalid, Parameters
from gdc_jupyter.opendap.ous.versions import Accepted

_LEVELS = ("3", "4")
_DAP4_SUFFIXES = {"nc": "dap.nc4", "nc4": "dap.nc4", "ascii": "dap.csv", "csv": "dap.csv"}
_PAGE = 10
#: Seconds after which others get their turn.
_BREATH = 0.002
LATER_VENDOR = "cmr-service-bridge"


class OusError(Exception):
    """A request that has no answer.

    Attributes
    ----------
    errors : list of str
        In the order of the stages.
    """

    def __init__(self, *errors: str) -> None:
        super().__init__(*errors)
        self.errors = list(errors)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return messages.status_of(self.errors)


@dataclass(frozen=True)
class Address:
    """An address, and what is behind it.

    Attributes
    ----------
    url : str
    explanation : dict, optional
        Index ranges, edges of the cells in degrees and bytes.
    """

    url: str
    explanation: dict[str, Any] | None = None


@dataclass
class Addresses:
    """The answer, as it comes.

    Attributes
    ----------
    items : async iterator of Address
        Raises OusError.
    warnings : list of str
        All are there when the items have come.
    granules : Found
        The granules behind, with how many there are and where a next page starts.
    paged : bool
        Whether this is one page of several.
    """

    items: AsyncIterator[Address]
    granules: Found
    warnings: list[str] = field(default_factory=list)
    paged: bool = False


def is_later(accepted: Accepted) -> bool:
    """Tell whether messages are those of the later service, which had another name at first."""
    return accepted.vendor == LATER_VENDOR or accepted.version == "v3"


def box_error(error: BoxInvalid, accepted: Accepted) -> OusError:
    """Return what OUS says of a box outside of the Earth, which ends in granules that cannot be found."""
    return OusError(*error.errors, messages.NO_URL if is_later(accepted) else messages.NO_DATA_URL)


async def addresses(
    source: Source, parameters: Parameters, accepted: Accepted, most: int = 100_000, after: str = ""
) -> Addresses:
    """Return the addresses of what is asked for.

    Parameters
    ----------
    source : Source
        Where the metadata come from.
    parameters : Parameters
    accepted : Accepted
        The version, one of those that there are.
    most : int
        Granules that are listed at most.
    after : str
        The header ``CMR-Search-After`` of the page before.

    Raises
    ------
    OusError
    """
    page_size = parameters.page_size or (_PAGE if accepted.version == "v3" or parameters.page_num else None)
    paged = page_size is not None or bool(after)
    query = GranuleQuery(
        parameters.collection_id,
        parameters.granules,
        parameters.exclude_granules,
        parameters.bounding_box,
        parameters.temporal,
        page_size or (_PAGE if after else None),
        parameters.page_num,
        after,
    )
    warnings = [f"The parameter '{name}' is not known, and was ignored." for name in parameters.unknown]
    asking = asyncio.ensure_future(source.granules(query))
    try:
        collection = await source.collection(parameters.collection_id)
        if collection is None:
            return Addresses(_none(), Found(_no_granules(), 0), warnings, paged)
        _check_level(collection, accepted)
        variables, every, services = await asyncio.gather(
            _variables(source, parameters, collection, warnings),
            source.variables(collection.variables if parameters.explain else (), collection),
            source.services(collection.services),
        )
        granules = await asking
    except MetadataError as error:
        raise OusError(*error.errors) from None
    finally:
        asking.cancel()
        await asyncio.wait([asking])
        # What was wrong with granules that nobody wants any more is not to be logged.
        _ = asking.cancelled() or asking.exception()
    made = Addresses(_none(), granules, warnings, paged)
    made.items = _Maker(parameters, accepted, collection, services, variables, every, made).items(most)
    return made


async def _none() -> AsyncIterator[Address]:
    return
    yield


async def _no_granules() -> AsyncIterator[Granule]:
    return
    yield


def _check_level(collection: Collection, accepted: Accepted) -> None:
    level = collection.processing_level
    level = "3" if level in ("", "NA", "Not Provided") else level
    if not accepted.at_least("v2.1") and level not in _LEVELS:
        raise OusError(messages.LEVEL, messages.problematic_level(level, collection.concept_id))


async def _variables(
    source: Source, parameters: Parameters, collection: Collection, warnings: list[str]
) -> list[Variable]:
    """Return the variables that the query is about: those given; with a box and none given, all there are."""
    if not parameters.variables and parameters.bounding_box is None:
        return []
    found = await source.variables(parameters.variables or collection.variables, collection)
    there = {name for variable in found for name in (variable.concept_id, variable.name)}
    if missing := [concept_id for concept_id in parameters.variables if concept_id not in there]:
        warnings.append(f"The variables {', '.join(missing)} were not found.")
    return found


#: A query string, and what it is about.
_Query = tuple[str, dict[str, Any] | None]


class _Maker:
    """Makes the addresses of granules."""

    def __init__(
        self,
        parameters: Parameters,
        accepted: Accepted,
        collection: Collection,
        services: Sequence[Service],
        variables: Sequence[Variable],
        every: Sequence[Variable],
        answer: Addresses,
    ) -> None:
        self._parameters = parameters
        self._collection = collection
        self._services = services
        self._variables = variables
        self._answer = answer
        self._later = is_later(accepted)
        self._strict = accepted.at_least("v2.1")
        self._dap_version = parameters.dap_version or (4 if accepted.version == "v3" else 2)
        suffix = parameters.format
        self._suffix = _DAP4_SUFFIXES.get(suffix, suffix) if self._dap_version == 4 else suffix
        self._every = every
        # Identities are good for as long as their objects are kept.
        self._kept: dict[Any, tuple[list[_Query], Any]] = {}
        self._places: dict[int, tuple[Place, tuple[Part, ...]]] = {}

    @cached_property
    def _common(self) -> list[_Query]:
        """The queries of granules that have the variables of the collection."""
        return self._queries(self._variables, self._every)

    async def items(self, most: int) -> AsyncIterator[Address]:
        problematic: list[str] = []
        errors: list[str] = []
        count, breath = 0, time.monotonic() + _BREATH
        try:
            async for granule in self._answer.granules.granules:
                if count >= most:
                    self._warn(f"There are more granules; only the first {most} are listed. Ask for pages.")
                    break
                count += 1
                if time.monotonic() > breath:
                    await asyncio.sleep(0)
                    breath = time.monotonic() + _BREATH
                try:
                    base = address(granule, self._collection, self._services, self._later)
                except NoAddress as missing:
                    errors += [] if missing.reason in errors else [missing.reason]
                    problematic += [granule.concept_id] if missing.naming else []
                    continue
                if errors:
                    continue
                slow = any(place is not None and place.slow for place in granule.places)
                for each in await asyncio.to_thread(self._of, granule, base) if slow else self._of(granule, base):
                    yield each
        except MetadataError as error:
            raise OusError(*error.errors) from None
        if errors:
            raise OusError(*errors, *([messages.problematic(problematic)] if problematic else []))

    def _of(self, granule: Granule, base: str) -> list[Address]:
        slabs = self._common if granule.variables is None else self._own(granule, granule.variables)
        return [self._address(base, text, explained) for text, explained in slabs]

    def _own(self, granule: Granule, variables: tuple[Variable, ...]) -> list[_Query]:
        """Return the queries of a granule that has variables of its own; others may have the same."""
        places, box = granule.places, self._parameters.bounding_box
        parts: Any = None
        if self._parameters.explain:
            parts = tuple(map(id, places))
        elif box is not None:
            parts = tuple(() if place is None else self._parts_of(place, box) for place in places)
        key = (id(variables), parts)
        if key not in self._kept:
            every = [replace(each, place=place) for each, place in zip(variables, places, strict=False)] or [*variables]
            names = {variable.name for variable in self._variables}
            chosen = [variable for variable in every if variable.name in names]
            queries = self._queries(chosen, every) if chosen or not names else []
            self._kept[key] = queries, (variables, places)
        return self._kept[key][0]

    def _parts_of(self, place: Place, box: Box) -> tuple[Part, ...]:
        kept = self._places.get(id(place))
        if kept is None:
            kept = self._places[id(place)] = place, tuple(place.parts(box))
        return kept[1]

    def _address(self, base: str, query: str, explanation: dict[str, Any] | None) -> Address:
        url = f"{base}.{self._suffix}{query}"
        return Address(url, None if explanation is None else {"url": url} | explanation)

    def _queries(self, variables: Sequence[Variable], every: Sequence[Variable]) -> list[_Query]:
        """Return the query strings of the addresses of a granule, explained where that is wanted."""
        return [
            (
                expression(slabs, self._dap_version),
                _explained(slabs or [Hyperslab(each) for each in every]) if self._parameters.explain else None,
            )
            for slabs in self._parts(variables)
        ]

    def _parts(self, variables: Sequence[Variable]) -> list[list[Hyperslab]]:
        """Return the hyperslabs of each address of a granule: one, or two where the box crosses the grid's edge."""
        if not variables:
            return [[]]
        flat = [variable.name for variable in variables if self._strict and not variable.gridded]
        if flat:
            self._warn(messages.not_gridded(flat))
            self._warn(messages.BOUNDS_REMOVED)
            return [[]]
        box = self._parameters.bounding_box
        varying = (
            []
            if box is None
            else [v.name for v in variables if any(dimension.size is None for dimension in v.dimensions)]
        )
        if varying:
            self._warn(f"The sizes of {', '.join(varying)} vary: all of it is in each address.")
        made = hyperslabs(variables, box)
        if len(made) > 1:
            self._warn(
                "The box crosses the edge of the grid, where longitudes start anew: there are two addresses for each "
                "granule, the western part first."
            )
        return made

    def _warn(self, warning: str) -> None:
        if warning not in self._answer.warnings:
            self._answer.warnings.append(warning)


def _explained(slabs: Sequence[Hyperslab]) -> dict[str, Any]:
    sizes = [slab.size for slab in slabs]
    ranges = {
        slab.variable.name: {
            dimension.name: list(slab.ranges[index] if slab.ranges else (0, (dimension.size or 1) - 1))
            for index, dimension in enumerate(slab.variable.dimensions)
        }
        for slab in slabs
    }
    box = true_box(slabs[0]) if slabs else None
    known = [size for size in sizes if size is not None]
    return {
        "index-ranges": ranges,
        "bounding-box": list(box) if box else None,
        "bytes": sum(known) if slabs and len(known) == len(sizes) else None,
    }
