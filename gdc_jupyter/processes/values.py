"""Values as processes meet them: null and NaN, lists, labelled arrays, and blocks whose first axis is the array."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


def elementwise(count: int) -> Callable[[Function], Function]:
    """Make a function of numbers work on null: any of its first ``count`` arguments that is None gives None.

    Arithmetic that has no result (a division by zero, a root of a negative number) gives infinities and NaN
    without warnings.
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def apply(*arguments: Any, **named: Any) -> Any:
            given = [*arguments, *named.values()][:count]
            if any(value is None for value in given):
                return None
            with np.errstate(all="ignore"):
                return function(*arguments, **named)

        return apply  # type: ignore[return-value]

    return decorate


def numeric(value: Any) -> Any:
    """Return a number or an array ready for arithmetic: integers and booleans of an array become floats."""
    if isinstance(value, xr.DataArray):
        value = value.values
    if isinstance(value, list):
        return stack(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
        return value.astype(np.float32 if value.dtype.itemsize <= 2 else np.float64)
    return value


def stack(data: Any) -> NDArray[Any]:
    """Return an array along whose first axis the elements lie.

    Parameters
    ----------
    data : list, numpy.ndarray or xarray.DataArray
        A list may hold numbers, None, strings, or blocks of one shape.
    """
    if isinstance(data, xr.DataArray):
        values: NDArray[Any] = data.values
        return values
    if isinstance(data, np.ndarray):
        return data
    if any(isinstance(element, np.ndarray) for element in data):
        blocks = np.broadcast_arrays(*[np.nan if element is None else element for element in data])
        return np.stack(blocks)
    if all(element is None or isinstance(element, (int, float, np.number)) for element in data):
        return np.array([np.nan if element is None else element for element in data], dtype=np.float64)
    array = np.empty(len(data), dtype=object)
    array[:] = data
    return array


def missing(value: Any) -> Any:
    """Return where a value is no-data: null or NaN; a boolean, or an array of booleans."""
    if value is None:
        return True
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            return np.isnan(value)
        if value.dtype.kind == "M":
            return np.isnat(value)
        if value.dtype == object:
            return np.array([element is None or element != element for element in value.ravel()]).reshape(value.shape)
        return np.zeros(value.shape, dtype=bool)
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def truth(result: Any, *operands: Any) -> Any:
    """Return a comparison's result with no-data where an operand has none.

    An array stays boolean where nothing is missing; otherwise it is 1, 0 and NaN.
    """
    if not isinstance(result, np.ndarray):
        return None if any(operand is None for operand in operands) else bool(result)
    gaps = np.zeros(result.shape, dtype=bool)
    for operand in operands:
        gaps |= missing(operand)
    if not gaps.any():
        return result
    return np.where(gaps, np.float32(np.nan), result.astype(np.float32))


def scalar(value: Any) -> Any:
    """Return a number of numpy as one of Python, NaN as None; arrays as they are."""
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    return None if isinstance(value, float) and np.isnan(value) else value
