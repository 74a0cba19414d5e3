"""What is asked over the network: only hosts that are permitted, on addresses that are checked, within limits."""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Permissions

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
# A whole download, and the most bytes of a document of metadata and of a file of data.
DOWNLOAD_SECONDS = 600.0
DOCUMENT_BYTES, FILE_BYTES = 64 << 20, 4 << 30
REDIRECTS = 5
AGENT = "gdc-jupyter"


def is_url(text: Any) -> bool:
    """Return whether a text is an address of the web."""
    return isinstance(text, str) and text.lower().startswith(("http://", "https://"))


def require_permitted(url: str, permissions: Permissions) -> None:
    """Refuse an address whose host may not be asked; nothing is asked for that.

    Raises
    ------
    GdcError
        ``UrlNotPermitted``, with how it could be.
    """
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or any(c in url for c in "\\ \t\r\n"):
        raise GdcError("UrlNotPermitted", f"{_shown(url)} is no address with http or https.")
    _require_host(parts.hostname, permissions)


def _require_host(host: str, permissions: Permissions) -> None:
    name = host.lower().rstrip(".")
    if not any(fnmatch(name, pattern.lower()) for pattern in permissions.hosts):
        permitted = ", ".join(permissions.hosts) or "none"
        raise GdcError(
            "UrlNotPermitted",
            f"The host {name} may not be asked; permitted are: {permitted}. Whoever runs this service can permit it.",
        )


def _address(host: str, port: int, permissions: Permissions) -> str:
    """Return the address to connect to; one that is not public only if its host, or it, is named exactly."""
    _require_host(host, permissions)
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise GdcError("UrlUnreachable", f"The host {host} is not found: {error}.") from None
    addresses = [str(entry[4][0]) for entry in found]
    named = {name.lower() for name in permissions.hosts}
    for address in addresses:
        if not _public(address) and not {host.lower().rstrip("."), address} & named:
            raise GdcError(
                "UrlNotPermitted",
                f"The host {host} is at the address {address} of a private network, which is asked only if it is named "
                "exactly.",
            )
    return addresses[0]


def _public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return parsed.is_global and not parsed.is_multicast


def session(permissions: Permissions, limited: bool = False) -> requests.Session:
    """Return a session that checks the host and the address of every request, those after a redirect too.

    It knows no proxies and no stored credentials.

    Parameters
    ----------
    permissions : Permissions
    limited : bool
        Whether answers are read at once, up to the limits of documents, for a library that sets none.
    """
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.util.connection import create_connection

    def connect(connection: HTTPConnection) -> socket.socket:
        # The address that was checked is the one that is connected to.
        address = _address(connection.host, connection.port, permissions)
        return create_connection(
            (address, connection.port),
            connection.timeout,
            source_address=connection.source_address,
            socket_options=connection.socket_options,
        )

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            manager: PoolManager = self.poolmanager
            manager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

        def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
            require_permitted(request.url, permissions)
            if not limited:
                return super().send(request, *arguments, **options)
            options |= {"stream": True, "timeout": (CONNECT_SECONDS, READ_SECONDS)}
            response = super().send(request, **options)
            response._content = b"".join(_chunks(response, request.url, DOCUMENT_BYTES))
            return response

    opened = requests.Session()
    opened.trust_env = False
    opened.max_redirects = REDIRECTS
    opened.headers["User-Agent"] = AGENT
    for scheme in ("http://", "https://"):
        opened.mount(scheme, Adapter(max_retries=1))
    return opened


@contextmanager
def request(
    url: str,
    permissions: Permissions,
    method: str = "GET",
    *,
    body: Any = None,
    headers: dict[str, str] | None = None,
    seconds: float = READ_SECONDS,
) -> Iterator[requests.Response]:
    """Ask for an address and give the answer, whose body is not read yet.

    Parameters
    ----------
    url, method : str
    permissions : Permissions
    body : object, optional
        What is sent as JSON.
    headers : dict, optional
    seconds : float
        How long the service may be silent.

    Raises
    ------
    GdcError
        ``UrlNotPermitted``; ``UrlNotFound``; ``UrlUnreachable`` where there is no answer, or one that tells another
        error.
    """
    require_permitted(url, permissions)
    import requests

    timeout = CONNECT_SECONDS, seconds
    try:
        with (
            session(permissions) as opened,
            opened.request(method, url, json=body, headers=headers, timeout=timeout, stream=True) as response,
        ):
            if response.status_code >= 400:
                reason = _reason(response)
                code = "UrlNotFound" if response.status_code == 404 else "UrlUnreachable"
                raise GdcError(code, f"{_shown(url)} answers {response.status_code}: {reason}")
            yield response
    except requests.RequestException as error:
        raise GdcError("UrlUnreachable", f"{_shown(url)} cannot be read: {_cause(error)}") from None


def fetch(url: str, permissions: Permissions, limit: int = DOCUMENT_BYTES, **options: Any) -> bytes:
    """Return what is at an address, up to a limit of bytes; see `request`."""
    with request(url, permissions, **options) as response:
        return read_body(response, url, limit)


def read_body(response: requests.Response, url: str, limit: int = DOCUMENT_BYTES) -> bytes:
    """Return the body of an answer, up to a limit of bytes."""
    return b"".join(_chunks(response, url, limit))


def fetch_json(url: str, permissions: Permissions, **options: Any) -> Any:
    """Return the JSON at an address; see `request`."""
    content = fetch(url, permissions, **options)
    try:
        return json.loads(content)
    except ValueError:
        raise GdcError("UrlUnreachable", f"{_shown(url)} is no JSON.") from None


def download(url: str, permissions: Permissions, target: Path, limit: int = FILE_BYTES) -> Path:
    """Write what is at an address into a file; see `request`."""
    part = target.with_name(f".{target.name}.part")
    try:
        with request(url, permissions) as response, part.open("wb") as file:
            for chunk in _chunks(response, url, limit):
                file.write(chunk)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _chunks(response: requests.Response, url: str, limit: int) -> Iterator[bytes]:
    end, size = time.monotonic() + DOWNLOAD_SECONDS, 0
    for chunk in response.iter_content(1 << 18):
        size += len(chunk)
        if size > limit:
            raise GdcError("UrlUnreachable", f"{_shown(url)} holds more than the {limit >> 20} MB that are read.")
        if time.monotonic() > end:
            raise GdcError("UrlUnreachable", f"{_shown(url)} took longer than {DOWNLOAD_SECONDS:g} s.")
        yield chunk


def _reason(response: requests.Response) -> str:
    """Return what a service says of its error."""
    try:
        content = response.raw.read(4096, decode_content=True)
        told = json.loads(content)
        text = told.get("message") or told.get("detail") or told.get("title") or told.get("description")
    except (ValueError, AttributeError, OSError):
        text = None
    return str(text or response.reason)[:300]


def _cause(error: BaseException) -> str:
    """Return the reason at the bottom of a chain of errors of HTTP libraries."""
    text = str(error)
    return text.rsplit(": ", 1)[-1].strip("')\" ")[:200] or type(error).__name__


def _shown(url: str) -> str:
    """Return an address without its query, which may hold a token."""
    return url.partition("?")[0][:200]


def resolve(href: str, base: str) -> str:
    """Return an address that stands in the document at another one; a path on this computer is never meant.

    Raises
    ------
    GdcError
        ``UrlNotPermitted`` for addresses that are not of the web.
    """
    address = urljoin(base, href)
    if not is_url(address):
        raise GdcError("UrlNotPermitted", f"{_shown(base)} refers to {_shown(href)}, which is no address of the web.")
    return address


def raster_path(url: str) -> str:
    """Return the path by which GDAL reads parts of a remote file: one address, no sidecars, no listing, and limits."""
    options = {
        "list_dir": "no",
        "max_retry": "3",
        "retry_delay": "1",
        "connecttimeout": f"{CONNECT_SECONDS:g}",
        "timeout": f"{READ_SECONDS:g}",
        "useragent": AGENT,
    }
    fields = "&".join(f"{name}={value}" for name, value in options.items())
    return f"/vsicurl?{fields}&url={quote(url, safe='')}"


@lru_cache(maxsize=4096)
def final_url(url: str, permissions: Permissions) -> str:
    """Return where an address leads to after its redirects, each of them checked.

    GDAL follows redirects by itself, so it is given the address at their end.
    """
    with request(url, permissions, headers={"Range": "bytes=0-0"}) as response:
        return str(response.url)
