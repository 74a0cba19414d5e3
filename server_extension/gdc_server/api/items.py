"""Items and features of collections, search over them, and what they can be searched by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError, StaticFileHandler

from gdc_jupyter.errors import GdcError
from gdc_server.api.base import ApiHandler
from gdc_server.api.links import GEOJSON, Links, link
from gdc_server.api.negotiation import GEOJSON as GEOJSON_OFFER
from gdc_server.api.negotiation import HTML

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection
    from gdc_jupyter.catalog.item_request import ItemRequest
    from gdc_jupyter.catalog.search import Page

SCHEMA = "application/schema+json"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TYPE = "https://schemas.stacspec.org/v1.0.0/item-spec/json-schema/"


class _PageHandler(ApiHandler):
    _gone = False

    def on_connection_close(self) -> None:
        """End the search, for nobody waits for it any more."""
        self._gone = True
        super().on_connection_close()

    def gone(self) -> bool:
        """Tell whether the client has gone."""
        return self._gone

    async def send_items(
        self, page: Page, request: ItemRequest, links: list[dict[str, Any]], collection_id: str = ""
    ) -> None:
        """Send a page as a GeoJSON feature collection; whole items as they are kept."""
        root = as_in_json(self.links.root)
        features = await self.in_thread(lambda: _features(page, request, root))
        body: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": features,
            "links": links,
            "numberReturned": len(features),
        }
        if page.matched is not None:
            body["numberMatched"] = page.matched
        await self.send_as("items", body, GEOJSON_OFFER, {"collection": collection_id})

    def given(self) -> dict[str, list[str]]:
        """Return the parameters of the query."""
        return {name: self.get_query_arguments(name) for name in self.request.query_arguments if name != "token"}

    def page_links(self, path: tuple[str, ...], following: str) -> list[dict[str, Any]]:
        """Return the links of a page that a query has asked for."""
        asked = {name: ",".join(values) for name, values in self.given().items()}
        links = [
            self.links.link("self", *path, type=GEOJSON, **asked),
            self.links.link("root", title="Landing page"),
        ]
        if following:
            links.append(self.links.link("next", *path, type=GEOJSON, **(asked | {"cursor": following})))
        return links


def _features(page: Page, request: ItemRequest, root: bytes) -> list[orjson.Fragment]:
    from gdc_jupyter.catalog.item_documents import ROOT
    from gdc_jupyter.catalog.item_fields import Fields

    texts = (document.replace(ROOT.encode(), root) for document in page.documents)
    if request.fields == Fields():
        return [orjson.Fragment(text) for text in texts]
    return [orjson.Fragment(orjson.dumps(request.fields.of(orjson.loads(text)))) for text in texts]


def as_in_json(text: str) -> bytes:
    """Return a text as it stands between the quotes of JSON."""
    return orjson.dumps(text)[1:-1]


class ItemsHandler(_PageHandler):
    """The items, or features, of a collection."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """List a page of those that are wanted."""
        self.format(GEOJSON_OFFER, HTML)
        catalog, most = await self.catalog(), self.services.limits.max_page

        def find() -> tuple[Page, ItemRequest]:
            from gdc_jupyter.catalog.item_request import from_parameters, invalid
            from gdc_jupyter.catalog.items import items_of

            given = self.given()
            # Clients that go through the items of a collection as of a search tell its id once more.
            if given.pop("collections", [collection_id]) != [collection_id]:
                raise invalid("collections", "is for /search; here the collection is told by the path")
            catalog.get(collection_id)
            request = from_parameters(given, most)
            return items_of(catalog, collection_id, request.query, self.gone), request

        page, request = await self.in_thread(find)
        links = self.page_links(("collections", collection_id, "items"), page.cursor)
        links.append(self.links.link("collection", "collections", collection_id))
        await self.send_items(page, request, links, collection_id)


class ItemHandler(ApiHandler):
    """One item."""

    @allow_unauthenticated
    async def get(self, collection_id: str, item_id: str) -> None:
        """Send it."""
        self.format(GEOJSON_OFFER, HTML)
        catalog = await self.catalog()

        def find() -> bytes:
            from gdc_jupyter.catalog.item_documents import ROOT
            from gdc_jupyter.catalog.items import item

            return item(catalog, collection_id, item_id).replace(ROOT.encode(), as_in_json(self.links.root))

        found = orjson.Fragment(await self.in_thread(find))
        await self.send_as("item", found, GEOJSON_OFFER, {"collection_id": collection_id})


class AssetHandler(ApiHandler, StaticFileHandler):
    """The files of assets: whole, in ranges, or only if they changed."""

    def initialize(self) -> None:  # type: ignore[override]
        """Leave the folder to the request."""
        StaticFileHandler.initialize(self, path="")

    @allow_unauthenticated
    async def head(self, collection_id: str, item_id: str, asset: str) -> None:  # type: ignore[override]
        """Tell size and type."""
        await self._serve(collection_id, item_id, asset, include_body=False)

    @allow_unauthenticated
    async def get(self, collection_id: str, item_id: str, asset: str) -> None:  # type: ignore[override]
        """Send the file."""
        await self._serve(collection_id, item_id, asset, include_body=True)

    async def _serve(self, collection_id: str, item_id: str, asset: str, include_body: bool) -> None:
        catalog = await self.catalog()

        def find() -> Path:
            from gdc_jupyter.catalog.items import asset_file

            return asset_file(catalog, collection_id, item_id, asset)

        path = await self.in_thread(find)
        self.root = str(path.parent)
        try:
            await StaticFileHandler.get(self, path.name, include_body=include_body)
        except (HTTPError, FileNotFoundError) as error:
            if isinstance(error, HTTPError) and error.status_code not in (403, 404):
                raise
            raise GdcError("AssetNotFound", f"The file of '{asset}' of the item '{item_id}' is gone.") from None

    def compute_etag(self) -> str | None:
        """Return a tag of time and size: a large file is not read for it."""
        status = self._stat()
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'

    def get_content_type(self) -> str:
        """Return the media type."""
        kinds = {".tif": "image/tiff; application=geotiff", ".tiff": "image/tiff; application=geotiff"}
        return kinds.get(Path(str(self.absolute_path)).suffix.lower(), "application/octet-stream")

    def set_extra_headers(self, path: str) -> None:
        """Add the file's name."""
        self.set_attachment_header(Path(path).name)
        self.set_header("Cache-Control", "private")


class SearchHandler(_PageHandler):
    """Search over the items of all collections."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List a page of those that the query wants."""
        page, request = await self._find(self.given(), None)
        await self.send_items(page, request, self.page_links(("search",), page.cursor))

    @allow_unauthenticated
    async def post(self) -> None:
        """List a page of those that the body wants."""
        body = await self.read_json("search-items-by-body")
        page, request = await self._find(None, body)
        links: list[dict[str, Any]] = [
            self.links.link("self", "search", type=GEOJSON),
            self.links.link("root", title="Landing page"),
        ]
        if page.cursor:
            following = {"method": "POST", "body": {"cursor": page.cursor}, "merge": True}
            links.append({**self.links.link("next", "search", type=GEOJSON), **following})
        await self.send_items(page, request, links)

    async def _find(self, given: dict[str, list[str]] | None, body: dict[str, Any] | None) -> tuple[Page, ItemRequest]:
        catalog, most = await self.catalog(), self.services.limits.max_page

        def find() -> tuple[Page, ItemRequest]:
            from gdc_jupyter.catalog.item_request import from_body, from_parameters
            from gdc_jupyter.catalog.items import search

            request = from_parameters(given, most) if given is not None else from_body(body or {}, most)
            return search(catalog, request.query, self.gone), request

        return await self.in_thread(find)


class QueryablesHandler(ApiHandler):
    """What items can be searched by, of all collections or of one."""

    @allow_unauthenticated
    async def get(self, collection_id: str | None = None) -> None:
        """Describe it as a JSON Schema."""
        catalog = await self.catalog()

        def find() -> dict[str, str]:
            from gdc_jupyter.catalog.items import property_types

            return property_types(catalog, None if collection_id is None else [collection_id])

        path = ("queryables",) if collection_id is None else ("collections", collection_id, "queryables")
        self.send(queryables(self.links.url(*path), await self.in_thread(find), collection_id), SCHEMA)


def queryables(address: str, types: dict[str, str], collection_id: str | None) -> dict[str, Any]:
    """Return a JSON Schema of the properties that items have; others may be asked for, and are then null."""
    properties: dict[str, Any] = {
        "id": {"title": "Id", "$ref": f"{_TYPE}item.json#/definitions/core/allOf/2/properties/id"},
        "collection": {"title": "Collection", "type": "string"},
        "geometry": {"title": "Geometry", "$ref": "https://geojson.org/schema/Geometry.json"},
        "datetime": {"title": "Date and time", "type": "string", "format": "date-time"},
    }
    properties |= {name: {"title": name, "type": kind} for name, kind in types.items() if name not in properties}
    title = "Queryables" if collection_id is None else f"Queryables of {collection_id}"
    return {
        "$schema": _DRAFT,
        "$id": address,
        "type": "object",
        "title": title,
        "properties": properties,
        "additionalProperties": True,
    }


def item_links(collection: Collection, links: Links) -> list[dict[str, str]]:
    """Return the links from a collection to its items and to what they can be searched by."""
    elsewhere = collection.items_url
    if elsewhere is not None:
        return [link("items", elsewhere, GEOJSON, "Items")]
    return [
        links.link("items", "collections", collection.id, "items", type=GEOJSON, title="Items"),
        links.link(QUERYABLES, "collections", collection.id, "queryables", type=SCHEMA, title="Queryables"),
    ]


def search_links(links: Links) -> list[dict[str, Any]]:
    """Return the links from the landing page to search."""
    return [
        {**links.link("search", "search", type=GEOJSON, title="Search for items"), "method": "GET"},
        {**links.link("search", "search", type=GEOJSON, title="Search for items"), "method": "POST"},
        links.link(QUERYABLES, "queryables", type=SCHEMA, title="Queryables"),
    ]
