"""Which data there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import orjson
from jupyter_server.auth.decorator import allow_unauthenticated

from gdc_server.api.base import ApiHandler
from gdc_server.api.coverages import coverage_links
from gdc_server.api.items import item_links
from gdc_server.api.links import Links, link
from gdc_server.api.paging import ON_A_PAGE, page_links, page_of

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection

_KEPT: WeakKeyDictionary[Collection, dict[str, bytes]] = WeakKeyDictionary()
#: Addresses under which clients see the server, that descriptions are kept for.
_MOST_ROOTS = 4


class CollectionsHandler(ApiHandler):
    """The list of collections."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List a page of them."""
        limit, cursor = self.limit(ON_A_PAGE), self.integer("cursor", 0)
        catalog = await self.catalog()
        collections, following = page_of(await self.in_thread(catalog.collections), limit, cursor)
        links = self.links
        described = await self.in_thread(lambda: [described_as_json(collection, links) for collection in collections])
        own = [
            *page_links(links, "collections", limit, cursor, following),
            links.link("root", title="Landing page"),
            links.link("parent", title="Landing page"),
        ]
        await self.send_as("collections", {"collections": described, "links": own})


class CollectionHandler(ApiHandler):
    """One collection."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Describe it in full."""
        catalog = await self.catalog()
        collection = await self.in_thread(lambda: catalog.get(collection_id))
        await self.send_as("collection", await self.in_thread(lambda: described_as_json(collection, self.links)))


def described_as_json(collection: Collection, links: Links) -> orjson.Fragment:
    """Return the JSON of `describe`, which is kept: of a thousand collections it would take a second anew."""
    kept = _KEPT.setdefault(collection, {})
    text = kept.get(links.root)
    if text is None:
        while len(kept) >= _MOST_ROOTS:
            kept.pop(next(iter(kept)), None)
        text = kept[links.root] = orjson.dumps(describe(collection, links), option=orjson.OPT_SERIALIZE_NUMPY)
    return orjson.Fragment(text)


def _access(collection: Collection, links: Links) -> list[dict[str, str]]:
    rasters = bool(collection.bands)
    return [
        *item_links(collection, links),
        *([*coverage_links(collection, links), _opendap_link(collection, links)] if rasters else []),
    ]


def _opendap_link(collection: Collection, links: Links) -> dict[str, str]:
    address = f"{links.server}/opendap/ous/collection/{quote(collection.id, safe='~')}"
    return link("service", address, title="OPeNDAP addresses of its granules")


def describe(collection: Collection, links: Links) -> dict[str, Any]:
    """Return a collection's STAC metadata with its links."""
    own = [
        links.link("self", "collections", collection.id),
        links.link("root", title="Landing page"),
        links.link("parent", "collections", title="Collections"),
    ]
    return collection.metadata() | {"links": [*own, *_access(collection, links), *collection.about.links]}
