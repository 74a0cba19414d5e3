"""Processes that run a callback over a cube: apply, reduce, and aggregate in time."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import along, dimension_type, require_dimension, require_temporal, with_labels, without
from gdc_jupyter.cube.time import parse_instant, parse_interval, period_labels, time_of_day, within
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.engine import framed
from gdc_jupyter.processes.registry import Arguments, Reach, process, spatial_reach
from gdc_jupyter.processes.schemas import (
    DATE,
    DATE_TIME,
    NULL,
    TIME,
    Anything,
    ArrayCallback,
    Cube,
    ElementCallback,
    Period,
    Reducer,
    Schema,
    TemporalCube,
    Text,
    TextOrNull,
    UniqueLabels,
)
from gdc_jupyter.processes.values import stack

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


def _reach(arguments: Arguments) -> Reach:
    return spatial_reach(arguments["data"], arguments["dimension"])


@process("cubes")
def apply(data: Cube, process: ElementCallback, context: Anything = None) -> Cube:
    """Apply a callback to each value.

    Parameters
    ----------
    data
        The cube.
    process
        The callback; it gets a value as ``x``.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with new values and the same dimensions.
    """
    result = _values(framed(process, data)(x=data.values, context=context), data.shape, "The callback of apply")
    return data.copy(data=result)


@process("cubes", "reducer", reach=_reach)
def reduce_dimension(data: Cube, reducer: Reducer, dimension: Text, context: Anything = None) -> Cube:
    """Reduce a dimension to a single value.

    Parameters
    ----------
    data
        The cube.
    reducer
        The callback; it gets all values along the dimension as ``data``, and returns one.
    dimension
        The name of the dimension.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube without the dimension.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    """
    require_dimension(data, dimension)
    values = along(data, dimension)
    return without(data, dimension, _reduced(reducer(data=values, context=context), values))


@process("cubes", reach=_reach)
def apply_dimension(
    data: Cube, process: ArrayCallback, dimension: Text, target_dimension: TextOrNull = None, context: Anything = None
) -> Cube:
    """Apply a callback to all values along a dimension.

    Where the number of values changes, or a target dimension is given, the labels become 0, 1, 2 and so on.

    Parameters
    ----------
    data
        The cube.
    process
        The callback; it gets the values along the dimension as ``data``, and returns an array.
    dimension
        The name of the dimension.
    target_dimension
        The dimension that takes the results; the same by default. Otherwise one that has a single label, or a new one.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with new values along the dimension.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    """
    require_dimension(data, dimension)
    series = along(data, dimension)
    result = process(data=series, context=context)
    labels = (
        result.coords[result.dims[0]].values
        if isinstance(result, xr.DataArray) and result.dims[0] in result.coords
        else None
    )
    values = stack(result) if isinstance(result, (list, np.ndarray, xr.DataArray)) else np.asarray(result)[np.newaxis]
    if values.ndim == series.ndim - 1 and values.shape == series.shape[1:]:
        values = values[np.newaxis]
    if values.ndim == 1 and series.ndim > 1:
        values = np.broadcast_to(values.reshape(-1, *[1] * (series.ndim - 1)), (len(values), *series.shape[1:]))
    if target_dimension is not None and target_dimension != dimension:
        return _move(data, dimension, target_dimension, values)
    moved = np.moveaxis(values, 0, data.get_axis_num(dimension))
    if len(values) == data.sizes[dimension]:
        labels = data.coords[dimension].values if labels is None else labels
        return with_labels(data, dimension, moved, labels)
    kind = dimension_type(data, dimension)
    plain = np.arange(len(values)) if labels is None else labels
    return with_labels(
        data, dimension, moved, plain, kind if labels is not None else "other" if kind == "temporal" else kind
    )


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
    named = list(labels) if labels else [interval[0] for interval in intervals]
    if len(named) != len(intervals):
        raise GdcError("ProcessParameterInvalid", f"There are {len(intervals)} intervals and {len(named)} labels.")
    if len(set(named)) < len(named):
        raise GdcError(
            "DistinctDimensionLabelsRequired", f"The labels {named} are not distinct; give others in 'labels'."
        )
    times = data.coords[name].values
    members = [_in_interval(times, interval) for interval in intervals]
    return _aggregate(data, name, members, _instants(named), reducer, context)


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
    times = data.coords[name].values
    if not len(times):
        return data
    labels, positions = period_labels(times, period)
    members = [positions == number for number in range(len(labels))]
    return _aggregate(data, name, members, np.array(labels, dtype=object), reducer, context)


def _aggregate(
    data: xr.DataArray, name: str, members: list[NDArray[np.bool_]], labels: Any, reducer: Any, context: Any
) -> xr.DataArray:
    series = along(data, name)
    results = []
    for member in members:
        chosen = np.flatnonzero(member)
        contiguous = len(chosen) > 0 and chosen[-1] - chosen[0] + 1 == len(chosen)
        part = series[chosen[0] : chosen[-1] + 1] if contiguous else series[chosen]
        results.append(_reduced(reducer(data=part, context=context), part))
    values = np.moveaxis(np.stack(results), 0, data.get_axis_num(name))
    return with_labels(data, name, values, labels, "temporal")


def _in_interval(times: NDArray[Any], interval: Any) -> NDArray[np.bool_]:
    start, end = interval
    if any(isinstance(instant, str) and len(instant) == 8 and instant[2] == ":" for instant in interval):
        return _in_daytime(times, start, end)
    return within(times, *parse_interval(interval))


def _in_daytime(times: NDArray[Any], start: str, end: str) -> NDArray[np.bool_]:
    of_day = time_of_day(times)
    low, high = (
        np.datetime64(f"1970-01-01T{'00:00:00' if text == '24:00:00' else text}") - np.datetime64("1970-01-01T00:00:00")
        for text in (start, end)
    )
    if low < high:
        inside: NDArray[np.bool_] = (of_day >= low) & (of_day < high)
        return inside
    return np.asarray((of_day >= low) | (of_day < high))


def _instants(labels: list[Any]) -> Any:
    try:
        return np.array([parse_instant(label) for label in labels])
    except GdcError:
        return np.array(labels, dtype=object)


def _reduced(result: Any, series: xr.DataArray) -> NDArray[Any]:
    return _values(result, series.shape[1:], "The reducer")


def _values(result: Any, shape: tuple[int, ...], origin: str) -> NDArray[Any]:
    if result is None:
        return np.full(shape, np.nan, dtype=np.float32)
    if isinstance(result, (list, xr.DataArray)) or (isinstance(result, np.ndarray) and result.ndim > len(shape)):
        raise GdcError("ReducerResultInvalid", f"{origin} returns an array where one value is needed for each pixel.")
    if isinstance(result, str):
        raise GdcError("ReducerResultInvalid", f"{origin} returns the text {result!r} where a number is needed.")
    values = np.asarray(result)
    return values if values.shape == shape else np.broadcast_to(values, shape).copy()


def _move(data: xr.DataArray, dimension: str, target: str, values: NDArray[Any]) -> xr.DataArray:
    labels = np.arange(len(values))
    if target not in data.dims:
        rest = without(data, dimension, values[0])
        coords = {name: rest.coords[name].variable for name in rest.dims if name in rest.coords}
        coords[target] = xr.Variable(target, labels, {"type": "other"})
        return xr.DataArray(values, dims=[target, *rest.dims], coords=coords, attrs=data.attrs)
    if data.sizes[target] != 1:
        raise GdcError(
            "ProcessParameterInvalid", f"The dimension '{target}' has more labels than one and cannot take the results."
        )
    rest = without(data, dimension, values[0])
    axis = rest.get_axis_num(target)
    return with_labels(rest, target, np.moveaxis(np.squeeze(values, axis=axis + 1), 0, axis), labels)
