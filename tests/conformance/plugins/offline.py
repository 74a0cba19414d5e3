"""A pytest plugin, and a module to import first: published JSON Schemas are answered from a folder, not the network.

The folder, named by CONFORMANCE_SCHEMAS, holds them as ``host/path``. Requests to this computer pass; any other is
refused with the address, so that a suite cannot depend on a network without it being seen.
"""

from __future__ import annotations

import io
import json
import os
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.response import addinfourl

import jsonschema
import urllib3

SCHEMAS = Path(os.environ["CONFORMANCE_SCHEMAS"])
_LOCAL = ("localhost", "127.0.0.1")
_DRAFTS = {
    "/draft-07/schema": jsonschema.Draft7Validator,
    "/draft/2019-09/schema": jsonschema.Draft201909Validator,
    "/draft/2020-12/schema": jsonschema.Draft202012Validator,
}
_send = urllib3.HTTPConnectionPool.urlopen


def published(host: str, path: str) -> bytes:
    """Return the document that is published at an address."""
    if host == "json-schema.org" and path in _DRAFTS:
        return json.dumps(_DRAFTS[path].META_SCHEMA).encode()
    file = SCHEMAS / host / path.lstrip("/")
    if not file.is_file():
        raise OSError(f"{host}{path} is neither on this computer nor in {SCHEMAS}")
    return file.read_bytes()


def _urlopen(pool: Any, method: str, url: str, *arguments: Any, **options: Any) -> Any:
    if pool.host in _LOCAL:
        return _send(pool, method, url, *arguments, **options)
    body = io.BytesIO(published(pool.host, urlsplit(url).path))
    preload = options.get("preload_content", True)
    return urllib3.HTTPResponse(body, {"Content-Type": "application/json"}, 200, preload_content=preload)


class _Published(urllib.request.BaseHandler):
    handler_order = 100

    def http_open(self, request: urllib.request.Request) -> Any:
        parts = urlsplit(request.full_url)
        if parts.hostname in _LOCAL:
            return None
        body = io.BytesIO(published(str(parts.hostname), parts.path))
        answer = addinfourl(body, {"Content-Type": "application/json"}, request.full_url, 200)
        answer.msg = "OK"
        return answer

    https_open = http_open


urllib3.HTTPConnectionPool.urlopen = _urlopen
urllib.request.install_opener(urllib.request.build_opener(_Published))
