"""How a cube is laid out in files: which dimensions make separate images, which the bands, and which way is up."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import dimension_type, is_raster, spatial_dimensions
from gdc_jupyter.cube.encode.labels import file_label, labels_of, text_label
from gdc_jupyter.cube.grid import Grid

MOST_FILES = 2000


@dataclass(frozen=True)
class Image:
    """One file of a cube that becomes several.

    Parameters
    ----------
    stem : str
        The name of the file, without folder and extension.
    index : tuple of int
        Its position along each of the dimensions that make separate images.
    labels : mapping
        Its label along each of them.
    """

    stem: str
    index: tuple[int, ...]
    labels: Mapping[str, Any]


def planes(probe: xr.DataArray) -> tuple[list[str], str | None]:
    """Return the dimensions that make separate images, and the one whose labels are the bands of an image."""
    horizontal = set(spatial_dimensions(probe)) if is_raster(probe) else set()
    others = [str(name) for name in probe.dims if name not in horizontal]
    bands = [name for name in others if dimension_type(probe, name) == "bands"]
    if bands:
        return [name for name in others if name != bands[0]], bands[0]
    return others, None


def band_names(probe: xr.DataArray, dimension: str | None) -> list[str]:
    """Return the names of the bands of an image, or nothing where it has one without a name."""
    return [] if dimension is None else [text_label(label) for label in labels_of(probe, dimension)]


def images(probe: xr.DataArray, stem: str) -> list[Image]:
    """Return the images of a cube, named by the labels of all dimensions that have several."""
    names, _ = planes(probe)
    labels = [labels_of(probe, name) for name in names]
    taken: set[str] = set()
    found = []
    for index in itertools.product(*[range(len(each)) for each in labels]):
        own = [each[at] for each, at in zip(labels, index, strict=True)]
        parts = [file_label(label) for label, each in zip(own, labels, strict=True) if len(each) > 1]
        # A file system may take names that differ in upper and lower case for one.
        name = base = "_".join([stem, *parts])
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.lower())
        found.append(Image(name, index, dict(zip(names, own, strict=True))))
    return found


def image_problem(probe: Any, grid: Grid | None) -> str | None:
    """Return why a value cannot become images, or None."""
    if not isinstance(probe, xr.DataArray):
        return "it is no data cube; save it as JSON"
    if is_raster(probe) and (grid is None or not grid.regular):
        return "its pixels are on no regular grid; use resample_spatial first, or save it as netCDF or Zarr"
    if grid is None:
        return "it has no dimensions x and y; save it as netCDF or JSON"
    if probe.dtype.kind not in "biuf":
        return "its values are no numbers"
    names, _ = planes(probe)
    count = int(np.prod([probe.sizes[name] for name in names]))
    if count > MOST_FILES:
        return (
            f"it would be {count:,} files, and {MOST_FILES:,} is the most; reduce {' or '.join(names)} first, "
            "or use netCDF or Zarr"
        )
    if probe.size == 0:
        return "it has no values"
    return None


@dataclass(frozen=True)
class NorthUp:
    """Blocks of a grid in the order of rows and columns that images have: north is up and east is right.

    Parameters
    ----------
    grid : Grid
        The cube's.
    """

    grid: Grid

    @property
    def turned(self) -> Grid:
        """The grid of the image."""
        grid = self.grid
        if grid.dy > 0:
            grid = replace(grid, y=grid.y + grid.dy * grid.height, dy=-grid.dy)
        if grid.dx < 0:
            grid = replace(grid, x=grid.x + grid.dx * grid.width, dx=-grid.dx)
        return grid

    def place(self, values: NDArray[Any], window: Grid) -> tuple[NDArray[Any], int, int]:
        """Return a block, its last two axes y and x, as the image has it, and the row and column of its corner."""
        row, column = self.grid.offset(window)
        if self.grid.dy > 0:
            values, row = values[..., ::-1, :], self.grid.height - row - window.height
        if self.grid.dx < 0:
            values, column = values[..., ::-1], self.grid.width - column - window.width
        return values, row, column
