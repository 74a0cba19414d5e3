"""The samples: real ones equal their sources, the synthetic season is plausible and made safely."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pystac
import pytest
import rasterio
from numpy.testing import assert_array_equal

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.cube.grid import Bounds
from gdc_jupyter.samples import FOLDER, alps, scenes
from gdc_jupyter.samples.landscape import FIELD, WATER


@pytest.fixture(scope="module")
def season(data_directory: Path) -> Any:
    """All pixels of the season: shape (t, bands, y, x)."""
    source = Catalog(data_directory).get("S2_ALPS").open(Query())
    return source.read(source.grid)


def ndvi(values: Any) -> Any:
    """Shape (t, y, x), NaN where SCL says cloud, shadow or no data."""
    clear = np.isin(values[:, 4], (4, 5, 6, 11))
    return np.where(clear, (values[:, 3] - values[:, 2]) / (values[:, 3] + values[:, 2]), np.nan)


def test_the_shipped_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.suffix in (".tif", ".nc", ".json")) < 4e6


def test_the_scene_is_read_as_its_files_are(catalog: Catalog) -> None:
    collection = catalog.get("S2_PATAGONIA")
    source = collection.open(Query())
    assert source.times is None
    values = source.read(source.grid)
    with rasterio.open(FOLDER / "S2_PATAGONIA" / "S2_PATAGONIA_B08.tif") as file:
        assert_array_equal(values[0, 3], file.read(1))
        assert file.crs.to_epsg() == 32719
    with rasterio.open(FOLDER / "S2_PATAGONIA" / "S2_PATAGONIA_B11.tif") as file:
        assert_array_equal(values[0, 4], np.kron(file.read(1), np.ones((2, 2))))
    assert "Copernicus Sentinel data" in collection.metadata()["description"]


def test_sea_surface_temperatures_are_read_as_the_file_is(catalog: Catalog) -> None:
    collection = catalog.get("OSTIA_SST")
    source = collection.open(Query())
    assert source.shape == (54, 1, 18, 432)
    with netCDF4.Dataset(FOLDER / "OSTIA_SST" / "ostia_sst.nc") as file:
        stored = file["sst"][:].filled(np.nan)
        pacific = np.nanmean(stored[7, :, 228])
    assert_array_equal(source.read(source.grid)[:, 0], np.roll(stored[:, ::-1], 216, axis=2))
    box = collection.open(Query(Bounds(189.9, -10, 190.1, 10)))
    assert np.nanmean(box.read(box.grid)[7]) == pytest.approx(pacific)
    assert collection.bands[0].unit == "K"
    assert "Met Office" in collection.metadata()["description"]


def test_the_season_covers_the_area_and_dates_that_tutorials_use(catalog: Catalog) -> None:
    source = catalog.get("S2_ALPS").open(Query(Bounds(679720, 5151080, 680680, 5151920), "EPSG:32632"))
    assert source.grid.shape == (84, 96)
    assert source.times is not None
    days = source.times.astype("datetime64[D]")
    regular = np.arange("2022-04-01", "2022-11-01", 5, dtype="datetime64[D]")
    assert_array_equal(days, np.sort([*regular, np.datetime64("2022-06-02")]))
    assert np.isfinite(np.nanmedian(ndvi(source.read(source.grid)), axis=0)).all()


def test_fields_are_greener_in_summer_than_in_april_and_water_never_is(season: Any) -> None:
    land = scenes.valley()
    index = ndvi(season)
    month = np.array([weather.date.month for weather in scenes.calendar()])
    april, june = (np.nanmedian(index[month == number], axis=0) for number in (4, 6))
    fields, water = land.cover == FIELD, land.cover == WATER
    assert np.nanmean(june[fields]) > np.nanmean(april[fields]) + 0.15
    assert np.nanmax(np.nanmedian(index, axis=0)[water]) < 0.1


def test_clouds_cover_what_the_items_say_and_differ_from_date_to_date(season: Any, catalog: Catalog) -> None:
    cover = []
    for values, item in zip(season, catalog.get("S2_ALPS").items(Query()), strict=True):
        classes = values[4]
        share = np.isin(classes, (8, 9, 10)).sum() / np.isfinite(classes).sum() * 100
        assert share == pytest.approx(item["properties"]["eo:cloud_cover"], abs=0.02)
        cover.append(share)
    assert min(cover) < 1
    assert max(cover) > 90
    assert 20 < np.mean(cover) < 60


def test_classes_fit_the_reflectance(season: Any) -> None:
    blue, infrared, classes = season[:, 0], season[:, 3], season[:, 4]
    assert set(np.unique(classes[np.isfinite(classes)])) == {3, 4, 5, 6, 8, 9, 10, 11}
    assert np.isnan(classes).any()
    assert_array_equal(np.isnan(blue), np.isnan(classes))
    assert blue[classes == 9].min() > 3000
    assert np.median(blue[classes == 4]) < 700
    assert np.median(infrared[classes == 6]) < 700
    assert np.median(blue[classes == 11]) > 5000
    shadowed, clear = (
        np.nanmedian(infrared[:, 150:260, 140:260][classes[:, 150:260, 140:260] == kind]) for kind in (3, 4)
    )
    assert shadowed < 0.8 * clear


def test_the_season_does_not_depend_on_when_or_how_it_is_made(season: Any) -> None:
    weather = scenes.calendar()[17]
    again = scenes.scene(scenes.valley(), weather)
    assert_array_equal(np.where(again == 0, np.nan, again), season[17])


def test_metadata_need_no_files_and_a_read_makes_those_of_its_dates(tmp_path: Path, season: Any) -> None:
    folder = tmp_path / alps.FOLDER_NAME
    collection = alps.collection(folder)
    assert len(collection.metadata()["cube:dimensions"]["t"]["values"]) == 44
    source = collection.open(Query(start=np.datetime64("2022-07-01"), end=np.datetime64("2022-07-08")))
    assert not folder.exists()
    values = source.read(source.grid)
    assert_array_equal(values, season[20:21])
    assert sorted(path.name for path in folder.iterdir()) == [
        f"S2_ALPS_20220705_{band}.tif" for band in ("B02", "B03", "B04", "B08", "SCL")
    ]


@pytest.fixture
def short_season(monkeypatch: pytest.MonkeyPatch) -> None:
    dates = scenes.calendar()[:2]
    monkeypatch.setattr(scenes, "calendar", lambda: dates)


@pytest.mark.usefixtures("short_season")
def test_two_processes_make_one_sample(tmp_path: Path) -> None:
    folder = tmp_path / alps.FOLDER_NAME
    context = multiprocessing.get_context("fork")
    paths = {str(folder / f"S2_ALPS_20220401_{band}.tif") for band in ("B04", "SCL")}
    workers = [context.Process(target=alps.make, args=(folder,)) for _ in range(2)]
    workers.append(context.Process(target=alps.ensure, args=(paths,)))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert len(list(folder.glob("*.tif"))) == 10
    assert not list(folder.glob(".*"))


@pytest.mark.usefixtures("short_season")
def test_a_crash_leaves_no_half_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / alps.FOLDER_NAME
    with monkeypatch.context() as patch:
        patch.setattr(alps, "_write", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            alps.make(folder)
    assert list(folder.iterdir()) == []
    # What a killed process has left is cleared away, and so is a sample of another version.
    left = folder / ".123-4-S2_ALPS_20220401_B04.tif"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    (tmp_path / "S2_ALPS-0").mkdir()
    alps.make(folder)
    assert len(list(folder.glob("*.tif"))) == 10
    assert not left.exists()
    assert not (tmp_path / "S2_ALPS-0").exists()


def test_the_season_is_a_static_stac_collection_too(data_directory: Path, season: Any) -> None:
    folder = data_directory / "samples" / alps.FOLDER_NAME
    read = pystac.Collection.from_file(str(folder / "collection.json"))
    items = list(read.get_items())
    assert read.license == "CC0-1.0"
    assert len(items) == 44
    assert items[7].datetime.isoformat() == "2022-05-06T10:10:00+00:00"
    with rasterio.open(items[7].assets["B08"].get_absolute_href()) as file:
        values = file.read(1).astype(float)
    assert_array_equal(np.where(values == 0, np.nan, values), season[7, 3])


def test_fields_are_parcels_of_the_season(season: Any) -> None:
    from affine import Affine
    from rasterio.features import geometry_mask
    from shapely import transform
    from shapely.geometry import shape

    from gdc_jupyter.cube.grid import transformer
    from gdc_jupyter.samples import alps, fields

    assert fields.fields() == fields.make()
    into = transformer("OGC:CRS84", alps.GRID.crs)
    # Every five days from 1 April: the dates of May, and those from 15 July to 15 August.
    greenness = ndvi(season[6:13]), ndvi(season[21:28])
    transform_of_grid = Affine(*alps.GRID.transform)
    for feature in fields.fields()["features"]:
        outline = transform(
            shape(feature["geometry"]), lambda points: np.column_stack(into.transform(points[:, 0], points[:, 1]))
        )
        inside = geometry_mask([outline], alps.GRID.shape, transform_of_grid, invert=True)
        assert 120 <= inside.sum() <= 300
        spring, summer = (float(np.nanmedian(images[:, inside])) for images in greenness)
        if feature["properties"]["crop"] == "wheat":
            assert spring - summer > 0.1
        if feature["properties"]["crop"] == "maize":
            assert summer - spring > 0.1
