"""The values of a dataset in DAP4: the DMR and then the values, in chunks that say how long they are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dap4 import Wanted, dmr
from gdc_jupyter.opendap.dap.dataset import Piece, Slab, Variable, bytes_of, size_of
from gdc_jupyter.opendap.dap.errors import dap4_error
from gdc_jupyter.opendap.dap.texts import texts

#: What the highest byte of the head of a chunk says.
LAST, ERROR, LITTLE_ENDIAN, NO_CHECKSUMS = 1, 2, 4, 8
_HEAD = struct.Struct(">I")
_TEXT_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
#: Values are sent in a chunk with the next ones until there are so many bytes.
_SMALLEST_CHUNK = 1 << 16


def length(wanted: Wanted, checksums: bool) -> int | None:
    """Return how many bytes the answer has, None where texts have to be read for that."""
    variables = wanted.dataset.variables()
    if any(variables[path].is_text for path in wanted.slabs):
        return None
    sizes = [size for path, slab in wanted.slabs.items() for size in _sizes(variables[path], slab, checksums)]
    chunks, filling = 0, 0
    for size in sizes:
        filling += size
        if filling >= _SMALLEST_CHUNK:
            chunks, filling = chunks + 1, 0
    chunks += 1 if filling or not chunks else 0
    return _HEAD.size + len(_description(wanted)) + sum(sizes) + chunks * _HEAD.size


def _sizes(variable: Variable, slab: Slab, checksums: bool) -> Iterator[int]:
    for block in variable.blocks(slab):
        yield size_of(block) * variable.dtype.itemsize
    if checksums:
        yield _CHECKSUM.size


def dap(wanted: Wanted, checksums: bool, known: bool) -> Iterator[Piece]:
    """Yield the answer.

    Parameters
    ----------
    wanted : Wanted
    checksums : bool
        Whether the CRC32 of each variable is sent after its values.
    known : bool
        Whether the length of the answer has been told, so that an error cannot be its proper end.

    Raises
    ------
    GdcError
        ``DataFileUnreadable`` where a file cannot be read; a chunk that says so has been sent then.
    """
    flags = LITTLE_ENDIAN | (0 if checksums else NO_CHECKSUMS)
    description = _description(wanted)
    yield _head(flags, len(description)) + description
    try:
        yield from _chunks(_values(wanted, checksums), _count(wanted, checksums), flags)
    except GdcError as error:
        told = dap4_error(500, error.message).encode()
        yield _head(flags | ERROR | LAST, len(told)) + told
        if known:
            raise


def _description(wanted: Wanted) -> bytes:
    # The netCDF library puts the end of the text in place of the last character.
    return dmr(wanted).encode() + b"\r\n"


def _head(flags: int, size: int) -> bytes:
    return _HEAD.pack(flags << 24 | size)


def _chunks(values: Iterable[Piece], count: int, flags: int) -> Iterator[Piece]:
    """Yield so many values as chunks, each as soon as it is there."""
    filling: list[Piece] = []
    size = 0
    for number, value in enumerate(values, 1):
        filling.append(value)
        size += len(value)
        if number < count and size >= _SMALLEST_CHUNK:
            yield from _chunk(filling, flags)
            filling, size = [], 0
    yield from _chunk(filling, flags | LAST)


def _chunk(parts: list[Piece], flags: int) -> Iterator[Piece]:
    size = sum(map(len, parts))
    if size <= 2 * _SMALLEST_CHUNK:
        yield b"".join([_head(flags, size), *parts])
    else:
        yield _head(flags, size)
        yield from parts


def _count(wanted: Wanted, checksums: bool) -> int:
    """Return how many parts `_values` has."""
    variables = wanted.dataset.variables()
    return sum(sum(1 for _ in variables[path].blocks(slab)) + checksums for path, slab in wanted.slabs.items())


def _values(wanted: Wanted, checksums: bool) -> Iterator[Piece]:
    variables = wanted.dataset.variables()
    for path, slab in wanted.slabs.items():
        checksum = 0
        for values in variables[path].pieces(slab):
            data = _encoded(variables[path], values)
            if checksums:
                checksum = zlib.crc32(data, checksum)
            yield data
        if checksums:
            yield _CHECKSUM.pack(checksum)


def _encoded(variable: Variable, values: NDArray[Any]) -> Piece:
    if variable.is_text:
        return b"".join(_TEXT_LENGTH.pack(len(text)) + text for text in texts(values, False))
    little = np.dtype(variable.dtype).newbyteorder("<")
    return bytes_of(values.astype(little, copy=False))
