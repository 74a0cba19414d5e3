"""Requests for items: the parameters of a query string and of a JSON body, as `ItemQuery`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gdc_jupyter.catalog.cql2 import parse_filter
from gdc_jupyter.catalog.item_fields import DEFAULT, Fields
from gdc_jupyter.catalog.item_query import Box, ItemQuery
from gdc_jupyter.catalog.rfc3339 import parse_interval
from gdc_jupyter.errors import GdcError

KNOWN = (
    "limit",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "intersects",
    "ids",
    "collections",
    "fields",
    "sortby",
    "filter",
    "filter-lang",
    "filter-crs",
    "cursor",
    "f",
)
LANGUAGES = ("cql2-text", "cql2-json")
_CRS = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84", "CRS84")
#: What is in that system, and in no other.
_IN_DEGREES = ("crs", "filter-crs", "bbox-crs")
_MOST, _MOST_IDS = 10_000, 1000
_FIELD = re.compile(r'[^"\\\x00-\x1f\x7f]{1,200}')


@dataclass(frozen=True)
class ItemRequest:
    """A request.

    Attributes
    ----------
    query : ItemQuery
    fields : Fields
        Which fields of items are given.
    """

    query: ItemQuery
    fields: Fields = field(default_factory=Fields)


def from_parameters(given: Mapping[str, Sequence[str]], most: int = _MOST, default: int = 10) -> ItemRequest:
    """Return the request of a query string.

    Parameters
    ----------
    given : mapping of str to sequence of str
    most, default : int
        The most items of a page, and how many it has where that is not told.

    Raises
    ------
    GdcError
        ``ParameterInvalid``, with the parameter and what it may be.
    """
    for name, values in given.items():
        if name not in KNOWN:
            raise invalid(name, f"is not known here; known are {', '.join(KNOWN)}")
        if len(values) > 1 and name not in ("ids", "collections", "bbox"):
            raise invalid(name, f"is given {len(values)} times; once is allowed")
    texts = {name: ",".join(values) for name, values in given.items() if any(value.strip() for value in values)}
    body: dict[str, Any] = {name: texts[name] for name in ("datetime", "filter", "cursor") if name in texts}
    body |= {name: texts[name] for name in ("filter-lang", *_IN_DEGREES) if name in texts}
    body |= {name: _listed(texts[name]) for name in ("ids", "collections") if name in texts}
    if "bbox" in texts:
        body["bbox"] = [_number("bbox", part) for part in texts["bbox"].split(",")]
    if "limit" in texts:
        body["limit"] = _whole(texts["limit"])
    if "intersects" in texts:
        body["intersects"] = _json("intersects", texts["intersects"])
    if "sortby" in texts:
        body["sortby"] = [_sort_text(part) for part in _listed(texts["sortby"])]
    if "fields" in texts:
        # A plus sign that a client did not encode has become a space, and is gone already.
        parts = _listed(texts["fields"])
        exclude = [part[1:] for part in parts if part.startswith("-")]
        include = [part.removeprefix("+") for part in parts if not part.startswith("-")]
        body["fields"] = {"exclude": exclude} | ({"include": include} if include else {})
    return from_body(body, most, default)


def from_body(body: Mapping[str, Any], most: int = _MOST, default: int = 10) -> ItemRequest:
    """Return the request of a JSON body; see `from_parameters`.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    if body.get("bbox") is not None and body.get("intersects") is not None:
        raise invalid("intersects", "cannot be given together with 'bbox'")
    for name in _IN_DEGREES:
        if body.get(name) not in (None, *_CRS):
            raise invalid(name, f"must be {_CRS[0]}; it is {str(body[name])[:100]!r}")
    query = ItemQuery(
        _strings(body, "collections"),
        _strings(body, "ids"),
        _box(body.get("bbox")),
        None if body.get("datetime") is None else parse_interval(_string(body, "datetime")),
        _geometry(body.get("intersects")),
        _filter(body),
        tuple(_sort(entry) for entry in _list(body, "sortby")),
        _limit(body.get("limit"), most, default),
        "" if body.get("cursor") is None else _string(body, "cursor"),
    )
    return ItemRequest(query, _fields(body["fields"]) if "fields" in body else Fields())


def invalid(name: str, what: str) -> GdcError:
    """Return the error of a parameter."""
    return GdcError("ParameterInvalid", f"The parameter '{name}' {what}.")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MOST_IDS:
        raise invalid(name, f"must be a list of at most {_MOST_IDS} elements")
    return value


def _strings(body: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    found = _list(body, name)
    if not all(isinstance(each, str) for each in found):
        raise invalid(name, "must be a list of ids")
    return tuple(dict.fromkeys(found)) or None


def _string(body: Mapping[str, Any], name: str) -> str:
    if not isinstance(body[name], str):
        raise invalid(name, "must be a text")
    return str(body[name])


def _box(numbers: Any) -> Box | None:
    if numbers is None:
        return None
    if not isinstance(numbers, list) or len(numbers) not in (4, 6):
        raise invalid("bbox", "must have four or six numbers")
    if not all(
        isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each) for each in numbers
    ):
        raise invalid("bbox", "must have finite numbers")
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
        raise invalid("bbox", f"must be within -180 to 180 and -90 to 90 degrees; it is {numbers}")
    if north < south or (half == 3 and numbers[5] < numbers[2]):
        raise invalid("bbox", f"has an upper corner below its lower one: {numbers}")
    return float(west), float(south), float(east), float(north)


def _geometry(geometry: Any) -> dict[str, Any] | None:
    if geometry is None:
        return None
    if isinstance(geometry, dict) and geometry.get("type") == "Feature":
        geometry = geometry.get("geometry")
    if not isinstance(geometry, dict) or not ("coordinates" in geometry or "geometries" in geometry):
        raise invalid("intersects", "must be a GeoJSON geometry")
    return geometry


def _filter(body: Mapping[str, Any]) -> dict[str, Any] | None:
    given = body.get("filter")
    if given is None:
        return None
    language = body.get("filter-lang") or ("cql2-text" if isinstance(given, str) else "cql2-json")
    if language not in LANGUAGES:
        raise invalid("filter-lang", f"must be one of {', '.join(LANGUAGES)}; it is {str(language)[:50]!r}")
    if not isinstance(given, str | dict):
        raise invalid("filter", "must be a text or an object")
    return parse_filter(given, language)


def _sort_text(text: str) -> dict[str, str]:
    descending = text.startswith("-")
    return {"field": text.lstrip("+-").strip(), "direction": "desc" if descending else "asc"}


def _sort(entry: Any) -> tuple[str, bool]:
    name = entry.get("field") if isinstance(entry, dict) else None
    direction = entry.get("direction", "asc") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not _FIELD.fullmatch(name) or direction not in ("asc", "desc"):
        raise invalid("sortby", 'must have a field and a direction each, such as -datetime or {"field": "id"}')
    return name, direction == "desc"


def _fields(fields: Any) -> Fields:
    if not isinstance(fields, dict):
        raise invalid("fields", 'must be an object with "include" or "exclude"')
    include, exclude = (tuple(_names(fields.get(name))) for name in ("include", "exclude"))
    if not include and ("include" in fields or not exclude):
        include = tuple(name for name in DEFAULT if name not in exclude)
    return Fields(include, exclude)


def _names(names: Any) -> list[str]:
    if names is None:
        return []
    if not isinstance(names, list) or len(names) > _MOST_IDS:
        raise invalid("fields", f"must have lists of at most {_MOST_IDS} names")
    if not all(isinstance(name, str) and _FIELD.fullmatch(name) for name in names):
        raise invalid("fields", "must have names of fields to include or exclude")
    return names


def _limit(limit: Any, most: int, default: int) -> int:
    if limit is None:
        return default
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise invalid("limit", f"must be a whole number from 1; it is {str(limit)[:50]!r}")
    # More than there can be on a page is no fault: the page says where the next one starts.
    return min(limit, most, _MOST)


def _whole(text: str) -> Any:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text.strip()) else text


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if "_" in text:
        number = math.nan
    if not math.isfinite(number):
        raise invalid(name, f"must have finite numbers; {text[:50]!r} is none")
    return number


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise invalid(name, f"is not JSON: {error}") from None
