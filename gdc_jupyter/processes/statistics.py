"""Processes that compute statistics of an array of numbers, over the first axis of a block or over a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    Flag,
    Number,
    Numbers,
    Probabilities,
    Schema,
)
from gdc_jupyter.processes.sums import valid_sum
from gdc_jupyter.processes.values import numeric, scalar, stack

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
    total, count = valid_sum(values)
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
    total, count = valid_sum(values)
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


def _floats(data: Any) -> NDArray[Any]:
    values: NDArray[Any] = numeric(stack(data))
    if values.dtype.kind != "f":
        raise GdcError("ProcessParameterInvalid", "An array of numbers is needed, and this one holds other things.")
    return values


def _empty_or(values: NDArray[Any], reduce: Callable[[], Any]) -> Any:
    if len(values):
        return scalar(reduce())
    return scalar(np.full(values.shape[1:], np.nan, dtype=values.dtype))
