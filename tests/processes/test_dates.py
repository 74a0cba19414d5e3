"""Dates are shifted, compared and subtracted as the calendar has them."""

from datetime import UTC, datetime, timedelta

import pytest
from arrays_of_pixels import call
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.errors import GdcError

instants = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda instant: instant.replace(microsecond=0))


@pytest.mark.parametrize(
    ("date", "value", "unit", "expected"),
    [
        ("2020-02-01T17:22:45Z", 6, "month", "2020-08-01T17:22:45Z"),
        ("2020-01-31", 1, "month", "2020-02-29"),
        ("2021-01-31", -11, "month", "2020-02-29"),
        ("2020-02-29T17:22:45Z", 1, "year", "2021-02-28T17:22:45Z"),
        ("2021-03-31T00:00:00+02:00", -7, "day", "2021-03-24T00:00:00+02:00"),
        ("2021-12-30", 1, "week", "2022-01-06"),
        ("2018-01-01", 25, "hour", "2018-01-02"),
        ("2018-01-01", -1, "hour", "2017-12-31"),
        ("2018-12-31T17:22:45Z", 1150, "millisecond", "2018-12-31T17:22:46.150Z"),
        ("2018-12-31T17:22:45.5Z", -500, "millisecond", "2018-12-31T17:22:45Z"),
        ("2016-12-31T23:59:59Z", 1, "second", "2017-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60Z", 1, "day", "2017-01-01T23:59:59Z"),
        ("2020-05-05t10:00:00-0530", 90, "minute", "2020-05-05T11:30:00-0530"),
    ],
)
def test_shifts(date, value, unit, expected):
    assert call("date_shift", date, value, unit) == expected


@pytest.mark.parametrize(
    ("date", "value", "unit"),
    [
        ("2020-13-01", 1, "day"),
        ("2021-02-29", 1, "day"),
        ("2020-01-01T25:00:00Z", 1, "day"),
        ("last Friday", 1, "day"),
        ("9999-12-31", 1, "day"),
        ("2020-01-01", -3000, "year"),
        ("2020-01-01", 10**30, "second"),
    ],
)
def test_what_is_no_date(date, value, unit):
    with pytest.raises(GdcError) as caught:
        call("date_shift", date, value, unit)
    assert caught.value.code == "ProcessParameterInvalid"


@pytest.mark.parametrize(
    ("first", "second", "unit", "expected"),
    [
        ("2020-01-01T00:00:00.0Z", "2020-01-01T00:00:15.5Z", "second", 15.5),
        ("2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", "second", 0),
        ("2020-01-02", "2020-01-01", "day", -1),
        ("2020-01-01", "2020-01-11", "week", 10 / 7),
        ("2020-01-01", "2020-03-01", "month", 2),
        ("2020-01-31", "2020-02-29", "month", 1),
        ("2020-04-01", "2020-04-16", "month", 0.5),
        ("2020-04-16", "2020-04-01", "month", -0.5),
        ("2019-07-01", "2021-07-01", "year", 2),
        ("2020-01-01", "2020-07-01", "year", 182 / 366),
    ],
)
def test_differences(first, second, unit, expected):
    assert call("date_difference", first, second, unit) == pytest.approx(expected)


@given(instants, instants)
def test_difference_is_that_of_datetime(first, second):
    texts = [f"{instant.isoformat()}Z" for instant in (first, second)]
    assert call("date_difference", *texts) == (second - first).total_seconds()


@given(instants, st.integers(-5000, 5000), st.sampled_from(["second", "minute", "hour", "day", "week"]))
def test_shift_and_difference_agree(instant, value, unit):
    text = f"{instant.isoformat()}Z"
    shifted = call("date_shift", text, value, unit)
    assert call("date_difference", text, shifted, unit) == value
    expected = instant.replace(tzinfo=UTC) + value * timedelta(**{f"{unit}s": 1})
    assert datetime.fromisoformat(shifted) == expected


@given(instants, st.integers(-500, 500), st.sampled_from(["month", "year"]))
def test_months_keep_the_day_or_take_the_last(instant, value, unit):
    shifted = datetime.fromisoformat(call("date_shift", f"{instant.isoformat()}Z", value, unit))
    months = value * (12 if unit == "year" else 1)
    assert shifted.year * 12 + shifted.month == instant.year * 12 + instant.month + months
    assert shifted.time() == instant.time()
    assert shifted.day == instant.day or (shifted + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("x", "low", "high", "expected"),
    [
        ("2020-01-01", "2019-01-01", "2020-01-01", True),
        ("2020-01-01", "2021-01-01", "2022-01-01", False),
        ("2020-01-01", "2022-01-01", "2019-01-01", False),
        ("2020-01-01T00:30:00+01:00", "2020-01-01", "2020-01-02", False),
        ("2020-01-01T10:00:00Z", "09:00:00", "11:00:00", True),
        ("12:00:00", "09:00:00", "11:00:00", False),
        (None, "2020-01-01", "2020-01-02", None),
    ],
)
def test_between(x, low, high, expected):
    assert call("date_between", x, low, high) is expected


def test_between_without_its_end():
    assert call("date_between", "2020-01-02", "2020-01-01", "2020-01-02", exclude_max=True) is False


def test_times_and_dates_are_not_compared():
    with pytest.raises(GdcError, match="times of the day"):
        call("date_between", "12:00:00", "2020-01-01", "2020-01-02")
