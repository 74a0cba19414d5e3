"""Processes that compare values, and the logic on their results."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Anything, Boolean, Flag, Numeric, Scalar, number
from gdc_jupyter.processes.values import accepted, missing, truth

Delta = Annotated[Any, number(minimumExclusive=0)]


@process("texts", "comparison")
def eq(x: Scalar, y: Scalar, delta: Delta = None, case_sensitive: Flag = True) -> Boolean:
    """Tell whether two values are equal.

    Values of different types are not equal.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.
    delta
        The difference up to which two numbers count as equal.
    case_sensitive
        Whether upper and lower case make two texts different.

    Returns
    -------
    equal
        null where either value is null.
    """
    if x is None or y is None:
        return None
    if isinstance(x, str) and isinstance(y, str):
        return x == y if case_sensitive else x.casefold() == y.casefold()
    if not _is_block(x, y) and isinstance(x, (bool, np.bool_)) != isinstance(y, (bool, np.bool_)):
        return False
    if isinstance(x, str) != isinstance(y, str):
        return False
    return truth(np.abs(np.subtract(x, y, dtype=float)) <= delta if delta is not None else x == y, x, y)


@process("texts", "comparison")
def neq(x: Scalar, y: Scalar, delta: Delta = None, case_sensitive: Flag = True) -> Boolean:
    """Tell whether two values differ.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.
    delta
        The difference up to which two numbers count as equal.
    case_sensitive
        Whether upper and lower case make two texts different.

    Returns
    -------
    different
        null where either value is null.
    """
    return not_(eq(x, y, delta, case_sensitive))


@process("comparison")
def gt(x: Scalar, y: Scalar) -> Boolean:
    """Tell whether one value is greater than another.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.

    Returns
    -------
    greater
        ``x > y``; false where the two cannot be ordered, null where either is null.
    """
    return _ordered(np.greater, x, y)


@process("comparison")
def gte(x: Scalar, y: Scalar) -> Boolean:
    """Tell whether one value is greater than another or equal to it.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.

    Returns
    -------
    greater_or_equal
        ``x >= y``; false where the two cannot be ordered, null where either is null.
    """
    return _ordered(np.greater_equal, x, y)


@process("comparison")
def lt(x: Scalar, y: Scalar) -> Boolean:
    """Tell whether one value is less than another.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.

    Returns
    -------
    less
        ``x < y``; false where the two cannot be ordered, null where either is null.
    """
    return _ordered(np.less, x, y)


@process("comparison")
def lte(x: Scalar, y: Scalar) -> Boolean:
    """Tell whether one value is less than another or equal to it.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.

    Returns
    -------
    less_or_equal
        ``x <= y``; false where the two cannot be ordered, null where either is null.
    """
    return _ordered(np.less_equal, x, y)


@process("comparison")
def between(x: Anything, min: Numeric, max: Numeric, exclude_max: Flag = False) -> Boolean:
    """Tell whether a number lies in a range.

    Parameters
    ----------
    x
        The number.
    min
        The lower end, inside the range.
    max
        The upper end.
    exclude_max
        Whether the upper end is outside the range.

    Returns
    -------
    inside
        null where ``x`` is null.
    """
    return and_(gte(x, min), lt(x, max) if exclude_max else lte(x, max))


@process("comparison", "math > constants")
def is_nan(x: Anything) -> Flag:
    """Tell whether a value is not a number.

    Parameters
    ----------
    x
        Any value.

    Returns
    -------
    not_a_number
        True for NaN, and for the gaps of a cube.
    """
    if isinstance(x, np.ndarray):
        return missing(x)
    return isinstance(x, (float, np.floating)) and bool(np.isnan(x))


@process("comparison")
def is_infinite(x: Anything) -> Flag:
    """Tell whether a value is an infinite number.

    Parameters
    ----------
    x
        Any value.

    Returns
    -------
    infinite
        True for plus and minus infinity.
    """
    if isinstance(x, np.ndarray):
        return np.isinf(x) if x.dtype.kind == "f" else np.zeros(x.shape, dtype=bool)
    return isinstance(x, (float, np.floating)) and bool(np.isinf(x))


@process("comparison")
def is_nodata(x: Anything) -> Flag:
    """Tell whether a value is the no-data value.

    Parameters
    ----------
    x
        Any value.

    Returns
    -------
    no_data
        True for null, and for the gaps of a cube.
    """
    return missing(x) if isinstance(x, np.ndarray) else x is None


@process("comparison")
def is_valid(x: Anything) -> Flag:
    """Tell whether a value is one that can be computed with.

    Parameters
    ----------
    x
        Any value.

    Returns
    -------
    valid
        False for null, NaN and infinities.
    """
    if isinstance(x, np.ndarray):
        return np.isfinite(x) if x.dtype.kind == "f" else ~missing(x)
    return x is not None and not (isinstance(x, (float, np.floating)) and not np.isfinite(x))


@process("logic", "comparison", "masks", id="if")
def if_(value: Boolean, accept: Anything, reject: Anything = None) -> Anything:
    """Choose between two values.

    Parameters
    ----------
    value
        The condition.
    accept
        The result where the condition is true.
    reject
        The result where the condition is false or null.

    Returns
    -------
    chosen
        ``accept`` or ``reject``.
    """
    if isinstance(value, np.ndarray):
        gap = np.float32(np.nan)
        return np.where(_true(value), gap if accept is None else accept, gap if reject is None else reject)
    return accept if accepted(value) else reject


@process("logic")
def and_(x: Boolean, y: Boolean) -> Boolean:
    """Tell whether both values are true.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.

    Returns
    -------
    both
        False where one is false; null where that depends on a null.
    """
    if not _is_block(x, y):
        return False if x is False or y is False else None if x is None or y is None else bool(x and y)
    return _logical(_true(x) & _true(y), _false(x) | _false(y))


@process("logic")
def or_(x: Boolean, y: Boolean) -> Boolean:
    """Tell whether at least one value is true.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.

    Returns
    -------
    either
        True where one is true; null where that depends on a null.
    """
    if not _is_block(x, y):
        return True if x or y else None if x is None or y is None else False
    return _logical(_true(x) | _true(y), _false(x) & _false(y))


@process("logic")
def xor(x: Boolean, y: Boolean) -> Boolean:
    """Tell whether exactly one value is true.

    Parameters
    ----------
    x
        The first value.
    y
        The second value.

    Returns
    -------
    exclusive
        null where either is null.
    """
    if not _is_block(x, y):
        return None if x is None or y is None else bool(x) != bool(y)
    return _logical(_true(x) & _false(y) | _false(x) & _true(y), _true(x) & _true(y) | _false(x) & _false(y))


@process("logic")
def not_(x: Boolean) -> Boolean:
    """Turn true into false and false into true.

    Parameters
    ----------
    x
        The value.

    Returns
    -------
    inverted
        null for null.
    """
    if not isinstance(x, np.ndarray):
        return None if x is None else not x
    return ~x if x.dtype == bool else _logical(_false(x), _true(x))


def _is_block(*values: Any) -> bool:
    return any(isinstance(value, np.ndarray) for value in values)


def _ordered(compare: Any, x: Any, y: Any) -> Any:
    if x is None or y is None:
        return None
    if any(isinstance(value, (str, bool, np.bool_, list, dict)) for value in (x, y)):
        return False
    return truth(compare(x, y), x, y)


def _true(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return bool(value)
    return value if value.dtype == bool else (value != 0) & ~missing(value)


def _false(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return np.bool_(value is not None and not value)
    return ~value if value.dtype == bool else value == 0


def _logical(true: Any, false: Any) -> Any:
    known = true | false
    return true if np.all(known) else np.where(known, true.astype(np.float32), np.float32(np.nan))
