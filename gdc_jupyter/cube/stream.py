"""The blocks of a cube as a stream, for processes that look at all pixels once and keep only what they add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

import xarray as xr

from gdc_jupyter.cube.cube import grid_of, spatial_dimensions

if TYPE_CHECKING:
    from gdc_jupyter.cube.grid import Grid

T = TypeVar("T")


class Stream(Protocol):
    """A cube that is read block by block.

    Parameters
    ----------
    probe : xarray.DataArray
        One pixel with all other dimensions and labels.
    grid : Grid
        Where the pixels are.
    """

    @property
    def probe(self) -> xr.DataArray:
        """One pixel with all other dimensions and labels."""

    @property
    def grid(self) -> Grid:
        """Where the pixels are."""

    def windows(self) -> list[Grid]:
        """Return the windows of the blocks that cover the cube."""

    def map(self, function: Callable[[xr.DataArray, Grid], T], windows: Sequence[Grid] | None = None) -> Iterator[T]:
        """Yield what a function makes of each block, in order; blocks are computed on several threads.

        Parameters
        ----------
        function : callable
            Gets a block and its window.
        windows : sequence of Grid, optional
            The windows that are wanted, aligned with ``grid``; by default blocks that cover all of it.
        """


class CubeStream:
    """A cube in memory as a stream of one block.

    Parameters
    ----------
    cube : xarray.DataArray
    """

    def __init__(self, cube: xr.DataArray) -> None:
        self.cube = cube
        self.grid = grid_of(cube)

    @property
    def probe(self) -> xr.DataArray:
        """One pixel with all other dimensions and labels."""
        vertical, horizontal = spatial_dimensions(self.cube)
        return self.cube.isel({vertical: slice(0, 1), horizontal: slice(0, 1)})

    def windows(self) -> list[Grid]:
        """Return the windows of the blocks that cover the cube."""
        return [self.grid]

    def map(self, function: Callable[[xr.DataArray, Grid], T], windows: Sequence[Grid] | None = None) -> Iterator[T]:
        """Yield what a function makes of each block; see :class:`Stream`."""
        vertical, horizontal = spatial_dimensions(self.cube)
        for window in self.windows() if windows is None else windows:
            row, column = self.grid.offset(window)
            rows, columns = slice(row, row + window.height), slice(column, column + window.width)
            yield function(self.cube.isel({vertical: rows, horizontal: columns}), window)


def stream_of(data: xr.DataArray | Stream) -> Stream:
    """Return a stream of a cube that may be one already."""
    return CubeStream(data) if isinstance(data, xr.DataArray) else data
