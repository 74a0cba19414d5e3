"""Instants of calendars whose days are not those of the common one (360_day, julian, all_leap), as cftime objects.

Labels of a temporal dimension are ``datetime64[ns]``, or an object array of ``cftime.datetime`` where the calendar has
dates that do not exist otherwise, or years before 1678 or after 2262.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_EPOCH = "days since 0001-01-01"


class Parts(NamedTuple):
    """Instants taken apart, in their own calendar; integers of the shape of the instants."""

    year: NDArray[np.int64]
    month: NDArray[np.int64]
    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    microsecond: NDArray[np.int64]
    day_of_year: NDArray[np.int64]


def is_calendar(labels: NDArray[Any]) -> bool:
    """Return whether labels are instants of a calendar of their own."""
    return labels.dtype == object and labels.size > 0 and hasattr(labels.flat[0], "calendar")


def is_temporal(labels: NDArray[Any]) -> bool:
    """Return whether labels are instants of any calendar."""
    return labels.dtype.kind == "M" or is_calendar(labels)


def calendar_of(labels: NDArray[Any]) -> str:
    """Return the calendar of instants by its CF name."""
    return str(labels.flat[0].calendar) if is_calendar(labels) else "proleptic_gregorian"


def parts(labels: NDArray[Any]) -> Parts:
    """Return the years, months, days and so on of instants; ``microsecond`` counts from the start of the day."""
    if labels.dtype.kind == "M":
        days, months = labels.astype("datetime64[D]"), labels.astype("datetime64[M]")
        years = labels.astype("datetime64[Y]")
        of_day = (labels.astype("datetime64[us]") - days).astype(np.int64)
        return Parts(
            years.astype(np.int64) + 1970,
            months.astype(np.int64) % 12 + 1,
            (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
            of_day // 3_600_000_000,
            of_day,
            (days - years.astype("datetime64[D]")).astype(np.int64) + 1,
        )
    rows = [_row(label) for label in labels.ravel()]
    columns = np.array(rows, np.int64).reshape(-1, 6).T.reshape(6, *labels.shape)
    return Parts(*columns)


def _row(label: Any) -> tuple[int, ...]:
    of_day = ((label.hour * 60 + label.minute) * 60 + label.second) * 1_000_000 + label.microsecond
    return label.year, label.month, label.day, label.hour, of_day, label.dayofyr


def comparable(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return integers in the order of year, month, day and time, for instants of different calendars."""
    found = parts(labels)
    days: NDArray[np.int64] = (found.year * 12 + found.month - 1) * 31 + found.day - 1
    return days * 86_400_000_000 + found.microsecond


def day_numbers(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return the days since the first of the year 1 of their calendar, from whole days of cftime objects."""
    import cftime  # type: ignore[import-untyped]

    numbers = cftime.date2num(labels, _EPOCH, calendar_of(labels))
    return np.floor(np.asarray(numbers, np.float64)).astype(np.int64)


def dates_of(numbers: NDArray[np.int64], calendar: str) -> NDArray[Any]:
    """Return the cftime objects of day numbers."""
    import cftime

    return np.asarray(cftime.num2date(numbers, _EPOCH, calendar, only_use_cftime_datetimes=True))


def encode(labels: NDArray[Any]) -> tuple[NDArray[np.float64], dict[str, str]]:
    """Return instants as CF numbers, and the attributes ``units`` and ``calendar`` that say what they mean."""
    if labels.dtype.kind == "M":
        seconds: NDArray[np.float64] = labels.astype("datetime64[ms]").astype(np.int64) / 1000
        return seconds, {"units": "seconds since 1970-01-01 00:00:00", "calendar": "proleptic_gregorian"}
    import cftime

    attributes = {"units": "seconds since 1970-01-01 00:00:00", "calendar": calendar_of(labels)}
    return np.asarray(cftime.date2num(labels, **attributes), np.float64), attributes


def decode(numbers: Any, units: str, calendar: str) -> NDArray[Any]:
    """Return the cftime objects of CF numbers."""
    import cftime

    return np.asarray(cftime.num2date(np.asarray(numbers), units, calendar, only_use_cftime_datetimes=True), object)


def format_label(label: Any) -> str:
    """Return a cftime object as ``2022-02-30T00:00:00Z``."""
    date = f"{label.year:04d}-{label.month:02d}-{label.day:02d}"
    return f"{date}T{label.hour:02d}:{label.minute:02d}:{label.second:02d}Z"


def keys(labels: NDArray[Any]) -> list[Any]:
    """Return instants as things that can be looked up."""
    return list(labels) if is_calendar(labels) else labels.astype("datetime64[ns]").astype(np.int64).tolist()


def common(labels: NDArray[Any]) -> NDArray[np.datetime64]:
    """Return instants as ``datetime64[ms]``; a day that the common calendar lacks becomes the last of its month."""
    if labels.dtype.kind == "M":
        return labels.astype("datetime64[ms]")
    found = parts(labels)
    months = ((found.year - 1970) * 12 + found.month - 1).astype("datetime64[M]")
    first, after = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    days = np.minimum(first + (found.day - 1), after - 1)
    return np.asarray(days.astype("datetime64[ms]") + (found.microsecond // 1000).astype("timedelta64[ms]"))


def seconds(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return the seconds since some instant of their calendar."""
    if labels.dtype.kind == "M":
        return labels.astype("datetime64[s]").astype(np.int64)
    return np.rint(encode(labels)[0]).astype(np.int64)
