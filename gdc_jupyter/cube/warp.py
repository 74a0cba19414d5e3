"""Resampling and reprojection of arrays between grids."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube import bilinear, nearest, regrid
from gdc_jupyter.cube.grid import Bounds, Grid, normalise_crs, parse_crs, transform_bounds, transformer
from gdc_jupyter.errors import GdcError

# openEO's names to GDAL's.
METHODS = {
    "near": "nearest",
    "cubicspline": "cubic_spline",
    "med": "med",
    **{
        name: name
        for name in ("average", "bilinear", "cubic", "lanczos", "max", "min", "mode", "q1", "q3", "rms", "sum")
    },
}
# How exact the places of pixels are, in source pixels, and the columns that are resampled at least at a time.
STRAIGHT, SMALLEST_STRIP = 1e-3, 16
# Source pixels on each side that a method looks at, at equal resolution.
_SUPPORT = {"near": 1, "bilinear": 2, "cubic": 3, "cubicspline": 3, "lanczos": 4}


def warp(
    values: NDArray[Any],
    source: Grid,
    target: Grid,
    method: str = "near",
    scale: tuple[float, float] | None = None,
) -> NDArray[Any]:
    """Return an array resampled to another grid.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., source.height, source.width)
        Floating-point numbers; NaN is no data.
    source, target : Grid
        The two grids, in any CRS.
    method : str
        A resampling method of openEO, such as ``near`` or ``bilinear``.
    scale : tuple of float, optional
        Target pixels for each source pixel along x and y; see :func:`scale_between`. Blocks of one target need the
        same, so that they fit each other.

    Returns
    -------
    numpy.ndarray, shape (..., target.height, target.width)
    """
    if not (source.regular and target.regular):
        return regrid.resample(
            values if values.dtype.kind == "f" else values.astype(np.float32), source, target, method
        )
    layers = np.ascontiguousarray(values, dtype=values.dtype if values.dtype.kind == "f" else np.float32)
    if method == "near":
        return nearest.resample(layers, source, target)
    layers = layers.reshape(-1, *values.shape[-2:])
    result = np.full((len(layers), *target.shape), np.nan, dtype=layers.dtype)
    if layers.size and result.size:
        scale = scale or scale_between(source, target)
        if method == "bilinear":
            result = bilinear.resample(layers, source, target, scale)
        else:
            for strip in target.blocks(target.height, _straight_width(source, target)):
                _, column = target.offset(strip)
                result[..., column : column + strip.width] = _reproject(layers, source, strip, method, scale)
    return result.reshape(*values.shape[:-2], *target.shape)


def _reproject(
    layers: NDArray[Any], source: Grid, target: Grid, method: str, scale: tuple[float, float]
) -> NDArray[Any]:
    import rasterio.crs
    from affine import Affine
    from rasterio.warp import Resampling, reproject

    result = np.full((len(layers), *target.shape), np.nan, dtype=layers.dtype)
    reproject(
        layers,
        result,
        src_transform=Affine(*source.transform),
        src_crs=rasterio.crs.CRS.from_user_input(source.crs),
        dst_transform=Affine(*target.transform),
        dst_crs=rasterio.crs.CRS.from_user_input(target.crs),
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=Resampling[METHODS[method]],
        XSCALE=str(scale[0]),
        YSCALE=str(scale[1]),
    )
    return result


def _straight_width(source: Grid, target: Grid) -> int:
    """Return how many columns of a target lie on a straight line in the source, to STRAIGHT source pixels.

    GDAL transforms the ends of rows and interpolates between them, so that wider blocks would be less exact.
    """
    if parse_crs(source.crs) == parse_crs(target.crs):
        return target.width
    x, y = target.x_labels(), target.y_labels()
    across, down = np.meshgrid(np.linspace(x[0], x[-1], 3), np.linspace(y[0], y[-1], 5))
    there = transformer(target.crs, source.crs).transform(across, down)
    bent = 0.0
    for values, step in zip(there, (source.dx, source.dy), strict=True):
        sag = np.abs(values[:, 0] + values[:, 2] - 2 * values[:, 1]) / 2 / abs(step)
        bent = max(bent, float(np.max(sag, where=np.isfinite(sag), initial=0)))
    strips = math.ceil(math.sqrt(bent / STRAIGHT)) or 1
    return max(math.ceil(target.width / strips), SMALLEST_STRIP)


def scale_between(source: Grid, target: Grid, method: str = "near") -> tuple[float, float]:
    """Return how many pixels of a target there are for each pixel of a source, along x and along y.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid`` for a method that needs regular grids where one is not.
    """
    regrid.check_method(source, target, method)
    if not (source.regular and target.regular):
        return 1.0, 1.0
    west, south, east, north = transform_bounds(target.bounds, target.crs, source.crs)
    across = target.width * abs(source.dx) / (east - west)
    along = target.height * abs(source.dy) / (north - south)
    return across, along


def source_window(source: Grid, target: Grid, method: str) -> Grid | None:
    """Return the part of a grid that is needed to warp to a target, or None where they are apart."""
    if not (source.regular and target.regular):
        return regrid.source_window(source, target)
    west, south, east, north = transform_bounds(target.bounds, target.crs, source.crs)
    width, height = (east - west) / target.width, (north - south) / target.height
    reach = _SUPPORT.get(method, 1) + 1
    across = reach * max(width, abs(source.dx)) + abs(source.dx)
    along = reach * max(height, abs(source.dy)) + abs(source.dy)
    return source.crop(Bounds(west - across, south - along, east + across, north + along))


def resampled_grid(
    grid: Grid, resolution: float | list[float] = 0, projection: int | str | None = None, align: str = "upper-left"
) -> Grid:
    """Return the regular grid that covers another's extent at another resolution or in another CRS.

    The resolution of a grid that is not regular is its mean one.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid`` where the result would have no pixel or more than 10^12.
    """
    crs = grid.crs if projection is None else normalise_crs(projection)
    steps = resolution if isinstance(resolution, list) else [resolution, resolution]
    same = parse_crs(crs) == parse_crs(grid.crs)
    bounds = grid.bounds if same else transform_bounds(grid.bounds, grid.crs, crs)
    default = _mean_resolution(grid) if same else _default_resolution(grid, crs)
    dx, dy = (float(step) or fallback for step, fallback in zip(steps, default, strict=True))
    width = max(math.ceil((bounds.east - bounds.west) / dx - 1e-6), 1)
    height = max(math.ceil((bounds.north - bounds.south) / dy - 1e-6), 1)
    if width * height > 1e12:
        raise GdcError(
            "ProcessParameterInvalid", f"A resolution of {dx} by {dy} would give {width} by {height} pixels."
        )
    x = bounds.west if align.endswith("left") else bounds.east - width * dx
    y = bounds.north if align.startswith("upper") else bounds.south + height * dy
    return Grid(crs, x, y, dx, -dy, width, height)


def _mean_resolution(grid: Grid) -> tuple[float, float]:
    if grid.regular:
        return abs(grid.dx), abs(grid.dy)
    west, south, east, north = grid.bounds
    return (east - west) / grid.width, (north - south) / grid.height


def _default_resolution(grid: Grid, crs: str) -> tuple[float, float]:
    import rasterio.crs
    from rasterio.warp import calculate_default_transform

    transform, _, _ = calculate_default_transform(
        rasterio.crs.CRS.from_user_input(grid.crs),
        rasterio.crs.CRS.from_user_input(crs),
        grid.width,
        grid.height,
        *grid.bounds,
    )
    return abs(transform.a), abs(transform.e)
