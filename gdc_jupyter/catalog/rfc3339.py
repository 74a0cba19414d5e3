"""Date-times and intervals as RFC 3339 and the OGC APIs write them, in milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from gdc_jupyter.errors import GdcError

_MOMENT = re.compile(r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})")
Interval = tuple[int | None, int | None]


def milliseconds(text: str, parameter: str) -> int:
    """Return a date-time; fractions of a millisecond are left out.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    found = _MOMENT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        # A leap second is the last of its minute.
        moment = datetime(
            year, month, day, hour, minute, min(second, 59) if second <= 60 else second, tzinfo=_zone(found[8])
        )
    except (ValueError, OverflowError):
        raise GdcError(
            "ParameterInvalid",
            f"The parameter '{parameter}' must have date-times such as 2022-06-01T12:00:00Z; {text[:60]!r} is none.",
        ) from None
    fraction = int(((found[7] or "") + "000")[:3])
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)) + fraction


def _zone(text: str) -> timezone:
    if text in "Zz":
        return UTC
    sign = 1 if text[0] == "+" else -1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:])))


def parse_interval(text: str, parameter: str = "datetime") -> Interval:
    """Return the ends of a date-time or an interval, both inside; None is open.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    parts = text.split("/")
    ends = [None if part in ("..", "") else milliseconds(part, parameter) for part in parts]
    if len(parts) > 2 or not any(end is not None for end in ends):
        raise GdcError(
            "ParameterInvalid",
            f"The parameter '{parameter}' must be a date-time, or two with a slash between, of which one may be '..'; "
            f"it is {text[:100]!r}.",
        )
    start, end = ends[0], ends[-1]
    if start is not None and end is not None and end < start:
        raise GdcError("ParameterInvalid", f"The parameter '{parameter}' ends before it starts: {text[:100]!r}.")
    return start, end
