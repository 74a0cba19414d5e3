"""Secondary services over HTTP: made, described, changed, logged, and looked at as tiles."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from io import BytesIO

import numpy as np
import pytest
import requests
from PIL import Image

from .conftest import graph, node

#: A tile in the sample's area, and one beside it.
INSIDE, BESIDE = (14, 8708, 5796), (14, 8712, 5796)
NDVI = graph(
    load=node(
        "load_collection",
        id="S2_ALPS",
        spatial_extent={"from_parameter": "spatial_extent"},
        temporal_extent=["2022-06-01", "2022-06-12"],
        bands=["B04", "B08"],
    ),
    ndvi=node("ndvi", data={"from_node": "load"}),
    newest=node(
        "reduce_dimension",
        data={"from_node": "ndvi"},
        dimension="t",
        reducer=graph(m=node("max", data={"from_parameter": "data"})),
    ),
)


RED = node(
    "load_collection",
    id="S2_ALPS",
    spatial_extent=None,
    temporal_extent=["2022-06-01", "2022-06-12"],
    bands=["B04"],
)


def callback(process, inner, **arguments):
    """Return a node that applies a process to what the node ``load`` gives."""
    return {"process_id": process, "arguments": {"data": {"from_node": "load"}, "process": inner, **arguments}}


def make(server, process=NDVI, type="XYZ", **fields):
    answer = server.post("/services", {"type": type, "process": process, **fields})
    assert answer.status_code == 201, answer.text
    service = answer.headers["OpenEO-Identifier"]
    assert answer.headers["GDC-Identifier"] == service
    assert answer.headers["Location"] == f"{server.url}/services/{service}"
    return service


def tile_url(server, service, tile=INSIDE):
    return f"{server.url}/tiles/{service}/{'/'.join(map(str, tile))}.png"


def pixels(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/png"
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA"))


def patch(server, service, body):
    return server.session.patch(f"{server.url}/services/{service}", json=body, timeout=30)


@pytest.fixture(scope="module")
def ndvi(server):
    service = make(server, title="NDVI", configuration={"colormap": "vegetation", "range": [0, 1]})
    yield service
    server.delete(f"/services/{service}")


def test_the_types_are_as_published(server, matches):
    answer = requests.get(f"{server.url}/service_types", timeout=10)
    matches(answer.json(), ("/service_types", "get"))
    assert set(answer.json()) == {"XYZ", "WMTS"}
    assert "viridis" in answer.json()["XYZ"]["configuration"]["colormap"]["description"]


def test_a_service_is_described_listed_and_removed(server, matches):
    service = make(server, title="Mine", description="What it shows.", configuration={"range": [0, 1], "bands": None})
    described = server.get(f"/services/{service}").json()
    matches(described, ("/services/{service_id}", "get"))
    assert described["url"] == f"{server.url}/tiles/{service}/{{z}}/{{x}}/{{y}}.png"
    assert described["process"] == NDVI
    assert described["configuration"] == {"range": [0, 1]}
    assert (described["title"], described["description"], described["enabled"]) == ("Mine", "What it shows.", True)
    attributes = described["attributes"]
    assert attributes["bounds"] == pytest.approx([11.321, 46.474, 11.375, 46.511], abs=1e-3)
    assert (attributes["minzoom"], attributes["maxzoom"]) == (0, 22)
    assert attributes["resolution"] == pytest.approx(10, rel=0.01)

    listed = server.get("/services?limit=1").json()
    matches(listed, ("/services", "get"))
    assert [each["id"] for each in listed["services"]] == [service]
    assert "process" not in listed["services"][0]
    assert server.delete(f"/services/{service}").status_code == 204
    for answer in (server.get(f"/services/{service}"), server.delete(f"/services/{service}")):
        assert (answer.status_code, answer.json()["code"]) == (404, "ServiceNotFound")
    assert requests.get(tile_url(server, service), timeout=10).json()["code"] == "ServiceNotFound"


def test_the_list_comes_in_pages(server):
    made = {make(server) for _ in range(3)}
    found, url = [], f"{server.url}/services?limit=2"
    while url:
        page = server.session.get(url, timeout=10).json()
        assert len(page["services"]) <= 2
        found += [each["id"] for each in page["services"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert made <= set(found)
    assert len(found) == len(set(found))
    for service in made:
        server.delete(f"/services/{service}")


def test_a_tile_needs_no_login_and_is_sent_once(server, ndvi):
    answer = requests.get(tile_url(server, ndvi), timeout=60)
    found = pixels(answer)
    assert found.shape == (256, 256, 4)
    assert (found[..., 3] == 255).mean() > 0.9
    assert len(np.unique(found[..., :3].reshape(-1, 3), axis=0)) > 20
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = requests.get(tile_url(server, ndvi), headers={"If-None-Match": answer.headers["Etag"]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")
    head = requests.head(tile_url(server, ndvi), timeout=10)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(answer.content)))
    # A login that a map program keeps for another server is no reason to refuse.
    other = requests.get(tile_url(server, ndvi), headers={"Authorization": "Basic dTpw"}, timeout=10)
    assert other.content == answer.content


def test_a_tile_is_what_the_graph_gives_there(server, ndvi):
    saved = {**NDVI["process_graph"], "newest": NDVI["process_graph"]["newest"] | {"result": False}}
    saved["warp"] = node(
        "resample_spatial", data={"from_node": "newest"}, projection=3857, resolution=152.8740565703525
    )
    saved["save"] = node("save_result", data={"from_node": "warp"}, format="GTiff") | {"result": True}
    saved["load"] = node("load_collection", **NDVI["process_graph"]["load"]["arguments"] | {"spatial_extent": None})
    answer = server.post("/result", {"process": {"process_graph": saved}})
    assert answer.status_code == 200, answer.text
    import rasterio

    with rasterio.MemoryFile(answer.content) as memory, memory.open() as file:
        whole = file.read(1)
        mean = float(np.nanmean(whole))
    tile = pixels(
        requests.get(tile_url(server, make(server, configuration={"range": [-1, 1]}), (10, 544, 362)), timeout=30)
    )
    shown = tile[..., 3] == 255
    values = tile[..., 0][shown] / 255 * 2 - 1
    assert np.mean(values) == pytest.approx(mean, abs=0.02)
    assert shown.sum() == pytest.approx(np.isfinite(whole).sum(), rel=0.05)


def test_beside_the_data_a_tile_is_transparent(server, ndvi):
    assert pixels(requests.get(tile_url(server, ndvi, BESIDE), timeout=30))[..., 3].max() == 0


@pytest.mark.parametrize(
    ("tile", "message"),
    [
        ((23, 0, 0), "There are tiles of zoom 0 to 22, and none of 23"),
        ((3, 8, 0), "At zoom 3, x is from 0 to 7, and not 8"),
        ((3, 0, 8), "At zoom 3, y is from 0 to 7, and not 8"),
        (("z", 0, 0), "'z' must be a whole number from 0, not 'z'"),
        ((3, -1, 0), "'x' must be a whole number from 0, not '-1'"),
        ((3, 0, "1e9"), "'y' must be a whole number from 0, not '1e9'"),
        ((3, 0, "9" * 400), "'y' must be a whole number"),
        ((3, 0, "%00"), "'y' must be a whole number"),
    ],
)
def test_tiles_that_are_not_there(server, ndvi, tile, message):
    answer = requests.get(tile_url(server, ndvi, tile), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "TileNotFound")
    assert message in answer.json()["message"]
    assert len(answer.json()["message"]) < 200


def test_a_service_can_be_switched_off_and_on_and_changed(server):
    service = make(server, configuration={"range": [0, 1], "maxzoom": 15})
    gray = pixels(requests.get(tile_url(server, service), timeout=60))
    assert patch(server, service, {"enabled": False}).status_code == 204
    answer = requests.get(tile_url(server, service), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "ServiceNotFound")
    assert "is not enabled" in answer.json()["message"]
    assert server.get(f"/services/{service}").json()["enabled"] is False
    change = {"enabled": True, "title": None, "configuration": {"colormap": "thermal", "range": [0, 1]}}
    assert patch(server, service, change).status_code == 204
    colored = pixels(requests.get(tile_url(server, service), timeout=30))
    assert (colored[..., 3] == gray[..., 3]).all()
    assert (colored[..., 0] != colored[..., 2]).any()
    assert (gray[..., 0] == gray[..., 2]).all()
    described = server.get(f"/services/{service}").json()
    assert described["configuration"] == change["configuration"]
    assert described["attributes"]["maxzoom"] == 22
    server.delete(f"/services/{service}")


def test_defaults_of_colours_come_from_the_data(server):
    service = make(server, NDVI)
    found = pixels(requests.get(tile_url(server, service), timeout=60))
    shades = found[..., 0][found[..., 3] == 255]
    assert (shades == 0).mean() < 0.2
    assert (shades == 255).mean() < 0.2
    assert shades.std() > 30
    server.delete(f"/services/{service}")


def test_a_temporary_service_ends_and_can_be_put_off(server):
    soon, later = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (0.5, 3600))
    service = make(server, configuration={"range": [0, 1], "expires": f"{soon:%Y-%m-%dT%H:%M:%S.%fZ}"})
    lasting = {"range": [0, 1], "expires": f"{later:%Y-%m-%dT%H:%M:%S.%fZ}"}
    assert patch(server, service, {"configuration": lasting}).status_code == 204
    assert server.get(f"/services/{service}").json()["configuration"] == lasting
    time.sleep(max((soon - datetime.now(UTC)).total_seconds(), 0))
    assert pixels(requests.get(tile_url(server, service), timeout=60)).shape == (256, 256, 4)
    assert patch(server, service, {"configuration": lasting | {"expires": "2022-06-01"}}).status_code == 204
    answer = requests.get(tile_url(server, service), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "ServiceNotFound")
    assert "has expired" in answer.json()["message"]
    assert service not in [each["id"] for each in server.get("/services").json()["services"]]
    assert server.get(f"/services/{service}").status_code == 404


def test_a_legend_is_told_once_it_is_known(server):
    service = make(server, configuration={"colormap": ["#000000", "ff0000"]})
    assert requests.get(tile_url(server, service), timeout=60).status_code == 200
    told = server.get(f"/services/{service}").json()["attributes"]
    assert told["colors"] == ["#000000", "#ff0000"]
    low, high = told["range"]
    assert -1 <= low < high <= 1
    server.delete(f"/services/{service}")
    service = make(server, configuration={"range": [0, 0.5], "colormap": "viridis"})
    told = server.get(f"/services/{service}").json()["attributes"]
    assert (told["range"], told["colors"][0], told["colors"][-1]) == ([0, 0.5], "#440154", "#fde725")
    server.delete(f"/services/{service}")


BAD = {
    "no body": (None, "RequestInvalid", "empty"),
    "a list": ([], "RequestInvalid", "object"),
    "no type": ({"process": NDVI}, "RequestInvalid", "'type'"),
    "no process": ({"type": "XYZ"}, "RequestInvalid", "'process'"),
    "no graph": ({"type": "XYZ", "process": {}}, "ProcessGraphMissing", "process_graph"),
    "type of type": ({"type": 3, "process": NDVI}, "RequestInvalid", "string"),
    "unknown type": ({"type": "WMS", "process": NDVI}, "ServiceUnsupported", "XYZ, WMTS"),
    "title": ({"type": "XYZ", "process": NDVI, "title": 3}, "RequestInvalid", "title"),
    "enabled": ({"type": "XYZ", "process": NDVI, "enabled": "yes"}, "RequestInvalid", "enabled"),
    "log level": ({"type": "XYZ", "process": NDVI, "log_level": "all"}, "RequestInvalid", "log_level"),
    "budget": ({"type": "XYZ", "process": NDVI, "budget": -1}, "RequestInvalid", "budget"),
    "configuration": ({"type": "XYZ", "process": NDVI, "configuration": []}, "RequestInvalid", "configuration"),
    "parameter": ({"type": "XYZ", "process": NDVI, "configuration": {"zoom": 3}}, "ServiceConfigUnsupported", "zoom"),
    "value": ({"type": "XYZ", "process": NDVI, "configuration": {"range": [2, 1]}}, "ServiceConfigInvalid", "range"),
    "pairs": (
        {"type": "XYZ", "process": NDVI, "configuration": {"range": [[0, 1], [0, 1], [0, 1]]}},
        "ServiceConfigInvalid",
        "it has 3 pairs",
    ),
    "band": ({"type": "XYZ", "process": NDVI, "configuration": {"bands": ["B99"]}}, "BandNotFound", "B99"),
    "no raster": ({"type": "XYZ", "process": graph(a=node("add", x=1, y=2))}, "FormatUnsuitable", "raster cube"),
    "faults": ({"type": "XYZ", "process": graph(a=node("nothing"))}, "ProcessUnsupported", "nothing"),
    "collection": (
        {"type": "XYZ", "process": graph(a=node("load_collection", id="X", spatial_extent=None, temporal_extent=None))},
        "CollectionNotFound",
        "X",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_refusals(server, case):
    body, code, message = BAD[case]
    answer = server.session.post(f"{server.url}/services", json=body, timeout=30)
    expected = 404 if code == "CollectionNotFound" else 400
    assert (answer.status_code, answer.json()["code"]) == (expected, code), answer.text
    assert message in answer.json()["message"]


def test_refusals_of_changes(server, ndvi):
    for body, code, message in (
        ({"type": "WMTS"}, "PropertyNotEditable", "'type' cannot be changed"),
        ({"id": "mine"}, "PropertyNotEditable", "'id'"),
        ({"url": "http://example.org"}, "PropertyNotEditable", "'url'"),
        ({"enabled": None}, "RequestInvalid", "enabled"),
        ({"process": graph(a=node("nothing"))}, "ProcessUnsupported", "nothing"),
        ({"configuration": {"minzoom": 9, "maxzoom": 3}}, "ServiceConfigInvalid", "maxzoom"),
    ):
        answer = patch(server, ndvi, body)
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
        assert message in answer.json()["message"]
    assert patch(server, "s-0", {"title": "x"}).json()["code"] == "ServiceNotFound"
    assert patch(server, ndvi, {}).status_code == 204
    assert server.get(f"/services/{ndvi}").json()["title"] == "NDVI"


def test_all_but_types_and_tiles_need_a_login(server, ndvi):
    for method, path in (
        ("get", "/services"),
        ("post", "/services"),
        ("get", f"/services/{ndvi}"),
        ("patch", f"/services/{ndvi}"),
        ("delete", f"/services/{ndvi}"),
        ("get", f"/services/{ndvi}/logs"),
    ):
        answer = requests.request(method, server.url + path, json={}, timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (401, "AuthenticationRequired")


def test_failed_tiles_are_told_in_the_log_once(server, matches):
    # Code of the user that fails on data, but not on the pixel that it is tried on.
    lines = ["def apply_datacube(cube, context):", "    if cube.max() > 100:", "        raise ValueError('no good')"]
    udf = "\n".join([*lines, "    return cube\n"])
    failing = graph(
        load=RED,
        fail=callback("apply", graph(u=node("run_udf", data={"from_parameter": "x"}, udf=udf, runtime="Python"))),
    )
    service = make(server, failing, configuration={"range": [0, 1]})
    assert server.get(f"/services/{service}/logs").json()["logs"] == []
    for _ in range(3):
        answer = requests.get(tile_url(server, service), timeout=60)
        assert answer.status_code == 400, answer.text
        assert "no good" in answer.json()["message"]
    logs = server.get(f"/services/{service}/logs").json()
    matches(logs, ("/services/{service_id}/logs", "get"))
    assert [entry["data"] for entry in logs["logs"]] == [{"zoom": 14, "x": 8708, "y": 5796}]
    entry = logs["logs"][0]
    assert (entry["level"], entry["code"]) == ("error", answer.json()["code"])
    assert "no good" in entry["message"]
    later = server.get(f"/services/{service}/logs?offset={entry['id']}&level=error&limit=5").json()
    assert (later["logs"], later["level"]) == ([], "error")
    for query in ("level=all", "limit=0", "limit=x", "offset=-1"):
        answer = server.get(f"/services/{service}/logs?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "RequestInvalid")
        assert query.partition("=")[0] in answer.json()["message"]
    server.delete(f"/services/{service}")


def test_what_needs_all_pixels_is_told(server):
    whole = graph(
        load=RED,
        sums=callback("apply_dimension", graph(s=node("cumsum", data={"from_parameter": "data"})), dimension="x"),
    )
    service = make(server, whole)
    assert server.get(f"/services/{service}").json()["attributes"]["whole"] == ["sums"]
    [entry] = server.get(f"/services/{service}/logs").json()["logs"]
    assert entry["level"] == "info"
    assert "The nodes sums need all pixels at once" in entry["message"]
    assert pixels(requests.get(tile_url(server, service), timeout=60))[..., 3].max() == 255
    server.delete(f"/services/{service}")
