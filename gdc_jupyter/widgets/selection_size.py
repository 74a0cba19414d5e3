"""How much a selection is: pixels, dates and bytes, as far as the metadata of its collection tell."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, Interval
from gdc_jupyter.widgets import world
from gdc_jupyter.widgets.boxes import collection_bbox
from gdc_jupyter.widgets.collection_metadata import band_labels, dimensions, mapping, temporal_interval

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS = (365.2425 * 86400, 30.436875 * 86400, 7 * 86400, 86400, 3600, 60, 1)
_BITS = re.compile(r"c?(?:u?int|float)(\d+)")
_GEOGRAPHIC = (None, 4326, "4326", "EPSG:4326", "OGC:CRS84", "CRS84")
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class SelectionSize:
    """The size of a selection; what the metadata do not tell is None.

    Parameters
    ----------
    columns, rows : int, optional
        Pixels from west to east and from south to north.
    dates : int, optional
        Time steps; also None of a collection without time.
    bands : int, optional
        Bands that are chosen.
    bytes : int, optional
        All values in memory, as they are stored; those of one date where `each_date` holds.
    rough : frozenset of str
        Which of ``pixels``, ``dates`` and ``bytes`` are estimates.
    each_date : bool
        Whether `bytes` is that of one date, since their number is not known.
    outside : str
        Why nothing is selected, or nothing.
    """

    columns: int | None = None
    rows: int | None = None
    dates: int | None = None
    bands: int | None = None
    bytes: int | None = None
    rough: frozenset[str] = frozenset()
    each_date: bool = False
    outside: str = ""

    def text(self) -> str:
        """Return it in words, or nothing where nothing is known."""
        if self.outside:
            return self.outside
        parts = []
        if self.columns is not None and self.rows is not None:
            parts.append(f"{self._about('pixels')}{_grouped(self.columns)} × {_grouped(self.rows)} pixels")
        if self.dates is not None:
            parts.append(f"{self._about('dates')}{_counted(self.dates, 'date')}")
        if self.bands is not None:
            parts.append(_counted(self.bands, "band"))
        if self.bytes is not None:
            each = " for each date" if self.each_date else ""
            parts.append(f"{self._about('bytes')}{_bytes_text(self.bytes)}{each}")
        return ", ".join(parts)

    def _about(self, what: str) -> str:
        return "about " if what in self.rough else ""


def selection_size(
    collection: Mapping[str, Any],
    bbox: BBox | None = None,
    interval: Interval | None = None,
    bands: Sequence[str] | None = None,
) -> SelectionSize:
    """Return how much a part of a collection is.

    Parameters
    ----------
    collection : mapping
        STAC metadata, of which ``cube:dimensions``, bands, item assets and summaries are looked at. What they hold
        may be of any form: what cannot be understood is not known.
    bbox : tuple of four float, optional
        West, south, east, north in degrees; all by default.
    interval : pair, optional
        The start and, not inside, the end; None for an open side.
    bands : sequence of str, optional
        Names; all by default.
    """
    described = list(dimensions(collection).values())
    extent = _extent(collection)
    if bbox is not None and extent is not None and _common(bbox, extent) is None:
        return SelectionSize(outside="The box is outside of the collection: it has no data there.")
    width, height, rough_pixels = _pixels(collection, described, bbox, extent)
    time = next((each for each in described if each.get("type") == "temporal"), None)
    dates, rough_dates = _dates(collection, time, interval)
    if dates == 0:
        return SelectionSize(outside="The collection has no dates in that interval.")
    names = band_names(collection)
    chosen = list(bands) if bands is not None else names
    layers = _others(described)
    sizes = [_value_bytes(collection, name) for name in chosen] if chosen is not None else [None]
    # Of a cube that is described and has no time there is one layer.
    timeless = bool(described) and time is None
    total = None
    if width is not None and height is not None and layers is not None and None not in sizes:
        total = width * height * layers * (dates or 1) * sum(size for size in sizes if size is not None)
    rough = {"pixels"} if rough_pixels else set()
    rough |= {"dates"} if rough_dates else set()
    return SelectionSize(
        columns=width,
        rows=height,
        dates=dates,
        bands=None if chosen is None else len(chosen),
        bytes=total,
        rough=frozenset(rough | ({"bytes"} if rough else set())),
        each_date=dates is None and not timeless,
    )


def _pixels(
    collection: Mapping[str, Any], described: list[Mapping[str, Any]], bbox: BBox | None, extent: BBox | None
) -> tuple[int | None, int | None, bool]:
    """Return columns and rows, and whether they are estimates."""
    axes = {
        str(each.get("axis")): each
        for each in described
        if each.get("type") == "spatial" and each.get("axis") in ("x", "y")
    }
    if len(axes) == 2:
        counted = _on_axes(axes["x"], axes["y"], bbox)
        if counted is not None:
            return counted
    area = extent if bbox is None else bbox if extent is None else _common(bbox, extent)
    distance = _ground_distance(collection)
    if area is None or distance is None:
        return None, None, False
    across, along = world.size_km(area)
    return _at_least_one(across * 1000 / distance), _at_least_one(along * 1000 / distance), True


def _on_axes(x: Mapping[str, Any], y: Mapping[str, Any], bbox: BBox | None) -> tuple[int, int, bool] | None:
    geographic = x.get("reference_system") in _GEOGRAPHIC
    edges = _pair(x.get("extent"), 360 if geographic else 0), _pair(y.get("extent"))
    steps = _step(x), _step(y)
    if edges[0] is None or edges[1] is None or steps[0] is None or steps[1] is None:
        return None
    box: BBox | None = (edges[0][0], edges[1][0], edges[0][1], edges[1][1])
    if bbox is not None:
        wanted = bbox if geographic else _transformed(bbox, x.get("reference_system"))
        if wanted is None or box is None:
            return None
        box = _common(wanted, box) if geographic else _cut(wanted, box)
        if box is None:
            return None
    assert box is not None
    counts = _at_least_one((box[2] - box[0]) / steps[0]), _at_least_one((box[3] - box[1]) / steps[1])
    # Where a box begins between the edges of pixels, one pixel more or less is read.
    return *counts, bbox is not None


def _step(axis: Mapping[str, Any]) -> float | None:
    step = axis.get("step")
    if isinstance(step, int | float) and math.isfinite(step) and step != 0:
        return abs(float(step))
    values = axis.get("values")
    if isinstance(values, list) and len(values) > 1:
        first, last = _number(values[0]), _number(values[-1])
        if first is not None and last is not None and first != last:
            return abs(last - first) / (len(values) - 1)
    return None


def _transformed(bbox: BBox, system: Any) -> BBox | None:
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    try:
        # A number, WKT or PROJJSON, as the datacube extension has them.
        crs = CRS.from_user_input(system)
        edges = Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform_bounds(*bbox)
    except (ProjError, TypeError, ValueError):
        return None
    return (edges[0], edges[1], edges[2], edges[3]) if all(map(math.isfinite, edges)) else None


def _common(one: BBox, other: BBox) -> BBox | None:
    """Return what two boxes in degrees have in common, on whichever copy of the world; the larger part of two."""
    parts = [_cut((one[0] + turn, one[1], one[2] + turn, one[3]), other) for turn in (-720, -360, 0, 360, 720)]
    found = [part for part in parts if part is not None]
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    # Over the edge of a grid both parts count, side by side.
    width = sum(part[2] - part[0] for part in found)
    west, south, _, north = found[0]
    return west, south, west + min(width, other[2] - other[0]), north


def _cut(one: BBox, other: BBox) -> BBox | None:
    west, south = max(one[0], other[0]), max(one[1], other[1])
    east, north = min(one[2], other[2]), min(one[3], other[3])
    return (west, south, east, north) if west < east and south < north else None


def _extent(collection: Mapping[str, Any]) -> BBox | None:
    try:
        return collection_bbox(collection)
    except GdcError:
        return None


def _ground_distance(collection: Mapping[str, Any]) -> float | None:
    """Return the finest distance between pixels in metres."""
    summaries = mapping(collection.get("summaries"))
    told = summaries.get("gsd")
    candidates = list(told) if isinstance(told, list) else [told]
    candidates += [mapping(told).get("minimum")]
    candidates += [each.get("gsd") for each in _band_entries(collection)]
    distances = [value for value in map(_number, candidates) if value is not None and value > 0]
    return min(distances, default=None)


def _dates(
    collection: Mapping[str, Any], time: Mapping[str, Any] | None, interval: Interval | None
) -> tuple[int | None, bool]:
    """Return the number of dates, and whether it is an estimate."""
    values = None if time is None else time.get("values")
    start, end = (_instant(edge) for edge in interval or (None, None))
    if isinstance(values, list) and values:
        moments = [_instant(value) for value in values]
        known = [moment for moment in moments if moment is not None]
        if len(known) < len(moments):
            return None, False
        return sum((start is None or start <= each) and (end is None or each < end) for each in known), False
    first, last = _temporal_extent(collection, time)
    low = max((each for each in (first, start) if each is not None), default=None)
    high = min((each for each in (last, end) if each is not None), default=None)
    if low is not None and high is not None and high < low:
        return 0, False
    seconds = _duration(None if time is None else time.get("step"))
    if seconds is None or low is None or high is None:
        return None, False
    # The extent of a collection ends with its last date, an interval before its end.
    closed = last is not None and (end is None or last < end)
    return max(math.floor((high - low).total_seconds() / seconds) + closed, 1), True


def _temporal_extent(
    collection: Mapping[str, Any], time: Mapping[str, Any] | None
) -> tuple[datetime | None, datetime | None]:
    told = None if time is None else time.get("extent")
    if not isinstance(told, list | tuple):
        told = temporal_interval(collection)
    if not isinstance(told, list | tuple) or len(told) != 2:
        return None, None
    return _instant(told[0]), _instant(told[1])


def _duration(text: Any) -> float | None:
    """Return the seconds of an ISO 8601 duration."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return sum(int(count) * unit for count, unit in zip(found.groups(), _SECONDS, strict=True) if count) or None


def band_names(collection: Mapping[str, Any]) -> list[str] | None:
    """Return the names of the bands of a collection, as far as its metadata tell them."""
    labels = band_labels(collection)
    if labels is not None:
        return labels
    named = [str(entry["name"]) for entry in _band_entries(collection) if entry.get("name")]
    return list(dict.fromkeys(named)) or None


def _others(described: list[Mapping[str, Any]]) -> int | None:
    """Return the product of the sizes of other dimensions, such as levels; None where one is not known."""
    known = ("temporal", "bands")
    product = 1
    for dimension in described:
        if dimension.get("type") in known or dimension.get("axis") in ("x", "y"):
            continue
        values = dimension.get("values")
        if not isinstance(values, list) or not values:
            return None
        product *= len(values)
    return product


def _value_bytes(collection: Mapping[str, Any], band: str) -> int | None:
    """Return the bytes of one value of a band."""
    types = {entry.get("data_type") for entry in _band_entries(collection) if entry.get("name") in (band, None)}
    bits = {int(found[1]) for each in types if isinstance(each, str) and (found := _BITS.fullmatch(each))}
    # Without names all bands must be of one type.
    return bits.pop() // 8 if len(bits) == 1 else None


def _band_entries(collection: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is told of bands, each with its name where that is known."""
    summaries = mapping(collection.get("summaries"))
    optical, raster = _list(summaries.get("eo:bands")), _list(summaries.get("raster:bands"))
    entries = [*optical, *raster]
    if len(optical) == len(raster):
        entries = [_merged(one, other) for one, other in zip(optical, raster, strict=True)]
    entries += [*_list(summaries.get("bands")), *_list(collection.get("bands"))]
    for key in ("cube:variables", "item_assets", "assets"):
        for name, asset in mapping(collection.get(key)).items():
            told = mapping(asset)
            inner = [*_list(told.get("bands")), *_list(told.get("raster:bands"))]
            entries += [{"name": name} | each for each in inner]
            entries.append({"name": name, "data_type": told.get("data_type"), "gsd": told.get("gsd")})
    return entries


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, **other, "name": one.get("name", other.get("name"))}


def _list(value: Any) -> list[dict[str, Any]]:
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _pair(value: Any, turn: float = 0) -> tuple[float, float] | None:
    """Return two numbers that ascend, the second one turn on where it must be."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        return None
    numbers = [_number(each) for each in value]
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        return None
    low, high = numbers[0], numbers[1] + (turn if numbers[1] < numbers[0] else 0)
    return (low, high) if low < high else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _instant(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _at_least_one(count: float) -> int:
    return max(round(count), 1)


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def _counted(count: int, noun: str) -> str:
    return f"{_grouped(count)} {noun}{'' if count == 1 else 's'}"


def _bytes_text(count: int) -> str:
    power = min(int(math.log10(count) // 3), len(_UNITS) - 1) if count > 0 else 0
    value = count / 1000**power
    return f"{value:.0f} {_UNITS[power]}" if power == 0 or value >= 100 else f"{value:.2g} {_UNITS[power]}"
