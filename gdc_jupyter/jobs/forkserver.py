"""The warm process that forks a child for each job: ``python -m gdc_jupyter.jobs.forkserver FD``.

It has the heavy modules loaded and one thread. The server speaks to it over an inherited socket, a JSON object a
line: ``{"do": "fork", "id": 1, "request": {...}}`` and ``{"do": "kill", "id": 1, "signal": 15}``; it answers
``ready``, ``forked`` with the pid, ``exited`` with the exit code (minus the signal's number where one ended the child).
When the server's end of the socket closes, it ends with all its children.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
#: Loaded before the first fork: what every request needs.
FIRST = ("orjson", "gdc_jupyter.jobs.worker", "gdc_jupyter.graph")
#: Loaded afterwards, while nothing is asked for: what most need.
LATER = (
    "gdc_jupyter.jobs.store",
    "sqlalchemy.dialects.sqlite",
    "rasterio",
    "gdc_jupyter.cube.encode",
    "gdc_jupyter.catalog.catalog",
    "gdc_jupyter.samples",
    "gdc_jupyter.catalog.cog",
    "gdc_jupyter.catalog.stored",
    "netCDF4",
    "gdc_jupyter.processes.sorting_network",
)
#: Not seen by those who load them wherever they are installed: xarray would take 1.7 s for dask, jsonschema 0.9 s for
#: a format that nobody uses here. The engine's blocks are numpy arrays.
UNSEEN = ("dask", "rfc3987_syntax")


class Forkserver:
    """Forks on request and tells of exits.

    Parameters
    ----------
    connection : socket.socket
        The end of the socket pair that this process owns.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pids: dict[int, int] = {}
        self._buffer = b""
        self._later = [*(partial(load, name) for name in LATER), partial(attempt, _warm_store)]
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)

    def serve(self) -> None:
        """Answer requests until the server's end closes."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._tell({"event": "ready", "pid": os.getpid()})
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while True:
                events = selector.select(0 if self._later else None)
                if not events and self._later:
                    self._later.pop(0)()
                for key, _ in events:
                    if key.fileobj is self._connection and not self._receive():
                        self._end_children()
                        return
                    if key.fileobj == self._wake_read:
                        os.read(self._wake_read, 4096)
                self._reap()

    def _receive(self) -> bool:
        data = self._connection.recv(1 << 20)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            command = json.loads(line)
            if command["do"] == "fork":
                self._fork(command["id"], command["request"])
            elif command["do"] == "kill" and command["id"] in self._pids:
                _signal_group(self._pids[command["id"]], command["signal"])
        return bool(data)

    def _fork(self, number: int, request: dict[str, Any]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_child(parent, request)
        # Both sides set the group, so that it exists for whoever is first.
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        self._pids[number] = pid
        self._tell({"event": "forked", "id": number, "pid": pid})

    def _be_child(self, parent: int, request: dict[str, Any]) -> None:
        code = 1
        try:
            os.setpgid(0, 0)
            _die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            self._connection.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            from gdc_jupyter.jobs import worker

            code = worker.main(request)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        while self._pids:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            for number in [number for number, known in self._pids.items() if known == pid]:
                del self._pids[number]
                self._tell(
                    {
                        "event": "exited",
                        "id": number,
                        "code": os.waitstatus_to_exitcode(status),
                    }
                )

    def _end_children(self) -> None:
        for pid in self._pids.values():
            _signal_group(pid, signal.SIGKILL)

    def _tell(self, message: dict[str, Any]) -> None:
        # Where the server is gone, the next read says so and ends the children.
        with suppress(OSError):
            self._connection.sendall(json.dumps(message).encode() + b"\n")


def _signal_group(pid: int, number: int) -> None:
    """Send a signal to the group of a child that was not reaped, whose pid is therefore not anybody else's."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def attempt(work: Callable[[], object]) -> None:
    """Do something that may fail: it is told and left out, and the job that needs it says so itself."""
    try:
        work()
    except Exception:
        traceback.print_exc()
    # What is frozen is not touched by the children's collections, so that its pages stay shared.
    gc.freeze()


def load(name: str) -> None:
    """Load a module."""
    attempt(lambda: importlib.import_module(name))


def preload() -> None:
    """Load what every request needs, and fill the caches that each child would otherwise fill anew."""
    unseen = {name: None for name in UNSEEN if name not in sys.modules}
    sys.modules.update(unseen)  # type: ignore[arg-type]
    for name in FIRST:
        load(name)
    attempt(_warm_engine)
    for name in unseen:
        del sys.modules[name]


def _warm_store() -> None:
    from gdc_jupyter.jobs.store import JobStore

    store = JobStore("sqlite://")
    job = store.create("warm", {"process_graph": {}})
    store.enqueue(job.id, "warm")
    store.begin(job.id, "warm")
    store.set_progress(job.id, 1)
    store.add_log(job.id, "info", "warm")
    store.finish(job.id, {})
    store.close()


def _warm_engine() -> None:
    import xarray as xr

    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.graph import validate

    xr.DataArray([0.0])
    add = {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}
    validate({"process_graph": {"add": add}}, Catalog(Path(os.devnull), samples=False))


def main() -> None:
    """Run on the socket whose number is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    preload()
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.is_dir() else 1
    if threads > 1:
        print(
            f"forkserver: {threads} threads run before the first fork",
            file=sys.stderr,
            flush=True,
        )
    Forkserver(connection).serve()
    # Nothing is left to clean up, and taking all modules down would take its time.
    os._exit(0)


if __name__ == "__main__":
    main()
