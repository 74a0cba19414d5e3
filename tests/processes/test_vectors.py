"""All official test vectors of the processes that are registered, but for those that contradict their specification."""

import pytest
from vectors import FOLDER, cases, is_graph

from gdc_jupyter.errors import GdcError, InvalidProcessGraph
from gdc_jupyter.graph import execute
from gdc_jupyter.processes import PROCESSES

# Vectors that no process can meet that does what its specification says.
CONTRADICTORY = {
    "all-8": "The specification's own example gives null for [null] with no-data taken into account.",
    "any-8": "The specification's own example gives null for [null] with no-data taken into account.",
    "array_append-0": "The value 0 is appended, and 1 is expected in its place.",
    "array_apply-8": "It names a process 'mulitply'.",
    "array_element-3": "It asks for the label 'BO2' of an array that has 'B02'.",
    "array_filter-0": "Its condition is gt without 'y': the vector has 'x' twice.",
    "array_filter-5": "Its condition returns numbers, and both are other than true.",
    "array_find-6": "The value is the first element, and position 1 is expected.",
    "lte-15": "Infinity is equal to infinity (IEEE 754), as gte has it.",
    "mask_polygon-0": "The polygon is 8 degrees east of the data, and its inside is expected to be all of them.",
    "mask_polygon-1": "The polygon is 8 degrees east of the data, and its outside is expected to be none of them.",
    "mask_polygon-6": "One row of one band and date is expected to stay, though the polygon has it in all others.",
    "mask-1": "It refers to a file that is not published.",
    "product-10": "Minus infinity times infinity is minus infinity (IEEE 754), and NaN is expected.",
    "reduce_dimension-1": "It refers to nodes as if they were parameters.",
}
# Vectors that are still to be met, by process.
_OPEN: dict[str, list[int]] = {
    "aggregate_temporal": [5, 6, 7, 8, 9, 10],
    "aggregate_temporal_period": [3, 4, 6, 7, 8, 9, 10, 11, 12],
    "apply": [2],
    "apply_dimension": [1, 2],
    "filter_bands": [4],
    "mask": [0, 2],
    "rename_dimension": [3, 4],
    "rename_labels": [5, 7],
}
OPEN = {f"{process}-{number}" for process, numbers in _OPEN.items() for number in numbers}
CASES = cases(set(PROCESSES)) if FOLDER.is_dir() else []


def marked(case):
    """Return a case that is expected to fail where it is known to."""
    name = str(case)
    marks = []
    if name in CONTRADICTORY:
        marks = [pytest.mark.xfail(reason=CONTRADICTORY[name], strict=True)]
    elif name in OPEN:
        marks = [pytest.mark.xfail(reason="still to be met", strict=False)]
    return pytest.param(case, marks=marks, id=name)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the official vectors are not here")
def test_vectors_are_found():
    assert len(CASES) > 860
    assert {*CONTRADICTORY, *OPEN} <= set(map(str, CASES))


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
@pytest.mark.filterwarnings("ignore")
def test_vector(case):
    assert not case.missing, f"The vector refers to what is not published: {case.missing}"
    graphs = {name: value for name, value in case.arguments.items() if is_graph(value)}
    parameters = {name: value for name, value in case.arguments.items() if name not in graphs}
    arguments = {**{name: {"from_parameter": name} for name in parameters}, **graphs}
    graph = {"call": {"process_id": case.process, "arguments": arguments, "result": True}}
    code, result = run(graph, parameters)
    if code is not None:
        assert case.accepts_error(code), f"{result} where {case.returns!r} is expected"
    else:
        assert case.accepts(result), f"{result!r} is not {case.returns!r}"


def run(graph, parameters):
    """Return the code of the error and the error, or None and the result."""
    try:
        return None, execute(graph, parameters)
    except InvalidProcessGraph as error:
        return error.faults[0].code, error
    except GdcError as error:
        return error.code, error
