"""A small DAP server whose answers are written by hand, as other servers write them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class DapServer:
    """Answers what a function says; keeps what it was asked.

    Parameters
    ----------
    answer : callable
        From path and query to status and body.
    """

    def __init__(self, answer: Callable[[str, str], tuple[int, bytes]]) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path, _, query = self.path.partition("?")
                server.asked.append((self.path, dict(self.headers)))
                status, body = answer(path, query)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def dap_server():
    """Return what starts a server, given what it answers."""
    servers: list[DapServer] = []

    def start(answer):
        servers.append(DapServer(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
