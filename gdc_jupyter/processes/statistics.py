"""Processes that compute statistics of an array of numbers, over the first axis of a block or over a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from gdc_jupyter.processes.values import block, integer_or_float, numbers, plain, whole

# The bytes of the pixels that are worked on at a time, so that they stay in the cache.
_STRIP_BYTES = 1 << 20
# Intervals that quantiles may divide an array into.
MOST_QUANTILES = 10_000
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

    def of_block(values: NDArray[Any]) -> NDArray[Any]:
        if not ignore_nodata:
            return np.asarray(values.mean(axis=0))
        total, count = valid_sum(values)
        return np.asarray(total / np.where(count, count, np.nan).astype(values.dtype))

    return _reduced(data, ignore_nodata, np.mean, of_block)


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

    return _reduced(
        data,
        ignore_nodata,
        lambda values: _quantiles_of(values, [0.5])[0],
        lambda values: sorting_network.median(values, ignore_nodata),
    )


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
    reduce = np.fmin if ignore_nodata else np.minimum
    return _like(data, _reduced(data, ignore_nodata, np.min, lambda values: reduce.reduce(values, axis=0)))


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
    reduce = np.fmax if ignore_nodata else np.maximum
    return _like(data, _reduced(data, ignore_nodata, np.max, lambda values: reduce.reduce(values, axis=0)))


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

    def of_block(values: NDArray[Any]) -> NDArray[Any]:
        if not ignore_nodata:
            return np.asarray(values.sum(axis=0))
        total, count = valid_sum(values)
        return np.where(count > 0, total, np.nan).astype(values.dtype)

    return _like(data, _reduced(data, ignore_nodata, np.sum, of_block))


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

    def of_block(values: NDArray[Any]) -> NDArray[Any]:
        if not ignore_nodata:
            return np.asarray(values.prod(axis=0))
        return np.where(np.isnan(values).all(axis=0), np.nan, np.nanprod(values, axis=0)).astype(values.dtype)

    return _like(data, _reduced(data, ignore_nodata, np.prod, of_block))


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
    return _reduced(data, ignore_nodata, _variance, lambda values: _block_variance(values, ignore_nodata))


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
    return None if result is None else plain(np.sqrt(result))


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
        probabilities = _intervals(q if probabilities is None else probabilities)
    if sorted(probabilities) != probabilities:
        raise GdcError("AscendingProbabilitiesRequired", f"The probabilities {probabilities} are not ascending.")
    values = block(data)
    if values is not None and not len(values):
        return np.full((len(probabilities), *values.shape[1:]), np.nan, values.dtype)
    if values is not None:
        return sorting_network.quantiles(values, probabilities, ignore_nodata)
    valid, gaps = numbers(data)
    if not len(valid) or (gaps.any() and not ignore_nodata):
        return [None] * len(probabilities)
    return _quantiles_of(valid, probabilities)


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


def _reduced(
    data: Any,
    ignore_nodata: bool,
    of_numbers: Callable[[NDArray[np.float64]], Any],
    of_block: Callable[[NDArray[Any]], NDArray[Any]],
) -> Any:
    """Return what a function of valid numbers makes of one pixel, or one of blocks with NaN as no-data of many."""
    values = block(data)
    with np.errstate(all="ignore"):
        if values is not None:
            return of_block(values) if len(values) else np.full(values.shape[1:], np.nan, values.dtype)
        valid, gaps = numbers(data)
        if not len(valid) or (gaps.any() and not ignore_nodata):
            return None
        return plain(of_numbers(valid))


def _like(data: Any, result: Any) -> Any:
    """Return a whole number as an integer where all numbers of a list are."""
    return integer_or_float(result) if isinstance(result, float) and whole(data) else result


def _intervals(number: int) -> list[float]:
    """Return the probabilities between equal intervals."""
    if not 2 <= number <= MOST_QUANTILES:
        message = f"From 2 to {MOST_QUANTILES} intervals are possible, and {number} are asked for."
        raise GdcError("ProcessParameterInvalid", message)
    return [step / number for step in range(1, number)]


def _quantiles_of(values: NDArray[np.float64], probabilities: Sequence[float]) -> list[float]:
    if np.isnan(values).any():
        return [np.nan] * len(probabilities)
    ordered = np.sort(values)
    found = []
    for probability in probabilities:
        position = probability * (len(ordered) - 1)
        low = int(position)
        share = position - low
        below, above = float(ordered[low]), float(ordered[min(low + 1, len(ordered) - 1)])
        found.append(below if share == 0 else below * (1 - share) + above * share)
    return found


def _variance(values: NDArray[np.float64]) -> Any:
    return values.var(ddof=1) if len(values) > 1 else None


def _block_variance(values: NDArray[Any], ignore_nodata: bool) -> NDArray[Any]:
    pixels = values.reshape(len(values), -1)
    result = np.empty(pixels.shape[1], values.dtype)
    step = max(_STRIP_BYTES // (8 * len(values)), 64)
    for start in range(0, len(result), step):
        part = pixels[:, start : start + step].astype(np.float64)
        total, count = valid_sum(part)
        part -= total / count
        part *= part
        spread, _ = valid_sum(part)
        usable = count > 1 if ignore_nodata else (count > 1) & (count == len(values))
        result[start : start + step] = np.where(usable, spread / (count - 1), np.nan)
    return result.reshape(values.shape[1:])
