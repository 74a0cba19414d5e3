"""What users add to the catalogue, and how several processes share it."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.errors import GdcError

from .rasters import write_netcdf, write_tiff


@pytest.fixture
def own(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "data", samples=False)


def pixels(*shape: int) -> Any:
    return np.random.default_rng(0).integers(1, 900, shape).astype("uint16")


def read_all(catalog: Catalog, collection_id: str) -> Any:
    source = catalog.get(collection_id).open(Query())
    return source.read(source.grid)


def test_the_samples_come_first_and_the_season_first_of_all(catalog: Catalog) -> None:
    assert [each.id for each in catalog.collections()] == ["S2_ALPS", "S2_PATAGONIA", "OSTIA_SST", "ALPS_FIELDS"]
    with pytest.raises(GdcError, match="'S2_ALP' does not exist; there are: S2_ALPS, S2_PATAGONIA, OSTIA_SST"):
        catalog.get("S2_ALP")
    with pytest.raises(GdcError, match="is a sample"):
        catalog.remove("S2_ALPS")


def test_a_netcdf_file_is_added_and_found_by_another_catalogue(own: Catalog, tmp_path: Path) -> None:
    other = Catalog(own.folder, samples=False)
    assert other.collections() == []
    data = pixels(2, 3, 4).astype("float32")
    path = write_netcdf(tmp_path / "my data.nc", data, np.arange(4.0), np.array([3.0, 2, 1]), [0, 1])
    added = own.add(path)
    assert added.id == "my_data"
    found = other.get("my_data")
    assert found.metadata() == added.metadata()
    assert_array_equal(read_all(other, "my_data")[:, 0], data)
    assert other.get("my_data") is found
    own.remove("my_data")
    assert other.collections() == []
    assert path.exists()


def test_a_zarr_folder_is_added(own: Catalog, tmp_path: Path) -> None:
    import xarray as xr

    data = xr.DataArray(pixels(5, 6), {"lat": np.arange(5.0), "lon": np.arange(6.0)}, ("lat", "lon"), name="v")
    data.to_zarr(tmp_path / "cube.zarr", consolidated=False)
    own.add(tmp_path / "cube.zarr", title="My cube")
    assert own.get("cube").title == "My cube"
    assert_array_equal(read_all(own, "cube")[0, 0], data.values[::-1])


def test_a_geotiff_without_a_date_has_no_time(own: Catalog, tmp_path: Path) -> None:
    data = pixels(2, 8, 9)
    collection = own.add(write_tiff(tmp_path / "dem.tif", data, names=("height", "slope")), collection_id="terrain/dem")
    assert "t" not in collection.metadata()["cube:dimensions"]
    source = collection.open(Query())
    assert source.times is None
    assert [band.name for band in source.bands] == ["height", "slope"]
    assert_array_equal(source.read(source.grid)[0], data)


def test_a_folder_of_geotiffs_has_an_item_for_each_date(own: Catalog, tmp_path: Path) -> None:
    data = pixels(2, 2, 8, 9)
    for day in range(2):
        for band, name in enumerate(("B04", "B08")):
            write_tiff(tmp_path / "scenes" / f"T32_2022040{day + 1}T101559_{name}_10m.tif", data[day, band])
    collection = own.add(tmp_path / "scenes")
    assert [item["id"] for item in collection.items(Query())] == ["scenes_20220401T101559", "scenes_20220402T101559"]
    assert [band.name for band in collection.bands] == ["B04", "B08"]
    assert collection.bands[1].common_name == "nir"
    assert_array_equal(read_all(own, "scenes"), data)


def test_a_static_stac_collection_is_added_with_its_metadata(own: Catalog, tmp_path: Path) -> None:
    data = pixels(12, 12)
    write_tiff(tmp_path / "stac" / "items" / "red.tif", data)
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "one",
        "geometry": None,
        "bbox": [10.3, 46.9, 10.4, 47.0],
        "properties": {"datetime": "2022-06-01T12:00:00+02:00", "eo:cloud_cover": 4},
        "assets": {
            "red": {"href": "./red.tif", "type": "image/tiff; application=geotiff", "eo:bands": [{"name": "B04"}]},
            "look": {"href": "./look.png", "type": "image/png", "roles": ["thumbnail"]},
        },
        "links": [],
    }
    (tmp_path / "stac" / "items" / "one.json").write_text(json.dumps(item))
    document = {
        "type": "Collection",
        "id": "static",
        "title": "Static",
        "description": "Of a test.",
        "license": "CC-BY-4.0",
        "providers": [{"name": "Someone"}],
        "links": [{"rel": "item", "href": "./items/one.json"}],
    }
    (tmp_path / "stac" / "collection.json").write_text(json.dumps(document))
    collection = own.add(tmp_path / "stac")
    metadata = collection.metadata()
    assert (metadata["title"], metadata["license"]) == ("Static", "CC-BY-4.0")
    assert metadata["cube:dimensions"]["t"]["extent"] == ["2022-06-01T10:00:00Z", "2022-06-01T10:00:00Z"]
    assert metadata["cube:dimensions"]["bands"]["values"] == ["B04"]
    assert_array_equal(read_all(own, "static")[0, 0], data)


def test_what_cannot_be_added_is_told(own: Catalog, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.csv").write_text("a,b")
    write_tiff(tmp_path / "mixed" / "a_20220401.tif", pixels(4, 4))
    write_tiff(tmp_path / "mixed" / "b.tif", pixels(4, 4))
    write_tiff(tmp_path / "nowhere.tif", pixels(4, 4), crs=None)
    for name, code, message in (
        ("missing", "PathNotFound", "does not exist"),
        ("empty", "DataFileUnsupported", r"no Zarr store.*no collection\.json.*no GeoTIFF"),
        ("text.csv", "DataFileUnsupported", r"Known are \.nc"),
        ("mixed", "DataFileUnsupported", r"b\.tif: no date"),
        ("nowhere.tif", "CRSInvalid", r"nowhere\.tif"),
    ):
        with pytest.raises(GdcError, match=message) as raised:
            own.add(tmp_path / name)
        assert raised.value.code == code
    assert own.collections() == []


def test_an_id_is_unique_and_well_formed(catalog: Catalog, own: Catalog, tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "S2_ALPS.tif", pixels(4, 4))
    with pytest.raises(GdcError, match="a collection 'S2_ALPS' already"):
        catalog.add(path)
    own.add(path)
    with pytest.raises(GdcError, match="a collection 'S2_ALPS' already"):
        own.add(path)
    with pytest.raises(GdcError, match="cannot be the id"):
        own.add(path, collection_id="a b?")
    for reserved in ("a/items", "coverage", "a//b", "../b"):
        with pytest.raises(GdcError, match="between slashes"):
            own.add(path, collection_id=reserved)


def add_many(folder: Path, path: Path, number: int) -> None:
    for index in range(5):
        Catalog(folder, samples=False).add(path, collection_id=f"own-{number}-{index}")


def test_processes_add_at_once(own: Catalog, tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", pixels(4, 4))
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=add_many, args=(own.folder, path, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert len(own.collections()) == 15


def test_a_forked_process_reads_what_its_parent_has_open(own: Catalog, tmp_path: Path) -> None:
    import xarray as xr

    values = pixels(6, 8).astype("float32")
    own.add(write_netcdf(tmp_path / "array.nc", values, np.arange(8.0), np.arange(6.0)[::-1]))
    own.add(write_tiff(tmp_path / "raster.tif", values, nodata=None))
    labels = {"lat": np.arange(6.0)[::-1], "lon": np.arange(8.0)}
    xr.DataArray(values, labels, ("lat", "lon"), name="v").to_zarr(tmp_path / "store.zarr", consolidated=False)
    own.add(tmp_path / "store.zarr")
    for name in ("array", "raster", "store"):
        assert_array_equal(read_all(own, name)[0, 0], values)
    worker = multiprocessing.get_context("fork").Process(target=read_in_child, args=(own, values))
    worker.start()
    worker.join(20)
    assert worker.exitcode == 0


def read_in_child(catalog: Catalog, values: Any) -> None:
    for name in ("array", "raster", "store"):
        assert_array_equal(read_all(catalog, name)[0, 0], values)


def test_a_catalogue_of_an_earlier_version_is_taken_up(own: Catalog, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", pixels(4, 5))
    own.add(tmp_path / "a.tif")
    with closing(sqlite3.connect(own.folder / "catalog.sqlite", isolation_level=None)) as connection:
        for column in ("owner", "shared"):
            connection.execute(f"ALTER TABLE collections DROP COLUMN {column}")
    before = Catalog(own.folder, samples=False)
    assert [found.id for found in before.seen_by(None).collections()] == ["a"]
    write_tiff(tmp_path / "b.tif", pixels(4, 5))
    before.add_all(tmp_path / "b.tif", owner="ann")
    assert [found.id for found in before.seen_by("ann").collections()] == ["a", "b"]
    assert [found.id for found in before.seen_by("bob").collections()] == ["a"]
