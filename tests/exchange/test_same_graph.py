"""Graphs are compared by what they are, whatever their nodes are called."""

from __future__ import annotations

import copy
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.exchange.graph_parts import in_order, result_of
from gdc_jupyter.exchange.same_graph import same_graph


def node(process, result=False, namespace=None, **arguments):
    made = {"process_id": process, "arguments": arguments}
    return made | ({"result": True} if result else {}) | ({"namespace": namespace} if namespace else {})


def of(name):
    return {"from_node": name}


def callback(**nodes):
    return {"process_graph": nodes}


GRAPH = {
    "load": node("load", id="A"),
    "mean": node("reduce", data=of("load"), reducer=callback(m=node("mean", True, data={"from_parameter": "data"}))),
    "both": node("merge", True, one=of("load"), other=[of("mean"), {"deep": of("mean")}], value=1, gap=float("nan")),
    "aside": node("save", data=of("mean")),
}


def renamed(graph, names, backwards=False):
    items = list(graph.items())[:: -1 if backwards else 1]
    text = json.dumps({names[name]: value for name, value in items})
    for old, new in names.items():
        text = text.replace(f'{{"from_node": "{old}"}}', f'{{"from_node": "{new}"}}')
    return json.loads(text)


@pytest.mark.parametrize("backwards", [False, True])
def test_ids_and_order_do_not_count(backwards):
    other = renamed(GRAPH, {"load": "n1", "mean": "n0", "both": "x", "aside": "load"}, backwards)
    other["n0"]["arguments"]["reducer"] = callback(another=node("mean", True, data={"from_parameter": "data"}))
    assert same_graph(GRAPH, other)
    assert same_graph(other, GRAPH)


@pytest.mark.parametrize(
    "change",
    [
        lambda graph: graph["load"]["arguments"].update(id="B"),
        lambda graph: graph["load"].update(process_id="load_other"),
        lambda graph: graph["load"].update(namespace="me"),
        lambda graph: graph["both"]["arguments"].update(value=1.0),
        lambda graph: graph["both"]["arguments"].update(value=True),
        lambda graph: graph["both"]["arguments"].update(value="1"),
        lambda graph: graph["both"]["arguments"].update(gap=None),
        lambda graph: graph["both"]["arguments"].update(more=None),
        lambda graph: graph["both"]["arguments"].update(one=of("mean")),
        lambda graph: graph["both"]["arguments"].update(other=[{"deep": of("mean")}, of("mean")]),
        lambda graph: graph["both"].pop("result") and graph["aside"].update(result=True),
        lambda graph: graph["mean"]["arguments"]["reducer"]["process_graph"]["m"].update(process_id="median"),
        lambda graph: graph["mean"]["arguments"]["reducer"].update(parameters=[]),
        lambda graph: graph["mean"]["arguments"]["reducer"]["process_graph"].update(n=node("e")),
        lambda graph: graph.update(more=node("save", data=of("mean"))),
        lambda graph: graph.pop("aside"),
    ],
)
def test_all_else_does(change):
    other = copy.deepcopy(GRAPH)
    change(other)
    assert not same_graph(GRAPH, other)
    assert not same_graph(other, GRAPH)


def test_shared_nodes_are_not_the_same_as_equal_ones():
    shared = {"a": node("e"), "b": node("add", True, x=of("a"), y=of("a"))}
    twice = {"a": node("e"), "c": node("e"), "b": node("add", True, x=of("a"), y=of("c"))}
    assert not same_graph(shared, twice)
    # As many of each kind, used as often each, but not in the same places.
    together = {
        **{name: node("e") for name in "ab"},
        "p": node("add", x=of("a"), y=of("a")),
        "q": node("add", x=of("b"), y=of("b")),
        "r": node("list", True, of=[of("p"), of("q")]),
    }
    across = copy.deepcopy(together)
    across["p"]["arguments"]["y"], across["q"]["arguments"]["x"] = of("b"), of("a")
    assert not same_graph(together, across)


def test_the_only_end_is_the_result():
    lone = {"a": node("e"), "b": node("abs", x=of("a"))}
    assert same_graph(lone, {"x": node("abs", True, x=of("y")), "y": node("e")})
    assert result_of({"a": node("e"), "b": node("pi")}) is None
    assert result_of({"a": node("e", True), "b": node("pi", True)}) is None


def test_what_is_no_graph_is_the_same_as_none():
    cycle = {"a": node("abs", x=of("b")), "b": node("abs", True, x=of("a"))}
    nowhere = {"a": node("abs", True, x=of("b"))}
    for graph in (cycle, nowhere):
        assert in_order(graph) is None
        assert not same_graph(graph, copy.deepcopy(graph))


@given(st.data())
def test_nodes_come_after_those_that_they_refer_to(data):
    names = [f"n{number}" for number in range(data.draw(st.integers(1, 8)))]
    graph = {}
    for number, name in enumerate(names):
        before = data.draw(st.lists(st.sampled_from(names[:number]), max_size=3)) if number else []
        graph[name] = node("p", of=[of(each) for each in before])
    shuffled = {name: graph[name] for name in data.draw(st.permutations(names))}
    order = in_order(shuffled)
    assert sorted(order) == names
    for first, second in itertools.combinations(order, 2):
        assert of(second) not in graph[first]["arguments"]["of"]
