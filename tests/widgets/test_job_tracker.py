"""JobTracker follows a back-end, acts on its jobs, and outlives its absence."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from gdc_jupyter.widgets import job_tracker
from gdc_jupyter.widgets.job_rows import Stopwatch, duration
from gdc_jupyter.widgets.job_tracker import JobTracker, next_delay


def job(job_id, status, **more):
    return {"id": job_id, "status": status, "created": "2026-01-01T00:00:00Z", "title": f"Job {job_id}", **more}


def wait_until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


@pytest.fixture
def tracker(backend, connection, monkeypatch):
    monkeypatch.setattr(job_tracker, "ACTIVE_DELAY", 0.05)
    monkeypatch.setattr(job_tracker, "IDLE_DELAYS", (0.1, 0.2))
    monkeypatch.setattr(job_tracker, "OFFLINE_DELAYS", (0.1, 0.2))
    backend.jobs = {"a": job("a", "created"), "b": job("b", "running", progress=30, created="2026-01-02T00:00:00Z")}
    tracker = JobTracker(connection)
    yield tracker
    tracker.close()


def row(tracker, job_id):
    return next(one for one in tracker.jobs if one["id"] == job_id)


def press(tracker, action, **more):
    tracker._on_message(tracker, {"action": action, **more}, [])


def test_the_newest_job_comes_first_with_the_buttons_that_fit(tracker):
    assert [(one["id"], one["actions"]) for one in tracker.jobs] == [("b", ["cancel"]), ("a", ["start", "delete"])]
    assert row(tracker, "b")["progress"] == 30


def test_progress_is_followed_by_itself(backend, tracker):
    backend.jobs["b"]["progress"] = 80
    wait_until(lambda: row(tracker, "b")["progress"] == 80)
    backend.jobs["b"].update(status="finished", progress=100)
    wait_until(lambda: row(tracker, "b")["status"] == "finished")
    assert row(tracker, "b")["actions"] == ["open", "delete"]


def test_buttons_start_cancel_and_delete(backend, tracker):
    press(tracker, "start", job="a")
    wait_until(lambda: row(tracker, "a")["status"] == "queued")
    press(tracker, "cancel", job="a")
    wait_until(lambda: row(tracker, "a")["status"] == "canceled")
    press(tracker, "delete", job="a")
    wait_until(lambda: [one["id"] for one in tracker.jobs] == ["b"])


def test_a_refusal_is_told_in_the_servers_words(tracker):
    press(tracker, "cancel", job="gone")
    wait_until(lambda: tracker._notice["level"] == "error")
    assert tracker._notice["text"] == "The job 'gone' does not exist. (JobNotFound)"


def test_logs_are_shown_filtered_and_follow_a_running_job(backend, tracker):
    entry = {"id": "1", "level": "warning", "message": "<b>two dates</b> are cloudy", "time": "2026-01-01T00:00:00Z"}
    backend.log_entries = [entry]
    press(tracker, "logs", job="b", level="warning")
    wait_until(lambda: tracker._log.get("entries"))
    assert tracker._log["entries"][0]["message"] == "<b>two dates</b> are cloudy"
    assert ("GET", "/jobs/b/logs?level=warning") in backend.requests
    backend.log_entries = [entry, {**entry, "id": "2", "message": "done"}]
    wait_until(lambda: len(tracker._log["entries"]) == 2)
    press(tracker, "close logs")
    assert tracker._log == {}


def test_the_last_state_stays_while_the_server_is_away(backend, tracker):
    backend.down()
    wait_until(lambda: "does not answer" in tracker._problem)
    assert len(tracker.jobs) == 2
    backend.jobs["b"]["progress"] = 90
    backend.up()
    wait_until(lambda: tracker._problem == "")
    assert row(tracker, "b")["progress"] == 90


def test_closing_ends_the_polling(backend, connection):
    tracker = JobTracker(connection)
    tracker.close()
    tracker._thread.join(2)
    assert not tracker._thread.is_alive()


def test_a_connection_without_login_says_so(backend):
    from gdc_jupyter.client import connect

    tracker = JobTracker(connect(backend.url))
    assert "Log in" in tracker._problem
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
    shown = repr(tracker) + str(tracker._repr_mimebundle_()) + repr(connection) + str(tracker.get_state())
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
    assert next_delay(9, answered=True, active=True, watched=True) == job_tracker.ACTIVE_DELAY
    delays = [job_tracker.ACTIVE_DELAY]
    for _ in range(10):
        delays.append(next_delay(delays[-1], answered=True, active=False, watched=True))
    assert delays[1] == job_tracker.IDLE_DELAYS[0]
    assert delays[-1] == job_tracker.IDLE_DELAYS[1]
    assert next_delay(60, answered=False, active=True, watched=True) == job_tracker.OFFLINE_DELAYS[1]
    assert next_delay(1, answered=True, active=False, watched=False) == job_tracker.UNWATCHED_DELAY


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
