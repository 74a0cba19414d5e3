"""Processes as code over HTTP, for what has no kernel to make it in."""

from __future__ import annotations

import pytest
import requests

GRAPH = {"sum": {"process_id": "add", "arguments": {"x": 1, "y": {"from_parameter": "y"}}, "result": True}}
PROCESS = {
    "id": "more",
    "parameters": [{"name": "y", "description": "A number.", "schema": {"type": "number"}}],
    "process_graph": GRAPH,
}


def test_a_process_becomes_code(server):
    answer = server.post("/python_code", PROCESS, params={"url": "https://openeo.example.org"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    code = answer.json()["code"]
    assert 'connection = openeo.connect("https://openeo.example.org")\n' in code
    assert "result = processes.add(1, y)\n" in code
    namespace = {}
    connecting = 'connection = openeo.connect("https://openeo.example.org")'
    exec(code.replace(connecting, ""), namespace)
    made = namespace["process"]
    assert made.pop("process_graph") == {"add1": GRAPH["sum"]}
    assert made == {"id": "more", "parameters": PROCESS["parameters"]}


def test_the_code_computes_what_the_graph_does(server, graphs):
    graph = graphs.median(format="CSV", resolution=200)
    code = server.post("/python_code", graph, params={"url": server.url}).json()["code"]
    namespace = {}
    exec(code, namespace)
    made = {"process_graph": namespace["result"].flat_graph()}
    expected, found = (server.post("/result", {"process": process}) for process in (graph, made))
    assert expected.status_code == found.status_code == 200
    assert expected.content == found.content


def test_without_an_address_the_code_is_for_the_notebook(server):
    code = server.post("/python_code", {"process_graph": GRAPH}).json()["code"]
    assert code.startswith("import gdc_jupyter\n")
    assert "connection = gdc_jupyter.connect()\n" in code


def test_it_is_listed(server):
    assert {"path": "/python_code", "methods": ["POST"]} in server.get("/").json()["endpoints"]
    assert server.get("/python_code").status_code == 405


def test_what_is_unknown_or_wrong_is_written_as_well(server):
    graph = {"a": {"process_id": "nobody_knows", "arguments": {"x": {"from_node": "a"}}, "result": True}}
    code = server.post("/python_code", {"process_graph": graph}).json()["code"]
    namespace = {}
    exec(code.replace("connection = gdc_jupyter.connect()", ""), namespace)
    assert namespace["process"] == {"process_graph": graph}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({}, "ProcessGraphMissing", "lacks 'process_graph'"),
        ({"process_graph": {"a": {"process_id": "add"}}}, "ProcessGraphInvalid", "lacks 'arguments'"),
        (
            {"process_graph": {"a": {"process_id": "e", "arguments": {"x": {"from_node": 5}}}}},
            "ProcessGraphInvalid",
            "name",
        ),
        ([1], "RequestInvalid", "type object"),
    ],
)
def test_other_bodies_are_refused(server, body, code, words):
    answer = server.post("/python_code", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert words in answer.json()["message"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/hosts", "https://" + "a" * 2000])
def test_other_addresses_are_refused(server, url):
    answer = server.post("/python_code", PROCESS, params={"url": url})
    assert answer.status_code == 400
    assert "must be an address of http or https" in answer.json()["message"]


def test_only_users_get_code(server):
    answer = requests.post(f"{server.url}/python_code", json=PROCESS, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["code"] == "AuthenticationRequired"


def test_a_large_graph(server):
    nodes = {
        f"n{number}": {"process_id": "unknown", "arguments": {"x": number, "text": 'it"s' * 30}}
        for number in range(4000)
    }
    nodes["n0"]["result"] = True
    answer = server.post("/python_code", {"process_graph": nodes})
    assert answer.status_code == 200
    assert answer.json()["code"].count("connection.datacube_from_process(") == 4000
    assert answer.elapsed.total_seconds() < 20
