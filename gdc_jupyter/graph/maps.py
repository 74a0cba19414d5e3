"""A process graph as a map: its result on any window, in colours, at the resolution of what is shown.

The same plan answers all windows of about one resolution. Where a process needs all pixels of a cube at once, that is
computed for the whole area, at a resolution that is bounded, and kept with the plan.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.coarser import ground_size
from gdc_jupyter.cube.cube import dimensions_of_type, instants_of, labels_of, spatial_dimensions
from gdc_jupyter.cube.encode.layout import planes
from gdc_jupyter.cube.encode.pictures import value_range
from gdc_jupyter.cube.grid import Bounds, Grid
from gdc_jupyter.cube.tiling import area_of, parts, pixel_on_ground, zoom_of
from gdc_jupyter.cube.time import parse_instant, within
from gdc_jupyter.errors import Fault, GdcError, InvalidProcessGraph
from gdc_jupyter.graph.block_cube import BlockCube, Memo
from gdc_jupyter.graph.blocks import assemble, block_shape
from gdc_jupyter.graph.costs import human, size_of
from gdc_jupyter.graph.parse import Callback, Graph
from gdc_jupyter.graph.plan import Plan
from gdc_jupyter.graph.planned import regridded, selected
from gdc_jupyter.graph.run import make_plan
from gdc_jupyter.graph.view import View
from gdc_jupyter.processes import PROCESSES

if TYPE_CHECKING:
    import xarray as xr

    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.settings import Permissions

#: What a cube may hold that is needed as a whole.
WHOLE_BYTES = 64 << 20
#: Pixels on an edge of the picture from which the range of values is taken.
SAMPLE_EDGE = 256
#: Plans are shared by resolutions that differ by less than a quarter of an octave.
_STEPS_PER_OCTAVE = 4
# What a graph gets for the parameters that a map has: all is loaded that there is, and read where it is shown.
PARAMETERS: dict[str, Any] = {"spatial_extent": None}
_PLANS, _HEAVY_PLANS = 16, 2


@dataclass(frozen=True)
class Layer:
    """What is shown of a cube.

    Parameters
    ----------
    bands : tuple of str, optional
        One band, or those that are shown as red, green and blue.
    datetime : str, optional
        The newest label of time that is not after this instant is shown; the newest of all by default.
    """

    bands: tuple[str, ...] | None = None
    datetime: str | None = None


class Map:
    """A process graph as something to look at.

    Parameters
    ----------
    process : mapping
        A process with ``process_graph``.
    catalog : Catalog
        The collections that it may load.
    permissions : Permissions
        What it may do.
    layer : Layer
        What is shown of its result.
    read_bytes : int
        What may be read for one window, as decoded numbers.

    Raises
    ------
    InvalidProcessGraph
        Where the graph has faults, or its result is no raster cube.
    """

    def __init__(
        self,
        process: Mapping[str, Any],
        catalog: Catalog,
        permissions: Permissions,
        layer: Layer = Layer(),
        read_bytes: int = 10**9,
    ) -> None:
        self._process, self._catalog, self._permissions = process, catalog, permissions
        self._layer, self._read_bytes = layer, read_bytes
        self._plans: OrderedDict[float, tuple[Plan, BlockCube]] = OrderedDict()
        with make_plan(process, catalog, PARAMETERS, permissions, reads=False, view=View()) as plan:
            cube = _raster_of(plan)
            assert cube.grid is not None
            assert plan.graph is not None
            self._indexers, self.bands = chosen_labels(cube.probe, layer)
            self._dates = _dates_of(cube.probe, self._indexers)
            self.area: Bounds = area_of(cube.grid)
            self.resolution = _resolution_of(cube.grid)
            self._shape = cube.grid.shape
            self._saved = plan.saved[-1].options if plan.saved else {}
            self.whole = _needing_all(plan, plan.graph)
            self._heavy = bool(self.whole) or _uses(plan.graph, "run_udf")
            self._finest = self._bounded(plan) if self.whole else 0.0

    def close(self) -> None:
        """Let go of all plans."""
        while self._plans:
            self._plans.popitem()[1][0].resources.close()

    @cached_property
    def about(self) -> dict[str, Any]:
        """Where the map is, and what it shows."""
        west, south, east, north = self.area
        middle = (max(south, -90.0) + min(north, 90.0)) / 2
        resolution = max(self.resolution, self._finest)
        about: dict[str, Any] = {
            "bounds": [west, south, east - 360 if east > 180 and east - west < 360 else east, north],
            "resolution": float(f"{resolution:.4g}"),
            "zoom": zoom_of(resolution, middle),
        }
        if self.bands:
            about["bands"] = list(self.bands)
        about |= self._dates
        if self.whole:
            about["whole"] = list(self.whole)
        return about

    def values(self, window: Grid, method: str = "near") -> NDArray[Any]:
        """Return the bands that are shown on a window.

        Parameters
        ----------
        window : Grid
            A regular grid in any CRS.
        method : str
            A resampling method of openEO.

        Returns
        -------
        numpy.ndarray, shape (bands, window.height, window.width)
            NaN is no data.

        Raises
        ------
        GdcError
            ``ProcessGraphComplexity`` where too much would have to be read; what the processes raise.
        """
        out = np.full((max(len(self.bands), 1), *window.shape), np.nan, np.float32)
        inside = parts(window, self.area)
        if not inside:
            return out
        cube = self._cube(min(pixel_on_ground(part.grid) for part in inside))
        for part in inside:
            target = regridded(cube, part.grid, method)
            self._refuse(target, part.grid)
            for block in part.grid.blocks(*block_shape(max(target.widest, target.pixel_bytes))):
                row, column = window.offset(block)
                values = self._ordered(target.block(block, {}))
                out[:, row : row + block.height, column : column + block.width] = values
        return out

    def range(self) -> tuple[float, float]:
        """Return the values of the first and the last colour: those that the graph saves with, else percentiles."""
        options = {str(name).lower(): value for name, value in self._saved.items()}
        limits = {name: _number(options.get(name)) for name in ("min", "max")}
        if None not in limits.values():
            return value_range(np.empty(0), limits)
        cube = self._cube(self.resolution * max(max(self._shape) / SAMPLE_EDGE, 1))
        assert cube.grid is not None
        self._refuse(cube, cube.grid)
        execution = next(iter(reversed(self._plans.values())))[0].execution
        return value_range(self._ordered(assemble(cube, execution)), limits)

    @property
    def colormap(self) -> str | None:
        """The colours that the graph saves a picture with."""
        options = {str(name).lower(): value for name, value in self._saved.items()}
        return options.get("colormap")

    def _ordered(self, block: xr.DataArray) -> NDArray[Any]:
        """Return a block as bands, rows from the north and columns from the west."""
        vertical, horizontal = spatial_dimensions(block)
        in_order = block.dims[-2:] == (vertical, horizontal)
        values = (block if in_order else block.transpose(..., vertical, horizontal)).values
        return values.reshape(-1, *values.shape[-2:])

    def _cube(self, metres: float) -> BlockCube:
        """Return the cube that is shown where a pixel has so many metres on the ground."""
        metres = max(metres, self._finest)
        if math.isfinite(metres) and metres > self.resolution:
            metres = 2 ** (math.floor(math.log2(metres) * _STEPS_PER_OCTAVE) / _STEPS_PER_OCTAVE)
        else:
            metres = 0.0
        known = self._plans.get(metres)
        if known is None:
            known = self._plans[metres] = self._planned(metres)
            while len(self._plans) > (_HEAVY_PLANS if self._heavy else _PLANS):
                self._plans.popitem(last=False)[1][0].resources.close()
        self._plans.move_to_end(metres)
        return known[1]

    def _planned(self, metres: float) -> tuple[Plan, BlockCube]:
        """Return a plan and what is shown of it; where too little is left at a resolution, a finer one is taken."""
        for finer in (metres, metres / 8, metres / 64, 0.0):
            view = View(finer if finer > self.resolution else 0.0)
            try:
                plan = make_plan(self._process, self._catalog, PARAMETERS, self._permissions, view=view)
            except InvalidProcessGraph:
                if not view.metres or self.whole:
                    raise
                continue
            try:
                return plan, shown(_raster_of(plan), self._indexers)
            except BaseException:
                plan.resources.close()
                raise
        raise AssertionError("the last resolution is that of the data")

    def _bounded(self, plan: Plan) -> float:
        """Return the resolution at which what is needed as a whole is not too large, in metres."""
        largest = max([size_of(cube) for cube in plan.stages], default=0)
        loaded = sum(math.prod(source.shape) * source.dtype.itemsize for source in plan.sources)
        excess = max(largest / WHOLE_BYTES, loaded / self._read_bytes)
        # Pixels become coarser by powers of two.
        return self.resolution * 2 ** math.ceil(math.log2(excess) / 2) if excess > 1 else 0.0

    def _refuse(self, cube: BlockCube, window: Grid) -> None:
        size = decoded_bytes(cube, window)
        if size > self._read_bytes:
            raise GdcError(
                "ProcessGraphComplexity",
                f"{human(size)} would be read for one picture, and at most {human(self._read_bytes)} are allowed: load "
                "fewer dates or bands, or zoom in.",
            )


def chosen_labels(probe: xr.DataArray, layer: Layer) -> tuple[dict[str, list[int]], tuple[str, ...]]:
    """Return which labels of a cube are shown, and the names of the bands among them.

    Raises
    ------
    GdcError
        ``BandNotFound`` or ``NoDataAvailable``, with what there is.
    """
    leading, bands = planes(probe)
    times = dimensions_of_type(probe, "temporal")
    chosen = {name: [_newest(probe, name, layer.datetime) if name in times else 0] for name in leading}
    if bands is None:
        if layer.bands:
            raise GdcError("BandNotFound", f"The result has no bands, and {', '.join(layer.bands)} cannot be shown.")
        return chosen, ()
    names = [str(label) for label in labels_of(probe, bands)]
    chosen[bands] = _band_positions(names, probe.attrs.get("common_names") or {}, layer.bands)
    return chosen, tuple(names[position] for position in chosen[bands])


def _dates_of(probe: xr.DataArray, chosen: Mapping[str, list[int]]) -> dict[str, Any]:
    """Return how many dates a cube has, and which is shown; nothing where it has no time."""
    for name in dimensions_of_type(probe, "temporal"):
        if name in chosen:
            label = labels_of(probe, name)[chosen[name][0]]
            text = f"{np.datetime_as_string(label, 's')}Z" if isinstance(label, np.datetime64) else str(label)
            return {"dates": int(probe.sizes[name]), "datetime": text}
    return {}


def _newest(probe: xr.DataArray, name: str, limit: str | None) -> int:
    instants = instants_of(probe, name)
    if instants is None or not len(instants):
        return probe.sizes[name] - 1
    kept = np.arange(len(instants))
    if limit is not None:
        end = parse_instant(limit) + (
            np.timedelta64(1, "D") if len(limit) <= len("2022-06-30") else np.timedelta64(1, "ns")
        )
        kept = np.flatnonzero(within(instants, None, end))
    if not kept.size:
        raise GdcError("NoDataAvailable", f"The result has no date up to {limit}; the first is {instants.min()}.")
    return int(kept[np.argmax(instants[kept])])


def _band_positions(names: list[str], common: Mapping[str, str], wanted: Sequence[str] | None) -> list[int]:
    positions = {common[name]: at for at, name in reversed(list(enumerate(names))) if name in common}
    positions |= {name: at for at, name in enumerate(names)}
    if wanted is not None:
        missing = [name for name in wanted if name not in positions]
        if missing:
            raise GdcError("BandNotFound", f"The result has no band {', '.join(missing)}; it has {', '.join(names)}.")
        return [positions[name] for name in wanted]
    if len(names) > 1 and all(name in positions for name in ("red", "green", "blue")):
        return [positions[name] for name in ("red", "green", "blue")]
    return [0, 1, 2] if len(names) == 3 else [0]


def shown(cube: BlockCube, indexers: Mapping[str, list[int]]) -> BlockCube:
    """Return a cube with some of its labels; what a source need not read is not read."""
    probe = cube.probe.isel(indexers)
    if probe.shape == cube.probe.shape:
        return cube
    if cube.source is not None:
        return selected(cube, probe)

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        assert window is not None
        return cube.block(window, memo).isel(indexers)

    return BlockCube(
        probe, cube.grid, compute, how="on blocks", needs=lambda window: [(cube, window)], widest=cube.widest
    )


def decoded_bytes(cube: BlockCube, window: Grid) -> int:
    """Return what is read for a window of a cube, as numbers in memory; what is computed as a whole is left out."""
    waiting: list[tuple[BlockCube, Grid | None]] = [(cube, window)]
    seen: set[tuple[int, Grid | None]] = set()
    total = 0
    while waiting:
        one, asked = waiting.pop()
        if one.grid is None or asked is None:
            continue
        inside = asked if one.grid.wraps else one.grid.intersection(asked)
        if inside is None or (id(one), inside) in seen:
            continue
        seen.add((id(one), inside))
        if one.how == "read":
            total += inside.width * inside.height * one.pixel_bytes
        waiting += one.needs(inside)
    return total


def _raster_of(plan: Plan) -> BlockCube:
    result = plan.result
    if isinstance(result, BlockCube) and result.grid is not None and result.probe.dtype.kind in "biuf":
        if 0 in result.grid.shape or not result.probe.size:
            raise _refused(plan, "DataCubeEmpty", "The result has no pixels; choose another area.")
        return result
    found = f"it is a {type(result).__name__}" if not isinstance(result, BlockCube) else "it has no x and y"
    raise _refused(plan, "FormatUnsuitable", f"A map shows a raster cube of numbers, and the result is none: {found}.")


def _refused(plan: Plan, code: str, message: str) -> InvalidProcessGraph:
    graph = plan.graph
    assert graph is not None
    return InvalidProcessGraph([Fault(code, message, (graph.result,), graph.nodes[graph.result].process)])


def _resolution_of(grid: Grid) -> float:
    """Return the edge of a pixel in metres, for a grid that is not regular the mean one."""
    if grid.regular:
        return ground_size(grid)
    west, south, east, north = grid.bounds
    return ground_size(
        Grid(grid.crs, west, north, (east - west) / grid.width, (south - north) / grid.height, *grid.shape[::-1])
    )


def _needing_all(plan: Plan, graph: Graph) -> tuple[str, ...]:
    """Return the nodes that need all pixels of a cube at once."""
    held = {cube.path[0] for cube in plan.cubes if cube.path and (cube.before or cube.streamed)}
    return tuple(node.id for node in graph.nodes.values() if node.id in held or PROCESSES[node.process].trims)


def _uses(graph: Graph, process: str) -> bool:
    """Return whether a process is in a graph, or in a callback."""
    waiting: list[Any] = [*graph.nodes.values()]
    while waiting:
        node = waiting.pop()
        if node.process == process:
            return True
        for value in node.arguments.values():
            if isinstance(value, Callback):
                waiting += value.graph.nodes.values()
    return False


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
