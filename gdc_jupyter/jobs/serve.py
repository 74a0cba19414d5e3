"""What a warm worker does: answers one request after the other over a socket, and keeps what may be of use again."""

from __future__ import annotations

import importlib
import json
import resource
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from gdc_jupyter.answers import Context, Streamed
from gdc_jupyter.jobs import frames
from gdc_jupyter.jobs.worker import catalog_of, error_of, permissions_of

__all__ = ["ANSWERS", "Context", "Streamed", "serve"]

#: Which function answers which request: it gets a `Context` and the request's arguments. Others are asked for by module
#: and name.
ANSWERS = {
    "bind_inputs": "gdc_jupyter.ogcapi.answer:bound",
    "ping": "gdc_jupyter.jobs.serve:_ping",
    "coverage": "gdc_jupyter.coverages.answer:coverage",
    "domain_set": "gdc_jupyter.coverages.answer:domain",
    "range_type": "gdc_jupyter.coverages.answer:fields",
    "map": "gdc_jupyter.jobs.tiles:about",
    "python_code": "gdc_jupyter.exchange.answer:code",
    "range": "gdc_jupyter.jobs.tiles:colors",
    "tile": "gdc_jupyter.jobs.tiles:tile",
}
_IDLE_SECONDS = 600.0
#: A worker that has used more is not used again.
_MOST_MEMORY = 2 << 30


@dataclass
class WorkerContext:
    """What answers work with.

    Attributes
    ----------
    everything : Catalog
        The whole catalogue, which lives as long as the worker.
    request : dict
        What all requests of the server have in common.
    """

    everything: Any
    request: dict[str, Any]

    def catalog(self, viewer: str | None) -> Any:
        """Return the catalogue as a user may see it, or as who has not logged in may."""
        return self.everything.seen_by(viewer)

    def permissions(self, owner: str | None) -> Any:
        """Return what process graphs of a user may do."""
        return permissions_of(self.request | {"owner": owner})


def serve(request: dict[str, Any]) -> int:
    """Answer requests until the server is gone, or there are none for a while; return the exit code."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(request["socket"])
    frames.send(connection, frames.HEAD, str(request["number"]).encode())
    connection.settimeout(_IDLE_SECONDS)
    context = WorkerContext(catalog_of(request), request)
    with suppress(EOFError, OSError):
        while True:
            _, payload = frames.receive(connection)
            _answer(connection, context, json.loads(payload))
            if _peak_memory() > _MOST_MEMORY:
                break
    return 0


def _answer(connection: socket.socket, context: Context, asked: dict[str, Any]) -> None:
    try:
        answered = _function(asked.pop("mode"))(context, **asked)
        frames.send(connection, frames.HEAD, orjson.dumps(answered.head, option=orjson.OPT_SERIALIZE_NUMPY))
        for chunk in answered.chunks:
            frames.send(connection, frames.DATA, chunk)
    except OSError as error:
        if isinstance(error, ConnectionError | TimeoutError):
            raise
        _tell(connection, error, context)
    except Exception as error:
        _tell(connection, error, context)
    frames.send(connection, frames.END)


def _tell(connection: socket.socket, error: Exception, context: Context) -> None:
    told = error_of(error, context.request.get("memory_limit", 0))
    frames.send(connection, frames.ERROR, orjson.dumps(told))


def _function(mode: str) -> Callable[..., Streamed]:
    module, _, name = (mode if ":" in mode else ANSWERS[mode]).partition(":")
    function: Callable[..., Streamed] = getattr(importlib.import_module(module), name)
    return function


def _ping(context: Context, size: int = 0) -> Streamed:
    return Streamed({"size": size}, (bytes(1 << 20) for _ in range(size >> 20)))


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10
