"""Metadata of a CMR, asked over HTTP: concurrently, in pages, again where it is busy, with the caller's token."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

from gdc_jupyter.opendap.ous import cmr_records, messages
from gdc_jupyter.opendap.ous.caches import Cache, token_key
from gdc_jupyter.opendap.ous.links import TAG
from gdc_jupyter.opendap.ous.metadata import (
    Collection,
    Found,
    Granule,
    GranuleQuery,
    MetadataError,
    Service,
    Variable,
    ordered,
)

_PAGE = 2000
_ATTEMPTS = 4
_FIRST_PAUSE = 0.2
_BUSY = (429, 500, 502, 503, 504)
_JSON = "application/json"
_UMM_VARIABLES = "application/vnd.nasa.cmr.umm_results+json; version=1.7; charset=utf-8"
_UMM_SERVICES = "application/vnd.nasa.cmr.umm+json"
_MOST_BODY = 200 << 20


class CmrApi:
    """A CMR, as one caller sees it.

    Parameters
    ----------
    url : str
        Its search application, such as ``https://host/search``.
    token : str
        The caller's token for it, or nothing.
    cache : Cache
        Where answers about collections, variables and services are kept.
    seconds : float
        How long one answer may take.
    """

    def __init__(self, url: str, token: str, cache: Cache, seconds: float = 20.0) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._cache = cache
        self._seconds = seconds
        self._client = AsyncHTTPClient(force_instance=True, max_body_size=_MOST_BODY)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    async def collection(self, concept_id: str) -> Collection | None:
        """Return a collection, None where CMR has none that the caller may see."""
        query = urlencode({"concept_id": concept_id, "include_tags": TAG})
        record = await self._kept(
            concept_id, lambda: self._first(f"collections?{query}", messages.NO_COLLECTION, "feed", "entry")
        )
        return cmr_records.collection(record) if record else None

    async def variables(self, concept_ids: Sequence[str], collection: Collection) -> list[Variable]:
        """Return variables, ordered by their names."""
        records = await self._concepts("variables", concept_ids, _UMM_VARIABLES, messages.NO_VARIABLES)
        return ordered([cmr_records.variable(record, collection.title) for record in records])

    async def services(self, concept_ids: Sequence[str]) -> list[Service]:
        """Return services."""
        records = await self._concepts("services", concept_ids, _UMM_SERVICES, messages.NO_SERVICES)
        return [cmr_records.service(record) for record in records]

    async def granules(self, query: GranuleQuery) -> Found:
        """Return granules; the first page is there, the others are asked for as they are needed.

        Raises
        ------
        MetadataError
        """
        first = await self._page(query, query.after)
        found = Found(_none(), _hits(first))
        found.granules = self._pages(query, first, found)
        return found

    async def _pages(self, query: GranuleQuery, response: HTTPResponse, found: Found) -> AsyncIterator[Granule]:
        while True:
            records = orjson.loads(response.body)["feed"]["entry"]
            after = response.headers.get("CMR-Search-After", "")
            following = None
            if query.page_size is None and after and records:
                following = asyncio.ensure_future(self._page(query, after))
            try:
                for record in records:
                    yield cmr_records.granule(record)
                if following is None:
                    found.after = after
                    return
                response = await following
            finally:
                if following is not None:
                    following.cancel()

    async def _page(self, query: GranuleQuery, after: str) -> HTTPResponse:
        body = granule_form(query)
        if query.page_size is not None:
            body = re.sub("&page_size=[0-9]+", "", body) + f"&page_size={query.page_size}"
            body += f"&page_num={query.page_num}" if query.page_num and not after else ""
        elif "page_size" not in body:
            body += f"&page_size={_PAGE}"
        headers = {"CMR-Search-After": after} if after else {}
        return await self._ask("granules", messages.NO_GRANULES, body=body, accept=_JSON, headers=headers)

    async def _first(self, path: str, reason: str, *place: str) -> Any:
        response = await self._ask(path, reason, accept=_JSON)
        found = orjson.loads(response.body)
        for name in place:
            found = found.get(name) or {}
        return found[0] if found else None

    async def _concepts(self, kind: str, concept_ids: Sequence[str], accept: str, reason: str) -> list[Any]:
        kept = {concept_id: self._cache.get(self._key(concept_id)) for concept_id in concept_ids}
        missing = [concept_id for concept_id, record in kept.items() if record is None]
        parts = [missing[start : start + _PAGE] for start in range(0, len(missing), _PAGE)]
        for records in await asyncio.gather(*(self._some(kind, part, accept, reason) for part in parts)):
            for record in records:
                concept_id = record["meta"]["concept-id"]
                self._cache.put(self._key(concept_id), record)
                kept[concept_id] = record
        return [record for record in kept.values() if record is not None]

    async def _some(self, kind: str, concept_ids: Sequence[str], accept: str, reason: str) -> list[Any]:
        body = urlencode([("page_size", len(concept_ids)), *(("concept_id[]", each) for each in concept_ids)])
        response = await self._ask(kind, reason, body=body, accept=accept)
        return list(orjson.loads(response.body).get("items") or ())

    async def _kept(self, concept_id: str, make: Callable[[], Any]) -> Any:
        return await self._cache.of(self._key(concept_id), make)

    def _key(self, concept_id: str) -> str:
        return token_key("concept", self._token, concept_id)

    async def _ask(
        self, path: str, reason: str, *, body: str | None = None, accept: str, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        sent = {"Accept": accept, "User-Agent": "gdc-jupyter", "Client-Id": "gdc-jupyter"} | (headers or {})
        if self._token:
            sent |= {"Echo-Token": self._token, "Authorization": f"Bearer {self._token}"}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        request = HTTPRequest(
            f"{self._url}/{path}",
            method="GET" if body is None else "POST",
            headers=sent,
            body=body,
            request_timeout=self._seconds,
            connect_timeout=self._seconds,
            follow_redirects=False,
        )
        return await self._patiently(request, reason)

    async def _patiently(self, request: HTTPRequest, reason: str) -> HTTPResponse:
        for attempt in range(_ATTEMPTS):
            try:
                return await self._client.fetch(request)
            except HTTPClientError as error:
                if error.code not in (*_BUSY, 599) or attempt == _ATTEMPTS - 1:
                    raise MetadataError(*_errors_of(error, reason)) from None
            except OSError as error:
                if attempt == _ATTEMPTS - 1:
                    raise MetadataError(reason, f"CMR cannot be reached: {error.strerror or error}.") from None
            await asyncio.sleep(_FIRST_PAUSE * 2**attempt)
        raise AssertionError


async def _none() -> AsyncIterator[Granule]:
    return
    yield


def granule_form(query: GranuleQuery) -> str:
    """Return the body of CMR's granule search, without a page where nothing but the collection is known."""
    pairs: list[tuple[str, str]] = [("collection_concept_id", query.collection_id)]
    if query.granules:
        size, name = (_PAGE, "exclude[echo_granule_id][]") if query.exclude else (len(query.granules), "concept_id[]")
        pairs += [("page_size", str(min(size, _PAGE))), *((name, granule) for granule in query.granules)]
    if query.bounding_box is not None:
        pairs.append(("bounding_box", ",".join(f"{edge:.15g}" for edge in query.bounding_box)))
    pairs += [("temporal[]", f"{start},{end}") for start, end in query.temporal]
    return urlencode(pairs, quote_via=quote)


def _hits(response: HTTPResponse) -> int | None:
    hits = response.headers.get("CMR-Hits", "")
    return int(hits) if hits.isdigit() else None


def _errors_of(error: HTTPClientError, reason: str) -> list[str]:
    """Return what CMR says is wrong, in JSON or XML, after our own words."""
    text = error.response.body.decode("utf-8", "replace") if error.response and error.response.body else ""
    try:
        told = [str(each) for each in orjson.loads(text)["errors"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        told = re.findall(r"<error>(.*?)</error>", text, re.DOTALL)
    if error.code == 599:
        return [reason, "CMR did not answer in time."]
    status = [] if told else [f"HTTP Error status code: {error.code}."]
    return [reason, *status, *(each[:500] for each in told[:20])]
