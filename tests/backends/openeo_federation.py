"""A federation of openEO back-ends for tests: ``python openeo_federation.py --version 1.1.0 --collections 2000``.

The user ``user`` has the password ``password``. There are no XYZ services, no estimates and no events, and before
version 1.2 no validation and no progress. Switches of its own:

``expired``
    True: the tokens given so far are not valid any more.
``advance``
    Seconds that the clock of the jobs is put forward.
``job_seconds``, ``job_outcome``
    How long jobs run that are started from now on, and whether they end as ``finished`` or ``error``.
``jobs``
    An object from ids to fields that replace those of a job (``status`` and the like), or null, which removes it.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from federation_collections import BACKENDS, collections, in_list, linked
from federation_jobs import Job, Jobs, rfc3339
from federation_processes import processes
from pictures import geotiff
from served import Answer, Request, refused, serve

USER, PASSWORD = "user", "password"
GEOTIFF_TYPE = "image/tiff; application=geotiff"
FORMATS = {
    "input": {"GeoJSON": {"title": "GeoJSON", "gis_data_types": ["vector"], "parameters": {}}},
    "output": {
        "GTiff": {"title": "GeoTIFF", "gis_data_types": ["raster"], "parameters": {"tiled": {"type": "boolean"}}},
        "netCDF": {"title": "netCDF", "gis_data_types": ["raster"], "parameters": {}},
        "PNG": {"title": "PNG", "gis_data_types": ["raster"], "parameters": {}},
    },
}
#: Whom an endpoint is for, the methods, the template of its path, and the name of the method that answers.
ENDPOINTS = (
    ("all", "GET", "/", "landing"),
    ("all", "GET", "/conformance", "conformance"),
    ("all", "GET", "/credentials/basic", "log_in"),
    ("all", "GET", "/file_formats", "file_formats"),
    ("all", "GET", "/udf_runtimes", "udf_runtimes"),
    ("all", "GET", "/collections", "list_collections"),
    ("all", "GET", "/collections/{collection_id}", "describe_collection"),
    ("all", "GET", "/processes", "list_processes"),
    ("user", "GET", "/me", "me"),
    ("user", "GET", "/jobs", "list_jobs"),
    ("user", "POST", "/jobs", "create_job"),
    ("user", "GET", "/jobs/{job_id}", "describe_job"),
    ("user", "PATCH", "/jobs/{job_id}", "change_job"),
    ("user", "DELETE", "/jobs/{job_id}", "delete_job"),
    ("user", "GET", "/jobs/{job_id}/logs", "job_logs"),
    ("user", "POST", "/jobs/{job_id}/results", "start_job"),
    ("user", "DELETE", "/jobs/{job_id}/results", "stop_job"),
    ("user", "GET", "/jobs/{job_id}/results", "job_results"),
    ("user", "POST", "/result", "result"),
    ("user", "GET", "/process_graphs", "list_graphs"),
    ("user", "GET", "/process_graphs/{graph_id}", "describe_graph"),
    ("user", "PUT", "/process_graphs/{graph_id}", "store_graph"),
    ("user", "DELETE", "/process_graphs/{graph_id}", "delete_graph"),
)
VALIDATION = ("user", "POST", "/validation", "validation")


class Federation:
    """What the federation knows, and its answers."""

    def __init__(self, address: str, version: str, collection_count: int, job_count: int) -> None:
        self.root = f"/openeo/{version}"
        self.url, self.server, self.version = f"{address}{self.root}", address, version
        self.newer = version.startswith("1.2")
        self.collections = {one["id"]: one for one in collections(collection_count)}
        self.processes = processes()
        self.jobs = Jobs(job_count)
        self.graphs: dict[str, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        self._token_numbers = itertools.count(1)
        self.endpoints = [*ENDPOINTS, *([VALIDATION] if self.newer else [])]
        self._patterns = [
            (who, method, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), getattr(self, name))
            for who, method, path, name in self.endpoints
        ]

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/files/"):
            return Answer(geotiff(), media_type=GEOTIFF_TYPE)
        for who, method, pattern, function in self._patterns:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                if who == "user" and (refusal := self._refusal(request)):
                    return refusal
                return self._called(function, request, {key: unquote(text) for key, text in found.groupdict().items()})
        return refused(501, "FeatureUnsupported", "None of the back-ends of this federation has this.")

    def outside(self, path: str) -> Answer | None:
        if path != "/.well-known/openeo":
            return None
        return Answer({"versions": [{"url": f"{self.url}/", "production": False, "api_version": self.version}]})

    def control(self, name: str, value: Any) -> bool:
        match name:
            case "expired":
                self.tokens.clear()
            case "advance":
                self.jobs.clock.ahead += value
            case "job_seconds":
                self.jobs.seconds = value
            case "job_outcome":
                self.jobs.outcome = value
            case "jobs":
                for job_id, fields in value.items():
                    if fields is None:
                        self.jobs.jobs.pop(job_id, None)
                    else:
                        self.jobs.jobs[job_id].fixed.update(fields)
            case _:
                return False
        return True

    def _called(self, function: Callable[..., Answer], request: Request, parts: dict[str, str]) -> Answer:
        """Call what answers: with the job, where the path names one."""
        if "job_id" not in parts:
            return function(request, **parts)
        job = self.jobs.jobs.get(parts["job_id"])
        if job is None:
            return refused(404, "JobNotFound", f"The batch job '{parts['job_id']}' does not exist.")
        return function(request, job)

    def _refusal(self, request: Request) -> Answer | None:
        given = request.headers.get("Authorization", "")
        if not given:
            return refused(401, "AuthenticationRequired", "Unauthorized.")
        if given.removeprefix("Bearer basic//") not in self.tokens:
            return refused(403, "TokenInvalid", "The authorization token has expired or is invalid.")
        return None

    def landing(self, request: Request) -> Answer:
        methods: dict[str, list[str]] = {}
        for _, method, path, _ in self.endpoints:
            methods.setdefault(path, []).append(method)
        return Answer(
            {
                "type": "Catalog",
                "api_version": self.version,
                "backend_version": "0.0.1",
                "stac_version": "1.0.0",
                "id": "federation",
                "title": "Federation for tests",
                "description": "A federation of **three** back-ends.",
                "production": False,
                "endpoints": [{"path": path, "methods": names} for path, names in methods.items()],
                "federation": {
                    name: {"title": name.title(), "url": f"https://{name}.example.org/openeo/", "status": "online"}
                    for name in BACKENDS
                },
                "conformsTo": self._classes(),
                "links": [
                    {"rel": "self", "href": f"{self.url}/", "type": "application/json"},
                    {"rel": "version-history", "href": f"{self.server}/.well-known/openeo", "type": "application/json"},
                    {"rel": "data", "href": f"{self.url}/collections", "type": "application/json"},
                    {"rel": "conformance", "href": f"{self.url}/conformance", "type": "application/json"},
                ],
            }
        )

    def _classes(self) -> list[str]:
        classes = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/collections"]
        return [*classes, "https://api.openeo.org/1.2.0"] if self.newer else classes

    def conformance(self, request: Request) -> Answer:
        return Answer({"conformsTo": self._classes()})

    def log_in(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return refused(403, "CredentialsInvalid", "Credentials are not correct.")
        token = f"token-{next(self._token_numbers)}"
        self.tokens.add(token)
        return Answer({"access_token": token})

    def file_formats(self, request: Request) -> Answer:
        return Answer(FORMATS)

    def udf_runtimes(self, request: Request) -> Answer:
        python = {
            "type": "language",
            "default": "3",
            "versions": {"3": {"libraries": {"numpy": {"version": "1.22.4"}}}},
        }
        return Answer({"Python": python})

    def list_collections(self, request: Request) -> Answer:
        found = [in_list(number, one, self.url) for number, one in enumerate(self.collections.values())]
        return self._page(request, "/collections", "collections", found)

    def describe_collection(self, request: Request, collection_id: str) -> Answer:
        found = self.collections.get(collection_id)
        if found is None:
            return refused(404, "CollectionNotFound", f"Collection '{collection_id}' does not exist.")
        return Answer(linked(found, self.url))

    def list_processes(self, request: Request) -> Answer:
        return self._page(request, "/processes", "processes", self.processes)

    def me(self, request: Request) -> Answer:
        return Answer({"user_id": USER, "name": "A user", "links": []} | ({"budget": None} if self.newer else {}))

    def _job(self, job: Job, whole: bool) -> dict[str, Any]:
        now = self.jobs.clock.now()
        fields = job.fields if whole else {key: job.fields[key] for key in ("title",) if key in job.fields}
        described = {
            "id": job.id,
            **fields,
            "status": job.status(now),
            "created": rfc3339(job.created),
            "updated": rfc3339(job.updated(now)),
        }
        if self.newer:
            described["progress"] = job.progress(now)
            if described["status"] == "finished":
                described["usage"] = {"duration": {"value": round(job.seconds, 1), "unit": "seconds"}}
        return described | job.fixed

    def list_jobs(self, request: Request) -> Answer:
        listed = [self._job(job, whole=False) for job in reversed(self.jobs.jobs.values())]
        return self._page(request, "/jobs", "jobs", listed)

    def create_job(self, request: Request) -> Answer:
        if not isinstance(request.body, dict) or "process_graph" not in request.body.get("process", {}):
            return refused(400, "ProcessGraphMissing", "No valid process graph specified.")
        job = self.jobs.create({name: value for name, value in request.body.items() if value is not None})
        return Answer(b"", 201, {"Location": f"{self.url}/jobs/{job.id}", "OpenEO-Identifier": job.id})

    def describe_job(self, request: Request, job: Job) -> Answer:
        return Answer(self._job(job, whole=True))

    def change_job(self, request: Request, job: Job) -> Answer:
        if self._active(job):
            return refused(400, "JobLocked", "The job is queued or running and can not be changed.")
        job.fields |= request.body
        job.edited = self.jobs.clock.now()
        return Answer(None, 204)

    def delete_job(self, request: Request, job: Job) -> Answer:
        del self.jobs.jobs[job.id]
        return Answer(None, 204)

    def start_job(self, request: Request, job: Job) -> Answer:
        if not self._active(job):
            self.jobs.start(job)
        return Answer(b"", 202)

    def stop_job(self, request: Request, job: Job) -> Answer:
        if self._active(job):
            self.jobs.stop(job)
        return Answer(None, 204)

    def _active(self, job: Job) -> bool:
        return job.status(self.jobs.clock.now()) in ("queued", "running")

    def job_logs(self, request: Request, job: Job) -> Answer:
        entries = job.logs(self.jobs.clock.now())
        ids = [entry["id"] for entry in entries]
        offset = request.query.get("offset")
        if offset in ids:
            entries = entries[ids.index(offset) + 1 :]
        levels = ("debug", "info", "warning", "error")
        least = request.query.get("level", "debug") if self.newer else "debug"
        return Answer({"logs": [one for one in entries if one["level"] in levels[levels.index(least) :]], "links": []})

    def job_results(self, request: Request, job: Job) -> Answer:
        now = self.jobs.clock.now()
        status = job.status(now)
        if status == "error":
            return Answer({"id": "1", "code": "OutOfMemory", "message": "The job failed.", "level": "error"}, 424)
        if status != "finished":
            return refused(400, "JobNotFinished", "Batch job has not finished computing the results yet.")
        asset = {"href": f"{self.url}/files/{job.id}/openEO.tif", "type": GEOTIFF_TYPE, "roles": ["data"], "title": "A"}
        shared = {"stac_version": "1.0.0", "id": job.id, "assets": {"openEO.tif": asset}, "links": []}
        west, south, east, north = box = [11.0, 46.18, 11.32, 46.5]
        if self.newer:
            extent = {"spatial": {"bbox": [box]}, "temporal": {"interval": [["2022-06-01T00:00:00Z", None]]}}
            described = {"title": "Results", "description": "Results of a job.", "license": "other", "extent": extent}
            return Answer(shared | {"type": "Collection"} | described)
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        properties = {"datetime": rfc3339(job.created), "title": job.fields.get("title")}
        return Answer(shared | {"type": "Feature", "bbox": box, "geometry": geometry, "properties": properties})

    def result(self, request: Request) -> Answer:
        unknown = self._unknown(request.body["process"]["process_graph"])
        if unknown:
            return refused(400, "ProcessUnsupported", f"Process '{unknown[0]}' is not available.")
        return Answer(geotiff(), media_type=GEOTIFF_TYPE)

    def validation(self, request: Request) -> Answer:
        unknown = self._unknown(request.body["process_graph"])
        errors = [{"code": "ProcessUnsupported", "message": f"Process '{name}' is not available."} for name in unknown]
        return Answer({"errors": errors})

    def _unknown(self, graph: dict[str, Any]) -> list[str]:
        known = {one["id"] for one in self.processes} | self.graphs.keys()
        return [node["process_id"] for node in graph.values() if node["process_id"] not in known]

    def list_graphs(self, request: Request) -> Answer:
        short = [{key: value for key, value in one.items() if key != "process_graph"} for one in self.graphs.values()]
        return self._page(request, "/process_graphs", "processes", short)

    def describe_graph(self, request: Request, graph_id: str) -> Answer:
        found = self.graphs.get(graph_id)
        return Answer(found) if found else refused(404, "ProcessGraphNotFound", f"There is no process '{graph_id}'.")

    def store_graph(self, request: Request, graph_id: str) -> Answer:
        self.graphs[graph_id] = request.body | {"id": graph_id}
        return Answer(b"")

    def delete_graph(self, request: Request, graph_id: str) -> Answer:
        return Answer(None, 204) if self.graphs.pop(graph_id, None) else self.describe_graph(request, graph_id)

    def _page(self, request: Request, path: str, name: str, found: list[dict[str, Any]]) -> Answer:
        """Return all that was found, or where a limit is asked for so many, with a link to the next."""
        start, links = int(request.query.get("start", 0)), []
        if "limit" in request.query:
            end = start + int(request.query["limit"])
            if end < len(found):
                links.append({"rel": "next", "href": f"{self.url}{path}?limit={end - start}&start={end}"})
            found = found[start:end]
        return Answer({name: found, "links": links, "federation:missing": []})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A federation of openEO back-ends for tests.")
    parser.add_argument("--version", default="1.1.0", choices=["1.1.0", "1.2.0"])
    parser.add_argument("--collections", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=12)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    serve(lambda address: Federation(address, given.version, given.collections, given.jobs), given.port)
