"""Grids of coarser pixels: what is shown small need not be read in full."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from gdc_jupyter.cube.grid import Grid, parse_crs, transformer

#: The mean radius of the Earth in metres (IUGG).
EARTH_RADIUS = 6_371_008.8


class Piece(NamedTuple):
    """Coarse pixels from ``start`` to ``stop``, and the first and the number of the fine ones they are read from."""

    start: int
    stop: int
    first: int
    size: int


def coarser(grid: Grid, factor: int, lattice: Grid | None = None) -> Grid | None:
    """Return the grid of pixels that are several times as large; None where no coarse pixel has its middle in a grid.

    Parameters
    ----------
    grid : Grid
        A regular grid.
    factor : int
        How many pixels of the grid an edge of a coarse one has.
    lattice : Grid, optional
        An aligned grid at whose corner a coarse pixel begins; the grid itself by default. A coarse pixel belongs to
        the result where the pixel in its middle belongs to the grid.
    """
    lattice = lattice or grid
    row, column = lattice.offset(grid)
    top, bottom = _middles(row, grid.height, factor)
    left, right = _middles(column, grid.width, factor)
    if bottom <= top or right <= left:
        return None
    return replace(
        grid,
        x=lattice.x + left * factor * grid.dx,
        y=lattice.y + top * factor * grid.dy,
        dx=grid.dx * factor,
        dy=grid.dy * factor,
        width=right - left,
        height=bottom - top,
    )


def _middles(offset: int, count: int, factor: int) -> tuple[int, int]:
    """Return the first coarse pixel whose middle is not before an offset, and the first whose is behind the end."""
    middle = factor // 2
    return -((middle - offset) // factor), -((middle - offset - count) // factor)


def largest_factor(grid: Grid, extent: Grid) -> int:
    """Return by how much a grid can be coarsened at most, a power of two.

    Parameters
    ----------
    grid : Grid
        What is left of ``extent``; of it, one coarse pixel has to remain.
    extent : Grid
        Where it goes around the globe, a coarse one has to do so too.
    """
    if not grid.regular or not min(grid.shape):
        return 1
    factor = 1 << min(grid.shape).bit_length() - 1
    while extent.wraps and extent.width % factor:
        factor //= 2
    return factor


def middle_of(fine: Grid, window: Grid) -> tuple[int, int]:
    """Return the row and column in a fine grid of the pixel in the middle of the first pixel of a coarse window."""
    row = (window.y + window.dy / 2 - fine.y) / fine.dy
    column = (window.x + window.dx / 2 - fine.x) / fine.dx
    return math.floor(row + 1e-6), math.floor(column + 1e-6)


def pieces(middle: int, count: int, factor: int, size: int) -> list[Piece]:
    """Return which coarse pixels have their middle in a line of fine ones, in pieces of whole and of cut-off ones.

    Parameters
    ----------
    middle : int
        Where the fine pixel in the middle of the first coarse one is on the line.
    count : int
        Coarse pixels.
    factor : int
    size : int
        Fine pixels on the line.
    """
    first = middle - factor // 2
    low, high = max(-(middle // factor), 0), min(-((middle - size) // factor), count)
    if low >= high:
        return []
    full_low, full_high = max(-(first // factor), low), min((size - first) // factor, high)
    bounds = sorted({low, min(max(full_low, low), high), max(min(full_high, high), low), high})
    found = []
    for start, stop in pairwise(bounds):
        begin, end = max(first + start * factor, 0), min(first + stop * factor, size)
        found.append(Piece(start, stop, begin, end - begin))
    return found


@lru_cache(maxsize=512)
def ground_size(grid: Grid) -> float:
    """Return the shorter edge of the pixel in the middle of a regular grid, in metres on the ground."""
    x, y = grid.x + grid.dx * grid.width / 2, grid.y + grid.dy * grid.height / 2
    xs, ys = [x, x + grid.dx, x], [y, y, y + grid.dy]
    if not parse_crs(grid.crs).is_geographic:
        xs, ys = (list(each) for each in transformer(grid.crs, "OGC:CRS84").transform(xs, ys))
    edges = [_distance(xs[0], ys[0], xs[end], ys[end]) for end in (1, 2)]
    known = [edge for edge in edges if math.isfinite(edge) and edge > 0]
    return min(known, default=math.inf)


def _distance(west: float, south: float, east: float, north: float) -> float:
    """Return the distance of two points by the haversine formula, in metres."""
    half = [math.radians(angle) / 2 for angle in (north - south, east - west)]
    across = math.cos(math.radians(south)) * math.cos(math.radians(north)) * math.sin(half[1]) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(math.sqrt(math.sin(half[0]) ** 2 + across), 1.0))
