"""What is asked of a coverage: the parameters of OGC API - Coverages, taken apart but not yet held against the data."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gdc_jupyter.errors import GdcError

#: The parameters there are, beside ``f``.
NAMES = (
    "subset",
    "bbox",
    "datetime",
    "properties",
    "scale-factor",
    "scale-axes",
    "scale-size",
    "subset-crs",
    "bbox-crs",
    "crs",
)
_MOST_TEXT = 4000
_TIME = r"-?\d{4}(?:-\d{2}(?:-\d{2}(?:[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:?\d{2})?)?)?)"
_VALUE = rf'"[^"]*"|\*|{_TIME}|[^":,()\s]+'
_SUBSET = re.compile(
    rf"\s*(?P<axis>[A-Za-z_][\w.\-]*)\s*\(\s*(?P<low>{_VALUE})\s*(?::\s*(?P<high>{_VALUE})\s*)?\)\s*(?:,|$)"
)
_SCALE = re.compile(r"\s*(?P<axis>[A-Za-z_][\w.\-]*)\s*\(\s*(?P<value>[^()]*?)\s*\)\s*(?:,|$)")


@dataclass(frozen=True)
class AxisSubset:
    """A part of one axis.

    Attributes
    ----------
    axis : str
        As it is called in the request.
    low, high : str, optional
        The ends, both inside; None is the axis' own end.
    slice : bool
        Whether it is one position, and the axis is left out of the result.
    """

    axis: str
    low: str | None
    high: str | None
    slice: bool = False


@dataclass(frozen=True)
class CoverageRequest:
    """A request.

    Attributes
    ----------
    subsets : tuple of AxisSubset
    bbox : tuple of float, optional
        Four or six numbers in the order of the axes of ``bbox_crs``.
    datetime : str, optional
    properties : tuple of str, optional
        Names, numbers from 0 on, or ``*`` for those that follow.
    scale_factor : float, optional
        How many times fewer values along each axis of the grid.
    scale_axes : mapping of str to float
        The same for some axes.
    scale_size : mapping of str to int
        The number of values along some axes.
    subset_crs, bbox_crs, crs : str, optional
    """

    subsets: tuple[AxisSubset, ...] = ()
    bbox: tuple[float, ...] | None = None
    datetime: str | None = None
    properties: tuple[str, ...] | None = None
    scale_factor: float | None = None
    scale_axes: Mapping[str, float] = field(default_factory=dict)
    scale_size: Mapping[str, int] = field(default_factory=dict)
    subset_crs: str | None = None
    bbox_crs: str | None = None
    crs: str | None = None

    @property
    def whole(self) -> bool:
        """Whether neither a part nor a size is asked for."""
        return not (
            self.subsets or self.bbox or self.datetime or self.scale_factor or self.scale_axes or self.scale_size
        )


def parse_request(query: Mapping[str, Sequence[str]], allowed: Sequence[str] = NAMES) -> CoverageRequest:
    """Return the request of a query string.

    Parameters
    ----------
    query : mapping of str to sequence of str
        The values of each parameter.
    allowed : sequence of str
        The parameters that may be given.

    Raises
    ------
    GdcError
        ``ParameterInvalid``, with the parameter and what it may be.
    """
    for name, values in query.items():
        if name not in allowed:
            raise invalid(name, f"is not known here; known are {', '.join(allowed)}")
        if sum(map(len, values)) > _MOST_TEXT:
            raise invalid(name, f"is longer than {_MOST_TEXT} characters")
    texts = {name: [value for value in values if value.strip()] for name, values in query.items()}
    scalings = [name for name in ("scale-factor", "scale-axes", "scale-size") if texts.get(name)]
    if len(scalings) > 1:
        raise invalid(scalings[1], f"cannot be given together with '{scalings[0]}'")
    return CoverageRequest(
        _subsets(texts.get("subset", [])),
        _bbox(texts.get("bbox", [])),
        _one(texts, "datetime"),
        _properties(texts.get("properties", [])),
        _scale_factor(_one(texts, "scale-factor")),
        {axis: _positive("scale-axes", value) for axis, value in _scales("scale-axes", texts)},
        {axis: _size(axis, value) for axis, value in _scales("scale-size", texts)},
        _one(texts, "subset-crs"),
        _one(texts, "bbox-crs"),
        _one(texts, "crs"),
    )


def invalid(name: str, what: str) -> GdcError:
    """Return the error of a parameter."""
    return GdcError("ParameterInvalid", f"The parameter '{name}' {what}.")


def _one(texts: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = texts.get(name, ())
    if len(values) > 1:
        raise invalid(name, f"is given {len(values)} times; once is allowed")
    return values[0].strip() if values else None


def _subsets(values: Sequence[str]) -> tuple[AxisSubset, ...]:
    found: list[AxisSubset] = []
    for text in values:
        at = 0
        while at < len(text):
            match = _SUBSET.match(text, at)
            if match is None:
                raise invalid(
                    "subset",
                    f'must be axis(low:high) or axis(value), such as x(500000:510000) or t("2022-06-01"); '
                    f"it is {text[:200]!r}",
                )
            at = match.end()
            found.append(_axis_subset(match["axis"], match["low"], match["high"]))
    taken = [subset.axis.lower() for subset in found]
    for axis in taken:
        if taken.count(axis) > 1:
            raise invalid("subset", f"has the axis '{axis}' twice")
    return tuple(found)


def _axis_subset(axis: str, low: str, high: str | None) -> AxisSubset:
    if high is None:
        if low == "*":
            return AxisSubset(axis, None, None)
        return AxisSubset(axis, _plain(low), _plain(low), slice=True)
    return AxisSubset(axis, _plain(low), _plain(high))


def _plain(text: str) -> str | None:
    return None if text == "*" else text.strip('"').strip()


def _bbox(values: Sequence[str]) -> tuple[float, ...] | None:
    if not values:
        return None
    texts = [part for value in values for part in value.split(",")]
    numbers = tuple(_number("bbox", text) for text in texts)
    if len(numbers) not in (4, 6):
        raise invalid("bbox", f"must have four or six numbers; it has {len(numbers)}")
    return numbers


def _properties(values: Sequence[str]) -> tuple[str, ...] | None:
    names = [part.strip() for value in values for part in value.split(",")]
    if values and not all(names):
        raise invalid("properties", "must be names or numbers of fields, separated by commas")
    return tuple(names) or None


def _scales(name: str, texts: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for text in texts.get(name, ()):
        at = 0
        while at < len(text):
            match = _SCALE.match(text, at)
            if match is None:
                raise invalid(name, f"must be axis(number), such as x(2),y(2); it is {text[:200]!r}")
            at = match.end()
            found.append((match["axis"], match["value"]))
    taken = [axis.lower() for axis, _ in found]
    if len(set(taken)) < len(taken):
        raise invalid(name, "has an axis twice")
    return found


def _scale_factor(text: str | None) -> float | None:
    return None if text is None else _positive("scale-factor", text)


def _positive(name: str, text: str) -> float:
    number = _number(name, text)
    if not 1e-6 <= number <= 1e9:
        raise invalid(name, f"must be a number above 0; it is {text[:50]!r}")
    return number


def _size(axis: str, text: str) -> int:
    number = _number("scale-size", text)
    if not (number.is_integer() and 1 <= number <= 1e9):
        raise invalid("scale-size", f"must be a whole number from 1 for the axis '{axis}'; it is {text[:50]!r}")
    return int(number)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        raise invalid(name, f"must have finite numbers; {text[:50]!r} is none")
    return number
