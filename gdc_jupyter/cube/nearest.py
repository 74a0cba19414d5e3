"""Resampling by the nearest pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.positions import whole_positions


def resample(values: NDArray[np.floating], source: Grid, target: Grid) -> NDArray[np.floating]:
    """Return an array resampled by the nearest neighbour.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., source.height, source.width)
        Floating-point numbers; NaN is no data.
    source, target : Grid
        Regular grids, in any CRS.

    Returns
    -------
    numpy.ndarray, shape (..., target.height, target.width)
    """
    layers = np.ascontiguousarray(values).reshape(-1, source.height * source.width)
    result = np.empty((len(layers), target.height * target.width), values.dtype)
    if values.size and result.size:
        row, column = whole_positions(source, target)
        outside = ~((row >= 0) & (row < source.height) & (column >= 0) & (column < source.width))
        some = bool(outside.any())
        if some:
            row, column = np.where(outside, 0, row), np.where(outside, 0, column)
        index = (row.astype(np.intp) * source.width + column.astype(np.intp)).ravel()
        lost = np.flatnonzero(outside) if some else None
        for layer, out in zip(layers, result, strict=True):
            np.take(layer, index, out=out, mode="clip")
            if lost is not None:
                out[lost] = np.nan
    elif result.size:
        result[:] = np.nan
    return result.reshape(*values.shape[:-2], *target.shape)
