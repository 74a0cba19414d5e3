"""Footprints of items on a map, on one piece also where they cross the antimeridian."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import ipyleaflet

from gdc_jupyter.widgets.base_map import FOOTPRINT_PANE

#: More are not drawn at once: the browser would be slow, and nobody could tell them apart.
LIMIT = 500
STYLE = {"pane": FOOTPRINT_PANE, "className": "gdc-item", "interactive": False, "weight": 1}
_POINT_STYLE = {**STYLE, "radius": 4}
_RINGS = {"Polygon": 1, "MultiPolygon": 2, "LineString": 0, "MultiLineString": 1, "Point": -1, "MultiPoint": 0}


class Footprints:
    """The items that a map shows.

    Parameters
    ----------
    leaflet_map : ipyleaflet.Map

    Attributes
    ----------
    note : str
        How many there are, in words; nothing without items.
    """

    def __init__(self, leaflet_map: ipyleaflet.Map) -> None:
        self._map = leaflet_map
        self._layer: ipyleaflet.GeoJSON | None = None
        self.note = ""

    def show(self, items: Any, limit: int = LIMIT) -> int:
        """Show items in place of those that were shown; return how many have a footprint."""
        first = list(islice(_each(items), limit + 1))
        more, shown = len(first) > limit, first[:limit]
        geometries = [geometry for item in shown if (geometry := footprint(item)) is not None]
        self.clear()
        if geometries:
            self._layer = ipyleaflet.GeoJSON(
                data={"type": "FeatureCollection", "features": list(_features(geometries))},
                point_style=_POINT_STYLE,
                name="items",
            )
            self._map.add(self._layer)
        self.note = _note(len(shown), len(geometries), more)
        return len(geometries)

    def clear(self) -> None:
        """Take all items off the map."""
        if self._layer is not None:
            self._map.remove(self._layer)
            self._layer.close()
        self._layer, self.note = None, ""


def footprint(item: Any) -> dict[str, Any] | None:
    """Return the geometry of an item with longitudes that go on beyond 180 over the antimeridian.

    Parameters
    ----------
    item : mapping or object
        A GeoJSON feature, or something with ``geometry`` and ``bbox``, as items of pystac have. Without a geometry its
        box is taken.

    Returns
    -------
    dict or None
        None where there is no geometry that can be understood.
    """
    of_mapping = isinstance(item, Mapping)
    bbox, geometry = (item.get(key) if of_mapping else getattr(item, key, None) for key in ("bbox", "geometry"))
    edges = _edges(bbox)
    if isinstance(geometry, Mapping) and geometry.get("type") in _RINGS:
        crosses = edges is not None and edges[0] > edges[2]
        try:
            return _unwrapped(geometry["type"], geometry["coordinates"], crosses)
        except (KeyError, TypeError, ValueError, IndexError):
            pass
    if edges is None:
        return None
    west, south, east, north = edges
    east += 360 if west > east else 0
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _each(items: Any) -> Iterator[Any]:
    """Yield the items of a list, a feature collection, an item collection or a search."""
    if isinstance(items, Mapping):
        return iter(items.get("features") or ([items] if items.get("type") == "Feature" else []))
    inner: Any = getattr(items, "items", None)
    return iter(inner() if callable(inner) else items)


def _edges(bbox: Any) -> tuple[float, float, float, float] | None:
    try:
        numbers = [float(edge) for edge in bbox]
    except (TypeError, ValueError):
        return None
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def _unwrapped(kind: str, coordinates: Any, crosses: bool) -> dict[str, Any]:
    def line(points: Iterable[Any]) -> list[list[float]]:
        out: list[list[float]] = []
        for point in points:
            x, y = float(point[0]), float(point[1])
            if crosses:
                x += 360 if x < 0 else 0
            elif out and abs(x - out[-1][0]) > 180:
                # No side of a footprint is longer than half the globe: this one went over the antimeridian.
                x += round((out[-1][0] - x) / 360) * 360
            out.append([x, y])
        return out

    def walk(value: Any, depth: int) -> Any:
        return line(value) if depth == 0 else [walk(part, depth - 1) for part in value]

    depth = _RINGS[kind]
    if depth < 0:
        return {"type": kind, "coordinates": line([coordinates])[0]}
    return {"type": kind, "coordinates": walk(coordinates, depth)}


def _features(geometries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for geometry in geometries:
        yield _feature(geometry)
        low, high = _reach(geometry["coordinates"])
        # The map goes on beyond the antimeridian, where the other part is looked for as well.
        for turn in [*((-360,) if high > 180 else ()), *((360,) if low < -180 else ())]:
            yield _feature({**geometry, "coordinates": _moved(geometry["coordinates"], turn)})


def _feature(geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"style": STYLE}, "geometry": geometry}


def _moved(coordinates: Any, turn: float) -> Any:
    if isinstance(coordinates[0], int | float):
        return [coordinates[0] + turn, coordinates[1]]
    return [_moved(each, turn) for each in coordinates]


def _reach(coordinates: Any) -> tuple[float, float]:
    if not coordinates:
        return 0.0, 0.0
    if isinstance(coordinates[0], int | float):
        return coordinates[0], coordinates[0]
    reaches = [_reach(each) for each in coordinates]
    return min(low for low, _ in reaches), max(high for _, high in reaches)


def _note(shown: int, drawn: int, more: bool) -> str:
    if not shown:
        return "no items"
    text = f"the first {shown} items are shown, there are more" if more else f"{shown} item{'s' * (shown != 1)} shown"
    without = shown - drawn
    return f"{text}, {without} without a footprint" if without else text
