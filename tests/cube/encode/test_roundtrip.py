"""Each format, read back by an independent library: the same numbers at the same places, bit by bit."""

import json

import netCDF4
import numpy as np
import pytest
import rasterio
import xarray as xr
import zarr
from cubes import cubes, in_order, make_cube
from hypothesis import HealthCheck, given, settings
from PIL import Image

SETTINGS = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def open_zarr(path):
    return xr.open_zarr(zarr.storage.ZipStore(path, mode="r"), chunks=None)


def north_up(cube):
    """Return a cube, in the usual order, as pictures and maps have it."""
    return cube.sortby("y", ascending=False).sortby("x")


@SETTINGS
@given(cubes(dtypes=("float32", "float64", "int16", "uint8")))
def test_geotiff(save, cube):
    result = save(cube, "GTiff")
    expected = north_up(in_order(cube))
    dates = expected.t.values if "t" in expected.dims else [None]
    assert len(result.assets) == len(dates)
    for asset, date in zip(result.assets, dates, strict=True):
        with rasterio.open(asset.path) as file:
            layer = expected if date is None else expected.sel(t=date)
            np.testing.assert_array_equal(file.read(), layer.values)
            assert file.transform.a > 0
            assert file.transform.e < 0
            x, y = file.xy(0, 0)
            assert (x, y) == pytest.approx((float(expected.x[0]), float(expected.y[0])))
            assert file.descriptions == tuple(expected.bands.values)
            assert file.crs.to_epsg() == 32632
            if cube.dtype.kind == "f":
                assert file.dtypes[0] == cube.dtype.name


@SETTINGS
@given(cubes(dtypes=("float32", "float64", "int16", "uint8")))
@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_variables(save, format, cube):
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        bands = "spectral" if "spectral" in cube.dims else "bands"
        assert list(data.data_vars) == list(cube[bands].values)
        found = data.to_dataarray(bands).transpose(*cube.dims)
        np.testing.assert_array_equal(found.values, cube.values)
        for name in cube.dims:
            np.testing.assert_array_equal(found[name].values, cube[name].values)
        if cube.dtype.kind == "f":
            assert found.dtype == cube.dtype


@SETTINGS
@given(cubes())
def test_json(save, cube):
    [asset] = save(cube, "JSON").assets
    document = json.loads(asset.path.read_text())
    assert [each["name"] for each in document["dimensions"]] == list(cube.dims)
    np.testing.assert_array_equal(np.array(document["data"], dtype=float).astype(cube.dtype), cube.values)


@SETTINGS
@given(cubes())
def test_coveragejson(save, cube):
    [asset] = save(cube, "CovJSON").assets
    document = json.loads(asset.path.read_text())
    ordered = in_order(cube)
    for name in ordered.bands.values:
        found = document["ranges"][name]
        axes = ["y", "x"] if "t" not in ordered.dims else ["t", "y", "x"]
        assert sorted(found["axisNames"]) == sorted(axes)
        values = np.array(found["values"], dtype=float).reshape(found["shape"]).astype(cube.dtype)
        expected = ordered.sel(bands=name).transpose(*found["axisNames"])
        np.testing.assert_array_equal(values, expected.values)
    x = document["domain"]["axes"]["x"]
    np.testing.assert_allclose(np.linspace(x["start"], x["stop"], x["num"]), ordered.x.values)


@SETTINGS
@given(cubes(dtypes=("float32",), bands=(1, 3)))
def test_png(save, cube):
    result = save(cube, "PNG", {"min": 0, "max": 255})
    expected = north_up(in_order(cube))
    dates = expected.t.values if "t" in expected.dims else [None]
    for asset, date in zip(result.assets, dates, strict=True):
        picture = np.asarray(Image.open(asset.path)).transpose(2, 0, 1)
        layer = (expected if date is None else expected.sel(t=date)).values
        shown = np.isfinite(layer).all(axis=0)
        np.testing.assert_array_equal(picture[3] == 255, shown)
        wanted = np.broadcast_to(np.clip(layer, 0, 255), (3, *layer.shape[1:]))
        np.testing.assert_allclose(picture[:3, shown], wanted[:, shown], atol=0.51)


@pytest.mark.parametrize("version", ["ZARR_V2", "ZARR_V3"])
def test_zarr_is_one_consolidated_store(save, version):
    cube = make_cube()
    [asset] = save(cube, "Zarr", {"FORMAT": version, "CHUNKS": {"t": 1, "x": 10}}).assets
    assert asset.path.name == "result.zarr.zip"
    group = zarr.open_consolidated(zarr.storage.ZipStore(asset.path, mode="r"), mode="r")
    assert group["B04"].chunks == (1, 7, 10)
    assert group["B04"].metadata.zarr_format == int(version[-1])
    np.testing.assert_array_equal(group["B04"][:], cube.sel(bands="B04").values)
    with open_zarr(asset.path) as data:
        assert "spatial_ref" in data.coords
        assert data.rio.crs.to_epsg() == 32632
        np.testing.assert_array_equal(data.t.values, cube.t.values)


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
@pytest.mark.parametrize(
    ("times", "units"),
    [
        (["1970-01-01", "2022-01-03"], "days since 1970-01-01"),
        (["2022-01-01T06", "2022-01-03"], "hours since 1970-01-01"),
        (["2022-01-01T06:00:01", "2022-01-03"], "seconds since 1970-01-01"),
        (["2022-01-01T06:00:00.000000001", "2022-01-03"], "nanoseconds since 1970-01-01"),
    ],
)
def test_times_are_exact(save, format, times, units):
    cube = make_cube(times=np.array(times, "datetime64[ns]"))
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        np.testing.assert_array_equal(data.t.values, cube.t.values)
        assert data.t.encoding["units"] == units


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_dates_of_360_days(save, format):
    import cftime

    dates = np.array([cftime.Datetime360Day(2001, 2, 30), cftime.Datetime360Day(2001, 3, 1, 12)], dtype=object)
    result = save(make_cube(times=dates), format)
    path = result.assets[0].path
    with open_zarr(path) if format == "Zarr" else xr.open_dataset(path) as data:
        assert list(data.t.values) == list(dates)
    assert (result.start, result.end) == ("2001-02-28T00:00:00Z", "2001-03-01T12:00:00Z")
    names = [asset.path.name for asset in save(make_cube(times=dates), "GTiff").assets]
    assert names == ["result_2001-02-30.tif", "result_2001-03-01T120000Z.tif"]


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_labels_of_any_kind(save, format):
    labels = {"depth": [0.0, 2.5], "run": [0, 1], "season": ["2021-djf", "2022-mam"]}
    values = np.arange(8.0).reshape(2, 2, 2)
    coords = {name: (name, np.array(each, dtype=object if name == "season" else None)) for name, each in labels.items()}
    cube = xr.DataArray(values, dims=list(labels), coords=coords)
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        for name, each in labels.items():
            assert data[name].values.tolist() == each
        np.testing.assert_array_equal(data["var"].values, values)


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "float64", "bool"])
def test_tables_keep_their_type(save, format, dtype):
    cube = xr.DataArray(np.array([0, 1, 1]).astype(dtype), dims=["t"], coords={"t": make_cube().t})
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        assert data["var"].values.tolist() == [0, 1, 1]
        if dtype != "bool":
            assert data["var"].dtype == dtype


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_texts(save, format):
    cube = xr.DataArray(np.array(["maize", "väg", None], dtype=object), dims=["field"], coords={"field": [4, 5, 6]})
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        assert data["var"].values.tolist() == ["maize", "väg", ""]


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_names_that_no_variable_can_have(save, format):
    names = ["a/b", "a_b", "t", "spatial_ref", "x"]
    cube = make_cube(bands=names)
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        found = {each.attrs.get("long_name", name): each.values for name, each in data.data_vars.items()}
        assert sorted(found) == sorted(names)
        for name in names:
            np.testing.assert_array_equal(found[name], cube.sel(bands=name).values)


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_truth_values_keep_gaps(save, format):
    cube = make_cube() > 100
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        found = data.to_dataarray("bands").transpose(*cube.dims)
        np.testing.assert_array_equal(found.values, cube.values)
        assert data["B04"].attrs["flag_meanings"] == "false true"


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_grids_that_are_not_regular(save, format):
    cube = make_cube()
    cube = cube.assign_coords(y=("y", 5_200_000 - np.arange(17.0) ** 2, {"type": "spatial", "axis": "y"}))
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        np.testing.assert_array_equal(data.y.values, cube.y.values)
        np.testing.assert_array_equal(data["B08"].values, cube.sel(bands="B08").values)
    assert "proj:transform" not in asset.metadata
    assert asset.metadata["cube:dimensions"]["y"]["values"] == cube.y.values.tolist()


@pytest.mark.parametrize("format", ["netCDF", "Zarr"])
def test_curvilinear_grids(save, format):
    longitude, latitude = np.meshgrid(np.linspace(5, 8, 25), np.linspace(45, 50, 17))
    latitude = latitude + 0.1 * longitude
    cube = make_cube().drop_vars(["x", "y"])
    del cube.attrs["crs"]
    cube = cube.assign_coords(
        y=("y", np.arange(17.0), {"type": "spatial", "axis": "y"}),
        x=("x", np.arange(25.0), {"type": "spatial", "axis": "x"}),
        longitude=(("y", "x"), longitude, {"standard_name": "longitude", "units": "degrees_east"}),
        latitude=(("y", "x"), latitude, {"standard_name": "latitude", "units": "degrees_north"}),
    )
    [asset] = save(cube, format).assets
    with open_zarr(asset.path) if format == "Zarr" else xr.open_dataset(asset.path, decode_coords="all") as data:
        np.testing.assert_array_equal(data.longitude.values, longitude)
        np.testing.assert_array_equal(data.latitude.values, latitude)
        np.testing.assert_array_equal(data["B08"].values, cube.sel(bands="B08").values)


def test_netcdf_follows_cf(save):
    [asset] = save(make_cube(), "netCDF", {"ZLEVEL": "4"}).assets
    with netCDF4.Dataset(asset.path) as file:
        assert file["t"].standard_name == "time"
        assert file["x"].standard_name == "projection_x_coordinate"
        assert (file["x"].units, file["x"].axis) == ("m", "X")
        assert file["B04"].grid_mapping == "spatial_ref"
        assert file["spatial_ref"].grid_mapping_name == "transverse_mercator"
        assert file["B04"].filters()["complevel"] == 4
    with rasterio.open(f"netcdf:{asset.path}:B04") as file:
        assert file.crs.to_epsg() == 32632
        assert file.transform.to_gdal() == (600_000, 10, 0, 5_200_000, 0, -10)


def test_gdal_reads_zarr(save, tmp_path):
    import shutil

    cube = make_cube()
    [asset] = save(cube, "Zarr").assets
    shutil.unpack_archive(asset.path, tmp_path / "store.zarr", "zip")
    with rasterio.open(f'ZARR:"{tmp_path}/store.zarr":/B04') as file:
        np.testing.assert_array_equal(file.read(), cube.sel(bands="B04").values)
        assert file.crs.to_epsg() == 32632
