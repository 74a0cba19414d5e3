"""Collections of a user: made by a job, seen by the user alone, and shared by command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import requests


def command(server, *arguments):
    environment = os.environ | {"GDC_DATA_DIR": str(server.data)}
    subprocess.run([sys.executable, "-m", "gdc_server", *arguments], env=environment, check=True)


@pytest.fixture(scope="module")
def private(server, graphs):
    """The id of a collection that a synchronous request has made."""
    process = graphs.median(format="GTiff")
    nodes = process["process_graph"]
    del nodes["save"]["result"]
    nodes["export"] = graphs.node("export_collection", data={"from_node": "save"}, collection="mine/june")
    nodes["export"]["result"] = True
    assert server.post("/result", {"process": process}).status_code == 200
    yield "mine/june"
    command(server, "remove", "mine/june")


def listed(server, **options):
    answer = requests.get(f"{server.url}/collections", timeout=10, **options)
    return [each["id"] for each in answer.json()["collections"]]


def test_only_the_owner_sees_it_until_it_is_shared(server, private, matches):
    assert private in listed(server, headers=server.session.headers)
    assert private not in listed(server)
    for path in (f"/collections/{private}", "/collections/mine%2Fjune", "/collections/mine//june/"):
        assert requests.get(server.url + path, timeout=10).status_code == 404
    for path in (f"/collections/{private}", "/collections/mine%2Fjune"):
        answer = server.get(path)
        assert answer.json()["id"] == private
        matches(answer.json(), ("/collections/{collection_id}", "get"))
    load = {"process_id": "load_collection", "result": True}
    load["arguments"] = {"id": private, "spatial_extent": None, "temporal_extent": None}
    asked = {"process_graph": {"load": load}}
    errors = requests.post(f"{server.url}/validation", json=asked, timeout=30).json()["errors"]
    assert [error["code"] for error in errors] == ["CollectionNotFound"]
    assert server.post("/validation", asked).json()["errors"] == []
    command(server, "share", private)
    assert private in listed(server)
    command(server, "share", "--undo", private)
    assert private not in listed(server)


def test_reference_systems_are_told(server):
    collection = server.get("/collections/S2_ALPS").json()
    assert collection["crs"] == [
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "http://www.opengis.net/def/crs/EPSG/0/32632",
        "http://www.opengis.net/def/crs/EPSG/0/4326",
        "http://www.opengis.net/def/crs/EPSG/0/3857",
    ]
    assert collection["storageCrs"] == collection["crs"][1]
