"""A client of OGC API - Processes, Part 1: descriptions, execution at once or later, results by value."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

from gdc_jupyter.catalog.remote import FILE_BYTES, fetch_json, is_url, read_body, request, require_permitted
from gdc_jupyter.catalog.user_files import Scratch
from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Permissions

RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
# How long a process may take, how often it is asked for its status at first, and at last.
SECONDS = 3600.0
SOONEST, LATEST = 0.2, 10.0
FILES = {"image/tiff": ".tif", "application/x-netcdf": ".nc", "application/netcdf": ".nc"}
RUNNING = ("accepted", "running")


def process_url(process_id: str, permissions: Permissions) -> str:
    """Return the address of a process that is given as such, or by its id at the configured service.

    Raises
    ------
    GdcError
        ``InvalidOgcApiProcess`` or ``UrlNotPermitted``.
    """
    if is_url(process_id):
        address = process_id.rstrip("/").removesuffix("/execution")
    elif permissions.ogcapi:
        address = f"{permissions.ogcapi.rstrip('/')}/processes/{quote(process_id, safe='')}"
    else:
        raise GdcError(
            "InvalidOgcApiProcess",
            f"This service knows no OGC API with a process '{process_id}': give the address of the process as the id.",
        )
    require_permitted(address, permissions)
    return address


def describe(address: str, permissions: Permissions) -> dict[str, Any]:
    """Return the description of a process.

    Raises
    ------
    GdcError
        ``InvalidOgcApiProcess`` where there is none.
    """
    try:
        description = fetch_json(address, permissions, headers={"Accept": "application/json"})
    except GdcError as error:
        if error.code == "UrlNotFound":
            raise GdcError("InvalidOgcApiProcess", f"There is no OGC API process at {address}.") from None
        raise
    if not isinstance(description, dict) or "id" not in description:
        raise GdcError("InvalidOgcApiProcess", f"What is at {address} describes no OGC API process.")
    return description


def inputs_of(description: dict[str, Any], data: Any, context: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a process that data and a context make.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid`` where the process has no input for them.
    """
    names = _input_names(description)
    unknown = [name for name in context if name not in names]
    if unknown and names:
        raise GdcError(
            "ProcessParameterInvalid",
            f"The process '{description['id']}' has no input '{unknown[0]}'; it has {', '.join(names)}.",
        )
    if isinstance(data, dict) and data and set(data) <= set(names):
        return {**data, **context}
    if data is None:
        return dict(context)
    free = [name for name in names if name not in context]
    if not free:
        raise GdcError("ProcessParameterInvalid", f"The process '{description['id']}' has no input left for the data.")
    return {free[0]: _by_value(data), **context}


def _input_names(description: dict[str, Any]) -> list[str]:
    inputs = description.get("inputs") or {}
    if isinstance(inputs, list):
        return [str(each.get("id")) for each in inputs]
    return list(inputs)


def _by_value(data: Any) -> Any:
    """Return a value as an input; an object is wrapped, as the standard has it for complex values."""
    return {"value": data} if isinstance(data, dict) else data


def execute(
    address: str,
    description: dict[str, Any],
    inputs: dict[str, Any],
    permissions: Permissions,
    scratch: Callable[[], Scratch],
) -> tuple[Any, Path | None]:
    """Run a process and return its result: a JSON value, or the path of a file.

    Raises
    ------
    GdcError
        ``OgcApiProcessFailed`` where it fails or takes too long.
    """
    options = description.get("jobControlOptions") or ["sync-execute"]
    headers = {} if "sync-execute" in options else {"Prefer": "respond-async"}
    url = f"{address}/execution"
    with request(
        url, permissions, "POST", body={"inputs": inputs, "response": "document"}, headers=headers, seconds=SECONDS
    ) as response:
        if response.status_code != 201:
            return _result(response, url, scratch)
        job = response.headers.get("Location")
        status = _json(read_body(response, url), url)
    job = urljoin(url, job or _link(status, "monitor") or _link(status, "self") or "")
    if not job.rstrip("/") or job == url:
        raise GdcError("OgcApiProcessFailed", f"{address} does not tell where its job is.")
    try:
        results = _wait(job, permissions)
    except BaseException:
        with contextlib.suppress(GdcError), request(job, permissions, "DELETE"):
            pass
        raise
    with request(results, permissions) as response:
        return _result(response, results, scratch)


def _wait(job: str, permissions: Permissions) -> str:
    """Return the address of a job's results when it has succeeded."""
    end, pause = time.monotonic() + SECONDS, SOONEST
    while True:
        status = fetch_json(job, permissions)
        status = status if isinstance(status, dict) else {}
        state = str(status.get("status", "unknown"))
        if state == "successful":
            return urljoin(job, _link(status, RESULTS) or f"{job.rstrip('/')}/results")
        if state not in RUNNING:
            reason = status.get("message") or "it gives no reason"
            raise GdcError("OgcApiProcessFailed", f"The process ended as '{state}': {reason}")
        if time.monotonic() > end:
            raise GdcError("OgcApiProcessFailed", f"The process took longer than {SECONDS:g} s.")
        time.sleep(pause)
        pause = min(pause * 1.5, LATEST)


def _link(document: Any, relation: str) -> str | None:
    links = document.get("links") if isinstance(document, dict) else None
    return next((link.get("href") for link in links or () if link.get("rel") == relation), None)


def _result(response: Any, url: str, scratch: Callable[[], Scratch]) -> tuple[Any, Path | None]:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type in FILES:
        path = scratch().file(f"result{FILES[media_type]}")
        path.write_bytes(read_body(response, url, FILE_BYTES))
        return None, path
    return _json(read_body(response, url), url), None


def _json(content: bytes, url: str) -> Any:
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except ValueError:
        raise GdcError("OgcApiProcessFailed", f"{url} answers with something that is no JSON.") from None
