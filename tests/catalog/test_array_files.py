"""Folders of NetCDF files as one collection, and variables with further dimensions, against xarray."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.catalog.lazy import open_collection
from gdc_jupyter.cube.grid import Bounds
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute

from .graphs import node, of, reducer
from .rasters import write_netcdf

X, Y = np.arange(10.0), 50 - np.arange(8.0)


def values(*shape: int) -> Any:
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def again(catalog: Catalog) -> Catalog:
    return Catalog(catalog.folder, samples=False)


@pytest.fixture
def own(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "registry", samples=False)


def test_a_file_a_date(own: Catalog, tmp_path: Path) -> None:
    data = values(4, 8, 10)
    (tmp_path / "days").mkdir()
    for index, days in enumerate(([3], [0, 1], [7])):
        part = {0: data[2:3], 1: data[:2], 2: data[3:]}[index]
        write_netcdf(tmp_path / "days" / f"part{index}.nc", part, X, Y, [float(day) for day in days])
    own.add(tmp_path / "days")
    collection = again(own).get("days")
    assert collection.metadata() == own.get("days").metadata()
    source = collection.open(Query())
    assert_array_equal(
        source.times, np.array(["2020-01-01", "2020-01-02", "2020-01-04", "2020-01-08"], "datetime64[ns]")
    )
    assert_array_equal(source.read(source.grid)[:, 0], data)
    some = pickle.loads(pickle.dumps(source.select(times=source.times[[3, 1]])))  # type: ignore[index]
    window = source.grid.window(2, -1, 3, 4)
    part = some.read(window)[:, 0]
    assert_array_equal(part[:, :, 1:], data[[3, 1], 2:5, :3])
    assert np.isnan(part[:, :, 0]).all()
    one = collection.open(
        Query(Bounds(2.5, 44.5, 6.5, 47.5), start=np.datetime64("2020-01-02"), end=np.datetime64("2020-01-05"))
    )
    assert_array_equal(one.read(one.grid)[:, 0], data[1:3, 3:6, 3:7])
    with pytest.raises(GdcError, match="no data in the interval"):
        collection.open(Query(start=np.datetime64("2021-01-01")))
    assert source.fingerprint() != some.fingerprint()


def test_dates_of_file_names_and_tiles(own: Catalog, tmp_path: Path) -> None:
    data = values(2, 8, 10)
    (tmp_path / "tiles").mkdir()
    for index, day in enumerate(("20200101", "20200105")):
        write_netcdf(tmp_path / "tiles" / f"west_{day}.nc", data[index, :, :6], X[:6], Y)
        write_netcdf(tmp_path / "tiles" / f"east_{day}.nc", data[index, :, 6:], X[6:], Y)
    own.add(tmp_path / "tiles", title="Two halves")
    cube = open_collection("tiles", catalog=again(own))
    assert cube.shape == (2, 1, 8, 10)
    assert_array_equal(cube.values[:, 0], data)
    assert_array_equal(cube.t.values, np.array(["2020-01-01", "2020-01-05"], "datetime64[ns]"))
    mean = execute(
        {
            "load": node("load_collection", id="tiles", spatial_extent=None, temporal_extent=None),
            "mean": node("reduce_dimension", True, data=of("load"), dimension="t", reducer=reducer("mean")),
        },
        catalog=own,
    )
    assert_array_equal(mean.values[0], data.mean(axis=0))


def test_files_that_do_not_fit_are_named(own: Catalog, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    write_netcdf(tmp_path / "odd" / "a.nc", values(1, 8, 10), X, Y, [0.0])
    write_netcdf(tmp_path / "odd" / "b.nc", values(1, 8, 10), X + 0.5, Y, [1.0])
    with pytest.raises(GdcError, match=r"b\.nc does not fit a\.nc: its pixels do not coincide"):
        own.add(tmp_path / "odd")
    (tmp_path / "odd" / "b.nc").unlink()
    write_netcdf(tmp_path / "odd" / "b.nc", values(1, 8, 10), X, Y, [1.0], "360_day")
    with pytest.raises(GdcError, match="its calendar is 360_day"):
        own.add(tmp_path / "odd")


@pytest.fixture
def depths(own: Catalog, tmp_path: Path) -> tuple[Catalog, xr.Dataset]:
    """Two variables over depth, and one at the surface, which does not fit them."""
    dataset = xr.Dataset(
        {
            "thetao": (("time", "depth", "lat", "lon"), values(2, 3, 8, 10)),
            "so": (("time", "depth", "lat", "lon"), values(2, 3, 8, 10) + 35),
            "zos": (("time", "lat", "lon"), values(2, 8, 10)),
        },
        {
            "time": np.array(["2020-01-01", "2020-02-01"], "datetime64[ns]"),
            "depth": [0.5, 10.0, 100.0],
            "lat": ("lat", Y[::-1], {"units": "degrees_north"}),
            "lon": ("lon", X, {"units": "degrees_east"}),
        },
    )
    dataset.to_netcdf(tmp_path / "ocean.nc")
    own.add(tmp_path / "ocean.nc")
    return again(own), dataset.sortby("lat", ascending=False)


def test_further_dimensions_become_dimensions_of_the_cube(depths: tuple[Catalog, xr.Dataset]) -> None:
    catalog, dataset = depths
    document = catalog.get("ocean").metadata()
    assert document["cube:dimensions"]["depth"] == {"type": "other", "values": [0.5, 10.0, 100.0]}
    assert document["description"].endswith("Left out, as their dimensions differ: zos.")
    cube = execute(
        {"load": node("load_collection", True, id="ocean", spatial_extent=None, temporal_extent=None)},
        catalog=catalog,
    )
    assert cube.dims == ("t", "bands", "depth", "y", "x")
    assert cube.depth.attrs["type"] == "other"
    for band in ("thetao", "so"):
        assert_array_equal(cube.sel(bands=band).values, dataset[band].values)
    lazy = open_collection("ocean", catalog=catalog)
    assert_array_equal(lazy.isel(depth=1, t=0).values, cube.isel(depth=1, t=0).values)
    assert_array_equal(lazy.isel(depth=[2, 0], x=[4, 3]).values, cube.isel(depth=[2, 0], x=[4, 3]).values)


def test_levels_are_filtered_and_reduced(depths: tuple[Catalog, xr.Dataset]) -> None:
    catalog, dataset = depths
    deep = {
        "process_graph": {
            "not": node("neq", True, x={"from_parameter": "value"}, y=10),
        }
    }
    graph = {
        "load": node("load_collection", id="ocean", spatial_extent=None, temporal_extent=None, bands=["so"]),
        "some": node("filter_labels", data=of("load"), dimension="depth", condition=deep),
        "mean": node("reduce_dimension", True, data=of("some"), dimension="depth", reducer=reducer("max")),
    }
    cube = execute(graph, catalog=catalog)
    assert_array_equal(cube.sel(bands="so").values, dataset.so.isel(depth=[0, 2]).max("depth").values)
    source = catalog.get("ocean").open(Query()).pick("depth", [2, 0])
    both = np.stack([dataset.thetao.values, dataset.so.values], axis=1)
    assert_array_equal(source.read(source.grid), both[:, :, [2, 0]])


def test_dates_in_other_coordinates_are_found(own: Catalog, tmp_path: Path) -> None:
    import netCDF4

    with netCDF4.Dataset(tmp_path / "one.nc", "w") as file:
        for name, labels, units in (("lat", Y, "degrees_north"), ("lon", X, "degrees_east")):
            file.createDimension(name, len(labels))
            axis = file.createVariable(name, "f8", (name,))
            axis.units = units
            axis[:] = labels
        moment = file.createVariable("time", "f8", ())
        moment.units, moment.calendar = "days since 2020-01-01", "360_day"
        moment[:] = 59
        variable = file.createVariable("v", "f4", ("lat", "lon"))
        variable.coordinates = "time"
        variable[:] = values(8, 10)
    times = own.add(tmp_path / "one.nc").times
    assert times is not None
    assert [str(time) for time in times] == ["2020-02-30 00:00:00"]
    source = again(own).get("one").open(Query())
    assert_array_equal(source.read(source.grid), values(8, 10)[None, None])
