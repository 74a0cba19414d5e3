"""Processes that reduce an array to one value, over the first axis of a block or over a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    Anything,
    Array,
    Boolean,
    Booleans,
    CountCondition,
    Flag,
    Number,
    Numbers,
    Numeric,
    Probabilities,
    Schema,
)
from gdc_jupyter.processes.values import missing, numeric, scalar, stack

Quantity = Annotated[Any, Schema({"type": "integer", "minimum": 2})]


@process("math > statistics", "reducer")
def mean(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Compute the arithmetic mean.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    mean
        null for an empty array.
    """
    values = _floats(data)
    if not ignore_nodata:
        return _empty_or(values, lambda: values.mean(axis=0))
    total, count = _valid_sum(values)
    with np.errstate(all="ignore"):
        return scalar(total / np.where(count, count, np.nan).astype(values.dtype))


@process("math > statistics", "reducer")
def median(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Compute the median.

    With an even number of values it is the mean of the two in the middle.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    median
        null for an empty array.
    """
    from gdc_jupyter.processes import sorting_network

    return scalar(sorting_network.median(_floats(data), ignore_nodata))


@process("math", "math > statistics", "reducer")
def min_(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Find the smallest number.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    smallest
        null for an empty array.
    """
    values = _floats(data)
    return _empty_or(values, lambda: (np.fmin if ignore_nodata else np.minimum).reduce(values, axis=0))


@process("math", "math > statistics", "reducer")
def max_(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Find the greatest number.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    greatest
        null for an empty array.
    """
    values = _floats(data)
    return _empty_or(values, lambda: (np.fmax if ignore_nodata else np.maximum).reduce(values, axis=0))


@process("math", "reducer")
def sum_(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Add up all numbers.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    sum
        null where there is no valid number.
    """
    values = _floats(data)
    if not ignore_nodata:
        return _empty_or(values, lambda: values.sum(axis=0))
    total, count = _valid_sum(values)
    return scalar(np.where(count > 0, total, np.nan).astype(values.dtype))


@process("math", "reducer")
def product(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Multiply all numbers.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    product
        null where there is no valid number.
    """
    values = _floats(data)
    if not ignore_nodata:
        return _empty_or(values, lambda: values.prod(axis=0))
    valid = ~np.isnan(values)
    return scalar(np.where(valid.any(axis=0), np.nanprod(values, axis=0), np.nan).astype(values.dtype))


@process("math > statistics", "reducer")
def variance(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Compute the variance of a sample.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    variance
        The sum of the squared differences from the mean over the number of values less one; null for fewer than two.
    """
    values = _floats(data).astype(np.float64, copy=False)
    valid = ~np.isnan(values)
    count = valid.sum(axis=0)
    with np.errstate(all="ignore"):
        centre = np.where(valid, values, 0).sum(axis=0) / count
        spread = np.where(valid, values - centre, 0)
        result = (spread * spread).sum(axis=0) / (count - 1)
    usable = count > 1 if ignore_nodata else (count > 1) & (count == len(values))
    return scalar(np.where(usable, result, np.nan).astype(_floats(data).dtype))


@process("math > statistics", "reducer")
def sd(data: Numbers, ignore_nodata: Flag = True) -> Number:
    """Compute the standard deviation of a sample.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes the result null.

    Returns
    -------
    deviation
        The square root of the variance; null for fewer than two numbers.
    """
    result = variance(data, ignore_nodata)
    return None if result is None else scalar(np.sqrt(result))


@process("arrays", "math > statistics", "reducer")
def count(data: Array, condition: CountCondition = None, context: Anything = None) -> Numeric:
    """Count the elements of an array.

    Parameters
    ----------
    data
        The array.
    condition
        Which elements are counted: the valid ones by default, all with ``true``, or those that a callback accepts.
    context
        What is passed on to the callback.

    Returns
    -------
    count
        The number of elements.
    """
    values = stack(data)
    if condition is True:
        matches = np.ones(values.shape, dtype=bool)
    elif callable(condition):
        accepted = [condition(x=value, context=context) for value in values]
        matches = np.array([np.broadcast_to(_accepted(one), values.shape[1:]) for one in accepted], dtype=bool)
    else:
        matches = ~missing(values) & (np.isfinite(values) if values.dtype.kind == "f" else True)
    counted = matches.reshape(values.shape[0], *values.shape[1:]).sum(axis=0)
    return int(counted) if counted.ndim == 0 else counted.astype(np.float32)


@process("arrays", "reducer")
def first(data: Array, ignore_nodata: Flag = True) -> Anything:
    """Return the first element.

    Parameters
    ----------
    data
        The array.
    ignore_nodata
        Whether the first element that is not no-data is meant.

    Returns
    -------
    element
        null for an empty array.
    """
    return _edge(stack(data), ignore_nodata)


@process("arrays", "reducer")
def last(data: Array, ignore_nodata: Flag = True) -> Anything:
    """Return the last element.

    Parameters
    ----------
    data
        The array.
    ignore_nodata
        Whether the last element that is not no-data is meant.

    Returns
    -------
    element
        null for an empty array.
    """
    return _edge(stack(data)[::-1], ignore_nodata)


@process("math > statistics")
def quantiles(
    data: Numbers, probabilities: Probabilities = None, q: Quantity = None, ignore_nodata: Flag = True
) -> Numbers:
    """Compute quantiles.

    They are interpolated linearly between the two nearest values (type 7 of Hyndman and Fan, 1996).

    Parameters
    ----------
    data
        The numbers.
    probabilities
        Probabilities from 0 to 1 in ascending order, or the number of equal intervals.
    q
        The number of equal intervals, as an alternative to the probabilities.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes all results null.

    Returns
    -------
    quantiles
        One number for each probability.

    Raises
    ------
    QuantilesParameterMissing
        Neither probabilities nor a number of intervals is given.
    QuantilesParameterConflict
        Both probabilities and a number of intervals are given.
    AscendingProbabilitiesRequired
        The probabilities are not in ascending order.
    """
    from gdc_jupyter.processes import sorting_network

    if probabilities is None and q is None:
        raise GdcError("QuantilesParameterMissing", "quantiles needs 'probabilities' or 'q'.")
    if probabilities is not None and q is not None:
        raise GdcError("QuantilesParameterConflict", "quantiles takes either 'probabilities' or 'q', not both.")
    if not isinstance(probabilities, list):
        intervals = q if probabilities is None else probabilities
        probabilities = [step / intervals for step in range(1, intervals)]
    if sorted(probabilities) != probabilities:
        raise GdcError("AscendingProbabilitiesRequired", f"The probabilities {probabilities} are not ascending.")
    result = sorting_network.quantiles(_floats(data), probabilities, ignore_nodata)
    return result if result.ndim > 1 else [scalar(value) for value in result]


@process("math > statistics")
def extrema(
    data: Numbers, ignore_nodata: Flag = True
) -> Annotated[
    Any,
    Schema(
        [
            {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
            {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "null"}},
        ]
    ),
]:
    """Find the smallest and the greatest number.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise one of them makes both results null.

    Returns
    -------
    extrema
        The smallest number, then the greatest.
    """
    return [min_(data, ignore_nodata), max_(data, ignore_nodata)]


@process("logic", "reducer")
def all_(data: Booleans, ignore_nodata: Flag = True) -> Boolean:
    """Tell whether all values are true.

    Parameters
    ----------
    data
        The values.
    ignore_nodata
        Whether no-data values are left out; otherwise they count as unknown.

    Returns
    -------
    all
        null where there is no value, or where it depends on an unknown one.
    """
    true, false, unknown = _truth_table(data)
    return _verdict(~false.any(axis=0), true | false, unknown, ignore_nodata, decisive=false.any(axis=0))


@process("logic", "reducer")
def any_(data: Booleans, ignore_nodata: Flag = True) -> Boolean:
    """Tell whether at least one value is true.

    Parameters
    ----------
    data
        The values.
    ignore_nodata
        Whether no-data values are left out; otherwise they count as unknown.

    Returns
    -------
    any
        null where there is no value, or where it depends on an unknown one.
    """
    true, false, unknown = _truth_table(data)
    return _verdict(true.any(axis=0), true | false, unknown, ignore_nodata, decisive=true.any(axis=0))


@process("arrays", "comparison", "reducer", id="array_contains")
def array_contains(
    data: Array, value: Annotated[Any, Schema({"type": ["number", "boolean", "string", "null"]})]
) -> Flag:
    """Tell whether an array contains a value.

    Parameters
    ----------
    data
        The array.
    value
        The value to look for; NaN is never found.

    Returns
    -------
    contained
        Whether an element equals the value.
    """
    return _matches(data, value).any(axis=0)


@process("arrays", "reducer", id="array_find")
def array_find(
    data: Array, value: Anything, reverse: Flag = False
) -> Annotated[Any, Schema([{"type": "null"}, {"type": "integer", "minimum": 0}])]:
    """Find the position of a value in an array.

    Parameters
    ----------
    data
        The array.
    value
        The value to look for.
    reverse
        Whether to look from the end.

    Returns
    -------
    position
        Counted from zero; null where the value is not there.
    """
    matches = _matches(data, value)
    if not len(matches):
        return None
    position = len(matches) - 1 - matches[::-1].argmax(axis=0) if reverse else matches.argmax(axis=0)
    found = scalar(np.where(matches.any(axis=0), position.astype(np.float32), np.nan))
    return int(found) if isinstance(found, float) else found


def _matches(data: Any, value: Any) -> NDArray[np.bool_]:
    values = stack(data)
    if value is None:
        return np.asarray(missing(values))
    if values.dtype == object:
        same = [type(element) is type(value) and element == value for element in values]
        return np.array(same, dtype=bool)
    return np.asarray(values == value) & np.ones(values.shape, dtype=bool)


def _floats(data: Any) -> NDArray[Any]:
    values: NDArray[Any] = numeric(stack(data))
    if values.dtype.kind != "f":
        raise GdcError("ProcessParameterInvalid", "An array of numbers is needed, and this one holds other things.")
    return values


def _valid_sum(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    gaps = np.isnan(values)
    count = len(values) - np.count_nonzero(gaps, axis=0)
    return np.add.reduce(values, axis=0, where=~gaps, initial=0), np.asarray(count)


def _empty_or(values: NDArray[Any], reduce: Callable[[], Any]) -> Any:
    if len(values):
        return scalar(reduce())
    return scalar(np.full(values.shape[1:], np.nan, dtype=values.dtype))


def _edge(values: NDArray[Any], ignore_nodata: bool) -> Any:
    if not len(values):
        return scalar(np.full(values.shape[1:], np.nan))
    if not ignore_nodata:
        return scalar(values[0])
    position = (~np.asarray(missing(values))).argmax(axis=0)
    return scalar(np.take_along_axis(values, np.asarray(position)[np.newaxis], axis=0)[0])


def _accepted(result: Any) -> Any:
    if isinstance(result, np.ndarray):
        return (result != 0) & ~missing(result)
    return bool(result)


def _truth_table(data: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    values = stack(data)
    unknown = np.asarray(missing(values))
    true = np.asarray(values == 1) & ~unknown if values.dtype == object else (values != 0) & ~unknown
    return true, ~true & ~unknown, unknown


def _verdict(result: Any, known: Any, unknown: Any, ignore_nodata: bool, decisive: Any) -> Any:
    undecided = ~known.any(axis=0)
    if not ignore_nodata:
        undecided = undecided | (unknown.any(axis=0) & ~decisive)
    if np.ndim(result) == 0:
        return None if undecided else bool(result)
    return np.where(undecided, np.float32(np.nan), result.astype(np.float32)) if undecided.any() else result
