"""The life of a job over HTTP, and what is refused on the way."""

from __future__ import annotations

import json
import time

import pytest


def test_a_job_from_creation_to_deletion(server, graphs, matches):
    answer = server.post("/jobs", {"title": "Sum", "process": graphs.add, "plan": None, "budget": None})
    assert (answer.status_code, answer.content) == (201, b"")
    job = answer.headers["OpenEO-Identifier"]
    assert answer.headers["GDC-Identifier"] == job
    assert answer.headers["Location"] == f"{server.url}/jobs/{job}"
    described = server.get(f"/jobs/{job}").json()
    assert (described["status"], described["progress"], described["title"]) == ("created", 0, "Sum")
    assert "description" not in described
    matches(described, ("/jobs/{job_id}", "get"))
    assert server.session.patch(f"{server.url}/jobs/{job}", json={"title": "Total"}).status_code == 204
    assert server.get(f"/jobs/{job}").json()["title"] == "Total"
    assert server.session.patch(f"{server.url}/jobs/{job}", json={"title": None, "log_level": None}).status_code == 204
    changed = server.get(f"/jobs/{job}").json()
    assert ("title" in changed, changed["log_level"]) == (False, "info")
    assert server.get(f"/jobs/{job}/results").json()["code"] == "JobNotStarted"
    assert server.post(f"/jobs/{job}/results").status_code == 202
    done = server.wait(job, "finished")
    assert done["progress"] == 100
    logs = server.get(f"/jobs/{job}/logs", params={"level": "debug"}).json()
    matches(logs, ("/jobs/{job_id}/logs", "get"))
    assert server.delete(f"/jobs/{job}").status_code == 204
    assert server.get(f"/jobs/{job}").json()["code"] == "JobNotFound"
    assert not (server.data / "jobs" / job).exists()


def test_a_trivial_job_takes_less_than_half_a_second(server, graphs):
    server.wait(server.start(graphs.add), "finished")
    job = server.create(graphs.add)
    started = time.monotonic()
    server.post(f"/jobs/{job}/results")
    server.wait(job, "finished")
    assert time.monotonic() - started < 0.5


def test_jobs_are_listed_in_pages(server, graphs, matches):
    made = [server.create(graphs.add) for _ in range(3)]
    page = server.get("/jobs", params={"limit": 2}).json()
    matches(page, ("/jobs", "get"))
    assert [job["id"] for job in page["jobs"]] == made[:0:-1]
    assert all("process" not in job for job in page["jobs"])
    [following] = [link["href"] for link in page["links"] if link["rel"] == "next"]
    assert server.session.get(following).json()["jobs"][0]["id"] == made[0]


def test_a_running_job_is_locked_and_is_cancelled_at_once(server, graphs):
    job = server.start(graphs.long)
    running = server.wait(job, "running", progress=0.01)
    assert 0 < running["progress"] < 100
    assert server.session.patch(f"{server.url}/jobs/{job}", json={"title": "x"}).json()["code"] == "JobLocked"
    assert server.get(f"/jobs/{job}/results").json()["code"] == "JobNotFinished"
    assert server.post(f"/jobs/{job}/results").status_code == 202, "starting a running job changes nothing"
    started = time.monotonic()
    assert server.delete(f"/jobs/{job}/results").status_code == 204
    assert time.monotonic() - started < 1
    assert server.get(f"/jobs/{job}").json()["status"] == "canceled"
    assert server.get(f"/jobs/{job}/results").json()["code"] == "JobNotStarted"


def test_a_job_of_another_owner_does_not_exist(server, graphs):
    from gdc_jupyter.jobs.store import JobStore, sqlite_url

    store = JobStore(sqlite_url(server.data / "jobs"))
    job = store.create("somebody-else", graphs.add).id
    store.close()
    for ask in (
        lambda: server.get(f"/jobs/{job}"),
        lambda: server.get(f"/jobs/{job}/logs"),
        lambda: server.get(f"/jobs/{job}/results"),
        lambda: server.post(f"/jobs/{job}/results"),
        lambda: server.delete(f"/jobs/{job}/results"),
        lambda: server.delete(f"/jobs/{job}"),
        lambda: server.session.patch(f"{server.url}/jobs/{job}", json={"title": "x"}),
    ):
        answer = ask()
        assert (answer.status_code, answer.json()["code"]) == (404, "JobNotFound")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "finished"}, "PropertyNotEditable"),
        ({"process": {}}, "ProcessGraphMissing"),
    ],
)
def test_a_change_that_is_none_is_refused(server, graphs, change, code):
    job = server.create(graphs.add)
    answer = server.session.patch(f"{server.url}/jobs/{job}", json=change)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_an_empty_change_changes_nothing(server, graphs):
    job = server.create(graphs.add, title="as it was")
    assert server.session.patch(f"{server.url}/jobs/{job}", json={}).status_code == 204
    assert server.session.patch(f"{server.url}/jobs/{job}").status_code == 400
    assert server.get(f"/jobs/{job}").json()["title"] == "as it was"


def test_faults_of_the_body_are_faults_of_the_process(server):
    answer = server.post("/validation", {})
    assert (answer.status_code, [fault["code"] for fault in answer.json()["errors"]]) == (200, ["ProcessGraphMissing"])
    answer = server.post("/validation", {"process_graph": {"a": {"process_id": "add"}}})
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["code"]) == (200, "ProcessGraphInvalid")
    assert "lacks 'arguments'" in fault["message"]
    answer = server.post("/validation", [])
    assert (answer.status_code, answer.json()["code"]) == (400, "RequestInvalid")


SWAPPED = {"west": 12, "south": 46, "east": 11, "north": 47}
EMPTY = {"west": 11, "south": 46, "east": 11, "north": 46}
OUTSIDE = {"west": 100, "south": 46, "east": 101, "north": 47}


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({"id": "NOT_THERE"}, ["not_there", "s2_alps"]),
        ({"bands": ["B99"]}, ["b99", "b04"]),
        ({"format": "DOC"}, ["doc", "gtiff"]),
        ({"spatial_extent": SWAPPED}, ["west"]),
        ({"spatial_extent": EMPTY}, []),
        ({"spatial_extent": OUTSIDE}, []),
        ({"temporal_extent": ["1990-01-01", "1991-01-01"]}, []),
    ],
)
def test_wrong_input_is_refused_by_each_door_with_the_cause(server, graphs, load, words):
    process = graphs.median(**load)
    answer = server.post("/result", {"process": process})
    started = server.post(f"/jobs/{server.create(process)}/results")
    faults = server.post("/validation", process).json()["errors"]
    for body, status in ((answer.json(), answer.status_code), (started.json(), started.status_code)):
        assert 400 <= status < 500, body
        assert body["code"] != "Internal"
        assert all(word in body["message"].lower() for word in words), body
        assert "Traceback" not in body["message"]
    assert faults[0]["code"] == answer.json()["code"]


def test_all_faults_are_told_at_once(server, graphs, matches):
    process = graphs.graph(a=graphs.node("no_such"), b=graphs.node("add", x=1), c=graphs.node("add", x=1, y=2, z=3))
    answer = server.post("/validation", process)
    matches_errors = {error["code"] for error in answer.json()["errors"]}
    assert {"ProcessUnsupported", "ProcessParameterRequired", "ProcessParameterUnsupported"} <= matches_errors


def test_a_corrupt_file_fails_the_job_with_its_name_and_not_the_server(server, graphs, tmp_path):
    import numpy as np
    import rasterio

    from gdc_jupyter.catalog.catalog import Catalog

    path = tmp_path / "field.tif"
    profile = {"driver": "GTiff", "width": 256, "height": 256, "count": 1, "dtype": "uint16", "tiled": True}
    profile |= {"crs": "EPSG:32632", "transform": rasterio.Affine(10, 0, 679000, 0, -10, 5153000)}
    profile |= {"blockxsize": 128, "blockysize": 128, "compress": "deflate"}
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.random.default_rng(1).integers(1, 5000, (1, 256, 256), dtype="uint16"))
    catalog = Catalog(server.data)
    collection = catalog.add(path, "CORRUPT")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    process = graphs.graph(
        load=graphs.node("load_collection", id=collection.id, spatial_extent=None, temporal_extent=None),
        save=graphs.node("save_result", data={"from_node": "load"}, format="GTiff"),
    )
    try:
        job = server.start(process)
        server.wait(job, "error")
        [entry] = server.get(f"/jobs/{job}/logs", params={"level": "error"}).json()["logs"]
        assert entry["code"] == "DataFileUnreadable"
        assert "field.tif" in entry["message"]
        assert server.get(f"/jobs/{job}/results").status_code == 424
        answer = server.post("/result", {"process": process})
        assert (answer.status_code, answer.json()["code"]) == (424, "DataFileUnreadable")
        assert server.post("/result", {"process": graphs.add}).json() == 3
    finally:
        catalog.remove("CORRUPT")


def test_an_estimate_tells_what_a_job_would_take(server, graphs):
    job = server.create(graphs.median(resolution=1))
    estimate = server.get(f"/jobs/{job}/estimate").json()
    # 960 m x 840 m at 1 m, two bands of float32.
    assert estimate["size"] == 960 * 840 * 2 * 4
    found = estimate["explanation"]
    assert [node["id"] for node in found["nodes"]] == ["load", "fine", "median", "save"]
    assert found["blocks"]["count"] > 1
    assert found["memory_bytes"] > 50e6
    assert found["saves"] == [{"format": "GTiff", "bytes": estimate["size"]}]
    assert server.get(f"/jobs/{job}").json()["status"] == "created"
    assert server.get("/jobs/j-none/estimate").status_code == 404
    assert {"path": "/jobs/{job_id}/estimate", "methods": ["GET"]} in server.get("/").json()["endpoints"]


def test_an_estimate_of_a_faulty_job_is_refused(server, graphs):
    estimate = server.get(f"/jobs/{server.create(graphs.median(bands=['B99']))}/estimate")
    assert (estimate.status_code, estimate.json()["code"]) == (400, "BandNotFound")


def test_what_costs_too_much_is_refused_with_the_figure(server, graphs):
    # Five millimetres: 32 billion pixels of two bands.
    (error,) = server.post("/validation", graphs.median(resolution=0.005)).json()["errors"]
    assert error["code"] == "ProcessGraphComplexity"
    assert "The result is 258 GB, and at most 100 GB are allowed" in error["message"]
    assert error["path"][0] == {"node_id": "median", "process_id": "reduce_dimension"}
    # Two centimetres: too much for who waits, but not for a job.
    process = graphs.median(resolution=0.02)
    assert server.post("/validation", process).json()["errors"] == []
    answer = server.post("/result", {"process": process})
    assert (answer.status_code, answer.json()["code"]) == (400, "ProcessGraphComplexity")
    assert "16.1 GB, and at most 4.00 GB" in answer.json()["message"]


def deep(levels):
    graph = {"a": {"process_id": "pi", "arguments": {}, "result": True}}
    for _ in range(levels):
        arguments = {"data": [1], "process": {"process_graph": graph}}
        graph = {"a": {"process_id": "array_apply", "arguments": arguments, "result": True}}
    return graph


@pytest.mark.parametrize(
    "graph",
    [
        {"a": {"process_id": "add", "arguments": {"x": 1, "y": {"from_node": "b"}}, "result": True}},
        {"a": {"process_id": "absolute", "arguments": {"x": {"from_node": "a"}}, "result": True}},
        {"a": {"process_id": "pi", "arguments": {}}, "b": {"process_id": "e", "arguments": {}}},
        {f"n{number}": {"process_id": "pi", "arguments": {}, "result": number == 0} for number in range(10_000)},
        {"a": {"process_id": "x" * 100_000, "arguments": {}, "result": True}},
        {"a": {"process_id": "text_concat", "arguments": {"data": ["x" * 3_000_000]}, "result": True}},
        {"a": {"process_id": "constant", "arguments": {"x": json.loads("[" * 100 + "]" * 100)}, "result": True}},
    ],
    ids=["reference", "circle", "result", "nodes", "name", "text", "lists"],
)
def test_bad_graphs_are_refused_at_each_door(server, graph):
    process = {"process_graph": graph}
    errors = server.post("/validation", process).json()["errors"]
    assert errors
    assert all(len(error["message"]) < 2000 for error in errors)
    answer = server.post("/result", {"process": process})
    assert answer.status_code == 400
    assert answer.json()["code"] in {error["code"] for error in errors} | {"ProcessGraphInvalid"}


def test_a_hundred_levels_of_callbacks(server):
    process = {"process_graph": deep(100)}
    for path, body in (("/validation", process), ("/result", {"process": process})):
        answer = server.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "RequestInvalid")
        assert answer.json()["message"].startswith("a/a/a/a/")
        assert "nested too deeply" in answer.json()["message"]
    errors = server.post("/validation", {"process_graph": deep(40)}).json()["errors"]
    assert "levels of callbacks" in errors[0]["message"]
    assert len(errors[0]["path"]) == 33


def test_json_that_is_none(server):
    nan = '{"process_graph": {"a": {"process_id": "absolute", "arguments": {"x": NaN}, "result": true}}}'
    for text in (nan, "[" * 5000):
        answer = server.session.post(
            server.url + "/validation", data=text, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "RequestInvalid")
