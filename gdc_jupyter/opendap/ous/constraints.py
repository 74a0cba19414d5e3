"""Constraint expressions: which variables, and which hyperslab of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from gdc_jupyter.opendap.ous.indices import index_range
from gdc_jupyter.opendap.ous.metadata import Dimension, IndexRange, Part, Variable
from gdc_jupyter.opendap.ous.parameters import Box

_GLOBE = (-180.0, 180.0)
_POLES = (-90.0, 90.0)


@dataclass(frozen=True)
class Hyperslab:
    """A variable, and the part of it that is wanted.

    Attributes
    ----------
    variable : Variable
    ranges : tuple of (int, int), optional
        First and last index of each dimension; None for the whole variable.
    """

    variable: Variable
    ranges: tuple[IndexRange, ...] | None = None

    @property
    def size(self) -> int | None:
        """Bytes, None where they are not known."""
        sizes = [dimension.size for dimension in self.variable.dimensions]
        if self.variable.item_size is None or None in sizes:
            return None
        count = self.variable.item_size
        for dimension, size in enumerate(sizes):
            assert size is not None
            count *= self.ranges[dimension][1] - self.ranges[dimension][0] + 1 if self.ranges else size
        return count

    def range_of(self, dimension: Dimension | None) -> IndexRange | None:
        """Return the index range of a dimension, None for all of it."""
        if dimension is None or self.ranges is None:
            return None
        return self.ranges[self.variable.dimensions.index(dimension)]


def hyperslabs(variables: Sequence[Variable], box: Box | None) -> list[list[Hyperslab]]:
    """Return the parts of variables in a box, as addresses have them together.

    Parameters
    ----------
    variables : sequence of Variable
    box : tuple of float, optional
        West, south, east, north; west is greater than east where it crosses the antimeridian. The whole variables
        without it.

    Returns
    -------
    list of list of Hyperslab
        One, two where the box crosses the edge of the grid, or none where nothing of the variables is inside.
    """
    if box is None:
        return [[Hyperslab(variable) for variable in variables]]
    if all(variable.place is not None for variable in variables):
        return _by_place(variables, box)
    return [[hyperslab(variable, part) for variable in variables] for part in parts_of(box, variables)]


def _by_place(variables: Sequence[Variable], box: Box) -> list[list[Hyperslab]]:
    found: dict[int, list[Part]] = {}
    made: list[list[Hyperslab]] = []
    for variable in variables:
        place, latitude, longitude = variable.place, variable.latitude, variable.longitude
        assert place is not None
        if latitude is None or longitude is None:
            continue
        if id(place) not in found:
            found[id(place)] = place.parts(box)
        for number, (rows, columns) in enumerate(found[id(place)]):
            made += [[]] if number == len(made) else []
            made[number].append(_slab(variable, {latitude: rows, longitude: columns}))
    return made


def hyperslab(variable: Variable, box: Box | None) -> Hyperslab:
    """Return the part of a variable in a box by the formula of OUS.

    Parameters
    ----------
    variable : Variable
    box : tuple of float, optional
        West, south, east, north, where west is not greater than east; the whole variable without it.
    """
    if box is None or any(dimension.size is None for dimension in variable.dimensions):
        return Hyperslab(variable)
    return _slab(variable, by_formula(variable, box))


def _slab(variable: Variable, ranges: Mapping[Dimension, IndexRange]) -> Hyperslab:
    whole = ((0, (dimension.size or 1) - 1) for dimension in variable.dimensions)
    return Hyperslab(
        variable,
        tuple(ranges.get(dimension, all_of) for dimension, all_of in zip(variable.dimensions, whole, strict=True)),
    )


def by_formula(variable: Variable, box: Box) -> dict[Dimension, IndexRange]:
    """Return the index ranges of a box by the formula of OUS, for a grid that is regular in degrees."""
    west, south, east, north = box
    ranges: dict[Dimension, IndexRange] = {}
    if (dimension := variable.latitude) is not None and dimension.size:
        first, last = variable.latitude_range or _POLES
        limits = (min(first, last), max(first, last))
        ranges[dimension] = index_range((south, north), dimension.size, limits, first > last)
    if (dimension := variable.longitude) is not None and dimension.size:
        first, last = variable.longitude_range or _GLOBE
        limits = (min(first, last), max(first, last))
        ranges[dimension] = index_range((west, east), dimension.size, limits, first > last)
    return ranges


def parts_of(box: Box, variables: Sequence[Variable]) -> list[Box]:
    """Return a box as parts that each are one range of longitudes: two where it crosses the edge of the grid.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north; west is greater than east where it crosses the antimeridian.
    variables : sequence of Variable
        Whose grids may run from 0 to 360 degrees.
    """
    west, south, east, north = box
    edge = min((variables[0].longitude_range or _GLOBE) if variables else _GLOBE)
    if west > east:
        east += 360
    start = west + 360 if west < edge else west
    end = start + (east - west)
    if end <= edge + 360:
        return [(start, south, end, north)]
    return [(start, south, edge + 360, north), (edge, south, end - 360, north)]


def expression(slabs: Sequence[Hyperslab], dap_version: int) -> str:
    """Return the query string of hyperslabs and their coordinates; nothing without any.

    Parameters
    ----------
    slabs : sequence of Hyperslab
    dap_version : int
        2 or 4.
    """
    if not slabs:
        return ""
    parts = dict.fromkeys([(slab.variable.name, slab.ranges or ()) for slab in slabs] + _coordinates(slabs))
    served_here = slabs[0].variable.coordinates is not None
    terms = [_term(_served(name, dap_version) if served_here else name, ranges) for name, ranges in parts]
    if dap_version == 2:
        return "?" + ",".join(terms)
    return "?dap4.ce=" + ";".join(term if term.startswith("/") else f"/{term}" for term in terms)


def _coordinates(slabs: Sequence[Hyperslab]) -> list[tuple[str, tuple[IndexRange, ...]]]:
    """Return the names of the coordinates with their ranges: of those that are told, else of latitude and longitude."""
    first = slabs[0]
    if first.variable.coordinates is None:
        there = [each for each in (first.variable.latitude, first.variable.longitude) if each is not None]
        return [(each.name, _ranges(first, [each])) for each in there]
    found = []
    for slab in slabs:
        by_name = {dimension.name: dimension for dimension in slab.variable.dimensions}
        for name, dimensions in slab.variable.coordinates or ():
            found.append((name, _ranges(slab, [by_name[each] for each in dimensions])))
    return found


def _ranges(slab: Hyperslab, dimensions: Sequence[Dimension]) -> tuple[IndexRange, ...]:
    return tuple(found for each in dimensions if (found := slab.range_of(each)) is not None)


def _served(name: str, dap_version: int) -> str:
    """Return a name as this server's DAP has it, in an address."""
    return quote(name.replace("/", "_") if dap_version == 2 else name)


def _term(name: str, ranges: Sequence[IndexRange]) -> str:
    return name + "".join(f"[{first}:1:{last}]" for first, last in ranges)


def true_box(slab: Hyperslab) -> Box | None:
    """Return the edges of the cells of a hyperslab in degrees, None where the grid does not tell them."""
    variable = slab.variable
    latitude, longitude = variable.latitude, variable.longitude
    if latitude is None or longitude is None or not latitude.size or not longitude.size:
        return None
    rows = slab.range_of(latitude) or (0, latitude.size - 1)
    columns = slab.range_of(longitude) or (0, longitude.size - 1)
    if variable.place is not None:
        return variable.place.bounds(rows, columns)
    south, north = _edges(rows, latitude.size, variable.latitude_range or _POLES)
    west, east = _edges(columns, longitude.size, variable.longitude_range or _GLOBE)
    return west, south, east, north


def _edges(found: IndexRange, size: int, limits: tuple[float, float]) -> tuple[float, float]:
    first, last = limits
    step = (last - first) / size
    edges = (first + found[0] * step, first + (found[1] + 1) * step)
    return round(min(edges), 9), round(max(edges), 9)
