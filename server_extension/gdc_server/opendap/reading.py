"""Reading granules on threads of their own: the answers of the DAP server as streams, a little ahead of the client."""

from __future__ import annotations

import asyncio
import select
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from tornado.iostream import IOStream

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.answers import DapAnswer
from gdc_jupyter.opendap.dap.dataset import Piece
from gdc_server.api.bodies import SLOWEST_RATE, SLOWEST_SECONDS

_T = TypeVar("_T")
#: Bytes that are handed from a thread to the loop at a time, fewer where it takes longer than so many seconds.
_BATCH = 4 << 20
_BATCH_SECONDS = 0.001
#: Bytes of which it is known that they can be read before an answer begins.
_FIRST = 1 << 16
#: How long one answer may have a thread, and how long that waits for a client, before the others have their turn.
_TURN_SECONDS = 0.05
_PATIENCE_MILLISECONDS = 20
_THREADS = {"reading": 4, "files": 2}


class Batches:
    """The bytes of an answer; while some are sent, the next are read."""

    def __init__(self, answer: DapAnswer, pool: ThreadPoolExecutor) -> None:
        headers = {**answer.headers, "Content-Description": answer.description}
        if answer.length is not None:
            headers["Content-Length"] = str(answer.length)
        self.head: dict[str, Any] = {"media_type": answer.media_type, "headers": headers}
        self._iterator = iter(answer.chunks)
        self._pool = pool
        self._busy = threading.Lock()
        self._stopped = False
        self._failure: Exception | None = None
        self._first: list[Piece] | None = None

    def begin(self) -> None:
        """Read the first bytes, before it is told that all is well; this is called on a thread.

        Raises
        ------
        GdcError
            ``DataFileUnreadable`` where a file cannot be read.
        """
        self._first = self._next(_FIRST)
        if self._failure is not None:
            raise self._failure

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give them.

        Raises
        ------
        GdcError
            ``DataFileUnreadable`` where a file cannot be read.
        """
        loop = asyncio.get_running_loop()
        batch = self._first
        while batch:
            coming = loop.run_in_executor(self._pool, self._next)
            try:
                for chunk in batch:
                    yield bytes(chunk)
                batch = await coming
            finally:
                coming.cancel()

    def _next(self, least: int = 1, most: int = _BATCH) -> list[Piece]:
        batch: list[Piece] = []
        size = 0
        until = time.monotonic() + _BATCH_SECONDS
        with self._busy:
            if self._failure is not None:
                raise self._failure
            while size < most and not self._stopped and (size < least or time.monotonic() < until):
                try:
                    chunk = next(self._iterator, None)
                except Exception as error:
                    # What came before it is still sent.
                    self._failure = error
                    if not batch:
                        raise
                    break
                if chunk is None:
                    break
                batch.append(chunk)
                size += len(chunk)
        return batch

    def send_to(self, connection: socket.socket) -> Piece | None:
        """Send what the client takes at once, for a while; this is called on a thread.

        Parameters
        ----------
        connection : socket.socket
            One that does not block.

        Returns
        -------
        bytes or memoryview, optional
            What the client has to be waited for to take, which may be nothing; None when all is sent.

        Raises
        ------
        OSError
            Where the client has gone.
        GdcError
            ``DataFileUnreadable`` where a file cannot be read.
        """
        until = time.monotonic() + _TURN_SECONDS
        writable = select.poll()
        writable.register(connection, select.POLLOUT)
        batch, self._first = self._first, None
        # What was just read is sent while it is in the cache of the processor.
        while batch := batch or self._next(most=1):
            for number, chunk in enumerate(batch):
                rest = memoryview(chunk)
                while rest:
                    if not writable.poll(_PATIENCE_MILLISECONDS):
                        self._first = batch[number + 1 :]
                        return rest
                    rest = rest[connection.send(rest) :]
            if time.monotonic() > until:
                return b""
            batch = None
        return None

    def close(self) -> None:
        """Stop; what was opened for the answer is closed."""
        self._stopped = True
        # When the server ends, so do the threads, and all that is open.
        with suppress(RuntimeError):
            self._pool.submit(self._close)

    def _close(self) -> None:
        with self._busy:
            if isinstance(self._iterator, Iterator) and hasattr(self._iterator, "close"):
                self._iterator.close()


class Reading:
    """Threads that read, and others that make files, for which small answers need not wait.

    Parameters
    ----------
    most : int
        Answers that are under way at the same time.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._under_way = 0
        self._pools: dict[str, ThreadPoolExecutor] = {}

    @asynccontextmanager
    async def answer(self, make: Callable[[], DapAnswer], makes_file: bool = False) -> AsyncIterator[Batches]:
        """Give what a function answers, which is called on a thread.

        Raises
        ------
        GdcError
            ``InfrastructureBusy``, and what the function raises.
        """
        if self._under_way >= self._most:
            raise GdcError("InfrastructureBusy", "Too many requests are answered. Try again in a moment.")
        self._under_way += 1
        try:
            batches = await self._call(lambda: self._begun(make), "files" if makes_file else "reading")
            try:
                yield batches
            finally:
                batches.close()
        finally:
            self._under_way -= 1

    def _begun(self, make: Callable[[], DapAnswer]) -> Batches:
        batches = Batches(make(), self._pool("reading"))
        try:
            batches.begin()
        except BaseException:
            batches.close()
            raise
        return batches

    async def send(self, batches: Batches, stream: IOStream) -> None:
        """Send an answer from the threads that read it; the loop waits where the client is slow.

        To hand the bytes to the loop takes as long as to read them, where they are in memory.

        Parameters
        ----------
        batches : Batches
        stream : tornado.iostream.IOStream
            A connection without encryption on which all that came before is sent.

        Raises
        ------
        OSError
            Where the client has gone, or takes too long.
        GdcError
            ``DataFileUnreadable`` where a file cannot be read.
        """
        # A copy of its own, for the number of a socket that is closed meanwhile may be that of another one at once.
        with stream.socket.dup() as connection:
            while (rest := await self.call(partial(batches.send_to, connection))) is not None:
                if rest:
                    async with asyncio.timeout(SLOWEST_SECONDS + len(rest) / SLOWEST_RATE):
                        await stream.write(rest)

    async def call(self, work: Callable[[], _T]) -> _T:
        """Return what a function returns, which is called on a thread."""
        return await self._call(work, "reading")

    async def _call(self, work: Callable[[], _T], pool: str) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool(pool), work)

    def _pool(self, name: str) -> ThreadPoolExecutor:
        if name not in self._pools:
            self._pools[name] = ThreadPoolExecutor(_THREADS[name], f"gdc-dap-{name}")
        return self._pools[name]

    def close(self) -> None:
        """End the threads."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
