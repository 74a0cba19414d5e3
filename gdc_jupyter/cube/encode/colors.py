"""Colour maps for pictures: a few anchors, between which colours are interpolated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ANCHORS = {
    "gray": ("000000", "ffffff"),
    "viridis": ("440154", "3b528b", "21918c", "5ec962", "fde725"),
    "vegetation": ("8c510a", "d8b365", "f6e8c3", "a6d96a", "4dac26", "1a6e1a", "00441b"),
    "thermal": ("042333", "2c3395", "744992", "b15f82", "eb7958", "fbb43d", "e8fa5b"),
    "diverging": ("2166ac", "92c5de", "f7f7f7", "f4a582", "b2182b"),
}
NAMES = tuple(_ANCHORS)


def table(name: str) -> NDArray[np.uint8]:
    """Return 256 colours, shape (256, 3)."""
    anchors = np.array([[int(color[at : at + 2], 16) for at in (0, 2, 4)] for color in _ANCHORS[name]], dtype=float)
    position = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(position, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)
