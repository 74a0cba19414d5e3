"""A coverage: the part of a collection that a request asks for, as something to be read in strips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.collection import CRS84, Band, Collection, Others, Query, Source, Times
from gdc_jupyter.coverages import axes
from gdc_jupyter.coverages.axes import T, X, Y
from gdc_jupyter.coverages.request import AxisSubset, CoverageRequest, invalid
from gdc_jupyter.cube.grid import Bounds, Grid, parse_crs, transform_bounds
from gdc_jupyter.cube.warp import resampled_grid, source_window, warp
from gdc_jupyter.errors import GdcError

#: Bytes of one strip in memory, as numbers that are read.
STRIP_BYTES = 64 << 20
_MOST_PIXELS = 10**10
#: Values that are read at full resolution, so that each pixel that is wanted has exactly that in its middle.
_MOST_IN_FULL = 50_000_000


@dataclass(frozen=True)
class Coverage:
    """A part of a collection.

    Attributes
    ----------
    collection : Collection
    source : Source
        Its data with the times, bands and further labels that are wanted.
    grid : Grid
        The pixels that are wanted, in any CRS and resolution.
    sliced : frozenset of str
        Axes that have one position and are left out.
    """

    collection: Collection
    source: Source
    grid: Grid
    sliced: frozenset[str] = frozenset()

    @property
    def times(self) -> Times | None:
        """The times, None where the collection has none."""
        return self.source.times

    @property
    def bands(self) -> tuple[Band, ...]:
        """The fields."""
        return self.source.bands

    @property
    def others(self) -> Others:
        """The further axes with their labels."""
        return self.source.others

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of times (1 without), bands, further labels, rows and columns."""
        return (*self.source.shape[:-2], *self.grid.shape)

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape)

    @property
    def native(self) -> bool:
        """Whether the pixels are those of the collection."""
        return self.source.grid.aligned(self.grid)

    def rows(self, bytes_of_value: int = 4) -> int:
        """Return how many rows a strip has."""
        across, along = self._ratio(self._reading)
        row = int(self.size // self.grid.height * bytes_of_value * across * along)
        rows = max(STRIP_BYTES // max(row, 1), 1)
        tile = max(self.source.tile[0], 1)
        return min(rows if rows < tile else rows - rows % tile, self.grid.height)

    def strips(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the number of the first row of each strip, and its values, shape (t, bands, others, y, x)."""
        rows = self.rows()
        for row in range(0, self.grid.height, rows):
            height = min(rows, self.grid.height - row)
            yield row, self.read(self.grid.window(row, 0, height, self.grid.width))

    def at_time(self, position: int) -> Coverage:
        """Return the coverage of one of its times."""
        if self.times is None:
            return self
        return replace(self, source=self.source.select(times=self.times[[position]]))

    def read(self, window: Grid) -> NDArray[Any]:
        """Return the stored values of a window, NaN where there is none, shape (t, bands, others, y, x)."""
        if self.native:
            return self.source.read(self.source.grid.window(*self.source.grid.offset(window), *window.shape))
        source = self._reading
        needed = source_window(source.grid, window, "near")
        if needed is None:
            return np.full((*self.shape[:-2], *window.shape), np.nan, source.dtype)
        return warp(source.read(needed), needed, window, "near")

    @cached_property
    def _reading(self) -> Source:
        """The data as they are read: of large ones coarser pixels, or overviews, where fewer are wanted."""
        across, along = self._ratio(self.source)
        if self.size * across * along <= _MOST_IN_FULL:
            return self.source
        return self.source.coarser(2 ** int(math.log2(min(across, along))))

    def _ratio(self, source: Source) -> tuple[float, float]:
        """Return how many pixels of a source there are for one that is wanted, along x and y, at least 1."""
        if self.native or not (source.grid.regular and self.grid.regular):
            return 1.0, 1.0
        west, south, east, north = transform_bounds(self.grid.bounds, self.grid.crs, source.grid.crs)
        across = (east - west) / self.grid.width / abs(source.grid.dx)
        along = (north - south) / self.grid.height / abs(source.grid.dy)
        return max(across, 1.0), max(along, 1.0)


def resolve(collection: Collection, request: CoverageRequest) -> Coverage:
    """Return the coverage that a request asks for.

    Raises
    ------
    GdcError
        ``ParameterInvalid``, ``NoDataAvailable``, ``CRSInvalid`` or ``GridIrregular``, with what would be right.
    """
    wanted = {axes.find_axis(collection, subset.axis, "subset"): subset for subset in request.subsets}
    if len(wanted) < len(request.subsets):
        raise invalid("subset", "has an axis twice, under two of its names")
    _check_twice(wanted, request)
    bounds, crs = _bounds(collection, request, wanted)
    query = Query(bounds=bounds, crs=crs, bands=_fields(collection, request))
    source = _with_labels(_opened(collection, query), collection, request, wanted)
    sliced = {name for name, subset in wanted.items() if subset.slice}
    grid = _sliced_grid(source.grid, wanted, request)
    source, grid = _scaled(collection, request, source, _projected(grid, request))
    if grid.width * grid.height > _MOST_PIXELS:
        raise invalid("scale-factor", f"would make {grid.width:,} by {grid.height:,} pixels, which is too many")
    return Coverage(collection, source, grid, frozenset(sliced))


def _check_twice(wanted: dict[str, AxisSubset], request: CoverageRequest) -> None:
    if request.bbox is not None and (X in wanted or Y in wanted):
        raise invalid("bbox", "cannot be given together with a 'subset' of the axes x or y")
    if request.datetime is not None and T in wanted:
        raise invalid("datetime", "cannot be given together with a 'subset' of the axis t")


def _fields(collection: Collection, request: CoverageRequest) -> tuple[str, ...] | None:
    if request.properties is None:
        return None
    names = [band.name for band in collection.bands]
    chosen: list[str] = []
    for field in request.properties:
        if field == "*":
            following = names.index(chosen[-1]) + 1 if chosen else 0
            chosen += names[following:]
        elif field in names:
            chosen.append(field)
        elif field.isdigit() and int(field) < len(names):
            chosen.append(names[int(field)])
        else:
            raise invalid(
                "properties",
                f"has '{field[:100]}', and the fields are {', '.join(names[:50])}, or their numbers from 0 to "
                f"{len(names) - 1}",
            )
    if len(set(chosen)) < len(chosen):
        raise invalid("properties", "names a field twice")
    if not chosen:
        raise invalid("properties", "names no field: no one follows the last")
    return tuple(chosen)


def _opened(collection: Collection, query: Query) -> Source:
    """Return the data of a query; a box that holds no centre of a pixel stands for the pixel that it is in."""
    try:
        return collection.open(query)
    except GdcError as error:
        if error.code != "NoDataAvailable" or query.bounds is None:
            raise
        return collection.open(replace(query, bounds=_pixel(collection, query, error), crs=collection.grid.crs))


def _pixel(collection: Collection, query: Query, error: GdcError) -> Bounds:
    grid = collection.grid
    if not grid.regular or query.bounds is None:
        raise error
    west, south, east, north = transform_bounds(query.bounds, query.crs, grid.crs)
    if east - west > abs(grid.dx) and north - south > abs(grid.dy):
        raise error
    columns = _around_centre(west, east, grid.x, grid.dx, None if grid.wraps else grid.width)
    rows = _around_centre(south, north, grid.y, grid.dy, grid.height)
    if columns is None or rows is None:
        raise error
    return Bounds(columns[0], rows[0], columns[1], rows[1])


def _around_centre(
    low: float, high: float, origin: float, step: float, count: int | None
) -> tuple[float, float] | None:
    """Return an interval that holds a centre: what is given, or the middle of the cell that it is in."""
    if high - low > abs(step):
        return low, high
    cell = math.floor(((low + high) / 2 - origin) / step)
    if count is not None and not 0 <= cell < count:
        return None
    centre = origin + (cell + 0.5) * step
    return centre - 0.1 * abs(step), centre + 0.1 * abs(step)


def _bounds(
    collection: Collection, request: CoverageRequest, wanted: dict[str, AxisSubset]
) -> tuple[Bounds | None, str]:
    """Return the box that is wanted, x before y, and its CRS."""
    if request.bbox is not None:
        return _bbox(request.bbox, request.bbox_crs)
    if X not in wanted and Y not in wanted:
        if request.subset_crs is not None:
            named_crs("subset-crs", request.subset_crs)
        return None, CRS84
    crs = _subset_crs(collection, request, wanted)
    native = parse_crs(crs) == parse_crs(collection.grid.crs)
    own = collection.grid.bounds if native else transform_bounds(collection.grid.bounds, collection.grid.crs, crs)
    west, east = _ends(wanted.get(X), own.west, own.east)
    south, north = _ends(wanted.get(Y), own.south, own.north)
    return Bounds(west, south, east, north), crs


def _ends(subset: AxisSubset | None, first: float, last: float) -> tuple[float, float]:
    if subset is None:
        return first, last
    low, high = (axes.number_of(end, subset.axis, "subset") for end in (subset.low, subset.high))
    low, high = first if low is None else low, last if high is None else high
    if high < low:
        raise invalid(
            "subset",
            f"has {subset.axis}({subset.low or '*'}:{subset.high or '*'}), whose end is before its start; a box over "
            "the antimeridian is told by 'bbox'",
        )
    return low, high


def _subset_crs(collection: Collection, request: CoverageRequest, wanted: dict[str, AxisSubset]) -> str:
    if request.subset_crs is not None:
        return named_crs("subset-crs", request.subset_crs)[0]
    named = {wanted[axis].axis.lower() for axis in (X, Y) if axis in wanted}
    return CRS84 if named <= axes.DEGREES else collection.grid.crs


def _bbox(numbers: tuple[float, ...], bbox_crs: str | None) -> tuple[Bounds, str]:
    crs, northing_first = (CRS84, False) if bbox_crs is None else named_crs("bbox-crs", bbox_crs)
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    if northing_first:
        west, south, east, north = south, west, north, east
    geographic = parse_crs(crs).is_geographic
    if geographic and not (-90 <= south <= 90 and -90 <= north <= 90 and abs(west) <= 360 and abs(east) <= 360):
        raise invalid("bbox", f"must be within -90 to 90 and -180 to 180 degrees; it is {', '.join(map(str, numbers))}")
    if north < south or (west > east and not geographic):
        raise invalid("bbox", f"has an upper corner below its lower one: {', '.join(map(str, numbers))}")
    return Bounds(west, south, east + 360 if west > east else east, north), crs


def named_crs(parameter: str, text: str) -> tuple[str, bool]:
    """Return the CRS that a parameter names, and whether its first axis is the northing (or latitude).

    Parameters
    ----------
    parameter : str
    text : str
        An address (``http://www.opengis.net/def/crs/EPSG/0/3035``), a URN, ``[EPSG:3035]``, ``EPSG:3035`` or ``3035``.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    plain = text.strip().strip("[]<>")
    parts = plain.replace("/", ":").split(":")
    if plain.startswith(("http:", "https:", "urn:")) and len(parts) >= 3:
        authority = next((part.upper() for part in parts if part.upper() in ("EPSG", "OGC")), "")
        plain = f"{authority}:{parts[-1]}" if authority else ""
    if plain.isdigit():
        plain = f"EPSG:{plain}"
    if plain.upper() in ("OGC:CRS84", "CRS84", "OGC:CRS84H"):
        return CRS84, False
    authority, _, code = plain.partition(":")
    try:
        if authority.upper() != "EPSG" or not code.isdigit():
            raise GdcError("CRSInvalid", "")
        crs = parse_crs(f"EPSG:{code}")
    except GdcError:
        raise invalid(
            parameter,
            f"must name a CRS, such as EPSG:3035 or http://www.opengis.net/def/crs/OGC/1.3/CRS84; it is {text[:100]!r}",
        ) from None
    first = crs.axis_info[0].direction.lower() if crs.axis_info else "east"
    return f"EPSG:{code}", first in ("north", "south")


def _with_labels(
    source: Source, collection: Collection, request: CoverageRequest, wanted: dict[str, AxisSubset]
) -> Source:
    parameter, subset = "subset", wanted.get(T)
    if request.datetime is not None:
        parameter, subset = "datetime", axes.parse_datetime(request.datetime)
    if subset is not None:
        if source.times is None:
            raise invalid(parameter, f"cannot be given: '{collection.id}' has no time axis")
        source = source.select(times=source.times[axes.times_of(source.times, subset, parameter)])
    height = axes.vertical_axis(collection)
    for name, labels in source.others:
        if name in wanted:
            source = source.pick(name, axes.labels_of(name, labels, wanted[name], "subset"))
        elif name == height and request.bbox is not None and len(request.bbox) == 6:
            between = AxisSubset(name, str(request.bbox[2]), str(request.bbox[5]))
            source = source.pick(name, axes.labels_of(name, labels, between, "bbox"))
    return source


def _sliced_grid(grid: Grid, wanted: dict[str, AxisSubset], request: CoverageRequest) -> Grid:
    """Return the grid with one column, or row, where one is asked for."""
    if grid.curvilinear and any(wanted[axis].slice for axis in (X, Y) if axis in wanted):
        raise invalid(
            "subset", "cannot have one position of x or y: on this grid each pixel has coordinates of its own"
        )
    if X in wanted and wanted[X].slice and grid.width > 1:
        grid = grid.window(0, grid.width // 2, grid.height, 1)
    if Y in wanted and wanted[Y].slice and grid.height > 1:
        grid = grid.window(grid.height // 2, 0, 1, grid.width)
    return grid


def _projected(grid: Grid, request: CoverageRequest) -> Grid:
    if request.crs is None:
        return grid
    crs, _ = named_crs("crs", request.crs)
    if parse_crs(crs) == parse_crs(grid.crs):
        return grid
    return resampled_grid(grid, projection=crs)


def _scaled(collection: Collection, request: CoverageRequest, source: Source, grid: Grid) -> tuple[Source, Grid]:
    factors = {X: request.scale_factor or 1.0, Y: request.scale_factor or 1.0}
    for name, factor in request.scale_axes.items():
        factors[axes.find_axis(collection, name, "scale-axes")] = factor
    sizes = {axes.find_axis(collection, name, "scale-size"): size for name, size in request.scale_size.items()}
    source = _thinned(source, factors, sizes)
    width, height = (
        sizes.get(axis, max(round(count / factors[axis]), 1)) for axis, count in ((X, grid.width), (Y, grid.height))
    )
    return source, grid if (width, height) == (grid.width, grid.height) else resized(grid, width, height)


def _thinned(source: Source, factors: dict[str, float], sizes: dict[str, int]) -> Source:
    """Return a source with fewer times and further labels."""
    if source.times is not None and (T in factors or T in sizes):
        count = len(source.times)
        wanted = sizes.get(T, max(round(count / factors.get(T, 1.0)), 1))
        _check_thinning(T, count, wanted)
        source = source.select(times=source.times[axes.thinned(count, wanted)])
    for name, labels in source.others:
        if name in factors or name in sizes:
            wanted = sizes.get(name, max(round(len(labels) / factors.get(name, 1.0)), 1))
            _check_thinning(name, len(labels), wanted)
            source = source.pick(name, axes.thinned(len(labels), wanted))
    return source


def _check_thinning(axis: str, count: int, wanted: int) -> None:
    if wanted > count:
        raise invalid("scale-size", f"asks for {wanted} values on the axis '{axis}', which has {count} and no more")


def resized(grid: Grid, width: int, height: int) -> Grid:
    """Return the regular grid of as many pixels that covers another."""
    west, south, east, north = grid.bounds
    dx, dy = (east - west) / width, (north - south) / height
    up, left = (grid.dy > 0, grid.dx < 0) if grid.regular else (False, False)
    return Grid(
        grid.crs, east if left else west, south if up else north, -dx if left else dx, dy if up else -dy, width, height
    )
