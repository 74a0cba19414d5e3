"""A data cube that is computed block by block: what it looks like, and how to compute one block of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import grid_attributes, place, spatial_coordinates, spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import Fault, GdcError, InvalidProcessGraph

Memo = dict[tuple[int, Grid | None], xr.DataArray]
Needs = Callable[[Grid | None], "list[tuple[BlockCube, Grid | None]]"]


def _nothing(window: Grid | None) -> list[tuple[BlockCube, Grid | None]]:
    return []


@dataclass(eq=False, slots=True)
class BlockCube:
    """A cube that is not computed yet.

    Parameters
    ----------
    probe : xarray.DataArray
        One pixel of the cube with all its other dimensions and labels: what the processes make of one pixel of ones.
    grid : Grid or None
        Where its pixels are; None for a cube without x and y.
    compute : callable
        Computes the block of a window, which lies inside the grid.
    source : object, optional
        The catalogue's source, where the cube is just loaded, so that filters can be pushed into it.
    shared : bool
        Whether several nodes refer to the cube, so that a block of it is kept while they use it.
    fingerprint : str, optional
        Names the cube's values: whatever has the same is the same.
    weight : int
        The bytes that are read for each pixel.
    widest : int
        The memory of one pixel of the widest cube that it is computed from, which says how large its blocks may be.
    how : str
        How it is computed, in words.
    work : callable
        Returns what its computation is called where it is measured.
    needs : callable
        The blocks of other cubes that the block of a window is computed from.
    before, streamed : tuple of BlockCube
        The cubes of which all blocks are computed first, and held in memory; and those that are let go block by block.
    path : tuple of str
        The node that it is the value of.
    process : str, optional
        The process at that node.
    """

    probe: xr.DataArray
    grid: Grid | None
    compute: Callable[[Grid | None, Memo], xr.DataArray]
    source: Any = None
    shared: bool = False
    fingerprint: str | None = None
    weight: int = 0
    widest: int = 0
    how: str = ""
    work: Callable[[], str] = str
    needs: Needs = _nothing
    before: tuple[BlockCube, ...] = ()
    streamed: tuple[BlockCube, ...] = ()
    path: tuple[str, ...] = ()
    process: str | None = None
    _whole: list[xr.DataArray] = field(default_factory=list)
    _lock: Any = field(default_factory=Lock)

    @property
    def pixel_bytes(self) -> int:
        """The memory of one pixel with all its other labels."""
        return int(self.probe.nbytes)

    def block(self, window: Grid, memo: Memo) -> xr.DataArray:
        """Return the cube on a window aligned with its grid, NaN outside of it."""
        grid = self.grid
        if grid is None:
            return self.whole()
        inside = window if grid.wraps else grid.intersection(window)
        if inside is None:
            return pad(self.probe, None, window)
        key = (id(self), inside)
        result = memo.get(key)
        if result is None:
            result = self._computed(inside, memo)
            if self.shared:
                memo[key] = result
        return result if inside.shape == window.shape else pad(result, inside, window)

    def part(self, window: Grid, memo: Memo) -> xr.DataArray:
        """Return the part of a window that lies in the cube's grid, labelled as the window is; it may be empty."""
        assert self.grid is not None
        inside = window if self.grid.wraps else self.grid.intersection(window)
        if inside is None:
            vertical, horizontal = spatial_dimensions(self.probe)
            return self.probe.isel({vertical: slice(0, 0), horizontal: slice(0, 0)})
        return relabel(self.block(inside, memo), inside, window)

    def whole(self) -> xr.DataArray:
        """Return a cube without x and y, computed once."""
        with self._lock:
            if not self._whole:
                self._whole.append(self._computed(None, {}))
        return self._whole[0]

    def _computed(self, window: Grid | None, memo: Memo) -> xr.DataArray:
        try:
            return self.compute(window, memo)
        except InvalidProcessGraph:
            raise
        except GdcError as error:
            if not self.path:
                raise
            raise InvalidProcessGraph([Fault(error.code, error.message, self.path, self.process)]) from error


def pad(part: xr.DataArray, inside: Grid | None, window: Grid) -> xr.DataArray:
    """Return a block on a larger window, NaN around it; ``inside`` is None where nothing of it is known."""
    vertical, horizontal = spatial_dimensions(part)
    shape = [
        window.height if name == vertical else window.width if name == horizontal else size
        for name, size in part.sizes.items()
    ]
    dtype = part.dtype if part.dtype.kind == "f" else np.dtype(np.float32)
    values = np.full(shape, np.nan, dtype)
    if inside is not None:
        row, column = window.offset(inside)
        target: list[slice] = [slice(None)] * part.ndim
        target[part.get_axis_num(vertical)] = slice(row, row + inside.height)
        target[part.get_axis_num(horizontal)] = slice(column, column + inside.width)
        values[tuple(target)] = part.values
    return shaped(part, values, window)


def shaped(template: xr.DataArray, values: Any, grid: Grid) -> xr.DataArray:
    """Return values with the dimensions of a template and the x and y of a grid."""
    vertical, horizontal = spatial_dimensions(template)
    known = template.coords.variables
    coords: dict[Any, Any] = {
        name: coordinate for name, coordinate in known.items() if not {vertical, horizontal} & set(coordinate.dims)
    }
    coords |= spatial_coordinates(grid, vertical, horizontal)
    for name in (vertical, horizontal):
        dims, labels, attributes = coords[name]
        coords[name] = dims, labels, {**known[name].attrs, **attributes}
    attrs = {name: value for name, value in template.attrs.items() if name != "geolocation"}
    return xr.DataArray(values, dims=template.dims, coords=coords, attrs=attrs | grid_attributes(grid))


def relabel(part: xr.DataArray, inside: Grid, window: Grid) -> xr.DataArray:
    """Return a block whose x and y labels are exactly those of the window around it."""
    if inside == window:
        return part
    row, column = window.offset(inside)
    vertical, horizontal = spatial_dimensions(part)
    y = window.y_labels()[row : row + inside.height]
    x = window.x_labels()[column : column + inside.width]
    return part.assign_coords(
        {
            vertical: (vertical, y, part.coords.variables[vertical].attrs),
            horizontal: (horizontal, x, part.coords.variables[horizontal].attrs),
        }
    )


def cut(cube: xr.DataArray, grid: Grid, window: Grid) -> xr.DataArray:
    """Return the part of a computed cube that lies in a window of its grid."""
    if grid.shape == window.shape and grid.offset(window) == (0, 0):
        return cube
    row, column = grid.offset(window)
    vertical, horizontal = spatial_dimensions(cube)
    return cube.isel({vertical: slice(row, row + window.height), horizontal: slice(column, column + window.width)})


def one_pixel(probe: xr.DataArray, grid: Grid) -> xr.DataArray:
    """Return a probe whose pixel is the first of a grid."""
    return place(probe, grid.window(0, 0, 1, 1))
