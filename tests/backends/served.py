"""What the back-ends for tests share: an HTTP server in a process of its own, and switches that make it misbehave.

A back-end is a class with ``answer(request)``. ``POST /control`` takes a JSON object with any of these switches:

``delay``
    Seconds that each answer waits, or an object from patterns to seconds.
``fail``, ``rubbish``, ``gone``
    True, or a list of patterns: these requests are answered with 500, with broken JSON, or not at all.
``reset``
    True: everything is as it was at the start, the log of requests included.

Others are the back-end's own. A pattern is a regular expression that is looked for in ``GET /path``, the path counted
from the root of the API. ``GET /control`` answers the log of the requests. Neither is itself delayed, or logged.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, OpenEO-Identifier, OpenEO-Costs, Link, Content-Length",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Range",
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
}
RUBBISH = b'{"collections": [{"id": "half'


@dataclass
class Request:
    """What is asked: the path without the root of the API, and the body as JSON."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class Answer:
    """What is answered: bytes as they are, None as nothing, all else as JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def refused(status: int, code: str, message: str) -> Answer:
    """Return an error as openEO has it."""
    return Answer({"id": "936DA01F", "code": code, "message": message, "links": []}, status)


class Backend(Protocol):
    """What is served."""

    #: The path of the API on its server, without a slash at its end.
    root: str

    def answer(self, request: Request) -> Answer:
        """Answer a request below the root."""

    def outside(self, path: str) -> Answer | None:
        """Answer a request that is not below the root."""

    def control(self, name: str, value: Any) -> bool:
        """Take a switch of its own; return whether there is one of that name."""


#: Makes a back-end, given the address of the server.
Maker = Callable[[str], Backend]


class Switches:
    """How the server misbehaves."""

    def __init__(self) -> None:
        self.set: dict[str, Any] = {"delay": 0, "fail": [], "rubbish": [], "gone": []}

    def take(self, name: str, value: Any) -> bool:
        if name not in self.set:
            return False
        self.set[name] = value
        return True

    def delay(self, asked: str) -> float:
        delay = self.set["delay"]
        if isinstance(delay, dict):
            return max((seconds for pattern, seconds in delay.items() if re.search(pattern, asked)), default=0)
        return float(delay)

    def has(self, name: str, asked: str) -> bool:
        patterns = self.set[name]
        return patterns if isinstance(patterns, bool) else any(re.search(pattern, asked) for pattern in patterns)


class Served:
    """A back-end, its switches and the log of what was asked."""

    def __init__(self, make: Maker, address: str) -> None:
        self.make, self.address = make, address
        self.reset()

    def reset(self) -> None:
        self.backend, self.switches = self.make(self.address), Switches()
        self.log: list[dict[str, Any]] = []

    def control(self, switches: dict[str, Any]) -> Answer:
        if switches.pop("reset", False):
            self.reset()
        for name, value in switches.items():
            if not (self.switches.take(name, value) or self.backend.control(name, value)):
                return refused(400, "SwitchUnknown", f"There is no switch '{name}'.")
        return Answer(self.switches.set)

    def answer(self, asked: HTTPServerRequest) -> Answer:
        path = asked.path
        root = self.backend.root
        if path != root and not path.startswith(f"{root}/"):
            return self.backend.outside(path) or refused(404, "NotFound", f"There is nothing at {path}.")
        query = {name: values[-1].decode() for name, values in asked.query_arguments.items()}
        try:
            body = json.loads(asked.body) if asked.body else None
        except ValueError:
            return refused(400, "RequestBodyInvalid", "The body is no JSON.")
        relative = path.removeprefix(root).rstrip("/") or "/"
        request = Request(str(asked.method), relative, query, asked.headers, body)
        entry = {"method": request.method, "path": request.path, "query": query, "body": body, "status": None}
        self.log.append(entry)
        name = f"{request.method} {request.path}"
        if self.switches.has("fail", name):
            answer = refused(500, "Internal", "Something is broken in <b>one</b> of the back-ends.")
        elif self.switches.has("rubbish", name):
            answer = Answer(RUBBISH)
        else:
            answer = self.backend.answer(request)
        entry["status"] = answer.status
        return answer


class _Handler(RequestHandler):
    def initialize(self, served: Served) -> None:
        self.served = served

    def set_default_headers(self) -> None:
        for name, value in CORS.items():
            self.set_header(name, value)

    async def _any(self) -> None:
        if self.request.path == "/control":
            return self._write(self._control())
        switches, path = self.served.switches, self.request.path.removeprefix(self.served.backend.root) or "/"
        name = f"{self.request.method} {path}"
        if self.request.method != "OPTIONS":
            await asyncio.sleep(switches.delay(name))
        if switches.has("gone", name):
            return self.request.connection.stream.close()  # type: ignore[union-attr, attr-defined]
        return self._write(self.served.answer(self.request))

    get = post = put = patch = delete = _any

    def options(self) -> None:
        self.set_status(204)

    def _control(self) -> Answer:
        if self.request.method == "GET":
            return Answer({"requests": self.served.log})
        return self.served.control(json.loads(self.request.body))

    def _write(self, answer: Answer) -> None:
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        if answer.status != 204:
            self.set_header("Content-Type", answer.media_type)
            self.write(answer.content)


def serve(make: Maker, port: int = 0) -> None:
    """Serve a back-end at 127.0.0.1, having told the port on the standard output, until the process ends."""

    async def run() -> None:
        sockets = bind_sockets(port, "127.0.0.1")
        number = sockets[0].getsockname()[1]
        served = Served(make, f"http://127.0.0.1:{number}")
        server = HTTPServer(Application([(r".*", _Handler, {"served": served})], compress_response=True))
        server.add_sockets(sockets)
        print(json.dumps({"port": number, "root": served.backend.root}), flush=True)
        # The test that started this process holds the other end: when it is gone, so is this.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    asyncio.run(run())
