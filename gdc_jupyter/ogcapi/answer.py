"""The answer of a warm worker to an execution: the openEO process that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from gdc_jupyter.answers import Context, Streamed
from gdc_jupyter.ogcapi.inputs import bind
from gdc_jupyter.ogcapi.process import OgcProcess


def bound(
    context: Context,
    process: Mapping[str, Any],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any] | None,
    owner: str,
) -> Streamed:
    """Answer with the process, whose inputs at addresses were fetched from hosts that are permitted.

    Raises
    ------
    GdcError
        ``InputInvalid``, ``OutputInvalid``, ``UrlNotPermitted`` or ``UrlUnreachable``.
    """
    from gdc_jupyter.catalog.remote import fetch_json

    permissions = context.permissions(owner)
    chosen = OgcProcess(
        process["id"],
        process["title"],
        process["description"],
        tuple(process["parameters"]),
        process["returns"],
        process["process_graph"],
    )
    made = bind(chosen, inputs, outputs, lambda href: fetch_json(href, permissions))
    # As bytes, for it may be long, and the server only passes it on.
    return Streamed({}, [orjson.dumps(made)])
