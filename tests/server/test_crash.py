"""A server that is killed: its children end, and the next one finds its jobs."""

from __future__ import annotations

import signal

import psutil


def test_a_killed_server_loses_nothing(serve, graphs, sample_data, tmp_path_factory):
    log = tmp_path_factory.getbasetemp() / "crash.log"
    first = serve(sample_data, log, "--GdcApp.max_running_jobs=1")
    running = first.start(graphs.long)
    queued = first.start(graphs.add)
    first.wait(running, "running", progress=0.01)
    children = psutil.Process(first.process.pid).children(recursive=True)
    assert len(children) >= 2, "the forkserver and a worker"
    first.stop(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, 3)
    assert alive == []
    second = serve(sample_data, log, "--GdcApp.max_running_jobs=1", "--GdcApp.synchronous_timeout=0.5")
    try:
        second.wait(queued, "finished")
        assert second.get(f"/jobs/{running}").json()["status"] == "error"
        [entry] = second.get(f"/jobs/{running}/logs", params={"level": "error"}).json()["logs"]
        assert "The server stopped while the job ran" in entry["message"]
        assert "safe to start the job again" in entry["message"]
        late = second.post("/result", {"process": graphs.long})
        assert (late.status_code, late.json()["code"]) == (408, "RequestTimeout")
        assert "batch job" in late.json()["message"]
        again = second.start(graphs.long)
        second.wait(again, "running", progress=0.01)
        children = psutil.Process(second.process.pid).children(recursive=True)
    finally:
        second.stop()
    _, alive = psutil.wait_procs(children, 3)
    assert alive == []
    assert "Traceback" not in log.read_text()
