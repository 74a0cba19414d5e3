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
# A network for more elements than these needs more time than sorting each pixel's on their own.
MOST_ELEMENTS = 48


@lru_cache(maxsize=256)
def comparators(count: int) -> tuple[tuple[int, int], ...]:
    """Return the pairs (lower, upper) that sort ``count`` elements when compared and exchanged in this order."""
    size = 1 << max(count - 1, 0).bit_length()
    return tuple((low, high) for low, high in _merge_sort(0, size) if high < count)


@lru_cache(maxsize=256)
def selection(count: int, wanted: tuple[int, ...]) -> tuple[tuple[int, int, bool, bool], ...]:
    """Return the comparators that some positions of the sorted elements depend on.

    Parameters
    ----------
    count : int
        The number of elements.
    wanted : tuple of int
        Positions, counted from zero.

    Returns
    -------
    tuple of (lower, upper, minimum, maximum)
        The pairs in order, and whether their minimum and their maximum are needed.
    """
    needed = set(wanted)
    kept = []
    for low, high in reversed(comparators(count)):
        if low in needed or high in needed:
            kept.append((low, high, low in needed, high in needed))
            needed |= {low, high}
    return tuple(reversed(kept))


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
        quantiles_of = _block_quantiles if count <= MOST_ELEMENTS else _sorted_quantiles
        step = max(BLOCK_BYTES // (values.itemsize * (count + 2)), 64)
        for start in range(0, pixels.shape[1], step):
            part = slice(start, start + step)
            quantiles_of(pixels[:, part], probabilities, ignore_nodata, result[:, part])
    return result.reshape(len(probabilities), *shape)


def median(values: NDArray[np.floating], ignore_nodata: bool = True) -> NDArray[np.floating]:
    """Return the median over the first axis; see :func:`quantiles`."""
    result: NDArray[np.floating] = quantiles(values, (0.5,), ignore_nodata)[0]
    return result


def _sorted_quantiles(
    pixels: NDArray[np.floating], probabilities: Sequence[float], ignore_nodata: bool, result: NDArray[np.floating]
) -> None:
    """Write the quantiles of pixels with many elements, each pixel's sorted on their own, with NaN at the end."""
    count = len(pixels)
    ordered = np.array(pixels.T, order="C")
    ordered.sort(axis=1)
    valid = np.full(len(ordered), count)
    if np.isnan(ordered[:, -1]).any():
        valid -= np.count_nonzero(np.isnan(ordered), axis=1)
    starts = np.arange(len(ordered)) * count
    nodata = valid == 0 if ignore_nodata else valid < count
    for probability, target in zip(probabilities, result, strict=True):
        position = probability * np.maximum(valid - 1, 0)
        low = position.astype(np.intp)
        share = (position - low).astype(target.dtype)
        below = ordered.take(starts + low)
        above = ordered.take(starts + np.minimum(low + 1, np.maximum(valid - 1, 0)))
        with np.errstate(invalid="ignore"):
            target[:] = np.where(share == 0, below, below * (1 - share) + above * share)
        target[nodata] = np.nan


def _block_quantiles(
    pixels: NDArray[np.floating], probabilities: Sequence[float], ignore_nodata: bool, result: NDArray[np.floating]
) -> None:
    count = len(pixels)
    rows = np.array(pixels, order="C")
    gaps = np.isnan(rows)
    valid = count - np.add.reduce(gaps, axis=0, dtype=np.uint16)
    fewest, most = max(int(valid.min()), 1), max(int(valid.max()), 1)
    if fewest < count:
        np.fmin(rows, np.inf, out=rows)
    spans = [(int(each * (fewest - 1)), min(int(each * (most - 1)) + 1, count - 1)) for each in probabilities]
    wanted = {row for first, last in spans for row in range(first, last + 1)}
    ordered = _select(list(rows), tuple(sorted(wanted)))
    nodata = valid == 0 if ignore_nodata else valid < count
    for probability, span, target in zip(probabilities, spans, result, strict=True):
        if fewest == most:
            position = probability * (most - 1)
            _interpolate(ordered, int(position), position - int(position), target)
        else:
            _interpolate_gaps(ordered, valid, probability, target, *span)
        if fewest < count:
            target[nodata] = np.nan


def _select(rows: list[NDArray[np.floating]], wanted: tuple[int, ...]) -> list[NDArray[np.floating]]:
    """Sort rows in place as far as the wanted positions need it."""
    spare = np.empty_like(rows[0])
    for low, high, minimum, maximum in selection(len(rows), wanted):
        if not maximum:
            np.minimum(rows[low], rows[high], out=rows[low])
        elif not minimum:
            np.maximum(rows[low], rows[high], out=rows[high])
        else:
            np.minimum(rows[low], rows[high], out=spare)
            np.maximum(rows[low], rows[high], out=rows[high])
            rows[low], spare = spare, rows[low]
    return rows


def _interpolate(rows: list[NDArray[np.floating]], low: int, share: float, target: NDArray[np.floating]) -> None:
    """Write what lies between a row and the next, by the share of the way."""
    if share == 0:
        target[:] = rows[low]
    else:
        target[:] = rows[low] * target.dtype.type(1 - share) + rows[low + 1] * target.dtype.type(share)


def _interpolate_gaps(
    rows: list[NDArray[np.floating]],
    valid: NDArray[np.integer],
    probability: float,
    target: NDArray[np.floating],
    first: int,
    last: int,
) -> None:
    """Write the quantile where the number of valid elements differs from pixel to pixel, from the rows of a span."""
    pixels = target.shape[0]
    position = probability * np.maximum(valid.astype(np.float64) - 1, 0)
    low = position.astype(np.intp)
    share = (position - low).astype(target.dtype)
    at = (low - first) * pixels + np.arange(pixels)
    stacked = np.concatenate(rows[first : last + 1])
    below = stacked.take(at)
    above = stacked.take(at + pixels, mode="clip")
    with np.errstate(invalid="ignore"):
        target[:] = np.where(share == 0, below, below * (1 - share) + above * share)
