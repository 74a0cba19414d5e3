"""Coverages: parts of collections in several formats, and what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated

from gdc_jupyter.coverages.media import MEDIA
from gdc_server.api.base import ApiHandler
from gdc_server.api.links import Links
from gdc_server.api.negotiation import HTML, JSON, Offer

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection

OFFERS = [Offer(media.name, media.type, media.aliases) for media in MEDIA]
_SCREEN = (800, 500)
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
        chosen = self.format(*OFFERS, HTML)
        if chosen is HTML:
            await self._send_page(collection_id)
            return
        queue = await self.services.queue()
        asked = {"collection": collection_id, "query": self.query(), "format": chosen.name, "viewer": self.viewer}
        async with queue.warm.answer("coverage", **asked, most=self.services.limits.max_coverage_bytes) as answer:
            await self.send_stream(answer)

    async def _send_page(self, collection_id: str) -> None:
        """Send a page with a picture, the axes and what can be downloaded."""
        queue = await self.services.queue()
        query = self.query()
        positions = {name: values for name, values in query.items() if name != "properties"}
        asked = {"collection": collection_id, "query": positions, "viewer": self.viewer}
        domain = await queue.warm.ask("domain_set", **asked)
        flat = {name: ",".join(values) for name, values in query.items()}
        path = ("collections", collection_id, "coverage")
        shown = flat if any(name.startswith("scale-") for name in flat) else flat | _fitting(domain)
        formats = [{"href": self.links.url(*path, **flat, f=media.name), "title": media.title} for media in MEDIA]
        await self.send_page(
            "coverage",
            {
                "id": collection_id,
                "picture": self.links.url(*path, **shown, f="png"),
                "formats": formats,
                "json": self.links.url(*path, **flat, f="json"),
                "domain": domain,
            },
        )


def _fitting(domain: dict[str, Any]) -> dict[str, str]:
    """Return the size of a picture that fits a screen; none where it does so by itself."""
    axes = {axis["axisLabel"]: axis for axis in domain["generalGrid"]["axis"] if "resolution" in axis}
    if not {"x", "y"} <= axes.keys():
        return {}
    width, height = (
        round(abs((float(axes[name]["upperBound"]) - float(axes[name]["lowerBound"])) / axes[name]["resolution"])) + 1
        for name in "xy"
    )
    factor = max(width / _SCREEN[0], height / _SCREEN[1])
    if factor <= 1:
        return {}
    return {"scale-size": f"x({max(round(width / factor), 1)}),y({max(round(height / factor), 1)})"}


class DomainSetHandler(_CoverageHandler):
    """The positions of a coverage."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Send them."""
        self.format(JSON, HTML)
        queue = await self.services.queue()
        asked = {"collection": collection_id, "query": self.query(), "viewer": self.viewer}
        found = await queue.warm.ask("domain_set", **asked)
        await self.send_as("document", found, also=_about("Domain set", collection_id))


class RangeTypeHandler(_CoverageHandler):
    """The fields of a coverage."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Send them."""
        self.format(JSON, HTML)
        queue = await self.services.queue()
        asked = {"collection": collection_id, "query": self.query(), "viewer": self.viewer}
        found = await queue.warm.ask("range_type", **asked)
        await self.send_as("document", found, also=_about("Range type", collection_id))


def _about(title: str, collection_id: str) -> dict[str, Any]:
    """Return what the page of a plain document needs beside it."""
    return {"about": {"title": f"{title} of {collection_id}", "collection": collection_id}}


def coverage_links(collection: Collection, links: Links) -> list[dict[str, str]]:
    """Return the links from a collection to its coverage, one for each format, and to what describes it."""
    path = ("collections", collection.id, "coverage")
    return [
        *(links.link(f"{_REL}coverage", *path, f=media.name, type=media.type, title=media.title) for media in MEDIA),
        links.link(f"{_REL}coverage", *path, f="html", type="text/html", title="Page with a picture"),
        links.link(f"{_REL}coverage-domainset", *path, "domainset", title="Domain set"),
        links.link(f"{_REL}coverage-rangetype", *path, "rangetype", title="Range type"),
    ]
