"""STAC metadata of a file: its projection, its bands with their statistics, and the dimensions of its cube."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.calendars import common, is_temporal
from gdc_jupyter.cube.cube import dimension_type, is_raster, spatial_dimensions
from gdc_jupyter.cube.encode.labels import labels_of, plain_label, plain_labels, text_label
from gdc_jupyter.cube.encode.packing import Packing
from gdc_jupyter.cube.encode.statistics import Statistics
from gdc_jupyter.cube.grid import Grid, parse_crs

# Longer dimensions are told by their extent.
MOST_LABELS = 1000
METRES_PER_DEGREE = 111_320.0
_COMMON_NAMES = frozenset(
    "coastal blue green red rededge yellow pan nir nir08 nir09 cirrus swir16 swir22 lwir lwir11 lwir12".split()
)


def describe_cube(probe: xr.DataArray, grid: Grid | None, *, leave_out: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields of the projection and datacube extensions.

    Parameters
    ----------
    probe : xarray.DataArray
        One pixel with all other labels, or a whole cube where there is no grid.
    grid : Grid, optional
    leave_out : sequence of str
        Dimensions that the file lacks.
    """
    entry: dict[str, Any] = {} if grid is None else grid.metadata()
    horizontal: tuple[str, ...] = spatial_dimensions(probe) if is_raster(probe) else ()
    dimensions: dict[str, Any] = {}
    for name in (str(each) for each in probe.dims if each not in leave_out):
        if name in horizontal:
            dimensions[name] = _horizontal(probe, name, "y" if name == horizontal[0] else "x", grid)
        else:
            dimensions[name] = _dimension(probe, name)
    if dimensions:
        entry["cube:dimensions"] = dimensions
    return entry


def _horizontal(probe: xr.DataArray, name: str, axis: str, grid: Grid | None) -> dict[str, Any]:
    if grid is None:
        labels = labels_of(probe, name)
        extent = [float(labels.min()), float(labels.max())] if labels.size else [0.0, 0.0]
        entry: dict[str, Any] = {"type": "spatial", "axis": axis, "extent": extent, "step": None}
        if 0 < labels.size <= MOST_LABELS:
            entry["values"] = [float(label) for label in labels]
        crs = probe.attrs.get("crs")
        return {**entry, "reference_system": _reference_system(crs)} if crs else entry
    west, south, east, north = grid.bounds
    extent, step = ([west, east], grid.dx) if axis == "x" else ([south, north], grid.dy)
    entry = {"type": "spatial", "axis": axis, "extent": extent, "step": step if grid.regular else None}
    labels = grid.x_labels() if axis == "x" else grid.y_labels()
    if not grid.regular and not grid.curvilinear and labels.size <= MOST_LABELS:
        entry["values"] = [float(label) for label in labels]
    return {**entry, "reference_system": _reference_system(grid.crs)}


def _reference_system(crs: str) -> int | str:
    parsed = parse_crs(crs)
    return parsed.to_epsg() or str(parsed.to_wkt())


def _dimension(probe: xr.DataArray, name: str) -> dict[str, Any]:
    kind, labels = dimension_type(probe, name), labels_of(probe, name)
    if kind == "geometry":
        return _geometries(probe, labels)
    if is_temporal(labels):
        entry: dict[str, Any] = {"type": "temporal", "extent": [None, None]}
        if labels.size:
            entry["extent"] = [plain_label(labels.min()), plain_label(labels.max())]
    elif kind == "temporal":
        entry = {"type": "temporal", "extent": [None, None]}
    elif kind == "spatial":
        extent = [float(labels.min()), float(labels.max())] if labels.dtype.kind in "iuf" and labels.size else None
        entry = {"type": "spatial", "axis": "z", "extent": extent or [None, None]}
    else:
        entry = {"type": kind}
    if entry["type"] == "bands":
        return {**entry, "values": [text_label(label) for label in labels]}
    if labels.dtype.kind in "iuf" and "extent" not in entry:
        ends = [float(labels.min()), float(labels.max())] if labels.size else [0.0, 0.0]
        entry["extent"] = [end if math.isfinite(end) else None for end in ends]
    values = plain_labels(probe, name) if labels.size <= MOST_LABELS or "extent" not in entry else []
    values = [
        value if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value) for value in values
    ]
    if values:
        entry["values"] = values
    elif "extent" not in entry:
        entry["extent"] = [None, None]
    return entry


def _geometries(probe: xr.DataArray, labels: Any) -> dict[str, Any]:
    boxes = np.array([label.bounds for label in labels if label is not None and not label.is_empty], dtype=float)
    bbox = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)] if len(boxes) else [0.0] * 4
    kinds = sorted({label.geom_type for label in labels if label is not None})
    entry: dict[str, Any] = {"type": "geometry", "bbox": [float(side) for side in bbox], "geometry_types": kinds}
    crs = probe.attrs.get("crs")
    return {**entry, "reference_system": _reference_system(crs)} if crs else entry


def describe_bands(
    names: Sequence[str],
    packing: Packing,
    statistics: Sequence[Statistics],
    probe: xr.DataArray,
    grid: Grid | None,
) -> dict[str, Any]:
    """Return the fields of the raster and eo extensions.

    Parameters
    ----------
    names : sequence of str
        The names of the bands; empty for one without a name.
    packing : Packing
    statistics : sequence of Statistics
        One for each band.
    probe : xarray.DataArray
        Its attributes ``common_names`` and ``center_wavelengths`` tell more of bands by name.
    grid : Grid, optional
    """
    common = dict(packing.band())
    if grid is not None:
        common["sampling"] = "area"
    if grid is not None and grid.regular:
        common["spatial_resolution"] = _metres(grid)
    bands = []
    for position, each in enumerate(statistics):
        band: dict[str, Any] = {"name": names[position]} if names else {}
        described = each.describe(packing.scale, packing.offset)
        bands.append({**band, **common, **({"statistics": described} if described else {})})
    entry: dict[str, Any] = {"raster:bands": bands} if bands else {}
    if names:
        entry["eo:bands"] = [_spectral(name, probe.attrs) for name in names]
    return entry


def _spectral(name: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    band: dict[str, Any] = {"name": name}
    common = (attributes.get("common_names") or {}).get(name)
    wavelength = (attributes.get("center_wavelengths") or {}).get(name)
    if common in _COMMON_NAMES:
        band["common_name"] = common
    if wavelength:
        band["center_wavelength"] = wavelength
    return band


def _metres(grid: Grid) -> float:
    """Return the edge of a square as large as a pixel in the middle of the grid, roughly."""
    crs = parse_crs(grid.crs)
    if crs.is_geographic:
        middle = (grid.bounds.south + grid.bounds.north) / 2
        across, along = METRES_PER_DEGREE * math.cos(math.radians(middle)), METRES_PER_DEGREE
    else:
        factors = [axis.unit_conversion_factor for axis in crs.axis_info[:2]] or [1.0]
        across, along = factors[0], factors[-1]
    return float(f"{math.sqrt(abs(grid.dx * across * grid.dy * along)):.6g}")


def instant_of(labels: Mapping[str, Any]) -> str | None:
    """Return the date of a file among its labels, RFC 3339, or None."""
    dates = [np.asarray(label) for label in labels.values() if is_temporal(np.asarray(label))]
    return (
        plain_label(dates[0][()] if dates[0].dtype.kind == "M" else common(dates[0])[()]) if len(dates) == 1 else None
    )
