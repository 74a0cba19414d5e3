"""What the contract refuses of bodies, and what it says of them."""

from __future__ import annotations

import pytest
from gdc_server import contract, openapi30
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


def values(document):
    """Yield all values and the names that they have."""
    for name, each in document.items() if isinstance(document, dict) else enumerate(document):
        yield name, each
        if isinstance(each, dict | list):
            yield from values(each)


@pytest.mark.parametrize("made", [contract.document, openapi30.document])
def test_the_documents_have_no_nulls(made):
    assert [name for name, each in values(made()) if each is None] == []


def test_the_older_document_knows_no_newer_words():
    document = openapi30.document()
    assert document["openapi"] == "3.0.3"
    assert document["paths"].keys() == contract.document()["paths"].keys()
    assert not [name for name, each in values(document) if name == "const" or (name, each) == ("type", "null")]
    assert not [each for name, each in values(document) if name == "type" and isinstance(each, list)]
    summary = document["components"]["schemas"]["Process"]["properties"]["summary"]
    assert summary == {"type": "string", "nullable": True}
    landing = document["components"]["schemas"]["LandingPage"]["properties"]["gdc_version"]
    assert landing == {"enum": ["1.0.0-beta"]}
    assert "null" in str(contract.document())


def test_both_documents_are_served(server):
    landing = server.get("").json()
    found = {each["type"]: each["href"] for each in landing["links"] if each["rel"] == "service-desc"}
    for media_type, href in found.items():
        answer = server.session.get(href, timeout=30)
        assert answer.headers["Content-Type"] == media_type
        assert answer.json()["openapi"].startswith(media_type[-3:])
        assert answer.json()["servers"] == [{"url": server.url}]
    assert len(found) == 2
