"""Questions for items as statements of SQLite, each by the way through the index that is short for it."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gdc_jupyter.catalog.cql2 import (
    DOCUMENT,
    Condition,
    bounds_of,
    checked_geometry,
    condition,
    property_sql,
    required_geometries,
)
from gdc_jupyter.catalog.item_index import milliseconds_of, places, years
from gdc_jupyter.catalog.item_query import Box, ItemQuery
from gdc_jupyter.errors import GdcError

#: What an item found in the R*Tree costs, in items that are passed on the way through the times.
_LOOKUP = 10
_FEWEST_LISTED = 500
#: With more collections than that, their items are gone through together.
_MOST_MERGED = 30
_ROUNDING, _MINUTES = 1e-6, 2e-5
#: Items are counted where no more than these are looked at.
_COUNTED = 1000
_ORDER = "i.moment DESC, i.number"


@dataclass
class Statement:
    """Conditions of SQL, and the values for their question marks."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, sql: str, *values: Any) -> None:
        """Add a condition."""
        self.conditions.append(sql)
        self.values.extend(values)

    def __add__(self, other: Statement) -> Statement:
        return Statement(self.conditions + other.conditions, self.values + other.values)

    def sql(self) -> str:
        """Return all of them as one."""
        return " AND ".join(self.conditions) or "1"


_LISTED = Statement(["i.number = l.value"])


@dataclass(frozen=True)
class Way:
    """A way to the items.

    Attributes
    ----------
    source : str
        What stands after FROM.
    given : list
        The values for its question marks.
    wanted : Statement
        What must be true of the items.
    newer : int, optional
        Those on another way are not newer than this moment.
    """

    source: str
    given: list[Any]
    wanted: Statement
    newer: int | None = None

    def select(self, what: str, rest: str = "") -> tuple[str, list[Any]]:
        """Return a query and its values."""
        return f"SELECT {what} FROM {self.source} WHERE {self.wanted.sql()} {rest}", [*self.given, *self.wanted.values]


@dataclass(frozen=True)
class Ways:
    """How to find items.

    Attributes
    ----------
    all : list of Way
        They lead to all items together.
    newest : Way, optional
        A shorter one to the newest of them.
    counted : bool
        Whether they are few enough to be counted.
    """

    all: list[Way]
    newest: Way | None = None
    counted: bool = False


def ways(
    connection: sqlite3.Connection,
    query: ItemQuery,
    chosen: Mapping[str, int],
    everything: bool,
    total: int,
    last: tuple[int, int] | None = None,
) -> Ways:
    """Return how to find items.

    Parameters
    ----------
    connection : sqlite3.Connection
    query : ItemQuery
    chosen : mapping of str to int
        The numbers of the collections that are looked at.
    everything : bool
        Whether these are all that the index has.
    total : int
        The number of their items.
    last : tuple of int, optional
        The moment and the number of the item that they come after, the newest first.
    """
    numbers = list(chosen.values())
    ours = Statement([f"i.collection IN ({_marks(numbers)})"], numbers)
    wanted = _wanted(connection, query, chosen)
    if last is not None:
        moment, number = last
        wanted.add("i.moment <= ? AND (i.moment < ? OR i.number > ?)", moment, moment, number)
    if query.ids is not None:
        ids = Statement([f"i.id IN ({_marks(query.ids)})"], list(query.ids))
        return Ways([Way("items i INDEXED BY items_by_id", [], ours + ids + wanted)], counted=True)
    boxes = _smallest(query)
    if boxes is not None:
        inner = _in_tree(boxes, query, chosen, None if last is None else last[0])
        most = max(_FEWEST_LISTED, math.isqrt(query.limit * total // _LOOKUP))
        found = connection.execute(f"{inner.sql} LIMIT {most + 1}", inner.values).fetchall()
        if len(found) <= most:
            return _listed(found, query, ours + wanted)
        if query.sort:
            source = f"(SELECT DISTINCT abs(box) AS value FROM ({inner.sql})) l CROSS JOIN items i"
            return Ways([Way(source, inner.values, _LISTED + ours + wanted)])
    few = total <= _COUNTED
    if query.sort:
        return Ways([Way("items i", [], ours + wanted)], counted=few)
    if len(chosen) > _MOST_MERGED or (everything and len(chosen) > 1):
        return Ways([Way("items i INDEXED BY items_by_time", [], ours + wanted)], counted=few)
    each = "items i INDEXED BY items_by_collection"
    return Ways([Way(each, [], Statement(["i.collection = ?"], [one]) + wanted) for one in numbers], counted=few)


def _listed(found: list[tuple[int, float]], query: ItemQuery, wanted: Statement) -> Ways:
    """Return the ways to the items of boxes that the R*Tree has found, each with its time in years."""
    times = {abs(number): year for number, year in found}
    every = [_of(sorted(times), wanted)]
    few, most = 4 * query.limit, len(times)
    if query.sort or most <= few:
        return Ways(every, counted=most <= _COUNTED)
    newest = sorted(times, key=lambda number: -times[number])
    bound = milliseconds_of(times[newest[few]] + _MINUTES)
    return Ways(every, _of(sorted(newest[:few]), wanted, bound), counted=most <= _COUNTED)


def _of(numbers: list[int], wanted: Statement, newer: int | None = None) -> Way:
    return Way("json_each(?) l CROSS JOIN items i", [orjson.dumps(numbers).decode()], _LISTED + wanted, newer)


def _marks(values: Any) -> str:
    return ", ".join("?" * len(values))


def _wanted(connection: sqlite3.Connection, query: ItemQuery, chosen: Mapping[str, int]) -> Statement:
    """Return what must be true of an item whatever the way to it."""
    statement = Statement()
    if query.interval is not None:
        start, end = query.interval
        if start is not None:
            numbers = list(chosen.values())
            longest = f"SELECT coalesce(max(longest), 0) FROM collections WHERE number IN ({_marks(numbers)})"
            (duration,) = connection.execute(longest, numbers).fetchone()
            # The second tells nothing new, but where on the way through the times to stop.
            statement.add("i.end >= ?", start)
            statement.add("i.moment >= ?", start - duration)
        if end is not None:
            statement.add("i.moment <= ?", end)
    if query.box is not None:
        boxes = split(query.box)
        polygon = orjson.dumps(_polygon(boxes)).decode()
        statement.add(*_touching(boxes))
        inside = " OR ".join("(i.west >= ? AND i.east <= ? AND i.south >= ? AND i.north <= ?)" for _ in boxes)
        statement.add(
            f"(i.exact OR (i.west <= i.east AND ({inside})) OR gdc_relates('intersects', {DOCUMENT}, ?))",
            *(edge for west, south, east, north in boxes for edge in (west, east, south, north)),
            polygon,
        )
    if query.intersects is not None:
        geometry = checked_geometry(query.intersects, "intersects")
        statement.add(*_touching([bounds_of(geometry)]))
        statement.add(f"gdc_relates('intersects', {DOCUMENT}, ?)", geometry)
    if query.filter is not None:
        made = condition(query.filter)
        statement.add(made.sql, *made.values)
    return statement


def _touching(boxes: Sequence[Box]) -> tuple[Any, ...]:
    """Return the condition that the box of an item touches one of some; its east is less than its west over 180."""
    each = (
        "(i.south <= ? AND i.north >= ? AND CASE WHEN i.west <= i.east "
        "THEN i.west <= ? AND i.east >= ? ELSE i.west <= ? OR i.east >= ? END)"
    )
    edges = (edge for west, south, east, north in boxes for edge in (north, south, east, west, east, west))
    return f"({' OR '.join([each] * len(boxes))})", *edges


def _smallest(query: ItemQuery) -> list[Box] | None:
    """Return the smallest of the areas that items must touch."""
    areas = [] if query.box is None else [split(query.box)]
    geometries = [] if query.filter is None else required_geometries(query.filter)
    if query.intersects is not None:
        geometries.append(checked_geometry(query.intersects, "intersects"))
    areas += [[bounds_of(geometry)] for geometry in geometries]
    sizes = [sum((east - west) * (north - south) for west, south, east, north in boxes) for boxes in areas]
    return areas[sizes.index(min(sizes))] if areas else None


def _in_tree(boxes: Sequence[Box], query: ItemQuery, chosen: Mapping[str, int], last: int | None) -> Condition:
    """Return what lists boxes of the R*Tree, whose numbers have seven digits; all it finds is looked at once more."""
    shared = Statement()
    start, end = query.interval or (None, None)
    if start is not None:
        shared.add("end >= ?", years(start) - _MINUTES)
    for latest in (end, last):
        if latest is not None:
            shared.add("start <= ?", years(latest) + _MINUTES)
    shared.add("last >= ? AND first <= ?", places(min(chosen.values()))[0], places(max(chosen.values()))[1])
    each = (
        f"SELECT box, start FROM boxes WHERE west <= ? AND east >= ? AND south <= ? AND north >= ? AND {shared.sql()}"
    )
    values = [
        value
        for west, south, east, north in boxes
        for value in (
            *(east + _ROUNDING, west - _ROUNDING, north + _ROUNDING, south - _ROUNDING),
            *shared.values,
        )
    ]
    return Condition(" UNION ALL ".join([each] * len(boxes)), values)


def split(box: Box) -> list[Box]:
    """Return a box as one or, over the antimeridian, two whose west is less than their east."""
    west, south, east, north = box
    return [box] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]


def _polygon(boxes: Sequence[Box]) -> dict[str, Any]:
    rings = [
        [[[west, south], [east, south], [east, north], [west, north], [west, south]]]
        for west, south, east, north in boxes
    ]
    return {"type": "MultiPolygon", "coordinates": rings}


def order(query: ItemQuery) -> str:
    """Return the order of the items.

    Raises
    ------
    GdcError
        ``ParameterInvalid`` for what has no order.
    """
    keys = [f"{_sort_key(name)} {'DESC' if descending else 'ASC'}" for name, descending in query.sort]
    return ", ".join([*keys, "i.number"]) if keys else _ORDER


def _sort_key(name: str) -> str:
    plain = name.removeprefix("properties.")
    if plain in ("geometry", "bbox", "assets", "links", "type"):
        raise GdcError("ParameterInvalid", f"The parameter 'sortby' names '{name}', which has no order.")
    try:
        return property_sql(plain)
    except GdcError:
        raise GdcError(
            "ParameterInvalid", f"The parameter 'sortby' names {name[:50]!r}, which is no property."
        ) from None
