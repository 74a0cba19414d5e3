"""The process that fills the gaps of a series."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Numbers
from gdc_jupyter.processes.values import block, list_of, numbers, relabelled


@process("arrays", "math", "math > interpolation")
def array_interpolate_linear(data: Numbers) -> Numbers:
    """Fill the gaps of a series by straight lines between the numbers on both sides.

    No-data and NaN are gaps; those at the start and at the end stay.

    Parameters
    ----------
    data
        The numbers, which lie at their labels where these are numbers or dates, in order, and at equal distances
        otherwise.

    Returns
    -------
    filled
        The series without inner gaps.
    """
    values = block(data)
    if values is not None:
        return _filled(values, _places(data))
    valid, gaps = numbers(data)
    series = np.full(len(gaps), np.nan)
    series[~gaps] = valid
    filled = _filled(series, _places(data))
    pairs = zip(list_of(data), filled.tolist(), np.isnan(series) & ~np.isnan(filled), strict=True)
    return relabelled([new if changed else old for old, new, changed in pairs], data)


def _filled(values: NDArray[Any], places: NDArray[np.float64]) -> NDArray[Any]:
    """Return a series along the first axis with its inner gaps filled."""
    rows = values.reshape(len(values), -1)
    gaps = np.isnan(rows)
    position = np.arange(len(rows))[:, np.newaxis]
    before = np.maximum.accumulate(np.where(gaps, -1, position), axis=0)
    after = np.minimum.accumulate(np.where(gaps, len(rows), position)[::-1], axis=0)[::-1]
    inner = gaps & (before >= 0) & (after < len(rows))
    left, right = np.maximum(before, 0), np.minimum(after, len(rows) - 1)
    low, high = np.take_along_axis(rows, left, axis=0), np.take_along_axis(rows, right, axis=0)
    with np.errstate(all="ignore"):
        share = ((places[position] - places[left]) / (places[right] - places[left])).astype(rows.dtype)
        between = np.where(low == high, low, low * (1 - share) + high * share)
    return np.where(inner, between, rows).reshape(values.shape)


def _places(data: Any) -> NDArray[np.float64]:
    """Return where the elements lie: their labels where these are numbers or instants, otherwise their positions."""
    from gdc_jupyter.cube.calendars import encode, is_temporal

    places = np.arange(len(data), dtype=np.float64)
    if not isinstance(data, xr.DataArray) or data.dims[0] not in data.coords or not len(data):
        return places
    labels = data.coords[data.dims[0]].values
    if is_temporal(labels):
        labels = encode(labels)[0]
    elif not all(isinstance(label, (int, float)) for label in labels.tolist()):
        return places
    steps = np.diff(labels.astype(np.float64))
    return labels.astype(np.float64) if (steps > 0).all() or (steps < 0).all() else places
