"""Addresses of the granules of collections, at once or as a stream."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.iostream import StreamClosedError

from gdc_jupyter.opendap.ous import messages
from gdc_jupyter.opendap.ous.addresses import Address, Addresses, OusError, addresses, box_error
from gdc_jupyter.opendap.ous.parameters import BoxInvalid, Parameters, ParametersInvalid, parse_body, parse_query
from gdc_jupyter.opendap.ous.sources import Sources
from gdc_server.opendap.base import OusHandler

_MOST_BODIES = 100
_HEARTBEAT = 0.2
#: Bytes that are sent together, once the first item is on its way.
_TOGETHER = 1 << 15


class _AddressesHandler(OusHandler):
    def query(self, collection_id: str) -> Parameters:
        """Return the parameters of the query string."""
        pairs = [
            (name, value)
            for name, values in self.request.query_arguments.items()
            for value in (each.decode("utf-8", "replace") for each in values)
        ]
        return parse_query(pairs, collection_id)

    def body(self) -> Any:
        """Return the JSON body; an empty one is an empty object."""
        if not self.request.body.strip():
            return {}
        try:
            return orjson.loads(self.request.body)
        except orjson.JSONDecodeError as error:
            raise OusError(messages.INVALID, f"The body is not JSON: {error}.") from None

    async def sources(self) -> Sources:
        """Return where the metadata of who asks come from."""
        return self.ous.sources(await self.own_metadata(), self.cmr_token)

    async def found(self, parameters: Parameters) -> Addresses:
        """Return the addresses as they come."""
        after = self.request.headers.get("CMR-Search-After", "")
        return await addresses(await self.sources(), parameters, self.accepted, self.ous.most_granules, after)

    async def answer(self, parameters: Parameters) -> tuple[dict[str, Any], Addresses]:
        """Return the body of an answer, and what it was made of."""
        found = await self.found(parameters)
        items = [item async for item in found.items]
        return self.told(items, found), found

    def told(self, items: list[Address], found: Addresses) -> dict[str, Any]:
        """Return the fields of an answer."""
        answer = {
            "hits": hits(found, len(items)),
            "took": self.took(),
            "items": [item.url for item in items],
            "warnings": found.warnings or None,
        }
        explained = [item.explanation for item in items if item.explanation is not None]
        return answer | ({"explanations": explained} if explained else {})


def hits(found: Addresses, count: int) -> int:
    """Return how many there are in all."""
    return found.granules.hits if found.paged and found.granules.hits is not None else count


class CollectionHandler(_AddressesHandler):
    """The addresses of one collection."""

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """List them; what is wanted is told in the query."""
        self.require()
        await self._answer(lambda: self.query(collection_id))

    @allow_unauthenticated
    async def post(self, collection_id: str) -> None:
        """List them; what is wanted is told in the body."""
        self.require()
        await self._answer(lambda: parse_body(self.body(), collection_id))

    async def _answer(self, parse: Any) -> None:
        try:
            parameters = parse()
        except BoxInvalid as error:
            raise box_error(error, self.accepted) from None
        answer, found = await self.answer(parameters)
        self.set_header("CMR-Took", str(answer["took"]))
        self.set_header("CMR-Hits", str(answer["hits"]))
        if found.granules.after:
            self.set_header("CMR-Search-After", found.granules.after)
        await self.send_long(answer)


class CollectionsHandler(_AddressesHandler):
    """The addresses of several collections."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Answer a list of bodies, each as that of one collection, in order."""
        self.require()
        bodies = self.body()
        if not isinstance(bodies, list) or len(bodies) > _MOST_BODIES:
            raise OusError(messages.INVALID, f"The body must be a list of at most {_MOST_BODIES} objects.")
        answers = await asyncio.gather(*(self._one(body) for body in bodies))
        self.set_header("CMR-Took", str(self.took()))
        await self.send_long(answers)

    async def _one(self, body: Any) -> dict[str, Any]:
        try:
            return (await self.answer(parse_body(body)))[0]
        except BoxInvalid as error:
            return {"errors": box_error(error, self.accepted).errors}
        except (ParametersInvalid, OusError) as error:
            return {"errors": error.errors}


class StreamingHandler(_AddressesHandler):
    """The addresses of one collection, each sent as soon as it is known."""

    _waiting = 0
    _silent = True

    @allow_unauthenticated
    async def get(self, collection_id: str) -> None:
        """Send them; line feeds tell, while there are none, that there will be some."""
        self.require()
        try:
            parameters = self.query(collection_id)
        except BoxInvalid as error:
            raise box_error(error, self.accepted) from None
        self.set_header("Content-Type", "application/json")
        try:
            await self._send(parameters)
        except StreamClosedError:
            self._finished = True

    async def _send(self, parameters: Parameters) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            found = await self.found(parameters)
            await self._send_items(found)
        finally:
            beating.cancel()

    async def _send_items(self, found: Addresses) -> None:
        count, explanations, errors = 0, [], []
        try:
            async for item in found.items:
                text = (b"," if count else b'{"items":[') + orjson.dumps(item.url)
                explanations += [item.explanation] if item.explanation is not None else []
                await self._put(text, at_once=count == 0)
                count += 1
        except OusError as error:
            if not count and not self._headers_written:
                raise
            errors = error.errors
        last: dict[str, Any] = {"hits": hits(found, count), "took": self.took(), "warnings": found.warnings or None}
        last |= {"explanations": explanations} if explanations else {}
        last |= {"errors": errors} if errors else {}
        self.finish((b"" if count else b'{"items":[') + b"]," + orjson.dumps(last)[1:])

    async def _put(self, text: bytes, at_once: bool = False) -> None:
        self.write(text)
        self._waiting += len(text)
        if at_once or self._waiting > _TOGETHER:
            self._waiting = 0
            self._silent = False
            await self.flush()

    async def _beat(self) -> None:
        """Send a line feed each time that nothing has been sent for a while."""
        while True:
            await asyncio.sleep(_HEARTBEAT)
            if self._silent:
                await self._put(b"\n", at_once=True)
            self._silent = True
