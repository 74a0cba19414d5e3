"""What is wrong with a graph is told at once, with its place, and before anything is read."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_catalog import MemoryCatalog, load, node, of, parameter, reducer

from gdc_jupyter.errors import GdcError, InvalidProcessGraph
from gdc_jupyter.graph import execute, run, validate
from gdc_jupyter.processes import PROCESSES


def faults(graph, **process):
    catalog = MemoryCatalog()
    found = validate({"process_graph": graph, **process}, catalog)
    assert catalog.collection.reads == []
    return found


def only(graph):
    found = faults(graph)
    assert len(found) == 1, [str(fault) for fault in found]
    return found[0]


@pytest.mark.parametrize("graph", [None, [], {}, "text", 5])
def test_no_graph(graph):
    assert only(graph).code == "ProcessGraphMissing"


def test_a_single_node_without_result():
    assert "Exactly one node" in only({"a": node("pi")}).message


def test_no_result_node():
    assert "Exactly one node" in only({"a": node("pi"), "b": node("e")}).message


def test_two_result_nodes():
    assert "2 do: a, b" in only({"a": node("pi", True), "b": node("e", True)}).message


def test_circle():
    graph = {
        "start": node("pi"),
        "a": node("add", x=of("start"), y=of("c")),
        "b": node("absolute", x=of("a")),
        "c": node("absolute", x=of("b")),
        "end": node("absolute", True, x=of("c")),
    }
    fault = only(graph)
    assert "a → c → b → a refer to each other in a circle" in fault.message
    assert fault.path == ("a",)
    assert "a → a" in only({"a": node("absolute", True, x=of("a"))}).message


def test_unknown_node_reference():
    fault = only({"a": node("absolute", True, x=of("nowhere"))})
    assert fault.path == ("a",)
    assert fault.argument == "x"
    assert "nowhere" in fault.message


def nested_callbacks(levels):
    graph = {"a": node("pi", True)}
    for _ in range(levels):
        graph = {"a": node("apply", True, data=[1], process={"process_graph": graph})}
    return graph


def nested_lists(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def test_too_deep():
    (fault,) = faults(nested_callbacks(100))
    assert "levels of callbacks" in fault.message
    assert fault.path == ("a",) * 33


def test_lists_in_lists():
    fault = only({"a": node("constant", True, x=nested_lists(100))})
    assert "levels of lists and objects" in fault.message
    assert (fault.path, fault.process, fault.argument) == (("a",), "constant", "x")
    assert faults({"a": node("constant", True, x=nested_lists(50))}) == []


def test_lists_in_callbacks_in_callbacks():
    inner = {"a": node("constant", True, x=nested_lists(63))}
    for _ in range(30):
        inner = {"a": node("array_apply", True, data=[1], process={"process_graph": inner})}
    assert faults(inner) == []
    deep = {"a": node("array_apply", True, data=nested_lists(70), process={"process_graph": inner})}
    assert [fault.path for fault in faults(deep)] == [("a",)]


def test_a_list_that_holds_itself():
    endless = []
    endless.append(endless)
    assert only({"a": node("constant", True, x=endless)}).argument == "x"
    doubling = [1]
    for _ in range(60):
        doubling = [doubling, doubling]
    assert "are accepted" in only({"a": node("constant", True, x=doubling)}).message


def test_too_many_nodes():
    graph = {f"n{number}": node("pi", number == 0) for number in range(10_000)}
    assert "5000 nodes" in only(graph).message


def test_all_faults_at_once_with_node_process_and_argument():
    graph = {
        "load": load(),
        "unknown": node("ndvii", data=of("load")),
        "dimension": node("reduce_dimension", data=of("load"), dimension="time", reducer=reducer("mean")),
        "kernel": node("apply_kernel", data=of("load"), kernel=[[1, 1]]),
        "band": node("filter_bands", data=of("load"), bands=["B99"]),
        "missing": node("ndvi"),
        "extra": node("ndvi", data=of("load"), blue="B02"),
        "type": node("resample_spatial", data=of("load"), resolution="ten"),
        "after": node("save_result", True, data=of("unknown"), format="GTiff"),
    }
    found = {fault.path[0]: fault for fault in faults(graph)}
    assert set(found) == {"unknown", "dimension", "kernel", "band", "missing", "extra", "type"}
    assert found["unknown"].code == "ProcessUnsupported"
    assert "Did you mean 'ndvi'" in found["unknown"].message
    assert found["dimension"].code == "DimensionNotAvailable"
    assert found["dimension"].argument == "dimension"
    assert found["kernel"].code == "KernelDimensionsUneven"
    assert found["band"].argument == "bands"
    assert "B04, B08, SCL" in found["band"].message
    assert found["missing"].code == "ProcessParameterRequired"
    assert found["extra"].code == "ProcessParameterUnsupported"
    assert found["type"].process == "resample_spatial"


def test_fault_inside_a_callback_has_its_path():
    callback = {"process_graph": {"inner": node("array_element", True, data=parameter("data"), label="B99")}}
    graph = {"load": load(), "r": node("reduce_dimension", True, data=of("load"), dimension="bands", reducer=callback)}
    fault = only(graph)
    assert fault.path == ("r", "inner")
    assert fault.code == "ArrayElementNotAvailable"


def test_reducer_that_returns_an_array():
    graph = {
        "load": load(),
        "r": node("reduce_dimension", True, data=of("load"), dimension="t", reducer=reducer("array_concat", array2=[])),
    }
    graph["r"]["arguments"]["reducer"]["process_graph"]["reduce"]["arguments"] = {
        "array1": parameter("data"),
        "array2": parameter("data"),
    }
    assert only(graph).path[0] == "r"


def test_x_with_many_labels_cannot_be_dropped():
    fault = only({"load": load(), "drop": node("drop_dimension", True, data=of("load"), name="x")})
    assert fault.code == "DimensionLabelCountMismatch"
    assert "150" in fault.message


def test_overlap_without_resolver():
    fault = only({"load": load(), "m": node("merge_cubes", True, cube1=of("load"), cube2=of("load"))})
    assert fault.code == "OverlapResolverMissing"


def test_unknown_parameter_names_those_there_are():
    callback = {"process_graph": {"a": node("absolute", True, x=parameter("y"))}}
    fault = only({"load": load(), "a": node("apply", True, data=of("load"), process=callback)})
    assert fault.code == "ProcessParameterMissing"
    assert "context, x" in fault.message


@pytest.mark.parametrize(
    ("extent", "code", "says"),
    [
        ({"west": 12, "south": 46, "east": 11, "north": 47}, "BoundingBoxInvalid", "371"),
        ({"west": 11, "south": 47, "east": 12, "north": 46}, "BoundingBoxInvalid", "swap"),
        ({"west": 11, "south": 46, "east": 11, "north": 47}, "BoundingBoxInvalid", "empty"),
        ({"west": 11, "south": 46, "east": 12}, "BoundingBoxInvalid", "north"),
        ({"west": 11, "south": 46, "east": 12, "north": 99}, "BoundingBoxInvalid", "-90 and 90"),
        ({"west": "x", "south": 46, "east": 12, "north": 47}, "BoundingBoxInvalid", "'x'"),
        ({"west": 11, "south": 46, "east": 12, "north": 47, "crs": 99999}, "CRSInvalid", "99999"),
        ({"west": -60, "south": -10, "east": -50, "north": 0}, "NoDataAvailable", "area"),
        ({"type": "Point", "coordinates": [11, 46]}, "GeometryInvalid", "polygon"),
    ],
)
def test_spatial_extent(extent, code, says):
    fault = only({"load": {**load(spatial_extent=extent), "result": True}})
    assert (fault.code, fault.process, fault.argument) in [
        (code, "load_collection", "spatial_extent"),
        ("NoDataAvailable", "load_collection", None),
    ]
    assert says in fault.message


@pytest.mark.parametrize(
    ("extent", "code"),
    [
        (["2022-06-01", "2022-06-01"], "ProcessParameterInvalid"),
        (["2022-07-01", "2022-06-01"], "TemporalExtentEmpty"),
        (["yesterday", "2022-06-01"], "TemporalExtentInvalid"),
        (["2022-13-01", None], "TemporalExtentInvalid"),
        ([None, None], "ProcessParameterInvalid"),
    ],
)
def test_temporal_extent(extent, code):
    assert only({"load": {**load(temporal_extent=extent), "result": True}}).code == code


def test_unknown_collection_names_those_there_are():
    fault = only({"load": {**load(id="S3"), "result": True}})
    assert fault.code == "CollectionNotFound"
    assert "MEMORY" in fault.message


@pytest.mark.parametrize(
    ("format", "options", "code"),
    [
        ("GRIB", {}, "FormatUnsuitable"),
        ("PNG", {"min": 5, "max": 1}, "FormatOptionInvalid"),
        ("GTiff", {"COMPRESS": "RAR"}, "FormatOptionInvalid"),
        ("netCDF", {"nosuch": 1}, "FormatOptionInvalid"),
    ],
)
def test_format(format, options, code):
    graph = {"load": load(), "save": node("save_result", True, data=of("load"), format=format, options=options)}
    assert only(graph).code == code


def test_run_refuses_with_all_faults(tmp_path):
    graph = {"a": node("nosuch"), "b": node("neither", True)}
    with pytest.raises(InvalidProcessGraph) as caught:
        run({"process_graph": graph}, MemoryCatalog(), tmp_path)
    assert {fault.path for fault in caught.value.faults} == {("a",), ("b",)}
    assert list(tmp_path.iterdir()) == []


def test_thousand_shared_nodes_do_not_explode():
    graph = {"n0": node("add", x=1, y=1)}
    for number in range(1, 60):
        graph[f"n{number}"] = node("add", number == 59, x=of(f"n{number - 1}"), y=of(f"n{number - 1}"))
    assert faults(graph) == []


def inside(graph, levels=3):
    """Return a graph with another as the callback of the callback of ... its node."""
    for level in range(levels):
        graph = {f"level{level}": node("array_apply", True, data=[1], process={"process_graph": graph})}
    return graph


@pytest.mark.parametrize(
    ("deepest", "code", "argument", "says"),
    [
        (node("resample_spatial", True, data=1, resolution="ten"), "ProcessParameterInvalid", "resolution", "'ten'"),
        (node("add", True, x=parameter("x"), y="five"), "ProcessParameterInvalid", "y", "'five' is given where"),
        (node("sum", True, data=[parameter("x"), "many"]), "ProcessParameterInvalid", "data", "(at [1])"),
        (node("nosuch", True), "ProcessUnsupported", None, "no process 'nosuch'"),
        (node("absolute", True, x=of("level1")), "ProcessGraphInvalid", "x", "It is on an outer level"),
        (node("absolute", True, x=of("nowhere")), "ProcessGraphInvalid", "x", "no node 'nowhere'"),
        (node("absolute", True, x=parameter("z")), "ProcessParameterMissing", "x", "context, index, label, x"),
        (node("absolute", True), "ProcessParameterRequired", "x", "required"),
        (node("absolute", True, x=float("nan")), "ProcessGraphInvalid", "x", "nan is not a number of JSON"),
        (node("absolute", True, x=[float("inf")]), "ProcessGraphInvalid", "x", "inf is not a number of JSON"),
        (node("text_concat", True, data=["x" * 2_000_000]), "ProcessGraphInvalid", "data", "2000000 characters"),
    ],
)
@pytest.mark.parametrize("where", ["validate", "execute", "run"])
def test_fault_deep_inside(deepest, code, argument, says, where, tmp_path):
    graph = inside({"here": deepest})
    if where == "validate":
        found = faults(graph)
    else:
        catalog = MemoryCatalog()
        work = {
            "execute": lambda: execute(graph, catalog=catalog),
            "run": lambda: run({"process_graph": graph}, catalog, tmp_path),
        }[where]
        with pytest.raises(InvalidProcessGraph) as caught:
            work()
        assert catalog.collection.reads == []
        found = caught.value.faults
        assert "level2/level1/level0/here" in str(caught.value)
        assert len(str(caught.value)) < 2000
    fault = next(each for each in found if each.argument == argument)
    assert fault.code == code
    assert fault.path == ("level2", "level1", "level0", "here")
    assert fault.process == deepest["process_id"]
    assert says in fault.message


@pytest.mark.parametrize("name", ["x" * 100_000, "", 5, None, ["add"]])
def test_names_that_are_none(name):
    assert only({"a": node(name, True)}).path == ("a",)
    found = faults({"a": {**node("pi", True), "namespace": name}})
    assert [len(str(fault)) < 1000 for fault in found] == [True] * len(found)
    found = faults({"a": node("absolute", True, x=1, **({name: 1} if isinstance(name, str) else {}))})
    assert all(len(fault.message) < 1000 for fault in found)


def test_references_that_are_none():
    for reference in ({"from_node": 5}, {"from_parameter": None}, {"from_node": ["a"]}):
        assert only({"a": node("absolute", True, x=reference)}).argument == "x"


@pytest.mark.parametrize("process", [None, [], "text", 5, {}, {"process_graph": 5}, {"parameters": 5}])
def test_what_is_no_process(process, tmp_path):
    assert [fault.code for fault in validate(process, MemoryCatalog())] == ["ProcessGraphMissing"]
    with pytest.raises(InvalidProcessGraph):
        run(process, MemoryCatalog(), tmp_path)
    with pytest.raises(InvalidProcessGraph):
        execute(process, catalog=MemoryCatalog())


def test_ten_thousand_faults_are_told_by_the_first_hundred():
    graph = {f"n{number}": node("pi", number == 0, x=float("nan")) for number in range(4000)}
    assert len(faults(graph)) == 100


def test_labels_that_do_not_match():
    graph = {
        "load": load(),
        "early": node("filter_temporal", data=of("load"), extent=["2022-05-01", "2022-06-01"]),
        "mask": node("mask", True, data=of("load"), mask=of("early")),
    }
    fault = only(graph)
    assert (fault.path, fault.process, fault.code) == (("mask",), "mask", "IncompatibleDataCubes")
    assert "labels of the dimension 't'" in fault.message


def test_values_of_parameters_are_checked_where_they_are_used():
    graph = inside({"here": node("resample_spatial", True, data=1, resolution=parameter("resolution"))})
    catalog = MemoryCatalog()
    with pytest.raises(InvalidProcessGraph) as caught:
        execute(graph, {"resolution": "ten"}, catalog)
    fault = next(each for each in caught.value.faults if each.argument == "resolution")
    assert fault.path == ("level2", "level1", "level0", "here")
    assert "The parameter 'resolution' does not fit: 'ten'" in fault.message


def test_parameters_without_a_value():
    graph = {
        "load": load(bands=parameter("bands")),
        "unknown": node("nosuch"),
        "reduced": node("reduce_dimension", data=of("load"), dimension=parameter("dimension"), reducer=reducer("max")),
        "save": node("save_result", True, data=of("reduced"), format="GTiff"),
    }
    process = {
        "process_graph": {key: each for key, each in graph.items() if key != "unknown"},
        "parameters": [
            {"name": "bands", "schema": {}, "default": ["B04"], "optional": True},
            {"name": "dimension", "schema": {}},
        ],
    }
    # A process that is stored may have parameters that only its caller knows; what depends on them is not tried.
    assert validate(process, MemoryCatalog()) == []
    assert [fault.path for fault in faults(graph, parameters=process["parameters"])] == [("unknown",)]
    with pytest.raises(InvalidProcessGraph) as caught:
        run(process, MemoryCatalog(), None)
    (fault,) = caught.value.faults
    assert (fault.code, fault.path, fault.argument) == ("ProcessParameterRequired", ("reduced",), "dimension")


def test_an_error_while_a_block_is_computed_has_its_place(tmp_path):
    catalog = MemoryCatalog()
    original = catalog.collection.open

    def broken(window, out):
        raise GdcError("DataFileUnreadable", "B04.tif: not enough data")

    def opened(query):
        source = original(query)
        object.__setattr__(source, "_fill", broken)
        return source

    catalog.collection.open = opened
    graph = {
        "first": load(),
        "mean": node("reduce_dimension", True, data=of("first"), dimension="t", reducer=reducer("mean")),
    }
    with pytest.raises(InvalidProcessGraph) as caught:
        run({"process_graph": graph}, catalog, tmp_path)
    (fault,) = caught.value.faults
    assert (fault.code, fault.path, fault.process) == ("DataFileUnreadable", ("first",), "load_collection")
    assert caught.value.code == "DataFileUnreadable"


def test_an_unexpected_error_in_a_callback_has_its_place(monkeypatch):
    process = PROCESSES["absolute"]

    def fails_on_blocks(x):
        if getattr(x, "size", 0) > 100:
            raise RuntimeError("no luck")
        return x

    monkeypatch.setitem(PROCESSES, "absolute", replace(process, function=fails_on_blocks))
    graph = {
        "load": load(),
        "apply": node(
            "apply",
            True,
            data=of("load"),
            process={"process_graph": {"deep": node("absolute", True, x=parameter("x"))}},
        ),
    }
    assert faults(graph) == []
    with pytest.raises(InvalidProcessGraph) as caught:
        execute(graph, catalog=MemoryCatalog())
    (fault,) = caught.value.faults
    assert (fault.code, fault.path) == ("Internal", ("apply", "deep"))
    assert "RuntimeError: no luck" in fault.message


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.floats(),
        st.sampled_from(["load", "a", "MEMORY", "t", "bands", "mean", "GTiff", "2022-05-01", "x", "data"]),
        st.sampled_from(["load", "a", "b"]).map(of),
        st.sampled_from(["x", "data", "context"]).map(parameter),
        st.sampled_from(["mean", "absolute", "add", "array_element"]).map(reducer),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["west", "from_node", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def graphs(draw):
    nodes = {"load": load()}
    for name in ("a", "b", "c"):
        process = PROCESSES[draw(st.sampled_from(sorted(PROCESSES)))]
        names = [each.name for each in process.parameters]
        arguments = {each: draw(st.one_of(st.just(of("load")), JSON)) for each in names if draw(st.booleans())}
        nodes[name] = {"process_id": process.id, "arguments": arguments}
    return {**nodes, "c": {**nodes["c"], "result": True}}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_any_graph_is_either_right_or_has_faults(graph):
    found = faults(graph)
    assert all(fault.message and fault.code and "Traceback" not in fault.message for fault in found)
    assert not [fault for fault in found if fault.code == "Internal"], found


@pytest.mark.parametrize(
    ("nodes", "argument", "says"),
    [
        ({"a": node("resample_spatial", True, data=of("load"), align=of("load"))}, "align", "one of "),
        ({"a": node("absolute", True, x=of("load"))}, "x", "a number or null"),
        ({"a": node("mean", True, data=of("load"))}, "data", "an array"),
        ({"a": node("filter_bands", True, data=of("load"), bands=of("load"))}, "bands", "an array"),
    ],
)
def test_a_cube_where_none_is_taken(nodes, argument, says):
    fault = only({"load": load(), **nodes})
    assert (fault.code, fault.path, fault.argument) == ("ProcessParameterInvalid", ("a",), argument)
    assert "A data cube is given where " + says in fault.message
