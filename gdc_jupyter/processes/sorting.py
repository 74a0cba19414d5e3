"""Processes that sort arrays, over the first axis of a block or over a list."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import DATE, DATE_TIME, Array, Boolean, Flag, Schema
from gdc_jupyter.processes.values import missing, numeric, stack

Sortable = Annotated[
    Any, Schema({"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "null"}, DATE_TIME, DATE]}})
]
Positions = Annotated[Any, Schema({"type": "array", "items": {"type": "integer", "minimum": 0}})]


@process("arrays", "sorting")
def order(data: Sortable, asc: Flag = True, nodata: Boolean = None) -> Positions:
    """Return the positions that would sort an array.

    Parameters
    ----------
    data
        The array.
    asc
        Whether the smallest comes first.
    nodata
        Whether no-data values come last (true) or first (false). With null they are left out; in a cube, where every
        pixel needs as many values, they are no-data at the end.

    Returns
    -------
    positions
        Counted from zero.
    """
    values = _numbers(data)
    gaps = np.asarray(missing(values))
    keys = np.where(gaps, 0, values if asc else -values)
    last = gaps if nodata is not False else ~gaps
    positions = np.lexsort((keys, last), axis=0)
    if nodata is None and values.ndim == 1:
        return [int(position) for position in positions if not gaps[position]]
    if nodata is None:
        left = np.take_along_axis(gaps, positions, axis=0)
        return np.where(left, np.nan, positions).astype(np.float32)
    return positions.tolist() if isinstance(data, list) else positions.astype(np.float32)


@process("arrays", "sorting")
def sort(data: Sortable, asc: Flag = True, nodata: Boolean = None) -> Sortable:
    """Sort an array.

    Parameters
    ----------
    data
        The array.
    asc
        Whether the smallest comes first.
    nodata
        Whether no-data values come last (true) or first (false). With null they are left out; in a cube, where every
        pixel needs as many values, they stand at the end.

    Returns
    -------
    sorted
        The values in order.
    """
    if isinstance(data, list):
        return [data[position] for position in order(data, asc, nodata)]
    values = _numbers(data)
    positions = np.asarray(order(values, asc, True if nodata is None else nodata)).astype(np.intp)
    return np.take_along_axis(values, positions, axis=0)


@process("arrays", "sorting")
def rearrange(data: Array, order: Positions) -> Array:
    """Put the elements of an array into another order.

    Parameters
    ----------
    data
        The array.
    order
        The positions of the elements, in the order wanted; it may be shorter than the array.

    Returns
    -------
    array
        The elements in that order.
    """
    count = len(data)
    wanted = [int(position) for position in order]
    outside = [position for position in wanted if not 0 <= position < count]
    if outside:
        raise GdcError("ArrayElementNotAvailable", f"The array of {count} elements has none at {outside}.")
    return [data[position] for position in wanted] if isinstance(data, list) else stack(data)[wanted]


def _numbers(data: Any) -> NDArray[Any]:
    values = numeric(stack(data))
    if values.dtype != object:
        return np.asarray(values)
    times = [np.datetime64("NaT") if value is None else np.datetime64(str(value).rstrip("Z"), "ns") for value in values]
    array = np.array(times, dtype="datetime64[ns]")
    return np.where(np.isnat(array), np.nan, array.astype(np.int64).astype(np.float64))
