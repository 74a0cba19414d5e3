"""Item search over 1,000,000 STAC items: how long the first page takes, in the server and over HTTP.

Usage: ``python benchmarks/search.py [--count N] [--repeat N] [--peer PYTHON]``. The items are made in a temporary
folder (1.9 GB) as four collections of a ``jupyter gdc``. Each question is asked at 25 places and times; medians and
the slowest are printed, in milliseconds. ``--peer`` names the Python of an environment with duckdb, pyarrow and numpy:
it answers the same questions from a Parquet file that is sorted by time and has the corners of the boxes in columns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import rasterio
import requests
from rasterio.transform import from_origin

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.item_documents import ROOT, ItemRecord
from gdc_jupyter.catalog.item_request import from_body
from gdc_jupyter.catalog.items import search
from gdc_jupyter.demo import server

COLLECTIONS = 4
FIRST, YEARS = np.datetime64("2017-01-01T00:00:00", "s"), 8
SECONDS = YEARS * 365 * 86_400

PEER = """
import json, statistics, sys, time
import duckdb
path, questions = sys.argv[1], json.load(sys.stdin)
connection = duckdb.connect()
for name, bodies in questions.items():
    taken = []
    for body in bodies:
        where, values = ["true"], []
        if "bbox" in body:
            west, south, east, north = body["bbox"]
            where.append("west <= ? AND east >= ? AND south <= ? AND north >= ?")
            values += [east, west, north, south]
        if "datetime" in body:
            where.append("moment BETWEEN ? AND ?")
            values += [text.rstrip("Z") for text in body["datetime"].split("/")]
        if "filter" in body:
            where.append("cover < 10")
        if "collections" in body:
            where.append("collection = ?")
            values += body["collections"]
        if "ids" in body:
            where.append("id = ?")
            values += body["ids"]
        order = "cover" if "sortby" in body else "moment DESC"
        sql = f"SELECT document FROM '{path}' WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {body['limit']}"
        start = time.perf_counter()
        rows = connection.execute(sql, values).fetchall()
        taken.append(1000 * (time.perf_counter() - start))
    print(json.dumps([name, statistics.median(taken), max(taken)]), flush=True)
"""


def columns(count: int) -> dict[str, Any]:
    """Return places, times and cloud covers."""
    chance = np.random.default_rng(1)
    west, south = chance.uniform(-180, 178, count), chance.uniform(-80, 80, count)
    return {
        "west": west,
        "south": south,
        "east": west + chance.uniform(0.5, 1.5, count),
        "north": south + chance.uniform(0.5, 1.5, count),
        "moment": np.sort(FIRST + chance.integers(0, SECONDS, count).astype("timedelta64[s]")),
        "cover": np.round(chance.uniform(0, 100, count), 2),
    }


def records(made: dict[str, Any], collection: int) -> Iterator[ItemRecord]:
    """Yield the items of one of the collections."""
    for number in range(collection, len(made["west"]), COLLECTIONS):
        edges = [round(float(made[name][number]), 6) for name in ("west", "south", "east", "north")]
        yield record(number, f"scenes-{collection}", edges, made["moment"][number], float(made["cover"][number]))


def record(number: int, collection: str, edges: list[float], moment: Any, cover: float) -> ItemRecord:
    """Return an item as those of Sentinel-2 are: four bands and a thumbnail."""
    west, south, east, north = edges
    item_id, path = f"scene-{number}", f"{ROOT}/collections/{collection}/items/scene-{number}"
    asset = {"type": "image/tiff; application=geotiff; profile=cloud-optimized", "roles": ["data"]}
    document = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.1.0/schema.json"],
        "id": item_id,
        "collection": collection,
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
        "bbox": edges,
        "properties": {"datetime": f"{moment}Z", "eo:cloud_cover": cover, "gsd": 10, "platform": "sentinel-2a"},
        "assets": {
            band: asset | {"href": f"{path}/assets/{band}", "title": f"Band {band}"}
            for band in ("B02", "B03", "B04", "B08")
        },
        "links": [
            {"rel": "self", "href": path, "type": "application/geo+json"},
            {"rel": "collection", "href": f"{ROOT}/collections/{collection}", "type": "application/json"},
            {"rel": "root", "href": ROOT, "type": "application/json"},
        ],
    }
    milliseconds = int(moment.astype("datetime64[ms]").astype(np.int64))
    properties = orjson.dumps(document["properties"]).decode()
    box = (west, south, east, north)
    return ItemRecord(item_id, orjson.dumps(document), (box,), milliseconds, milliseconds, True, properties)


def fill(data: Path, made: dict[str, Any]) -> Catalog:
    """Make collections of one small file each, and give them many items."""
    catalog = Catalog(data, samples=False)
    values = np.ones((1, 16, 16), "uint16")
    for number in range(COLLECTIONS):
        path = data / "files" / f"scenes-{number}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        place = {"crs": "EPSG:4326", "transform": from_origin(10 * number, 50, 0.1, 0.1)}
        with rasterio.open(path, "w", "GTiff", 16, 16, 1, dtype="uint16", **place) as file:
            file.write(values)
        catalog.add(path)
    for number, (key, collection) in enumerate(catalog.keyed()):
        # In place of the one item that it has.
        catalog.index.remove(key)
        catalog.index.fill(key, collection.id, records(made, number))
    return catalog


def questions(count: int) -> dict[str, list[dict[str, Any]]]:
    """Return what is asked, by name."""
    chance = np.random.default_rng(2)

    def boxes(size: float) -> list[list[float]]:
        return [
            [float(west), float(south), float(west) + size, float(south) + size]
            for west, south in zip(
                chance.uniform(-170, 170 - size, 25), chance.uniform(-75, 75 - size, 25), strict=True
            )
        ]

    def spans(days: int) -> list[str]:
        starts = FIRST + chance.integers(0, SECONDS - days * 86_400, 25).astype("timedelta64[s]")
        return [f"{start}Z/{start + np.timedelta64(days, 'D')}Z" for start in starts]

    narrow = [{"bbox": box, "datetime": span, "limit": 100} for box, span in zip(boxes(5), spans(90), strict=True)]
    wide = [{"bbox": box, "datetime": span, "limit": 100} for box, span in zip(boxes(60), spans(365), strict=True)]
    middle = [{"bbox": box, "limit": 100} for box in boxes(12)]
    return {
        "narrow: 5 degrees, 90 days": narrow,
        "wide: 60 degrees, a year": wide,
        "12 degrees, any time": middle,
        "an hour": [{"datetime": f"{each[:20]}/{each[:14]}59:59Z", "limit": 100} for each in spans(1)],
        "newest of all": [{"limit": 100}] * 5,
        "newest of a collection": [{"limit": 100, "collections": ["scenes-2"]}] * 5,
        "by id": [{"ids": [f"scene-{number}"], "limit": 100} for number in chance.integers(0, count, 25).tolist()],
        "wide, few clouds": [{**each, "filter": "eo:cloud_cover < 10"} for each in wide],
        "narrow, fewest clouds first": [
            {**each, "sortby": [{"field": "properties.eo:cloud_cover"}]} for each in narrow
        ],
    }


def told(name: str, taken: list[float]) -> str:
    """Return a line of the table."""
    return f"{name:30}{statistics.median(taken):10.2f}{max(taken):10.2f}"


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peer", help="the Python of an environment with duckdb, pyarrow and numpy")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        made, asked = columns(options.count), questions(options.count)
        start = time.perf_counter()
        catalog = fill(data, made)
        size = sum(path.stat().st_size for path in data.glob("items.sqlite*")) / 1e9
        print(f"{options.count} items put into the index in {time.perf_counter() - start:.0f} s; {size:.1f} GB")
        print(f"{'':30}{'median':>10}{'slowest':>10}")
        print("in the server")
        for name, bodies in asked.items():
            queries = [from_body(body).query for body in bodies]
            print(told(name, [timed(lambda each=each: search(catalog, each)) for each in queries * options.repeat]))
        print("over HTTP")
        over_http(data, asked, options.repeat)
        if options.peer:
            print("DuckDB on Parquet")
            peer(data / "items.parquet", made, asked, options.peer)


def over_http(data: Path, asked: dict[str, list[dict[str, Any]]], repeat: int) -> None:
    """Start a server, ask and print."""
    environment = os.environ | {"GDC_DATA_DIR": str(data)}
    with server("benchmark", data / "server.log", environment, "--GdcApp.samples=False") as root:
        session, url = requests.Session(), f"{root}search"
        for name, bodies in asked.items():
            calls = [lambda body=body: session.post(url, json=body, timeout=60) for body in bodies]
            print(told(name, [timed(call) for call in calls * repeat]))


def peer(path: Path, made: dict[str, Any], asked: dict[str, list[dict[str, Any]]], python: str) -> None:
    """Let DuckDB answer the same and print."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    documents = {each.id: each.document.decode() for number in range(COLLECTIONS) for each in records(made, number)}
    ids = [f"scene-{number}" for number in range(len(documents))]
    collections = [f"scenes-{number % COLLECTIONS}" for number in range(len(documents))]
    table = pa.table({**made, "id": ids, "collection": collections, "document": [documents[each] for each in ids]})
    pq.write_table(table, path, row_group_size=20_000, compression="zstd")
    done = subprocess.run(
        [python, "-c", PEER, str(path)], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    for name, median, slowest in map(json.loads, done.stdout.splitlines()):
        print(f"{name:30}{median:10.2f}{slowest:10.2f}")


if __name__ == "__main__":
    main()
