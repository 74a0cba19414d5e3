"""OUS over HTTP: the addresses of a collection of 10,000 granules, and the first one of a stream.

Usage: ``python benchmarks/ous.py [--count N] [--repeat N]``. Three collections of one ``jupyter gdc`` are asked with a
box that crosses all granules: one of a file of metadata (``ous_catalogue``), and two of STAC items that the server has
itself, whose scenes lie on one grid each (a scene a date), or each on a grid of its own. The first line of each tells
how long the first request took after the server was started; the others are medians. As the peer, what Python's json
needs to write as many addresses.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import requests
from rasterio.transform import from_origin

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.demo import server

TOKEN = "benchmark"
BOX = "bounding-box=7.05,45.05,7.08,45.08"
BANDS = ("B02", "B03", "B04", "B08")


def cmr_catalogue(path: Path, count: int) -> None:
    """Write metadata in CMR's form."""
    dimensions = [
        {"Name": "lat", "Size": 18000, "Type": "LATITUDE_DIMENSION"},
        {"Name": "lon", "Size": 36000, "Type": "LONGITUDE_DIMENSION"},
    ]
    umm = [{"Name": name, "Dimensions": dimensions, "DataType": "float32"} for name in BANDS]
    variables = [{"meta": {"concept-id": f"V{number}-X"}, "umm": each} for number, each in enumerate(umm)]
    link = {"rel": "http://esipfed.org/ns/fedsearch/1.1/data#"}
    granules = [
        {
            "id": f"G{number}-X",
            "collection_concept_id": "C1-X",
            "time_start": str(np.datetime64("2000-01-01", "D") + number) + "T00:00:00Z",
            "boxes": ["-90 -180 90 180"],
            "links": [link | {"href": f"https://example.org/opendap/{number}.hdf"}],
        }
        for number in range(count)
    ]
    associated = {"variables": [f"V{number}-X" for number in range(len(BANDS))]}
    collection = {"id": "C1-X", "dataset_id": "Many", "associations": associated}
    path.write_text(json.dumps({"collections": [collection], "granules": granules, "variables": variables}))


def own_collection(data: Path, name: str, count: int, step: float) -> None:
    """Make a collection of items that share a file, each on a grid somewhat farther than the one before."""
    folder = data / "files" / name
    folder.mkdir(parents=True)
    place = {"crs": "EPSG:4326", "transform": from_origin(7, 45.1, 0.0001, 0.0001)}
    shape = (1000, 1000)
    for band in BANDS:
        with rasterio.open(folder / f"{band}.tif", "w", "GTiff", *shape, 1, dtype="uint16", sparse_ok=True, **place):
            pass
    items = [item(name, number, step * number, shape) for number in range(count)]
    for each in items:
        (folder / f"{each['id']}.json").write_text(json.dumps(each))
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": name,
        "license": "proprietary",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
        "links": [{"rel": "item", "href": f"./{each['id']}.json"} for each in items],
    }
    (folder / "collection.json").write_text(json.dumps(collection))
    Catalog(data, samples=False).add(folder / "collection.json")


def item(collection: str, number: int, shift: float, shape: tuple[int, int]) -> dict[str, Any]:
    """Return an item as those of Sentinel-2 are."""
    west, north, size = 7 + shift, 45.1, 0.0001
    edges = [west, north - size * shape[0], west + size * shape[1], north]
    ring = [[edges[x], edges[y]] for x, y in ((0, 1), (2, 1), (2, 3), (0, 3), (0, 1))]
    asset = {
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "proj:code": "EPSG:4326",
        "proj:shape": list(shape),
        "proj:transform": [size, 0, west, 0, -size, north],
        "raster:bands": [{"data_type": "uint16", "nodata": 0}],
    }
    moment = np.datetime64("2000-01-01T10:00:00", "s") + np.timedelta64(number, "D")
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"scene-{number:06}",
        "collection": collection,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": edges,
        "properties": {"datetime": f"{moment}Z", "eo:cloud_cover": 5.0},
        "assets": {band: asset | {"href": f"./{band}.tif", "eo:bands": [{"name": band}]} for band in BANDS},
        "links": [],
    }


def whole(session: requests.Session, url: str) -> int:
    """Ask for all addresses and return how many there are."""
    answer = session.get(url, timeout=60)
    answer.raise_for_status()
    return len(answer.json()["items"])


def first(session: requests.Session, url: str) -> None:
    """Read a stream up to its first address."""
    with session.get(url, timeout=60, stream=True) as answer:
        seen = b""
        for chunk in answer.iter_content(None):
            seen += chunk
            if b'"items":["http' in seen:
                return
    raise AssertionError(seen[:1000])


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        cmr_catalogue(data / "catalogue.json", options.count)
        own_collection(data, "one-grid", options.count, 0)
        own_collection(data, "many-grids", options.count, 1e-6)
        ask(data, options.count, options.repeat)
    query = "B02[0:1:999][0:1:999]," * 6
    lines = [f"https://example.org/opendap/{number}.hdf.nc?{query}" for number in range(options.count)]
    taken = statistics.median(timed(lambda: json.dumps(lines)) for _ in range(options.repeat))
    print(f"{'json.dumps of as many addresses':44}{taken:20.1f}")


def ask(data: Path, count: int, repeat: int) -> None:
    """Start a server, ask and print."""
    options = ("--GdcApp.samples=False", f"--GdcApp.ous_catalogue={data / 'catalogue.json'}")
    session = requests.Session()
    session.headers["Echo-Token"] = TOKEN
    with server(TOKEN, data / "server.log", os.environ | {"GDC_DATA_DIR": str(data)}, *options) as api:
        root = f"{api.removesuffix('/gdc/')}/opendap"
        time.sleep(5)
        print(f"{f'milliseconds, {count} granules':44}{'first':>10}{'median':>10}{'slowest':>10}")
        for name in ("C1-X", "one-grid", "many-grids"):
            for kind, what in (("streaming-collection", first), ("collection", whole)):
                url = f"{root}/ous/{kind}/{name}?{BOX}"
                once = timed(lambda url=url, what=what: what(session, url))
                taken = [timed(lambda url=url, what=what: what(session, url)) for _ in range(repeat)]
                print(f"{f'{kind}/{name}':44}{once:10.1f}{statistics.median(taken):10.1f}{max(taken):10.1f}")
            assert whole(session, f"{root}/ous/collection/{name}?{BOX}") == count


if __name__ == "__main__":
    main()
