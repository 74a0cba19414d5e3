"""Processes that find, count or judge the elements of an array, over the first axis of a block or over a list."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

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
from gdc_jupyter.processes.values import missing, scalar, stack


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
    values = stack(data)
    if condition is True:
        matches = np.ones(values.shape, dtype=bool)
    elif callable(condition):
        accepted = [condition(x=value, context=context) for value in values]
        matches = np.array([np.broadcast_to(_accepted(one), values.shape[1:]) for one in accepted], dtype=bool)
    else:
        matches = ~missing(values) & (np.isfinite(values) if values.dtype.kind == "f" else True)
    counted = matches.reshape(values.shape[0], *values.shape[1:]).sum(axis=0)
    return int(counted) if counted.ndim == 0 else counted.astype(np.float32)


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
        null for an empty array.
    """
    return _edge(stack(data), ignore_nodata)


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
    return _edge(stack(data)[::-1], ignore_nodata)


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
        null where there is no value, or where it depends on an unknown one.
    """
    true, false, unknown = _truth_table(data)
    return _verdict(~false.any(axis=0), true | false, unknown, ignore_nodata, decisive=false.any(axis=0))


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
        null where there is no value, or where it depends on an unknown one.
    """
    true, false, unknown = _truth_table(data)
    return _verdict(true.any(axis=0), true | false, unknown, ignore_nodata, decisive=true.any(axis=0))


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
        The value to look for; NaN is never found.

    Returns
    -------
    contained
        Whether an element equals the value.
    """
    return _matches(data, value).any(axis=0)


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
        The value to look for.
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
    found = scalar(np.where(matches.any(axis=0), position.astype(np.float32), np.nan))
    return int(found) if isinstance(found, float) else found


def _matches(data: Any, value: Any) -> NDArray[np.bool_]:
    values = stack(data)
    if value is None:
        return np.asarray(missing(values))
    if values.dtype == object:
        same = [type(element) is type(value) and element == value for element in values]
        return np.array(same, dtype=bool)
    return np.asarray(values == value) & np.ones(values.shape, dtype=bool)


def _edge(values: NDArray[Any], ignore_nodata: bool) -> Any:
    if not len(values):
        return scalar(np.full(values.shape[1:], np.nan))
    if not ignore_nodata:
        return scalar(values[0])
    position = (~np.asarray(missing(values))).argmax(axis=0)
    return scalar(np.take_along_axis(values, np.asarray(position)[np.newaxis], axis=0)[0])


def _accepted(result: Any) -> Any:
    if isinstance(result, np.ndarray):
        return (result != 0) & ~missing(result)
    return bool(result)


def _truth_table(data: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    values = stack(data)
    unknown = np.asarray(missing(values))
    true = np.asarray(values == 1) & ~unknown if values.dtype == object else (values != 0) & ~unknown
    return true, ~true & ~unknown, unknown


def _verdict(result: Any, known: Any, unknown: Any, ignore_nodata: bool, decisive: Any) -> Any:
    undecided = ~known.any(axis=0)
    if not ignore_nodata:
        undecided = undecided | (unknown.any(axis=0) & ~decisive)
    if np.ndim(result) == 0:
        return None if undecided else bool(result)
    return np.where(undecided, np.float32(np.nan), result.astype(np.float32)) if undecided.any() else result
