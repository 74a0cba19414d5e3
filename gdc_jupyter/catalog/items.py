"""The items that a catalogue shows: pages of them, one of them, and the files behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.item_query import ItemQuery
from gdc_jupyter.catalog.search import Page, find
from gdc_jupyter.catalog.stac_api import ApiCollection
from gdc_jupyter.catalog.vector_collection import VectorCollection
from gdc_jupyter.catalog.vector_features import json_type
from gdc_jupyter.errors import GdcError

#: Items whose properties are looked at for the list of queryables.
_LOOKED_AT = 200
Stopped = Callable[[], bool]


def search(catalog: Catalog, query: ItemQuery, stopped: Stopped = lambda: False) -> Page:
    """Return a page of the STAC items of all collections that hold rasters; those of features have none to find.

    Parameters
    ----------
    catalog : Catalog
        As who asks may see it.
    query : ItemQuery
    stopped : callable
        Tells whether nobody waits for the page any more.

    Raises
    ------
    GdcError
        ``ParameterInvalid``; ``FeatureUnsupported`` where a collection is asked for that another server has.
    """
    keyed = catalog.keyed()
    for _, collection in keyed:
        if query.collections is not None and collection.id in query.collections:
            _require_own(collection)
    numbers = catalog.index.numbers([(key, each) for key, each in keyed if not isinstance(each, _ELSEWHERE)])
    with catalog.index.connect() as connection:
        return find(connection, query, numbers, stopped)


def items_of(catalog: Catalog, collection_id: str, query: ItemQuery, stopped: Stopped = lambda: False) -> Page:
    """Return a page of the items, or features, of one collection.

    Raises
    ------
    GdcError
        ``CollectionNotFound``; ``ParameterInvalid``; ``FeatureUnsupported`` where another server has it.
    """
    number = _number(catalog, collection_id)
    with catalog.index.connect() as connection:
        return find(connection, query, {collection_id: number}, stopped)


def item(catalog: Catalog, collection_id: str, item_id: str) -> bytes:
    """Return one item as JSON.

    Raises
    ------
    GdcError
        ``CollectionNotFound`` or ``ItemNotFound``.
    """
    return _row(catalog, collection_id, item_id)[1]


def asset_file(catalog: Catalog, collection_id: str, item_id: str, asset: str) -> Path:
    """Return the file of an asset, which is made where it is not there yet.

    Raises
    ------
    GdcError
        ``CollectionNotFound``, ``ItemNotFound`` or ``AssetNotFound``.
    """
    number, _ = _row(catalog, collection_id, item_id)
    with catalog.index.connect() as connection:
        row = connection.execute("SELECT path FROM files WHERE number = ? AND asset = ?", (number, asset)).fetchone()
    if row is None:
        raise GdcError("AssetNotFound", f"The item '{item_id}' has no file '{asset}' here.")
    path = Path(row[0])
    if not path.exists():
        catalog.get(collection_id).prepare()
    if not path.is_file():
        raise GdcError("AssetNotFound", f"The file of '{asset}' of the item '{item_id}' is gone.")
    return path


def property_types(catalog: Catalog, collection_ids: Sequence[str] | None = None) -> dict[str, str]:
    """Return the properties of items with their JSON types, as some of the items have them.

    Parameters
    ----------
    catalog : Catalog
    collection_ids : sequence of str, optional
        All that a search looks at by default.

    Raises
    ------
    GdcError
        ``CollectionNotFound``.
    """
    if collection_ids is not None:
        chosen = [catalog.get(collection_id) for collection_id in collection_ids]
        keyed = [(key, each) for key, each in catalog.keyed() if any(each is one for one in chosen)]
        for one in chosen:
            _require_own(one)
    else:
        keyed = [(key, each) for key, each in catalog.keyed() if not isinstance(each, _ELSEWHERE)]
    types: dict[str, str] = {}
    for _, each in keyed:
        if isinstance(each, VectorCollection):
            types |= each.columns
    numbers = catalog.index.numbers([(key, each) for key, each in keyed if not isinstance(each, VectorCollection)])
    with catalog.index.connect() as connection:
        for number in numbers.values():
            rows = connection.execute(
                "SELECT properties FROM items WHERE collection = ? LIMIT ?", (number, _LOOKED_AT)
            ).fetchall()
            for (properties,) in rows:
                for name, value in orjson.loads(properties).items():
                    if value is not None:
                        types.setdefault(name, json_type(value))
    return types


def _row(catalog: Catalog, collection_id: str, item_id: str) -> tuple[int, bytes]:
    number = _number(catalog, collection_id)
    with catalog.index.connect() as connection:
        row = connection.execute(
            "SELECT i.number, d.document FROM items i JOIN documents d ON d.number = i.number "
            "WHERE i.collection = ? AND i.id = ?",
            (number, item_id),
        ).fetchone()
    if row is None:
        raise GdcError("ItemNotFound", f"The collection '{collection_id}' has no item '{item_id[:200]}'.")
    return int(row[0]), bytes(row[1])


def _number(catalog: Catalog, collection_id: str) -> int:
    catalog.get(collection_id)
    keyed = [(key, each) for key, each in catalog.keyed() if each.id == collection_id]
    for _, collection in keyed:
        _require_own(collection)
    return catalog.index.numbers(keyed)[collection_id]


def _require_own(collection: Any) -> None:
    if isinstance(collection, ApiCollection):
        raise GdcError(
            "FeatureUnsupported", f"The items of '{collection.id}' are not kept here but at {collection.items_url}."
        )


#: Collections whose items a search does not find.
_ELSEWHERE = (ApiCollection, VectorCollection)
