"""GraphBuilder without a page: its process is set, taken over, cut, stored and undone, and what is none is refused."""

from __future__ import annotations

import copy
import json

import pytest
import traitlets
from backends.fixtures import PASSWORD, USER

from gdc_jupyter.client import connect, open_answer
from gdc_jupyter.errors import GdcError
from gdc_jupyter.widgets.graph_builder import GraphBuilder
from gdc_jupyter.widgets.graph_cut import cut_at

GRAPH = {
    "load": {
        "process_id": "load_collection",
        "arguments": {"id": "S2", "spatial_extent": None, "temporal_extent": None},
    },
    "index": {"process_id": "ndvi", "arguments": {"data": {"from_node": "load"}}},
    "reduce": {
        "process_id": "reduce_dimension",
        "arguments": {
            "data": {"from_node": "index"},
            "dimension": "t",
            "reducer": {
                "process_graph": {
                    "mean": {"process_id": "mean", "arguments": {"data": {"from_parameter": "data"}}, "result": True}
                }
            },
        },
        "result": True,
    },
    "save": {"process_id": "save_result", "arguments": {"data": {"from_node": "reduce"}, "format": "GTiff"}},
}
ODD = {
    "process_graph": {"1": {"process_id": "<i>unknown</i>", "arguments": {"a": [{"from_node": "1"}]}, "x-own": None}},
    "gdc:layout": {"1": [10, 20]},
    "parameters": [{"name": "p", "schema": {}}],
    "zebra": True,
}


@pytest.fixture
def con(federation):
    return connect(federation.url, user=USER, token=PASSWORD)


@pytest.fixture
def builder(con):
    one = GraphBuilder(con)
    sent = []
    one.send = sent.append
    one.sent = sent
    yield one
    one.close()


def from_page(builder, process, number=1):
    builder._document = {"origin": "page", "number": number, "process": process}


def test_the_graph_and_the_process_are_set_in_either_way(builder):
    seen = []
    builder.observe(lambda change: seen.append(change["new"]), "process")
    builder.process_graph = GRAPH
    assert builder.process == {"process_graph": GRAPH}
    assert seen == [builder.process]
    builder.process = {"process_graph": GRAPH, "id": "greenness"}
    assert builder.process_graph == GRAPH
    assert builder._document["process"]["id"] == "greenness"
    # A bare graph is a process too; the graph alone leaves the rest as it is.
    builder.process_graph = {"load": GRAPH["load"]}
    assert builder.process == {"process_graph": {"load": GRAPH["load"]}, "id": "greenness"}


@pytest.mark.parametrize("wrong", [{"a": 1}, {"process_graph": {"a": {}}}])
def test_what_is_no_graph_is_refused(builder, wrong):
    builder.process_graph = GRAPH
    with pytest.raises(traitlets.TraitError):
        builder.process = wrong
    assert builder.process_graph == GRAPH


def test_everything_unknown_is_kept(builder):
    builder.load(json.dumps(ODD))
    assert builder.process == ODD
    assert list(builder.process) == list(ODD)
    from_page(builder, copy.deepcopy(ODD) | {"summary": "x"})
    assert builder.process == ODD | {"summary": "x"}
    # Places of nodes are for editors alone.
    assert "gdc:layout" not in builder._plain_process()


def test_the_page_is_told_what_is_kept(builder):
    from_page(builder, {"process_graph": GRAPH}, 7)
    assert builder.process_graph == GRAPH
    assert builder.sent == [{"kind": "kept", "origin": "page", "number": 7}]
    # A page in the middle of an edit may have what Python would refuse.
    from_page(builder, {"process_graph": {"load": {"process_id": ""}}}, 8)
    assert builder.process_graph == {"load": {"process_id": ""}}


def test_changes_of_both_sides_are_undone(builder):
    builder.load(GRAPH)
    from_page(builder, {"process_graph": {"load": GRAPH["load"]}})
    assert builder.undo()
    assert builder.process_graph == GRAPH
    assert builder.undo()
    assert builder.process_graph == {}
    assert not builder.undo()
    assert builder.redo()
    assert builder.redo()
    assert builder.process_graph == {"load": GRAPH["load"]}
    assert not builder.redo()
    assert builder._document["origin"] == "kernel"


def test_a_graph_is_cut_at_any_node():
    cut = cut_at(GRAPH, "index")
    assert list(cut) == ["load", "index"]
    assert cut["index"]["result"] is True
    assert "result" not in cut["load"]
    # Of what saves a result, the result is shown.
    assert [name for name, node in cut_at(GRAPH, "save").items() if node.get("result")] == ["reduce"]
    with pytest.raises(GdcError, match="done once for each pixel"):
        cut_at(GRAPH, "reduce/reducer/mean")
    with pytest.raises(GdcError, match="There is no node 'x'; there are: load, index"):
        cut_at(GRAPH, "x")


def test_the_client_goes_on_with_the_graph(builder):
    builder.process_graph = {name: GRAPH[name] for name in ("load", "index", "reduce")}
    cube = builder.cube
    assert [node["process_id"] for node in cube.flat_graph().values()] == [
        "load_collection",
        "ndvi",
        "reduce_dimension",
    ]
    assert "load_collection" in builder.code
    builder.on_action({"kind": "code", "id": "c1", "process": builder.process})
    builder._threads.shutdown(wait=True)
    assert builder.sent[-1] == {"kind": "code", "id": "c1", "code": builder.code}


def test_jobs_are_started_and_processes_stored(builder, con):
    with pytest.raises(GdcError, match="There are no steps yet"):
        builder.run()
    builder.process_graph = {name: GRAPH[name] for name in ("load", "index", "reduce")}
    job = builder.run("Greenness")
    assert job.describe()["title"] == "Greenness"
    with pytest.raises(GdcError, match="Give the process a name"):
        builder.save_process()
    assert builder.save_process("greenness") == "greenness"
    assert con.user_defined_process("greenness").describe()["process_graph"] == builder.process_graph
    builder.load({"x": {"process_id": "add", "arguments": {}, "result": True}})
    builder.load("greenness")
    assert builder.process_graph["index"]["process_id"] == "ndvi"


def test_the_back_end_says_what_is_wrong(newer_federation):
    builder = GraphBuilder(connect(newer_federation.url, user=USER, token=PASSWORD))
    builder.process_graph = {"a": {"process_id": "nobody_knows", "arguments": {}, "result": True}}
    assert [fault["code"] for fault in builder.validate()] == ["ProcessUnsupported"]
    assert builder.faults[0]["source"] == "server"
    builder.close()


def test_an_old_back_end_checks_nothing(builder):
    builder.process_graph = GRAPH
    assert builder.validate() == []


def test_previews_need_a_map(builder):
    builder.process_graph = GRAPH
    with pytest.raises(GdcError, match="Say on which map"):
        builder.preview("index")
    builder.on_action({"kind": "preview", "process": {"process_graph": cut_at(GRAPH, "index")}, "title": "index"})
    builder._threads.shutdown(wait=True)
    assert builder.sent[-1]["level"] == "error"
    assert "graph.area" in builder.sent[-1]["text"]


def test_without_widgets_there_is_a_list(builder):
    builder.load(ODD)
    builder.faults = [{"node": "1", "argument": "a", "message": "5 < 6"}]
    html = builder._repr_html_()
    assert "&lt;i&gt;unknown&lt;/i&gt;" in html
    assert "a: 5 &lt; 6" in html
    assert "<i>" not in html
    assert repr(builder) == "GraphBuilder(1 steps)"
    builder.load(GRAPH)
    assert "mean" in builder._repr_html_()


def test_answers_are_opened_by_their_type():
    assert open_answer(b"[1, 2]", "application/json; charset=utf-8") == [1, 2]
    with pytest.raises(GdcError, match="image/png"):
        open_answer(b"", "image/png")
