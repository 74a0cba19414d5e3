"""Telling subscribers of OGC executions how their jobs go, at addresses that are checked."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from gdc_server.services import Services

_log = logging.getLogger("gdc")
_ATTEMPTS, _FIRST_PAUSE, _SECONDS = 5, 0.5, 10.0
_BETWEEN_PROGRESS = 1.0
#: How long the end of a job waits for what is still being told of its progress.
_PATIENCE = 2.0
_MOST_ANSWER = 64 << 10
_NEVER = re.compile(r"[\x00-\x20\x7f\\]")
_ENDS = {"finished": "successUri", "error": "failedUri", "canceled": "failedUri"}


async def check_address(uri: str, hosts: Sequence[str]) -> str:
    """Return the address of the machine that a subscriber's URI leads to.

    Parameters
    ----------
    uri : str
    hosts : sequence of str
        Patterns of hosts that may be in a private network.

    Raises
    ------
    GdcError
        ``SubscriberInvalid``.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    wrong = "@" in parts.netloc or _NEVER.search(uri) or not port or len(uri) > 2000
    if parts.scheme not in ("http", "https") or not parts.hostname or wrong:
        raise GdcError("SubscriberInvalid", f"The subscriber's address {uri[:100]!r} is none with http or https.")
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise GdcError("SubscriberInvalid", f"The subscriber's host {parts.hostname[:100]} is not found.") from None
    named = any(fnmatch(parts.hostname.lower(), pattern.lower()) for pattern in hosts)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not named and not all(_public(address) for address in addresses):
        raise GdcError(
            "SubscriberInvalid",
            f"The subscriber's host {parts.hostname[:100]} is in a private network, and is told nothing unless the "
            "server is configured so (GdcApp.callback_hosts).",
        )
    return addresses[0]


def _public(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed in ipaddress.ip_network("64:ff9b::/96") or parsed in ipaddress.ip_network("::/96"):
            return _public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is not None:
            return _public(str(inner))
    return parsed.is_global and not parsed.is_multicast


class _Fixed(Resolver):
    """Gives the address that was checked, whatever the name means by now."""

    def initialize(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> Any:
        version = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        return [(version, (self._address, port))]


async def post(uri: str, body: Any, hosts: Sequence[str]) -> None:
    """Send JSON to a subscriber, again where it does not take it; in the end it is only logged.

    The name is looked up for each attempt, and the address that was checked is the one that is connected to. Redirects
    are not followed: they could lead anywhere.
    """
    for attempt in range(_ATTEMPTS):
        if attempt:
            await asyncio.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
        try:
            await _post_once(uri, body, await check_address(uri, hosts))
        except (HTTPClientError, OSError, ValueError, GdcError) as error:
            _log.info("A subscriber was not told (attempt %d of %d): %s", attempt + 1, _ATTEMPTS, error)
            if not _passes(error):
                return
        else:
            return


async def _post_once(uri: str, body: Any, address: str) -> None:
    client = SimpleAsyncHTTPClient(
        force_instance=True,
        resolver=_Fixed(address=address),
        max_buffer_size=_MOST_ANSWER,
        max_header_size=_MOST_ANSWER,
    )
    request = HTTPRequest(
        uri,
        method="POST",
        headers={"Content-Type": "application/json", "User-Agent": "gdc-jupyter"},
        body=orjson.dumps(body),
        request_timeout=_SECONDS,
        connect_timeout=_SECONDS,
        follow_redirects=False,
        decompress_response=False,
    )
    try:
        await client.fetch(request)
    finally:
        client.close()


def _passes(error: Exception) -> bool:
    """Tell whether it may go well another time: not where the subscriber refuses, leads elsewhere or is not allowed."""
    if isinstance(error, HTTPClientError):
        return error.code >= 500 or error.code in (408, 425, 429)
    return not isinstance(error, GdcError) or "is not found" in error.message


class Subscribers:
    """Tells subscribers of changes, one after the other for each job.

    Parameters
    ----------
    services : Services
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._told: dict[str, float] = {}
        self._progress: dict[str, asyncio.Task[None]] = {}
        self._ends: set[asyncio.Task[None]] = set()

    def changed(self, job_id: str, status: str, progress: float) -> None:
        """Take note of a change of any job."""
        if status == "running":
            self._note_progress(job_id)
        elif status in _ENDS:
            self._told.pop(job_id, None)
            # What it says is over, and must not arrive after the end.
            earlier = self._progress.pop(job_id, None)
            task = asyncio.create_task(self._tell_end(job_id, status, earlier))
            self._ends.add(task)
            task.add_done_callback(self._ends.discard)

    def _note_progress(self, job_id: str) -> None:
        now = asyncio.get_running_loop().time()
        busy = self._progress.get(job_id)
        if now - self._told.get(job_id, -1e9) < _BETWEEN_PROGRESS or (busy is not None and not busy.done()):
            return
        self._told[job_id] = now
        self._progress[job_id] = asyncio.create_task(self._tell(job_id, "running"))

    def close(self) -> None:
        """Stop telling."""
        for task in [*self._ends, *self._progress.values()]:
            task.cancel()

    async def _tell_end(self, job_id: str, status: str, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            _, pending = await asyncio.wait([earlier], timeout=_PATIENCE)
            for task in pending:
                task.cancel()
        await self._tell(job_id, status)

    async def _tell(self, job_id: str, status: str) -> None:
        from gdc_server.api.execution_results import results_document
        from gdc_server.api.executions import status_info

        store = await self._services.execution_store()
        execution = await asyncio.to_thread(store.get, job_id)
        uri = execution.subscriber.get(_ENDS.get(status, "inProgressUri")) if execution else None
        if execution is None or not uri:
            return
        jobs = await self._services.store()
        try:
            job = await asyncio.to_thread(jobs.get, job_id, None)
        except GdcError:
            return
        last = await asyncio.to_thread(jobs.last_error, job_id) if status == "error" else None
        body = status_info(job, execution, execution.root, last.message if last else "")
        if status == "finished":
            body = await asyncio.to_thread(results_document, self._services, job_id, execution)
        await post(uri, body, self._services.callback_hosts)
