"""A Jupyter server with the extension in the test's own process, under a base URL that needs escaping."""

from __future__ import annotations

import json

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPClientError


@pytest.fixture
def jp_server_config(tmp_path):
    return {
        "ServerApp": {
            "jpserver_extensions": {"gdc_server": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
        },
        "IdentityProvider": {"token": "secret"},
        "GdcApp": {"data_dir": str(tmp_path / "gdc"), "max_body_bytes": 2000},
    }


@pytest.fixture
def ask(jp_fetch):
    """Return a function that asks and never raises: status, headers and body as JSON where it is."""

    async def fetch(path, **options):
        options.setdefault("headers", {"Authorization": "Bearer basic//secret"})
        options["headers"].setdefault("Authorization", "")
        if options.get("method") in ("POST", "PATCH", "PUT"):
            options.setdefault("body", "")
        try:
            answer = await jp_fetch("gdc", *path.strip("/").split("/"), **options)
        except HTTPClientError as error:
            answer = error.response
        kind = answer.headers.get("Content-Type", "")
        body = json.loads(answer.body) if "json" in kind and answer.body else answer.body
        return answer.code, answer.headers, body

    return fetch
