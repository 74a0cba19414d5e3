"""Bilinear resampling between regular grids, by sparse matrices that all layers share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.positions import EDGE, positions

# The entries of one matrix: what is computed at once then fits the cache.
ENTRIES = 1 << 20
# As in GDAL: from so many target pixels for each source pixel on, along both axes, triangles are as wide as those of
# equal pixels; and the least sum of weights.
FINE, LEAST = 0.95, 1e-6

Floats = NDArray[np.float64]


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
    result = np.full((len(values), target.height, target.width), np.nan, values.dtype)
    rows, columns = (np.broadcast_to(each, target.shape) for each in positions(source, target))
    wide, high = (1.0, 1.0) if min(scale) >= FINE else scale
    across, along = _Taps(wide, source.width), _Taps(high, source.height)
    step = max(ENTRIES // (target.width * across.count * along.count), 1)
    for top in range(0, target.height, step):
        strip = slice(top, top + step)
        _fill(result[:, strip], values, rows[strip], columns[strip], along, across)
    return result


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


def _fill(
    result: NDArray[Any], values: NDArray[Any], rows: Floats, columns: Floats, along: _Taps, across: _Taps
) -> None:
    """Write the rows of a strip; those of its pixels that have no place in the source are left as they are."""
    from scipy.sparse import csr_array  # type: ignore[import-untyped]

    height, width = values.shape[1:]
    inside = (rows >= -EDGE) & (rows + EDGE < height) & (columns >= -EDGE) & (columns + EDGE < width)
    if not inside.any():
        return
    row, column = rows[inside], columns[inside]
    (top, row_weights), (left, column_weights) = along.at(row), across.at(column)
    first, last = int(top.min()), int(top.max()) + along.count
    part = np.ascontiguousarray(values[:, first:last].reshape(len(values), -1).T)
    weights = (
        row_weights.astype(values.dtype)[:, :, np.newaxis] * column_weights.astype(values.dtype)[:, np.newaxis]
    ).ravel()
    taps = (
        np.arange(along.count, dtype=np.int32)[:, np.newaxis] * width + np.arange(across.count, dtype=np.int32)
    ).ravel()
    pixels = (((top - first) * width + left)[:, np.newaxis] + taps).ravel()
    starts = np.arange(0, weights.size + 1, taps.size, dtype=np.int32)
    matrix = csr_array((weights, pixels, starts), shape=(len(row), len(part)))
    centres = ((row + EDGE).astype(np.intp) - first) * width + (column + EDGE).astype(np.intp)
    averages = _averages(matrix, part, centres).T
    if inside.all():
        result[:] = averages.reshape(result.shape)
    else:
        result[:, inside] = averages


def _averages(matrix: Any, part: NDArray[Any], centres: NDArray[np.intp]) -> NDArray[Any]:
    """Return the averages of what is there of each layer, in shape (pixels, layers)."""
    missing = np.isnan(part)
    if not missing.any():
        return np.asarray(matrix @ part)
    sums = matrix @ np.where(missing, 0, part)
    weights = matrix @ (~missing).astype(part.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(missing[centres] | (weights < LEAST), np.nan, sums / weights)
