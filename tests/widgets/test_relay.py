from __future__ import annotations

import threading
from typing import Any

import openeo
import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.widgets.relay import NoAnswer, RelayedWidget, Source, next_page, pages

PASSWORD = ("user", "password")


class Recorded(RelayedWidget):
    """A widget that keeps what it sends."""

    _esm = "export default {}"

    def __init__(self, *sources: Source) -> None:
        super().__init__(sources)
        self.sent: list[dict[str, Any]] = []
        self.told = threading.Event()

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append(content)
        self.told.set()

    def ask(self, **request: Any) -> dict[str, Any]:
        self.told.clear()
        self._on_message(self, {"kind": "request", "id": "v-1", "source": "0", **request}, [])
        assert self.told.wait(10)
        return self.sent[-1]


@pytest.fixture
def connected(federation: Any) -> openeo.Connection:
    connection = openeo.connect(federation.url)
    connection.authenticate_basic(*PASSWORD)
    return connection


def test_requests_carry_the_credentials_of_the_connection(federation: Any, connected: openeo.Connection) -> None:
    widget = Recorded(Source(connected))
    answer = widget.ask(path="/me")
    assert (answer["kind"], answer["id"], answer["status"]) == ("answer", "v-1", 200)
    assert answer["body"]["user_id"] == "user"
    assert Recorded(Source(federation.url)).ask(path="/me")["status"] == 401


def test_an_error_of_the_back_end_is_handed_on(federation: Any, connected: openeo.Connection) -> None:
    federation.control(fail=["^GET /jobs"])
    answer = Recorded(Source(connected)).ask(path="jobs")
    assert answer["status"] == 500
    assert "failure" not in answer


def test_what_is_no_json_and_who_is_gone_are_told_apart(federation: Any, connected: openeo.Connection) -> None:
    widget = Recorded(Source(connected, "The federation"))
    federation.control(rubbish=["/collections"])
    assert widget.ask(path="collections")["failure"] == "rubbish"
    federation.control(gone=True)
    answer = widget.ask(path="collections")
    assert (answer["failure"], answer["message"]) == ("offline", "The federation does not answer.")


@pytest.mark.parametrize("path", ["http://127.0.0.1:9/collections", "file:///etc/passwd"])
def test_no_other_server_is_asked(connected: openeo.Connection, path: str) -> None:
    assert Recorded(Source(connected)).ask(path=path)["failure"] == "refused"


def test_links_of_the_back_end_are_followed(stac_api: Any) -> None:
    source = Source(stac_api.url)
    items = source.get_json("collections/scenes/items", {"limit": 10})
    following = next(link["href"] for link in items["links"] if link["rel"] == "next")
    more = source.get_json(following)
    assert len(more["features"]) == 10
    assert {item["id"] for item in more["features"]}.isdisjoint(item["id"] for item in items["features"])


def test_a_picture_comes_as_a_data_url(stac_api: Any) -> None:
    source = Source(stac_api.url)
    item = source.get_json("collections/scenes/items", {"limit": 1})["features"][0]
    picture = source.request("GET", item["assets"]["thumbnail"]["href"], as_="dataUrl")
    assert picture.body.startswith("data:image/png;base64,iVBORw0KGgo")


def test_an_answer_that_was_given_up_is_not_sent(connected: openeo.Connection) -> None:
    widget = Recorded(Source(connected))
    widget._on_message(widget, {"kind": "abandon", "id": "v-0"}, [])
    widget._on_message(widget, {"kind": "request", "id": "v-0", "source": "0", "path": "/"}, [])
    widget.ask(path="/")
    assert [answer["id"] for answer in widget.sent] == ["v-1"]


def test_errors_of_get_json_say_what_the_back_end_said(federation: Any, connected: openeo.Connection) -> None:
    with pytest.raises(NoAnswer, match=r"nothere") as caught:
        Source(connected).get_json("collections/nothere")
    assert caught.value.failure == "refused"
    federation.control(expired=True)
    with pytest.raises(NoAnswer) as caught:
        Source(connected).get_json("jobs")
    assert caught.value.failure == "signed-out"


def test_pages_follow_links_and_none_is_turned_twice() -> None:
    after = {"a": "b", "b": "c", "c": "a"}
    asked = []

    def get(path: str, query: Any = None) -> dict[str, Any]:
        asked.append((path, query))
        return {"links": [{"rel": "self", "href": path}, {"rel": "next", "href": after[path]}]}

    assert [next_page(page) for page in pages(get, "a", {"limit": 1})] == ["b", "c", "a"]
    assert asked == [("a", {"limit": 1}), ("b", None), ("c", None)]
    assert len(list(pages(get, "a", most=2))) == 2
    assert [next_page(page) for page in ({}, [], {"links": None}, {"links": [None, {"rel": "next"}]})] == [None] * 4


@pytest.mark.parametrize("url", ["file:///tmp", "example.org", "ftp://example.org"])
def test_a_source_is_an_address_of_the_web(url: str) -> None:
    with pytest.raises(GdcError, match="http://"):
        Source(url)
