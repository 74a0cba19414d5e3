"""What is in a NetCDF file or Zarr store by the CF conventions: axes, CRS, times, and the variables on one grid."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gdc_jupyter.catalog.arrays import ArrayCollection, Layout, Variable, is_zarr, locked
from gdc_jupyter.catalog.collection import About, Band, Times
from gdc_jupyter.catalog.variables import Stored, decode_times, read_variables
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


def describe(path: Path, collection_id: str, title: str | None = None, about: About | None = None) -> ArrayCollection:
    """Return the collection that a NetCDF file or Zarr store is.

    Parameters
    ----------
    path : Path
    collection_id : str
    title : str, optional
        The file's own title by default.
    about : About, optional
        Instead of what the file says about itself.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``, ``GridIrregular``, ``CRSInvalid`` or ``DataFileUnsupported``, with the variable or
        axis at fault.
    """
    if is_zarr(str(path)):
        return _describe(path, collection_id, title, about)
    return locked(lambda: _describe(path, collection_id, title, about))


def _describe(path: Path, collection_id: str, title: str | None, about: About | None) -> ArrayCollection:
    stored, attributes = read_variables(path)
    chosen = _on_one_grid(path, stored)
    first, axes = chosen[0]
    x, y = (_coordinate(stored, first, axes, axis) for axis in "xy")
    crs = _crs(path, stored, first, x, y)
    grid, layout = _grid(path, crs, x, y)
    times, order = _times(path, stored, chosen)
    bands, variables = zip(*(_band(entry, entry_axes) for entry, entry_axes in chosen), strict=True)
    return ArrayCollection(
        id=collection_id,
        about=about or _about(path, attributes, title),
        path=path,
        band_list=bands,
        variables=variables,
        whole=grid,
        layout=layout,
        time_list=times,
        time_order=order,
        tile=_tile(first, axes, grid),
        span=_span(path, times),
    )


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


def _lookup(stored: dict[str, Stored], entry: Stored, name: str) -> Stored | None:
    """Return a variable by its name, from the group of another one or a group around it."""
    group = entry.name.rpartition("/")[0]
    while group:
        if f"{group}/{name}" in stored:
            return stored[f"{group}/{name}"]
        group = group.rpartition("/")[0]
    return stored.get(name)


def _axes(stored: dict[str, Stored], entry: Stored) -> tuple[str, ...] | None:
    """Return what each dimension of a variable is, or None where it is no raster."""
    if entry.data.dtype == str or np.dtype(entry.data.dtype).kind not in "iuf" or len(entry.dims) < 2:
        return None
    axes = []
    for dim, length in zip(entry.dims, entry.shape, strict=True):
        coordinate = _lookup(stored, entry, dim)
        axis = axis_of(coordinate) if coordinate is not None and len(coordinate.dims) == 1 else None
        axes.append(axis or ("1" if length == 1 else "?"))
    once = all(axes.count(axis) == count for axis, count in (("x", 1), ("y", 1), ("t", min(axes.count("t"), 1))))
    return tuple(axes) if once else None


def _on_one_grid(path: Path, stored: dict[str, Stored]) -> list[tuple[Stored, tuple[str, ...]]]:
    """Return the variables that share the most common pair of horizontal dimensions."""
    auxiliary = {
        name
        for entry in stored.values()
        for key in ("bounds", "coordinates", "grid_mapping")
        for name in str(entry.attributes.get(key, "")).split()
    }
    found = []
    for entry in stored.values():
        axes = _axes(stored, entry)
        if axes is not None and "?" not in axes and entry.name.rpartition("/")[2] not in auxiliary:
            found.append((entry, axes))
    if not found:
        raise _no_raster(path, stored)
    place = [tuple(_lookup_name(stored, entry, axes, axis) for axis in "yx") for entry, axes in found]
    common = Counter(place).most_common(1)[0][0]
    same = [pair for pair, at in zip(found, place, strict=True) if at == common]
    times = {_lookup_name(stored, entry, axes, "t") for entry, axes in same if "t" in axes}
    return [pair for pair in same if "t" not in pair[1] or _lookup_name(stored, *pair, "t") == sorted(times)[0]]


def _lookup_name(stored: dict[str, Stored], entry: Stored, axes: tuple[str, ...], axis: str) -> str:
    return _coordinate(stored, entry, axes, axis).name


def _coordinate(stored: dict[str, Stored], entry: Stored, axes: tuple[str, ...], axis: str) -> Stored:
    coordinate = _lookup(stored, entry, entry.dims[axes.index(axis)])
    assert coordinate is not None
    return coordinate


def _no_raster(path: Path, stored: dict[str, Stored]) -> GdcError:
    """Return the error that says why a file has no variable on a regular grid."""
    for entry in stored.values():
        for name in str(entry.attributes.get("coordinates", "")).split():
            coordinate = _lookup(stored, entry, name)
            if coordinate is not None and len(coordinate.dims) == 2 and axis_of(coordinate) in ("x", "y"):
                dims = ", ".join(coordinate.dims)
                return GdcError(
                    "GridIrregular",
                    f"{path.name}: '{entry.name}' lies on a curvilinear grid: its coordinate '{coordinate.name}' has "
                    f"two dimensions ({dims}). Regrid it to a regular grid first.",
                )
        axes = _axes(stored, entry)
        if axes is not None and "?" in axes:
            dim = entry.dims[axes.index("?")]
            length = entry.shape[axes.index("?")]
            return GdcError(
                "DataFileUnsupported",
                f"{path.name}: '{entry.name}' has a dimension '{dim}' of length {length} besides time, y and x. "
                "Select one of its values, or make a variable of each, first.",
            )
    names = ", ".join(stored) or "none"
    return GdcError(
        "DataFileUnsupported",
        f"{path.name}: no variable has both a y (or latitude) and an x (or longitude) dimension with coordinates. "
        f"Its variables: {names}.",
    )


def _crs(path: Path, stored: dict[str, Stored], entry: Stored, x: Stored, y: Stored) -> str:
    mapping = str(entry.attributes.get("grid_mapping", "")).split(":")[0].strip()
    candidates = [_lookup(stored, entry, name) for name in (mapping, "spatial_ref", "crs") if name]
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
    (left, dx, width), (top, dy, height) = (_axis(path, coordinate) for coordinate in (x, y))
    layout = Layout(flip_rows=dy > 0, flip_columns=dx < 0)
    if dx < 0:
        left, dx = left + dx * width, -dx
    if dy > 0:
        top, dy = top + dy * height, -dy
    grid = Grid(crs, left, top, dx, dy, width, height)
    return _normalise_longitudes(grid, layout) if parse_crs(crs).is_geographic else (grid, layout)


def _normalise_longitudes(grid: Grid, layout: Layout) -> tuple[Grid, Layout]:
    """Bring longitudes into -180 to 180: a global grid is rolled, another one moved as a whole."""
    if abs(grid.width * grid.dx - 360) > 0.01 * grid.dx:
        centre = grid.x + grid.dx / 2
        turns = np.floor((centre + 180) / 360)
        return replace(grid, x=_tidy(grid.x - 360 * float(turns), grid.dx)), layout
    dx = 360 / grid.width
    # The first column whose centre is at or east of -180 comes first.
    shift = int(np.ceil((-180 - (grid.x + dx / 2)) / dx - 1e-6))
    x = _tidy(grid.x + shift * dx, dx)
    return replace(grid, x=x, dx=dx, wraps=True), replace(layout, shift=shift % grid.width)


def _axis(path: Path, coordinate: Stored) -> tuple[float, float, int]:
    """Return the outer edge, the step and the length of an axis, in units of the CRS."""
    values = coordinate.values().astype(np.float64)
    attributes = coordinate.attributes
    values = values * float(attributes.get("scale_factor", 1)) + float(attributes.get("add_offset", 0))
    if str(attributes.get("units", "")).lower() in ("km", "kilometre", "kilometer", "kilometres", "kilometers"):
        values *= 1000
    try:
        edge, step = regular_axis(values, coordinate.name)
    except GdcError as error:
        raise GdcError(error.code, f"{path.name}: {error.message}") from None
    exact = _tidy(step, abs(step) / len(values))
    return _tidy(edge, abs(step)), exact, len(values)


def _tidy(value: float, step: float) -> float:
    """Return the round number within a ten-thousandth of a step: coordinates are often rounded to float32."""
    value, places = float(value), max(0, 3 - int(np.floor(np.log10(abs(step)))))
    return next((round(value, n) for n in range(places) if abs(round(value, n) - value) <= 1e-4 * abs(step)), value)


def _times(
    path: Path, stored: dict[str, Stored], chosen: list[tuple[Stored, tuple[str, ...]]]
) -> tuple[Times | None, tuple[int, ...]]:
    dated = [pair for pair in chosen if "t" in pair[1]]
    if not dated:
        return None, (0,)
    coordinate = _coordinate(stored, *dated[0], "t")
    times = decode_times(path, coordinate)
    order = np.argsort(times, kind="stable")
    times = times[order]
    twice = times[1:][times[1:] == times[:-1]]
    if len(twice):
        reason = f"the axis '{coordinate.name}' has the time {twice[0]} twice."
        raise GdcError("DataFileUnsupported", f"{path.name}: {reason}")
    return times, tuple(order.tolist())


def _band(entry: Stored, axes: tuple[str, ...]) -> tuple[Band, Variable]:
    attributes = entry.attributes
    dtype = np.dtype(entry.data.dtype)
    unsigned = dtype.kind == "i" and str(attributes.get("_Unsigned", "")).lower() == "true"
    if unsigned:
        dtype = np.dtype(f"u{dtype.itemsize}")
    fill = {float(value) for key in ("_FillValue", "missing_value") for value in np.atleast_1d(attributes.get(key, []))}
    scale, offset = float(attributes.get("scale_factor", 1)), float(attributes.get("add_offset", 0))
    packed = scale != 1 or offset != 0
    stored_type = dtype.name
    if packed:
        stored_type = "float32" if np.can_cast(dtype, np.float32, "safe") else "float64"
    integer = dtype.kind in "iu" and not packed
    nodata = (min(fill) if fill else None) if integer else float("nan")
    name = entry.name.rpartition("/")[2]
    units = attributes.get("units")
    band = Band(
        name,
        title=str(attributes.get("long_name") or attributes.get("standard_name") or name),
        data_type=stored_type,
        nodata=nodata,
        unit=None if units is None else str(units),
    )
    variable = Variable(
        entry.name,
        axes,
        fill=tuple(sorted(value for value in fill if not np.isnan(value))),
        scale=scale,
        offset=offset,
        unsigned=dtype.name if unsigned else None,
    )
    return band, variable


def _tile(entry: Stored, axes: tuple[str, ...], grid: Grid) -> tuple[int, int]:
    if entry.chunks is None:
        return min(512, grid.height), min(512, grid.width)
    return int(entry.chunks[axes.index("y")]), int(entry.chunks[axes.index("x")])


def _span(path: Path, times: Times | None) -> tuple[Any, Any]:
    if times is not None:
        return times[0], times[-1]
    return undated_span(path)


def undated_span(path: Path) -> tuple[np.datetime64, np.datetime64]:
    """Return the interval of a file that tells no date: until it was last written."""
    return np.datetime64(0, "ns"), np.datetime64(int(path.stat().st_mtime), "s").astype("datetime64[ns]")


def _about(path: Path, attributes: dict[str, Any], title: str | None) -> About:
    def text(*names: str) -> str:
        return next((str(attributes[name]).strip() for name in names if attributes.get(name)), "")

    institution = text("institution", "creator_name")
    return About(
        title=title or text("title") or path.stem,
        description=text("summary", "comment", "title") or f"The file {path.name}.",
        providers=({"name": institution, "roles": ["producer"]},) if institution else (),
        keywords=tuple(word.strip() for word in text("keywords").split(",") if word.strip()),
    )
