"""The granules of this server's collections: which there are, and each as a dataset.

The address of a granule is ``{server}/opendap/data/{collection}/{granule}``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from weakref import WeakKeyDictionary

from gdc_jupyter.catalog.array_files import ArrayFilesCollection
from gdc_jupyter.catalog.arrays import ArrayCollection, is_zarr
from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.cog import CogCollection
from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dataset import Dataset

#: Where granules are, after the address of the server.
DATA_PATH = "opendap/data"
_T = TypeVar("_T")
_paths: WeakKeyDictionary[Collection, dict[str, Path]] = WeakKeyDictionary()
_items: WeakKeyDictionary[Collection, dict[str, dict[str, Any]]] = WeakKeyDictionary()


def granule_url(server: str, collection_id: str, granule_id: str) -> str:
    """Return the address of a granule, to which a suffix such as ``.dds`` may be added.

    Parameters
    ----------
    server : str
        The address of the Jupyter server with its base URL, without a slash at the end.
    collection_id, granule_id : str
    """
    return f"{server}/{DATA_PATH}/{quote(collection_id)}/{quote(granule_id)}"


def collection_url(server: str, collection_id: str) -> str:
    """Return the address of the list of the granules of a collection."""
    return f"{server}/{DATA_PATH}/{quote(collection_id)}"


def has_granules(collection: Collection) -> bool:
    """Tell whether a collection has granules; features, and what other servers have, are none."""
    return isinstance(collection, ArrayCollection | ArrayFilesCollection | CogCollection)


def granule_ids(collection: Collection) -> Iterator[str]:
    """Yield the ids of the granules: the names of files without their suffix, or the ids of items."""
    if isinstance(collection, CogCollection):
        yield from (str(document["id"]) for document in collection.documents)
    else:
        yield from array_paths(collection)


def array_paths(collection: Collection) -> dict[str, Path]:
    """Return the files of a collection of arrays by the ids of their granules."""
    return _once(_paths, collection, _find_paths)


def _once(
    kept: WeakKeyDictionary[Collection, dict[str, _T]], collection: Collection, find: Callable[[Any], dict[str, _T]]
) -> dict[str, _T]:
    """Return what is found of a collection once, for each request needs it and collections do not change."""
    found = kept.get(collection)
    if found is None:
        found = kept[collection] = find(collection)
    return found


def _find_items(collection: CogCollection) -> dict[str, dict[str, Any]]:
    return {str(document["id"]): document for document in reversed(collection.documents)}


def _find_paths(collection: Collection) -> dict[str, Path]:
    if isinstance(collection, ArrayCollection):
        paths = [collection.path]
    elif isinstance(collection, ArrayFilesCollection):
        paths = [member.path for member in collection.members]
    else:
        return {}
    found: dict[str, Path] = {}
    seen: Counter[str] = Counter()
    for path in paths:
        name = path.stem
        while name in found:
            seen[path.stem] += 1
            name = f"{path.stem}_{seen[path.stem] + 1}"
        found[name] = path
    return found


def locate(catalog: Catalog, path: str) -> tuple[Collection, str]:
    """Return the collection that a path begins with, and what follows its id, which may hold slashes.

    Raises
    ------
    GdcError
        ``CollectionNotFound``.
    """
    for collection in sorted(catalog.collections(), key=lambda each: -len(each.id)):
        if path == collection.id or path.startswith(f"{collection.id}/"):
            return collection, path[len(collection.id) + 1 :]
    raise GdcError("CollectionNotFound", f"There is no collection '{path.split('/')[0][:200]}' here.")


def open_granule(collection: Collection, granule_id: str) -> Dataset:
    """Return a granule as a dataset; of its values nothing is read.

    Raises
    ------
    GdcError
        ``ItemNotFound``; ``DataFileUnreadable``.
    """
    if isinstance(collection, CogCollection):
        from gdc_jupyter.opendap.dap.raster_granule import open_raster_item

        document = _once(_items, collection, _find_items).get(granule_id)
        if document is not None:
            return open_raster_item(collection, document)
    path = array_paths(collection).get(granule_id)
    if path is None:
        raise GdcError("ItemNotFound", f"The collection '{collection.id}' has no granule '{granule_id[:200]}'.")
    if is_zarr(str(path)):
        from gdc_jupyter.opendap.dap.zarr_granule import open_zarr

        return open_zarr(path)
    from gdc_jupyter.opendap.dap.netcdf_granule import open_netcdf

    return open_netcdf(path)
