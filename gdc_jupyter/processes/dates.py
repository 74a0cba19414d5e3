"""Processes on dates and times, which are texts."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import DATE, DATE_TIME, TIME, Boolean, Flag, Integer, Numeric, Schema, choice

UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "year")
Unit = Annotated[str, choice(*UNITS)]
Date = Annotated[Any, Schema([DATE_TIME, DATE])]
DateOrTime = Annotated[Any, Schema([DATE_TIME, DATE, TIME])]

_PERIODS = {
    "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_MONTHS = {"month": 1, "year": 12}
_TIME = r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?P<fraction>\.\d+)?"
_ZONE = r"(?P<zone>[Zz]|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))"
_DATE = re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})([Tt ]{_TIME}{_ZONE}?)?")
_OF_DAY = re.compile(rf"{_TIME}{_ZONE}?")


@process("comparison", "date & time")
def date_between(x: DateOrTime, min: DateOrTime, max: DateOrTime, exclude_max: Flag = False) -> Boolean:
    """Tell whether a date lies between two others.

    Parameters
    ----------
    x
        The date, date-time or time; a date is midnight in UTC.
    min
        The earlier end, inside the range. Where both ends are times of the day, that of ``x`` is compared.
    max
        The later end.
    exclude_max
        Whether the later end is outside the range.

    Returns
    -------
    inside
        False where the ends are swapped; null where one of the three is.
    """
    if x is None or min is None or max is None:
        return None
    of_day = [isinstance(text, str) and _OF_DAY.fullmatch(text) is not None for text in (x, min, max)]
    if of_day[1] != of_day[2] or (of_day[0] and not of_day[1]):
        message = f"{x}, {min} and {max} cannot be compared: some are times of the day, and others are dates."
        raise GdcError("ProcessParameterInvalid", message)
    instant: Callable[[str], Any] = _time_of_day if of_day[1] else _instant
    value, low, high = instant(x), instant(min), instant(max)
    return bool(low <= value and (value < high if exclude_max else value <= high))


@process("date & time")
def date_shift(date: Date, value: Integer, unit: Unit) -> Date:
    """Add a time span to a date.

    Days, weeks, months and years leave the time of the day as it is. Where the month that is reached has no such day,
    its last one is taken. The time zone stays, and there are no leap seconds.

    Parameters
    ----------
    date
        A date, or a date-time.
    value
        The number of units; negative to subtract.
    unit
        The unit.

    Returns
    -------
    date
        A date for a date, in which the time of the day is midnight; a date-time for a date-time.
    """
    if date is None or value is None:
        return None
    given = _parsed(date)
    try:
        shifted = _later(given.local, int(value), unit)
    except (OverflowError, ValueError):
        message = f"{date} cannot be shifted by {value} of the unit {unit}: the years 1 to 9999 are possible."
        raise GdcError("ProcessParameterInvalid", message) from None
    if given.zone is None:
        return shifted.date().isoformat()
    digits = "auto" if shifted.microsecond % 1000 else "milliseconds" if shifted.microsecond else "seconds"
    return shifted.isoformat(timespec=digits) + given.zone


@process("comparison", "date & time")
def date_difference(date1: Date, date2: Date, unit: Unit = "second") -> Numeric:
    """Compute the time from one date to another.

    A month or a year that is not complete counts by the share of it that has passed.

    Parameters
    ----------
    date1
        The first date, or date-time; a date is midnight in UTC.
    date2
        The second date, or date-time.
    unit
        The unit of the result.

    Returns
    -------
    difference
        The number of units from the first to the second, with a fraction; negative where the second is earlier.
    """
    if date1 is None or date2 is None:
        return None
    first, second = _parsed(date1).instant, _parsed(date2).instant
    if unit not in _MONTHS:
        return (second - first) / _PERIODS[unit]
    return _months(first, second, _MONTHS[unit]) if first <= second else -_months(second, first, _MONTHS[unit])


@dataclass(frozen=True)
class _Date:
    """A date as it is written, and how its zone is written: None for a date without a time."""

    local: datetime
    zone: str | None
    offset: timedelta

    @property
    def instant(self) -> datetime:
        """The date in UTC."""
        return self.local - self.offset


def _parsed(text: Any) -> _Date:
    found = _DATE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        message = f"{text!r:.60} is neither a date (2022-06-01) nor a date-time (2022-06-01T12:00:00Z)."
        raise GdcError("ProcessParameterInvalid", message)
    year, month, day = (int(found[name]) for name in ("year", "month", "day"))
    try:
        local = datetime(year, month, day) + _since_midnight(found)
    except (ValueError, OverflowError):
        raise GdcError("ProcessParameterInvalid", f"{text!r:.60} is no date of the calendar.") from None
    zone = None if found["hour"] is None else (found["zone"] or "Z").upper()
    return _Date(local, zone, _offset(found))


def _instant(text: Any) -> datetime:
    return _parsed(text).instant


def _time_of_day(text: Any) -> timedelta:
    found = _OF_DAY.fullmatch(text)
    if found is not None:
        return (_since_midnight(found) - _offset(found)) % timedelta(days=1)
    instant = _parsed(text).instant
    return instant - datetime.combine(instant.date(), datetime.min.time())


def _since_midnight(found: re.Match[str]) -> timedelta:
    if found["hour"] is None:
        return timedelta()
    hour, minute, second = (int(found[name]) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 60:
        raise GdcError("ProcessParameterInvalid", f"{found.group()!r:.60} has a time that no day has.")
    # A leap second counts as the second before it.
    of_day = timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
    return of_day + timedelta(microseconds=int((found["fraction"] or ".0")[1:7].ljust(6, "0")))


def _offset(found: re.Match[str]) -> timedelta:
    if found["sign"] is None:
        return timedelta()
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    return offset if found["sign"] == "+" else -offset


def _later(date: datetime, number: int, unit: str) -> datetime:
    if unit not in _MONTHS:
        return date + number * _PERIODS[unit]
    months = date.year * 12 + date.month - 1 + number * _MONTHS[unit]
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError
    return date.replace(year=year, month=month, day=min(date.day, calendar.monthrange(year, month)[1]))


def _months(first: datetime, second: datetime, length: int) -> float:
    """Return the periods of a number of months from an instant to one that is not earlier."""
    whole = ((second.year - first.year) * 12 + second.month - first.month) // length
    start = _later(first, whole * length, "month")
    if start > second:
        whole -= 1
        start = _later(first, whole * length, "month")
    try:
        end = _later(first, (whole + 1) * length, "month")
    except OverflowError:
        end = datetime.max
    return whole + (second - start) / (end - start)
