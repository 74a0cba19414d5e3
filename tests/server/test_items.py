"""Items over HTTP: pages, links, files of assets, and what clients make of them."""

from __future__ import annotations

import json

import pystac
import pytest
import rasterio
import requests
from pystac_client import Client

GEOJSON = "application/geo+json"
BOX = [11.3, 46.4, 11.4, 46.6]


def get(server, path, **params):
    return requests.get(server.url + path, params=params, timeout=60)


def test_pages_of_items_are_as_published(server, matches, is_stac):
    page = get(server, "/collections/S2_ALPS/items", limit=3)
    assert page.headers["Content-Type"] == "application/geo+json"
    matches(page.json(), ("/collections/{collection_id}/items", "get"), media_type=GEOJSON)
    seen = []
    while True:
        seen += [each["id"] for each in page.json()["features"]]
        following = [link["href"] for link in page.json()["links"] if link["rel"] == "next"]
        if not following:
            break
        page = requests.get(following[0], timeout=30)
    assert len(seen) == len(set(seen)) == page.json()["numberMatched"]
    assert seen == sorted(seen, reverse=True)
    one = get(server, f"/collections/S2_ALPS/items/{seen[0]}").json()
    matches(one, ("/collections/{collection_id}/items/{feature_id}", "get"), media_type=GEOJSON)
    is_stac(one)
    rels = {link["rel"]: link["href"] for link in one["links"]}
    assert rels["self"] == f"{server.url}/collections/S2_ALPS/items/{seen[0]}"
    assert rels["collection"] == f"{server.url}/collections/S2_ALPS"


def test_an_array_has_an_item_for_each_time(server, is_stac):
    page = get(server, "/collections/OSTIA_SST/items", datetime="2008-01-01T00:00:00Z/2008-12-31T00:00:00Z", limit=50)
    items = page.json()["features"]
    assert len(items) == 12
    for item in items[:2]:
        is_stac(item)
        answer = requests.get(item["assets"]["netcdf"]["href"], timeout=60)
        assert answer.headers["Content-Type"] == "application/x-netcdf"
    assert requests.get(items[0]["assets"]["thumbnail"]["href"], timeout=60).headers["Content-Type"] == "image/png"


def test_files_of_assets_come_whole_and_in_ranges(server):
    item = get(server, "/collections/S2_ALPS/items", limit=1).json()["features"][0]
    asset = item["assets"]["B04"]
    assert str(server.data) not in json.dumps(item)
    whole = requests.get(asset["href"], timeout=60)
    assert whole.headers["Content-Type"] == "image/tiff; application=geotiff"
    part = requests.get(asset["href"], headers={"Range": "bytes=4-15"}, timeout=10)
    assert (part.status_code, part.content) == (206, whole.content[4:16])
    assert requests.head(asset["href"], timeout=10).headers["Content-Length"] == str(len(whole.content))
    with rasterio.MemoryFile(whole.content) as memory, memory.open() as file:
        assert [file.height, file.width] == asset["proj:shape"]
    thumbnail = requests.get(item["assets"]["thumbnail"]["href"], timeout=60)
    assert thumbnail.headers["Content-Type"] == "image/png"
    for path in ("B99", "..%2f..%2fcatalog.sqlite", "%2e%2e"):
        answer = get(server, f"/collections/S2_ALPS/items/{item['id']}/assets/{path}")
        assert answer.status_code == 404


def test_a_client_finds_what_it_looks_for(server):
    client = Client.open(server.url)
    found = client.search(
        collections=["S2_ALPS"],
        bbox=BOX,
        datetime="2022-06-01/2022-08-31",
        filter="eo:cloud_cover < 20",
        sortby=["+properties.eo:cloud_cover"],
        limit=4,
    )
    items = list(found.items())
    assert len(items) > 4
    covers = [item.properties["eo:cloud_cover"] for item in items]
    assert covers == sorted(covers)
    assert covers[-1] < 20
    assert all(isinstance(item, pystac.Item) and item.datetime.year == 2022 for item in items)
    assert {item.id for item in client.get_collection("OSTIA_SST").get_items()} == {
        item.id for item in client.search(collections=["OSTIA_SST"], limit=20).items()
    }


def test_posts_turn_pages_by_body(server):
    body = {
        "collections": ["S2_ALPS"],
        "limit": 2,
        "fields": {"include": ["id"]},
        "intersects": {"type": "Point", "coordinates": [11.35, 46.49]},
    }
    first = requests.post(f"{server.url}/search", json=body, timeout=30).json()
    (following,) = [link for link in first["links"] if link["rel"] == "next"]
    assert (following["method"], following["merge"]) == ("POST", True)
    second = requests.post(following["href"], json=body | following["body"], timeout=30).json()
    ids = [each["id"] for each in first["features"] + second["features"]]
    assert len(set(ids)) == 4
    assert set(first["features"][0]) == {"type", "stac_version", "id", "collection"}


def test_queryables(server, matches):
    for path in ("/queryables", "/collections/S2_ALPS/queryables"):
        answer = get(server, path)
        assert answer.headers["Content-Type"] == "application/schema+json"
        assert answer.json()["$id"] == server.url + path
        assert answer.json()["properties"]["eo:cloud_cover"]["type"] == "number"
    matches(answer.json(), ("/collections/{collection_id}/queryables", "get"), media_type="application/schema+json")


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/search", {"bbox": "1,2,3"}, 400),
        ("/search", {"limit": "-1"}, 400),
        ("/search", {"datetime": "yesterday"}, 400),
        ("/search", {"filter": "'; DROP TABLE items; --"}, 400),
        ("/search", {"nonsense": "1"}, 400),
        ("/collections/S2_ALPS/items", {"collections": "x"}, 400),
        ("/collections/S2_ALPS/items", {"f": "shapefile"}, 406),
        ("/collections/NO/items", {}, 404),
        ("/collections/NO/queryables", {}, 404),
        ("/collections/S2_ALPS/items/none", {}, 404),
        ("/collections/S2_ALPS/items/..%2F..%2Fx", {}, 404),
    ],
)
def test_refusals(server, path, params, status):
    answer = get(server, path, **params)
    assert answer.status_code == status
    if status == 400:
        assert f"'{next(iter(params))}'" in answer.json()["message"]


def test_a_body_that_is_wrong_is_told(server):
    for body in ("[]", "{", '{"bbox": "x"}', '{"limit": 0}', '{"intersects": []}'):
        answer = requests.post(f"{server.url}/search", data=body, timeout=10)
        assert answer.status_code == 400, body


def test_a_search_in_a_collection_of_features_finds_no_items(server):
    found = get(server, "/search", collections="ALPS_FIELDS,S2_ALPS", limit=1).json()
    assert [each["collection"] for each in found["features"]] == ["S2_ALPS"]
    body = {"collections": ["ALPS_FIELDS"]}
    assert requests.post(f"{server.url}/search", json=body, timeout=60).json()["features"] == []
