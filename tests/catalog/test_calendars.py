"""A file with years of 360 days, from the file to the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cftime
import netCDF4
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.graph import execute, run

from .graphs import node, of, reducer
from .rasters import write_netcdf

DAYS = np.arange(45.0, 45 + 30 * 24, 30)


@pytest.fixture
def values() -> Any:
    return np.random.default_rng(5).normal(size=(24, 3, 4)).astype("float32")


@pytest.fixture
def catalog(tmp_path: Path, values: Any) -> Catalog:
    own = Catalog(tmp_path / "data", samples=False)
    own.add(write_netcdf(tmp_path / "model.nc", values, np.arange(4.0), np.array([3.0, 2, 1]), DAYS, "360_day"))
    return Catalog(tmp_path / "data", samples=False)


def load(temporal_extent: Any = None) -> dict[str, Any]:
    return node("load_collection", id="model", spatial_extent=None, temporal_extent=temporal_extent)


def test_labels_are_true(catalog: Catalog, values: Any) -> None:
    cube = execute({"load": load() | {"result": True}}, catalog=catalog)
    expected = cftime.num2date(DAYS, "days since 2020-01-01", "360_day")
    assert_array_equal(cube.t.values, expected)
    assert_array_equal(cube.sel(bands="v").values, values)
    assert str(cube.t.values[0])[:10] == "2020-02-16"
    document = catalog.get("model").metadata()
    assert document["extent"]["temporal"]["interval"] == [["2020-02-16T00:00:00Z", "2022-01-16T00:00:00Z"]]
    assert document["cube:dimensions"]["t"]["step"] == "P30D"


def test_intervals_and_periods_follow_the_calendar(catalog: Catalog, values: Any) -> None:
    graph = {
        "load": load(["2020-01-31", "2021-12-31"]),
        "filter": node("filter_temporal", data=of("load"), extent=["2020-03-01", None]),
        "period": node("aggregate_temporal_period", True, data=of("filter"), period="season", reducer=reducer("mean")),
    }
    result = execute(graph, catalog=catalog)
    assert result.t.values.tolist() == ["2020-mam", "2020-jja", "2020-son", "2020-djf"] + [
        f"2021-{name}" for name in ("mam", "jja", "son", "djf")
    ]
    months = values[1:23]
    expected = [months[3 * index : 3 * index + 3].mean(axis=0) for index in range(8)]
    assert_allclose(result.sel(bands="v").values, expected, rtol=1e-6)


def test_netcdf_keeps_the_calendar(catalog: Catalog, tmp_path: Path, values: Any) -> None:
    graph = {"load": load(), "save": node("save_result", True, data=of("load"), format="netCDF")}
    result = run({"process_graph": graph}, catalog, tmp_path)
    assert (result.start, result.end) == ("2020-02-16T00:00:00Z", "2022-01-16T00:00:00Z")
    with xr.open_dataset(result.assets[0].path) as written:
        assert written.t.dt.calendar == "360_day"
        assert_array_equal(written.t.values, cftime.num2date(DAYS, "days since 2020-01-01", "360_day"))
        assert_array_equal(written.v.values, values)
    with netCDF4.Dataset(result.assets[0].path) as file:
        assert file["t"].calendar == "360_day"


def test_years_that_do_not_fit_nanoseconds_are_read(tmp_path: Path) -> None:
    own = Catalog(tmp_path / "data", samples=False)
    path = write_netcdf(tmp_path / "late.nc", np.ones((1, 2, 2), "f4"), [1.0, 2], [1.0, 2], [365242.0])
    times = own.add(path).times
    assert times is not None
    date = (np.datetime64("2020-01-01") + 365242).item()
    assert times[0] == cftime.DatetimeGregorian(date.year, date.month, date.day)
