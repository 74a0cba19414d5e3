"""The job store: states change once, owners see their own, pages and logs come in order."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.store import JobStore, sqlite_url

ADD = {"process_graph": {"sum": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}}


@pytest.fixture
def store(tmp_path):
    store = JobStore(sqlite_url(tmp_path))
    yield store
    store.close()


def test_a_new_job_is_kept_as_given(store):
    job = store.create("ann", ADD, title="Sum", log_level="debug", budget=None)
    again = store.get(job.id, "ann")
    assert (again.title, again.process, again.status, again.progress) == ("Sum", ADD, "created", 0)
    assert again.description is None
    assert again.log_level == "debug"


def test_jobs_of_others_do_not_exist(store):
    job = store.create("ann", ADD)
    for action in (
        lambda: store.get(job.id, "bob"),
        lambda: store.update(job.id, "bob", {"title": "mine"}),
        lambda: store.delete(job.id, "bob"),
        lambda: store.logs(job.id, "bob"),
    ):
        with pytest.raises(GdcError, match="does not exist") as caught:
            action()
        assert caught.value.code == "JobNotFound"
    assert store.page("bob") == ([], None)


def test_pages_are_newest_first_without_gaps(store):
    made = [store.create("ann", ADD).id for _ in range(7)]
    found, cursor = [], None
    for _ in range(3):
        jobs, cursor = store.page("ann", 3, cursor)
        found += [job.id for job in jobs]
    assert found == made[::-1]
    assert cursor is None


def test_states_follow_each_other_and_no_other_way(store):
    job = store.create("ann", ADD).id
    assert not store.begin(job, "s1")
    assert not store.finish(job)
    assert store.enqueue(job, "s1")
    assert not store.enqueue(job, "s1")
    assert not store.begin(job, "s2"), "a job is begun by the server that queued it"
    assert store.begin(job, "s1")
    assert store.set_progress(job, 40)
    assert not store.set_progress(job, 30), "progress does not fall"
    assert store.finish(job, {"duration": {"value": 1, "unit": "seconds"}})
    assert not store.fail(job, "too late")
    done = store.get(job, "ann")
    assert (done.status, done.progress, done.usage["duration"]["value"]) == ("finished", 100, 1)
    assert store.logs(job, "ann") == []


def test_a_job_is_locked_while_it_is_active(store):
    job = store.create("ann", ADD).id
    store.update(job, "ann", {"title": "before"})
    store.enqueue(job, "s1")
    with pytest.raises(GdcError) as caught:
        store.update(job, "ann", {"title": "now"})
    assert caught.value.code == "JobLocked"
    assert store.get(job, "ann").title == "before"


def test_cancelling_a_queued_job_makes_it_new_and_a_running_one_canceled(store):
    job = store.create("ann", ADD).id
    store.enqueue(job, "s1")
    assert store.cancel(job)
    assert store.get(job, "ann").status == "created"
    store.enqueue(job, "s1")
    store.begin(job, "s1")
    assert store.cancel(job)
    assert not store.cancel(job)
    assert store.get(job, "ann").status == "canceled"


def test_a_failure_has_its_reason_in_the_log(store):
    job = store.create("ann", ADD).id
    store.enqueue(job, "s1")
    store.begin(job, "s1")
    store.fail(job, "no data", "NoDataAvailable", path=[{"node_id": "load"}])
    entry = store.last_error(job)
    assert (entry.message, entry.code, entry.path) == ("no data", "NoDataAvailable", [{"node_id": "load"}])
    store.enqueue(job, "s1")
    assert store.logs(job, "ann") == [], "a new run has a new log"


def test_logs_by_level_and_from_an_entry_on(store):
    job = store.create("ann", ADD).id
    for level in ("debug", "info", "warning", "error"):
        store.add_log(job, level, level, data={"n": 1})
    entries = store.logs(job, "ann")
    assert [entry.message for entry in entries] == ["debug", "info", "warning", "error"]
    assert [entry.level for entry in store.logs(job, "ann", "warning")] == ["warning", "error"]
    assert [entry.level for entry in store.logs(job, "ann", "debug", entries[1].number, 1)] == ["warning"]
    assert store.add_log("gone", "info", "nobody reads this") is None


def test_of_many_that_begin_a_job_one_wins(store):
    job = store.create("ann", ADD).id
    store.enqueue(job, "s1")
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: store.begin(job, "s1"), range(16)))
    assert won.count(True) == 1


def test_deleting_takes_the_logs_along(store, tmp_path):
    job = store.create("ann", ADD).id
    store.add_log(job, "info", "here")
    store.delete(job, "ann")
    with sqlite3.connect(tmp_path / "jobs.sqlite") as connection:
        counted = connection.execute("select count(*) from logs").fetchone()
    connection.close()
    assert counted == (0,)


def test_the_store_of_a_newer_version_is_refused(tmp_path):
    url = sqlite_url(tmp_path)
    JobStore(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(Table("schema_version", MetaData(), Column("version", Integer)).insert().values(version=99))
    engine.dispose()
    with pytest.raises(GdcError, match="version 99"):
        JobStore(url)
