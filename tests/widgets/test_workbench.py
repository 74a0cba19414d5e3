"""The workbench: what is picked in one of its widgets is known to the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
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
        federation.control(reset=True)
        bench.browser.selected = None
        bench.browser.selected = name
        assert bench.problem == "" or bench.recipes is not None
        assert "section" in bench._repr_html_()
    finally:
        bench.close()
