"""Five operations on cubes: the engine against openeo-processes-dask and plain xarray with Dask, in one run.

Usage: ``python benchmarks/operations.py [--peer PYTHON] [--repeat N] [--only NAME] [--cpu]``.

====== ===================================================================================================
name   what
====== ===================================================================================================
months monthly means of a daily cube of 3 years x 512 x 512 int16 (574 MB), once in chunks of 30 dates x 256 x 256, as
       a store that grows by the month has, and once in chunks of all dates x 32 x 32, as one for time series has
kernel a 5 x 5 kernel on 10 dates x 2 bands x 1792 x 1792 uint16, once a Gaussian and once a Laplacian of a Gaussian
warp   UTM at 10 m to EPSG:3035 at 20 m, 10 dates x 2 bands, bilinear and nearest
zones  means of 1,000 polygons on 24 dates x 2048 x 2048 uint16, by the exact share of each pixel
index  two collections masked by a scene classification, scaled and merged, then their normalised difference; 10 dates x
       1792 x 1792
====== ===================================================================================================

All data are Zarr stores in a temporary folder and the page cache. Each version reads them and ends with the result in
memory; the engine gets the process as JSON, and keeps nothing of earlier runs. Dask computes on two threads. Results
are compared to a relative 1e-6. ``--peer`` names the Python of an environment that has openeo-processes-dask, flox and
exactextract (see ``benchmarks/README.md``); the plain versions run there as well. With ``--cpu`` the figures are
processor seconds of all threads, which tell more than the clock on a machine that is busy otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import operations_data as data

CASES = ("months", "months of series", "kernel", "kernel of edges", "warp", "warp nearest", "zones", "index")
TOLERANCE = 1e-6
# Seconds for all runs of a peer.
LIMIT = 120


def node(process: str, /, **arguments: Any) -> dict[str, Any]:
    return {"process_id": process, "arguments": arguments}


def of(name: str) -> dict[str, str]:
    return {"from_node": name}


def callback(process: str, /, **arguments: Any) -> dict[str, Any]:
    return {"process_graph": {"only": node(process, **arguments) | {"result": True}}}


def load(collection: str, bands: list[str]) -> dict[str, Any]:
    return node("load_collection", id=collection, spatial_extent=None, temporal_extent=None, bands=bands)


def graph(case: str, zones: dict[str, Any]) -> dict[str, Any]:
    """Return the process graph of a case."""
    values = {"data": {"from_parameter": "data"}}
    if case.startswith("months"):
        last = node("aggregate_temporal_period", data=of("load"), period="month", reducer=callback("mean", **values))
        nodes = {"load": load("daily" if case == "months" else "series", ["temperature"])}
    elif case.startswith("kernel"):
        kernel = data.GAUSSIAN if case == "kernel" else data.LAPLACIAN
        last = node("apply_kernel", data=of("load"), kernel=kernel.tolist())
        nodes = {"load": load("scenes", ["B04", "B08"])}
    elif case.startswith("warp"):
        method = "near" if case == "warp nearest" else "bilinear"
        last = node("resample_spatial", data=of("load"), resolution=20, projection=3035, method=method)
        nodes = {"load": load("scenes", ["B04", "B08"])}
    elif case == "zones":
        last = node("aggregate_spatial", data=of("load"), geometries=zones, reducer=callback("mean", **values))
        nodes = {"load": load("dated", ["B08"])}
    else:
        return _index()
    return nodes | {"last": last | {"result": True}}


def _index() -> dict[str, Any]:
    """Return the graph of two collections: their bands masked where there are clouds, as reflectances, and merged."""
    x, values = {"from_parameter": "x"}, {"from_parameter": "data"}
    clouds: dict[str, Any] = {"class0": node("array_element", data=values, index=0)}
    for number, value in enumerate(data.CLOUDS):
        clouds[f"is{number}"] = node("eq", x=of("class0"), y=value)
        if number:
            before = of("is0" if number == 1 else f"any{number - 1}")
            clouds[f"any{number}"] = node("or", x=before, y=of(f"is{number}"))
    clouds[f"any{len(data.CLOUDS) - 1}"]["result"] = True
    scale = callback("linear_scale_range", x=x, inputMin=0, inputMax=10000, outputMin=0, outputMax=1)
    index = {
        "red": node("array_element", data=values, index=0),
        "nir": node("array_element", data=values, index=1),
        "index": node("normalized_difference", x=of("nir"), y=of("red")) | {"result": True},
    }
    nodes = {"classes": load("scenes", ["SCL"])}
    nodes["clouds"] = node("reduce_dimension", data=of("classes"), dimension="bands", reducer={"process_graph": clouds})
    for name, collection, band in (("red", "scenes", "B04"), ("nir", "infrared", "B08")):
        nodes[name] = load(collection, [band])
        nodes[f"{name} clear"] = node("mask", data=of(name), mask=of("clouds"))
        nodes[f"{name} scaled"] = node("apply", data=of(f"{name} clear"), process=scale)
    nodes["both"] = node("merge_cubes", cube1=of("red scaled"), cube2=of("nir scaled"))
    nodes["index"] = node("reduce_dimension", data=of("both"), dimension="bands", reducer={"process_graph": index})
    nodes["index"]["result"] = True
    return nodes


def by_engine(case: str, folder: Path, zones: dict[str, Any]) -> Any:
    """Compute a case with the engine, from JSON to an array, with nothing kept of earlier runs."""
    import gdc_jupyter as gdc
    from gdc_jupyter.catalog import zarr_arrays
    from gdc_jupyter.catalog.catalog import Catalog

    shutil.rmtree(folder / "data" / "cache", ignore_errors=True)
    # The chunks that are decoded already in this process.
    zarr_arrays.forget()
    process = json.loads(json.dumps(graph(case, zones)))
    return gdc.execute(process, catalog=Catalog(folder / "data", samples=False))


def timed(function: Callable[[], Any], repeat: int, cpu: bool) -> tuple[list[float], Any]:
    """Return the seconds of some runs, after one that does not count, and the result."""
    seconds, result = [], None
    clock = time.process_time if cpu else time.perf_counter
    for _ in range(repeat + 1):
        result = None
        start = clock()
        result = function()
        seconds.append(clock() - start)
    return seconds[1:], result


def by_other(python: str, version: str, case: str, folder: Path, process: Any, repeat: int, cpu: bool) -> list[float]:
    """Run a case in another process; see ``operations_plain.py`` and ``operations_peer.py``."""
    script = Path(__file__).with_name(f"operations_{version}.py")
    (folder / "process.json").write_text(json.dumps(process))
    command = [python, str(script), case, str(folder), str(folder / f"{version}.npy"), str(repeat), str(int(cpu))]
    # A session of its own, because the peer starts processes that would go on without it.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as child:
        try:
            output, messages = child.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raise RuntimeError(f"not done in {LIMIT} s") from None
    if child.returncode:
        raise RuntimeError(messages.strip().splitlines()[-1] if messages.strip() else "no message")
    return list(json.loads(output.splitlines()[-1]))


def in_order(result: Any) -> np.ndarray[Any, Any]:
    """Return the values of a result with its dimensions in one order, those with one label left out."""
    order = [name for name in ("geometry", "bands", "t", "y", "x") if name in result.dims]
    values = result.transpose(*order).values
    return values.reshape([size for size in values.shape if size != 1])


def difference(values: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> str:
    """Say how a result differs from another."""
    if values.shape != expected.shape:
        return f"of another shape, {values.shape} instead of {expected.shape}"
    scale = float(np.nanmax(np.abs(expected)))
    near = np.isclose(values, expected, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)
    if near.all():
        return "equal"
    return f"{1 - near.mean():.2%} of the values differ, by {np.nanmax(np.abs(values - expected)) / scale:.1e} at most"


def run(case: str, folder: Path, options: argparse.Namespace) -> None:
    """Run the versions of a case, and print how fast they are and whether they agree."""
    zones = json.loads((folder / "zones.json").read_text())
    seconds, result = timed(lambda: by_engine(case, folder, zones), options.repeat, options.cpu)
    figures, expected = {"gdc-jupyter": seconds}, in_order(result)
    data.save_grid(result, folder)
    del result
    notes = {}
    python = options.peer or sys.executable
    versions = {"plain": "xarray and Dask"} | ({"peer": "openeo-processes-dask"} if options.peer else {})
    for version, title in versions.items():
        try:
            figures[title] = by_other(python, version, case, folder, graph(case, zones), options.repeat, options.cpu)
            notes[title] = difference(np.load(folder / f"{version}.npy"), expected)
        except RuntimeError as error:
            notes[title] = f"cannot do it: {error}"
    print(f"{case}: {'processor seconds' if options.cpu else 'seconds'}, medians of {options.repeat}")
    engine = statistics.median(seconds)
    for title in ("gdc-jupyter", *versions.values()):
        if title in figures:
            middle, each = statistics.median(figures[title]), figures[title]
            ratio = f"{middle:7.2f} s  ({min(each):.2f} to {max(each):.2f})  {middle / engine:6.2f} x gdc-jupyter"
        print(f"  {title:22} {ratio if title in figures else '':46}  {notes.get(title, '')}", flush=True)


def main() -> None:
    """Make the data, and run the cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the Python of an environment with openeo-processes-dask")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", help="the cases whose names begin with this")
    parser.add_argument("--cpu", action="store_true", help="processor seconds instead of those on the clock")
    parser.add_argument("--folder", type=Path, help="where the data are, or are to be kept for the next run")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        data.make(folder)
        for case in CASES:
            if case.startswith(options.only or ""):
                run(case, folder, options)


if __name__ == "__main__":
    main()
