"""The Python side of the browser of collections: what is chosen, what can be set, and its static form."""

from __future__ import annotations

import time

import openeo
import pytest
import traitlets

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import Selection
from gdc_jupyter.widgets.collection_browser import CollectionBrowser


@pytest.fixture
def browser(federation, stac_api):
    one = CollectionBrowser(openeo.connect(federation.url), stac_api.url)
    yield one
    one.close()


def test_the_selection_follows_what_is_set(browser):
    assert browser.selection is None
    seen = []
    browser.observe(lambda change: seen.append(change["new"]), "selection")
    browser.selected = "SENTINEL2_L2A"
    browser.bbox = [530, 46, 531, 47]
    browser.datetime = "2022-06"
    browser.bands = ["B04", "B08"]
    wanted = Selection("SENTINEL2_L2A", (170, 46, 171, 47), ("2022-06-01", "2022-07-01"), ("B04", "B08"))
    assert browser.selection == wanted
    assert seen[-1] == wanted
    assert browser.bbox == (170.0, 46.0, 171.0, 47.0)
    assert "con.load_collection(" in browser.snippet()
    browser.bands = []
    assert browser.selection.bands is None
    browser.selected = None
    assert browser.selection is None
    with pytest.raises(GdcError, match="No collection is selected"):
        browser.snippet()


def test_what_cannot_be_meant_is_refused_and_changes_nothing(browser):
    browser.selected = "SENTINEL2_L2A"
    browser.bbox = (1, 2, 3, 4)
    for name, value in {"bbox": (1, 4, 3, 2), "datetime": "yesterday", "bands": ["B04", "B04"]}.items():
        with pytest.raises(traitlets.TraitError):
            setattr(browser, name, value)
    with pytest.raises(traitlets.TraitError, match="none of the sources"):
        browser.source = "https://elsewhere.example.org"
    with pytest.raises(traitlets.TraitError):
        browser.selection = Selection("other")
    assert browser.selection == Selection("SENTINEL2_L2A", (1, 2, 3, 4))


def test_what_the_page_sets_comes_back_as_it_was_sent(browser):
    sent = []
    browser.comm.send = lambda data=None, **_: sent.append(data)
    browser.set_state(
        {"selected": "scenes", "bbox": [6, 44, 7, 45], "datetime": ["2023-01-01", None], "bands": ["red"]}
    )
    assert browser.selection == Selection("scenes", (6, 44, 7, 45), ("2023-01-01", None), ("red",))
    echoed = [message["state"] for message in sent if message and message.get("method") == "update"]
    assert [state for state in echoed if "bbox" in state or "bands" in state] == []


def test_the_source_decides_which_server_the_code_names(browser, stac_api, federation):
    browser.selected, browser.source = "scenes", stac_api.url
    assert browser.source == f"{stac_api.url}/"
    assert f'Client.open("{stac_api.url}")' in browser.snippet("stac")
    browser.source = None
    assert federation.url in browser.snippet("openeo")


def test_collections_of_all_pages_of_all_sources_are_read(browser, stac_api):
    read = browser.collections()
    assert [one["id"] for one in read if one["gdc:source"] == f"{stac_api.url}/"] == [
        "scenes",
        "radar",
        "islands",
        "mosaics",
        "empty",
        "markup",
    ]
    assert len(read) == 26


def test_the_static_form_has_text_alone_and_says_which_server_is_gone(browser, federation, stac_api):
    text = browser._repr_html_()
    assert "SENTINEL2_L2A" in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "<img" not in text
    stac_api.control(fail=["GET /collections"])
    text = browser._repr_html_()
    assert "SENTINEL2_L2A" in text
    assert "Start the server" in text or "run the cell again" in text
    with pytest.raises(GdcError):
        browser.collections()


def test_the_box_is_tied_to_a_map(browser):
    from gdc_jupyter.widgets.bbox_map import BBoxMap

    area = BBoxMap(bbox=(11, 46, 12, 47))
    browser.link(area, items=True)
    assert browser.bbox == (11.0, 46.0, 12.0, 47.0)
    browser.bbox = (5, 45, 6, 46)
    assert tuple(area.bbox) == (5.0, 45.0, 6.0, 46.0)
    browser.items = [{"type": "Feature", "id": "a", "geometry": None, "bbox": [5, 45, 6, 46], "properties": {}}]
    assert "1 item" in area.bar.note
    area.bbox = None
    assert browser.bbox is None
    browser.close()
    area.bbox = (1, 2, 3, 4)
    assert browser.bbox is None


def test_the_server_of_the_notebook_is_the_default_and_is_known_as_such(federation, monkeypatch):
    monkeypatch.setenv("GDC_URL", federation.url)
    one = CollectionBrowser(selected="SENTINEL2_L2A")
    assert one.get_state(["_own", "_sources"]) == {
        "_own": ["0"],
        "_sources": [{"id": "0", "url": f"{federation.url}/", "title": federation.url.split("/")[2]}],
    }
    assert "gdc.connect()" in one.snippet()
    one.close()


def test_what_a_notebook_stores_lists_the_collections(stac_api):
    browser = CollectionBrowser(stac_api.url)
    bundle = browser._repr_mimebundle_()
    content = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "scenes" in content["text/html"]
    assert content["text/plain"] == f"CollectionBrowser({stac_api.url}/, selected=None)"


def test_the_static_form_does_not_wait_for_a_slow_back_end(stac_api):
    stac_api.control(delay=5)
    begin = time.monotonic()
    assert "had not answered after 2 s" in CollectionBrowser(stac_api.url)._repr_html_()
    assert time.monotonic() - begin < 4
    stac_api.control(reset=True)
