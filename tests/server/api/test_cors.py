"""What browsers and sloppy clients need, on every path that the contract lists."""

from __future__ import annotations

import re

import pytest
from gdc_server import contract

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def raw(http_server_client, jp_serverapp):
    async def raw(path, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http_server_client.fetch(
            f"/a%40b{path}",
            method=method,
            headers=headers,
            raise_error=False,
            allow_nonstandard_methods=True,
            follow_redirects=False,
        )

    return raw


def paths():
    """Return each path that there is with its methods, with something in the place of each parameter."""
    listed = [(re.sub(r"\{[^}]*\}", "1", each["path"]), set(each["methods"])) for each in contract.endpoints()]
    return [("/", {"GET"}), *listed]


async def test_every_path_answers_preflight_requests(raw):
    for path, methods in paths():
        answer = await raw(
            f"/gdc{path}", "OPTIONS", Origin="https://editor.example", Access_Control_Request_Method="GET"
        )
        assert (answer.code, answer.body) == (204, b""), path
        headers = answer.headers
        allowed = set(headers["Access-Control-Allow-Methods"].split(", "))
        assert methods | {"OPTIONS"} <= allowed <= _METHODS | {"OPTIONS"}, path
        assert {"Authorization", "Content-Type"} <= set(headers["Access-Control-Allow-Headers"].split(", ")), path
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert {"Link", "Location", "GDC-Identifier"} <= set(headers["Access-Control-Expose-Headers"].split(", ")), path
        assert headers["Content-Type"] == "application/json"
        assert "Access-Control-Allow-Credentials" not in headers


async def test_every_answer_may_be_read_by_pages_of_others(raw):
    for path, methods in paths():
        for method in sorted(methods):
            answer = await raw(f"/gdc{path}", method, Origin="https://editor.example")
            exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
            assert {"Link", "Location", "GDC-Identifier"} <= exposed, (method, path)
            assert exposed.isdisjoint(
                {"Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires"}
            )
            assert answer.headers["Access-Control-Allow-Origin"] == "*", (method, path)
            assert "Set-Cookie" not in answer.headers


async def test_doubled_and_trailing_slashes_change_nothing(raw):
    for path, methods in paths():
        if "GET" not in methods:
            continue
        expected = await raw(f"/gdc{path}")
        for sloppy in (
            f"/gdc/{path}",
            f"/gdc{path}/",
            f"/gdc{path}//",
            f"//gdc{path}",
            f"/gdc{path.replace('/', '//')}",
        ):
            answer = await raw(sloppy)
            assert answer.code == expected.code, sloppy
            assert answer.headers["Content-Type"] == expected.headers["Content-Type"], sloppy
