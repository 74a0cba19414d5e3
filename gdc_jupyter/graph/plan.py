"""From a process graph to a plan: cubes that are computed block by block, and what is saved of them.

Each process runs once on a single pixel (the probe) with all its dates, bands and labels. So the dimensions, labels and
types of every intermediate cube are known, and whatever a process refuses is told before any data are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube import warp
from gdc_jupyter.cube.area import crop_polygons
from gdc_jupyter.cube.cube import build, is_raster, spatial_dimensions
from gdc_jupyter.cube.grid import Bounds, Grid
from gdc_jupyter.errors import Fault, GdcError, InvalidProcessGraph
from gdc_jupyter.graph.block_cube import BlockCube, Memo, cut, one_pixel, shaped
from gdc_jupyter.graph.blocks import assemble
from gdc_jupyter.graph.evaluate import call_process, resolve
from gdc_jupyter.graph.parse import FromNode, Graph, Node, references
from gdc_jupyter.processes import PROCESSES, Process
from gdc_jupyter.processes.registry import Reach
from gdc_jupyter.processes.spatial import warped

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.catalog.collection import Source


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
    """A value that is to be written to a file."""

    value: Any
    format: str
    options: Mapping[str, Any]


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
    advance : callable
        Called after each block of a stage; whoever runs the plan sets it.
    """

    result: Any = None
    saved: list[Saved] = field(default_factory=list)
    cubes: list[BlockCube] = field(default_factory=list)
    stages: list[BlockCube] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    advance: Callable[[], None] = lambda: None


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
    """

    def __init__(self, catalog: Catalog, parameters: Mapping[str, Any], faults: Sequence[Fault] = ()) -> None:
        self.catalog = catalog
        self.parameters = parameters
        self.plan = Plan()
        self.faults: list[Fault] = list(faults)

    def make(self, graph: Graph) -> Plan:
        """Return the plan.

        Raises
        ------
        InvalidProcessGraph
            With all faults. A node that depends on one at fault is not looked at.
        """
        values: dict[str, Any] = {}
        refused = {fault.path[0] for fault in self.faults if fault.path}
        for node in graph.nodes.values():
            if node.id in refused:
                continue
            needed = [one.node for one in references(dict(node.arguments)) if isinstance(one, FromNode)]
            if all(name in values for name in needed):
                self._plan_node(node, values, graph.uses[node.id] > 1)
        if self.faults:
            raise InvalidProcessGraph(self.faults)
        self.plan.result = values[graph.result]
        return self.plan

    def _plan_node(self, node: Node, values: dict[str, Any], shared: bool) -> None:
        try:
            arguments = {
                name: resolve(value, values, self.parameters, (node.id,)) for name, value in node.arguments.items()
            }
            value = self._apply(PROCESSES[node.process], arguments, node)
        except InvalidProcessGraph as error:
            for fault in error.faults:
                self._refuse(fault.code, fault.message, fault.path or (node.id,), fault.process or node.process)
        except GdcError as error:
            self._refuse(error.code, error.message, (node.id,), node.process)
        else:
            if isinstance(value, BlockCube):
                value = replace(value, shared=shared)
                self.plan.cubes.append(value)
            values[node.id] = value

    def _refuse(self, code: str, message: str, path: tuple[str, ...], process: str) -> None:
        known = {parameter.name for parameter in PROCESSES[process].parameters} if process in PROCESSES else set()
        argument = next((name for name in _ARGUMENTS.get(code, ()) if name in known), None)
        self.faults.append(Fault(code, message, path, process, argument))

    def _apply(self, process: Process, arguments: dict[str, Any], node: Node) -> Any:
        path = (node.id,)
        if process.engine:
            return call_process(process.id, arguments, path, engine=self)
        cubes = {name: value for name, value in arguments.items() if isinstance(value, BlockCube)}
        if not cubes:
            return call_process(process.id, arguments, path)
        first = next(iter(cubes.values()))
        if process.crop and first.grid is not None:
            return self._crop(process, first, arguments, path)
        if process.regrid and first.grid is not None:
            return regridded(first, process.regrid(first.grid, _with_grids(arguments)), arguments.get("method", "near"))
        probes = {**arguments, **{name: cube.probe for name, cube in cubes.items()}}
        reach = process.reach_of(probes)
        if reach is Reach.LABELS or process.counts:
            virtual = {**arguments, **{name: _virtual(cube) for name, cube in cubes.items()}}
            seen = call_process(process.id, virtual, path)
            if reach is Reach.LABELS:
                return seen
        cubes = _aligned(cubes)
        probes |= {name: _beside(cube, first) for name, cube in cubes.items()}
        probe = call_process(process.id, probes, path)
        if not isinstance(probe, xr.DataArray):
            return probe
        if process.selects and first.source is not None:
            return selected(first, probe)
        if reach is Reach.WHOLE:
            self.plan.stages += [cube for cube in cubes.values() if cube.grid is not None]
            return whole(process, arguments, cubes, probe, path, self.plan)
        margin = process.margin(probes) if process.margin else 0
        return pixelwise(process, arguments, cubes, probe, path, margin)

    def _crop(self, process: Process, cube: BlockCube, arguments: dict[str, Any], path: tuple[str, ...]) -> BlockCube:
        assert cube.grid is not None
        assert process.crop is not None
        cropped = crop(cube, process.crop(cube.grid, _with_grids(arguments)))
        if not process.masks:
            return cropped
        probe = call_process(process.id, {**arguments, "data": cropped.probe}, path)
        return pixelwise(process, arguments, {"data": cropped}, probe, path, 0)

    def load(
        self,
        collection_id: str,
        bounds: Bounds | None,
        crs: str,
        polygons: Any,
        start: np.datetime64 | None,
        end: np.datetime64 | None,
        bands: list[str] | None,
        properties: dict[str, Any] | None,
    ) -> BlockCube:
        """Return a collection's cube; see :class:`gdc_jupyter.processes.engine.Engine`."""
        from gdc_jupyter.catalog.collection import Query

        def matches(item: dict[str, Any]) -> bool:
            return all(
                bool(condition(value=item.get(name), context=None)) for name, condition in (properties or {}).items()
            )

        query = Query(bounds, crs, start, end, tuple(bands) if bands else None, matches if properties else None)
        source = self.catalog.get(collection_id).open(query)
        self.plan.sources.append(source)
        cube = loaded(source)
        if polygons is None:
            return cube
        assert cube.grid is not None
        cropped = crop(cube, crop_polygons(cube.grid, polygons))
        arguments = {"data": cropped, "mask": polygons}
        return pixelwise(PROCESSES["mask_polygon"], arguments, {"data": cropped}, cropped.probe, (), 0)

    def save(self, data: Any, format: str, options: dict[str, Any]) -> Any:
        """Note what is to be written; see :class:`gdc_jupyter.processes.engine.Engine`."""
        from gdc_jupyter.cube.encode import require_format

        chosen = require_format(format)
        chosen.check(
            data.probe if isinstance(data, BlockCube) else data,
            data.grid if isinstance(data, BlockCube) else None,
            options,
        )
        self.plan.saved.append(Saved(data, chosen.name, options))
        return data


def loaded(source: Source) -> BlockCube:
    """Return the cube that a source reads."""
    pixel = np.ones((*source.shape[:2], 1, 1), dtype=source.dtype)
    probe = _labelled(source, pixel, source.grid.window(0, 0, 1, 1))

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        assert window is not None
        return _labelled(source, source.read(window), window)

    return BlockCube(probe, source.grid, compute, source)


def _labelled(source: Source, values: Any, grid: Grid) -> xr.DataArray:
    labels: dict[str, Any] = {} if source.times is None else {"t": ("temporal", source.times)}
    labels["bands"] = ("bands", [band.name for band in source.bands])
    attributes = {
        "common_names": {band.name: band.common_name for band in source.bands if band.common_name},
        "center_wavelengths": {band.name: band.center_wavelength for band in source.bands if band.center_wavelength},
    }
    return build(values[0] if source.times is None else values, labels, grid, attributes)


def selected(cube: BlockCube, probe: xr.DataArray) -> BlockCube:
    """Return a loaded cube that reads only the dates and bands that its new probe has left."""
    source = cube.source
    times = probe.coords["t"].values if source.times is not None else None
    if times is not None and not len(times):
        raise GdcError("NoDataAvailable", _no_dates(source.times))
    bands = probe.coords["bands"].values.tolist()
    if not bands:
        raise GdcError("BandNotFound", "No band is left.")
    chosen = loaded(source.select(times=times, bands=bands))
    return chosen if cube.grid == source.grid or cube.grid is None else crop(chosen, cube.grid)


def _no_dates(times: Any) -> str:
    first, last = (np.datetime_as_string(time, "D") for time in (times[0], times[-1]))
    return f"There is no date in that interval; the data reach from {first} to {last}."


def crop(cube: BlockCube, grid: Grid) -> BlockCube:
    """Return a cube on a part of its grid."""
    return BlockCube(
        one_pixel(cube.probe, grid), grid, lambda window, memo: cube.block(_given(window), memo), cube.source
    )


def regridded(cube: BlockCube, target: Grid, method: str) -> BlockCube:
    """Return a cube on another grid; each block reads the window of the input that it needs."""
    grid = cube.grid
    assert grid is not None
    scale = warp.scale_between(grid, target)

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        wanted = _given(window)
        needed = warp.source_window(grid, wanted, method)
        if needed is None:
            return shaped(probe, np.full(_shape(probe, wanted), np.nan, _float(probe.dtype)), wanted)
        return _require_cube(warped(cube.block(needed, memo), wanted, method, scale))

    values = cube.probe.values
    probe = one_pixel(cube.probe.copy(data=values.astype(_float(values.dtype))), target)
    return BlockCube(probe, target, compute)


def pixelwise(
    process: Process,
    arguments: dict[str, Any],
    cubes: dict[str, BlockCube],
    probe: xr.DataArray,
    path: tuple[str, ...],
    margin: int,
) -> BlockCube:
    """Return the cube of a process that computes a block from the same block of its inputs, or one with a margin."""
    first = next(iter(cubes.values()))
    rasters = {name: cube for name, cube in cubes.items() if cube.grid is not None}
    grid = _joined(rasters) if process.joins else first.grid
    if not is_raster(probe):
        grid = None

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        if window is None or grid is None:
            blocks = {name: cube.whole() for name, cube in cubes.items()}
            return _require_cube(call_process(process.id, {**arguments, **blocks}, path))
        reached = grid.intersection(window.expand(margin)) if margin else window
        assert reached is not None
        fetch = BlockCube.part if process.joins else BlockCube.block
        blocks = {
            name: fetch(cube, reached, memo) if cube.grid is not None else cube.whole() for name, cube in cubes.items()
        }
        result = _require_cube(call_process(process.id, {**arguments, **blocks}, path))
        if process.joins:
            result = _filled(result, reached)
        return cut(result, reached, window)

    return BlockCube(probe if grid is None else one_pixel(probe, grid), grid, compute)


def whole(
    process: Process,
    arguments: dict[str, Any],
    cubes: dict[str, BlockCube],
    probe: xr.DataArray,
    path: tuple[str, ...],
    plan: Plan,
) -> BlockCube:
    """Return the cube of a process that needs all pixels of its inputs at once."""
    first = next(iter(cubes.values()))
    grid = first.grid if is_raster(probe) else None

    def everything(window: Grid | None, memo: Memo) -> xr.DataArray:
        inputs = {name: assemble(cube, lambda: plan.advance()) for name, cube in cubes.items()}
        return _require_cube(call_process(process.id, {**arguments, **inputs}, path))

    complete = BlockCube(probe, None, everything)
    if grid is None:
        return complete

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        return cut(complete.whole(), grid, _given(window))

    return BlockCube(one_pixel(probe, grid), grid, compute)


def _aligned(cubes: dict[str, BlockCube]) -> dict[str, BlockCube]:
    """Bring all cubes to the lattice of the first, as openEO asks of mask and merge_cubes."""
    target = next((cube.grid for cube in cubes.values() if cube.grid is not None), None)
    if target is None:
        return cubes
    return {
        name: cube if cube.grid is None or target.aligned(cube.grid) else regridded(cube, target, "near")
        for name, cube in cubes.items()
    }


def _beside(cube: BlockCube, first: BlockCube) -> xr.DataArray:
    """Return the probe of a cube at the place of the first cube's, so that the two have the same labels."""
    return cube.probe if cube.grid is None or first.grid is None else one_pixel(cube.probe, first.grid)


def _joined(cubes: dict[str, BlockCube]) -> Grid | None:
    grids = [cube.grid for cube in cubes.values() if cube.grid is not None]
    joined = grids[0] if grids else None
    for grid in grids[1:]:
        assert joined is not None
        joined = joined if joined == grid else joined.union(grid)
    return joined


def _filled(result: xr.DataArray, window: Grid) -> xr.DataArray:
    vertical, horizontal = spatial_dimensions(result)
    if (result.sizes[vertical], result.sizes[horizontal]) == window.shape:
        return result
    return _require_cube(result.reindex({vertical: window.y_labels(), horizontal: window.x_labels()}))


def _virtual(cube: BlockCube) -> xr.DataArray:
    """Return the labels of a whole cube over values that take no memory."""
    if cube.grid is None:
        return cube.probe
    values = np.broadcast_to(np.ones((), cube.probe.dtype), _shape(cube.probe, cube.grid))
    return shaped(cube.probe, values, cube.grid)


def _shape(probe: xr.DataArray, grid: Grid) -> list[int]:
    vertical, horizontal = spatial_dimensions(probe)
    sizes = {vertical: grid.height, horizontal: grid.width}
    return [sizes.get(str(name), size) for name, size in probe.sizes.items()]


def _float(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype.kind == "f" else np.dtype(np.float32)


def _with_grids(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value.grid if isinstance(value, BlockCube) else value for name, value in arguments.items()}


def _given(window: Grid | None) -> Grid:
    assert window is not None
    return window


def _require_cube(value: Any) -> xr.DataArray:
    assert isinstance(value, xr.DataArray)
    return value
