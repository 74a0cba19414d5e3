"""Long bodies of requests, read by a warm worker: what a loop would wait for.

To read ten megabytes of JSON takes Python a tenth of a second and more, in which no other thread of the process goes
on. A worker reads and checks them. It gives back what handlers look at, and what they pass on as it is as texts, which
stand for the values wherever JSON is written.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from gdc_jupyter.answers import Context, Streamed
from gdc_server import contract

if TYPE_CHECKING:
    from gdc_jupyter.jobs.warm import WarmWorkers

#: Bodies with more bytes are read by a worker, and values with more are passed on as texts.
LONG, _LONG_VALUE = 1 << 19, 1 << 16
#: Members whose members are passed on, and members that are themselves.
_HOLDERS, _PASSED = ("process", "inputs"), ("process_graph",)


async def read(warm: WarmWorkers, text: bytes, operation: str) -> dict[str, Any]:
    """Return a body as `contract.read` does, with the long values of processes and inputs as `orjson.Fragment`."""
    try:
        asked = {"text": await asyncio.to_thread(text.decode), "operation": operation}
    except UnicodeDecodeError:
        # It is refused before it is read.
        return contract.read(text, operation)
    async with warm.answer(f"{__name__}:answer", **asked) as told:
        chunks = [chunk async for chunk in told.chunks()]
    return await asyncio.to_thread(_whole, told.head["body"], told.head["passed"], chunks)


def _whole(body: dict[str, Any], passed: list[tuple[str, str, int]], chunks: list[bytes]) -> dict[str, Any]:
    texts, start = memoryview(b"".join(chunks)), 0
    for holder, name, size in passed:
        (body[holder] if holder else body)[name] = orjson.Fragment(bytes(texts[start : start + size]))
        start += size
    return body


def answer(context: Context, text: str, operation: str) -> Streamed:
    """Answer with a body that is right, and where in it the texts belong that follow.

    Raises
    ------
    GdcError
        What `contract.read` raises.
    """
    body = contract.read(text.encode(), operation)
    passed: list[tuple[str, str, int]] = []
    texts = []
    for holder, name in _places(body):
        values = body[holder] if holder else body
        written = orjson.dumps(values[name])
        if len(written) > _LONG_VALUE:
            del values[name]
            passed.append((holder, name, len(written)))
            texts.append(written)
    return Streamed({"body": body, "passed": passed}, texts)


def _places(body: dict[str, Any]) -> list[tuple[str, str]]:
    inner = [(holder, name) for holder in _HOLDERS if isinstance(body.get(holder), dict) for name in body[holder]]
    return [*inner, *(("", name) for name in _PASSED if name in body)]
