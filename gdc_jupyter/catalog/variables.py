"""The variables of a NetCDF file or Zarr store as they stand there: dimensions, attributes, chunks, time labels."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.arrays import is_zarr, open_store
from gdc_jupyter.catalog.collection import Times
from gdc_jupyter.catalog.raster_files import unreadable

COMMON_CALENDARS = ("standard", "gregorian", "proleptic_gregorian", "noleap", "365_day")


@dataclass(frozen=True, eq=False)
class Stored:
    """A variable as it stands in the file.

    Parameters
    ----------
    name : str
        With its group.
    dims : tuple of str
    attributes : dict
    data : object
        The netCDF4.Variable or zarr.Array.
    chunks : tuple of int, optional
    """

    name: str
    dims: tuple[str, ...]
    attributes: dict[str, Any]
    data: Any
    chunks: tuple[int, ...] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return tuple(int(length) for length in self.data.shape)

    def values(self) -> NDArray[Any]:
        """Return the whole variable."""
        return np.asarray(self.data[...])


def read_variables(path: Path) -> tuple[dict[str, Stored], dict[str, Any]]:
    """Return the variables of all groups by their names, and the attributes of the file."""
    store = open_store(str(path))
    entries = _zarr_arrays(store) if is_zarr(str(path)) else _netcdf_arrays(store)
    return {entry.name: entry for entry in entries}, _attributes(store)


def _attributes(holder: Any) -> dict[str, Any]:
    if hasattr(holder, "ncattrs"):
        return {name: holder.getncattr(name) for name in holder.ncattrs()}
    return dict(holder.attrs)


def _netcdf_arrays(group: Any, prefix: str = "") -> Iterator[Stored]:
    for name, data in group.variables.items():
        chunks = data.chunking()
        yield Stored(
            prefix + name, data.dimensions, _attributes(data), data, tuple(chunks) if isinstance(chunks, list) else None
        )
    for name, child in group.groups.items():
        yield from _netcdf_arrays(child, f"{prefix}{name}/")


def _zarr_arrays(group: Any) -> Iterator[Stored]:
    for name, data in sorted(group.members(max_depth=None), key=lambda member: member[0]):
        if not hasattr(data, "shape"):
            continue
        attributes = dict(data.attrs)
        dims = attributes.pop("_ARRAY_DIMENSIONS", None) or getattr(data.metadata, "dimension_names", None)
        fill = attributes.get("_FillValue")
        if isinstance(fill, str) and data.dtype.kind == "f":
            # xarray writes floating-point fill values of Zarr 3 as base64.
            attributes["_FillValue"] = np.frombuffer(base64.b64decode(fill), "<f8")[0]
        elif fill is None and data.metadata.zarr_format == 2 and data.metadata.fill_value is not None:
            attributes["_FillValue"] = data.metadata.fill_value
        yield Stored(name, tuple(dims or ()), attributes, data, tuple(data.chunks))


def decode_times(path: Path, coordinate: Stored) -> Times:
    """Return the labels of a time axis, to the millisecond.

    Dates of a calendar without leap days are dates of the common one. Calendars with other dates, and years before
    1678 or after 2262, give cftime objects.

    Raises
    ------
    GdcError
        ``DataFileUnreadable`` for units or a calendar that are none.
    """
    import cftime  # type: ignore[import-untyped]

    units = str(coordinate.attributes.get("units", ""))
    calendar = str(coordinate.attributes.get("calendar", "standard")).lower()
    try:
        dates = cftime.num2date(coordinate.values(), units, calendar, only_use_cftime_datetimes=True)
        dates = np.atleast_1d(np.asarray(dates, object))
        if calendar not in COMMON_CALENDARS or not 1678 <= min(dates).year <= max(dates).year < 2262:
            return dates
        return np.array([date.isoformat() for date in dates], "datetime64[ms]").astype("datetime64[ns]")
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        reason = f"the axis '{coordinate.name}' with units '{units}' cannot be read as time: {error}"
        raise unreadable(str(path), reason) from None
