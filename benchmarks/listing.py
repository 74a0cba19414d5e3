"""A list of 1,000 collections: how long `GET /collections` and a page of it take.

Usage: ``python benchmarks/listing.py [--count N] [--repeat N]``. Small GeoTIFF files are made and become collections
of a ``jupyter gdc``, which is then asked over one connection. Medians are printed, and, as the peer in the same run,
what Python's json needs to write the same list.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
import requests
from rasterio.transform import from_origin

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.demo import free_port


def fill(data: Path, count: int) -> None:
    """Make files, and a collection of each."""
    catalog = Catalog(data, samples=False)
    values = np.arange(256, dtype="uint16").reshape(1, 16, 16)
    for number in range(count):
        path = data / "files" / f"c{number:04}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        place = {"crs": "EPSG:32632", "transform": from_origin(500000 + 160 * number, 5200000, 10, 10)}
        with rasterio.open(path, "w", "GTiff", 16, 16, 1, dtype="uint16", **place) as file:
            file.write(values)
        catalog.add(path)


def median_of(work: Callable[[], object], repeat: int) -> float:
    """Return the median of the milliseconds that a call takes."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), options.count)
        port = free_port()
        arguments = [f"--ServerApp.port={port}", "--IdentityProvider.token=benchmark", "--no-browser"]
        server = subprocess.Popen(
            [sys.executable, "-m", "gdc_server", *arguments, "--GdcApp.samples=False"],
            env=os.environ | {"GDC_DATA_DIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            measure(f"http://127.0.0.1:{port}/gdc", options.repeat)
        finally:
            server.terminate()
            server.wait()


def measure(url: str, repeat: int) -> None:
    """Ask and print."""
    session = requests.Session()
    deadline = time.monotonic() + 30
    while True:
        try:
            session.get(f"{url}/conformance", timeout=5)
            break
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    start = time.perf_counter()
    whole = session.get(f"{url}/collections", timeout=60)
    first = 1000 * (time.perf_counter() - start)
    listed = whole.json()
    print(f"{len(listed['collections'])} collections, {len(whole.content) / 1e6:.1f} MB; the first time {first:.0f} ms")
    print(f"GET /collections: {median_of(lambda: session.get(f'{url}/collections', timeout=60), repeat):.1f} ms")
    page = f"{url}/collections?limit=100"
    print(f"GET /collections?limit=100: {median_of(lambda: session.get(page, timeout=60), repeat):.1f} ms")
    print(f"json.dumps of the list: {median_of(lambda: json.dumps(listed), repeat):.1f} ms")


if __name__ == "__main__":
    main()
