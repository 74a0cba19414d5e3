"""What callbacks return, checked and brought into the shape of the cube that it is for."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.values import stack


def one_value(result: Any, shape: tuple[int, ...], origin: str) -> NDArray[Any]:
    """Return what a callback gives for each pixel, as an array of a shape; null is NaN.

    Raises
    ------
    GdcError
        ``ReducerResultInvalid`` where it gives an array for each pixel, or a text.
    """
    if result is None:
        return np.full(shape, np.nan, dtype=np.float32)
    if isinstance(result, (list, xr.DataArray)) or (isinstance(result, np.ndarray) and result.ndim > len(shape)):
        raise GdcError("ReducerResultInvalid", f"{origin} returns an array where one value is needed for each pixel.")
    if isinstance(result, str):
        raise GdcError("ReducerResultInvalid", f"{origin} returns the text {result!r} where a number is needed.")
    values = np.asarray(result)
    return values if values.shape == shape else np.broadcast_to(values, shape).copy()


def reduced(result: Any, series: xr.DataArray) -> NDArray[Any]:
    """Return what a reducer makes of a labelled array, for each pixel; see :func:`one_value`."""
    return one_value(result, series.shape[1:], "The reducer")


def elements(result: Any, series: xr.DataArray) -> NDArray[Any]:
    """Return the array that a callback gives for each pixel, its elements along the first axis."""
    if isinstance(result, (list, np.ndarray, xr.DataArray)):
        values = stack(result)
    else:
        values = np.asarray(np.nan if result is None else result)[np.newaxis]
    if values.ndim == series.ndim - 1 and values.shape == series.shape[1:]:
        values = values[np.newaxis]
    if values.ndim < series.ndim:
        values = values.reshape(*values.shape, *[1] * (series.ndim - values.ndim))
    return np.broadcast_to(values, (len(values), *series.shape[1:]))
