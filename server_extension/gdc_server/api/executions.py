"""OGC processes: what there is, how one is executed, and its jobs in OGC's shape."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import authenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import results
from gdc_jupyter.jobs.model import Execution, Job
from gdc_jupyter.ogcapi.process import VERSION, OgcProcess, built_in, of_user
from gdc_server.api.base import ApiHandler
from gdc_server.api.execution_results import in_document, send_results
from gdc_server.api.links import Links, link
from gdc_server.api.result import SynchronousHandler, too_slow
from gdc_server.callbacks import check_address

STATES = {
    "created": "accepted",
    "queued": "accepted",
    "running": "running",
    "finished": "successful",
    "error": "failed",
    "canceled": "dismissed",
}
_RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
_EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"


class _ProcessHandler(ApiHandler):
    async def process(self, process_id: str) -> OgcProcess:
        """Return a process that comes with the server, or one of the user's.

        Raises
        ------
        GdcError
            ``ProcessNotFound``; ``ProcessUnsupported`` for a process of openEO, which is none of OGC.
        """
        if any(each["id"] == process_id for each in await self.services.constant("processes")):
            raise GdcError(
                "ProcessUnsupported",
                f"'{process_id}' is a process of openEO and runs in process graphs: send one to "
                f"{self.links.url('result')}, or store it at {self.links.url('process_graphs')} to execute it here.",
            )
        for each in built_in():
            if each.id == process_id:
                return each
        if self.viewer is not None:
            store = await self.services.process_store()
            try:
                return of_user(await asyncio.to_thread(store.get, self.viewer, process_id))
            except GdcError as error:
                if error.code != "ProcessGraphNotFound":
                    raise
        raise GdcError(
            "ProcessNotFound", f"There is no process '{process_id[:100]}'; {self.links.url('processes')} lists them."
        )


class ProcessHandler(_ProcessHandler):
    """One process."""

    @allow_unauthenticated
    async def get(self, process_id: str) -> None:
        """Describe it: an OGC process with inputs and outputs, or one of openEO."""
        predefined = await self.services.constant("processes")
        for each in predefined:
            if each["id"] == process_id:
                links = [*each.get("links", []), self._self(process_id)]
                await self.send_as("process", {**each, "version": VERSION, "links": links})
                return
        process = await self.process(process_id)
        await self.send_as("process", process.describe() | {"links": process_links(process, self.links)})

    def _self(self, process_id: str) -> dict[str, str]:
        return self.links.link("self", "processes", process_id)


class ExecutionHandler(_ProcessHandler, SynchronousHandler):
    """Executions of a process."""

    _waits: asyncio.Task[None] | None = None

    @authenticated
    async def post(self, process_id: str) -> None:
        """Execute it: while the client waits, or as a job where it prefers not to."""
        process = await self.process(process_id)
        body = await self.read_json("execute-ogc-process")
        subscriber = {name: str(uri) for name, uri in (body.get("subscriber") or {}).items() if uri}
        for uri in subscriber.values():
            await check_address(uri, self.services.callback_hosts)
        bound = await self._bound(process, body)
        await self._refuse_faults(bound)
        prefers = _preferences(self.request.headers.get_list("Prefer"))
        response = body.get("response") or "raw"
        linked = _by_reference(body.get("outputs"))
        if "respond-async" in prefers:
            execution = await self._start(process, bound, response, subscriber, linked)
            await self._send_status(execution)
            return
        if "respond-sync" in prefers:
            self.set_header("Preference-Applied", "respond-sync")
        if linked or subscriber:
            # What has an address, and what is told of, is a job.
            await self._send_when_ended(await self._start(process, bound, response, subscriber, linked))
        else:
            await self.compute(bound, self.send_result if response == "raw" else self._send_document)

    def on_connection_close(self) -> None:
        """End the work of a client that has gone."""
        super().on_connection_close()
        if self._waits is not None:
            self._waits.cancel()

    async def _bound(self, process: OgcProcess, body: dict[str, Any]) -> orjson.Fragment:
        """Return the openEO process that the execution stands for."""
        queue = await self.services.queue()
        given = {"inputs": body.get("inputs") or {}, "outputs": body.get("outputs")}
        async with queue.warm.answer("bind_inputs", process=_plain(process), **given, owner=self.owner) as answer:
            chunks = [chunk async for chunk in answer.chunks()]
        return orjson.Fragment(await asyncio.to_thread(b"".join, chunks))

    async def _refuse_faults(self, bound: orjson.Fragment) -> None:
        queue = await self.services.queue()
        faults = await queue.ask("validate", process=bound, owner=self.owner)
        if faults:
            code = faults[0]["code"] if len(faults) == 1 else "ProcessGraphInvalid"
            raise GdcError(code, " ".join(fault["message"] for fault in faults[:5]))

    async def _start(
        self, process: OgcProcess, bound: orjson.Fragment, response: str, subscriber: dict[str, str], linked: bool
    ) -> Execution:
        queue = await self.services.queue()
        store = await self.services.execution_store()
        job = await asyncio.to_thread(queue.store.create, self.owner, bound, title=process.title)
        way = f"{response}-links" if linked else response
        execution = Execution(job.id, process.id, way, subscriber, self.links.root)
        await asyncio.to_thread(store.add, execution)
        await queue.start(job.id)
        return execution

    async def _send_status(self, execution: Execution) -> None:
        store = await self.services.store()
        job = await asyncio.to_thread(store.get, execution.job_id, self.owner)
        self.set_header("Location", self.links.url("jobs", job.id))
        self.set_header("Preference-Applied", "respond-async")
        self.set_header("OpenEO-Identifier", job.id)
        self.set_header("GDC-Identifier", job.id)
        self.send(status_info(job, execution, self.links.root), status=201)

    async def _send_when_ended(self, execution: Execution) -> None:
        queue = await self.services.queue()
        seconds = self.services.limits.synchronous_timeout
        self._waits = asyncio.create_task(queue.ended(execution.job_id))
        try:
            await asyncio.wait_for(self._waits, seconds)
        except (TimeoutError, asyncio.CancelledError) as error:
            await queue.delete(execution.job_id, self.owner)
            if isinstance(error, TimeoutError):
                raise too_slow(seconds) from None
            # The client has gone: there is nobody to answer.
            self._finished = True
            return
        job = await asyncio.to_thread(queue.store.get, execution.job_id, self.owner)
        if job.status == "error":
            last = await asyncio.to_thread(queue.store.last_error, job.id)
            raise GdcError((last and last.code) or "JobFailed", last.message if last else "The job failed.")
        self.add_header("Link", f"<{self.links.url('jobs', job.id)}>; rel=monitor")
        await send_results(self, job, execution)

    async def _send_document(self, described: dict[str, Any], folder: Path) -> None:
        await self.send_long(await asyncio.to_thread(in_document, described, folder / results.FILES))


def _plain(process: OgcProcess) -> dict[str, Any]:
    names = ("id", "title", "description", "parameters", "returns", "process_graph")
    return {name: getattr(process, name) for name in names}


def _preferences(headers: list[str]) -> set[str]:
    return {part.strip().lower() for header in headers for part in header.replace(";", ",").split(",")}


def _by_reference(outputs: dict[str, Any] | None) -> bool:
    return any(
        isinstance(each, dict) and each.get("transmissionMode") == "reference" for each in (outputs or {}).values()
    )


def status_info(job: Job, execution: Execution, root: str, message: str = "") -> dict[str, Any]:
    """Return a job in OGC's shape.

    Parameters
    ----------
    job : Job
    execution : Execution
    root : str
        The address of the API.
    message : str
        What there is to say of the state, such as why the job failed.
    """
    status = STATES[job.status]
    address = f"{root}/jobs/{job.id}"
    told: dict[str, Any] = {
        "jobID": job.id,
        "processID": execution.process_id,
        "type": "process",
        "status": status,
        "message": message or f"The job is {status}.",
        "created": _time(job.created),
        "updated": _time(job.updated),
        "progress": 100 if status == "successful" else int(job.progress) if status == "running" else 0,
        "links": [
            link("self", address, title="Status"),
            link("monitor", address, title="Status"),
            link("related", f"{address}/logs", title="Logs"),
        ],
        # By these, those who list jobs by openEO find it as well.
        "id": job.id,
        "title": job.title or execution.process_id,
    }
    for name, time in (("started", job.started), ("finished", job.finished)):
        if time:
            told[name] = _time(time)
    if status == "successful":
        told["links"].append(link(_RESULTS, f"{address}/results", title="Results"))
    return told


def _time(text: str) -> str:
    return f"{text[:19]}Z"


def process_links(process: OgcProcess, links: Links) -> list[dict[str, str]]:
    """Return the links of a process."""
    return [
        links.link("self", "processes", process.id),
        links.link(_EXECUTE, "processes", process.id, "execution", title="Execute"),
    ]
