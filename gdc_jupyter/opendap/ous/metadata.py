"""What OUS knows of collections, granules, variables and services, and what a source of it must be able to tell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

from gdc_jupyter.opendap.ous.parameters import Box

LATITUDE, LONGITUDE = "LATITUDE_DIMENSION", "LONGITUDE_DIMENSION"
_LATITUDE_NAMES = ("Latitude", "latitude", "lat", "YDim")
_LONGITUDE_NAMES = ("Longitude", "longitude", "lon", "XDim")
#: The first and the last index along a dimension.
IndexRange = tuple[int, int]
#: The ranges of the rows and of the columns.
Part = tuple[IndexRange, IndexRange]


class MetadataError(Exception):
    """A source cannot tell what it was asked for.

    Attributes
    ----------
    errors : list of str
    """

    def __init__(self, *errors: str) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


class Place(Protocol):
    """Where the cells of a grid are.

    Attributes
    ----------
    slow : bool
        Whether it takes long to tell.
    """

    slow: ClassVar[bool]

    def parts(self, box: Box) -> list[Part]:
        """Return the index ranges of the rows and columns in a box: none, one, or two across the edge of the grid."""

    def bounds(self, rows: IndexRange, columns: IndexRange) -> Box:
        """Return the edges of rows and columns in degrees."""


@dataclass(frozen=True)
class Dimension:
    """A dimension of a variable.

    Attributes
    ----------
    name : str
    size : int, optional
        None where it varies from granule to granule.
    type : str, optional
        As UMM-Var has it.
    """

    name: str
    size: int | None
    type: str | None = None


@dataclass(frozen=True)
class Variable:
    """A variable of a collection.

    Attributes
    ----------
    concept_id, name : str
    dimensions : tuple of Dimension
        In the order of the array.
    latitude_range, longitude_range : tuple of float, optional
        Degrees at the first and at the last index.
    item_size : int, optional
        Bytes of one value.
    place : Place, optional
        Where its cells are by the real coordinates, if these are known.
    coordinates : tuple of (str, tuple of str), optional
        Names and dimensions of the variables that an address has beside this one; those of latitude and longitude
        where it is not known.
    """

    concept_id: str
    name: str
    dimensions: tuple[Dimension, ...]
    latitude_range: tuple[float, float] | None = None
    longitude_range: tuple[float, float] | None = None
    item_size: int | None = None
    place: Place | None = field(default=None, compare=False)
    coordinates: tuple[tuple[str, tuple[str, ...]], ...] | None = None

    @property
    def latitude(self) -> Dimension | None:
        """The dimension of latitude: by its type, else by its name."""
        return self._role(LATITUDE, _LATITUDE_NAMES)

    @property
    def longitude(self) -> Dimension | None:
        """The dimension of longitude: by its type, else by its name."""
        return self._role(LONGITUDE, _LONGITUDE_NAMES)

    @property
    def gridded(self) -> bool:
        """Whether exactly two dimensions are typed as latitude and longitude, or stand for them."""
        types = [dimension.type for dimension in self.dimensions if dimension.type in (LATITUDE, LONGITUDE)]
        return sorted(types) == [LATITUDE, LONGITUDE]

    def _role(self, type: str, names: Sequence[str]) -> Dimension | None:
        typed = [dimension for dimension in self.dimensions if dimension.type == type]
        named = [dimension for name in names for dimension in self.dimensions if dimension.name == name]
        return next(iter([*typed, *named]), None)


@dataclass(frozen=True)
class Granule:
    """A granule.

    Attributes
    ----------
    concept_id : str
    links : tuple of dict
        With ``href``, ``rel``, ``title`` and ``inherited`` as CMR's JSON has them.
    order : tuple
        Its place in lists: provider, start in milliseconds, number.
    variables : tuple of Variable, optional
        Where they are others than those of the collection.
    places : tuple of Place
        Where the cells of each of these are; as the variables say where there are none.
    """

    concept_id: str
    links: tuple[Mapping[str, Any], ...]
    order: tuple[str, int, int] = ("", 0, 0)
    variables: tuple[Variable, ...] | None = None
    places: tuple[Place | None, ...] = ()


@dataclass(frozen=True)
class Collection:
    """A collection.

    Attributes
    ----------
    concept_id, title : str
    processing_level : str
    variables, services : tuple of str
        Concept ids of what is associated with it.
    tags : dict
    """

    concept_id: str
    title: str = ""
    processing_level: str = ""
    variables: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    tags: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """A service of UMM-S 1.1 or earlier, which tells how addresses of data become addresses of OPeNDAP."""

    concept_id: str
    type: str
    match: str = ""
    substitution: str = ""


@dataclass(frozen=True)
class GranuleQuery:
    """Which granules are wanted.

    Attributes
    ----------
    collection_id : str
    granules : tuple of str
        Concept ids; none for all.
    exclude : bool
        Whether these are left out, rather than alone wanted.
    bounding_box : tuple of float, optional
    temporal : tuple of (str, str)
    page_size, page_num : int, optional
        For one page; all granules without.
    after : str
        The header ``CMR-Search-After`` of the page before.
    """

    collection_id: str
    granules: tuple[str, ...] = ()
    exclude: bool = False
    bounding_box: Box | None = None
    temporal: tuple[tuple[str, str], ...] = ()
    page_size: int | None = None
    page_num: int | None = None
    after: str = ""

    @cached_property
    def chosen(self) -> frozenset[str]:
        """The concept ids of the granules."""
        return frozenset(self.granules)


@dataclass
class Found:
    """Granules as they come.

    Attributes
    ----------
    granules : async iterator of Granule
        In the order of their provider and start.
    hits : int, optional
        How many there are in all, known at the latest when the first has come.
    after : str
        What the next page is asked with; known when all have come.
    """

    granules: AsyncIterator[Granule]
    hits: int | None = None
    after: str = ""


class Source(Protocol):
    """Where metadata come from. Ids that it does not have are left out of its answers."""

    async def collection(self, concept_id: str) -> Collection | None:
        """Return a collection, None where there is none."""

    async def variables(self, concept_ids: Sequence[str], collection: Collection) -> list[Variable]:
        """Return variables of a collection, ordered by their names."""

    async def services(self, concept_ids: Sequence[str]) -> list[Service]:
        """Return services."""

    async def granules(self, query: GranuleQuery) -> Found:
        """Return granules; raises MetadataError."""


def ordered(variables: Sequence[Variable]) -> list[Variable]:
    """Return variables in the order of CMR: by their names, whatever the case."""
    return sorted(variables, key=lambda variable: (variable.name.lower(), variable.concept_id))
