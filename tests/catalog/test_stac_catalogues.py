"""Static STAC catalogues with children, and collections of a STAC API, in the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gdc_jupyter import commands
from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.catalog.remote import final_url
from gdc_jupyter.catalog.stac_api import ApiCollection
from gdc_jupyter.errors import GdcError

from .rasters import write_tiff
from .test_loading import DAYS, PIXELS, Api, item, write_catalog
from .web import Web, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "files"
    for day, values in zip(DAYS, PIXELS, strict=True):
        for band, name in enumerate(("B04", "B08")):
            write_tiff(root / "scenes" / f"S_{day}_{name}.tif", values[band])
    write_catalog(root / "stac")
    return root


@pytest.fixture
def own(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "registry", samples=False)


@pytest.fixture
def web(folder: Path) -> Iterator[Web]:
    final_url.cache_clear()
    with serving(folder, (r"/api(.*)", Api)) as started:
        yield started


def again(catalog: Catalog) -> Catalog:
    return Catalog(catalog.folder, samples=False)


def test_all_collections_of_a_static_catalogue_are_added(own: Catalog, folder: Path) -> None:
    document = json.loads((folder / "stac" / "catalog.json").read_text())
    document["links"] += [
        {"rel": "child", "href": "nested/catalog.json"},
        {"rel": "child", "href": "catalog.json"},
    ]
    (folder / "stac" / "catalog.json").write_text(json.dumps(document))
    (folder / "stac" / "nested").mkdir()
    (folder / "stac" / "nested" / "lone.json").write_text(json.dumps(item(1, "../../scenes/")))
    nested = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "loose",
        "description": "Items without a collection",
        "links": [{"rel": "item", "href": "lone.json"}, {"rel": "parent", "href": "../catalog.json"}],
    }
    (folder / "stac" / "nested" / "catalog.json").write_text(json.dumps(nested))
    assert [each.id for each in own.add_all(folder / "stac")] == ["scenes", "loose"]
    source = again(own).get("scenes").open(Query())
    assert_array_equal(source.read(source.grid), PIXELS)
    source = again(own).get("loose").open(Query())
    assert_array_equal(source.read(source.grid), PIXELS[1:])
    with pytest.raises(GdcError, match="There is a collection 'scenes' already"):
        own.add_all(folder / "stac" / "catalog.json")
    with pytest.raises(GdcError, match="has 2 collections, which keep their ids"):
        own.add_all(folder / "stac", collection_id="x")


def test_a_collection_of_an_api_is_searched_for_each_query(own: Catalog, web: Web) -> None:
    [collection] = own.add_all(f"{web.url}/api/collections/scenes")
    assert isinstance(collection, ApiCollection)
    web.log.clear()
    found = again(own).get("scenes")
    document = found.metadata()
    assert document["title"] == "Scenes of an API"
    assert document["cube:dimensions"]["bands"]["values"] == ["B04", "B08"]
    assert document["cube:dimensions"]["t"]["extent"] == ["2022-04-01T00:00:00Z", None]
    assert "links" not in document
    assert web.log == []
    source = found.open(Query(start=np.datetime64("2022-04-05"), bands=("B08",)))
    assert_array_equal(source.read(source.grid), PIXELS[1:, 1:])
    assert any("datetime=2022-04-05" in path for path in web.paths())
    assert [each["id"] for each in found.items(Query())] == ["S_20220401", "S_20220411"]
    with pytest.raises(GdcError) as caught:
        found.open(Query(end=np.datetime64("2000-01-01")))
    assert caught.value.code == "NoDataAvailable"


def test_a_static_catalogue_elsewhere_is_kept_as_it_is_now(own: Catalog, web: Web) -> None:
    own.add_all(f"{web.url}/stac/catalog.json", "mine", "Mine")
    web.log.clear()
    found = again(own).get("mine")
    assert found.title == "Mine"
    source = found.open(Query(bands=("B04",)))
    assert web.log == []
    assert_array_equal(source.read(source.grid), PIXELS[:, :1])
    assert not any(path.endswith("json") for path in web.paths())


def test_hosts_of_files_have_to_be_permitted(own: Catalog, web: Web, folder: Path) -> None:
    elsewhere = item(0, web.url.replace("127.0.0.1", "localhost") + "/scenes/", described=False)
    (folder / "elsewhere.json").write_text(json.dumps(elsewhere))
    with pytest.raises(GdcError, match="The host localhost may not be asked"):
        own.add_all(f"{web.url}/elsewhere.json")
    [collection] = own.add_all(f"{web.url}/elsewhere.json", hosts=["localhost"])
    source = again(own).get(collection.id).open(Query())
    assert_array_equal(source.read(source.grid), PIXELS[:1])


def test_the_command_adds_an_address(
    own: Catalog, web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GDC_DATA_DIR", str(tmp_path / "command"))
    assert commands.main(["add", f"{web.url}/api/collections/scenes", "--id", "remote/scenes"]) == 0
    assert capsys.readouterr().out == "remote/scenes: Scenes of an API\n"
    assert commands.main(["add", f"{web.url}/api/collections/none"]) == 1
