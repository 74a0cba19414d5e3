"""Parsing and validating graphs of a thousand nodes: chains, shared nodes and callbacks, with and without cubes.

Usage: ``python benchmarks/validation.py [--peer PYTHON] [--repeat N]``. Medians in milliseconds. ``--peer`` names the
Python of an environment that has openeo-pg-parser-networkx, which parses (it does not check types or dimensions).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NODES = 1000
Graph = dict[str, Any]

PEER = """
import json, sys, time
from openeo_pg_parser_networkx.graph import OpenEOProcessGraph
graph = json.loads(sys.stdin.read())
start = time.perf_counter()
OpenEOProcessGraph(pg_data={"process_graph": graph})
print(time.perf_counter() - start)
"""


def node(process_id: str, **arguments: Any) -> dict[str, Any]:
    """Return a node."""
    return {"process_id": process_id, "arguments": arguments}


def of(name: str) -> dict[str, str]:
    """Return a reference to a node."""
    return {"from_node": name}


def callback(process_id: str, **arguments: Any) -> dict[str, Any]:
    """Return a callback of one node."""
    return {"process_graph": {"only": {**node(process_id, **arguments), "result": True}}}


X, DATA = {"from_parameter": "x"}, {"from_parameter": "data"}
LOAD = node("load_collection", id="VALIDATION", spatial_extent=None, temporal_extent=None)


def shared_sums() -> Graph:
    """Return 18 sums, each of the one before and itself."""
    return finished(
        {"n0": node("add", x=1, y=1)}
        | {f"n{i}": node("add", x=of(f"n{i - 1}"), y=of(f"n{i - 1}")) for i in range(1, 18)}
    )


def chain_of_numbers() -> Graph:
    """Return a chain of sums."""
    return finished(
        {"n0": node("add", x=1, y=1)} | {f"n{i}": node("add", x=of(f"n{i - 1}"), y=1) for i in range(1, NODES)}
    )


def lattice_of_numbers() -> Graph:
    """Return diamonds: two sums of what is before, and one of the two."""
    graph = {"n0": node("add", x=1, y=1)}
    for i in range(1, NODES - 2, 3):
        graph[f"n{i}"] = node("add", x=of(f"n{i - 1}"), y=1)
        graph[f"n{i + 1}"] = node("subtract", x=of(f"n{i - 1}"), y=of(f"n{i - 1}"))
        graph[f"n{i + 2}"] = node("add", x=of(f"n{i}"), y=of(f"n{i + 1}"))
    return finished(graph)


def chain_of_cubes() -> Graph:
    """Return a loaded collection and a chain of apply."""
    graph = {"n0": LOAD}
    for i in range(1, NODES):
        graph[f"n{i}"] = node("apply", data=of(f"n{i - 1}"), process=callback("add", x=X, y=i))
    return finished(graph)


def lattice_of_cubes() -> Graph:
    """Return a loaded collection and diamonds: two apply, merged with a resolver."""
    graph = {"n0": LOAD}
    for i in range(1, NODES - 2, 3):
        graph[f"n{i}"] = node("apply", data=of(f"n{i - 1}"), process=callback("multiply", x=X, y=2))
        graph[f"n{i + 1}"] = node("apply", data=of(f"n{i - 1}"), process=callback("absolute", x=X))
        resolver = callback("max", data=[X, {"from_parameter": "y"}])
        graph[f"n{i + 2}"] = node("merge_cubes", cube1=of(f"n{i}"), cube2=of(f"n{i + 1}"), overlap_resolver=resolver)
    return finished(graph)


def work_on_cubes() -> Graph:
    """Return hundreds of indices of one collection: band arithmetic, reductions and masks, merged into one."""
    index = {
        "red": node("array_element", data=DATA, label="B04"),
        "nir": node("array_element", data=DATA, label="B08"),
        "index": {**node("normalized_difference", x=of("nir"), y=of("red")), "result": True},
    }
    graph = {"load": LOAD}
    last = None
    for i in range((NODES - 1) // 5):
        graph[f"index{i}"] = node(
            "reduce_dimension", data=of("load"), dimension="bands", reducer={"process_graph": index}
        )
        graph[f"mean{i}"] = node(
            "reduce_dimension", data=of(f"index{i}"), dimension="t", reducer=callback("mean", data=DATA)
        )
        graph[f"low{i}"] = node("apply", data=of(f"mean{i}"), process=callback("lt", x=X, y=0.2))
        graph[f"mask{i}"] = node("mask", data=of(f"mean{i}"), mask=of(f"low{i}"))
        resolver = callback("add", x=X, y={"from_parameter": "y"})
        graph[f"sum{i}"] = node(
            "merge_cubes", cube1=of(last or "mean0"), cube2=of(f"mask{i}"), overlap_resolver=resolver
        )
        last = f"sum{i}"
    return finished(graph)


def finished(graph: Graph) -> Graph:
    """Return a graph whose last node is its result."""
    last = next(reversed(graph))
    return {**graph, last: {**graph[last], "result": True}}


GRAPHS: dict[str, Callable[[], Graph]] = {
    "18 shared sums": shared_sums,
    "chain of numbers": chain_of_numbers,
    "lattice of numbers": lattice_of_numbers,
    "chain of cubes": chain_of_cubes,
    "lattice of cubes": lattice_of_cubes,
    "indices of a cube": work_on_cubes,
}


def make_catalog(folder: Path) -> Any:
    """Return a catalogue with a collection of four dates and two bands; it is never read."""
    import netCDF4
    import numpy as np

    from gdc_jupyter.catalog.catalog import Catalog

    with netCDF4.Dataset(folder / "validation.nc", "w") as file:
        for name, labels in (
            ("time", np.arange(4)),
            ("y", 5e6 - 10.0 * np.arange(64)),
            ("x", 5e5 + 10.0 * np.arange(64)),
        ):
            file.createDimension(name, len(labels))
            variable = file.createVariable(name, "f8", (name,))
            variable[:] = labels
            if name == "time":
                variable.units = "days since 2022-01-01"
            else:
                variable.standard_name, variable.units = f"projection_{name}_coordinate", "m"
        mapping = file.createVariable("crs", "i4")
        mapping.grid_mapping_name, mapping.spatial_ref = "transverse_mercator", "EPSG:32632"
        for name in ("B04", "B08"):
            variable = file.createVariable(name, "f4", ("time", "y", "x"))
            variable.grid_mapping = "crs"
            variable[:] = 0
    catalog = Catalog(folder / "data", samples=False)
    catalog.add(folder / "validation.nc", "VALIDATION")
    return catalog


def by_peer(python: str, graph: Graph, seconds: float = 120) -> float | None:
    """Return the seconds that openeo-pg-parser-networkx takes to parse a graph; None where it takes too long."""
    try:
        done = subprocess.run(
            [python, "-c", PEER], input=json.dumps(graph), capture_output=True, text=True, check=True, timeout=seconds
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        print(f"    peer: {type(error).__name__} {str(getattr(error, 'stderr', ''))[-200:]}")
        return None
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the Python of an environment with openeo-pg-parser-networkx")
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    from gdc_jupyter.graph import validate
    from gdc_jupyter.graph.parse import parse

    with tempfile.TemporaryDirectory() as name:
        catalog = make_catalog(Path(name))
        print(f"{'':20} {'nodes':>6} {'parsed':>9} {'validated':>10}   ms")
        for title, make in GRAPHS.items():
            graph = make()
            parsing = statistics.median(timed(lambda graph=graph: parse(graph)) for _ in range(options.repeat))
            validation = statistics.median(
                timed(lambda graph=graph: _valid(validate, graph, catalog)) for _ in range(options.repeat)
            )
            peer = by_peer(options.peer, graph) if options.peer else None
            beside = f"   peer parses in {1000 * peer:.0f} ms" if peer is not None else ""
            print(f"{title:20} {len(graph):6} {1000 * parsing:9.1f} {1000 * validation:10.1f}{beside}")


def _valid(validate: Any, graph: Graph, catalog: Any) -> None:
    faults = validate({"process_graph": graph}, catalog)
    assert not faults, faults


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
