"""Collections as JSON documents for the registry, and back."""

from __future__ import annotations

import base64
import zlib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.array_files import ArrayFilesCollection
from gdc_jupyter.catalog.arrays import ArrayCollection, Layout, Variable
from gdc_jupyter.catalog.cog import CogCollection
from gdc_jupyter.catalog.collection import About, Band, Collection, Times
from gdc_jupyter.catalog.stac_api import ApiCollection
from gdc_jupyter.catalog.vector_collection import VectorCollection
from gdc_jupyter.cube.calendars import decode, encode
from gdc_jupyter.cube.geolocation import Geolocation
from gdc_jupyter.cube.grid import Grid


def to_json(collection: Collection) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the document of a collection, and its items."""
    document: dict[str, Any] = {
        "id": collection.id,
        "about": asdict(collection.about),
        "extra": collection.extra,
        "bands": [_band_to_json(band) for band in collection.bands],
    }
    if isinstance(collection, VectorCollection):
        names = ("format", "box", "count", "columns", "span", "geometry_types", "values")
        told = {name: getattr(collection, name) for name in names}
        return document | {"kind": "features", "path": str(collection.path)} | told, []
    if isinstance(collection, ArrayFilesCollection):
        return document | {"kind": "arrays", "members": [_array_to_json(member) for member in collection.members]}, []
    if isinstance(collection, ArrayCollection):
        return document | {"kind": "array"} | _array_to_json(collection), []
    if isinstance(collection, ApiCollection):
        fields = {"root": collection.root, "remote_id": collection.remote_id, "document": collection.document}
        more = {"kind": "stac_api", "tile": list(collection.sample.tile), "hosts": list(collection.hosts)}
        return document | fields | more, list(collection.sample.documents)
    assert isinstance(collection, CogCollection)
    hosts = None if collection.hosts is None else list(collection.hosts)
    return document | {"kind": "cog", "tile": list(collection.tile), "hosts": hosts}, list(collection.documents)


def from_json(document: dict[str, Any], items: list[dict[str, Any]]) -> Collection:
    """Return the collection of a document and its items."""
    about = document["about"]
    lists = {key: tuple(about[key]) for key in ("providers", "keywords", "links")}
    common: dict[str, Any] = {
        "id": document["id"],
        "about": About(**(about | lists)),
        "extra": document["extra"],
        "band_list": _bands(document),
    }
    if document["kind"] == "features":
        return VectorCollection(
            id=common["id"],
            about=common["about"],
            extra=common["extra"],
            path=Path(document["path"]),
            format=document["format"],
            box=tuple(document["box"]),
            count=document["count"],
            columns=document["columns"],
            span=tuple(document["span"]) if document["span"] else None,
            geometry_types=tuple(document["geometry_types"]),
            values=document["values"],
        )
    if document["kind"] == "cog":
        hosts = document.get("hosts")
        return CogCollection(
            **common, documents=items, tile=tuple(document["tile"]), hosts=None if hosts is None else tuple(hosts)
        )
    if document["kind"] == "stac_api":
        hosts, tile = tuple(document["hosts"]), tuple(document["tile"])
        return ApiCollection(
            id=common["id"],
            about=common["about"],
            extra=common["extra"],
            root=document["root"],
            remote_id=document["remote_id"],
            document=document["document"],
            sample=CogCollection(**common, documents=items, tile=tile, hosts=hosts),
            hosts=hosts,
        )
    if document["kind"] == "arrays":
        members = tuple(
            _array_from_json(member, {**common, "band_list": _bands(member)}) for member in document["members"]
        )
        return ArrayFilesCollection(id=common["id"], about=common["about"], extra=common["extra"], members=members)
    return _array_from_json(document, common)


def _array_to_json(collection: ArrayCollection) -> dict[str, Any]:
    times = collection.time_list
    return {
        "path": str(collection.path),
        "bands": [_band_to_json(band) for band in collection.bands],
        "variables": [asdict(variable) for variable in collection.variables],
        "grid": _grid_to_json(collection.whole),
        "layout": asdict(collection.layout),
        "times": None if times is None else _times_to_json(times),
        "time_order": list(collection.time_order),
        "tile": list(collection.tile),
        "others": [[name, labels.tolist()] for name, labels in collection.other_list],
        "span": _times_to_json(np.array(collection.span)),
    }


def _array_from_json(document: dict[str, Any], common: dict[str, Any]) -> ArrayCollection:
    times, (start, end) = document["times"], _times_from_json(document["span"])
    return ArrayCollection(
        **common,
        tile=tuple(document["tile"]),
        path=Path(document["path"]),
        variables=tuple(_variable(entry) for entry in document["variables"]),
        whole=_grid_from_json(document["grid"]),
        layout=Layout(**document["layout"]),
        time_list=None if times is None else _times_from_json(times),
        time_order=tuple(document["time_order"]),
        span=(start, end),
        other_list=tuple((name, np.array(labels)) for name, labels in document.get("others", [])),
    )


def _bands(document: dict[str, Any]) -> tuple[Band, ...]:
    return tuple(_band_from_json(band) for band in document["bands"])


def _grid_to_json(grid: Grid) -> dict[str, Any]:
    entry = {field.name: getattr(grid, field.name) for field in fields(grid)}
    if grid.geolocation is not None:
        entry["geolocation"] = [_pack(grid.geolocation.x), _pack(grid.geolocation.y)]
    return entry


def _grid_from_json(entry: dict[str, Any]) -> Grid:
    packed = entry.get("geolocation")
    return Grid(**(entry | {"geolocation": Geolocation(*map(_unpack, packed)) if packed else None}))


def _pack(values: NDArray[np.float64] | None) -> dict[str, Any] | None:
    """Return coordinates, which may be millions, as text: their bytes grouped by place and compressed."""
    if values is None:
        return None
    grouped = values.astype("<f8").reshape(-1).view("u1").reshape(-1, 8).T.tobytes()
    return {"shape": values.shape, "zlib": base64.b64encode(zlib.compress(grouped)).decode()}


def _unpack(entry: dict[str, Any] | None) -> NDArray[np.float64] | None:
    if entry is None:
        return None
    grouped = np.frombuffer(zlib.decompress(base64.b64decode(entry["zlib"])), "u1").reshape(8, -1)
    return np.ascontiguousarray(grouped.T).view("<f8").reshape(entry["shape"])


def _times_to_json(times: Times) -> Any:
    if times.dtype.kind == "M":
        return times.astype("datetime64[ns]").astype(np.int64).tolist()
    numbers, attributes = encode(times)
    return attributes | {"numbers": numbers.tolist()}


def _times_from_json(entry: Any) -> Times:
    if isinstance(entry, list):
        return np.array(entry, "int64").astype("datetime64[ns]")
    return decode(**entry)


def _variable(entry: dict[str, Any]) -> Variable:
    return Variable(**(entry | {"axes": tuple(entry["axes"]), "fill": tuple(entry["fill"])}))


def _band_to_json(band: Band) -> dict[str, Any]:
    # JSON has no NaN.
    missing = band.nodata is not None and np.isnan(band.nodata)
    return asdict(band) | ({"nodata": "nan"} if missing else {})


def _band_from_json(entry: dict[str, Any]) -> Band:
    nodata = entry["nodata"]
    return Band(**(entry | {"nodata": None if nodata is None else float(nodata)}))
