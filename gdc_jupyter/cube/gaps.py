"""No-data in arrays of floats: set without branches, which cost more than the arithmetic where gaps are many."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_INTEGERS: dict[int, Any] = {4: np.int32, 8: np.int64}


def blank(values: NDArray[Any], gaps: NDArray[np.bool_]) -> None:
    """Write NaN where there are gaps.

    All bits of a number are set there, which makes it one of the many NaN.

    Parameters
    ----------
    values : numpy.ndarray
        Floating-point numbers, which are changed.
    gaps : numpy.ndarray of bool, of the same shape
    """
    if not gaps.any():
        return
    integers = _INTEGERS.get(values.dtype.itemsize)
    if integers is None or not values.dtype.isnative:
        np.copyto(values, np.nan, where=gaps)
        return
    bits = np.negative(gaps.view(np.int8), dtype=integers, casting="unsafe")
    whole = values.view(integers)
    np.bitwise_or(whole, bits, out=whole)
