"""Map tiles: the web mercator square, halved with each zoom, and what of a window an area covers."""

from __future__ import annotations

import math
from typing import NamedTuple

from gdc_jupyter.cube.coarser import EARTH_RADIUS
from gdc_jupyter.cube.grid import Bounds, Grid, transform_bounds, transformer

WEB_MERCATOR, GEOGRAPHIC = "EPSG:3857", "OGC:CRS84"
#: Half the edge of the square in metres: pi times the equatorial radius of WGS 84.
HALF = math.pi * 6_378_137.0
#: Latitude of the northern edge.
NORTHERNMOST = math.degrees(2 * math.atan(math.exp(math.pi)) - math.pi / 2)
DEEPEST = 24
_ROUNDING = 1e-6


class Part(NamedTuple):
    """A rectangle of a window."""

    row: int
    column: int
    grid: Grid


def tile_grid(zoom: int, x: int, y: int, size: int = 256) -> Grid:
    """Return the grid of a tile, counted from the north-west.

    Parameters
    ----------
    zoom, x, y : int
        ``x`` and ``y`` from 0 up to but without 2 ** ``zoom``.
    size : int
        Pixels on an edge.
    """
    edge = 2 * HALF / 2**zoom
    return Grid(WEB_MERCATOR, -HALF + x * edge, HALF - y * edge, edge / size, -edge / size, size, size)


def zoom_of(metres: float, latitude: float, size: int = 256) -> int:
    """Return the first zoom whose pixels are no larger on the ground than so many metres at a latitude."""
    around = 2 * math.pi * EARTH_RADIUS * math.cos(math.radians(min(abs(latitude), NORTHERNMOST)))
    return min(max(math.ceil(math.log2(around / size / metres) - 1e-6), 0), DEEPEST)


def area_of(grid: Grid) -> Bounds:
    """Return the longitudes and latitudes of a grid, the east beyond 180 where it crosses the antimeridian."""
    west, south, east, north = transform_bounds(grid.bounds, grid.crs, GEOGRAPHIC)
    return Bounds(west, south, east + 360 if east < west else east, north)


def parts(window: Grid, area: Bounds) -> list[Part]:
    """Return the rectangles of a window that may hold something of an area in longitude and latitude.

    Parameters
    ----------
    window : Grid
        A regular grid in any CRS; one in web mercator or longitude and latitude is cut exactly, another one is taken
        as a whole.
    area : Bounds
    """
    found = []
    for turn in (-360, 0, 360):
        box = _box(Bounds(area.west + turn, area.south, area.east + turn, area.north), window.crs)
        if box is None:
            return [Part(0, 0, window)]
        part = _cut(window, box)
        if part is not None:
            found.append(part)
    return found


def _box(area: Bounds, crs: str) -> Bounds | None:
    if crs in (GEOGRAPHIC, "EPSG:4326"):
        return area
    if crs != WEB_MERCATOR:
        return None
    edge = NORTHERNMOST
    south, north = max(min(area.south, edge), -edge), max(min(area.north, edge), -edge)
    return Bounds(area.west / 180 * HALF, _mercator(south), area.east / 180 * HALF, _mercator(north))


def _mercator(latitude: float) -> float:
    return HALF / math.pi * math.asinh(math.tan(math.radians(latitude)))


def _cut(window: Grid, box: Bounds) -> Part | None:
    left, right = _range((box.west - window.x) / window.dx, (box.east - window.x) / window.dx, window.width)
    top, bottom = _range((box.north - window.y) / window.dy, (box.south - window.y) / window.dy, window.height)
    if left >= right or top >= bottom:
        return None
    return Part(top, left, window.window(top, left, bottom - top, right - left))


def _range(start: float, end: float, count: int) -> tuple[int, int]:
    # An edge that is that of a pixel up to rounding is no reason for another pixel.
    return max(math.floor(start + _ROUNDING), 0), min(math.ceil(end - _ROUNDING), count)


def pixel_on_ground(window: Grid) -> float:
    """Return the edge of the pixel in the middle of a window in metres on the ground; infinite where it has none."""
    x, y = window.x + window.dx * window.width / 2, window.y + window.dy * window.height / 2
    if window.crs == WEB_MERCATOR:
        return abs(window.dy) / math.cosh(y * math.pi / HALF) * EARTH_RADIUS * math.pi / HALF
    to_degrees = transformer(window.crs, GEOGRAPHIC)
    _, first = to_degrees.transform(x, y - window.dy / 2)
    _, second = to_degrees.transform(x, y + window.dy / 2)
    metres = math.radians(abs(first - second)) * EARTH_RADIUS
    return metres if math.isfinite(metres) and metres > 0 else math.inf
