"""Processes on numbers, lists and blocks: null and NaN, integers, and agreement between one pixel and many."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes import PROCESSES


def call(process_id, *arguments, **named):
    return PROCESSES[process_id].function(*arguments, **named)


@pytest.mark.parametrize("process_id", ["add", "subtract", "multiply", "divide", "mod", "power", "arctan2"])
def test_null_makes_null(process_id):
    assert call(process_id, None, 1) is None
    assert call(process_id, 1, None) is None


@pytest.mark.parametrize(
    ("process_id", "arguments", "expected"),
    [
        ("divide", (1, 0), math.inf),
        ("divide", (-1, 0), -math.inf),
        ("mod", (-27, 5), 3),
        ("mod", (27, -5), -3),
        ("power", (2, 10), 1024),
        ("sqrt", (2,), 1.4142135623730951),
        ("ln", (math.e,), 1),
        ("log", (1024, 2), 10),
        ("round", (2.5,), 2),
        ("round", (1234.5, -2), 1200),
        ("int", (-3.7,), -3),
        ("clip", (5, 0, 3), 3),
        ("linear_scale_range", (0.3, -1, 1, 0, 255), 165.75),
        ("normalized_difference", (3, 1), 0.5),
    ],
)
def test_numbers(process_id, arguments, expected):
    assert call(process_id, *arguments) == pytest.approx(expected)


def test_integers_become_floats_before_arithmetic():
    red, nir = np.array([300], "uint16"), np.array([500], "uint16")
    assert call("normalized_difference", nir, red) == pytest.approx(0.25)
    assert call("normalized_difference", red, nir) == pytest.approx(-0.25)
    assert call("subtract", red, nir).tolist() == [-200]


@pytest.mark.parametrize(
    ("process_id", "x", "y", "expected"),
    [
        ("and", True, True, True),
        ("and", False, None, False),
        ("and", True, None, None),
        ("or", True, None, True),
        ("or", False, None, None),
        ("xor", True, None, None),
        ("xor", True, False, True),
        ("eq", 1, True, False),
        ("eq", "Text", "text", False),
        ("eq", 1.02, 1, False),
        ("gt", 2, 1, True),
        ("lte", None, 1, None),
        ("gt", "b", "a", False),
    ],
)
def test_logic_and_comparison(process_id, x, y, expected):
    assert call(process_id, x, y) is expected or call(process_id, x, y) == expected


def test_equal_within_delta_and_without_case():
    assert call("eq", 1.02, 1, delta=0.05) is True
    assert call("eq", "Text", "text", case_sensitive=False) is True
    assert call("neq", 1, 2) is True


def test_block_logic_keeps_gaps():
    values = np.array([1, 0, np.nan, 5], np.float32)
    greater = call("gt", values, 0)
    np.testing.assert_array_equal(greater, [1, 0, np.nan, 1])
    np.testing.assert_array_equal(call("not", greater), [0, 1, np.nan, 0])
    np.testing.assert_array_equal(call("or", greater, np.array([False, True, True, False])), [1, 1, 1, 1])
    np.testing.assert_array_equal(call("and", greater, np.array([True, True, False, True])), [1, 0, 0, 1])
    np.testing.assert_array_equal(call("if", greater, 10, None), [10, np.nan, np.nan, 10])


def test_elements_by_index_and_label():
    array = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=["bands", "x"], coords={"bands": ["B04", "B08"]})
    np.testing.assert_array_equal(call("array_element", array, label="B08"), [3, 4])
    np.testing.assert_array_equal(call("array_element", array, index=0), [1, 2])
    assert call("array_element", [1, 2], index=5, return_nodata=True) is None
    for arguments, code in [
        ({"index": 2}, "ArrayElementNotAvailable"),
        ({"label": "B99"}, "ArrayElementNotAvailable"),
        ({}, "ArrayElementParameterMissing"),
        ({"index": 0, "label": "B04"}, "ArrayElementParameterConflict"),
    ]:
        with pytest.raises(GdcError) as caught:
            call("array_element", array, **arguments)
        assert caught.value.code == code


def test_gaps_of_a_series_are_filled_by_lines():
    series = np.array([np.nan, 2, np.nan, np.nan, 8, np.nan])
    np.testing.assert_allclose(call("array_interpolate_linear", series), [np.nan, 2, 4, 6, 8, np.nan])
    assert call("array_interpolate_linear", [1, None, 3]) == [1, 2, 3]


def test_count_of_conditions():
    assert call("count", [1, None, 3]) == 2
    assert call("count", [1, None, 3], condition=True) == 3
    assert call("count", [1, 2, 3], condition=lambda x, context: x > 1) == 2
    block = np.array([[1, np.nan], [3, 4]])
    np.testing.assert_array_equal(call("count", block), [2, 1])


numbers = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6, width=32, allow_nan=False, allow_subnormal=False)),
    min_size=1,
    max_size=12,
)


@given(numbers, st.sampled_from(["mean", "median", "min", "max", "sum", "product", "sd", "variance"]), st.booleans())
def test_a_block_gives_what_each_pixel_gives(values, process_id, ignore_nodata):
    single = call(process_id, values, ignore_nodata=ignore_nodata)
    column = np.array([np.nan if value is None else value for value in values])
    block = np.stack([column, column[::-1]], axis=1)
    result = call(process_id, block, ignore_nodata=ignore_nodata)
    expected = np.nan if single is None else single
    np.testing.assert_allclose(result[0], expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(result[1], expected, rtol=1e-6, atol=1e-3)


@given(numbers)
def test_statistics_are_those_of_numpy(values):
    valid = np.array([value for value in values if value is not None], float)
    if not len(valid):
        assert call("mean", values) is None
        assert call("median", values) is None
        return
    assert call("mean", values) == pytest.approx(valid.mean(), rel=1e-9, abs=1e-6)
    assert call("median", values) == pytest.approx(np.median(valid), rel=1e-9, abs=1e-6)
    assert call("max", values) == valid.max()
    if len(valid) > 1:
        assert call("variance", values) == pytest.approx(valid.var(ddof=1), rel=1e-6, abs=1e-6)


def test_sorting_of_lists_and_blocks():
    assert call("order", [6, -1, 2, None, 7, 4, None, 8, 3, 9, 9])[:4] == [1, 2, 8, 5]
    assert call("sort", [6, -1, None, 2], asc=False) == [6, 2, -1]
    assert call("sort", [6, -1, None, 2], nodata=False) == [None, -1, 2, 6]
    block = np.array([[3.0, np.nan], [1.0, 5.0], [2.0, 4.0]])
    np.testing.assert_array_equal(call("sort", block), [[1, 4], [2, 5], [3, np.nan]])
    np.testing.assert_array_equal(call("order", block), [[1, 2], [2, 1], [0, np.nan]])
    assert call("rearrange", [5, 4, 3], [2, 0]) == [3, 5]


def test_labels_of_dates_are_compared_as_times():
    times = np.array(["2022-06-05T10:10", "2022-06-10T10:10"], "datetime64[ns]")
    cube = xr.DataArray([1.0, 2.0], dims="t", coords={"t": ("t", times, {"type": "temporal"})})
    assert call("dimension_labels", cube, "t") == ["2022-06-05T10:10:00Z", "2022-06-10T10:10:00Z"]
    renamed = call("rename_labels", cube, "t", ["first"], ["2022-06-05T12:10:00+02:00"])
    assert renamed.t.values.tolist() == ["first", "2022-06-10T10:10:00Z"]


def test_one_value_can_follow_an_array_of_blocks():
    bands = xr.DataArray(np.ones((2, 3, 4)), dims=["bands", "y", "x"], coords={"bands": ["B04", "B08"]})
    assert call("array_concat", bands, np.zeros((3, 4))).shape == (3, 3, 4)
