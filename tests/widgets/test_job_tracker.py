"""JobTracker follows a back-end, acts on its jobs, and outlives its absence."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from gdc_jupyter.widgets import job_follower, job_tracker
from gdc_jupyter.widgets.job_follower import next_delay
from gdc_jupyter.widgets.job_rows import Stopwatch, duration
from gdc_jupyter.widgets.job_tracker import JobTracker


def job(job_id, status, **more):
    return {"id": job_id, "status": status, "created": "2026-01-01T00:00:00Z", "title": f"Job {job_id}", **more}


def wait_until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


@pytest.fixture
def tracker(backend, connection, monkeypatch):
    monkeypatch.setattr(job_follower, "ACTIVE_DELAY", 0.05)
    monkeypatch.setattr(job_follower, "IDLE_DELAYS", (0.1, 0.2))
    monkeypatch.setattr(job_follower, "OFFLINE_DELAYS", (0.1, 0.2))
    backend.jobs = {"a": job("a", "created"), "b": job("b", "running", progress=30, created="2026-01-02T00:00:00Z")}
    tracker = JobTracker(connection)
    yield tracker
    tracker.close()


def row(tracker, job_id):
    return next(one for one in tracker.jobs if one["id"] == job_id)


def press(tracker, action, **more):
    tracker._on_message(tracker, {"kind": action, **more}, [])


def ask(tracker, method, path, body=None):
    """Send a request as the page does, and return the answer."""
    answers = []
    tracker.send = lambda content, buffers=None: answers.append(content)
    press(tracker, "request", id="1", source="0", method=method, path=path, body=body)
    wait_until(lambda: answers)
    return answers[0]


def test_the_newest_job_comes_first(tracker):
    assert [(one["id"], one["status"]) for one in tracker.jobs] == [("b", "running"), ("a", "created")]
    assert row(tracker, "b")["progress"] == 30


def test_what_changes_often_goes_to_the_page_apart(backend, tracker):
    sent = []
    tracker.observe(sent.append, "_rows")
    assert [one["id"] for one in tracker._rows["jobs"]] == ["b", "a"]
    assert tracker._progress == {"b": 30.0}
    backend.jobs["b"]["progress"] = 31
    wait_until(lambda: tracker._progress == {"b": 31.0})
    assert sent == []


def test_progress_is_followed_by_itself(backend, tracker):
    backend.jobs["b"]["progress"] = 80
    wait_until(lambda: row(tracker, "b")["progress"] == 80)
    backend.jobs["b"].update(status="finished", progress=100)
    wait_until(lambda: row(tracker, "b")["status"] == "finished")
    assert tracker._progress == {}


def test_jobs_are_started_cancelled_and_deleted(backend, tracker):
    tracker.start("a")
    wait_until(lambda: row(tracker, "a")["status"] == "queued")
    tracker.cancel("a")
    wait_until(lambda: row(tracker, "a")["status"] == "canceled")
    tracker.delete("a")
    wait_until(lambda: [one["id"] for one in tracker.jobs] == ["b"])


def test_of_several_jobs_those_that_can_be_are_deleted(backend, tracker):
    with pytest.raises(ExceptionGroup, match="1 of 2 jobs could not be deleted") as caught:
        tracker.delete("gone", "a")
    assert "The job 'gone' does not exist" in str(caught.value.exceptions[0])
    wait_until(lambda: [one["id"] for one in tracker.jobs] == ["b"])


def test_a_job_that_is_gone_is_not_selected_any_more(backend, tracker):
    tracker.selected = "a"
    del backend.jobs["a"]
    wait_until(lambda: tracker.selected is None)


def test_the_page_acts_through_the_kernel_and_refusals_reach_it(backend, tracker):
    assert ask(tracker, "POST", "jobs/a/results")["status"] == 202
    press(tracker, "refresh")
    wait_until(lambda: row(tracker, "a")["status"] == "queued")
    answer = ask(tracker, "DELETE", "jobs/gone")
    assert (answer["status"], answer["body"]["message"]) == (404, "The job 'gone' does not exist.")


def test_a_job_is_renamed_and_duplicated_with_its_process(newer_federation):
    from gdc_jupyter.client import connect

    con = connect(newer_federation.url, user="user", token="password")
    job = con.create_job({"add1": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}, title="Sum")
    tracker = JobTracker(con)
    try:
        tracker.rename(job, "Total")
        wait_until(lambda: row(tracker, job.job_id)["title"] == "Total")
        copy = tracker.duplicate(job)
        assert copy.describe()["title"] == "Copy of Total"
        assert copy.describe()["process"] == job.describe()["process"]
        assert copy.status() == "created"
    finally:
        tracker.close()


def test_all_pages_are_turned_or_as_many_as_are_wanted(large_federation):
    from gdc_jupyter.client import connect

    con = connect(large_federation.url, user="user", token="password")
    for limit, expected in ((None, 500), (150, 150)):
        tracker = JobTracker(con, limit=limit)
        tracker.close()
        assert len(tracker.jobs) == expected
        assert tracker.jobs[0]["id"] == "j-0500"


def test_an_expired_token_is_told_with_what_to_do_and_nothing_is_lost(federation, monkeypatch):
    from gdc_jupyter.client import connect

    monkeypatch.setattr(job_follower, "OFFLINE_DELAYS", (0.1, 0.2))
    con = connect(federation.url, user="user", token="password")
    tracker = JobTracker(con)
    try:
        federation.control(expired=True)
        assert tracker.refresh() is False
        assert tracker._problem["kind"] == "signed-out"
        assert "connection.authenticate_basic(user, password)" in tracker._problem["message"]
        assert len(tracker.jobs) == 12
        con.authenticate_basic("user", "password")
        wait_until(lambda: tracker._problem == {})
    finally:
        tracker.close()


def test_a_back_end_that_takes_long_fills_the_table_later(federation, monkeypatch):
    from gdc_jupyter.client import connect

    monkeypatch.setattr(job_tracker, "FIRST_LOOK", 0.2)
    con = connect(federation.url, user="user", token="password")
    federation.control(delay={"GET /jobs": 1.5})
    begun = time.monotonic()
    tracker = JobTracker(con)
    try:
        assert time.monotonic() - begun < 1.4
        assert tracker._rows == {"jobs": [], "loaded": False}
        wait_until(lambda: len(tracker.jobs) == 12)
        assert tracker._rows["loaded"]
    finally:
        tracker.close()


def test_a_running_job_that_only_its_description_tells_the_progress_of(backend, connection):
    """Lists of openEO 1.1 have no progress, and the jobs of a federation may lack theirs for good."""
    backend.jobs = {"b": job("b", "running")}
    tracker = JobTracker(connection)
    tracker.close()
    assert tracker.jobs[0]["progress"] is None
    assert ("GET", "/jobs/b") in backend.requests


def test_the_states_of_ogc_executions_and_unknown_ones_are_kept(backend, connection):
    backend.jobs = {"a": job("a", "successful"), "b": job("b", "hibernating"), "c": {"id": "c"}, "d": {"title": "none"}}
    tracker = JobTracker(connection)
    tracker.close()
    assert {one["id"]: one["status"] for one in tracker.jobs} == {
        "a": "finished",
        "b": "hibernating",
        "c": "unknown",
    }


@pytest.mark.parametrize("answer", [{"jobs": None}, {"jobs": [None, 3, {"id": "a"}], "links": "none"}, []])
def test_lists_that_are_none_are_told_or_read_as_far_as_they_go(backend, connection, monkeypatch, answer):
    monkeypatch.setattr(backend, "route", lambda *_: (200, answer))
    tracker = JobTracker(connection)
    tracker.close()
    if isinstance(answer, dict) and answer["jobs"]:
        assert [one["id"] for one in tracker.jobs] == ["a"]
    else:
        assert tracker._problem["kind"] == "rubbish"


def test_pushed_changes_are_taken_over(backend, tracker):
    before = len(backend.requests)
    tracker._on_pushed("b", "running", 55.0)
    assert row(tracker, "b")["progress"] == 55
    assert tracker._list.change("b", "running", 56.0) is False
    assert tracker._list.change("b", "finished", 100.0) is True
    assert tracker._list.change("stranger", "queued", 0.0) is True
    assert len(backend.requests) - before < 5


def test_logs_are_returned_from_a_level_on_whatever_the_back_end_sends(backend, tracker):
    entry = {"id": "1", "level": "warning", "message": "<b>two dates</b> are cloudy", "time": "2026-01-01T00:00:00Z"}
    backend.log_entries = [entry, {**entry, "id": "2", "level": "debug", "message": "read"}]
    assert [one["message"] for one in tracker.show_logs("b", "warning")] == ["<b>two dates</b> are cloudy"]
    assert ("GET", "/jobs/b/logs?level=warning") in backend.requests
    assert tracker.selected == "b"
    assert tracker._asked["tab"] == "log"


def test_the_graph_of_a_job_is_handed_on(tracker):
    seen = []
    press(tracker, "graph", process={"process_graph": {}}, title="NDVI")
    assert tracker.graph == {"title": "NDVI", "process": {"process_graph": {}}}
    assert "graph" in tracker._notice["text"]
    tracker.on_graph(lambda process, title: seen.append((process, title)))
    press(tracker, "graph", process={"process_graph": {}}, title="EVI")
    assert seen == [({"process_graph": {}}, "EVI")]


def test_a_result_is_shown_on_the_map_that_was_given(backend, connection):
    class Area:
        def add_layer(self, job, **options):
            self.added = (job.job_id, options)
            return "layer"

    backend.jobs = {"a": job("a", "finished")}
    area = Area()
    tracker = JobTracker(connection, area=area)
    try:
        assert tracker._has_map
        press(tracker, "map", job="a")
        wait_until(lambda: tracker._notice["text"] == "Shown on the map.")
        assert area.added == ("a", {"name": "Job a"})
    finally:
        tracker.close()


def test_a_map_can_be_given_later(tracker):
    assert not tracker._has_map
    tracker.area = object()
    assert tracker._has_map
    tracker.area = None
    assert not tracker._has_map


def test_the_server_of_the_notebook_is_the_default(connection, monkeypatch):
    monkeypatch.setattr("gdc_jupyter.widgets.job_tracker.connect", lambda: connection)
    tracker = JobTracker()
    try:
        assert tracker.connection is connection
    finally:
        tracker.close()


def test_results_are_saved_in_a_folder_with_the_name_of_the_job(backend, tracker, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mean.json").write_text("{}")
    backend.results = {"mean.json": tmp_path / "mean.json"}
    backend.jobs["b"] |= {"title": "../a: b", "status": "finished"}
    tracker.refresh()
    press(tracker, "save", job="b")
    wait_until(lambda: "Saved mean.json" in tracker._notice["text"])
    assert (tmp_path / "_a_ b" / "mean.json").read_text() == "{}"
    assert [path.name for path in tracker.download("b", tmp_path / "other")] == ["mean.json"]


def test_the_last_state_stays_while_the_server_is_away(backend, tracker):
    backend.down()
    wait_until(lambda: tracker._problem.get("kind") == "offline")
    assert len(tracker.jobs) == 2
    backend.jobs["b"]["progress"] = 90
    backend.up()
    wait_until(lambda: tracker._problem == {})
    assert row(tracker, "b")["progress"] == 90


def test_closing_ends_the_polling(backend, connection):
    tracker = JobTracker(connection)
    tracker.close()
    tracker._follower._thread.join(2)
    assert not tracker._follower._thread.is_alive()


def test_a_connection_without_login_says_so(backend):
    from gdc_jupyter.client import connect

    tracker = JobTracker(connect(backend.url))
    assert tracker._problem["kind"] == "signed-out"
    assert "Log in" in tracker._problem["message"]
    assert "Log in" in tracker._repr_html_()
    tracker.close()


# rioxarray multiplies affine matrices in the old way.
@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_a_result_opens_as_xarray_with_nodata_as_nan(backend, tracker, tmp_path):
    values = np.array([[[1.0, 2.0], [-9999.0, 4.0]]], dtype="float32")
    path = tmp_path / "openEO.tif"
    profile = {
        "driver": "GTiff",
        "width": 2,
        "height": 2,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:32632",
        "nodata": -9999.0,
    }
    with rasterio.open(path, "w", transform=from_origin(679720, 5151920, 10, 10), **profile) as target:
        target.write(values)
        target.set_band_description(1, "ndvi")
    backend.results = {"openEO.tif": path}
    press(tracker, "open", job="b")
    wait_until(lambda: tracker.result is not None and tracker._opened, 20)
    cube = tracker.result
    assert cube.dims == ("bands", "y", "x")
    assert cube.bands.values.tolist() == ["ndvi"]
    np.testing.assert_array_equal(cube.values, [[[1, 2], [np.nan, 4]]])
    assert cube.x.values.tolist() == [679725, 679735]
    assert tracker._opened["text"] == "bands: 1 (ndvi), y: 2, x: 2, float32"
    assert tracker._opened["picture"]["url"].startswith("data:image/png;base64,")


def test_a_result_that_is_no_raster_is_refused(backend, tracker, tmp_path):
    (tmp_path / "mean.json").write_text("{}")
    backend.results = {"mean.json": tmp_path / "mean.json"}
    press(tracker, "open", job="b")
    wait_until(lambda: tracker._notice["level"] == "error")
    assert "mean.json" in tracker._notice["text"]


def test_netcdf_results_open(backend, connection, tmp_path):
    import xarray as xr

    from gdc_jupyter.client import open_result

    dataset = xr.Dataset({name: (("y", "x"), np.full((2, 3), value)) for name, value in (("B04", 1.0), ("B08", 2.0))})
    dataset.to_netcdf(tmp_path / "openEO.nc")
    backend.results = {"openEO.nc": tmp_path / "openEO.nc"}
    backend.jobs = {"a": job("a", "finished")}
    cube = open_result(connection.job("a"), tmp_path / "out")
    assert dict(cube.sizes) == {"bands": 2, "y": 2, "x": 3}
    assert cube.sel(bands="B08").values[0, 0] == 2
    cube.close()


def test_zarr_results_open(backend, connection, tmp_path):
    import xarray as xr

    from gdc_jupyter.client import open_result

    dataset = xr.Dataset({name: (("y", "x"), np.full((2, 3), value)) for name, value in (("B04", 1.0), ("B08", 2.0))})
    dataset.to_zarr(tmp_path / "store", zarr_format=2)
    shutil.make_archive(str(tmp_path / "openEO.zarr"), "zip", tmp_path / "store")
    backend.results = {"openEO.zarr.zip": tmp_path / "openEO.zarr.zip"}
    backend.jobs = {"a": job("a", "finished")}
    cube = open_result(connection.job("a"), tmp_path / "out")
    assert dict(cube.sizes) == {"bands": 2, "y": 2, "x": 3}
    assert cube.sel(bands="B08").values[0, 0] == 2


def test_no_secret_is_shown(tracker, connection):
    shown = (
        repr(tracker) + str(tracker._repr_mimebundle_()) + repr(connection) + str({**tracker.get_state(), "_esm": ""})
    )
    assert "secret-token" not in shown
    assert "granted" not in shown


def test_titles_are_text_in_the_static_table(backend, tracker):
    backend.jobs["a"]["title"] = "<script>alert(1)</script>"
    tracker.refresh()
    assert "<script>" not in tracker._repr_html_()
    assert "&lt;script&gt;" in tracker._repr_html_()


def test_run_time_is_the_back_ends_own_where_it_tells():
    usage = {"usage": {"duration": {"value": 2, "unit": "min"}}}
    assert duration(usage) == 120
    assert Stopwatch().row(job("a", "finished", updated="2026-01-01T09:00:00Z", **usage))["elapsed"] == 120
    assert Stopwatch().row(job("a", "finished", updated="2026-01-01T00:00:05Z"))["elapsed"] == 5
    assert Stopwatch().row(job("a", "created"))["elapsed"] is None


def test_polling_is_quick_while_something_runs_and_backs_off_otherwise():
    assert next_delay(9, answered=True, active=True, watched=True) == job_follower.ACTIVE_DELAY
    delays = [job_follower.ACTIVE_DELAY]
    for _ in range(10):
        delays.append(next_delay(delays[-1], answered=True, active=False, watched=True))
    assert delays[1] == job_follower.IDLE_DELAYS[0]
    assert delays[-1] == job_follower.IDLE_DELAYS[1]
    assert next_delay(60, answered=False, active=True, watched=True) == job_follower.OFFLINE_DELAYS[1]
    assert next_delay(1, answered=True, active=False, watched=False) == job_follower.UNWATCHED_DELAY
    assert next_delay(1, answered=True, active=True, watched=True, pushed=True) == job_follower.PUSHED_DELAY


def test_bad_arguments_are_refused(connection, tracker):
    with pytest.raises(ValueError, match="limit"):
        JobTracker(connection, limit=0)
    with pytest.raises(ValueError, match="error, warning, info, debug"):
        tracker.show_logs("b", "loud")


def test_waiting_ends_with_the_job_or_the_time(backend, tracker):
    with pytest.raises(TimeoutError, match="still running"):
        tracker.wait("b", timeout=0.1)
    backend.jobs["b"]["status"] = "finished"
    assert tracker.wait("b") == "finished"
    assert row(tracker, "b")["status"] == "finished"
