"""A process run from its JSON to files or to a value, with progress."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from gdc_jupyter.cube.encode import Asset
from gdc_jupyter.cube.encode.json import to_json
from gdc_jupyter.cube.grid import Bounds
from gdc_jupyter.cube.vector import from_frame, is_frame, is_table, is_vector, to_frame
from gdc_jupyter.errors import Fault, InvalidProcessGraph
from gdc_jupyter.graph.block_cube import BlockCube
from gdc_jupyter.graph.blocks import assemble, block_shape, windows
from gdc_jupyter.graph.costs import refused
from gdc_jupyter.graph.extents import joined
from gdc_jupyter.graph.inline import Processes, inlined
from gdc_jupyter.graph.kept import FOLDER, Kept
from gdc_jupyter.graph.meter import METER, learn
from gdc_jupyter.graph.parse import FromParameter, Graph, parse, references
from gdc_jupyter.graph.plan import Plan, Planner, Saved
from gdc_jupyter.graph.signature import check
from gdc_jupyter.graph.view import View
from gdc_jupyter.graph.write import saved_values, write
from gdc_jupyter.settings import Permissions

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog

#: Names the Dask cluster to be used, where a caller does not.
SCHEDULER_VARIABLE = "GDC_DASK_SCHEDULER"
CALLS_PER_NODE = 6
Progress = Callable[[float], None]
Log = Callable[[str, str, tuple[str, ...]], None]


@dataclass
class Result:
    """What a process has produced.

    Parameters
    ----------
    assets : list of Asset
        The files that it saved.
    value : object
        What the result node gives, as JSON, where nothing was saved.
    bbox : Bounds, optional
        The area in longitude and latitude; west is greater than east where it crosses the antimeridian.
    start, end : str, optional
        The first and the last instant of the data, RFC 3339.
    files : list of list of (Path, str or None)
        The files of data with their dates, for each value that was saved.
    changes : list of dict
        What the process changes in the STAC metadata, one JSON merge patch after another.
    """

    assets: list[Asset] = field(default_factory=list)
    value: Any = None
    bbox: Bounds | None = None
    start: str | None = None
    end: str | None = None
    files: list[list[tuple[Path, str | None]]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)


def validate(
    process: Mapping[str, Any], catalog: Catalog, *, probe: bool = True, permissions: Permissions | None = None
) -> list[Fault]:
    """Return all faults of a process, without reading data.

    Parameters
    ----------
    process : mapping
        A process with ``process_graph`` and, where it has any, ``parameters``.
    catalog : Catalog
        The collections that it may load.
    probe : bool
        Whether each process is tried on one pixel; otherwise only names, types and references are checked.
    permissions : Permissions, optional
        What the graph may do, and what it may cost.
    """
    permissions = permissions or Permissions()
    parsed = _parsed(process, {}, permissions)
    if parsed.graph is None or not probe:
        return parsed.faults
    try:
        planner = Planner(catalog, parsed.parameters, parsed.faults, permissions, reads=False, unknown=parsed.open)
        with planner.make(parsed.graph) as plan:
            return refused(plan, plan.saved, permissions.limits)
    except InvalidProcessGraph as error:
        return error.faults


def make_plan(
    process: Mapping[str, Any],
    catalog: Catalog,
    parameters: Mapping[str, Any] | None = None,
    permissions: Permissions | None = None,
    log: Log = lambda level, message, path: None,
    effects: bool = False,
    reads: bool = True,
    view: View | None = None,
) -> Plan:
    """Return the plan of a process.

    With ``effects`` it is for a run, and processes may act elsewhere while the plan is made; without ``reads`` nothing
    is read for it; with a ``view`` it is only looked at, at that resolution.

    Raises
    ------
    InvalidProcessGraph
        With all faults.
    """
    permissions = permissions or Permissions()
    parsed = _parsed(process, parameters or {}, permissions)
    if parsed.graph is None:
        raise InvalidProcessGraph(parsed.faults)
    missing = [*parsed.faults, *_missing(parsed.graph, parsed.open)]
    # A block is computed from the result back to its sources, with a few calls for each node on the way.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), CALLS_PER_NODE * len(parsed.graph.nodes) + 1000))
    # Naming what is kept takes a look at each file, and a view needs an answer at once.
    kept = Kept(catalog.folder / FOLDER) if view is None else None

    def tell(level: str, message: str) -> None:
        log(level, message, ())

    planner = Planner(
        catalog, parsed.parameters, missing, permissions, tell, kept, reads=reads, effects=effects, view=view
    )
    return planner.make(parsed.graph)


def run(
    process: Mapping[str, Any],
    catalog: Catalog,
    folder: Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    progress: Progress = lambda percent: None,
    log: Log = lambda level, message, path: None,
    default_formats: Sequence[str] = (),
    permissions: Permissions | None = None,
    dask_scheduler: Any = None,
) -> Result:
    """Run a process and write what it saves into a folder.

    Parameters
    ----------
    process : mapping
        A process with ``process_graph``.
    catalog : Catalog
        The collections that it may load.
    folder : Path
        Where files are written; it exists.
    parameters : mapping, optional
        Values of the process's parameters.
    progress : callable
        Told the percentage of the blocks that are done.
    log : callable
        Told a level, a message and the path of nodes.
    default_formats : sequence of str
        The formats for a result cube that no node saves, the first that suits it is taken; without any it becomes a
        JSON value.
    permissions : Permissions, optional
        What the graph may do.
    dask_scheduler : str or distributed.Client, optional
        The Dask cluster that computes blocks; by default that of ``GDC_DASK_SCHEDULER``. Without one, or where this
        is empty text, threads of this process do.

    Raises
    ------
    InvalidProcessGraph
        Where the graph is refused, or a process refuses its data.
    GdcError
        Where data cannot be read or written.
    """
    before = METER.sums()
    with make_plan(process, catalog, parameters, permissions, log, effects=True) as plan:
        values = saved_values(plan, default_formats)
        _refuse(refused(plan, values, (permissions or Permissions()).limits, in_memory=not values))
        _choose_executor(plan, dask_scheduler, process, parameters, catalog, permissions, log)
        result = _produce(plan, values, folder, progress, log)
    for files, saved in zip(result.files, plan.saved, strict=False):
        for collection_id in saved.collections:
            catalog.export(collection_id, files, saved.changes)
            log("info", f"Added {len(files)} file{'s' * (len(files) != 1)} to the collection {collection_id}.", ())
    learn(catalog.folder, before)
    return result


def execute(
    process_graph: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    catalog: Catalog | None = None,
    permissions: Permissions | None = None,
    dask_scheduler: Any = None,
    processes: Processes | None = None,
) -> Any:
    """Run a process graph in this process and return its result.

    Parameters
    ----------
    process_graph : mapping
        Nodes by id, or a process with ``process_graph``.
    parameters : mapping, optional
        Numbers, lists, ``xarray.DataArray`` cubes, or GeoDataFrames, which ``{"from_parameter": name}`` refers to.
    catalog : Catalog, optional
        The collections; those of this computer by default.
    permissions : Permissions, optional
        What the graph may do.
    dask_scheduler : str or distributed.Client, optional
        The Dask cluster that computes blocks; by default that of ``GDC_DASK_SCHEDULER``. Without one, or where this
        is empty text, threads of this process do.
    processes : mapping, optional
        User-defined processes by id, each with ``process_graph`` and ``parameters``, which nodes call by their ids.

    Returns
    -------
    object
        A number, list or text, an ``xarray.DataArray``, or a GeoDataFrame for a vector cube that has no dimensions but
        those of its geometries and properties.

    Raises
    ------
    GdcError
        With the code of the specification.
    """
    if catalog is None:
        from gdc_jupyter.catalog.catalog import Catalog

        catalog = Catalog()
    bare = not isinstance(process_graph, Mapping) or "process_graph" not in process_graph
    process = {"process_graph": process_graph} if bare else process_graph
    permissions = permissions or Permissions()
    if processes is not None:
        permissions = replace(permissions, processes=processes)
    with make_plan(process, catalog, parameters or {}, permissions, effects=True) as plan:
        # Who computes on the own machine may read as much as there is; what does not fit into memory is refused.
        limits = replace(permissions.limits, read_bytes=None, result_bytes=None)
        _refuse(refused(plan, [], limits, in_memory=True))
        _choose_executor(plan, dask_scheduler, process, parameters, catalog, permissions)
        result = plan.result
        return _given_back(assemble(result, plan.execution) if isinstance(result, BlockCube) else result)


def _choose_executor(
    plan: Plan,
    scheduler: Any,
    process: Mapping[str, Any],
    parameters: Mapping[str, Any] | None,
    catalog: Catalog,
    permissions: Permissions | None,
    log: Log = lambda level, message, path: None,
) -> None:
    if scheduler is None:
        scheduler = os.environ.get(SCHEDULER_VARIABLE)
    # Workers make the plan anew, and what acts elsewhere must act once.
    if scheduler and plan.cubes and not plan.acted:
        from gdc_jupyter.graph.scale import Cluster

        cluster = Cluster(scheduler, plan, process, parameters or {}, catalog, permissions or Permissions())
        plan.resources.callback(cluster.close)
        plan.execution.executor = cluster
        log("info", f"Blocks are computed by the Dask cluster at {cluster.address}.", ())


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidProcessGraph(faults)


def _produce(plan: Plan, saved: list[Saved], folder: Path, progress: Progress, log: Log) -> Result:
    pixel_bytes = max([cube.pixel_bytes for cube in plan.cubes], default=1)
    counter = _Counter(saved, plan, pixel_bytes, progress)
    plan.execution.advance = counter.advance
    log("info", _summary(plan, counter.total, pixel_bytes), ())
    extent = joined(each.extent for each in saved) if saved else plan.extent
    result = Result(bbox=extent.bbox, start=extent.start, end=extent.end)
    stems = ["result"] if len(saved) == 1 else [f"result-{number}" for number in range(1, len(saved) + 1)]
    for stem, each in zip(stems, saved, strict=True):
        assets = write(each, folder, stem, pixel_bytes, plan.execution)
        result.assets += assets
        data = [asset for asset in assets if "data" in asset.roles]
        result.files.append([(asset.path, asset.metadata.get("datetime")) for asset in data])
        result.changes += each.changes
        log("info", f"Saved {', '.join(asset.path.name for asset in assets[:5])}.", ())
    if not saved:
        value = plan.result
        result.value = to_json(assemble(value, plan.execution) if isinstance(value, BlockCube) else value)
    progress(100.0)
    return result


@dataclass
class _Parsed:
    """A process as far as it can be understood without running it; ``open`` are the parameters without a value."""

    graph: Graph | None
    faults: list[Fault]
    parameters: dict[str, Any]
    open: frozenset[str]


def _parsed(process: Any, given: Mapping[str, Any], permissions: Permissions) -> _Parsed:
    process = process if isinstance(process, Mapping) else {}
    graph, faults = parse(process.get("process_graph"), permissions.limits.nodes)
    described = process.get("parameters")
    parameters: dict[str, Any] = {}
    required = set()
    for parameter in described if isinstance(described, list) else []:
        if isinstance(parameter, dict) and isinstance(parameter.get("name"), str):
            parameters[parameter["name"]] = parameter.get("default")
            if "default" not in parameter and not parameter.get("optional"):
                required.add(parameter["name"])
    parameters |= {name: _taken(value) for name, value in given.items()}
    if graph is not None:
        around = _around(process, permissions.processes)
        graph, faults, refused_calls = inlined(graph, permissions.processes, permissions.limits.nodes, around)
        further = check(graph, parameters.keys(), given=parameters)
        faults += [fault for fault in further if fault.path not in refused_calls]
    return _Parsed(graph, faults, parameters, frozenset(required - given.keys()))


def _around(process: Mapping[str, Any], processes: Processes) -> tuple[str, ...]:
    """Return the id of a process that is itself among the user's own."""
    name = process.get("id")
    return (name,) if isinstance(name, str) and processes.get(name) is process else ()


def _missing(graph: Graph, names: frozenset[str]) -> list[Fault]:
    """Return the arguments that refer to parameters without a value."""
    return [
        Fault("ProcessParameterRequired", f"The parameter '{found.name}' has no value.", node.place, node.process, name)
        for node in graph.nodes.values()
        for name, value in node.arguments.items()
        for found in references(value)
        if names and isinstance(found, FromParameter) and found.name in names
    ]


def _taken(value: Any) -> Any:
    """Return a native value as processes take it: features as a vector cube, and objects safe from later changes."""
    if is_frame(value):
        return from_frame(value)
    return copy.deepcopy(value) if isinstance(value, (dict, list)) else value


def _given_back(value: Any) -> Any:
    """Return a result as a native value: a vector cube that is a table of features as a GeoDataFrame."""
    return to_frame(value) if is_vector(value) and is_table(value) else value


class _Counter:
    def __init__(self, saved: list[Saved], plan: Plan, pixel_bytes: int, progress: Progress) -> None:
        values = [each.value for each in saved] or [plan.result]
        cubes = [value for value in values if isinstance(value, BlockCube) and value.grid is not None]
        blocks = [len(windows(cube, pixel_bytes)) for cube in cubes]
        blocks += [len(windows(cube)) for cube in plan.stages]
        self.total = max(sum(blocks), 1)
        self.done, self.progress = 0, progress
        self._lock = Lock()

    def advance(self) -> None:
        with self._lock:
            self.done += 1
            # Files are still to be finished when the last block is computed.
            self.progress(min(99.0 * self.done / self.total, 99.0))


def _summary(plan: Plan, blocks: int, pixel_bytes: int) -> str:
    height, width = block_shape(pixel_bytes)
    names = ", ".join(dict.fromkeys(source.collection_id for source in plan.sources)) or "no collection"
    return f"{blocks} block{'s' * (blocks != 1)} of up to {height} x {width} pixels from {names}."
