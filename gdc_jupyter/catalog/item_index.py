"""The index of items: an SQLite file with an R*Tree, made of the collections, and made anew where they have changed.

Nothing is in it that the collections do not tell, so that it may be deleted at any time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.catalog.item_functions import register
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from gdc_jupyter.catalog.item_documents import ItemRecord

FILE = "items.sqlite"
UNREADABLE = "CatalogUnreadable"
VERSION = 2
#: A node of the R*Tree is as long in each direction: in degrees, in years, and in collections, which it parts first.
_MILLISECONDS_OF_YEAR = 365 * 86_400_000
_DISTANCE_OF_COLLECTIONS = 1000
_SCHEMA = """
CREATE TABLE collections (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 0,
    longest INTEGER
);
CREATE TABLE items (
    number INTEGER PRIMARY KEY, collection INTEGER NOT NULL, collection_id TEXT NOT NULL, id TEXT NOT NULL,
    start INTEGER, end INTEGER, moment INTEGER NOT NULL, west REAL, south REAL, east REAL, north REAL,
    exact INTEGER NOT NULL, properties TEXT NOT NULL
);
CREATE UNIQUE INDEX items_by_id ON items (collection, id);
CREATE INDEX items_by_time ON items (moment DESC, number, collection, end, west, south, east, north, exact);
CREATE INDEX items_by_collection ON items (collection, moment DESC, number, end, west, south, east, north, exact);
CREATE TABLE documents (number INTEGER PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE files (
    number INTEGER NOT NULL, asset TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (number, asset)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE boxes USING rtree (box, west, east, south, north, start, end, first, last);
"""
_FAR = 1e12
#: The moment of what has none, which comes last.
UNDATED = -(2**62)


class ItemIndex:
    """The items of collections.

    Parameters
    ----------
    folder : Path
        The data directory.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._local = threading.local()

    def numbers(self, keyed: Sequence[tuple[str, Collection]]) -> dict[str, int]:
        """Return the numbers of collections by their ids, after what is new among them was read.

        Parameters
        ----------
        keyed : sequence of (str, Collection)
            Each with a key that changes with its items.
        """
        with self.connect() as connection:
            known = dict(connection.execute("SELECT key, number FROM collections").fetchall())
        missing = [(key, collection) for key, collection in keyed if key not in known]
        if missing:
            from gdc_jupyter.catalog.item_documents import records

            with self._lock:
                for key, collection in missing:
                    try:
                        known[key] = self.fill(key, collection.id, records(collection))
                    except GdcError as error:
                        # One whose files are gone is no reason not to search the others.
                        if len(keyed) == 1 or error.code == UNREADABLE:
                            raise
        return {collection.id: known[key] for key, collection in keyed if key in known}

    def remove(self, key: str) -> None:
        """Take a collection out."""
        if not self._path.exists():
            return
        with self._lock, self.connect() as connection, _transaction(connection):
            for (number,) in connection.execute("SELECT number FROM collections WHERE key = ?", (key,)).fetchall():
                _remove(connection, number)

    def fill(self, key: str, collection_id: str, records: Iterable[ItemRecord]) -> int:
        """Add the items of a collection, unless another process has, and return its number.

        Parameters
        ----------
        key, collection_id : str
        records : iterable of ItemRecord
        """
        with self.connect() as connection, _transaction(connection):
            row = connection.execute("SELECT number FROM collections WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return int(row[0])
            for (number,) in connection.execute("SELECT number FROM collections WHERE id = ?", (collection_id,)):
                _remove(connection, number)
            cursor = connection.execute("INSERT INTO collections (key, id) VALUES (?, ?)", (key, collection_id))
            number = int(cursor.lastrowid or 0)
            for record in records:
                _insert(connection, number, collection_id, record)
            told = "SELECT count(*), max(end - start) FROM items WHERE collection = ?"
            connection.execute(f"UPDATE collections SET (count, longest) = ({told}) WHERE number = ?", (number, number))
        return number

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """Give a connection of this thread.

        Raises
        ------
        GdcError
            ``CatalogUnreadable``.
        """
        try:
            yield self._connection()
        except sqlite3.DatabaseError as error:
            self._close()
            raise GdcError(UNREADABLE, f"The index of items cannot be used: {error}") from None

    def _connection(self) -> sqlite3.Connection:
        if getattr(self._local, "pid", None) == os.getpid() and self._local.path_exists():
            found: sqlite3.Connection = self._local.connection
            return found
        self._close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA mmap_size = 1073741824")
        _make_tables(connection)
        register(connection)
        inode = self._path.stat().st_ino
        self._local.connection, self._local.pid = connection, os.getpid()
        self._local.path_exists = lambda: self._path.exists() and self._path.stat().st_ino == inode
        return connection

    def _close(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None and self._local.pid == os.getpid():
            connection.close()
        self._local.connection, self._local.pid = None, None


def _make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables, or make those of an earlier version anew."""
    with _transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE%'"
        ).fetchall()
        for (name,) in sorted(names, key=lambda row: row[0] != "boxes"):
            if not name.startswith("boxes_"):
                connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        for statement in _SCHEMA.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _remove(connection: sqlite3.Connection, number: int) -> None:
    chosen = "SELECT number FROM items WHERE collection = ?"
    connection.execute(f"DELETE FROM documents WHERE number IN ({chosen})", (number,))
    connection.execute(f"DELETE FROM files WHERE number IN ({chosen})", (number,))
    boxes = connection.execute(f"{chosen} UNION ALL SELECT -number FROM items WHERE collection = ?", (number, number))
    connection.executemany("DELETE FROM boxes WHERE box = ?", boxes.fetchall())
    connection.execute("DELETE FROM items WHERE collection = ?", (number,))
    connection.execute("DELETE FROM collections WHERE number = ?", (number,))


def _insert(connection: sqlite3.Connection, collection: int, collection_id: str, record: ItemRecord) -> None:
    edges: tuple[float | None, ...] = (None,) * 4
    if record.boxes:
        edges = (record.boxes[0][0], record.boxes[0][1], record.boxes[-1][2], record.boxes[0][3])
    cursor = connection.execute(
        "INSERT OR IGNORE INTO items "
        "(collection, collection_id, id, start, end, moment, west, south, east, north, exact, properties) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(collection, collection_id, record.id, record.start, record.end),
            *(UNDATED if record.start is None else record.start, *edges, record.exact, record.properties),
        ),
    )
    if not cursor.rowcount:
        return
    number = int(cursor.lastrowid or 0)
    connection.execute("INSERT INTO documents VALUES (?, ?)", (number, record.document))
    connection.executemany(
        "INSERT INTO files VALUES (?, ?, ?)", [(number, asset, path) for asset, path in record.files.items()]
    )
    start, end = years(record.start, -_FAR), years(record.end, _FAR)
    connection.executemany(
        "INSERT INTO boxes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (sign * number, west, east, south, north, start, end, *places(collection))
            for sign, (west, south, east, north) in zip((1, -1), record.boxes, strict=False)
        ],
    )


def years(milliseconds: int | None, otherwise: float = 0.0) -> float:
    """Return a time as the R*Tree has it, which keeps seven digits: years since 1970, to some minutes."""
    return otherwise if milliseconds is None else milliseconds / _MILLISECONDS_OF_YEAR


def milliseconds_of(year: float) -> int:
    """Return a time of the R*Tree in milliseconds since 1970."""
    return round(year * _MILLISECONDS_OF_YEAR)


def places(collection: int) -> tuple[int, int]:
    """Return from where to where the R*Tree has the items of a collection; nodes need an extent in each direction."""
    return collection * _DISTANCE_OF_COLLECTIONS, collection * _DISTANCE_OF_COLLECTIONS + 1
