"""Processes on windows of a cube: a callback on each neighbourhood, and pixels aggregated to larger ones."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.align import same_labels
from gdc_jupyter.cube.cube import along, grid_of, is_raster, place, spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.spans import Spans, extended, parse_measure, pixels_of, spans_of, tiles
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import Arguments, Reach, process
from gdc_jupyter.processes.results import elements, one_value
from gdc_jupyter.processes.schemas import (
    NULL,
    SPATIAL,
    Anything,
    Corner,
    ItemsReducer,
    RasterCube,
    Schema,
    callback,
    choice,
)

_DURATION = {
    "type": "string",
    "subtype": "duration",
    "pattern": (
        r"^(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?"
        r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$"
    ),
}
_MEASURES = {
    "type": "array",
    "items": {
        "type": "object",
        "subtype": "chunk-size",
        "required": ["dimension", "value"],
        "properties": {
            "dimension": {"type": "string"},
            "value": {"default": None, "anyOf": [NULL, {"type": "number", "minimum": 0}, _DURATION]},
            "unit": {"default": None, "anyOf": [NULL, {"type": "string", "enum": ["px", "m"]}]},
        },
    },
}
_RASTER = {"type": "object", "subtype": "datacube", "dimensions": [SPATIAL]}
Neighbourhood = Annotated[
    Any,
    Schema(
        callback(
            [
                {
                    "name": "data",
                    "description": "The neighbourhood; a labelled array where it has one dimension.",
                    "schema": [_RASTER, {"type": "array", "subtype": "labeled-array"}],
                }
            ],
            [_RASTER, {"type": "array"}],
        )
    ),
]
Size = Annotated[Any, Schema(_MEASURES)]
Overlap = Annotated[Any, Schema([NULL, _MEASURES])]
WindowSize = Annotated[
    Any, Schema({"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer", "minimum": 1}})
]
Boundary = Annotated[str, choice("pad", "trim")]
# The grid of the whole cube, and the window of the result that a block is for.
Place = tuple[Grid, Grid]


def _sizes(arguments: Arguments, grid: Grid, dims: tuple[str, str]) -> tuple[int, ...] | None:
    """Return rows and columns of a neighbourhood and of its overlap; None where it has all pixels along an axis."""
    found: list[int] = []
    for measures, smallest in ((arguments["size"], 1), (arguments.get("overlap"), 0)):
        by_name = {each["dimension"]: parse_measure(each) for each in measures or []}
        for name, horizontal in zip(dims, (False, True), strict=True):
            measure = by_name.get(name)
            if measure is None and smallest:
                return None
            found.append(0 if measure is None else pixels_of(measure, grid, horizontal, smallest))
    return tuple(found)


def _reach(arguments: Arguments) -> Reach:
    data = arguments["data"]
    if not is_raster(data):
        return Reach.PIXEL
    return Reach.WHOLE if _sizes(arguments, grid_of(data), spatial_dimensions(data)) is None else Reach.PIXEL


def _reads(grid: Grid, arguments: Arguments, window: Grid) -> Grid:
    sizes = _sizes(arguments, grid, spatial_dimensions(arguments["probe"]))
    assert sizes is not None
    height, width, above, beside = sizes
    row, column = grid.offset(window)
    top, left = row // height * height, column // width * width
    bottom, right = -(-(row + window.height) // height) * height, -(-(column + window.width) // width) * width
    return grid.window(top - above, left - beside, bottom - top + 2 * above, right - left + 2 * beside)


@process("cubes", reach=_reach, reads=_reads)
def apply_neighborhood(
    data: RasterCube,
    process: Neighbourhood,
    size: Size,
    overlap: Overlap = None,
    context: Anything = None,
    *,
    window: Place | None = None,
) -> RasterCube:
    """Apply a callback to neighbourhoods, which tile the cube.

    Neighbourhoods begin at the first pixel and at the first label of a dimension, and those of whole days, weeks,
    months or years at the start of the first day. What lies beyond the edges of the cube, of an overlap or of the last
    neighbourhood, is no-data. Neighbourhoods of durations hold the dates that there are.

    Parameters
    ----------
    data
        The cube.
    process
        The callback; it gets a neighbourhood with its overlap as ``data``, and returns the same with new values. A
        neighbourhood with one dimension that has more labels than one is a labelled array.
    size
        The size along each dimension: labels (``px``), metres (``m``), units of the CRS (without a unit), or for dates
        an ISO 8601 duration such as ``P1M`` (or a number of days). A dimension that is not named, or has null, is in
        each neighbourhood as a whole.
    overlap
        What is added before and after, likewise; values that the callback changes there are ignored.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with new values.

    Raises
    ------
    DimensionNotAvailable
        The cube lacks a dimension that the size or the overlap names.
    DataCubePropertiesImmutable
        The callback changes dimensions or labels.
    """
    spans = _all_spans(data, size, overlap, window)
    padded = extended(data, {name: each.pads for name, each in spans.items()})
    long = [name for name, each in spans.items() if not each.single]
    if len(long) < 2:
        values = _along(padded, process, context, spans, long[0] if long else str(data.dims[0]))
    else:
        values = _tiles(padded, process, context, spans)
    inner = tuple(slice(each.pads[0], each.pads[0] + data.sizes[name]) for name, each in spans.items())
    return data.copy(deep=False, data=values[inner])


def _all_spans(data: xr.DataArray, size: Any, overlap: Any, window: Place | None) -> dict[str, Spans]:
    """Return the neighbourhoods along each dimension; a block in a plan has their overlap already."""
    sizes = {each["dimension"]: parse_measure(each) for each in size}
    overlaps = {each["dimension"]: parse_measure(each) for each in overlap or []}
    for name in [*sizes, *overlaps]:
        if name not in data.dims:
            raise GdcError(
                "DimensionNotAvailable",
                f"The data cube has no dimension '{name}'; it has {', '.join(map(str, data.dims))}.",
            )
    axes = dict(zip(spatial_dimensions(data), (False, True), strict=True)) if is_raster(data) else {}
    grid = None if not axes else window[0] if window else grid_of(data)
    spans = {}
    for name in map(str, data.dims):
        measure, beside = sizes.get(name), overlaps.get(name)
        if name in axes and grid is not None:
            count = data.sizes[name] if measure is None else pixels_of(measure, grid, axes[name], 1)
            margin = 0 if beside is None else pixels_of(beside, grid, axes[name], 0)
            spans[name] = tiles(data.sizes[name], count, margin, window is not None)
        else:
            spans[name] = spans_of(data, name, measure, beside)
    return spans


def _along(padded: xr.DataArray, process: Any, context: Any, spans: Mapping[str, Spans], name: str) -> NDArray[Any]:
    """Return what a callback makes of labelled arrays along a dimension, for all other labels at once."""
    series = along(padded, name)
    values = _like(series)
    for span in spans[name].items:
        part = series[span.outer]
        found = elements(process(data=part, context=context), part)
        if len(found) != len(part):
            raise _changed(f"{len(found)} values where it gets {len(part)}")
        values[span.inner] = found[span.core]
    return np.moveaxis(values, 0, padded.get_axis_num(name))


def _tiles(padded: xr.DataArray, process: Any, context: Any, spans: Mapping[str, Spans]) -> NDArray[Any]:
    """Return what a callback makes of each of the neighbourhoods, which are cubes."""
    values = _like(padded)
    for tile in product(*[each.items for each in spans.values()]):
        part = padded[tuple(span.outer for span in tile)]
        found = process(data=part, context=context)
        if not isinstance(found, xr.DataArray) or set(found.dims) != set(part.dims):
            what = list(found.dims) if isinstance(found, xr.DataArray) else type(found).__name__
            raise _changed(f"{what} where it gets a cube with the dimensions {list(part.dims)}")
        for each in part.dims:
            if not same_labels(found, part, str(each)):
                raise _changed(f"other labels along '{each}'")
        ordered = found.transpose(*part.dims).values
        values[tuple(span.inner for span in tile)] = ordered[tuple(span.core for span in tile)]
    return values


def _like(cube: xr.DataArray) -> NDArray[Any]:
    return np.full(cube.shape, np.nan, np.result_type(cube.dtype, np.float32))


def _changed(returned: str) -> GdcError:
    return GdcError(
        "DataCubePropertiesImmutable",
        f"The callback of apply_neighborhood returns {returned}; dimensions and labels have to stay.",
    )


def _coarse(grid: Grid, size: Any, boundary: str, align: str) -> tuple[int, int, Grid]:
    """Return the row and the column at which the first window begins, and the grid of the windows."""
    grid.require_regular("aggregate_spatial_window")
    width, height = size
    spare = (height - 1, width - 1) if boundary == "pad" else (0, 0)
    rows, columns = (grid.height + spare[0]) // height, (grid.width + spare[1]) // width
    if not rows or not columns:
        raise GdcError(
            "ProcessParameterInvalid",
            f"Windows of {width} x {height} pixels do not fit into {grid.width} x {grid.height} pixels; use 'pad'.",
        )
    from_first_row = align.startswith("upper") == (grid.dy < 0)
    from_first_column = align.endswith("left") == (grid.dx > 0)
    row = 0 if from_first_row else grid.height - rows * height
    column = 0 if from_first_column else grid.width - columns * width
    first = grid.window(row, column, 1, 1)
    return row, column, Grid(grid.crs, first.x, first.y, grid.dx * width, grid.dy * height, columns, rows)


def _coarse_of(grid: Grid, arguments: Arguments) -> tuple[int, int, Grid]:
    return _coarse(grid, arguments["size"], arguments.get("boundary", "pad"), arguments.get("align", "upper-left"))


def _pixels_of_windows(grid: Grid, arguments: Arguments, window: Grid) -> Grid:
    row, column, coarse = _coarse_of(grid, arguments)
    width, height = arguments["size"]
    down, right = coarse.offset(window)
    return grid.window(row + down * height, column + right * width, window.height * height, window.width * width)


@process("cubes", "aggregate", reads=_pixels_of_windows, regrid=lambda grid, arguments: _coarse_of(grid, arguments)[2])
def aggregate_spatial_window(
    data: RasterCube,
    reducer: ItemsReducer,
    size: WindowSize,
    boundary: Boundary = "pad",
    align: Corner = "upper-left",
    context: Anything = None,
    *,
    window: Place | None = None,
) -> RasterCube:
    """Reduce windows of pixels, side by side, to one pixel each.

    Parameters
    ----------
    data
        The cube.
    reducer
        The callback; it gets the values of all pixels of a window, row by row, and returns one.
    size
        Columns and rows of a window.
    boundary
        Whether the cube is filled up with no-data (``pad``), or cut (``trim``), where windows do not fit into it.
    align
        The corner at which the windows begin.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube of the windows, each labelled by its centre.
    """
    vertical, horizontal = spatial_dimensions(data)
    if window is None:
        row, column, coarse = _coarse(grid_of(data), size, boundary, align)
    else:
        row, column, coarse = 0, 0, window[1]
    width, height = size
    pads = {str(name): (0, 0) for name in data.dims}
    for name, start, count in ((vertical, row, coarse.height * height), (horizontal, column, coarse.width * width)):
        end = start + count - data.sizes[name]
        pads[name] = (max(-start, 0), max(end, 0))
        data = data.isel({name: slice(max(start, 0), data.sizes[name] + min(end, 0))})
    ordered = extended(data, pads).transpose(..., vertical, horizontal)
    leading = ordered.shape[:-2]
    windows = ordered.values.reshape(*leading, coarse.height, height, coarse.width, width)
    pixels = np.moveaxis(windows, (-3, -1), (0, 1)).reshape(height * width, *leading, *coarse.shape)
    values = one_value(reducer(data=pixels, context=context), pixels.shape[1:], "The reducer")
    coords = {name: ordered.coords[name].variable for name in ordered.dims[:-2] if name in ordered.coords}
    for name, size_along in ((vertical, coarse.height), (horizontal, coarse.width)):
        coords[name] = xr.Variable(name, np.zeros(size_along), data[name].attrs)
    shaped = xr.DataArray(values, dims=ordered.dims, coords=coords, attrs=data.attrs)
    return place(shaped, coarse).transpose(*data.dims)
