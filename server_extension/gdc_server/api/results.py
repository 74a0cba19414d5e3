"""What batch jobs made: start and cancel them, STAC metadata of their files, and the files by signed addresses."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError, StaticFileHandler, authenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import results
from gdc_jupyter.jobs.model import Job
from gdc_server.api.base import ApiHandler
from gdc_server.api.downloads import DownloadHandler
from gdc_server.api.execution_results import send_results
from gdc_server.api.jobs import log_entry
from gdc_server.api.links import GEOJSON, link
from gdc_server.api.negotiation import JSON, Offer
from gdc_server.services import Services

_GEOJSON = Offer("geojson", GEOJSON)


class ResultsHandler(ApiHandler):
    """The results of a job."""

    @authenticated
    async def get(self, job_id: str) -> None:
        """Describe them as a STAC Item whose assets have signed addresses that expire."""
        store = await self.services.store()
        job = await asyncio.to_thread(store.get, job_id, self.owner)
        executions = await self.services.execution_store()
        if execution := await asyncio.to_thread(executions.get, job_id):
            await send_results(self, job, execution)
            return
        if job.status == "error":
            last = await asyncio.to_thread(store.last_error, job_id)
            reason = log_entry(last) if last else {"id": "0", "level": "error", "message": "The job failed."}
            self.send({"code": "JobFailed"} | reason, status=424)
            return
        # To download the results costs their owner nothing.
        self.set_header("OpenEO-Costs", "0")
        self.send(await self.item(job), self.format(JSON, _GEOJSON).media_type)

    async def item(self, job: Job) -> dict[str, Any]:
        """Return the STAC Item of a finished job."""
        if job.status in ("queued", "running"):
            raise GdcError("JobNotFinished", f"The job is {job.status}; ask again when it is finished.")
        if job.status in ("created", "canceled"):
            raise GdcError("JobNotStarted", f"The job is {job.status} and has no results: start it first.")
        described = await asyncio.to_thread(results.read, job_folder(self.services, job.id) / results.METADATA)
        item = results.stac_item(job, described)
        signer = self.services.signer
        for href, asset in item["assets"].items():
            signature, expires = signer.sign(job.id, href)
            asset["href"] = self.links.url("results", str(expires), signature, job.id, href)
        signature, expires = signer.sign(job.id, "")
        item["properties"]["expires"] = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        canonical = self.links.url("results", str(expires), signature, job.id)
        item["links"] = [
            self.links.link("self", "jobs", job.id, "results", type=GEOJSON),
            link("canonical", canonical, GEOJSON, "These metadata without a login"),
        ]
        return item

    @authenticated
    async def post(self, job_id: str) -> None:
        """Start a job, dropping the results of an earlier run. A graph with faults is refused with all of them."""
        queue = await self.services.queue()
        job = await asyncio.to_thread(queue.store.get, job_id, self.owner)
        if job.status not in ("queued", "running"):
            await self._refuse_faults(job)
            await queue.start(job_id)
        self.set_status(202)
        self.set_header("Content-Type", "application/json")

    async def _refuse_faults(self, job: Job) -> None:
        queue = await self.services.queue()
        faults = await queue.ask("validate", process=job.process, owner=job.owner)
        if faults:
            code = faults[0]["code"] if len(faults) == 1 else "ProcessGraphInvalid"
            raise GdcError(code, " ".join(fault["message"] for fault in faults[:5]))

    @authenticated
    async def delete(self, job_id: str) -> None:
        """Cancel a job; returns when its process is gone."""
        queue = await self.services.queue()
        await asyncio.to_thread(queue.store.get, job_id, self.owner)
        await queue.cancel(job_id)
        self.set_status(204)


class SignedMetadataHandler(ResultsHandler):
    """The metadata of results by a signed address."""

    @allow_unauthenticated
    async def get(self, expires: str, signature: str, job_id: str) -> None:
        """Describe them as `ResultsHandler` does."""
        self.services.signer.check(signature, expires, job_id, "")
        store = await self.services.store()
        self.send(await self.item(await asyncio.to_thread(store.get, job_id, None)), GEOJSON)

    post = ApiHandler._unimplemented_method
    delete = ApiHandler._unimplemented_method


class FileHandler(DownloadHandler):
    """The files of results by signed addresses: whole, in ranges, or only if they changed."""

    @allow_unauthenticated
    async def head(self, expires: str, signature: str, job_id: str, file: str) -> None:  # type: ignore[override]
        """Tell size and type."""
        await self._serve(expires, signature, job_id, file, include_body=False)

    @allow_unauthenticated
    async def get(self, expires: str, signature: str, job_id: str, file: str) -> None:  # type: ignore[override]
        """Send the file."""
        await self._serve(expires, signature, job_id, file, include_body=True)

    async def _serve(self, expires: str, signature: str, job_id: str, file: str, include_body: bool) -> None:
        self.services.signer.check(signature, expires, job_id, file)
        folder = job_folder(self.services, job_id)
        self.root = str(folder / results.FILES)
        try:
            assets = (await asyncio.to_thread(results.read, folder / results.METADATA))["assets"]
            self.media_type = str(assets[file]["type"])
            await StaticFileHandler.get(self, file, include_body=include_body)
        except (HTTPError, FileNotFoundError, KeyError) as error:
            if isinstance(error, HTTPError) and error.status_code not in (403, 404):
                raise
            raise GdcError("FileNotFound", f"The result file '{file}' is no longer there.") from None


def job_folder(services: Services, job_id: str) -> Path:
    """Return where the files of a job are."""
    return services.data / "jobs" / job_id
