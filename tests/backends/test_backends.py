"""The back-ends for tests are good enough for the clients of openEO and of STAC, and misbehave as they are told."""

from __future__ import annotations

import time

import openeo
import pystac_client
import pytest
import rasterio
import requests
from backends.fixtures import PASSWORD, USER
from openeo.api.process import Parameter
from openeo.rest import OpenEoApiError


@pytest.fixture
def connection(federation):
    return openeo.connect(federation.server).authenticate_basic(USER, PASSWORD)


def test_the_client_finds_the_api_by_its_well_known_address(federation, connection):
    assert connection.root_url.rstrip("/") == federation.url
    assert connection.capabilities().api_version() == "1.1.0"
    assert len(connection.list_collections()) == 20
    assert connection.describe_collection("SENTINEL2_L2A")["cube:dimensions"]["bands"]["values"][0] == "B01"
    assert "only_here" in {process["id"] for process in connection.list_processes()}


def test_a_job_runs_by_the_clock(federation, connection, tmp_path):
    cube = connection.load_collection("SENTINEL2_L2A", bands=["B04"]).save_result("GTiff")
    job = connection.create_job(cube, title="Red")
    assert job.status() == "created"
    job.start()
    assert job.status() == "queued"
    federation.control(advance=1)
    assert job.status() == "running"
    assert "progress" not in job.describe()
    federation.control(advance=10)
    assert job.status() == "finished"
    assert [entry.level for entry in job.logs()] == ["debug", "info", "warning", "info"]
    path = job.get_results().get_asset("openEO.tif").download(tmp_path)
    with rasterio.open(path) as raster:
        assert raster.read(1)[1, 0] == 32
        assert raster.bounds.left == 11
    job.delete()
    assert job.job_id not in {one["id"] for one in connection.list_jobs()}


def test_a_job_can_be_stopped_and_can_fail(federation, connection):
    job = connection.create_job({"a": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}})
    job.start()
    federation.control(advance=1)
    job.stop()
    assert job.status() == "canceled"
    federation.control(job_outcome="error")
    job.start()
    federation.control(advance=10)
    assert job.status() == "error"
    assert job.logs(level="error")[-1].message.startswith("The back-end 'south'")


def test_a_newer_one_has_progress_and_validation(newer_federation):
    connection = openeo.connect(newer_federation.url).authenticate_basic(USER, PASSWORD)
    cube = connection.load_collection("SENTINEL2_L2A").process("nowhere")
    assert [error["code"] for error in connection.validate_process_graph(cube)] == ["ProcessUnsupported"]
    job = connection.create_job(connection.load_collection("SENTINEL2_L2A"))
    job.start()
    newer_federation.control(advance=1.2)
    assert 0 < job.describe()["progress"] < 100


def test_user_defined_processes_are_kept(connection):
    graph = {"add": {"process_id": "add", "arguments": {"x": {"from_parameter": "x"}, "y": 1}, "result": True}}
    connection.save_user_defined_process("more", graph, parameters=[Parameter.number("x", "A number.")])
    assert connection.user_defined_process("more").describe()["process_graph"] == graph
    connection.user_defined_process("more").delete()
    assert connection.list_user_defined_processes() == []


def test_it_has_many_collections_and_jobs(large_federation):
    connection = openeo.connect(large_federation.url).authenticate_basic(USER, PASSWORD)
    collections = requests.get(f"{large_federation.url}/collections", timeout=10).json()["collections"]
    assert len({one["id"] for one in collections}) == 2000
    assert len(connection.get("/jobs").json()["jobs"]) == 500
    page = connection.get("/jobs", params={"limit": 100}).json()
    assert len(page["jobs"]) == 100
    assert [link["rel"] for link in page["links"]] == ["next"]


def test_the_switches(federation, connection):
    federation.control(fail=["^GET /jobs$"], rubbish=["/processes"], gone=["/me"], delay={"/file_formats": 0.2})
    with pytest.raises(OpenEoApiError, match="Internal"):
        connection.list_jobs()
    assert connection.job("j-0001").status()
    with pytest.raises(ValueError, match="char"):
        connection.get("/processes").json()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{federation.url}/me", timeout=5)
    begun = time.monotonic()
    requests.get(f"{federation.url}/file_formats", timeout=5)
    assert time.monotonic() - begun > 0.2
    assert [entry["status"] for entry in federation.requests("GET /jobs$")] == [500]


def test_tokens_expire(federation, connection):
    federation.control(expired=True)
    with pytest.raises(OpenEoApiError, match="TokenInvalid"):
        connection.list_jobs()
    connection.authenticate_basic(USER, PASSWORD)
    assert connection.list_jobs()


def test_jobs_change_underneath(federation, connection):
    federation.control(jobs={"j-0001": {"status": "finished", "title": "Another"}, "j-0002": None})
    jobs = {one["id"]: one for one in connection.list_jobs()}
    assert jobs["j-0001"]["title"] == "Another"
    assert "j-0002" not in jobs


def test_it_goes_away_and_comes_back_at_the_same_address(start_backend):
    backend = start_backend("openeo_federation.py", "--jobs", "1")
    backend.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(backend.url, timeout=5)
    backend.start()
    assert requests.get(backend.url, timeout=5).json()["api_version"] == "1.1.0"


def test_pages_of_other_origins_may_ask(federation):
    preflight = requests.options(f"{federation.url}/jobs", timeout=5)
    assert preflight.status_code == 204
    refusal = requests.get(f"{federation.url}/jobs", timeout=5)
    assert refusal.status_code == 401
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in (preflight, refusal)} == {"*"}
    assert "OpenEO-Identifier" in refusal.headers["Access-Control-Expose-Headers"]


def test_the_stac_client_reads_all(stac_api):
    client = pystac_client.Client.open(stac_api.url)
    assert len(list(client.get_collections())) == 6
    assert len(list(client.get_collection("scenes").get_items())) == 250
    assert len(stac_api.requests("/scenes/items$")) == 25
    for method in ("GET", "POST"):
        found = client.search(
            method=method, collections=["scenes"], bbox=[6.1, 44.1, 8.9, 44.9], datetime="2023-01-01/2023-03-31"
        )
        assert [item.id for item in found.items()] == [
            *("scenes-000", "scenes-001", "scenes-002", "scenes-060", "scenes-061", "scenes-062")
        ]
    across = client.search(collections=["islands"], bbox=[179.6, -19, -179.9, -18.5])
    assert "islands-001" in {item.id for item in across.items()}


def test_items_have_thumbnails_and_rasters(stac_api):
    item = next(pystac_client.Client.open(stac_api.url).search(ids=["scenes-012"]).items())
    picture = requests.get(item.assets["thumbnail"].href, timeout=5)
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    raster = requests.get(item.assets["data"].href, timeout=5).content
    with rasterio.MemoryFile(raster) as memory, memory.open() as opened:
        assert opened.bounds.left == item.bbox[0]
        assert opened.bounds.bottom == pytest.approx(item.bbox[1])
