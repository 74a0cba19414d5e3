"""The catalogue: the samples, and the collections that the user added, kept in a SQLite file."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter import __version__
from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.errors import GdcError
from gdc_jupyter.garbage import uncollected
from gdc_jupyter.settings import data_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gdc_jupyter.catalog.item_index import ItemIndex

SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    owner TEXT,
    shared INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS items (
    collection INTEGER NOT NULL REFERENCES collections (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (collection, position)
) WITHOUT ROWID;
"""
#: Columns that the tables of earlier versions lack.
ADDED = {"owner": "TEXT", "shared": "INTEGER NOT NULL DEFAULT 0"}
ITEMS = "SELECT document FROM items WHERE collection = ? ORDER BY position"


class Everyone(Enum):
    """Who sees all collections: whoever can read the files themselves."""

    EVERYONE = "everyone"


EVERYONE = Everyone.EVERYONE


@dataclass
class _Parsed:
    """What has been read already, shared by all views of a catalogue."""

    samples: list[Collection] | None = None
    own: dict[int, Collection] = field(default_factory=dict)
    index: ItemIndex | None = None
    #: The device and the inode of the registry whose tables have been looked at.
    registry: tuple[int, int] | None = None


class Catalog:
    """All collections; several processes may use and change the same catalogue.

    A collection without an owner is for all. Any other is private: only its owner sees it, unless it is shared.

    Parameters
    ----------
    folder : Path, optional
        Where the registry and the generated samples are; the data directory by default.
    samples : bool
        Whether the samples belong to the catalogue.
    """

    def __init__(self, folder: Path | None = None, samples: bool = True) -> None:
        self.folder = Path(folder) if folder is not None else data_directory()
        self._with_samples = samples
        self._viewer: str | Everyone | None = EVERYONE
        self._parsed = _Parsed()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_parsed": _Parsed()}

    def seen_by(self, viewer: str | None) -> Catalog:
        """Return the catalogue as a user sees it, or, with None, as anybody does; what is added to it is the user's."""
        view = Catalog(self.folder, self._with_samples)
        view._parsed, view._viewer = self._parsed, viewer
        return view

    def collections(self) -> list[Collection]:
        """Return all collections: the samples first, then the user's own in the order in which they were added."""
        return [*self._sample_list(), *self._registered()]

    def get(self, collection_id: str) -> Collection:
        """Return a collection by its id.

        Raises
        ------
        GdcError
            ``CollectionNotFound``, with the ids there are.
        """
        collections = self.collections()
        for collection in collections:
            if collection.id == collection_id:
                return collection
        there = ", ".join(collection.id for collection in collections) or "none"
        raise GdcError("CollectionNotFound", f"The collection '{collection_id}' does not exist; there are: {there}.")

    def keyed(self) -> list[tuple[str, Collection]]:
        """Return what `collections` returns, each with a key that is another one where its items are others."""
        samples = [(f"{__version__}/{sample.id}", sample) for sample in self._sample_list()]
        return samples + [(f"{number}", collection) for number, collection in self._numbered()]

    def add(self, path: Path | str, collection_id: str | None = None, title: str | None = None) -> Collection:
        """Add the collection at a path; see `add_all`."""
        return self.add_all(path, collection_id, title)[0]

    def add_all(
        self,
        location: Path | str,
        collection_id: str | None = None,
        title: str | None = None,
        hosts: Sequence[str] = (),
        owner: str | None = None,
    ) -> list[Collection]:
        """Add the data at a path or an address, which stay where they are.

        Parameters
        ----------
        location : Path or str
            A NetCDF or GeoTIFF file, a Zarr folder or a ZIP file (.zarr.zip) of one, a folder of GeoTIFF or NetCDF
            files, a GeoJSON, GeoPackage or GeoParquet file, a static STAC collection or catalogue, or the address of
            a collection of a STAC API.
        collection_id, title : str, optional
            Derived from the name and the metadata by default.
        hosts : sequence of str
            For an address: the hosts that may be asked beside its own, as patterns.
        owner : str, optional
            The user who alone sees them; everybody does by default.

        Raises
        ------
        GdcError
            ``CollectionIdTaken``; ``PathNotFound``, ``CollectionIdInvalid``, ``DataFileUnreadable``,
            ``DataFileUnsupported``, ``GridIrregular`` or ``CRSInvalid`` with what is wrong; ``UrlNotPermitted``.
        """
        from gdc_jupyter.catalog.paths import readable
        from gdc_jupyter.catalog.register import read_all
        from gdc_jupyter.catalog.remote import is_url

        place = location if is_url(str(location)) else readable(Path(location).expanduser().absolute(), self.folder)
        found = read_all(place, collection_id, title, hosts)
        taken = {there.id for there in self.collections()}
        for collection in found:
            if collection.id in taken:
                raise _taken(collection.id)
            taken.add(collection.id)
        with self._write() as connection:
            for collection in found:
                _insert(connection, collection, owner)
        self.index.numbers([(key, each) for key, each in self.keyed() if any(each.id == one.id for one in found)])
        return [self.get(collection.id) for collection in found]

    def check_export(self, collection_id: str, format: str) -> None:
        """Refuse to add results of a format to a collection where `export` could not.

        Raises
        ------
        GdcError
            ``CollectionIdInvalid``, ``CollectionProtected`` or ``FormatUnsuitable``.
        """
        from gdc_jupyter.catalog.exported import check_format, exported_folder

        folder = exported_folder(self.folder, collection_id)
        if not self._may_export(collection_id, folder):
            raise GdcError(
                "CollectionProtected",
                f"'{collection_id}' was not made by export_collection or is not yours, and nothing is added to it: "
                "give another id.",
            )
        check_format(folder, format)

    def export(
        self, collection_id: str, files: Sequence[tuple[Path, str | None]], changes: Sequence[dict[str, Any]] = ()
    ) -> None:
        """Add files to a collection that is made of results, or make it.

        The files are copied. What has been changed in the metadata before stays; ``changes`` come on top.

        Parameters
        ----------
        collection_id : str
        files : sequence of (Path, str or None)
            GeoTIFF or NetCDF files, with their dates where that is not told in the files.
        changes : sequence of dict
            JSON merge patches of the collection's metadata.
        """
        from gdc_jupyter.catalog.exported import copy_files, exported_folder, read_exported

        folder = exported_folder(self.folder, collection_id)
        copied = copy_files(folder, files)
        viewer = None if self._viewer is EVERYONE else self._viewer
        row: tuple[str, str | None, int] | None
        try:
            with self._write() as connection:
                row = connection.execute(
                    "SELECT document, owner, shared FROM collections WHERE id = ?", (collection_id,)
                ).fetchone()
                document, owner, shared = row or ('{"changes": []}', viewer, 0)
                connection.execute("DELETE FROM collections WHERE id = ?", (collection_id,))
                every = [*json.loads(document)["changes"], *changes]
                _insert(connection, read_exported(folder, collection_id, every), owner, shared, changes=every)
        except BaseException:
            for path in copied:
                path.unlink(missing_ok=True)
            raise

    def remove(self, collection_id: str) -> None:
        """Take a collection of the user out of the catalogue; its data stay where they are, but for exported results.

        Raises
        ------
        GdcError
            ``CollectionNotFound``; ``CollectionProtected`` for a sample.
        """
        from gdc_jupyter.catalog.paths import forget

        collection = self.get(collection_id)
        if any(collection is sample for sample in self._sample_list()):
            raise GdcError("CollectionProtected", f"'{collection_id}' is a sample and cannot be removed.")
        keys = [key for key, each in self.keyed() if each is collection]
        with self._write() as connection:
            connection.execute("DELETE FROM collections WHERE id = ?", (collection_id,))
        for key in keys:
            self.index.remove(key)
        self._remove_exported(collection_id)
        forget(collection, self.folder)

    def share(self, collection_id: str, shared: bool = True) -> None:
        """Let everybody see a private collection, or its owner alone again.

        Raises
        ------
        GdcError
            ``CollectionNotFound``; ``CollectionProtected`` where it has no owner.
        """
        self.get(collection_id)
        with self._write() as connection:
            found = connection.execute(
                "UPDATE collections SET shared = ? WHERE id = ? AND owner IS NOT NULL", (shared, collection_id)
            )
            if not found.rowcount:
                raise GdcError("CollectionProtected", f"'{collection_id}' belongs to nobody, and everybody sees it.")

    def owners(self) -> dict[str, tuple[str, bool]]:
        """Return the owner of each collection that has one, and whether it is shared."""
        if not self._file.exists():
            return {}
        with self._connect() as connection:
            rows = connection.execute("SELECT id, owner, shared FROM collections WHERE owner IS NOT NULL")
            return {collection_id: (owner, bool(shared)) for collection_id, owner, shared in rows}

    def _may_export(self, collection_id: str, folder: Path) -> bool:
        if any(collection_id == sample.id for sample in self._sample_list()):
            return False
        if not self._file.exists():
            return True
        with self._connect() as connection:
            row = connection.execute("SELECT owner FROM collections WHERE id = ?", (collection_id,)).fetchone()
        if row is None:
            return True
        return folder.exists() and (self._viewer is EVERYONE or row[0] in (None, self._viewer))

    def _remove_exported(self, collection_id: str) -> None:
        from gdc_jupyter.catalog.exported import exported_folder

        shutil.rmtree(exported_folder(self.folder, collection_id), ignore_errors=True)

    @property
    def index(self) -> ItemIndex:
        """The index of items, which all views of the catalogue share."""
        if self._parsed.index is None:
            from gdc_jupyter.catalog.item_index import ItemIndex

            self._parsed.index = ItemIndex(self.folder)
        return self._parsed.index

    def prepare(self) -> None:
        """Make what the samples make at first use; it takes seconds, once, and may run in the background."""
        for collection in self._sample_list():
            collection.prepare()
        self.index.numbers(self.keyed())

    def _sample_list(self) -> Sequence[Collection]:
        if self._parsed.samples is None:
            from gdc_jupyter.samples import sample_collections

            self._parsed.samples = sample_collections(self.folder / "samples") if self._with_samples else []
        return self._parsed.samples

    def _registered(self) -> list[Collection]:
        return [collection for _, collection in self._numbered()]

    def _numbered(self) -> list[tuple[int, Collection]]:
        """Return the added collections that are seen; only those that are new since the last call are parsed."""
        if not self._file.exists():
            self._parsed.own = {}
            return []
        with self._connect() as connection:
            rows = connection.execute("SELECT number, owner, shared FROM collections ORDER BY number").fetchall()
            parsed = self._parsed.own
            new = [number for number, *_ in rows if number not in parsed]
            # Many items are millions of objects.
            with uncollected() if new else nullcontext():
                own = {number: parsed.get(number) or _read(connection, number) for number, *_ in rows}
        self._parsed.own = {number: collection for number, collection in own.items() if collection is not None}
        seen = [(number, own[number]) for number, owner, shared in rows if self._sees(owner, shared)]
        return [(number, collection) for number, collection in seen if collection is not None]

    def _sees(self, owner: str | None, shared: int) -> bool:
        return owner is None or bool(shared) or self._viewer in (EVERYONE, owner)

    @property
    def _file(self) -> Path:
        return self.folder / "catalog.sqlite"

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            self._look_at_tables(connection)
            yield connection
        except sqlite3.DatabaseError as error:
            raise GdcError("CatalogUnreadable", f"The registry {self._file} cannot be used: {error}") from None
        finally:
            connection.close()

    def _look_at_tables(self, connection: sqlite3.Connection) -> None:
        """Make the tables that a registry lacks, once for each file: this is done for every request."""
        status = self._file.stat()
        registry = status.st_dev, status.st_ino
        # A file that was removed and made anew may have the inode of the one before.
        if self._parsed.registry != registry or not status.st_size:
            _make_tables(connection)
            self._parsed.registry = registry

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _read(connection: sqlite3.Connection, number: int) -> Collection | None:
    from gdc_jupyter.catalog.stored import from_json

    row = connection.execute("SELECT document FROM collections WHERE number = ?", (number,)).fetchone()
    rows = connection.execute(ITEMS, (number,))
    return from_json(json.loads(row[0]), [json.loads(text) for (text,) in rows]) if row is not None else None


def _insert(
    connection: sqlite3.Connection, collection: Collection, owner: str | None = None, shared: int = 0, **more: Any
) -> None:
    from gdc_jupyter.catalog.stored import to_json

    collection.metadata()
    document, items = to_json(collection)
    try:
        cursor = connection.execute(
            "INSERT INTO collections (id, document, owner, shared) VALUES (?, ?, ?, ?)",
            (collection.id, json.dumps(document | more, allow_nan=False), owner, shared),
        )
    except sqlite3.IntegrityError:
        raise _taken(collection.id) from None
    connection.executemany(
        "INSERT INTO items VALUES (?, ?, ?)",
        [(cursor.lastrowid, position, json.dumps(item)) for position, item in enumerate(items)],
    )


def _make_tables(connection: sqlite3.Connection) -> None:
    columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(collections)")}
    if not columns:
        connection.executescript(SCHEMA)
        return
    for name in ADDED.keys() - columns:
        # Another process may be doing the same.
        with suppress(sqlite3.OperationalError):
            connection.execute(f"ALTER TABLE collections ADD COLUMN {name} {ADDED[name]}")


def _taken(collection_id: str) -> GdcError:
    return GdcError(
        "CollectionIdTaken", f"There is a collection '{collection_id}' already: give another id, or remove that first."
    )
