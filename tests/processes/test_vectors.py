"""The official test vectors of the processes that work on numbers, texts and lists alone."""

import pytest
from vectors import FOLDER, cases, matches

from gdc_jupyter.errors import GdcError, InvalidProcessGraph
from gdc_jupyter.graph import execute
from gdc_jupyter.processes import PROCESSES

# Processes whose vectors are all met.
EXACT = {
    *(
        "absolute",
        "add",
        "add_dimension",
        "and",
        "arccos",
        "arcsin",
        "arctan",
        "arctan2",
        "array_concat",
        "array_create",
    ),
    *(
        "array_labels",
        "ceil",
        "clip",
        "cos",
        "dimension_labels",
        "divide",
        "drop_dimension",
        "e",
        "eq",
        "exp",
        "filter_bbox",
    ),
    *("filter_labels", "filter_temporal", "floor", "gt", "gte", "if", "is_nan", "is_nodata", "is_valid"),
    *(
        "linear_scale_range",
        "ln",
        "log",
        "lt",
        "multiply",
        "ndvi",
        "neq",
        "normalized_difference",
        "not",
        "or",
        "pi",
        "round",
    ),
    *("sgn", "sin", "sqrt", "subtract", "tan", "xor"),
}
CASES = cases(EXACT) if FOLDER.is_dir() else []


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the official vectors are not here")
def test_vectors_are_found():
    assert len(CASES) > 300


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_vector(case):
    graphs = {
        name: value for name, value in case.arguments.items() if isinstance(value, dict) and "process_graph" in value
    }
    parameters = {name: value for name, value in case.arguments.items() if name not in graphs}
    arguments = {**{name: {"from_parameter": name} for name in parameters}, **graphs}
    graph = {"call": {"process_id": case.process, "arguments": arguments, "result": True}}
    code, result = run(graph, parameters)
    if code is not None:
        assert case.throws is True or case.throws == code
    else:
        assert case.returns is not None or not case.throws
        assert matches(result, case.returns, case.delta), f"{result!r} is not {case.returns!r}"


def run(graph, parameters):
    """Return the code of the error, or None and the result."""
    try:
        return None, execute(graph, parameters)
    except InvalidProcessGraph as error:
        return error.faults[0].code, None
    except GdcError as error:
        return error.code, None


def test_exact_processes_are_registered():
    assert set(PROCESSES) >= EXACT
