"""Processes along time: aggregation over intervals and periods, and resampling to the dates of another cube."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import seconds
from gdc_jupyter.cube.cube import (
    along,
    dimension_type,
    dimensions_of_type,
    instants_of,
    labels_of,
    require_instants,
    require_temporal,
    with_labels,
)
from gdc_jupyter.cube.time import parse_interval, parse_labels, period_labels, time_of_day, within
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.results import reduced
from gdc_jupyter.processes.schemas import (
    DATE,
    DATE_TIME,
    NULL,
    TIME,
    Anything,
    Period,
    Reducer,
    Schema,
    TemporalCube,
    TextOrNull,
    UniqueLabels,
)

Intervals = Annotated[
    Any,
    Schema(
        {
            "type": "array",
            "subtype": "temporal-intervals",
            "minItems": 1,
            "items": {
                "type": "array",
                "subtype": "temporal-interval",
                "uniqueItems": True,
                "minItems": 2,
                "maxItems": 2,
                "items": {"anyOf": [DATE_TIME, DATE, TIME, NULL]},
            },
            "examples": [
                [["2015-01-01", "2016-01-01"], ["2016-01-01", "2017-01-01"], ["2017-01-01", "2018-01-01"]],
                [["06:00:00", "18:00:00"], ["18:00:00", "06:00:00"]],
            ],
        }
    ),
]
Days = Annotated[Any, Schema({"type": ["number", "null"]})]


@process("cubes", "aggregate")
def aggregate_temporal(
    data: TemporalCube,
    intervals: Intervals,
    reducer: Reducer,
    labels: UniqueLabels = [],  # noqa: B006
    dimension: TextOrNull = None,
    context: Anything = None,
) -> TemporalCube:
    """Reduce each of some temporal intervals to one value.

    Parameters
    ----------
    data
        The cube.
    intervals
        Left-closed intervals, which may overlap; their ends are date-times, dates, or times of the day.
    reducer
        The callback; it gets all values of an interval as ``data``, and returns one.
    labels
        The labels of the intervals; their starts by default.
    dimension
        The temporal dimension; needed where there are several.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with one label for each interval.

    Raises
    ------
    TooManyDimensions
        There are several temporal dimensions, and none is named.
    DimensionNotAvailable
        The cube has no such temporal dimension.
    DistinctDimensionLabelsRequired
        Two intervals would have the same label.
    TemporalExtentEmpty
        An interval ends before it starts.
    """
    name = require_temporal(data, dimension)
    times = require_instants(data, name)
    members = [_in_interval(times, interval) for interval in intervals]
    named = list(labels) if labels else [_start(interval) for interval in intervals]
    if len(named) != len(intervals):
        raise GdcError("ProcessParameterInvalid", f"There are {len(intervals)} intervals and {len(named)} labels.")
    if len(set(named)) < len(named):
        raise GdcError(
            "DistinctDimensionLabelsRequired", f"The labels {named} are not distinct; give others in 'labels'."
        )
    return _aggregate(data, name, members, reducer, context, _label_array(named))


@process("aggregate", "climatology", "cubes")
def aggregate_temporal_period(
    data: TemporalCube, period: Period, reducer: Reducer, dimension: TextOrNull = None, context: Anything = None
) -> TemporalCube:
    """Reduce each month, season, year or other period of the calendar to one value.

    Parameters
    ----------
    data
        The cube.
    period
        ``hour``, ``day``, ``week`` (ISO 8601), ``dekad`` (a third of a month), ``month``, ``season`` (from December),
        ``tropical-season`` (from November), ``year``, ``decade`` or ``decade-ad`` (from a year that ends in 1).
    reducer
        The callback; it gets all values of a period as ``data``, and returns one.
    dimension
        The temporal dimension; needed where there are several.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with one label, such as ``2022-05``, for each period between the first and the last date.

    Raises
    ------
    TooManyDimensions
        There are several temporal dimensions, and none is named.
    DimensionNotAvailable
        The cube has no such temporal dimension.
    """
    name = require_temporal(data, dimension)
    times = require_instants(data, name)
    if not len(times):
        return data
    labels, positions = period_labels(times, period)
    members = [positions == number for number in range(len(labels))]
    return _aggregate(data, name, members, reducer, context, np.array(labels, dtype=object), period)


@process("cubes", "reproject", templates=frozenset({"target"}))
def resample_cube_temporal(
    data: TemporalCube, target: TemporalCube, dimension: TextOrNull = None, valid_within: Days = None
) -> TemporalCube:
    """Bring a cube to the dates of another by the nearest neighbour.

    Of two dates that are equally near, the earlier is taken.

    Parameters
    ----------
    data
        The cube.
    target
        The cube whose dates are wanted.
    dimension
        The temporal dimension, which both cubes have; by default all that both have.
    valid_within
        The days before and after a date, both excluded, in which the nearest valid value is looked for at each pixel.
        By default the nearest value is taken, valid or not and however far.

    Returns
    -------
    cube
        The cube with the dates of ``target``; no-data where no valid value is near enough.

    Raises
    ------
    DimensionMismatch
        The cubes have no temporal dimension in common, or the one that is named is not temporal.
    DimensionNotAvailable
        One of the cubes has no dimension of that name.
    """
    for name in [_common(data, target, dimension)] if dimension is not None else _all_common(data, target):
        data = _resampled(data, target, name, valid_within)
    return data


def _aggregate(
    data: xr.DataArray,
    name: str,
    members: list[NDArray[np.bool_]],
    reducer: Any,
    context: Any,
    labels: NDArray[Any],
    period: str | None = None,
) -> xr.DataArray:
    series = along(data, name)
    if labels_of(data, name).dtype.kind != "M":
        instants = instants_of(data, name)
        assert instants is not None
        series = series.assign_coords({name: (name, instants, {"type": "temporal"})})
    results = [
        reduced(reducer(data=part, context=context), part) for part in (_members(series, each) for each in members)
    ]
    values = np.moveaxis(np.stack(results), 0, data.get_axis_num(name))
    return with_labels(data, name, values, labels, "temporal", period)


def _members(series: xr.DataArray, member: NDArray[np.bool_]) -> xr.DataArray:
    """Return the chosen elements of a labelled array, a view where they follow one another."""
    chosen = np.flatnonzero(member)
    if len(chosen) and chosen[-1] - chosen[0] + 1 == len(chosen):
        return series[chosen[0] : chosen[-1] + 1]
    return series[chosen]


def _in_interval(times: NDArray[Any], interval: Any) -> NDArray[np.bool_]:
    if any(isinstance(instant, str) and len(instant) == 8 and instant[2] == ":" for instant in interval):
        return _in_daytime(times, *interval)
    return within(times, *parse_interval(interval))


def _in_daytime(times: NDArray[Any], start: str | None, end: str | None) -> NDArray[np.bool_]:
    of_day = time_of_day(times)
    low, high = (_since_midnight(text) for text in (start or "00:00:00", end or "24:00:00"))
    if low < high:
        return np.asarray((of_day >= low) & (of_day < high))
    return np.asarray((of_day >= low) | (of_day < high))


def _since_midnight(text: str) -> np.timedelta64:
    hours, minutes, full_seconds = map(int, text.split(":"))
    if minutes > 59 or full_seconds > 59 or (hours, minutes, full_seconds) > (24, 0, 0):
        raise GdcError("TemporalExtentInvalid", f"{text!r} is no time of the day.")
    return np.timedelta64((hours * 60 + minutes) * 60 + full_seconds, "s")


def _start(interval: Any) -> str:
    """Return the default label of an interval; one that is open to the past is called by both its ends."""
    return str(interval[0]) if interval[0] is not None else f"../{interval[1]}"


def _label_array(labels: list[Any]) -> NDArray[Any]:
    if not all(isinstance(label, str) for label in labels):
        return np.array(labels, dtype=object if any(isinstance(label, str) for label in labels) else None)
    instants = parse_labels(labels)
    return np.array(labels, dtype=object) if instants is None else instants


def _common(data: xr.DataArray, target: xr.DataArray, name: str) -> str:
    for cube, which in ((data, "data"), (target, "target")):
        if name not in cube.dims:
            raise GdcError(
                "DimensionNotAvailable",
                f"The cube '{which}' has no dimension '{name}'; it has {', '.join(map(str, cube.dims))}.",
            )
        if dimension_type(cube, name) != "temporal" or instants_of(cube, name) is None:
            raise GdcError("DimensionMismatch", f"The dimension '{name}' of the cube '{which}' is not temporal.")
    return name


def _all_common(data: xr.DataArray, target: xr.DataArray) -> list[str]:
    names = [name for name in dimensions_of_type(data, "temporal") if name in dimensions_of_type(target, "temporal")]
    names = [name for name in names if instants_of(data, name) is not None and instants_of(target, name) is not None]
    if not names:
        raise GdcError("DimensionMismatch", "The two cubes have no temporal dimension of the same name.")
    return names


def _resampled(data: xr.DataArray, target: xr.DataArray, name: str, days: float | None) -> xr.DataArray:
    series = along(data, name).values
    present, wanted = (_microseconds(require_instants(cube, name)) for cube in (data, target))
    if not len(present):
        values = np.full((len(wanted), *series.shape[1:]), np.nan, np.result_type(series.dtype, np.float32))
    elif days is None:
        values = series[[int(_by_distance(present, instant)[0]) for instant in wanted]]
    else:
        values = np.full((len(wanted), *series.shape[1:]), np.nan, np.result_type(series.dtype, np.float32))
        reach = days * 86_400e6
        for instant, out in zip(wanted, values, strict=True):
            order = _by_distance(present, instant)
            _fill(out, series, order[np.abs(present[order] - instant) < reach])
    moved = np.moveaxis(values, 0, data.get_axis_num(name))
    kept = target.coords[name].attrs.get("period") if name in target.coords else None
    return with_labels(data, name, moved, labels_of(target, name), "temporal", kept)


def _microseconds(instants: NDArray[Any]) -> NDArray[np.int64]:
    if instants.dtype.kind == "M":
        return instants.astype("datetime64[us]").astype(np.int64)
    return seconds(instants) * 1_000_000


def _by_distance(present: NDArray[np.int64], instant: np.int64) -> NDArray[np.intp]:
    """Return positions from the nearest to the farthest, the earlier first where two are equally near."""
    return np.lexsort((present, np.abs(present - instant)))


def _fill(out: NDArray[Any], series: NDArray[Any], order: NDArray[np.intp]) -> None:
    """Write the first valid value at each pixel, in an order of the elements."""
    gaps = np.ones(out.shape, bool)
    for position in order:
        if not gaps.any():
            return
        candidate = series[position]
        usable = gaps & np.isfinite(candidate) if candidate.dtype.kind == "f" else gaps
        np.copyto(out, candidate, where=usable, casting="unsafe")
        gaps = gaps & ~usable
