"""Bodies of requests, taken as they come: what is too large is refused before it is read, who is too slow is let go."""

from __future__ import annotations

import time
from asyncio import TimerHandle, get_running_loop
from collections.abc import Awaitable
from inspect import isawaitable
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import httputil, web

from gdc_jupyter.errors import GdcError

#: What is read of a body that is refused, so that the client can read why: with more, the connection is closed.
_MOST_DISCARDED = 16 << 20
#: A connection rests no longer, and is on the whole no slower in bytes a second.
SLOWEST_SECONDS, SLOWEST_RATE = 60.0, 2000.0
_FORM = ("application/x-www-form-urlencoded", "multipart/form-data")


@web.stream_request_body
class BodyHandler(JupyterHandler):
    """A handler whose body comes in pieces.

    It answers when the body is there: a refusal as well, which otherwise could not be read by clients that send first.
    """

    _body_refusal: Exception | None = None
    _body_watch: TimerHandle | None = None

    async def admit(self) -> None:
        """Find out who asks, and refuse what cannot be answered, before the body is read."""
        await super().prepare(_redirect_to_login=False)

    def largest_body(self) -> int:
        """Return how many bytes a body may have."""
        raise NotImplementedError

    def too_large(self) -> GdcError:
        """Return the refusal of a body with more."""
        return GdcError("BodyTooLarge", f"The body is larger than the {self.largest_body()} bytes allowed.")

    async def prepare(self) -> None:  # type: ignore[override]
        """Admit the request, and get ready for its body."""
        headers = self.request.headers
        expected = int(length) if (length := headers.get("Content-Length", "")).isdecimal() else 0
        try:
            await self.admit()
            if expected > self.largest_body():
                raise self.too_large()
            _require_plain(headers.get("Content-Encoding", "identity"))
        except (GdcError, web.HTTPError) as error:
            waits = headers.get("Expect", "").lower() == "100-continue"
            if waits or expected > _MOST_DISCARDED or not (expected or "Transfer-Encoding" in headers):
                raise
            self._body_refusal = error
        if expected or "Transfer-Encoding" in headers:
            self._expect_body()

    def _expect_body(self) -> None:
        self._body_bytes, self._body_pieces = 0, list[bytes]()
        self._body_began = self._body_heard = time.monotonic()
        self._body_watch = get_running_loop().call_later(SLOWEST_SECONDS, self._look_at_body)
        connection: Any = self.request.connection
        # What is too large is refused here, with words.
        connection.set_max_body_size(max(self.largest_body(), _MOST_DISCARDED) + (1 << 20))
        verb = str(self.request.method).lower()
        self._body_verb = getattr(self, verb)
        setattr(self, verb, self._answer_body)

    async def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body."""
        self._body_bytes += len(chunk)
        self._body_heard = time.monotonic()
        if self._body_refusal is None and self._body_bytes > self.largest_body():
            self._body_refusal = self.too_large()
            self._body_pieces.clear()
        if self._body_refusal is None:
            try:
                await self.take(chunk)
            except GdcError as error:
                self._body_refusal = error
        elif self._body_bytes > _MOST_DISCARDED:
            self._refuse_body()

    async def take(self, chunk: bytes) -> None:
        """Keep a piece of the body."""
        self._body_pieces.append(chunk)

    async def _answer_body(self, *arguments: Any, **named: Any) -> None:
        self._stop_watching_body()
        if self._body_refusal is not None:
            raise self._body_refusal
        self.request.body = b"".join(self._body_pieces)
        self._body_pieces.clear()
        if self.request.headers.get("Content-Type", "").startswith(_FORM):
            try:
                self.request._parse_body()
            except httputil.HTTPInputError as error:
                raise GdcError("RequestInvalid", f"The body is no form that can be read: {error}") from None
        answered = self._body_verb(*arguments, **named)
        if isawaitable(answered):
            await answered

    def _look_at_body(self) -> None:
        now = time.monotonic()
        slow = now - self._body_began > SLOWEST_SECONDS + self._body_bytes / SLOWEST_RATE
        if slow or now - self._body_heard >= SLOWEST_SECONDS:
            self._body_refusal = GdcError("RequestTimeout", "The body came too slowly, so that it was not waited for.")
            self._refuse_body()
        else:
            self._body_watch = get_running_loop().call_later(SLOWEST_SECONDS, self._look_at_body)

    def _refuse_body(self) -> None:
        """Answer now, which closes the connection."""
        self._stop_watching_body()
        error = self._body_refusal
        if not self._finished and error is not None:
            self.send_error(exc_info=(type(error), error, None))

    def _stop_watching_body(self) -> None:
        if self._body_watch is not None:
            self._body_watch.cancel()

    def on_connection_close(self) -> None:
        """Wait no longer for a client that has gone."""
        self._stop_watching_body()
        super().on_connection_close()

    def flush(self, include_footers: bool = False) -> Awaitable[None]:  # type: ignore[override]
        """Send what there is; a client that does not take it is let go."""
        size = sum(map(len, self._write_buffer))
        sent = super().flush(include_footers)
        if not sent.done():
            watch = get_running_loop().call_later(SLOWEST_SECONDS + size / SLOWEST_RATE, self.break_off)
            sent.add_done_callback(lambda _: watch.cancel())
        return sent

    def break_off(self) -> None:
        """Close the connection without an end of the answer."""
        self._finished = True
        connection: Any = self.request.connection
        connection.stream.close()


def _require_plain(encoding: str) -> None:
    """Refuse a compressed body: how much there is in it, nobody knows before."""
    if encoding.strip().lower() not in ("", "identity"):
        raise GdcError(
            "ContentEncodingInvalid",
            f"The header 'Content-Encoding' is '{encoding}'; bodies are sent as they are, which is 'identity'.",
        )
