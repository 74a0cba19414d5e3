"""The workbench: what is picked in one of its widgets is known to the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import openeo
import pytest
import traitlets

import gdc_jupyter as gdc
from gdc_jupyter.demo import server

BOX = (11.345, 46.495, 11.35, 46.498)
JUNE = ("2022-06-01", "2022-07-01")


@pytest.fixture(scope="module")
def con(data_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openeo.Connection]:
    with server("bench", tmp_path_factory.mktemp("bench") / "server.log") as url:
        yield gdc.connect(url, token="bench")


@pytest.fixture
def bench(con: openeo.Connection) -> Iterator[gdc.Workbench]:
    bench = gdc.Workbench(con)
    yield bench
    bench.close()


def test_what_is_picked_is_known_to_all(bench: gdc.Workbench) -> None:
    bench.browser.selected = "S2_ALPS"
    bench.area.bbox = BOX
    bench.browser.datetime = JUNE
    assert bench.selection == gdc.Selection("S2_ALPS", BOX, JUNE)
    assert bench.recipes[:2] == ["ndvi", "ndwi"]
    assert bench.area.collection["id"] == "S2_ALPS"
    assert bench.area.selection == bench.selection
    assert bench.bar.collection == "S2_ALPS"
    assert bench.bar.recipes[0]["title"] == "NDVI"


def test_a_selection_set_from_python_reaches_the_widgets(bench: gdc.Workbench) -> None:
    bench.selection = gdc.Selection("OSTIA_SST", (150, -5, 160, 4), "2009", ("sst",))
    assert bench.browser.selected == "OSTIA_SST"
    assert bench.area.bbox == (150, -5, 160, 4)
    assert bench.browser.datetime == ("2009-01-01", "2010-01-01")
    assert bench.recipes == ["mean", "max", "min"]
    bench.selection = None
    assert bench.browser.selected is None
    assert bench.area.collection is None
    with pytest.raises(traitlets.TraitError, match=r"gdc\.Selection"):
        bench.selection = "S2_ALPS"


def test_who_observes_the_selection_is_told_once(bench: gdc.Workbench) -> None:
    seen = []
    bench.observe(lambda change: seen.append(change["new"]), "selection")
    chosen = gdc.Selection("S2_ALPS", BOX, JUNE, ("B04", "B08"))
    bench.selection = chosen
    assert bench.recipes[0] == "ndvi"
    assert seen == [chosen]
    assert bench.area.selection == chosen


def test_time_and_bands_of_the_map_are_those_of_the_selection(bench: gdc.Workbench) -> None:
    bench.browser.selected = "S2_ALPS"
    assert bench.recipes
    bench.area.datetime, bench.area.bands = "2022-06", ["B04"]
    assert bench.selection == gdc.Selection("S2_ALPS", None, JUNE, ("B04",))
    assert (bench.browser.datetime, bench.browser.bands) == (JUNE, ("B04",))


def test_another_pick_during_a_computation_stops_neither(bench: gdc.Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.selection = gdc.Selection("S2_ALPS", BOX, JUNE)
    assert bench.recipes
    go = Event()
    bench._thread.submit(go.wait, 30)
    bench._on_press("compute", "ndvi")
    bench._on_press("compute", "ndvi")  # by another view
    bench.selection = gdc.Selection("OSTIA_SST", (150, -5, 160, 4), "2009")
    assert bench.recipes == ["mean", "max", "min"]
    assert (bench.bar.status, bench.bar.busy) == ("Computing NDVI…", True)
    go.set()
    bench._thread.submit(int).result(30)
    assert bench.problem == ""
    assert (bench.bar.status, bench.bar.busy) == ("NDVI is on the map.", False)
    # What was computed is what was selected when the button was pressed, and a job of it has its name.
    assert bench.graph.process_graph["load"]["arguments"]["id"] == "S2_ALPS"
    titles = []
    monkeypatch.setattr(bench.graph, "run", lambda title: titles.append(title) or bench.connection.job("j"))
    bench.run()
    bench.graph.load({"add": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}})
    bench.run()
    assert titles[0] == "NDVI, S2_ALPS"
    assert "NDVI" not in titles[1]
    assert bench._still_computed() is None


def test_the_graph_of_a_job_is_opened_or_what_is_wrong_with_it_is_told(bench: gdc.Workbench) -> None:
    bench._tabs.selected_index = 1
    add = {"add": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}
    bench.jobs.on_action({"kind": "graph", "process": {"process_graph": "none"}, "title": "Odd"})
    assert bench.problem.startswith("The graph of Odd cannot be opened")
    assert bench._tabs.selected_index == 1
    bench.jobs.on_action({"kind": "graph", "process": {"process_graph": add}, "title": "Sum"})
    assert bench.graph.process_graph == add
    assert (bench._tabs.selected_index, bench.problem) == (0, "")
    assert "Sum is open" in bench.bar.status


def test_a_job_that_the_editor_has_started_is_shown_while_the_kernel_stays_free(
    bench: gdc.Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, shown = Event(), Event()
    monkeypatch.setattr(bench.jobs, "refresh", lambda: go.wait(30))
    monkeypatch.setattr(bench.jobs, "take_focus", shown.set)
    bench.graph.on_action({"kind": "job", "id": "j-1"})
    assert bench._tabs.selected_index == 0
    go.set()
    assert shown.wait(30)
    assert bench._tabs.selected_index == 1


def test_it_can_be_closed_during_a_computation(con: openeo.Connection) -> None:
    bench = gdc.Workbench(con)
    go = Event()
    bench._in_background("Waiting…", lambda: go.wait(30), "Done.")
    thread = bench._thread
    bench.close()
    go.set()
    thread.shutdown(wait=True)
    bench.close()


def test_a_recipe_is_a_graph_and_a_layer(bench: gdc.Workbench) -> None:
    bench.selection = gdc.Selection("S2_ALPS", BOX, JUNE)
    layer = bench.compute("ndvi")
    assert [shown.name for shown in bench.area.layers] == ["NDVI"]
    assert layer.bounds[0] == pytest.approx(BOX[0], abs=1e-3)
    assert bench.graph.process_graph["load"]["arguments"]["temporal_extent"] == list(JUNE)
    # The same again takes the place of the first.
    bench.compute("ndvi")
    assert [shown.name for shown in bench.area.layers] == ["NDVI"]


def test_a_job_of_the_graph_is_followed_and_opened(bench: gdc.Workbench) -> None:
    bench.selection = gdc.Selection("S2_ALPS", BOX, JUNE)
    bench.compute("ndvi")
    job = bench.run("NDVI in June")
    assert bench.jobs.wait(job) == "finished"
    assert bench.jobs.selected == job.job_id
    assert bench.jobs.jobs[0]["title"] == "NDVI in June"
    cube = bench.jobs.open_result(job)
    assert -0.2 < float(cube.median()) < 1


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda bench: bench.compute("ndvi"), "CollectionNotFound"),
        (lambda bench: bench.show(), "ProcessGraphMissing"),
        (lambda bench: bench.run(), "ProcessGraphMissing"),
    ],
)
def test_what_is_missing_is_said(bench: gdc.Workbench, action: Any, code: str) -> None:
    with pytest.raises(gdc.GdcError) as caught:
        action(bench)
    assert caught.value.code == code


def test_a_button_that_fails_says_why(bench: gdc.Workbench) -> None:
    bench._on_press("show", "")
    bench._thread.submit(int).result()
    assert bench.problem.startswith("There is no process graph yet")
    assert (bench.bar.failed, bench.bar.busy) == (True, False)


def test_an_old_and_broken_back_end_leaves_it_usable(federation: Any) -> None:
    connection = openeo.connect(federation.url).authenticate_basic("user", "password")
    name = connection.list_collection_ids()[0]
    bench = gdc.Workbench(connection)
    try:
        federation.control(fail=["^GET /collections/"])
        bench.browser.selected = name
        assert bench.recipes == []
        assert bench.problem
        assert not bench.bar.known
        federation.control(reset=True)
        bench._on_press("read", "")
        assert bench.recipes
        assert bench.problem == ""
        assert bench.bar.known
        # A collection that is slow to tell about itself does not keep the next one waiting.
        federation.control(delay={f"/collections/{name}": 5})
        bench.browser.selected = None
        bench.browser.selected = name
        bench.browser.selected = connection.list_collection_ids()[1]
        bench._reading.result(3)
        assert bench.area.collection["id"] == bench.browser.selected
        assert "section" in bench._repr_html_()
    finally:
        bench.close()
