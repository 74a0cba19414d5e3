"""Values as processes meet them: null and NaN, lists, labelled arrays, and blocks whose first axis is the array.

The array of one pixel is a list, or a labelled array: an ``xarray.DataArray`` of one dimension. In it null (None) is
no-data, and NaN is a number that makes NaN of what is computed with it. The arrays of many pixels are a block: an
array of floats with the pixels behind its first axis, where NaN is no-data, as it is in any array of floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.gaps import blank
from gdc_jupyter.errors import GdcError

Function = TypeVar("Function", bound=Callable[..., Any])

# Beyond this, whole numbers are computed with as floats, so that they cannot grow without bounds.
_LARGEST_INTEGER = 1 << 53
_NUMBERS = (int, float, np.integer, np.floating, np.bool_)


def elementwise(count: int) -> Callable[[Function], Function]:
    """Make a function of numbers work on null: any of its first ``count`` arguments that is None gives None.

    Arithmetic that has no result (a division by zero, a root of a negative number) gives infinities and NaN
    without warnings. Single numbers are returned as those of Python.
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def apply(*arguments: Any, **named: Any) -> Any:
            given = [*arguments, *named.values()][:count]
            if any(value is None for value in given):
                return None
            with np.errstate(all="ignore"):
                return plain(function(*arguments, **named))

        return apply  # type: ignore[return-value]

    return decorate


def numeric(value: Any) -> Any:
    """Return a number or an array ready for arithmetic: integers and booleans of an array become floats."""
    if isinstance(value, (list, xr.DataArray)):
        value = stack(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
        return value.astype(np.float32 if value.dtype.itemsize <= 2 else np.float64)
    if type(value) is int and abs(value) > _LARGEST_INTEGER:
        return as_float(value)
    return value


def as_float(value: Any) -> float:
    """Return a number as a float, an infinity where it is larger than those."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def stack(data: Any) -> NDArray[Any]:
    """Return an array along whose first axis the elements lie.

    Parameters
    ----------
    data : list, numpy.ndarray or xarray.DataArray
        A list may hold numbers, None, strings, or blocks of one shape. What holds numbers and None only becomes floats.
    """
    if isinstance(data, xr.DataArray):
        data = data.values
    if isinstance(data, np.ndarray) and (data.dtype != object or data.ndim != 1):
        return data
    if any(map(_is_block, data)):
        blocks = np.broadcast_arrays(*[np.nan if element is None else element for element in data])
        return np.stack(blocks)
    if all(element is None or isinstance(element, _NUMBERS) for element in data):
        return np.array([np.nan if element is None else as_float(element) for element in data], dtype=np.float64)
    return objects(data)


def objects(elements: Any) -> NDArray[Any]:
    """Return a list as an array of objects."""
    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    return array


def block(data: Any) -> NDArray[Any] | None:
    """Return the arrays of many pixels as floats, with the pixels behind the first axis; None for that of one pixel.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid`` where it holds other things than numbers.
    """
    if isinstance(data, list):
        if not any(map(_is_block, data)):
            return None
    elif data.ndim < 2:
        return None
    values: NDArray[Any] = numeric(stack(data))
    if values.dtype.kind != "f":
        raise _no_numbers()
    return values


def numbers(data: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the valid numbers of the array of one pixel, and which of its elements are no-data.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid`` where it holds other things than numbers.
    """
    if not isinstance(data, list) and data.dtype.kind in "fiub":
        values = np.asarray(data, dtype=np.float64)
        gaps = np.isnan(values)
        return values[~gaps], gaps
    elements = list_of(data)
    valid = [element for element in elements if element is not None]
    if not all(isinstance(element, _NUMBERS) for element in valid):
        raise _no_numbers()
    return np.array([as_float(each) for each in valid], np.float64), np.array([each is None for each in elements], bool)


def list_of(data: Any) -> list[Any]:
    """Return the elements of the array of one pixel, null for what is no-data."""
    if isinstance(data, list):
        return data
    values = data.values if isinstance(data, xr.DataArray) else data
    listed: list[Any] = values.tolist()
    if values.dtype.kind == "f":
        return [None if element != element else element for element in listed]
    if values.dtype.kind == "M":
        return label_texts(values)
    return listed


def whole(data: Any) -> bool:
    """Return whether a list holds whole numbers and null only."""
    return isinstance(data, list) and all(element is None or type(element) is int for element in data)


def integer_or_float(value: float) -> float:
    """Return a float that is a whole number as an integer."""
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_INTEGER else value


def labels_of(data: Any) -> list[Any] | None:
    """Return the labels of an array as JSON has them, or None where it has none."""
    if not isinstance(data, xr.DataArray) or data.dims[0] not in data.coords:
        return None
    return label_texts(data.coords[data.dims[0]].values)


def label_texts(labels: NDArray[Any]) -> list[Any]:
    """Return labels as JSON has them: instants of any calendar as text."""
    from gdc_jupyter.cube.time import label_texts as texts

    return texts(labels)


def labelled(elements: Any, labels: Any) -> xr.DataArray:
    """Return a labelled array.

    Parameters
    ----------
    elements : list or numpy.ndarray
        A list becomes floats where it holds only numbers and null, but not NaN.
    labels : list or numpy.ndarray
        One for each element.
    """
    if isinstance(elements, list) and not any(map(_is_block, elements)):
        values: Any = _of_one_type(elements)
    else:
        values = stack(elements)
    rest = [f"axis_{number}" for number in range(1, values.ndim)]
    named = labels if isinstance(labels, np.ndarray) else objects(labels)
    return xr.DataArray(values, dims=["labels", *rest], coords={"labels": named})


def relabelled(elements: Any, data: Any) -> Any:
    """Return elements in the same number as those of an array with its labels, where it has any.

    The elements of a list are a list, and those of an array of numpy such an array.
    """
    if not isinstance(data, xr.DataArray) or data.dims[0] not in data.coords:
        return stack(elements) if isinstance(data, np.ndarray) else elements
    name = data.dims[0]
    array = labelled(elements, data.coords[name].values)
    dims = data.dims if array.ndim == data.ndim else [name, *array.dims[1:]]
    return xr.DataArray(array.values, dims=dims, coords={name: data.coords[name].variable})


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
    gaps = [each for each in map(missing, operands) if np.any(each)]
    if not gaps:
        return result
    known = result.astype(np.float32)
    for each in gaps:
        blank(known, np.broadcast_to(each, known.shape))
    return known


def accepted(result: Any) -> Any:
    """Return where what a condition says is true: not false, 0 or no-data."""
    if isinstance(result, np.ndarray):
        return result if result.dtype == bool else (result != 0) & ~missing(result)
    return not missing(result) and bool(result)


def plain(value: Any) -> Any:
    """Return a number of numpy as one of Python; arrays as they are."""
    return value.item() if isinstance(value, np.generic) else value


def scalar(value: Any) -> Any:
    """Return a number out of an array of floats as one of Python, where NaN is no-data; arrays as they are."""
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    return None if isinstance(value, float) and np.isnan(value) else value


def _is_block(element: Any) -> bool:
    return isinstance(element, (np.ndarray, xr.DataArray)) and element.ndim > 0


def _of_one_type(elements: list[Any]) -> NDArray[Any]:
    if elements and all(type(element) is bool for element in elements):
        return np.array(elements, bool)
    if all(element is None or (type(element) in (int, float) and element == element) for element in elements):
        return stack(elements)
    return objects(elements)


def _no_numbers() -> GdcError:
    return GdcError("ProcessParameterInvalid", "An array of numbers is needed, and this one holds other things.")
