"""Cubes brought together: onto one grid, and into a shape in which their values can be combined."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import (
    grid_attributes,
    grid_of,
    is_raster,
    labels_of,
    place,
    spatial_coordinates,
    spatial_dimensions,
)
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.warp import warp
from gdc_jupyter.errors import GdcError


def warped(
    cube: xr.DataArray, target: Grid, method: str = "near", scale: tuple[float, float] | None = None
) -> xr.DataArray:
    """Return a cube resampled to a grid; see :func:`gdc_jupyter.cube.warp.warp`."""
    vertical, horizontal = spatial_dimensions(cube)
    in_order = cube.dims[-2:] == (vertical, horizontal)
    ordered = cube if in_order else cube.transpose(..., vertical, horizontal)
    values = warp(ordered.values, grid_of(cube), target, method, scale)
    known = cube.coords.variables
    coords: dict[Any, Any] = {name: known[name] for name in ordered.dims[:-2] if name in known}
    coords |= spatial_coordinates(target, vertical, horizontal)
    attrs = {name: value for name, value in cube.attrs.items() if name != "geolocation"} | grid_attributes(target)
    made = xr.DataArray(values, dims=ordered.dims, coords=coords, attrs=attrs)
    return made if in_order else made.transpose(*cube.dims)


def on_grid_of(cube: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    """Return a cube on the grid of another, by the nearest neighbour; as it is where one of them is no raster."""
    if not (is_raster(cube) and is_raster(other)):
        return cube
    grid, target = grid_of(cube), grid_of(other)
    if grid.aligned(target) and grid.shape == target.shape and target.offset(grid) == (0, 0):
        return _labelled_like(cube, target)
    return warped(cube, target)


def on_lattice_of(cube: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    """Return a cube whose pixels are those of another wherever the two overlap.

    Pixels that coincide already stay, inside and outside of the other's extent. Otherwise the cube is resampled to the
    grid of the other, by the nearest neighbour.
    """
    if not (is_raster(cube) and is_raster(other) and cube.size and other.size):
        return cube
    grid, target = grid_of(cube), grid_of(other)
    if not target.aligned(grid):
        return warped(cube, target)
    row, column = target.offset(grid)
    return _labelled_like(cube, target.window(row, column, grid.height, grid.width))


def _labelled_like(cube: xr.DataArray, grid: Grid) -> xr.DataArray:
    """Return a cube whose labels are exactly those of a grid that its own equals up to rounding."""
    vertical, horizontal = spatial_dimensions(cube)
    y, x = grid.y_labels(), grid.x_labels()
    if np.array_equal(labels_of(cube, vertical), y) and np.array_equal(labels_of(cube, horizontal), x):
        return cube
    return place(cube, grid)


def spread(cube: xr.DataArray, onto: xr.DataArray, what: str) -> NDArray[np.generic]:
    """Return the values of a cube in a shape that numpy broadcasts to that of another.

    Parameters
    ----------
    cube : xarray.DataArray
        It may lack dimensions of the other.
    onto : xarray.DataArray
    what : str
        What the cube is, for the message of an error.

    Raises
    ------
    GdcError
        ``IncompatibleDataCubes`` where it has a dimension, or labels, that the other lacks.
    """
    extra = [str(name) for name in cube.dims if name not in onto.dims]
    if extra:
        raise GdcError("IncompatibleDataCubes", f"The {what} has the dimensions {extra}, which the data lack.")
    for name in cube.dims:
        if not same_labels(cube, onto, str(name)):
            raise GdcError(
                "IncompatibleDataCubes", f"The labels of the dimension '{name}' differ between the data and the {what}."
            )
    ordered = cube.transpose(*[name for name in onto.dims if name in cube.dims])
    return np.asarray(ordered.values.reshape([onto.sizes[name] if name in cube.dims else 1 for name in onto.dims]))


def same_labels(one: xr.DataArray, other: xr.DataArray, name: str) -> bool:
    """Return whether two cubes have the same labels along a dimension."""
    first, second = labels_of(one, name), labels_of(other, name)
    if len(first) != len(second):
        return False
    if first.dtype.kind == second.dtype.kind == "f":
        # Labels of one lattice may differ by rounding.
        return bool(np.allclose(first, second, rtol=1e-9, atol=1e-9))
    return bool(np.all(first == second))
