"""The offline base map: land and borders of Natural Earth, a graticule that follows the view, and a static picture.

``static/world.geojson`` holds the 1:110m land and country borders of Natural Earth (public domain), made from the npm
package world-atlas 2.0.2: rings cut at the antimeridian, two decimals.
"""

from __future__ import annotations

import json
import math
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gdc_jupyter.selection import BBox

STATIC = Path(__file__).parent / "static"
ATTRIBUTION = "Natural Earth"
# Web mercator ends where its square world does.
MAX_LATITUDE = 85.0511287798066

# Degrees between the lines of the graticule, from the finest.
_STEPS = (*(n * 10.0**power for power in (-4, -3, -2, -1, 0) for n in (1, 2, 5)), 10.0, 20.0, 30.0, 60.0)
_WGS84_A, _WGS84_E = 6378.137, 0.0818191908426215


@cache
def world() -> dict[str, Any]:
    """Return the GeoJSON of land and borders."""
    content: dict[str, Any] = json.loads((STATIC / "world.geojson").read_text())
    return content


def world_layer_data() -> dict[str, Any]:
    """Return land and borders, and the nearer half of the land again on either side of the antimeridian."""
    land, borders = world()["features"]
    polygons = land["geometry"]["coordinates"]
    nearer = [
        (-360, [polygon for polygon in polygons if max(x for x, _ in polygon[0]) > 0]),
        (0, polygons),
        (360, [polygon for polygon in polygons if min(x for x, _ in polygon[0]) < 0]),
    ]
    copies = [[[[[x + turn, y] for x, y in ring] for ring in polygon] for polygon in half] for turn, half in nearer]
    shared = {"interactive": False, "pane": "gdc-world"}
    land_style = {**shared, "className": "gdc-land", "weight": 0.5}
    border_style = {**shared, "className": "gdc-borders", "weight": 0.7}
    return {
        "type": "FeatureCollection",
        "features": [
            *(_feature("MultiPolygon", half, land_style) for half in copies),
            _feature("MultiLineString", borders["geometry"]["coordinates"], border_style),
        ],
    }


def box_feature(bbox: BBox, style: dict[str, Any], kind: str = "rectangle") -> dict[str, Any]:
    """Return a box as a GeoJSON polygon with a Leaflet style."""
    west, south, east, north = bbox
    ring = [[west, south], [west, north], [east, north], [east, south], [west, south]]
    feature = _feature("Polygon", [ring], style)
    feature["properties"]["type"] = kind
    return feature


def _feature(kind: str, coordinates: list[Any], style: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"style": style},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def mercator(latitude: float) -> float:
    """Return the web mercator ordinate of a latitude in degrees of longitude at the equator."""
    bounded = max(-MAX_LATITUDE, min(MAX_LATITUDE, latitude))
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(bounded) / 2)))


def latitude_of(ordinate: float) -> float:
    """Return the latitude of a web mercator ordinate."""
    return math.degrees(2 * math.atan(math.exp(math.radians(ordinate))) - math.pi / 2)


def view_of(
    bbox: BBox, width: float, height: float, margin: float = 0.25, max_zoom: int = 17
) -> tuple[tuple[float, float], int]:
    """Return the centre (latitude, longitude) and the zoom at which a box fills a map of the given size in pixels.

    Parameters
    ----------
    bbox : tuple of four float
        The box, in degrees.
    width, height : float
        The size of the map in pixels.
    margin : float
        The share of the map that stays free around the box.
    max_zoom : int
        The largest zoom.
    """
    west, south, east, north = bbox
    low, high = mercator(south), mercator(north)
    span = max((east - west) / width, (high - low) / height, 1e-9) / (1 - margin)
    zoom = math.floor(math.log2(360 / 256 / span))
    return (latitude_of((low + high) / 2), (west + east) / 2), max(0, min(max_zoom, zoom))


def view_around(center: tuple[float, float], zoom: float, width: float, height: float) -> BBox:
    """Return the box that a map of the given size in pixels shows around a centre (latitude, longitude)."""
    degrees = 360 / 256 / 2**zoom
    middle, half_x, half_y = mercator(center[0]), width * degrees / 2, height * degrees / 2
    return center[1] - half_x, latitude_of(middle - half_y), center[1] + half_x, latitude_of(middle + half_y)


def area_km2(bbox: BBox) -> float:
    """Return the area of a box on the WGS 84 ellipsoid in square kilometres (Snyder 1987, equation 3-12)."""

    def authalic(latitude: float) -> float:
        sine = math.sin(math.radians(latitude))
        product = _WGS84_E * sine
        return (1 - _WGS84_E**2) * (sine / (1 - product**2) + math.atanh(product) / _WGS84_E)

    west, south, east, north = bbox
    return _WGS84_A**2 / 2 * math.radians(east - west) * (authalic(north) - authalic(south))


def size_km(bbox: BBox) -> tuple[float, float]:
    """Return the width at the middle latitude and the height of a box in kilometres, on a sphere of equal area."""
    west, south, east, north = bbox
    degree = math.pi * 6371.0072 / 180
    return (east - west) * degree * math.cos(math.radians((south + north) / 2)), (north - south) * degree


def graticule(bbox: BBox, width: float, height: float) -> tuple[str, BBox]:
    """Return an SVG image of meridians and parallels for a view, as a data URL, and the box it covers.

    Parameters
    ----------
    bbox : tuple of four float
        The edges of the view, in degrees.
    width, height : float
        The size of the view in pixels. The picture reaches half a view further on each side.
    """
    west, south, east, north = bbox
    low, high = mercator(south), mercator(north)
    scale_x, scale_y = width / (east - west), height / (high - low)
    step = next((step for step in _STEPS if step * scale_x >= 90), _STEPS[-1])
    pad_x, pad_y = (east - west) / 2, (high - low) / 2
    left, right = west - pad_x, east + pad_x
    bottom, top = max(low - pad_y, -180.0), min(high + pad_y, 180.0)
    lines, labels = [], []
    for count in range(math.ceil(left / step), math.floor(right / step) + 1):
        x = (count * step - left) * scale_x
        lines.append(f"M{x:.1f} 0V{(top - bottom) * scale_y:.1f}")
        # The buttons of the map stand in its top left corner.
        if west + 45 / scale_x < count * step < east:
            labels.append(_label(x + 3, (top - high) * scale_y + 12, _degrees(count * step, step, "EW"), "start"))
    for count in range(math.ceil(latitude_of(bottom) / step), math.floor(latitude_of(top) / step) + 1):
        y = (top - mercator(count * step)) * scale_y
        lines.append(f"M0 {y:.1f}H{(right - left) * scale_x:.1f}")
        if south < count * step < north:
            labels.append(_label((east - left) * scale_x - 6, y - 3, _degrees(count * step, step, "NS"), "end"))
    wide, tall = f"{(right - left) * scale_x:.1f}", f"{(top - bottom) * scale_y:.1f}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}">'
        f'<path d="{"".join(lines)}" fill="none" stroke="#808d99" stroke-opacity=".45" stroke-width=".6"/>'
        f'<g font-family="system-ui,sans-serif" font-size="10" fill="#75828e">{"".join(labels)}</g></svg>'
    )
    return "data:image/svg+xml," + quote(svg, safe="/:=' ,;"), (left, latitude_of(bottom), right, latitude_of(top))


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _degrees(value: float, step: float, letters: str) -> str:
    """Return a longitude or latitude as a label, ``170°W`` for 190."""
    if letters == "EW":
        value = (value + 180) % 360 - 180
    digits = max(0, math.ceil(-math.log10(step) - 1e-9))
    text = f"{abs(value):.{digits}f}°"
    if round(value, 6) == 0 or (letters == "EW" and round(abs(value), 6) == 180):
        return text
    return text + (letters[0] if value > 0 else letters[1])


@cache
def _land_path() -> str:
    """Return the land as one SVG path on a 360 x 180 plate carrée, to whole degrees."""
    parts = []
    for polygon in world()["features"][0]["geometry"]["coordinates"]:
        points = list(dict.fromkeys((round(x + 180), round(90 - y)) for x, y in polygon[0]))
        if len(points) > 3:
            steps = [f"{x - x0} {y - y0}" for (x0, y0), (x, y) in pairwise(points)]
            parts.append(f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z".replace(" -", "-"))
    return "".join(parts)


def static_map(bbox: BBox | None, caption: str) -> str:
    """Return an HTML figure of the world and a box, for places where no widget can be shown."""
    shapes = []
    if bbox is not None:
        west, south, east, north = bbox
        for turn in (0, 360) if east > 180 else (0,):
            x, width = west - turn + 180, max(east - west, 2)
            height = max(north - south, 2)
            shapes.append(f'<rect x="{x:.2f}" y="{90 - north:.2f}" width="{width:.2f}" height="{height:.2f}"/>')
    return (
        '<figure style="margin:0;max-width:540px">'
        '<svg viewBox="0 0 360 180" role="img" style="display:block;background:#dbe8f2">'
        f"<title>{escape(caption)}</title>"
        f'<path d="{_land_path()}" fill="#f3efe6" stroke="#c8c1b2" stroke-width=".3"/>'
        f'<g fill="#e4572e55" stroke="#e4572e">{"".join(shapes)}</g></svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
