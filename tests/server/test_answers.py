"""Public answers against the published API document."""

from __future__ import annotations

import pytest
import requests

PUBLIC = ["/", "/conformance", "/collections", "/processes", "/file_formats"]


@pytest.mark.parametrize("path", PUBLIC)
def test_answers_are_as_published(server, matches, path):
    answer = requests.get(server.url + path, timeout=30)
    assert answer.status_code == 200
    matches(answer.json(), (path, "get"))
    assert "null" not in (answer.text if path == "/collections" else ""), "clients of a simple kind do not take null"


def test_every_collection_is_as_published(server, matches):
    for collection in server.get("/collections").json()["collections"]:
        answer = server.get(f"/collections/{collection['id']}")
        matches(answer.json(), ("/collections/{collection_id}", "get"))
        rels = {link["rel"] for link in answer.json()["links"]}
        assert {"self", "parent", "root", "license"} <= rels
        assert all(link["href"].startswith("http") for link in answer.json()["links"])


def test_collections_come_in_pages(server):
    everything = [each["id"] for each in server.get("/collections").json()["collections"]]
    found, url = [], f"{server.url}/collections?limit=2"
    while url:
        page = requests.get(url, timeout=10).json()
        assert len(page["collections"]) <= 2
        found += [each["id"] for each in page["collections"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert found == everything
    assert found[0] == "S2_ALPS"


def test_what_is_listed_is_there_and_what_is_there_is_described(server):
    listed = {each["path"]: set(each["methods"]) for each in server.get("/").json()["endpoints"]}
    assert listed["/jobs/{job_id}/results"] == {"GET", "POST", "DELETE"}
    for path, methods in listed.items():
        concrete = path.replace("{job_id}", "j-0").replace("{collection_id}", "S2_ALPS")
        allowed = requests.options(server.url + concrete, timeout=10).headers["Access-Control-Allow-Methods"]
        assert methods <= set(allowed.split(", ")), path
    contract = server.get("/api")
    assert contract.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.1"
    assert set(contract.json()["paths"]) - {"/"} == set(listed)


def test_an_unknown_collection_names_those_there_are(server):
    answer = server.get("/collections/NOT_THERE")
    assert (answer.status_code, answer.json()["code"]) == (404, "CollectionNotFound")
    assert "S2_ALPS" in answer.json()["message"]


def test_file_formats_name_what_can_be_loaded_and_saved(server, matches):
    formats = server.get("/file_formats").json()
    matches(formats, ("/file_formats", "get"))
    assert {"GTiff", "netCDF", "Zarr", "PNG", "JPEG", "CovJSON", "JSON"} <= set(formats["output"])
    assert {"GTiff", "netCDF", "Zarr", "GeoJSON", "Parquet"} <= set(formats["input"])
    for each in (*formats["input"].values(), *formats["output"].values()):
        assert each["gis_data_types"]
    assert "COMPRESS" in formats["output"]["GTiff"]["parameters"]
