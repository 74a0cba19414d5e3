"""Processes that users have stored."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.web import authenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.ogcapi.process import built_in_graphs
from gdc_server.api.base import ApiHandler
from gdc_server.api.paging import page_links

#: What a list of processes leaves out.
_LARGE = ("exceptions", "examples", "links")


class UserProcessesHandler(ApiHandler):
    """The processes of a user."""

    @authenticated
    async def get(self) -> None:
        """List a page of them by id, without their graphs."""
        limit, cursor = self.limit(), self.get_query_argument("cursor", "") or None
        store = await self.services.process_store()
        processes, following = await asyncio.to_thread(store.list, self.owner, limit, cursor)
        await self.send_long(
            {
                "processes": [_brief(process) for process in processes],
                "links": page_links(self.links, "process_graphs", limit, cursor, following),
            }
        )


class UserProcessHandler(ApiHandler):
    """One process of a user."""

    @authenticated
    async def get(self, process_id: str) -> None:
        """Describe it in full."""
        store = await self.services.process_store()
        await self.send_long(await asyncio.to_thread(store.get, self.owner, process_id))

    @authenticated
    async def put(self, process_id: str) -> None:
        """Store it where it is right."""
        body = await self.read_json("store-custom-process")
        process = {name: value for name, value in body.items() if value is not None}
        store = await self.services.process_store()
        store.check_id(process_id)
        predefined = await self.services.constant("processes")
        if any(each["id"] == process_id for each in [*predefined, *built_in_graphs().values()]):
            raise GdcError("PredefinedProcessExists", f"There is a predefined process '{process_id}': take another id.")
        queue = await self.services.queue()
        faults = await queue.ask("validate", process=process, owner=self.owner, stored_as=process_id)
        if faults:
            code = faults[0]["code"] if len(faults) == 1 else "ProcessGraphInvalid"
            raise GdcError(code, "; ".join(fault["message"] for fault in faults[:5]))
        await asyncio.to_thread(store.put, self.owner, process_id, process)
        self.set_header("Content-Type", "application/json")

    @authenticated
    async def delete(self, process_id: str) -> None:
        """Forget it."""
        store = await self.services.process_store()
        await asyncio.to_thread(store.delete, self.owner, process_id)
        self.set_status(204)


def _brief(process: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in process.items() if name not in _LARGE}
