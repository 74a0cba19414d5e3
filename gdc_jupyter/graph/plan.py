"""From a process graph to a plan: cubes that are computed block by block, and what is saved of them.

Each process runs once on a single pixel (the probe) with all its dates, bands and labels. So the dimensions, labels and
types of every intermediate cube are known, and whatever a process refuses is told before any data are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import xarray as xr

from gdc_jupyter.cube.area import crop_geometries
from gdc_jupyter.errors import Fault, GdcError, InvalidProcessGraph
from gdc_jupyter.graph.application import apply
from gdc_jupyter.graph.block_cube import BlockCube
from gdc_jupyter.graph.blocks import Execution, assemble
from gdc_jupyter.graph.evaluate import CompiledCallback, call_process, resolve_all
from gdc_jupyter.graph.extents import NOWHERE, Extent, extent_of
from gdc_jupyter.graph.kept import Kept, digest_of, fingerprint, keep
from gdc_jupyter.graph.parse import Graph, Node, node_parameters
from gdc_jupyter.graph.planned import Call, crop, loaded, pixelwise, planned
from gdc_jupyter.graph.probes import Probes
from gdc_jupyter.graph.signature import misplaced_cubes
from gdc_jupyter.graph.view import View
from gdc_jupyter.processes import PROCESSES, Process
from gdc_jupyter.processes.engine import Deferred, Engine, T
from gdc_jupyter.settings import Permissions

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.catalog.collection import Collection, Query, Source

# The arguments that an error of a process is about.
_ARGUMENTS = {
    "BandNotFound": ("bands",),
    "BoundingBoxInvalid": ("spatial_extent", "extent"),
    "CollectionNotFound": ("id",),
    "CRSInvalid": ("projection", "spatial_extent", "extent"),
    "DimensionNotAvailable": ("dimension", "name", "source"),
    "FormatOptionInvalid": ("options",),
    "FormatUnsuitable": ("format",),
    "GeometryInvalid": ("spatial_extent", "geometries", "mask"),
    "KernelDimensionsUneven": ("kernel",),
    "NirBandAmbiguous": ("nir",),
    "OverlapResolverMissing": ("overlap_resolver",),
    "RedBandAmbiguous": ("red",),
    "ReducerResultInvalid": ("reducer", "process"),
    "TemporalExtentEmpty": ("temporal_extent", "extent", "intervals"),
    "TemporalExtentInvalid": ("temporal_extent", "extent", "intervals"),
}


@dataclass(frozen=True)
class Saved:
    """A value that is to be written to a file.

    Parameters
    ----------
    value : object
    format : str
    options : mapping
    extent : Extent
    changes : list of dict
        What is changed in the STAC metadata of the files, one JSON merge patch after another.
    collections : list of str
        The collections of the catalogue that the files are added to once the run has succeeded.
    """

    value: Any
    format: str
    options: Mapping[str, Any]
    extent: Extent = NOWHERE
    changes: list[dict[str, Any]] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)


@dataclass
class Plan:
    """What a graph computes: the value of its result node, and what it saves.

    Parameters
    ----------
    result : object
    saved : list of Saved
    cubes : list of BlockCube
        All cubes on the way.
    stages : list of BlockCube
        Those of them that a process needs as a whole, so that their blocks are computed before those of the result.
    sources : list of Source
        What is loaded.
    graph : Graph
        What it was made of.
    values : dict
        What each node stands for, by its id.
    execution : Execution
        How blocks are computed; whoever runs the plan says.
    extent : Extent
        Where and when the data of the result are from.
    resources : ExitStack
        What processes keep for the run; the end of a ``with`` closes it.
    acted : bool
        Whether a process acts elsewhere.
    """

    result: Any = None
    saved: list[Saved] = field(default_factory=list)
    cubes: list[BlockCube] = field(default_factory=list)
    stages: list[BlockCube] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    graph: Graph | None = None
    values: dict[str, Any] = field(default_factory=dict)
    execution: Execution = field(default_factory=Execution)
    extent: Extent = NOWHERE
    resources: ExitStack = field(default_factory=ExitStack)
    acted: bool = False

    def __enter__(self) -> Plan:
        """Return the plan."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what processes keep."""
        self.resources.close()


def _bound_cubes(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the callbacks that a user-defined process makes refer to a cube outside, each with what is wrong."""
    return [
        (name, f"The parameter '{parameter}' is a data cube, which a callback cannot refer to.")
        for name, value in arguments.items()
        if isinstance(value, CompiledCallback) and value.bound
        for parameter, bound in value.parameters.items()
        if isinstance(bound, BlockCube)
    ]


def _widths(node: Node, values: dict[str, Any], cube: BlockCube) -> list[int]:
    """Return the memory of a pixel of what a node's cube is computed from; what a source leaves out is not read."""
    inputs = [] if cube.source is not None else [values[name] for name in node.needs]
    return [each.widest for each in inputs if isinstance(each, BlockCube)]


class Planner:
    """Makes the plan of one graph; it is the engine that processes see.

    Parameters
    ----------
    catalog : Catalog
        The collections that can be loaded.
    parameters : mapping of str
        The values of the process's parameters.
    faults : list of Fault
        What is known to be wrong; nodes that have a fault are not tried.
    permissions : Permissions
        What the graph may do.
    log : callable
        Told a level and a message for the user.
    kept : Kept, optional
        Where blocks of results are kept for the next request.
    reads : bool
        Whether data may be read while the plan is made, for processes whose result has labels that depend on them.
    effects : bool
        Whether the graph is run, and processes may act elsewhere.
    unknown : set of str
        Parameters without a value; nodes that refer to one are not tried.
    view : View, optional
        At which resolution the result is looked at; nothing is saved then.
    """

    def __init__(
        self,
        catalog: Catalog,
        parameters: Mapping[str, Any],
        faults: Sequence[Fault] = (),
        permissions: Permissions | None = None,
        log: Callable[[str, str], None] = lambda level, message: None,
        kept: Kept | None = None,
        reads: bool = True,
        effects: bool = False,
        unknown: AbstractSet[str] = frozenset(),
        view: View | None = None,
    ) -> None:
        self.catalog = catalog
        self.parameters = parameters
        self.permissions = permissions or Permissions()
        self.log = log
        self.probing = True
        self.effects = effects
        self.probes = Probes()
        self.kept = kept
        self.reads = reads
        self.unknown = unknown
        self.view = view
        self.plan = Plan(execution=Execution(whole_bytes=self.permissions.limits.memory_bytes))
        self._kept: dict[Any, Any] = {}
        self._extents: dict[str, Extent] = {}
        self._lock = Lock()
        self.faults: list[Fault] = list(faults)

    def make(self, graph: Graph) -> Plan:
        """Return the plan.

        Raises
        ------
        InvalidProcessGraph
            With all faults. A node that depends on one at fault is not looked at.
        """
        try:
            return self._make(graph)
        except BaseException:
            self.plan.resources.close()
            raise

    def _make(self, graph: Graph) -> Plan:
        values = self.plan.values
        self.plan.graph = graph
        refused = {fault.path[:depth] for fault in self.faults for depth in range(1, len(fault.path) + 1)}
        for node in graph.nodes.values():
            if (
                node.place in refused
                or node.process not in PROCESSES
                or (self.unknown and not self.unknown.isdisjoint(node_parameters(node)))
            ):
                continue
            if all(name in values for name in node.needs):
                self._plan_node(node, values, graph.uses[node.id] > 1)
        if self.faults:
            raise InvalidProcessGraph(self.faults)
        self.plan.result, self.plan.extent = values.get(graph.result), self._extents.get(graph.result, NOWHERE)
        self.probing = False
        return self.plan

    def _plan_node(self, node: Node, values: dict[str, Any], shared: bool) -> None:
        saved = len(self.plan.saved)
        try:
            arguments = resolve_all(node.arguments, values, self.parameters, node.place, self)
            misplaced = misplaced_cubes(PROCESSES[node.process], arguments, BlockCube)
            misplaced += _bound_cubes(arguments)
            if misplaced:
                self.faults += [
                    Fault("ProcessParameterInvalid", message, node.place, node.process, name)
                    for name, message in misplaced
                ]
                return
            value = self._apply(PROCESSES[node.process], arguments, node)
        except InvalidProcessGraph as error:
            for fault in error.faults:
                self._refuse(fault.code, fault.message, fault.path or node.place, fault.process or node.process)
        except GdcError as error:
            self._refuse(error.code, error.message, node.place, node.process)
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
            message = f"The arguments do not fit together: {error}"
            self._refuse("ProcessParameterInvalid", message, node.place, node.process)
        except Deferred:
            # What depends on this node is known in a run only.
            return
        else:
            if isinstance(value, BlockCube):
                value = self._named(value, node, values, shared)
                value.widest = max([value.widest, value.pixel_bytes, *_widths(node, values, value)])
                if not value.path:
                    value.path, value.process = node.place, node.process
                self.plan.cubes.append(value)
            values[node.id] = value
            if self.reads:
                self._locate(node, value, arguments, saved)

    def _locate(self, node: Node, value: Any, arguments: dict[str, Any], saved: int) -> None:
        """Note where and when the data of a node are from, for what is saved from there on."""
        inputs = [self._extents[name] for name in node.needs]
        cubes = [each for each in arguments.values() if isinstance(each, xr.DataArray)]
        inputs += [extent_of(each, (), self.probes) for each in cubes]
        extent = self._extents[node.id] = extent_of(value, inputs, self.probes)
        self.plan.saved[saved:] = [replace(each, extent=extent) for each in self.plan.saved[saved:]]

    def _named(self, cube: BlockCube, node: Node, values: dict[str, Any], shared: bool) -> BlockCube:
        """Return a cube that knows what it depends on, and whose blocks are kept where that saves much."""
        if self.kept is None:
            cube.shared |= shared
            return cube
        inputs = [values[name] for name in node.needs if isinstance(values[name], BlockCube)]
        if cube.source is not None:
            name, weight = digest_of(cube.source, cube.grid), cube.pixel_bytes
        elif PROCESSES[node.process].plans:
            name, weight = cube.fingerprint, cube.pixel_bytes
        else:
            name = fingerprint(node.process, node.arguments, values, dict(self.parameters))
            weight = max((each.weight for each in inputs), default=0)
        return keep(replace(cube, shared=shared, fingerprint=name, weight=weight), inputs, self.kept)

    def _refuse(self, code: str, message: str, path: tuple[str, ...], process: str) -> None:
        known = {parameter.name for parameter in PROCESSES[process].parameters} if process in PROCESSES else set()
        argument = next((name for name in _ARGUMENTS.get(code, ()) if name in known), None)
        self.faults.append(Fault(code, message, path, process, argument))

    def _apply(self, process: Process, arguments: dict[str, Any], node: Node) -> Any:
        self.plan.acted |= process.acts
        if process.plans:
            return call_process(process.id, arguments, node.place, self, planned=True)
        return apply(Call(process, arguments, node.place, self, self.probes), self.plan, self.view, self.reads)

    def keep(self, make: Callable[[Engine], T]) -> T:
        """Return what lives as long as the run; see :class:`gdc_jupyter.processes.engine.Engine`."""
        with self._lock:
            if make not in self._kept:
                self._kept[make] = kept = make(self)
                self.plan.resources.callback(kept.close)
            result: T = self._kept[make]
        return result

    def load(self, collection: str | Collection, query: Query | None = None, polygons: Any = None) -> BlockCube:
        """Return a collection's cube; see :class:`gdc_jupyter.processes.engine.Engine`."""
        from gdc_jupyter.catalog.collection import Query

        source = (self.catalog.get(collection) if isinstance(collection, str) else collection).open(query or Query())
        source = source if self.view is None else self.view.source(source)
        self.plan.sources.append(source)
        cube = loaded(source)
        if polygons is None:
            return cube
        assert cube.grid is not None
        cropped = crop(cube, crop_geometries(cube.grid, polygons))
        call = Call(PROCESSES["filter_spatial"], {"data": cropped, "geometries": polygons}, (), self, self.probes)
        masked = pixelwise(call, {"data": cropped}, cropped.probe, 0)
        return masked if self.kept is None else replace(masked, fingerprint=digest_of(source, cropped.grid, polygons))

    def save(self, data: Any, format: str, options: dict[str, Any]) -> Any:
        """Note what is to be written; see :class:`gdc_jupyter.processes.engine.Engine`."""
        from gdc_jupyter.cube.encode import require_format

        data = planned(data)
        chosen = require_format(format)
        if isinstance(data, BlockCube) and data.grid is not None and 0 in data.grid.shape and chosen.name != "JSON":
            raise GdcError(
                "DataCubeEmpty",
                f"The data cube has no pixels, and {chosen.name} cannot hold that; choose another area.",
            )
        if self.view is None:
            chosen.check(
                data.probe if isinstance(data, BlockCube) else data,
                data.grid if isinstance(data, BlockCube) else None,
                options,
            )
        if isinstance(data, BlockCube):
            # A probe of its own, by which the saved value is known among others of the same cube.
            data = replace(data, probe=data.probe.copy(deep=False))
        self.plan.saved.append(Saved(data, chosen.name, options))
        return data

    def as_json(self, data: Any) -> Any:
        """Return a value in terms of JSON; see :class:`gdc_jupyter.processes.engine.Engine`."""
        from gdc_jupyter.cube.encode import require_format
        from gdc_jupyter.cube.encode.json import to_json

        data = planned(data)
        if not isinstance(data, BlockCube):
            return to_json(data)
        require_format("JSON").check(data.probe, data.grid, {})
        return to_json(assemble(data, self.plan.execution))

    def modify(self, data: Any, changes: dict[str, Any]) -> None:
        """Note changes of the metadata of what is saved; see :class:`gdc_jupyter.processes.engine.Engine`."""
        for saved in self._saved(data):
            saved.changes.append(changes)

    def export(self, data: Any, collection_id: str) -> None:
        """Note that what is saved becomes a collection; see :class:`gdc_jupyter.processes.engine.Engine`."""
        for saved in self._saved(data):
            self.catalog.check_export(collection_id, saved.format)
            saved.collections.append(collection_id)

    def _saved(self, data: Any) -> list[Saved]:
        def same(value: Any) -> bool:
            both = isinstance(value, BlockCube) and isinstance(data, BlockCube)
            return value.probe is data.probe if both else value is data

        found = [saved for saved in self.plan.saved if same(saved.value)]
        if not found:
            raise GdcError("StacInvalid", "These data are not saved: give the result of save_result.")
        return found
