"""Processes that keep a part of a cube: a box, an interval, bands, labels."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.area import box, crop_box
from gdc_jupyter.cube.cube import (
    dimension_type,
    dimensions_of_type,
    grid_of,
    instants_of,
    is_raster,
    labels_of,
    require_bands,
    require_dimension,
    require_temporal,
    spatial_dimensions,
)
from gdc_jupyter.cube.grid import Bounds, Grid, transform_bounds
from gdc_jupyter.cube.time import parse_interval, within
from gdc_jupyter.cube.vector import crs_of, geometries_of, geometry_dimension
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.dimensions import label_list
from gdc_jupyter.processes.engine import Engine
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    Anything,
    BandCube,
    BoundingBox,
    Cube,
    LabelCondition,
    RasterOrVectorCube,
    Schema,
    TemporalCube,
    TemporalInterval,
    Text,
    TextOrNull,
)

BandNames = Annotated[Any, Schema({"type": "array", "items": {"type": "string", "subtype": "band-name"}})]
Wavelengths = Annotated[
    Any,
    Schema(
        {
            "type": "array",
            "items": {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "items": {"type": "number"},
                "examples": [[[0.45, 0.5], [0.6, 0.7]]],
            },
        }
    ),
]


@process("cubes", "filter", selects=True)
def filter_temporal(data: TemporalCube, extent: TemporalInterval, dimension: TextOrNull = None) -> TemporalCube:
    """Keep what lies in a temporal interval.

    Parameters
    ----------
    data
        The cube.
    extent
        The first instant of the interval and the first after it; null for an open end.
    dimension
        The temporal dimension; all of them by default.

    Returns
    -------
    cube
        The cube with fewer dates.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such temporal dimension.
    TemporalExtentEmpty
        The end is not later than the start.
    """
    start, end = parse_interval(extent)
    several = dimension is None and len(dimensions_of_type(data, "temporal")) > 1
    for name in dimensions_of_type(data, "temporal") if several else [require_temporal(data, dimension)]:
        times = instants_of(data, name)
        if times is not None:
            data = _take(data, name, within(times, start, end))
    return data


@process("cubes", "filter", selects=True)
def filter_bands(
    data: BandCube,
    bands: BandNames = [],  # noqa: B006
    wavelengths: Wavelengths = [],  # noqa: B006
    *,
    engine: Engine,
) -> BandCube:
    """Keep some bands, in the order asked for.

    Names that no band has are left out, with a warning.

    Parameters
    ----------
    data
        The cube.
    bands
        The names, or common names, of the bands.
    wavelengths
        Ranges of wavelengths in micrometres; bands whose centre lies inside are kept as well.

    Returns
    -------
    cube
        The cube with these bands.

    Raises
    ------
    BandFilterParameterMissing
        Neither bands nor wavelengths are given.
    DimensionMissing
        The cube has no dimension of type bands.
    """
    if not bands and not wavelengths:
        raise GdcError("BandFilterParameterMissing", "filter_bands needs 'bands' or 'wavelengths'.")
    name = require_bands(data)
    present = labels_of(data, name).tolist()
    common: dict[str, str] = data.attrs.get("common_names", {})
    centres: dict[str, float] = data.attrs.get("center_wavelengths", {})
    chosen: list[str] = []
    for band in bands:
        matches = [band] if band in present else [one for one in present if common.get(one) == band]
        if not matches and engine.probing:
            engine.log("warning", f"There is no band '{band}'; there are {', '.join(map(str, present))}.")
        chosen += matches
    for low, high in wavelengths:
        chosen += [one for one in present if one in centres and low <= centres[one] <= high]
    return _take(data, name, [present.index(band) for band in dict.fromkeys(chosen)])


@process("cubes", "filter", selects=True)
def filter_labels(data: Cube, condition: LabelCondition, dimension: Text, context: Anything = None) -> Cube:
    """Keep the labels that a condition accepts.

    Parameters
    ----------
    data
        The cube.
    condition
        The callback; it gets a label as ``value``.
    dimension
        The name of the dimension.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with fewer labels.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    """
    require_dimension(data, dimension)
    if dimension_type(data, dimension) == "spatial":
        raise GdcError("ProcessParameterInvalid", "filter_labels cannot filter x and y; use filter_bbox.")
    accepted = [bool(condition(value=label, context=context)) for label in label_list(data, dimension)]
    return _take(data, dimension, np.array(accepted))


@process("cubes", "filter", crop=lambda grid, arguments: crop_box(grid, arguments["extent"]))
def filter_bbox(data: RasterOrVectorCube, extent: BoundingBox) -> RasterOrVectorCube:
    """Keep the pixels whose centres lie in a box, or the geometries that lie in it as a whole.

    Parameters
    ----------
    data
        The cube.
    extent
        West, south, east and north in the CRS that ``crs`` names, longitude and latitude by default.

    Returns
    -------
    cube
        The cube with fewer pixels, or with the geometries that lie in the box as a whole.

    Raises
    ------
    BoundingBoxInvalid
        The corners of the box are swapped.
    """
    bounds, crs = box(extent)
    if not is_raster(data):
        return _geometries_inside(data, bounds, crs)
    grid = grid_of(data)
    if grid.curvilinear:
        vertical, horizontal = spatial_dimensions(data)
        covered = xr.DataArray(grid.covers(transform_bounds(bounds, crs, grid.crs)), dims=[vertical, horizontal])
        data = data.where(covered).transpose(*data.dims).assign_attrs(data.attrs)
    return _cut(data, grid, grid.crop(bounds, crs))


def _geometries_inside(data: xr.DataArray, bounds: Bounds, crs: str) -> xr.DataArray:
    """Return a vector cube with the geometries that a box holds as a whole."""
    import shapely

    name = geometry_dimension(data)
    shapes = geometries_of(data)
    area = transform_bounds(bounds, crs, crs_of(data))
    west, south, east, north = shapely.bounds(shapes).T
    # The bounds of an empty geometry are NaN.
    with np.errstate(invalid="ignore"):
        inside = (west >= area.west) & (south >= area.south) & (east <= area.east) & (north <= area.north)
    return _take(data, name, inside)


def _cut(data: xr.DataArray, grid: Grid, window: Grid | None) -> xr.DataArray:
    vertical, horizontal = spatial_dimensions(data)
    if window is None:
        return data.isel({vertical: slice(0, 0), horizontal: slice(0, 0)})
    row, column = grid.offset(window)
    return data.isel({vertical: slice(row, row + window.height), horizontal: slice(column, column + window.width)})


def _take(data: xr.DataArray, dimension: str, positions: Any) -> xr.DataArray:
    return data.isel({dimension: positions})
