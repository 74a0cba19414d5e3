"""The process that fills the gaps of a series."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Numbers
from gdc_jupyter.processes.values import block, list_of, numbers, relabelled

# The bytes of the pixels that are worked on at a time, so that they stay in the cache.
_STRIP_BYTES = 1 << 20


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
        return relabelled(_filled(values, _places(data)), data)
    valid, gaps = numbers(data)
    series = np.full(len(gaps), np.nan)
    series[~gaps] = valid
    filled = _filled(series, _places(data))
    pairs = zip(list_of(data), filled.tolist(), np.isnan(series) & ~np.isnan(filled), strict=True)
    return relabelled([new if changed else old for old, new, changed in pairs], data)


def _filled(values: NDArray[Any], places: NDArray[np.float64]) -> NDArray[Any]:
    """Return a series along the first axis with its inner gaps filled."""
    pixels = values.reshape(len(values), -1)
    filled = pixels.copy()
    step = max(_STRIP_BYTES // (8 * max(len(values), 1)), 64)
    for start in range(0, pixels.shape[1], step):
        _fill(filled[:, start : start + step], places)
    return filled.reshape(values.shape)


def _fill(rows: NDArray[Any], places: NDArray[np.float64]) -> None:
    gaps = np.isnan(rows)
    if not gaps.any():
        return
    following, their_places = np.empty_like(rows), np.empty(rows.shape)
    _carry(range(len(rows) - 1, -1, -1), rows, gaps, places, following, their_places)
    value, place = np.full(rows.shape[1], np.nan, rows.dtype), np.zeros(rows.shape[1])
    with np.errstate(all="ignore"):
        for index, row in enumerate(rows):
            share = ((places[index] - place) / (their_places[index] - place)).astype(rows.dtype)
            between = value * (1 - share) + following[index] * share
            np.copyto(value, row, where=~gaps[index])
            np.copyto(place, places[index], where=~gaps[index])
            np.copyto(row, between, where=gaps[index])


def _carry(
    order: range,
    rows: NDArray[Any],
    gaps: NDArray[np.bool_],
    places: NDArray[np.float64],
    carried: NDArray[Any],
    their_places: NDArray[np.float64],
) -> None:
    """Write the nearest number on one side of each element, and its place; NaN where there is none."""
    value, place = np.full(rows.shape[1], np.nan, rows.dtype), np.zeros(rows.shape[1])
    for index in order:
        np.copyto(value, rows[index], where=~gaps[index])
        np.copyto(place, places[index], where=~gaps[index])
        carried[index], their_places[index] = value, place


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
