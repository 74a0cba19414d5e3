"""What the contract refuses of bodies, and what it says of them."""

from __future__ import annotations

import pytest
from gdc_server.contract import check

from gdc_jupyter.errors import GdcError

E = {"process_id": "e", "arguments": {}, "result": True}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"from_node": 5}, "arguments.x of the body, the value must have 'from_node' with a name"),
        ({"from_parameter": "x", "more": 1}, "must have 'from_parameter' with a name, and nothing beside it"),
        ([[{"from_node": None}]], "must have 'from_node' with a name"),
        ({"process_graph": {"a": {"process_id": "add"}}}, "arguments.x.process_graph.a of the body"),
        ({"process_graph": {"a": {"process_id": "e", "arguments": {"y": {"from_node": []}}}}}, "a.arguments.y of the"),
    ],
)
def test_arguments_refer_by_names(value, words):
    graph = {"process_graph": {"n": {"process_id": "add", "arguments": {"x": value}}}}
    for body, operation in ((graph, "validate"), ({"process": graph}, "create-job")):
        with pytest.raises(GdcError, match=words) as caught:
            check(body, operation)
        assert caught.value.code == "ProcessGraphInvalid"


def test_what_arguments_may_be():
    values = [None, 1, "x", [1, [2]], {"a": {"b": [{"from_node": "n"}]}}, {"process_graph": {"e": E}}]
    check({"process": {"process_graph": {"n": {"process_id": "add", "arguments": {"x": values}}}}}, "create-job")


@pytest.mark.parametrize("schema", [{"pattern": "["}, {"$id": ""}, {"type": []}, {"items": {"type": [None]}}])
def test_data_types_of_parameters_are_checked(schema):
    parameters = [{"name": "x", "description": "", "schema": schema}]
    with pytest.raises(GdcError, match=r"parameters\[0\]"):
        check({"process_graph": {"e": E}, "parameters": parameters}, "validate")
