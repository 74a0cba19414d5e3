"""Blocks computed on threads: their size, their order, and a whole cube put together from them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.block_cube import BlockCube, shaped
from gdc_jupyter.graph.memory import keep_freed_memory
from gdc_jupyter.settings import Limits

# What one block may hold of the widest cube of a plan, and the edges of a block in pixels.
BLOCK_BYTES = 24 << 20
LARGEST_EDGE, SMALLEST_EDGE = 2048, 64
TILE = 512
T = TypeVar("T")


def thread_count() -> int:
    """Return how many blocks are computed at once."""
    return max(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 1)


def block_shape(pixel_bytes: int) -> tuple[int, int]:
    """Return the rows and columns of a block of cubes that need so many bytes for each pixel.

    Blocks are whole tiles of 512 pixels where that fits, and halves, quarters or eighths of one otherwise.
    """
    edge = TILE
    while edge > SMALLEST_EDGE and edge * edge * pixel_bytes > BLOCK_BYTES:
        edge //= 2
    width = edge
    while edge == TILE and width < LARGEST_EDGE and 2 * width * edge * pixel_bytes <= BLOCK_BYTES:
        width *= 2
    return edge, width


def windows(cube: BlockCube, pixel_bytes: int = 0) -> list[Grid]:
    """Return the windows of the blocks of a cube, those near each other one after another.

    Parameters
    ----------
    cube : BlockCube
        A cube with x and y.
    pixel_bytes : int
        What one pixel takes at least; by default as much as in the widest cube on the way.
    """
    grid = cube.grid
    assert grid is not None
    height, width = block_shape(max(pixel_bytes, cube.widest, cube.pixel_bytes))
    places = [
        (_along_curve(row // height, column // width), row, column)
        for row in range(0, grid.height, height)
        for column in range(0, grid.width, width)
    ]
    return [
        grid.window(row, column, min(height, grid.height - row), min(width, grid.width - column))
        for _, row, column in sorted(places)
    ]


def _along_curve(row: int, column: int) -> int:
    """Return a position on the Z-order curve (G. M. Morton, 1966): it stays in a tile of a file before it goes on.

    Blocks smaller than a tile then find it decoded already.
    """
    position = 0
    for bit in range(max(row.bit_length(), column.bit_length())):
        position |= (row >> bit & 1) << 2 * bit + 1 | (column >> bit & 1) << 2 * bit
    return position


class Executor(Protocol):
    """Who computes the blocks of cubes: threads of this process, or a cluster."""

    def map(self, cube: BlockCube, blocks: Sequence[Grid], function: Callable[[xr.DataArray, Grid], T]) -> Iterator[T]:
        """Yield what a function makes of each block and its window, in order, a few ahead of the consumer.

        Parameters
        ----------
        cube : BlockCube
        blocks : sequence of Grid
            The windows of the blocks.
        function : callable
            Runs in this process, on several threads.
        """


class Threads:
    """Computes blocks on threads of this process."""

    def map(self, cube: BlockCube, blocks: Sequence[Grid], function: Callable[[xr.DataArray, Grid], T]) -> Iterator[T]:
        """Yield what a function makes of each block; see :class:`Executor`."""
        return ahead(lambda window: function(cube.block(window, {}), window), blocks)


@dataclass
class Execution:
    """How the blocks of a plan are computed.

    Parameters
    ----------
    executor : Executor
        Who computes them.
    advance : callable
        Called after each block.
    whole_bytes : int
        The largest cube that may be in memory as a whole.
    """

    executor: Executor = field(default_factory=Threads)
    advance: Callable[[], None] = lambda: None
    whole_bytes: int = Limits.memory_bytes

    def map(self, cube: BlockCube, blocks: Sequence[Grid], function: Callable[[xr.DataArray, Grid], T]) -> Iterator[T]:
        """Yield what a function makes of each block; see :class:`Executor`."""
        for result in self.executor.map(cube, blocks, function):
            self.advance()
            yield result

    def blocks(self, cube: BlockCube, blocks: Sequence[Grid]) -> Iterator[tuple[Grid, xr.DataArray]]:
        """Yield the windows and the blocks of a cube in order."""
        return self.map(cube, blocks, lambda block, window: (window, block))


def ahead(function: Callable[[Grid], T], blocks: Sequence[Grid]) -> Iterator[T]:
    """Yield what a function makes of windows, in order, computed on threads a few ahead of the consumer."""
    keep_freed_memory()
    workers = thread_count()
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="block") as pool:
        try:
            for window in blocks:
                waiting.append(pool.submit(function, window))
                if len(waiting) > workers + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class BlockStream:
    """A planned cube as a :class:`gdc_jupyter.cube.stream.Stream`.

    Parameters
    ----------
    cube : BlockCube
        A cube with x and y.
    execution : Execution
        How its blocks are computed.
    """

    def __init__(self, cube: BlockCube, execution: Execution) -> None:
        assert cube.grid is not None
        self._cube, self._execution = cube, execution
        self.probe: xr.DataArray = cube.probe
        self.grid: Grid = cube.grid

    def windows(self) -> list[Grid]:
        """Return the windows of the blocks that cover the cube."""
        return windows(self._cube)

    def map(self, function: Callable[[xr.DataArray, Grid], T], windows: Sequence[Grid] | None = None) -> Iterator[T]:
        """Yield what a function makes of each block."""
        return self._execution.map(self._cube, self.windows() if windows is None else windows, function)


def assemble(cube: BlockCube, execution: Execution) -> xr.DataArray:
    """Return a whole cube in memory.

    Parameters
    ----------
    cube : BlockCube
    execution : Execution
        How its blocks are computed.

    Raises
    ------
    GdcError
        ``ProcessGraphComplexity`` where it would need more memory than is allowed, with the figure.
    """
    if cube.grid is None:
        return cube.whole()
    size = cube.pixel_bytes * cube.grid.width * cube.grid.height
    if size > execution.whole_bytes:
        raise GdcError(
            "ProcessGraphComplexity",
            f"A step needs all {cube.grid.height} x {cube.grid.width} pixels at once, which is {size / 1e9:.1f} GB; "
            "choose a smaller area or a coarser resolution.",
        )
    vertical, horizontal = (cube.probe.get_axis_num(name) for name in spatial_dimensions(cube.probe))
    shape = list(cube.probe.shape)
    shape[vertical], shape[horizontal] = cube.grid.height, cube.grid.width
    values = np.empty(shape, cube.probe.dtype)
    for window, block in execution.blocks(cube, windows(cube)):
        row, column = cube.grid.offset(window)
        target: list[Any] = [slice(None)] * values.ndim
        target[vertical] = slice(row, row + window.height)
        target[horizontal] = slice(column, column + window.width)
        if block.dtype != values.dtype:
            values = values.astype(np.result_type(values.dtype, block.dtype))
        values[tuple(target)] = block.values
    return shaped(cube.probe, values, cube.grid)
