"""Sums over the first axis that leave no-data out, in strips that fit the cache and without branches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# So many elements are added up one after another, and the sums of such groups in turn: rounding errors stay small.
GROUP = 32
# The bytes of a row of a strip: a group of rows stays in a core's second-level cache.
STRIP = 1 << 13
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
    valid = np.equal(rows, rows)
    mask = np.negative(valid.view(np.int8), dtype=count.dtype, casting="unsafe")
    kept = np.bitwise_and(rows.view(count.dtype), mask, out=mask)
    # A group has fewer rows than such a number can count.
    count += np.add.reduce(valid.view(np.uint8), axis=0, dtype=np.uint8)
    with np.errstate(invalid="ignore"):
        total += np.add.reduce(kept.view(rows.dtype), axis=0)
