"""Spellings of earlier versions of the API are read as the present ones."""

import pytest

from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import execute


def node(process_id, **arguments):
    return {"call": {"process_id": process_id, "arguments": arguments, "result": True}}


def test_references_to_arguments():
    double = {"process_graph": node("multiply", x={"from_argument": "x"}, y={"from_argument": "context"})}
    assert execute(node("array_apply", data=[1, 2], process=double, context=3)) == [3, 6]


def test_a_graph_that_stands_for_itself():
    condition = node("gt", x={"from_parameter": "element"}, y=1)
    assert execute(node("count", data=[1, 2, 3], condition=condition)) == 2


def test_older_names_of_arguments():
    condition = {"process_graph": node("gt", x={"from_parameter": "x"}, y=1)}
    assert execute(node("array_filter", data=[1, 2, 3], process=condition)) == [2, 3]
    with pytest.raises(InvalidProcessGraph, match="no parameter 'process'"):
        execute(node("array_filter", data=[1, 2, 3], process=condition, condition=condition))


def test_older_names_are_known_where_there_are_such_parameters_only():
    with pytest.raises(InvalidProcessGraph, match="no parameter 'element'; there are none here"):
        execute(node("absolute", x={"from_parameter": "element"}))


def test_objects_with_other_members_are_no_graphs():
    value = {"a": {"process_id": "x"}, "b": 1}
    assert execute(node("constant", x=value)) == value
    assert execute(node("constant", x={})) == {}
