"""Changes of jobs that a Jupyter server pushes, received on a thread."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import websocket

from gdc_jupyter.server import Server

JOB_EVENT = "urn:gdc-jupyter:job:1"
#: Seconds: until a connection, without a word before it is asked whether it lives, and between two attempts.
_TIMEOUT, _SILENCE, _PAUSES = 10.0, 30.0, (2.0, 60.0)


class JobEvents:
    """A subscription to the events of a server, which is renewed when it breaks.

    Parameters
    ----------
    server : Server
        A Jupyter server that serves the API.
    take : callable
        Called with the id, the status and the progress of a job that has changed.
    connected : callable
        Called each time that the connection was made, with True, or was lost, with False.
    """

    def __init__(
        self, server: Server, take: Callable[[str, str, float], None], connected: Callable[[bool], None]
    ) -> None:
        self._server, self._take, self._connected = server, take, connected
        self._closed = threading.Event()
        self._socket: websocket.WebSocket | None = None
        self._thread = threading.Thread(target=self._run, name="gdc-job-events", daemon=True)
        self._thread.start()

    @property
    def live(self) -> bool:
        """Whether changes are pushed at present."""
        return self._socket is not None

    def close(self) -> None:
        """End the subscription."""
        self._closed.set()
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(Exception):  # whatever it says, nobody needs it any more
                connection.abort()  # type: ignore[no-untyped-call]

    def _run(self) -> None:
        pause = _PAUSES[0]
        while not self._closed.is_set():
            try:
                self._socket = self._connect()
                self._connected(True)
                pause = _PAUSES[0]
                self._listen(self._socket)
            except (OSError, websocket.WebSocketException):
                pass
            finally:
                if self._socket is not None:
                    self._socket.shutdown()  # type: ignore[no-untyped-call]
                    self._socket = None
                    self._connected(False)
            self._closed.wait(pause)
            pause = min(_PAUSES[1], pause * 2)

    def _connect(self) -> websocket.WebSocket:
        return websocket.create_connection(
            events_url(self._server.url),
            timeout=_TIMEOUT,
            header=[f"Authorization: token {self._server.token}"],
            suppress_origin=True,
        )

    def _listen(self, connection: websocket.WebSocket) -> None:
        connection.settimeout(_SILENCE)
        asked = False
        while not self._closed.is_set():
            try:
                opcode, content = connection.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException:
                if asked:
                    raise
                connection.ping()
                asked = True
                continue
            asked = False
            change = read_event(content) if opcode == websocket.ABNF.OPCODE_TEXT else None
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return
            if change is not None:
                self._take(*change)


def events_url(api_url: str) -> str:
    """Return the address of the events of the Jupyter server that serves an API."""
    parts = urlsplit(api_url)
    base = parts.path.rstrip("/").removesuffix("/gdc")
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}{base}/api/events/subscribe"


def read_event(text: str | bytes) -> tuple[str, str, float] | None:
    """Return the id, the status and the progress of a job; None where an event is about something else."""
    try:
        event: Any = json.loads(text)
        if event["schema_id"] != JOB_EVENT:
            return None
        return str(event["id"]), str(event["status"]), float(event["progress"])
    except (ValueError, KeyError, TypeError):
        return None
