"""Reducers and array processes give the same for a list, a labelled array and each pixel of a block."""

import numpy as np
import pytest
from arrays_of_pixels import block, call, labelled, pixel, plain, series
from hypothesis import given
from hypothesis import strategies as st

STATISTICS = ["mean", "median", "min", "max", "sum", "product", "sd", "variance", "extrema"]
CUMULATIVE = ["cumsum", "cumproduct", "cummin", "cummax"]


def assert_close(result, expected):
    """Compare numbers, null and lists of them."""
    if isinstance(expected, list):
        assert len(result) == len(expected)
        for one, other in zip(result, expected, strict=True):
            assert_close(one, other)
    elif expected is None:
        assert result is None
    else:
        assert result == pytest.approx(expected, rel=1e-9, abs=1e-6)


def assert_same(process_id, values, *arguments, **named):
    """Assert that a process gives for each representation what it gives for the list, and return that."""
    expected = plain(call(process_id, values, *arguments, **named))
    for array in (labelled(values), labelled(values, object)):
        assert_close(plain(call(process_id, array, *arguments, **named)), expected)
    if values:
        result = call(process_id, block(values), *arguments, **named)
        assert_close(pixel(result), expected)
        reverse = plain(call(process_id, values[::-1], *arguments, **named))
        assert_close(pixel(result, column=1), reverse)
    return expected


@given(series(), st.sampled_from(STATISTICS), st.booleans())
def test_statistics(values, process_id, ignore_nodata):
    assert_same(process_id, values, ignore_nodata=ignore_nodata)


NUMPY = {"mean": np.mean, "median": np.median, "min": np.min, "max": np.max, "sum": np.sum, "product": np.prod}


@given(
    st.lists(st.sampled_from([None, 0, 1, -2.5, np.nan, np.inf, -np.inf]), max_size=6), st.sampled_from(sorted(NUMPY))
)
@pytest.mark.filterwarnings("ignore")
def test_nan_and_infinities_in_lists(values, process_id):
    valid = np.array([value for value in values if value is not None], dtype=float)
    result = call(process_id, values)
    if len(valid):
        np.testing.assert_equal(float(result), float(NUMPY[process_id](valid)))
    else:
        assert result is None
    np.testing.assert_equal(call(process_id, labelled(values, object)), result)
    if len(valid) < len(values):
        assert call(process_id, values, ignore_nodata=False) is None


@given(series(), st.sampled_from(["first", "last"]), st.booleans())
def test_first_and_last(values, process_id, ignore_nodata):
    assert_same(process_id, values, ignore_nodata=ignore_nodata)


@given(series(), st.lists(st.floats(0, 1), unique=True, max_size=4).map(sorted), st.booleans())
def test_quantiles(values, probabilities, ignore_nodata):
    result = assert_same("quantiles", values, probabilities=probabilities, ignore_nodata=ignore_nodata)
    valid = [value for value in values if value is not None]
    if probabilities and valid and (ignore_nodata or len(valid) == len(values)):
        assert_close(result, np.quantile(valid, probabilities).tolist())


@given(series(min_value=-1, max_value=1), st.sampled_from(["any", "all"]), st.booleans())
def test_truth(values, process_id, ignore_nodata):
    truth = [None if value is None else value > 0 for value in values]
    assert_same(process_id, truth, ignore_nodata=ignore_nodata)


@given(series(max_size=6, min_value=-30, max_value=30), st.sampled_from(CUMULATIVE), st.booleans())
def test_cumulative(values, process_id, ignore_nodata):
    result = assert_same(process_id, values, ignore_nodata=ignore_nodata)
    total = {"cumsum": "sum", "cumproduct": "product", "cummin": "min", "cummax": "max"}[process_id]
    for index, value in enumerate(values):
        until = call(total, values[: index + 1], ignore_nodata=ignore_nodata)
        assert_close(result[index], None if value is None else until)


@given(series(min_size=1))
def test_interpolation(values):
    result = assert_same("array_interpolate_linear", values)
    valid = [index for index, value in enumerate(values) if value is not None]
    for index, value in enumerate(result):
        if not valid or not valid[0] <= index <= valid[-1]:
            assert value is None
        else:
            assert_close(value, float(np.interp(index, valid, [values[each] for each in valid])))


@given(series(), st.booleans(), st.sampled_from([True, False]))
def test_sorting(values, asc, nodata):
    result = assert_same("sort", values, asc=asc, nodata=nodata)
    valid = sorted((value for value in values if value is not None), reverse=not asc)
    gaps = [None] * (len(values) - len(valid))
    assert result == (valid + gaps if nodata else gaps + valid)
    positions = assert_same("order", values, asc=asc, nodata=nodata)
    assert plain(call("rearrange", values, [int(position) for position in positions])) == result


@given(series(min_size=1), st.booleans())
def test_sorting_without_nodata(values, asc):
    expected = plain(call("sort", values, asc=asc))
    assert expected == sorted((value for value in values if value is not None), reverse=not asc)
    padded = expected + [None] * (len(values) - len(expected))
    assert pixel(call("sort", block(values), asc=asc)) == padded
    positions = call("order", block(values), asc=asc)
    assert pixel(positions)[: len(expected)] == plain(call("order", values, asc=asc))
    assert pixel(call("rearrange", block(values), positions)) == padded


@given(series(min_value=-3, max_value=3), st.integers(-3, 3), st.booleans())
def test_finding(values, wanted, reverse):
    whole = [None if value is None else float(round(value)) for value in values]
    found = assert_same("array_contains", whole, wanted)
    assert found == (wanted in whole)
    position = assert_same("array_find", whole, wanted, reverse=reverse)
    assert (position is not None) == found
    if found:
        before = whole.index(wanted) if not reverse else len(whole) - 1 - whole[::-1].index(wanted)
        assert position == before


@given(series(min_size=1), st.integers(0, 11))
def test_elements(values, index):
    if index < len(values):
        assert assert_same("array_element", values, index=index) == plain(values[index])
    else:
        assert assert_same("array_element", values, index=index, return_nodata=True) is None


@given(series(), st.sampled_from([None, True, lambda x, context: x is not None and call("gt", x, 1)]))
def test_counting(values, condition):
    if callable(condition):
        expected = sum(value is not None and value > 1 for value in values)
    else:
        expected = len(values) if condition else sum(value is not None for value in values)
    assert assert_same("count", values, condition=condition) == expected


@given(series())
def test_callbacks(values):
    double = lambda x, index, label, context: call("multiply", x, context)  # noqa: E731
    assert assert_same("array_apply", values, double, 2) == [None if x is None else 2.0 * x for x in values]
    odd = lambda x, index, label, context: index % 2 == 1  # noqa: E731
    assert plain(call("array_filter", values, odd)) == plain(values[1::2])
    assert plain(call("array_filter", labelled(values), odd)) == plain(values[1::2])
    assert (
        call("array_labels", call("array_filter", labelled(values, object), odd))
        == list("abcdefghijklm")[1 : len(values) : 2]
    )


@given(series(min_size=1), series(min_size=1))
def test_joining(values, others):
    assert plain(call("array_concat", values, others)) == plain(values + others)
    assert pixel(call("array_concat", block(values), block(others))) == plain(values + others)
    assert pixel(call("array_concat", values, block(others))) == plain(values + others)
    assert assert_same("array_append", values, 5) == plain([*values, 5])
    assert pixel(call("array_modify", block(values), block(others), 1, 1)) == plain(values[:1] + others + values[2:])
