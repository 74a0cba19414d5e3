"""OGC processes over HTTP: described, executed at once and as jobs, with callbacks, and by a client."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import requests
from rasterio import Affine
from rasterio.io import MemoryFile

from gdc_jupyter.catalog.catalog import Catalog

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
    """An HTTP server that keeps what it is told: `/flaky` refuses the first time, `/moved` leads elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with told:
                seen.append((self.path, body))
                tries = sum(path == self.path for path, _ in seen)
                told.notify_all()
            name = self.path.partition("?")[0]
            status = {"/moved": 302, "/never": 410}.get(name, 503 if name == "/flaky" and tries == 1 else 200)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            text = {"/large": b" " * (65 << 20), "/text": b"no JSON"}.get(self.path, b'"S2_ALPS"')
            self.send_response(404 if self.path == "/none" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(text)

        def log_message(self, *_):
            pass

    def wait(path, count=1):
        with told:
            assert told.wait_for(lambda: sum(each == path for each, _ in seen) >= count, timeout=15), seen
            return [body for each, body in seen if each == path]

    seen: list = []
    told = threading.Condition()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", seen=seen, wait=wait)
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


def files_of(*contents):
    arrays = []
    for content in contents:
        with MemoryFile(content) as memory, memory.open() as file:
            arrays.append(np.nan_to_num(file.read().astype(float)))
    return arrays


@pytest.mark.parametrize("prefer", ["respond-async", "respond-sync"])
def test_results_are_sent_as_they_are_asked_for(server, prefer):
    """By value and by reference, raw and in a document: four ways to the same file, at once and of jobs."""
    found = []
    for response in ("raw", "document"):
        for mode in ("value", "reference"):
            outputs = {"result": TIFF["result"] | {"transmissionMode": mode}}
            answer = execute(server, "coverage_subset", prefer, inputs=SUBSET, outputs=outputs, response=response)
            assert answer.headers["Preference-Applied"] == prefer
            if prefer == "respond-async":
                job = answer.json()["jobID"]
                assert done(server, job)["status"] == "successful"
                answer = server.get(f"/jobs/{job}/results")
            if (response, mode) == ("raw", "value"):
                assert answer.status_code == 200
                assert answer.headers["Content-Type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
                found.append(answer.content)
            elif (response, mode) == ("raw", "reference"):
                assert (answer.status_code, answer.content) == (204, b"")
                link = answer.links["result"]
                assert link["type"].startswith("image/tiff")
                found.append(requests.get(link["url"], timeout=10).content)
            elif mode == "value":
                told = answer.json()["result"]
                assert told["encoding"] == "base64"
                found.append(base64.b64decode(told["value"]))
            else:
                told = answer.json()["result"]
                assert told["type"].startswith("image/tiff")
                found.append(requests.get(told["href"], timeout=10).content)
    arrays = files_of(*found)
    assert arrays[0].any()
    for other in arrays[1:]:
        np.testing.assert_array_equal(arrays[0], other)


def test_what_is_executed_at_once_by_reference_is_a_job(server):
    body = {"inputs": {"value": 7}, "outputs": {"result": {"transmissionMode": "reference"}}, "response": "document"}
    answer = execute(server, "echo", **body)
    assert requests.get(answer.json()["result"]["href"], timeout=10).json() == 7
    info = requests.get(answer.links["monitor"]["url"], headers=server.session.headers, timeout=10).json()
    assert (info["status"], info["processID"]) == ("successful", "echo")


def test_values_of_jobs(server):
    for value in ("x", [1, 2], {"a": 1}):
        job = execute(server, "echo", "respond-async", inputs={"value": {"value": value}}).json()["jobID"]
        done(server, job)
        assert server.get(f"/jobs/{job}/results").json() == value
    document = execute(server, "echo", "respond-async", response="document", inputs={"value": "x"}).json()["jobID"]
    done(server, document)
    assert server.get(f"/jobs/{document}/results").json() == {"result": "x"}


@pytest.fixture
def broken(server, tmp_path):
    """A collection of one file, whose second half is missing."""
    path = tmp_path / "broken.tif"
    profile = {"driver": "GTiff", "width": 256, "height": 256, "count": 1, "dtype": "uint16", "tiled": True}
    profile |= {"crs": "EPSG:32632", "transform": Affine(10, 0, 679000, 0, -10, 5153000)}
    with rasterio.open(path, "w", **profile, blockxsize=128, blockysize=128, compress="deflate") as file:
        file.write(np.random.default_rng(1).integers(1, 5000, (1, 256, 256), dtype="uint16"))
    catalog = Catalog(server.data)
    collection = catalog.add(path, "BROKEN")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    yield collection.id
    catalog.remove(collection.id)


def test_a_failed_job_says_why(server, receiver, broken):
    inputs = {"collection": broken, "format": "GTiff"}
    subscriber = {"failedUri": f"{receiver.address}/failed"}
    job = execute(server, "coverage_subset", "respond-async", inputs=inputs, subscriber=subscriber).json()["jobID"]
    info = done(server, job)
    assert info["status"] == "failed"
    assert "broken.tif" in info["message"]
    refused = server.get(f"/jobs/{job}/results")
    assert (refused.status_code, refused.json()["code"]) == (424, "JobFailed")
    assert refused.json()["detail"] == info["message"]
    assert [body["message"] for body in receiver.wait("/failed")] == [info["message"]]
    outputs = {"result": {"transmissionMode": "reference"}}
    at_once = execute(server, "coverage_subset", inputs=inputs, outputs=outputs)
    assert (at_once.status_code, at_once.json()["code"]) == (424, "DataFileUnreadable")


def test_subscribers_are_told(server, receiver, matches):
    subscriber = {
        "successUri": f"{receiver.address}/flaky",
        "inProgressUri": f"{receiver.address}/progress",
        "failedUri": f"{receiver.address}/no",
    }
    job = execute(server, "coverage_subset", "respond-async", inputs=SUBSET, subscriber=subscriber).json()["jobID"]
    results = receiver.wait("/flaky", 2)
    assert len(results) == 2
    assert requests.get(results[-1]["result"]["href"], timeout=10).status_code == 200
    progress = receiver.wait("/progress")
    assert (progress[0]["jobID"], progress[0]["status"]) == (job, "running")
    matches(progress[0], ("/jobs/{job_id}", "get"))
    paths = [path for path, _ in receiver.seen]
    assert paths.index("/progress") < paths.index("/flaky")
    assert "/no" not in paths


def test_subscribers_get_documents_where_these_are_asked_for(server, receiver):
    subscriber = {"successUri": f"{receiver.address}/document"}
    at_once = execute(server, "echo", inputs={"value": 5}, response="document", subscriber=subscriber)
    assert at_once.json() == {"result": 5}
    assert receiver.wait("/document") == [{"result": 5}]


def test_redirects_are_not_followed_and_refusals_are_taken(server, receiver):
    for path in ("/moved", "/never"):
        execute(server, "echo", inputs={"value": 5}, subscriber={"successUri": f"{receiver.address}{path}"})
        receiver.wait(path)
    execute(server, "echo", inputs={"value": 5}, subscriber={"successUri": f"{receiver.address}/last"})
    receiver.wait("/last")
    paths = [path for path, _ in receiver.seen]
    assert (paths.count("/moved"), paths.count("/never"), paths.count("/elsewhere")) == (1, 1, 0)


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:80/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/x",
        "ftp://x.org/",
        "http://a@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/ HTTP/1.1",
        "http://[::127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[::1/",
        "http://0/",
        "http://2130706434/",
        "http://no-such-host.invalid/",
        "nothing",
        "http:///path",
    ],
)
def test_subscribers_in_private_networks_are_refused(server, uri):
    answer = execute(server, "echo", "respond-async", inputs={"value": 1}, subscriber={"successUri": uri})
    assert (answer.status_code, answer.json()["code"]) == (400, "SubscriberInvalid")


def test_inputs_at_addresses_are_fetched_where_it_is_permitted(server, receiver):
    inputs = SUBSET | {"collection": {"href": f"{receiver.address}/name.json"}}
    assert execute(server, "coverage_subset", inputs=inputs, outputs=TIFF).status_code == 200
    for href, code, told in (
        ("http://example.org/x", "UrlNotPermitted", "example.org"),
        ("file:///etc/passwd", "UrlNotPermitted", "no address with http or https"),
        (f"{receiver.address}/none", "UrlNotFound", "404"),
        (f"{receiver.address}/text", "UrlUnreachable", "no JSON"),
        (f"{receiver.address}/large", "UrlUnreachable", "more than the 64 MB"),
    ):
        refused = execute(server, "coverage_subset", inputs=SUBSET | {"collection": {"href": href}})
        assert (refused.status_code, refused.json()["code"]) == (400, code)
        assert told in refused.json()["message"]


ONE_MORE = {
    "parameters": [{"name": "x", "description": "A number.", "schema": {"type": "number"}}],
    "process_graph": {
        "add": {"process_id": "add", "arguments": {"x": {"from_parameter": "x"}, "y": 1}, "result": True}
    },
}


@pytest.fixture
def stored(server):
    """Return a function that stores a process of the user's, which goes after the test."""
    names = []

    def store(name, process):
        answer = server.session.put(f"{server.url}/process_graphs/{name}", json=process, timeout=30)
        assert answer.status_code == 200, answer.text
        names.append(name)

    yield store
    for name in names:
        server.delete(f"/process_graphs/{name}")


def test_stored_processes_are_ogc_processes_of_their_owner(server, stored, matches):
    stored("one_more", ONE_MORE)
    assert "one_more" in [each["id"] for each in server.get("/processes").json()["processes"]]
    assert "one_more" not in requests.get(f"{server.url}/processes", timeout=10).text
    assert requests.get(f"{server.url}/processes/one_more", timeout=10).status_code == 404
    described = server.get("/processes/one_more").json()
    matches(described, ("/processes/{processID}", "get"))
    assert described["inputs"]["x"]["schema"] == {"type": "number"}
    assert execute(server, "one_more", inputs={"x": 4}).json() == 5
    wrong = execute(server, "one_more", inputs={"x": "four"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "InputInvalid")
    assert "'x' does not fit. 'four' is given where a number is needed" in wrong.json()["message"]


def test_built_in_processes_are_called_in_graphs(server):
    calls = {"e": {"process_id": "echo", "arguments": {"value": 4}}}
    calls["a"] = {"process_id": "add", "arguments": {"x": {"from_node": "e"}, "y": 1}, "result": True}
    assert server.post("/result", {"process": {"process_graph": calls}}).json() == 5
    validated = requests.post(f"{server.url}/validation", json={"process_graph": calls}, timeout=30)
    assert validated.json() == {"errors": []}
    put = server.session.put(f"{server.url}/process_graphs/echo", json=ONE_MORE, timeout=10)
    assert (put.status_code, put.json()["code"]) == (400, "PredefinedProcessExists")


def test_processes_of_openeo_are_not_executed(server):
    answer = execute(server, "add", inputs={"x": 1, "y": 2})
    assert (answer.status_code, answer.json()["code"]) == (400, "ProcessUnsupported")
    missing = execute(server, "nothing", inputs={})
    assert (missing.status_code, missing.json()["type"].rsplit("/", 1)[1]) == (404, "no-such-process")


def test_owslib(server):
    from owslib.ogcapi.processes import Processes

    client = Processes(server.url, headers=dict(server.session.headers))
    assert {"echo", "ndvi_composite"} <= {each["id"] for each in client.processes()}
    described = client.process("coverage_subset")
    assert described["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
    assert client.execute("echo", {"value": "x"}) == {"result": "x"}
    assert client.execute("echo", {"value": "x"}, response="raw") == "x"
    started = client.execute("echo", {"value": "x"}, async_=True)
    job = (started if isinstance(started, str) else started["jobID"]).rsplit("/", 1)[-1]
    assert done(server, job)["status"] == "successful"


def test_jobs_are_chosen(server):
    first = execute(server, "echo", "respond-async", inputs={"value": 1}).json()["jobID"]
    done(server, first)
    second = server.create({"process_graph": {"a": {"process_id": "pi", "arguments": {}, "result": True}}})
    made = server.get(f"/jobs/{second}").json()["created"]

    def listed(**query):
        answer = server.get("/jobs", params=query)
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json()["jobs"]}

    assert {first, second} <= listed()
    assert first in listed(type="process")
    assert second not in listed(type="process")
    assert first in listed(processID="other,echo")
    assert not listed(processID="other")
    assert (first in listed(status="successful"), second in listed(status="successful")) == (True, False)
    assert (first in listed(status="created"), second in listed(status="created")) == (False, True)
    assert {first, second} <= listed(status=["created", "successful"])
    assert second in listed(datetime=f"{made}/..")
    assert not listed(datetime="../2020-01-01T00:00:00Z")
    assert first in listed(minDuration=0, maxDuration=60)
    assert second not in listed(minDuration=0)
    assert not listed(minDuration=3600)
    page = server.get("/jobs", params={"type": "process", "limit": 1}).json()
    following = next(each["href"] for each in page["links"] if each["rel"] == "next")
    assert server.session.get(following, timeout=10).json()["jobs"][0]["type"] == "process"
    server.delete(f"/jobs/{second}")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("type=wps", "'type' must be one or more of process; it is 'wps'"),
        ("status=done", "'status' must be one or more of created"),
        ("datetime=yesterday", "'datetime' must have date-times"),
        ("datetime=2022-01-02T00:00:00Z/2022-01-01T00:00:00Z", "ends before it starts"),
        ("minDuration=-1", "'minDuration' must be a whole number from 0"),
        ("maxDuration=NaN", "'maxDuration' must be a whole number from 0"),
    ],
)
def test_choices_that_are_none(server, query, told):
    answer = server.get(f"/jobs?{query}")
    assert answer.status_code == 400
    assert told in answer.json()["message"]


def test_lists_suit_openeo_and_ogc(server, matches_openeo):
    listed = server.get("/processes").json()
    matches_openeo(listed, ("/processes", "get"))
    assert all(each["version"] == "1.0.0" for each in listed["processes"])
    limited = server.get("/processes?limit=100").json()
    following = next(each["href"] for each in limited["links"] if each["rel"] == "next")
    rest = server.session.get(following, timeout=10).json()["processes"]
    assert [each["id"] for each in limited["processes"] + rest] == [each["id"] for each in listed["processes"]]


def test_a_client_that_goes_ends_its_job(server, graphs):
    slow = {"parameters": [], "process_graph": graphs.long["process_graph"]}
    server.session.put(f"{server.url}/process_graphs/slow", json=slow, timeout=30)
    with pytest.raises(requests.Timeout):
        server.session.post(
            f"{server.url}/processes/slow/execution",
            json={"outputs": {"result": {"transmissionMode": "reference"}}},
            timeout=1.5,
        )
    deadline = time.monotonic() + 15
    while server.get("/jobs?processID=slow").json()["jobs"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    server.delete("/process_graphs/slow")


@pytest.mark.parametrize(
    "body", [[], {"inputs": []}, {"response": "stream"}, {"outputs": {"result": 5}}, {"subscriber": "x"}]
)
def test_bodies_that_are_wrong(server, body):
    answer = server.session.post(f"{server.url}/processes/echo/execution", json=body, timeout=10)
    assert answer.status_code == 400


def test_nobody_executes_without_logging_in(server):
    answer = requests.post(f"{server.url}/processes/echo/execution", json={"inputs": {"value": 1}}, timeout=10)
    assert answer.status_code == 401
