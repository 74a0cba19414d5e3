"""An openEO back-end of a few lines, whose jobs a test steers, and which can go away and come back."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

LANDING_PAGE = {
    "api_version": "1.2.0",
    "backend_version": "1",
    "stac_version": "1.0.0",
    "id": "stub",
    "title": "Stub",
    "description": "",
    "endpoints": [{"path": "/credentials/basic", "methods": ["GET"]}],
    "links": [],
}


class Backend:
    def __init__(self) -> None:
        self.jobs: dict[str, dict] = {}
        self.log_entries: list[dict] = []
        self.results: dict[str, Path] = {}
        self.service_types: dict[str, dict] = {}
        self.services: dict[str, dict] = {}
        self.server: ThreadingHTTPServer | None = None
        self.port = 0
        self.computed: bytes | None = None
        self.asked_to_compute: list[dict] = []
        self.requests: list[tuple[str, str]] = []
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def up(self) -> None:
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                backend.requests.append((self.command, self.path))
                status, content = backend.route(self.command, self.path.partition("?")[0].rstrip("/"), self)
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if status == 201:
                    self.send_header("OpenEO-Identifier", content["id"])
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def route(self, method: str, path: str, request: BaseHTTPRequestHandler) -> tuple[int, object]:
        if path == "":
            return 200, LANDING_PAGE
        if path == "/credentials/basic":
            return 200, {"access_token": "granted"}
        if path == "/service_types":
            return 200, self.service_types
        if path.startswith("/file/"):
            return 200, self.results[path.rpartition("/")[2]].read_bytes()
        if not str(request.headers.get("Authorization", "")).startswith("Bearer basic//"):
            return 401, {"code": "AuthenticationRequired", "message": "Unauthorized."}
        if path == "/jobs":
            return 200, {"jobs": list(self.jobs.values()), "links": []}
        if path == "/result":
            self.asked_to_compute.append(json.loads(request.rfile.read(int(request.headers["Content-Length"]))))
            if self.computed is None:
                return 400, {"code": "ResultTooLarge", "message": "The result is too large."}
            return 200, self.computed
        if path.startswith("/services"):
            return self.service_route(method, path.split("/")[2:], request)
        _, _, job_id, *rest = path.split("/")
        if job_id not in self.jobs:
            return 404, {"code": "JobNotFound", "message": f"The job '{job_id}' does not exist."}
        return self.job_route(method, job_id, rest)

    def service_route(self, method: str, rest: list[str], request: BaseHTTPRequestHandler) -> tuple[int, object]:
        if method == "POST":
            asked = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
            service = {**asked, "id": f"service-{len(self.services)}", "url": "https://tiles.example.org/{z}/{x}/{y}"}
            self.services[service["id"]] = service
            return 201, service
        if rest[1:] == ["logs"]:
            return 200, {"logs": self.log_entries, "links": []}
        if method == "DELETE":
            del self.services[rest[0]]
            return 204, b""
        return 200, self.services[rest[0]]

    def job_route(self, method: str, job_id: str, rest: list[str]) -> tuple[int, object]:
        job = self.jobs[job_id]
        if rest == ["logs"]:
            return 200, {"logs": self.log_entries, "links": []}
        if rest == ["results"] and method == "POST":
            job["status"] = "queued"
            return 202, {}
        if rest == ["results"] and method == "DELETE":
            job["status"] = "canceled"
            return 204, b""
        if rest == ["results"]:
            assets = {name: {"href": f"{self.url}file/{name}", "roles": ["data"]} for name in self.results}
            return 200, {"stac_version": "1.0.0", "type": "Feature", "id": job_id, "assets": assets, "links": []}
        if method == "DELETE":
            del self.jobs[job_id]
            return 204, b""
        return 200, job


@pytest.fixture
def backend():
    one = Backend()
    yield one
    one.down()


@pytest.fixture
def connection(backend):
    from gdc_jupyter.client import connect

    return connect(backend.url, user="me", token="secret-token")
