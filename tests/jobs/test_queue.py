"""The queue and its processes: jobs run, end, are cancelled, are found again, and take nobody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

import psutil
import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import results
from gdc_jupyter.jobs.queue import JobQueue
from gdc_jupyter.jobs.server_lock import ServerLock
from gdc_jupyter.jobs.store import JobStore, sqlite_url


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

    def __init__(self, data):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.data = data
        self.told = []
        self.store = JobStore(sqlite_url(data / "jobs"))
        self.queue = self.run(self._make())

    async def _make(self):
        queue = JobQueue(self.store, self.data, max_running=1, on_change=lambda *change: self.told.append(change))
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
