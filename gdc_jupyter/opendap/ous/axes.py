"""Cells along an axis: from two coordinates to the indices between them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from gdc_jupyter.cube.geolocation import edges
from gdc_jupyter.opendap.ous.metadata import IndexRange

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Axis(ABC):
    """Cells along an axis, by their edges.

    Attributes
    ----------
    count : int
    falling : bool
        Whether the first cell has the highest coordinate.
    low, high : float
        The outer edges.
    """

    count: int
    falling: bool
    low: float
    high: float
    #: Edges are known to that.
    slack: float

    def range_of(self, low: float, high: float) -> IndexRange | None:
        """Return the first and the last index between two coordinates, None where there are none."""
        if high < self.low or low > self.high:
            return None
        slack = min(self.slack, (high - low) / 4)
        first, last = self._below(low + slack), self._above(high - slack)
        if low == high:
            first = last = min(max(first, 0), self.count - 1)
        first, last = max(first, 0), min(last, self.count - 1)
        if first > last:
            return None
        return (self.count - 1 - last, self.count - 1 - first) if self.falling else (first, last)

    def between(self, indices: IndexRange) -> tuple[float, float]:
        """Return the lower and the upper edge of some cells."""
        first, last = indices
        if self.falling:
            first, last = self.count - 1 - last, self.count - 1 - first
        return self._edge(first), self._edge(last + 1)

    @abstractmethod
    def _edge(self, number: int) -> float:
        """Return an edge, counted from the lowest."""

    @abstractmethod
    def _below(self, coordinate: float) -> int:
        """Return the number of the last edge that is not above a coordinate."""

    @abstractmethod
    def _above(self, coordinate: float) -> int:
        """Return the number of the last edge that is below a coordinate."""


class LabelledAxis(Axis):
    """Cells that reach halfway to their neighbours.

    Parameters
    ----------
    centres : numpy.ndarray
        Strictly monotonic.
    """

    def __init__(self, centres: NDArray[Any]) -> None:
        import numpy as np

        values = np.asarray(centres, np.float64)
        self.count = values.size
        self.falling = bool(values.size > 1 and values[0] > values[-1])
        self._edges: NDArray[np.float64] = edges(values[::-1] if self.falling else values)
        self.low, self.high = float(self._edges[0]), float(self._edges[-1])
        # Coordinates are as good as the type that they are stored in.
        kind = centres.dtype if centres.dtype.kind == "f" else np.dtype(np.float64)
        self.slack = 4 * float(np.finfo(kind).eps) * max(abs(self.low), abs(self.high)) + 1e-12

    def _edge(self, number: int) -> float:
        return float(self._edges[number])

    def _below(self, coordinate: float) -> int:
        return int(self._edges.searchsorted(coordinate, "right")) - 1

    def _above(self, coordinate: float) -> int:
        return int(self._edges.searchsorted(coordinate, "left")) - 1


class RegularAxis(Axis):
    """Cells of the same size.

    Parameters
    ----------
    start : float
        The outer edge of the first cell.
    step : float
        Negative where coordinates fall.
    count : int
    """

    def __init__(self, start: float, step: float, count: int) -> None:
        end = start + step * count
        self.count, self.falling, self._step = count, step < 0, abs(step)
        self.low, self.high = min(start, end), max(start, end)
        self.slack = 1e-9 * self._step + 1e-15 * max(abs(start), abs(end))

    def _edge(self, number: int) -> float:
        return self.high if number == self.count else self.low + self._step * number

    def _below(self, coordinate: float) -> int:
        return math.floor((coordinate - self.low) / self._step)

    def _above(self, coordinate: float) -> int:
        return math.ceil((coordinate - self.low) / self._step) - 1
