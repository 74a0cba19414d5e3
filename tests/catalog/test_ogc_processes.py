"""Processes of an OGC API on a small server here: at once, later, failing, and not permitted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal
from tornado.web import RequestHandler

from gdc_jupyter.catalog import ogc_processes
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute, validate
from gdc_jupyter.settings import Permissions

from .graphs import node, of
from .rasters import write_tiff
from .web import Web, serving

DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "add": {"id": "add", "version": "1", "inputs": {"a": {}, "b": {}}, "jobControlOptions": ["sync-execute"]},
    "later": {"id": "later", "version": "1", "inputs": {"x": {}}, "jobControlOptions": ["async-execute"]},
    "show": {"id": "show", "version": "1", "inputs": {"x": {}}},
    "raster": {"id": "raster", "version": "1", "inputs": {}, "jobControlOptions": ["sync-execute"]},
}


class Service(RequestHandler):
    """The processes ``add`` (at once), ``later`` (asked twice; fails for x below zero) and ``raster`` (a file)."""

    jobs: ClassVar[list[dict[str, Any]]] = []
    dismissed: ClassVar[list[str]] = []
    folder: ClassVar[Path]

    def get(self, path: str) -> None:
        """Describe a process, or tell the status or the results of a job."""
        kind, _, rest = path.strip("/").partition("/")
        if kind == "processes" and rest in DESCRIPTIONS:
            self.finish(DESCRIPTIONS[rest])
        elif kind == "jobs" and rest.endswith("/results"):
            self.finish({"double": self.jobs[int(rest.split("/")[0])]["x"] * 2})
        elif kind == "jobs":
            job = self.jobs[int(rest)]
            job["asked"] += 1
            state = "running" if job["asked"] < 2 or job["x"] > 999 else "failed" if job["x"] < 0 else "successful"
            self.finish({"jobID": rest, "status": state, "message": "x is negative"})
        else:
            self.set_status(404)
            self.finish({"title": "no such process"})

    def post(self, path: str) -> None:
        """Run a process."""
        body = json.loads(self.request.body)
        assert body["response"] == "document"
        inputs = body["inputs"]
        if path == "/processes/add/execution":
            self.finish({"sum": inputs["a"] + inputs["b"], "got": inputs})
        elif path == "/processes/show/execution":
            self.finish(inputs)
        elif path == "/processes/raster/execution":
            self.set_header("Content-Type", "image/tiff; application=geotiff")
            self.finish((self.folder / "r.tif").read_bytes())
        else:
            assert self.request.headers["Prefer"] == "respond-async"
            self.jobs.append({"x": inputs["x"], "asked": 0})
            self.set_status(201)
            self.set_header("Location", f"/ogc/jobs/{len(self.jobs) - 1}")
            self.finish({"status": "accepted"})

    def delete(self, path: str) -> None:
        """Dismiss a job."""
        self.dismissed.append(path)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    Service.folder = tmp_path_factory.mktemp("ogc")
    write_tiff(Service.folder / "r.tif", np.arange(20, dtype="uint16").reshape(4, 5) + 1)
    with serving(Service.folder, (r"/ogc(.*)", Service)) as started:
        yield started


@pytest.fixture
def permissions(web: Web) -> Permissions:
    web.log.clear()
    return Permissions(hosts=("127.0.0.1",), ogcapi=f"{web.url}/ogc/")


def go(permissions: Permissions, parameters: Any = None, **arguments: Any) -> Any:
    return execute({"run": node("run_ogcapi", True, **arguments)}, parameters, permissions=permissions)


def test_a_process_runs_at_once(web: Web, permissions: Permissions) -> None:
    assert go(permissions, data=3, id="add", context={"b": 4}) == {"sum": 7, "got": {"a": 3, "b": 4}}
    assert go(permissions, data={"a": 1, "b": 2}, id="add")["sum"] == 3
    address = f"{web.url}/ogc/processes/add"
    assert go(Permissions(hosts=("127.0.0.1",)), data=[1], id=address, context={"b": [2]})["sum"] == [1, 2]
    assert web.log[-1] == ("POST", "/ogc/processes/add/execution", None)


def test_a_process_is_asked_until_it_has_ended(web: Web, permissions: Permissions) -> None:
    assert go(permissions, data=21, id="later") == {"double": 42}
    number = len(Service.jobs) - 1
    assert web.paths()[-3:] == [f"/ogc/jobs/{number}", f"/ogc/jobs/{number}", f"/ogc/jobs/{number}/results"]


def test_a_failed_process_is_told_and_dismissed(permissions: Permissions, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GdcError, match="ended as 'failed': x is negative") as caught:
        go(permissions, data=-1, id="later")
    assert caught.value.code == "OgcApiProcessFailed"
    monkeypatch.setattr(ogc_processes, "SECONDS", 0.3)
    with pytest.raises(GdcError, match="took longer"):
        go(permissions, data=1000, id="later")
    assert Service.dismissed[-1] == f"/jobs/{len(Service.jobs) - 1}"


def test_unknown_processes_and_inputs(web: Web, permissions: Permissions) -> None:
    for chosen, id in ((permissions, "nothing"), (permissions, "../add"), (Permissions(), "add")):
        with pytest.raises(GdcError) as caught:
            go(chosen, data=1, id=id)
        assert caught.value.code == "InvalidOgcApiProcess"
    with pytest.raises(GdcError, match="has no input 'c'; it has a, b"):
        go(permissions, data=1, id="add", context={"c": 1})
    with pytest.raises(GdcError, match="no input left"):
        go(permissions, data=1, id="raster")


def test_nothing_is_asked_without_permission(web: Web) -> None:
    web.log.clear()
    with pytest.raises(GdcError) as caught:
        go(Permissions(), data=1, id=f"{web.url}/ogc/processes/add")
    assert caught.value.code == "UrlNotPermitted"
    assert web.log == []


def test_a_validation_runs_nothing(web: Web, permissions: Permissions, tmp_path: Path) -> None:
    from gdc_jupyter.catalog.catalog import Catalog

    graph = {
        "run": node("run_ogcapi", data=3, id="add", context={"b": 4}),
        "sum": node("array_element", True, data=of("run"), label="sum"),
    }
    catalog = Catalog(tmp_path, samples=False)
    assert validate({"process_graph": graph}, catalog, permissions=permissions) == []
    assert all(method == "GET" for method, _, _ in web.log)
    graph["run"]["arguments"]["id"] = "nothing"
    faults = validate({"process_graph": graph}, catalog, permissions=permissions)
    assert [fault.code for fault in faults] == ["InvalidOgcApiProcess"]


def test_cubes_are_sent_by_value(permissions: Permissions) -> None:
    cube = xr.DataArray(
        np.array([[1.0, np.nan], [3, 4]], "f4"),
        {"y": [47.0, 46.0], "x": [10.0, 11.0]},
        ("y", "x"),
        attrs={"crs": "EPSG:4326"},
    )
    sent = go(permissions, {"cube": cube}, data={"from_parameter": "cube"}, id="show")["x"]["value"]
    assert sent["data"] == [[1, None], [3, 4]]
    assert [dimension["labels"] for dimension in sent["dimensions"]] == [[47, 46], [10, 11]]


def test_a_file_becomes_a_cube(permissions: Permissions) -> None:
    cube = go(permissions, data=None, id="raster")
    assert_array_equal(cube.values[0], np.arange(20).reshape(4, 5) + 1)
