"""What a coverage is, by OGC's Coverage Implementation Schema 1.1 in JSON: domain set, range type, envelope."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.collection import CRS84, Band, format_time
from gdc_jupyter.catalog.metadata import CRS84_URI, EPSG_URI
from gdc_jupyter.coverages.axes import T, X, Y
from gdc_jupyter.coverages.coverage import Coverage
from gdc_jupyter.cube.grid import Grid, parse_crs

_MOST_LABELS = 100_000
_TIME_UNIT = "ISO8601"
_NUMBER_TYPES = "http://www.opengis.net/def/dataType/OGC/0/"
_NAMES = {
    "int8": "signedByte",
    "uint8": "unsignedByte",
    "int16": "signedShort",
    "uint16": "unsignedShort",
    "int32": "signedInt",
    "uint32": "unsignedInt",
    "int64": "signedLong",
    "uint64": "unsignedLong",
    "float32": "float32",
    "float64": "float64",
}


def crs_uri(crs: str) -> str:
    """Return the address of a CRS, or its text where it has none."""
    if crs == CRS84:
        return CRS84_URI
    epsg = parse_crs(crs).to_epsg()
    return f"{EPSG_URI}{epsg}" if epsg else crs


def header_box(coverage: Coverage) -> str:
    """Return the bounds of a coverage in the order of the axes of its CRS, as the header ``Content-Bbox`` has them."""
    west, south, east, north = coverage.grid.bounds
    crs = parse_crs(coverage.grid.crs)
    first = crs.axis_info[0].direction.lower() if crs.axis_info else "east"
    swapped = first in ("north", "south")
    box = (south, west, north, east) if swapped else (west, south, east, north)
    return ",".join(f"{edge:.15g}" for edge in box)


def domain_set(coverage: Coverage) -> dict[str, Any]:
    """Return the positions of a coverage: axes of time, of further labels, of y and x, in the order of the values."""
    found = _axes(coverage)
    grid = {
        "type": "GeneralGridCoverage",
        "srsName": crs_uri(coverage.grid.crs),
        "axisLabels": [axis["axisLabel"] for axis in found],
        "axis": found,
    }
    return {"type": "DomainSet", "generalGrid": grid}


def range_type(bands: tuple[Band, ...]) -> dict[str, Any]:
    """Return the fields of a coverage."""
    return {"type": "DataRecord", "field": [_field(band) for band in bands]}


def envelope(coverage: Coverage) -> dict[str, Any]:
    """Return the bounds of all axes."""
    west, south, east, north = coverage.grid.bounds
    edges = {X: (west, east), Y: (south, north)}
    extents = []
    for axis in _axes(coverage):
        name = axis["axisLabel"]
        low, high = edges.get(name) or _ends(axis)
        extents.append(
            {
                "type": "AxisExtent",
                "axisLabel": name,
                "lowerBound": low,
                "upperBound": high,
                "uomLabel": axis["uomLabel"],
            }
        )
    return {
        "type": "EnvelopeByAxis",
        "srsName": crs_uri(coverage.grid.crs),
        "axisLabels": [extent["axisLabel"] for extent in extents],
        "axis": extents,
    }


def _ends(axis: dict[str, Any]) -> tuple[Any, Any]:
    if "coordinate" in axis:
        return axis["coordinate"][0], axis["coordinate"][-1]
    return axis["lowerBound"], axis["upperBound"]


def _field(band: Band) -> dict[str, Any]:
    field: dict[str, Any] = {"type": "Quantity", "name": band.name}
    if band.data_type in _NAMES:
        field["definition"] = _NUMBER_TYPES + _NAMES[band.data_type]
    if band.unit:
        field["uom"] = {"type": "UnitReference", "code": band.unit}
    return field


def _axes(coverage: Coverage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if coverage.times is not None and T not in coverage.sliced:
        found.append(_irregular(T, [format_time(time) for time in coverage.times], _TIME_UNIT))
    for name, labels in coverage.others:
        if name not in coverage.sliced:
            found.append(_irregular(name, [str(label) for label in labels.tolist()], "1"))
    return found + [_spatial(coverage.grid, axis) for axis in (Y, X) if axis not in coverage.sliced]


def _irregular(name: str, labels: list[str], unit: str) -> dict[str, Any]:
    return {"type": "IrregularAxis", "axisLabel": name, "uomLabel": unit, "coordinate": labels[:_MOST_LABELS]}


def _spatial(grid: Grid, axis: str) -> dict[str, Any]:
    unit = "degree" if parse_crs(grid.crs).is_geographic else "metre"
    labels: NDArray[np.float64] = grid.x_labels() if axis == X else grid.y_labels()
    step = grid.dx if axis == X else grid.dy
    own = not grid.regular and (grid.geolocation is None or grid.geolocation.axis(axis == X) is not None)
    if own and not grid.curvilinear:
        return _irregular(axis, [_text(label) for label in labels], unit)
    return {
        "type": "RegularAxis",
        "axisLabel": axis,
        "lowerBound": _text(labels.min()),
        "upperBound": _text(labels.max()),
        "uomLabel": "1" if grid.curvilinear else unit,
        # Below zero where the values run from the upper bound to the lower one, as rows from north to south do.
        "resolution": float(step),
    }


def _text(number: float) -> str:
    return f"{float(number):.15g}"
