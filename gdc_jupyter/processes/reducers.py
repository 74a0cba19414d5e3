"""Processes that find, count or judge the elements of an array, over the first axis of a block or over a list."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.processes.comparison import eq, is_valid
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    Anything,
    Array,
    Boolean,
    Booleans,
    CountCondition,
    Flag,
    Numeric,
    Schema,
)
from gdc_jupyter.processes.values import accepted, block, list_of, missing, stack


@process("arrays", "math > statistics", "reducer")
def count(data: Array, condition: CountCondition = None, context: Anything = None) -> Numeric:
    """Count the elements of an array.

    Parameters
    ----------
    data
        The array.
    condition
        Which elements are counted: the valid ones by default, all with ``true``, or those that a callback accepts.
    context
        What is passed on to the callback.

    Returns
    -------
    count
        The number of elements.
    """
    values = block(data)
    members: Any = list_of(data) if values is None else values
    if condition is True:
        counted: Any = len(members)
    elif callable(condition):
        counted = sum(accepted(condition(x=member, context=context)) for member in members)
    elif values is None:
        counted = sum(map(is_valid, members))
    else:
        counted = np.count_nonzero(np.isfinite(values), axis=0)
    if values is None and not np.ndim(counted):
        return int(counted)
    return np.broadcast_to(np.asarray(counted, np.float32), np.shape(counted) or members.shape[1:]).copy()


@process("arrays", "reducer")
def first(data: Array, ignore_nodata: Flag = True) -> Anything:
    """Return the first element.

    Parameters
    ----------
    data
        The array.
    ignore_nodata
        Whether the first element that is not no-data is meant.

    Returns
    -------
    element
        null where there is none.
    """
    return _edge(data, ignore_nodata)


@process("arrays", "reducer")
def last(data: Array, ignore_nodata: Flag = True) -> Anything:
    """Return the last element.

    Parameters
    ----------
    data
        The array.
    ignore_nodata
        Whether the last element that is not no-data is meant.

    Returns
    -------
    element
        null for an empty array.
    """
    return _edge(data[::-1], ignore_nodata)


@process("logic", "reducer")
def all_(data: Booleans, ignore_nodata: Flag = True) -> Boolean:
    """Tell whether all values are true.

    Parameters
    ----------
    data
        The values.
    ignore_nodata
        Whether no-data values are left out; otherwise they count as unknown.

    Returns
    -------
    all
        True where there is no value; null where it depends on an unknown one.
    """
    return _decided(data, decisive=False, ignore_nodata=ignore_nodata)


@process("logic", "reducer")
def any_(data: Booleans, ignore_nodata: Flag = True) -> Boolean:
    """Tell whether at least one value is true.

    Parameters
    ----------
    data
        The values.
    ignore_nodata
        Whether no-data values are left out; otherwise they count as unknown.

    Returns
    -------
    any
        False where there is no value; null where it depends on an unknown one.
    """
    return _decided(data, decisive=True, ignore_nodata=ignore_nodata)


@process("arrays", "comparison", "reducer", id="array_contains")
def array_contains(
    data: Array, value: Annotated[Any, Schema({"type": ["number", "boolean", "string", "null"]})]
) -> Flag:
    """Tell whether an array contains a value.

    Parameters
    ----------
    data
        The array.
    value
        The value to look for; null, NaN, arrays and objects are never found.

    Returns
    -------
    contained
        Whether an element equals the value.
    """
    found = _matches(data, value).any(axis=0)
    return found if np.ndim(found) else bool(found)


@process("arrays", "reducer", id="array_find")
def array_find(
    data: Array, value: Anything, reverse: Flag = False
) -> Annotated[Any, Schema([{"type": "null"}, {"type": "integer", "minimum": 0}])]:
    """Find the position of a value in an array.

    Parameters
    ----------
    data
        The array.
    value
        The value to look for; null, NaN, arrays and objects are never found.
    reverse
        Whether to look from the end.

    Returns
    -------
    position
        Counted from zero; null where the value is not there.
    """
    matches = _matches(data, value)
    if not len(matches):
        return None
    position = len(matches) - 1 - matches[::-1].argmax(axis=0) if reverse else matches.argmax(axis=0)
    if matches.ndim == 1:
        return int(position) if matches.any() else None
    return np.where(matches.any(axis=0), position.astype(np.float32), np.float32(np.nan))


def _matches(data: Any, value: Any) -> NDArray[np.bool_]:
    """Return where elements equal a value, which may differ from pixel to pixel."""
    values = block(data)
    if values is None and not isinstance(value, np.ndarray):
        return np.array([eq(element, value) is True for element in _comparable(data, value)], dtype=bool)
    values = stack(data) if values is None else values
    if value is None or isinstance(value, (str, list, dict)):
        return np.zeros(values.shape, dtype=bool)
    if values.ndim == 1:
        values = values.reshape(-1, *[1] * np.ndim(value))
    return np.asarray(values == value)


def _comparable(data: Any, value: Any) -> list[Any]:
    simple = isinstance(value, (str, bool, int, float))
    return [element if simple and not isinstance(element, (list, dict)) else None for element in list_of(data)]


def _edge(data: Any, ignore_nodata: bool) -> Any:
    """Return the first element."""
    values = block(data)
    if values is None:
        return next((element for element in list_of(data) if element is not None or not ignore_nodata), None)
    if not len(values):
        return np.full(values.shape[1:], np.nan, values.dtype)
    if not ignore_nodata:
        return values[0]
    position = (~np.isnan(values)).argmax(axis=0)
    return np.take_along_axis(values, position[np.newaxis], axis=0)[0]


def _decided(data: Any, decisive: bool, ignore_nodata: bool) -> Any:
    """Return the truth value that decides where it occurs, and the other one where it does not."""
    values = block(data)
    if values is None:
        members = list_of(data)
        if any(not missing(element) and accepted(element) is decisive for element in members):
            return decisive
        return None if any(map(missing, members)) and not ignore_nodata else not decisive
    unknown = np.isnan(values)
    decided = (((values != 0) == decisive) & ~unknown).any(axis=0)
    result = decided if decisive else ~decided
    undecided = unknown.any(axis=0) & ~decided
    if ignore_nodata or not undecided.any():
        return result
    return np.where(undecided, np.float32(np.nan), result.astype(np.float32))
