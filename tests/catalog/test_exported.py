"""Results as collections of the catalogue, and changes of their metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.cube.merge_patch import merge_patch
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute, run, validate

from .graphs import node, of
from .rasters import write_tiff

PIXELS = np.random.default_rng(4).integers(1, 900, (2, 40, 50)).astype("uint16")


@pytest.fixture
def own(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "data", samples=False)
    for day, values in zip(("20220401", "20220501"), PIXELS, strict=True):
        write_tiff(tmp_path / "s2" / f"S_{day}_B04.tif", values)
    catalog.add(tmp_path / "s2")
    return catalog


def graph(start: str, end: str, format: str = "GTiff", collection: str = "made", **more: Any) -> dict[str, Any]:
    """Return a graph that exports an interval of the collection."""
    nodes = {
        "load": node("load_collection", id="s2", spatial_extent=None, temporal_extent=[start, end]),
        "save": node("save_result", data=of("load"), format=format),
        "change": node("stac_modify", data=of("save"), changes={"title": "Mine", "license": "CC0-1.0", **more}),
        "export": node("export_collection", True, data=of("change"), collection=collection),
    }
    return {"process_graph": nodes}


def go(process: dict[str, Any], catalog: Catalog, folder: Path) -> Any:
    folder.mkdir()
    return run(process, catalog, folder)


@pytest.mark.parametrize("format", ["GTiff", "netCDF"])
def test_results_become_a_collection_and_are_added_to_it(own: Catalog, tmp_path: Path, format: str) -> None:
    result = go(graph("2022-04-01", "2022-04-02", format), own, tmp_path / "one")
    assert result.changes == [{"title": "Mine", "license": "CC0-1.0"}]
    made = own.get("made")
    source = made.open(Query())
    assert_array_equal(source.read(source.grid)[:, 0], PIXELS[:1])
    document = made.metadata()
    assert (document["title"], document["license"]) == ("Mine", "CC0-1.0")
    go(graph("2022-05-01", "2022-05-02", format, keywords=["alps"]), own, tmp_path / "two")
    source = Catalog(own.folder, samples=False).get("made").open(Query())
    assert_array_equal(source.read(source.grid)[:, 0], PIXELS)
    assert own.get("made").metadata()["keywords"] == ["alps"]
    for path in (tmp_path / "one").iterdir():
        path.unlink()
    assert_array_equal(source.read(source.grid)[:, 0], PIXELS)
    own.remove("made")
    assert not any((own.folder / "exported").iterdir())


def test_nothing_is_added_where_the_run_fails(own: Catalog, tmp_path: Path) -> None:
    (tmp_path / "s2" / "S_20220401_B04.tif").write_bytes(b"broken")
    with pytest.raises(GdcError):
        go(graph("2022-04-01", "2022-04-02"), own, tmp_path / "one")
    assert [each.id for each in own.collections()] == ["s2"]
    assert not (own.folder / "exported").exists()


def test_what_cannot_be_exported_is_refused_before_anything_is_read(own: Catalog, tmp_path: Path) -> None:
    def codes(process: dict[str, Any]) -> list[str]:
        return [fault.code for fault in validate(process, own)]

    assert codes(graph("2022-04-01", "2022-04-02")) == []
    assert codes(graph("2022-04-01", "2022-04-02", collection="s2")) == ["CollectionProtected"]
    assert codes(graph("2022-04-01", "2022-04-02", format="PNG")) == ["FormatUnsuitable"]
    assert codes(graph("2022-04-01", "2022-04-02", collection="../../etc")) == ["CollectionIdInvalid"]
    assert codes(graph("2022-04-01", "2022-04-02", collection="a b"))
    unsaved = graph("2022-04-01", "2022-04-02")
    unsaved["process_graph"]["export"]["arguments"]["data"] = of("load")
    assert codes(unsaved) == ["StacInvalid"]
    go(graph("2022-04-01", "2022-04-02"), own, tmp_path / "one")
    assert codes(graph("2022-05-01", "2022-05-02", format="netCDF")) == ["FormatUnsuitable"]


def test_one_of_two_results_is_exported(own: Catalog, tmp_path: Path) -> None:
    process = graph("2022-04-01", "2022-06-01")
    process["process_graph"]["other"] = node("save_result", data=of("load"), format="netCDF")
    result = go(process, own, tmp_path / "one")
    assert len(result.assets) > 2
    assert {path.suffix for path in (own.folder / "exported" / "made").iterdir()} == {".tif"}


def test_a_stac_document_is_modified() -> None:
    document = {"type": "Collection", "title": "a", "summaries": {"gsd": [10], "x": 1}, "keywords": ["k"]}
    changes = {"title": None, "summaries": {"gsd": [20]}, "keywords": ["l"], "new": {"a": None, "b": 1}}
    result = execute({"modify": node("stac_modify", True, data=document, changes=changes)})
    assert result == {
        "type": "Collection",
        "summaries": {"gsd": [20], "x": 1},
        "keywords": ["l"],
        "new": {"b": 1},
    }


@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_of_the_standard(document: Any, patch: Any, result: Any) -> None:
    assert merge_patch(document, patch) == result


def test_what_a_user_exports_is_the_users_own(own: Catalog, tmp_path: Path) -> None:
    go(graph("2022-04-01", "2022-04-02"), own.seen_by("ann"), tmp_path / "one")
    assert [found.id for found in own.seen_by("ann").collections()] == ["s2", "made"]
    assert [found.id for found in own.seen_by("bob").collections()] == ["s2"]
    assert [found.id for found in own.seen_by(None).collections()] == ["s2"]
    assert [found.id for found in own.collections()] == ["s2", "made"]
    load = node("load_collection", True, id="made", spatial_extent=None, temporal_extent=None)
    assert [fault.code for fault in validate({"process_graph": {"load": load}}, own.seen_by("bob"))] == [
        "CollectionNotFound"
    ]
    with pytest.raises(GdcError, match="is not yours"):
        go(graph("2022-05-01", "2022-05-02"), own.seen_by("bob"), tmp_path / "two")
    go(graph("2022-05-01", "2022-05-02"), own.seen_by("ann"), tmp_path / "three")
    own.share("made")
    source = own.seen_by(None).get("made").open(Query())
    assert_array_equal(source.read(source.grid)[:, 0], PIXELS)
    own.share("made", False)
    with pytest.raises(GdcError, match="does not exist"):
        own.seen_by(None).get("made")
    assert own.owners() == {"made": ("ann", False)}
    with pytest.raises(GdcError, match="belongs to nobody"):
        own.share("s2")
