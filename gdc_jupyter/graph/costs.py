"""What a plan will read, compute, write and hold in memory, from its cubes alone; and what is too much."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import Fault
from gdc_jupyter.graph.block_cube import BlockCube
from gdc_jupyter.graph.blocks import block_shape, thread_count
from gdc_jupyter.graph.plan import Plan, Saved
from gdc_jupyter.settings import Limits

# Blocks of which the needs are followed; the others are taken to need as much.
SAMPLE = 25


@dataclass(slots=True)
class Work:
    """What is computed of one cube in all.

    Parameters
    ----------
    cube : BlockCube
    pixels : float
        Pixels that are computed or read, once for each block that needs them.
    inputs : float
        The bytes of other cubes that it is computed from.
    window : Grid or None
        What all these pixels lie in.
    """

    cube: BlockCube
    pixels: float = 0.0
    inputs: float = 0.0
    window: Grid | None = None

    @property
    def size(self) -> float:
        """The bytes of what is computed."""
        return self.pixels * self.cube.pixel_bytes


@dataclass
class Costs:
    """What a plan takes.

    Parameters
    ----------
    work : dict
        By the id of a cube.
    blocks : int
        The blocks of all outputs and stages.
    shape : tuple of int
        The rows and columns of the blocks of the outputs.
    block_memory : float
        The most that one thread holds while it computes a block.
    waiting : float
        The bytes of finished blocks that wait for the writer.
    held : float
        The bytes of cubes that are in memory as a whole.
    results : float
        The bytes of what is saved, or returned, before compression.
    """

    work: dict[int, Work] = field(default_factory=dict)
    blocks: int = 0
    shape: tuple[int, int] = (0, 0)
    block_memory: float = 0.0
    waiting: float = 0.0
    held: float = 0.0
    results: float = 0.0

    @property
    def reads(self) -> list[Work]:
        """The work that is reading."""
        return [each for each in self.work.values() if each.cube.how == "read"]

    @property
    def decoded(self) -> float:
        """The bytes that are read, as numbers in memory."""
        return sum(each.size for each in self.reads)

    @property
    def memory(self) -> float:
        """The most that is in memory at once, beside the program itself."""
        return thread_count() * self.block_memory + self.waiting + self.held


def outputs_of(plan: Plan, saved: Sequence[Saved]) -> list[Any]:
    """Return the values that a run of a plan computes: what is saved, else the result."""
    return [each.value for each in saved] or [plan.result]


def size_of(value: Any) -> int:
    """Return the bytes of a cube, or of another value as far as it has any."""
    if not isinstance(value, BlockCube):
        return int(getattr(value, "nbytes", 0))
    return math.prod(dimensions_of(value).values()) * value.probe.dtype.itemsize


def dimensions_of(cube: BlockCube) -> dict[str, int]:
    """Return how many labels a cube has along each dimension."""
    sizes = {str(name): size for name, size in cube.probe.sizes.items()}
    grid, shape = cube.grid, cube.probe
    if grid is None:
        # What is computed of all pixels may have kept one of x and y.
        whole = next((each for each in cube.before if each.grid is not None), None)
        if whole is None:
            return sizes
        grid, shape = whole.grid, whole.probe
    assert grid is not None
    vertical, horizontal = spatial_dimensions(shape)
    known = {vertical: grid.height, horizontal: grid.width}
    return {name: known.get(name, size) for name, size in sizes.items()}


def costs_of(plan: Plan, outputs: Iterable[Any], sample: int = SAMPLE) -> Costs:
    """Return what it takes to compute the outputs of a plan.

    Parameters
    ----------
    plan : Plan
    outputs : iterable of object
        Values of nodes; cubes count only.
    sample : int
        Of how many blocks the needs are followed; with 0 each cube is taken as a single block, which is fast, and
        leaves out what is read twice at the edges of blocks.
    """
    costs = Costs()
    widest = max([cube.pixel_bytes for cube in plan.cubes], default=1)
    costs.shape = block_shape(widest)
    staged: dict[int, BlockCube] = {}
    waiting: list[tuple[BlockCube, int, bool]] = []
    for value in outputs:
        costs.results += size_of(value)
        if isinstance(value, BlockCube):
            waiting.append((value, widest, False))
    while waiting:
        cube, pixel_bytes, held = waiting.pop()
        if held:
            costs.held += size_of(cube)
        for each, whole in _blocks(costs, cube, pixel_bytes, sample):
            if id(each) not in staged:
                staged[id(each)] = each
                waiting.append((each, max(each.widest, each.pixel_bytes), whole))
    return costs


def _blocks(costs: Costs, cube: BlockCube, pixel_bytes: int, sample: int) -> list[tuple[BlockCube, bool]]:
    """Add what the blocks of a cube take, and return the cubes that have to be there before, and whether as a whole."""
    before: list[tuple[BlockCube, bool]] = []
    if cube.grid is None:
        _follow(costs, cube, None, 1.0, before)
        return before
    shape = block_shape(pixel_bytes)
    rows, columns = math.ceil(cube.grid.height / shape[0]), math.ceil(cube.grid.width / shape[1])
    costs.blocks += rows * columns
    windows = [cube.grid] if not sample else _chosen(cube.grid, shape, rows, columns, sample)
    followed = sum(window.width * window.height for window in windows)
    for window in windows:
        memory = _follow(costs, cube, window, cube.grid.width * cube.grid.height / followed, before)
        costs.block_memory = max(costs.block_memory, memory)
    largest = max(window.width * window.height for window in windows) * cube.pixel_bytes
    costs.waiting = max(costs.waiting, largest * min(rows * columns, thread_count() + 1))
    return before


def _chosen(grid: Grid, shape: tuple[int, int], rows: int, columns: int, sample: int) -> list[Grid]:
    """Return some windows of a grid, evenly spread, with its edges."""
    edge = max(int(math.sqrt(sample)), 1)
    windows = []
    for row in np.unique(np.linspace(0, rows - 1, min(rows, edge)).round().astype(int)).tolist():
        for column in np.unique(np.linspace(0, columns - 1, min(columns, edge)).round().astype(int)).tolist():
            top, left = row * shape[0], column * shape[1]
            height, width = min(shape[0], grid.height - top), min(shape[1], grid.width - left)
            windows.append(grid.window(top, left, height, width))
    return windows


@dataclass(slots=True)
class _Visit:
    """A block on the way to its inputs: those still to be looked at, and what is held of the others."""

    cube: BlockCube
    size: float
    left: list[tuple[BlockCube, Grid | None]]
    held: float = 0.0
    peak: float = 0.0


def _follow(
    costs: Costs, cube: BlockCube, window: Grid | None, weight: float, before: list[tuple[BlockCube, bool]]
) -> float:
    """Add what a block takes, with all that it is computed from, and return the memory that it needs meanwhile."""
    seen: set[tuple[int, Grid | None]] = set()
    shared = 0.0
    first = _visit(costs, cube, window, weight, seen, before)
    stack = [first] if first else []
    while True:
        if not stack:
            return (first.peak if first else 0.0) + shared
        visit = stack[-1]
        if visit.left:
            other = _visit(costs, *visit.left.pop(0), weight, seen, before)
            if other is not None:
                stack.append(other)
            continue
        stack.pop()
        # The function holds its inputs, its result, and about as much again on the way.
        work = costs.work[id(visit.cube)]
        work.inputs += visit.held * weight
        temporary = max(visit.held, visit.size) if visit.held else 0.0
        visit.peak = max(visit.peak, visit.held + visit.size + temporary)
        if visit.cube.shared:
            shared += visit.size
        if stack:
            around = stack[-1]
            around.peak = max(around.peak, around.held + visit.peak)
            around.held += visit.size


def _visit(
    costs: Costs,
    cube: BlockCube,
    window: Grid | None,
    weight: float,
    seen: set[tuple[int, Grid | None]],
    before: list[tuple[BlockCube, bool]],
) -> _Visit | None:
    """Add one block, and return what it is computed from; None where it is there already, or empty."""
    grid = cube.grid
    inside = None if grid is None else window if window and grid.wraps else grid.intersection(window or grid)
    if grid is not None and inside is None:
        return None
    known = id(cube) in costs.work if grid is None else cube.shared and (id(cube), inside) in seen
    if known:
        return None
    seen.add((id(cube), inside))
    before += [(each, True) for each in cube.before] + [(each, False) for each in cube.streamed]
    pixels = inside.width * inside.height if inside else 1
    work = costs.work.get(id(cube))
    if work is None:
        whole = sum(size_of(each) for each in (*cube.before, *cube.streamed))
        work = costs.work[id(cube)] = Work(cube, inputs=whole)
    work.pixels += pixels * (weight if inside else 1.0)
    if inside is not None:
        work.window = inside if work.window is None else work.window.union(inside)
    return _Visit(cube, pixels * cube.pixel_bytes, list(cube.needs(inside)))


def refused(plan: Plan, saved: Sequence[Saved], limits: Limits, *, in_memory: bool = False) -> list[Fault]:
    """Return what a plan would take that is more than is allowed, each with the figure and what to do.

    Parameters
    ----------
    plan : Plan
    saved : sequence of Saved
        What a run would save.
    limits : Limits
    in_memory : bool
        Whether the result is returned, and not written.
    """
    faults = [_too_large_in_memory(plan, cube, limits) for cube in _held(plan) if size_of(cube) > limits.memory_bytes]
    outputs = outputs_of(plan, saved)
    sizes = [size_of(value) for value in outputs]
    if in_memory and not faults and sum(sizes) > limits.memory_bytes:
        message = f"The result is {human(sum(sizes))}, and at most {human(limits.memory_bytes)} fit into memory. {LESS}"
        faults.append(_fault(plan, message, plan.graph.result if plan.graph else None))
    if limits.result_bytes is not None and sum(sizes) > limits.result_bytes:
        largest = outputs[sizes.index(max(sizes))]
        message = f"The result is {human(sum(sizes))}, and at most {human(limits.result_bytes)} are allowed. {LESS}"
        faults.append(_fault(plan, message, _node_of(plan, largest)))
    # Most plans load less than may be read, so that nothing has to be followed.
    if limits.read_bytes is not None and sum(_bytes(source) for source in plan.sources) > limits.read_bytes / 4:
        faults += _reads_too_much(plan, costs_of(plan, outputs, sample=0), limits.read_bytes)
    return faults


LESS = "Take a smaller area, a coarser resolution, fewer dates or fewer bands."


def human(size: float) -> str:
    """Return bytes as people read them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else _three(size, unit)
        size /= 1000
    return _three(size, "TB") if size < 1000 else f"{size:,.0f} TB"


def _three(size: float, unit: str) -> str:
    return f"{size:.{2 if size < 10 else 1 if size < 100 else 0}f} {unit}"


def _bytes(source: Any) -> float:
    size: float = math.prod(source.shape) * source.dtype.itemsize
    return size


def _held(plan: Plan) -> list[BlockCube]:
    """Return the cubes that a process needs as a whole in memory."""
    found = {id(each): each for cube in plan.cubes for each in cube.before}
    return [each for each in found.values() if each.grid is not None]


def _too_large_in_memory(plan: Plan, cube: BlockCube, limits: Limits) -> Fault:
    assert cube.grid is not None
    needing = next((each for each in plan.cubes if any(one is cube for one in each.before)), None)
    message = (
        f"The process needs all {cube.grid.height:,} x {cube.grid.width:,} pixels at once, which are "
        f"{human(size_of(cube))}; at most {human(limits.memory_bytes)} fit into memory. {LESS}"
    )
    return _fault(plan, message, _node_of(plan, needing))


def _reads_too_much(plan: Plan, costs: Costs, limit: int) -> list[Fault]:
    if costs.decoded <= limit:
        return []
    largest = max(costs.reads, key=lambda work: work.size)
    source, grid = largest.cube.source, largest.cube.grid
    assert grid is not None
    dates = "" if source.times is None else f"{len(source.times):,} dates, "
    message = (
        f"{human(costs.decoded)} would be read, and at most {human(limit)} are allowed: {human(largest.size)} of "
        f"'{source.collection_id}' ({grid.height:,} x {grid.width:,} pixels, {dates}{len(source.bands)} bands). "
        f"Give a smaller area in 'spatial_extent', fewer dates in 'temporal_extent' or fewer "
        "'bands'."
    )
    nodes = plan.graph.nodes.values() if plan.graph else ()
    loads = [
        node.id
        for node in nodes
        if node.process == "load_collection" and node.arguments.get("id") == source.collection_id
    ]
    return [_fault(plan, message, loads[0] if loads else None, "spatial_extent")]


def _node_of(plan: Plan, value: Any) -> str | None:
    if isinstance(value, BlockCube) and value.path:
        nodes = plan.graph.nodes.values() if plan.graph else ()
        return next((node.id for node in nodes if node.place == value.path[: len(node.place)]), None)
    return next((name for name, each in plan.values.items() if each is value), None)


def _fault(plan: Plan, message: str, node: str | None, argument: str | None = None) -> Fault:
    if plan.graph is None or node is None:
        return Fault("ProcessGraphComplexity", message)
    found = plan.graph.nodes[node]
    return Fault("ProcessGraphComplexity", message, found.place, found.process, argument)
