"""Processes that look across x and y: resampling and convolution."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from gdc_jupyter.cube.align import warped
from gdc_jupyter.cube.convolve import correlate
from gdc_jupyter.cube.cube import grid_of, spatial_dimensions
from gdc_jupyter.cube.warp import resampled_grid
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import Arguments, Reach, process
from gdc_jupyter.processes.schemas import EPSG, NULL, WKT2, Corner, Numeric, RasterCube, Resampling, Schema
from gdc_jupyter.processes.values import numeric

Resolution = Annotated[
    Any,
    Schema(
        [
            {"type": "number", "minimum": 0},
            {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number", "minimum": 0}},
        ]
    ),
]
Projection = Annotated[Any, Schema([EPSG, WKT2, NULL])]
Kernel = Annotated[
    Any,
    Schema({"type": "array", "subtype": "kernel", "items": {"type": "array", "items": {"type": "number"}}}),
]
Border = Annotated[
    Any, Schema([{"type": "string", "enum": ["replicate", "reflect", "reflect_pixel", "wrap"]}, {"type": "number"}])
]


@process(
    "cubes",
    "reproject",
    regrid=lambda grid, arguments: resampled_grid(
        grid, arguments.get("resolution", 0), arguments.get("projection"), arguments.get("align", "upper-left")
    ),
)
def resample_spatial(
    data: RasterCube,
    resolution: Resolution = 0,
    projection: Projection = None,
    method: Resampling = "near",
    align: Corner = "upper-left",
) -> RasterCube:
    """Change the resolution, the projection, or both.

    The result lies on a regular grid, also where the data do not: from unequally spaced or curvilinear coordinates,
    ``near`` takes the value of the cell that a centre lies in, ``bilinear`` weights the four pixels around it; other
    methods need regular data. A resolution of 0 then means the mean one.

    Parameters
    ----------
    data
        The cube.
    resolution
        The pixel size in units of the result's CRS, one number or one for x and one for y; 0 keeps it.
    projection
        The EPSG code or WKT2 of the result's CRS; null keeps it.
    method
        The resampling method, by GDAL's names.
    align
        The corner of the extent at which the new pixels begin.

    Returns
    -------
    cube
        The cube on its new grid.
    """
    grid = grid_of(data)
    return warped(data, resampled_grid(grid, resolution, projection, align), method)


@process("cubes", "reproject", regrid=lambda grid, arguments: arguments["target"])
def resample_cube_spatial(data: RasterCube, target: RasterCube, method: Resampling = "near") -> RasterCube:
    """Bring a cube to the grid of another.

    Where one of the two is not on a regular grid, the methods are ``near`` and ``bilinear``.

    Parameters
    ----------
    data
        The cube.
    target
        The cube whose grid is wanted.
    method
        The resampling method, by GDAL's names.

    Returns
    -------
    cube
        The cube on the grid of ``target``.
    """
    return warped(data, grid_of(target), method)


def _kernel_margin(arguments: Arguments) -> int:
    kernel = arguments["kernel"]
    return max(len(kernel), max((len(row) for row in kernel), default=0)) // 2


@process(
    "cubes",
    "math > image filter",
    margin=_kernel_margin,
    reach=lambda arguments: Reach.WHOLE if arguments.get("border") == "wrap" else Reach.PIXEL,
)
def apply_kernel(
    data: RasterCube, kernel: Kernel, factor: Numeric = 1, border: Border = 0, replace_invalid: Numeric = 0
) -> RasterCube:
    """Weight each pixel and its neighbours with a kernel and add them up.

    Parameters
    ----------
    data
        The cube.
    kernel
        The weights, rows along y with elements along x, both odd in number.
    factor
        What each sum is multiplied with.
    border
        What lies beyond the edges: a number, or ``replicate``, ``reflect``, ``reflect_pixel`` or ``wrap``.
    replace_invalid
        What stands for no-data, NaN and infinities.

    Returns
    -------
    cube
        The cube of sums.

    Raises
    ------
    KernelDimensionsUneven
        The kernel has an even number of rows or columns.
    """
    weights = _weights(kernel) * factor
    vertical, horizontal = spatial_dimensions(data)
    ordered = data.transpose(..., vertical, horizontal)
    values = numeric(ordered.values)
    return ordered.copy(deep=False, data=correlate(values, weights, border, replace_invalid)).transpose(*data.dims)


def _weights(kernel: Any) -> Any:
    lengths = {len(row) for row in kernel}
    if len(lengths) != 1:
        raise GdcError("ProcessParameterInvalid", "The rows of the kernel differ in length.")
    if len(kernel) % 2 == 0 or lengths.pop() % 2 == 0:
        raise GdcError("KernelDimensionsUneven", "The kernel needs an odd number of rows and of columns.")
    return np.asarray(kernel, dtype=np.float64)
