"""OGC processes over HTTP: described, executed at once and as jobs, with callbacks, and by a client."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import requests
from rasterio.io import MemoryFile

AREA = {"bbox": [11.33, 46.48, 11.34, 46.49]}
TIFF = {"result": {"format": {"mediaType": "image/tiff; application=geotiff"}}}
SUBSET = {"collection": "S2_ALPS", "bbox": AREA, "datetime": ["2022-06-05", "2022-06-06"], "bands": ["B04"]}


@pytest.fixture(scope="module")
def server(serve, sample_data, tmp_path_factory):
    """A server that may call back to this computer."""
    log = tmp_path_factory.mktemp("executions") / "log"
    server = serve(sample_data, log, "--GdcApp.callback_hosts=127.0.0.1", "--GdcApp.hosts=127.0.0.1")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def receiver():
    """An HTTP server that keeps what it is told, and refuses the first time."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, body))
            tries = sum(path == self.path for path, _ in seen)
            self.send_response(503 if self.path == "/flaky" and tries == 1 else 302 if self.path == "/moved" else 200)
            if self.path == "/moved":
                self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            text = b'"S2_ALPS"'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    seen: list = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def execute(server, process, prefer=None, **body):
    headers = {"Prefer": prefer} if prefer else {}
    url = f"{server.url}/processes/{process}/execution"
    return server.session.post(url, json=body, headers=headers, timeout=60)


def done(server, job):
    deadline = time.monotonic() + 30
    while (info := server.get(f"/jobs/{job}").json())["status"] in ("accepted", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return info


def test_processes_are_listed_and_described(server, matches):
    listed = server.get("/processes").json()
    matches(listed, ("/processes", "get"))
    by_id = {each["id"]: each for each in listed["processes"]}
    assert {"echo", "coverage_subset", "ndvi_composite", "zonal_statistics"} <= by_id.keys()
    for name in ("echo", "coverage_subset", "ndvi"):
        described = server.get(f"/processes/{name}").json()
        matches(described, ("/processes/{processID}", "get"))
    assert server.get("/processes/coverage_subset").json()["inputs"]["collection"]["schema"] == {"type": "string"}
    missing = server.get("/processes/nothing")
    assert (missing.status_code, missing.json()["type"].rsplit("/", 1)[1]) == (404, "no-such-process")


def test_echo(server):
    for value in ({"a": [1, None]}, [1, 2], "x", 5, True):
        sent = {"value": value} if isinstance(value, dict) else value
        assert execute(server, "echo", inputs={"value": sent}).json() == value
    document = execute(server, "echo", response="document", inputs={"value": 7})
    assert document.json() == {"result": 7}


def test_raw_and_document_results_are_the_same(server):
    raw = execute(server, "coverage_subset", prefer="respond-sync", inputs=SUBSET, outputs=TIFF)
    assert raw.status_code == 200, raw.text
    assert raw.headers["Preference-Applied"] == "respond-sync"
    assert raw.headers["Content-Type"].startswith("image/tiff; application=geotiff")
    document = execute(server, "coverage_subset", response="document", inputs=SUBSET, outputs=TIFF).json()["result"]
    files = [raw.content, base64.b64decode(document["value"])]
    coverage = requests.get(
        f"{server.url}/collections/S2_ALPS/coverage?bbox=11.33,46.48,11.34,46.49&datetime=2022-06-05&properties=B04&f=geotiff",
        timeout=30,
    )
    arrays = []
    for content in [*files, coverage.content]:
        with MemoryFile(content) as memory, memory.open() as file:
            arrays.append(np.nan_to_num(file.read().astype(float)))
    np.testing.assert_array_equal(arrays[0], arrays[1])
    np.testing.assert_array_equal(arrays[0], arrays[2])


def test_a_job_from_start_to_results(server, matches):
    answer = execute(server, "ndvi_composite", prefer="respond-async", inputs={"collection": "S2_ALPS", "bbox": AREA})
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "respond-async")
    matches(answer.json(), ("/processes/{processID}/execution", "post"), "201")
    job = answer.json()["jobID"]
    assert answer.headers["Location"] == f"{server.url}/jobs/{job}"
    early = server.get(f"/jobs/{job}/results", allow_redirects=False)
    if early.status_code != 303:
        assert (early.status_code, early.json()["type"].rsplit("/", 1)[1]) == (404, "result-not-ready")
    info = done(server, job)
    matches(info, ("/jobs/{job_id}", "get"))
    assert (info["status"], info["progress"], info["processID"]) == ("successful", 100, "ndvi_composite")
    assert any(each.get("jobID") == job for each in server.get("/jobs").json()["jobs"])
    matches(server.get("/jobs").json(), ("/jobs", "get"))
    result = server.get(f"/jobs/{job}/results")
    with MemoryFile(result.content) as memory, memory.open() as file:
        values = file.read(1)
        assert -1 <= np.nanmin(values) < np.nanmax(values) <= 1
    dismissed = server.delete(f"/jobs/{job}")
    assert (dismissed.status_code, dismissed.json()["status"]) == (200, "dismissed")
    gone = server.get(f"/jobs/{job}")
    assert (gone.status_code, gone.json()["type"].rsplit("/", 1)[1]) == (404, "no-such-job")


def test_documents_of_jobs_have_addresses(server):
    body = {"response": "document", "inputs": SUBSET, "outputs": {"result": {"transmissionMode": "reference"}}}
    job = execute(server, "coverage_subset", **body).json()["jobID"]
    done(server, job)
    told = server.get(f"/jobs/{job}/results").json()["result"]
    assert told["type"] == "application/x-netcdf"
    assert requests.get(told["href"], timeout=10).content[:4] in (b"\x89HDF", b"CDF\x05")


def test_a_failed_job_says_why(server):
    inputs = SUBSET | {"datetime": ["1999-01-01", "1999-02-01"]}
    answer = execute(server, "coverage_subset", prefer="respond-async", inputs=inputs)
    if answer.status_code == 201:
        assert done(server, answer.json()["jobID"])["status"] == "failed"
        assert server.get(f"/jobs/{answer.json()['jobID']}/results").status_code == 424
    else:
        assert answer.json()["code"] == "NoDataAvailable"


def test_subscribers_are_told(server, receiver):
    address, seen = receiver
    subscriber = {
        "successUri": f"{address}/flaky",
        "inProgressUri": f"{address}/progress",
        "failedUri": f"{address}/no",
    }
    job = execute(server, "coverage_subset", "respond-async", inputs=SUBSET, subscriber=subscriber).json()["jobID"]
    done(server, job)
    deadline = time.monotonic() + 10
    while sum(path == "/flaky" for path, _ in seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    progress = [body for path, body in seen if path == "/progress"]
    assert progress
    assert progress[0]["jobID"] == job
    assert progress[0]["status"] == "running"
    results = [body for path, body in seen if path == "/flaky"]
    assert len(results) == 2
    assert requests.get(results[-1]["result"]["href"], timeout=10).status_code == 200
    assert not any(path == "/no" for path, _ in seen)


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:80/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/x",
        "ftp://x.org/",
        "http://a@127.0.0.1/",
        "nothing",
    ],
)
def test_subscribers_in_private_networks_are_refused(server, uri):
    answer = execute(server, "echo", "respond-async", inputs={"value": 1}, subscriber={"successUri": uri})
    assert (answer.status_code, answer.json()["code"]) == (400, "SubscriberInvalid")


def test_inputs_at_addresses_are_fetched_where_it_is_permitted(server, receiver):
    address, _ = receiver
    inputs = SUBSET | {"collection": {"href": f"{address}/name.json"}}
    assert execute(server, "coverage_subset", inputs=inputs, outputs=TIFF).status_code == 200
    refused = execute(server, "coverage_subset", inputs=SUBSET | {"collection": {"href": "http://example.org/x"}})
    assert (refused.status_code, refused.json()["code"]) == (400, "UrlNotPermitted")


def test_stored_processes_are_ogc_processes_of_their_owner(server):
    x = {"name": "x", "description": "A number.", "schema": {"type": "number"}}
    graph = {"add": {"process_id": "add", "arguments": {"x": {"from_parameter": "x"}, "y": 1}, "result": True}}
    put = server.session.put(
        f"{server.url}/process_graphs/one_more", json={"parameters": [x], "process_graph": graph}, timeout=10
    )
    assert put.status_code == 200, put.text
    try:
        assert "one_more" in [each["id"] for each in server.get("/processes").json()["processes"]]
        assert "one_more" not in requests.get(f"{server.url}/processes", timeout=10).text
        assert requests.get(f"{server.url}/processes/one_more", timeout=10).status_code == 404
        assert server.get("/processes/one_more").json()["inputs"]["x"]["schema"] == {"type": "number"}
        assert execute(server, "one_more", inputs={"x": 4}).json() == 5
        wrong = execute(server, "one_more", inputs={"x": "four"})
        assert wrong.status_code == 400, wrong.text
    finally:
        server.delete("/process_graphs/one_more")


@pytest.mark.parametrize(
    "body", [[], {"inputs": []}, {"response": "stream"}, {"outputs": {"result": 5}}, {"subscriber": "x"}]
)
def test_bodies_that_are_wrong(server, body):
    answer = server.session.post(f"{server.url}/processes/echo/execution", json=body, timeout=10)
    assert answer.status_code == 400


def test_nobody_executes_without_logging_in(server):
    answer = requests.post(f"{server.url}/processes/echo/execution", json={"inputs": {"value": 1}}, timeout=10)
    assert answer.status_code == 401
