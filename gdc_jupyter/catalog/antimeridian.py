"""Outlines that cross the antimeridian, in two parts as GeoJSON wants them (RFC 7946, 3.1.9)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def outline(ring: ArrayLike) -> dict[str, Any] | None:
    """Return the GeoJSON polygon, or polygons, of a ring.

    Parameters
    ----------
    ring : array_like
        Shape (points, 2): longitudes, of which two in a row are less than 180 degrees apart, and latitudes; the first
        point is the last.

    Returns
    -------
    dict or None
        None where the ring goes around a pole, and so encloses nothing on a map.
    """
    points = np.array(ring, "float64")
    points[:, 0] = np.round(np.unwrap(points[:, 0], period=360), 7)
    if abs(points[-1, 0] - points[0, 0]) > 180:
        return None
    west, east = points[:, 0].min(), points[:, 0].max()
    if west >= -180 and east <= 180:
        return {"type": "Polygon", "coordinates": [points.tolist()]}
    parts = [part for turn in range(-3, 4) for part in _part(points, 360.0 * turn, west, east)]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _part(points: Any, turn: float, west: float, east: float) -> list[Any]:
    """Return the polygons of what lies within 180 degrees of a meridian, moved there."""
    if east <= turn - 180 or west >= turn + 180:
        return []
    import shapely
    from shapely.geometry.polygon import orient

    inside = shapely.box(turn - 180, -90, turn + 180, 90)
    clipped = shapely.intersection(shapely.make_valid(shapely.Polygon(points)), inside)
    moved = shapely.transform(clipped, lambda each: each - (turn, 0))
    polygons = [orient(each) for each in shapely.get_parts(moved) if each.geom_type == "Polygon" and each.area > 0]
    return [[shapely.get_coordinates(each.exterior).round(7).tolist()] for each in polygons]
