"""The process that writes what it is given to the logs."""

from __future__ import annotations

import json
from threading import Lock
from typing import Annotated, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import dimension_type, is_raster, spatial_dimensions
from gdc_jupyter.cube.time import label_texts
from gdc_jupyter.processes.engine import Engine, Frame
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Anything, Text, choice

# Entries that one run may write, and characters of each that tell of the data.
MOST_ENTRIES = 100
MOST_CHARACTERS = 1000
Level = Annotated[str, choice("error", "warning", "info", "debug")]


@process("development")
def inspect(
    data: Anything,
    message: Text = "",
    code: Text = "User",
    level: Level = "info",
    *,
    engine: Engine,
    frame: Frame | None = None,
) -> Anything:
    """Write data to the logs of the job.

    Numbers, texts and lists are written as JSON. Of a cube there are the dimensions and, inside of a callback, the
    range of the values of each block. One run writes no more than 100 entries.

    Parameters
    ----------
    data
        The data.
    message
        What is written before it.
    code
        What is common to several entries, to find them by.
    level
        How severe it is.

    Returns
    -------
    data
        The same data.
    """
    if _is_time(data, engine.probing, frame) and engine.keep(_Entries).one_more():
        words = ": ".join(filter(None, (message, _summary(data, frame))))
        engine.log(level, f"[{code}] {words}")
    return data


class _Entries:
    """The entries that a run has written."""

    def __init__(self, engine: Engine) -> None:
        self._written, self._lock = 0, Lock()

    def one_more(self) -> bool:
        """Return whether there may be another."""
        with self._lock:
            self._written += 1
            return self._written <= MOST_ENTRIES

    def close(self) -> None:
        """Do nothing: there is nothing to let go."""


def _is_time(data: Any, probing: bool, frame: Frame | None) -> bool:
    """Return whether data is to be written now: a cube once, and the values of blocks where these are computed."""
    if _is_cube(data, frame):
        return probing
    if isinstance(data, (np.ndarray, xr.DataArray)) or frame is not None:
        return not probing or (frame is not None and _has_pixels(frame.block))
    return True


def _has_pixels(block: xr.DataArray) -> bool:
    """Return whether a block is more than the one pixel that stands for all while a graph is planned."""
    return is_raster(block) and any(block.sizes[name] > 1 for name in spatial_dimensions(block))


def _is_cube(data: Any, frame: Frame | None) -> bool:
    return frame is None and isinstance(data, xr.DataArray) and data.ndim > 1


def _summary(data: Any, frame: Frame | None) -> str:
    if _is_cube(data, frame):
        return f"a data cube with the dimensions {', '.join(_dimension(data, str(name)) for name in data.dims)}"
    if isinstance(data, (np.ndarray, xr.DataArray)):
        return _range(np.asarray(data))
    if not isinstance(data, (bool, int, float, str, list, dict, type(None))):
        return f"a {type(data).__name__}"
    text = json.dumps(data, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _dimension(data: xr.DataArray, name: str) -> str:
    if name not in data.coords or dimension_type(data, name) in ("spatial", "geometry"):
        return name
    labels = label_texts(data.coords[name].values)
    shown = f"{labels[0]} … {labels[-1]}" if len(labels) > 4 else ", ".join(map(str, labels))
    return f"{name} ({len(labels)}: {shown})"


def _range(values: Any) -> str:
    shape = " x ".join(map(str, values.shape))
    if values.dtype.kind not in "fiub":
        return f"{shape} values"
    gaps = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    if gaps.all():
        return f"{shape} values, all of them no-data"
    valid = values[~gaps]
    return f"{shape} values from {valid.min():g} to {valid.max():g}, {100 * gaps.mean():.3g} % no-data"
