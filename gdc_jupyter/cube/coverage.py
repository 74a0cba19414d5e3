"""Which pixels geometries cover, and the exact share of each pixel that lies in a polygon.

The share follows from the edges alone (the area under a polygon's outline, by Green's theorem): each edge is cut at the
lines between pixels; in its own pixel a piece adds the area on its right, and to all pixels further right its height.
So the work grows with the length of the outlines, and the pixels inside come as runs of equal shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.geometries import Geometries
from gdc_jupyter.cube.grid import Grid

# Shares nearer than this to none or all of a pixel are rounding errors.
ROUNDING = 1e-10
# Polygons of less than this share of a pixel are taken as points, so that rounding cannot matter.
SMALLEST = 1e-5
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """The pixels of some geometries, those of the first geometry first.

    Parameters
    ----------
    starts : numpy.ndarray of int, shape (geometries + 1,)
        The pixels of geometry i are those from ``starts[i]`` to ``starts[i + 1]``.
    pixels : numpy.ndarray of int, shape (n,)
        ``row * width + column``, in ascending order for each geometry.
    shares : numpy.ndarray, shape (n,)
        How much of each pixel a geometry covers, greater than 0; 1 for pixels that points and lines touch.
    """

    starts: Integers
    pixels: NDArray[Any]
    shares: Floats

    def of(self, index: int) -> NDArray[Any]:
        """Return the pixels of one geometry."""
        return self.pixels[self.starts[index] : self.starts[index + 1]]


def shares(geometries: Geometries, grid: Grid) -> Cells:
    """Return the pixels of a grid that geometries touch, with the share that polygons cover of each.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely geometries, shape (n,)
        In the CRS of the grid. A point touches the pixel that it lies in, and a line those that it goes through.
    grid : Grid
    """
    parts, owner = _parts(geometries)
    dimension = _dimensions(parts)
    areas = _area(parts) / abs(grid.dx * grid.dy)
    solid = (dimension == 2) & (areas >= SMALLEST)
    tiny = (dimension == 2) & (areas < SMALLEST) & (areas > 0)
    found = [
        _solid_cells(parts[solid], owner[solid], grid),
        _point_cells(parts[dimension == 0], owner[dimension == 0], grid, None),
        _line_cells(parts[dimension == 1], owner[dimension == 1], grid),
        _point_cells(_inner_points(parts[tiny]), owner[tiny], grid, areas[tiny]),
    ]
    return _gathered(found, len(geometries), grid)


def centres(geometries: Geometries, grid: Grid) -> Cells:
    """Return the pixels whose centres polygons hold, edges included, and those that points and lines touch.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely geometries, shape (n,)
    grid : Grid

    Returns
    -------
    Cells
        With shares of 1.
    """
    return centres_of(geometries, shares(geometries, grid), grid)


def centres_of(geometries: Geometries, covered: Cells, grid: Grid) -> Cells:
    """Return the pixels by their centres where the shares are known already; see :func:`centres`."""
    import shapely

    owner = np.repeat(np.arange(len(geometries)), np.diff(covered.starts))
    kept = covered.shares >= 1 - ROUNDING
    # Where a part of a collection is a point or a line, the pixel counts; else the centre decides.
    doubtful = np.flatnonzero(~kept)
    if len(doubtful):
        row, column = np.divmod(covered.pixels[doubtful], grid.width)
        x, y = grid.x + (column + 0.5) * grid.dx, grid.y + (row + 0.5) * grid.dy
        shapely.prepare(geometries)
        kept[doubtful] = shapely.intersects_xy(geometries[owner[doubtful]], x, y)
    counts = np.bincount(owner[kept], minlength=len(geometries))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Cells(starts, covered.pixels[kept], np.ones(int(kept.sum())))


def _parts(geometries: Geometries) -> tuple[Geometries, Integers]:
    import shapely

    parts, owner = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_num_geometries(parts) > 1).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    # A collection of one member is unpacked as well.
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    kept = ~shapely.is_empty(parts)
    return parts[kept], owner[kept]


def _dimensions(parts: Geometries) -> NDArray[Any]:
    import shapely

    return np.asarray(shapely.get_dimensions(parts))


def _area(parts: Geometries) -> Floats:
    import shapely

    return np.asarray(shapely.area(parts), np.float64)


def _inner_points(parts: Geometries) -> Geometries:
    import shapely

    return np.asarray(shapely.point_on_surface(parts))


@dataclass(frozen=True)
class _Runs:
    """Neighbouring pixels of a row with the same share, by owner and pixel."""

    owner: Integers
    pixel: Integers
    length: Integers
    share: Floats


def _gathered(found: list[_Runs], count: int, grid: Grid) -> Cells:
    found = [runs for runs in found if len(runs.owner)]
    if len(found) == 1:
        return _expanded(found[0], count, grid)
    # Parts of one collection may meet in a pixel.
    size = grid.width * grid.height
    each = [_expanded(runs, count, grid) for runs in found]
    keys = [np.repeat(np.arange(count), np.diff(cells.starts)) * size + cells.pixels for cells in each]
    key = np.concatenate(keys) if keys else np.empty(0, np.int64)
    share = np.concatenate([cells.shares for cells in each]) if each else np.empty(0)
    key, inverse = np.unique(key, return_inverse=True)
    owner, pixel = np.divmod(key, size)
    total = np.minimum(np.bincount(inverse, share, minlength=len(key)), 1.0)
    return _expanded(_Runs(owner, pixel, np.ones(len(key), np.int64), total), count, grid)


def _expanded(runs: _Runs, count: int, grid: Grid) -> Cells:
    integer = np.int32 if grid.width * grid.height < 2**31 else np.int64
    ends = np.cumsum(runs.length)
    shift = (runs.pixel - (ends - runs.length)).astype(np.int64)
    total = int(ends[-1]) if len(ends) else 0
    pixels = np.arange(total, dtype=np.int64 if total >= 2**31 else integer)
    # Shifts may be negative, and the sums fit.
    pixels = pixels + np.repeat(shift.astype(pixels.dtype), runs.length)
    starts = np.zeros(count + 1, np.int64)
    starts[1:] = np.cumsum(np.bincount(runs.owner, runs.length, minlength=count))
    return Cells(starts, pixels, np.repeat(runs.share, runs.length))


def _local(points: Floats, grid: Grid) -> tuple[Floats, Floats]:
    return (points[:, 0] - grid.x) / grid.dx, (points[:, 1] - grid.y) / grid.dy


def _point_cells(points: Geometries, owner: Integers, grid: Grid, share: Floats | None) -> _Runs:
    import shapely

    u, v = _local(shapely.get_coordinates(points), grid)
    inside = (u >= 0) & (u < grid.width) & (v >= 0) & (v < grid.height)
    pixels = np.floor(v[inside]).astype(np.int64) * grid.width + np.floor(u[inside]).astype(np.int64)
    key = owner[inside] * (grid.width * grid.height) + pixels
    key, part = np.unique(key, return_inverse=True)
    total = np.ones(len(key)) if share is None else np.bincount(part, share[inside], len(key)).astype(np.float64)
    return _single(key, grid, total)


def _single(key: Integers, grid: Grid, share: Floats) -> _Runs:
    owner, pixel = np.divmod(key, grid.width * grid.height)
    return _Runs(owner, pixel, np.ones(len(key), np.int64), share)


@dataclass(frozen=True)
class _Edges:
    u0: Floats
    v0: Floats
    u1: Floats
    v1: Floats
    owner: Integers
    sign: Floats


def _line_cells(lines: Geometries, owner: Integers, grid: Grid) -> _Runs:
    import shapely

    points, line = shapely.get_coordinates(lines, return_index=True)
    u, v = _local(points, grid)
    joined = line[1:] == line[:-1]
    u0, v0, u1, v1 = u[:-1][joined], v[:-1][joined], u[1:][joined], v[1:][joined]
    segment, row = _steps(np.minimum(v0, v1), np.maximum(v0, v1), grid.height)
    across = _at(u0, v0, u1, v1, segment, row)
    piece, column = _steps(np.minimum(*across), np.maximum(*across), grid.width)
    key = np.unique((owner[line[1:][joined]][segment[piece]] * grid.height + row[piece]) * grid.width + column)
    return _single(key, grid, np.ones(len(key)))


def _steps(low: Floats, high: Floats, size: int) -> tuple[Integers, Integers]:
    """Return, for intervals, each of the unit steps from 0 to size that they touch: which interval, and which step."""
    first = np.clip(np.floor(low), 0, size).astype(np.int64)
    last = np.where(high > low, np.ceil(high) - 1, np.floor(high))
    end = np.clip(last + 1, 0, size).astype(np.int64)
    count = np.maximum(end - first, 0)
    index = np.repeat(np.arange(len(low)), count)
    step = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count) + first[index]
    return index, step


def _at(u0: Floats, v0: Floats, u1: Floats, v1: Floats, edge: Integers, row: Integers) -> tuple[Floats, Floats]:
    """Return where edges enter and leave a row."""
    start, end, top, bottom = u0[edge], u1[edge], v0[edge], v1[edge]
    level = top == bottom
    slope = (end - start) / np.where(level, 1.0, bottom - top)
    low, high = np.minimum(start, end), np.maximum(start, end)
    near, far = np.minimum(top, bottom), np.maximum(top, bottom)
    entered, left = (
        np.clip(start + (np.clip(boundary, near, far) - top) * slope, low, high) for boundary in (row, row + 1)
    )
    return np.where(level, start, entered), np.where(level, end, left)


def _solid_cells(polygons: Geometries, owner: Integers, grid: Grid) -> _Runs:
    edges = _outlines(polygons, owner, grid)
    key, area, height = _pieces(edges, grid)
    width = grid.width + 1
    order = np.argsort(key, kind="stable")
    key, area, height = key[order], area[order], height[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    key = key[first]
    area, height = (np.add.reduceat(each, first) if len(first) else each for each in (area, height))
    column = key % width
    beyond = np.cumsum(height)
    before = beyond - height
    next_key = np.append(key[1:], -1)
    gap = np.where(next_key // width == key // width, next_key - key - 1, 0)
    own = column < grid.width
    starts = np.concatenate([key[own], key[gap > 0] + 1])
    lengths = np.concatenate([np.ones(int(own.sum()), np.int64), gap[gap > 0]])
    values = np.concatenate([(area + before)[own], beyond[gap > 0]])
    kept = values > ROUNDING
    starts, lengths, values = starts[kept], lengths[kept], np.where(values > 1 - ROUNDING, 1.0, values)[kept]
    order = np.argsort(starts, kind="stable")
    starts, lengths, values = starts[order], lengths[order], values[order]
    rows, column = np.divmod(starts, width)
    of, row = np.divmod(rows, grid.height)
    return _Runs(of, row * grid.width + column, lengths, values)


def _outlines(polygons: Geometries, owner: Integers, grid: Grid) -> _Edges:
    """Return the edges of polygons in pixels; the sign is that of what lies on their right where they go down."""
    import shapely

    rings, polygon = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    u, v = _local(points, grid)
    joined = ring[1:] == ring[:-1]
    u0, v0, u1, v1 = u[:-1][joined], v[:-1][joined], u[1:][joined], v[1:][joined]
    of = ring[1:][joined]
    origin = np.searchsorted(ring, np.arange(len(rings)))
    u_ring, v_ring = u[origin][of], v[origin][of]
    turn = np.bincount(of, (u0 - u_ring) * (v1 - v_ring) - (u1 - u_ring) * (v0 - v_ring), minlength=len(rings))
    exterior = np.diff(polygon, prepend=-1) != 0
    sign = np.where(exterior, -1.0, 1.0) * np.sign(turn)
    return _Edges(u0, v0, u1, v1, owner[polygon[of]], sign[of])


def _pieces(edges: _Edges, grid: Grid) -> tuple[Integers, Floats, Floats]:
    """Return, for each piece of an edge in one pixel, the pixel, the area on its right and its height, both signed.

    Columns left of the grid count as its first, and those on its right as one more.
    """
    sloped = edges.v0 != edges.v1
    u0, v0, u1, v1 = (each[sloped] for each in (edges.u0, edges.v0, edges.u1, edges.v1))
    owner, sign = edges.owner[sloped], edges.sign[sloped]
    low, high = np.minimum(v0, v1), np.maximum(v0, v1)
    edge, row = _steps(low, high, grid.height)
    height = np.minimum(high[edge], row + 1) - np.maximum(low[edge], row)
    height *= (np.sign(v1 - v0) * sign)[edge]
    start, end = _at(u0, v0, u1, v1, edge, row)
    left, right = np.minimum(start, end), np.maximum(start, end)
    base = (owner[edge] * grid.height + row) * (grid.width + 1)
    length = right - left
    with np.errstate(invalid="ignore", divide="ignore"):
        per_column = np.where(length > 0, height / length, 0.0)
    before = np.where(length > 0, per_column * (np.clip(right, None, 0) - np.clip(left, None, 0)), height * (left < 0))
    after = np.where(
        length > 0,
        per_column * (np.clip(right, grid.width, None) - np.clip(left, grid.width, None)),
        height * (left >= grid.width),
    )
    upright = (length == 0) & (left >= 0) & (left < grid.width)
    piece, column = _steps(left, np.where(length > 0, right, left), grid.width)
    near, far = np.maximum(left[piece], column), np.minimum(right[piece], column + 1)
    part = np.where(upright[piece], height[piece], per_column[piece] * (far - near))
    inside = part * (1 - ((near + far) / 2 - column))
    outer, beyond = np.flatnonzero(before), np.flatnonzero(after)
    keys = np.concatenate([base[piece] + column, base[outer], base[beyond] + grid.width])
    areas = np.concatenate([inside, before[outer], np.zeros(len(beyond))])
    heights = np.concatenate([part, before[outer], after[beyond]])
    return keys, areas, heights
