"""Subscribers: where they may be, that the checked address is the one that is asked, and how often."""

from __future__ import annotations

import asyncio
import functools
import socket
from types import SimpleNamespace

import pytest
from gdc_server import callbacks
from tornado.httpclient import HTTPClientError

from gdc_jupyter.errors import GdcError


def in_a_loop(test):
    """Run an asynchronous test."""

    @functools.wraps(test)
    def run(*arguments, **fixtures):
        asyncio.run(test(*arguments, **fixtures))

    return run


@pytest.fixture
def names(monkeypatch):
    """Return the addresses that names have, one after the other; the last one stays."""
    known: dict[str, list[str]] = {}

    async def getaddrinfo(self, host, port, **_):
        addresses = known[host]
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def asked(monkeypatch):
    """Return what is sent where; each answer is the next status of ``answers``, 200 where there is none."""
    found = SimpleNamespace(addresses=[], pauses=[], answers=[])

    async def post_once(uri, body, address):
        found.addresses.append(address)
        status = found.answers.pop(0) if found.answers else 200
        if status == "lost":
            raise ConnectionResetError
        if status != 200:
            raise HTTPClientError(status)

    async def sleep(seconds):
        found.pauses.append(seconds)

    monkeypatch.setattr(callbacks, "_post_once", post_once)
    monkeypatch.setattr(callbacks.asyncio, "sleep", sleep)
    return found


@in_a_loop
async def test_a_name_that_comes_to_mean_a_private_address_is_not_asked(names, asked):
    names["x.org"] = ["93.184.216.34", "127.0.0.1"]
    assert await callbacks.check_address("http://x.org/", ()) == "93.184.216.34"
    await callbacks.post("http://x.org/", {}, ())
    assert asked.addresses == []


@in_a_loop
async def test_the_address_that_was_checked_is_connected_to(names):
    resolver = callbacks._Fixed(address="93.184.216.34")
    names["x.org"] = ["10.0.0.1"]
    assert await resolver.resolve("x.org", 443) == [(socket.AF_INET, ("93.184.216.34", 443))]
    resolver = callbacks._Fixed(address="2606:4700::1111")
    assert await resolver.resolve("x.org", 80) == [(socket.AF_INET6, ("2606:4700::1111", 80))]


@pytest.mark.parametrize(
    ("answers", "attempts", "pauses"),
    [
        ([503, "lost", 429, 500], 5, [0.5, 1, 2, 4]),
        ([503] * 9, 5, [0.5, 1, 2, 4]),
        ([404], 1, []),
        ([302], 1, []),
        ([], 1, []),
    ],
)
@in_a_loop
async def test_attempts(names, asked, answers, attempts, pauses):
    names["x.org"] = ["93.184.216.34"]
    asked.answers = list(answers)
    await callbacks.post("http://x.org/", {}, ())
    assert (len(asked.addresses), asked.pauses) == (attempts, pauses)


@in_a_loop
async def test_private_hosts_are_told_where_they_are_named(names):
    names["inside.example"] = ["10.1.2.3"]
    assert await callbacks.check_address("http://inside.example/x", ("*.example",)) == "10.1.2.3"
    with pytest.raises(GdcError, match=r"inside\.example is in a private network.*callback_hosts"):
        await callbacks.check_address("http://inside.example/x", ("other.example",))


@in_a_loop
async def test_the_end_is_told_after_the_progress(monkeypatch):
    told = []
    begun, go = asyncio.Event(), asyncio.Event()

    async def tell(self, job_id, status):
        if status == "running":
            begun.set()
            await go.wait()
        told.append(status)

    monkeypatch.setattr(callbacks.Subscribers, "_tell", tell)
    subscribers = callbacks.Subscribers(None)
    subscribers.changed("a", "running", 1)
    await begun.wait()
    subscribers.changed("a", "running", 2)
    subscribers.changed("a", "finished", 100)
    await asyncio.sleep(0)
    assert told == []
    go.set()
    await asyncio.gather(*subscribers._ends)
    assert told == ["running", "finished"]
    subscribers.close()
