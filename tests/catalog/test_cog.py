"""Windows of GeoTIFF collections against the files read by themselves."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from rasterio.warp import transform as warp_points

from gdc_jupyter.catalog.cog import CogCollection
from gdc_jupyter.catalog.collection import About, Query, Source
from gdc_jupyter.catalog.geotiff import find_moment, from_files
from gdc_jupyter.catalog.raster_files import Handles
from gdc_jupyter.cube.grid import Bounds
from gdc_jupyter.errors import GdcError

from .rasters import write_tiff

ABOUT = About("Test", "A test.")


def collection(*files: Path) -> CogCollection:
    return from_files(list(files), "test", ABOUT)


def noise(*shape: int, seed: int = 0, dtype: str = "uint16") -> Any:
    return np.random.default_rng(seed).integers(0, 50, shape).astype(dtype)


def expected(path: Path, band: int = 1) -> Any:
    with rasterio.open(path) as file:
        return file.read(band, masked=True).astype("float32").filled(np.nan)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> tuple[Source, Any]:
    folder = tmp_path_factory.mktemp("series")
    values = noise(3, 2, 40, 57)
    files = [
        write_tiff(folder / f"scene_2022040{day + 1}_{name}.tif", values[day, band])
        for day in range(3)
        for band, name in enumerate(("B04", "B08"))
    ]
    whole = np.where(values == 0, np.nan, values).astype("float32")
    return collection(*files).open(Query()), whole


def test_integers_are_read_as_float32_with_nan_for_nodata(series: tuple[Source, Any]) -> None:
    source, whole = series
    assert source.dtype == np.float32
    assert source.shape == whole.shape
    assert [band.name for band in source.bands] == ["B04", "B08"]
    assert_array_equal(source.times, np.array(["2022-04-01", "2022-04-02", "2022-04-03"], "datetime64[ns]"))
    assert_array_equal(source.read(source.grid), whole)
    assert source.tile == (16, 16)


@settings(max_examples=40, deadline=None)
@given(st.integers(-60, 60), st.integers(-60, 60), st.integers(1, 70), st.integers(1, 70))
def test_any_window_is_the_slice_of_the_whole_with_nan_outside(
    series: tuple[Source, Any], row: int, column: int, height: int, width: int
) -> None:
    source, whole = series
    padded = np.pad(whole, ((0, 0), (0, 0), (70, 140), (70, 140)), constant_values=np.nan)
    part = padded[:, :, row + 70 : row + 70 + height, column + 70 : column + 70 + width]
    assert_array_equal(source.read(source.grid.window(row, column, height, width)), part)


def test_a_query_crops_to_the_pixels_of_the_box_and_selects_times_and_bands(tmp_path: Path) -> None:
    values = noise(2, 2, 32, 32)
    files = [write_tiff(tmp_path / f"2022-04-0{day + 1}.tif", values[day], names=("red", "nir")) for day in range(2)]
    query = Query(
        Bounds(600100, 5199800, 600200, 5199900), "EPSG:32632", start=np.datetime64("2022-04-02"), bands=("nir",)
    )
    source = collection(*files).open(query)
    assert source.grid.bounds == (600100, 5199800, 600200, 5199900)
    assert_array_equal(source.read(source.grid)[0, 0], expected(files[1], 2)[10:20, 10:20])
    assert_array_equal(source.read(source.grid.expand(1))[0, 0, 0], np.full(12, np.nan))


def test_the_end_of_the_interval_is_outside(series: tuple[Source, Any], tmp_path: Path) -> None:
    files = [write_tiff(tmp_path / f"2022040{day}.tif", noise(16, 16)) for day in (1, 2, 3)]
    source = collection(*files).open(Query(start=np.datetime64("2022-04-01"), end=np.datetime64("2022-04-03")))
    assert_array_equal(source.times, np.array(["2022-04-01", "2022-04-02"], "datetime64[ns]"))


def test_a_source_is_selected_pickled_and_read_by_threads(series: tuple[Source, Any]) -> None:
    source, whole = series
    assert source.times is not None
    part = pickle.loads(pickle.dumps(source.select(source.times[[2, 0]], ["B08", "B04"])))
    assert_array_equal(part.read(part.grid), whole[[2, 0]][:, [1, 0]])
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(part.read, list(part.grid.blocks(16, 57)) * 5))
    assert_array_equal(np.concatenate(blocks[:3], axis=2), whole[[2, 0]][:, [1, 0]])
    with pytest.raises(GdcError, match="its bands are B04, B08"):
        source.select(bands=["B05"])


def test_items_of_one_moment_are_a_mosaic_in_which_the_first_valid_pixel_wins(tmp_path: Path) -> None:
    left, right = noise(20, 20, seed=1), noise(20, 20, seed=2)
    files = [
        write_tiff(tmp_path / "a_20220401.tif", left, names=("v",)),
        write_tiff(tmp_path / "b_20220401.tif", right, x=600100, y=5199950, names=("v",)),
    ]
    source = collection(*files).open(Query())
    whole = np.full((25, 30), np.nan, "float32")
    whole[5:, 10:] = expected(files[1])
    whole[:20, :20] = np.where(np.isnan(expected(files[0])), whole[:20, :20], expected(files[0]))
    assert source.shape == (1, 1, 25, 30)
    assert_array_equal(source.read(source.grid)[0, 0], whole)


def test_another_resolution_is_read_by_nearest_neighbour_on_the_finest_grid(tmp_path: Path) -> None:
    fine, coarse = noise(20, 30), noise(10, 15, seed=3)
    files = [
        write_tiff(tmp_path / "20220401_B04.tif", fine, names=("B04",)),
        write_tiff(tmp_path / "20220401_B11.tif", coarse, step=20, names=("B11",)),
    ]
    source = collection(*files).open(Query())
    assert source.grid.dx == 10
    values = source.read(source.grid)
    assert_array_equal(values[0, 0], expected(files[0]))
    assert_array_equal(values[0, 1], np.kron(expected(files[1]), np.ones((2, 2), "float32")))
    only = collection(*files).open(Query(bands=("B11",)))
    assert_array_equal(only.read(only.grid)[0, 0], expected(files[1]))


def test_an_item_in_another_crs_is_warped_to_the_most_common_one(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(40), 3 * np.arange(40)).astype("uint16") + 100
    other: dict[str, Any] = {"crs": "EPSG:32631", "x": 1062300, "y": 5215700}
    files = [
        write_tiff(tmp_path / "20220401.tif", smooth, names=("v",)),
        write_tiff(tmp_path / "20220402.tif", smooth, names=("v",)),
        write_tiff(tmp_path / "20220403.tif", np.kron(smooth, np.ones((4, 4), "uint16")), names=("v",), **other),
    ]
    source = collection(*files).open(Query())
    assert source.grid.crs == "EPSG:32632"
    values = source.read(source.grid)[2, 0]
    rows, columns = np.nonzero(~np.isnan(values))
    assert len(rows) > 500
    pick = np.random.default_rng(0).choice(len(rows), 200)
    x, y = source.grid.x_labels()[columns[pick]], source.grid.y_labels()[rows[pick]]
    far_x, far_y = warp_points("EPSG:32632", "EPSG:32631", x, y)
    with rasterio.open(files[2]) as file:
        there = np.array([value[0] for value in file.sample(zip(far_x, far_y, strict=True))], "float32")
    # The warp approximates positions to an eighth of a pixel, so a few neighbours may be taken instead.
    assert (there == values[rows[pick], columns[pick]]).mean() > 0.8
    assert np.abs(there - values[rows[pick], columns[pick]]).max() <= 4


def test_properties_filter_items_without_opening_files(tmp_path: Path) -> None:
    files = [write_tiff(tmp_path / f"2022040{day}.tif", noise(16, 16)) for day in (1, 2)]
    cubes = collection(*files)
    cubes.documents[1]["properties"]["eo:cloud_cover"] = 3
    for file in files:
        file.unlink()
    source = cubes.open(Query(properties=lambda properties: properties.get("eo:cloud_cover", 100) < 10))
    assert source.times is not None
    assert len(source.times) == 1
    with pytest.raises(GdcError, match="properties asked for"):
        cubes.open(Query(properties=lambda properties: False))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query(Bounds(0, 0, 1, 1)), "data cover west 10.3"),
        (Query(start=np.datetime64("2023-01-01")), "2022-04-01T00:00:00Z to 2022-04-02T00:00:00Z"),
    ],
)
def test_an_empty_query_says_where_the_data_are(tmp_path: Path, query: Query, message: str) -> None:
    files = [write_tiff(tmp_path / f"2022040{day}.tif", noise(16, 16)) for day in (1, 2)]
    with pytest.raises(GdcError, match=message) as raised:
        collection(*files).open(query)
    assert raised.value.code == "NoDataAvailable"


def test_a_corrupt_truncated_or_missing_file_is_named(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "scene_20220401.tif", noise(64, 64), compress="deflate")
    source = collection(path).open(Query())
    content = path.read_bytes()
    for broken in (content[:200], content[:1200], content[:1200] + bytes(len(content) - 1200), b"no raster", None):
        path.unlink()
        if broken is not None:
            path.write_bytes(broken)
        with pytest.raises(GdcError, match=r"^scene_20220401\.tif: \w+") as raised:
            source.read(source.grid)
        assert raised.value.code == "DataFileUnreadable"
        path.write_bytes(content)
        assert np.isfinite(source.read(source.grid)).any()


def test_a_float_file_keeps_its_nan_and_loses_its_nodata(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(16, 16)).astype("float32")
    values[0, 0], values[1, 1] = np.nan, -9999
    source = collection(write_tiff(tmp_path / "a_20220401.tif", values, nodata=-9999)).open(Query())
    values[1, 1] = np.nan
    assert_array_equal(source.read(source.grid)[0, 0], values)


def test_integers_of_32_bits_need_float64(tmp_path: Path) -> None:
    values = np.full((16, 16), 2**24 + 1, "int32")
    source = collection(write_tiff(tmp_path / "a_20220401.tif", values)).open(Query())
    assert source.dtype == np.float64
    assert source.read(source.grid)[0, 0, 0, 0] == 2**24 + 1


def test_the_least_recently_used_handle_is_closed(tmp_path: Path) -> None:
    files = [str(write_tiff(tmp_path / f"{index}.tif", noise(16, 16))) for index in range(3)]
    handles = Handles(2)
    first, second = handles.get(files[0]), handles.get(files[1])
    assert handles.get(files[0]) is first
    handles.get(files[2])
    assert second.closed
    assert not first.closed
    handles.close()
    assert first.closed


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("S2_20220405_B04", "2022-04-05"),
        ("ndvi-2022-04-05", "2022-04-05"),
        ("T32TPS_20220405T101559_B04_10m", "2022-04-05T10:15:59"),
        ("chirps.2022.04.05", "2022-04-05"),
        ("dem_30m", None),
        ("tile_20221405", None),
        ("123420220405", None),
    ],
)
def test_a_date_is_found_in_a_file_name(name: str, moment: str | None) -> None:
    assert find_moment(name) == (None if moment is None else np.datetime64(moment, "ns"))


def test_several_bands_of_scenes_beside_each_other(tmp_path: Path) -> None:
    left, right = noise(2, 20, 30) + 1, noise(2, 20, 30, seed=1) + 1
    write_tiff(tmp_path / "a_20220401.tif", left, names=("B04", "B08"))
    write_tiff(tmp_path / "b_20220401.tif", right, x=600000 + 300, names=("B04", "B08"))
    source = collection(*sorted(tmp_path.glob("*.tif"))).open(Query())
    assert_array_equal(source.read(source.grid)[0], np.concatenate([left, right], axis=2).astype("float32"))
