"""What holds for every path: CORS, error bodies, limits, odd slashes, absolute links."""

from __future__ import annotations

import json
import uuid

import pytest
from gdc_server.api.base import ApiHandler


async def test_a_browser_may_ask_from_anywhere(ask):
    status, headers, body = await ask(
        "jobs",
        method="OPTIONS",
        headers={
            "Origin": "https://editor.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert (status, body) == (204, b"")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert {"OPTIONS", "GET", "POST"} <= set(headers["Access-Control-Allow-Methods"].split(", "))
    assert {"Authorization", "Content-Type"} <= set(headers["Access-Control-Allow-Headers"].title().split(", "))


@pytest.mark.parametrize("path", ["conformance", "nothing/here", "me"])
async def test_every_answer_exposes_the_headers_that_browsers_hide(ask, path):
    _, headers, _ = await ask(path, headers={"Origin": "https://editor.example"})
    exposed = set(headers["Access-Control-Expose-Headers"].split(", "))
    assert {"Link", "Location", "OpenEO-Costs", "OpenEO-Identifier", "GDC-Identifier"} <= exposed
    assert headers["Access-Control-Allow-Origin"] == "*"


async def test_unknown_paths_and_verbs(ask):
    status, _, body = await ask("no/such/path")
    assert (status, body["code"]) == (404, "NotFound")
    uuid.UUID(body["id"])
    status, headers, body = await ask("jobs", method="DELETE")
    assert (status, body["code"]) == (405, "MethodNotAllowed")
    assert headers["Allow"] == "GET, POST"
    assert (await ask("jobs/j-1/estimate"))[2]["code"] == "JobNotFound"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("", "RequestInvalid", "empty"),
        ("{not json", "RequestInvalid", "not JSON"),
        ('["a"]', "RequestInvalid", "object, not an array"),
        ("{}", "RequestInvalid", "lacks 'process'"),
        ('{"process": 3}', "RequestInvalid", "$.process"),
        ('{"process": {}}', "ProcessGraphMissing", "process_graph"),
        ('{"process": {"process_graph": {}}}', "ProcessGraphInvalid", "process_graph"),
        ('{"process": {"process_graph": {"a": {"process_id": "add"}}}}', "ProcessGraphInvalid", "lacks 'arguments'"),
        ('{"process": {"process_graph": {"a": 1}}, "log_level": "loud"}', "", ""),
        (
            '{"process": {"process_graph": {"a": {"process_id": "add", "arguments": {}}}}, "title": 5}',
            "RequestInvalid",
            "$.title",
        ),
    ],
)
async def test_a_body_is_refused_with_what_would_be_right(ask, body, code, words):
    for path in ("jobs", "result"):
        if path == "result" and "title" in body:
            continue
        status, _, answer = await ask(path, method="POST", body=body)
        assert status == 400
        assert answer["code"] == code or not code
        assert words in answer["message"]


async def test_what_cannot_be_kept_is_refused(ask):
    deep = '{"process": {"process_graph": {"a": {"process_id": "add", "arguments": {"x": %s}}}}}'
    for body in (deep % ("[" * 300 + "]" * 300), deep % ("[" * 900), deep % "NaN", '{"title": "\\ud800"}', "\xff"):
        status, _, answer = await ask("jobs", method="POST", body=body)
        assert (status, answer["code"]) == (400, "RequestInvalid")
    for path in (f"results/{'9' * 5000}/a/b/c", "results/1/%00/%00/%00", "jobs/%00/logs", "collections/%ff"):
        assert 400 <= (await ask(path))[0] < 500


async def test_a_large_body_is_refused(ask):
    status, _, body = await ask("jobs", method="POST", body=json.dumps({"title": "x" * 3000}))
    assert (status, body["code"]) == (413, "BodyTooLarge")
    assert "2000 bytes" in body["message"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=many", "limit=1.5", "limit=--5", "limit=" + "9" * 30, "cursor=x"]
)
async def test_a_page_size_must_be_a_number(ask, query):
    name, value = query.split("=")
    status, _, body = await ask("collections", params={name: value})
    assert (status, body["code"]) == (400, "RequestInvalid")
    assert name in body["message"]
    assert value in body["message"]


async def test_an_error_of_the_server_tells_an_id_and_nothing_else(ask, monkeypatch, jp_logging_stream, caplog):
    def fail(self):
        raise ValueError("a secret of the server")

    monkeypatch.setattr(ApiHandler, "owner", property(fail))
    status, _, body = await ask("me")
    assert (status, body["code"]) == (500, "Internal")
    assert "secret" not in json.dumps(body)
    assert body["id"] in body["message"]
    logged = caplog.text
    assert body["id"] in logged
    assert "a secret of the server" in logged


async def test_doubled_and_trailing_slashes_do_not_matter(http_server_client):
    for path in ("/a%40b/gdc/", "/a%40b/gdc//conformance", "/a%40b/gdc/conformance/", "/.well-known/openeo/"):
        assert (await http_server_client.fetch(path)).code == 200


async def test_links_are_absolute_and_follow_the_request(ask, http_server_client, jp_http_port):
    root = f"http://127.0.0.1:{jp_http_port}/a%40b/gdc"
    for path in ("/.well-known/openeo", "/a%40b/.well-known/openeo", "/a%40b/gdc/.well-known/openeo"):
        answer = json.loads((await http_server_client.fetch(path)).body)
        assert answer["versions"][0]["url"] == f"{root}/"
    _, _, body = await ask("api")
    assert body["servers"] == [{"url": root}]


async def test_proxies_are_believed_only_where_they_are_trusted(ask, jp_serverapp):
    headers = {"X-Forwarded-Host": "data.example", "X-Forwarded-Prefix": "/cubes"}
    _, _, body = await ask("me", headers={"Authorization": "token secret"} | headers)
    assert body["links"][0]["href"].startswith("http://127.0.0.1:")
    jp_serverapp.trust_xheaders = True
    _, _, body = await ask("me", headers={"Authorization": "token secret"} | headers)
    assert body["links"][0]["href"] == "http://data.example/cubes/a%40b/gdc/me"


async def test_a_public_address_goes_first(ask, jp_web_app):
    jp_web_app.settings["gdc_public_url"] = "https://hub.example/user/ann/"
    _, _, body = await ask("me")
    assert body["links"][0]["href"] == "https://hub.example/user/ann/gdc/me"


async def test_a_changed_job_is_told_to_the_browser_and_keeps_the_server_from_being_culled(jp_serverapp):
    app = jp_serverapp.extension_manager.extension_points["gdc"].app
    heard = []

    async def listen(logger, schema_id, data):
        heard.append((schema_id, data["id"], data["status"], data["progress"]))

    jp_serverapp.event_logger.add_listener(schema_id="urn:gdc-jupyter:job:1", listener=listen)
    app._tell_job("j-1", "running", 12.5)
    await jp_serverapp.event_logger.gather_listeners()
    assert heard == [("urn:gdc-jupyter:job:1", "j-1", "running", 12.5)]
    assert jp_serverapp.web_app.last_activity() == jp_serverapp.web_app.settings["gdc_last_activity"]
