"""OGC processes: what there is, how one is executed, and its jobs in OGC's shape."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import authenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import results
from gdc_jupyter.jobs.execution_store import Execution
from gdc_jupyter.jobs.model import Job
from gdc_jupyter.ogcapi.process import OUTPUT, OgcProcess, built_in, of_user
from gdc_server.api.base import ApiHandler
from gdc_server.api.links import Links, link
from gdc_server.api.result import SynchronousHandler
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
_MOST_IN_DOCUMENT = 20 << 20


class _ProcessHandler(ApiHandler):
    async def process(self, process_id: str) -> OgcProcess:
        """Return a process that comes with the server, or one of the user's.

        Raises
        ------
        GdcError
            ``ProcessNotFound``.
        """
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
                self.send_as("process", {**each, "version": "1.0.0", "links": links})
                return
        process = await self.process(process_id)
        self.send_as("process", process.describe() | {"links": process_links(process, self.links)})

    def _self(self, process_id: str) -> dict[str, str]:
        return self.links.link("self", "processes", process_id)


class ExecutionHandler(_ProcessHandler, SynchronousHandler):
    """Executions of a process."""

    @authenticated
    async def post(self, process_id: str) -> None:
        """Execute it: while the client waits, or as a job where it prefers not to."""
        process = await self.process(process_id)
        body = self.read_json("execute-ogc-process")
        subscriber = {name: str(uri) for name, uri in (body.get("subscriber") or {}).items() if uri}
        for uri in subscriber.values():
            await check_address(uri, self.services.callback_hosts)
        queue = await self.services.queue()
        bound = await queue.warm.ask(
            "bind_inputs",
            process=_plain(process),
            inputs=body.get("inputs") or {},
            outputs=body.get("outputs"),
            owner=self.owner,
        )
        await self._refuse_faults(bound)
        prefers = _preferences(self.request.headers.get_list("Prefer"))
        by_reference = _by_reference(body.get("outputs"))
        if "respond-async" in prefers or (by_reference and "respond-sync" not in prefers):
            await self._start(process, bound, body, subscriber)
            return
        if by_reference:
            raise GdcError("OutputInvalid", "A result by reference needs a job: send 'Prefer: respond-async'.")
        if "respond-sync" in prefers:
            self.set_header("Preference-Applied", "respond-sync")
        await self.compute(bound, self.send_result if body.get("response", "raw") == "raw" else self._send_document)

    async def _refuse_faults(self, bound: dict[str, Any]) -> None:
        queue = await self.services.queue()
        faults = await queue.ask("validate", process=bound, owner=self.owner)
        if faults:
            code = faults[0]["code"] if len(faults) == 1 else "ProcessGraphInvalid"
            raise GdcError(code, " ".join(fault["message"] for fault in faults[:5]))

    async def _start(
        self, process: OgcProcess, bound: dict[str, Any], body: dict[str, Any], subscriber: dict[str, str]
    ) -> None:
        queue = await self.services.queue()
        store = await self.services.execution_store()
        job = await asyncio.to_thread(queue.store.create, self.owner, bound, title=process.title)
        execution = Execution(job.id, process.id, body.get("response", "raw"), subscriber, self.links.root)
        await asyncio.to_thread(store.add, execution)
        await queue.start(job.id)
        job = await asyncio.to_thread(queue.store.get, job.id, self.owner)
        self.set_header("Location", self.links.url("jobs", job.id))
        self.set_header("Preference-Applied", "respond-async")
        self.set_header("OpenEO-Identifier", job.id)
        self.set_header("GDC-Identifier", job.id)
        self.send(status_info(job, execution, self.links.root), status=201)

    async def _send_document(self, described: dict[str, Any], folder: Path) -> None:
        self.send({OUTPUT: await asyncio.to_thread(_in_document, described, folder / "results")})


def _plain(process: OgcProcess) -> dict[str, Any]:
    names = ("id", "title", "description", "parameters", "returns", "process_graph")
    return {name: getattr(process, name) for name in names}


def _preferences(headers: list[str]) -> set[str]:
    return {part.strip().lower() for header in headers for part in header.replace(";", ",").split(",")}


def _by_reference(outputs: dict[str, Any] | None) -> bool:
    return any(
        isinstance(each, dict) and each.get("transmissionMode") == "reference" for each in (outputs or {}).values()
    )


def _in_document(described: dict[str, Any], files: Path) -> Any:
    """Return a result as it stands in a document: a value, or a file in base64."""
    if "value" in described:
        value = described["value"]
        return {"value": value} if isinstance(value, dict) else value
    (href, asset), *more = [(each["href"], each) for each in described["assets"].values()]
    if more:
        raise GdcError("OutputInvalid", "The result has several files; ask for it raw, or as a job.")
    path = files / href
    if path.stat().st_size > _MOST_IN_DOCUMENT:
        raise GdcError("OutputInvalid", "The result is too large for a document; ask for it raw, or as a job.")
    content = path.read_bytes()
    kind = str(asset["type"])
    if kind.partition(";")[0] in ("application/json", "application/geo+json", "application/prs.coverage+json"):
        import orjson

        return {"mediaType": kind, "value": orjson.loads(content)}
    if kind.startswith("text/"):
        return {"mediaType": kind, "value": content.decode("utf-8")}
    return {"mediaType": kind, "encoding": "base64", "value": base64.b64encode(content).decode()}


def status_info(job: Job, execution: Execution, root: str) -> dict[str, Any]:
    """Return a job in OGC's shape."""
    status = STATES[job.status]
    address = f"{root}/jobs/{job.id}"
    told: dict[str, Any] = {
        "jobID": job.id,
        "processID": execution.process_id,
        "type": "process",
        "status": status,
        "message": f"The job is {status}.",
        "created": _time(job.created),
        "updated": _time(job.updated),
        "progress": 100 if status == "successful" else int(job.progress) if status == "running" else 0,
        "links": [link("self", address, title="Status"), link("monitor", f"{address}/logs", title="Logs")],
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


async def execution_results(handler: ApiHandler, job: Job, execution: Execution) -> None:
    """Send the results of an execution: the file itself, or a document with addresses.

    Raises
    ------
    GdcError
        ``ResultNotReady``, or why the job failed.
    """
    if job.status == "error":
        store = await handler.services.store()
        last = await asyncio.to_thread(store.last_error, job.id)
        raise GdcError("JobFailed", last.message if last else "The job failed.")
    if job.status != "finished":
        raise GdcError("ResultNotReady", f"The job is {STATES[job.status]}: there are no results yet.")
    folder = handler.services.data / "jobs" / job.id
    described = await asyncio.to_thread(results.read, folder / results.METADATA)
    assets = [asset for asset in described.get("assets", {}).values() if "data" in asset.get("roles", ["data"])]
    signer = handler.services.signer

    def address(href: str) -> str:
        signature, expires = signer.sign(job.id, href)
        return handler.links.url("results", str(expires), signature, job.id, href)

    if execution.response == "raw" and len(assets) == 1:
        handler.redirect(address(assets[0]["href"]), status=303)
        return
    told = [
        {"href": address(asset["href"]), "type": asset["type"], "title": asset.get("title", "")} for asset in assets
    ]
    names = [OUTPUT] if len(told) == 1 else [f"{OUTPUT}_{number}" for number in range(1, len(told) + 1)]
    handler.send(dict(zip(names, told, strict=True)))
