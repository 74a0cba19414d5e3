"""What code of the user gets in each process around it, and what may come back."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from memory_catalog import GRID, TIMES, VALUES, MemoryCatalog, load, node, of, parameter

from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import blocks, execute
from gdc_jupyter.graph.run import run, validate
from gdc_jupyter.settings import Permissions

NDVI = (VALUES[:, 1] - VALUES[:, 0]) / (VALUES[:, 1] + VALUES[:, 0])


@pytest.fixture(autouse=True)
def edge(monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (50, 60))


def udf(code, data="data", **more):
    return {"process_graph": {"udf": node("run_udf", True, data=parameter(data), udf=code, runtime="Python", **more)}}


def over(process_id, **arguments):
    """Return a graph that loads the collection and does one thing with it."""
    return {"load": load(), "do": node(process_id, True, data=of("load"), **arguments)}


def compute(graph, permissions=None, **parameters):
    return execute(graph, parameters, catalog=MemoryCatalog(), permissions=permissions)


def failure(graph, permissions=None):
    with pytest.raises(GdcError) as caught:
        compute(graph, permissions)
    return caught.value


def test_apply_dimension_gets_all_names_and_labels_and_returns_new_bands():
    code = """
import xarray

def apply_datacube(cube: xarray.DataArray, context: dict) -> xarray.DataArray:
    assert cube.dims == ("t", "bands", "y", "x"), cube.dims
    assert cube.t.dtype.kind == "M" and cube.bands.values.tolist() == ["B04", "B08", "SCL"]
    assert cube.x.values[1] - cube.x.values[0] == 10
    red, nir = cube.sel(bands="B04"), cube.sel(bands="B08")
    index = (nir - red) / (nir + red)
    return xarray.concat([index, index * context["factor"]], dim="bands").assign_coords(bands=["ndvi", "scaled"])
"""
    graph = over("apply_dimension", dimension="bands", process=udf(code, context={"factor": 10}))
    result = compute(graph)
    assert result.dims == ("t", "bands", "y", "x")
    assert result.bands.values.tolist() == ["ndvi", "scaled"]
    assert (result.t.values == TIMES).all()
    np.testing.assert_array_equal(result.values[:, 0], NDVI)
    np.testing.assert_array_equal(result.values[:, 1], NDVI * np.float32(10))
    np.testing.assert_array_equal(result.x.values, GRID.x_labels())


@pytest.mark.parametrize("ending", ["", ".expand_dims('bands')", ".expand_dims(bands=['ndvi']).transpose('x', ...)"])
def test_reduce_dimension_takes_a_cube_without_the_dimension_or_with_one_label(ending):
    code = f"""
def apply_datacube(cube, context):
    red, nir = cube.sel(bands="B04", drop=True), cube.sel(bands="B08", drop=True)
    return ((nir - red) / (nir + red)){ending}
"""
    result = compute(over("reduce_dimension", dimension="bands", reducer=udf(code)))
    assert result.dims == ("t", "y", "x")
    np.testing.assert_array_equal(result.values, NDVI)


def test_apply_gets_labels_too():
    code = """
def apply_datacube(cube, context):
    return cube.transpose("x", "bands", ...) + cube.t.dt.month
"""
    result = compute(over("apply", process=udf(code, "x")))
    months = np.array([5, 5, 6, 8], dtype=float)[:, None, None, None]
    assert result.dims == ("t", "bands", "y", "x")
    np.testing.assert_allclose(result.values, VALUES + months)


def test_a_cube_as_a_whole_may_change_all_dimensions_but_x_and_y():
    code = """
import xarray

def apply_datacube(cube: xarray.DataArray, context: dict) -> xarray.DataArray:
    return xarray.concat([cube.min("t"), cube.max("t")], dim=xarray.DataArray(["least", "most"], dims="extreme"))
"""
    graph = {"load": load(), "do": node("run_udf", True, data=of("load"), udf=code, runtime="Python", version="3")}
    result = compute(graph)
    assert result.dims == ("extreme", "bands", "y", "x")
    assert result.extreme.values.tolist() == ["least", "most"]
    np.testing.assert_array_equal(result.values, [np.fmin.reduce(VALUES), np.fmax.reduce(VALUES)])


def test_periods():
    code = """
def apply_datacube(cube, context):
    return cube.sum("t", skipna=False) + cube.sizes["t"]
"""
    result = compute(over("aggregate_temporal_period", period="month", reducer=udf(code)))
    assert result.t.values.tolist() == ["2022-05", "2022-06", "2022-07", "2022-08"]
    np.testing.assert_array_equal(result.values[0], VALUES[0] + VALUES[1] + 2)
    np.testing.assert_array_equal(result.values[1], VALUES[2] + 1)
    np.testing.assert_array_equal(result.values[2], np.zeros_like(VALUES[0]))


def test_series_have_their_dates():
    code = """
import pandas as pd

def apply_timeseries(series: pd.Series, context: dict) -> pd.Series:
    assert isinstance(series.index, pd.DatetimeIndex)
    return series.interpolate("time", limit_direction="both") * context["factor"]
"""
    small = {"west": 678000, "south": 5152950, "east": 678070, "north": 5153000, "crs": 32632}
    graph = over("apply_dimension", dimension="t", process=udf(code, context={"factor": 2}))
    graph["load"] = load(spatial_extent=small)
    result = compute(graph)
    part = VALUES[:, :, :5, :7]
    series = part.transpose(1, 2, 3, 0).reshape(-1, 4)
    filled = [pd.Series(each, TIMES).interpolate("time", limit_direction="both") * 2 for each in series.astype(float)]
    expected = np.array(filled).reshape(3, 5, 7, 4).transpose(3, 0, 1, 2)
    np.testing.assert_allclose(result.values, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "code",
    [
        """
from openeo.udf import XarrayDataCube

def apply_datacube(cube: XarrayDataCube, context: dict) -> XarrayDataCube:
    return XarrayDataCube(cube.get_array() + 1)
""",
        """
from __future__ import annotations
from openeo.udf import UdfData, XarrayDataCube

def transform(data: UdfData):
    (cube,) = data.get_datacube_list()
    data.set_datacube_list([XarrayDataCube(cube.array + data.user_context.get("more", 1))])
""",
        """
def helper(value):
    return value + 1

def apply_hypercube(cube: DataCube, context: dict) -> DataCube:
    return XarrayDataCube(helper(cube.get_array()))
""",
        "\r\ndef apply_datacube(cube, context):\r\n    return np.add(cube.values, 1)\r\n",
    ],
    ids=["wrapped", "generic", "legacy", "bare values"],
)
def test_the_signatures_of_the_openeo_client(code):
    result = compute(over("apply", process=udf(code, "x")))
    np.testing.assert_array_equal(result.values, VALUES + 1)


def test_after_other_processes_in_a_callback_labels_are_still_there():
    code = "\ndef apply_datacube(cube, context):\n    return cube.sel(bands=['B08', 'B04'])\n"
    steps = {
        "double": node("multiply", x=parameter("data"), y=2),
        "udf": node("run_udf", True, data=of("double"), udf=code, runtime="Python"),
    }
    result = compute(over("apply_dimension", dimension="bands", process={"process_graph": steps}))
    assert result.bands.values.tolist() == ["B08", "B04"]
    np.testing.assert_array_equal(result.values, VALUES[:, [1, 0]] * 2)


def test_values_that_are_no_cube():
    code = """
def apply_udf_data(data):
    from openeo.udf import StructuredData
    (given,) = data.get_structured_data_list()
    data.set_structured_data_list([StructuredData({"sum": sum(given.data), "by": data.user_context})])
"""
    graph = {"do": node("run_udf", True, data=[1, 2, 3.5], udf=code, runtime="Python", context={"a": [None, True]})}
    assert execute(graph, catalog=MemoryCatalog()) == {"sum": 6.5, "by": {"a": [None, True]}}
    graph["do"]["arguments"] |= {"udf": "\ndef apply_datacube(cube, context):\n    return cube ** 2\n"}
    assert execute(graph, catalog=MemoryCatalog()) == [1, 4, 12.25]


def test_vector_cubes():
    shapely = pytest.importorskip("shapely")
    geometries = np.array([shapely.Point(10, 50), shapely.Point(11, 51)], dtype=object)
    cube = xr.DataArray(
        np.arange(6.0).reshape(2, 3),
        dims=["geometry", "bands"],
        coords={
            "geometry": ("geometry", geometries, {"type": "geometry"}),
            "bands": ("bands", np.array(["a", "b", "c"], dtype=object), {"type": "bands"}),
        },
        attrs={"crs": "EPSG:4326"},
    )
    code = """
import geopandas, xarray

def apply_vectorcube(geometries: geopandas.GeoDataFrame, cube: xarray.DataArray, context: dict):
    assert list(cube.geometry.values) == list(geometries.index) and geometries.crs.to_epsg() == 4326
    kept = geometries[geometries.geometry.x > 10.5]
    return kept, cube.sel(geometry=kept.index) * 2
"""
    graph = {"do": node("run_udf", True, data=parameter("cube"), udf=code, runtime="Python")}
    result = execute(graph, {"cube": cube}, catalog=MemoryCatalog())
    assert result.dims == ("geometry", "bands")
    assert result.geometry.values.tolist() == [shapely.Point(11, 51)]
    assert result.values.tolist() == [[6, 8, 10]]


def test_neighbours_are_there_when_the_plan_is_made():
    code = "\ndef apply_datacube(cube, context):\n    return cube + 0 * np.gradient(cube.values, axis=-1)\n"
    values = compute(over("apply", process=udf(code, "x"))).values
    inner = ~np.isnan(values)
    np.testing.assert_array_equal(values[inner], VALUES[inner])


@pytest.mark.parametrize(
    ("process", "arguments", "body", "code", "words"),
    [
        ("apply", {}, "return cube.mean('t')", "UdfFailed", "which does not fit"),
        ("apply", {}, "return None", "UdfFailed", "returns nothing"),
        ("reduce_dimension", {"dimension": "t"}, "return cube", "ReducerResultInvalid", "4 values along 't'"),
        ("reduce_dimension", {"dimension": "t"}, "return cube.mean('bands')", "UdfFailed", "which does not fit"),
        ("apply_dimension", {"dimension": "t"}, "return cube.isel(bands=[0])", "UdfFailed", "which does not fit"),
        ("apply_dimension", {"dimension": "t"}, "return cube.mean(['x', 'y'])", "UdfFailed", "which does not fit"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_read(process, arguments, body, code, words):
    name = "reducer" if process == "reduce_dimension" else "process"
    source = f"\ndef apply_datacube(cube, context):\n    {body}\n"
    graph = over(process, **arguments, **{name: udf(source, "x" if process == "apply" else "data")})
    catalog = MemoryCatalog()
    with pytest.raises(GdcError) as caught:
        execute(graph, catalog=catalog)
    assert caught.value.code == code
    assert words in caught.value.message
    assert "do/udf" in caught.value.message
    assert catalog.collection.reads == []


def test_labels_that_depend_on_values_are_refused():
    code = "\ndef apply_datacube(cube, context):\n    return cube.sel(bands=cube.bands[: 1 + int(cube.max() > 1)])\n"
    error = failure(over("apply_dimension", dimension="bands", process=udf(code)))
    assert error.code == "UdfFailed"
    assert "may depend neither on values" in error.message


def test_an_exception_is_told_with_the_lines_of_the_code_alone():
    code = """
def inner(cube):
    return cube.sel(bands="B99")

def apply_datacube(cube, context):
    return inner(cube)
"""
    error = failure(over("apply_dimension", dimension="bands", process=udf(code)))
    assert error.code == "UdfFailed"
    assert "KeyError" in error.message
    assert (
        'line 6, in apply_datacube: return inner(cube); line 3, in inner: return cube.sel(bands="B99")' in error.message
    )
    assert "site-packages" not in error.message


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("\ndef apply_datacube(cube, context:\n    return cube\n", "SyntaxError in line 2"),
        ("\nimport no_such_module\n", "No module named 'no_such_module' (line 2"),
        ("\ndef something(cube):\n    return cube\n", "defines none of the functions"),
        ("\ndef apply_timeseries(series, context):\n    return series[:1]\n", "as many values as it gets"),
    ],
)
def test_code_that_is_wrong(code, words):
    error = failure(over("apply_dimension", dimension="t", process=udf(code)))
    assert error.code == "UdfFailed"
    assert words in error.message


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"runtime": "R"}, "InvalidRuntime"),
        ({"version": "2.7"}, "InvalidVersion"),
        ({"udf": "none.py"}, "FileNotFound"),
    ],
)
def test_the_codes_of_the_specification(arguments, code):
    graph = over("apply", process=udf("\nx = 1\n", "x"))
    graph["do"]["arguments"]["process"]["process_graph"]["udf"]["arguments"] |= arguments
    assert failure(graph).code == code


def test_a_file_of_the_user(tmp_path):
    files = tmp_path / "files"
    (files / "code").mkdir(parents=True)
    (files / "code" / "plus.py").write_text("def apply_datacube(cube, context):\n    return cube + 1\n")
    (tmp_path / "secret.py").write_text("def apply_datacube(cube, context):\n    return cube\n")
    (files / "link.py").symlink_to(tmp_path / "secret.py")
    permissions = Permissions(files=files)
    for name in ("code/plus.py", "/code/plus.py", "./code/plus.py"):
        result = compute(over("apply", process=udf(name, "x")), permissions)
        np.testing.assert_array_equal(result.values, VALUES + 1)
    for name in ("../secret.py", "link.py", "code", "nothing.py", str(tmp_path / "secret.py")):
        assert failure(over("apply", process=udf(name, "x")), permissions).code == "FileNotFound"


def test_where_it_is_not_allowed_nothing_runs(tmp_path):
    code = f"\nopen({str(tmp_path / 'proof')!r}, 'w')\ndef apply_datacube(cube, context):\n    return cube\n"
    graph = over("apply", process=udf(code, "x"))
    assert failure(graph, Permissions(udf=False)).code == "FeatureUnsupported"
    faults = validate({"process_graph": graph}, MemoryCatalog(), permissions=Permissions(udf=False))
    assert [fault.code for fault in faults] == ["FeatureUnsupported"]
    assert not (tmp_path / "proof").exists()


def test_what_the_code_writes_goes_to_the_log(tmp_path):
    code = """
import sys, logging, warnings
from openeo.udf import inspect

def apply_datacube(cube, context):
    print("seen", cube.dims)
    print("oh", file=sys.stderr)
    inspect(data=[1, 2], message="a look", level="warning")
    warnings.warn("take care")
    return cube
"""
    log = []

    def note(level, message, path):
        log.append((level, message))

    graph = over("apply", process=udf(code, "x"))
    graph["save"] = node("save_result", True, data=of("do"), format="GTiff")
    del graph["do"]["result"]
    graph["load"] = load(temporal_extent=["2022-05-01", "2022-05-02"])
    run(
        {"process_graph": graph},
        MemoryCatalog(),
        tmp_path,
        log=lambda level, message, path: log.append((level, message)),
    )
    said = {(level, message) for level, message in log if message.startswith("UDF: ")}
    assert ("info", "UDF: seen ('t', 'bands', 'y', 'x')") in said
    assert ("error", "UDF: oh") in said
    assert ("warning", "UDF: a look [1, 2]") in said
    assert any(level == "warning" and "take care" in message for level, message in said)


def test_code_at_an_address_is_fetched_where_its_host_is_permitted():
    source = b"def apply_datacube(cube, context):\n    return cube + 1\n"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(source)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        graph = over("apply", process=udf(f"http://127.0.0.1:{server.server_port}/plus.py", "x"))
        assert failure(graph).code == "UrlNotPermitted"
        result = compute(graph, Permissions(hosts=("127.0.0.1",)))
        server.shutdown()
    np.testing.assert_array_equal(result.values, VALUES + 1)


SQUARE = {
    "type": "Feature",
    "properties": {},
    "geometry": {
        "type": "Polygon",
        "coordinates": [
            [[678000, 5152800], [678300, 5152800], [678300, 5153000], [678000, 5153000], [678000, 5152800]]
        ],
    },
}
FIELDS = {
    "type": "FeatureCollection",
    "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}},
    "features": [SQUARE],
}


def test_polygons():
    code = "\ndef apply_datacube(cube, context):\n    return cube - cube.min(['x', 'y'])\n"
    graph = over("apply_polygon", geometries=of("fields"), process=udf(code))
    graph["fields"] = node("load_geojson", data=FIELDS)
    result = compute(graph).transpose("t", "bands", "y", "x").values
    part = VALUES[:, :, :20, :30]
    expected = part - np.nanmin(part, axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(result[:, :, :20, :30], expected)
    assert np.isnan(result[:, :, 20:]).all()


def test_zonal_statistics():
    code = "\ndef apply_datacube(cube, context):\n    return cube.max('pixels')\n"
    result = compute(over("aggregate_spatial", geometries=FIELDS, reducer=udf(code)))
    assert result.dims == ("geometry", "t", "bands")
    np.testing.assert_allclose(result.values[0], np.nanmax(VALUES[:, :, :20, :30], axis=(2, 3)))
