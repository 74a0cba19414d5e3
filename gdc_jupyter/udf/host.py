"""The warm process that forks one for code of the user when asked: ``python -m gdc_jupyter.udf.host FD``.

It has the openEO client loaded, which takes seconds, and one thread, so that forking is safe; and it was started with
an environment without secrets. A request is a JSON object with ``do``: ``fork`` (with ``folder`` and ``memory``, and
the socket of the new process beside it), answered with its ``pid``; or ``end`` (with ``pid``), answered with the exit
``code`` once it is gone, minus the number of the signal that ended it. When the other end closes, it ends with all.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PRELOADED = ("numpy", "xarray", "pandas", "shapely", "openeo.udf", "gdc_jupyter.udf.sandbox")


class Host:
    """Forks and ends processes on request.

    Parameters
    ----------
    connection : socket.socket
        Where requests come from.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pids: set[int] = set()

    def serve(self) -> None:
        """Answer until the other end closes."""
        self._tell({"ready": os.getpid()})
        while True:
            data, sockets, _, _ = socket.recv_fds(self._connection, 1 << 16, 1)
            if not data:
                break
            request = json.loads(data)
            if request["do"] == "fork":
                self._tell({"pid": self._fork(request, socket.socket(fileno=sockets[0]))})
            else:
                self._tell({"code": self._end(request["pid"])})
        for pid in list(self._pids):
            self._end(pid)

    def _fork(self, request: dict[str, Any], theirs: socket.socket) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_child(parent, request, theirs)
        theirs.close()
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        self._pids.add(pid)
        return pid

    def _be_child(self, parent: int, request: dict[str, Any], theirs: socket.socket) -> None:
        code = 1
        try:
            os.setpgid(0, 0)
            if sys.platform == "linux":
                ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != parent:
                    os._exit(1)
            self._connection.close()
            from gdc_jupyter.udf import sandbox

            sandbox.main(theirs, Path(request["folder"]), request["memory"])
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _end(self, pid: int) -> int:
        """End a process with all that it has started, and return its exit code."""
        if pid not in self._pids:
            return 0
        self._pids.discard(pid)
        done, status = os.waitpid(pid, os.WNOHANG)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if not done:
            _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _tell(self, message: dict[str, Any]) -> None:
        with suppress(OSError):
            self._connection.sendall(json.dumps(message).encode())


def _warm() -> None:
    """Do once what each process would do anew: the first cube loads dask, for one."""
    import xarray

    from gdc_jupyter.udf import contract

    function = contract.find(contract.load("def apply_datacube(cube, context):\n    return cube * 1\n"))
    function(xarray.DataArray([0.0]), {})


def main() -> None:
    """Run on the socket whose number is the first argument."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    for name in _PRELOADED:
        importlib.import_module(name)
    _warm()
    Host(connection).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
