"""Medians and quantiles over the first axis, by a sorting network in blocks that fit the cache.

Batcher's odd-even merge sort needs the same comparisons whatever the data are, so that each of them is one vectorised
minimum and maximum over all pixels of a block (K. E. Batcher, 1968, "Sorting networks and their applications").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# The bytes of one block of pixels with all its elements; it should stay in a core's second-level cache.
BLOCK_BYTES = 1 << 20


@lru_cache(maxsize=256)
def comparators(count: int) -> tuple[tuple[int, int], ...]:
    """Return the pairs (lower, upper) that sort ``count`` elements when compared and exchanged in this order."""
    size = 1 << max(count - 1, 0).bit_length()
    return tuple((low, high) for low, high in _merge_sort(0, size) if high < count)


def _merge_sort(start: int, size: int) -> Iterator[tuple[int, int]]:
    if size > 1:
        half = size // 2
        yield from _merge_sort(start, half)
        yield from _merge_sort(start + half, half)
        yield from _merge(start, size, 1)


def _merge(start: int, size: int, step: int) -> Iterator[tuple[int, int]]:
    double = step * 2
    if double < size:
        yield from _merge(start, size, double)
        yield from _merge(start + step, size, double)
        yield from ((i, i + step) for i in range(start + step, start + size - step, double))
    else:
        yield start, start + step


def quantiles(
    values: NDArray[np.floating], probabilities: Sequence[float], ignore_nodata: bool = True
) -> NDArray[np.floating]:
    """Return quantiles over the first axis, linearly interpolated (type 7 of Hyndman and Fan, 1996).

    Parameters
    ----------
    values : numpy.ndarray, shape (n, ...)
        Floating-point numbers; NaN is no data.
    probabilities : sequence of float
        From 0 to 1.
    ignore_nodata : bool
        Whether NaN is left out; otherwise it makes the result NaN.

    Returns
    -------
    numpy.ndarray, shape (len(probabilities), ...)
        NaN where there is no valid element.
    """
    count, shape = values.shape[0], values.shape[1:]
    pixels = values.reshape(count, -1)
    result = np.full((len(probabilities), pixels.shape[1]), np.nan, dtype=values.dtype)
    if count and pixels.shape[1]:
        step = max(BLOCK_BYTES // (values.itemsize * (count + 2)), 64)
        for start in range(0, pixels.shape[1], step):
            _block_quantiles(
                pixels[:, start : start + step], probabilities, ignore_nodata, result[:, start : start + step]
            )
    return result.reshape(len(probabilities), *shape)


def median(values: NDArray[np.floating], ignore_nodata: bool = True) -> NDArray[np.floating]:
    """Return the median over the first axis; see :func:`quantiles`."""
    result: NDArray[np.floating] = quantiles(values, (0.5,), ignore_nodata)[0]
    return result


def _block_quantiles(
    pixels: NDArray[np.floating], probabilities: Sequence[float], ignore_nodata: bool, result: NDArray[np.floating]
) -> None:
    count = pixels.shape[0]
    rows = np.array(pixels, order="C")
    gaps = np.isnan(rows)
    valid = count - np.count_nonzero(gaps, axis=0)
    complete = bool((valid == count).all())
    if not complete:
        np.copyto(rows, np.inf, where=gaps)
    ordered = _sort(list(rows))
    if complete:
        for probability, target in zip(probabilities, result, strict=True):
            _interpolate_rows(ordered, probability * (count - 1), target)
        return
    stacked = np.stack(ordered)
    nodata = valid == 0 if ignore_nodata else valid < count
    for probability, target in zip(probabilities, result, strict=True):
        _interpolate_gaps(stacked, valid, probability, target)
        target[nodata] = np.nan


def _sort(rows: list[NDArray[np.floating]]) -> list[NDArray[np.floating]]:
    spare = np.empty_like(rows[0])
    for low, high in comparators(len(rows)):
        np.minimum(rows[low], rows[high], out=spare)
        np.maximum(rows[low], rows[high], out=rows[high])
        rows[low], spare = spare, rows[low]
    return rows


def _interpolate_rows(rows: list[NDArray[np.floating]], position: float, target: NDArray[np.floating]) -> None:
    low = int(position)
    share = target.dtype.type(position - low)
    if share == 0:
        target[:] = rows[low]
    else:
        target[:] = rows[low] * (1 - share) + rows[low + 1] * share


def _interpolate_gaps(
    rows: NDArray[np.floating], valid: NDArray[np.integer], probability: float, target: NDArray[np.floating]
) -> None:
    position = probability * np.maximum(valid - 1, 0)
    low = position.astype(np.intp)
    share = (position - low).astype(rows.dtype)
    below = np.take_along_axis(rows, low[np.newaxis], axis=0)[0]
    above = np.take_along_axis(rows, np.minimum(low + 1, len(rows) - 1)[np.newaxis], axis=0)[0]
    with np.errstate(invalid="ignore"):
        target[:] = np.where(share == 0, below, below * (1 - share) + above * share)
