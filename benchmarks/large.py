"""Peak memory of a large composite: the median of 24 dates x 20,000 x 20,000 pixels, into a cloud-optimised GeoTIFF.

Usage: ``python benchmarks/large.py``. The files are sparse: each has a tenth of its tiles, at places of its own, so
that 19 GB of pixels take little disk. The engine runs in a process of its own, and its peak resident memory is printed
with the time; a few pixels are compared with numpy.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window

SIZE, DATES, TILE = 20_000, 24, 512
SHARE = 0.1


def make(folder: Path) -> None:
    """Write the files, uint16 with 0 as no-data, and add them to a catalogue as a collection."""
    from gdc_jupyter.catalog.catalog import Catalog

    random = np.random.default_rng(3)
    scenes = folder / "scenes"
    scenes.mkdir()
    profile = {
        "driver": "GTiff",
        "width": SIZE,
        "height": SIZE,
        "count": 1,
        "dtype": "uint16",
        "nodata": 0,
        "crs": "EPSG:32632",
        "transform": Affine(10, 0, 300_000, 0, -10, 5_400_000),
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "compress": "zstd",
        "sparse_ok": True,
    }
    edges = range(0, SIZE - TILE, TILE)
    for number in range(DATES):
        date = np.datetime64("2022-01-01") + 5 * number
        with rasterio.open(scenes / f"B04_{date}.tif", "w", **profile) as file:
            for row in edges:
                for column in edges:
                    if random.random() < SHARE:
                        values = random.integers(1, 3000, (TILE, TILE), dtype="uint16")
                        file.write(values, 1, window=Window(column, row, TILE, TILE))
    Catalog(folder / "data", samples=False).add(scenes, "scenes")


def run_engine(folder: Path) -> None:
    """Compute the composite, and print the seconds and the peak resident memory in MB."""
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.graph import run

    median = {"process_id": "median", "arguments": {"data": {"from_parameter": "data"}}, "result": True}
    load = {"id": "scenes", "spatial_extent": None, "temporal_extent": None}
    reduce = {"data": {"from_node": "load"}, "dimension": "t", "reducer": {"process_graph": {"median": median}}}
    graph = {
        "load": {"process_id": "load_collection", "arguments": load},
        "median": {"process_id": "reduce_dimension", "arguments": reduce},
        "save": {
            "process_id": "save_result",
            "arguments": {"data": {"from_node": "median"}, "format": "GTiff"},
            "result": True,
        },
    }
    start = time.perf_counter()
    result = run({"process_graph": graph}, Catalog(folder / "data", samples=False), folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "file": str(result.assets[0].path)}))


def check(folder: Path, target: str) -> None:
    """Compare a few pixels with numpy's median of the valid values."""
    window = Window(9_900, 9_900, 600, 600)
    stack = []
    for path in sorted((folder / "scenes").glob("*.tif")):
        with rasterio.open(path) as file:
            stack.append(file.read(1, window=window).astype(float))
    values = np.where(np.stack(stack) == 0, np.nan, np.stack(stack))
    expected = np.ma.median(np.ma.masked_invalid(values), axis=0).filled(np.nan)
    with rasterio.open(target) as file:
        np.testing.assert_allclose(file.read(1, window=window), expected, rtol=1e-6)


def main() -> None:
    """Make the files and run the engine, or, as a child, run it."""
    if len(sys.argv) > 1:
        run_engine(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        done = subprocess.run([sys.executable, __file__, name], check=True, stdout=subprocess.PIPE, text=True)
        told = json.loads(done.stdout.splitlines()[-1])
        check(folder, told["file"])
    print(f"Median of {DATES} dates x {SIZE} x {SIZE}: {told['seconds']:.0f} s, at most {told['peak']:.0f} MB")


if __name__ == "__main__":
    main()
