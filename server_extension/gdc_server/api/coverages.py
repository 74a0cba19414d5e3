"""Coverages: parts of collections in several formats, and what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import allow_unauthenticated

from gdc_jupyter.coverages.media import MEDIA
from gdc_server.api.base import ApiHandler
from gdc_server.api.links import Links
from gdc_server.api.negotiation import JSON, Offer

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection

OFFERS = [Offer(media.name, media.type, media.aliases) for media in MEDIA]
_REL = "http://www.opengis.net/def/rel/ogc/1.0/"


class _CoverageHandler(ApiHandler):
    def query(self) -> dict[str, list[str]]:
        """Return the parameters but for that of the format."""
        names = self.request.query_arguments
        return {name: self.get_query_arguments(name) for name in names if name not in ("f", "token")}


class CoverageHandler(_CoverageHandler):
    """A coverage."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Send it in the format that the client wants."""
        chosen = self.format(*OFFERS)
        queue = await self.services.queue()
        asked = {"collection": collection_id, "query": self.query(), "format": chosen.name, "viewer": self.viewer}
        async with queue.warm.answer("coverage", **asked, most=self.services.limits.max_coverage_bytes) as answer:
            await self.send_stream(answer)


class DomainSetHandler(_CoverageHandler):
    """The positions of a coverage."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Send them."""
        self.format(JSON)
        queue = await self.services.queue()
        self.send(await queue.warm.ask("domain_set", collection=collection_id, query=self.query(), viewer=self.viewer))


class RangeTypeHandler(_CoverageHandler):
    """The fields of a coverage."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Send them."""
        self.format(JSON)
        queue = await self.services.queue()
        self.send(await queue.warm.ask("range_type", collection=collection_id, query=self.query(), viewer=self.viewer))


def coverage_links(collection: Collection, links: Links) -> list[dict[str, str]]:
    """Return the links from a collection to its coverage, one for each format, and to what describes it."""
    path = ("collections", collection.id, "coverage")
    return [
        *(links.link(f"{_REL}coverage", *path, f=media.name, type=media.type, title=media.title) for media in MEDIA),
        links.link(f"{_REL}coverage-domainset", *path, "domainset", title="Domain set"),
        links.link(f"{_REL}coverage-rangetype", *path, "rangetype", title="Range type"),
    ]
