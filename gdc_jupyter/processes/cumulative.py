"""Processes that accumulate the numbers of an array, from its first element to each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Flag, Numbers
from gdc_jupyter.processes.values import block, integer_or_float, numbers, relabelled, whole


@process("math > cumulative")
def cumsum(data: Numbers, ignore_nodata: Flag = True) -> Numbers:
    """Compute the sum of all numbers up to each.

    No-data stays where it is.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out of the sums; otherwise all sums from the first of them on are no-data.

    Returns
    -------
    sums
        As many as there are numbers.
    """
    return _accumulated(np.add, 0, data, ignore_nodata)


@process("math > cumulative")
def cumproduct(data: Numbers, ignore_nodata: Flag = True) -> Numbers:
    """Compute the product of all numbers up to each.

    No-data stays where it is.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out of the products; otherwise all from the first of them on are no-data.

    Returns
    -------
    products
        As many as there are numbers.
    """
    return _accumulated(np.multiply, 1, data, ignore_nodata)


@process("math > cumulative")
def cummin(data: Numbers, ignore_nodata: Flag = True) -> Numbers:
    """Find the smallest number up to each.

    No-data stays where it is.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise all results from the first of them on are no-data.

    Returns
    -------
    minima
        As many as there are numbers.
    """
    return _accumulated(np.minimum, np.inf, data, ignore_nodata)


@process("math > cumulative")
def cummax(data: Numbers, ignore_nodata: Flag = True) -> Numbers:
    """Find the greatest number up to each.

    No-data stays where it is.

    Parameters
    ----------
    data
        The numbers.
    ignore_nodata
        Whether no-data values are left out; otherwise all results from the first of them on are no-data.

    Returns
    -------
    maxima
        As many as there are numbers.
    """
    return _accumulated(np.maximum, -np.inf, data, ignore_nodata)


def _accumulated(operation: np.ufunc, neutral: float, data: Any, ignore_nodata: bool) -> Any:
    values = block(data)
    with np.errstate(all="ignore"):
        if values is None:
            return relabelled(_of_one_pixel(operation, data, ignore_nodata), data)
        return relabelled(_of_block(operation, values.dtype.type(neutral), values, ignore_nodata), data)


def _of_block(operation: np.ufunc, neutral: Any, values: NDArray[Any], ignore_nodata: bool) -> NDArray[Any]:
    results = np.empty_like(values)
    found = np.full(values.shape[1:], neutral, values.dtype)
    ended = np.zeros(values.shape[1:], bool)
    for row, result in zip(values, results, strict=True):
        gaps = np.isnan(row)
        operation(found, np.where(gaps, neutral, row), out=found)
        if not ignore_nodata:
            gaps = ended = ended | gaps
        result[...] = np.where(gaps, np.nan, found)
    return results


def _of_one_pixel(operation: np.ufunc, data: Any, ignore_nodata: bool) -> list[Any]:
    valid, gaps = numbers(data)
    found = operation.accumulate(valid).tolist() if len(valid) else []
    results = iter(map(integer_or_float, found) if whole(data) else found)
    ended = False
    elements: list[Any] = []
    for gap in gaps:
        ended |= bool(gap) and not ignore_nodata
        elements.append(None if gap or ended else next(results))
    return elements
