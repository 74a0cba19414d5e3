"""Aggregation along time, and resampling to other dates, against numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from native_cubes import code, cube, one, ref, run

RANDOM = np.random.default_rng(3)
MEAN = one("mean", data=ref("data"))


def daily(days=400, dims="t y x"):
    values = RANDOM.normal(size=(days, 3, 4)).astype(np.float32)
    values[RANDOM.random(values.shape) < 0.2] = np.nan
    times = (np.datetime64("2019-12-20") + np.arange(days)).astype("datetime64[ns]")
    return cube(values, "t y x", t=times).transpose(*dims.split())


@pytest.mark.parametrize("dims", ["t y x", "y x t", "x t y"])
def test_monthly_means(dims):
    data = daily(dims=dims)
    result = run("aggregate_temporal_period", data=data, period="month", reducer=MEAN)
    expected = data.astype(float).resample(t="MS").mean()
    assert result.dims == tuple(dims.split())
    assert result.t.values.tolist() == [str(label)[:7] for label in expected.t.values]
    np.testing.assert_allclose(result.values, expected.transpose(*result.dims).values, rtol=1e-5, atol=1e-6)


def test_periods_are_aggregated_again():
    data = daily(800)
    months = run("aggregate_temporal_period", data=data, period="month", reducer=one("max", data=ref("data")))
    years = run("aggregate_temporal_period", data=months, period="year", reducer=one("max", data=ref("data")))
    assert years.t.values.tolist() == ["2019", "2020", "2021", "2022"]
    np.testing.assert_array_equal(years.values, data.resample(t="YS").max().values)


def test_labels_that_are_texts_are_dates():
    data = cube(np.arange(3.0)[:, None, None], "t y x", t=["2020-01-05", "2020-01-20", "2020-02-01"])
    result = run("aggregate_temporal_period", data=data, period="month", reducer=MEAN)
    assert result.t.values.tolist() == ["2020-01", "2020-02"]
    assert result.values.ravel().tolist() == [0.5, 2]
    kept = run("filter_temporal", data=data, extent=["2020-01-10", "2020-02-01"])
    assert kept.t.values.tolist() == ["2020-01-20"]


def test_intervals_of_the_day():
    times = np.array(["2020-01-01T05", "2020-01-01T06", "2020-01-01T18", "2020-01-02T23"], "datetime64[ns]")
    data = cube(np.arange(4.0), "time", time=times)
    result = run(
        "aggregate_temporal",
        data=data,
        intervals=[["06:00:00", "18:00:00"], ["18:00:00", "06:00:00"], ["18:00:00", "24:00:00"]],
        labels=["day", "night", "evening"],
        reducer=one("sum", data=ref("data")),
    )
    assert result.time.values.tolist() == ["day", "night", "evening"]
    assert result.values.tolist() == [1, 5, 5]


def test_open_and_overlapping_intervals():
    data = cube(np.arange(5.0), "t")
    result = run(
        "aggregate_temporal",
        data=data,
        intervals=[[None, "2022-03-01"], ["2022-02-01", "2022-04-01"], ["2022-03-01", None]],
        reducer=one("count", data=ref("data")),
    )
    assert result.values.tolist() == [2, 2, 3]
    assert result.t.values.tolist() == ["../2022-03-01", "2022-02-01", "2022-03-01"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"intervals": [["2022-02-01", "2022-02-01T00:00:00Z"], ["2022-02-01", "2022-03-01"]]}, "TemporalExtentEmpty"),
        (
            {"intervals": [["2022-02-01", "2022-03-01"], ["2022-02-01", "2022-04-01"]]},
            "DistinctDimensionLabelsRequired",
        ),
        ({"intervals": [["2022-02-01", "2022-03-01"]], "dimension": "bands"}, "DimensionNotAvailable"),
        ({"intervals": [["2022-02-01", "2022-03-01"]], "labels": ["a", "b"]}, "ProcessParameterInvalid"),
        ({"intervals": [["25:00:00", "26:00:00"]]}, "TemporalExtentInvalid"),
        (
            {"intervals": [["2022-02-01", "2022-03-01"]], "reducer": one("sort", data=ref("data"))},
            "ReducerResultInvalid",
        ),
    ],
)
def test_bad_intervals(arguments, expected):
    data = cube(np.zeros((4, 2, 2, 2)), "t bands y x")
    assert code("aggregate_temporal", **{"data": data, "reducer": MEAN, **arguments}) == expected


class TestResample:
    source = cube(
        [[1, np.nan], [2, 5], [3, np.nan], [4, 7]],
        "t x",
        t=np.array(["2020-01-01", "2020-01-05", "2020-01-09", "2020-03-01"], "datetime64[ns]"),
    )

    def target(self, *dates):
        return cube(np.zeros(len(dates)), "t", t=np.array(dates, "datetime64[ns]"))

    def test_nearest_and_the_earlier_of_two(self):
        wanted = self.target("2019-01-01", "2020-01-03", "2020-01-07T00:00:01", "2021-01-01")
        result = run("resample_cube_temporal", data=self.source, target=wanted)
        assert result.values[:, 0].tolist() == [1, 1, 3, 4]
        assert np.isnan(result.values[1, 1])
        assert (result.t.values == wanted.t.values).all()

    def test_valid_within(self):
        wanted = self.target("2020-01-03", "2020-01-09", "2020-01-13", "2020-02-01")
        result = run("resample_cube_temporal", data=self.source, target=wanted, valid_within=4)
        np.testing.assert_array_equal(result.values[:, 0], [1, 3, np.nan, np.nan])
        np.testing.assert_array_equal(result.values[:, 1], [5, np.nan, np.nan, np.nan])
        wider = run("resample_cube_temporal", data=self.source, target=wanted, valid_within=4.01)
        np.testing.assert_array_equal(wider.values[:, 1], [5, 5, np.nan, np.nan])
        np.testing.assert_array_equal(wider.values[:, 0], [1, 3, 3, np.nan])

    def test_which_dimension(self):
        other = self.target("2020-01-01").rename(t="time")
        assert code("resample_cube_temporal", data=self.source, target=other) == "DimensionMismatch"
        wanted = self.target("2020-01-01")
        assert code("resample_cube_temporal", data=self.source, target=wanted, dimension="z") == "DimensionNotAvailable"
        flat = cube(np.zeros(2), "x")
        assert code("resample_cube_temporal", data=self.source, target=flat, dimension="x") == "DimensionMismatch"


@given(
    present=st.lists(st.integers(0, 300), min_size=1, max_size=8, unique=True),
    wanted=st.lists(st.integers(0, 300), min_size=1, max_size=5, unique=True),
)
def test_nearest_date_by_brute_force(present, wanted):
    epoch = np.datetime64("2020-01-01", "ns")
    hours = np.timedelta64(1, "h")
    data = cube(np.array(present, float), "t", t=epoch + np.array(present) * hours)
    target = cube(np.zeros(len(wanted)), "t", t=epoch + np.array(wanted) * hours)
    result = run("resample_cube_temporal", data=data, target=target)
    expected = [min(present, key=lambda one: (abs(one - each), one)) for each in wanted]
    assert result.values.tolist() == expected


def test_filter_applies_to_all_temporal_dimensions():
    times = np.array(["2020-01-01", "2021-01-01"], "datetime64[ns]")
    data = cube(np.arange(4.0).reshape(2, 2), "t t2", t=times, t2=times)
    result = run("filter_temporal", data=data, extent=["2020-06-01", None])
    assert result.values.tolist() == [[3]]
    assert run("filter_temporal", data=data, extent=["2020-06-01", None], dimension="t2").shape == (2, 1)
