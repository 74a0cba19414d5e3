"""PNG and JPEG pictures: one band in colours of a map, or three bands as red, green and blue; one file for each date.

No-data is transparent in a PNG, and has the colour of the background in a JPEG. North is up. All pictures of a result
have the same range of values, so that they can be compared, or shown one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.encode.colors import NAMES, table
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.layout import Image, NorthUp, band_names, image_problem, images, planes
from gdc_jupyter.cube.encode.metadata import describe_cube, instant_of
from gdc_jupyter.cube.grid import Grid

PNG_MEDIA_TYPE, JPEG_MEDIA_TYPE = "image/png", "image/jpeg"
MOST_PIXELS = 64_000_000
# The format stores the length of an edge in 16 bits.
LONGEST_JPEG = 65_500
# What is left out at both ends where no range is given, so that a few extreme pixels do not make a dull picture.
STRETCH = (2, 98)
# Percentiles of more values than that are taken from a part of them.
ENOUGH = 4_000_000


class PictureWriter:
    """Collects the blocks of images and writes them at the end."""

    def __init__(
        self, folder: Path, stem: str, probe: xr.DataArray, grid: Grid, options: Mapping[str, Any], jpeg: bool
    ) -> None:
        self.folder, self.options, self.probe, self.jpeg = folder, options, probe, jpeg
        self.turn = NorthUp(grid)
        self.grid = self.turn.turned
        self.leading, bands = planes(probe)
        self.names = band_names(probe, bands)
        self.order = [*self.leading, *([bands] if bands else []), *spatial_dimensions(probe)]
        self.images = images(probe, stem)
        self.values = np.full((len(self.images), max(len(self.names), 1), *grid.shape), np.nan, dtype=np.float32)

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Take a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        assert window is not None
        values, row, column = self.turn.place(block.transpose(*self.order).values, window)
        place = self.values[:, :, row : row + window.height, column : column + window.width]
        place[...] = values.reshape(place.shape)

    def close(self) -> list[Asset]:
        """Write the pictures; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        limits = value_range(self.values, self.options)
        return [self._write(image, values, limits) for image, values in zip(self.images, self.values, strict=True)]

    def _write(self, image: Image, values: NDArray[np.floating], limits: tuple[float, float]) -> Asset:
        from PIL import Image as Picture

        shades = render(values, limits, str(self.options["colormap"])).transpose(1, 2, 0)
        path = self.folder / f"{image.stem}.{'jpg' if self.jpeg else 'png'}"
        if self.jpeg:
            color = np.array(_parse_color(str(self.options["background"])), dtype=np.uint8)
            opaque = np.where(shades[..., 3:] == 255, shades[..., :3], color)
            Picture.fromarray(opaque).save(path, "JPEG", quality=int(self.options["QUALITY"]))
        else:
            Picture.fromarray(shades).save(path, "PNG", compress_level=int(self.options["ZLEVEL"]))
        one = self.probe.isel(dict(zip(self.leading, image.index, strict=True)))
        metadata = describe_cube(one, self.grid, leave_out=self.leading)
        if self.names:
            metadata["eo:bands"] = [{"name": name} for name in self.names]
        instant = instant_of(image.labels)
        if instant:
            metadata["datetime"] = instant
        media_type = JPEG_MEDIA_TYPE if self.jpeg else PNG_MEDIA_TYPE
        return Asset(path, media_type, path.stem, ("data", "visual"), metadata)


def render(values: NDArray[np.floating], limits: tuple[float, float], colormap: str = "gray") -> NDArray[np.uint8]:
    """Return a picture in red, green, blue and alpha.

    Parameters
    ----------
    values : numpy.ndarray, shape (1 or 3, height, width)
    limits : tuple of float
        The values that get the first and the last colour.
    colormap : str
        The colours of a single band.

    Returns
    -------
    numpy.ndarray of uint8, shape (4, height, width)
    """
    low, high = limits
    valid = np.isfinite(values).all(axis=0)
    share = np.clip((np.where(valid, values, low) - low) / (high - low), 0, 1)
    shades = (share * 255).round().astype(np.uint8)
    if len(shades) == 1:
        shades = table(colormap)[shades[0]].transpose(2, 0, 1)
    alpha = np.where(valid, 255, 0).astype(np.uint8)
    return np.concatenate([shades, alpha[np.newaxis]])


def value_range(values: NDArray[np.floating], options: Mapping[str, Any]) -> tuple[float, float]:
    """Return the values of the first and the last colour: the options ``min`` and ``max``, else percentiles."""
    low, high = options.get("min"), options.get("max")
    if low is None or high is None:
        flat = values.reshape(-1)[:: max(values.size // ENOUGH, 1)]
        finite = flat[np.isfinite(flat)]
        if not finite.size:
            finite = values[np.isfinite(values)] if flat.size < values.size else np.array([0.0, 1.0])
        limits = (0.0, 1.0)
        if finite.size:
            limits = np.percentile(finite, STRETCH) if finite.min() < finite.max() else (finite.min(), finite.max())
        low, high = (float(edge if given is None else given) for given, edge in zip((low, high), limits, strict=True))
    return (low, high) if high > low else (low, low + 1)


def _parse_color(text: str) -> list[int]:
    digits = text.removeprefix("#")
    return [int(digits[at : at + 2], 16) for at in (0, 2, 4)]


def _suits(probe: Any, grid: Grid | None) -> str | None:
    problem = image_problem(probe, grid)
    if problem:
        return problem
    assert grid is not None
    names, bands = planes(probe)
    if bands and probe.sizes[bands] not in (1, 3):
        return f"a picture has one band or three, and there are {probe.sizes[bands]}; use filter_bands"
    count = int(np.prod([probe.sizes[name] for name in names]))
    if count * grid.width * grid.height > MOST_PIXELS:
        pictures = "" if count == 1 else f"{count} pictures of "
        return (
            f"it would be {pictures}{grid.width} x {grid.height} pixels, and {MOST_PIXELS:,} in all is the most; "
            "resample it, or use GTiff"
        )
    return None


def _suits_jpeg(probe: Any, grid: Grid | None) -> str | None:
    problem = _suits(probe, grid)
    if problem is None and grid is not None and max(grid.shape) > LONGEST_JPEG:
        return f"an edge would have {max(grid.shape):,} pixels, and {LONGEST_JPEG:,} is the most; use PNG or GTiff"
    return problem


def _open_png(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    assert grid is not None
    return PictureWriter(folder, stem, probe, grid, options, jpeg=False)


def _open_jpeg(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    assert grid is not None
    return PictureWriter(folder, stem, probe, grid, options, jpeg=True)


def _doubts(options: Mapping[str, Any], value: Any) -> str | None:
    low, high = options.get("min"), options.get("max")
    for name, limit in (("min", low), ("max", high)):
        if limit is not None and not np.isfinite(limit):
            return f"The option '{name}' is {limit}; it must be finite"
    if low is not None and high is not None and low >= high:
        return f"The option 'min' is {low} and 'max' {high}; 'max' must be the larger one"
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", str(options.get("background", "ffffff"))):
        return f"The option 'background' is {options['background']!r}; it is a colour such as #ffffff"
    return None


_COLORS: dict[str, dict[str, Any]] = {
    "min": {"type": "number", "description": "The value of the first colour; the 2nd percentile by default."},
    "max": {"type": "number", "description": "The value of the last colour; the 98th percentile by default."},
    "colormap": {
        "type": "string",
        "description": "The colours of a single band.",
        "enum": list(NAMES),
        "default": "gray",
    },
}

PNG = Format(
    name="PNG",
    title="PNG picture, of one band or of three; a file for each date",
    data_types=("raster",),
    media_type=PNG_MEDIA_TYPE,
    extension="png",
    parameters={
        **_COLORS,
        "ZLEVEL": {
            "type": "integer",
            "description": "The effort of the compression.",
            "minimum": 0,
            "maximum": 9,
            "default": 3,
        },
    },
    open=_open_png,
    suits=_suits,
    doubts=_doubts,
)

JPEG = Format(
    name="JPEG",
    title="JPEG picture, of one band or of three; a file for each date",
    data_types=("raster",),
    media_type=JPEG_MEDIA_TYPE,
    extension="jpg",
    parameters={
        **_COLORS,
        "QUALITY": {
            "type": "integer",
            "description": "The quality, from small files to good ones.",
            "minimum": 1,
            "maximum": 100,
            "default": 75,
        },
        "background": {
            "type": "string",
            "description": "The colour of pixels without data, such as #ffffff.",
            "default": "#ffffff",
        },
    },
    open=_open_jpeg,
    suits=_suits_jpeg,
    doubts=_doubts,
)
