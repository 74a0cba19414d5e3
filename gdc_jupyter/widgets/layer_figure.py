"""A layer of a map as a picture in HTML, for places where no widget can be shown."""

from __future__ import annotations

import base64
import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from html import escape

import requests

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox
from gdc_jupyter.widgets.graph_layer import GraphLayer
from gdc_jupyter.widgets.map_layer import MapLayer
from gdc_jupyter.widgets.picture_layer import PictureLayer
from gdc_jupyter.widgets.world import mercator

_LARGEST = 360.0
_TILE = 256
#: The seconds that a picture may take; without one there are the words alone.
_SECONDS = 3.0


def layer_figure(layer: MapLayer) -> str:
    """Return an HTML figure of the whole of a layer, from a few tiles, with its legend."""
    picture = ""
    if isinstance(layer, PictureLayer):
        picture = _whole_picture(layer)
    elif isinstance(layer, GraphLayer):
        picture = _picture(layer)
        if picture and layer.range is None:
            # Now that tiles have been made, the back-end knows it.
            with suppress(GdcError):
                layer.service.describe()
    return (
        '<figure style="margin:8px 0 0;max-width:540px">'
        f"{picture}<figcaption>{escape(layer.name)}{_legend(layer)}</figcaption></figure>"
    )


def _whole_picture(layer: PictureLayer) -> str:
    return (
        f'<img src="data:image/png;base64,{base64.b64encode(layer.png).decode()}" alt="{escape(layer.name)}" '
        f'style="display:block;max-width:100%;max-height:{_LARGEST:.0f}px"/>'
    )


def _picture(layer: GraphLayer) -> str:
    bounds = layer.bounds
    if bounds is None or int(layer.service.configuration.get("tile_size") or _TILE) != _TILE:
        return ""
    zoom = min(max(zoom_for(bounds), layer.service.zooms[0]), layer.service.zooms[1])
    west, north, east, south = _pixels(bounds, zoom)
    # Whole pixels, so that no seam is seen between tiles.
    left, top, right, bottom = math.floor(west), math.floor(north), math.ceil(east), math.ceil(south)
    spans = [range(math.floor(low / _TILE), math.ceil(high / _TILE)) for low, high in ((left, right), (top, bottom))]
    places = [(x, y) for y in spans[1] for x in spans[0]]
    end = time.monotonic() + _SECONDS

    def tile(place: tuple[int, int]) -> bytes | None:
        x, y = place
        try:
            return layer.service.tile(zoom, x % 2**zoom, y, timeout=max(end - time.monotonic(), 0.01))
        except requests.RequestException:
            return None

    with ThreadPoolExecutor(max_workers=4) as pool:
        tiles = list(pool.map(tile, places))
    images = [
        f'<image x="{x * _TILE - left}" y="{y * _TILE - top}" width="{_TILE}" height="{_TILE}" '
        f'href="data:image/png;base64,{base64.b64encode(picture).decode()}"/>'
        for (x, y), picture in zip(places, tiles, strict=True)
        if picture is not None
    ]
    if not images:
        return ""
    width, height = right - left, bottom - top
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'style="display:block;max-width:100%"><title>{escape(layer.name)}</title>{"".join(images)}</svg>'
    )


def zoom_for(bounds: BBox) -> int:
    """Return the last zoom at which a box is no larger than the picture."""
    left, top, right, bottom = _pixels(bounds, 0)
    return max(min(math.floor(math.log2(_LARGEST / max(right - left, bottom - top, 1e-9))), 22), 0)


def _pixels(bounds: BBox, zoom: int) -> tuple[float, float, float, float]:
    """Return the edges of a box in pixels of web mercator, from the north-west of the world."""
    west, south, east, north = bounds
    scale = _TILE * 2**zoom / 360
    return (west + 180) * scale, (180 - mercator(north)) * scale, (east + 180) * scale, (180 - mercator(south)) * scale


def _legend(layer: MapLayer) -> str:
    row = layer.row()
    if len(row["colors"]) < 2 or not row["low"]:
        return f"; {escape(row['note'])}" if row["note"] else ""
    ramp = ", ".join(row["colors"])
    return (
        f': {row["low"]} <span style="display:inline-block;width:120px;height:.7em;'
        f'background:linear-gradient(to right, {escape(ramp)})"></span> {row["high"]}'
        + (f"; {escape(row['note'])}" if row["note"] else "")
    )
