"""What can be computed, in which formats, whether a graph is right, and what it is as code."""

from __future__ import annotations

from functools import partial
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import authenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.ogcapi.process import VERSION, built_in, of_user
from gdc_jupyter.udf.listing import runtimes
from gdc_server.api.base import ApiHandler
from gdc_server.api.executions import process_links
from gdc_server.api.paging import page_links, page_of

#: Faults of the contract that are faults of a process: to tell them is what a validation is for.
FAULTS = ("ProcessGraphMissing", "ProcessGraphInvalid")
#: Characters of an address.
_LONGEST_ADDRESS = 2000


class ProcessesHandler(ApiHandler):
    """The processes."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List a page of them."""
        limit, cursor = self.limit(), self.integer("cursor", 0)
        # A version is what an OGC API knows processes by.
        predefined = [each | {"version": VERSION} for each in await self.services.constant("processes")]
        every = [*predefined, *await self._ogc()]
        processes, following = page_of(every, limit, cursor)
        links = page_links(self.links, "processes", limit, cursor, following)
        await self.send_as("processes", {"processes": processes, "links": links})

    async def _ogc(self) -> list[dict[str, Any]]:
        """Return the OGC processes, those of the user among them."""
        found = list(built_in())
        if self.viewer is not None:
            store = await self.services.process_store()
            stored, _ = await self.in_thread(partial(store.list, self.viewer))
            found += [of_user(process) for process in stored]
        return [process.listed() | {"links": process_links(process, self.links)} for process in found]


class FileFormatsHandler(ApiHandler):
    """The formats of files that can be loaded, and of results."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List them."""
        await self.send_long(await self.services.constant("formats"))


class UdfRuntimesHandler(ApiHandler):
    """Runtimes for code of the user's."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List them; there is none where no such code runs."""
        self.send(await self.in_thread(runtimes) if self.services.permissions.udf else {})


class ValidationHandler(ApiHandler):
    """Checks graphs."""

    @allow_unauthenticated
    async def post(self) -> None:
        """List all faults of a process; none where it is right."""
        try:
            process = await self.read_json("validate")
        except GdcError as fault:
            if fault.code not in FAULTS:
                raise
            self.send({"errors": [{"code": fault.code, "message": fault.message}]})
            return
        queue = await self.services.queue()
        faults = await queue.ask("validate", process=process, owner=self.viewer)
        await self.send_long({"errors": faults})


class PythonCodeHandler(ApiHandler):
    """Writes code."""

    @authenticated
    async def post(self) -> None:
        """Send a process as calls of the openEO client, which connect to this server or to an address."""
        process = await self.read_json("write-python-code")
        url = self.get_query_argument("url", "") or None
        if url is not None and (len(url) > _LONGEST_ADDRESS or not url.startswith(("http://", "https://"))):
            raise GdcError(
                "RequestInvalid",
                f"The parameter 'url' must be an address of http or https of at most {_LONGEST_ADDRESS} characters.",
            )
        queue = await self.services.queue()
        async with queue.warm.answer("python_code", process=process, url=url) as answer:
            await self.send_stream(answer)
