"""Which axis of a collection a request means, and the positions that it asks for along labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.collection import Collection, format_time
from gdc_jupyter.coverages.request import AxisSubset, invalid
from gdc_jupyter.cube.calendars import comparable, is_calendar
from gdc_jupyter.cube.time import parse_instant, within
from gdc_jupyter.errors import GdcError

X, Y, T = "x", "y", "t"
_ALIASES = {
    X: {"x", "e", "easting", "lon", "long", "longitude"},
    Y: {"y", "n", "northing", "lat", "latitude"},
    T: {"t", "time", "date", "datetime", "phenomenontime"},
}
#: Names of axes that are degrees wherever no CRS is told.
DEGREES = {"lon", "long", "longitude", "lat", "latitude"}
_VERTICAL = {"z", "h", "height", "depth", "altitude", "elevation", "level", "lev", "pressure"}


def axis_names(collection: Collection) -> list[str]:
    """Return the names of the axes in the order of the array: t, further ones, y, x."""
    times = [T] if collection.times is not None else []
    return [*times, *(name for name, _ in collection.others), Y, X]


def find_axis(collection: Collection, name: str, parameter: str) -> str:
    """Return the axis that a request means.

    Raises
    ------
    GdcError
        ``ParameterInvalid``, with the axes there are.
    """
    there = axis_names(collection)
    lowered = name.lower()
    for axis in there:
        if axis not in (X, Y, T) and axis.lower() == lowered:
            return axis
    for axis in (X, Y, T):
        if axis in there and lowered in _ALIASES[axis]:
            return axis
    raise invalid(parameter, f"names the axis '{name}', and the axes are {', '.join(there)}")


def vertical_axis(collection: Collection) -> str | None:
    """Return the axis of height or depth, None where there is none."""
    return next((name for name, _ in collection.others if name.lower() in _VERTICAL), None)


def times_of(labels: NDArray[Any], subset: AxisSubset, parameter: str) -> list[int]:
    """Return the positions of a subset along times.

    A date stands for all that is of that day, and a month or year for all of it.

    Raises
    ------
    GdcError
        ``ParameterInvalid``; ``NoDataAvailable`` where there is none.
    """
    start = None if subset.low is None else _period(subset.low, parameter)[0]
    end = None if subset.high is None else _period(subset.high, parameter)[1]
    if start is not None and end is not None and end <= start:
        raise invalid(parameter, f"has the interval {subset.low} to {subset.high}, whose end is before its start")
    found = np.flatnonzero(within(labels, start, end))
    if not found.size:
        around = _around(labels, start if start is not None else end)
        raise GdcError(
            "NoDataAvailable",
            f"The parameter '{parameter}' has no time with data: the data are of {format_time(labels[0])} to "
            f"{format_time(labels[-1])}{around}.",
        )
    return [int(found[0])] if subset.slice else [int(position) for position in found]


def _around(labels: NDArray[Any], moment: np.datetime64 | None) -> str:
    if moment is None or is_calendar(labels) or not labels[0] < moment < labels[-1]:
        return ""
    after = int(np.searchsorted(labels, moment))
    return f"; the nearest are {format_time(labels[after - 1])} and {format_time(labels[after])}"


def _period(text: str, parameter: str) -> tuple[np.datetime64, np.datetime64]:
    """Return the start of what a text names, and the first moment after it."""
    try:
        if len(text) in (4, 7, 10) and "T" not in text.upper():
            start: Any = np.datetime64(text)
            return start.astype("datetime64[ns]"), (start + 1).astype("datetime64[ns]")
        instant = parse_instant(text)
    except (ValueError, GdcError):
        raise invalid(
            parameter, f"must be of dates (2022-06-01) or date-times (2022-06-01T12:00:00Z); it is {text[:100]!r}"
        ) from None
    return instant, instant + np.timedelta64(1, "ns")


def parse_datetime(text: str) -> AxisSubset:
    """Return the subset that the parameter ``datetime`` stands for.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    parts = [part.strip() for part in text.split("/")]
    if len(parts) > 2 or parts in (["..", ".."], ["", ""], [""], [".."]):
        raise invalid(
            "datetime", f"must be one date-time, or two with a slash between, of which one may be '..': {text!r}"
        )
    ends = [None if part in ("..", "") else part for part in parts]
    return AxisSubset(T, ends[0], ends[-1])


def labels_of(name: str, labels: NDArray[Any], subset: AxisSubset, parameter: str) -> list[int]:
    """Return the positions of a subset along the labels of a further axis.

    Raises
    ------
    GdcError
        ``ParameterInvalid``; ``NoDataAvailable`` where there is none.
    """
    if labels.dtype.kind in "iuf":
        found = _numbers(name, labels, subset, parameter)
    else:
        texts = [str(label) for label in labels]
        for end in (subset.low, subset.high):
            if end is not None and end not in texts:
                raise invalid(parameter, f"has no '{end}' on the axis '{name}'; there are {_some(texts)}")
        first = 0 if subset.low is None else texts.index(subset.low)
        last = len(texts) - 1 if subset.high is None else texts.index(subset.high)
        if last < first:
            raise invalid(parameter, f"has '{subset.high}' before '{subset.low}' on the axis '{name}'")
        found = list(range(first, last + 1))
    if not found:
        raise GdcError(
            "NoDataAvailable",
            f"The parameter '{parameter}' has nothing on the axis '{name}', which has {_some(labels.tolist())}.",
        )
    return found


def _numbers(name: str, labels: NDArray[Any], subset: AxisSubset, parameter: str) -> list[int]:
    low, high = (number_of(end, name, parameter) for end in (subset.low, subset.high))
    if low is not None and high is not None and high < low:
        raise invalid(parameter, f"has the interval {subset.low} to {subset.high}, whose end is before its start")
    values = labels.astype(np.float64)
    if subset.slice and low is not None:
        nearest = int(np.abs(values - low).argmin())
        close = abs(values[nearest] - low) <= 1e-6 * max(1.0, abs(low))
        return [nearest] if close else []
    inside = np.ones(len(values), bool)
    if low is not None:
        inside &= values >= low
    if high is not None:
        inside &= values <= high
    return [int(position) for position in np.flatnonzero(inside)]


def number_of(text: str | None, axis: str, parameter: str) -> float | None:
    """Return a coordinate, None for the axis' own end.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number) or "_" in text:
        raise invalid(parameter, f"must have numbers on the axis '{axis}'; {text[:50]!r} is none")
    return number


def thinned(count: int, wanted: int) -> list[int]:
    """Return so many positions of a number of labels, spread evenly."""
    return [int(position) for position in np.linspace(0, count - 1, min(wanted, count)).round()]


def _some(labels: Sequence[Any]) -> str:
    shown = [str(label) for label in labels[:10]]
    return ", ".join(shown) + (" and more" if len(labels) > 10 else "")


def ordered(labels: NDArray[Any]) -> bool:
    """Tell whether times are in their order."""
    return bool((np.diff(comparable(labels)) >= 0).all())
