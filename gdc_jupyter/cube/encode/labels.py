"""Labels of dimensions as text, as parts of file names, and as numbers of a calendar."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import calendar_of, format_label, is_calendar
from gdc_jupyter.cube.time import format_instant

# Units of time in nanoseconds, the longest first.
_UNITS = {
    "days": 86_400_000_000_000,
    "hours": 3_600_000_000_000,
    "minutes": 60_000_000_000,
    "seconds": 1_000_000_000,
    "milliseconds": 1_000_000,
    "microseconds": 1_000,
    "nanoseconds": 1,
}


def labels_of(cube: xr.DataArray, name: str) -> NDArray[Any]:
    """Return the labels of a dimension, counted from 0 where it has none."""
    return np.asarray(cube.coords[name].values) if name in cube.coords else np.arange(cube.sizes[name])


def plain_label(label: Any) -> Any:
    """Return a label in terms of JSON: instants as RFC 3339 text, geometries as GeoJSON."""
    if isinstance(label, np.datetime64):
        return None if np.isnat(label) else _instant_text(label)
    if isinstance(label, np.generic):
        label = label.item()
    if hasattr(label, "calendar"):
        return format_label(label)
    if hasattr(label, "isoformat"):
        return label.isoformat()
    if hasattr(label, "__geo_interface__"):
        return label.__geo_interface__
    if isinstance(label, float) and not np.isfinite(label):
        return None
    return label if isinstance(label, (str, int, float)) or label is None else str(label)


def plain_labels(cube: xr.DataArray, name: str) -> list[Any]:
    """Return the labels of a dimension in terms of JSON."""
    labels = labels_of(cube, name)
    if labels.dtype.kind in "biuU":
        return list(labels.tolist())
    return [plain_label(label) for label in labels]


def text_label(label: Any) -> str:
    """Return a label as text, geometries as WKT."""
    if hasattr(label, "__geo_interface__"):
        return str(label.wkt)
    return str(plain_label(label))


def file_label(label: Any) -> str:
    """Return a label as part of a file name: dates without time where that is midnight, nothing but word characters."""
    text = re.sub(r"T00:00:00Z?$", "", text_label(label)).replace(":", "")
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:100] or "label"


def _instant_text(instant: np.datetime64) -> str:
    whole = instant.astype("datetime64[s]")
    if instant == whole:
        return format_instant(instant)
    return f"{np.datetime_as_string(instant.astype('datetime64[ns]')).rstrip('0')}Z"


def counted_times(labels: NDArray[Any]) -> tuple[NDArray[np.int64], str, str] | None:
    """Return instants as whole numbers, with the CF units and calendar, or None where the labels are no instants.

    The unit is the longest in which all of them are whole numbers.
    """
    if labels.dtype.kind == "M":
        counted = labels.astype("datetime64[ns]").astype(np.int64)
        unit = next(name for name, length in _UNITS.items() if not (counted % length).any())
        return counted // _UNITS[unit], f"{unit} since 1970-01-01", "proleptic_gregorian"
    if is_calendar(labels):
        return _counted_dates(labels)
    return None


def _counted_dates(labels: NDArray[Any]) -> tuple[NDArray[np.int64], str, str]:
    import cftime  # type: ignore[import-untyped]

    calendar = calendar_of(labels)
    for unit in list(_UNITS)[:-1]:
        units = f"{unit} since 1970-01-01"
        counted = np.asarray(cftime.date2num(labels, units, calendar))
        if (counted == np.round(counted)).all():
            break
    return counted.round().astype(np.int64), units, calendar
