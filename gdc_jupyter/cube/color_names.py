"""The colour maps by name, light enough for the server: the anchors, as hexadecimal red, green and blue."""

from __future__ import annotations

ANCHORS = {
    "gray": ("000000", "ffffff"),
    "viridis": ("440154", "3b528b", "21918c", "5ec962", "fde725"),
    "vegetation": ("8c510a", "d8b365", "f6e8c3", "a6d96a", "4dac26", "1a6e1a", "00441b"),
    "thermal": ("042333", "2c3395", "744992", "b15f82", "eb7958", "fbb43d", "e8fa5b"),
    "diverging": ("2166ac", "92c5de", "f7f7f7", "f4a582", "b2182b"),
}
