"""Frames between the server and its warm workers: what kind, how many bytes, and the bytes."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

#: A request or the head of an answer, as JSON; bytes of an answer; an error, as JSON; the end of an answer.
HEAD: Final = b"h"
DATA: Final = b"d"
ERROR: Final = b"e"
END: Final = b"z"
#: Larger pieces are sent as several frames.
LARGEST = 1 << 18
_PREFIX = struct.Struct(">cI")


def send(connection: socket.socket, kind: bytes, payload: bytes | bytearray | memoryview = b"") -> None:
    """Send a payload; bytes of an answer as several frames where they are many."""
    view = memoryview(payload).cast("B")
    if kind != DATA:
        connection.sendall(_PREFIX.pack(kind, len(view)) + view)
        return
    for start in range(0, len(view), LARGEST):
        piece = view[start : start + LARGEST]
        connection.sendall(_PREFIX.pack(kind, len(piece)))
        connection.sendall(piece)


def receive(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return kind and payload of the next frame.

    Raises
    ------
    EOFError
        Where the other side is gone.
    """
    kind, size = _PREFIX.unpack(_exactly(connection, _PREFIX.size))
    return kind, _exactly(connection, size)


def packed(kind: bytes, payload: bytes) -> bytes:
    """Return a frame."""
    return _PREFIX.pack(kind, len(payload)) + payload


async def read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return kind and payload of the next frame.

    Raises
    ------
    asyncio.IncompleteReadError
        Where the other side is gone.
    """
    kind, size = _PREFIX.unpack(await reader.readexactly(_PREFIX.size))
    return kind, await reader.readexactly(size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, LARGEST))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
