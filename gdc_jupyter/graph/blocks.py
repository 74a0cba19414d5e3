"""Blocks computed on threads: their size, their order, and a whole cube put together from them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.block_cube import BlockCube, shaped

# What one block may hold of the widest cube of a plan, and the edges of a block in pixels.
BLOCK_BYTES = 24 << 20
LARGEST_EDGE, SMALLEST_EDGE = 2048, 64
TILE = 512
# A cube that has to be in memory as a whole may not be larger than this.
WHOLE_BYTES = 4 << 30


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


def windows(cube: BlockCube, pixel_bytes: int) -> list[Grid]:
    """Return the windows of the blocks of a cube, one after another along x."""
    assert cube.grid is not None
    height, width = block_shape(pixel_bytes)
    return list(cube.grid.blocks(height, width))


def compute(
    cube: BlockCube, blocks: list[Grid], advance: Callable[[], None] = lambda: None
) -> Iterator[tuple[Grid, xr.DataArray]]:
    """Yield the blocks of a cube in order as they are computed, a few ahead of the consumer.

    Parameters
    ----------
    cube : BlockCube
    blocks : list of Grid
        Their windows.
    advance : callable
        Called after each block.
    """
    workers = thread_count()
    waiting: deque[tuple[Grid, Future[xr.DataArray]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="block") as pool:
        try:
            for window in blocks:
                waiting.append((window, pool.submit(_compute, cube, window)))
                if len(waiting) > workers + 1:
                    yield _next(waiting, advance)
            while waiting:
                yield _next(waiting, advance)
        finally:
            for _, future in waiting:
                future.cancel()


def _compute(cube: BlockCube, window: Grid) -> xr.DataArray:
    return cube.block(window, {})


def _next(waiting: deque[tuple[Grid, Future[xr.DataArray]]], advance: Callable[[], None]) -> tuple[Grid, xr.DataArray]:
    window, future = waiting.popleft()
    block = future.result()
    advance()
    return window, block


def assemble(cube: BlockCube, advance: Callable[[], None] = lambda: None) -> xr.DataArray:
    """Return a whole cube in memory.

    Raises
    ------
    GdcError
        ``ProcessGraphComplexity`` where it would need more than 4 GB, with the figure.
    """
    if cube.grid is None:
        return cube.whole()
    size = cube.pixel_bytes * cube.grid.width * cube.grid.height
    if size > WHOLE_BYTES:
        raise GdcError(
            "ProcessGraphComplexity",
            f"A step needs all {cube.grid.height} x {cube.grid.width} pixels at once, which is {size / 1e9:.1f} GB; "
            "choose a smaller area or a coarser resolution.",
        )
    vertical, horizontal = (cube.probe.get_axis_num(name) for name in spatial_dimensions(cube.probe))
    shape = list(cube.probe.shape)
    shape[vertical], shape[horizontal] = cube.grid.height, cube.grid.width
    values = np.empty(shape, cube.probe.dtype)
    for window, block in compute(cube, windows(cube, cube.pixel_bytes), advance):
        row, column = cube.grid.offset(window)
        target: list[Any] = [slice(None)] * values.ndim
        target[vertical] = slice(row, row + window.height)
        target[horizontal] = slice(column, column + window.width)
        if block.dtype != values.dtype:
            values = values.astype(np.result_type(values.dtype, block.dtype))
        values[tuple(target)] = block.values
    return shaped(cube.probe, values, cube.grid)
