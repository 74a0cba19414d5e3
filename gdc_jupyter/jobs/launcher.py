"""The server's side of the forkserver: starts it, asks it for children, and is told of their exits."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.errors import GdcError

_START_SECONDS = 60.0
_GRACE_SECONDS = 0.3
#: The exit code of children whose forkserver died with them.
LOST = -1000


class Child:
    """A forked process.

    Attributes
    ----------
    exited : asyncio.Future of int
        The exit code, minus the number of the signal that ended it, or `LOST`.
    """

    def __init__(self, launcher: Launcher, number: int) -> None:
        self._launcher = launcher
        self._number = number
        self.pid: int | None = None
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def kill(self) -> None:
        """End it at once, without waiting until it is gone."""
        if not self.exited.done():
            self._launcher.send({"do": "kill", "id": self._number, "signal": int(signal.SIGKILL)})

    async def end(self) -> None:
        """End it: SIGTERM, then SIGKILL, and wait until it is gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.exited.done():
                self._launcher.send({"do": "kill", "id": self._number, "signal": int(number)})
                await asyncio.wait([self.exited], timeout=_GRACE_SECONDS)
        await asyncio.wait([self.exited])


class Launcher:
    """Keeps a forkserver running.

    Parameters
    ----------
    log_file : pathlib.Path
        Where the forkserver's own output goes.
    """

    def __init__(self, log_file: Path) -> None:
        self._log_file = log_file
        self._numbers = itertools.count(1)
        self._children: dict[int, Child] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._spawned: socket.socket | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[int] | None = None
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The forkserver's process id."""
        return self._process.pid if self._process else None

    def spawn(self) -> None:
        """Start the process before there is a loop, so that it gets ready meanwhile."""
        self._spawned, theirs = socket.socketpair()
        self._process = self._spawn(theirs)

    async def start(self) -> None:
        """Start a forkserver, or take up the one that is spawned; returns at once, it gets ready by itself."""
        if self._spawned is None:
            self.spawn()
        ours, self._spawned = self._spawned, None
        assert self._process is not None
        self._ready = asyncio.get_running_loop().create_future()
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._listener = asyncio.create_task(self._listen(reader, self._writer, self._process, self._ready))

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "OPENBLAS_NUM_THREADS": "1",
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        }
        with theirs, self._log_file.open("wb") as output:
            return subprocess.Popen(
                # -P: what lies in the folder that the server was started in must not stand in for a module.
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "gdc_jupyter.jobs.forkserver",
                    str(theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                # Away from the terminal's Ctrl-C: the server ends it, after the jobs were told.
                start_new_session=True,
            )

    async def fork(self, request: dict[str, Any]) -> Child:
        """Return a child that does ``request``.

        Raises
        ------
        GdcError
            ``Internal`` where no forkserver can be started.
        """
        number = next(self._numbers)
        # Process graphs may be large.
        command = await asyncio.to_thread(_line, {"do": "fork", "id": number, "request": request})
        await self._until_ready()
        child = self._children[number] = Child(self, number)
        self._send(command)
        return child

    def send(self, command: dict[str, Any]) -> None:
        """Send a short command to the forkserver."""
        self._send(_line(command))

    def _send(self, line: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(line)

    async def close(self) -> None:
        """End the forkserver and all its children."""
        self._closing = True
        if self._spawned is not None:
            self._spawned.close()
        if self._writer is not None:
            self._writer.close()
        # Before it is ready it has no children, and does not listen.
        patience = 2.0 if self._ready is not None and self._ready.done() else 0.0
        if self._process is not None and not await asyncio.to_thread(_wait, self._process, patience):
            self._process.kill()
            await asyncio.to_thread(_wait, self._process, 2.0)
        if self._listener is not None:
            await asyncio.wait([self._listener], timeout=2.0)

    async def _until_ready(self) -> None:
        for _ in range(3):
            if self._ready is None:
                await self.start()
            assert self._ready is not None
            try:
                await asyncio.wait_for(asyncio.shield(self._ready), _START_SECONDS)
                return
            except (ConnectionError, TimeoutError):
                await asyncio.sleep(0.1)
        raise GdcError(
            "Internal",
            f"The process that runs jobs does not start; its own words are in {self._log_file.name}.",
        )

    async def _listen(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        process: subprocess.Popen[bytes],
        ready: asyncio.Future[int],
    ) -> None:
        try:
            while line := await reader.readline():
                event = orjson.loads(line)
                if event["event"] == "ready":
                    ready.set_result(event["pid"])
                elif event["event"] == "forked" and event["id"] in self._children:
                    self._children[event["id"]].pid = event["pid"]
                elif event["event"] == "exited" and (child := self._children.pop(event["id"], None)):
                    child.exited.set_result(event["code"])
        except (ConnectionError, ValueError):
            pass
        if writer is self._writer:
            self._writer = None
        writer.close()
        # Nothing is awaited between the end of the stream and this, so that no new child is taken for a lost one.
        lost, self._children = self._children, {}
        if self._ready is ready:
            self._ready = None
        for child in lost.values():
            child.exited.set_result(LOST)
        if not ready.done():
            ready.set_exception(ConnectionError("The forkserver ended before it was ready."))
            ready.exception()
        elif not self._closing and self._process is process:
            await self.start()
        await asyncio.to_thread(_wait, process, 2.0)


def _line(command: dict[str, Any]) -> bytes:
    return orjson.dumps(command, option=orjson.OPT_APPEND_NEWLINE)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
