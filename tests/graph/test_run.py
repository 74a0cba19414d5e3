"""Files that a process saves: their values, georeferencing and metadata; and progress that is true."""

import json

import netCDF4
import numpy as np
import pytest
import rasterio
import xarray as xr
from memory_catalog import GRID, VALUES, MemoryCatalog, load, node, of, parameter, reducer
from PIL import Image

from gdc_jupyter.graph import blocks, execute, run


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (32, 48))


def saved(format, folder, result="load", options=None, **more):
    graph = {"load": load(), **more, "save": node("save_result", True, data=of(result), format=format)}
    if options:
        graph["save"]["arguments"]["options"] = options
    return run({"process_graph": graph}, MemoryCatalog(), folder)


MEAN = node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("max"))


def test_geotiff_of_one_date(tmp_path):
    result = saved("gtiff", tmp_path, "mean", mean=MEAN)
    (asset,) = result.assets
    assert asset.path == tmp_path / "result.tif"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["result.tif"]
    with rasterio.open(asset.path) as file:
        assert file.crs.to_epsg() == 32632
        assert file.transform.to_gdal() == (678000, 10, 0, 5153000, 0, -10)
        assert file.descriptions == ("B04", "B08", "SCL")
        assert np.isnan(file.nodata)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        np.testing.assert_array_equal(file.read(), np.fmax.reduce(VALUES))
    assert asset.metadata["proj:code"] == "EPSG:32632"
    assert asset.metadata["proj:shape"] == [110, 150]
    west, south, east, north = result.bbox
    assert (west, south, east, north) == pytest.approx((11.3193, 46.5033, 11.3392, 46.5136), abs=2e-2)
    assert (result.start, result.end) == ("2022-05-01T00:00:00Z", "2022-08-01T00:00:00Z")


def test_geotiff_for_each_date(tmp_path):
    result = saved("GTiff", tmp_path, options={"COMPRESS": "DEFLATE"})
    names = [asset.path.name for asset in result.assets]
    assert names == [f"result_{date}.tif" for date in ("2022-05-01", "2022-05-20", "2022-06-10", "2022-08-01")]
    with rasterio.open(result.assets[2].path) as file:
        assert file.compression.name == "deflate"
        np.testing.assert_array_equal(file.read(), VALUES[2])


def test_boolean_geotiff_keeps_gaps(tmp_path):
    bright = {"process_graph": {"gt": node("gt", True, x=parameter("x"), y=1500)}}
    result = saved("GTiff", tmp_path, "gt", gt=node("apply", data=of("mean"), process=bright), mean=MEAN)
    with rasterio.open(result.assets[0].path) as file:
        greatest = np.fmax.reduce(VALUES)
        assert file.dtypes[0] == "uint8"
        assert file.nodata == 255
        np.testing.assert_array_equal(file.read(), np.where(np.isnan(greatest), 255, greatest > 1500))


def test_netcdf_reads_back(tmp_path):
    result = saved("NETCDF", tmp_path)
    with xr.open_dataset(result.assets[0].path, decode_coords="all") as data:
        assert list(data.data_vars) == ["B04", "B08", "SCL"]
        np.testing.assert_array_equal(data.to_dataarray("bands").transpose("t", "bands", "y", "x"), VALUES)
        assert str(data.t.values[1]).startswith("2022-05-20")
        assert data.rio.crs.to_epsg() == 32632
    with netCDF4.Dataset(result.assets[0].path) as file:
        assert file["x"].standard_name == "projection_x_coordinate"
        assert file["B04"].grid_mapping == "spatial_ref"


def test_png_has_colours_and_transparency(tmp_path):
    band = node("filter_bands", data=of("mean"), bands=["B04"])
    options = {"min": 0, "max": 3000, "colormap": "gray"}
    result = saved("png", tmp_path, "band", options, mean=MEAN, band=band)
    red, green, blue, alpha = np.asarray(Image.open(result.assets[0].path)).transpose(2, 0, 1)
    values = np.fmax.reduce(VALUES)[0]
    gaps = np.isnan(values)
    np.testing.assert_array_equal(alpha == 0, gaps)
    assert (red == green).all()
    assert (green == blue).all()
    np.testing.assert_allclose(red[~gaps], values[~gaps] / 3000 * 255, atol=0.51)


def test_json_of_a_cube_and_of_a_number(tmp_path):
    result = saved("JSON", tmp_path)
    document = json.loads(result.assets[0].path.read_text())
    assert [each["name"] for each in document["dimensions"]] == ["t", "bands", "y", "x"]
    values = np.array(document["data"], dtype=float)
    np.testing.assert_array_equal(values, VALUES)
    number = run({"process_graph": {"a": node("add", True, x=1, y=2)}}, MemoryCatalog(), tmp_path)
    assert number.value == 3
    assert number.assets == []


def test_parameters_with_defaults(tmp_path):
    process = {
        "process_graph": {"a": node("add", True, x=parameter("first"), y=parameter("second"))},
        "parameters": [
            {"name": "first", "schema": {}},
            {"name": "second", "schema": {}, "default": 5, "optional": True},
        ],
    }
    assert run(process, MemoryCatalog(), tmp_path, parameters={"first": 2}).value == 7


def test_progress_counts_blocks(tmp_path):
    seen = []
    graph = {"load": load(), "save": node("save_result", True, data=of("load"), format="netCDF")}
    run({"process_graph": graph}, MemoryCatalog(), tmp_path, progress=seen.append)
    blocks_in_all = 4 * 4
    assert seen == pytest.approx([*(99 * done / blocks_in_all for done in range(1, blocks_in_all + 1)), 100])


def test_progress_counts_the_blocks_of_a_stage(tmp_path):
    seen = []
    graph = {
        "load": load(),
        "mean": node("reduce_dimension", data=of("load"), dimension="x", reducer=reducer("mean")),
        "save": node("save_result", True, data=of("mean"), format="JSON"),
    }
    run({"process_graph": graph}, MemoryCatalog(), tmp_path, progress=seen.append)
    assert seen == pytest.approx([*(99 * done / 16 for done in range(1, 17)), 100])


def test_native_parameters_reach_the_graph():
    cube = xr.DataArray(np.arange(12.0).reshape(3, 4), dims=["a", "b"], coords={"a": [1, 2, 3], "b": [1, 2, 3, 4]})
    graph = {"r": node("reduce_dimension", True, data=parameter("cube"), dimension="a", reducer=reducer("sum"))}
    np.testing.assert_array_equal(execute(graph, {"cube": cube}).values, [12, 15, 18, 21])
    assert execute({"m": node("mean", True, data=parameter("list"))}, {"list": [1, None, 3]}) == 2


def test_failing_read_names_the_file_and_leaves_the_rest(tmp_path, monkeypatch):
    from gdc_jupyter.errors import GdcError

    catalog = MemoryCatalog()
    graph = {"load": load(), "save": node("save_result", True, data=of("load"), format="netCDF")}

    def broken(self, window, out):
        raise GdcError("DataFileUnreadable", "B04_2022.tif: it is truncated")

    monkeypatch.setattr("memory_catalog.MemorySource._fill", broken)
    with pytest.raises(GdcError, match=r"B04_2022\.tif"):
        run({"process_graph": graph}, catalog, tmp_path)
    assert GRID.shape == (110, 150)
