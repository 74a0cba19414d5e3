"""Processes that keep, replace or process the pixels in geometries: filter_spatial, mask_polygon, apply_polygon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.coverage import centres
from gdc_jupyter.cube.cube import grid_of, spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.zones import Zones, require_polygons, window_around
from gdc_jupyter.cube.zones import inside as pixels_inside
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process as register
from gdc_jupyter.processes.schemas import (
    AnyGeometries,
    Anything,
    CubeCallback,
    Flag,
    Polygons,
    RasterCube,
    ScalarChoice,
    Schema,
)

PolygonCube = Annotated[
    Any,
    Schema(
        {
            "type": "object",
            "subtype": "datacube",
            "dimensions": [{"type": "geometry", "geometry_type": ["Polygon", "MultiPolygon"]}],
        }
    ),
]


def _crop(grid: Grid, arguments: Mapping[str, Any]) -> Grid:
    return window_around(arguments["geometries"], grid) or grid.window(0, 0, 0, 0)


@register("cubes", "filter", crop=_crop, masks=True, templates=frozenset({"geometries"}))
def filter_spatial(data: RasterCube, geometries: AnyGeometries) -> RasterCube:
    """Keep the pixels in geometries.

    Those are the pixels whose centres polygons hold, edges included, the pixels that points lie in, and those that
    lines go through.

    Parameters
    ----------
    data
        The cube.
    geometries
        The geometries, as a vector cube in any reference system or as GeoJSON.

    Returns
    -------
    cube
        The cube cut to the box around the geometries, with no-data in the other pixels. It has no pixels where the
        geometries lie outside of the data.
    """
    grid = grid_of(data)
    window = _crop(grid, {"geometries": geometries})
    row, column = grid.offset(window)
    vertical, horizontal = spatial_dimensions(data)
    cut = data.isel({vertical: slice(row, row + window.height), horizontal: slice(column, column + window.width)})
    return _replaced(cut, ~pixels_inside(geometries, window), None)


@register("cubes", "masks", templates=frozenset({"mask"}))
def mask_polygon(
    data: RasterCube, mask: Polygons, replacement: ScalarChoice = None, inside: Flag = False
) -> RasterCube:
    """Replace the pixels outside of polygons.

    A pixel lies in a polygon where its centre does, edges included. No-data stays as it is.

    Parameters
    ----------
    data
        The cube.
    mask
        Polygons, as a vector cube in any reference system or as GeoJSON.
    replacement
        What replaces the values; no-data by default.
    inside
        Whether the pixels inside are replaced, rather than those outside.

    Returns
    -------
    cube
        The masked cube.
    """
    require_polygons(mask)
    covered = pixels_inside(mask, grid_of(data))
    return _replaced(data, covered if inside else ~covered, replacement)


def _replaced(data: xr.DataArray, chosen: NDArray[np.bool_], replacement: Any) -> xr.DataArray:
    """Return a cube with the valid values of chosen pixels, shape (y, x), replaced."""
    vertical, horizontal = spatial_dimensions(data)
    aligned = xr.DataArray(chosen, dims=[vertical, horizontal]).transpose(
        *[name for name in data.dims if name in (vertical, horizontal)]
    )
    shape = [data.sizes[name] if name in (vertical, horizontal) else 1 for name in data.dims]
    where = aligned.values.reshape(shape)
    value = np.float32(np.nan) if replacement is None else replacement
    if replacement is not None and data.dtype.kind == "f":
        where = where & ~np.isnan(data.values)
    return data.copy(deep=False, data=np.where(where, value, data.values))


def _reads(grid: Grid, arguments: Mapping[str, Any], window: Grid) -> Grid:
    """Return the window with the boxes of all polygons that have pixels in it."""
    zones = Zones(arguments["geometries"], grid)
    needed = window
    for member in zones.members(window):
        box = zones.box(int(member))
        needed = needed if box is None else needed.union(box)
    return needed


def _same_grid(grid: Grid, arguments: Mapping[str, Any]) -> Grid:
    """Return the grid, once it is sure that no pixel of it lies in two polygons."""
    zones = Zones(arguments["geometries"], grid)
    _require_apart(zones, np.arange(zones.count))
    return grid


@register("cubes", reads=_reads, regrid=_same_grid, templates=frozenset({"geometries"}))
def apply_polygon(
    data: RasterCube,
    geometries: PolygonCube,
    process: CubeCallback,
    mask_value: ScalarChoice = None,
    context: Anything = None,
) -> RasterCube:
    """Apply a callback to the part of the cube in each polygon.

    A part is the smallest window of pixels around a polygon. A pixel belongs to the polygon if its centre lies in it,
    edges included; where polygons share an edge, the first has the pixels on it.

    Parameters
    ----------
    data
        The cube.
    geometries
        The polygons, in any reference system. Empty ones are left out.
    process
        The callback; it gets a part as the cube ``data``, and returns a cube with the same dimensions and numbers of
        labels.
    mask_value
        What the other pixels of a part, and the pixels outside of all polygons in the result, are set to; no-data by
        default.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with new values, and the labels of the data.

    Raises
    ------
    GeometriesOverlap
        A pixel lies in several polygons.
    """
    require_polygons(geometries)
    grid = grid_of(data)
    zones = Zones(geometries, grid)
    members = zones.members(grid)
    _require_apart(zones, members)
    vertical, horizontal = spatial_dimensions(data)
    ordered = data.transpose(..., vertical, horizontal)
    value = np.nan if mask_value is None else mask_value
    result = np.full(ordered.shape, value, np.result_type(data.dtype, np.float32, np.min_scalar_type(value)))
    taken = np.zeros(grid.shape, bool)
    for member in members:
        window = zones.box(int(member))
        assert window is not None
        rows, columns = _slices(grid, window)
        own = _own(zones, int(member), window) & ~taken[rows, columns]
        taken[rows, columns] |= own
        part = ordered.isel({vertical: rows, horizontal: columns})
        part = part.copy(deep=False, data=np.where(own, part.values, value)).transpose(*data.dims)
        result[..., rows, columns][..., own] = _processed(process, part, context, ordered.dims)[..., own]
    if grid.shape == (1, 1) and not taken.any():
        # One pixel stands for all of them in the plan, so that the callback can refuse.
        _processed(process, data, context, ordered.dims)
    return ordered.copy(deep=False, data=result).transpose(*data.dims)


def _processed(callback: Any, part: xr.DataArray, context: Any, order: Any) -> NDArray[Any]:
    result = callback(data=part, context=context)
    if not isinstance(result, xr.DataArray) or dict(result.sizes) != dict(part.sizes):
        found = f"one of {dict(result.sizes)}" if isinstance(result, xr.DataArray) else f"{result!r:.60}"
        raise GdcError(
            "ProcessParameterInvalid",
            f"The callback of apply_polygon gets a cube of {dict(part.sizes)} and must return one of the same size; it "
            f"returns {found}.",
        )
    return np.asarray(result.transpose(*order).values)


def _own(zones: Zones, member: int, window: Grid) -> NDArray[np.bool_]:
    found = np.zeros(window.height * window.width, bool)
    found[centres(zones.geometries[member : member + 1], window).pixels] = True
    return found.reshape(window.shape)


def _slices(grid: Grid, window: Grid) -> tuple[slice, slice]:
    row, column = grid.offset(window)
    return slice(row, row + window.height), slice(column, column + window.width)


def _require_apart(zones: Zones, members: NDArray[np.intp]) -> None:
    import shapely

    shapes = zones.geometries[members]
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = np.flatnonzero(first < second)
    first, second = first[pairs], second[pairs]
    overlap = shapely.relate_pattern(shapes[first], shapes[second], "T********")
    first, second = members[first], members[second]
    for one, other in zip(first[overlap].tolist(), second[overlap].tolist(), strict=True):
        windows = [zones.box(one), zones.box(other)]
        common = windows[0].intersection(windows[1]) if windows[0] is not None and windows[1] is not None else None
        if common is not None and (_own(zones, one, common) & _own(zones, other, common)).any():
            raise GdcError(
                "GeometriesOverlap", f"The polygons {one} and {other} overlap, so that pixels would be processed twice."
            )
