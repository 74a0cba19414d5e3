"""Which items are wanted, and a page of them."""

from __future__ import annotations

import base64
import binascii
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gdc_jupyter.catalog.cql2 import checked_geometry, condition, property_sql
from gdc_jupyter.catalog.item_index import units
from gdc_jupyter.catalog.rfc3339 import Interval
from gdc_jupyter.errors import GdcError

Box = tuple[float, float, float, float]
#: With more items than that in a box, those of the newest are found sooner by going through the times.
_MANY = 1500
_ROUNDING = 1e-6


@dataclass(frozen=True)
class ItemQuery:
    """What is wanted; everything is optional.

    Attributes
    ----------
    collections : tuple of str, optional
        Ids.
    ids : tuple of str, optional
    box : tuple of float, optional
        West, south, east, north; west is greater than east over the antimeridian.
    interval : tuple of int, optional
        Start and end in milliseconds since 1970, both inside; None is open.
    intersects : dict, optional
        A GeoJSON geometry.
    filter : dict, optional
        CQL2 JSON.
    sort : tuple of (str, bool)
        Fields, and whether they descend; the newest come first by default.
    limit : int
    cursor : str
        Where the page starts, as the page before has told.
    """

    collections: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None
    box: Box | None = None
    interval: Interval | None = None
    intersects: Mapping[str, Any] | None = None
    filter: dict[str, Any] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    limit: int = 10
    cursor: str = ""

    @property
    def plain(self) -> bool:
        """Whether all items of the collections are wanted."""
        return not (self.ids or self.box or self.interval or self.intersects or self.filter)


@dataclass(frozen=True)
class Page:
    """A page of items.

    Attributes
    ----------
    documents : list of bytes
        Items as JSON, with `item_documents.ROOT` in their addresses.
    cursor : str
        Where the next page starts; empty where there is none.
    matched : int, optional
        How many there are in all, where that is known without counting.
    """

    documents: list[bytes]
    cursor: str = ""
    matched: int | None = None


@dataclass
class _Statement:
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, sql: str, *values: Any) -> None:
        self.conditions.append(sql)
        self.values.extend(values)


def find(connection: sqlite3.Connection, query: ItemQuery, numbers: Mapping[str, int]) -> Page:
    """Return a page of items.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    query : ItemQuery
    numbers : mapping of str to int
        The numbers of the collections that may be looked at.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    chosen = (
        numbers if query.collections is None else {name: numbers[name] for name in query.collections if name in numbers}
    )
    if not chosen or query.ids == ():
        return Page([], matched=0)
    statement = _conditions(query, chosen, len(chosen) == len(numbers))
    order, offset = _order(query, statement)
    if query.box or query.intersects:
        _spatial(connection, query, chosen, statement)
    source = "items i INDEXED BY items_by_time" if _by_time(query, statement, chosen) else "items i"
    # The documents are large: none but those of the page are looked at, unless a condition needs them.
    joined = (
        " JOIN documents d ON d.number = i.number"
        if query.filter or query.intersects or query.box or _in_document(query)
        else ""
    )
    where = f" WHERE {' AND '.join(statement.conditions)}" if statement.conditions else ""
    sql = f"SELECT i.number, i.start FROM {source}{joined}{where} ORDER BY {order} LIMIT ?"
    values = [*statement.values, query.limit + 1]
    if offset:
        sql, values = sql + " OFFSET ?", [*values, offset]
    try:
        rows = connection.execute(sql, values).fetchall()
    except sqlite3.OperationalError as error:
        raise GdcError("ParameterInvalid", f"The parameter 'filter' cannot be worked out: {error}.") from None
    page = rows[: query.limit]
    documents = [_document(connection, number) for number, _ in page]
    following = ""
    if len(rows) > query.limit:
        following = _cursor(query, page[-1], offset + query.limit)
    return Page(documents, following, _matched(connection, query, chosen, rows, offset))


def _conditions(query: ItemQuery, chosen: Mapping[str, int], everything: bool) -> _Statement:
    statement = _Statement()
    marks = ", ".join("?" * len(chosen))
    statement.add(f"i.collection IN ({marks})", *chosen.values())
    if query.ids is not None:
        statement.add(f"i.id IN ({', '.join('?' * len(query.ids))})", *query.ids)
    if query.interval is not None:
        start, end = query.interval
        if start is not None:
            statement.add("i.end >= ?", start)
        if end is not None:
            statement.add("i.start <= ?", end)
    if query.filter is not None:
        made = condition(query.filter)
        statement.add(made.sql, *made.values)
    return statement


def _spatial(
    connection: sqlite3.Connection, query: ItemQuery, chosen: Mapping[str, int], statement: _Statement
) -> None:
    """Add what the R*Tree finds, where that is little; and, in any case, an exact look at box and geometry."""
    boxes = _boxes(query.box) if query.box else [_bounds(query.intersects or {})]
    nodes = [_in_tree(box, query.interval) for box in boxes]
    inner = " UNION ".join(f"SELECT item FROM boxes WHERE {sql}" for sql, _ in nodes)
    values = [value for _, each in nodes for value in each]
    (count,) = connection.execute(f"SELECT count(*) FROM ({inner} LIMIT {_MANY})", values).fetchone()
    if count < _MANY or query.sort or query.ids is not None:
        statement.add(f"i.number IN ({inner})", *values)
    else:
        each = " OR ".join(
            "(i.west <= ? AND (i.east >= ? OR i.east < i.west) AND i.south <= ? AND i.north >= ?)" for _ in boxes
        )
        statement.add(f"({each})", *(edge for box in boxes for edge in (box[2], box[0], box[3], box[1])))
    if query.box:
        polygon = orjson.dumps(_polygon(boxes)).decode()
        inside = " OR ".join("(i.west <= ? AND i.east >= ? AND i.south <= ? AND i.north >= ?)" for _ in boxes)
        edges = [edge for box in boxes for edge in (box[2], box[0], box[3], box[1])]
        statement.add(
            f"CASE WHEN i.exact THEN (i.east < i.west OR {inside}) ELSE gdc_relates('intersects', d.document, ?) END",
            *edges,
            polygon,
        )
    if query.intersects is not None:
        statement.add("gdc_relates('intersects', d.document, ?)", checked_geometry(query.intersects, "intersects"))


def _in_tree(box: Box, interval: Interval | None) -> tuple[str, list[float]]:
    west, south, east, north = box
    sql = "west <= ? AND east >= ? AND south <= ? AND north >= ?"
    values = [east + _ROUNDING, west - _ROUNDING, north + _ROUNDING, south - _ROUNDING]
    start, end = interval or (None, None)
    if start is not None:
        sql, values = sql + " AND end >= ?", [*values, units(start, 0) - 10]
    if end is not None:
        sql, values = sql + " AND start <= ?", [*values, units(end, 0) + 10]
    return sql, values


def _boxes(box: Box) -> list[Box]:
    west, south, east, north = box
    return [box] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]


def _polygon(boxes: Sequence[Box]) -> dict[str, Any]:
    rings = [
        [[[west, south], [east, south], [east, north], [west, north], [west, south]]]
        for west, south, east, north in boxes
    ]
    return {"type": "MultiPolygon", "coordinates": rings}


def _bounds(geometry: Mapping[str, Any]) -> Box:
    import shapely

    west, south, east, north = shapely.bounds(shapely.from_geojson(checked_geometry(geometry, "intersects"))).tolist()
    return west, south, east, north


def _order(query: ItemQuery, statement: _Statement) -> tuple[str, int]:
    """Return the order, and how many items are left out before the page."""
    if not query.sort:
        if query.cursor:
            start, number = _read_cursor(query.cursor, 2)
            if start is None:
                statement.add("(i.start IS NULL AND i.number > ?)", number)
            else:
                statement.add(
                    "(i.start < ? OR (i.start = ? AND i.number > ?) OR i.start IS NULL)", start, start, number
                )
        return "i.start DESC, i.number", 0
    keys = [f"{_sort_key(name)} {'DESC' if descending else 'ASC'}" for name, descending in query.sort]
    (offset,) = _read_cursor(query.cursor, 1) if query.cursor else (0,)
    return ", ".join([*keys, "i.number"]), int(offset or 0)


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


def _in_document(query: ItemQuery) -> bool:
    return any("document" in _sort_key(name) for name, _ in query.sort)


def _by_time(query: ItemQuery, statement: _Statement, chosen: Mapping[str, int]) -> bool:
    """Tell whether items are best gone through by their times."""
    listed = any("boxes" in each for each in statement.conditions)
    return not query.sort and query.ids is None and not listed and len(chosen) > 1


def _cursor(query: ItemQuery, last: tuple[int, int | None], offset: int) -> str:
    number, start = last
    position = [offset] if query.sort else [start, number]
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def _read_cursor(cursor: str, count: int) -> list[int | None]:
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        position = None
    whole = isinstance(position, list) and all(
        each is None or (type(each) is int and abs(each) < 2**62) for each in position
    )
    if not whole or len(position) != count or position[-1] is None:
        raise GdcError("ParameterInvalid", "The parameter 'cursor' is not one that a page has given.")
    return list(position)


def _document(connection: sqlite3.Connection, number: int) -> bytes:
    (document,) = connection.execute("SELECT document FROM documents WHERE number = ?", (number,)).fetchone()
    return bytes(document)


def _matched(
    connection: sqlite3.Connection, query: ItemQuery, chosen: Mapping[str, int], rows: Sequence[Any], offset: int
) -> int | None:
    if query.plain:
        marks = ", ".join("?" * len(chosen))
        counted = f"SELECT sum(count) FROM collections WHERE number IN ({marks})"
        return int(connection.execute(counted, list(chosen.values())).fetchone()[0] or 0)
    if len(rows) <= query.limit and not query.cursor:
        return len(rows)
    return offset + len(rows) if query.sort and len(rows) <= query.limit else None
