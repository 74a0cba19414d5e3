"""OUS over HTTP: the published examples, its other routes, a CMR behind it, and large collections."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from gdc_jupyter.demo import free_port

PATH = Path(__file__).parents[3] / "shared" / "reference" / "opendap" / "vectors.json"
VECTORS = json.loads(PATH.read_text()) if PATH.exists() else {"http_1_1_0": [], "http_later_versions": []}
needs_reference = pytest.mark.skipif(not PATH.exists(), reason="the reference is not here")
NAMES = {"opendap": "reconstructed_catalogue_1_1_0", "service-bridge": "reconstructed_catalogue_later"}
MANY = 10_000


def large_catalogue():
    """A collection of many granules, in CMR's form."""
    dimensions = [
        {"Name": "lat", "Size": 180, "Type": "LATITUDE_DIMENSION"},
        {"Name": "lon", "Size": 360, "Type": "LONGITUDE_DIMENSION"},
    ]
    variable = {"meta": {"concept-id": "V1-X"}, "umm": {"Name": "v", "Dimensions": dimensions, "DataType": "float32"}}
    link = {"rel": "http://esipfed.org/ns/fedsearch/1.1/data#", "href": "https://example.org/opendap/"}
    granules = [
        {
            "id": f"G{number}-X",
            "collection_concept_id": "C1-X",
            "time_start": "2020-01-01T00:00:00Z",
            "links": [link | {"href": f"https://example.org/opendap/{number}.hdf"}],
        }
        for number in range(MANY)
    ]
    collection = {"id": "C1-X", "dataset_id": "Many", "associations": {"variables": ["V1-X"]}}
    zero = {"meta": {"concept-id": "V2-X"}, "umm": {"Name": "z", "DataType": "int16"}}
    zero["umm"]["Dimensions"] = dimensions
    zero["umm"]["IndexRanges"] = {"LatRange": [90, -90], "LonRange": [0, 360]}
    other = {"id": "C2-X", "dataset_id": "From zero", "associations": {"variables": ["V2-X"]}}
    one = granules[0] | {"id": "G1-Z", "collection_concept_id": "C2-X"}
    return {"collections": [collection, other], "granules": [*granules, one], "variables": [variable, zero]}


@pytest.fixture(scope="module")
def ous(serve, tmp_path_factory):
    """Servers by their catalogues, with a way to ask."""
    folder = tmp_path_factory.mktemp("ous")
    catalogues = {prefix: VECTORS[name] for prefix, name in NAMES.items() if name in VECTORS}
    servers = {}
    for prefix, catalogue in ({"large": large_catalogue()} | catalogues).items():
        (folder / prefix).mkdir()
        (folder / f"{prefix}.json").write_text(json.dumps(catalogue))
        servers[prefix] = serve(
            folder / prefix,
            folder / f"{prefix}.log",
            f"--GdcApp.ous_catalogue={folder / prefix}.json",
            "--GdcApp.samples=False",
        )
    yield servers
    for server in servers.values():
        server.stop()


def root(server):
    return server.url.removesuffix("/gdc")


def vectors():
    every = VECTORS["http_1_1_0"] + VECTORS["http_later_versions"]
    return [pytest.param(vector, id=f"{index}") for index, vector in enumerate(every)]


@needs_reference
@pytest.mark.parametrize("vector", vectors())
def test_published_examples(vector, ous):
    request, expect = vector["request"], vector["expect"]
    server = ous[request["path"].split("/")[1].partition("?")[0]]
    headers = {name: value.replace("{token}", "secret") for name, value in request["headers"].items()}
    answer = requests.request(
        request["method"], root(server) + request["path"], headers=headers, json=request.get("json_body"), timeout=20
    )
    assert answer.status_code == expect["status"]
    for name, value in (expect.get("headers") or {}).items():
        assert answer.headers[name] == value
    if expect.get("items") is not None:
        assert answer.json()["items"] == expect["items"]
        assert int(answer.headers["CMR-Hits"]) == answer.json()["hits"]
    if "body" in expect:
        assert answer.json() == expect["body"]


def fetch(server, path, **options):
    options.setdefault("headers", {"Echo-Token": "secret"})
    return requests.get(root(server) + path, timeout=20, **options)


def test_ten_thousand_granules_take_less_than_a_second(ous):
    fetch(ous["large"], "/opendap/ous/collection/C1-X?page_size=1")
    started = time.perf_counter()
    answer = fetch(ous["large"], "/opendap/ous/collection/C1-X?bounding-box=-10,0,10,20")
    assert answer.json()["hits"] == MANY
    assert answer.json()["items"][1] == (
        "https://example.org/opendap/1.hdf.nc?v[89:1:110][169:1:190],lat[89:1:110],lon[169:1:190]"
    )
    assert time.perf_counter() - started < 5


def test_a_stream_sends_each_item_as_it_is_known(ous):
    url = root(ous["large"]) + "/opendap/ous/streaming-collection/C1-X?bounding-box=-10,0,10,20"
    assert requests.get(url, timeout=5).status_code == 403
    with requests.get(url, headers={"Echo-Token": "secret"}, stream=True, timeout=20) as answer:
        chunks = list(answer.iter_content(None))
    assert len(chunks) > 10
    body = json.loads(b"".join(chunks))
    assert (body["hits"], len(body["items"]), body["warnings"]) == (MANY, MANY, None)
    empty = requests.get(url.replace("C1-X", "C0-X"), headers={"Echo-Token": "secret"}, timeout=5)
    assert empty.json()["items"] == []
    wrong = requests.get(url.replace("10,20", "10,200"), headers={"Echo-Token": "secret"}, timeout=5)
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0].startswith("The values provided for latitude")


def test_boxes_over_the_antimeridian_and_over_the_edge_of_a_grid(ous):
    two = fetch(
        ous["large"], "/opendap/ous/collection/C1-X?bounding-box=170,0,-170,10&granules=G5-X&explain=true"
    ).json()
    assert [item.partition("?")[2].split(",")[2] for item in two["items"]] == ["lon[349:1:359]", "lon[0:1:10]"]
    assert "crosses the edge" in two["warnings"][0]
    assert [each["bytes"] for each in two["explanations"]] == [12 * 11 * 4, 12 * 11 * 4]
    assert two["explanations"][0]["bounding-box"] == [169, -1, 180, 11]
    zero = fetch(ous["large"], "/opendap/ous/collection/C2-X?bounding-box=-10,0,10,10").json()["items"]
    assert [item.partition("?")[2].split(",")[2] for item in zero] == ["lon[349:1:359]", "lon[0:1:10]"]
    east = fetch(ous["large"], "/opendap/ous/collection/C2-X?bounding-box=-20,0,-10,10").json()["items"]
    assert [item.partition("?")[2].split(",")[2] for item in east] == ["lon[339:1:350]"]


def test_pages_follow_each_other(ous):
    headers, seen = {"Echo-Token": "secret"}, []
    for _ in range(3):
        answer = fetch(ous["large"], "/opendap/ous/collection/C1-X?page_size=7", headers=headers)
        assert answer.headers["CMR-Hits"] == str(MANY)
        seen += answer.json()["items"]
        headers = {"Echo-Token": "secret", "CMR-Search-After": answer.headers["CMR-Search-After"]}
    assert seen == [f"https://example.org/opendap/{number}.hdf.nc" for number in range(21)]
    bad = fetch(ous["large"], "/opendap/ous/collection/C1-X", headers=headers | {"CMR-Search-After": "x"})
    assert bad.status_code == 400


def test_several_collections_are_answered_in_order(ous):
    bodies = [{"collection-id": "C2-X"}, {"collection_id": "C1-X", "page_size": 1}, {"bounding-box": "0,0,0,91"}]
    answer = requests.post(
        root(ous["large"]) + "/opendap/ous/collections", json=bodies, headers={"Echo-Token": "secret"}, timeout=20
    )
    first, second, third = answer.json()
    assert first["hits"] == 1
    assert second["items"] == ["https://example.org/opendap/0.hdf.nc"]
    assert third["errors"][0].startswith("The following required parameters are missing")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("bounding-box=1,2,3", "west,south,east,north"),
        ("bounding-box=nan,0,1,1", "must be numbers"),
        ("bounding-box=0,20,1,10", "less than the south"),
        ("subset=lat(1;2)", "lat(south,north)"),
        ("temporal=yesterday,", "not a valid datetime"),
        ("temporal=2020-01-02,2020-01-01", "start,end"),
        ("format=../../x", "suffix"),
        ("page_size=0", "1 to 2000"),
        ("page_size=1e9", "1 to 2000"),
        ("blurg=1", 'Parameters: {:collection-id "C1-X", :blurg "1"}'),
        ("granules=G1-X&coverage=G2-X", "cannot be mixed"),
        ("dap-version=5", "either 2 or 4"),
    ],
)
def test_bad_parameters_are_named(query, told, ous):
    answer = fetch(ous["large"], f"/opendap/ous/collection/C1-X?{query}")
    assert answer.status_code == 400
    assert told in " ".join(answer.json()["errors"])


def test_the_other_routes(ous):
    server = ous["large"]
    for path in ("/opendap", "/opendap/", "/opendap/docs"):
        assert "OPeNDAP in Jupyter" in fetch(server, path, headers={}).text
        assert requests.head(root(server) + path, timeout=5).status_code == 200
    assert fetch(server, "/opendap/nothing").status_code == 404
    moved = fetch(server, "/opendap/robots.txt", allow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (301, "/robots.txt")
    for status in (401, 403, 404, 405, 500, 503):
        for path in (f"/testing/{status}", f"/opendap/testing/{status}"):
            answer = fetch(server, path, headers={})
            assert answer.status_code == status
            assert answer.json() == {"errors": [f"HTTP Error status code: {status}."]}
    assert fetch(server, "/opendap/health", headers={}).json()["logging"] == {"ok?": True}
    assert fetch(server, "/opendap/ping", headers={"Echo-Token": "wrong"}).status_code == 403
    preflight = requests.options(root(server) + "/opendap/ous/collection/C1-X", timeout=5)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Methods"] == "POST, PUT, GET, DELETE, OPTIONS"
    assert preflight.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert preflight.headers["Access-Control-Max-Age"] == "2592000"


def test_versions(ous):
    server = ous["large"]
    unknown = fetch(server, "/opendap/health", headers={"Accept": "application/vnd.cmr-opendap.v9+json"})
    assert unknown.status_code == 406
    assert "v1, v2, v2.1, v3" in unknown.json()["errors"][0]
    assert fetch(server, "/opendap/health", headers={"Accept": "*/*"}).headers["Cmr-Media-Type"] == (
        "cmr-opendap.v2.1; format=*"
    )


def test_caches_can_be_looked_at_and_emptied(ous):
    server = ous["large"]
    headers = {"Echo-Token": "secret"}
    fetch(server, "/opendap/ous/collection/C2-X")
    kept = fetch(server, "/opendap/cache/concept").json()
    assert kept["concept:C2-X"]["title"] == "From zero"
    assert "secret" not in json.dumps(kept) + fetch(server, "/opendap/cache/auth").text
    assert fetch(server, "/opendap/cache/concept/concept:C2-X").json()["concept_id"] == "C2-X"
    delete = requests.delete(root(server) + "/opendap/cache/concept/concept:C2-X", headers=headers, timeout=5)
    assert delete.json() is None
    assert fetch(server, "/opendap/cache/concept/concept:C2-X").json() is None
    assert requests.delete(root(server) + "/opendap/cache/concept", headers=headers, timeout=5).json() == {}
    assert fetch(server, "/opendap/cache/concept").json() == {}
    old = {"Accept": "application/vnd.cmr-opendap.v1+json", "Echo-Token": "secret"}
    assert fetch(server, "/opendap/cache/concept", headers=old).status_code == 404
    assert fetch(server, "/opendap/cache/concept", headers={}).status_code == 403


def wait_for(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise AssertionError("the stand-in for CMR does not start")


@pytest.fixture(scope="module")
def cmr(serve, tmp_path_factory):
    """A server with a CMR behind it, and what that CMR was asked."""
    folder = tmp_path_factory.mktemp("cmr")
    catalogue = large_catalogue()
    catalogue["granules"] = catalogue["granules"][:8]
    catalogue["collections"].append({"id": "C-BUSY", "dataset_id": "Busy"})
    (folder / "catalogue.json").write_text(json.dumps(catalogue))
    port, log = free_port(), folder / "log"
    script = Path(__file__).with_name("opendap_cmr.py")
    process = subprocess.Popen([sys.executable, script, str(port), folder / "catalogue.json", log])
    (folder / "data").mkdir()
    server = serve(
        folder / "data",
        folder / "server.log",
        f"--GdcApp.cmr_url=http://127.0.0.1:{port}/search",
        "--GdcApp.samples=False",
    )
    wait_for(port)
    yield server, lambda: [json.loads(line) for line in log.read_text().splitlines()]
    server.stop()
    process.terminate()
    process.wait()


def test_a_cmr_is_asked_for_what_is_not_known_here(cmr):
    server, asked = cmr
    headers = {"Authorization": "Bearer secret", "Echo-Token": "for-cmr"}
    answer = fetch(server, "/opendap/ous/collection/C1-X?bounding-box=0,0,9,9", headers=headers)
    assert [item.partition("?")[0] for item in answer.json()["items"]] == [
        f"https://example.org/opendap/{number}.hdf.nc" for number in range(8)
    ]
    lines = asked()
    assert all(line["headers"]["Echo-Token"] == "for-cmr" for line in lines)
    assert "secret" not in json.dumps(lines)
    bodies = [line["body"] for line in lines if line["path"].endswith("granules")]
    assert len(bodies) == 4
    assert bodies[0] == "collection_concept_id=C1-X&bounding_box=0%2C0%2C9%2C9&page_size=2000"
    assert all(line["together"] for line in lines if line["path"].endswith(("collections", "granules")))
    chosen = fetch(server, "/opendap/ous/collection/C1-X?granules=G2-X,G3-X", headers=headers).json()
    assert chosen["hits"] == 2
    assert asked()[-1]["body"] == "collection_concept_id=C1-X&page_size=2&concept_id%5B%5D=G2-X&concept_id%5B%5D=G3-X"


def test_a_token_that_is_cmrs_alone_is_good_for_cmr(cmr):
    server, _ = cmr
    assert fetch(server, "/opendap/ous/collection/C2-X", headers={"Echo-Token": "for-cmr"}).json()["hits"] == 0
    refused = fetch(server, "/opendap/ous/collection/C1-X", headers={"Echo-Token": "wrong"})
    assert refused.status_code == 500
    assert refused.json()["errors"][-1] == "Token does not exist"
    assert fetch(server, "/opendap/ping", headers={"Echo-Token": "for-cmr"}).status_code == 403
    assert fetch(server, "/opendap/ous/collection/C1-X", headers={}).status_code == 403


def test_a_busy_cmr_is_asked_again(cmr):
    server, asked = cmr
    answer = fetch(server, "/opendap/ous/collection/C-BUSY", headers={"Echo-Token": "for-cmr"})
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert len([line for line in asked() if "C-BUSY" in line["body"]]) == 1
