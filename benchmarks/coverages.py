"""Coverages over HTTP: this server against pygeoapi, xpublish and titiler, in one run.

Usage: ``python benchmarks/coverages.py --peer PYTHON [--repeat N] [--only NAME]``. The data (see ``coverages_data.py``)
are made in a temporary folder and are in the page cache. ``jupyter gdc`` and each peer run as servers of one process
each; they are asked in turn over connections that stay open, and the time is that from the request to the last byte.
The values of all answers are compared, and must be equal. Medians and ratios are printed: how many times as long as
this server the others take. ``--peer`` names the Python of an environment that has pygeoapi, xpublish with its plugin
for OGC API - EDR, and titiler (see ``benchmarks/README.md``).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import coverages_data as data
import numpy as np
import rasterio
from numpy.typing import NDArray

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.demo import free_port

OWN, PEERS = "gdc-jupyter", ("pygeoapi", "xpublish", "titiler")
START_SECONDS = 90


def cases(folder: Path) -> dict[str, tuple[Callable[[bytes], NDArray[Any]], dict[str, str]]]:
    """Return, by name, how an answer is read and the path and query for each server."""
    large, small = data.box(1024), data.box(256)
    first, last = "2022-06-02", "2022-06-04"
    edges = ",".join(map(str, large))
    own = f"/gdc/collections/{{}}/coverage?bbox={edges}"
    edr = f"/datasets/{{}}/edr/cube?bbox={edges}"

    def trimmed(box: tuple[float, ...]) -> str:
        return f"x({box[0]}:{box[2]}),y({box[1]}:{box[3]})"

    dated = f"properties=B04,B08&datetime={first}/{last}"
    found: dict[str, tuple[Callable[[bytes], NDArray[Any]], dict[str, str]]] = {
        "NetCDF of Zarr, 2 bands x 3 dates x 1024 x 1024 uint16": (
            of_netcdf,
            {
                OWN: f"{own.format('scenes')}&f=netcdf&{dated}",
                "pygeoapi": f"/collections/scenes/coverage?f=netcdf&subset={trimmed(large)}&{dated}",
                "xpublish": f"{edr.format('scenes')}&f=nc&datetime={first}/{last}&parameter-name=B04,B08",
            },
        ),
        "NetCDF of NetCDF, the same": (
            of_netcdf,
            {
                OWN: f"{own.format('scenes-netcdf')}&f=netcdf&{dated}",
                "pygeoapi": f"/collections/scenes-netcdf/coverage?f=netcdf&subset={trimmed(large)}&{dated}",
            },
        ),
        "GeoTIFF of Zarr, 1024 x 1024 uint16": (
            of_geotiff,
            {
                OWN: f"{own.format('scenes')}&f=geotiff&properties=B04&datetime={first}",
                "xpublish": f"{edr.format('scenes')}&f=geotiff&datetime={first}&parameter-name=B04",
                "titiler": f"/zarr/bbox/{edges}.tif?url={folder}/scenes.zarr&variable=B04&sel=time={first}",
            },
        ),
        "GeoTIFF of a COG, 1024 x 1024 uint16": (
            of_geotiff,
            {
                OWN: f"{own.format('scene')}&f=geotiff",
                "pygeoapi": f"/collections/scene/coverage?f=GTiff&bbox={edges}",
                "titiler": f"/cog/bbox/{edges}.tif?url={folder}/scene.tif",
            },
        ),
    }
    for size, box in ((256, small), (1024, large)):
        around = ",".join(map(str, box))
        found[f"CoverageJSON, {size} x {size} float32"] = (
            of_coverage_json,
            {
                OWN: f"/gdc/collections/field/coverage?f=covjson&bbox={around}",
                "pygeoapi": f"/collections/field/coverage?f=json&properties=temperature&subset={trimmed(box)}",
                "xpublish": f"/datasets/field/edr/cube?bbox={around}&f=cf_covjson&parameter-name=temperature",
            },
        )
    return found


def of_netcdf(content: bytes) -> NDArray[Any]:
    """Return the values of the bands in order."""
    import netCDF4

    with netCDF4.Dataset("answer", memory=content) as file:
        return np.stack([np.asarray(file[band][...]) for band in data.BANDS])


def of_geotiff(content: bytes) -> NDArray[Any]:
    """Return the first band; titiler sends a mask as the second."""
    with rasterio.MemoryFile(content) as memory, memory.open() as file:
        values: NDArray[Any] = file.read(1)
        return values


def of_coverage_json(content: bytes) -> NDArray[Any]:
    """Return the values as the type they have in the store."""
    values = json.loads(content)["ranges"]["temperature"]["values"]
    return np.array(values, "float32").ravel()


class Client:
    """A connection that stays open."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> tuple[float, bytes]:
        """Return the milliseconds of an answer, and its bytes."""
        start = time.perf_counter()
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        content = response.read()
        taken = 1000 * (time.perf_counter() - start)
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {content[:500]!r}")
        return taken, content


@contextmanager
def served(command: list[str], port: int, environment: dict[str, str], log: Path) -> Iterator[Client]:
    """Run a server until it is no longer needed, and give a client of it."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                client = Client(port)
                client.connection.request("GET", "/gdc/conformance")
                client.connection.getresponse().read()
                break
            except ConnectionError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[1]} does not start: {log.read_text()[-2000:]}") from None
                time.sleep(0.1)
        yield client
    finally:
        process.terminate()
        process.wait(timeout=20)


def own(folder: Path, stack: ExitStack) -> Client:
    """Start this server with the data as collections."""
    catalog = Catalog(folder / "data", samples=False)
    for name, collection in (("scenes.zarr", "scenes"), ("scenes.nc", "scenes-netcdf"), ("field.zarr", "field")):
        catalog.add(folder / name, collection)
    catalog.add(folder / "scene.tif", "scene")
    port = free_port()
    arguments = [f"--ServerApp.port={port}", "--IdentityProvider.token=benchmark", "--no-browser"]
    command = [sys.executable, "-m", "gdc_server", *arguments, "--GdcApp.samples=False"]
    environment = {"GDC_DATA_DIR": str(folder / "data")}
    return stack.enter_context(served(command, port, environment, folder / "gdc.log"))


def peer(python: str, name: str, folder: Path, stack: ExitStack) -> Client:
    """Start one of the others; see ``peer_coverages.py``."""
    port = free_port()
    command = [python, str(Path(__file__).with_name("peer_coverages.py")), name, str(port), str(folder)]
    return stack.enter_context(served(command, port, {"PYTHONPATH": ""}, folder / f"{name}.log"))


def measured(
    clients: dict[str, Client], paths: dict[str, str], read: Callable[[bytes], NDArray[Any]], repeat: int
) -> dict[str, list[float]]:
    """Return the milliseconds of each server in turn, after two rounds that do not count, and compare the answers."""
    asked = {name: path for name, path in paths.items() if name in clients}
    expected = read(clients[OWN].get(paths[OWN])[1])
    for name, path in asked.items():
        clients[name].get(path)
        np.testing.assert_array_equal(read(clients[name].get(path)[1]), expected, err_msg=f"{name}: {path}")
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(repeat):
        for name, path in asked.items():
            taken[name].append(clients[name].get(path)[0])
    return taken


def report(title: str, taken: dict[str, list[float]]) -> None:
    """Print medians, and how many times as long as this server each takes."""
    print(title)
    middle = statistics.median(taken[OWN])
    for name, each in taken.items():
        median = statistics.median(each)
        spread = f"({min(each):.0f} to {max(each):.0f})"
        print(f"  {name:14}{median:8.1f} ms  {spread:16}{median / middle:7.2f} x {OWN}", flush=True)


def main() -> None:
    """Run the cases and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the Python of an environment with pygeoapi, xpublish-edr and titiler")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--only", default="", help="cases that have this in their name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        data.make(folder)
        clients = {OWN: own(folder, stack)}
        if options.peer:
            clients |= {each: peer(options.peer, each, folder, stack) for each in PEERS}
        for title, (read, paths) in cases(folder).items():
            if options.only in title:
                report(title, measured(clients, paths, read, options.repeat))


if __name__ == "__main__":
    main()
