"""What is in a NetCDF file or Zarr store by the CF conventions: axes, CRS, times, and the variables on one grid."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from gdc_jupyter.catalog.arrays import ArrayCollection, Variable, is_zarr, locked
from gdc_jupyter.catalog.cf_grid import axis_of, direction_of, lookup, place_of, points_of
from gdc_jupyter.catalog.collection import About, Band, Times
from gdc_jupyter.catalog.variables import Stored, decode_times, read_variables
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError


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
    grid, layout = place_of(path, stored, first, axes)
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


def _axes(stored: dict[str, Stored], entry: Stored) -> tuple[str, ...] | None:
    """Return what each dimension of a variable is, or None where it is no raster."""
    if entry.data.dtype == str or np.dtype(entry.data.dtype).kind not in "iuf" or len(entry.dims) < 2:
        return None
    axes = []
    points = points_of(stored, entry)
    rows, columns = points[0].dims if points else ("", "")
    for dim, length in zip(entry.dims, entry.shape, strict=True):
        coordinate = lookup(stored, entry, dim)
        axis = axis_of(coordinate) if coordinate is not None and len(coordinate.dims) == 1 else None
        if points and dim in (rows, columns):
            axis = "y" if dim == rows else "x"
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
        if axes is not None and "?" not in axes and entry.name.rpartition("/")[2] not in auxiliary | _located(stored):
            found.append((entry, axes))
    if not found:
        raise _no_raster(path, stored)
    place = [tuple(_lookup_name(stored, entry, axes, axis) for axis in "yx") for entry, axes in found]
    common = Counter(place).most_common(1)[0][0]
    same = [pair for pair, at in zip(found, place, strict=True) if at == common]
    times = {_lookup_name(stored, entry, axes, "t") for entry, axes in same if "t" in axes}
    return [pair for pair in same if "t" not in pair[1] or _lookup_name(stored, *pair, "t") == sorted(times)[0]]


def _located(stored: dict[str, Stored]) -> set[str]:
    """Return the names of variables that are longitudes or latitudes of pixels."""
    return {each.name.rpartition("/")[2] for each in stored.values() if len(each.dims) == 2 and direction_of(each)}


def _lookup_name(stored: dict[str, Stored], entry: Stored, axes: tuple[str, ...], axis: str) -> str:
    points = points_of(stored, entry) if axis != "t" else None
    coordinate = lookup(stored, entry, entry.dims[axes.index(axis)])
    if points is not None:
        coordinate = points[axis == "y"]
    assert coordinate is not None
    return coordinate.name


def _coordinate(stored: dict[str, Stored], entry: Stored, axes: tuple[str, ...], axis: str) -> Stored:
    coordinate = lookup(stored, entry, entry.dims[axes.index(axis)])
    assert coordinate is not None
    return coordinate


def _no_raster(path: Path, stored: dict[str, Stored]) -> GdcError:
    """Return the error that says why a file has no variable on a regular grid."""
    for entry in stored.values():
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
