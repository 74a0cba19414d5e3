"""Coverages over HTTP: formats, headers, limits, and who may see what."""

from __future__ import annotations

import time

import numpy as np
import pytest
import requests
from rasterio.io import MemoryFile

PART = "bbox=11.33,46.48,11.34,46.49&datetime=2022-06-01/2022-06-20&properties=B04,B08"
TYPES = {
    "json": "application/json",
    "png": "image/png",
    "geotiff": "image/tiff; application=geotiff",
    "netcdf": "application/x-netcdf",
    "covjson": "application/prs.coverage+json",
    "zarr": "application/zip",
    "multipart": 'multipart/related; type="application/json"; boundary=gdc-coverage-part',
}


@pytest.mark.parametrize("name", TYPES)
def test_formats_by_name_by_media_type_and_by_accept(server, name):
    url = f"{server.url}/collections/S2_ALPS/coverage?{PART}"
    by_name = requests.get(f"{url}&f={name}", timeout=60)
    assert by_name.status_code == 200, by_name.text
    assert by_name.headers["Content-Type"] == TYPES[name]
    by_type = requests.get(url, params={"f": TYPES[name]}, timeout=60)
    by_accept = requests.get(url, headers={"Accept": TYPES[name]}, timeout=60)
    assert by_type.headers["Content-Type"] == by_accept.headers["Content-Type"] == TYPES[name]
    assert len(by_name.content) == len(by_accept.content)
    assert by_name.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/EPSG/0/32632>"
    west, south, east, north = (float(edge) for edge in by_name.headers["Content-Bbox"].split(","))
    assert 678200 <= west < east <= 682200
    assert 5149500 <= south < north <= 5153500


def test_what_is_not_there_is_406(server):
    url = f"{server.url}/collections/S2_ALPS/coverage"
    for options in ({"params": {"f": "grib"}}, {"headers": {"Accept": "text/csv"}}):
        answer = requests.get(url, timeout=10, **options)
        assert (answer.status_code, answer.json()["code"]) == (406, "NotAcceptable")
        assert "geotiff (image/tiff; application=geotiff)" in answer.json()["message"]


def test_every_collection_answers_without_parameters(server, matches):
    for collection in server.get("/collections").json()["collections"]:
        if collection.get("dataType") != "coverage":
            continue
        answer = requests.get(f"{server.url}/collections/{collection['id']}/coverage", timeout=60)
        assert answer.status_code == 200, answer.text
        assert len(answer.content) < 2e7
        matches(answer.json(), ("/collections/{collection_id}/coverage", "get"))
        for part in ("domainset", "rangetype"):
            answer = requests.get(f"{server.url}/collections/{collection['id']}/coverage/{part}", timeout=10)
            matches(answer.json(), (f"/collections/{{collection_id}}/coverage/{part}", "get"))
        assert [field["name"] for field in answer.json()["field"]] == collection["cube:dimensions"]["bands"]["values"]


def test_the_whole_of_a_large_one_has_larger_pixels(server):
    answer = requests.get(f"{server.url}/collections/S2_ALPS/coverage", timeout=60)
    axes = {axis["axisLabel"]: axis for axis in answer.json()["domainSet"]["generalGrid"]["axis"]}
    assert axes["x"]["resolution"] == pytest.approx(10 * float(answer.headers["Scale-Factor"]), rel=0.05)
    assert axes["x"]["resolution"] == -axes["y"]["resolution"] > 10


def test_links_lead_to_each_format(server):
    links = server.get("/collections/OSTIA_SST").json()["links"]
    found = [link for link in links if link["rel"] == "http://www.opengis.net/def/rel/ogc/1.0/coverage"]
    assert [link["type"] for link in found] == [*TYPES.values(), "text/html"]
    for link in found[:-1]:
        assert requests.get(f"{link['href']}&datetime=2008-01", timeout=30).headers["Content-Type"] == link["type"]


def test_pixels_are_those_of_openeo(server, graphs):
    query = "bbox=11.33,46.48,11.34,46.49&datetime=2022-06-05&properties=B04,B08&f=geotiff"
    answer = requests.get(f"{server.url}/collections/S2_ALPS/coverage?{query}", timeout=60)
    with MemoryFile(answer.content) as memory, memory.open() as file:
        values, bounds = file.read().astype(float), file.bounds
    extent = dict(zip(("west", "south", "east", "north"), bounds, strict=True)) | {"crs": 32632}
    days = ["2022-06-05", "2022-06-06"]
    load = graphs.node(
        "load_collection", id="S2_ALPS", spatial_extent=extent, temporal_extent=days, bands=["B04", "B08"]
    )
    save = graphs.node("save_result", data={"from_node": "load"}, format="GTiff")
    result = server.post("/result", {"process": graphs.graph(load=load, save=save)})
    with MemoryFile(result.content) as memory, memory.open() as file:
        np.testing.assert_array_equal(values, np.nan_to_num(file.read(), nan=0))
        assert file.bounds == bounds


def test_what_is_too_large_is_413_with_what_to_do(serve, tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("small")
    (folder / "data").mkdir()
    small = serve(folder / "data", folder / "log", "--GdcApp.max_coverage_bytes=100000")
    try:
        url = f"{small.url}/collections/OSTIA_SST/coverage"
        answer = requests.get(f"{url}?f=netcdf&datetime=2008-01/2010-12", timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (413, "CoverageTooLarge")
        assert "MB" in answer.json()["message"]
        assert "'scale-factor'" in answer.json()["message"]
        assert requests.get(f"{url}?f=netcdf&datetime=2008-01/2010-12&scale-factor=6", timeout=30).status_code == 200
        assert float(requests.get(f"{url}?f=netcdf", timeout=30).headers["Scale-Factor"]) > 1
    finally:
        small.stop()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("subset=q(1:2)", 400),
        ("bbox=1,2", 400),
        ("crs=nonsense", 400),
        ("scale-factor=0", 400),
        ("unknown=1", 400),
        ("datetime=1999-01-01", 400),
    ],
)
def test_bad_parameters_are_400_in_both_shapes(server, query, status):
    for part in ("", "/domainset"):
        answer = requests.get(f"{server.url}/collections/OSTIA_SST/coverage{part}?{query}", timeout=10)
        assert answer.status_code == status
        assert answer.json()["message"] == answer.json()["detail"]
        assert answer.json()["status"] == status
        assert f"'{query.partition('=')[0]}'" in answer.json()["message"]


def test_an_unknown_collection_is_404(server):
    for part in ("", "/domainset", "/rangetype"):
        assert requests.get(f"{server.url}/collections/NO/coverage{part}", timeout=10).status_code == 404
        assert requests.get(f"{server.url}/collections/../../x/coverage{part}", timeout=10).status_code == 404


def test_a_client_that_goes_leaves_the_server_well(server):
    url = f"{server.url}/collections/S2_ALPS/coverage?f=netcdf"
    for _ in range(6):
        with requests.get(url, stream=True, timeout=30) as answer:
            assert answer.status_code == 200
    started = time.monotonic()
    assert requests.get(f"{server.url}/collections/OSTIA_SST/coverage/rangetype", timeout=30).status_code == 200
    assert time.monotonic() - started < 20
