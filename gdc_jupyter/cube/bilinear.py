"""Bilinear resampling between regular grids, by sparse matrices that all layers share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.positions import Floats, pixels_at, positions

# The entries of one matrix: what is computed at once then fits the cache.
ENTRIES = 1 << 20
# As in GDAL: from so many target pixels for each source pixel on, along both axes, triangles are as wide as those of
# equal pixels; and the least sum of weights.
FINE, LEAST = 0.95, 1e-6


def resample(
    values: NDArray[np.floating], source: Grid, target: Grid, scale: tuple[float, float]
) -> NDArray[np.floating]:
    """Return an array resampled by triangles as wide as two pixels of the coarser grid.

    As in GDAL, values that are missing are left out of an average, and a pixel whose centre falls on one is missing.
    Each layer is as it would be alone.

    Parameters
    ----------
    values : numpy.ndarray, shape (layers, source.height, source.width)
        Floating-point numbers; NaN is no data.
    source, target : Grid
        Regular grids, in any CRS.
    scale : tuple of float
        Target pixels for each source pixel along x and y.

    Returns
    -------
    numpy.ndarray, shape (layers, target.height, target.width)
    """
    rows, columns = positions(source, target)
    centres, inside = pixels_at(source, rows, columns)
    rows, columns = _within(rows, source.height, target), _within(columns, source.width, target)
    wide, high = (1.0, 1.0) if min(scale) >= FINE else scale
    along, across = _Taps(high, source.height), _Taps(wide, source.width)
    result = np.empty((len(values), *target.shape), values.dtype)
    step = max(ENTRIES // (target.width * across.count * along.count), 1)
    for top in range(0, target.height, step):
        strip = slice(top, top + step)
        taken = along.at(rows[strip].ravel()), across.at(columns[strip].ravel())
        averages = _averages(values, *taken, centres[strip].ravel())
        result[:, strip] = averages.T.reshape(result[:, strip].shape)
    if not inside.all():
        result[:, ~inside] = np.nan
    return result


def _within(places: Floats, size: int, target: Grid) -> Floats:
    """Return a place in the source for each pixel of the target, also for those that have none."""
    return np.broadcast_to(np.clip(np.nan_to_num(places), 0, size), target.shape)


class _Taps:
    """The source pixels along one axis that a target pixel is made of, which follow each other, and their weights."""

    def __init__(self, scale: float, size: int) -> None:
        self._reach, self._size = max(1 / scale, 1.0), size
        self.count = min(math.ceil(2 * self._reach), size)

    def at(self, places: Floats) -> tuple[NDArray[np.int32], Floats]:
        """Return the first one for each place inside the source, and the weights of all, whose sum is 1."""
        centres = places - 0.5
        first = np.clip(np.floor(centres - self._reach) + 1, 0, self._size - self.count)
        away = np.abs((first - centres)[:, np.newaxis] + np.arange(self.count))
        weights = np.maximum(1 - away / self._reach, 0)
        return first.astype(np.int32), weights / weights.sum(axis=1, keepdims=True)


def _averages(
    values: NDArray[Any],
    along: tuple[NDArray[np.int32], Floats],
    across: tuple[NDArray[np.int32], Floats],
    centres: NDArray[np.intp],
) -> NDArray[Any]:
    """Return the averages of what is there of each layer, in shape (pixels, layers).

    Parameters
    ----------
    values : numpy.ndarray, shape (layers, height, width)
    along, across : tuple
        The first source pixel and the weights of each target pixel, as of :class:`_Taps`.
    centres : numpy.ndarray of integers
        The source pixel that holds the centre of each target pixel.
    """
    from scipy.sparse import csr_array  # type: ignore[import-untyped]

    (top, row_weights), (left, column_weights) = along, across
    width, high, wide = values.shape[2], row_weights.shape[1], column_weights.shape[1]
    first, last = int(top.min()), int(top.max()) + high
    part = np.ascontiguousarray(values[:, first:last].reshape(len(values), -1).T)
    weights = row_weights.astype(part.dtype)[:, :, np.newaxis] * column_weights.astype(part.dtype)[:, np.newaxis]
    taps = np.arange(high, dtype=np.int32)[:, np.newaxis] * width + np.arange(wide, dtype=np.int32)
    pixels = ((top - first) * width + left)[:, np.newaxis] + taps.ravel()
    starts = np.arange(0, weights.size + 1, taps.size, dtype=np.int32)
    matrix = csr_array((weights.ravel(), pixels.ravel(), starts), shape=(len(pixels), len(part)))
    missing = np.isnan(part)
    if not missing.any():
        return np.asarray(matrix @ part)
    sums = matrix @ np.where(missing, 0, part)
    known = matrix @ (~missing).astype(part.dtype)
    # Those of places outside are in other rows, and not used.
    centres = np.clip(centres - first * width, 0, len(part) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(missing[centres] | (known < LEAST), np.nan, sums / known)
