"""The answer of a warm worker that is a process as code: the openEO client is loaded there, once."""

from __future__ import annotations

from typing import Any

import orjson

from gdc_jupyter.answers import Context, Streamed
from gdc_jupyter.exchange.python_code import python_code


def code(context: Context, process: dict[str, Any], url: str | None = None) -> Streamed:
    """Answer with the code of a process, as JSON.

    Parameters
    ----------
    context : Context
    process : dict
    url : str, optional
        The address that the code connects to.
    """
    return Streamed({"media_type": "application/json"}, [orjson.dumps({"code": python_code(process, url)})])
