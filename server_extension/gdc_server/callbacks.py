"""Telling subscribers of OGC executions how their jobs go, at addresses that are checked."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
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
    parts = urlsplit(uri)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not port or len(uri) > 2000:
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
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
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

    Redirects are not followed: they could lead anywhere.
    """
    for attempt in range(_ATTEMPTS):
        try:
            address = await check_address(uri, hosts)
            client = SimpleAsyncHTTPClient(force_instance=True, resolver=_Fixed(address=address))
            request = HTTPRequest(
                uri,
                method="POST",
                headers={"Content-Type": "application/json", "User-Agent": "gdc-jupyter"},
                body=orjson.dumps(body),
                request_timeout=_SECONDS,
                connect_timeout=_SECONDS,
                follow_redirects=False,
            )
            try:
                await client.fetch(request)
            finally:
                client.close()
        except (HTTPClientError, OSError, GdcError) as error:
            _log.info("A subscriber was not told (attempt %d of %d): %s", attempt + 1, _ATTEMPTS, error)
            if isinstance(error, GdcError) or (isinstance(error, HTTPClientError) and 400 <= error.code < 500):
                return
            await asyncio.sleep(_FIRST_PAUSE * 2**attempt)
        else:
            return


class Subscribers:
    """Tells subscribers of changes.

    Parameters
    ----------
    services : Services
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._told: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def changed(self, job_id: str, status: str, progress: float) -> None:
        """Take note of a change of any job."""
        now = asyncio.get_running_loop().time()
        if status == "running" and now - self._told.get(job_id, -1e9) < _BETWEEN_PROGRESS:
            return
        if status == "running":
            self._told[job_id] = now
        elif status in _ENDS:
            self._told.pop(job_id, None)
        else:
            return
        task = asyncio.create_task(self._tell(job_id, status))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Stop telling."""
        for task in list(self._tasks):
            task.cancel()

    async def _tell(self, job_id: str, status: str) -> None:
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
        body = status_info(job, execution, execution.root)
        if status == "finished":
            body = await self._results(job_id, execution.root)
        await post(uri, body, self._services.callback_hosts)

    async def _results(self, job_id: str, root: str) -> dict[str, Any]:
        from gdc_jupyter.jobs import results

        described = await asyncio.to_thread(results.read, self._services.data / "jobs" / job_id / results.METADATA)
        told: dict[str, Any] = {}
        for asset in described.get("assets", {}).values():
            signature, expires = self._services.signer.sign(job_id, asset["href"])
            address = f"{root}/results/{expires}/{signature}/{job_id}/{asset['href']}"
            told["result" if not told else f"result_{len(told) + 1}"] = {"href": address, "type": asset["type"]}
        return told
