"""CoverageJSON 1.0: a grid with its axes, a parameter for each band, and the values as nested ranges.

Axes are called x, y, z and t where the specification has them, whatever the dimensions of the cube are called; others
keep their names. A cube that the specification has no domain type for is a domain with just its axes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.calendars import calendar_of, is_calendar
from gdc_jupyter.cube.cube import dimension_type, is_raster, spatial_dimensions
from gdc_jupyter.cube.encode.cf import UNNAMED
from gdc_jupyter.cube.encode.collect import Collector, count_values
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.labels import labels_of, plain_labels
from gdc_jupyter.cube.encode.layout import band_names, planes
from gdc_jupyter.cube.encode.metadata import describe_cube
from gdc_jupyter.cube.grid import Grid, normalise_crs, parse_crs

MEDIA_TYPE = "application/prs.coverage+json"
MOST_VALUES = 20_000_000
_DATE = re.compile(r"-?\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?")


class CovJsonWriter:
    """Collects a cube and writes it at the end."""

    def __init__(self, folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        self.path, self.probe, self.grid = folder / f"{stem}.covjson", probe, grid
        self.boolean = probe.dtype.kind == "b"
        self.collector = Collector(probe, grid)

    def write(self, block: Any, window: Grid | None) -> None:
        """Take a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        self.collector.add(block, window)

    def close(self) -> list[Asset]:
        """Write the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        self.path.write_bytes(encode(self.collector.cube(), self.grid, self.boolean))
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, metadata=describe_cube(self.probe, self.grid))]


def encode(cube: xr.DataArray, grid: Grid | None, boolean: bool = False) -> bytes:
    """Return a cube as CoverageJSON.

    Parameters
    ----------
    cube : xarray.DataArray
        Numbers; NaN and infinities become null.
    grid : Grid, optional
        Where x and y are equally spaced, so that their axes are told by start, stop and number.
    boolean : bool
        Whether 0 and 1 mean false and true.
    """
    import orjson

    others, bands = planes(cube)
    spatial = spatial_dimensions(cube) if is_raster(cube) else ()
    dimensions = [*others, *spatial]
    names = band_names(cube, bands) or [UNNAMED]
    axes = _axis_names(cube, dimensions, spatial)
    values = cube.transpose(*([bands] if bands else []), *dimensions).values
    shape = [int(cube.sizes[name]) for name in dimensions]
    ranges = {
        name: {
            "type": "NdArray",
            "dataType": "float" if values.dtype.kind == "f" else "integer",
            "axisNames": [axes[dimension] for dimension in dimensions],
            "shape": shape,
            "values": _flat(layer),
        }
        for name, layer in zip(_different(names), values if bands else [values], strict=True)
    }
    document = {
        "type": "Coverage",
        "domain": _domain(cube, grid, dimensions, axes, spatial),
        "parameters": {
            key: _parameter(cube, name, boolean) for key, name in zip(_different(names), names, strict=True)
        },
        "ranges": ranges,
    }
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def _flat(layer: Any) -> Any:
    # orjson writes NaN and infinities as null.
    flat = np.ascontiguousarray(layer).reshape(-1)
    if flat.dtype.kind == "b":
        flat = flat.astype(np.uint8)
    return flat.astype(np.float32) if flat.dtype == np.float16 else flat


def _different(names: list[str]) -> list[str]:
    taken: dict[str, int] = {}
    found = []
    for name in names:
        taken[name] = taken.get(name, 0) + 1
        found.append(name if taken[name] == 1 else f"{name}_{taken[name]}")
    return found


def _axis_names(cube: xr.DataArray, dimensions: list[str], spatial: tuple[str, ...]) -> dict[str, str]:
    standard = dict(zip(spatial, ("y", "x"), strict=False))
    temporal = [name for name in dimensions if dimension_type(cube, name) == "temporal"]
    vertical = [name for name in dimensions if dimension_type(cube, name) == "spatial" and name not in spatial]
    standard |= dict(zip(temporal[:1], ("t",), strict=False)) | dict(zip(vertical[:1], ("z",), strict=False))
    names: dict[str, str] = {}
    for dimension in dimensions:
        name = standard.get(dimension, dimension)
        while (name in "xyzt" and dimension not in standard) or name in names.values() or name == "composite":
            name = f"{name}_"
        names[dimension] = name
    return names


def _domain(
    cube: xr.DataArray, grid: Grid | None, dimensions: list[str], axes: dict[str, str], spatial: tuple[str, ...]
) -> dict[str, Any]:
    domain: dict[str, Any] = {"type": "Domain"}
    known = set(axes.values()) <= {"x", "y", "z", "t"}
    if spatial and known:
        domain["domainType"] = "Grid"
    domain["axes"] = {axes[name]: _axis(cube, grid, name, axes[name], spatial) for name in dimensions}
    referencing = [_spatial_reference(cube, grid)] if spatial else []
    domain["referencing"] = [
        *referencing,
        *(_reference(cube, name, axes[name]) for name in dimensions if name not in spatial),
    ]
    return domain


def _axis(cube: xr.DataArray, grid: Grid | None, name: str, axis: str, spatial: tuple[str, ...]) -> dict[str, Any]:
    if grid is not None and name in spatial:
        labels = grid.x_labels() if axis == "x" else grid.y_labels()
        if not grid.regular:
            return {"values": labels.tolist()}
        if len(labels) > 1:
            return {"start": float(labels[0]), "stop": float(labels[-1]), "num": len(labels)}
        half = abs(grid.dx if axis == "x" else grid.dy) / 2
        return {"values": labels.tolist(), "bounds": [float(labels[0]) - half, float(labels[0]) + half]}
    return {"values": plain_labels(cube, name)}


def _spatial_reference(cube: xr.DataArray, grid: Grid | None) -> dict[str, Any]:
    crs = parse_crs(grid.crs if grid is not None else normalise_crs(cube.attrs.get("crs", "OGC:CRS84")))
    authority = crs.to_authority()
    system: dict[str, Any] = {"type": "GeographicCRS" if crs.is_geographic else "ProjectedCRS"}
    if authority == ("OGC", "CRS84"):
        system["id"] = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    elif authority and authority[0] == "EPSG":
        system["id"] = f"http://www.opengis.net/def/crs/EPSG/0/{authority[1]}"
    else:
        system |= {"description": {"en": crs.name}, "wkt": crs.to_wkt()}
    # The axes in the order that the CRS has them.
    first = crs.axis_info[0].direction.lower() if crs.axis_info else "east"
    return {"coordinates": ["y", "x"] if first in ("north", "south") else ["x", "y"], "system": system}


def _reference(cube: xr.DataArray, name: str, axis: str) -> dict[str, Any]:
    kind, labels = dimension_type(cube, name), labels_of(cube, name)
    if kind == "temporal":
        if is_calendar(labels):
            calendar = calendar_of(labels)
            system = "Gregorian" if calendar in ("standard", "gregorian", "proleptic_gregorian") else f"cf:{calendar}"
            return {"coordinates": [axis], "system": {"type": "TemporalRS", "calendar": system}}
        if labels.dtype.kind == "M" or all(_DATE.fullmatch(str(label)) for label in labels):
            return {"coordinates": [axis], "system": {"type": "TemporalRS", "calendar": "Gregorian"}}
    if kind == "spatial":
        return {"coordinates": [axis], "system": {"type": "VerticalCRS"}}
    return {"coordinates": [axis], "system": {"type": "IdentifierRS", "targetConcept": {"label": {"en": name}}}}


def _parameter(cube: xr.DataArray, name: str, boolean: bool) -> dict[str, Any]:
    label = {"en": cube.attrs.get("long_name", "value") if name == UNNAMED else name}
    described: dict[str, Any] = {"type": "Parameter", "description": label, "observedProperty": {"label": label}}
    units = cube.attrs.get("units")
    if boolean:
        categories = [{"id": f"#{text}", "label": {"en": text}} for text in ("false", "true")]
        described["observedProperty"]["categories"] = categories
        described["categoryEncoding"] = {"#false": 0, "#true": 1}
    elif isinstance(units, str) and units:
        described["unit"] = {"symbol": units}
    return described


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return CovJsonWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if not isinstance(probe, xr.DataArray):
        return "it is no data cube; save it as JSON"
    if probe.dtype.kind not in "biuf":
        return "its values are no numbers"
    if any(dimension_type(probe, str(name)) == "geometry" for name in probe.dims):
        return "its places are geometries; save it as GeoJSON"
    if not [name for name in probe.dims if dimension_type(probe, str(name)) != "bands"]:
        return "it has no dimensions but bands; save it as JSON"
    if probe.size == 0:
        return "it has no values"
    if grid is not None and grid.curvilinear:
        return "its rows and columns have no coordinates of their own; use resample_spatial first"
    count = count_values(probe, grid)
    if count > MOST_VALUES:
        return f"it would have {count:,} numbers, and {MOST_VALUES:,} is the most; use netCDF or Zarr"
    return None


FORMAT = Format(
    name="CovJSON",
    title="CoverageJSON 1.0",
    data_types=("raster",),
    media_type=MEDIA_TYPE,
    extension="covjson",
    parameters={},
    open=_open,
    suits=_suits,
)
