"""The cases of ``operations.py`` with openeo-processes-dask, run in an environment of its own."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import time
from pathlib import Path

import dask
import numpy as np
import operations_data as data
import rioxarray  # noqa: F401
import xarray as xr
from openeo_pg_parser_networkx import OpenEOProcessGraph, ProcessRegistry
from openeo_pg_parser_networkx.process_registry import Process
from openeo_processes_dask.process_implementations.core import process

# Chunks of whole chunks of the stores, so that each is decoded once.
CHUNKS = {"series": {"time": -1, "y": 128, "x": 128}}


def registry(folder: Path) -> ProcessRegistry:
    """Return the peer's processes, and what loads a collection."""
    found = ProcessRegistry(wrap_funcs=[process])
    implementations = importlib.import_module("openeo_processes_dask.process_implementations")
    for name, function in inspect.getmembers(implementations, inspect.isfunction):
        found[name.strip("_")] = Process(spec={}, implementation=function)

    def load_collection(*arguments, **named):  # type: ignore[no-untyped-def]
        collection, bands = named["id"], named["bands"]
        store = xr.open_zarr(folder / f"{collection}.zarr", chunks=CHUNKS.get(collection, {}))
        cube = store[bands].to_array(dim="bands").astype("float32").rename(time="t")
        return cube.rio.write_crs(data.CRS)

    found["load_collection"] = Process(spec={}, implementation=load_collection)
    return found


def in_order(result: xr.DataArray) -> np.ndarray:
    """Return the values of a result with its dimensions in one order, those with one label left out."""
    order = [name for name in ("geometry", "bands", "t", "time", "y", "x") if name in result.dims]
    return np.squeeze(result.transpose(*order).values)


def main() -> None:
    """Print the seconds of each run as JSON, after one that does not count, and save the result."""
    folder, target, repeat, cpu = sys.argv[2:6]
    graph = json.loads((Path(folder) / "process.json").read_text())
    processes = registry(Path(folder))
    clock = time.process_time if int(cpu) else time.perf_counter
    seconds, result = [], None
    with dask.config.set(num_workers=2, scheduler="threads"):
        for _ in range(int(repeat) + 1):
            result = None
            start = clock()
            made = OpenEOProcessGraph(pg_data={"process_graph": graph}).to_callable(processes)()
            result = made.compute()
            seconds.append(clock() - start)
    np.save(target, in_order(result))
    print(json.dumps(seconds[1:]))


if __name__ == "__main__":
    main()
