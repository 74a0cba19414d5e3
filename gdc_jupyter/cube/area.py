"""Areas as openEO writes them, bounding boxes and geometries, and what they leave of a grid."""

from __future__ import annotations

import math
from typing import Any

from gdc_jupyter.cube.grid import Bounds, Grid, normalise_crs, transform_bounds
from gdc_jupyter.errors import GdcError

LONGITUDE_LATITUDE = "OGC:CRS84"
EDGES = ("west", "south", "east", "north")


def box(extent: dict[str, Any]) -> tuple[Bounds, str]:
    """Return the edges and the CRS of an openEO bounding box.

    Raises
    ------
    GdcError
        ``BoundingBoxInvalid`` where an edge is missing or no number, or corners are swapped.
    """
    if not isinstance(extent, dict):
        raise GdcError("BoundingBoxInvalid", "A bounding box is an object with west, south, east and north.")
    edges = [extent.get(edge) for edge in EDGES]
    for edge, value in zip(EDGES, edges, strict=True):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise GdcError("BoundingBoxInvalid", f"The bounding box needs a number as '{edge}', and it has {value!r}.")
    bounds = Bounds(*map(float, edges))  # type: ignore[arg-type]
    crs = extent.get("crs")
    name = LONGITUDE_LATITUDE if crs is None or crs in (4326, "EPSG:4326", "4326") else normalise_crs(crs)
    if bounds.south > bounds.north:
        raise GdcError(
            "BoundingBoxInvalid", f"South ({bounds.south:g}) is north of north ({bounds.north:g}); swap the two."
        )
    if bounds.west > bounds.east:
        over = (
            f"; for a box over the antimeridian give east as {bounds.east + 360:g}"
            if name == LONGITUDE_LATITUDE
            else ""
        )
        raise GdcError(
            "BoundingBoxInvalid", f"West ({bounds.west:g}) is east of east ({bounds.east:g}); swap the two{over}."
        )
    if bounds.west == bounds.east or bounds.south == bounds.north:
        raise GdcError("BoundingBoxInvalid", f"The box {tuple(bounds)} is empty: it has no width or no height.")
    if name == LONGITUDE_LATITUDE and (bounds.south < -90 or bounds.north > 90):
        raise GdcError(
            "BoundingBoxInvalid", "Latitudes lie between -90 and 90; name the CRS of other coordinates as 'crs'."
        )
    if name == LONGITUDE_LATITUDE and (bounds.west < -360 or bounds.east > 360):
        raise GdcError(
            "BoundingBoxInvalid", "Longitudes lie between -180 and 180; name the CRS of other coordinates as 'crs'."
        )
    return bounds, name


def crop_box(grid: Grid, extent: dict[str, Any]) -> Grid:
    """Return the pixels of a grid in a bounding box.

    Raises
    ------
    GdcError
        ``NoDataAvailable`` where there is none, with the extent of the grid.
    """
    bounds, crs = box(extent)
    window = grid.crop(bounds, crs)
    if window is None:
        raise outside(grid, bounds)
    return window


def crop_geometries(grid: Grid, value: Any) -> Grid:
    """Return the pixels of a grid in the box around geometries, a vector cube or GeoJSON; see :func:`crop_box`."""
    from gdc_jupyter.cube.zones import window_around

    window = window_around(value, grid)
    if window is None:
        raise outside(grid, envelope(value))
    return window


def envelope(value: Any) -> Bounds:
    """Return the box around geometries, a vector cube or GeoJSON, in longitude and latitude.

    Raises
    ------
    GdcError
        ``GeometryInvalid`` where all geometries are empty.
    """
    import shapely

    from gdc_jupyter.cube.geojson import as_vector_cube
    from gdc_jupyter.cube.vector import crs_of, geometries_of

    cube = as_vector_cube(value)
    geometries = geometries_of(cube)
    if shapely.is_empty(geometries).all():
        raise GdcError("GeometryInvalid", "All geometries are empty.")
    bounds = Bounds(*map(float, shapely.total_bounds(geometries)))
    return transform_bounds(bounds, crs_of(cube), LONGITUDE_LATITUDE)


def outside(grid: Grid, bounds: Bounds) -> GdcError:
    """Return the error that says where the data are."""
    west, south, east, north = grid.geographic_bounds
    return GdcError(
        "NoDataAvailable",
        f"The area {tuple(round(edge, 6) for edge in bounds)} holds no pixel of the data, which lie between longitudes "
        f"{west:.4f} and {east:.4f} and latitudes {south:.4f} and {north:.4f}.",
    )
