"""Colour maps for pictures: a few anchors, between which colours are interpolated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.color_names import ANCHORS

NAMES = tuple(ANCHORS)


def table(name: str) -> NDArray[np.uint8]:
    """Return 256 colours, shape (256, 3)."""
    return ramp(name, 256)


def ramp(colormap: str | Sequence[str], count: int) -> NDArray[np.uint8]:
    """Return so many colours of a map, by its name or from colours that follow each other; shape (count, 3)."""
    colors = ANCHORS[colormap] if isinstance(colormap, str) else colormap
    digits = [color.removeprefix("#") for color in colors]
    anchors = np.array([[int(color[at : at + 2], 16) for at in (0, 2, 4)] for color in digits], dtype=float)
    position = np.linspace(0, len(anchors) - 1, count)
    channels = [np.interp(position, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)
