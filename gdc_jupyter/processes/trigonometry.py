"""Processes on angles: sines, cosines, tangents, their hyperbolic kin and their inverses."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import NotNegative, Number, number
from gdc_jupyter.processes.values import elementwise, numeric

Unit = Annotated[Any, number(minimum=-1, maximum=1)]
OpenUnit = Annotated[Any, number(minimumExclusive=-1, maximumExclusive=1)]


@process("math > trigonometric")
@elementwise(1)
def sin(x: Number) -> Unit:
    """Return the sine of an angle.

    Parameters
    ----------
    x
        The angle in radians.

    Returns
    -------
    sine
        A number from -1 to 1.
    """
    return np.sin(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def cos(x: Number) -> Unit:
    """Return the cosine of an angle.

    Parameters
    ----------
    x
        The angle in radians.

    Returns
    -------
    cosine
        A number from -1 to 1.
    """
    return np.cos(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def tan(x: Number) -> Number:
    """Return the tangent of an angle.

    Parameters
    ----------
    x
        The angle in radians.

    Returns
    -------
    tangent
        The tangent.
    """
    return np.tan(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def arcsin(x: Unit) -> Number:
    """Return the angle that has a given sine.

    Parameters
    ----------
    x
        The sine.

    Returns
    -------
    angle
        Radians, from -pi/2 to pi/2; NaN outside -1 to 1.
    """
    return np.arcsin(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def arccos(x: Unit) -> NotNegative:
    """Return the angle that has a given cosine.

    Parameters
    ----------
    x
        The cosine.

    Returns
    -------
    angle
        Radians, from 0 to pi; NaN outside -1 to 1.
    """
    return np.arccos(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def arctan(x: Number) -> Number:
    """Return the angle that has a given tangent.

    Parameters
    ----------
    x
        The tangent.

    Returns
    -------
    angle
        Radians, from -pi/2 to pi/2.
    """
    return np.arctan(numeric(x))


@process("math > trigonometric")
@elementwise(2)
def arctan2(y: Number, x: Number) -> Number:
    """Return the angle of a point, seen from the origin.

    Parameters
    ----------
    y
        The ordinate.
    x
        The abscissa.

    Returns
    -------
    angle
        Radians, from -pi to pi.
    """
    return np.arctan2(numeric(y), numeric(x))


@process("math > trigonometric")
@elementwise(1)
def sinh(x: Number) -> Number:
    """Return the hyperbolic sine.

    Parameters
    ----------
    x
        The hyperbolic angle in radians.

    Returns
    -------
    sine
        ``(exp(x) - exp(-x)) / 2``.
    """
    return np.sinh(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def cosh(x: Number) -> Annotated[Any, number(minimum=1)]:
    """Return the hyperbolic cosine.

    Parameters
    ----------
    x
        The hyperbolic angle in radians.

    Returns
    -------
    cosine
        ``(exp(x) + exp(-x)) / 2``, which is 1 or more.
    """
    return np.cosh(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def tanh(x: Number) -> OpenUnit:
    """Return the hyperbolic tangent.

    Parameters
    ----------
    x
        The hyperbolic angle in radians.

    Returns
    -------
    tangent
        ``sinh(x) / cosh(x)``, between -1 and 1.
    """
    return np.tanh(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def arsinh(x: Number) -> Number:
    """Return the hyperbolic angle that has a given hyperbolic sine.

    Parameters
    ----------
    x
        The hyperbolic sine.

    Returns
    -------
    angle
        Radians.
    """
    return np.arcsinh(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def arcosh(x: Number) -> NotNegative:
    """Return the hyperbolic angle that has a given hyperbolic cosine.

    Parameters
    ----------
    x
        The hyperbolic cosine, 1 or more.

    Returns
    -------
    angle
        Radians, 0 or more; NaN for what is less than 1.
    """
    return np.arccosh(numeric(x))


@process("math > trigonometric")
@elementwise(1)
def artanh(x: OpenUnit) -> Number:
    """Return the hyperbolic angle that has a given hyperbolic tangent.

    Parameters
    ----------
    x
        The hyperbolic tangent, between -1 and 1.

    Returns
    -------
    angle
        Radians; minus infinity for -1, infinity for 1, and NaN beyond.
    """
    return np.arctanh(numeric(x))
