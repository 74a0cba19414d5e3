"""Planned cubes: how a block of each kind of them is computed from blocks of those before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube import warp
from gdc_jupyter.cube.align import warped
from gdc_jupyter.cube.cube import build, grid_of, is_raster, spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.time import format_instant
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.block_cube import BlockCube, Memo, cut, one_pixel, shaped
from gdc_jupyter.graph.blocks import Execution, assemble
from gdc_jupyter.graph.evaluate import CompiledCallback, call_process
from gdc_jupyter.graph.meter import metered
from gdc_jupyter.graph.probes import Probes
from gdc_jupyter.processes import Process

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Source
    from gdc_jupyter.processes.engine import Engine


@dataclass(slots=True, eq=False)
class Call:
    """A process with its arguments, to be called with the cubes among them replaced by values.

    Parameters
    ----------
    process : Process
    arguments : dict
    path : tuple of str
        Where the node is.
    engine : Engine
    probes : Probes
        What is known of the probes of the plan.
    """

    process: Process
    arguments: dict[str, Any]
    path: tuple[str, ...]
    engine: Engine
    probes: Probes

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Return what the process makes of values for its cubes."""
        return call_process(self.process.id, {**self.arguments, **values}, self.path, self.engine)

    def compute(self, values: Mapping[str, xr.DataArray], **more: Any) -> xr.DataArray:
        """Return what the process makes of blocks and further arguments, and measure it."""
        size = sum(value.nbytes for value in values.values())
        return require_cube(metered(self.work(), lambda: self({**values, **more}), size))

    def work(self) -> str:
        """What the computation is called where it is measured: the process, with those of its callback."""
        inner = {
            node.process
            for value in self.arguments.values()
            if isinstance(value, CompiledCallback)
            for node in value.graph.nodes.values()
        }
        return f"compute {self.process.id}" + (f"({' '.join(sorted(inner)[:5])})" if inner else "")


def planned(value: Any) -> Any:
    """Return a raster in memory as a cube that hands out its blocks; anything else as it is."""
    if not is_raster(value):
        return value
    grid = grid_of(value)

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        return cut(value, grid, _given(window))

    return BlockCube(cut(value, grid, grid.window(0, 0, 1, 1)), grid, compute, how="in memory")


def loaded(source: Source) -> BlockCube:
    """Return the cube that a source reads."""
    pixel = np.ones((*source.shape[:-2], 1, 1), dtype=source.dtype)
    probe = _labelled(source, pixel, source.grid.window(0, 0, 1, 1))

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        assert window is not None
        values = metered(work, lambda: source.read(window))
        return shaped(probe, values[0] if source.times is None else values, window)

    work = f"read {type(source).__name__}"
    return BlockCube(probe, source.grid, compute, source, how="read", work=lambda: work)


def _labelled(source: Source, array: Any, grid: Grid) -> xr.DataArray:
    labels: dict[str, Any] = {} if source.times is None else {"t": ("temporal", source.times)}
    labels["bands"] = ("bands", [band.name for band in source.bands])
    labels |= {name: ("other", values) for name, values in source.others}
    attributes = {
        "common_names": {band.name: band.common_name for band in source.bands if band.common_name},
        "center_wavelengths": {band.name: band.center_wavelength for band in source.bands if band.center_wavelength},
    }
    return build(array[0] if source.times is None else array, labels, grid, attributes)


def selected(cube: BlockCube, probe: xr.DataArray) -> BlockCube:
    """Return a loaded cube that reads only the dates and bands that its new probe has left."""
    source = cube.source
    times = probe.coords["t"].values if source.times is not None else None
    if times is not None and not len(times):
        raise GdcError("NoDataAvailable", _no_dates(source.times))
    bands = probe.coords["bands"].values.tolist()
    if not bands:
        present = ", ".join(band.name for band in source.bands)
        raise GdcError("BandNotFound", f"The data cube has none of these bands; it has {present}.")
    picked = source.select(times=times, bands=bands)
    for name, labels in source.others:
        left = probe.coords[name].values.tolist()
        if left != labels.tolist():
            picked = picked.pick(name, [labels.tolist().index(label) for label in left])
    chosen = loaded(picked)
    return chosen if cube.grid == source.grid or cube.grid is None else crop(chosen, cube.grid)


def _no_dates(times: Any) -> str:
    first, last = (format_instant(time)[:10] for time in (times[0], times[-1]))
    return f"There is no date in that interval; the data reach from {first} to {last}."


def crop(cube: BlockCube, grid: Grid) -> BlockCube:
    """Return a cube on a part of its grid."""
    return BlockCube(
        one_pixel(cube.probe, grid),
        grid,
        lambda window, memo: cube.block(_given(window), memo),
        cube.source,
        how="a part of what is there",
        needs=lambda window: [(cube, window)],
    )


def regridded(cube: BlockCube, target: Grid, method: str) -> BlockCube:
    """Return a cube on another grid; each block reads the window of the input that it needs."""
    grid = cube.grid
    assert grid is not None
    scale = warp.scale_between(grid, target, method)

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        wanted = _given(window)
        needed = warp.source_window(grid, wanted, method)
        if needed is None:
            return shaped(probe, np.full(_shape(probe, wanted), np.nan, _float(probe.dtype)), wanted)
        block = cube.block(needed, memo)
        return require_cube(metered(work, lambda: warped(block, wanted, method, scale), block.nbytes))

    values = cube.probe.values
    probe = shaped(cube.probe, values.astype(_float(values.dtype)), target.window(0, 0, 1, 1))
    work = f"compute resample {method}"

    def needs(window: Grid | None) -> list[tuple[BlockCube, Grid | None]]:
        needed = warp.source_window(grid, _given(window), method)
        return [] if needed is None else [(cube, needed)]

    how = f"on blocks, resampled ({method})"
    # A pixel of a coarser grid is made of several.
    widest = round(max(cube.widest, cube.pixel_bytes) * max(1 / (scale[0] * scale[1]), 1))
    return BlockCube(probe, target, compute, how=how, work=lambda: work, needs=needs, widest=widest)


def pixelwise(call: Call, cubes: dict[str, BlockCube], probe: xr.DataArray, margin: int) -> BlockCube:
    """Return the cube of a process that computes a block from the same block of its inputs, or one with a margin."""
    first = next(iter(cubes.values()))
    rasters = {name: cube for name, cube in cubes.items() if cube.grid is not None}
    joins = call.process.joins
    grid = _joined(rasters) if joins else first.grid
    if not call.probes.is_raster(probe):
        grid = None

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        if window is None or grid is None:
            return call.compute({name: cube.whole() for name, cube in cubes.items()})
        reached = grid.intersection(window.expand(margin)) if margin else window
        assert reached is not None
        fetch = BlockCube.part if joins else BlockCube.block
        result = call.compute(
            {name: fetch(cube, reached, memo) if cube.grid else cube.whole() for name, cube in cubes.items()}
        )
        return cut(_filled(result, reached) if joins or reached.curvilinear else result, reached, window)

    def needs(window: Grid | None) -> list[tuple[BlockCube, Grid | None]]:
        reached = grid.intersection(window.expand(margin)) if grid and window and margin else window
        return [(cube, reached) for cube in cubes.values()]

    placed = probe if grid is None else call.probes.at(probe, grid)
    how = f"on blocks with a margin of {margin} pixels" if margin else "on blocks" if grid else "at once"
    return BlockCube(placed, grid, compute, how=how, work=call.work, needs=needs)


def neighbouring(call: Call, cubes: dict[str, BlockCube]) -> BlockCube:
    """Return the cube of a process that tells which window of its inputs a window of its result needs."""
    first = next(iter(cubes.values()))
    process, source = call.process, first.grid
    assert source is not None
    assert process.reads is not None
    arguments = {**with_grids(call.arguments), "probe": first.probe}
    grid = process.regrid(source, arguments) if process.regrid else source

    def make(inputs: dict[str, xr.DataArray], needed: Grid, window: Grid) -> xr.DataArray:
        more = {"window": (source, window)} if process.windowed else {}
        result = call.compute(inputs, **more)
        return cut(result, grid_of(result) if process.regrid else needed, window)

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        assert process.reads is not None
        needed = process.reads(source, arguments, _given(window))
        inputs = {name: cube.block(needed, memo) if cube.grid else cube.whole() for name, cube in cubes.items()}
        return make(inputs, needed, _given(window))

    def needs(window: Grid | None) -> list[tuple[BlockCube, Grid | None]]:
        assert process.reads is not None
        needed = process.reads(source, arguments, _given(window))
        return [(cube, needed if cube.grid else None) for cube in cubes.values()]

    how = "on blocks with what is around them"
    pixel = grid.window(0, 0, 1, 1)
    around = process.reads(source, arguments, pixel)
    probe = make({name: virtual(cube, around) for name, cube in cubes.items()}, around, pixel)
    return BlockCube(one_pixel(probe, grid), grid, compute, how=how, work=call.work, needs=needs)


def whole(call: Call, cubes: dict[str, BlockCube], probe: xr.DataArray, execution: Execution) -> BlockCube:
    """Return the cube of a process that needs all pixels of its inputs at once."""
    first = next(iter(cubes.values()))
    grid = first.grid if is_raster(probe) else None
    dimension = call.arguments.get("dimension")
    if grid is not None and first.grid is not None and dimension in spatial_dimensions(probe):
        grid = _relabelled(call, cubes, dimension, grid)
        probe = probe.isel({dimension: slice(0, 1)})

    def everything(window: Grid | None, memo: Memo) -> xr.DataArray:
        return call.compute({name: assemble(cube, execution) for name, cube in cubes.items()})

    how, before = "on the whole cube", tuple(cubes.values())
    complete = BlockCube(probe, None, everything, how=how, work=call.work, before=before)
    if grid is None:
        return complete

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        return cut(complete.whole(), grid, _given(window))

    return BlockCube(one_pixel(probe, grid), grid, compute, how=how, work=call.work, before=before)


def _relabelled(call: Call, cubes: dict[str, BlockCube], dimension: str, grid: Grid) -> Grid:
    """Return the grid of a process along x or y: where it changes the number of labels, they become 0, 1, 2."""
    lines = {name: _line(cube, dimension) for name, cube in cubes.items()}
    before, result = next(iter(lines.values())), require_cube(call(lines))
    count = result.sizes[dimension]
    if count == before.sizes[dimension]:
        return grid
    if dimension == spatial_dimensions(result)[1]:
        return replace(grid, x=-0.5, dx=1.0, width=count, wraps=False, geolocation=None)
    return replace(grid, y=-0.5, dy=1.0, height=count, wraps=False, geolocation=None)


def _line(cube: BlockCube, dimension: str) -> xr.DataArray:
    """Return a probe with all labels along x or y, and one along the other."""
    if cube.grid is None or dimension not in spatial_dimensions(cube.probe):
        return cube.probe
    horizontal = dimension == spatial_dimensions(cube.probe)[1]
    grid = cube.grid.window(0, 0, 1 if horizontal else cube.grid.height, cube.grid.width if horizontal else 1)
    return shaped(cube.probe, np.ones(_shape(cube.probe, grid), cube.probe.dtype), grid)


def aligned(cubes: dict[str, BlockCube]) -> dict[str, BlockCube]:
    """Bring all cubes to the lattice of the first, as openEO asks of mask and merge_cubes."""
    target = next((cube.grid for cube in cubes.values() if cube.grid is not None), None)
    if target is None or len(cubes) == 1:
        return cubes
    return {
        name: cube if cube.grid is None or _same_lattice(target, cube.grid) else regridded(cube, target, "near")
        for name, cube in cubes.items()
    }


def _same_lattice(one: Grid, other: Grid) -> bool:
    return one is other or one == other or one.aligned(other)


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
    return require_cube(result.reindex({vertical: window.y_labels(), horizontal: window.x_labels()}))


def virtual(cube: BlockCube, window: Grid | None = None) -> xr.DataArray:
    """Return the labels of a whole cube, or of a window, over values that take no memory."""
    grid = window or cube.grid
    if cube.grid is None or grid is None:
        return cube.probe
    values = np.broadcast_to(np.ones((), cube.probe.dtype), _shape(cube.probe, grid))
    return shaped(cube.probe, values, grid)


def _shape(probe: xr.DataArray, grid: Grid) -> list[int]:
    vertical, horizontal = spatial_dimensions(probe)
    sizes = {vertical: grid.height, horizontal: grid.width}
    return [sizes.get(str(name), size) for name, size in probe.sizes.items()]


def _float(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype.kind == "f" else np.dtype(np.float32)


def with_grids(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments in which grids stand for cubes."""
    return {name: value.grid if isinstance(value, BlockCube) else value for name, value in arguments.items()}


def _given(window: Grid | None) -> Grid:
    assert window is not None
    return window


def require_cube(value: Any) -> xr.DataArray:
    """Return a value that can only be a cube."""
    assert isinstance(value, xr.DataArray)
    return value
