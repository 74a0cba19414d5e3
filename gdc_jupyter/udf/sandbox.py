"""The process of the user's code: its limits, its streams, and its loop of requests."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import resource
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from gdc_jupyter.udf import contract, wire
from gdc_jupyter.udf.limits import limit_memory, lower

STDOUT, STDERR, RECORDS = "stdout.txt", "stderr.txt", "records.jsonl"
_MODULES = 8


def main(connection: socket.socket, folder: Path, memory: int) -> None:
    """Answer requests until the connection closes.

    Parameters
    ----------
    connection : socket.socket
        Where requests come from.
    folder : Path
        The working directory, in which the output goes to files.
    memory : int
        The bytes that the code may use beside what this process has already.
    """
    os.chdir(folder)
    _redirect()
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, memory)
    limit_memory(memory)
    functions: dict[str, Any] = {}
    while True:
        try:
            request = wire.receive(connection)
        except wire.Closed:
            return
        answer = _answer(request, functions)
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(wire.Closed):
            try:
                wire.send(connection, answer)
            except (TypeError, ValueError) as error:
                wire.send(connection, {"error": {"kind": "contract", "message": f"{error}"}})


def _answer(request: dict[str, Any], functions: dict[str, Any]) -> dict[str, Any]:
    _limit_time(request["seconds"])
    try:
        source = request["source"]
        if source not in functions:
            if len(functions) >= _MODULES:
                functions.clear()
            functions[source] = contract.find(contract.load(source))
        result = functions[source](request["data"], request["context"])
        return {"result": result}
    except contract.ContractError as error:
        return {"error": {"kind": "contract", "message": str(error)}}
    except MemoryError:
        return {"error": {"kind": "memory", "message": ""}}
    except BaseException as error:
        return {"error": {"kind": "exception", "message": describe(error)}}


def describe(error: BaseException) -> str:
    """Return an exception with the lines of the user's source on the way to it."""
    name = type(error).__name__
    if isinstance(error, SyntaxError) and str(error.filename).startswith(contract.FILE):
        return f"{name} in line {error.lineno}: {error.msg}: {(error.text or '').strip()}"
    text = " ".join(str(error).split())[:1000]
    lines = [
        f"line {frame.lineno}, in {frame.name}: {frame.line}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(contract.FILE)
    ]
    place = f" ({'; '.join(lines[-10:])})" if lines else ""
    return f"{name}{': ' + text if text else ''}{place}"


def _limit_time(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _redirect() -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, name in ((1, STDOUT), (2, STDERR)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.close(nothing)
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.INFO, handlers=[_Records(Path(RECORDS).absolute())], force=True)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Records(logging.Handler):
    """Writes log records, as those of ``openeo.udf.inspect``, to a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        message = record.getMessage()
        data = getattr(record, "data", None)
        if data is not None:
            message = f"{message} {data}".strip()
        print(json.dumps({"level": _level(record.levelno), "message": message}), file=self._file, flush=True)


def _level(number: int) -> str:
    names = [(logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info")]
    return next((name for least, name in names if number >= least), "debug")
