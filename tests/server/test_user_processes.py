"""User-defined processes over HTTP: stored, listed, described, replaced, removed, and run in all ways."""

from __future__ import annotations

import json

import openeo
import pytest
from openeo.rest.datacube import DataCube

TRIPLE = {
    "summary": "Three times",
    "parameters": [
        {"name": "x", "description": "A number.", "schema": {"type": "number"}},
        {"name": "plus", "description": "More.", "schema": {"type": "number"}, "optional": True, "default": 0},
    ],
    "returns": {"description": "The result.", "schema": {"type": "number"}},
    "links": [{"rel": "about", "href": "https://example.org/three"}],
    "process_graph": {
        "m": {"process_id": "multiply", "arguments": {"x": {"from_parameter": "x"}, "y": 3}},
        "s": {
            "process_id": "add",
            "arguments": {"x": {"from_node": "m"}, "y": {"from_parameter": "plus"}},
            "result": True,
        },
    },
}


def call(process, **arguments):
    return {"process_id": process, "namespace": "user", "arguments": arguments}


@pytest.fixture
def put(server):
    """Return a function that stores a process, which is removed after the test."""
    stored = set()

    def put(name, process):
        answer = server.session.put(f"{server.url}/process_graphs/{name}", json=process, timeout=30)
        stored.add(name)
        return answer

    yield put
    for name in stored:
        server.delete(f"/process_graphs/{name}")


def test_a_process_is_stored_described_replaced_and_removed(server, put, matches):
    answer = put("triple", TRIPLE | {"id": "other", "description": None})
    assert (answer.status_code, answer.content) == (200, b"")
    found = server.get("/process_graphs/triple").json()
    assert found == TRIPLE | {"id": "triple"}
    matches(found, ("/process_graphs/{process_graph_id}", "get"))
    put("a_one", {"process_graph": TRIPLE["process_graph"], "parameters": TRIPLE["parameters"]})
    listed = server.get("/process_graphs").json()
    matches(listed, ("/process_graphs", "get"))
    brief = {name: TRIPLE[name] for name in ("summary", "parameters", "returns")}
    assert listed["processes"] == [{"id": "a_one", "parameters": TRIPLE["parameters"]}, {"id": "triple"} | brief]
    put("triple", {"process_graph": {"a": {"process_id": "pi", "arguments": {}, "result": True}}})
    assert server.get("/process_graphs/triple").json().keys() == {"id", "process_graph"}
    assert server.delete("/process_graphs/triple").status_code == 204
    for answer in (server.get("/process_graphs/triple"), server.delete("/process_graphs/triple")):
        assert (answer.status_code, answer.json()["code"]) == (404, "ProcessGraphNotFound")


def test_pages(server, put):
    for name in "abcdf":
        put(name, TRIPLE)
    url, found = f"{server.url}/process_graphs?limit=2", []
    while url:
        page = server.session.get(url, timeout=30).json()
        found += [process["id"] for process in page["processes"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert found == list("abcdf")


@pytest.mark.parametrize("name", ["a-b", "a.b", "%2e%2e", "a%20b", "x" * 256, "%C3%A4", "a%0A", "a';--"])
def test_an_id_that_cannot_be_one(server, put, name):
    answer = put(name, TRIPLE)
    assert (answer.status_code, answer.json()["code"]) == (400, "ProcessInvalid")
    assert "letters, digits and underscores" in answer.json()["message"]
    assert server.get(f"/process_graphs/{name}").status_code == 404


def test_predefined_processes_are_not_replaced(server, put):
    answer = put("mean", TRIPLE)
    assert (answer.status_code, answer.json()["code"]) == (400, "PredefinedProcessExists")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"process_graph": None}, "ProcessGraphInvalid", "process_graph"),
        ({"process_graph": {}}, "ProcessGraphInvalid", "process_graph"),
        ({"process_graph": {"a": {"process_id": "pi", "arguments": {}}}}, "ProcessGraphInvalid", "'result': true"),
        ({"process_graph": {"a": {"process_id": "pii", "arguments": {}, "result": True}}}, "ProcessUnsupported", "pii"),
        ({"parameters": []}, "ProcessGraphInvalid", "There is no parameter 'x'"),
        ({"parameters": [{"name": "x"}]}, "RequestInvalid", "lacks 'description', 'schema'"),
        ({"parameters": [{"name": "a b", "description": "", "schema": {}}]}, "RequestInvalid", "parameters[0].name"),
        ({"returns": {}}, "RequestInvalid", "lacks 'schema'"),
        ({"summary": 5}, "RequestInvalid", "$.summary"),
        ({"process_graph": {"a": call("itself", x=1) | {"result": True}}}, "ProcessGraphInvalid", "itself → itself"),
    ],
)
def test_a_process_that_is_not_right_is_not_stored(server, put, changes, code, words):
    answer = put("itself", TRIPLE | changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert words in answer.json()["message"]
    assert server.get("/process_graphs/itself").status_code == 404
    assert put("itself", {"id": "itself"}).json()["code"] == "ProcessGraphMissing"


def test_two_processes_do_not_call_each_other(server, put, graphs):
    assert put("one", TRIPLE).status_code == 200
    assert put("other", graphs.graph(a=call("one", x=1))).status_code == 200
    answer = put("one", graphs.graph(a=call("other")))
    assert (answer.status_code, answer.json()["code"]) == (400, "ProcessGraphInvalid")
    assert "one → other → one" in answer.json()["message"]


def test_a_collection_need_not_be_there_when_a_process_is_stored(server, put, graphs):
    load = graphs.node("load_collection", id="LATER", spatial_extent=None, temporal_extent=None)
    assert put("loading", graphs.graph(a=load)).status_code == 200
    faults = server.post("/validation", graphs.graph(a=call("loading"))).json()["errors"]
    assert [fault["code"] for fault in faults] == ["CollectionNotFound"]
    assert [node["node_id"] for node in faults[0]["path"]] == ["a", "a"]


def test_it_runs_at_once_in_jobs_and_in_callbacks(server, put, graphs):
    put("triple", TRIPLE)
    inner = graphs.graph(t=call("triple", x={"from_parameter": "x"}))
    nested = graphs.graph(
        a=call("triple", x=2, plus=1),
        b={"process_id": "array_apply", "arguments": {"data": [1, {"from_node": "a"}], "process": inner}},
    )
    assert server.post("/validation", nested).json() == {"errors": []}
    assert server.post("/result", {"process": nested}).json() == [3, 21]
    job = server.create(nested)
    assert "duration" in server.get(f"/jobs/{job}/estimate").json()
    server.post(f"/jobs/{job}/results")
    server.wait(job, "finished")
    put(
        "triple",
        {
            "parameters": TRIPLE["parameters"],
            "process_graph": {"a": {"process_id": "pi", "arguments": {}, "result": True}},
        },
    )
    href = next(iter(server.get(f"/jobs/{job}/results").json()["assets"].values()))["href"]
    assert json.loads(server.session.get(href, timeout=30).content) == [3, 21]
    logs = [entry["message"] for entry in server.get(f"/jobs/{job}/logs").json()["logs"]]
    assert any("user-defined processes as they are now: triple." in message for message in logs)


def test_a_fault_of_a_call_has_its_place(server, put, graphs):
    put("triple", TRIPLE)
    (fault,) = server.post("/validation", graphs.graph(c=call("triple", y=1))).json()["errors"][:1]
    assert (fault["code"], fault["path"][0]["node_id"]) == ("ProcessParameterUnsupported", "c")
    answer = server.post("/result", {"process": graphs.graph(c=call("tripel", x=1))})
    assert (answer.status_code, answer.json()["code"]) == (400, "ProcessUnsupported")


def test_who_has_not_logged_in_has_no_processes(server, put):
    import requests

    put("triple", TRIPLE)
    for path in ("/process_graphs", "/process_graphs/triple"):
        assert requests.get(server.url + path, timeout=30).status_code == 401
    body = {"process_graph": {"a": call("triple", x=1) | {"result": True}}}
    faults = requests.post(f"{server.url}/validation", json=body, timeout=30).json()["errors"]
    assert [fault["code"] for fault in faults] == ["ProcessUnsupported"]


def test_the_openeo_client(server, put):
    put("unused", TRIPLE)
    connection = openeo.connect(server.url).authenticate_basic("me", "secret")
    x = openeo.api.process.Parameter.number("x", "A number.")
    process = connection.save_user_defined_process(
        "doubled",
        {
            "a": {
                "process_id": "add",
                "arguments": {"x": {"from_parameter": "x"}, "y": {"from_parameter": "x"}},
                "result": True,
            }
        },
        parameters=[x],
        summary="Two times",
    )
    assert process.describe()["summary"] == "Two times"
    assert {each["id"] for each in connection.list_user_defined_processes()} == {"doubled", "unused"}
    called = connection.datacube_from_process("doubled", namespace="user", x=21)
    assert isinstance(called, DataCube)
    assert connection.execute(called.flat_graph()) == 42
    process.delete()
    assert [each["id"] for each in connection.list_user_defined_processes()] == ["unused"]
