"""Bytes on their way from who makes them to who takes them; what is taken slowly waits on the disk."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import IO

from gdc_jupyter.errors import GdcError

#: Bytes that wait in memory, and how long the maker waits for room before the disk is used.
_IN_MEMORY = 4 << 20
_PATIENCE_SECONDS = 0.5
_CHUNK = 1 << 18


class Spool:
    """A queue of bytes for one maker and one taker."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self._read = self._written = 0
        self._failure: GdcError | None = None
        self._ended = self._closed = False
        self._changed = asyncio.Condition()
        self._wakers: set[asyncio.Task[None]] = set()

    async def put(self, chunk: bytes) -> None:
        """Add bytes; waits a little where there are many already."""
        if self._closed:
            return
        if self._file is None and self._size + len(chunk) > _IN_MEMORY:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS), self._changed:
                    await self._changed.wait_for(lambda: self._closed or self._size + len(chunk) <= _IN_MEMORY)
            except TimeoutError:
                self._file = await asyncio.to_thread(tempfile.TemporaryFile, prefix="gdc-spool-")
        if self._closed:
            return
        if self._file is None:
            self._waiting.append(chunk)
            self._size += len(chunk)
        else:
            await asyncio.to_thread(self._write, self._file, chunk)
            self._written += len(chunk)
        await self._tell()

    def end(self) -> None:
        """Say that these were all."""
        self._ended = True
        self._wake()

    def fail(self, failure: GdcError) -> None:
        """Say that no more will come, and why; after the end it means nothing."""
        if not self._ended:
            self._failure = failure
        self.end()

    def close(self) -> None:
        """Say that no more are taken."""
        self._closed = True
        self._waiting.clear()
        if self._file is not None:
            with self._lock:
                self._file.close()
        self._wake()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting or self._read < self._written or self._ended)
            if self._waiting:
                chunk = self._waiting.popleft()
                self._size -= len(chunk)
                await self._tell()
            elif self._file is not None and self._read < self._written:
                chunk = await asyncio.to_thread(self._read_on, self._file, min(_CHUNK, self._written - self._read))
                self._read += len(chunk)
            elif self._failure is not None:
                raise self._failure
            else:
                return
            yield chunk

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _wake(self) -> None:
        task = asyncio.ensure_future(self._tell())
        self._wakers.add(task)
        task.add_done_callback(self._wakers.discard)

    def _write(self, file: IO[bytes], chunk: bytes) -> None:
        with self._lock:
            if not file.closed:
                file.seek(self._written)
                file.write(chunk)

    def _read_on(self, file: IO[bytes], size: int) -> bytes:
        with self._lock:
            if file.closed:
                return b""
            file.seek(self._read)
            return file.read(size)
