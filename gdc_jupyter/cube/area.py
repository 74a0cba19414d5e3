"""Areas as openEO writes them, bounding boxes and GeoJSON polygons, and what they cover of a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gdc_jupyter.cube.grid import Bounds, Grid, normalise_crs, parse_crs, transformer
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

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


def crop_polygons(grid: Grid, geojson: Any) -> Grid:
    """Return the pixels of a grid in the box around polygons; see :func:`crop_box`."""
    bounds = envelope(geometries_of(geojson))
    window = grid.crop(bounds, LONGITUDE_LATITUDE)
    if window is None:
        raise outside(grid, bounds)
    return window


def outside(grid: Grid, bounds: Bounds) -> GdcError:
    """Return the error that says where the data are."""
    west, south, east, north = grid.geographic_bounds
    return GdcError(
        "NoDataAvailable",
        f"The area {tuple(round(edge, 6) for edge in bounds)} holds no pixel of the data, which lie between longitudes "
        f"{west:.4f} and {east:.4f} and latitudes {south:.4f} and {north:.4f}.",
    )


def geometries_of(geojson: Any) -> list[BaseGeometry]:
    """Return the polygons of a GeoJSON object.

    Raises
    ------
    GdcError
        ``GeometryInvalid`` where it is no GeoJSON or holds no polygon.
    """
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        found = [shape(geometry) for geometry in _members(geojson)]
    except (ShapelyError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise GdcError("GeometryInvalid", f"The geometry is no valid GeoJSON: {error}") from None
    polygons = [one for one in found if one.geom_type in ("Polygon", "MultiPolygon") and not one.is_empty]
    if not polygons:
        raise GdcError("GeometryInvalid", "GeoJSON with at least one polygon is needed.")
    return polygons


def envelope(geometries: Sequence[BaseGeometry]) -> Bounds:
    """Return the box around geometries."""
    edges = [geometry.bounds for geometry in geometries]
    return Bounds(*(choose(edge[side] for edge in edges) for side, choose in enumerate((min, min, max, max))))


def inside(geometries: Sequence[BaseGeometry], grid: Grid) -> NDArray[np.bool_]:
    """Return which pixel centres lie in polygons given in longitude and latitude, shape (height, width)."""
    projected = [_project(geometry, grid.crs) for geometry in geometries]
    if not grid.regular:
        return _points_inside(projected, grid)
    import rasterio.features
    from affine import Affine

    covered: NDArray[np.bool_] = rasterio.features.geometry_mask(
        projected, out_shape=grid.shape, transform=Affine(*grid.transform), invert=True
    )
    return covered


def _points_inside(geometries: Sequence[BaseGeometry], grid: Grid) -> NDArray[np.bool_]:
    import numpy as np
    import shapely

    x, y = grid.points()
    if parse_crs(grid.crs).is_geographic:
        x = (x + 180) % 360 - 180
    covered = np.zeros(grid.shape, bool)
    for geometry in geometries:
        shapely.prepare(geometry)
        covered |= np.asarray(shapely.intersects_xy(geometry, x, y))
    return covered


def _project(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    import shapely

    if parse_crs(crs) == parse_crs(LONGITUDE_LATITUDE):
        return geometry
    into = transformer(LONGITUDE_LATITUDE, crs)
    return shapely.transform(geometry, lambda points: _columns(into.transform(points[:, 0], points[:, 1])))


def _columns(pair: tuple[Any, Any]) -> Any:
    import numpy as np

    return np.column_stack(pair)


def _members(geojson: Any) -> list[Any]:
    kind = geojson.get("type") if isinstance(geojson, dict) else None
    if kind == "FeatureCollection":
        return [feature["geometry"] for feature in geojson["features"] if feature.get("geometry")]
    if kind == "Feature":
        return [geojson["geometry"]]
    if kind == "GeometryCollection":
        return list(geojson["geometries"])
    return [geojson]
