"""PNG pictures: one band in colours of a map, or three bands as red, green and blue; no-data is transparent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.encode.colors import NAMES, table
from gdc_jupyter.cube.encode.format import Asset, Format, Writer, planes
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError

MEDIA_TYPE = "image/png"
MOST_PIXELS = 64_000_000
# What is left out at both ends where no range is given, so that a few extreme pixels do not make a dull picture.
STRETCH = (2, 98)


class PngWriter:
    """Collects the blocks of an image and writes it at the end."""

    def __init__(self, folder: Path, stem: str, probe: xr.DataArray, grid: Grid, options: Mapping[str, Any]) -> None:
        self.path, self.grid, self.options = folder / f"{stem}.png", grid, options
        images, bands = planes(probe)
        self.order = [*images, *([bands] if bands else []), *spatial_dimensions(probe)]
        self.count = probe.sizes[bands] if bands else 1
        self.values = np.full((self.count, *grid.shape), np.nan, dtype=np.float32)

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Take a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        assert window is not None
        row, column = self.grid.offset(window)
        values = block.transpose(*self.order).values.reshape(self.count, *window.shape)
        self.values[:, row : row + window.height, column : column + window.width] = values

    def close(self) -> list[Asset]:
        """Write the picture; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        from PIL import Image

        picture = Image.fromarray(render(self.values, self.options).transpose(1, 2, 0))
        try:
            picture.save(self.path)
        except OSError as error:
            raise GdcError("StorageFailure", f"{self.path.name} could not be written: {error}") from error
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, ("data", "visual"), self.grid.metadata())]


def render(values: NDArray[np.floating], options: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Return a picture in red, green, blue and alpha.

    Parameters
    ----------
    values : numpy.ndarray, shape (1 or 3, height, width)
    options : mapping
        ``min`` and ``max``, the values that get the first and the last colour, and ``colormap``.

    Returns
    -------
    numpy.ndarray of uint8, shape (4, height, width)
    """
    valid = np.isfinite(values).all(axis=0)
    low, high = _range(values[:, valid], options)
    share = np.clip((np.where(valid, values, low) - low) / (high - low), 0, 1)
    shades = (share * 255).round().astype(np.uint8)
    if len(shades) == 1:
        shades = table(str(options.get("colormap", "gray")))[shades[0]].transpose(2, 0, 1)
    alpha = np.where(valid, 255, 0).astype(np.uint8)
    return np.concatenate([shades, alpha[np.newaxis]])


def _range(values: NDArray[np.floating], options: Mapping[str, Any]) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    limits = np.percentile(values, STRETCH) if values.min() < values.max() else (values.min(), values.max())
    low, high = float(options.get("min", limits[0])), float(options.get("max", limits[1]))
    return (low, high) if high > low else (low, low + 1)


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    assert grid is not None
    return PngWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if grid is None:
        return "it has no dimensions x and y"
    if probe.dtype == object:
        return "its values are no numbers"
    images, bands = planes(probe)
    several = [name for name in images if probe.sizes[name] > 1]
    if several:
        return f"a picture has one date, and '{several[0]}' has {probe.sizes[several[0]]} labels; reduce it first"
    if bands and probe.sizes[bands] not in (1, 3):
        return f"a picture has one band or three, and there are {probe.sizes[bands]}"
    if grid.width * grid.height > MOST_PIXELS:
        return f"it would have {grid.width} x {grid.height} pixels; resample it, or use GTiff"
    return None


FORMAT = Format(
    name="PNG",
    title="PNG picture, of one band or of three",
    data_types=("raster",),
    media_type=MEDIA_TYPE,
    extension="png",
    parameters={
        "min": {"type": "number", "description": "The value of the first colour; the 2nd percentile by default."},
        "max": {"type": "number", "description": "The value of the last colour; the 98th percentile by default."},
        "colormap": {
            "type": "string",
            "description": "The colours of a single band.",
            "enum": list(NAMES),
            "default": "gray",
        },
    },
    open=_open,
    suits=_suits,
)
