"""Processes that sort arrays, over the first axis of a block or over a list."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.time import parse_instant
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import DATE, DATE_TIME, Array, Boolean, Flag, Schema
from gdc_jupyter.processes.values import block, list_of, numbers, stack

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
    values = block(data)
    if values is None:
        keys = _sortable(data)
        gaps = np.array([element is None for element in list_of(data)], dtype=bool)
        positions = _positions(keys, gaps, asc, nodata)
        return positions[~gaps[positions]].tolist() if nodata is None else positions.tolist()
    # NaN comes last.
    positions = np.argsort(values if asc else -values, axis=0, kind="stable")
    gaps = np.isnan(values)
    if nodata is None:
        return np.where(np.take_along_axis(gaps, positions, axis=0), np.nan, positions).astype(np.float32)
    if not nodata:
        positions = _gaps_first(positions, np.count_nonzero(gaps, axis=0))
    return positions.astype(np.float32)


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
    values = block(data)
    if values is None:
        elements = list_of(data)
        return [elements[position] for position in order(data, asc, nodata)]
    # NaN comes last.
    ordered = np.sort(values, axis=0) if asc else -np.sort(-values, axis=0)
    if nodata is not False:
        return ordered
    return _gaps_first(ordered, np.count_nonzero(np.isnan(ordered), axis=0))


@process("arrays", "sorting")
def rearrange(data: Array, order: Positions) -> Array:
    """Put the elements of an array into another order.

    Parameters
    ----------
    data
        The array.
    order
        The positions of the elements, in the order wanted; there may be fewer of them than elements.

    Returns
    -------
    array
        The elements in that order.

    Raises
    ------
    ArrayElementNotAvailable
        The array has no element at one of the positions.
    """
    positions = block(order)
    if positions is None:
        wanted = [_position(position, len(data)) for position in list_of(order)]
        values = block(data)
        return [list_of(data)[position] for position in wanted] if values is None else values[wanted]
    values = block(data)
    if values is None:
        values = stack(data).reshape(-1, *[1] * (positions.ndim - 1))
    values = np.broadcast_to(values, (len(values), *positions.shape[1:]))
    gaps = np.isnan(positions)
    chosen = np.where(gaps, 0, positions).astype(np.intp)
    if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(values):
        raise _not_available(len(values), int(chosen.max()))
    return np.where(gaps, np.nan, np.take_along_axis(values, chosen, axis=0))


def _gaps_first(ordered: NDArray[Any], gaps: NDArray[np.integer]) -> NDArray[Any]:
    """Return what is in order, with the last of it, as many as there are gaps, in front."""
    shifted = (np.arange(len(ordered)).reshape(-1, *[1] * gaps.ndim) - gaps) % max(len(ordered), 1)
    return np.take_along_axis(ordered, shifted, axis=0)


def _positions(keys: NDArray[Any], gaps: NDArray[np.bool_], asc: bool, nodata: bool | None) -> NDArray[np.intp]:
    """Return the positions in order; those of gaps come first or last, and equal keys stay in order."""
    keys = np.where(gaps, 0, keys if asc else -keys)
    return np.lexsort((keys, gaps if nodata is not False else ~gaps), axis=0)


def _position(position: Any, count: int) -> int:
    if position is None or not 0 <= position < count:
        raise _not_available(count, position)
    return int(position)


def _not_available(count: int, position: Any) -> GdcError:
    return GdcError("ArrayElementNotAvailable", f"The array of {count} elements has none at {position}.")


def _sortable(data: Any) -> NDArray[Any]:
    """Return numbers in the order of elements that are numbers, dates and date-times."""
    elements = list_of(data)
    if any(isinstance(element, str) for element in elements):
        instants = [np.datetime64("NaT") if each is None else parse_instant(each) for each in elements]
        return np.array(instants, dtype="datetime64[ns]").astype(np.int64)
    valid, gaps = numbers(data)
    keys = np.zeros(len(gaps))
    keys[~gaps] = valid
    return keys
