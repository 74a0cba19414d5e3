"""The NDVI-median composite with openeo-processes-dask over odc-stac, run by ``composite.py`` in an own environment."""

import importlib
import inspect
import json
import sys
import time
from pathlib import Path

import numpy as np
import odc.stac
import pystac
import rioxarray  # noqa: F401
from openeo_pg_parser_networkx import OpenEOProcessGraph, ProcessRegistry
from openeo_pg_parser_networkx.process_registry import Process
from openeo_processes_dask.process_implementations.core import process


def registry(folder: Path, target: Path) -> ProcessRegistry:
    """Return the peer's processes, and the two at the ends of the graph."""
    found = ProcessRegistry(wrap_funcs=[process])
    implementations = importlib.import_module("openeo_processes_dask.process_implementations")
    for name, function in inspect.getmembers(implementations, inspect.isfunction):
        found[name.strip("_")] = Process(spec={}, implementation=function)

    def load_collection(*arguments, **named):  # type: ignore[no-untyped-def]
        items = [pystac.Item.from_file(str(path)) for path in sorted(folder.glob("composite-*.json"))]
        for item in items:
            item.make_asset_hrefs_absolute()
        data = odc.stac.load(items, bands=["B04", "B08"], chunks={"x": 1024, "y": 1024})
        return data.to_array(dim="bands").rename(time="t").where(lambda cube: cube != 0).astype("float32")

    def save_result(data, *arguments, **named):  # type: ignore[no-untyped-def]
        data.astype(np.float32).rio.to_raster(target, compress="zstd", tiled=True)

    found["load_collection"] = Process(spec={}, implementation=load_collection)
    found["save_result"] = Process(spec={}, implementation=save_result)
    return found


def main() -> None:
    """Print the seconds of each run as JSON, after one that does not count."""
    folder, target, repeat = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    graph = json.loads(sys.argv[4])
    processes = registry(folder, target)
    seconds = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        OpenEOProcessGraph(pg_data={"process_graph": graph}).to_callable(processes)()
        seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds[1:]))


if __name__ == "__main__":
    main()
