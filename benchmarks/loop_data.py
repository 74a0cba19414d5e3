"""The data and the requests of ``loop.py``: what a server is asked while its event loop is watched."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverages_data
import listing
import search

from gdc_jupyter.catalog.catalog import Catalog

COLLECTIONS, ITEMS, GRANULES = 1000, 100_000, 10_000
TOKEN = "benchmark"
USER = {"Authorization": f"Bearer basic//{TOKEN}"}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes
    ----------
    method, path : str
    body : bytes
    headers : dict
    """

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def make(folder: Path) -> None:
    """Make collections, items and granules."""
    folder.mkdir(parents=True, exist_ok=True)
    coverages_data.make(folder)
    search.fill(folder / "data", search.columns(ITEMS))
    listing.fill(folder / "data", COLLECTIONS)
    (folder / "granules.json").write_text(json.dumps(_granules()))
    catalog = Catalog(folder / "data", samples=False)
    for name, collection in (("scenes.zarr", "scenes"), ("field.zarr", "field"), ("scene.tif", "scene")):
        catalog.add(folder / name, collection)


def options(folder: Path) -> list[str]:
    """Return the options of a server of the data."""
    return ["--GdcApp.samples=False", f"--GdcApp.ous_catalogue={folder / 'granules.json'}"]


def _granules() -> dict[str, Any]:
    axes = [
        {"Name": "lat", "Size": 180, "Type": "LATITUDE_DIMENSION"},
        {"Name": "lon", "Size": 360, "Type": "LONGITUDE_DIMENSION"},
    ]
    variable = {"meta": {"concept-id": "V1-X"}, "umm": {"Name": "v", "Dimensions": axes, "DataType": "float32"}}
    rel = "http://esipfed.org/ns/fedsearch/1.1/data#"
    granules = [
        {
            "id": f"G{number}-X",
            "collection_concept_id": "C1-X",
            "time_start": "2020-01-01T00:00:00Z",
            "links": [{"rel": rel, "href": f"https://example.org/opendap/{number}.hdf"}],
        }
        for number in range(GRANULES)
    ]
    collection = {"id": "C1-X", "dataset_id": "Many", "associations": {"variables": ["V1-X"]}}
    return {"collections": [collection], "granules": granules, "variables": [variable]}


def graph(nodes: int = 0) -> dict[str, Any]:
    """Return the mean of an index over time, with further nodes that it does not need to be quick."""
    west, south, east, north = coverages_data.box(512)
    made: dict[str, Any] = {
        "load": {
            "process_id": "load_collection",
            "arguments": {
                "id": "scenes",
                "spatial_extent": {"west": west, "south": south, "east": east, "north": north},
                "temporal_extent": None,
                "bands": ["B04", "B08"],
            },
        },
        "index": {"process_id": "ndvi", "arguments": {"data": _of("load"), "nir": "B08", "red": "B04"}},
        "mean": {
            "process_id": "reduce_dimension",
            "arguments": {"data": _of("index"), "dimension": "t", "reducer": _callback("mean")},
        },
        "save": {"process_id": "save_result", "arguments": {"data": _of("mean"), "format": "GTiff"}, "result": True},
    }
    for number in range(nodes):
        made[f"sum{number}"] = {"process_id": "add", "arguments": {"x": number, "y": 1}}
    return made


def _of(node: str) -> dict[str, str]:
    return {"from_node": node}


def _callback(process: str) -> dict[str, Any]:
    node = {"process_id": process, "arguments": {"data": {"from_parameter": "data"}}, "result": True}
    return {"process_graph": {"only": node}}


def process(nodes: int = 0) -> dict[str, Any]:
    """Return the body of a request for the graph."""
    return {"process": {"process_graph": graph(nodes)}}


def _get(path: str, **headers: str) -> Call:
    return Call("GET", path, headers=USER | headers)


def _post(path: str, body: Any, **headers: str) -> Call:
    return Call("POST", path, json.dumps(body).encode(), USER | _JSON | headers)


def _ring(points: int) -> list[list[float]]:
    from math import cos, pi, sin

    angles = [2 * pi * number / points for number in range(points)]
    ring = [[10 + 20 * cos(angle), 40 + 20 * sin(angle)] for angle in angles]
    return [*ring, ring[0]]


def kinds(service: str) -> dict[str, list[Call]]:
    """Return the requests by kind.

    Parameters
    ----------
    service : str
        The id of a service of tiles.
    """
    box = ",".join(map(str, coverages_data.box(1024)))
    part = f"/gdc/collections/scenes/coverage?bbox={box}"
    html = {"Accept": "text/html"}
    one = f"{part}&properties=B04&datetime=2022-06-02"
    upload = secrets.token_bytes(32 << 20)
    wide = {"process": {"process_graph": graph(2000)}}
    polygon = {"intersects": {"type": "Polygon", "coordinates": [_ring(20_000)]}, "limit": 100}
    nine_megabytes = process()
    nine_megabytes["process"]["description"] = "x" * (9 << 20)
    features = [{"type": "Feature", "properties": {}, "geometry": polygon["intersects"]} for _ in range(12)]
    collection = {"type": "FeatureCollection", "features": features}
    zones = {"inputs": {"collection": "scenes", "geometries": collection}}
    return {
        "landing page, conformance, documents": [
            _get("/gdc/"),
            _get("/gdc/", **html),
            _get("/gdc/conformance"),
            _get("/gdc/api"),
            _get("/gdc/api?f=application/vnd.oai.openapi%2Bjson;version=3.0"),
            _get("/gdc/api", **html),
            _get("/gdc/file_formats"),
            _get("/gdc/udf_runtimes"),
            _get("/gdc/service_types"),
            _get("/gdc/nothing"),
        ],
        "processes": [_get("/gdc/processes"), _get("/gdc/processes/ndvi"), _get("/gdc/processes/echo")],
        "processes as pages": [_get("/gdc/processes", **html), _get("/gdc/processes/ndvi", **html)],
        "1,000 collections": [
            _get("/gdc/collections"),
            _get("/gdc/collections?limit=100"),
            _get("/gdc/collections/scenes"),
        ],
        "1,000 collections as pages": [
            _get("/gdc/collections", **html),
            _get("/gdc/collections?limit=100", **html),
            _get("/gdc/collections/scenes", **html),
        ],
        "coverages in files": [_get(f"{part}&f=netcdf"), _get(f"{one}&f=geotiff"), _get(f"{one}&f=zarr")],
        "coverages in text": [_get(f"{one}&f=covjson"), _get(f"{one}&f=json"), _get(f"{one}&f=multipart")],
        "coverages as pictures and pages": [
            _get(f"{part}&f=png"),
            _get(part, **html),
            _get("/gdc/collections/scenes/coverage/domainset"),
            _get("/gdc/collections/scenes/coverage/rangetype", **html),
        ],
        "searches": [
            _post("/gdc/search", {"bbox": [0, 30, 60, 80], "limit": 1000}),
            _post("/gdc/search", {"filter": "eo:cloud_cover < 10", "limit": 100}),
            _post("/gdc/search", {"sortby": [{"field": "properties.eo:cloud_cover"}], "bbox": [0, 30, 30, 60]}),
            _get("/gdc/search?bbox=0,30,60,80&limit=1000"),
            _get("/gdc/search?fields=id,properties.datetime&limit=1000"),
            _get("/gdc/collections/scenes-1/items?limit=1000"),
            _get("/gdc/queryables"),
        ],
        "searches with 20,000 corners": [_post("/gdc/search", polygon)],
        "searches as pages": [_get("/gdc/collections/scenes-1/items?limit=1000", **html)],
        "lists of jobs": [_get("/gdc/jobs"), _get("/gdc/jobs?limit=100")],
        "lists of jobs as pages": [_get("/gdc/jobs", **html)],
        "jobs made": [_post("/gdc/jobs", process())],
        "synchronous results": [_post("/gdc/result", process())],
        "executions": [
            _post("/gdc/processes/echo/execution", {"inputs": {"value": 7}}),
            _post("/gdc/processes/echo/execution", {"inputs": {"value": 7}}, Prefer="respond-async"),
        ],
        "executions with 12 polygons of 20,000 corners": [_post("/gdc/processes/zonal_statistics/execution", zones)],
        "validations of 2,000 nodes": [_post("/gdc/validation", wide["process"])],
        "bodies of 9 MB": [_post("/gdc/jobs", nine_megabytes)],
        "stored processes": [
            Call("PUT", "/gdc/process_graphs/mine", json.dumps(process()["process"]).encode(), USER | _JSON),
            _get("/gdc/process_graphs"),
        ],
        "tiles": [_get(f"/gdc/tiles/{service}/12/{x}/{y}.png") for x in (2162, 2163) for y in (1399, 1400)],
        "OPeNDAP addresses of 10,000 granules": [
            _get("/opendap/ous/collection/C1-X?bounding-box=-10,0,10,20"),
            _get("/opendap/ous/streaming-collection/C1-X?bounding-box=-10,0,10,20"),
        ],
        "uploads of 32 MB": [Call("PUT", "/gdc/files/large.bin", upload, USER)],
        "downloads of 32 MB": [_get("/gdc/files/large.bin"), _get("/gdc/files")],
    }
