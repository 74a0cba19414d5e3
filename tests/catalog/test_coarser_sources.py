"""Sources at coarser pixels: the value in the middle of each, or what an overview in the file has there."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from rasterio.enums import Resampling

from gdc_jupyter.catalog.array_files import from_netcdf
from gdc_jupyter.catalog.cf import describe
from gdc_jupyter.catalog.collection import About, Query, Source
from gdc_jupyter.catalog.geotiff import from_files
from gdc_jupyter.cube.grid import Bounds, Grid

from .rasters import write_netcdf, write_tiff

ABOUT = About("Test", "A test.")


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 50, shape).astype("uint16")


def nan_for_zero(values: Any) -> Any:
    return np.where(values == 0, np.nan, values).astype("float32")


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> tuple[Source, Any]:
    """Two scenes beside each other whose edges lie on no coarse pixel, and what they are together."""
    folder = tmp_path_factory.mktemp("mosaic")
    left, right = noise(2, 70, 45), noise(2, 61, 50, seed=1)
    write_tiff(folder / "a_20220401.tif", left, names=("B04", "B08"))
    write_tiff(folder / "b_20220401.tif", right, x=600000 + 45 * 10, y=5200000 - 5 * 10, names=("B04", "B08"))
    whole = np.full((2, 70, 95), np.nan, "float32")
    whole[:, :, :45] = nan_for_zero(left)
    whole[:, 5:66, 45:] = nan_for_zero(right)
    return from_files(sorted(folder.glob("*.tif")), "test", ABOUT).open(Query()), whole


@pytest.mark.parametrize("factor", [2, 4, 8, 16])
def test_geotiffs_without_overviews_give_the_pixel_in_the_middle(mosaic: tuple[Source, Any], factor: int) -> None:
    source, whole = mosaic
    thinned = pickle.loads(pickle.dumps(source.coarser(factor)))
    half = factor // 2
    # Strips at the edges of a file are cut off, so that their middle is another one.
    found, wanted = thinned.read(thinned.grid)[0], whole[:, half::factor, half::factor]
    assert found.shape == wanted.shape
    inner = slice(1, -1), slice(1, 45 // factor)
    assert_array_equal(found[(..., *inner)], wanted[(..., *inner)])
    assert np.isfinite(found).mean() > 0.8


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 15), st.integers(0, 20), st.integers(1, 20), st.integers(1, 30))
def test_any_window_is_a_part_of_the_whole(
    mosaic: tuple[Source, Any], row: int, column: int, height: int, width: int
) -> None:
    thinned = mosaic[0].coarser(4)
    everything = thinned.read(thinned.grid)
    window = thinned.grid.window(row, column, height, width)
    found = thinned.read(window)
    inside = thinned.grid.intersection(window)
    if inside is None:
        assert np.isnan(found).all()
        return
    assert_array_equal(
        found[..., : inside.height, : inside.width], everything[..., row : row + height, column : column + width]
    )


def test_an_overview_is_read_where_there_is_one(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a_20220401.tif", np.arange(64 * 64, dtype="float32").reshape(64, 64), nodata=None)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4], Resampling.average)
    with rasterio.open(path, overview_level=1) as file:
        averages = file.read(1)
    source = from_files([path], "test", ABOUT).open(Query())
    thinned = source.coarser(4)
    assert thinned.grid.shape == averages.shape == (16, 16)
    assert_array_equal(thinned.read(thinned.grid)[0, 0], averages)
    assert source.fingerprint() != thinned.fingerprint()


def test_a_file_in_another_crs_is_read_coarsely_too(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:256, 0:256]
    values = (rows + columns).astype("float32")
    write_tiff(tmp_path / "a_20220401.tif", values, nodata=None)
    write_tiff(tmp_path / "b_20220401.tif", values, x=0, crs="EPSG:32633", nodata=None)
    write_tiff(tmp_path / "c_20220402.tif", values, x=603000, nodata=None)
    source = from_files(sorted(tmp_path.glob("*.tif")), "test", ABOUT).open(Query())
    assert source.grid.crs == "EPSG:32632"
    fine, thinned = source, source.coarser(8)
    window = thinned.grid
    found = thinned.read(window)[0]
    row, column = fine.grid.offset(fine.grid.window(0, 0, 1, 1))
    wanted = fine.read(fine.grid)[0][..., 4::8, 4::8][..., : window.height, : window.width]
    both = np.isfinite(found) & np.isfinite(wanted)
    assert (row, column) == (0, 0)
    assert both.mean() > 0.9 * np.isfinite(wanted).mean()
    assert np.abs(found[both] - wanted[both]).max() <= 16, "by a coarse pixel at most"


def test_a_part_keeps_to_the_lattice_of_the_whole(mosaic: tuple[Source, Any], tmp_path: Path) -> None:
    values = noise(64, 64)
    collection = from_files([write_tiff(tmp_path / "a_20220401.tif", values)], "test", ABOUT)
    query = Query(bounds=Bounds(600000 + 130, 5200000 - 500, 600000 + 470, 5200000 - 90), crs="EPSG:32632")
    part = collection.open(query).coarser(4)
    assert part.grid == Grid("EPSG:32632", 600120, 5199920, 40, -40, 9, 10)
    assert_array_equal(part.read(part.grid)[0, 0], nan_for_zero(values[10:50:4, 14:50:4]))
    assert collection.open(query).coarser(1024).grid.shape == (2, 1), "at least one pixel is left"


GLOBAL_X, SOUTH_UP = np.arange(0, 360, 10.0), np.arange(-40, 50, 10.0)


def test_arrays_that_are_flipped_and_rolled(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(2, 9, 36)).astype("float32")
    source = describe(write_netcdf(tmp_path / "a.nc", data, GLOBAL_X, SOUTH_UP, [0, 1.5]), "globe").open(Query())
    north_up = np.roll(data[:, ::-1], 18, axis=2)[:, None]
    thinned = source.coarser(8)
    assert thinned.grid.dx == 40, "36 columns are no multiple of 8"
    assert_array_equal(thinned.read(thinned.grid), north_up[..., 2::4, 2::4])
    around = thinned.read(thinned.grid.window(0, 7, 2, 4))
    assert_array_equal(around[..., :2], north_up[..., 2::4, 30::4])
    assert_array_equal(around[..., 2:], north_up[..., 2::4, 2:10:4])


def test_zarr_is_read_with_strides(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(33, 50)).astype("float32")
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    for name, labels, unit in (
        ("lat", 33 - np.arange(33.0), "degrees_north"),
        ("lon", 1 + np.arange(50.0), "degrees_east"),
    ):
        axis = group.create_array(name, shape=labels.shape, dtype="f8")
        axis[:] = labels
        axis.attrs.update(units=unit, _ARRAY_DIMENSIONS=[name])
    array = group.create_array("v", shape=data.shape, chunks=(16, 16), dtype="f4")
    array[:] = data
    array.attrs["_ARRAY_DIMENSIONS"] = ["lat", "lon"]
    thinned = describe(tmp_path / "a.zarr", "z").open(Query()).coarser(4)
    assert_array_equal(thinned.read(thinned.grid)[0, 0], data[2::4, 2::4])


def test_files_that_lie_beside_each_other_on_one_lattice(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(20, 30)).astype("float32")
    x, y = np.arange(30.0), 50 - np.arange(20.0)
    for number, columns in enumerate((slice(0, 13), slice(13, 15), slice(15, 30))):
        write_netcdf(tmp_path / f"{number}.nc", data[:, columns], x[columns], y, fill_value=np.float32(-1))
    source = from_netcdf(sorted(tmp_path.glob("*.nc")), "tiles").open(Query())
    thinned = source.coarser(8)
    assert_array_equal(thinned.read(thinned.grid)[0, 0], data[4::8, 4::8])
