"""Warm workers: forked children that stay, and answer one request after the other with a stream of bytes.

What a map view or a coverage needs is done in milliseconds, and open files and decoded blocks are worth keeping, so
that a child for each request would take longer than the work. As a job does, the work runs apart from the server.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import frames
from gdc_jupyter.jobs.launcher import Child, Launcher
from gdc_jupyter.jobs.spool import Spool

_log = logging.getLogger(__name__)
_CONNECT_SECONDS = 60.0
#: How long the work of a client that has gone may go on before its worker is ended.
_LEAVE_SECONDS = 1.0
_WAITING_FOR_EACH = 50
#: Bytes of a head that is read in a thread.
_LONG = 1 << 16


class Answer:
    """What a worker says to a request.

    Attributes
    ----------
    head : dict
        What comes first: the media type and headers of the bytes, or the whole answer where there are none.
    """

    def __init__(self, head: dict[str, Any], spool: Spool) -> None:
        self.head = head
        self._spool = spool

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the bytes as they come; the worker does not wait for who takes them slowly.

        Raises
        ------
        GdcError
            What the worker says is wrong.
        """
        async for chunk in self._spool:
            yield chunk


class _Worker:
    def __init__(self, child: Child, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.child = child
        self.reader = reader
        self.writer = writer

    @property
    def alive(self) -> bool:
        return not self.child.exited.done() and not self.reader.at_eof()

    def end(self) -> None:
        self.writer.transport.abort()
        self.child.kill()


class WarmWorkers:
    """Workers that are forked as they are needed, and stay.

    Parameters
    ----------
    launcher : Launcher
        Forks them.
    request : dict
        What all requests have in common; see `worker.main`.
    most : int
        Workers that there are at most; more requests wait.
    seconds : float
        The longest that the head of an answer, and its bytes, may take.
    """

    def __init__(self, launcher: Launcher, request: dict[str, Any], most: int, seconds: float = 300.0) -> None:
        self._launcher = launcher
        self._request = request
        self._seconds = seconds
        self._places = asyncio.Semaphore(most)
        self._most_waiting = _WAITING_FOR_EACH * most
        self._in_line = 0
        self._idle: list[_Worker] = []
        self._numbers = itertools.count(1)
        self._expected: dict[int, asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {}
        self._opening: asyncio.Task[asyncio.Server] | None = None
        self._folder: Path | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, mode: str, **arguments: Any) -> dict[str, Any]:
        """Return an answer that has no bytes.

        Raises
        ------
        GdcError
            What the worker says is wrong.
        """
        async with self.answer(mode, **arguments) as answer:
            return answer.head

    @asynccontextmanager
    async def answer(self, mode: str, **arguments: Any) -> AsyncIterator[Answer]:
        """Give a worker's answer to one of the requests of `serve.ANSWERS`.

        Raises
        ------
        GdcError
            What the worker says is wrong; ``InfrastructureBusy`` where too many requests wait already;
            ``RequestTimeout``.
        """
        if self._in_line >= self._most_waiting:
            raise GdcError("InfrastructureBusy", "Too many requests wait. Try again in a moment.")
        self._in_line += 1
        try:
            # Inputs and process graphs may be large.
            request = await asyncio.to_thread(_packed, {"mode": mode} | arguments)
            await self._places.acquire()
        finally:
            self._in_line -= 1
        spool = Spool()
        head: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        work = self._task(self._work(request, head, spool))
        work.add_done_callback(lambda _: self._places.release())
        try:
            yield Answer(await head, spool)
        finally:
            spool.close()
            if not work.done():
                # What is nearly done is not worth a new worker.
                self._task(_end(work))

    async def close(self) -> None:
        """End all workers."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in self._idle:
            worker.end()
        if self._opening is not None:
            (await self._opening).close()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, True)

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, request: bytes, head: asyncio.Future[dict[str, Any]], spool: Spool) -> None:
        """Have a worker answer; all that goes wrong is told to who waits for the head or the bytes."""
        worker: _Worker | None = None
        try:
            worker = await self._worker()
            async with asyncio.timeout(self._seconds):
                for start in range(0, len(request), frames.LARGEST):
                    worker.writer.write(request[start : start + frames.LARGEST])
                    await worker.writer.drain()
                await _pass_on(worker.reader, head, spool)
            self._idle.append(worker)
        except BaseException as error:
            if worker is not None:
                worker.end()
            told = self._told(error)
            if not head.done():
                head.set_exception(told)
                head.exception()
            spool.fail(told)
            if isinstance(error, asyncio.CancelledError):
                raise

    def _told(self, error: BaseException) -> GdcError:
        match error:
            case GdcError():
                return error
            case TimeoutError():
                return GdcError("RequestTimeout", f"The answer took longer than {self._seconds:g} s. Ask for less.")
            case asyncio.IncompleteReadError() | ConnectionError():
                return GdcError("Internal", "The process that made the answer ended. Asking for less may help.")
            case asyncio.CancelledError():
                return GdcError("Internal", "The request was given up.")
        _log.error("A warm worker failed", exc_info=error)
        return GdcError("Internal", "The answer could not be made.")

    async def _worker(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            worker.end()
        if self._opening is None:
            self._opening = asyncio.create_task(self._listen())
        await asyncio.shield(self._opening)
        assert self._folder is not None
        number = next(self._numbers)
        connected = self._expected[number] = asyncio.get_running_loop().create_future()
        own = {"mode": "serve", "folder": str(self._folder / str(number)), "socket": str(self._folder / "s")}
        child = await self._launcher.fork(self._request | own | {"number": number})
        try:
            await asyncio.wait([connected, child.exited], timeout=_CONNECT_SECONDS, return_when="FIRST_COMPLETED")
            if not connected.done():
                child.kill()
                raise GdcError("Internal", "The process that makes answers does not start.")
            return _Worker(child, *connected.result())
        finally:
            del self._expected[number]

    async def _listen(self) -> asyncio.Server:
        # Not in the data folder, whose path may be too long for a socket. Only this user can open it.
        self._folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="gdc-warm-"))
        return await asyncio.start_unix_server(self._meet, self._folder / "s", limit=4 * frames.LARGEST)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            _, payload = await frames.read(reader)
            expected = self._expected.get(int(payload))
            if expected is not None and not expected.done():
                expected.set_result((reader, writer))
                return
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, head: asyncio.Future[dict[str, Any]], spool: Spool) -> None:
    failure: GdcError | None = None
    while True:
        kind, payload = await frames.read(reader)
        if kind == frames.DATA:
            await spool.put(payload)
        elif kind == frames.HEAD and not head.done():
            head.set_result(await _loaded(payload))
        elif kind == frames.ERROR:
            told = orjson.loads(payload)
            failure = GdcError(told["code"], told["message"])
            if not head.done():
                head.set_exception(failure)
                head.exception()
        elif kind == frames.END:
            spool.end() if failure is None else spool.fail(failure)
            return


def _packed(request: dict[str, Any]) -> bytes:
    return frames.packed(frames.HEAD, orjson.dumps(request))


async def _loaded(head: bytes) -> Any:
    return await asyncio.to_thread(orjson.loads, head) if len(head) > _LONG else orjson.loads(head)


async def _end(work: asyncio.Task[None]) -> None:
    done, _ = await asyncio.wait([work], timeout=_LEAVE_SECONDS)
    if not done:
        work.cancel()
        await asyncio.wait([work])
