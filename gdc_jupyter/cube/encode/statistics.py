"""Minimum, maximum, mean and standard deviation of values that come block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The option of writers by which they take no statistics, set by who has no use for them.
WITHOUT_STATISTICS = {"STATISTICS": False}
_ROW = 512


class Statistics:
    """Statistics of one band, of all finite values.

    Blocks are joined by the formula of Chan, Golub and LeVeque (1983), so that nothing is lost to cancellation.
    """

    def __init__(self) -> None:
        self.seen = 0
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0
        self.minimum, self.maximum = math.inf, -math.inf

    def add(self, values: NDArray[Any]) -> None:
        """Take a block, of any shape."""
        self.seen += values.size
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                values = values[finite]
        if not values.size:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            self._join(values)

    def _join(self, values: NDArray[Any]) -> None:
        count, mean = values.size, float(values.mean(dtype=np.float64))
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))
        squares = _squares(values, mean)
        apart = mean - self.mean
        total = self.count + count
        self.squares += squares + apart * apart * self.count * count / total
        self.mean += apart * count / total
        self.count = total

    def describe(self, scale: float = 1.0, offset: float = 0.0) -> dict[str, float]:
        """Return them as STAC has them, of the numbers that the file stores: ``(value - offset) / scale``."""
        if not self.seen:
            return {}
        entry: dict[str, float] = {}
        if self.count:
            ends = sorted((end - offset) / scale for end in (self.minimum, self.maximum))
            deviation = math.sqrt(self.squares / self.count) / abs(scale)
            described = {
                "minimum": ends[0],
                "maximum": ends[1],
                "mean": (self.mean - offset) / scale,
                "stddev": deviation,
            }
            entry |= {name: number for name, number in described.items() if math.isfinite(number)}
        entry["valid_percent"] = 100.0 * self.count / self.seen
        return entry


class NoStatistics(Statistics):
    """Statistics that are not taken."""

    def add(self, values: NDArray[Any]) -> None:
        """Leave a block as it is."""


def statistics_of(count: int, options: Mapping[str, Any]) -> list[Statistics]:
    """Return the statistics of some bands for a writer with some options."""
    kind = Statistics if options.get("STATISTICS", True) else NoStatistics
    return [kind() for _ in range(count)]


def _squares(values: NDArray[Any], mean: float) -> float:
    """Return the sum of the squared distances from the mean, in rows of float32 where that is enough."""
    if values.dtype == np.float32:
        distances = (values - np.float32(mean)).ravel()
        whole = distances.size // _ROW * _ROW
        rows, rest = distances[:whole].reshape(-1, _ROW), distances[whole:]
        squares = float(np.einsum("ij,ij->i", rows, rows).sum(dtype=np.float64) + np.dot(rest, rest))
        if math.isfinite(squares):
            return squares
    wide = values.astype(np.float64).ravel() - mean
    return float(np.dot(wide, wide))
