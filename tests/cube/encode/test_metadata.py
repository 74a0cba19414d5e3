"""STAC metadata of files: valid by the published schemas, with figures that numpy finds too."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cubes import BANDS, make_cube
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gdc_jupyter.cube.encode.statistics import Statistics
from gdc_jupyter.jobs import results

SCHEMAS = Path(__file__).parents[4] / "shared" / "reference" / "stac-schemas"


@pytest.fixture(scope="module")
def is_valid_stac():
    """Return a check of an item against the schemas of STAC and of its extensions."""
    if not SCHEMAS.exists():
        pytest.skip("the published STAC schemas are not here")
    from jsonschema import Draft7Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    def retrieve(uri):
        text = (SCHEMAS / uri.split("://", 1)[1].partition("#")[0]).read_text()
        return Resource.from_contents(json.loads(text), default_specification=DRAFT7)

    registry = Registry(retrieve=retrieve)

    def check(item):
        for uri in ["https://schemas.stacspec.org/v1.0.0/item-spec/json-schema/item.json", *item["stac_extensions"]]:
            validator = Draft7Validator({"$ref": uri}, registry=registry)
            errors = [f"{uri} {error.json_path}: {error.message[:300]}" for error in validator.iter_errors(item)]
            assert not errors, errors

    return check


def item_of(result):
    folder = result.assets[0].path.parent
    described = json.loads(json.dumps(results.describe(result, folder, checksums=True)))
    now = "2026-11-25T00:00:00Z"
    job = SimpleNamespace(
        id="j-1", status="finished", created=now, updated=now, finished=now, title="A title", description=""
    )
    return results.stac_item(job, described)


CASES = {
    "north-up": make_cube(),
    "south-up": make_cube(step=(10, 10)),
    "degrees": make_cube(crs="OGC:CRS84").assign_coords(
        y=("y", 47 - 0.1 * np.arange(17), {"type": "spatial", "axis": "y"}),
        x=("x", 8 + 0.1 * np.arange(25), {"type": "spatial", "axis": "x"}),
    ),
    "no code": make_cube(crs="+proj=laea +lat_0=10 +lon_0=20 +datum=WGS84"),
    "no data": make_cube() * np.nan,
    "truth values": make_cube() > 100,
    "series": make_cube().isel(x=0, y=0, drop=True),
    "irregular": make_cube().assign_coords(x=("x", 6e5 + np.arange(25.0) ** 2, {"type": "spatial", "axis": "x"})),
}


IMAGES = ("GTiff", "PNG", "JPEG")


@pytest.mark.parametrize(
    ("case", "format"),
    [
        (case, format)
        for case in CASES
        for format in (*IMAGES, "netCDF", "Zarr", "JSON", "CovJSON")
        if case not in ("series", "irregular") or format not in IMAGES
    ],
)
def test_items_are_valid(save, is_valid_stac, case, format):
    cube = CASES[case] if format not in ("PNG", "JPEG") else CASES[case].isel(bands=[0])
    item = item_of(save(cube, format))
    is_valid_stac(item)
    extensions = " ".join(item["stac_extensions"])
    assert "datacube/v2.2.0" in extensions
    assert "file/v2.1.0" in extensions


def test_fields_of_a_geotiff(save):
    cube = make_cube()
    cube.attrs |= {"common_names": {"B04": "red"}, "center_wavelengths": {"B04": 0.665}}
    result = save(cube, "GTiff")
    item = item_of(result)
    assert (item["properties"]["start_datetime"], item["properties"]["end_datetime"]) == (
        "2022-01-01T00:00:00Z",
        "2022-03-15T00:00:00Z",
    )
    for position, (name, asset) in enumerate(item["assets"].items()):
        content = (result.assets[0].path.parent / name).read_bytes()
        assert asset["file:size"] == len(content)
        assert asset["file:checksum"] == "1220" + hashlib.sha256(content).hexdigest()
        assert asset["proj:code"] == "EPSG:32632"
        assert asset["proj:shape"] == [17, 25]
        assert asset["proj:bbox"] == [600000, 5199830, 600250, 5200000]
        assert asset["eo:bands"] == [{"name": "B04", "common_name": "red", "center_wavelength": 0.665}, {"name": "B08"}]
        assert asset["datetime"][:10] == str(cube.t.values[position])[:10]
        for number, band in enumerate(asset["raster:bands"]):
            layer = cube.values[position, number].astype(float)
            assert band["data_type"] == "float32"
            assert band["nodata"] == "nan"
            assert band["spatial_resolution"] == 10
            found = band["statistics"]
            assert found["minimum"] == np.nanmin(layer)
            assert found["maximum"] == np.nanmax(layer)
            assert found["mean"] == pytest.approx(np.nanmean(layer), rel=1e-6)
            assert found["stddev"] == pytest.approx(np.nanstd(layer), rel=1e-5)
            assert found["valid_percent"] == pytest.approx(100 * np.isfinite(layer).mean())


def test_dimensions_and_variables_of_a_netcdf(save):
    [asset] = save(make_cube(), "netCDF").assets
    dimensions = asset.metadata["cube:dimensions"]
    assert dimensions["x"] == {
        "type": "spatial", "axis": "x", "extent": [600000, 600250], "step": 10, "reference_system": 32632,
    }  # fmt: skip
    assert dimensions["y"]["extent"] == [5199830, 5200000]
    assert dimensions["t"]["extent"] == ["2022-01-01T00:00:00Z", "2022-03-15T00:00:00Z"]
    assert dimensions["bands"] == {"type": "bands", "values": BANDS}
    assert asset.metadata["cube:variables"]["B08"] == {"dimensions": ["t", "y", "x"], "variable_type": "data"}


def test_statistics_are_of_the_stored_numbers(save):
    cube = make_cube()
    options = {"DATA_TYPE": "int16", "SCALE": -0.5, "OFFSET": 10}
    band = save(cube, "netCDF", options).assets[0].metadata["raster:bands"][0]
    stored = (cube.values[:, 0] - 10) / -0.5
    assert (band["scale"], band["offset"]) == (-0.5, 10)
    assert band["statistics"]["minimum"] == pytest.approx(np.nanmin(stored), rel=1e-6)
    assert band["statistics"]["maximum"] == pytest.approx(np.nanmax(stored), rel=1e-6)
    assert band["statistics"]["stddev"] == pytest.approx(np.nanstd(stored), rel=1e-5)


def test_a_pixel_of_degrees_is_told_in_metres(save):
    band = save(CASES["degrees"], "GTiff").assets[0].metadata["raster:bands"][0]
    middle = np.radians(47.05 - 0.85)
    assert band["spatial_resolution"] == pytest.approx(11_132 * np.sqrt(np.cos(middle)), rel=1e-3)


@given(
    npst.arrays(
        st.sampled_from(["f4", "f8", "i2", "u1", "bool"]),
        npst.array_shapes(max_dims=2, max_side=40),
        elements=None,
    ),
    st.integers(1, 7),
)
def test_statistics_of_parts_are_those_of_the_whole(values, count):
    statistics = Statistics()
    for part in np.array_split(values, count):
        statistics.add(part)
    found = statistics.describe()
    finite = values[np.isfinite(values)].astype(np.float64)
    assert found["valid_percent"] == pytest.approx(100 * finite.size / values.size)
    if finite.size and np.abs(finite).max() < 1e100:
        assert found["minimum"] == finite.min()
        assert found["maximum"] == finite.max()
        scale = max(np.abs(finite).max(), 1e-30)
        assert found["mean"] == pytest.approx(finite.mean(), abs=1e-6 * scale)
        assert found["stddev"] == pytest.approx(finite.std(), rel=1e-4, abs=1e-5 * scale)


def test_statistics_of_large_numbers_do_not_cancel():
    values = (1e6 + np.random.default_rng(0).normal(0, 0.5, (3, 512, 600))).astype("float32")
    statistics = Statistics()
    for layer in values:
        statistics.add(layer)
    assert statistics.describe()["stddev"] == pytest.approx(values.astype(float).std(), rel=1e-5)


def test_a_composite_keeps_the_place_and_the_time_of_its_inputs(tmp_path):
    from gdc_jupyter.graph import run

    graph = {
        "mean": {
            "process_id": "reduce_dimension",
            "arguments": {
                "data": {"from_parameter": "cube"},
                "dimension": "t",
                "reducer": {
                    "process_graph": {
                        "m": {"process_id": "mean", "arguments": {"data": {"from_parameter": "data"}}, "result": True}
                    }
                },
            },
        },
        "save": {
            "process_id": "save_result",
            "arguments": {"data": {"from_node": "mean"}, "format": "GTiff"},
            "result": True,
        },
    }

    class NoCatalog:
        folder = tmp_path / "catalog"

    cube = make_cube()
    process = {"process_graph": graph, "parameters": [{"name": "cube", "schema": {}}]}
    result = run(process, NoCatalog(), tmp_path, parameters={"cube": cube})
    assert (result.start, result.end) == ("2022-01-01T00:00:00Z", "2022-03-15T00:00:00Z")
    west, south, east, north = result.bbox
    assert (west, north) == pytest.approx((10.3139, 46.9459), abs=1e-3)
    assert west < east
    assert south < north
