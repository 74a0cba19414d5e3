"""Neighbourhoods along one dimension: how large they are, where they begin, and what is around them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import common
from gdc_jupyter.cube.cube import dimension_type, instants_of, labels_of
from gdc_jupyter.cube.grid import Grid, parse_crs
from gdc_jupyter.errors import GdcError

_DURATION = re.compile(
    r"P(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = {"W": 604_800, "D": 86_400, "h": 3600, "m": 60, "s": 1}
# The metres of a degree of latitude on a sphere of the size of the Earth.
_DEGREE = math.radians(6_371_008.8)


@dataclass(frozen=True)
class Measure:
    """A size: of labels (``px``), metres (``m``), units of the reference system (``unit``) or time (``duration``).

    Durations are months and microseconds.
    """

    kind: str
    value: float = 0.0
    months: int = 0
    microseconds: int = 0


@dataclass(frozen=True)
class Span:
    """A neighbourhood: the positions from ``start`` to before ``stop``, and how many there are around it."""

    start: int
    stop: int
    before: int = 0
    after: int = 0

    @property
    def outer(self) -> slice:
        """The positions of the neighbourhood with its overlap."""
        return slice(self.start - self.before, self.stop + self.after)

    @property
    def inner(self) -> slice:
        """The positions of the neighbourhood."""
        return slice(self.start, self.stop)

    @property
    def core(self) -> slice:
        """The positions of the neighbourhood within what includes the overlap."""
        return slice(self.before, self.before + self.stop - self.start)


@dataclass(frozen=True)
class Spans:
    """All neighbourhoods along a dimension.

    Parameters
    ----------
    items : tuple of Span
        With positions in the labels after they are padded.
    pads : tuple of int
        How many labels are added before and after.
    single : bool
        Whether each neighbourhood, with its overlap, has one label.
    """

    items: tuple[Span, ...]
    pads: tuple[int, int]
    single: bool


def parse_measure(entry: Mapping[str, Any]) -> Measure | None:
    """Return a size as openEO describes it, or None for null.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid`` for a duration that is negative or none.
    """
    value, unit = entry.get("value"), entry.get("unit")
    if value is None:
        return None
    if not isinstance(value, str):
        return Measure(unit or "unit", float(value))
    match = _DURATION.fullmatch(value)
    if not match or not any(match.groups()):
        raise GdcError("ProcessParameterInvalid", f"{value!r} is no duration; give one such as P1D, P1M or PT6H.")
    parts = match.groupdict(default="0")
    microseconds = sum(round(float(parts[name]) * seconds * 1e6) for name, seconds in _SECONDS.items())
    return Measure("duration", months=12 * int(parts["Y"]) + int(parts["M"]), microseconds=microseconds)


def pixels_of(measure: Measure, grid: Grid, horizontal: bool, smallest: int) -> int:
    """Return how many columns, or rows, of a grid a size is.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid`` where it is a duration, or fewer pixels than the smallest.
    """
    if measure.kind == "duration":
        raise GdcError("ProcessParameterInvalid", "A duration is no size along x or y; give pixels or metres.")
    step = 1.0
    if measure.kind != "px":
        grid.require_regular("a size in metres or units of the CRS")
        step = abs(grid.dx if horizontal else grid.dy)
    if measure.kind == "m":
        step *= _metres(grid, horizontal)
    pixels = round(measure.value / step)
    if pixels < smallest:
        raise GdcError(
            "ProcessParameterInvalid", f"A size of {measure.value:g} is less than a pixel, which is {step:g} wide."
        )
    return pixels


def _metres(grid: Grid, horizontal: bool) -> float:
    """Return the metres of a unit of the CRS."""
    crs = parse_crs(grid.crs)
    if not crs.is_geographic:
        return float(crs.axis_info[0].unit_conversion_factor)
    latitude = (grid.bounds.south + grid.bounds.north) / 2
    return _DEGREE * math.cos(math.radians(latitude)) if horizontal else _DEGREE


def tiles(count: int, size: int, overlap: int, padded: bool) -> Spans:
    """Return neighbourhoods of equal size.

    Parameters
    ----------
    count : int
        The number of labels.
    size, overlap : int
    padded : bool
        Whether the labels are those of whole neighbourhoods already, and of the overlap before and after.
    """
    number = (count - 2 * overlap) // size if padded else -(-count // size)
    starts = range(overlap, overlap + number * size, size)
    pads = (0, 0) if padded else (overlap, number * size - count + overlap)
    return Spans(tuple(Span(at, at + size, overlap, overlap) for at in starts), pads, size == 1 and not overlap)


def spans_of(cube: xr.DataArray, name: str, size: Measure | None, overlap: Measure | None) -> Spans:
    """Return the neighbourhoods along a dimension other than x and y, or along one of these as a whole."""
    count = cube.sizes[name]
    temporal = dimension_type(cube, name) == "temporal"
    size, overlap = (_temporal(each) if temporal else each for each in (size, overlap))
    for each in (size, overlap):
        if each is not None and (each.kind == "m" or (each.kind == "duration" and not temporal)):
            raise GdcError("ProcessParameterInvalid", f"The dimension '{name}' cannot be measured in that unit.")
    beside = 0 if overlap is None or overlap.kind == "duration" else round(overlap.value)
    if size is None:
        plain = [(0, count)]
    elif size.kind != "duration":
        return _with_dates(cube, name, tiles(count, max(round(size.value), 1), beside, False), overlap)
    else:
        plain = _periods(_microseconds(cube, name), size)
    items = tuple(Span(start + beside, stop + beside, beside, beside) for start, stop in plain)
    single = count == 1 and not beside
    return _with_dates(cube, name, Spans(items, (beside, beside), single), overlap, size)


def _temporal(measure: Measure | None) -> Measure | None:
    """Return a number without unit as days."""
    if measure is None or measure.kind != "unit":
        return measure
    return Measure("duration", microseconds=round(measure.value * 86_400e6))


def _with_dates(
    cube: xr.DataArray, name: str, spans: Spans, overlap: Measure | None, size: Measure | None = None
) -> Spans:
    """Return neighbourhoods with the dates around them that a duration reaches."""
    if overlap is None or overlap.kind != "duration":
        return spans
    times = _microseconds(cube, name)
    items = []
    for span in spans.items:
        last = min(span.stop, len(times)) - 1
        first, end = times[span.start], times[last] + 1
        if size is not None:
            edges = _edges(times, size)
            first = edges[np.searchsorted(edges, first, side="right") - 1]
            end = edges[np.searchsorted(edges, end - 1, side="right")]
        before = span.start - int(np.searchsorted(times, _later(first, overlap, -1)))
        after = int(np.searchsorted(times, _later(end, overlap, 1))) - last - 1
        items.append(Span(span.start, span.stop, before, max(after, 0) if last == span.stop - 1 else 0))
    return Spans(tuple(items), spans.pads, spans.single and all(not each.before + each.after for each in items))


def _periods(times: NDArray[np.int64], size: Measure) -> list[tuple[int, int]]:
    """Return the first and the end of the positions of each period that has dates."""
    places = np.searchsorted(_edges(times, size), times, side="right")
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    return [(int(start), int(stop)) for start, stop in zip(starts, [*starts[1:], len(times)], strict=True)]


def _edges(times: NDArray[np.int64], size: Measure) -> NDArray[np.int64]:
    """Return the instants at which periods of a duration begin, from the first date to after the last."""
    if size.months <= 0 and size.microseconds <= 0:
        raise GdcError("ProcessParameterInvalid", "A neighbourhood needs a duration greater than zero.")
    start = times[0]
    if size.microseconds % 86_400_000_000 == 0:
        start -= start % 86_400_000_000
    edges = [int(start)]
    while edges[-1] <= times[-1]:
        edges.append(_later(start, size, len(edges)))
    return np.array(edges, dtype=np.int64)


def _later(instant: Any, duration: Measure, times: int) -> int:
    """Return an instant and a number of durations, in microseconds; the day is at most the last of its month."""
    date = np.datetime64(int(instant), "us")
    if duration.months:
        day, month = date.astype("datetime64[D]"), date.astype("datetime64[M]")
        wanted = month + times * duration.months
        last = (wanted + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
        date = min(wanted.astype("datetime64[D]") + (day - month.astype("datetime64[D]")), last) + (date - day)
    return int(date.astype(np.int64)) + times * duration.microseconds


def _microseconds(cube: xr.DataArray, name: str) -> NDArray[np.int64]:
    instants = instants_of(cube, name)
    if instants is None or not len(instants):
        raise GdcError("ProcessParameterInvalid", f"The labels of '{name}' are no dates; give its size in px.")
    times = common(instants).astype("datetime64[us]").astype(np.int64)
    if (np.diff(times) <= 0).any():
        raise GdcError("ProcessParameterInvalid", f"The dates of '{name}' are not in order; give its size in px.")
    return times


def extended(cube: xr.DataArray, pads: Mapping[str, tuple[int, int]]) -> xr.DataArray:
    """Return a cube with labels without data added before and after those of each dimension."""
    if not any(before or after for before, after in pads.values()):
        return cube
    values = cube.values if cube.dtype.kind == "f" else cube.values.astype(np.result_type(cube.dtype, np.float32))
    values = np.pad(values, [pads[str(name)] for name in cube.dims], constant_values=np.nan)
    coords = {}
    for name in map(str, cube.dims):
        step = cube.coords[name].attrs.get("step") if name in cube.coords else None
        labels = _more_labels(labels_of(cube, name), *pads[name], step)
        coords[name] = xr.Variable(name, labels, cube[name].attrs)
    return xr.DataArray(values, dims=cube.dims, coords=coords, attrs=cube.attrs)


def _more_labels(labels: NDArray[Any], before: int, after: int, step: float | None) -> NDArray[Any]:
    """Return labels that go on before and after with their own step; texts are followed by null."""
    if labels.dtype.kind not in "iufM" or not labels.size:
        more = np.full(before + labels.size + after, None, dtype=object)
        more[before : before + labels.size] = labels
        return more
    one: Any = np.timedelta64(1, "D") if labels.dtype.kind == "M" else step or 1
    first, last = (labels[1] - labels[0], labels[-1] - labels[-2]) if labels.size > 1 else (one, one)
    return np.concatenate(
        [labels[0] - first * np.arange(before, 0, -1), labels, labels[-1] + last * np.arange(1, after + 1)]
    )
