"""The index of items: an SQLite file with an R*Tree, made of the collections, and made anew where they have changed.

Nothing is in it that the collections do not tell, so that it may be deleted at any time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.catalog.item_functions import register
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from gdc_jupyter.catalog.item_documents import ItemRecord

FILE = "items.sqlite"
VERSION = 1
_MILLISECONDS_OF_UNIT = 60_000
_SCHEMA = """
CREATE TABLE collections (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL, count INTEGER NOT NULL
);
CREATE TABLE items (
    number INTEGER PRIMARY KEY, collection INTEGER NOT NULL, collection_id TEXT NOT NULL, id TEXT NOT NULL,
    start INTEGER, end INTEGER, west REAL, south REAL, east REAL, north REAL, exact INTEGER NOT NULL
);
CREATE UNIQUE INDEX items_by_id ON items (collection, id);
CREATE INDEX items_by_time ON items (start DESC, number, collection, end, west, south, east, north, exact);
CREATE INDEX items_by_collection ON items (collection, start DESC, number, end, west, south, east, north, exact);
CREATE TABLE documents (number INTEGER PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE files (
    number INTEGER NOT NULL, asset TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (number, asset)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE boxes USING rtree (box, west, east, south, north, start, end, +item INTEGER, +collection INTEGER);
"""
_FAR = 1e12


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
            with self._lock:
                for key, collection in missing:
                    known[key] = self._add(key, collection)
        return {collection.id: known[key] for key, collection in keyed}

    def forget(self, keys: set[str]) -> None:
        """Remove all collections but those of these keys."""
        if not self._path.exists():
            return
        with self._lock, self.connect() as connection:
            rows = connection.execute("SELECT key, number FROM collections").fetchall()
            stale = [number for key, number in rows if key not in keys]
            if stale:
                with _transaction(connection):
                    for number in stale:
                        _remove(connection, number)

    def _add(self, key: str, collection: Collection) -> int:
        from gdc_jupyter.catalog.item_documents import records

        with self.connect() as connection, _transaction(connection):
            row = connection.execute("SELECT number FROM collections WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return int(row[0])
            for (number,) in connection.execute("SELECT number FROM collections WHERE id = ?", (collection.id,)):
                _remove(connection, number)
            cursor = connection.execute(
                "INSERT INTO collections (key, id, count) VALUES (?, ?, 0)", (key, collection.id)
            )
            number = int(cursor.lastrowid or 0)
            count = sum(_insert(connection, number, collection.id, record) for record in records(collection))
            connection.execute("UPDATE collections SET count = ? WHERE number = ?", (count, number))
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
            raise GdcError("CatalogUnreadable", f"The index of items cannot be used: {error}") from None

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
    boxes = connection.execute("SELECT box FROM boxes WHERE collection = ?", (number,)).fetchall()
    connection.executemany("DELETE FROM boxes WHERE box = ?", boxes)
    connection.execute("DELETE FROM items WHERE collection = ?", (number,))
    connection.execute("DELETE FROM collections WHERE number = ?", (number,))


def _insert(connection: sqlite3.Connection, collection: int, collection_id: str, record: ItemRecord) -> int:
    edges: tuple[float | None, ...] = (None,) * 4
    if record.boxes:
        edges = (record.boxes[0][0], record.boxes[0][1], record.boxes[-1][2], record.boxes[0][3])
    cursor = connection.execute(
        "INSERT OR IGNORE INTO items (collection, collection_id, id, start, end, west, south, east, north, exact) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (collection, collection_id, record.id, record.start, record.end, *edges, record.exact),
    )
    if not cursor.rowcount:
        return 0
    number = cursor.lastrowid
    connection.execute("INSERT INTO documents VALUES (?, ?)", (number, record.document))
    connection.executemany(
        "INSERT INTO files VALUES (?, ?, ?)", [(number, asset, path) for asset, path in record.files.items()]
    )
    start, end = (units(record.start, -_FAR), units(record.end, _FAR))
    connection.executemany(
        "INSERT INTO boxes (west, east, south, north, start, end, item, collection) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(west, east, south, north, start, end, number, collection) for west, south, east, north in record.boxes],
    )
    return 1


def units(milliseconds: int | None, otherwise: float) -> float:
    """Return a time as the R*Tree has it, which keeps seven digits: minutes since 1970."""
    return otherwise if milliseconds is None else milliseconds / _MILLISECONDS_OF_UNIT
