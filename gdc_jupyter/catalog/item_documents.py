"""The items of collections as the API gives them: STAC items, one for each time where the data are one array.

Addresses start with `ROOT`, which stands for that of the API as the client sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import orjson

from gdc_jupyter.catalog.cog import CogCollection, parse_time
from gdc_jupyter.catalog.collection import Collection, format_time
from gdc_jupyter.catalog.metadata import bbox, item_document
from gdc_jupyter.catalog.remote import is_url
from gdc_jupyter.catalog.stac_api import ApiCollection
from gdc_jupyter.catalog.vector_collection import VectorCollection
from gdc_jupyter.catalog.vector_features import moments
from gdc_jupyter.cube.calendars import common

ROOT = "{gdc-root}"
GEOJSON = "application/geo+json"
_UNSAFE = re.compile(r"[^\w\-.~]+")
_THUMBNAIL = 256


@dataclass(frozen=True)
class ItemRecord:
    """An item, and what it is found by.

    Attributes
    ----------
    id : str
    document : bytes
        The item as JSON.
    boxes : tuple of tuple
        West, south, east, north; two where it crosses the antimeridian, none without a geometry.
    start, end : int, optional
        Milliseconds since 1970.
    exact : bool
        Whether the geometry is the box.
    properties : str
        The item's properties as JSON.
    files : mapping of str to str
        The files of assets on this computer.
    """

    id: str
    document: bytes
    boxes: tuple[tuple[float, float, float, float], ...]
    start: int | None
    end: int | None
    exact: bool = True
    properties: str = "{}"
    files: Mapping[str, str] = field(default_factory=dict)


def records(collection: Collection) -> Iterator[ItemRecord]:
    """Yield the items of a collection; none for one that another server has."""
    if isinstance(collection, ApiCollection):
        return
    if isinstance(collection, VectorCollection):
        yield from (_feature(collection, feature, box) for feature, box in collection.features())
    elif isinstance(collection, CogCollection):
        yield from (_record(collection, *_own_assets(collection, entry.item)) for entry in collection.entries)
    else:
        yield from _array_items(collection)


def _own_assets(collection: Collection, item: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return an item whose files are at addresses of the API, and where they are."""
    files: dict[str, str] = {}
    assets: dict[str, Any] = {}
    path = f"{ROOT}/collections/{quote(collection.id)}/items/{quote(str(item['id']), safe='')}/assets"
    for key, asset in item["assets"].items():
        if is_url(str(asset["href"])):
            assets[key] = asset
        else:
            files[key] = str(asset["href"])
            assets[key] = {**asset, "href": f"{path}/{quote(key, safe='')}"}
    return {**item, "assets": assets}, files


def _array_items(collection: Collection) -> Iterator[ItemRecord]:
    outline, times = collection.grid, collection.times
    name = _plain(collection.id)
    first, last = common(np.array(collection.interval))
    whole = item_document(name, collection.id, outline, (first, last), {})
    if times is None or not len(times):
        yield _record(collection, whole, {})
        return
    for label, moment in zip(times, common(times), strict=True):
        text = format_time(label)
        identifier = f"{name}_{re.sub('[-:]', '', text).removesuffix('Z')}"
        yield _record(
            collection, {**whole, "id": identifier, "properties": {"datetime": format_time(moment)}}, {}, text
        )


def _plain(text: str) -> str:
    return _UNSAFE.sub("_", text)


def _record(
    collection: Collection, item: dict[str, Any], files: Mapping[str, str], moment: str | None = None
) -> ItemRecord:
    properties = item["properties"]
    start, end = (properties.get(name) or properties.get("datetime") for name in ("start_datetime", "end_datetime"))
    time = moment or properties.get("datetime") or (f"{start}/{end}" if start and end else None)
    links = _links(collection.id, str(item["id"]))
    assets = dict(item["assets"]) if item["assets"] else _coverage_assets(collection, time if moment else None)
    thumbnail = {"thumbnail": _thumbnail(collection, item, time)}
    document = {**item, "assets": thumbnail | assets if "thumbnail" not in assets else assets, "links": links}
    return ItemRecord(
        str(item["id"]),
        orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY),
        _boxes(item.get("bbox")),
        _milliseconds(start),
        _milliseconds(end),
        _is_box(item.get("geometry"), item.get("bbox")),
        orjson.dumps(item["properties"], option=orjson.OPT_SERIALIZE_NUMPY).decode(),
        files,
    )


def _links(collection_id: str, item_id: str) -> list[dict[str, str]]:
    collection = f"{ROOT}/collections/{quote(collection_id)}"
    json = "application/json"
    return [
        {"rel": "self", "href": f"{collection}/items/{quote(item_id, safe='')}", "type": GEOJSON},
        {"rel": "collection", "href": collection, "type": json},
        {"rel": "parent", "href": collection, "type": json},
        {"rel": "root", "href": ROOT, "type": json},
    ]


def _coverage(collection: Collection, **query: Any) -> str:
    asked = {name.replace("_", "-"): value for name, value in query.items() if value is not None}
    return f"{ROOT}/collections/{quote(collection.id)}/coverage?{urlencode(asked, safe=',:/()')}"


def _coverage_assets(collection: Collection, time: str | None) -> dict[str, Any]:
    """Return the assets of a part of an array, which are coverages."""
    kinds = {"netcdf": ("application/x-netcdf", "NetCDF"), "geotiff": ("image/tiff; application=geotiff", "GeoTIFF")}
    return {
        name: {
            "href": _coverage(collection, datetime=time, f=name),
            "type": media_type,
            "title": title,
            "roles": ["data"],
            "eo:bands": [band.eo() for band in collection.bands],
            "raster:bands": [band.raster() for band in collection.bands],
        }
        for name, (media_type, title) in kinds.items()
    }


def _thumbnail(collection: Collection, item: Mapping[str, Any], time: str | None) -> dict[str, Any]:
    box = item.get("bbox")
    query = {
        "bbox": ",".join(f"{edge:.7g}" for edge in box) if box and box != bbox(collection.grid) else None,
        "datetime": time if collection.times is not None else None,
        "scale_size": f"x({_THUMBNAIL}),y({_THUMBNAIL})",
        "f": "png",
    }
    return {"href": _coverage(collection, **query), "type": "image/png", "title": "Thumbnail", "roles": ["thumbnail"]}


def _feature(
    collection: VectorCollection, feature: dict[str, Any], box: tuple[float, float, float, float] | None
) -> ItemRecord:
    start, end = moments(feature["properties"])
    # What the geodatacube API wants of an item is there too, though a feature has neither files nor, often, a time.
    document = {
        **feature,
        "stac_version": "1.0.0",
        "properties": {"datetime": None, **feature["properties"]},
        "assets": {},
        "links": _links(collection.id, str(feature["id"])),
    }
    return ItemRecord(
        str(feature["id"]),
        orjson.dumps(document),
        _boxes(box),
        start,
        end,
        _is_box(feature["geometry"], box),
        orjson.dumps(feature["properties"]).decode(),
    )


def _boxes(box: Sequence[float] | None) -> tuple[tuple[float, float, float, float], ...]:
    if not box:
        return ()
    west, south, east, north = (*box[:2], *box[len(box) // 2 :][:2])
    if west <= east:
        return ((west, south, east, north),)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def _is_box(geometry: Mapping[str, Any] | None, box: Sequence[float] | None) -> bool:
    """Tell whether a geometry is no more than its box."""
    if not geometry or not box:
        return True
    if geometry.get("type") != "Polygon" or len(geometry["coordinates"]) > 1 or box[0] > box[len(box) // 2]:
        return False
    west, south, east, north = (*box[:2], *box[len(box) // 2 :][:2])
    ring = geometry["coordinates"][0]
    on_edges = all(x in (west, east) and y in (south, north) for x, y, *_ in ring)
    return on_edges and len({tuple(point[:2]) for point in ring}) == 4


def _milliseconds(text: str | None) -> int | None:
    return int(parse_time(text).astype("datetime64[ms]").astype(np.int64)) if text else None
