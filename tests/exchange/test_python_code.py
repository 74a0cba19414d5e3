"""The code of a graph makes the same graph when it is run, and reads as a person would write it."""

from __future__ import annotations

import ast
import json
import socket
import time

import openeo
import pytest
from hypothesis import HealthCheck, given, note, settings
from process_graphs import any_graph, documented, written
from random_graphs import graphs as cube_graphs

from gdc_jupyter.errors import GdcError
from gdc_jupyter.exchange.python_code import python_code
from gdc_jupyter.exchange.same_graph import same_graph

URL = "https://openeo.example.org"


def node(process, result=False, /, **arguments):
    return {"process_id": process, "arguments": arguments} | ({"result": True} if result else {})


def of(name):
    return {"from_node": name}


def parameter(name):
    return {"from_parameter": name}


def callback(**nodes):
    nodes[list(nodes)[-1]]["result"] = True
    return {"process_graph": nodes}


LOAD = node("load_collection", id="SENTINEL2_L2A", spatial_extent=None, temporal_extent=["2022-06-01", "2022-07-01"])
DOCUMENTED, WRITTEN = dict(documented()), dict(written())


def statements(code):
    """Return the code without imports and the connection."""
    return code.partition("connect(")[2].partition("\n")[2].strip()


def gives_back(run, graph):
    """Return whether the code gives a graph, as one that the client has no calls for where it must."""
    made = run(python_code(graph, URL))
    return same_graph(made["process_graph"], graph) or made == {"process_graph": graph}


@pytest.mark.parametrize("graph", DOCUMENTED.values(), ids=DOCUMENTED)
def test_graphs_of_the_specifications(graph, run):
    assert gives_back(run, graph)


def test_graphs_that_stand_in_tests_and_notebooks(run):
    assert len(WRITTEN) > 30
    assert [name for name, graph in WRITTEN.items() if not gives_back(run, graph)] == []


def made_by_the_client(connection):
    """Yield cubes as the tutorials make them, and others."""
    box = {"west": 11.3, "south": 46.4, "east": 11.4, "north": 46.5}
    bands = ["B02", "B04", "B08"]
    s2 = connection.load_collection("SENTINEL2_L2A", box, ["2022-06-01", "2022-09-01"], bands, max_cloud_cover=50)
    scl = s2.band("B02")
    cloudy = (scl == 3) | (scl == 8) | (scl == 9) | (scl == 10)
    ndvi = s2.filter_bands(["B04", "B08"]).mask(cloudy).ndvi(nir="B08", red="B04")
    yield ndvi.reduce_dimension(dimension="t", reducer="median")
    monthly = ndvi.aggregate_temporal_period(period="month", reducer="median")
    yield monthly
    fields = {"type": "Polygon", "coordinates": [[[11.3, 46.4], [11.4, 46.4], [11.4, 46.5], [11.3, 46.4]]]}
    yield monthly.aggregate_spatial(geometries=fields, reducer="mean").save_result("netCDF")
    yield s2.filter_bbox(west=-170, south=-5, east=-120, north=5).filter_temporal("2022-06-01", None)
    evi = 2.5 * (s2.band("B08") - s2.band("B04")) / (s2.band("B08") + 6 * s2.band("B04") - 7.5 * s2.band("B02") + 1)
    yield evi.apply(lambda x: x.clip(0, 1) * 100 - 1).linear_scale_range(0, 99, 0, 255)
    yield s2.merge_cubes(s2.apply(lambda x: x.sqrt()), overlap_resolver=lambda x, y: x - 2 * y)
    yield s2.apply_dimension(process=lambda data: data.array_apply(lambda x: x.absolute()), dimension="t")
    yield s2.apply_dimension(process=openeo.UDF(CODE), dimension="t").apply_kernel([[1, 2], [3, 4]], factor=0.1)
    yield s2.apply_neighborhood(
        lambda data: data.mean(), size=[{"dimension": "x", "value": 4, "unit": "px"}], overlap=[]
    )
    yield openeo.MultiResult([s2.save_result("GTiff"), ndvi.save_result("netCDF"), s2.resample_spatial(10, 32632)])


def test_graphs_that_the_client_has_made(run, connection):
    for made in made_by_the_client(connection):
        graph = made.flat_graph()
        code = python_code(graph, URL)
        assert "process = {" not in code
        assert same_graph(run(code)["process_graph"], graph)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=cube_graphs({"t": "t", "bands": "bands", "y": "y", "x": "x"}))
def test_random_graphs_of_cubes(run, graph):
    code = python_code(graph, URL)
    note(code)
    assert same_graph(run(code)["process_graph"], graph)
    assert "process = {" not in code


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=any_graph())
def test_random_graphs_of_anything(run, graph):
    code = python_code(graph, URL)
    note(code)
    made = run(code)
    assert same_graph(made["process_graph"], graph) or json.dumps(made) == json.dumps({"process_graph": graph})


NDVI = {
    "load": LOAD | {"arguments": LOAD["arguments"] | {"bands": ["B04", "B08"]}},
    "ndvi": node(
        "reduce_dimension",
        data=of("load"),
        dimension="bands",
        reducer=callback(
            red=node("array_element", data=parameter("data"), label="B04"),
            nir=node("array_element", data=parameter("data"), label="B08"),
            less=node("subtract", x=of("nir"), y=of("red")),
            more=node("add", x=of("nir"), y=of("red")),
            divide1=node("divide", x=of("less"), y=of("more")),
        ),
    ),
    "reducedimension1": node(
        "reduce_dimension", data=of("ndvi"), dimension="t", reducer=callback(m=node("max", data=parameter("data")))
    ),
    "save": node("save_result", True, data=of("reducedimension1"), format="GTiff", options={}),
}


def test_it_reads_as_a_person_would_write_it(run):
    code = python_code(NDVI, URL)
    assert (
        code
        == """import openeo

connection = openeo.connect("https://openeo.example.org")

load = connection.load_collection(
    "SENTINEL2_L2A",
    spatial_extent=None,
    temporal_extent=["2022-06-01", "2022-07-01"],
    bands=["B04", "B08"],
    fetch_metadata=False,
)


def reducer(data):
    red = data["B04"]
    nir = data["B08"]
    return (nir - red) / (nir + red)


ndvi = load.reduce_dimension(dimension="bands", reducer=reducer)
max_ = ndvi.reduce_dimension(dimension="t", reducer="max")
result = max_.save_result("GTiff", options={})
"""
    )
    assert same_graph(run(code)["process_graph"], NDVI)


def test_without_an_address_it_connects_to_the_server_of_the_notebook(run):
    code = python_code(NDVI)
    assert code.startswith("import gdc_jupyter\n\nconnection = gdc_jupyter.connect()\n")
    assert same_graph(run(code)["process_graph"], NDVI)


def test_a_process_keeps_its_parameters_and_all_else(run):
    graph = {
        "f": node("divide", x=parameter("celsius"), y=5),
        "g": node("multiply", x=of("f"), y=parameter("a-b")),
        "h": node("add", True, x=of("g"), y=parameter("undeclared")),
    }
    choice = {"name": "a-b", "description": "A choice.", "schema": {"type": "string", "enum": ["a"]}}
    parameters = [
        {"name": "celsius", "description": "Degrees.", "schema": {"type": "number"}},
        choice | {"optional": True, "default": "a"},
        {"name": "odd", "schema": [{"type": "null"}, {}], "more": 1},
    ]
    process = {"id": "fahrenheit", "process_graph": graph, "parameters": parameters, "x": [None]}
    code = python_code(process, URL)
    assert 'celsius = Parameter.number("celsius", description="Degrees.")' in code
    assert "result = celsius / 5 * a_b + undeclared" not in code
    made = run(code)
    assert same_graph(made.pop("process_graph"), graph)
    assert made == {name: value for name, value in process.items() if name != "process_graph"}


def test_callbacks_within_callbacks_use_the_parameters_around_them(run):
    inner = callback(scaled=node("multiply", x=parameter("x"), y=parameter("factor")))
    graph = {
        "load": LOAD,
        "all": node(
            "apply_dimension",
            True,
            data=of("load"),
            dimension="t",
            process=callback(
                each=node("array_apply", data=parameter("data"), process=inner, context=parameter("context")),
            ),
        ),
    }
    parameters = [{"name": "factor", "description": "", "schema": {"type": "number"}}]
    code = python_code({"process_graph": graph, "parameters": parameters}, URL)
    assert (
        """
def array_apply(data, context):
    def multiply(x):
        return x * factor

    return processes.array_apply(data=data, process=multiply, context=context)
"""
        in code
    )
    assert same_graph(run(code)["process_graph"], graph)


def test_processes_that_nobody_knows_are_kept(run):
    graph = {
        "load": LOAD,
        "unknown": node(
            "unknown", data=of("load"), fn=callback(m=node("sd", data=parameter("data"), z=1)), strength=1.0
        ),
        "mine": node("mine", True, data=of("unknown"), self=1) | {"namespace": "me"},
    }
    code = python_code(graph, URL)
    assert (
        """
def fn(data):
    return processes.process("sd", data=data, z=1)


unknown = load.process(
    "unknown",
    data=load,
    fn=build_child_callback(fn, parent_parameters=["data"]),
    strength=1.0,
)
result = unknown.process("mine", arguments={"data": unknown, "self": 1}, namespace="me")
"""
        in code
    )
    assert same_graph(run(code)["process_graph"], graph)


def test_several_ends(run):
    graph = {
        "load": LOAD,
        "b": node("save_result", data=of("load"), format="PNG"),
        "a": node("save_result", True, data=of("load"), format="GTiff", options={}),
        "c": node("save_result", data=of("load"), format="netCDF", options={}),
    }
    code = python_code(graph, URL)
    assert code.endswith(f"result = openeo.MultiResult({NAMES}, connection=connection)\n")
    assert same_graph(run(code)["process_graph"], graph)


NAMES = "[save_result, save_result_3, save_result_2]"
CODE = 'def apply_datacube(cube, context):\n    """A \\d."""\n\n\n    return cube + 1  # \'"\n'


def test_code_of_the_user_is_a_text_of_several_lines(run):
    udf = callback(u=node("run_udf", data=parameter("data"), udf=CODE, runtime="Python"))
    graph = {
        "load": LOAD,
        "one": node("apply_dimension", data=of("load"), dimension="t", process=udf),
        "two": node("run_udf", True, data=of("one"), udf=CODE, runtime="Python", context={"udf": CODE}),
    }
    code = python_code(graph, URL)
    assert '\nudf = """\\\ndef apply_datacube(cube, context):\n    ' in code
    assert 'process=openeo.UDF(udf, runtime="Python")' in code
    assert code.count("return cube + 1") == 1
    assert same_graph(run(code)["process_graph"], graph)


@pytest.mark.parametrize(
    "text",
    [
        *(
            '"); __import__("os").abort(); ("',
            '"""',
            "'''",
            "\\",
            '\\"""',
            '"\n"""\n\\',
            "a\nb\\",
            'a\nb"',
            "\n",
            "a\r\nb",
        ),
        *(
            "a\r\nb",
            "\x00",
            "#\nimport os",
            "\ud800",
            "{x}",
            "%s",
            "\u2028\n\u2029",
            "\\N{BULLET}\nx",
            "\\\n",
            "a\n\\x41",
        ),
    ],
)
def test_texts_are_nothing_but_texts(text, run):
    graph = {
        text: node(f"p{text}", data=text, more=[{text: text}], **{text: parameter(text)}) | {"description": text},
        "end": node("add", True, x=of(text), y=1),
    }
    for described in (graph, {"process_graph": graph, "id": text, "parameters": [{"name": text, "description": text}]}):
        code = python_code(described, f"https://example.org/{text}")
        names = {each.id for each in ast.walk(ast.parse(code)) if isinstance(each, ast.Name)}
        assert not names & {"__import__", "os"}
        assert same_graph(run(code)["process_graph"], graph)


def cycle():
    return {"a": node("absolute", x=of("b")), "b": node("absolute", True, x=of("a"))}


def deep(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return {"a": node("unknown", True, x=value)}


@pytest.mark.parametrize(
    "graph",
    [
        cycle(),
        {"a": node("absolute", True, x=of("nowhere"))},
        {"a": node("e", True), "b": node("e", True)},
        {"a": node("e"), "b": node("e")},
        {"a": {"process_id": "e", "arguments": [1], "result": True}},
        {"a": node("e"), "b": node("pi"), "c": node("unknown", True, box={"west": of("a"), "east": of("b")})},
        {"a": node("unknown", True, fn={"process_graph": {"e": node("e", True)}, "parameters": []})},
        {"a": node("unknown", True, x={"process_id": "e"})},
        deep(400),
        {f"n{n}": node("absolute", n == 2999, x=of(f"n{n - 1}") if n else 1) for n in range(3000)},
    ],
)
def test_what_the_client_has_no_calls_for_is_kept_as_it_is(graph, run):
    code = python_code({"process_graph": graph, "id": "mine"}, URL)
    assert "# The client has no calls that make this graph" in code
    assert run(code) == {"process_graph": graph, "id": "mine"}


def test_what_is_nested_deeply_is_written(run):
    assert same_graph(run(python_code(deep(150), URL))["process_graph"], deep(150))


def test_what_is_no_graph_is_told():
    with pytest.raises(GdcError, match="there is none in this dict"):
        python_code({"a": 1})


def test_callbacks_within_callbacks_take_no_longer_than_their_levels(run):
    graph = {"last": node("unknown", True, x=parameter("x0"))}
    for level in range(25):
        graph = {
            "all": node(
                "apply_dimension", data=parameter(f"x{level}"), process={"process_graph": graph}, dimension="t"
            ),
            "more": node("array_apply", True, data=of("all"), process={"process_graph": {"e": node("e", True)}}),
        }
    begun = time.process_time()
    code = python_code(graph, URL)
    assert time.process_time() - begun < 5
    assert same_graph(run(code)["process_graph"], graph)


def test_files_and_addresses_are_not_read(run, monkeypatch, tmp_path):
    path = tmp_path / "secret.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("asked the network"))
    for value in (str(path), "https://example.org/a.geojson"):
        graph = {
            "load": LOAD,
            "masked": node("mask_polygon", data=of("load"), mask=value),
            "cut": node("filter_spatial", data=of("masked"), geometries=value),
            "other": node("load_collection", id="A", spatial_extent=value, temporal_extent=None),
            "stac": node("load_stac", url="https://example.org/stac"),
            "sar": node("sar_backscatter", data=of("stac"), coefficient="beta0"),
            "all": node("unknown", True, of=[of("cut"), of("other"), of("sar")]),
        }
        assert "features" not in python_code(graph, URL)


def test_a_large_graph_takes_no_time(run):
    graph = {"load": LOAD}
    for number in range(200):
        graph[f"n{number}"] = node("filter_bands", data=of("load"), bands=[f"B{number}"])
    graph["all"] = node("unknown", True, of=[of(f"n{number}") for number in range(200)])
    begun = time.process_time()
    code = python_code(graph, URL)
    assert time.process_time() - begun < 1
    assert same_graph(run(code)["process_graph"], graph)
