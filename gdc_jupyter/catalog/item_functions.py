"""Functions that conditions on items call from SQL."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from functools import lru_cache
from typing import Any

import orjson

from gdc_jupyter.catalog.antimeridian import outline
from gdc_jupyter.errors import GdcError


def register(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection."""
    for name, count, function in (
        ("gdc_relates", 3, _relates),
        ("gdc_like", 2, _like),
        ("gdc_fold", 1, _fold),
        ("gdc_plain", 1, _plain),
        ("gdc_power", 2, _power),
        ("gdc_milliseconds", 1, _milliseconds),
    ):
        connection.create_function(name, count, function, deterministic=True)


def _relates(relation: str, document: bytes, other: str) -> bool | None:
    import shapely

    item = orjson.loads(document)
    geometry, box = item.get("geometry"), item.get("bbox")
    if geometry is None:
        return None
    if box and box[0] > box[len(box) // 2] and geometry["type"] == "Polygon":
        # Not all who cross the antimeridian part there.
        geometry = outline([point[:2] for point in geometry["coordinates"][0]]) or geometry
    own = shapely.from_geojson(orjson.dumps(geometry))
    return bool(getattr(shapely, relation)(own, geometry_of(other)))


@lru_cache(maxsize=32)
def geometry_of(text: str) -> Any:
    """Return a GeoJSON geometry, which is kept: large ones are asked for many times in a search."""
    import shapely

    made = shapely.from_geojson(text)
    shapely.prepare(made)
    return made


def _like(value: Any, pattern: Any) -> bool | None:
    if value is None or pattern is None:
        return None
    return bool(_expression(str(pattern)).fullmatch(str(value)))


@lru_cache(maxsize=64)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|%+|_|[^\\%_]+|\\", pattern, re.DOTALL)
    made = [
        ".*"
        if part.startswith("%")
        else "."
        if part == "_"
        else re.escape(part[1:] if len(part) == 2 and part[0] == "\\" else part)
        for part in parts
    ]
    return re.compile("".join(made), re.DOTALL)


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return "".join(letter for letter in unicodedata.normalize("NFD", value) if not unicodedata.combining(letter))


def _power(base: Any, exponent: Any) -> float | None:
    try:
        found = float(base) ** float(exponent)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    return found if isinstance(found, float) else None


def _milliseconds(text: Any) -> int | None:
    from gdc_jupyter.catalog.rfc3339 import milliseconds

    try:
        return milliseconds(str(text), "filter") if text is not None else None
    except GdcError:
        return None
