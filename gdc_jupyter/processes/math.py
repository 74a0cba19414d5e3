"""Processes on numbers: arithmetic, rounding, exponentials and constants."""

from __future__ import annotations

import math as python_math
from typing import Annotated, Any

import numpy as np

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    Anything,
    Integer,
    IntegerOrNull,
    NotNegative,
    Number,
    Numeric,
    Schema,
    number,
)
from gdc_jupyter.processes.values import as_float, elementwise, integer_or_float, numeric

_MOST_PLACES = 300
Difference = Annotated[Any, Schema({"type": "number", "minimum": -1, "maximum": 1})]
Sign = Annotated[Any, Schema({"type": ["number", "null"], "enum": [-1, 0, 1, None]})]


@process("math")
@elementwise(2)
def add(x: Number, y: Number) -> Number:
    """Add two numbers.

    Parameters
    ----------
    x
        The first summand.
    y
        The second summand.

    Returns
    -------
    sum
        ``x + y``; null where either is null.
    """
    return numeric(x) + numeric(y)


@process("math")
@elementwise(2)
def subtract(x: Number, y: Number) -> Number:
    """Subtract one number from another.

    Parameters
    ----------
    x
        The minuend.
    y
        The subtrahend.

    Returns
    -------
    difference
        ``x - y``; null where either is null.
    """
    return numeric(x) - numeric(y)


@process("math")
@elementwise(2)
def multiply(x: Number, y: Number) -> Number:
    """Multiply two numbers.

    Parameters
    ----------
    x
        The multiplier.
    y
        The multiplicand.

    Returns
    -------
    product
        ``x * y``; null where either is null.
    """
    return numeric(x) * numeric(y)


@process("math")
@elementwise(2)
def divide(x: Number, y: Number) -> Number:
    """Divide one number by another.

    A division by zero gives an infinity with the sign of ``x``, and 0 / 0 gives NaN.

    Parameters
    ----------
    x
        The dividend.
    y
        The divisor.

    Returns
    -------
    quotient
        ``x / y``; null where either is null.
    """
    return np.true_divide(numeric(x), numeric(y))


@process("math")
@elementwise(2)
def mod(x: Number, y: Number) -> Number:
    """Return the remainder of a division.

    The result has the sign of the divisor, as with a quotient rounded down. A division by zero gives an infinity with
    the sign of ``x``, and 0 by 0 gives NaN; a number divided by an infinity remains as it is.

    Parameters
    ----------
    x
        The dividend.
    y
        The divisor.

    Returns
    -------
    remainder
        ``x - y * floor(x / y)``; null where either is null.
    """
    dividend, divisor = numeric(x), numeric(y)
    remainder = np.mod(dividend, divisor if isinstance(divisor, np.ndarray) else np.float64(divisor))
    if np.any(divisor == 0):
        remainder = np.where(divisor == 0, np.true_divide(dividend, divisor), remainder)[()]
    if np.any(np.isinf(divisor)):
        remainder = np.where(np.isinf(divisor) & np.isfinite(dividend), dividend, remainder)[()]
    return remainder


@process("math", "math > exponential & logarithmic")
@elementwise(2)
def power(base: Number, p: Number) -> Number:
    """Raise a number to a power.

    Parameters
    ----------
    base
        The base.
    p
        The exponent.

    Returns
    -------
    power
        ``base ** p``; NaN where that is not a real number.
    """
    raised = numeric(base)
    return np.power(raised if isinstance(raised, np.ndarray) else np.float64(raised), numeric(p))


@process("math", "math > exponential & logarithmic")
@elementwise(1)
def sqrt(x: Number) -> Number:
    """Return the square root.

    Parameters
    ----------
    x
        A number.

    Returns
    -------
    root
        The root that is not negative; NaN for a negative number.
    """
    return np.sqrt(numeric(x))


@process("math > exponential & logarithmic")
@elementwise(1)
def exp(p: Number) -> Annotated[Any, number(minimumExclusive=0)]:
    """Raise Euler's number to a power.

    Parameters
    ----------
    p
        The exponent.

    Returns
    -------
    power
        ``e ** p``.
    """
    return np.exp(numeric(p))


@process("math > exponential & logarithmic")
@elementwise(1)
def ln(x: NotNegative) -> Number:
    """Return the natural logarithm.

    Parameters
    ----------
    x
        A number that is not negative.

    Returns
    -------
    logarithm
        Minus infinity for zero, NaN for a negative number.
    """
    return np.log(numeric(x))


@process("math > exponential & logarithmic")
@elementwise(2)
def log(x: NotNegative, base: Number) -> Number:
    """Return the logarithm to a base.

    Parameters
    ----------
    x
        A number that is not negative.
    base
        The base.

    Returns
    -------
    logarithm
        ``ln(x) / ln(base)``, exact for the bases 2 and 10.
    """
    exact = None if isinstance(base, np.ndarray) else {2: np.log2, 10: np.log10}.get(base)
    return exact(numeric(x)) if exact else np.true_divide(np.log(numeric(x)), np.log(numeric(base)))


@process("math")
@elementwise(1)
def absolute(x: Number) -> NotNegative:
    """Return the absolute value.

    Parameters
    ----------
    x
        A number.

    Returns
    -------
    magnitude
        The number without its sign.
    """
    return np.abs(numeric(x))


@process("math > rounding")
@elementwise(1)
def ceil(x: Number) -> IntegerOrNull:
    """Round up.

    Parameters
    ----------
    x
        A number.

    Returns
    -------
    rounded
        The smallest integer that is not less than ``x``; NaN and infinities stay.
    """
    return _rounded(np.ceil, x)


@process("math > rounding")
@elementwise(1)
def floor(x: Number) -> IntegerOrNull:
    """Round down.

    Parameters
    ----------
    x
        A number.

    Returns
    -------
    rounded
        The greatest integer that is not greater than ``x``; NaN and infinities stay.
    """
    return _rounded(np.floor, x)


@process("math", "math > rounding")
@elementwise(1)
def int_(x: Number) -> IntegerOrNull:
    """Return the integer part of a number.

    Parameters
    ----------
    x
        A number.

    Returns
    -------
    integer
        ``x`` with the digits behind the point cut off; null for NaN.
    """
    return None if isinstance(x, float) and x != x else _rounded(np.trunc, x)


@process("math > rounding")
@elementwise(1)
def round_(x: Number, p: Integer = 0) -> Number:
    """Round to a number of decimal places, half to even.

    Parameters
    ----------
    x
        A number.
    p
        The decimal places; negative to round to tens, hundreds and so on.

    Returns
    -------
    rounded
        The rounded number.
    """
    # Beyond the digits of a float there is nothing to round, and powers of ten are infinite.
    return np.round(numeric(x), max(p, -_MOST_PLACES)) if p <= _MOST_PLACES else numeric(x)


@process("math")
@elementwise(1)
def sgn(x: Number) -> Sign:
    """Return the sign of a number.

    Parameters
    ----------
    x
        A number.

    Returns
    -------
    sign
        1, 0 or -1.
    """
    return np.sign(numeric(x))


@process("math > constants")
def constant(x: Anything) -> Anything:
    """Define a value that is used in several places.

    Parameters
    ----------
    x
        The value.

    Returns
    -------
    value
        The same value.
    """
    return x


@process("math > constants")
def nan() -> Anything:
    """Return NaN, the value that is not a number.

    It is what has no result, such as 0 / 0; whatever is computed from it is NaN as well.

    Returns
    -------
    not_a_number
        NaN.
    """
    return python_math.nan


@process("math > constants", "math > trigonometric")
def pi() -> Numeric:
    """Return the ratio of a circle's circumference to its diameter.

    Returns
    -------
    pi
        3.14159...
    """
    return python_math.pi


@process("math > constants", "math > exponential & logarithmic")
def e() -> Numeric:
    """Return Euler's number.

    Returns
    -------
    e
        2.71828...
    """
    return python_math.e


@process("math")
@elementwise(1)
def clip(x: Number, min: Numeric, max: Numeric) -> Number:
    """Limit a number to a range.

    Parameters
    ----------
    x
        A number.
    min
        The least value of the result.
    max
        The greatest value of the result.

    Returns
    -------
    clipped
        ``x``, or the limit that it passes.

    Raises
    ------
    MinMaxSwapped
        The least value is above the greatest.
    """
    if min > max:
        raise GdcError("MinMaxSwapped", f"clip: the least value {min} is above the greatest {max}.")
    return np.clip(numeric(x), min, max)


@process("math")
@elementwise(1)
def linear_scale_range(
    x: Number,
    inputMin: Numeric,  # noqa: N803
    inputMax: Numeric,  # noqa: N803
    outputMin: Numeric = 0,  # noqa: N803
    outputMax: Numeric = 1,  # noqa: N803
) -> Number:
    """Scale a number from one range to another.

    A number outside the input range is limited to it first.

    Parameters
    ----------
    x
        A number.
    inputMin
        The least input.
    inputMax
        The greatest input.
    outputMin
        What the least input becomes.
    outputMax
        What the greatest input becomes.

    Returns
    -------
    scaled
        ``(x - inputMin) / (inputMax - inputMin) * (outputMax - outputMin) + outputMin``.
    """
    share = (np.clip(numeric(x), min(inputMin, inputMax), max(inputMin, inputMax)) - inputMin) / (inputMax - inputMin)
    return share * (outputMax - outputMin) + outputMin


@process("math > indices", "vegetation indices")
@elementwise(2)
def normalized_difference(x: Numeric, y: Numeric) -> Difference:
    """Compute the normalised difference of two bands.

    Parameters
    ----------
    x
        The first band.
    y
        The second band.

    Returns
    -------
    difference
        ``(x - y) / (x + y)``.
    """
    first, second = numeric(x), numeric(y)
    return np.true_divide(first - second, first + second)


def _rounded(rounding: np.ufunc, x: Any) -> Any:
    """Return numbers that are whole: a single one is an integer, unless it is infinite or NaN."""
    value = numeric(x)
    return rounding(value) if isinstance(value, np.ndarray) else integer_or_float(float(rounding(as_float(value))))
