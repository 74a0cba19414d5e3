"""The store of user-defined processes: owners see their own, pages come in order, the last one stored counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import process_store
from gdc_jupyter.jobs.process_store import OwnProcesses, ProcessStore
from gdc_jupyter.jobs.store import JobStore, sqlite_url


def process(number, **described):
    node = {"process_id": "add", "arguments": {"x": number, "y": 1}, "result": True}
    return described | {"process_graph": {"sum": node}}


@pytest.fixture
def jobs(tmp_path):
    jobs = JobStore(sqlite_url(tmp_path))
    yield jobs
    jobs.close()


@pytest.fixture
def store(jobs):
    return ProcessStore(jobs.engine)


def test_a_process_is_kept_as_given_under_its_id(store):
    given = process(1, id="other", summary="One more", parameters=[{"name": "x", "schema": {}}], returns=None)
    store.put("ann", "more", given)
    assert store.get("ann", "more") == given | {"id": "more"}
    store.put("ann", "more", process(2))
    assert store.get("ann", "more") == process(2) | {"id": "more"}
    assert store.list("ann") == ([{"id": "more"}], None)


def test_processes_of_others_do_not_exist(store):
    store.put("ann", "mine", process(1))
    store.put("bob", "mine", process(2))
    store.delete("bob", "mine")
    assert store.get("ann", "mine")["process_graph"]["sum"]["arguments"]["x"] == 1
    for action in (store.get, store.delete):
        with pytest.raises(GdcError, match="'mine' does not exist") as caught:
            action("bob", "mine")
        assert caught.value.code == "ProcessGraphNotFound"
    assert store.list("bob") == ([], None)


def test_pages_are_in_order_without_gaps_and_without_graphs(store):
    for name in ("d", "b", "a", "e", "c"):
        store.put("ann", name, process(1, summary=name.upper()))
    found, cursor = [], None
    for _ in range(3):
        page, cursor = store.list("ann", 2, cursor)
        found += page
    assert found == [{"id": name, "summary": name.upper()} for name in "abcde"]
    assert cursor is None


@pytest.mark.parametrize("name", ["", "a b", "a-b", "a/b", "../a", "a\n", "ä", "x" * 256, "a';--"])
def test_an_id_has_word_characters_only(store, name):
    with pytest.raises(GdcError, match="letters, digits and underscores") as caught:
        store.put("ann", name, process(1))
    assert caught.value.code == "ProcessInvalid"


def test_there_is_an_end_to_how_many_one_user_has(store, monkeypatch):
    monkeypatch.setattr(process_store, "MOST_PROCESSES", 2)
    for name in ("a", "b", "b"):
        store.put("ann", name, process(1))
    with pytest.raises(GdcError, match="2 processes"):
        store.put("ann", "c", process(1))
    store.put("bob", "c", process(1))


def test_of_many_that_store_one_process_the_last_counts(store):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.put("ann", "same", process(number)), range(24)))
    assert [each["id"] for each in store.list("ann")[0]] == ["same"]


def test_the_processes_of_one_user_as_a_mapping_that_does_not_change(store, jobs):
    store.put("ann", "a", process(1))
    store.put("bob", "b", process(2))
    own = OwnProcesses(jobs.url, "ann")
    assert (list(own), len(own)) == (["a"], 1)
    assert "b" not in own
    assert "no id" not in own
    assert own["a"]["process_graph"]["sum"]["arguments"]["x"] == 1
    store.put("ann", "a", process(5))
    assert own["a"]["process_graph"]["sum"]["arguments"]["x"] == 1
