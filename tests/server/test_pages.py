"""Pages for people: what a browser gets, with nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
import requests
from gdc_server.pages import locator_map, render

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = {
    "": "collections: what they hold",
    "/conformance": "ogcapi-coverages-1",
    "/collections": "Synthetic Sentinel-2-like season",
    "/collections/S2_ALPS": "Scene classification",
    "/collections/S2_PATAGONIA": "S2_PATAGONIA",
    "/collections/OSTIA_SST": "Monthly sea surface temperature",
    "/collections/ALPS_FIELDS": "Fields of the valley",
    "/collections/ALPS_FIELDS/items": "crop: wheat",
    "/collections/ALPS_FIELDS/items/1": 'class="map"',
    "/collections/OSTIA_SST/coverage": "Download",
    "/collections/OSTIA_SST/coverage/domainset": "IrregularAxis",
    "/collections/S2_ALPS/coverage/rangetype": "Quantity",
    "/collections/S2_ALPS/coverage?datetime=2022-07-05": "Download",
    "/collections/S2_ALPS/items": "44 in all",
    "/collections/S2_ALPS/items/S2_ALPS_20220602": "eo:cloud_cover",
    "/search?limit=2": "Next page",
    "/processes": "OGC processes",
    "/processes/ndvi": "near-infrared",
    "/processes/zonal_statistics": "Polygons, as GeoJSON.",
    "/api": "/collections/{collection_id}/coverage",
    "/jobs": "Progress",
}


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.open = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.found += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag == "a":
            assert "a" not in self.open, "a link in a link"
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in ("path", "rect", "circle")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} is closed in the wrong place"


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_gets_a_page(server, path):
    headers = BROWSER | {"Authorization": "Bearer basic//secret"}
    answer = requests.get(server.url + path, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert PAGES[path] in answer.text
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
    parser = Links()
    parser.feed(answer.text)
    assert all(link.startswith(server.url) for link in parser.found if "creativecommons" not in link), parser.found
    by_name = requests.get(
        f"{server.url}{path}{'&' if '?' in path else '?'}f=html", headers=headers | {"Accept": "*/*"}, timeout=30
    )
    assert by_name.headers["Content-Type"] == "text/html; charset=utf-8"


def test_links_of_a_page_lead_somewhere(server):
    for path in (
        "",
        "/collections/S2_ALPS",
        "/collections/S2_ALPS/coverage?datetime=2022-07-05&bbox=11.33,46.48,11.34,46.49",
    ):
        parser = Links()
        parser.feed(requests.get(server.url + path, headers=BROWSER, timeout=30).text)
        for link in set(parser.found):
            if "/jobs" not in link:
                assert requests.get(link, timeout=60).status_code == 200, link


def test_clients_get_json_as_before(server):
    for accept in ("*/*", "application/json", "application/geo+json, */*;q=0.1"):
        answer = requests.get(f"{server.url}/collections/S2_ALPS/items", headers={"Accept": accept}, timeout=10)
        assert answer.headers["Content-Type"] == "application/geo+json"
    assert requests.get(f"{server.url}/collections?f=json", headers=BROWSER, timeout=10).json()["collections"]


def test_errors_are_pages_for_browsers(server):
    answer = requests.get(f"{server.url}/collections/<b>x</b>", headers=BROWSER, timeout=10)
    assert answer.status_code == 404
    assert "<b>x</b>" not in answer.text
    assert "&lt;b&gt;x" in answer.text
    assert requests.get(f"{server.url}/jobs", headers=BROWSER, timeout=10).status_code == 401


def test_texts_of_others_are_no_markup():
    evil = "<script>alert(1)</script> [x](javascript:alert(1))"
    body = {"id": evil, "description": evil, "summary": evil, "parameters": [], "returns": {}, "links": []}
    page = render("process", body, "http://h/gdc", "http://h/gdc/processes/x", None)
    assert "<script" not in page
    assert "javascript:" not in re.sub(r">[^<]*<", "><", page)


def test_maps_show_boxes_and_rings_around_small_ones():
    large = locator_map([-180, -5, 180, 5])
    assert 'viewBox="-180.0000 0.0000 360.0000 180.0000"' in large
    assert "ring" not in large
    small = locator_map([11.3, 46.4, 11.4, 46.5])
    assert 'class="ring"' in small
    crossing = locator_map([170, -20, -170, -10])
    assert re.search(r'<rect x="170.00000" y="100.00000" width="20.00000"', crossing)
    assert locator_map(None) == ""
