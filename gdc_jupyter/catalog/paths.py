"""Files as collections: which one is made of a file, under which id, and where the store of a ZIP file is unpacked."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog

_ZIPPED = ".zarr.zip"
#: Files of one name, in several folders, that are numbered.
_MOST_ALIKE = 100


def collections_at(path: Path, folder: Path, collections: Iterable[Collection]) -> list[Collection]:
    """Return the collections that are made of one file or Zarr store alone.

    Parameters
    ----------
    path : Path
        The file or store.
    folder : Path
        The folder of the catalogue.
    collections : iterable of Collection
        Those that are asked about.
    """
    unpacked = _unpacked(path, folder).parent
    return [
        collection
        for collection in collections
        if any(place == path.absolute() or place.is_relative_to(unpacked) for place in _paths(collection))
    ]


def _paths(collection: Collection) -> list[Path]:
    path = getattr(collection, "path", None)
    if path is not None:
        return [Path(path)]
    documents: Sequence[dict[str, Any]] = getattr(collection, "documents", ())
    return [Path(asset["href"]) for asset in documents[0]["assets"].values()] if len(documents) == 1 else []


def add_file(catalog: Catalog, path: Path, owner: str | None) -> list[Collection]:
    """Make collections of a file or folder, with ids that are free: another number is put behind one that is taken.

    Parameters
    ----------
    catalog : Catalog
    path : Path
        What `Catalog.add_all` takes.
    owner : str, optional
        The user who alone sees them.

    Raises
    ------
    GdcError
        As `Catalog.add_all`.
    """
    from gdc_jupyter.catalog.register import derive_id

    for number in range(1, _MOST_ALIKE):
        try:
            return catalog.add_all(path, f"{derive_id(path)}-{number}" if number > 1 else None, owner=owner)
        except GdcError as error:
            if error.code != "CollectionIdTaken":
                raise
    raise GdcError("CollectionIdTaken", f"There are {_MOST_ALIKE - 1} collections named like {path.name} already.")


def readable(path: Path, folder: Path) -> Path:
    """Return a path that can be read where it lies: of a Zarr store in a ZIP file, the folder that it is unpacked to.

    Raises
    ------
    GdcError
        ``FormatUnsuitable`` for an archive without a store, or with too much in it.
    """
    from gdc_jupyter.catalog.zipped_zarr import is_zipped, unpack_zarr

    if not (path.name.lower().endswith(_ZIPPED) and is_zipped(path)):
        return path
    target = _unpacked(path, folder)
    shutil.rmtree(target.parent, ignore_errors=True)
    try:
        return unpack_zarr(path, target)
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise


def forget(collection: Collection, folder: Path) -> None:
    """Remove what was unpacked for a collection; other data are left alone."""
    path, unpacked = getattr(collection, "path", None), folder.absolute() / "unpacked"
    if path is not None and path.is_relative_to(unpacked):
        shutil.rmtree(unpacked / path.relative_to(unpacked).parts[0], ignore_errors=True)


def _unpacked(path: Path, folder: Path) -> Path:
    key = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return folder.absolute() / "unpacked" / key / path.name.removesuffix(path.suffix)
