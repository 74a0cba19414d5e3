"""A small HTTP server on this computer for the tests: a folder with byte ranges, and handlers of one's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler


@dataclass
class Web:
    """A running server; ``log`` notes the method, the path and the range of each request."""

    url: str
    log: list[tuple[str, str, str | None]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """The paths that were asked for."""
        return [path for _, path, _ in self.log]


@contextmanager
def serving(folder: Path, *routes: tuple[Any, ...]) -> Iterator[Web]:
    """Serve a folder, and other routes before it, from a thread on a free port of 127.0.0.1."""
    loop = asyncio.new_event_loop()
    sockets = bind_sockets(0, "127.0.0.1")
    web = Web(f"http://127.0.0.1:{sockets[0].getsockname()[1]}")

    class Noting(Application):
        def find_handler(self, request: Any, **options: Any) -> Any:
            web.log.append((str(request.method), str(request.uri), request.headers.get("Range")))
            return super().find_handler(request, **options)

    started = threading.Event()
    servers: list[HTTPServer] = []

    async def start() -> None:
        static = (r"/(.*)", StaticFileHandler, {"path": str(folder)})
        application = Noting([*routes, static], log_function=lambda handler: None)
        server = HTTPServer(application)
        server.add_sockets(sockets)
        servers.append(server)
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield web
    finally:

        async def stop() -> None:
            servers[0].stop()
            await servers[0].close_all_connections()

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
