"""Map tiles over HTTP: XYZ services of this server against titiler, in one run.

Usage: ``python benchmarks/tiles.py [--peer PYTHON] [--repeat N] [--only NAME]``. A cloud-optimised GeoTIFF of 3 bands x
4096 x 4096 uint16 and the collection of ``composite.py`` are made in a temporary folder and are in the page cache.
``jupyter gdc`` and titiler run as servers of one process each, titiler with the settings of GDAL that it recommends.
They are asked in turn, over connections that stay open, for tiles of 256 x 256 that neither was asked for before; the
time is that from the request to the last byte. The pictures are compared. Medians and ratios are printed: how many
times as long as this server titiler takes. Titiler has no simple equivalent of the composite, nor does it keep tiles:
of these there are our figures alone. ``--peer`` names the Python of an environment that has titiler (see
``benchmarks/README.md``).
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import composite
import numpy as np
import rasterio
import requests
from affine import Affine
from coverages import OWN, Client, report, served
from PIL import Image

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.demo import free_port

PEER, SIZE, STEP, CRS = "titiler", 4096, 10.0, "EPSG:32632"
ORIGIN = 600_000.0, 5_200_000.0
TOKEN = "benchmark"
HIGHEST = 4000
AT_ONCE, CONNECTIONS = 12, 6
#: What titiler's documentation recommends.
GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": "200",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "VSI_CACHE": "TRUE",
    "VSI_CACHE_SIZE": "5000000",
    "PYTHONPATH": "",
}
Tile = tuple[int, int, int]


@dataclass(frozen=True)
class Case:
    """What is asked for: the zoom, the configuration of a service, and the same as a query of titiler."""

    title: str
    zoom: int
    configuration: dict[str, Any]
    query: str


CASES = (
    Case("one band, gray, zoom 13", 13, {"bands": ["B1"]}, "bidx=1"),
    Case("one band, viridis, zoom 13", 13, {"bands": ["B1"], "colormap": "viridis"}, "bidx=1&colormap_name=viridis"),
    Case("three bands, zoom 13", 13, {"bands": ["B1", "B2", "B3"]}, "bidx=1&bidx=2&bidx=3"),
    Case("three bands, bilinear, zoom 15", 15, {"bands": ["B1", "B2", "B3"], "resampling": "bilinear"},
         "bidx=1&bidx=2&bidx=3&reproject=bilinear&resampling=bilinear"),
    Case("three bands of overviews, zoom 11", 11, {"bands": ["B1", "B2", "B3"]}, "bidx=1&bidx=2&bidx=3"),
)  # fmt: skip


def write_scene(path: Path) -> None:
    """Write a scene of smooth fields with some noise."""
    noise = np.random.default_rng(7)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / 300
    base = 2000 + 1200 * np.sin(rows) * np.cos(columns)
    bands = [(base * factor + noise.normal(0, 40, base.shape)).clip(1, HIGHEST) for factor in (0.7, 0.85, 1.0)]
    profile: dict[str, Any] = {"driver": "COG", "compress": "deflate", "predictor": "yes", "blocksize": 512}
    shape: dict[str, Any] = {"width": SIZE, "height": SIZE, "count": 3, "dtype": "uint16", "nodata": 0}
    transform = Affine(STEP, 0, ORIGIN[0], 0, -STEP, ORIGIN[1])
    with rasterio.open(path, "w", crs=CRS, transform=transform, **shape, **profile) as file:
        file.write(np.stack(bands).astype("uint16"))
        for number in (1, 2, 3):
            file.set_band_description(number, f"B{number}")


def tiles(bounds: tuple[float, ...], zoom: int) -> list[Tile]:
    """Return the tiles that lie within an area in degrees, else those that meet it, in an order by chance."""
    west, south, east, north = bounds

    def row(latitude: float) -> float:
        return (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom

    columns = math.ceil((west + 180) / 360 * 2**zoom), math.floor((east + 180) / 360 * 2**zoom)
    rows = math.ceil(row(north)), math.floor(row(south))
    if columns[0] >= columns[1] or rows[0] >= rows[1]:
        columns, rows = (columns[0] - 1, columns[1] + 1), (rows[0] - 1, rows[1] + 1)
    found = [(zoom, x, y) for x in range(*columns) for y in range(*rows)]
    random.Random(3).shuffle(found)
    return found


class Own:
    """This server, with the data as collections.

    Parameters
    ----------
    folder : pathlib.Path
        Where the data are.
    stack : ExitStack
        Ends the server.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        catalog = Catalog(folder / "data", samples=False)
        catalog.add(folder / "scene.tif", "scene")
        catalog.add(folder / "composite", "composite")
        port = free_port()
        arguments = [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}", "--no-browser"]
        command = [sys.executable, "-m", "gdc_server", *arguments, "--GdcApp.samples=False"]
        environment = {"GDC_DATA_DIR": str(folder / "data")}
        self.client = stack.enter_context(served(command, port, environment, folder / "gdc.log"))
        self.url = f"http://127.0.0.1:{port}/gdc"

    def service(self, graph: dict[str, Any], configuration: dict[str, Any]) -> dict[str, Any]:
        """Make a service, of which no tile is known yet, and return its description."""
        headers = {"Authorization": f"Bearer basic//{TOKEN}"}
        body = {"type": "XYZ", "process": {"process_graph": graph}, "configuration": configuration}
        made = requests.post(f"{self.url}/services", json=body, headers=headers, timeout=60)
        made.raise_for_status()
        described: dict[str, Any] = requests.get(made.headers["Location"], headers=headers, timeout=60).json()
        return described


def scene_graph(bands: list[str]) -> dict[str, Any]:
    """Return the graph that loads bands of the scene."""
    everything = {"id": "scene", "spatial_extent": None, "temporal_extent": None}
    return {"load": {"process_id": "load_collection", "arguments": everything | {"bands": bands}, "result": True}}


def own_path(service: dict[str, Any], tile: Tile) -> str:
    """Return the path of a tile of this server."""
    return f"/gdc/tiles/{service['id']}/{'/'.join(map(str, tile))}.png"


def peer_path(folder: Path, query: str, tile: Tile) -> str:
    """Return the path of a tile of titiler."""
    place = "/".join(map(str, tile))
    return f"/cog/tiles/WebMercatorQuad/{place}.png?url={folder}/scene.tif&rescale=0,{HIGHEST}&{query}"


def pixels(content: bytes) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return red, green, blue and alpha of a picture."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(int)


def compare(own: bytes, other: bytes, smoothed: bool) -> None:
    """Fail where two pictures are not of the same data."""
    ours, theirs = pixels(own), pixels(other)
    shown = (ours[..., 3] > 0) & (theirs[..., 3] > 0)
    assert shown.mean() > 0.2
    assert (ours[..., 3] == theirs[..., 3]).mean() > (0.95 if smoothed else 0.99)
    assert np.abs(ours[shown] - theirs[shown]).mean() < 4


def one_after_the_other(
    own: Own, peer: Client | None, folder: Path, case: Case, repeat: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the milliseconds of tiles in turn, and of as many as a map asks for at once."""
    new = new_tiles(own, scene_graph(case.configuration["bands"]), case)
    single: dict[str, list[float]] = {OWN: []} | ({PEER: []} if peer else {})
    together: dict[str, list[float]] = {name: [] for name in single}
    for _ in range(4):
        path, tile = next(new)
        content = own.client.get(path)[1]
        if peer is not None:
            compare(content, peer.get(peer_path(folder, case.query, tile))[1], "bilinear" in case.title)
    for path, tile in itertools.islice(new, repeat):
        single[OWN].append(own.client.get(path)[0])
        if peer is not None:
            single[PEER].append(peer.get(peer_path(folder, case.query, tile))[0])
    for _ in range(max(repeat // 8, 3)):
        view = list(itertools.islice(new, AT_ONCE))
        together[OWN].append(at_once(own.client.connection.port, [path for path, _ in view]))
        if peer is not None:
            paths = [peer_path(folder, case.query, tile) for _, tile in view]
            together[PEER].append(at_once(peer.connection.port, paths))
    return single, together


def new_tiles(own: Own, graph: dict[str, Any], case: Case) -> Iterator[tuple[str, Tile]]:
    """Give the paths of tiles that this server has not made before, and the tiles."""
    configuration = {"range": [0, HIGHEST]} | case.configuration
    while True:
        service = own.service(graph, configuration)
        for tile in tiles(tuple(service["attributes"]["bounds"]), case.zoom):
            yield own_path(service, tile), tile


def at_once(port: int, paths: list[str]) -> float:
    """Return the milliseconds until all of some tiles are there, asked for as a browser does."""
    clients = [Client(port) for _ in range(CONNECTIONS)]
    for client in clients:
        client.connection.connect()

    def ask(number: int) -> None:
        for path in paths[number::CONNECTIONS]:
            clients[number].get(path)

    start = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, range(CONNECTIONS)))
    taken = 1000 * (time.perf_counter() - start)
    for client in clients:
        client.connection.close()
    return taken


def composites(own: Own, repeat: int) -> dict[str, list[float]]:
    """Return the milliseconds of tiles of the NDVI median, and of the same tiles asked for again."""
    case = Case("", 13, {"colormap": "viridis", "range": [0, 1]}, "")
    new = new_tiles(own, json.loads(json.dumps(composite.process_graph())), case)
    print(f"  {own.client.get(next(new)[0])[0]:.0f} ms for the very first tile")
    own.client.get(next(new)[0])
    asked = [path for path, _ in itertools.islice(new, repeat)]
    return {name: [own.client.get(path)[0] for path in asked] for name in (OWN, "asked again")}


def main() -> None:
    """Run the cases and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the Python of an environment with titiler")
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--only", default="", help="cases that have this in their name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        write_scene(folder / "scene.tif")
        (folder / "composite").mkdir()
        composite.make_collection(folder / "composite")
        own, peer = Own(folder, stack), None
        if options.peer:
            port = free_port()
            command = [options.peer, str(Path(__file__).with_name("peer_coverages.py")), PEER, str(port), str(folder)]
            peer = stack.enter_context(served(command, port, GDAL, folder / "titiler.log"))
        for case in CASES:
            if options.only in case.title:
                single, together = one_after_the_other(own, peer, folder, case, options.repeat)
                report(f"A tile, {case.title}", single)
                report(f"  {AT_ONCE} of them at once", together)
        if options.only in "composite":
            title = f"A tile of the NDVI median of {composite.DATES} dates, zoom 13"
            print(title)
            for name, taken in composites(own, options.repeat).items():
                print(f"  {name:14}{statistics.median(taken):8.1f} ms  ({min(taken):.0f} to {max(taken):.0f})")


if __name__ == "__main__":
    main()
