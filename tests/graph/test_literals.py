"""Literals are held against schemas as the jsonschema package holds them, and messages name the place."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.graph.literals import compiled
from gdc_jupyter.graph.parse import FromParameter, Nested
from gdc_jupyter.graph.signature import mismatch
from gdc_jupyter.processes import PROCESSES

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "mean", "near", "month", "B04", "2022-01-01", "10:00:00"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["west", "south", "east", "north", "crs", "other"]), inner, max_size=5),
    ),
    max_leaves=8,
)
PLAIN = {
    f"{process.id}.{parameter.name}": parameter.schema
    for process in PROCESSES.values()
    for parameter in process.parameters
    if not any(
        one.get("subtype") in ("datacube", "process-graph", "metadata-filter")
        for one in (parameter.schema if isinstance(parameter.schema, list) else [parameter.schema])
    )
}


@given(schema=st.sampled_from(sorted(PLAIN)), value=VALUES)
def test_as_jsonschema_has_it(schema, value):
    alternatives = PLAIN[schema] if isinstance(PLAIN[schema], list) else [PLAIN[schema]]
    fits = any(jsonschema.Draft7Validator(one).is_valid(value) for one in alternatives)
    assert (compiled(PLAIN[schema])(value) is None) == fits


def test_every_schema_compiles():
    for process in PROCESSES.values():
        for parameter in process.parameters:
            compiled(parameter.schema)


@pytest.mark.parametrize(
    ("schema", "value", "says"),
    [
        ({"type": "number"}, "ten", "'ten' is given where a number is needed."),
        ({"type": "integer"}, True, "True is given where a whole number is needed."),
        ({"type": ["number", "null"], "minimum": 0}, -1, "-1 is less than 0."),
        ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, [[1], [2, "x"]], "(at [1][1])."),
        ([{"type": "string"}, {"type": "null"}], 5, "5 is given where a text or null is needed."),
        ({"type": "string", "enum": ["a", "b"]}, "c", "'c' is not one of a, b."),
        ({"type": "object", "required": ["x", "y"]}, {"y": 1}, "'x' is missing in the object."),
        ({"type": "array", "uniqueItems": True}, ["a", "b", "a"], "'a' is there twice (at [2])."),
        ({"type": "object", "properties": {"crs": {"type": "integer"}}}, {"crs": "x"}, "(at ['crs'])."),
        ({"type": "string"}, "x" * 5, None),
    ],
)
def test_messages(schema, value, says):
    problem = mismatch(schema, value)
    assert problem is None if says is None else says in problem


def test_references_inside_fit_anything_and_the_rest_is_checked():
    schema = {"type": "array", "items": {"type": "number"}}
    assert mismatch(schema, Nested([FromParameter("x"), 1])) is None
    assert "(at [1])" in mismatch(schema, Nested([FromParameter("x"), "text"]))


def test_an_unknown_keyword_is_an_error_of_the_process():
    with pytest.raises(TypeError, match="contains"):
        compiled({"type": "array", "contains": {"type": "number"}})
