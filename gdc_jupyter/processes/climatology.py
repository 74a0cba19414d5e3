"""Processes of climatology: normals of the days, months and seasons of the year, and what deviates from them."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.align import on_grid_of, spread
from gdc_jupyter.cube.calendars import calendar_of, parts
from gdc_jupyter.cube.cube import (
    along,
    dimensions_of_type,
    instants_of,
    labels_of,
    require_instants,
    require_temporal,
    with_labels,
)
from gdc_jupyter.cube.time import period_labels
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import PERIODS, Schema, TemporalCube, choice
from gdc_jupyter.processes.sums import valid_sum
from gdc_jupyter.processes.values import numeric

NormalPeriod = Annotated[str, choice("day", "month", "season", "tropical-season", "climatology-period")]
AnomalyPeriod = Annotated[str, choice(*PERIODS, "climatology-period", "single-period")]
Years = Annotated[
    Any,
    Schema(
        {
            "type": "array",
            "uniqueItems": True,
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "integer", "subtype": "year"},
        }
    ),
]
_SEASONS = {"season": ["djf", "mam", "jja", "son"], "tropical-season": ["ndjfma", "mjjaso"]}
_DAYS = {"360_day": 360, "all_leap": 366, "366_day": 366}
_WIDTHS = {"hour": 2, "day": 3, "week": 2, "dekad": 2, "month": 2, "year": 4, "decade": 4, "decade-ad": 4}
_WHOLE_LABELS = ("year", "decade", "decade-ad")
# Labels that normals need not have, and those that stand in for them.
_STAND_INS = {("day", "366"): "365", ("week", "53"): "52"}


@process("cubes", "climatology")
def climatological_normal(
    data: TemporalCube,
    period: NormalPeriod,
    climatology_period: Years = [1981, 2010],  # noqa: B006
) -> TemporalCube:
    """Average each day, month or season of the year over the years of a climatology.

    The last day of a leap year is not part of the normals of days. A season that begins in the year before the first
    one counts where the data of all its earlier months are there; one that begins in the last year does not.

    Parameters
    ----------
    data
        A cube with one temporal dimension, which reaches from the first to the last of the years.
    period
        What is averaged: ``day``, ``month``, ``season`` (from December), ``tropical-season`` (from November), or all
        years together (``climatology-period``).
    climatology_period
        The first and the last year, both included.

    Returns
    -------
    cube
        The cube of averages. Its dates are ``001`` to ``365``, ``01`` to ``12``, ``djf`` to ``son``, ``ndjfma`` and
        ``mjjaso``, or ``climatology-period``; no-data where there are no values.
    """
    name = require_temporal(data, None)
    times = require_instants(data, name)
    first, last = climatology_period
    labels, places = _places(times, period, first, last)
    series = numeric(along(data, name).values)
    means = np.full((len(labels), *series.shape[1:]), np.nan, series.dtype)
    for number, out in enumerate(means):
        chosen = np.flatnonzero(places == number)
        if len(chosen):
            total, count = valid_sum(series[chosen])
            with np.errstate(invalid="ignore", divide="ignore"):
                np.divide(total, count.astype(total.dtype), out=out)
    values = np.moveaxis(means, 0, data.get_axis_num(name))
    return with_labels(data, name, values, np.array(labels, dtype=object), "temporal")


@process("climatology", "cubes", "math")
def anomaly(data: TemporalCube, normals: TemporalCube, period: AnomalyPeriod) -> TemporalCube:
    """Subtract from each value the normal of its hour, day, month, season or other period.

    Parameters
    ----------
    data
        A cube with one temporal dimension, whose labels are periods as ``aggregate_temporal_period`` makes them, or
        dates.
    normals
        A cube with one temporal dimension whose labels are those of the periods without the year, such as ``01`` to
        ``12`` for months; see ``climatological_normal``. Where the day 366 or the week 53 is missing, the one before it
        stands in.
    period
        Which periods the normals are for. ``climatology-period`` and ``single-period`` are a single one.

    Returns
    -------
    cube
        The differences, with all labels of ``data``.
    """
    name, of_normals = _temporal(data, "data"), _temporal(normals, "normals")
    places = _matches(data, name, normals, of_normals, period)
    aligned = along(on_grid_of(normals, data), of_normals)
    series = along(data, name)
    values, averages = numeric(series.values), numeric(aligned.values)
    kind = np.result_type(values.dtype, averages.dtype)
    result = np.empty(values.shape, kind)
    single = series.isel({name: 0}, drop=True)
    for number in dict.fromkeys(places.tolist()):
        average = spread(aligned.isel({of_normals: number}, drop=True), single, "cube of normals").astype(kind)
        for position in np.flatnonzero(places == number):
            np.subtract(values[position], average, out=result[position, ...])
    return data.copy(deep=False, data=np.moveaxis(result, 0, data.get_axis_num(name)))


def _places(times: NDArray[Any], period: str, first: int, last: int) -> tuple[list[str], NDArray[np.intp]]:
    """Return the labels of the normals, and for each instant the position of its label, -1 where it is left out."""
    found = parts(times)
    if not len(times) or found.year.min() > first or found.year.max() < last or first > last:
        reach = f"the years {found.year.min()} to {found.year.max()}" if len(times) else "no year"
        raise GdcError(
            "ProcessParameterInvalid",
            f"The climatology is to be of the years {first} to {last}, and the data cover {reach}; give others in "
            "'climatology_period'.",
        )
    within = (found.year >= first) & (found.year <= last)
    if period in _SEASONS:
        return _SEASONS[period], _season_places(found, period, first, last)
    if period == "day":
        days = _DAYS.get(calendar_of(times), 365)
        within &= found.day_of_year <= days
        return [f"{day:03d}" for day in range(1, days + 1)], np.where(within, found.day_of_year - 1, -1)
    if period == "month":
        return [f"{month:02d}" for month in range(1, 13)], np.where(within, found.month - 1, -1)
    return ["climatology-period"], np.where(within, 0, -1)


def _season_places(found: Any, period: str, first: int, last: int) -> NDArray[np.intp]:
    """Return the position of each instant's season; one over the turn of the year is of the year that it ends in."""
    early = [12] if period == "season" else [11, 12]
    length = 12 // len(_SEASONS[period])
    shifted = found.month % 12 if period == "season" else (found.month + 1) % 12
    year = found.year + np.isin(found.month, early)
    places = np.where((year >= first) & (year <= last), shifted // length, -1)
    there = [((found.year == first - 1) & (found.month == month)).any() for month in early]
    if not all(there):
        places[(year == first) & (places == 0)] = -1
    return np.asarray(places, dtype=np.intp)


def _temporal(cube: xr.DataArray, which: str) -> str:
    names = dimensions_of_type(cube, "temporal")
    if len(names) != 1:
        problem = "TooManyDimensions" if names else "DimensionNotAvailable"
        raise GdcError(problem, f"The cube '{which}' needs one temporal dimension, and it has {len(names)}: {names}.")
    return names[0]


def _matches(data: xr.DataArray, name: str, normals: xr.DataArray, of_normals: str, period: str) -> NDArray[np.intp]:
    """Return for each label of the data the position of its normal."""
    if period in ("climatology-period", "single-period"):
        if normals.sizes[of_normals] != 1:
            raise GdcError(
                "IncompatibleDataCubes", f"'{period}' needs one normal, and there are {normals.sizes[of_normals]}."
            )
        return np.zeros(data.sizes[name], np.intp)
    known = {_padded(label, period): place for place, label in enumerate(labels_of(normals, of_normals).tolist())}
    keys = _keys(data, name, period)
    keys = [key if key in known else _STAND_INS.get((period, key), key) for key in keys]
    absent = [key for key in dict.fromkeys(keys) if key not in known]
    if absent:
        raise GdcError(
            "IncompatibleDataCubes",
            f"There are no normals for {', '.join(absent[:5])}; there are some for {', '.join(list(known)[:5])} "
            f"and {max(len(known) - 5, 0)} more.",
        )
    return np.array([known[key] for key in keys], dtype=np.intp)


def _keys(data: xr.DataArray, name: str, period: str) -> list[str]:
    """Return for each label of the data the label that its normal has."""
    labels: list[Any] = labels_of(data, name).tolist()
    instants = None if data[name].attrs.get("period") == period else instants_of(data, name)
    if instants is not None and len(instants):
        periods, places = period_labels(instants, period)
        labels = [periods[place] for place in places]
    if period in _WHOLE_LABELS:
        return [_padded(label, period) for label in labels]
    return [str(label).rpartition("-")[2] for label in labels]


def _padded(label: Any, period: str) -> str:
    return f"{label:0{_WIDTHS.get(period, 0)}d}" if isinstance(label, int) else str(label)
