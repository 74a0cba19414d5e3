"""What is in a NetCDF file or Zarr store by the CF conventions: axes, CRS, times, and the variables on one grid."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from gdc_jupyter.catalog.arrays import ArrayCollection, Variable, is_zarr, locked
from gdc_jupyter.catalog.cf_grid import axis_of, direction_of, lookup, place_of, points_of
from gdc_jupyter.catalog.collection import About, Band, Others, Times
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
    names = {entry.name for entry, _ in chosen}
    left = [entry.name for entry in stored.values() if entry.name not in names and _axes(stored, entry)]
    bands, variables = zip(*(_band(entry, entry_axes) for entry, entry_axes in chosen), strict=True)
    return ArrayCollection(
        id=collection_id,
        about=about or _about(path, attributes, title, [name for name in left if name not in _auxiliary(stored)]),
        path=path,
        band_list=bands,
        variables=variables,
        whole=grid,
        layout=layout,
        time_list=times,
        time_order=order,
        tile=_tile(first, axes, grid),
        span=_span(path, times),
        other_list=_others(stored, first, axes),
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
        axes.append(axis or ("1" if length == 1 else _dimension_name(dim)))
    once = all(axes.count(axis) == count for axis, count in (("x", 1), ("y", 1), ("t", min(axes.count("t"), 1))))
    return tuple(axes) if once else None


def _on_one_grid(path: Path, stored: dict[str, Stored]) -> list[tuple[Stored, tuple[str, ...]]]:
    """Return the variables that share the most common pair of horizontal dimensions."""
    auxiliary = _auxiliary(stored)
    found = []
    for entry in stored.values():
        axes = _axes(stored, entry)
        if axes is not None and entry.name.rpartition("/")[2] not in auxiliary:
            found.append((entry, axes))
    if not found:
        raise _no_raster(path, stored)
    place = [(tuple(_lookup_name(stored, entry, axes, axis) for axis in "yx"), _further(axes)) for entry, axes in found]
    counts = Counter(place)
    common = max(counts, key=lambda each: (counts[each], -len(each[1])))
    same = [pair for pair, at in zip(found, place, strict=True) if at == common]
    times = {_lookup_name(stored, entry, axes, "t") for entry, axes in same if "t" in axes}
    return [pair for pair in same if "t" not in pair[1] or _lookup_name(stored, *pair, "t") == sorted(times)[0]]


def _dimension_name(dim: str) -> str:
    """Return the name of a further dimension in the cube."""
    name = dim.rpartition("/")[2]
    return f"{name}_" if name in ("t", "y", "x", "1", "bands") else name


def _further(axes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(axis for axis in axes if axis not in ("t", "y", "x", "1")))


def _others(stored: dict[str, Stored], entry: Stored, axes: tuple[str, ...]) -> Others:
    """Return the further dimensions of a variable, with numbers from 0 where the file gives no labels."""
    others = []
    for dim, axis, length in zip(entry.dims, axes, entry.shape, strict=True):
        if axis in ("t", "y", "x", "1"):
            continue
        coordinate = lookup(stored, entry, dim)
        known = coordinate is not None and coordinate.dims == (dim,)
        labels = coordinate.values() if coordinate is not None and known else np.arange(length)
        others.append((axis, labels.astype(object) if labels.dtype.kind in "SU" else labels))
    return tuple(others)


def _auxiliary(stored: dict[str, Stored]) -> set[str]:
    """Return the names of variables that describe others: bounds, coordinates, longitudes and latitudes of pixels."""
    named = {
        name
        for entry in stored.values()
        for key in ("bounds", "coordinates", "grid_mapping")
        for name in str(entry.attributes.get(key, "")).split()
    }
    located = {each.name.rpartition("/")[2] for each in stored.values() if len(each.dims) == 2 and direction_of(each)}
    return named | located


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
    coordinate = _coordinate(stored, *dated[0], "t") if dated else None
    if coordinate is None or " since " not in str(coordinate.attributes.get("units", "")):
        # The dates may stand in a coordinate beside the dimension, or in one without a dimension.
        coordinate = _named_time(stored, *(dated or chosen)[0]) or coordinate
    if coordinate is None:
        return None, (0,)
    times = decode_times(path, coordinate)
    order = np.argsort(times, kind="stable")
    times = times[order]
    twice = times[1:][times[1:] == times[:-1]]
    if len(twice):
        reason = f"the axis '{coordinate.name}' has the time {twice[0]} twice."
        raise GdcError("DataFileUnsupported", f"{path.name}: {reason}")
    return times, tuple(order.tolist())


def _named_time(stored: dict[str, Stored], entry: Stored, axes: tuple[str, ...]) -> Stored | None:
    """Return the coordinate of a variable that tells its dates, along its time axis or for all of it."""
    dims = (entry.dims[axes.index("t")],) if "t" in axes else ()
    for name in str(entry.attributes.get("coordinates", "")).split():
        coordinate = lookup(stored, entry, name)
        if coordinate is None or " since " not in str(coordinate.attributes.get("units", "")):
            continue
        if coordinate.attributes.get("standard_name") != "forecast_reference_time" and coordinate.dims == dims:
            return coordinate
    return None


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


def undated_span(path: Path | None) -> tuple[np.datetime64, np.datetime64]:
    """Return the interval of a file that tells no date: until it was last written, or until now if that is unknown."""
    end = time.time() if path is None else path.stat().st_mtime
    return np.datetime64(0, "ns"), np.datetime64(int(end), "s").astype("datetime64[ns]")


def _about(path: Path, attributes: dict[str, Any], title: str | None, left: list[str]) -> About:
    def text(*names: str) -> str:
        return next((str(attributes[name]).strip() for name in names if attributes.get(name)), "")

    institution = text("institution", "creator_name")
    return About(
        title=title or text("title") or path.stem,
        description=(text("summary", "comment", "title") or f"The file {path.name}.")
        + (f" Left out, as their dimensions differ: {', '.join(left)}." if left else ""),
        providers=({"name": institution, "roles": ["producer"]},) if institution else (),
        keywords=tuple(word.strip() for word in text("keywords").split(",") if word.strip()),
    )
