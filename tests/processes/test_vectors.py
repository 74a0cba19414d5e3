"""All official test vectors of the processes that are registered, but for those that contradict their specification."""

import pytest
from vectors import FOLDER, cases, is_graph

from gdc_jupyter.errors import GdcError, InvalidProcessGraph
from gdc_jupyter.graph import execute
from gdc_jupyter.processes import PROCESSES

# Vectors that no process can meet that does what its specification says.
CONTRADICTORY = {
    "aggregate_temporal-5": "The intervals lie in January, and the dates of the cube in June.",
    "aggregate_temporal-6": "The intervals lie in January, and the dates of the cube in June.",
    "aggregate_temporal-7": "The intervals lie in January, and the dates of the cube in June.",
    "aggregate_temporal-8": "The intervals lie in January, and the dates of the cube in June.",
    "aggregate_temporal-9": "The intervals lie in January, the dates in June, and 'labels' stands in the reducer.",
    "aggregate_temporal-10": "All dates are at midnight, and only the last of them is expected in the night.",
    "aggregate_temporal_period-3": "The labels of hours are expected to be those of other dates.",
    "aggregate_temporal_period-4": "The labels of days are expected to have an hour, and not the day of the year.",
    "aggregate_temporal_period-8": "The dimension t2 is expected to be called t.",
    "aggregate_temporal_period-9": "The dimension t2 is expected to be called t.",
    "all-8": "The specification's own example gives null for [null] with no-data taken into account.",
    "any-8": "The specification's own example gives null for [null] with no-data taken into account.",
    "apply-2": "It was made with 165 at a pixel where the file has 255, which is no-data.",
    "apply_dimension-1": "It was made with 165 at a pixel where the file has 255, which is no-data.",
    "apply_dimension-2": "It is about the dimension 'bands' of a cube that has none.",
    "array_append-0": "The value 0 is appended, and 1 is expected in its place.",
    "array_apply-8": "It names a process 'mulitply'.",
    "array_element-3": "It asks for the label 'BO2' of an array that has 'B02'.",
    "array_filter-0": "Its condition is gt without 'y': the vector has 'x' twice.",
    "array_filter-5": "Its condition returns numbers, and both are other than true.",
    "array_find-6": "The value is the first element, and position 1 is expected.",
    "filter_bands-4": "The bands red and blue are asked for, and blue and green expected.",
    "lte-15": "Infinity is equal to infinity (IEEE 754), as gte has it.",
    "mask-0": "The pixels with 0 in the mask are expected to be replaced, and not those with 1.",
    "mask-1": "It refers to a file that is not published.",
    "mask-2": "The pixels with 0 in the mask are expected to be replaced, and not those with 1.",
    "mask_polygon-0": "The polygon is 8 degrees east of the data, and its inside is expected to be all of them.",
    "mask_polygon-1": "The polygon is 8 degrees east of the data, and its outside is expected to be none of them.",
    "mask_polygon-6": "One row of one band and date is expected to stay, though the polygon has it in all others.",
    "product-10": "Minus infinity times infinity is minus infinity (IEEE 754), and NaN is expected.",
    "reduce_dimension-1": "It calls nodes parameters, and was made with 165 where the file has 255, which is no-data.",
    "rename_dimension-3": "The dimension x is to be renamed, and y expected to be.",
    "rename_dimension-4": "The dimension y is to be renamed, and x expected to be.",
    "rename_labels-5": "It lacks the required argument 'target'.",
    "rename_labels-7": "It lacks the required argument 'target'.",
}
CASES = cases(set(PROCESSES)) if FOLDER.is_dir() else []


def marked(case):
    """Return a case that is expected to fail where it is known to."""
    name = str(case)
    marks = [pytest.mark.xfail(reason=CONTRADICTORY[name], strict=True)] if name in CONTRADICTORY else []
    return pytest.param(case, marks=marks, id=name)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the official vectors are not here")
def test_vectors_are_found():
    assert len(CASES) == 1014
    assert set(CONTRADICTORY) <= set(map(str, CASES))


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
