"""What can be computed, in which formats, and whether a graph is right."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from gdc_jupyter.udf.listing import runtimes
from gdc_server.api.base import ApiHandler
from gdc_server.api.paging import page_links, page_of


class ProcessesHandler(ApiHandler):
    """The processes."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List a page of them."""
        limit, cursor = self.limit(), self.integer("cursor", 0)
        processes, following = page_of(await self.services.constant("processes"), limit, cursor)
        self.send({"processes": processes, "links": page_links(self.links, "processes", limit, cursor, following)})


class FileFormatsHandler(ApiHandler):
    """The formats of files that can be loaded, and of results."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List them."""
        self.send(await self.services.constant("formats"))


class UdfRuntimesHandler(ApiHandler):
    """Runtimes for code of the user's."""

    @allow_unauthenticated
    def get(self) -> None:
        """List them; there is none where no such code runs."""
        self.send(runtimes() if self.services.permissions.udf else {})


class ValidationHandler(ApiHandler):
    """Checks graphs."""

    @allow_unauthenticated
    async def post(self) -> None:
        """List all faults of a process; none where it is right."""
        process = self.read_json("validate")
        queue = await self.services.queue()
        faults = await queue.ask("validate", process=process, owner=self.viewer)
        self.send({"errors": faults})
