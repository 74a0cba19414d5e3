"""Arrays keep what distinguishes null from NaN, their labels and their types; what is wrong has the code of openEO."""

import math

import numpy as np
import pytest
import xarray as xr
from arrays_of_pixels import call, labelled

from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute

NAN = math.nan
DATES = np.array(["2020-01-01", "2020-01-02", "2020-01-11"], "datetime64[ns]")


def error(process_id, *arguments, **named):
    with pytest.raises(GdcError) as caught:
        call(process_id, *arguments, **named)
    return caught.value.code


def labels(array):
    return array.coords[array.dims[0]].values.tolist()


@pytest.mark.parametrize(
    "process_id", ["mean", "median", "min", "max", "sum", "product", "sd", "variance", "first", "last"]
)
def test_nan_in_a_list_is_a_number(process_id):
    values = [NAN, 1, None, 2, NAN] if process_id in ("first", "last") else [1, NAN, None, 2]
    assert math.isnan(call(process_id, values))
    objects = labelled(values, object)
    assert math.isnan(call(process_id, objects))
    # In an array of floats it is no-data, like null.
    assert call(process_id, labelled(values)) == call(process_id, [value for value in values if value in (1, 2)])


def test_nan_in_lists_that_come_of_lists():
    assert all(map(math.isnan, call("extrema", [NAN, 1])))
    assert math.isnan(call("quantiles", [1, NAN], probabilities=[0.5])[0])
    assert call("quantiles", [1, None], probabilities=[0.5], ignore_nodata=False) == [None]
    assert str(call("cumsum", [1, None, NAN, 2])) == "[1.0, None, nan, nan]"
    assert str(call("array_apply", [1, None, NAN], lambda x, **_: call("add", x, 1))) == "[2, None, nan]"
    assert call("array_interpolate_linear", [1, NAN, 3, None, 5]) == [1, 2, 3, 4, 5]
    assert call("count", [1, None, NAN, math.inf, "a"]) == 2


def test_whole_numbers_stay_whole():
    for process_id, expected in [("sum", 6), ("product", 6), ("min", 1), ("max", 3)]:
        result = call(process_id, [1, 2, 3])
        assert (result, type(result)) == (expected, int)
    assert str(call("cumsum", [1, 2, None])) == "[1, 3, None]"
    assert type(call("add", 2**53, 1)) is int
    assert [type(call(name, 2.5)) for name in ("floor", "ceil", "int", "sqrt")] == [int, int, int, float]
    assert call("int", NAN) is None


def test_numbers_do_not_grow_without_bounds():
    number = 10
    for _ in range(40):
        number = call("multiply", number, number)
    assert number == math.inf


def test_rounding():
    assert [call("round", x) for x in (-2.5, -3.5, 0.5, 1.5)] == [-2, -4, 0, 2]
    assert [call("round", *pair) for pair in ((0.25, 1), (0.35, 1), (1234.5, -2), (1250, -2))] == [0.2, 0.4, 1200, 1200]
    assert call("round", 0.1, 400) == 0.1
    assert call("round", 123.4, -400) == 0


def test_remainders():
    assert call("mod", 2, 0) == math.inf
    assert call("mod", -2, 0) == -math.inf
    assert math.isnan(call("mod", 0, 0))
    assert call("mod", 2, -math.inf) == 2
    np.testing.assert_array_equal(
        call("mod", np.array([2.0, -2, 0, 7]), np.array([0.0, 0, 0, -5])), [np.inf, -np.inf, np.nan, -3]
    )


def test_nothing_is_contained_that_is_no_value():
    assert call("array_contains", [1, None], None) is False
    assert call("array_contains", [[1, 2], [3, 4]], 2) is False
    assert call("array_find", [[1, 2], [3, 4]], [1, 2]) is None
    assert call("array_find", [{"a": 1}], {"a": 1}) is None
    assert call("array_find", [NAN], NAN) is None
    assert call("array_find", [1, "1", True], True) == 2
    assert call("array_find", ["1", 1.0], 1) == 1


def test_a_value_to_find_may_differ_from_pixel_to_pixel():
    block = np.array([[1.0, 5.0, np.nan], [3.0, 2.0, np.nan]])
    np.testing.assert_array_equal(call("array_find", block, call("max", block)), [1, 0, np.nan])
    position = call("array_find", block, call("max", block))
    np.testing.assert_array_equal(call("array_element", block, index=position), [3, 5, np.nan])
    assert error("array_element", block, index=np.array([0.0, 2, 0])) == "ArrayElementNotAvailable"
    found = call("array_element", block, index=np.array([0.0, 2, 0]), return_nodata=True)
    np.testing.assert_array_equal(found, [1, np.nan, np.nan])


def test_labelled_arrays():
    array = call("array_create_labeled", [5, None, 7], ["B1", "B2", 3])
    assert (labels(array), array.dtype) == (["B1", "B2", 3], float)
    assert call("array_create_labeled", [5, NAN], [1, 2]).values.dtype == object
    assert call("array_create_labeled", [True, False], [1, "2"]).values.tolist() == [True, False]
    assert error("array_create_labeled", [1], [1, 2]) == "ArrayLengthMismatch"
    assert call("array_find_label", array, 3) == 2
    assert call("array_find_label", array, "3") is None
    assert call("array_find_label", [1, 2], 1) is None


def test_labels_of_joined_arrays():
    first, second = labelled([1, 2]), call("array_create_labeled", [3], ["x"])
    assert labels(call("array_concat", first, second)) == ["a", "b", "x"]
    assert call("array_concat", first, [3]) == [1, 2, 3]
    assert call("array_concat", first, []) == [1, 2]
    assert error("array_concat", first, first) == "ArrayLabelConflict"
    assert labels(call("array_append", first, 3)) == ["a", "b", 2]
    assert labels(call("array_append", first, 3, "c")) == ["a", "b", "c"]
    assert error("array_append", first, 3, "a") == "LabelExists"
    assert error("array_append", [], 3, "a") == "ArrayNotLabeled"


def test_modified_arrays():
    assert call("array_modify", ["a", "d", "c"], ["b"], 1, 1) == ["a", "b", "c"]
    assert call("array_modify", ["a", "c"], ["b"], 1) == ["a", "b", "c"]
    assert call("array_modify", ["a", "b", "c"], [], 1, 10) == ["a"]
    assert call("array_modify", ["a", None, "c"], [], 1) == ["a", "c"]
    assert call("array_modify", [1], [2], 1) == [1, 2]
    assert error("array_modify", [1], [2], 2) == "ArrayElementNotAvailable"
    array = labelled([1, 2, 3])
    assert labels(call("array_modify", array, [], 1)) == ["a", "c"]
    assert call("array_modify", array, [5], 1) == [1, 5, 2, 3]
    assert labels(call("array_modify", array, labelled([5]), 0, 1)) == ["a", "b", "c"]
    assert labels(call("array_modify", [], array, 0)) == ["a", "b", "c"]
    assert error("array_modify", array, labelled([5]), 1) == "ArrayLabelConflict"
    assert call("array_modify", [1], [], 0) == []


def test_dates_are_labels():
    array = xr.DataArray([1.0, np.nan, 3.0], dims="t", coords={"t": DATES})
    assert call("array_labels", array)[1] == "2020-01-02T00:00:00Z"
    assert call("array_element", array, label="2020-01-11") == 3
    assert call("array_find_label", array, "2020-01-02T01:00:00+01:00") == 1
    names = call("array_apply", array, lambda x, index, label, context: label)
    assert names.values.tolist() == call("array_labels", array)
    assert (call("cumsum", array).t.values == DATES).all()
    # A day after the first of ten days.
    np.testing.assert_allclose(call("array_interpolate_linear", array).values, [1, 1.2, 3])
    series = array.expand_dims(x=2).transpose("t", "x")
    np.testing.assert_allclose(call("array_interpolate_linear", series).values[1], [1.2, 1.2])


def test_interpolation_lies_at_the_labels_where_these_have_an_order():
    values = [1, None, 4]
    for coordinates, expected in [([1, 3, 4], 3), ([4, 3, 1], 2), (["p", "q", "r"], 2.5), ([1, 9, 4], 2.5)]:
        array = xr.DataArray([1.0, np.nan, 4.0], dims="x", coords={"x": coordinates})
        assert call("array_interpolate_linear", array).values[1] == pytest.approx(expected)
    assert call("array_interpolate_linear", [-math.inf, *values, None]) == [-math.inf, 1, 2.5, 4, None]
    assert call("array_interpolate_linear", [-math.inf, None, 1]) == [-math.inf, -math.inf, 1]


def test_dates_are_sorted_as_instants():
    dates = ["2020-01-01T00:30:00Z", None, "2020-01-01T01:00:00+01:00", "2019-05-05"]
    assert call("sort", dates) == [dates[3], dates[2], dates[0]]
    assert call("order", dates, asc=False, nodata=False) == [1, 0, 2, 3]


def test_positions_that_are_not_there():
    assert error("rearrange", [1, 2], [0, 2]) == "ArrayElementNotAvailable"
    assert error("rearrange", [1, 2], [None]) == "ArrayElementNotAvailable"


def test_arrays_have_a_limit():
    assert error("array_create", [1], 10**12) == "ProcessParameterInvalid"
    assert error("quantiles", [1.0], 10**9) == "ProcessParameterInvalid"


def test_truth_of_no_values():
    assert call("all", []) is True
    assert call("any", [None]) is False
    assert call("all", [None], ignore_nodata=False) is None
    gaps = np.array([[np.nan, 1.0], [np.nan, np.nan]])
    np.testing.assert_array_equal(call("all", gaps), [True, True])
    np.testing.assert_array_equal(call("any", gaps, ignore_nodata=False), [np.nan, 1])


def test_statistics_refuse_texts():
    for process_id in ("sum", "median", "cumsum", "array_interpolate_linear", "sort"):
        assert error(process_id, ["a", 1]) in ("ProcessParameterInvalid", "TemporalExtentInvalid")


def test_reducers_of_a_series_leave_its_nodata_out():
    series = xr.DataArray([1.0, np.nan, 5.0], dims="t", coords={"t": DATES})
    reducer = {"process_graph": {"mean": {"process_id": "mean", "arguments": {"data": {"from_parameter": "data"}}}}}
    reducer["process_graph"]["mean"]["result"] = True
    arguments = {"data": {"from_parameter": "series"}, "reducer": reducer, "dimension": "t"}
    graph = {"reduce": {"process_id": "reduce_dimension", "arguments": arguments, "result": True}}
    assert float(execute(graph, {"series": series})) == 3
