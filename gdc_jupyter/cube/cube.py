"""Cubes as ``xarray.DataArray``: dimension types, labels, and the grid behind x and y.

A cube carries its CRS as ``attrs["crs"]``, the coordinates of a grid that is not regular as ``attrs["geolocation"]``,
and the type of each dimension (``spatial``, ``temporal``, ``bands``, ``other``) as ``attrs["type"]`` of its coordinate;
where that is missing, the type follows from the name, the labels and the CF attributes. Labels of a temporal dimension
are instants, or texts: dates, or periods such as ``2022-05`` whose kind is ``attrs["period"]``.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import is_calendar, is_temporal
from gdc_jupyter.cube.geolocation import Geolocation
from gdc_jupyter.cube.grid import Grid, normalise_crs, regular_axis
from gdc_jupyter.cube.time import parse_labels, period_starts
from gdc_jupyter.errors import GdcError

X, Y, TIME, BANDS = "x", "y", "t", "bands"
DEFAULT_CRS = "OGC:CRS84"
# The names that dimensions without a declared type are known by.
_AXES = {
    **dict.fromkeys(("x", "lon", "longitude", "easting"), X),
    **dict.fromkeys(("y", "lat", "latitude", "northing"), Y),
    "z": "z",
}
_TYPES = {
    **dict.fromkeys(_AXES, "spatial"),
    **dict.fromkeys(("t", "time", "date", "datetime"), "temporal"),
    **dict.fromkeys(("bands", "band"), "bands"),
    "geometry": "geometry",
}
_STANDARD_NAMES = {
    **dict.fromkeys(("longitude", "projection_x_coordinate", "grid_longitude"), X),
    **dict.fromkeys(("latitude", "projection_y_coordinate", "grid_latitude"), Y),
}


def dimension_type(cube: xr.DataArray, name: str) -> str:
    """Return ``spatial``, ``temporal``, ``bands``, ``geometry`` or ``other``."""
    coordinate = coordinate_of(cube, name)
    if coordinate is not None:
        declared = coordinate.attrs.get("type")
        if declared:
            return str(declared)
        if is_temporal(coordinate.values):
            return "temporal"
        if _declared_axis(coordinate):
            return "spatial"
        if _has_geometries(coordinate.values):
            return "geometry"
    return _TYPES.get(name.lower(), "other")


def axis_of(cube: xr.DataArray, name: str) -> str:
    """Return ``x``, ``y`` or ``z`` for a spatial dimension; its name where that is not known."""
    coordinate = coordinate_of(cube, name)
    declared = None if coordinate is None else _declared_axis(coordinate)
    return declared or _AXES.get(name.lower(), name)


def coordinate_of(cube: xr.DataArray, name: Hashable) -> xr.Variable | None:
    """Return the variable of a coordinate, or None; ``cube.coords[name]`` would make a whole cube of it."""
    found: xr.Variable | None = cube.coords.variables.get(name)
    return found


def _declared_axis(coordinate: xr.Variable) -> str | None:
    axis = str(coordinate.attrs.get("axis", "")).lower()
    return axis if axis in (X, Y, "z") else _STANDARD_NAMES.get(str(coordinate.attrs.get("standard_name")))


def labels_of(cube: xr.DataArray, name: str) -> NDArray[Any]:
    """Return the labels of a dimension: 0, 1, 2 and so on where it has none."""
    coordinate = coordinate_of(cube, name)
    return np.arange(cube.sizes[name]) if coordinate is None else np.asarray(coordinate.values)


def instants_of(cube: xr.DataArray, name: str) -> NDArray[Any] | None:
    """Return the labels of a dimension as instants, or None where they are not any.

    Texts are instants where they are dates, or periods of a known kind: then the start of the period.
    """
    labels = labels_of(cube, name)
    if is_temporal(labels):
        return labels
    if not labels.size:
        return labels.astype("datetime64[ns]") if labels.dtype == object else None
    if labels.dtype.kind not in "OU" or not all(isinstance(label, str) for label in labels.tolist()):
        return None
    period = cube.coords[name].attrs.get("period")
    return parse_labels(labels.tolist()) if period is None else period_starts(labels.tolist(), str(period))


def _has_geometries(labels: np.ndarray[Any, Any]) -> bool:
    return labels.dtype == object and labels.size > 0 and hasattr(labels.flat[0], "geom_type")


def dimensions_of_type(cube: xr.DataArray, kind: str) -> list[str]:
    """Return the names of the dimensions of a type, in the cube's order."""
    return [str(name) for name in cube.dims if dimension_type(cube, str(name)) == kind]


def require_dimension(cube: xr.DataArray, name: str) -> str:
    """Return the name of a dimension that the cube has.

    Raises
    ------
    GdcError
        ``DimensionNotAvailable``, with the dimensions that there are.
    """
    if name not in cube.dims:
        raise GdcError(
            "DimensionNotAvailable",
            f"The data cube has no dimension '{name}'; it has {', '.join(map(str, cube.dims))}.",
        )
    return name


def require_temporal(cube: xr.DataArray, name: str | None) -> str:
    """Return the temporal dimension that is meant; see :func:`require_dimension`."""
    if name is not None:
        require_dimension(cube, name)
        if dimension_type(cube, name) != "temporal" or instants_of(cube, name) is None:
            raise GdcError("DimensionNotAvailable", f"The dimension '{name}' is not temporal.")
        return name
    found = [each for each in dimensions_of_type(cube, "temporal") if instants_of(cube, each) is not None]
    if len(found) != 1:
        problem = "DimensionNotAvailable" if not found else "TooManyDimensions"
        raise GdcError(problem, f"One temporal dimension is needed, and the data cube has {len(found)}: {found}.")
    return found[0]


def require_instants(cube: xr.DataArray, name: str) -> NDArray[Any]:
    """Return the labels of a dimension that :func:`require_temporal` has accepted, as instants."""
    instants = instants_of(cube, name)
    assert instants is not None
    return instants


def require_bands(cube: xr.DataArray) -> str:
    """Return the dimension of type bands; see :func:`require_dimension`."""
    found = dimensions_of_type(cube, "bands")
    if len(found) != 1:
        raise GdcError(
            "DimensionMissing", f"A dimension of type 'bands' is needed; there are {', '.join(map(str, cube.dims))}."
        )
    return found[0]


def spatial_dimensions(cube: xr.DataArray) -> tuple[str, str]:
    """Return the names of the vertical and the horizontal dimension (y, x).

    Raises
    ------
    GdcError
        ``DimensionNotAvailable`` where the cube is not a raster.
    """
    by_axis = {axis_of(cube, name): name for name in dimensions_of_type(cube, "spatial")}
    if X not in by_axis or Y not in by_axis:
        raise GdcError("DimensionNotAvailable", "The data cube has no horizontal spatial dimensions x and y.")
    return by_axis[Y], by_axis[X]


def is_raster(cube: Any) -> bool:
    """Return whether a value is a cube with x and y."""
    if not isinstance(cube, xr.DataArray):
        return False
    return {X, Y} <= {axis_of(cube, name) for name in dimensions_of_type(cube, "spatial")}


def crs_of(cube: xr.DataArray) -> Any:
    """Return the CRS that a cube names, as an attribute or by a CF grid mapping, or None."""
    if "crs" in cube.attrs:
        return cube.attrs["crs"]
    for name in (cube.attrs.get("grid_mapping"), cube.encoding.get("grid_mapping"), "spatial_ref", "crs"):
        if name in cube.coords and not cube.coords[name].ndim:
            attributes = cube.coords[name].attrs
            known = attributes.get("crs_wkt") or attributes.get("spatial_ref")
            if known:
                return known
    return None


def grid_of(cube: xr.DataArray) -> Grid:
    """Return the grid of a cube.

    Labels of x and y that are not equally spaced make a rectilinear grid; longitudes and latitudes with two dimensions
    make a curvilinear one, where the cube names no other CRS.

    Raises
    ------
    GdcError
        ``GridIrregular`` where the labels of x and y make no grid.
    """
    vertical, horizontal = spatial_dimensions(cube)
    named = crs_of(cube)
    crs = normalise_crs(DEFAULT_CRS if named is None else named)
    known = cube.attrs.get("geolocation")
    if known is not None:
        grid = _located(cube, known, crs)
        if grid is not None:
            return grid
    if known is not None or named is None:
        points = _points(cube)
        if points is not None:
            height, width = points[0].shape
            return Grid(crs, 0, 0, 1, 1, width, height, geolocation=Geolocation(*points))
    x, dx, columns = _axis(cube, horizontal)
    y, dy, rows = _axis(cube, vertical)
    location = None if columns is None and rows is None else Geolocation(columns, rows)
    return Grid(crs, x, y, dx, dy, cube.sizes[horizontal], cube.sizes[vertical], geolocation=location)


def _axis(cube: xr.DataArray, name: str) -> tuple[float, float, NDArray[Any] | None]:
    """Return the origin and the step of an axis, and its labels where they are not equally spaced."""
    coordinate = coordinate_of(cube, name)
    if coordinate is None:
        raise GdcError("GridIrregular", f"The dimension '{name}' has no labels.")
    labels = coordinate.values
    if labels.size == 1:
        step = float(coordinate.attrs.get("step", 1.0))
        return float(labels[0]) - step / 2, step, None
    steps = np.diff(labels)
    one_way = (steps > 0).all() or (steps < 0).all()
    if one_way and np.abs(steps * (labels.size - 1) / (labels[-1] - labels[0]) - 1).max() > 0.01:
        return 0.0, 1.0, labels
    return *regular_axis(labels, name), None


def _located(cube: xr.DataArray, location: Geolocation, crs: str) -> Grid | None:
    """Return the grid of a cube whose labels are some of those of a geolocation, or None where they are not."""
    vertical, horizontal = spatial_dimensions(cube)
    found = []
    for name in (horizontal, vertical):
        labels, own = cube.coords[name].values, location.axis(name == horizontal)
        if location.curvilinear:
            start, step = float(labels[0]), 1.0
            if not np.array_equal(labels, start + np.arange(labels.size)):
                return None
        elif own is None:
            start, step, _ = _axis(cube, name)
        else:
            start, step = float(np.abs(own - labels[0]).argmin()), 1.0
            if not np.array_equal(own[int(start) : int(start) + labels.size], labels):
                return None
        found.append((start, step))
    (x, dx), (y, dy) = found
    return Grid(crs, x, y, dx, dy, cube.sizes[horizontal], cube.sizes[vertical], geolocation=location)


def _points(cube: xr.DataArray) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return the coordinates with the dimensions y and x that are longitude and latitude."""
    vertical, horizontal = spatial_dimensions(cube)
    found = {}
    for name, coordinate in cube.coords.items():
        if set(coordinate.dims) == {vertical, horizontal}:
            standard = str(coordinate.attrs.get("standard_name", name)).lower()
            units = str(coordinate.attrs.get("units", "")).lower()
            for axis, direction in (("longitude", "east"), ("latitude", "north")):
                named = standard in (axis, axis[:3], f"nav_{axis[:3]}")
                if named or units in (f"degrees_{direction}", f"degree_{direction}"):
                    found[axis] = coordinate.transpose(vertical, horizontal).values
    return (found["longitude"], found["latitude"]) if len(found) == 2 else None


def place(cube: xr.DataArray, grid: Grid) -> xr.DataArray:
    """Return a cube with the x and y labels and the CRS of a grid of the same shape."""
    vertical, horizontal = spatial_dimensions(cube)
    stale = [
        name for name, coordinate in cube.coords.variables.items() if {vertical, horizontal} <= set(coordinate.dims)
    ]
    placed = cube.drop_vars(stale).assign_coords(spatial_coordinates(grid, vertical, horizontal))
    placed.attrs |= grid_attributes(grid)
    if grid.regular:
        placed.attrs.pop("geolocation", None)
    return placed


def spatial_coordinates(grid: Grid, vertical: str = Y, horizontal: str = X) -> dict[str, Any]:
    """Return the labels of a grid's rows and columns and, on a curvilinear grid, the coordinates of its pixels."""
    coords: dict[str, Any] = {
        vertical: (vertical, grid.y_labels(), {"type": "spatial", "axis": "y", "step": grid.dy}),
        horizontal: (horizontal, grid.x_labels(), {"type": "spatial", "axis": "x", "step": grid.dx}),
    }
    if grid.curvilinear:
        for name, values, units in zip(
            ("longitude", "latitude"), grid.points(), ("degrees_east", "degrees_north"), strict=True
        ):
            coords[name] = ((vertical, horizontal), values, {"standard_name": name, "units": units})
    return coords


def grid_attributes(grid: Grid) -> dict[str, Any]:
    """Return the attributes by which a cube knows its grid."""
    return {"crs": grid.crs} if grid.regular else {"crs": grid.crs, "geolocation": grid.geolocation}


def build(
    values: np.ndarray[Any, Any],
    labels: Mapping[str, Any],
    grid: Grid | None,
    attributes: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Return a cube of values whose last two axes are y and x where a grid is given.

    Parameters
    ----------
    values : numpy.ndarray
        The values.
    labels : mapping of str to (type, labels)
        The leading dimensions in the order of the axes.
    grid : Grid, optional
        The grid of the last two axes.
    attributes : mapping, optional
        Attributes of the cube.
    """
    coords: dict[str, Any] = {
        name: (name, _labels(kind, values_of), {"type": kind}) for name, (kind, values_of) in labels.items()
    }
    dims = list(labels)
    attrs = dict(attributes or {})
    if grid is not None:
        coords |= spatial_coordinates(grid)
        dims += [Y, X]
        attrs |= grid_attributes(grid)
    return xr.DataArray(values, dims=dims, coords=coords, attrs=attrs)


def _labels(kind: str, labels: Any) -> Any:
    if kind == "temporal":
        array = np.asarray(labels)
        return array if is_calendar(array) else array.astype("datetime64[ns]")
    if isinstance(labels, Sequence) and not isinstance(labels, str) and all(isinstance(one, str) for one in labels):
        return np.array(labels, dtype=object)
    return np.asarray(labels)


def without(cube: xr.DataArray, dimension: str, values: np.ndarray[Any, Any]) -> xr.DataArray:
    """Return a cube that lacks a dimension of another, with the given values."""
    dims = [name for name in cube.dims if name != dimension]
    return xr.DataArray(values, dims=dims, coords=coordinates_along(cube, dims), attrs=cube.attrs)


def coordinates_along(cube: xr.DataArray, dimensions: Sequence[Hashable]) -> dict[Hashable, xr.Variable]:
    """Return the labels of some dimensions of a cube; those of geometries with what else is known of each."""
    known = cube.coords.variables
    coords = {name: known[name] for name in dimensions if name in known}
    for name in dimensions:
        if dimension_type(cube, str(name)) == "geometry":
            coords |= {key: each.variable for key, each in cube.coords.items() if each.dims == (name,)}
    return coords


def with_labels(
    cube: xr.DataArray,
    dimension: str,
    values: np.ndarray[Any, Any],
    labels: Any,
    kind: str | None = None,
    period: str | None = None,
) -> xr.DataArray:
    """Return a cube with other labels along a dimension, with the values in the cube's order of axes.

    Labels that are periods have their kind as ``period``, such as ``month``.
    """
    coords = coordinates_along(cube, [name for name in cube.dims if name != dimension])
    kind = kind or dimension_type(cube, dimension)
    attributes = {"type": kind} if period is None else {"type": kind, "period": period}
    if kind == "spatial":
        attributes["axis"] = axis_of(cube, dimension)
    coords[dimension] = xr.Variable(dimension, labels, attributes)
    return xr.DataArray(values, dims=cube.dims, coords=coords, attrs=cube.attrs)


def along(cube: xr.DataArray, dimension: str) -> xr.DataArray:
    """Return a labelled array: the cube with the dimension as its first axis (a view)."""
    return cube.transpose(dimension, ...)
