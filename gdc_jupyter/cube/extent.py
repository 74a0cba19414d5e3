"""Boxes in longitude and latitude as STAC and GeoJSON have them, also across the antimeridian: there west > east."""

from __future__ import annotations

from collections.abc import Iterable

from gdc_jupyter.cube.grid import Bounds

# Degrees, far less than any data are located to.
_NOTHING = 1e-9


def normalised(bounds: Bounds) -> Bounds:
    """Return a box with its longitudes from -180 to 180 and its latitudes from -90 to 90."""
    west, south, east, north = bounds
    width = _width(west, east)
    south, north = max(south, -90.0), min(north, 90.0)
    if width >= 360 - _NOTHING:
        return Bounds(-180.0, south, 180.0, north)
    if not -180 <= west <= 180:
        west = (west + 180) % 360 - 180
        east = west + width
    if east > 180:
        east -= 360
    return Bounds(west, south, east, north)


def union(boxes: Iterable[Bounds]) -> Bounds | None:
    """Return the smallest box around others, or None where there are none.

    It leaves out the widest gap between them, so that boxes on both sides of the antimeridian make one across it.
    """
    parts = [normalised(box) for box in boxes]
    if not parts:
        return None
    south, north = min(box.south for box in parts), max(box.north for box in parts)
    arcs = sorted((box.west, _width(box.west, box.east)) for box in parts)
    start, reach = arcs[0][0], max(west + width for west, width in arcs)
    # The gap that a box without crossing leaves out; another one must be wider by more than nothing.
    gap, edges = start + 360 - reach, (start, reach)
    # The last of them may reach around the globe, over the first ones.
    seen = max(start + arcs[0][1], reach - 360)
    for west, width in arcs[1:]:
        if west - seen > max(gap, 0) + _NOTHING:
            gap, edges = west - seen, (west, seen + 360)
        seen = max(seen, west + width)
    if gap <= 0:
        return Bounds(-180.0, south, 180.0, north)
    return normalised(Bounds(edges[0], south, edges[1], north))


def _width(west: float, east: float) -> float:
    return east - west if east >= west else east + 360 - west
