"""GeoJSON (RFC 7946) to vector cubes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.geometries import LONGITUDE_LATITUDE, as_array, require_valid, same_crs
from gdc_jupyter.cube.grid import normalise_crs
from gdc_jupyter.cube.vector import (
    Columns,
    crs_of,
    from_frame,
    geometries_of,
    is_frame,
    is_vector,
    vector_cube,
)
from gdc_jupyter.errors import GdcError

SHAPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
MOST_LABELS = 10_000
IDENTIFIER = "id"


def as_vector_cube(value: Any) -> xr.DataArray:
    """Return what stands for geometries, GeoJSON, a GeoDataFrame or a vector cube, as a vector cube.

    Raises
    ------
    GdcError
        ``GeometryInvalid`` where it is none of them, or a geometry is not valid.
    """
    if is_vector(value):
        return require_valid_cube(value)
    if is_frame(value):
        return from_frame(value)
    if isinstance(value, dict):
        return from_geojson(value)
    raise GdcError("GeometryInvalid", f"GeoJSON or a vector data cube is needed, and this is a {type(value).__name__}.")


def require_valid_cube(cube: xr.DataArray) -> xr.DataArray:
    """Return a vector cube whose geometries are valid; see :func:`gdc_jupyter.cube.geometries.require_valid`."""
    require_valid(geometries_of(cube), crs_of(cube))
    return cube


def from_geojson(document: Any, properties: Sequence[str] = ()) -> xr.DataArray:
    """Return GeoJSON as a vector cube.

    Parameters
    ----------
    document : dict
        A geometry, a Feature, a FeatureCollection, or a GeometryCollection, each of whose members counts. A member
        ``crs``, as GeoJSON had it before 2016, names the CRS; longitude and latitude otherwise.
    properties : sequence of str
        The properties of the features that become values along a dimension ``properties``. A single one that is a list
        gives as many labels (0, 1, 2 and so on) as the longest list has members. Other properties, and the identifiers
        of features, are kept as coordinates along the geometries.

    Raises
    ------
    GdcError
        ``GeometryInvalid`` where it is no GeoJSON, has no geometry, or one that is not valid; null and empty geometries
        are taken.
    """
    features = _features(document)
    crs = _crs(document)
    names = [_name(feature, position, len(features)) for position, feature in enumerate(features)]
    shapes = [_shape(feature.get("geometry"), name) for feature, name in zip(features, names, strict=True)]
    geometries = require_valid(as_array(shapes), crs, names)
    columns = _columns(features)
    chosen = _chosen(columns, properties, len(features))
    kept = {name: column for name, column in columns.items() if name not in properties}
    identifiers = [feature.get("id") for feature in features]
    identified = any(identifier is not None for identifier in identifiers) and IDENTIFIER not in columns
    cube = vector_cube(geometries, crs, chosen, {**kept, IDENTIFIER: identifiers} if identified else kept)
    if identified:
        cube.coords[IDENTIFIER].attrs["identifier"] = True
    return cube


def _features(document: Any) -> list[dict[str, Any]]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return [document]
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or not features:
            raise GdcError("GeometryInvalid", "The FeatureCollection has no features.")
        for position, feature in enumerate(features):
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                raise GdcError("GeometryInvalid", f"Member {position} of the FeatureCollection is no Feature.")
        return features
    if kind == "GeometryCollection":
        members = document.get("geometries")
        if not isinstance(members, list) or not members:
            raise GdcError("GeometryInvalid", "The GeometryCollection has no geometries.")
        return [{"geometry": member} for member in members]
    if kind in SHAPES:
        return [{"geometry": document}]
    raise GdcError(
        "GeometryInvalid",
        f"The type of the GeoJSON is {kind!r}; it can be Feature, FeatureCollection, {', '.join(SHAPES)}.",
    )


def _name(feature: dict[str, Any], position: int, count: int) -> str:
    if count == 1:
        return "The geometry"
    return f"The geometry of feature {position}" if feature.get("type") == "Feature" else f"Geometry {position}"


def _shape(geometry: Any, name: str) -> Any:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    if geometry is None:
        return None
    if not isinstance(geometry, dict) or geometry.get("type") not in SHAPES:
        kind = geometry.get("type") if isinstance(geometry, dict) else geometry
        raise GdcError("GeometryInvalid", f"{name} has the type {kind!r:.60}; it can be {', '.join(SHAPES)}.")
    try:
        made = shape(geometry)
    except (ShapelyError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise GdcError("GeometryInvalid", f"{name} is no valid GeoJSON: {error}.") from None
    if not np.isfinite(made.bounds).all() and not made.is_empty:
        raise GdcError("GeometryInvalid", f"{name} has coordinates that are no numbers.")
    return made


def _crs(document: dict[str, Any]) -> str:
    member = document.get("crs")
    if member is None:
        return LONGITUDE_LATITUDE
    named = member.get("properties", {}).get("name") if isinstance(member, dict) else member
    if not isinstance(named, (str, int)) or isinstance(named, bool):
        raise GdcError("CRSInvalid", "The member 'crs' of the GeoJSON names no coordinate reference system.")
    crs = normalise_crs(named)
    return LONGITUDE_LATITUDE if same_crs(crs, LONGITUDE_LATITUDE) else crs


def _columns(features: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names: dict[str, None] = {}
    records = []
    for feature in features:
        record = feature.get("properties")
        if record is not None and not isinstance(record, dict):
            raise GdcError("GeometryInvalid", "The properties of a feature are an object or null.")
        records.append(record or {})
        names |= dict.fromkeys(map(str, record or {}))
    return {name: [record.get(name) for record in records] for name in names}


def _chosen(columns: dict[str, list[Any]], properties: Sequence[str], count: int) -> Columns:
    chosen = {name: columns.get(name, [None] * count) for name in properties}
    if len(chosen) != 1:
        return chosen
    lists = next(iter(chosen.values()))
    if not any(isinstance(value, list) for value in lists):
        return chosen
    rows = [value if isinstance(value, list) else [] if value is None else [value] for value in lists]
    longest = max(map(len, rows))
    if longest > MOST_LABELS:
        raise GdcError("ProcessParameterInvalid", f"A property has {longest} members; {MOST_LABELS} are the most.")
    return {index: [row[index] if index < len(row) else None for row in rows] for index in range(longest)}
