"""The store of services: whose they are, pages, changes, and logs that do not grow without end."""

import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import service_store
from gdc_jupyter.jobs.service_store import ServiceStore
from gdc_jupyter.jobs.store import JobStore, sqlite_url

FIELDS = {"type": "XYZ", "process": {"process_graph": {}}, "configuration": {}, "attributes": {"zoom": 3}}


@pytest.fixture
def store(tmp_path):
    jobs = JobStore(sqlite_url(tmp_path))
    yield ServiceStore(jobs.engine)
    jobs.close()


def test_a_service_is_its_owners_and_its_id_cannot_be_guessed(store):
    service = store.create("ann", title="A", **FIELDS)
    assert store.get(service.id, "ann") == service == store.get(service.id, None)
    assert (service.enabled, service.log_level, service.title) == (True, "info", "A")
    assert len(service.id) == len("s-") + 32
    for refused in (store.get, store.delete, lambda *who: store.update(*who, {"title": "B"})):
        with pytest.raises(GdcError, match="does not exist") as told:
            refused(service.id, "bob")
        assert told.value.code == "ServiceNotFound"
    assert store.page("bob") == ([], None)
    store.delete(service.id, "ann")
    with pytest.raises(GdcError, match="does not exist"):
        store.get(service.id, None)


def test_pages_come_newest_first_and_without_processes(store):
    made = [store.create("ann", **FIELDS).id for _ in range(5)]
    found, cursor = [], None
    while True:
        page, cursor = store.page("ann", 2, cursor)
        assert all(each.process is None for each in page)
        found += [each.id for each in page]
        if cursor is None:
            break
    assert sorted(found) == sorted(made)
    assert found[0] == made[-1]
    assert (store.count("ann"), store.count("bob")) == (5, 0)


def test_changes_are_seen_and_change_the_version(store):
    service = store.create("ann", **FIELDS)
    store.update(service.id, "ann", {"enabled": False, "configuration": {"range": [0, 1]}})
    changed = store.get(service.id, "ann")
    assert (changed.enabled, changed.configuration, changed.process) == (False, {"range": [0, 1]}, service.process)
    assert changed.updated > service.updated


def test_services_whose_time_is_over_are_removed(store):
    over, lasting, endless = (
        store.create("ann", **FIELDS | {"configuration": configuration})
        for configuration in ({"expires": "2022-06-01T00:00:00Z"}, {"expires": "2999-01-01"}, {"colormap": "gray"})
    )
    store.add_log(over.id, "info", "gone")
    store.remove_expired()
    assert {each.id for each in store.page("ann")[0]} == {lasting.id, endless.id}
    assert store.logs(over.id) == []


def test_the_oldest_entries_of_a_log_go(store, monkeypatch):
    monkeypatch.setattr(service_store, "MOST_LOGS", 3)
    one, other = store.create("ann", **FIELDS), store.create("ann", **FIELDS)
    store.add_log(other.id, "info", "kept")
    for number in range(6):
        store.add_log(one.id, "error" if number % 2 else "info", f"{number}", "Internal", {"zoom": number})
    assert [entry.message for entry in store.logs(one.id)] == ["3", "4", "5"]
    assert [entry.message for entry in store.logs(one.id, "error")] == ["3", "5"]
    last = store.logs(one.id, limit=2)[-1]
    assert (last.code, last.data) == ("Internal", {"zoom": 4})
    assert [entry.message for entry in store.logs(one.id, offset=last.number)] == ["5"]
    assert [entry.message for entry in store.logs(other.id)] == ["kept"]
    store.delete(one.id, "ann")
    store.add_log(one.id, "error", "too late")
    assert store.logs(one.id) == []
