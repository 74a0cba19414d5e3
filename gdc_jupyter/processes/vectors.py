"""Processes on vector cubes: load, filter, buffer and reproject geometries, and sample points from them."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.geojson import as_vector_cube, from_geojson
from gdc_jupyter.cube.geometries import Geometries, as_array, finite, to_crs
from gdc_jupyter.cube.grid import normalise_crs, parse_crs
from gdc_jupyter.cube.vector import crs_of, geometries_of, geometry_dimension, reproject, with_geometries
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import EPSG, NULL, WKT2, Flag, IntegerOrNull, Schema, TextOrNull, VectorCube, choice

Geojson = Annotated[Any, Schema({"type": "object", "subtype": "geojson"})]
PropertyNames = Annotated[Any, Schema({"type": "array", "uniqueItems": True, "items": {"type": "string"}})]
Relation = Annotated[
    str, choice("intersects", "disjoint", "equals", "touches", "crosses", "overlaps", "contains", "within")
]
Distance = Annotated[Any, Schema({"type": "number", "not": {"const": 0}})]
Spacing = Annotated[Any, Schema({"type": "number", "minimumExclusive": 0})]
Projection = Annotated[Any, Schema([EPSG, WKT2])]
Count = Annotated[Any, Schema([{"type": "integer", "minimum": 1}, NULL])]
PointCube = Annotated[
    Any,
    Schema(
        {
            "type": "object",
            "subtype": "datacube",
            "dimensions": [{"type": "geometry", "geometry_type": ["Point", "MultiPoint"]}],
        }
    ),
]
MOST_POINTS = 5_000_000


@process("import", "vector")
def load_geojson(data: Geojson, properties: PropertyNames = []) -> VectorCube:  # noqa: B006
    """Make a vector cube of GeoJSON.

    Each geometry or feature becomes a label of the dimension ``geometry``. A feature without a geometry has an empty
    one. Properties that are not asked for here, and identifiers, stay with the features, and come back when the cube,
    or what is computed for its geometries, is saved.

    Parameters
    ----------
    data
        A geometry, a Feature or a FeatureCollection, in longitude and latitude.
    properties
        The properties that become values, along a dimension ``properties`` with their names as labels. A single one
        that holds arrays gives a label (0, 1, 2 and so on) for each member. What a feature lacks is no-data.

    Returns
    -------
    cube
        A vector cube with the dimension ``geometry``, and ``properties`` where there are any.

    Raises
    ------
    GeometryInvalid
        It is no GeoJSON, or a geometry in it is not valid.
    """
    return from_geojson(data, properties)


@process("cubes", "filter", "vector")
def filter_vector(data: VectorCube, geometries: VectorCube, relation: Relation = "intersects") -> VectorCube:
    """Keep the geometries that stand in a relation to others.

    Parameters
    ----------
    data
        The cube whose geometries are kept or left out.
    geometries
        The geometries that they are compared with, in any reference system; several are united first.
    relation
        The relation, as Simple Features defines it, read from the united geometries to each of those in the cube:
        with ``contains`` geometries stay that lie in the united ones, with ``within`` those that hold the united ones.

    Returns
    -------
    cube
        The cube with fewer geometries; empty ones are left out.
    """
    import shapely

    cube, others = as_vector_cube(data), as_vector_cube(geometries)
    united = shapely.union_all(to_crs(geometries_of(others), crs_of(others), crs_of(cube)))
    candidates = geometries_of(cube)
    shapely.prepare(united)
    holds = np.asarray(getattr(shapely, relation)(united, candidates))
    return cube.isel({geometry_dimension(cube): np.flatnonzero(holds & ~shapely.is_empty(candidates))})


@process("vector")
def vector_buffer(geometries: VectorCube, distance: Distance) -> VectorCube:
    """Widen or narrow geometries by a distance.

    Round corners are drawn with 16 edges for each quarter of a circle. The values of the cube stay.

    Parameters
    ----------
    geometries
        The geometries, in a reference system in metres.
    distance
        The distance in metres; with a negative one polygons get smaller, and may become empty, as points and lines do.

    Returns
    -------
    cube
        The cube with the new geometries, which are polygons.

    Raises
    ------
    UnitMismatch
        The unit of the reference system is not the metre; vector_reproject helps.
    """
    import shapely

    if distance == 0:
        raise GdcError("ProcessParameterInvalid", "The distance of vector_buffer is not 0.")
    cube = as_vector_cube(geometries)
    _require_metres(cube)
    shapes = geometries_of(cube)
    buffered = shapely.buffer(shapes, float(distance), quad_segs=16)
    return with_geometries(cube, np.where(shapely.is_empty(shapes), shapes, buffered))


@process("cubes", "reproject", "vector")
def vector_reproject(data: VectorCube, projection: Projection, dimension: TextOrNull = None) -> VectorCube:
    """Bring geometries to another reference system.

    Their vertices are transformed. In longitude and latitude, geometries are cut where they cross the antimeridian.

    Parameters
    ----------
    data
        The cube.
    projection
        The EPSG code, or WKT2, of the reference system.
    dimension
        The dimension of the geometries; the one there is by default.

    Returns
    -------
    cube
        The cube with the geometries in the reference system.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension of geometries.
    """
    cube = as_vector_cube(data)
    name = geometry_dimension(cube)
    if dimension is not None and dimension != name:
        raise GdcError(
            "DimensionNotAvailable", f"There is no dimension '{dimension}' of geometries; there is '{name}'."
        )
    result = reproject(cube, normalise_crs(projection))
    broken = np.flatnonzero(~finite(geometries_of(result)))
    if len(broken):
        raise GdcError(
            "GeometryInvalid", f"Geometry {broken[0]} reaches beyond the area in which {projection} is defined."
        )
    return result


@process("cubes", "vector")
def vector_to_random_points(
    data: VectorCube,
    geometry_count: Count = None,
    total_count: Count = None,
    group: Flag = True,
    seed: IntegerOrNull = None,
) -> PointCube:
    """Draw random points from geometries.

    Points of polygons are spread evenly over their area, those of lines over their length, and of points each is drawn
    at most once. Without counts, one point is drawn from each geometry. A total is shared out evenly, with at least one
    point for each.

    Parameters
    ----------
    data
        The cube.
    geometry_count
        The most points to draw from each geometry.
    total_count
        The most points to draw in all.
    group
        Whether the points of a geometry stay together as a MultiPoint, with its properties and identifier, or become
        geometries of their own, with its properties.
    seed
        With the same seed the same points are drawn again; without one they differ.

    Returns
    -------
    cube
        A vector cube with the points. Empty geometries stay as they are.

    Raises
    ------
    CountMismatch
        The total is less than the number of geometries.
    """
    cube = as_vector_cube(data)
    shapes = geometries_of(cube)
    if total_count is not None and total_count < len(shapes):
        raise GdcError(
            "CountMismatch",
            f"{total_count} points are fewer than the {len(shapes)} geometries that they are drawn from.",
        )
    counts = _shared_out(shapes, geometry_count, total_count)
    random = np.random.default_rng(seed)
    return _as_points(
        cube, [_drawn(shape, count, random) for shape, count in zip(shapes, counts, strict=True)], shapes, group
    )


@process("cubes", "vector")
def vector_to_regular_points(data: VectorCube, distance: Spacing, group: Flag = True) -> PointCube:
    """Set points at regular distances in geometries.

    In a polygon they are the centres of the cells of a grid that starts at the upper left corner of its box, as far as
    they lie inside; where none does, the first vertex stands for the polygon. On a line they start at its first vertex
    and follow each other at the distance along it. Points stay as they are.

    Parameters
    ----------
    data
        The cube, in a reference system in metres.
    distance
        The distance in metres.
    group
        Whether the points of a geometry stay together as a MultiPoint, with its properties and identifier, or become
        geometries of their own, with its properties.

    Returns
    -------
    cube
        A vector cube with the points. Empty geometries stay as they are.

    Raises
    ------
    UnitMismatch
        The unit of the reference system is not the metre; vector_reproject helps.
    """
    if not distance > 0:
        raise GdcError("ProcessParameterInvalid", f"The distance must be greater than 0, and it is {distance}.")
    cube = as_vector_cube(data)
    _require_metres(cube)
    shapes = geometries_of(cube)
    _require_few(shapes, float(distance))
    return _as_points(cube, [_regular(shape, float(distance)) for shape in shapes], shapes, group)


def _require_metres(cube: xr.DataArray) -> None:
    crs = parse_crs(crs_of(cube))
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if not units <= {"metre", "meter"}:
        raise GdcError(
            "UnitMismatch",
            f"The unit of {crs.name} is {' and '.join(sorted(units)) or 'not known'}, and the distance is in metres: "
            "use vector_reproject first, with the UTM zone of the area for example.",
        )


def _as_points(cube: xr.DataArray, points: list[NDArray[np.float64]], shapes: Geometries, group: bool) -> xr.DataArray:
    """Return a vector cube with the points of each geometry, arrays of shape (n, 2)."""
    import shapely

    if group:
        made = [
            shape if shape.is_empty else shapely.MultiPoint(each) for shape, each in zip(shapes, points, strict=True)
        ]
        return with_geometries(cube, as_array(made))
    counts = np.maximum([len(each) for each in points], 1)
    positions = np.repeat(np.arange(len(shapes)), counts)
    single: list[Any] = []
    for shape, each in zip(shapes, points, strict=True):
        single += [shape] if shape.is_empty else [shapely.Point(point) for point in each]
    result = with_geometries(cube, as_array(single), positions)
    identifiers = [name for name, each in result.coords.items() if each.attrs.get("identifier")]
    return result.drop_vars(identifiers)


def _shared_out(shapes: Geometries, each: int | None, total: int | None) -> list[int]:
    """Return how many points to draw from each geometry: no more than it has, no more than its even share."""
    import shapely

    empty = shapely.is_empty(shapes)
    available = [
        0 if gone else shapely.get_num_coordinates(shape) if shapely.get_dimensions(shape) == 0 else MOST_POINTS
        for shape, gone in zip(shapes, empty, strict=True)
    ]
    if each is None and total is None:
        return [min(number, 1) for number in available]
    limits = [number if each is None else min(number, each) for number in available]
    if total is None:
        total = sum(limits)
    if min(total, sum(limits)) > MOST_POINTS:
        raise GdcError(
            "ProcessParameterInvalid", f"{min(total, sum(limits)):,} points are too many; {MOST_POINTS:,} are the most."
        )
    counts = np.zeros(len(shapes), np.int64)
    left = total
    # What a geometry with few points cannot take goes to the others.
    while left > 0 and (open_ := np.flatnonzero(counts < limits)).size:
        share, rest = divmod(left, len(open_))
        wanted = share + (np.arange(len(open_)) < rest)
        taken = np.minimum(wanted, np.array(limits)[open_] - counts[open_])
        counts[open_] += taken
        left -= int(taken.sum())
    return [int(count) for count in counts]


def _drawn(shape: Any, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return random points of a geometry, shape (count, 2)."""
    import shapely

    if not count:
        return np.empty((0, 2))
    dimension = shapely.get_dimensions(shape)
    if dimension == 0:
        points = np.unique(shapely.get_coordinates(shape), axis=0)
        return np.asarray(points[np.sort(random.permutation(len(points))[:count])])
    parts = _parts_of(shape, dimension)
    if dimension == 1:
        ends = np.cumsum(shapely.length(parts))
        along = random.uniform(0, ends[-1], count)
        part = np.minimum(np.searchsorted(ends, along, side="right"), len(parts) - 1)
        return shapely.get_coordinates(
            shapely.line_interpolate_point(parts[part], along - np.concatenate([[0], ends])[part])
        )
    # Triangles by their area, and in each of them evenly: (1 - sqrt(r)) a + sqrt(r) (1 - s) b + sqrt(r) s c.
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(parts))
    triangles = shapely.get_parts(triangles)
    weights = shapely.area(triangles)
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)
    a, b, c = corners[random.choice(len(triangles), count, p=weights / weights.sum()), :3].transpose(1, 0, 2)
    r, s = np.sqrt(random.random((count, 1))), random.random((count, 1))
    return np.asarray((1 - r) * a + r * (1 - s) * b + r * s * c)


def _parts_of(shape: Any, dimension: int) -> Geometries:
    import shapely

    parts = shapely.get_parts([shape])
    while (shapely.get_num_geometries(parts) > 1).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts[shapely.get_dimensions(parts) == dimension])


def _regular(shape: Any, distance: float) -> NDArray[np.float64]:
    """Return the points that stand for a geometry, shape (n, 2)."""
    import shapely

    if shape.is_empty:
        return np.empty((0, 2))
    if shape.geom_type in ("GeometryCollection", "MultiLineString"):
        return np.concatenate([_regular(part, distance) for part in shapely.get_parts(shape)])
    dimension = shapely.get_dimensions(shape)
    if dimension == 0:
        return np.asarray(shapely.get_coordinates(shape))
    if dimension == 1:
        # The last step is taken where it ends at the end but for rounding.
        steps = np.arange(np.floor(shape.length / distance * (1 + 1e-12)) + 1) * distance
        return np.asarray(
            shapely.get_coordinates(shapely.line_interpolate_point(shape, np.minimum(steps, shape.length)))
        )
    west, south, east, north = shape.bounds
    x = west + distance * (np.arange(np.ceil((east - west) / distance)) + 0.5)
    y = north - distance * (np.arange(np.ceil((north - south) / distance)) + 0.5)
    across, down = (each.ravel() for each in np.meshgrid(x, y))
    shapely.prepare(shape)
    inside = shapely.contains_xy(shape, across, down)
    if not inside.any():
        return np.asarray(shapely.get_coordinates(shape)[:1])
    return np.column_stack([across[inside], down[inside]])


def _require_few(shapes: Geometries, distance: float) -> None:
    import shapely

    west, south, east, north = np.nan_to_num(shapely.bounds(shapes)).T
    flat = shapely.get_dimensions(shapes) == 2
    count = float(
        np.where(flat, (east - west) * (north - south) / distance**2, shapely.length(shapes) / distance).sum()
    )
    if count > MOST_POINTS:
        raise GdcError(
            "ProcessParameterInvalid",
            f"A distance of {distance:g} m would give up to {count:,.0f} points; {MOST_POINTS:,} are the most.",
        )
