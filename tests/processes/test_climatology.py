"""Normals and anomalies against numpy and xarray."""

import numpy as np
import pytest
from native_cubes import code, cube, one, ref, run

RANDOM = np.random.default_rng(17)


def days(first, last, dims="t y x"):
    times = np.arange(first, last, dtype="datetime64[D]").astype("datetime64[ns]")
    values = RANDOM.normal(10, 5, (len(times), 2, 3))
    values[RANDOM.random(values.shape) < 0.1] = np.nan
    return cube(values, "t y x", t=times).transpose(*dims.split())


DATA = days("1999-06-01", "2005-03-01")


@pytest.mark.parametrize("dims", ["t y x", "x t y"])
def test_months(dims):
    result = run(
        "climatological_normal", data=DATA.transpose(*dims.split()), period="month", climatology_period=[2000, 2003]
    )
    expected = DATA.sel(t=slice("2000", "2003")).groupby("t.month").mean()
    assert result.t.values.tolist() == [f"{month:02d}" for month in range(1, 13)]
    np.testing.assert_allclose(result.transpose("t", "y", "x").values, expected.values)


def test_days():
    result = run("climatological_normal", data=DATA, period="day", climatology_period=[2000, 2003])
    expected = DATA.sel(t=slice("2000", "2003")).groupby("t.dayofyear").mean()[:365]
    assert result.t.values.tolist() == [f"{day:03d}" for day in range(1, 366)]
    np.testing.assert_allclose(result.values, expected.values)


def test_seasons_begin_before_the_first_year():
    result = run("climatological_normal", data=DATA, period="season", climatology_period=[2000, 2003])
    assert result.t.values.tolist() == ["djf", "mam", "jja", "son"]
    span = DATA.sel(t=slice("1999-12", "2003-11"))
    winter = span.sel(t=span.t.dt.month.isin([12, 1, 2])).mean("t")
    np.testing.assert_allclose(result.values[0], winter.values)
    autumn = span.sel(t=span.t.dt.month.isin([9, 10, 11])).mean("t")
    np.testing.assert_allclose(result.values[3], autumn.values)


def test_a_first_season_without_its_early_months_is_left_out():
    data = DATA.sel(t=slice("2000", "2003"))
    result = run("climatological_normal", data=data, period="season", climatology_period=[2000, 2003])
    span = data.sel(t=slice("2000-12", "2003-02"))
    winter = span.sel(t=span.t.dt.month.isin([12, 1, 2])).mean("t")
    np.testing.assert_allclose(result.values[0], winter.values)
    tropical = run("climatological_normal", data=data, period="tropical-season", climatology_period=[2000, 2003])
    assert tropical.t.values.tolist() == ["ndjfma", "mjjaso"]
    span = data.sel(t=slice("2000-11", "2003-04"))
    wet = span.sel(t=span.t.dt.month.isin([11, 12, 1, 2, 3, 4])).mean("t")
    np.testing.assert_allclose(tropical.values[0], wet.values)


def test_all_years_and_years_that_are_not_there():
    result = run("climatological_normal", data=DATA, period="climatology-period", climatology_period=[2001, 2002])
    assert result.t.values.tolist() == ["climatology-period"]
    np.testing.assert_allclose(result.values[0], DATA.sel(t=slice("2001", "2002")).mean("t").values)
    assert code("climatological_normal", data=DATA, period="month") == "ProcessParameterInvalid"


@pytest.mark.parametrize("by", ["dates", "labels"])
def test_anomalies_of_months(by):
    normals = run("climatological_normal", data=DATA, period="month", climatology_period=[2000, 2003])
    data = DATA
    if by == "labels":
        data = run("aggregate_temporal_period", data=DATA, period="month", reducer=one("mean", data=ref("data")))
    result = run("anomaly", data=data, normals=normals.transpose("x", "y", "t"), period="month")
    means = DATA.sel(t=slice("2000", "2003")).groupby("t.month").mean()
    expected = DATA.groupby("t.month") - means
    if by == "labels":
        expected = DATA.resample(t="MS").mean().groupby("t.month") - means
    assert (result.t.values == data.t.values).all()
    np.testing.assert_allclose(result.values, expected.values, atol=1e-9)


def test_anomalies_of_days_in_leap_years():
    normals = run("climatological_normal", data=DATA, period="day", climatology_period=[2000, 2003])
    result = run("anomaly", data=DATA, normals=normals, period="day")
    last = DATA.t.values.tolist().index(np.datetime64("2004-12-31", "ns").astype(int))
    np.testing.assert_allclose(result.values[last], DATA.values[last] - normals.values[364])
    first = DATA.t.values.tolist().index(np.datetime64("2004-01-01", "ns").astype(int))
    np.testing.assert_allclose(result.values[first], DATA.values[first] - normals.values[0])


@pytest.mark.parametrize(
    ("period", "labels", "keys", "expected"),
    [
        ("season", ["2020-djf", "2021-jja"], ["jja", "djf"], [1 - 20, 2 - 10]),
        ("year", ["2020", "2021"], [2021, 2020], [1 - 20, 2 - 10]),
        ("hour", ["2020-01-01-05", "2020-01-02-06"], ["05", "06"], [1 - 10, 2 - 20]),
        ("dekad", ["2020-01", "2021-36"], ["01", "36"], [1 - 10, 2 - 20]),
        ("week", ["2020-01", "2020-53"], ["01", "52"], [1 - 10, 2 - 20]),
        ("month", ["2020-01", "2020-12"], [1, 12], [1 - 10, 2 - 20]),
    ],
)
def test_labels_of_periods(period, labels, keys, expected):
    data = cube([1.0, 2.0], "t", t=labels)
    normals = cube([10.0, 20.0], "t", t=keys)
    assert run("anomaly", data=data, normals=normals, period=period).values.tolist() == expected


def test_a_single_period_and_bands_that_normals_lack():
    data = cube(RANDOM.normal(size=(3, 2, 2, 2)), "bands t y x")
    normals = cube(RANDOM.normal(size=(1, 2, 2)), "t y x", t=["any"])
    result = run("anomaly", data=data, normals=normals, period="single-period")
    np.testing.assert_allclose(result.values, data.values - normals.values[0])


def test_normals_that_do_not_fit():
    data = cube([1.0, 2.0], "t", t=["2020-01", "2020-02"])
    assert code("anomaly", data=data, normals=cube([1.0], "t", t=["01"]), period="month") == "IncompatibleDataCubes"
    two = cube([1.0, 2.0], "t", t=["a", "b"])
    assert code("anomaly", data=data, normals=two, period="climatology-period") == "IncompatibleDataCubes"
    banded = cube(np.zeros((1, 2)), "t bands", t=["a"])
    assert code("anomaly", data=data, normals=banded, period="single-period") == "IncompatibleDataCubes"
