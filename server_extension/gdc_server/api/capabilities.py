"""What the server is and can do: landing page, conformance, versions and the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import StaticFileHandler

from gdc_server import __version__, contract, openapi30, pages
from gdc_server.api.base import ApiHandler
from gdc_server.api.conformance import CONFORMS_TO
from gdc_server.api.items import search_links
from gdc_server.api.links import CONFORMANCE, OPENAPI, Links
from gdc_server.api.negotiation import HTML, Offer

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection

_OGC = "http://www.opengis.net/def/rel/ogc/1.0"
PROCESSES, JOBS = f"{_OGC}/processes", f"{_OGC}/job-list"
_CONTRACT = Offer("json", OPENAPI, ("application/json",))
_CONTRACT_30 = Offer("oas30", "application/vnd.oai.openapi+json;version=3.0")
GDC_VERSION = "1.0.0-beta"
OPENEO_VERSION = "1.2.0"
STAC_VERSION = "1.0.0"
_DESCRIPTION = (
    "Data cubes inside Jupyter: discover collections, and compute on them with openEO process graphs, "
    "synchronously or as batch jobs. Log in with the token of the Jupyter server as the password."
)


class LandingHandler(ApiHandler):
    """The landing page."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Describe the server, and link its collections as children of a STAC catalogue."""
        catalog = await self.catalog()
        await self.send_as("landing", await self.in_thread(lambda: _landing(catalog.collections(), self.links)))


def _landing(collections: Sequence[Collection], links: Links) -> dict[str, Any]:
    children = [
        links.link("child", "collections", collection.id, title=collection.title or collection.id)
        for collection in collections
    ]
    return {
        "type": "Catalog",
        "id": "gdc-jupyter",
        "title": "gdc-jupyter",
        "description": _DESCRIPTION,
        "stac_version": STAC_VERSION,
        "api_version": OPENEO_VERSION,
        "gdc_version": GDC_VERSION,
        "backend_version": __version__,
        "production": False,
        "conformsTo": CONFORMS_TO,
        "endpoints": contract.endpoints(),
        "links": [
            links.link("self", title="This page"),
            links.link("root", title="This page"),
            links.link("service-desc", "api", type=OPENAPI, title="The API as an OpenAPI document"),
            links.link(
                "service-desc",
                "api",
                f=_CONTRACT_30.name,
                type=_CONTRACT_30.media_type,
                title="The API as an OpenAPI document of version 3.0",
            ),
            links.link("service-doc", "api", f="html", type="text/html", title="The API as a page"),
            links.link("alternate", f="html", type="text/html", title="This page for people"),
            links.link("processes", "processes", title="Processes"),
            links.link(PROCESSES, "processes", title="Processes"),
            links.link(JOBS, "jobs", title="Jobs"),
            links.link("conformance", "conformance", title="Conformance classes"),
            links.link(CONFORMANCE, "conformance", title="Conformance classes"),
            links.link("data", "collections", title="Collections"),
            *search_links(links),
            links.link("version-history", ".well-known", "openeo", title="Versions of the API"),
            *children,
        ],
    }


class ConformanceHandler(ApiHandler):
    """The conformance classes."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List them."""
        await self.send_as("conformance", {"conformsTo": CONFORMS_TO})


class WellKnownHandler(ApiHandler):
    """The versions of the API, under the API and at the server's root."""

    @allow_unauthenticated
    def get(self) -> None:
        """List the one version there is; its address ends with a slash, as clients expect."""
        version: dict[str, Any] = {"url": f"{self.links.url()}/", "api_version": OPENEO_VERSION, "production": False}
        self.send({"versions": [version]})


class ContractHandler(ApiHandler):
    """The OpenAPI document."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Send it with this server's address in it."""
        servers = {"servers": [{"url": self.links.url()}]}
        if self.format(_CONTRACT, _CONTRACT_30, HTML) is _CONTRACT_30:
            document = await self.in_thread(openapi30.document)
            await self.send_long(document | servers, _CONTRACT_30.media_type)
            return
        document = await self.in_thread(contract.document)
        await self.send_as("api", document | servers, _CONTRACT)


class StaticHandler(ApiHandler, StaticFileHandler):
    """The style of pages."""

    def initialize(self) -> None:  # type: ignore[override]
        """Serve one folder."""
        StaticFileHandler.initialize(self, path=str(pages.STATIC))

    @allow_unauthenticated
    async def head(self, path: str) -> None:
        """Tell size and type."""
        await StaticFileHandler.get(self, path, include_body=False)

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """Send a file."""
        await StaticFileHandler.get(self, path, include_body)
