"""Constraint expressions: which variables, and which hyperslab of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdc_jupyter.opendap.indices import index_range
from gdc_jupyter.opendap.metadata import Dimension, IndexRange, Variable
from gdc_jupyter.opendap.parameters import Box

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


def hyperslab(variable: Variable, box: Box | None) -> Hyperslab | None:
    """Return the part of a variable in a box, None where nothing of it is inside.

    Parameters
    ----------
    variable : Variable
    box : tuple of float, optional
        West, south, east, north, where west is not greater than east; the whole variable without it.
    """
    if box is None or any(dimension.size is None for dimension in variable.dimensions):
        return Hyperslab(variable)
    latitude, longitude = variable.latitude, variable.longitude
    if variable.exact is not None and latitude is not None and longitude is not None:
        exact = variable.exact(box)
        if exact is None:
            return None
        ranges = {latitude: exact[0], longitude: exact[1]}
    else:
        ranges = by_formula(variable, box)
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
    """Return the query string of hyperslabs, with the coordinates of the first of them; nothing without any.

    Parameters
    ----------
    slabs : sequence of Hyperslab
    dap_version : int
        2 or 4.
    """
    if not slabs:
        return ""
    terms = [_term(slab.variable.name, slab.ranges or ()) for slab in slabs]
    first = slabs[0]
    for dimension in (first.variable.latitude, first.variable.longitude):
        if dimension is not None:
            found = first.range_of(dimension)
            terms.append(_term(dimension.name, (found,) if found else ()))
    if dap_version == 2:
        return "?" + ",".join(terms)
    return "?dap4.ce=" + ";".join(term if term.startswith("/") else f"/{term}" for term in terms)


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
    if variable.bounds_of is not None:
        return variable.bounds_of(rows, columns)
    south, north = _edges(rows, latitude.size, variable.latitude_range or _POLES)
    west, east = _edges(columns, longitude.size, variable.longitude_range or _GLOBE)
    return west, south, east, north


def _edges(found: IndexRange, size: int, limits: tuple[float, float]) -> tuple[float, float]:
    first, last = limits
    step = (last - first) / size
    edges = (first + found[0] * step, first + (found[1] + 1) * step)
    return round(min(edges), 9), round(max(edges), 9)
