"""Callbacks on neighbourhoods, and pixels aggregated to larger ones, against loops and xarray."""

import itertools

import numpy as np
import pytest
from native_cubes import call, code, cube, one, ref, run

RANDOM = np.random.default_rng(11)


# A callback that subtracts the mean of each row of the neighbourhood.
LESS_MEAN = {
    "process_graph": {
        "mean": call("reduce_dimension", data=ref("data"), dimension="x", reducer=one("mean", data=ref("data"))),
        "spread": call(
            "merge_cubes",
            True,
            cube1=ref("data"),
            cube2={"from_node": "mean"},
            overlap_resolver=one("subtract", x=ref("x"), y=ref("y")),
        ),
    }
}


def sizes(**by_name):
    """Measures by dimension; plain numbers are pixels."""
    measures = {
        name: each if isinstance(each, dict) else {"value": each, "unit": "px"} for name, each in by_name.items()
    }
    return [{"dimension": name, **measure} for name, measure in measures.items()]


@pytest.mark.parametrize("overlap", [0, 1, 3])
def test_cubes_of_neighbourhoods_with_overlap(overlap):
    values = RANDOM.normal(size=(7, 11))
    result = run(
        "apply_neighborhood",
        data=cube(values, "y x"),
        process=LESS_MEAN,
        size=sizes(x=4, y=3),
        overlap=sizes(x=overlap),
    )
    expected = np.empty_like(values)
    for start in range(0, 11, 4):
        part = values[:, max(start - overlap, 0) : start + 4 + overlap]
        expected[:, start : start + 4] = values[:, start : start + 4] - part.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(result.values, expected)
    assert result.x.values.tolist() == [600005.0 + 10 * step for step in range(11)]


def test_missing_overlap_is_nodata_and_the_last_neighbourhood_is_whole():
    values = np.arange(5.0)[None, :].repeat(2, axis=0)
    count = {
        "process_graph": {
            "count": call(
                "reduce_dimension",
                data=ref("data"),
                dimension="x",
                reducer=one("count", data=ref("data"), condition=True),
            ),
            "spread": call(
                "merge_cubes",
                True,
                cube1=ref("data"),
                cube2={"from_node": "count"},
                overlap_resolver=one("add", x=ref("y"), y=0),
            ),
        }
    }
    result = run(
        "apply_neighborhood", data=cube(values, "y x"), process=count, size=sizes(x=4, y=1), overlap=sizes(x=2, y=1)
    )
    assert (result.values == 8).all()


def test_one_dimension_is_a_labelled_array():
    values = RANDOM.normal(size=(6, 2, 3, 4))
    data = cube(values, "t bands y x")
    result = run(
        "apply_neighborhood",
        data=data,
        process=one("sort", data=ref("data")),
        size=sizes(x=1, y=1, bands=1, t={"value": None}),
    )
    np.testing.assert_array_equal(result.values, np.sort(values, axis=0))
    halves = run(
        "apply_neighborhood", data=data, process=one("sort", data=ref("data")), size=sizes(x=1, y=1, bands=1, t=3)
    )
    np.testing.assert_array_equal(halves.values, np.sort(values.reshape(2, 3, 2, 3, 4), axis=1).reshape(values.shape))


@pytest.mark.parametrize(
    ("size", "overlap", "edges", "around"),
    [
        ("P1D", None, np.arange("2020-01-30", "2020-03-05", dtype="datetime64[D]"), 0),
        ("P1M", None, ["2020-01-30", "2020-02-29", "2020-03-30"], 0),
        ("P5D", "P1D", np.arange("2020-01-30", "2020-03-12", 5, dtype="datetime64[D]"), 1),
        (7, None, np.arange("2020-01-30", "2020-03-12", 7, dtype="datetime64[D]"), 0),
    ],
)
def test_durations(size, overlap, edges, around):
    dates = ["2020-01-30T06", "2020-01-30T18", "2020-01-31", "2020-02-03", "2020-02-04", "2020-02-28", "2020-02-29"]
    times = np.array(dates, "datetime64[ns]")
    values = RANDOM.normal(size=(7, 2, 2))
    result = run(
        "apply_neighborhood",
        data=cube(values, "t y x", t=times),
        process=spread_max(),
        size=sizes(x=1, y=1, t={"value": size}),
        overlap=[{"dimension": "t", "value": overlap}] if overlap else None,
    )
    bounds = np.array(edges, "datetime64[ns]")
    days = np.timedelta64(around, "D")
    expected = np.empty_like(values)
    for start, end in itertools.pairwise(bounds):
        inside = (times >= start) & (times < end)
        if inside.any():
            near = (times >= start - days) & (times < end + days)
            expected[inside] = values[inside] - values[near].max(axis=0)
    np.testing.assert_allclose(result.values, expected)


def spread_max():
    """A callback that subtracts the greatest value from each."""
    graph = {
        "max": call("max", data=ref("data")),
        "all": call(
            "array_apply",
            True,
            data=ref("data"),
            process=one("subtract", x=ref("x"), y=ref("context")),
            context={"from_node": "max"},
        ),
    }
    return {"process_graph": graph}


def test_metres_and_units():
    values = RANDOM.normal(size=(4, 8))
    arguments = {"data": cube(values, "y x"), "process": LESS_MEAN}
    pixels = run("apply_neighborhood", **arguments, size=sizes(x=4, y=2))
    metres = run("apply_neighborhood", **arguments, size=sizes(x={"value": 40, "unit": "m"}, y={"value": 20}))
    np.testing.assert_array_equal(metres.values, pixels.values)
    degrees = cube(values, "y x", crs="EPSG:4326", x=10 + 0.001 * np.arange(8), y=60 - 0.001 * np.arange(4))
    # At 60 degrees north, a degree of longitude is half as long as one of latitude.
    result = run(
        "apply_neighborhood",
        data=degrees,
        process=LESS_MEAN,
        size=sizes(x={"value": 4 * 55.6, "unit": "m"}, y={"value": 2 * 111.2, "unit": "m"}),
    )
    np.testing.assert_array_equal(result.values, pixels.values)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"size": sizes(z=3)}, "DimensionNotAvailable"),
        ({"size": sizes(x=3), "overlap": sizes(z=3)}, "DimensionNotAvailable"),
        ({"size": sizes(x={"value": "P1D"}, y=1)}, "ProcessParameterInvalid"),
        ({"size": sizes(x=0, y=1)}, "ProcessParameterInvalid"),
        ({"size": sizes(x=1, y=1, t={"value": "-P1D"})}, "ProcessParameterInvalid"),
        (
            {"size": sizes(x=2, y=2), "process": one("add_dimension", data=ref("data"), name="n", label=1)},
            "DataCubePropertiesImmutable",
        ),
        (
            {"size": sizes(x=2, y=2), "process": one("filter_temporal", data=ref("data"), extent=["2022-02-01", None])},
            "DataCubePropertiesImmutable",
        ),
        (
            {"size": sizes(x=1, y=1), "process": one("quantiles", data=ref("data"), probabilities=[0.5])},
            "DataCubePropertiesImmutable",
        ),
    ],
)
def test_refusals(arguments, expected):
    data = cube(np.zeros((3, 4, 4)), "t y x")
    given = {"data": data, "process": one("absolute", x=ref("data")), **arguments}
    assert code("apply_neighborhood", **given) == expected


class TestWindows:
    values = RANDOM.normal(size=(2, 7, 11))

    @pytest.mark.parametrize("align", ["upper-left", "upper-right", "lower-left", "lower-right"])
    @pytest.mark.parametrize("boundary", ["pad", "trim"])
    def test_means(self, align, boundary):
        data = cube(self.values, "t y x")
        result = run(
            "aggregate_spatial_window",
            data=data,
            reducer=one("mean", data=ref("data")),
            size=[4, 3],
            boundary=boundary,
            align=align,
        )
        sides = {"y": "left" if align.startswith("upper") else "right", "x": align.split("-")[1]}
        expected = data.coarsen(x=4, y=3, boundary=boundary, side=sides).mean()
        np.testing.assert_allclose(result.values, expected.values)
        whole = data.coarsen(x=4, y=3, boundary="trim", side=sides).mean()
        np.testing.assert_allclose(result.reindex_like(whole).values, whole.values)

    def test_south_up_and_order_of_dimensions(self):
        data = cube(self.values, "t y x", y=5200005.0 + 10 * np.arange(7)).transpose("x", "t", "y")
        result = run(
            "aggregate_spatial_window", data=data, reducer=one("first", data=ref("data")), size=[2, 2], boundary="trim"
        )
        # The upper edge is that of the greatest y, which is the last row.
        assert result.dims == ("x", "t", "y")
        assert result.y.values.tolist() == [5200020.0, 5200040.0, 5200060.0]
        np.testing.assert_array_equal(result.transpose("t", "y", "x").values, self.values[:, 1::2, :10:2])

    def test_padding_is_counted_as_nodata(self):
        data = cube(np.ones((3, 3)), "y x")
        anything = one("count", data=ref("data"), condition=True)
        every = run("aggregate_spatial_window", data=data, reducer=anything, size=[2, 2])
        valid = run("aggregate_spatial_window", data=data, reducer=one("count", data=ref("data")), size=[2, 2])
        assert (every.values == 4).all()
        assert valid.values.tolist() == [[4, 2], [2, 1]]

    def test_windows_that_do_not_fit(self):
        arguments = {"data": cube(np.ones((3, 3)), "y x"), "reducer": one("mean", data=ref("data"))}
        assert code("aggregate_spatial_window", **arguments, size=[4, 1], boundary="trim") == "ProcessParameterInvalid"
