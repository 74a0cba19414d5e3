"""Vector cubes: an ``xarray.DataArray`` with geometries along one dimension, from and to GeoDataFrames.

The labels of that dimension, of type ``geometry``, are shapely geometries in the CRS of ``attrs["crs"]``. Properties of
features are either values along a dimension ``properties``, or coordinates along the geometries where the values are
something else (a mean of each geometry and date, say). A cube of geometries alone holds no values (None).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import crs_of as named_crs
from gdc_jupyter.cube.cube import dimensions_of_type
from gdc_jupyter.cube.geometries import LONGITUDE_LATITUDE, Geometries, as_array, require_valid, to_crs
from gdc_jupyter.cube.grid import normalise_crs
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    import geopandas  # type: ignore[import-untyped]

GEOMETRY, PROPERTIES, VALUE = "geometry", "properties", "value"
Columns = Mapping[Any, Sequence[Any] | NDArray[Any]]


def is_vector(value: Any) -> bool:
    """Return whether a value is a cube with geometries."""
    return isinstance(value, xr.DataArray) and bool(dimensions_of_type(value, "geometry"))


def is_frame(value: Any) -> bool:
    """Return whether a value is a GeoDataFrame or a GeoSeries, without importing geopandas."""
    return type(value).__module__.partition(".")[0] == "geopandas" and hasattr(value, "geometry")


def geometry_dimension(cube: Any) -> str:
    """Return the name of the dimension of geometries.

    Raises
    ------
    GdcError
        ``DimensionMissing`` where the value is no vector cube.
    """
    found = dimensions_of_type(cube, "geometry") if isinstance(cube, xr.DataArray) else []
    if len(found) != 1:
        there = f"there are {', '.join(map(str, cube.dims))}" if isinstance(cube, xr.DataArray) else "this is no cube"
        raise GdcError("DimensionMissing", f"A vector data cube with one dimension of geometries is needed; {there}.")
    return found[0]


def geometries_of(cube: xr.DataArray) -> Geometries:
    """Return the geometries of a vector cube."""
    return as_array(cube.coords[geometry_dimension(cube)].values)


def crs_of(cube: xr.DataArray) -> str:
    """Return the CRS of a vector cube; longitude and latitude where it tells none."""
    index = cube.xindexes.get(geometry_dimension(cube))
    crs = named_crs(cube) or getattr(index, "crs", None)
    return LONGITUDE_LATITUDE if crs is None else normalise_crs(crs)


def vector_cube(
    geometries: Sequence[Any] | Geometries, crs: str, properties: Columns | None = None, features: Columns | None = None
) -> xr.DataArray:
    """Return a vector cube.

    Parameters
    ----------
    geometries : sequence of shapely geometries
    crs : str
    properties : mapping of str to sequence, optional
        Values along a dimension ``properties``.
    features : mapping of str to sequence, optional
        Properties that are kept as coordinates along the geometries.
    """
    labels = as_array(geometries)
    coords: dict[str, Any] = {GEOMETRY: (GEOMETRY, labels, {"type": "geometry"})}
    dims = [GEOMETRY]
    if properties:
        names = np.array(list(properties), dtype=object if any(isinstance(each, str) for each in properties) else None)
        coords[PROPERTIES] = (PROPERTIES, names, {"type": "other"})
        dims.append(PROPERTIES)
        values = _table([_column(column) for column in properties.values()])
    else:
        values = _nothing(len(labels))
    for name, column in (features or {}).items():
        coords[free_name(name, {*dims, *coords})] = (GEOMETRY, _column(column))
    return xr.DataArray(values, dims=dims, coords=coords, attrs={"crs": crs})


def free_name(name: str, taken: Any) -> str:
    """Return a name for a coordinate that is not one of those taken."""
    while name in taken:
        name = f"feature_{name}"
    return name


def from_frame(frame: Any) -> xr.DataArray:
    """Return a GeoDataFrame or GeoSeries as a vector cube.

    Raises
    ------
    GdcError
        ``GeometryInvalid`` for a geometry that is not valid, ``CRSInvalid`` where there is no CRS and the coordinates
        are no longitudes and latitudes.
    """
    series = frame.geometry
    geometries = as_array(series.to_numpy())
    if series.crs is None:
        west, south, east, north = series.total_bounds
        if len(geometries) and not (west >= -180 and east <= 360 and south >= -90 and north <= 90):
            raise GdcError("CRSInvalid", "The GeoDataFrame has no CRS; set it with set_crs.")
    crs = LONGITUDE_LATITUDE if series.crs is None else normalise_crs(series.crs)
    require_valid(geometries, crs, [f"The geometry of row {label!r}" for label in series.index])
    columns = getattr(frame, "columns", [])
    kept = [name for name in columns if name != series.name and str(frame[name].dtype) != "geometry"]
    return vector_cube(geometries, crs, {str(name): frame[name].to_numpy() for name in kept})


def is_table(cube: xr.DataArray) -> bool:
    """Return whether a vector cube has geometries and properties only, so that it is a table of features."""
    others = [str(name) for name in cube.dims if name != geometry_dimension(cube)]
    return others in ([], [PROPERTIES])


def has_values(cube: xr.DataArray) -> bool:
    """Return whether a vector cube holds more than geometries."""
    return cube.dtype != object or any(value is not None for value in cube.values.flat)


def feature_columns(cube: xr.DataArray) -> dict[str, NDArray[Any]]:
    """Return what is known of each geometry: coordinates along them, and properties where the cube is a table."""
    name = geometry_dimension(cube)
    columns = {
        str(key): _column(coordinate.values)
        for key, coordinate in cube.coords.items()
        if key != name and coordinate.dims == (name,)
    }
    if is_table(cube) and PROPERTIES in cube.dims:
        table = cube.transpose(name, PROPERTIES)
        for position, label in enumerate(table.coords[PROPERTIES].values):
            columns[free_name(str(label), columns)] = _column(table.values[:, position])
    return columns


def table_columns(cube: xr.DataArray) -> dict[str, NDArray[Any]]:
    """Return the columns of a vector cube that is a table: its features', and the value of each geometry."""
    columns = feature_columns(cube)
    if cube.ndim == 1 and has_values(cube):
        columns[free_name(str(cube.name or VALUE), columns)] = cube.values
    return columns


def to_frame(cube: xr.DataArray) -> geopandas.GeoDataFrame:
    """Return a vector cube that is a table of features as a GeoDataFrame."""
    import geopandas

    return geopandas.GeoDataFrame(
        dict(table_columns(cube)), geometry=geopandas.GeoSeries(list(geometries_of(cube)), crs=crs_of(cube))
    )


def with_geometries(
    cube: xr.DataArray, geometries: Geometries, positions: NDArray[Any] | None = None, crs: str | None = None
) -> xr.DataArray:
    """Return a vector cube with other geometries.

    Parameters
    ----------
    cube : xarray.DataArray
    geometries : numpy.ndarray, shape (n,)
    positions : numpy.ndarray of int, shape (n,), optional
        The feature of the cube that each of them belongs to; one after the other by default.
    crs : str, optional
        Their CRS, where it is another.
    """
    name = geometry_dimension(cube)
    chosen = cube if positions is None else cube.isel({name: positions})
    attributes = {**cube.coords[name].attrs, "type": "geometry"}
    replaced = chosen.assign_coords({name: (name, as_array(geometries), attributes)})
    return replaced.assign_attrs({**cube.attrs, "crs": crs or crs_of(cube)})


def reproject(cube: xr.DataArray, crs: str) -> xr.DataArray:
    """Return a vector cube in another CRS; the vertices are transformed."""
    return with_geometries(cube, to_crs(geometries_of(cube), crs_of(cube), crs), crs=crs)


def beside_features(cube: xr.DataArray) -> dict[str, xr.Variable]:
    """Return the geometries of a vector cube and all that is known of each of them, as coordinates of another cube."""
    name = geometry_dimension(cube)
    coords = {name: xr.Variable(name, geometries_of(cube), {**cube.coords[name].attrs, "type": "geometry"})}
    for key, values in feature_columns(cube).items():
        attributes = cube.coords[key].attrs if key in cube.coords and key not in cube.dims else {}
        coords[free_name(key, coords)] = xr.Variable(name, values, attributes)
    return coords


def kinds(cube: xr.DataArray) -> set[str]:
    """Return the types of the geometries that are not empty."""
    return {one.geom_type for one in geometries_of(cube) if not one.is_empty}


def _column(values: Any) -> NDArray[Any]:
    """Return values of features as an array of numbers, truth values or instants where they are, else of objects."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "biufM":
        return values
    plain = [_plain(value) for value in values]
    present = [value for value in plain if value is not None]
    if present and all(type(value) in (int, float) for value in present):
        if len(present) == len(plain) and all(type(value) is int and abs(value) < 2**53 for value in present):
            return np.array(plain, dtype=np.int64)
        return np.array([np.nan if value is None else value for value in plain], dtype=np.float64)
    if present and len(present) == len(plain) and all(type(value) is bool for value in present):
        return np.array(plain, dtype=bool)
    column = np.empty(len(plain), dtype=object)
    column[:] = plain
    return column


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64):
        return _plain(value.item())
    missing = value is None or type(value).__name__ in ("NAType", "NaTType") or (value != value) is True
    return None if missing else value


def _table(columns: list[NDArray[Any]]) -> NDArray[Any]:
    if all(column.dtype.kind in "iuf" for column in columns) or all(column.dtype == bool for column in columns):
        return np.stack(columns, axis=1)
    table = np.empty((len(columns[0]), len(columns)), dtype=object)
    for position, column in enumerate(columns):
        table[:, position] = [_plain(value) for value in (column.tolist() if column.dtype.kind != "M" else column)]
    return table


def _nothing(count: int) -> NDArray[Any]:
    return np.full(count, None, dtype=object)
