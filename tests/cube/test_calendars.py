"""Instants of the 360-day, Julian and other calendars against cftime."""

from __future__ import annotations

import cftime
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.cube.calendars import calendar_of, common, decode, encode, is_calendar, is_temporal, parts, seconds
from gdc_jupyter.cube.time import format_instant, label_texts, parse_interval, period_labels, time_of_day, within


def dates(calendar: str, *each: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(each), object)
    array[:] = [cftime.datetime(*one, calendar=calendar) for one in each]
    return array


LABELS = dates("360_day", (2100, 2, 30), (2100, 1, 1, 6), (2100, 12, 30, 23, 59, 59), (3000, 6, 15))


def test_labels_are_told_apart() -> None:
    assert is_calendar(LABELS)
    assert is_temporal(LABELS)
    assert not is_temporal(np.array(["2022-05"], object))
    assert not is_calendar(np.array(["2022-05-01"], "datetime64[ns]"))
    assert calendar_of(LABELS) == "360_day"
    assert label_texts(LABELS)[0] == "2100-02-30T00:00:00Z"
    assert format_instant(LABELS[2]) == "2100-12-30T23:59:59Z"


def test_an_interval_of_common_dates_cuts_a_calendar_of_its_own() -> None:
    assert within(LABELS, *parse_interval(["2100-01-31", "2100-03-01"])).tolist() == [True, False, False, False]
    assert within(LABELS, *parse_interval(["2100-01-01T06:00:00Z", "2100-12-31"])).tolist() == [True, True, True, False]
    assert within(LABELS, *parse_interval([None, "2100-02-28"])).tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("hour", ["2100-02-30-00", "2100-03-01-07"]),
        ("day", ["2100-060", "2100-061"]),
        ("dekad", ["2100-06", "2100-07"]),
        ("month", ["2100-02", "2100-03"]),
        ("season", ["2099-djf", "2100-mam"]),
        ("year", ["2100", "2100"]),
        ("decade", ["2100", "2100"]),
    ],
)
def test_periods_of_360_days(period: str, expected: list[str]) -> None:
    times = dates("360_day", (2100, 2, 30), (2100, 3, 1, 7))
    labels, positions = period_labels(times, period)
    assert [labels[position] for position in positions] == expected


def test_all_days_of_a_year_are_periods() -> None:
    labels, positions = period_labels(dates("360_day", (2001, 12, 30), (2001, 1, 1)), "day")
    assert len(labels) == 360
    assert labels[58:62] == ["2001-059", "2001-060", "2001-061", "2001-062"]
    assert positions.tolist() == [359, 0]


@given(st.integers(0, 40000))
def test_weeks_of_the_proleptic_calendar_are_those_of_iso(days: int) -> None:
    instant = np.datetime64("1950-01-01", "D") + days
    date = instant.item()
    object_label = dates("proleptic_gregorian", (date.year, date.month, date.day))
    for period in ("week", "day", "hour", "dekad", "month", "season", "tropical-season", "decade-ad"):
        labels, _ = period_labels(object_label, period)
        assert labels == period_labels(np.array([instant], "datetime64[ns]"), period)[0]


@given(st.integers(-(2**35), 2**40), st.sampled_from(["360_day", "julian", "all_leap", "noleap"]))
def test_numbers_and_parts_come_back(number: int, calendar: str) -> None:
    stamps = np.atleast_1d(cftime.num2date([number], "seconds since 2000-01-01", calendar))
    numbers, attributes = encode(stamps)
    assert decode(numbers, **attributes)[0] == stamps[0]
    found = parts(stamps)
    assert (found.year[0], found.month[0], found.day[0], found.hour[0], found.day_of_year[0]) == (
        stamps[0].year,
        stamps[0].month,
        stamps[0].day,
        stamps[0].hour,
        stamps[0].dayofyr,
    )
    later = np.atleast_1d(cftime.num2date([number + 7200], "seconds since 2000-01-01", calendar))
    assert seconds(np.concatenate([stamps, later])).tolist()[1] - seconds(stamps)[0] == 7200


def test_parts_of_both_kinds_are_the_same() -> None:
    times = np.array(["1969-12-31T23:00:00", "2024-02-29T12:30:00.25", "2000-03-01"], "datetime64[ns]")
    objects = dates("standard", (1969, 12, 31, 23), (2024, 2, 29, 12, 30, 0, 250000), (2000, 3, 1))
    for ours, theirs in zip(parts(times), parts(objects), strict=True):
        assert ours.tolist() == theirs.tolist()
    assert time_of_day(times)[1] == np.timedelta64(12 * 3600 * 1000 + 1800250, "ms")


def test_a_day_that_the_common_calendar_lacks_is_the_last_of_its_month() -> None:
    found = common(dates("360_day", (2100, 2, 30, 6), (2101, 1, 1)))
    assert found.tolist() == np.array(["2100-02-28T06", "2101-01-01"], "datetime64[ms]").tolist()
