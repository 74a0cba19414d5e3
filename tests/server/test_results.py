"""Results: synchronous ones, and those of jobs with their metadata and signed addresses."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import time

import pytest
import rasterio
import requests
from gdc_server.signing import Signer


@pytest.fixture(scope="module")
def finished(server, graphs):
    job = server.start(graphs.median(), title="Median")
    server.wait(job, "finished")
    return job


@pytest.fixture
def item(server, finished):
    answer = server.get(f"/jobs/{finished}/results", headers={"Accept": "application/geo+json"})
    assert answer.headers["Content-Type"] == "application/geo+json"
    return answer.json()


def test_the_metadata_are_plain_json_to_clients_that_do_not_say(server, finished):
    headers = server.get(f"/jobs/{finished}/results").headers
    assert (headers["Content-Type"], headers["OpenEO-Costs"]) == ("application/json", "0")
    assert server.get(f"/jobs/{finished}/results?f=geojson").headers["Content-Type"] == "application/geo+json"


def test_the_metadata_are_a_stac_item_with_place_and_time(item, finished, matches, is_stac):
    matches(item, ("/jobs/{job_id}/results", "get"))
    is_stac(item)
    assert item["id"] == finished
    west, south, east, north = item["bbox"]
    assert west == pytest.approx(11.31, abs=0.05)
    assert north == pytest.approx(46.49, abs=0.05)
    assert west < east
    assert south < north
    assert item["properties"]["title"] == "Median"
    assert item["properties"]["start_datetime"].startswith("2022-06-")
    [asset] = item["assets"].values()
    assert asset["type"].startswith("image/tiff")
    assert asset["roles"] == ["data"]


def test_files_are_had_without_a_login_whole_and_in_part(item):
    [(name, asset)] = item["assets"].items()
    answer = requests.get(asset["href"], timeout=10)
    assert answer.status_code == 200
    assert name in answer.headers["Content-Disposition"]
    with rasterio.open(io.BytesIO(answer.content)) as image:
        assert (image.width, image.height, image.count) == (96, 84, 2)
        assert image.crs.to_epsg() == 32632
    part = requests.get(asset["href"], headers={"Range": "bytes=4-7"}, timeout=10)
    assert (part.status_code, part.content) == (206, answer.content[4:8])
    unchanged = requests.get(asset["href"], headers={"If-None-Match": answer.headers["ETag"]}, timeout=10)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    head = requests.head(asset["href"], timeout=10)
    assert int(head.headers["Content-Length"]) == len(answer.content)
    assert "secret" not in asset["href"]


def test_the_canonical_link_needs_no_login_either(item):
    [canonical] = [link["href"] for link in item["links"] if link["rel"] == "canonical"]
    answer = requests.get(canonical, timeout=10)
    assert answer.json()["id"] == item["id"]
    assert requests.delete(canonical, timeout=10).status_code == 405


def test_a_zarr_store_is_one_file_to_download(server, graphs, is_stac, tmp_path):
    import xarray as xr
    from zarr.storage import ZipStore

    job = server.start(graphs.median(format="Zarr"))
    server.wait(job, "finished")
    item = server.get(f"/jobs/{job}/results").json()
    is_stac(item)
    [asset] = item["assets"].values()
    answer = requests.get(asset["href"], timeout=10)
    assert answer.headers["Content-Type"] == asset["type"] == "application/vnd.zarr+zip"
    assert asset["file:size"] == len(answer.content)
    assert asset["file:checksum"] == "1220" + hashlib.sha256(answer.content).hexdigest()
    (tmp_path / "result.zarr.zip").write_bytes(answer.content)
    with xr.open_zarr(ZipStore(tmp_path / "result.zarr.zip", mode="r"), chunks=None) as data:
        assert dict(data.sizes) == {"y": 84, "x": 96}
        assert list(data.data_vars) == [band["name"] for band in asset["raster:bands"]]


def test_a_value_is_a_result_without_a_place(server, graphs, matches, is_stac):
    job = server.start(graphs.add)
    server.wait(job, "finished")
    item = server.get(f"/jobs/{job}/results").json()
    matches(item, ("/jobs/{job_id}/results", "get"))
    is_stac(item)
    assert item["geometry"] is None
    [asset] = item["assets"].values()
    assert requests.get(asset["href"], timeout=10).json() == 3


def test_a_changed_address_opens_nothing(server, item, finished):
    [asset] = item["assets"].values()
    expires, signature = re.search(r"/results/(\d+)/([^/]+)/", asset["href"]).groups()
    for old, new in ((expires, str(int(expires) + 60)), (signature, "A" + signature[1:][::-1]), (finished, "j-other")):
        answer = requests.get(asset["href"].replace(old, new), timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (403, "PermissionsInsufficient")
    for name in ("..%2Fresult.json", "../result.json", "other.tif", "%2Fetc%2Fpasswd"):
        url = asset["href"].rsplit("/", 1)[0] + "/" + name
        assert requests.get(url, timeout=10).status_code in (403, 404)


def test_an_old_address_says_that_it_has_expired(server, item, finished):
    [name] = item["assets"]
    signature, expires = Signer(server.data / "signing.key", 60).sign(finished, name, int(time.time()) - 1)
    answer = requests.get(f"{server.url}/results/{expires}/{signature}/{finished}/{name}", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (410, "ResultLinkExpired")


def test_even_a_signed_path_stays_in_the_folder_of_the_job(server, finished):
    signer = Signer(server.data / "signing.key", 60)
    for name in ("../result.json", "../../jobs.sqlite"):
        signature, expires = signer.sign(finished, name)
        quoted = name.replace("/", "%2F")
        answer = requests.get(f"{server.url}/results/{expires}/{signature}/{finished}/{quoted}", timeout=10)
        assert answer.status_code == 404


def test_a_new_run_drops_the_old_results(server, graphs, is_stac):
    job = server.start(graphs.median())
    server.wait(job, "finished")
    [old] = server.get(f"/jobs/{job}/results").json()["assets"].values()
    process = graphs.median(format="netCDF")
    assert server.session.patch(f"{server.url}/jobs/{job}", json={"process": process}).status_code == 204
    server.post(f"/jobs/{job}/results")
    server.wait(job, "finished")
    item = server.get(f"/jobs/{job}/results").json()
    is_stac(item)
    [asset] = item["assets"].values()
    assert asset["type"] == "application/x-netcdf"
    assert requests.get(old["href"], timeout=10).status_code == 404


def test_a_failed_job_tells_its_last_error_in_place_of_results(server, graphs, matches):
    job = server.start(graphs.long)
    server.wait(job, "running", progress=0.01)
    import psutil

    workers = psutil.Process(server.process.pid).children(recursive=True)
    max(workers, key=lambda each: each.create_time()).kill()
    server.wait(job, "error")
    answer = server.get(f"/jobs/{job}/results")
    assert answer.status_code == 424
    assert answer.json()["level"] == "error"
    assert "signal 9" in answer.json()["message"]
    matches(answer.json(), ("/jobs/{job_id}/results", "get"), "424")


@pytest.mark.parametrize(
    ("name", "media_type", "start"),
    [
        ("GTiff", "image/tiff", b"II"),
        ("netCDF", "application/x-netcdf", b"\x89HDF"),
        ("JSON", "application/json", b"{"),
    ],
)
def test_a_synchronous_result_comes_in_its_format(server, graphs, name, media_type, start):
    answer = server.post("/result", {"process": graphs.median(format=name)})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith(media_type)
    assert answer.content.startswith(start)
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_a_value_comes_bare(server, graphs):
    answer = server.post("/result", {"process": graphs.add})
    assert (answer.headers["Content-Type"], answer.json()) == ("application/json", 3)


def test_several_files_come_in_an_archive(server, graphs):
    process = graphs.graph(
        load=graphs.node(
            "load_collection",
            id="S2_ALPS",
            spatial_extent={"west": 679720, "south": 5151080, "east": 680000, "north": 5151300, "crs": 32632},
            temporal_extent=["2022-06-01", "2022-06-12"],
            bands=["B04"],
        ),
        save=graphs.node("save_result", data={"from_node": "load"}, format="GTiff"),
    )
    answer = server.post("/result", {"process": process})
    assert answer.headers["Content-Type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert len([name for name in archive.getnames() if name.endswith(".tif")]) > 1


def test_the_work_ends_when_the_client_goes(server, graphs):
    import psutil

    parent = psutil.Process(server.process.pid)
    before = set(parent.children(recursive=True))
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            f"{server.url}/result", json={"process": graphs.long}, headers=dict(server.session.headers), timeout=0.5
        )
    deadline = time.monotonic() + 3
    while set(parent.children(recursive=True)) - before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
