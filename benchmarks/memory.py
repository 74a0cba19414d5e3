"""Peak memory against the number of dates: a composite of 10, then of 100 dates, and the same with xarray and Dask.

Usage: ``python benchmarks/memory.py``. Each version runs in a process of its own and prints its peak resident memory.
The data are 2 bands x 1024 x 1024 uint16 COGs in a temporary folder.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import composite


def make(folder: Path, dates: int) -> None:
    """Write the collection, of smaller scenes than the speed benchmark's."""
    composite.SIZE, composite.DATES = 1024, dates
    composite.make_collection(folder)
    from gdc_jupyter.catalog.catalog import Catalog

    Catalog(folder / "data", samples=False).add(folder, "composite")


def run_engine(folder: Path) -> None:
    """Run the composite with the engine."""
    composite.by_engine(folder, folder / "engine.tiff")


def run_dask(folder: Path) -> None:
    """Run the composite with xarray, Dask and odc-stac."""
    import odc.stac
    import pystac

    items = [pystac.Item.from_file(str(path)) for path in sorted(folder.glob("composite-*.json"))]
    for item in items:
        item.make_asset_hrefs_absolute()
    data = odc.stac.load(items, bands=["B04", "B08"], chunks={"x": 512, "y": 512}).astype("float32")
    index = (data.B08 - data.B04) / (data.B08 + data.B04)
    index.chunk({"time": -1}).median("time").compute(num_workers=2)


def peak(version: str, folder: Path) -> float:
    """Return the peak memory of a version in MB, beyond that of its imports."""
    done = subprocess.run(
        [sys.executable, __file__, version, str(folder)], check=True, stdout=subprocess.PIPE, text=True
    )
    before, after = json.loads(done.stdout.splitlines()[-1])
    return float(after - before) / 1024


def main() -> None:
    """Print a table, or, as a child, the memory before and after a run."""
    if len(sys.argv) > 1:
        import rasterio  # noqa: F401

        import gdc_jupyter.graph

        assert gdc_jupyter.graph.run
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        {"engine": run_engine, "dask": run_dask}[sys.argv[1]](Path(sys.argv[2]))
        print(json.dumps([before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
        return
    figures: dict[str, list[float]] = {"engine": [], "dask": []}
    for dates in (10, 100):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), dates)
            for version, values in figures.items():
                values.append(peak(version, Path(name)))
    for version, (few, many) in figures.items():
        print(f"{version:7} 10 dates {few:6.0f} MB, 100 dates {many:6.0f} MB: {many / few:4.1f} times")


if __name__ == "__main__":
    main()
