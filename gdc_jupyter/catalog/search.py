"""A page of the items that are wanted."""

from __future__ import annotations

import base64
import binascii
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from gdc_jupyter.catalog.item_query import ItemQuery
from gdc_jupyter.catalog.item_sql import Way, order, ways
from gdc_jupyter.errors import GdcError

#: What a search may take, and after how many steps of SQLite it is looked at.
_MOST_SECONDS, _STEPS = 20.0, 20_000


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


def find(
    connection: sqlite3.Connection,
    query: ItemQuery,
    numbers: Mapping[str, int],
    stopped: Callable[[], bool] = lambda: False,
) -> Page:
    """Return a page of items.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    query : ItemQuery
    numbers : mapping of str to int
        The numbers of the collections that may be looked at.
    stopped : callable
        Tells whether nobody waits for the page any more.

    Raises
    ------
    GdcError
        ``ParameterInvalid``; ``RequestTimeout`` where it takes too long.
    """
    asked = numbers if query.collections is None else query.collections
    chosen = {name: numbers[name] for name in asked if name in numbers}
    if not chosen or query.ids == ():
        return Page([], matched=0)
    deadline = time.monotonic() + _MOST_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > deadline or stopped(), _STEPS)
    try:
        return _page(connection, query, chosen)
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise GdcError(
                "RequestTimeout",
                f"The search takes longer than {_MOST_SECONDS:.0f} s: narrow it down with 'collections', 'bbox' or "
                "'datetime'.",
            ) from None
        raise GdcError("ParameterInvalid", f"The parameter 'filter' cannot be worked out: {error}.") from None
    finally:
        connection.set_progress_handler(None, 0)


def _page(connection: sqlite3.Connection, query: ItemQuery, chosen: Mapping[str, int]) -> Page:
    counts = dict(connection.execute("SELECT number, count FROM collections").fetchall())
    total = sum(counts[number] for number in chosen.values())
    position = _read_cursor(query.cursor, 1 if query.sort else 2) if query.cursor else None
    offset = position[0] if position and query.sort else 0
    last = (position[0], position[1]) if position and not query.sort else None
    there = ways(connection, query, chosen, len(chosen) == len(counts), total, last)
    rows = _newest(connection, query, there.newest) or _rows(connection, query, there.all, offset)
    page, more = rows[: query.limit], len(rows) > query.limit
    documents = [_document(connection, number) for number, _ in page]
    following = _cursor(query, page[-1], offset + query.limit) if more else ""
    if query.plain:
        return Page(documents, following, total)
    if not more and last is None:
        return Page(documents, following, offset + len(page))
    matched = _count(connection, there.all) if there.counted and not position else None
    return Page(documents, following, matched)


def _rows(connection: sqlite3.Connection, query: ItemQuery, taken: Sequence[Way], offset: int) -> list[tuple[int, int]]:
    """Return numbers and moments of the items of a page, and of one more."""
    rows: list[tuple[int, int]] = []
    for each in taken:
        sql, values = each.select("i.number, i.moment", f"ORDER BY {order(query)} LIMIT ? OFFSET ?")
        rows += connection.execute(sql, [*values, query.limit + 1, offset]).fetchall()
    if len(taken) > 1:
        rows.sort(key=lambda row: (-row[1], row[0]))
    return rows


def _newest(connection: sqlite3.Connection, query: ItemQuery, newest: Way | None) -> list[tuple[int, int]]:
    """Return what `_rows` does where a short way leads to all of them, else nothing."""
    if newest is None or newest.newer is None:
        return []
    rows = _rows(connection, query, [newest], 0)
    return rows if len(rows) > query.limit and rows[-1][1] > newest.newer else []


def _count(connection: sqlite3.Connection, taken: Sequence[Way]) -> int:
    counted = 0
    for each in taken:
        counted += connection.execute(*each.select("count(*)")).fetchone()[0]
    return counted


def _cursor(query: ItemQuery, last: tuple[int, int], offset: int) -> str:
    number, moment = last
    position = [offset] if query.sort else [moment, number]
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def _read_cursor(cursor: str, count: int) -> list[int]:
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        position = None
    whole = isinstance(position, list) and all(type(each) is int and abs(each) <= 2**62 for each in position)
    if not whole or len(position) != count or position[-1] < 0:
        raise GdcError("ParameterInvalid", "The parameter 'cursor' is not one that a page has given.")
    return list(position)


def _document(connection: sqlite3.Connection, number: int) -> bytes:
    (document,) = connection.execute("SELECT document FROM documents WHERE number = ?", (number,)).fetchone()
    return bytes(document)
