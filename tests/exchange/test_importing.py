"""Processes come unharmed from whatever holds them, and what holds none is told."""

from __future__ import annotations

import json
from pathlib import Path

import openeo
import pytest
from backends.fixtures import PASSWORD, USER
from openeo.api.process import Parameter

from gdc_jupyter.errors import GdcError
from gdc_jupyter.exchange.importing import process_graph_of

GRAPH = {
    "odd": {"process_id": "nobody_knows", "arguments": {"x": [None, {"from_node": "one"}]}, "result": True, "x-at": 3},
    "one": {"process_id": "constant", "namespace": "me", "arguments": {"x": 1.5}, "description": "One."},
}
PROCESS = {"id": "mine", "process_graph": GRAPH, "parameters": [{"name": "a", "schema": {}, "more": 1}], "extra": [1]}


@pytest.fixture
def connection(federation):
    return openeo.connect(federation.url).authenticate_basic(USER, PASSWORD)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (GRAPH, {"process_graph": GRAPH}),
        ({"process_graph": GRAPH}, {"process_graph": GRAPH}),
        (PROCESS, PROCESS),
        ({"id": "job", "status": "created", "process": PROCESS}, PROCESS),
        ({"process": GRAPH["odd"]}, {"process_graph": {"process": GRAPH["odd"]}}),
        ({"process_graph": GRAPH["odd"]}, {"process_graph": {"process_graph": GRAPH["odd"]}}),
    ],
)
def test_mappings_and_json(source, expected, tmp_path):
    assert process_graph_of(source) == expected
    text = json.dumps(source)
    assert process_graph_of(f"\n {text}") == expected
    path = tmp_path / "graph.openeo.json"
    path.write_text(text)
    assert process_graph_of(path) == process_graph_of(str(path)) == expected


def test_objects_of_the_client(connection):
    cube = connection.load_collection("SENTINEL2_L2A", bands=["B04"]).reduce_dimension(dimension="t", reducer="mean")
    expected = {"process_graph": cube.flat_graph()}
    assert process_graph_of(cube) == expected
    assert process_graph_of(openeo.MultiResult([cube]))["process_graph"].keys() == cube.flat_graph().keys()
    assert process_graph_of(connection.create_job(cube.save_result("GTiff"), title="A job")) == {
        "process_graph": cube.save_result("GTiff").flat_graph()
    }


def test_user_defined_processes(connection):
    parameters = [Parameter.number("x", "A number.", default=2)]
    stored = connection.save_user_defined_process("mine", GRAPH, parameters=parameters, summary="Mine")
    expected = {"id": "mine", "summary": "Mine", "process_graph": GRAPH, "parameters": [parameters[0].to_dict()]}
    assert process_graph_of(stored).items() >= expected.items()
    assert process_graph_of("mine", connection).items() >= expected.items()


@pytest.mark.parametrize("source", [3, None, {}, [GRAPH], {"process_graph": {}}, {"process_graph": {"a": 1}}, "[1]"])
def test_what_holds_none(source):
    with pytest.raises(GdcError, match=r"taken from an openeo\.DataCube, a job") as told:
        process_graph_of(source)
    assert told.value.code == "ProcessGraphMissing"


def test_what_cannot_be_read(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe")
    for source, code, words in (
        (broken, "ProcessGraphInvalid", r"broken\.json is no JSON: Expecting property name"),
        (binary, "ProcessGraphInvalid", "no text in UTF-8"),
        (tmp_path / "none.json", "FileNotFound", "No such file"),
        (Path(tmp_path), "FileNotFound", "Is a directory"),
        ('{"a": ', "ProcessGraphInvalid", "The text is no JSON"),
        ("mine", "ProcessGraphMissing", "say where"),
        ("", "ProcessGraphMissing", "say where"),
    ):
        with pytest.raises(GdcError, match=words) as told:
            process_graph_of(source)
        assert told.value.code == code


def test_what_a_back_end_says(federation):
    connection = openeo.connect(federation.url, retry=False).authenticate_basic(USER, PASSWORD)
    job = connection.job("j-0001")
    for switches, code in (
        ({"fail": ["/process_graphs/mine", "/jobs"]}, "Internal"),
        ({"fail": [], "rubbish": ["/process_graphs/mine", "/jobs"]}, "ServerNotFound"),
        ({"rubbish": [], "gone": ["/process_graphs/mine", "/jobs"]}, "ServerNotFound"),
    ):
        federation.control(**switches)
        for source in (job, "mine"):
            with pytest.raises(GdcError) as told:
                process_graph_of(source, connection)
            assert told.value.code == code
    federation.control(gone=[])
    with pytest.raises(GdcError) as told:
        process_graph_of("nowhere", connection)
    assert told.value.code == "ProcessGraphNotFound"
