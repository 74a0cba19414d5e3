"""What is wrong with a graph is told at once, with its place, and before anything is read."""

import pytest
from memory_catalog import MemoryCatalog, load, node, of, parameter, reducer

from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import run, validate


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


def test_no_result_node():
    assert "Exactly one node" in only({"a": node("pi"), "b": node("e")}).message


def test_two_result_nodes():
    assert "2 do: a, b" in only({"a": node("pi", True), "b": node("e", True)}).message


def test_circle():
    graph = {"a": node("absolute", x=of("b")), "b": node("absolute", True, x=of("a"))}
    assert "circle" in only(graph).message


def test_unknown_node_reference():
    fault = only({"a": node("absolute", True, x=of("nowhere"))})
    assert fault.path == ("a",)
    assert fault.argument == "x"
    assert "nowhere" in fault.message


def test_too_deep():
    graph = {"a": node("pi", True)}
    for _ in range(100):
        graph = {"a": node("apply", True, data=[1], process={"process_graph": graph})}
    assert any("levels" in fault.message for fault in faults(graph))


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
