"""Lists of jobs by what is asked for, with pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gdc_jupyter.jobs.execution_store import ExecutionStore
from gdc_jupyter.jobs.model import Execution, JobFilter
from gdc_jupyter.jobs.store import JobStore
from gdc_jupyter.jobs.tables import jobs

PROCESS = {"process_graph": {}}


@pytest.fixture
def store(tmp_path):
    """A store with four jobs: two of openEO and two executions, made a day after each other."""
    store = JobStore(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    executions = ExecutionStore(store.engine)
    rows = [
        ("a", "created", None, None, None),
        ("b", "finished", "2026-01-02T00:00:00.000000Z", "2026-01-02T00:00:10.000000Z", "echo"),
        ("c", "running", "2026-01-03T00:00:00.000000Z", None, "other"),
        ("d", "error", "2026-01-04T00:00:00.000000Z", "2026-01-04T01:00:00.000000Z", None),
    ]
    for day, (name, status, started, finished, process) in enumerate(rows, 1):
        job = store.create("me", PROCESS)
        created = f"2026-01-{day:02}T00:00:00.000500Z"
        values = {"id": name, "status": status, "started": started, "finished": finished, "created": created}
        with store.engine.begin() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(**values))
        if process:
            executions.add(Execution(name, process))
    store.create("another", PROCESS)
    yield store
    store.close()


def milliseconds(day):
    return int(datetime(2026, 1, day, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (JobFilter(), "dcba"),
        (JobFilter(executions_only=True), "cb"),
        (JobFilter(processes=("echo", "none")), "b"),
        (JobFilter(states=("created", "error")), "da"),
        (JobFilter(execution_states=("finished", "error")), "b"),
        (JobFilter(states=("error",), execution_states=("running",)), "dc"),
        (JobFilter(created=(milliseconds(2), milliseconds(3))), "cb"),
        (JobFilter(created=(milliseconds(4) + 1, None)), ""),
        (JobFilter(created=(None, milliseconds(1))), "a"),
        (JobFilter(seconds=(10, 3600)), "db"),
        (JobFilter(seconds=(11, None)), "dc"),
        (JobFilter(seconds=(None, 0)), ""),
    ],
)
def test_what_is_asked_for(store, wanted, names):
    found, following = store.page("me", wanted=wanted)
    assert ("".join(job.id for job in found), following) == (names, None)


@pytest.mark.parametrize("wanted", [JobFilter(), JobFilter(seconds=(0, None))])
def test_pages(store, wanted):
    every = [job.id for job in store.page("me", wanted=wanted)[0]]
    found, cursor = store.page("me", 1, None, wanted)
    while cursor:
        page, cursor = store.page("me", 1, cursor, wanted)
        found += page
    assert [job.id for job in found] == every
