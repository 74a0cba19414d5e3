"""Instants and intervals: RFC 3339 text to ``datetime64`` and back, and the calendar periods of openEO."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import (
    calendar_of,
    comparable,
    dates_of,
    day_numbers,
    format_label,
    is_calendar,
    is_temporal,
    parts,
)
from gdc_jupyter.errors import GdcError

_ZONE = re.compile(r"(Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
_PATTERN = re.compile(r"\d{4}(-\d{2}(-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|z|[+-]\d{2}:?\d{2})?)?)?)?")


def parse_instant(text: str) -> np.datetime64:
    """Return an RFC 3339 date-time, or a date at its start, as ``datetime64[ns]`` in UTC.

    Raises
    ------
    GdcError
        ``TemporalExtentInvalid`` where the text is neither.
    """
    if not isinstance(text, str) or not _PATTERN.fullmatch(text):
        raise GdcError(
            "TemporalExtentInvalid", f"{text!r} is neither a date (2022-06-01) nor a date-time (2022-06-01T12:00:00Z)."
        )
    zone = _ZONE.search(text) if "T" in text.upper() or " " in text else None
    plain = text[: zone.start()] if zone else text
    try:
        instant = np.datetime64(plain.upper().replace(" ", "T"), "ns")
    except ValueError:
        raise GdcError("TemporalExtentInvalid", f"{text!r} is no date of the calendar.") from None
    if zone and zone.group().upper() != "Z":
        sign = 1 if zone.group()[0] == "+" else -1
        hours, minutes = int(zone.group()[1:3]), int(zone.group()[-2:])
        instant -= np.timedelta64(sign * (hours * 60 + minutes), "m")
    return instant


def parse_interval(interval: Any) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """Return the two ends of a left-closed interval; None is open.

    Raises
    ------
    GdcError
        ``TemporalExtentEmpty`` where the end is not after the start.
    """
    if not isinstance(interval, (list, tuple)) or len(interval) != 2:
        raise GdcError(
            "TemporalExtentInvalid", f"A temporal extent is a list of two instants, and {interval!r} is not."
        )
    start, end = (None if instant is None else parse_instant(instant) for instant in interval)
    if start is None and end is None:
        raise GdcError("TemporalExtentEmpty", "At least one end of a temporal extent must be given.")
    if start is not None and end is not None and end <= start:
        raise GdcError(
            "TemporalExtentEmpty",
            f"The temporal extent {interval} is empty: the end is not in it and must be later than the start.",
        )
    return start, end


def within(times: NDArray[Any], start: np.datetime64 | None, end: np.datetime64 | None) -> NDArray[np.bool_]:
    """Return which instants, of any calendar, lie in a left-closed interval."""
    inside = np.ones(times.shape, dtype=bool)
    order: NDArray[Any] = times
    ends: list[NDArray[Any] | None] = [None if end is None else np.asarray(end) for end in (start, end)]
    if is_calendar(times):
        # The ends are dates of the common calendar: they are compared by year, month and day.
        order, ends = comparable(times), [None if end is None else comparable(end) for end in ends]
    if ends[0] is not None:
        inside &= order >= ends[0]
    if ends[1] is not None:
        inside &= order < ends[1]
    return inside


def time_of_day(times: NDArray[Any]) -> NDArray[np.timedelta64]:
    """Return how long after midnight instants of any calendar are."""
    return parts(times).microsecond.astype("timedelta64[us]")


def format_instant(instant: Any) -> str:
    """Return ``2022-06-01T12:00:00Z``."""
    if hasattr(instant, "calendar"):
        return format_label(instant)
    return f"{np.datetime_as_string(np.datetime64(instant, 's'))}Z"


def label_texts(labels: NDArray[Any]) -> list[Any]:
    """Return labels as JSON has them: instants of any calendar as text, and geometries as well-known text."""
    if is_temporal(labels):
        return [format_instant(label) for label in labels]
    return [getattr(label, "wkt", label) for label in labels.tolist()]


def parse_labels(labels: list[str]) -> NDArray[Any] | None:
    """Return texts as instants, or None where one of them is no date (``2022-05`` is a month, and none)."""
    if any(len(label) < len("2022-05-01") for label in labels):
        return None
    try:
        return np.array([parse_instant(label) for label in labels])
    except GdcError:
        return None


def period_starts(labels: list[str], period: str) -> NDArray[Any] | None:
    """Return the first instants of periods in openEO's form (see :func:`period_labels`), or None where one is not."""
    try:
        return np.array([_start(label, period) for label in labels], dtype="datetime64[ns]")
    except (ValueError, KeyError):
        return None


def _start(label: str, period: str) -> Any:
    year, _, rest = label.partition("-")
    january = np.datetime64(f"{int(year):04d}", "M")
    if period in ("year", "decade", "decade-ad"):
        return january
    if period == "hour":
        return np.datetime64(label[:10], "h") + int(label[11:])
    if period == "day":
        return january.astype("datetime64[D]") + (int(rest) - 1)
    if period == "week":
        fourth = january.astype("datetime64[D]") + 3
        return fourth - int(fourth.item().weekday()) + 7 * (int(rest) - 1)
    if period == "dekad":
        month, third = divmod(int(rest) - 1, 3)
        return (january + month).astype("datetime64[D]") + 10 * third
    months = {"djf": 11, "mam": 2, "jja": 5, "son": 8, "ndjfma": 10, "mjjaso": 4}
    return january + (int(rest) - 1 if period == "month" else months[rest])


def period_labels(times: NDArray[Any], period: str) -> tuple[list[str], NDArray[np.intp]]:
    """Return all periods from the first instant to the last, and the position of each instant's period.

    Parameters
    ----------
    times : numpy.ndarray, shape (n,)
        The instants, ``datetime64`` or cftime objects, in any order.
    period : str
        ``hour``, ``day``, ``week``, ``dekad``, ``month``, ``season``, ``tropical-season``, ``year``, ``decade`` or
        ``decade-ad``.

    Returns
    -------
    labels : list of str
        In openEO's form, such as ``2022-05`` for months. A season over the turn of the year has the year it begins in.
    positions : numpy.ndarray of int, shape (n,)
    """
    ordinals = _ordinals(times, period)
    first, last = int(ordinals.min()), int(ordinals.max())
    positions = (ordinals - first).astype(np.intp)
    if is_calendar(times) and period in ("hour", "day", "week"):
        return _calendar_labels(np.arange(first, last + 1), period, calendar_of(times)), positions
    return [_label(ordinal, period) for ordinal in range(first, last + 1)], positions


def _ordinals(times: NDArray[Any], period: str) -> NDArray[Any]:
    found = parts(times)
    months = (found.year - 1970) * 12 + found.month - 1
    if period in ("hour", "day", "week"):
        days = day_numbers(times) if is_calendar(times) else times.astype("datetime64[D]").astype(np.int64)
        if period == "hour":
            return days * 24 + found.hour
        return days if period == "day" else np.asarray((days + _week_shift(times)) // 7)
    if period == "dekad":
        return np.asarray(months * 3 + np.minimum((found.day - 1) // 10, 2))
    if period == "month":
        return months
    if period == "season":
        return (months + 1) // 3
    if period == "tropical-season":
        return (months + 2) // 6
    if period == "year":
        return found.year
    if period == "decade":
        return found.year // 10
    if period == "decade-ad":
        return (found.year - 1) // 10
    raise GdcError("ProcessParameterInvalid", f"{period!r} is no known period.")


def _week_shift(times: NDArray[Any]) -> int:
    """Return the days between a Monday and the day number 0."""
    if not is_calendar(times):
        return 3
    return int(dates_of(np.zeros(1, np.int64), calendar_of(times))[0].dayofwk)


def _calendar_labels(ordinals: NDArray[np.int64], period: str, calendar: str) -> list[str]:
    if period == "hour":
        days = dates_of(ordinals // 24, calendar)
        return [f"{format_label(day)[:10]}-{hour:02d}" for day, hour in zip(days, ordinals % 24, strict=True)]
    if period == "day":
        return [f"{day.year:04d}-{day.dayofyr:03d}" for day in dates_of(ordinals, calendar)]
    # A week belongs to the year of its Thursday.
    monday = int(dates_of(np.zeros(1, np.int64), calendar)[0].dayofwk)
    thursdays = dates_of(ordinals * 7 - monday + 3, calendar)
    return [f"{day.year:04d}-{(day.dayofyr - 1) // 7 + 1:02d}" for day in thursdays]


def _label(ordinal: int, period: str) -> str:
    if period == "hour":
        return str(np.datetime64(ordinal, "h")).replace("T", "-")
    if period == "day":
        day = np.datetime64(ordinal, "D")
        return f"{day.astype('datetime64[Y]')}-{(day - day.astype('datetime64[Y]')).astype(int) + 1:03d}"
    if period == "week":
        year, week, _ = np.datetime64(ordinal * 7 - 3, "D").item().isocalendar()
        return f"{year:04d}-{week:02d}"
    if period == "dekad":
        month = np.datetime64(ordinal // 3, "M")
        return f"{month.astype('datetime64[Y]')}-{month.astype(int) % 12 * 3 + ordinal % 3 + 1:02d}"
    if period == "month":
        return str(np.datetime64(ordinal, "M"))
    if period == "season":
        return f"{1970 + (ordinal - 1) // 4:04d}-{('djf', 'mam', 'jja', 'son')[ordinal % 4]}"
    if period == "tropical-season":
        return f"{1970 + (ordinal - 1) // 2:04d}-{('ndjfma', 'mjjaso')[ordinal % 2]}"
    if period == "year":
        return f"{ordinal:04d}"
    return f"{ordinal * 10 + (1 if period == 'decade-ad' else 0):04d}"
