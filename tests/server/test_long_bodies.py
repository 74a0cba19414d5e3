"""Bodies of more than half a megabyte, which are read apart from the server: they do what short ones do."""

import time

import pytest
import requests

LONG = [number / 7 for number in range(60_000)]
SUM = {
    "sum": {"process_id": "sum", "arguments": {"data": LONG}},
    "same": {"process_id": "subtract", "arguments": {"x": {"from_node": "sum"}, "y": 0}, "result": True},
}
PROCESS = {"process_graph": SUM, "summary": None, "description": "A long list"}
TOTAL = 60_000 * 59_999 / 2 / 7


@pytest.fixture(scope="module")
def server(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    server = serve(folder, folder / "log", "--GdcApp.samples=False")
    yield server
    server.stop()


@pytest.fixture
def send(server):
    def sent(method, path, **body):
        headers = {"Authorization": "Bearer basic//secret"}
        return requests.request(method, f"{server.url}/{path}", headers=headers, timeout=60, **body)

    return sent


def test_a_long_graph_is_computed(send):
    assert send("POST", "result", json={"process": PROCESS}).json() == pytest.approx(TOTAL)


def test_a_long_graph_is_validated(send):
    assert send("POST", "validation", json=PROCESS).json() == {"errors": []}
    wrong = {"process_graph": SUM | {"more": {"process_id": "no_such_process", "arguments": {}}}}
    (fault,) = send("POST", "validation", json=wrong).json()["errors"]
    assert fault["code"] == "ProcessUnsupported"


def test_a_long_job_is_kept_shown_and_run(send):
    created = send("POST", "jobs", json={"process": PROCESS, "title": "Long"})
    job = f"jobs/{created.headers['OpenEO-Identifier']}"
    shown = send("GET", job).json()
    assert shown["title"] == "Long"
    assert shown["process"] == {"process_graph": SUM, "description": "A long list"}
    page = requests.get(
        created.headers["Location"],
        headers={"Authorization": "Bearer basic//secret", "Accept": "text/html"},
        timeout=60,
    )
    assert page.status_code == 200
    assert len(page.content) < 100_000
    assert send("POST", f"{job}/results").status_code == 202
    deadline = time.monotonic() + 30
    while send("GET", job).json()["status"] != "finished" and time.monotonic() < deadline:
        time.sleep(0.1)
    (asset,) = send("GET", f"{job}/results").json()["assets"].values()
    assert requests.get(asset["href"], timeout=60).json() == pytest.approx(TOTAL)
    assert send("PATCH", job, json={"process": PROCESS | {"description": "Another"}}).status_code == 204
    assert send("GET", job).json()["process"]["description"] == "Another"


def test_a_long_process_is_stored_and_executed_with_long_inputs(send):
    parameter = {"name": "numbers", "description": "Numbers.", "schema": {"type": "array"}}
    total = {"process_id": "sum", "arguments": {"data": {"from_parameter": "numbers"}}}
    graph = {"long": SUM["sum"], "total": total, "both": {"process_id": "add", "arguments": {}, "result": True}}
    graph["both"]["arguments"] = {"x": {"from_node": "long"}, "y": {"from_node": "total"}}
    stored = {"process_graph": graph, "parameters": [parameter], "returns": {"schema": {"type": "number"}}}
    assert send("PUT", "process_graphs/long_sum", json=stored).status_code == 200
    assert send("GET", "process_graphs/long_sum").json()["process_graph"] == graph
    executed = send("POST", "processes/long_sum/execution", json={"inputs": {"numbers": LONG}})
    assert executed.json() == pytest.approx(2 * TOTAL)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[" * 600_000, "not JSON"),
        ('{"process": ' + "[0]," * 200_000, "not JSON"),
        ('{"process": {"process_graph": {"a": 1}}, "title": "' + "x" * 600_000 + '"}', "$.process.process_graph.a"),
        (b'{"process": "\xff' + b"x" * 600_000 + b'"}', "not JSON"),
    ],
    ids=["nested", "cut off", "no node", "no text"],
)
def test_what_is_wrong_is_told_as_of_short_ones(send, body, words):
    refused = send("POST", "jobs", data=body)
    assert refused.status_code == 400
    assert words in refused.json()["message"]
