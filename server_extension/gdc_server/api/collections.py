"""Which data there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated

from gdc_server.api.base import ApiHandler
from gdc_server.api.links import Links
from gdc_server.api.paging import page_links, page_of

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection


class CollectionsHandler(ApiHandler):
    """The list of collections."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List a page of them."""
        limit, cursor = self.limit(), self.integer("cursor", 0)
        catalog = await self.catalog()
        collections, following = page_of(await self.in_thread(catalog.collections), limit, cursor)
        links = self.links
        described = await self.in_thread(lambda: [describe(collection, links) for collection in collections])
        own = [
            *page_links(links, "collections", limit, cursor, following),
            links.link("root", title="Landing page"),
            links.link("parent", title="Landing page"),
        ]
        self.send({"collections": described, "links": own})


class CollectionHandler(ApiHandler):
    """One collection."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Describe it in full."""
        catalog = await self.catalog()
        collection = await self.in_thread(lambda: catalog.get(collection_id))
        self.send(await self.in_thread(lambda: describe(collection, self.links)))


def describe(collection: Collection, links: Links) -> dict[str, Any]:
    """Return a collection's STAC metadata with its links."""
    own = [
        links.link("self", "collections", collection.id),
        links.link("root", title="Landing page"),
        links.link("parent", "collections", title="Collections"),
    ]
    return collection.metadata() | {"links": [*own, *collection.about.links]}
