"""A process applied to planned cubes: the kind of cube that comes of it, by what the process says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xarray as xr

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.stream import CubeStream
from gdc_jupyter.graph.block_cube import BlockCube, Memo
from gdc_jupyter.graph.blocks import BlockStream, assemble
from gdc_jupyter.graph.planned import (
    Call,
    aligned,
    crop,
    neighbouring,
    pixelwise,
    planned,
    regridded,
    require_cube,
    selected,
    virtual,
    whole,
    with_grids,
)
from gdc_jupyter.graph.trim import trimmed
from gdc_jupyter.processes.registry import Reach

if TYPE_CHECKING:
    from gdc_jupyter.graph.plan import Plan
    from gdc_jupyter.graph.view import View


@dataclass(slots=True, eq=False)
class Application:
    """A process with the cubes among its arguments.

    Parameters
    ----------
    call : Call
    cubes : dict of str to BlockCube
    plan : Plan
        It is told what has to be computed as a whole before the blocks of the result.
    view : View, optional
        At which resolution the result is looked at.
    reads : bool
        Whether data may be read while the plan is made.
    """

    call: Call
    cubes: dict[str, BlockCube]
    plan: Plan
    view: View | None
    reads: bool

    @property
    def first(self) -> BlockCube:
        """The first of the cubes, on whose pixels the result lies."""
        return next(iter(self.cubes.values()))


def apply(call: Call, plan: Plan, view: View | None, reads: bool) -> Any:
    """Return what a process makes of its arguments: a planned cube, or a value where there are no cubes.

    Parameters
    ----------
    call, plan, view, reads
        As in `Application`.
    """
    application = Application(call, _arranged(call), plan, view, reads)
    if not application.cubes:
        return call({})
    if application.first.grid is not None:
        for fits, make in _ON_GRIDS:
            if fits(application):
                return make(application)
    return _by_reach(application)


def _arranged(call: Call) -> dict[str, BlockCube]:
    """Put the arguments in the order of the parameters, rasters in memory as cubes; return the cubes."""
    process, arguments = call.process, call.arguments
    for name in process.templates & arguments.keys():
        arguments[name] = getattr(arguments[name], "probe", arguments[name])
    # The first cube of the process counts, not the first that is written down.
    arguments = {each.name: arguments[each.name] for each in process.parameters if each.name in arguments}
    call.arguments = arguments
    cubes = {name: value for name, value in arguments.items() if type(value) is BlockCube}
    if not cubes and not process.streams:
        return {}
    if len(cubes) < len(arguments) and any(isinstance(value, xr.DataArray) for value in arguments.values()):
        call.arguments = {
            name: value if name in process.templates else planned(value) for name, value in arguments.items()
        }
        cubes = {name: value for name, value in call.arguments.items() if isinstance(value, BlockCube)}
    return cubes


def _trim(application: Application) -> BlockCube:
    first = application.first
    return trimmed(first, application.plan.execution) if application.reads else first


def _stream(application: Application) -> BlockCube:
    call, execution = application.call, application.plan.execution
    name, first = next(iter(application.cubes.items()))
    others = {other: cube for other, cube in application.cubes.items() if other != name}
    probes = {other: cube.probe for other, cube in others.items()}
    probe = require_cube(call({name: CubeStream(first.probe), **probes}))
    application.plan.stages.append(first)

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        inputs = {other: assemble(cube, execution) for other, cube in others.items()}
        return require_cube(call({name: BlockStream(first, execution), **inputs}))

    before = tuple(others.values())
    return BlockCube(probe, None, compute, how="combined from blocks", work=call.work, before=before, streamed=(first,))


def _crop(application: Application) -> BlockCube:
    call, cube = application.call, application.first
    assert cube.grid is not None
    assert call.process.crop is not None
    cropped = crop(cube, call.process.crop(cube.grid, with_grids(call.arguments)))
    if cube.grid.curvilinear:
        # The window around an area on a curvilinear grid holds pixels outside of it.
        return pixelwise(call, {"data": cropped}, cropped.probe, 0)
    if not call.process.masks:
        return cropped
    masked = call({"data": cropped.probe})
    # An area without pixels would not leave the one that stands for them.
    return pixelwise(call, {"data": cropped}, masked if masked.size else cropped.probe, 0)


def _regrid(application: Application) -> BlockCube:
    call, first = application.call, application.first
    assert first.grid is not None
    assert call.process.regrid is not None
    target = call.process.regrid(first.grid, with_grids(call.arguments))
    target = target if application.view is None else application.view.grid(target)
    return regridded(first, target, call.arguments.get("method", "near"))


#: What processes do with the pixels of a cube, in the order in which it is asked for.
_ON_GRIDS: tuple[tuple[Callable[[Application], bool], Callable[[Application], BlockCube]], ...] = (
    (lambda application: application.call.process.trims, _trim),
    (lambda application: application.call.process.streams, _stream),
    (lambda application: application.call.process.crop is not None, _crop),
    (lambda application: application.call.process.regrid is not None and not application.call.process.reads, _regrid),
)


def _by_reach(application: Application) -> Any:
    """Return the result of a process by how far it looks around a pixel."""
    call, cubes, first, plan = application.call, application.cubes, application.first, application.plan
    probes = {name: cube.probe for name, cube in cubes.items()}
    reach = _reach(call, probes)
    if reach is Reach.LABELS or call.process.counts:
        seen = call({name: virtual(cube) for name, cube in cubes.items()})
        if reach is Reach.LABELS:
            return seen
    cubes = aligned(cubes)
    if call.process.reads and first.grid is not None and reach is not Reach.WHOLE:
        return neighbouring(call, cubes)
    probe = call.probes.call(call, {name: _beside(call, cube, first) for name, cube in cubes.items()})
    if not isinstance(probe, xr.DataArray):
        return probe
    if call.process.selects and first.source is not None:
        return selected(first, probe)
    if reach is Reach.WHOLE:
        plan.stages += [cube for cube in cubes.values() if cube.grid is not None]
        return whole(call, cubes, probe, plan.execution)
    margin = call.process.margin({**call.arguments, **probes}) if call.process.margin else 0
    return pixelwise(call, cubes, probe, margin)


def _reach(call: Call, probes: dict[str, xr.DataArray]) -> Reach:
    if isinstance(call.process.reach, Reach):
        return call.process.reach
    key = call.probes.key(call, probes)
    if key is None:
        return call.process.reach_of({**call.arguments, **probes})
    return call.probes.fact((*key, "reach"), lambda: call.process.reach_of({**call.arguments, **probes}))


def _beside(call: Call, cube: BlockCube, first: BlockCube) -> xr.DataArray:
    """Return the probe of a cube at the place of the first cube's, so that the two have the same labels."""
    if cube.grid is None or first.grid is None or cube.grid == first.grid:
        return cube.probe
    return call.probes.at(cube.probe, first.grid)
