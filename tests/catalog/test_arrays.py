"""Windows of NetCDF files and Zarr stores against the files read by themselves."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import CRS

from gdc_jupyter.catalog.arrays import ArrayCollection
from gdc_jupyter.catalog.cf import describe
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.cube.grid import Bounds
from gdc_jupyter.errors import GdcError

from .rasters import write_netcdf

GLOBAL_X = np.arange(0, 360, 10.0)
SOUTH_UP = np.arange(-40, 50, 10.0)


def values(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.fixture(scope="module")
def globe(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArrayCollection, Any]:
    """A global file with longitudes from 0 and its south first, and what it should be read as."""
    data = values(2, 9, 36)
    path = tmp_path_factory.mktemp("globe") / "globe.nc"
    collection = describe(write_netcdf(path, data, GLOBAL_X, SOUTH_UP, [0, 1.5]), "globe")
    return collection, np.roll(data[:, ::-1], 18, axis=2)[:, None]


def test_longitudes_from_0_to_360_are_rolled_and_the_north_is_up(globe: tuple[ArrayCollection, Any]) -> None:
    collection, whole = globe
    grid = collection.grid
    assert grid.wraps
    assert grid.crs == "EPSG:4326"
    assert_allclose(grid.x_labels(), np.arange(-180, 180, 10.0))
    assert_allclose(grid.y_labels(), SOUTH_UP[::-1])
    source = collection.open(Query())
    assert_array_equal(source.times, np.array(["2020-01-01T00", "2020-01-02T12"], "datetime64[ns]"))
    assert_array_equal(source.read(grid), whole)


@settings(max_examples=40, deadline=None)
@given(st.integers(-12, 12), st.integers(-80, 80), st.integers(1, 14), st.integers(1, 90))
def test_a_window_goes_around_the_globe_but_not_over_the_poles(
    globe: tuple[ArrayCollection, Any], row: int, column: int, height: int, width: int
) -> None:
    collection, whole = globe
    padded = np.pad(whole, ((0, 0), (0, 0), (12, 30), (0, 0)), constant_values=np.nan)
    part = padded[:, :, row + 12 : row + 12 + height][..., np.arange(column, column + width) % 36]
    assert_array_equal(collection.open(Query()).read(collection.grid.window(row, column, height, width)), part)


def test_a_box_over_the_antimeridian_is_one_piece(globe: tuple[ArrayCollection, Any]) -> None:
    collection, whole = globe
    source = collection.open(Query(Bounds(160, -25, 215, 25)))
    assert_allclose(source.grid.x_labels(), [160, 170, 180, 190, 200, 210])
    assert_array_equal(source.read(source.grid), whole[:, :, 2:7][..., [34, 35, 0, 1, 2, 3]])
    assert np.isnan(source.read(source.grid.expand(1))[..., [0, -1]]).all()
    assert source.select(times=source.times[1:]).shape == (1, 1, 5, 6)  # type: ignore[index]


def test_packed_values_are_decoded_and_unsigned_bytes_are_unsigned(tmp_path: Path) -> None:
    packed = np.array([[1, 2, -999], [4, 5, 6]], "int16")
    path = tmp_path / "packed.nc"
    write_netcdf(path, packed, [1.0, 2, 3], [2.0, 1], fill_value=-999, scale_factor=0.5, add_offset=100.0, units="K")
    collection = describe(path, "packed")
    assert collection.bands[0].scale is None
    assert collection.bands[0].unit == "K"
    source = collection.open(Query())
    assert source.dtype == np.float32
    assert source.times is None
    with netCDF4.Dataset(path) as file:
        assert_array_equal(source.read(source.grid)[0, 0], file["v"][:].filled(np.nan))
    path = tmp_path / "unsigned.nc"
    write_netcdf(path, np.array([[1, -1], [-2, 4]], "int8"), [1.0, 2], [2.0, 1], _Unsigned="true", fill_value=-1)
    source = describe(path, "unsigned").open(Query())
    assert_array_equal(source.read(source.grid)[0, 0], [[1, np.nan], [254, 4]])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_zarr_store_written_by_xarray_is_read(tmp_path: Path, zarr_format: int) -> None:
    data = values(3, 40, 50)
    data[0, 0, 0] = np.nan
    times = np.array(["2021-03-01", "2021-01-01", "2021-02-01"], "datetime64[ns]")
    coords = {"time": times, "y": 5000 - 20.0 * np.arange(40), "x": 300 + 20.0 * np.arange(50)}
    spatial = xr.DataArray(0, attrs={"crs_wkt": CRS("EPSG:32632").to_wkt()})
    dataset = xr.Dataset(
        {
            "a": (("time", "y", "x"), data, {"grid_mapping": "spatial_ref"}),
            "b": (("time", "y", "x"), np.nan_to_num(data * 10).astype("int16"), {"grid_mapping": "spatial_ref"}),
        },
        coords | {"spatial_ref": spatial},
    )
    path = tmp_path / "store.zarr"
    encoding = {"a": {"chunks": (3, 16, 32)}}
    dataset.to_zarr(path, zarr_format=zarr_format, consolidated=False, encoding=encoding)
    collection = describe(path, "store")
    source = collection.open(Query())
    assert collection.grid.bounds == (290, 4210, 1290, 5010)
    assert source.tile == (16, 32)
    assert [band.name for band in source.bands] == ["a", "b"]
    assert_array_equal(source.times, np.sort(times))
    order = np.argsort(times)
    assert_array_equal(source.read(source.grid)[:, 0], data[order])
    window = source.grid.window(-2, 5, 20, 60)
    part = pickle.loads(pickle.dumps(source)).read(window)
    assert_array_equal(part[:, 1, 2:, :45], np.nan_to_num(data * 10).astype("int16")[order][:, :18, 5:])
    assert np.isnan(part[:, :, :2]).all()


def test_threads_read_a_netcdf_file_at_once(globe: tuple[ArrayCollection, Any]) -> None:
    collection, whole = globe
    source = collection.open(Query())
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(source.read, [source.grid] * 20):
            assert_array_equal(result, whole)


def test_axes_that_are_no_grid_are_named(tmp_path: Path) -> None:
    with pytest.raises(GdcError, match=r"bent\.nc: the axis 'lon' needs two or more coordinates that rise, or fall"):
        describe(write_netcdf(tmp_path / "bent.nc", values(3, 3), [1.0, 4, 2], [1.0, 2, 3]), "bent")
    with pytest.raises(GdcError, match="cannot be read as time"):
        describe(write_netcdf(tmp_path / "odd.nc", values(1, 2, 2), [1.0, 2], [1.0, 2], [0], "361_day"), "odd")


def test_a_projected_file_without_a_crs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.nc"
    xr.Dataset({"v": (("y", "x"), values(3, 3))}, {"y": [3.0, 2, 1], "x": [1.0, 2, 3]}).to_netcdf(path)
    with pytest.raises(GdcError, match="names no coordinate reference system") as raised:
        describe(path, "bare")
    assert raised.value.code == "CRSInvalid"


def test_a_corrupt_netcdf_file_is_named(tmp_path: Path) -> None:
    path = write_netcdf(tmp_path / "sst.nc", values(64, 64), np.arange(64.0), np.arange(64.0))
    source = describe(path, "sst").open(Query())
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(GdcError, match=r"^sst\.nc: ") as raised:
        source.read(source.grid)
    assert raised.value.code == "DataFileUnreadable"
    path.unlink()
    with pytest.raises(GdcError, match=r"^sst\.nc: No such file"):
        source.read(source.grid)
