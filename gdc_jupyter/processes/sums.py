"""Sums over the first axis that leave no-data out, in strips that fit the cache and without branches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The bytes of a row of a strip: the rows that are worked on at a time stay in a core's second-level cache.
STRIP = 1 << 17
# So many elements are added up one after another, and the sums of such groups in turn: rounding errors stay small.
GROUP = 32
_MASKS = {4: np.int32, 8: np.int64}


def valid_sum(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the sum over the first axis of what is not NaN, and how many elements that are.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, ...)
        Floating-point numbers.

    Returns
    -------
    total : numpy.ndarray, shape (...)
        Of the type of the values; 0 where there is no valid element.
    count : numpy.ndarray of integers, shape (...)
    """
    if values.dtype.itemsize not in _MASKS:
        gaps = np.isnan(values)
        return np.add.reduce(values, axis=0, where=~gaps, initial=0), len(values) - np.count_nonzero(gaps, axis=0)
    shape = values.shape[1:]
    size = int(np.prod(shape))
    rows = values.reshape(len(values), size)
    total, count = np.zeros(size, values.dtype), np.zeros(size, _MASKS[values.dtype.itemsize])
    step = STRIP // values.dtype.itemsize
    for start in range(0, size, step):
        strip = slice(start, start + step)
        for first in range(0, len(rows), GROUP):
            group = rows[first : first + GROUP, strip]
            with np.errstate(invalid="ignore"):
                plain = np.add.reduce(group, axis=0)
            if np.isnan(plain).any():
                _add_valid(group, total[strip], count[strip])
            else:
                total[strip] += plain
                count[strip] += len(group)
    return total.reshape(shape), count.reshape(shape)


def _add_valid(rows: NDArray[Any], total: NDArray[Any], count: NDArray[Any]) -> None:
    """Add rows to a total, NaN as 0, and the number of valid elements to a count.

    The bits of a valid number stay when they are joined with all ones, and those of NaN vanish.
    """
    kind = _MASKS[rows.dtype.itemsize]
    rows = np.ascontiguousarray(rows)
    valid = np.empty(rows.shape[1], bool)
    mask, kept = np.empty(rows.shape[1], kind), np.empty(rows.shape[1], kind)
    subtotal = np.zeros_like(total)
    with np.errstate(invalid="ignore"):
        for row in rows:
            np.equal(row, row, out=valid)
            np.negative(valid.view(np.int8), out=mask, casting="unsafe")
            count -= mask
            np.bitwise_and(row.view(kind), mask, out=kept)
            subtotal += kept.view(rows.dtype)
        total += subtotal
