"""Carries the requests of a widget's JavaScript to the back-ends that the widget was made for."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import anywidget
import requests
import traitlets

from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

BUNDLES = Path(__file__).parent / "bundles"
#: Bytes of an answer that a widget takes.
LARGEST_ANSWER = 32_000_000
#: Seconds until a connection, and between two parts of an answer.
TIMEOUT = (10, 60)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADERS = ("content-type", "link", "location", "openeo-identifier", "openeo-costs", "retry-after")


@dataclass(frozen=True)
class Answer:
    """What a back-end answered: JSON, a text or a ``data:`` URL, as was asked for."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class NoAnswer(Exception):
    """A back-end gave no answer that can be used."""

    def __init__(self, failure: str, message: str) -> None:
        super().__init__(message)
        self.failure = failure


class Source:
    """A back-end: a connection of the openEO client, or the address of a STAC API.

    Parameters
    ----------
    origin : openeo.Connection or str
        Requests to a connection carry its credentials, as they are at that moment; those to an address carry none.
    title : str, optional
        What people call it: its host by default.
    """

    def __init__(self, origin: Connection | str, title: str | None = None) -> None:
        self.connection = None if isinstance(origin, str) else origin
        url = origin if isinstance(origin, str) else str(origin.root_url)
        if urlsplit(url).scheme not in ("http", "https"):
            raise GdcError(
                "ServerNotFound", f"{url!r} is not the address of a server: it begins with http:// or https://."
            )
        self.url = url.rstrip("/") + "/"
        self.title = title or urlsplit(url).netloc
        self._local = threading.local()

    def request(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None, as_: str = "json"
    ) -> Answer:
        """Ask the back-end.

        Parameters
        ----------
        method : {"GET", "POST", "PUT", "PATCH", "DELETE"}
            The HTTP method.
        path : str
            A path below the landing page, or an address that a link of this back-end gave.
        query, body : optional
            Query parameters, and what is sent as JSON.
        as_ : {"json", "text", "dataUrl"}
            The form in which the answer is wanted.

        Raises
        ------
        NoAnswer
            ``offline``, ``timeout``, ``rubbish`` (not what it should be) or ``refused`` (not to be asked at all).
        """
        if method not in _METHODS:
            raise NoAnswer("refused", f"There is no request {method}.")
        url = urljoin(self.url, path.removeprefix("/"))
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            raise NoAnswer("refused", f"{urlsplit(url).netloc} is not the server that was asked.")
        try:
            return self._ask(method, url, query, body, as_)
        except requests.Timeout as error:
            raise NoAnswer("timeout", f"{self.title} takes long to answer.") from error
        except requests.RequestException as error:
            raise NoAnswer("offline", f"{self.title} does not answer.") from error

    def get_json(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of a resource.

        Raises
        ------
        NoAnswer
            As of `request` and `body_of`.
        """
        return self.body_of(self.request("GET", path, query))

    def body_of(self, answer: Answer) -> Any:
        """Return the body of an answer of this back-end.

        Raises
        ------
        NoAnswer
            ``signed-out``, ``failed`` or ``refused`` where the answer is an error; its message is told.
        """
        if answer.status < 400:
            return answer.body
        told = answer.body.get("message") if isinstance(answer.body, dict) else None
        message = str(told or f"{self.title} answers {answer.status}.")
        if answer.status in (401, 403):
            raise NoAnswer("signed-out", message)
        raise NoAnswer("failed" if answer.status >= 500 else "refused", message)

    def _ask(self, method: str, url: str, query: Mapping[str, Any] | None, body: Any, as_: str) -> Answer:
        response = self._session().request(
            method,
            url,
            params=dict(query or {}),
            json=body,
            auth=self.connection.auth if self.connection is not None else None,
            timeout=TIMEOUT,
            stream=True,
        )
        with response:
            content = _read(response)
        headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
        return Answer(response.status_code, _body(response, content, as_), headers)

    def _session(self) -> requests.Session:
        """Return the session of this thread: sessions of requests are not made for several."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def pages(get: Callable[..., Any], path: str, query: Mapping[str, Any] | None = None, most: int = 200) -> Iterator[Any]:
    """Yield the pages of a list, none of them twice.

    Parameters
    ----------
    get : callable
        Returns the body for a path and query parameters.
    path, query
        The first page.
    most : int
        Pages that are turned at the most, whatever a back-end links to.
    """
    following: str | None = path
    asked: set[str] = set()
    while following is not None and following not in asked and len(asked) < most:
        page = get(following) if asked else get(following, query)
        asked.add(following)
        yield page
        following = next_page(page)


def next_page(page: Any) -> str | None:
    """Return the address that a page of a list gives for the next one, or None after the last."""
    links = page.get("links") if isinstance(page, Mapping) else None
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            return str(link["href"]) or None
    return None


def _read(response: requests.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(1 << 16):
        size += len(part)
        if size > LARGEST_ANSWER:
            raise NoAnswer("rubbish", f"The answer is larger than {LARGEST_ANSWER // 1_000_000} MB.")
        parts.append(part)
    return b"".join(parts)


def _body(response: requests.Response, content: bytes, as_: str) -> Any:
    if as_ == "dataUrl" and response.ok:
        kind = response.headers.get("content-type", "application/octet-stream").partition(";")[0]
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"
    if as_ == "text" and response.ok:
        return content.decode("utf-8", "replace")
    if not content:
        return None
    try:
        return json.loads(content, parse_constant=lambda _: None)
    except ValueError:
        if response.ok:
            raise NoAnswer("rubbish", "The server gave an answer that is not JSON.") from None
        return None


class RelayedWidget(anywidget.AnyWidget):
    """A widget whose JavaScript asks back-ends through the kernel.

    Its messages are ``{"kind": "request", "id", "source", "method", "path", "query", "body", "as"}``, answered by
    ``{"kind": "answer", "id", "status", "body", "headers"}`` or ``{"kind": "answer", "id", "failure", "message"}``,
    and ``{"kind": "abandon", "id"}`` for an answer that nobody waits for any more.

    Parameters
    ----------
    sources : sequence of Source
        The back-ends, at least one.
    """

    _sources = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, sources: Sequence[Source], **traits: Any) -> None:
        self.sources = {str(number): source for number, source in enumerate(sources)}
        self._threads = ThreadPoolExecutor(max_workers=6, thread_name_prefix="gdc-widget")
        self._abandoned: set[str] = set()
        told = [{"id": key, "url": source.url, "title": source.title} for key, source in self.sources.items()]
        super().__init__(_sources=told, **traits)
        self.on_msg(self._on_message)

    def close(self) -> None:
        """Remove the widget; requests on their way are given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        super().close()

    def take_focus(self) -> None:
        """Take the focus of the keyboard in a page where it is lost, as what had it is not shown any more."""
        self.send({"kind": "focus"})

    def on_action(self, content: dict[str, Any]) -> None:
        """Handle a message of another kind; to be overridden."""

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        kind = content.get("kind")
        if kind == "request":
            self._threads.submit(self._relay, content)
        elif kind == "abandon":
            self._abandoned.add(str(content.get("id")))
        else:
            self.on_action(content)

    def _relay(self, content: dict[str, Any]) -> None:
        number = str(content.get("id"))
        if number in self._abandoned:
            self._abandoned.discard(number)
            return
        answer = self._answer(content)
        if number in self._abandoned:
            self._abandoned.discard(number)
        else:
            self.send({"kind": "answer", "id": number, **answer})

    def _answer(self, content: dict[str, Any]) -> dict[str, Any]:
        source = self.sources.get(str(content.get("source")))
        if source is None:
            return {"failure": "refused", "message": "This widget does not know that back-end."}
        try:
            answer = source.request(
                str(content.get("method", "GET")),
                str(content.get("path", "")),
                content.get("query"),
                content.get("body"),
                str(content.get("as", "json")),
            )
        except NoAnswer as error:
            return {"failure": error.failure, "message": str(error)}
        except Exception as error:  # the page waits for an answer, whatever went wrong here
            return {"failure": "refused", "message": str(error) or type(error).__name__}
        return {"status": answer.status, "body": answer.body, "headers": answer.headers}
