"""Runs code of the user for a job: one process for each thread that asks, reused from block to block."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.udf import wire

if TYPE_CHECKING:
    from gdc_jupyter.settings import Permissions

_SECRET = re.compile(
    r"^(JUPYTER|JPY|GDC_)|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|KEY|COOKIE|DATABASE_URL", re.IGNORECASE
)
_START_SECONDS = 60.0
# What one block may say, and one run.
_LINES, _ALL_LINES, _LINE_LENGTH = 100, 1000, 1000
_OUTPUT_BYTES = 1 << 18
_STREAMS = (("stdout.txt", "info"), ("stderr.txt", "error"))
_RECORDS = "records.jsonl"


class Host:
    """The process that forks those of the user's code; see :mod:`gdc_jupyter.udf.host`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection, theirs = socket.socketpair()
        self._owner = os.getpid()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gdc_jupyter.udf.host", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                env=clean_environment(),
                cwd="/",
                # It ends when its socket closes, with all that it has started, however this process ends.
                start_new_session=True,
            )
        self._connection.settimeout(_START_SECONDS)
        if not self._receive().get("ready"):
            self._output.seek(0)
            words = self._output.read()[-500:].decode(errors="replace").strip().splitlines()
            self.close()
            raise GdcError("Internal", f"The process for user code does not start: {words[-1] if words else 'no word'}")

    @property
    def alive(self) -> bool:
        """Whether it can still be asked, and by this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def fork(self, folder: Path, memory: int) -> tuple[int, socket.socket]:
        """Return the pid of a new process for user code and the socket that leads to it."""
        ours, theirs = socket.socketpair()
        message = json.dumps({"do": "fork", "folder": str(folder), "memory": memory}).encode()
        with theirs, self._lock:
            try:
                socket.send_fds(self._connection, [message], [theirs.fileno()])
            except OSError:
                pass
            else:
                answer = self._receive()
                if "pid" in answer:
                    return answer["pid"], ours
        ours.close()
        raise GdcError("Internal", "The process for user code cannot be started: its host is gone.")

    def end(self, pid: int) -> int:
        """End a process for user code, with all that it has started, and return its exit code."""
        with self._lock:
            try:
                self._connection.sendall(json.dumps({"do": "end", "pid": pid}).encode())
            except OSError:
                return -signal.SIGKILL
            return int(self._receive().get("code", -signal.SIGKILL))

    def close(self) -> None:
        """End it with all that it has started."""
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._output.close()

    def _receive(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(self._connection.recv(1 << 16) or b"{}")
        except OSError:
            return {}
        return answer


_host: Host | None = None
_host_lock = threading.Lock()


def _shared_host() -> Host:
    global _host
    with _host_lock:
        if _host is None or not _host.alive:
            _host = Host()
            atexit.register(_host.close)
        return _host


class Worker:
    """A process for user code.

    Parameters
    ----------
    folder : Path
        Its working directory, which does not exist yet.
    memory : int
        The bytes that the code may use.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._host = _shared_host()
        self._pid, self._connection = self._host.fork(folder, memory)
        self._read: dict[str, int] = {}

    def ask(self, request: dict[str, Any], seconds: float, largest: int) -> dict[str, Any]:
        """Return the answer to a request; see :mod:`gdc_jupyter.udf.wire` for what it raises."""
        deadline = time.monotonic() + seconds
        wire.send(self._connection, request, deadline)
        answer: dict[str, Any] = wire.receive(self._connection, deadline, largest)
        return answer

    def output(self) -> Iterator[tuple[str, str]]:
        """Yield level and text of the lines that the code has written since the last time."""
        for name, level in _STREAMS:
            for line in self._lines(name):
                yield level, line
        for line in self._lines(_RECORDS):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                record = json.loads(line)
                yield str(record["level"]), str(record["message"])

    def _lines(self, name: str) -> list[str]:
        try:
            with (self.folder / name).open("rb") as file:
                file.seek(self._read.get(name, 0))
                data = file.read(_OUTPUT_BYTES)
                file.seek(0, os.SEEK_END)
                self._read[name] = file.tell()
        except OSError:
            return []
        return [line for line in data.decode(errors="replace").splitlines() if line.strip()]

    def end(self) -> int:
        """End the process and return its exit code."""
        self._connection.close()
        return self._host.end(self._pid)


class Runtime:
    """The processes for user code of one run.

    Parameters
    ----------
    permissions : Permissions
        The limits.
    log : callable
        Told level and text of the lines that the code writes.
    """

    def __init__(self, permissions: Permissions, log: Callable[[str, str], None]) -> None:
        self._permissions, self._log = permissions, log
        self._folder = Path(tempfile.mkdtemp(prefix="udf-", dir=self._permissions.scratch))
        self._lock = threading.Lock()
        #: What the result of code looks like, by whatever tells calls apart; for those who call it.
        self.shapes: dict[Any, Any] = {}
        self._idle: list[Worker] = []
        self._all: list[Worker] = []
        self._count = self._lines = 0
        self._closed = False

    def run(self, source: str, data: Any, context: Any, *, quiet: bool = False) -> Any:
        """Return what the code makes of data.

        Parameters
        ----------
        source : str
            Python source by the contract of :mod:`gdc_jupyter.udf.contract`.
        data : object
            A cube, a number, text, or a list of them.
        context : object
            JSON.
        quiet : bool
            Whether what the code writes is for debugging only.

        Raises
        ------
        GdcError
            ``UdfFailed`` where the code raises, takes too long or too much memory, or breaks the contract.
        """
        worker = self._acquire()
        seconds = self._permissions.udf_seconds
        request = {"source": source, "data": data, "context": context, "seconds": seconds}
        try:
            answer = worker.ask(request, seconds, self._permissions.udf_memory)
        except (TypeError, ValueError) as error:
            self._release(worker)
            raise _failed(f"The data cannot be given to the UDF: {error}") from None
        except wire.Late:
            self._lose(worker, quiet)
            raise _failed(
                f"The UDF took longer than the {seconds:g} s that it may for one block. Make it faster, or have the "
                "server's limit udf_seconds raised."
            ) from None
        except wire.Closed:
            raise _failed(self._death(self._lose(worker, quiet))) from None
        except Exception:
            self._lose(worker, quiet)
            raise _failed("The UDF's process answered what cannot be understood.") from None
        self._tell(worker, quiet)
        self._release(worker)
        if "error" in answer:
            raise _failed(self._reason(answer["error"]))
        return answer["result"]

    def close(self) -> None:
        """End all processes and remove their folders."""
        with self._lock:
            self._closed = True
            workers, self._all, self._idle = self._all, [], []
        for worker in workers:
            worker.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _acquire(self) -> Worker:
        with self._lock:
            if self._closed:
                raise _failed("The run has ended.")
            if self._idle:
                return self._idle.pop()
            self._count += 1
            folder = self._folder / str(self._count)
        worker = Worker(folder, self._permissions.udf_memory)
        with self._lock:
            self._all.append(worker)
        return worker

    def _release(self, worker: Worker) -> None:
        with self._lock:
            self._idle.append(worker)

    def _lose(self, worker: Worker, quiet: bool) -> int:
        with self._lock:
            if worker in self._all:
                self._all.remove(worker)
        code = worker.end()
        self._tell(worker, quiet)
        return code

    def _tell(self, worker: Worker, quiet: bool) -> None:
        for number, (level, line) in enumerate(worker.output()):
            with self._lock:
                self._lines += 1
                count = self._lines
            if number >= _LINES or count > _ALL_LINES:
                if number == _LINES or count == _ALL_LINES + 1:
                    self._log("warning", "UDF: it writes more lines; they are left out.")
                break
            self._log("debug" if quiet else level, f"UDF: {line[:_LINE_LENGTH]}")

    def _reason(self, error: dict[str, Any]) -> str:
        if error["kind"] == "memory":
            return self._too_large()
        return f"The UDF raised {error['message']}" if error["kind"] == "exception" else str(error["message"])

    def _death(self, code: int) -> str:
        if code == -signal.SIGXCPU:
            return (
                f"The UDF used more than the {self._permissions.udf_seconds:g} s of processor time that it may for one "
                "block. Make it faster, or have the server's limit udf_seconds raised."
            )
        if code in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS):
            return f"{self._too_large()} (Its process was ended by signal {-code}.)"
        if code < 0:
            return f"The UDF's process was ended by signal {-code}."
        return f"The UDF ended its process with code {code} in place of returning."

    def _too_large(self) -> str:
        return (
            f"The UDF needs more than the {self._permissions.udf_memory / 2**20:.0f} MiB of memory that it may use. "
            "Use less for one block, or have the server's limit udf_memory raised."
        )


def clean_environment() -> dict[str, str]:
    """Return the environment without what looks like a secret, with one thread for each numerical library."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return kept | dict.fromkeys(threads, "1")


def _failed(message: str) -> GdcError:
    return GdcError("UdfFailed", message)
