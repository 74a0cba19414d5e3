"""Instants, intervals and calendar periods."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.cube.time import format_instant, parse_instant, parse_interval, period_labels, within
from gdc_jupyter.errors import GdcError

TIMES = np.array(["2021-12-31T23:00", "2022-01-01", "2022-02-28", "2022-11-30", "2022-12-01"], "datetime64[ns]")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2022-06-01", "2022-06-01T00:00:00"),
        ("2022-06-01T12:00:00Z", "2022-06-01T12:00:00"),
        ("2022-06-01T12:00:00+02:00", "2022-06-01T10:00:00"),
        ("2022-06-01T00:30:00-05:30", "2022-06-01T06:00:00"),
        ("2022-06-01T12:00:00.25Z", "2022-06-01T12:00:00.25"),
    ],
)
def test_instants(text, instant):
    assert parse_instant(text) == np.datetime64(instant)


@pytest.mark.parametrize("text", ["", "today", "2022-13-01", "2022-02-30", "12:00:00", 5, None])
def test_what_is_no_instant(text):
    with pytest.raises(GdcError) as caught:
        parse_instant(text)
    assert caught.value.code == "TemporalExtentInvalid"


def test_interval_is_open_at_its_end():
    start, end = parse_interval(["2022-01-01", "2022-11-30"])
    assert within(TIMES, start, end).tolist() == [False, True, True, False, False]
    assert within(TIMES, *parse_interval([None, "2022-01-01"])).tolist() == [True, False, False, False, False]


@pytest.mark.parametrize("interval", [["2022-01-01", "2022-01-01"], ["2022-01-02", "2022-01-01"], [None, None]])
def test_empty_interval(interval):
    with pytest.raises(GdcError) as caught:
        parse_interval(interval)
    assert caught.value.code == "TemporalExtentEmpty"


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("hour", ["2021-12-31-23", "2022-01-01-00", "2022-02-28-00", "2022-11-30-00", "2022-12-01-00"]),
        ("day", ["2021-365", "2022-001", "2022-059", "2022-334", "2022-335"]),
        ("dekad", ["2021-36", "2022-01", "2022-06", "2022-33", "2022-34"]),
        ("month", ["2021-12", "2022-01", "2022-02", "2022-11", "2022-12"]),
        ("season", ["2021-djf", "2021-djf", "2021-djf", "2022-son", "2022-djf"]),
        ("tropical-season", ["2021-ndjfma", "2021-ndjfma", "2021-ndjfma", "2022-ndjfma", "2022-ndjfma"]),
        ("year", ["2021", "2022", "2022", "2022", "2022"]),
        ("decade", ["2020"] * 5),
        ("decade-ad", ["2021"] * 5),
    ],
)
def test_periods(period, expected):
    labels, positions = period_labels(TIMES, period)
    assert [labels[position] for position in positions] == expected


@given(st.dates(datetime.date(1970, 1, 1), datetime.date(2100, 12, 31)))
def test_weeks_are_those_of_iso_8601(day):
    year, week, _ = day.isocalendar()
    labels, _ = period_labels(np.array([np.datetime64(day)], "datetime64[ns]"), "week")
    assert labels == [f"{year:04d}-{week:02d}"]


def test_labels_are_complete():
    labels, _ = period_labels(np.array(["2022-01-15", "2022-04-01"], "datetime64[ns]"), "month")
    assert labels == ["2022-01", "2022-02", "2022-03", "2022-04"]
    assert format_instant(TIMES[0]) == "2021-12-31T23:00:00Z"
