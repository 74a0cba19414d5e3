"""Reading granules on threads of their own: the answers of the DAP server as streams, a little ahead of the client."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap_answers import DapAnswer

_T = TypeVar("_T")
#: Bytes that are handed from a thread to the loop at a time, fewer where it takes longer than so many seconds.
_BATCH = 4 << 20
_BATCH_SECONDS = 0.001


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

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give them.

        Raises
        ------
        GdcError
            ``DataFileUnreadable`` where a file cannot be read.
        """
        loop = asyncio.get_running_loop()
        coming = loop.run_in_executor(self._pool, self._next)
        while batch := await coming:
            coming = loop.run_in_executor(self._pool, self._next)
            for chunk in batch:
                yield chunk

    def _next(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        until = time.monotonic() + _BATCH_SECONDS
        with self._busy:
            if self._failure is not None:
                raise self._failure
            while size < _BATCH and not self._stopped and (not batch or time.monotonic() < until):
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

    def close(self) -> None:
        """Stop; what was opened for the answer is closed."""
        self._stopped = True
        self._pool.submit(self._close)

    def _close(self) -> None:
        with self._busy:
            if isinstance(self._iterator, Iterator) and hasattr(self._iterator, "close"):
                self._iterator.close()


@dataclass
class Reading:
    """Threads that read, and how many answers they may be at.

    Parameters
    ----------
    threads : int
    most : int
        Answers that are made at the same time.
    """

    threads: int = 4
    most: int = 64
    _pool: ThreadPoolExecutor | None = None
    _under_way: int = field(default=0)

    @asynccontextmanager
    async def answer(self, make: Callable[[], DapAnswer]) -> AsyncIterator[Batches]:
        """Give what a function answers, which is called on a thread.

        Raises
        ------
        GdcError
            ``InfrastructureBusy``, and what the function raises.
        """
        if self._under_way >= self.most:
            raise GdcError("InfrastructureBusy", "Too many requests are answered. Try again in a moment.")
        self._under_way += 1
        try:
            batches = Batches(await self.call(make), self.pool)
            try:
                yield batches
            finally:
                batches.close()
        finally:
            self._under_way -= 1

    async def call(self, work: Callable[[], _T]) -> _T:
        """Return what a function returns, which is called on a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The threads."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads, "gdc-dap")
        return self._pool

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
