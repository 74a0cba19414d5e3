"""What warm workers answer about maps of process graphs: where they are, the range of their values, and pictures."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.answers import Context, Streamed
from gdc_jupyter.cube.encode import tiles as pictures
from gdc_jupyter.cube.grid import Bounds, Grid, normalise_crs
from gdc_jupyter.cube.tiling import tile_grid
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.maps import Layer, Map

#: Maps that a worker keeps, and for how long: files may change, and what is shared may be so no more.
_MAPS, _SECONDS = 6, 120.0
MOST_PIXELS = 2048 * 2048


@dataclass
class _Kept:
    map: Map
    until: float


_maps: OrderedDict[bytes, _Kept] = OrderedDict()


def about(
    context: Context, process: dict[str, Any], owner: str | None, configuration: dict[str, Any], read_bytes: int
) -> Streamed:
    """Tell where the map of a process graph is and what it shows; nothing of the data is read.

    Parameters
    ----------
    context : Context
    process : dict
        A process with ``process_graph``.
    owner : str or None
        Whose rights it has.
    configuration : dict
        That of the service, as :mod:`gdc_jupyter.jobs.service_types` describes it.
    read_bytes : int
        What may be read for one picture.
    """
    return Streamed(_map(context, process, owner, configuration, read_bytes).about)


def colors(
    context: Context, process: dict[str, Any], owner: str | None, configuration: dict[str, Any], read_bytes: int
) -> Streamed:
    """Tell the range of the values of a map and its colours, where these are not configured; see `about`."""
    shown = _map(context, process, owner, configuration, read_bytes)
    return Streamed({"range": list(shown.range()), "colormap": shown.colormap})


def tile(
    context: Context,
    process: dict[str, Any],
    owner: str | None,
    configuration: dict[str, Any],
    read_bytes: int,
    window: dict[str, Any],
) -> Streamed:
    """Make a PNG picture of a window of a map.

    Parameters
    ----------
    context, process, owner, configuration, read_bytes
        See `about`. The configuration has a ``range``, else that of the values is taken.
    window : dict
        ``tile``, the zoom, column and row of a tile in web mercator, and ``size``, its pixels on an edge; or ``bbox``,
        ``crs``, ``width`` and ``height`` of a view.
    """
    shown = _map(context, process, owner, configuration, read_bytes)
    grid = _grid(window)
    values = shown.values(grid, configuration.get("resampling") or "near")
    limits = configuration.get("range") or list(shown.range())
    pairs = limits if isinstance(limits[0], list) else [limits] * len(values)
    if len(pairs) != len(values):
        raise GdcError("ServiceConfigInvalid", f"'range' has {len(pairs)} pairs, and {len(values)} bands are shown.")
    colormap = configuration.get("colormap") or shown.colormap or "gray"
    transparent = configuration.get("transparent") is not False
    picture = pictures.encode(values, [(low, high) for low, high in pairs], colormap, transparent)
    return Streamed({"media_type": pictures.MEDIA_TYPE, "headers": {}}, [picture])


def _map(
    context: Context, process: dict[str, Any], owner: str | None, configuration: Mapping[str, Any], read_bytes: int
) -> Map:
    """Return a map, the same one for the same request while nothing has changed in the catalogue."""
    layer = Layer(tuple(configuration.get("bands") or ()) or None, configuration.get("datetime"))
    catalog = context.catalog(owner)
    asked = [process, owner, layer.bands, layer.datetime, read_bytes, _version(catalog.folder)]
    key = orjson.dumps(asked)
    known = _maps.get(key)
    if known is None or known.until < time.monotonic():
        made = Map(process, catalog, context.permissions(owner), layer, read_bytes)
        if known is not None:
            known.map.close()
        known = _maps[key] = _Kept(made, time.monotonic() + _SECONDS)
        while len(_maps) > _MAPS:
            _maps.popitem(last=False)[1].map.close()
    _maps.move_to_end(key)
    return known.map


def _version(folder: Path) -> list[int]:
    """Return what changes with the registry of collections."""
    found = []
    for name in ("catalog.sqlite", "catalog.sqlite-wal"):
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        found += [status.st_mtime_ns, status.st_size]
    return found


def _grid(window: Mapping[str, Any]) -> Grid:
    if "tile" in window:
        zoom, x, y = window["tile"]
        return tile_grid(zoom, x, y, window.get("size") or 256)
    width, height = window["width"], window["height"]
    if not (width > 0 and height > 0 and width * height <= MOST_PIXELS):
        raise GdcError("ProcessParameterInvalid", f"A picture has 1 to {MOST_PIXELS:,} pixels, not {width} x {height}.")
    west, south, east, north = box = Bounds(*window["bbox"])
    if not (west < east and south < north):
        raise GdcError("BoundingBoxInvalid", f"The box {tuple(box)} has no area.")
    return Grid(
        normalise_crs(window.get("crs") or "OGC:CRS84"),
        west,
        north,
        (east - west) / width,
        (south - north) / height,
        width,
        height,
    )
