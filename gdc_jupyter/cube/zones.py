"""Geometries on a grid: where each of them lies, and which pixels of a window belong to it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.coverage import Cells, centres_of, shares
from gdc_jupyter.cube.geojson import as_vector_cube
from gdc_jupyter.cube.geometries import LONGITUDE_LATITUDE, Geometries, finite, to_crs, turned
from gdc_jupyter.cube.grid import Bounds, Grid, parse_crs
from gdc_jupyter.cube.vector import crs_of, geometries_of
from gdc_jupyter.errors import GdcError

# An edge that is straight in the CRS of the geometries may be misplaced by this many pixels in that of the grid.
TOLERANCE = 0.1
# The pixels in the boxes around geometries that are looked at together, so that memory stays bounded.
PIXELS_AT_ONCE = 1 << 22
# What processes ask for again with each block is kept for the last few arguments.
_REMEMBERED = 8
_memory: OrderedDict[Any, tuple[Any, Geometries]] = OrderedDict()
_lock = Lock()
SOLID = ("Polygon", "MultiPolygon")


class Zones:
    """The geometries of a vector cube on a grid.

    Parameters
    ----------
    value : xarray.DataArray, GeoDataFrame or dict
        A vector cube in any CRS, or GeoJSON. What the CRS of the grid cannot express lies outside.
    grid : Grid
        A regular one.
    """

    def __init__(self, value: Any, grid: Grid) -> None:
        grid.require_regular("a step with geometries")
        self.grid = grid
        self.geometries = located(value, grid)
        self.count = len(self.geometries)
        self._reach = _reach(self.geometries, grid)
        self._lone: NDArray[np.int64] | None = None

    def members(self, window: Grid) -> NDArray[np.intp]:
        """Return which geometries may have pixels in a window."""
        row, column = self.grid.offset(window)
        top, left, bottom, right = self._reach.T
        reached = (top < row + window.height) & (bottom > row) & (left < column + window.width) & (right > column)
        return np.flatnonzero(reached & (bottom > top) & (right > left))

    def chosen(self, windows: Sequence[Grid]) -> list[Grid]:
        """Return the windows that geometries may have pixels in."""
        return [window for window in windows if len(self.members(window))]

    def groups(self, window: Grid) -> Iterator[NDArray[np.intp]]:
        """Yield the members of a window, so many together as memory allows."""
        members = self.members(window)
        row, column = self.grid.offset(window)
        top, left, bottom, right = self._reach[members].T
        height = np.minimum(bottom, row + window.height) - np.maximum(top, row)
        width = np.minimum(right, column + window.width) - np.maximum(left, column)
        group = (np.cumsum(height * width) - 1) // PIXELS_AT_ONCE
        for number in np.unique(group):
            yield members[group == number]

    def within(self, window: Grid, members: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which of some geometries have no pixels outside of a window."""
        row, column = self.grid.offset(window)
        top, left, bottom, right = self._reach[members].T
        inside = (top >= row) & (left >= column) & (bottom <= row + window.height) & (right <= column + window.width)
        return np.asarray(inside)

    def shares(self, window: Grid, members: NDArray[np.intp]) -> Cells:
        """Return the pixels of a window that geometries touch; see :func:`gdc_jupyter.cube.coverage.shares`."""
        return shares(self.geometries[members], window)

    def centres(self, window: Grid, members: NDArray[np.intp], covered: Cells) -> Cells:
        """Return the pixels of a window whose centres geometries hold.

        A polygon that holds no centre at all has the one pixel that it covers most of.

        Parameters
        ----------
        window : Grid
        members : numpy.ndarray of int
        covered : Cells
            What :meth:`shares` returns for them.
        """
        found = centres_of(self.geometries[members], covered, window)
        lone = self._lone_pixels()[members]
        row, column = self.grid.offset(window)
        rows, columns = np.divmod(lone, self.grid.width)
        rows, columns = rows - row, columns - column
        here = (lone >= 0) & (rows >= 0) & (rows < window.height) & (columns >= 0) & (columns < window.width)
        if not here.any():
            return found
        counts = np.diff(found.starts)
        counts[here] = 1
        starts = np.concatenate([[0], np.cumsum(counts)])
        pixels = np.empty(starts[-1], found.pixels.dtype)
        # A polygon without a centre has no pixel so far.
        alone = np.repeat(here, counts)
        pixels[~alone], pixels[alone] = found.pixels, (rows * window.width + columns)[here]
        return Cells(starts, pixels, np.ones(len(pixels)))

    def box(self, index: int) -> Grid | None:
        """Return the smallest window of the grid with all pixels that a geometry touches."""
        return self.around(self._reach[index : index + 1])

    def around(self, reach: NDArray[np.int64] | None = None) -> Grid | None:
        """Return the smallest window of the grid with all pixels that geometries touch, None where there are none."""
        top, left, bottom, right = (self._reach if reach is None else reach).T
        some = (bottom > top) & (right > left)
        if not some.any():
            return None
        row, column = int(top[some].min()), int(left[some].min())
        return self.grid.window(row, column, int(bottom[some].max()) - row, int(right[some].max()) - column)

    def _lone_pixels(self) -> NDArray[np.int64]:
        """Return the pixel of each polygon that holds no centre, -1 for the others."""
        import shapely

        if self._lone is None:
            lone = np.full(self.count, -1, np.int64)
            pixel = abs(self.grid.dx * self.grid.dy)
            edge = max(abs(self.grid.dx), abs(self.grid.dy))
            area, length = shapely.area(self.geometries), shapely.length(self.geometries)
            top, left, bottom, right = self._reach.T
            # Only a narrow polygon can keep clear of all centres: its area is less than its length times a pixel.
            narrow = (area > 0) & (area <= np.maximum(length * edge, 4 * pixel)) & (bottom > top) & (right > left)
            for index in np.flatnonzero(narrow):
                lone[index] = self._lone_pixel(int(index))
            self._lone = lone
        return self._lone

    def _lone_pixel(self, index: int) -> int:
        window = self.box(index)
        assert window is not None
        one = self.geometries[index : index + 1]
        covered = shares(one, window)
        if not len(covered.pixels) or len(centres_of(one, covered, window).pixels):
            return -1
        row, column = divmod(int(covered.pixels[covered.shares.argmax()]), window.width)
        first_row, first_column = self.grid.offset(window)
        return (first_row + row) * self.grid.width + first_column + column


def located(value: Any, grid: Grid) -> Geometries:
    """Return geometries in the CRS of a grid, turned to its longitudes; empty where they cannot be expressed in it."""
    moved = _moved(value, grid)
    if not parse_crs(grid.crs).is_geographic:
        return moved
    west, _, east, _ = grid.bounds
    return turned(moved, west, east)


def _moved(value: Any, grid: Grid) -> Geometries:
    import shapely

    key = (id(value), grid.crs, grid.dx, grid.dy, grid.regular)
    with _lock:
        if key in _memory:
            _memory.move_to_end(key)
            return _memory[key][1]
    cube = as_vector_cube(value)
    tolerance = TOLERANCE * min(abs(grid.dx), abs(grid.dy)) if grid.regular else None
    moved = to_crs(geometries_of(cube), crs_of(cube), grid.crs, tolerance)
    expressed = finite(moved)
    if not expressed.all():
        moved = moved.copy()
        moved[~expressed] = shapely.GeometryCollection()
    with _lock:
        # The value is kept as well, so that no other can have its identity.
        _memory[key] = value, moved
        while len(_memory) > _REMEMBERED:
            _memory.popitem(last=False)
    return moved


def require_polygons(value: Any) -> None:
    """Refuse geometries that have no polygon among them, or something else.

    Raises
    ------
    GdcError
        ``GeometryInvalid``.
    """
    found = {one.geom_type for one in geometries_of(as_vector_cube(value)) if not one.is_empty}
    if not found or not found <= set(SOLID):
        there = f"there are {', '.join(sorted(found))}" if found else "there is none that is not empty"
        raise GdcError(
            "GeometryInvalid", f"Geometries with at least one polygon, and nothing else, are needed; {there}."
        )


def inside(value: Any, grid: Grid) -> NDArray[np.bool_]:
    """Return which pixels belong to geometries, shape (height, width).

    Those of polygons are the pixels whose centres they hold, edges included; points and lines have those that they
    touch.
    """
    import shapely

    covered = np.zeros(grid.height * grid.width, bool)
    if not grid.regular:
        x, y = grid.points()
        if parse_crs(grid.crs).is_geographic:
            x = (x + 180) % 360 - 180
        covered = covered.reshape(grid.shape)
        for geometry in _moved(value, grid):
            shapely.prepare(geometry)
            covered |= np.asarray(shapely.intersects_xy(geometry, x, y))
        return covered
    zones = Zones(value, grid)
    for members in zones.groups(grid):
        covered[centres_of(zones.geometries[members], zones.shares(grid, members), grid).pixels] = True
    return covered.reshape(grid.shape)


def window_around(value: Any, grid: Grid) -> Grid | None:
    """Return the pixels of a grid whose centres lie in the box around geometries, or None where there are none.

    Around points and lines, these are the pixels that they touch.
    """
    import shapely

    if not grid.regular:
        cube = as_vector_cube(value)
        west, south, east, north = shapely.total_bounds(to_crs(geometries_of(cube), crs_of(cube), LONGITUDE_LATITUDE))
        return None if np.isnan(west) else grid.crop(Bounds(west, south, east, north), LONGITUDE_LATITUDE)
    parts = shapely.get_parts(_moved(value, grid) if grid.wraps else located(value, grid))
    bounds = shapely.bounds(parts)
    thin = shapely.get_dimensions(parts) < 2
    for side, origin, step in ((0, grid.x, grid.dx), (1, grid.y, grid.dy), (2, grid.x, grid.dx), (3, grid.y, grid.dy)):
        bounds[thin, side] = origin + (np.floor((bounds[thin, side] - origin) / step) + 0.5) * step
    bounds = bounds[~np.isnan(bounds[:, 0])]
    if not len(bounds):
        return None
    if grid.wraps:
        bounds = _narrow(bounds)
    (west, south), (east, north) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return grid.crop(Bounds(float(west), float(south), float(east), float(north)))


def _narrow(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return boxes around the globe so that the box around them all is narrow, over the antimeridian if need be."""
    over = bounds + np.where(bounds[:, :1] < 0, 360.0, 0.0) * np.array([1.0, 0.0, 1.0, 0.0])
    widths = [each[:, 2].max() - each[:, 0].min() for each in (bounds, over)]
    return bounds if widths[0] <= widths[1] else over


def _reach(geometries: Geometries, grid: Grid) -> NDArray[np.int64]:
    """Return the first row and column, and those after the last, that geometries touch; shape (n, 4)."""
    import shapely

    bounds = shapely.bounds(geometries) if len(geometries) else np.empty((0, 4))
    empty = np.isnan(bounds[:, 0])
    solid = np.isin(shapely.get_type_id(geometries), [3, 6])
    bounds = np.where(empty[:, np.newaxis], 0.0, bounds)
    sides = []
    for near, far, origin, step, size in (
        (bounds[:, 1], bounds[:, 3], grid.y, grid.dy, grid.height),
        (bounds[:, 0], bounds[:, 2], grid.x, grid.dx, grid.width),
    ):
        one, other = (near - origin) / step, (far - origin) / step
        first = np.clip(np.floor(np.minimum(one, other)), 0, size)
        high = np.maximum(one, other)
        # A polygon that ends at the edge of a pixel has nothing of it; a point, or a line, there does.
        end = np.where(solid, np.ceil(high), np.floor(high) + 1)
        sides.append((first, np.clip(end, first, size)))
    (top, bottom), (left, right) = sides
    reach = np.column_stack([top, left, bottom, right]).astype(np.int64)
    reach[empty] = 0
    return reach
