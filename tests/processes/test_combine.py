"""Masks and merged cubes: labels, grids, overlap and broadcasting."""

import numpy as np
import pytest
from native_cubes import code, cube, one, ref, run

ADD = one("add", x=ref("x"), y=ref("y"))
RANDOM = np.random.default_rng(5)


def test_new_bands_follow_the_old_ones():
    first, second = RANDOM.normal(size=(2, 2, 3, 4))
    one_cube = cube(first, "bands y x", bands=["b", "a"])
    other = cube(second, "bands y x", bands=["d", "c"]).transpose("y", "x", "bands")
    result = run("merge_cubes", cube1=one_cube, cube2=other)
    assert result.bands.values.tolist() == ["b", "a", "d", "c"]
    np.testing.assert_array_equal(result.values, np.concatenate([first, second]))


def test_partial_overlap_in_two_dimensions():
    first, second = RANDOM.normal(size=(2, 3, 4)), RANDOM.normal(size=(2, 3, 4))
    one_cube = cube(first, "bands y x", bands=["a", "b"])
    other = cube(second, "bands y x", bands=["b", "c"], x=600025.0 + 10 * np.arange(4))
    result = run("merge_cubes", cube1=one_cube, cube2=other, overlap_resolver=ADD)
    expected = np.full((3, 3, 6), np.nan)
    expected[:2, :, :4] = first
    expected[1:, :, 2:] = second
    expected[1, :, 2:4] = first[1, :, 2:] + second[0, :, :2]
    np.testing.assert_allclose(result.values, expected)
    assert code("merge_cubes", cube1=one_cube, cube2=other) == "OverlapResolverMissing"


def test_dates_are_sorted():
    later = cube([1.0, 2.0], "t", t=np.array(["2020-03-01", "2020-05-01"], "datetime64[ns]"))
    earlier = cube([3.0, 4.0], "t", t=np.array(["2020-04-01", "2020-01-01"], "datetime64[ns]"))
    assert run("merge_cubes", cube1=later, cube2=earlier).values.tolist() == [4, 1, 3, 2]


@pytest.mark.parametrize("larger_first", [True, False])
def test_a_cube_with_fewer_dimensions(larger_first):
    values, height = RANDOM.normal(size=(2, 3, 4, 5)), RANDOM.normal(size=(4, 5))
    large, small = cube(values, "t bands y x"), cube(height.T, "x y")
    subtract = one("subtract", x=ref("x"), y=ref("y"))
    given = {"cube1": large, "cube2": small} if larger_first else {"cube1": small, "cube2": large}
    result = run("merge_cubes", **given, overlap_resolver=subtract)
    expected = values - height if larger_first else height - values
    assert result.dims == ("t", "bands", "y", "x")
    np.testing.assert_allclose(result.values, expected)


def test_areas_that_do_not_touch():
    west = cube(np.ones((2, 2)), "y x")
    east = cube(np.full((2, 2), 2.0), "y x", x=[600065.0, 600075.0])
    result = run("merge_cubes", cube1=west, cube2=east)
    assert result.x.values.tolist() == [600005.0 + 10 * step for step in range(8)]
    np.testing.assert_array_equal(result.values[0], [1, 1, *[np.nan] * 4, 2, 2])


def test_a_mask_on_another_grid_and_without_bands():
    values = RANDOM.normal(size=(2, 4, 4))
    coarse = cube(np.array([[0.0, 1], [np.nan, 0]]), "y x", x=[600010.0, 600030.0], y=[5200090.0, 5200070.0])
    result = run("mask", data=cube(values, "bands y x"), mask=coarse, replacement=-1)
    expected = values.copy()
    expected[:, :2, 2:] = -1
    np.testing.assert_array_equal(result.values, expected)


def test_a_merged_cube_in_another_projection():
    from pyproj import Transformer

    first = cube(np.zeros((1, 20, 20)), "bands y x", bands=["zero"])
    to_degrees = Transformer.from_crs(32632, 4326, always_xy=True)
    west, south = to_degrees.transform(599900, 5199800)
    longitudes, latitudes = west + 2e-5 * np.arange(400), south + 2e-5 * np.arange(300)
    second = cube(
        np.broadcast_to(longitudes, (1, 300, 400)),
        "bands lat lon",
        crs=None,
        bands=["lon"],
        lon=longitudes,
        lat=latitudes,
    ).rename(lon="x", lat="y")
    second.attrs["crs"] = "EPSG:4326"
    result = run("merge_cubes", cube1=first, cube2=second)
    expected = to_degrees.transform(*np.meshgrid(first.x.values, first.y.values))[0]
    np.testing.assert_allclose(result.sel(bands="lon").values, expected, atol=1.1e-5)


def test_what_does_not_fit():
    data = cube(np.zeros((2, 3, 3)), "t y x")
    assert code("mask", data=data, mask=cube(np.zeros((2, 3, 3)), "bands y x")) == "IncompatibleDataCubes"
    other = data.assign_coords(t=data.t.values + np.timedelta64(1, "D"))
    assert code("mask", data=data, mask=other) == "IncompatibleDataCubes"
    bands = cube(np.zeros((2, 3, 3)), "bands y x")
    assert code("merge_cubes", cube1=data, cube2=bands, overlap_resolver=ADD) == "IncompatibleDataCubes"
    both = one("array_create", data=[ref("x"), ref("y")])
    assert code("merge_cubes", cube1=data, cube2=data, overlap_resolver=both) == "ReducerResultInvalid"
