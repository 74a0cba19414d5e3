"""STAC 1.0.0 metadata of collections and items, derived from their bands, grid and times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gdc_jupyter.catalog.antimeridian import outline
from gdc_jupyter.catalog.collection import CRS84, Band, Collection, Others, Times, format_time
from gdc_jupyter.cube.calendars import common, seconds
from gdc_jupyter.cube.grid import Grid, parse_crs, transformer

EXTENSIONS = {
    "cube": "https://stac-extensions.github.io/datacube/v2.2.0/schema.json",
    "eo": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "raster": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "proj": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "item_assets": "https://stac-extensions.github.io/item-assets/v1.0.0/schema.json",
}
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"
# A longer list of labels makes the metadata slow to send, and nobody reads it.
MAX_LISTED_LABELS = 1000
HOUR, DAY = 3600, 86400


def collection_document(collection: Collection) -> dict[str, Any]:
    """Return the STAC collection of a collection, without links.

    ``extra`` of the collection is laid over what is derived; its summaries are added to the derived ones.
    """
    about, extra = collection.about, dict(collection.extra)
    summaries = band_summaries(collection.bands, collection.grid) | extra.pop("summaries", {})
    item_assets = extra.pop("item_assets", {})
    document = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "stac_extensions": _extensions(bool(item_assets)),
        "id": collection.id,
        "title": about.title,
        "description": about.description,
        "keywords": list(about.keywords),
        "license": about.license,
        "providers": [dict(provider) for provider in about.providers],
        "extent": {
            "spatial": {"bbox": [bbox(collection.grid)]},
            "temporal": {"interval": [[format_time(moment) for moment in common(np.array(collection.interval))]]},
        },
        "cube:dimensions": dimensions(collection.grid, collection.times, collection.bands, collection.others),
        "summaries": summaries,
        "dataType": "coverage",
        **reference_systems(collection.grid.crs),
    }
    if item_assets:
        document["item_assets"] = item_assets
    return {key: value for key, value in (document | extra).items() if value not in ([], {}, None)}


def _extensions(item_assets: bool) -> list[str]:
    names = ["cube", "eo", "raster", "proj", *(["item_assets"] if item_assets else [])]
    return [EXTENSIONS[name] for name in names]


def band_summaries(bands: Sequence[Band], grid: Grid) -> dict[str, Any]:
    """Return ``eo:bands``, ``raster:bands``, the ground sample distance and the CRS as summaries."""
    summaries: dict[str, Any] = {
        "eo:bands": [band.eo() for band in bands],
        "raster:bands": [band.raster() for band in bands],
    }
    code = crs_code(grid.crs)
    if code:
        summaries["proj:code"] = [code]
    if grid.regular and not parse_crs(grid.crs).is_geographic:
        summaries["gsd"] = [round(max(abs(grid.dx), abs(grid.dy)), 6)]
    return summaries


def crs_code(crs: str) -> str | None:
    """Return ``EPSG:n``, or None where a CRS has no code."""
    if crs.startswith("EPSG:"):
        return crs
    epsg = parse_crs(crs).to_epsg()
    return f"EPSG:{epsg}" if epsg else None


def reference_systems(native: str) -> dict[str, Any]:
    """Return ``crs``, the addresses of the systems in which data can be had, and that in which they are stored."""
    codes = [code for code in (crs_code(native), "EPSG:4326", "EPSG:3857") if code]
    listed = list(dict.fromkeys([CRS84_URI, *(EPSG_URI + code.removeprefix("EPSG:") for code in codes)]))
    stored = crs_code(native)
    if native == CRS84:
        return {"crs": listed, "storageCrs": CRS84_URI}
    return {"crs": listed} | ({"storageCrs": EPSG_URI + stored.removeprefix("EPSG:")} if stored else {})


def dimensions(grid: Grid, times: Times | None, bands: Sequence[Band], others: Others = ()) -> dict[str, Any]:
    """Return ``cube:dimensions`` for x, y, bands, t where there are times, and others. Extents are of pixel edges."""
    west, south, east, north = grid.bounds
    code = crs_code(grid.crs)
    system: int | str = int(code.removeprefix("EPSG:")) if code else parse_crs(grid.crs).to_wkt()
    entries: dict[str, Any] = {
        axis: {
            "type": "spatial",
            "axis": axis,
            "extent": extent,
            **_spacing(grid, axis == "x"),
            "reference_system": system,
        }
        for axis, extent in (("x", [west, east]), ("y", [south, north]))
    }
    if times is not None and len(times):
        entries["t"] = _temporal_dimension(times)
    entries["bands"] = {"type": "bands", "values": [band.name for band in bands]}
    entries |= {name: {"type": "other", "values": labels.tolist()} for name, labels in others}
    return entries


def _spacing(grid: Grid, horizontal: bool) -> dict[str, Any]:
    """Return the step of an axis; null and, where each row or column has one label, the labels, if it has none."""
    location = grid.geolocation
    if location is None or not (location.curvilinear or location.axis(horizontal) is not None):
        return {"step": abs(grid.dx if horizontal else grid.dy)}
    labels = grid.x_labels() if horizontal else grid.y_labels()
    if location.curvilinear or len(labels) > MAX_LISTED_LABELS:
        return {"step": None}
    return {"step": None, "values": labels.tolist()}


def _temporal_dimension(times: Times) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "temporal", "extent": [format_time(times[0]), format_time(times[-1])]}
    if len(times) <= MAX_LISTED_LABELS:
        entry["values"] = [format_time(time) for time in times]
    steps = np.diff(seconds(times))
    if len(steps) and (steps == steps[0]).all() and steps[0] > 0:
        entry["step"] = _duration(int(steps[0]))
    return entry


def _duration(seconds: int) -> str:
    if seconds % DAY == 0:
        return f"P{seconds // DAY}D"
    if seconds % HOUR == 0:
        return f"PT{seconds // HOUR}H"
    return f"PT{seconds}S"


def bbox(grid: Grid) -> list[float]:
    """Return a grid's envelope as STAC and GeoJSON write it: west > east where it crosses the antimeridian."""
    west, south, east, north = grid.geographic_bounds
    if east - west >= 359.999 or grid.wraps:
        west, east = -180.0, 180.0
    elif east > 180 or west < -180:
        west, east = (west + 180) % 360 - 180, (east + 180) % 360 - 180
    return [round(edge, 7) for edge in (west, max(south, -90.0), east, min(north, 90.0))]


def footprint(grid: Grid) -> dict[str, Any]:
    """Return a grid's outline in longitude and latitude, as a GeoJSON polygon of its edges in eight parts each.

    Where it crosses the antimeridian it is in two polygons; where it goes around the globe or a pole it is the box.
    """
    box = bbox(grid)
    corners = [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]), (box[0], box[1])]
    boxed = {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]}
    if box[0] == -180 and box[2] == 180:
        return boxed
    west, south, east, north = grid.bounds
    edges = np.array([(west, south), (east, south), (east, north), (west, north), (west, south)])
    x, y = (np.interp(np.arange(32) / 8, np.arange(5), edges[:, axis]) for axis in (0, 1))
    longitude, latitude = transformer(grid.crs, CRS84).transform(x, y)
    ring = np.column_stack([longitude, latitude])[[*range(len(x)), 0]].round(7)
    return outline(ring) or boxed


def item_document(
    item_id: str,
    collection_id: str,
    grid: Grid,
    moment: np.datetime64 | tuple[np.datetime64, np.datetime64],
    assets: dict[str, Any],
    properties: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a STAC item, without links.

    Parameters
    ----------
    item_id, collection_id : str
    grid : Grid
        The outline of the item.
    moment : numpy.datetime64 or tuple
        When it was taken, or the first and last moment that it may be of.
    assets : dict
        See `raster_asset`.
    properties : dict, optional
        More properties.
    """
    if isinstance(moment, tuple):
        dates: dict[str, Any] = {
            "datetime": None,
            "start_datetime": format_time(moment[0]),
            "end_datetime": format_time(moment[1]),
        }
    else:
        dates = {"datetime": format_time(moment)}
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [EXTENSIONS[name] for name in ("eo", "raster", "proj")],
        "id": item_id,
        "collection": collection_id,
        "geometry": footprint(grid),
        "bbox": bbox(grid),
        "properties": dates | (properties or {}),
        "assets": assets,
    }


def raster_asset(href: str, bands: Sequence[Band], grid: Grid, roles: Sequence[str] = ("data",)) -> dict[str, Any]:
    """Return the asset of a GeoTIFF with these bands on this grid."""
    placed = {key: value for key, value in grid.metadata().items() if value is not None}
    return placed | {
        "href": href,
        "type": COG_TYPE,
        "title": bands[0].title or bands[0].name if len(bands) == 1 else "Bands " + ", ".join(b.name for b in bands),
        "roles": list(roles),
        "eo:bands": [band.eo() for band in bands],
        "raster:bands": [band.raster() for band in bands],
    }


def item_assets(bands: Sequence[Band]) -> dict[str, Any]:
    """Return the entry ``item_assets`` of a collection whose items have one asset a band."""
    return {
        band.name: {
            "type": COG_TYPE,
            "title": band.title or band.name,
            "roles": ["data"],
            "eo:bands": [band.eo()],
            "raster:bands": [band.raster()],
        }
        for band in bands
    }
