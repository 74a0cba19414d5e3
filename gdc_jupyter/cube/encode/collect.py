"""A whole cube in memory, put together from its blocks, for formats that are written at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import grid_attributes, spatial_coordinates, spatial_dimensions
from gdc_jupyter.cube.grid import Grid


class Collector:
    """Takes the blocks of a cube.

    Parameters
    ----------
    probe : xarray.DataArray
        One pixel of the cube with all its other dimensions and labels.
    grid : Grid or None
        Where the pixels are; without one, the only block is the cube.
    """

    def __init__(self, probe: Any, grid: Grid | None) -> None:
        self.probe, self.grid = probe, grid
        self.whole: Any = None
        if grid is not None:
            self.spatial = spatial_dimensions(probe)
            sizes = dict(zip(self.spatial, grid.shape, strict=True))
            shape = [sizes.get(str(name), size) for name, size in probe.sizes.items()]
            self.values = np.empty(shape, probe.dtype)

    def add(self, block: Any, window: Grid | None) -> None:
        """Take a block; where one has gaps, all values become floating-point numbers."""
        if self.grid is None or window is None:
            self.whole = block
            return
        row, column = self.grid.offset(window)
        place: list[Any] = [slice(None)] * self.values.ndim
        vertical, horizontal = (self.probe.get_axis_num(name) for name in self.spatial)
        place[vertical], place[horizontal] = slice(row, row + window.height), slice(column, column + window.width)
        values = block.transpose(*self.probe.dims).values
        if values.dtype != self.values.dtype:
            self.values = self.values.astype(np.result_type(self.values.dtype, values.dtype), copy=False)
        self.values[tuple(place)] = values

    def cube(self) -> Any:
        """Return the cube, or the value that came as its only block."""
        if self.grid is None:
            return self.whole
        coords: dict[Any, Any] = {
            name: coordinate.variable for name, coordinate in self.probe.coords.items() if name in self.probe.dims
        }
        coords |= spatial_coordinates(self.grid, *self.spatial)
        attributes = {**self.probe.attrs, **grid_attributes(self.grid)}
        return xr.DataArray(self.values, dims=self.probe.dims, coords=coords, attrs=attributes)


def count_values(probe: xr.DataArray, grid: Grid | None) -> int:
    """Return how many values a whole cube has."""
    return int(probe.size) * (grid.width * grid.height if grid is not None else 1)
