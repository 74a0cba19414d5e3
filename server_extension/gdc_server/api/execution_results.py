"""Results of OGC executions: the file itself or a document, by value or by addresses."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import results
from gdc_jupyter.jobs.model import Execution, Job
from gdc_jupyter.ogcapi.process import OUTPUT
from gdc_server.api.base import ApiHandler
from gdc_server.api.result import send_files
from gdc_server.services import Services

#: Bytes of files in a document.
MOST_IN_DOCUMENT = 20 << 20
_JSON = ("application/json", "application/geo+json", "application/prs.coverage+json")


async def send_results(handler: ApiHandler, job: Job, execution: Execution) -> None:
    """Send the results of a job as they were asked for.

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
        raise GdcError("ResultNotReady", f"The job is {job.status}: there are no results yet.")
    services, root = handler.services, handler.links.root
    described = await asyncio.to_thread(_described, services, job.id)
    if execution.response == "raw":
        await send_files(handler, described, _folder(services, job.id) / results.FILES)
    elif execution.response == "document":
        files = _folder(services, job.id) / results.FILES
        await handler.send_long(await asyncio.to_thread(in_document, described, files))
    elif execution.response == "document-links":
        handler.send(_linked(services, job.id, described, root))
    else:
        for name, each in _linked(services, job.id, described, root).items():
            handler.add_header("Link", f'<{each["href"]}>; rel="{name}"; type="{each["type"]}"')
        handler.set_status(204)
        await handler.finish()


def results_document(services: Services, job_id: str, execution: Execution) -> dict[str, Any]:
    """Return the results of a finished job for its subscriber: values where a document was asked for, else links."""
    described = _described(services, job_id)
    if execution.response == "document":
        try:
            return in_document(described, _folder(services, job_id) / results.FILES)
        except GdcError:
            # Too large: it is fetched.
            pass
    return _linked(services, job_id, described, execution.root)


def in_document(described: Mapping[str, Any], files: Path) -> dict[str, Any]:
    """Return results as a document has them: bare values, objects and files with their media types.

    Raises
    ------
    GdcError
        ``OutputInvalid`` where they are too large.
    """
    if "value" in described:
        value = described["value"]
        return {OUTPUT: {"value": value} if isinstance(value, dict) else value}
    assets = _assets(described)
    size = sum((files / asset["href"]).stat().st_size for asset in assets.values())
    if size > MOST_IN_DOCUMENT:
        raise GdcError(
            "OutputInvalid",
            f"The result has {size:,} bytes, and a document may have {MOST_IN_DOCUMENT:,}; ask for it raw, or by "
            "reference.",
        )
    return {name: _qualified((files / asset["href"]).read_bytes(), asset["type"]) for name, asset in assets.items()}


def _qualified(content: bytes, media_type: str) -> dict[str, Any]:
    if media_type.partition(";")[0] in _JSON:
        # It is put in as it is: what the writers write is JSON.
        return {"mediaType": media_type, "value": orjson.Fragment(content)}
    if media_type.startswith("text/"):
        return {"mediaType": media_type, "value": content.decode("utf-8")}
    return {"mediaType": media_type, "encoding": "base64", "value": base64.b64encode(content).decode()}


def _linked(services: Services, job_id: str, described: Mapping[str, Any], root: str) -> dict[str, dict[str, str]]:
    """Return results as links, whose addresses are signed."""
    found = {}
    for name, asset in _assets(described).items():
        signature, expires = services.signer.sign(job_id, asset["href"])
        address = f"{root}/results/{expires}/{signature}/{job_id}/{asset['href']}"
        found[name] = {"href": address, "type": asset["type"], "title": asset.get("title") or asset["href"]}
    return found


def _assets(described: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the files of data by the names that they have in a document."""
    every = described["assets"].values()
    assets = [asset for asset in every if "data" in asset.get("roles", ["data"])] or list(every)
    return {OUTPUT if number == 1 else f"{OUTPUT}_{number}": asset for number, asset in enumerate(assets, 1)}


def _described(services: Services, job_id: str) -> dict[str, Any]:
    return results.read(_folder(services, job_id) / results.METADATA)


def _folder(services: Services, job_id: str) -> Path:
    return services.data / "jobs" / job_id
