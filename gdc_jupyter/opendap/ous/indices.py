"""From degrees to array indices of a global grid, by the formula of OUS."""

from __future__ import annotations

import math

Range = tuple[float, float]


def decremented(size: int, span: float, cells_per_degree: int) -> int:
    """Return the largest index as OUS has it: a size that is no whole multiple counts as decremented already."""
    return size if size < span * cells_per_degree else size - 1


def position(degrees: float, size: int, limits: Range) -> float:
    """Return where a coordinate lies along a dimension whose first cell is at the lower limit, as a real number.

    Parameters
    ----------
    degrees : float
    size : int
        Cells of the dimension.
    limits : tuple of float
        The lower and the upper limit of the dimension, in degrees.
    """
    low, high = limits
    span = high - low
    cells = math.ceil(size / span)
    last = decremented(size, span, cells)
    # In this order the result is the same, bit by bit, as the original's.
    return last * ((degrees - low) * cells) / (span * cells)


def index_range(bounds: Range, size: int, limits: Range = (-180.0, 180.0), reversed: bool = False) -> tuple[int, int]:
    """Return the first and the last index of the cells between two coordinates, never outside of the dimension.

    Cells are never missed; there may be one too many at each end.

    Parameters
    ----------
    bounds : tuple of float
        The lower and the upper coordinate, in degrees.
    size : int
        Cells of the dimension.
    limits : tuple of float
        The lower and the upper limit of the dimension, in degrees.
    reversed : bool
        Whether the first cell is at the upper limit.
    """
    first, last = math.floor(position(bounds[0], size, limits)), math.ceil(position(bounds[1], size, limits))
    if reversed:
        span = limits[1] - limits[0]
        end = decremented(size, span, math.ceil(size / span))
        first, last = end - last, end - first
    return min(max(first, 0), size - 1), min(max(last, 0), size - 1)
