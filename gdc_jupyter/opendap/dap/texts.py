"""Texts of a dataset: those that are stored as such, and those that are stored as characters along a dimension."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.opendap.dap.dataset import Slab, Variable, blocks, size_of


def text_blocks(variable: Variable, slab: Slab) -> Iterator[Slab]:
    """Yield the parts of a slab of texts that are read one after the other; characters of one text stay together."""
    rest = tuple(slice(0, size, 1) for size in variable.shape[len(slab) :])
    if not variable.is_character:
        yield from variable.blocks(slab)
    else:
        yield from ((*block, *rest) for block in blocks(slab, max(size_of(rest), 1)))


def texts(values: NDArray[Any], characters: bool) -> Iterator[bytes]:
    """Yield the texts of an array as bytes; characters along the last dimension are one."""
    if not characters:
        yield from (str(each).encode() for each in values.reshape(-1))
        return
    size = values.shape[-1] if values.shape else 1
    for row in np.ascontiguousarray(values).reshape(math.prod(values.shape[:-1]), size):
        yield row.tobytes().rstrip(b"\0")
