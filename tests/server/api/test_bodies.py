"""Bodies of requests: too large, too slow, in pieces, or given up; and clients that do not take their answers."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json

import pytest
from gdc_server.api import bodies
from gdc_server.api.capabilities import ConformanceHandler

HEAD = "POST /a%40b/gdc/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer basic//secret\r\n"
PROCESS = b'{"process": {"process_graph": {"a": {"process_id": "pi", "arguments": {}, "result": true}}}}'


@pytest.fixture
def talk(http_server, jp_serverapp, jp_http_port):
    """Return a function that opens a connection and sends a head: what reads, and what writes."""
    writers = []

    async def talk(head):
        reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
        writers.append(writer)
        writer.write(f"{head}\r\n".encode())
        return reader, writer

    yield talk
    for writer in writers:
        writer.transport.abort()


async def answer(reader):
    """Return status, headers and JSON body of the next answer."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return int(head.split()[1]), headers, json.loads(body) if body else None


async def test_a_body_over_the_limit_is_refused_before_it_is_sent(talk):
    reader, _ = await talk(f"{HEAD}Content-Length: {1 << 40}\r\n")
    status, headers, body = await answer(reader)
    assert (status, body["code"], body["status"]) == (413, "BodyTooLarge", 413)
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert await reader.read() == b"", "the connection is closed"


async def test_a_compressed_body_is_refused_and_not_unpacked(talk):
    bomb = gzip.compress(bytes(500_000))
    assert len(bomb) < 1000
    reader, writer = await talk(f"{HEAD}Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n")
    writer.write(bomb)
    status, _, body = await answer(reader)
    assert (status, body["code"]) == (415, "ContentEncodingInvalid")
    assert "'Content-Encoding'" in body["message"]
    assert "'identity'" in body["message"]


async def test_a_client_that_asks_first_is_told_before_it_sends(talk):
    reader, _ = await talk(f"{HEAD}Content-Length: 5000\r\nExpect: 100-continue\r\n")
    assert (await answer(reader))[0] == 413
    reader, writer = await talk(f"{HEAD}Content-Length: {len(PROCESS)}\r\nExpect: 100-continue\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 (Continue)\r\n\r\n"
    writer.write(PROCESS)
    assert (await answer(reader))[0] == 201


async def test_a_body_that_is_refused_is_read_so_that_the_answer_is(talk):
    for head, expected in ((HEAD, 413), (HEAD.replace("secret", "wrong"), 403)):
        reader, writer = await talk(f"{head}Content-Length: 100000\r\n")
        writer.write(b"x" * 100_000)
        assert (await answer(reader))[0] == expected
        writer.write(f"{HEAD}Content-Length: {len(PROCESS)}\r\n\r\n".encode() + PROCESS)
        assert (await answer(reader))[0] == 201, "the connection can be used again"


async def test_a_body_of_unknown_length_is_refused_at_the_limit(talk):
    reader, writer = await talk(f"{HEAD}Transfer-Encoding: chunked\r\n")
    writer.write((b"100000\r\n" + b"x" * (1 << 20) + b"\r\n") * 5 + b"0\r\n\r\n")
    status, _, body = await answer(reader)
    assert (status, body["code"]) == (413, "BodyTooLarge")


async def test_a_body_without_an_end_is_not_read(talk):
    _, writer = await talk(f"{HEAD}Transfer-Encoding: chunked\r\n")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 100:
            writer.write(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n")
            await writer.drain()
            sent += 1
    assert sent < 60


async def test_a_body_in_pieces(talk):
    reader, writer = await talk(f"{HEAD}Transfer-Encoding: chunked\r\n")
    for byte in PROCESS:
        writer.write(b"1\r\n%c\r\n" % byte)
    writer.write(b"0\r\n\r\n")
    assert (await answer(reader))[0] == 201


@pytest.mark.parametrize("sent", [b"", b'{"process"'])
async def test_a_body_that_does_not_come_is_not_waited_for(talk, monkeypatch, sent):
    monkeypatch.setattr(bodies, "SLOWEST_SECONDS", 0.2)
    reader, writer = await talk(f"{HEAD}Content-Length: 50\r\n")
    writer.write(sent)
    status, _, body = await answer(reader)
    assert (status, body["code"]) == (408, "RequestTimeout")
    assert await reader.read() == b""


async def test_a_body_that_trickles_is_not_waited_for(talk, monkeypatch):
    monkeypatch.setattr(bodies, "SLOWEST_SECONDS", 0.2)
    reader, writer = await talk(f"{HEAD}Content-Length: 500\r\n")
    refused = asyncio.create_task(answer(reader))
    for _ in range(40):
        if not refused.done():
            writer.write(b" ")
            await asyncio.sleep(0.03)
    assert (await refused)[0] == 408


async def test_a_client_that_goes_leaves_nothing_behind(talk, monkeypatch):
    gone = asyncio.Event()
    closed = bodies.BodyHandler.on_connection_close
    monkeypatch.setattr(bodies.BodyHandler, "on_connection_close", lambda self: (closed(self), gone.set()))
    _, writer = await talk(f"{HEAD}Content-Length: 500\r\n")
    writer.write(b"{")
    await writer.drain()
    writer.close()
    await asyncio.wait_for(gone.wait(), 5)


async def test_an_answer_that_is_not_taken_is_given_up(talk, monkeypatch):
    monkeypatch.setattr(bodies, "SLOWEST_SECONDS", 0.2)
    monkeypatch.setattr(bodies, "SLOWEST_RATE", 1e12)
    monkeypatch.setattr(ConformanceHandler, "get", lambda self: self.send(["x" * (1 << 25)]))
    monkeypatch.setattr(ConformanceHandler.get, "__allow_unauthenticated", True, raising=False)
    reader, writer = await talk("GET /a%40b/gdc/conformance HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    await asyncio.sleep(0.6)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await reader.readexactly(1 << 25)
    assert writer is not None
