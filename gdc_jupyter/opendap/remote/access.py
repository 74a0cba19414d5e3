"""HTTP to a server of OUS and DAP, with the token as a header, which no other server gets to see."""

from __future__ import annotations

import re
import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError

from gdc_jupyter.errors import GdcError
from gdc_jupyter.server import find_server

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

_SECONDS = 120.0
_TRIES = 3
_AGAIN = (429, 502, 503, 504)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLACE = re.compile(r"/(?:gdc|opendap|service-bridge)(?:/|$)")


class Access:
    """A way to servers. Several threads may use it.

    Parameters
    ----------
    root : str
        The address of the server that the token is for, with its base URL; nothing for none.
    authorization : str
        The header ``Authorization`` for that server, or nothing.
    """

    def __init__(self, root: str = "", authorization: str = "") -> None:
        self.root = root.rstrip("/")
        self._auth = _Authorization(_origin(root), authorization)
        self._local = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root, "_auth": self._auth}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _local=threading.local())

    def get(self, url: str, accept: str = "*/*") -> requests.Response:
        """Return what an address gives, asked again where the server is busy.

        Raises
        ------
        GdcError
            ``ServerNotFound`` where nobody answers; ``TokenInvalid`` where the server wants to know who asks;
            ``DataNotReadable`` with what it says to other errors.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._session.get(
                    url, auth=self._auth, headers={"Accept": accept}, timeout=_SECONDS, allow_redirects=True
                )
            except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError) as error:
                if attempt == _TRIES:
                    raise GdcError("ServerNotFound", f"{shown(url)} does not answer: {_reason(error)}.") from None
            except requests.RequestException as error:
                raise GdcError("DataNotReadable", f"{shown(url)} cannot be asked for: {_reason(error)}.") from None
            else:
                if answer.status_code not in _AGAIN or attempt == _TRIES:
                    return _checked(answer, url)
            time.sleep(0.2 * attempt**2)
        raise AssertionError("unreachable")

    def reachable(self, address: str) -> str:
        """Return an address as it is reached from here: at the server itself where it has its public name."""
        there = self.root and "/opendap/" in address and _origin(address) != _origin(self.root)
        if not there or not self._public_root or not address.startswith(f"{self._public_root}/"):
            return address
        return self.root + address.removeprefix(self._public_root)

    @cached_property
    def _public_root(self) -> str:
        """The address of the server for others, as its landing page tells."""
        try:
            links = self.get(f"{self.root}/gdc/").json()["links"]
            return _server_root(next(str(link["href"]) for link in links if link["rel"] == "self"))
        except (GdcError, ValueError, KeyError, TypeError, StopIteration):
            return ""

    @property
    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


class _Authorization(AuthBase):
    """Sends a header to one server alone; with it, entries of a .netrc are not sent either."""

    def __init__(self, origin: tuple[str, str], header: str) -> None:
        self._origin = origin
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header and "Authorization" not in request.headers and _origin(str(request.url)) == self._origin:
            request.headers["Authorization"] = self._header
        return request


def access_to(where: Connection | str | None = None, token: str | None = None) -> Access:
    """Return the way to a server.

    Parameters
    ----------
    where : openeo.Connection or str, optional
        A connection that `gdc.connect` has given, or the address of a server; that of this notebook by default.
    token : str, optional
        For a named address. The one of this notebook's server is known.

    Raises
    ------
    GdcError
        ``ServerNotFound``; ``CredentialsInvalid`` for a token in the address.
    """
    if where is None:
        server = find_server()
        return Access(_server_root(server.url), _bearer(token or server.token))
    if isinstance(where, str):
        return _to_address(where, token)
    bearer = getattr(where.auth, "bearer", "") if where.auth is not None else ""
    return Access(_server_root(where.root_url), _bearer(token or bearer))


def _to_address(address: str, token: str | None) -> Access:
    if "token=" in urlsplit(address).query:
        raise GdcError("CredentialsInvalid", "Give the token as token=..., not inside the address.")
    if token is None and (own := _own_access()) is not None:
        reached = own.reachable(address)
        if _origin(reached) == _origin(own.root):
            return own
    return Access(_server_root(address), _bearer(token or ""))


def _own_access() -> Access | None:
    try:
        return access_to()
    except GdcError:
        return None


def _bearer(token: str) -> str:
    return f"Bearer {token}" if token else ""


def _server_root(address: str) -> str:
    """Return the address of a server with its base URL, given that of something there."""
    parts = urlsplit(address)
    base = _PLACE.split(parts.path, maxsplit=1)[0].rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{base}"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, f"{'localhost' if host in _LOOPBACK else host}:{port}"


def shown(url: str) -> str:
    """Return an address without user, password and constraint, for messages and attributes."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _reason(error: Exception) -> str:
    return type(error).__name__


def _checked(answer: requests.Response, url: str) -> requests.Response:
    if answer.ok:
        return answer
    if answer.status_code in (401, 403):
        raise GdcError(
            "TokenInvalid",
            f"{shown(url)} is not open to who asks (HTTP {answer.status_code}): give a token that is good there, as "
            "token=..., or a connection.",
        )
    raise GdcError("DataNotReadable", f"{shown(url)} answers HTTP {answer.status_code}: {_said(answer)}")


def _said(answer: requests.Response) -> str:
    """Return what the body of an error says, in the forms of OUS, of DAP2 and of DAP4."""
    text = answer.text[:2000]
    try:
        return "; ".join(str(each) for each in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        pass
    found = re.search(r'message\s*=\s*"(.*?)"\s*;', text, re.DOTALL) or re.search(r"<Message>(.*?)</Message>", text)
    return (found[1] if found else re.sub(r"<[^>]*>|\s+", " ", text)).strip()[:500] or "nothing more."
