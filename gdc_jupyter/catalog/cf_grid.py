"""Where the pixels of a CF variable are: its axes, its coordinates, its CRS, and the grid that they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.arrays import Layout
from gdc_jupyter.catalog.variables import Stored
from gdc_jupyter.cube.geolocation import Geolocation
from gdc_jupyter.cube.grid import Grid, normalise_crs, parse_crs, regular_axis
from gdc_jupyter.errors import GdcError

STANDARD_NAMES = {
    "longitude": "x",
    "projection_x_coordinate": "x",
    "grid_longitude": "x",
    "latitude": "y",
    "projection_y_coordinate": "y",
    "grid_latitude": "y",
    "time": "t",
}
NAMES = {
    "x": ("x", "lon", "longitude", "easting", "rlon", "xc"),
    "y": ("y", "lat", "latitude", "northing", "rlat", "yc"),
    "t": ("time", "t", "date", "datetime"),
}


def axis_of(entry: Stored) -> str | None:
    """Return ``x``, ``y`` or ``t`` for a coordinate variable."""
    attributes = entry.attributes
    axis = str(attributes.get("axis", "")).lower()
    if axis in ("x", "y", "t"):
        return axis
    units = str(attributes.get("units", "")).lower()
    known = STANDARD_NAMES.get(str(attributes.get("standard_name", "")))
    if known:
        return known
    if units.startswith(("degree_east", "degrees_east")):
        return "x"
    if units.startswith(("degree_north", "degrees_north")):
        return "y"
    if " since " in units:
        return "t"
    name = entry.name.rpartition("/")[2].lower()
    return next((axis for axis, names in NAMES.items() if name in names), None)


def lookup(stored: dict[str, Stored], entry: Stored, name: str) -> Stored | None:
    """Return a variable by its name, from the group of another one or a group around it."""
    group = entry.name.rpartition("/")[0]
    while group:
        if f"{group}/{name}" in stored:
            return stored[f"{group}/{name}"]
        group = group.rpartition("/")[0]
    return stored.get(name)


def points_of(stored: dict[str, Stored], entry: Stored) -> tuple[Stored, Stored] | None:
    """Return the longitudes and latitudes of each pixel of a variable, over two of its dimensions."""
    named = [lookup(stored, entry, name) for name in str(entry.attributes.get("coordinates", "")).split()]
    group = entry.name.rpartition("/")[0]
    beside = [other for name, other in stored.items() if name.rpartition("/")[0] == group]
    found: dict[str, Stored] = {}
    for other in (*named, *beside):
        if other is None or other is entry or len(other.dims) != 2 or not set(other.dims) <= set(entry.dims):
            continue
        axis = direction_of(other)
        if axis and all(known.dims == other.dims for known in found.values()):
            found.setdefault(axis, other)
    return (found["x"], found["y"]) if len(found) == 2 else None


def direction_of(entry: Stored) -> str | None:
    """Return ``x`` for longitudes and ``y`` for latitudes."""
    standard = str(entry.attributes.get("standard_name", "")).lower()
    units = str(entry.attributes.get("units", "")).lower().replace(" ", "_")
    if standard in ("longitude", "latitude"):
        return "x" if standard == "longitude" else "y"
    if units in ("degrees_east", "degree_east", "degrees_north", "degree_north"):
        return "x" if units.endswith("east") else "y"
    name = entry.name.rpartition("/")[2].lower().removeprefix("nav_")
    return {"lon": "x", "longitude": "x", "lat": "y", "latitude": "y"}.get(name)


def place_of(path: Path, stored: dict[str, Stored], entry: Stored, axes: tuple[str, ...]) -> tuple[Grid, Layout]:
    """Return the grid of a variable: by the labels of its rows and columns if they have any, else by its points."""
    points = points_of(stored, entry)
    x, y = (lookup(stored, entry, entry.dims[axes.index(axis)]) for axis in "xy")
    if points is None:
        assert x is not None
        assert y is not None
        return _grid(path, crs_of(path, stored, entry, x, y), x, y)
    if x is not None and y is not None:
        try:
            return _grid(path, crs_of(path, stored, entry, x, y), x, y)
        except GdcError as error:
            if error.code != "CRSInvalid":
                raise
    return _curvilinear(*points), Layout()


def _curvilinear(x: Stored, y: Stored) -> Grid:
    longitude, latitude = (_physical(each) for each in (x, y))
    unknown = ~((np.abs(longitude) <= 720) & (np.abs(latitude) <= 90.000001))
    longitude, latitude = (np.where(unknown, np.nan, each) for each in (longitude, latitude))
    height, width = x.shape
    return Grid("EPSG:4326", 0, 0, 1, 1, width, height, geolocation=Geolocation(longitude, latitude))


def _physical(coordinate: Stored) -> NDArray[np.float64]:
    """Return a coordinate unpacked, with NaN for missing values."""
    stored, attributes = coordinate.values(), coordinate.attributes
    values = stored.astype(np.float64)
    for key in ("_FillValue", "missing_value"):
        for fill in np.atleast_1d(attributes.get(key, [])):
            values[stored == fill] = np.nan
    return values * float(attributes.get("scale_factor", 1)) + float(attributes.get("add_offset", 0))


def crs_of(path: Path, stored: dict[str, Stored], entry: Stored, x: Stored, y: Stored) -> str:
    """Return the CRS of a variable, given the coordinates of its columns and rows.

    Raises
    ------
    GdcError
        ``CRSInvalid`` where there is none.
    """
    mapping = str(entry.attributes.get("grid_mapping", "")).split(":")[0].strip()
    candidates = [lookup(stored, entry, name) for name in (mapping, "spatial_ref", "crs") if name]
    attributes = [variable.attributes for variable in candidates if variable is not None] + [entry.attributes]
    for place in attributes:
        crs = _crs_of(place)
        if crs:
            return crs
    if _geographic(x) and _geographic(y):
        return "EPSG:4326"
    raise GdcError(
        "CRSInvalid",
        f"{path.name}: '{entry.name}' names no coordinate reference system (an attribute 'grid_mapping' that names a "
        "variable with 'crs_wkt' or CF's parameters), and its axes are not longitude and latitude.",
    )


def _geographic(coordinate: Stored) -> bool:
    attributes = coordinate.attributes
    name = str(attributes.get("standard_name", coordinate.name.rpartition("/")[2])).lower()
    return name in ("longitude", "latitude", "lon", "lat") or str(attributes.get("units", "")).lower().startswith(
        ("degrees_", "degree_")
    )


def _crs_of(attributes: dict[str, Any]) -> str | None:
    import pyproj

    text = attributes.get("crs_wkt") or attributes.get("spatial_ref") or attributes.get("crs")
    if isinstance(text, str) and text:
        return normalise_crs(text.removeprefix("+init="))
    mapping = attributes.get("grid_mapping_name")
    if not mapping:
        return None
    # Longitudes and latitudes of models on a sphere are taken as they are, as everyone does.
    if mapping == "latitude_longitude":
        return "EPSG:4326"
    try:
        return normalise_crs(pyproj.CRS.from_cf(attributes).to_wkt())
    except (pyproj.exceptions.CRSError, KeyError, ValueError) as error:
        raise GdcError("CRSInvalid", f"The grid mapping '{mapping}' cannot be used: {error}") from None


def _grid(path: Path, crs: str, x: Stored, y: Stored) -> tuple[Grid, Layout]:
    (left, dx, columns), (top, dy, rows) = (_axis(path, coordinate) for coordinate in (x, y))
    width, height = x.shape[0], y.shape[0]
    layout = Layout(flip_rows=dy > 0, flip_columns=dx < 0)
    if dx < 0:
        left, dx = left + dx * width, -dx
    if dy > 0:
        top, dy = top + dy * height, -dy
    if rows is not None:
        top, dy, rows = 0.0, 1.0, rows[::-1] if layout.flip_rows else rows
    if columns is not None:
        left, dx, columns = 0.0, 1.0, columns[::-1] if layout.flip_columns else columns
    irregular = rows is not None or columns is not None
    location = Geolocation(columns, rows) if irregular else None
    grid = Grid(crs, left, top, dx, dy, width, height, geolocation=location)
    return _normalise_longitudes(grid, layout) if parse_crs(crs).is_geographic else (grid, layout)


def _normalise_longitudes(grid: Grid, layout: Layout) -> tuple[Grid, Layout]:
    """Bring longitudes into -180 to 180: a global grid is rolled, another one moved as a whole."""
    location = grid.geolocation
    if location is not None and location.x is not None:
        turns = np.floor((location.x[0] + 180) / 360)
        return replace(grid, geolocation=Geolocation(location.x - 360 * turns, location.y)), layout
    if abs(grid.width * grid.dx - 360) > 0.01 * grid.dx:
        centre = grid.x + grid.dx / 2
        turns = np.floor((centre + 180) / 360)
        return replace(grid, x=_tidy(grid.x - 360 * float(turns), grid.dx)), layout
    dx = 360 / grid.width
    # The first column whose centre is at or east of -180 comes first.
    shift = int(np.ceil((-180 - (grid.x + dx / 2)) / dx - 1e-6))
    x = _tidy(grid.x + shift * dx, dx)
    return replace(grid, x=x, dx=dx, wraps=True), replace(layout, shift=shift % grid.width)


def _axis(path: Path, coordinate: Stored) -> tuple[float, float, NDArray[np.float64] | None]:
    """Return the outer edge and the step of an axis, in units of the CRS, and its labels if they are not regular."""
    values = _physical(coordinate)
    units = str(coordinate.attributes.get("units", "")).lower()
    if units in ("km", "kilometre", "kilometer", "kilometres", "kilometers"):
        values *= 1000
    steps = np.diff(values)
    if values.size < 2 or not (np.all(steps > 0) or np.all(steps < 0)):
        raise GdcError(
            "GridIrregular",
            f"{path.name}: the axis '{coordinate.name}' needs two or more coordinates that rise, or fall, throughout.",
        )
    try:
        edge, step = regular_axis(values, coordinate.name)
    except GdcError:
        return 0.0, float(np.sign(steps[0])), values
    exact = _tidy(step, abs(step) / len(values))
    return _tidy(edge, abs(step)), exact, None


def _tidy(value: float, step: float) -> float:
    """Return the round number within a ten-thousandth of a step: coordinates are often rounded to float32."""
    value, places = float(value), max(0, 3 - int(np.floor(np.log10(abs(step)))))
    return next((round(value, n) for n in range(places) if abs(round(value, n) - value) <= 1e-4 * abs(step)), value)
