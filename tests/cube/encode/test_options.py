"""Options and limits of formats, and what is refused before anything is computed."""

import numpy as np
import pytest
import rasterio
import xarray as xr
from cubes import make_cube
from PIL import Image

from gdc_jupyter.cube.encode import FORMATS, format_of_file, require_format
from gdc_jupyter.errors import GdcError


def refused(save, *arguments):
    with pytest.raises(GdcError) as caught:
        save(*arguments)
    return caught.value


def structure(path):
    with rasterio.open(path) as file:
        return file.tags(ns="IMAGE_STRUCTURE") | {"blocks": file.block_shapes[0], "overviews": file.overviews(1)}


@pytest.fixture
def wide():
    return make_cube(times=make_cube().t.values[:1], bands=["B04"], height=20, width=700)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"COMPRESSION": "ZSTD", "LAYOUT": "COG", "PREDICTOR": "3", "blocks": (512, 512), "overviews": []}),
        ({"COMPRESS": "deflate", "level": "9"}, {"COMPRESSION": "DEFLATE", "PREDICTOR": "3"}),
        ({"COMPRESS": "LZW", "PREDICTOR": "STANDARD"}, {"COMPRESSION": "LZW", "PREDICTOR": "2"}),
        ({"BLOCKSIZE": 128}, {"blocks": (128, 128), "overviews": [2, 4, 8]}),
        ({"BLOCKSIZE": "256"}, {"blocks": (256, 256), "overviews": []}),
        ({"overviews": "ignore_existing"}, {"overviews": [2]}),
        ({"BLOCKSIZE": 128, "OVERVIEWS": "NONE"}, {"overviews": []}),
    ],
)
def test_geotiff(save, wide, options, expected):
    [asset] = save(wide, "GTiff", options).assets
    assert structure(asset.path).items() >= expected.items()
    with rasterio.open(asset.path) as file:
        np.testing.assert_array_equal(file.read(1), wide.values[0, 0])


def test_geotiff_without_compression_or_tiles(save, wide):
    [asset] = save(wide, "GTiff", {"COMPRESS": "NONE", "tiled": False}).assets
    found = structure(asset.path)
    assert "COMPRESSION" not in found
    assert "LAYOUT" not in found
    assert found["blocks"][1] == 700
    assert asset.media_type == "image/tiff; application=geotiff"


def test_overviews_are_averages_of_what_is_there(save):
    values = np.array([[1, 3, np.nan, 8], [5, 7, np.nan, np.nan]], "float32")
    cube = make_cube(
        np.tile(values, (1, 1, 64, 64)), times=make_cube().t.values[:1], bands=["B"], height=128, width=256
    )
    [asset] = save(cube, "GTiff", {"BLOCKSIZE": 128, "OVERVIEWS": "IGNORE_EXISTING"}).assets
    with rasterio.open(asset.path, overview_level=0) as file:
        np.testing.assert_array_equal(file.read(1)[:1, :4], [[4, 8, 4, 8]])
    [asset] = save(
        cube, "GTiff", {"BLOCKSIZE": 128, "OVERVIEWS": "IGNORE_EXISTING", "OVERVIEW_RESAMPLING": "mode"}
    ).assets
    with rasterio.open(asset.path, overview_level=0) as file:
        assert file.read(1)[0, 1] == 8


@pytest.mark.parametrize(
    ("options", "stored", "nodata"),
    [
        ({"DATA_TYPE": "uint8"}, [0, 3, 254, 254, 255], 255),
        ({"DATA_TYPE": "int16"}, [-7, 3, 254, 32767, -32768], -32768),
        ({"DATA_TYPE": "int16", "NODATA": 0}, [-7, 3, 254, 32767, 0], 0),
        ({"DATA_TYPE": "uint16", "SCALE": 0.5, "OFFSET": -100}, [186, 205, 708, 65534, 65535], 65535),
        ({"NODATA": -9999}, [-7.2, 2.51, 254.1, 99999, -9999], -9999),
    ],
)
@pytest.mark.parametrize("format", ["GTiff", "netCDF", "Zarr"])
def test_stored_numbers(save, format, options, stored, nodata):
    values = np.array([-7.2, 2.51, 254.1, 99999, np.nan], "float32").reshape(1, 1, 1, 5)
    cube = make_cube(values, times=make_cube().t.values[:1], bands=["B"], height=1, width=5)
    [asset] = save(cube, format, options).assets
    if format == "GTiff":
        with rasterio.open(asset.path) as file:
            found, missing = file.read(1)[0], file.nodata
            assert (file.scales[0], file.offsets[0]) == (options.get("SCALE", 1), options.get("OFFSET", 0))
    else:
        from zarr.storage import ZipStore

        path = ZipStore(asset.path, mode="r") if format == "Zarr" else asset.path
        engine = "zarr" if format == "Zarr" else "netcdf4"
        with xr.open_dataset(path, engine=engine, mask_and_scale=False, decode_times=False) as data:
            found, missing = data["B"].values.ravel(), data["B"].attrs["_FillValue"]
        with xr.open_dataset(path, engine=engine) as data:
            decoded = data["B"].values.ravel()
            assert np.isnan(decoded[4])
            assert decoded[1] == pytest.approx(2.51, abs=0.5)
    np.testing.assert_array_equal(found, np.array(stored, options.get("DATA_TYPE", "float32")))
    assert missing == nodata
    band = asset.metadata["raster:bands"][0]
    assert band["data_type"] == options.get("DATA_TYPE", "float32")
    assert band["nodata"] == nodata


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("GTiff", {"COMPRESS": "RAR"}),
        ("GTiff", {"BLOCKSIZE": 100}),
        ("GTiff", {"BLOCKSIZE": True}),
        ("GTiff", {"LEVEL": 99}),
        ("GTiff", {"TILED": "perhaps"}),
        ("GTiff", {"DATA_TYPE": "uint8", "NODATA": 300}),
        ("GTiff", {"DATA_TYPE": "uint8", "PREDICTOR": "FLOATING_POINT"}),
        ("GTiff", {"SCALE": 0}),
        ("netCDF", {"ZLEVEL": 0}),
        ("netCDF", {"ZLEVEL": 1.5}),
        ("netCDF", {"CHUNKS": {"bands": 1}}),
        ("Zarr", {"CHUNKS": {"t": 0}}),
        ("Zarr", {"CHUNKS": 5}),
        ("Zarr", {"FORMAT": "ZARR_V4"}),
        ("PNG", {"min": 3, "max": 1}),
        ("JPEG", {"QUALITY": 0}),
        ("JPEG", {"background": "white"}),
        ("JSON", {"indent": 2}),
    ],
)
def test_wrong_options_are_named(save, format, options):
    error = refused(save, make_cube(bands=["B04"]), format, options)
    assert error.code == "FormatOptionInvalid"
    assert list(options)[-1] in error.message


def test_options_that_are_null_are_not_given(save, wide):
    assert save(wide, "PNG", {"min": None, "max": None}).assets


def test_each_label_of_two_dimensions_has_a_file(save):
    cube = xr.concat([make_cube(bands=["B"]), make_cube(bands=["B"]) + 1], xr.Variable("run", ["a/b", "a-b"]))
    names = [asset.path.name for asset in save(cube, "GTiff").assets]
    assert names == [
        f"result_{run}_{date}.tif" for run in ("a-b",) for date in ("2022-01-01", "2022-02-01T063000Z", "2022-03-15")
    ] + [f"result_a-b_{date}-2.tif" for date in ("2022-01-01", "2022-02-01T063000Z", "2022-03-15")]
    with rasterio.open(save(cube, "GTiff").assets[4].path) as file:
        np.testing.assert_array_equal(file.read(1), cube.values[1, 1, 0])


MANY = np.arange(2001).astype("datetime64[D]").astype("datetime64[ns]")
IRREGULAR = make_cube().assign_coords(y=("y", np.arange(17.0) ** 2, {"type": "spatial", "axis": "y"}))


@pytest.mark.parametrize(
    ("cube", "format", "words"),
    [
        (make_cube(), "PNG", ["2", "one band or three"]),
        (make_cube(times=MANY, height=1, width=1), "GTiff", ["2,001", "2,000", "reduce t"]),
        (make_cube().isel(x=0, y=0, drop=True), "GTiff", ["no dimensions x and y"]),
        (make_cube().astype(str), "GTiff", ["no numbers"]),
        (IRREGULAR, "GTiff", ["resample_spatial"]),
        (IRREGULAR, "JPEG", ["resample_spatial"]),
    ],
)
def test_what_a_format_cannot_hold(save, cube, format, words):
    error = refused(save, cube, format)
    assert error.code == "FormatUnsuitable"
    assert all(word in error.message for word in words), error.message


@pytest.mark.parametrize(("format", "edge", "count"), [("PNG", 10_000, 100), ("JPEG", 70_000, 1), ("JSON", 10_000, 1)])
def test_large_results_are_refused_with_the_figure(format, edge, count):
    from gdc_jupyter.cube.grid import Grid

    times = np.arange(count).astype("datetime64[D]").astype("datetime64[ns]")
    probe = make_cube(times=times, bands=["B"], height=1, width=1)
    height = 10 if format == "JPEG" else edge
    with pytest.raises(GdcError, match=f"{edge:,}|{edge * height:,}|{edge} x {height}"):
        FORMATS[format].check(probe, Grid("EPSG:32632", 0, 0, 10, -10, edge, height), {})


def test_jpeg_has_colours_and_a_background(save):
    values = np.zeros((1, 3, 16, 16), "float32")
    values[0, 0], values[0, 1] = 255, 128
    values[..., 8:] = np.nan
    cube = make_cube(values, times=make_cube().t.values[:1], bands=["r", "g", "b"], height=16, width=16)
    options = {"min": 0, "max": 255, "QUALITY": 95, "background": "#0000FF"}
    [asset] = save(cube, "JPEG", options).assets
    picture = Image.open(asset.path)
    assert (picture.format, asset.media_type, asset.path.suffix) == ("JPEG", "image/jpeg", ".jpg")
    pixels = np.asarray(picture).astype(int)
    assert np.abs(pixels[2:14, 2:6] - [255, 128, 0]).max() < 8
    assert np.abs(pixels[2:14, 10:14] - [0, 0, 255]).max() < 8
    best, worst = (save(cube, "JPEG", {"QUALITY": quality}).assets[0].path.stat().st_size for quality in (100, 5))
    assert worst < best


def test_all_dates_have_the_same_colours(save):
    values = np.array([0, 100], "float32").reshape(2, 1, 1, 1) * np.ones((2, 1, 4, 4), "float32")
    cube = make_cube(values, times=make_cube().t.values[:2], bands=["B"], height=4, width=4)
    first, second = save(cube, "PNG", {"max": 200}).assets
    assert np.asarray(Image.open(first.path))[0, 0, 0] == 0
    assert np.asarray(Image.open(second.path))[0, 0, 0] == 128


def test_formats_by_name_and_by_file():
    assert require_format("COG") is require_format("gtiff") is FORMATS["GTiff"]
    assert format_of_file("a.TIFF").name == "GTiff"
    assert [format_of_file(f"a.{end}").name for end in ("zarr", "zarr.zip", "jpeg")] == ["Zarr", "Zarr", "JPEG"]
    with pytest.raises(GdcError, match=r"\.tif"):
        format_of_file("a.xyz")
    with pytest.raises(GdcError, match="GTiff"):
        require_format("GRIB")


def test_descriptions_are_schemas():
    from jsonschema import Draft7Validator

    for each in FORMATS.values():
        described = each.describe()
        assert set(described["gis_data_types"]) <= {"raster", "vector", "table", "pointcloud", "other"}
        assert described["gis_data_types"]
        for schema in described["parameters"].values():
            Draft7Validator.check_schema(schema)
            assert schema["description"]
            if "default" in schema:
                Draft7Validator(schema).validate(schema["default"])
