"""User-defined processes: what they compute is what their nodes compute, and what is wrong with them is told with its
place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_catalog import MemoryCatalog, MemorySource, load, node, of, parameter, reducer

from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import execute, make_plan, validate
from gdc_jupyter.graph.inline import MOST_DEPTH, used
from gdc_jupyter.settings import Limits, Permissions

NUMBER = {"type": "number"}
CUBE = {"type": "object", "subtype": "datacube"}


def takes(name, schema=NUMBER, **more):
    return {"name": name, "description": name, "schema": schema} | more


def own(process, *parameters, **nodes):
    """Return a user-defined process; its last node is the result."""
    nodes[list(nodes)[-1]]["result"] = True
    return {"id": process, "parameters": list(parameters), "process_graph": nodes}


def call(process, result=False, **arguments):
    return {"process_id": process, "namespace": "user", "arguments": arguments, "result": result}


def faults(graph, *processes, limits=None):
    catalog = MemoryCatalog()
    permissions = Permissions(processes={each["id"]: each for each in processes}, limits=limits or Limits())
    found = validate({"process_graph": graph}, catalog, permissions=permissions)
    assert catalog.collection.reads == []
    return found


def only(graph, *processes, **options):
    found = faults(graph, *processes, **options)
    assert len(found) == 1, [str(fault) for fault in found]
    return found[0]


def run(graph, *processes, **options):
    return execute(graph, processes={each["id"]: each for each in processes}, **options)


TRIPLE = own(
    "triple",
    takes("x"),
    twice=node("add", x=parameter("x"), y=parameter("x")),
    sum=node("add", x=of("twice"), y=parameter("x")),
)
POWER = own(
    "raised",
    takes("base"),
    takes("exponent", optional=True, default=2),
    power=node("power", base=parameter("base"), p=parameter("exponent")),
)


def test_a_literal_a_node_and_a_parameter_as_arguments():
    graph = {"a": call("triple", x=5), "b": call("triple", x=of("a")), "c": node("add", True, x=of("b"), y=of("a"))}
    assert run(graph, TRIPLE) == 45 + 15
    graph = {"a": call("triple", True, x=parameter("outside"))}
    assert run(graph, TRIPLE, parameters={"outside": 7}) == 21


def test_defaults_and_arguments_that_are_left_out():
    assert run({"a": call("raised", True, base=5)}, POWER) == 25
    assert run({"a": call("raised", True, base=5, exponent=3)}, POWER) == 125
    absent = own("absent", takes("x", optional=True), is_=node("is_nodata", x=parameter("x")))
    assert run({"a": call("absent", True)}, absent) is True


def test_processes_in_processes():
    nine = own("nine_times", takes("x"), one=call("triple", x=parameter("x")), two=call("triple", x=of("one")))
    assert run({"a": call("nine_times", True, x=1)}, TRIPLE, nine) == 9


def test_a_process_inside_of_a_callback_gets_the_values_of_the_callback():
    graph = {
        "a": node("array_create", data=[1, 2, 3]),
        "b": node(
            "array_apply", True, data=of("a"), process={"process_graph": {"t": call("triple", True, x=parameter("x"))}}
        ),
    }
    assert list(run(graph, TRIPLE)) == [3, 6, 9]


SCALED = own(
    "scaled",
    takes("data", {"type": "array"}),
    takes("x"),
    each=node(
        "array_apply",
        data=parameter("data"),
        process={"process_graph": {"m": node("add", True, x=parameter("x"), y=parameter("index"))}},
    ),
    all_=node(
        "array_apply",
        data=of("each"),
        process={
            "process_graph": {
                "m": node("multiply", True, x=parameter("x"), y={"from_node": "inner"}),
                "inner": node("constant", x=2),
            }
        },
    ),
)


def test_a_callback_of_a_process_sees_its_own_parameters_first():
    graph = {"n": node("constant", x=1000), "a": call("scaled", True, data=[1, 2, 3], x=of("n"))}
    assert list(run(graph, SCALED)) == [2, 6, 10]


def test_a_callback_brings_along_what_the_process_was_given():
    offset = own(
        "offset",
        takes("data", {"type": "array"}),
        takes("by"),
        each=node(
            "array_apply",
            data=parameter("data"),
            process={"process_graph": {"m": node("add", True, x=parameter("x"), y=parameter("by"))}},
        ),
    )
    # The caller's parameters of the same names are others.
    graph = {
        "n": node("constant", x=100),
        "a": call("offset", data=[1, 2], by=of("n")),
        "b": call("offset", data=of("a"), by=parameter("x")),
        "c": call("offset", True, data=of("b"), by=1),
    }
    assert list(run(graph, offset, parameters={"x": 20, "by": 5000})) == [122, 123]
    # And of a callback around the call.
    rows = own(
        "rows",
        takes("by"),
        each=node(
            "array_apply",
            data=[10, 20],
            process={
                "process_graph": {
                    "inner": call("offset", data=[0, 1], by=parameter("x")),
                    "first": node("array_element", data=of("inner"), index=1),
                    "sum": node("add", True, x=of("first"), y=parameter("by")),
                }
            },
        ),
    )
    assert list(run({"a": call("rows", True, by=of("n")), "n": node("constant", x=100)}, offset, rows)) == [111, 121]


def test_a_process_graph_as_argument():
    reduced = own(
        "reduced",
        takes("data", CUBE),
        takes("how", {"type": "object", "subtype": "process-graph"}),
        r=node("reduce_dimension", data=parameter("data"), dimension="t", reducer=parameter("how")),
    )
    graph = {"l": load(), "a": call("reduced", True, data=of("l"), how=reducer("max"))}
    direct = {"l": load(), "a": node("reduce_dimension", True, data=of("l"), dimension="t", reducer=reducer("max"))}
    expected = execute(direct, catalog=MemoryCatalog())
    np.testing.assert_array_equal(run(graph, reduced, catalog=MemoryCatalog()), expected)
    assert "data cube" not in only({"a": call("reduced", True, data=3, how=reducer("max"))}, reduced).code


INDEX = own(
    "index",
    takes("data", CUBE),
    takes("factor", optional=True, default=1),
    red=node("filter_bands", data=parameter("data"), bands=["B04"]),
    scaled=node(
        "apply",
        data=of("red"),
        process={"process_graph": {"m": node("multiply", True, x=parameter("x"), y=parameter("factor"))}},
    ),
    mean=node("reduce_dimension", data=of("scaled"), dimension="t", reducer=reducer("mean")),
)


def test_cubes_block_by_block_and_two_calls_of_one_process_differ():
    graph = {
        "l": load(),
        "a": call("index", data=of("l"), factor=3),
        "b": call("index", data=of("l"), factor=5),
        "c": node("subtract", x=1, y=1),
        "d": node(
            "merge_cubes",
            True,
            cube1=of("b"),
            cube2=of("a"),
            overlap_resolver={"process_graph": {"s": node("subtract", True, x=parameter("x"), y=parameter("y"))}},
        ),
    }
    catalog = MemoryCatalog()
    found = run(graph, INDEX, catalog=catalog)
    direct = {
        "l": load(),
        "f": node("filter_bands", data=of("l"), bands=["B04"]),
        "m": node("reduce_dimension", True, data=of("f"), dimension="t", reducer=reducer("mean")),
    }
    np.testing.assert_allclose(found, 2 * execute(direct, catalog=catalog), rtol=1e-5)


def test_what_is_kept_of_one_call_is_not_taken_for_another(monkeypatch):
    monkeypatch.setattr(MemorySource, "fingerprint", lambda self: "memory")
    names = []
    for factor in (3, 5):
        process = {"process_graph": {"l": load(), "a": call("index", True, data=of("l"), factor=factor)}}
        permissions = Permissions(processes={"index": INDEX})
        with make_plan(process, MemoryCatalog(), permissions=permissions) as plan:
            names.append(plan.result.fingerprint)
    assert None not in names
    assert names[0] != names[1]


def test_a_predefined_process_goes_first_unless_the_namespace_says_otherwise():
    pi = own("pi", three=node("constant", x=3))
    assert run({"a": {"process_id": "pi", "arguments": {}, "result": True}}, pi) == pytest.approx(np.pi)
    assert run({"a": call("pi", True)}, pi) == 3
    plain = {"process_id": "triple", "arguments": {"x": 2}, "result": True}
    assert run({"a": plain | {"namespace": None}}, TRIPLE) == 6
    assert only({"a": plain | {"namespace": "backend"}}, TRIPLE).code == "ProcessUnsupported"
    for namespace in ("bob", "user:bob", "https://other.example/processes", ""):
        fault = only({"a": plain | {"namespace": namespace}}, TRIPLE)
        assert (fault.code, fault.path, fault.process) == ("ProcessUnsupported", ("a",), "triple")


def test_an_id_that_is_not_there():
    fault = only({"a": call("tripel", True, x=1)}, TRIPLE)
    assert (fault.code, fault.path) == ("ProcessUnsupported", ("a",))
    assert "Did you mean 'triple'?" in fault.message
    fault = only({"a": {"process_id": "tripel", "arguments": {"x": 1}, "result": True}}, TRIPLE)
    assert "Did you mean 'triple'?" in fault.message
    assert "mean" in only({"a": {"process_id": "meen", "arguments": {}, "result": True}}, TRIPLE).message


@pytest.mark.parametrize(
    ("arguments", "code", "argument", "words"),
    [
        ({}, "ProcessParameterRequired", "x", "required"),
        ({"x": 1, "y": 2}, "ProcessParameterUnsupported", "y", "it has x"),
        ({"x": "one"}, "ProcessParameterInvalid", "x", "a number is needed"),
        ({"x": [of("n")]}, "ProcessParameterInvalid", "x", "a number is needed"),
    ],
)
def test_wrong_arguments(arguments, code, argument, words):
    fault = only({"n": node("pi"), "a": call("triple", True, **arguments)}, TRIPLE)
    assert (fault.code, fault.path, fault.process, fault.argument) == (code, ("a",), "triple", argument)
    assert words in fault.message


def test_a_fault_inside_tells_the_way_to_it():
    wrong = own("wrong", takes("x"), a=node("add", x=parameter("x"), y="text"), b=node("absolute", x=of("a")))
    outer = own("outer", first=node("pi"), second=call("wrong", x=of("first")))
    inside = {"process_graph": {"in": call("outer", True)}}
    fault = only({"c": node("array_apply", True, data=[1], process=inside)}, wrong, outer)
    assert fault.path == ("c", "in", "second", "a")
    assert (fault.process, fault.argument) == ("add", "y")
    late = own("late", takes("x"), a=node("array_element", data=[1, 2], index=parameter("x")))
    with pytest.raises(InvalidProcessGraph) as caught:
        run({"n": node("constant", x=9), "c": call("late", True, x=of("n"))}, late)
    assert caught.value.faults[0].path == ("c", "a")


def test_a_process_that_refers_to_what_it_does_not_have():
    wrong = own("wrong", takes("x"), a=node("add", x=parameter("x"), y=parameter("z")))
    fault = only({"c": call("wrong", True, x=1)}, wrong)
    assert (fault.code, fault.path, fault.argument) == ("ProcessParameterMissing", ("c", "a"), "y")
    assert "'z'; it has x" in fault.message
    broken = own("broken", a=node("add", x=of("nowhere"), y=1))
    found = faults({"c": call("broken", True), "d": call("broken")}, broken)
    assert [fault.path for fault in found] == [("c", "a")]


def test_a_process_does_not_call_itself():
    direct = own("direct", a=call("direct"))
    fault = only({"c": call("direct", True)}, direct)
    assert (fault.path, fault.code) == (("c", "a"), "ProcessGraphInvalid")
    assert "direct → direct" in fault.message
    first, second = own("first", a=call("second")), own("second", b=call("first"))
    fault = only({"c": call("first", True)}, first, second)
    assert fault.path == ("c", "a", "b")
    assert "first → second → first" in fault.message


def test_a_process_that_is_to_be_stored_does_not_call_itself():
    process = own("direct", a=call("direct"))
    (fault,) = validate(process, MemoryCatalog(), permissions=Permissions(processes={"direct": process}))
    assert fault.path == ("a",)
    assert "direct → direct" in fault.message


def chain(length, width=1):
    """Return processes that each call the next one so many times."""
    made = [own("p0", takes("x"), a=node("absolute", x=parameter("x")))]
    for number in range(1, length):
        nodes = {f"n{each}": call(f"p{number - 1}", x=parameter("x")) for each in range(width)}
        made.append(own(f"p{number}", takes("x"), **nodes))
    return made


def test_the_depth_has_an_end():
    assert faults({"c": call(f"p{MOST_DEPTH - 1}", True, x=1)}, *chain(MOST_DEPTH)) == []
    fault = only({"c": call(f"p{MOST_DEPTH}", True, x=1)}, *chain(MOST_DEPTH + 1))
    assert "called in each other" in fault.message
    assert fault.path[0] == "c"


def test_processes_that_become_huge_are_refused_at_once():
    fault = only({"c": call("p11", True, x=1)}, *chain(12, width=10))
    assert "5000 nodes" in fault.message
    assert faults({"c": call("p3", True, x=1)}, *chain(4, width=10)) == []
    assert (
        "999 nodes"
        in only({"c": call("p3", True, x=1)}, *chain(4, width=10), limits=replace(Limits(), nodes=999)).message
    )


def test_levels_of_callbacks_and_processes_have_an_end_together():
    def nested(levels, inner):
        for _ in range(levels):
            inner = {"a": node("array_apply", True, data=[1], process={"process_graph": inner})}
        return inner

    processes = [own("p0", **nested(20, {"a": node("pi", True)}))]
    processes += [own(f"p{n}", **nested(20, {"a": call(f"p{n - 1}", True)})) for n in range(1, 6)]
    assert faults({"c": call("p1", True)}, *processes) == []
    assert "64 levels" in faults({"c": call("p5", True)}, *processes)[0].message


@pytest.mark.parametrize(
    "schema", [None, 5, {}, [], {"type": "float"}, {"type": 5}, {"pattern": "("}, {"enum": 3}, [3]]
)
def test_a_schema_that_cannot_be_understood_says_nothing(schema):
    process = own("odd", takes("x", schema), a=node("absolute", x=parameter("x")))
    assert run({"c": call("odd", True, x=-1)}, process) == 1


def test_which_processes_are_used():
    outer = own("outer", a=call("nine"), b=node("pi"))
    nine = own("nine", a=node("array_apply", data=[1], process={"process_graph": {"t": call("triple", True, x=1)}}))
    processes = {each["id"]: each for each in (outer, nine, TRIPLE, POWER)}
    graph = {"c": {"process_id": "outer", "arguments": {}}, "d": call("nowhere")}
    assert used({"process_graph": graph}, processes).keys() == {"outer", "nine", "triple"}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("+*-"), st.integers(-3, 3)), min_size=1, max_size=6),
    st.integers(-5, 5),
)
def test_chains_of_processes_compute_what_python_does(steps, start):
    names = {"+": "add", "*": "multiply", "-": "subtract"}
    processes = [
        own(
            f"step{number}",
            takes("x"),
            takes("y", optional=True, default=value),
            r=node(names[sign], x=parameter("x"), y=parameter("y")),
        )
        for number, (sign, value) in enumerate(steps)
    ]
    graph = {"s": node("constant", x=start)}
    for number in range(len(steps)):
        graph[f"n{number}"] = call(f"step{number}", x=of(list(graph)[-1]))
    graph[f"n{len(steps) - 1}"]["result"] = True
    expected = start
    for sign, value in steps:
        expected = {"+": expected + value, "*": expected * value, "-": expected - value}[sign]
    assert run(graph, *processes) == expected
