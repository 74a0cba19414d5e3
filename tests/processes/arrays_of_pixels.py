"""The same series as a list, as a labelled array, and as the first axis of a block; and results made comparable."""

import numpy as np
import xarray as xr
from hypothesis import strategies as st

from gdc_jupyter.processes import PROCESSES

LABELS = "abcdefghijklmnop"


def call(process_id, *arguments, **named):
    return PROCESSES[process_id].function(*arguments, **named)


def series(min_size=0, max_size=12, **limits):
    """Numbers and null."""
    wanted = {"min_value": -1e3, "max_value": 1e3, "width": 32, "allow_subnormal": False} | limits
    return st.lists(st.one_of(st.none(), st.floats(**wanted)), min_size=min_size, max_size=max_size)


def floats(values):
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def labelled(values, dtype=float):
    """A labelled array of floats, where NaN is no-data, or of objects, where null is."""
    if dtype is object:
        data = np.empty(len(values), dtype=object)
        data[:] = values
    else:
        data = floats(values)
    return xr.DataArray(data, dims="labels", coords={"labels": list(LABELS[: len(values)])})


def block(values):
    """Three rows of two pixels: all have the series, but those on the right have it in reverse."""
    column = floats(values)
    pixels = np.stack([column, column[::-1]], axis=1)
    return np.repeat(pixels[:, np.newaxis], 3, axis=1)


def pixel(result, row=1, column=0):
    """What a result of a block is at a pixel, as a list is."""
    if isinstance(result, list):
        return [pixel(each, row, column) for each in result]
    values = np.asarray(result)[..., row, column]
    return plain(values)


def plain(result):
    """A result with null for the NaN of arrays of floats, and truth values as numbers, as blocks have them."""
    if isinstance(result, (np.ndarray, xr.DataArray, np.generic)):
        return plain(np.asarray(result).tolist())
    if isinstance(result, list):
        return [plain(each) for each in result]
    if result is None or result != result:
        return None
    return float(result)
