"""Changes of jobs come from the events of a Jupyter server."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import ClassVar

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from gdc_jupyter.server import Server
from gdc_jupyter.widgets import job_events
from gdc_jupyter.widgets.job_events import JobEvents, events_url, read_event

EVENT = {"schema_id": "urn:gdc-jupyter:job:1", "id": "a", "status": "running", "progress": 12.5, "__timestamp__": "x"}


class Subscription(WebSocketHandler):
    opened: ClassVar[list[Subscription]] = []
    tokens: ClassVar[list[str]] = []

    def open(self):
        self.tokens.append(self.request.headers.get("Authorization"))
        self.opened.append(self)


@pytest.fixture
def event_server():
    """A server with nothing but events; its port, and its loop."""
    Subscription.opened, Subscription.tokens = [], []
    started, told = threading.Event(), {}

    def run():
        async def serve():
            sockets = bind_sockets(0, "127.0.0.1")
            server = HTTPServer(Application([("/base/api/events/subscribe", Subscription)]))
            server.add_sockets(sockets)
            told.update(port=sockets[0].getsockname()[1], loop=asyncio.get_running_loop(), end=asyncio.Event())
            started.set()
            await told["end"].wait()

        asyncio.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(5)
    yield told
    told["loop"].call_soon_threadsafe(told["end"].set)
    thread.join(5)


def wait_until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


def test_events_are_taken_over_and_a_broken_connection_is_made_again(event_server, monkeypatch):
    monkeypatch.setattr(job_events, "_PAUSES", (0.05, 0.1))
    taken, connected = [], []

    def on_loop(act):
        event_server["loop"].call_soon_threadsafe(act)

    server = Server(f"http://127.0.0.1:{event_server['port']}/base/gdc/", "secret")
    events = JobEvents(server, lambda *change: taken.append(change), connected.append)
    wait_until(lambda: Subscription.opened and events.live)
    assert Subscription.tokens == ["token secret"]
    on_loop(lambda: Subscription.opened[-1].write_message(json.dumps(EVENT)))
    on_loop(lambda: Subscription.opened[-1].write_message("{}"))
    wait_until(lambda: taken)
    assert taken == [("a", "running", 12.5)]
    on_loop(lambda: Subscription.opened[-1].close())
    wait_until(lambda: len(Subscription.opened) == 2 and events.live)
    assert connected == [True, False, True]
    events.close()
    events._thread.join(2)
    assert not events._thread.is_alive()


def test_the_address_of_the_events_is_that_of_the_server_of_the_api():
    assert events_url("http://127.0.0.1:8888/a%40b/gdc/") == "ws://127.0.0.1:8888/a%40b/api/events/subscribe"
    assert events_url("https://hub.example/user/me/gdc") == "wss://hub.example/user/me/api/events/subscribe"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema_id": "other"}', b"\xff", json.dumps(EVENT | {"progress": {}})]
)
def test_what_is_no_change_of_a_job_is_passed_over(text):
    assert read_event(text) is None
