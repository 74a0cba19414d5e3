"""The queue and its processes: jobs run, end, are cancelled, are found again, and take nobody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time

import psutil
import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import results
from gdc_jupyter.jobs.queue import JobQueue
from gdc_jupyter.jobs.server_lock import ServerLock
from gdc_jupyter.jobs.store import JobStore, sqlite_url
from gdc_jupyter.settings import Permissions, files_folder


def node(process, **arguments):
    return {"process_id": process, "arguments": arguments}


ADD = {"process_graph": {"sum": node("add", x=1, y=2) | {"result": True}}}
BOX = {"west": 679720, "south": 5151080, "east": 680680, "north": 5151920, "crs": 32632}
# Decimetres: many blocks, and minutes of work.
LONG = {
    "process_graph": {
        "load": node("load_collection", id="S2_ALPS", spatial_extent=BOX, temporal_extent=["2022-06-01", "2022-06-12"]),
        "fine": node("resample_spatial", data={"from_node": "load"}, resolution=0.1, method="cubic"),
        "median": node(
            "reduce_dimension",
            data={"from_node": "fine"},
            dimension="t",
            reducer={"process_graph": {"m": node("median", data={"from_parameter": "data"}) | {"result": True}}},
        ),
        "save": node("save_result", data={"from_node": "median"}, format="GTiff") | {"result": True},
    }
}


class Bench:
    """A queue on a loop of its own, driven from the test's thread."""

    def __init__(self, data, **options):
        self.options = options
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.data = data
        self.told = []
        self.store = JobStore(sqlite_url(data / "jobs"))
        self.queue = self.run(self._make())

    async def _make(self):
        queue = JobQueue(
            self.store, self.data, max_running=1, on_change=lambda *change: self.told.append(change), **self.options
        )
        await queue.open()
        return queue

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def started(self, process):
        job = self.store.create("ann", process).id
        self.run(self.queue.start(job))
        return job

    def wait(self, job, *states, seconds=30):
        deadline = time.monotonic() + seconds
        while self.store.get(job, "ann").status not in states:
            assert time.monotonic() < deadline, self.store.get(job, "ann")
            time.sleep(0.005)
        return self.store.get(job, "ann")

    def wait_for_progress(self, job):
        deadline = time.monotonic() + 30
        while not self.workers() or not self.store.get(job, "ann").progress:
            assert time.monotonic() < deadline, self.store.get(job, "ann")
            time.sleep(0.005)

    def workers(self):
        return psutil.Process(self.queue.forkserver_pid).children()

    def errors(self, job):
        return [(entry.code, entry.message) for entry in self.store.logs(job, "ann", "error")]

    def close(self):
        self.run(self.queue.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def bench(sample_data):
    bench = Bench(sample_data)
    yield bench
    bench.close()


def test_a_job_runs_to_its_result(bench):
    job = bench.started(ADD)
    done = bench.wait(job, "finished")
    assert done.progress == 100
    assert done.usage["duration"]["unit"] == "seconds"
    described = results.read(bench.data / "jobs" / job / results.METADATA)
    assert described["value"] == 3
    assert (bench.data / "jobs" / job / "results" / "result.json").read_text() == "3"
    deadline = time.monotonic() + 5
    while (job, "finished", 100.0) not in bench.told and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [status for told, status, _ in bench.told if told == job] == ["queued", "running", "finished"]


def test_a_trivial_job_is_done_in_half_a_second(bench):
    bench.wait(bench.started(ADD), "finished")
    started = time.monotonic()
    bench.wait(bench.started(ADD), "finished")
    assert time.monotonic() - started < 0.5


def test_a_graph_with_faults_fails_with_their_places(bench):
    job = bench.started({"process_graph": {"a": node("no_such_process", x=1) | {"result": True}}})
    bench.wait(job, "error")
    entry = bench.store.last_error(job)
    assert entry.code == "ProcessUnsupported"
    assert "no_such_process" in entry.message
    assert entry.path[0]["node_id"] == "a"


def test_a_running_job_is_cancelled_at_once_and_can_be_started_again(bench):
    job = bench.started(LONG)
    bench.wait_for_progress(job)
    workers = bench.workers()
    started = time.monotonic()
    bench.run(bench.queue.cancel(job))
    assert time.monotonic() - started < 1
    assert bench.store.get(job, "ann").status == "canceled"
    assert not any(worker.is_running() for worker in workers)
    bench.run(bench.queue.start(job))
    bench.run(bench.queue.start(job))
    bench.wait_for_progress(job)
    bench.run(bench.queue.cancel(job))
    assert bench.store.get(job, "ann").status == "canceled"


def test_a_job_waits_while_another_runs_and_leaves_the_queue_when_cancelled(bench):
    first, second, third = bench.started(LONG), bench.started(LONG), bench.started(ADD)
    bench.wait(first, "running")
    assert bench.store.get(second, "ann").status == "queued"
    bench.run(bench.queue.cancel(second))
    assert bench.store.get(second, "ann").status == "created"
    bench.run(bench.queue.delete(first, "ann"))
    bench.wait(third, "finished")
    assert not (bench.data / "jobs" / first).exists()
    with pytest.raises(GdcError, match="does not exist"):
        bench.store.get(first, "ann")


def test_a_worker_that_is_killed_leaves_the_reason(bench):
    job = bench.started(LONG)
    bench.wait_for_progress(job)
    os.kill(bench.workers()[0].pid, signal.SIGKILL)
    bench.wait(job, "error")
    [(code, message)] = bench.errors(job)
    assert code == "Internal"
    assert "signal 9 (out of memory?)" in message


def test_a_forkserver_that_is_killed_is_started_again(bench):
    job = bench.started(LONG)
    bench.wait_for_progress(job)
    worker = bench.workers()[0]
    before = bench.queue.forkserver_pid
    os.kill(before, signal.SIGKILL)
    bench.wait(job, "error")
    assert "safe to start it again" in bench.errors(job)[0][1]
    worker.wait(2)
    assert bench.wait(bench.started(ADD), "finished").progress == 100
    assert bench.queue.forkserver_pid != before


def test_a_synchronous_request_ends_with_its_client(bench, tmp_path):
    async def leave():
        work = asyncio.create_task(bench.queue.run_synchronously(LONG, tmp_path / "left"))
        while not (tmp_path / "left").exists():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        work.cancel()
        await asyncio.wait([work], timeout=1)
        return work.cancelled()

    assert bench.run(leave())
    assert bench.workers() == []
    assert bench.run(bench.queue.run_synchronously(ADD, tmp_path / "sum"))["value"] == 3


def test_the_jobs_of_a_server_that_is_gone_are_taken_up(bench):
    gone = ServerLock(bench.data / "jobs" / "servers")
    running, queued, of_another = (bench.store.create("ann", ADD).id for _ in range(3))
    other = ServerLock(bench.data / "jobs" / "servers")
    for job, server in ((running, gone), (queued, gone), (of_another, other)):
        bench.store.enqueue(job, server.id)
    bench.store.begin(running, gone.id)
    bench.store.begin(of_another, other.id)
    # What the system does when a process ends: the lock is let go, the file stays.
    os.close(gone._file)
    bench.run(bench.queue.recover())
    assert bench.wait(queued, "finished").progress == 100
    assert bench.store.get(running, "ann").status == "error"
    assert "safe to start the job again" in bench.errors(running)[0][1]
    assert bench.store.get(of_another, "ann").status == "running"
    other.release()


def test_a_job_that_another_server_cancels_is_ended_here(bench):
    job = bench.started(LONG)
    bench.wait_for_progress(job)
    worker = bench.workers()[0]
    bench.store.cancel(job)
    worker.wait(3)
    assert bench.store.get(job, "ann").status == "canceled"


@pytest.fixture(scope="module")
def narrow(sample_data):
    """A queue whose jobs have little memory, and whose users no rights."""
    bench = Bench(sample_data, memory_limit=256 << 20, permissions=Permissions(udf=False))
    yield bench
    bench.close()


def finer(resolution, **kernel):
    """Return the long process at another resolution, with a kernel that may need all pixels at once."""
    nodes = dict(LONG["process_graph"])
    nodes["fine"] = node("resample_spatial", data={"from_node": "load"}, resolution=resolution)
    nodes["kernel"] = node("apply_kernel", data={"from_node": "median"}, kernel=[[0.5, 0, 0.5]], **kernel)
    nodes["save"] = node("save_result", data={"from_node": "kernel"}, format="GTiff") | {"result": True}
    return {"process_graph": nodes}


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit")
def test_a_job_that_needs_too_much_memory_says_so_and_others_run(narrow):
    # All bands of the box at 0.15 m are more than a GB, and a block of them is a few MB.
    greedy = narrow.started(finer(0.15, border="wrap"))
    modest = narrow.started(finer(2))
    narrow.wait(greedy, "error")
    [(code, message)] = narrow.errors(greedy)
    assert code == "Internal"
    assert "256 MiB" in message
    assert "smaller area" in message
    assert "GdcApp.job_memory" in message
    narrow.wait(modest, "finished")


def test_permissions_and_the_owner_reach_the_job(bench, narrow):
    folder = files_folder(bench.data, "ann")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plus.py").write_text("def apply_datacube(cube, context):\n    print('at work')\n    return cube + 1\n")
    code = {"process_graph": {"udf": node("run_udf", data=[1, 2], udf="plus.py", runtime="Python") | {"result": True}}}
    job = bench.started(code)
    bench.wait(job, "finished")
    assert results.read(bench.data / "jobs" / job / results.METADATA)["value"] == [2, 3]
    assert not list((bench.data / "jobs" / job).glob("udf-*"))
    refused = narrow.started(code)
    narrow.wait(refused, "error")
    assert narrow.errors(refused)[0][0] == "FeatureUnsupported"
    foreign = bench.store.create("bob", code).id
    bench.run(bench.queue.start(foreign))
    deadline = time.monotonic() + 20
    while bench.store.get(foreign, "bob").status != "error" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bench.store.last_error(foreign).code == "FileNotFound"


def test_a_cancelled_job_ends_the_code_of_its_user(bench, tmp_path):
    note = tmp_path / "pid"
    source = f"""
def apply_datacube(cube, context):
    import os, signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open({str(note)!r}, "w").write(str(os.getpid()))
    while True: pass
"""
    job = bench.started(
        {"process_graph": {"udf": node("run_udf", data=1, udf=source, runtime="Python") | {"result": True}}}
    )
    deadline = time.monotonic() + 30
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    code = psutil.Process(int(note.read_text()))
    bench.run(bench.queue.cancel(job))
    psutil.wait_procs([code], 2)
    assert not code.is_running() or code.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("owner", ["..", ".", "a/b", "", "x" * 200, "ann~bob", "..\0"])
def test_no_owner_gets_out_of_the_folder_of_files(tmp_path, owner):
    folder = files_folder(tmp_path, owner)
    assert folder.parent == tmp_path / "files"
    assert folder != files_folder(tmp_path, owner + "x")
