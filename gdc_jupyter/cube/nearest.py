"""Resampling by the nearest pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.positions import pixels_at, positions


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
        index, inside = pixels_at(source, *positions(source, target))
        index = index.ravel()
        lost = None if inside.all() else np.flatnonzero(~inside)
        for layer, out in zip(layers, result, strict=True):
            np.take(layer, index, out=out, mode="clip")
            if lost is not None:
                out[lost] = np.nan
    elif result.size:
        result[:] = np.nan
    return result.reshape(*values.shape[:-2], *target.shape)
