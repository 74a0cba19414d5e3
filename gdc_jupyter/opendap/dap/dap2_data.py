"""The values of a dataset in DAP2: XDR, as a stream."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.opendap.dap.dap2 import STRING, Declared, Part, as_float64, dds, not_exact, parts_of
from gdc_jupyter.opendap.dap.dataset import Piece, bytes_of, size_of
from gdc_jupyter.opendap.dap.slabs import invalid
from gdc_jupyter.opendap.dap.texts import text_blocks, texts

_WIRE = {
    "Byte": ">u1",
    "Int16": ">i4",
    "UInt16": ">u4",
    "Int32": ">i4",
    "UInt32": ">u4",
    "Float32": ">f4",
    "Float64": ">f8",
}
_LENGTH = struct.Struct(">I")
_MOST = 2**31 - 1


def length(name: str, declared: list[Declared]) -> int | None:
    """Return how many bytes the answer has, None where texts have to be read for that.

    Raises
    ------
    GdcError
        ``ConstraintInvalid`` where an array has more values than DAP2 can count.
    """
    total = len(_head(name, declared))
    known = True
    for part in parts_of(declared):
        values = size_of(part.slab)
        if values > _MOST:
            raise invalid(f"'{part.field.name}' has {values:,} values, more than DAP2 can count: ask for a hyperslab.")
        if part.field.type == STRING:
            known = False
        else:
            total += 8 * bool(part.slab) + -(-values * np.dtype(_WIRE[part.field.type]).itemsize // 4) * 4
    return total if known else None


def check(declared: list[Declared]) -> None:
    """Refuse 64-bit integers that Float64 does not hold exactly; they are read once for that.

    Raises
    ------
    GdcError
        ``ConstraintInvalid``.
    """
    for part in parts_of(declared):
        variable = part.field.variable
        if variable.dtype.kind in "iu" and variable.dtype.itemsize == 8:
            for values in variable.pieces(part.slab):
                _float64(values, part.field.name)


def dods(name: str, declared: list[Declared]) -> Iterator[Piece]:
    """Yield the answer.

    Raises
    ------
    GdcError
        ``DataFileUnreadable`` where a file cannot be read.
    """
    yield _head(name, declared)
    for part in parts_of(declared):
        yield from _text(part) if part.field.type == STRING else _numbers(part)


def _head(name: str, declared: Iterable[Declared]) -> bytes:
    return dds(name, declared).encode() + b"\nData:\n"


def _numbers(part: Part) -> Iterator[Piece]:
    wire = np.dtype(_WIRE[part.field.type])
    size = size_of(part.slab)
    if part.slab:
        yield _LENGTH.pack(size) * 2
    for values in part.field.pieces(part.slab, wire.str, partial(encoded, wire=wire, name=part.field.name)):
        yield bytes_of(values)
    if odd := -size * wire.itemsize % 4:
        yield bytes(odd)


def encoded(values: NDArray[Any], wire: np.dtype[Any], name: str) -> NDArray[Any]:
    """Return numbers in the form of the wire."""
    if values.dtype.kind in "iu" and wire.kind == "f":
        values = _float64(values, name)
    return values.astype(wire, copy=False)


def _float64(values: NDArray[Any], name: str) -> NDArray[Any]:
    floats = as_float64(values)
    if floats is None:
        raise not_exact(name)
    return floats


def _text(part: Part) -> Iterator[bytes]:
    if part.slab:
        yield _LENGTH.pack(size_of(part.slab))
    for block in text_blocks(part.field.variable, part.slab):
        yield b"".join(
            _LENGTH.pack(len(text)) + text + bytes(-len(text) % 4)
            for text in texts(part.field.variable.read(block), part.field.variable.is_character)
        )
