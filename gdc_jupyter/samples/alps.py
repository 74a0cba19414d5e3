"""The sample S2_ALPS: a synthetic Sentinel-2-like season, made at first use into the data directory."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.cog import CogCollection
from gdc_jupyter.catalog.collection import About, Band
from gdc_jupyter.catalog.metadata import item_assets, item_document, raster_asset
from gdc_jupyter.catalog.static_stac import write_collection
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.samples import scenes
from gdc_jupyter.samples.scenes import SIZE, STEP, Weather

ID = "S2_ALPS"
# The second part is raised whenever the pixels change, so that older files are made anew.
FOLDER_NAME = f"{ID}-1"
GRID = Grid("EPSG:32632", 678200.0, 5153500.0, STEP, -STEP, SIZE, SIZE)
TILE = 128
THREADS = 2
# Seconds after which a file under another name is what a killed process has left.
STALE = 600
_lock = Lock()

ABOUT = About(
    title="Synthetic Sentinel-2-like season in an Alpine valley (made by a model, not observed)",
    description=(
        "A synthetic time series: an invented Alpine valley with fields, meadows, orchards, forest, a river, a lake, "
        "villages and snow, seen every five days from April to October 2022, and once more by the neighbouring orbit, "
        "the way Sentinel-2 level 2A would show it, "
        "with clouds, cloud shadows and the edge of a swath. No pixel was observed, and places, dates and weather are "
        "invented; it is for learning and testing. The bands hold reflectance * 10000; SCL holds the classes of "
        "Sentinel-2's scene classification: 0 no data, 3 cloud shadow, 4 vegetation, 5 not vegetated, 6 water, "
        "8 and 9 cloud with medium and high probability, 10 thin cirrus, 11 snow."
    ),
    license="CC0-1.0",
    providers=(
        {"name": "gdc-jupyter", "description": "Makes the data by a model.", "roles": ["producer", "licensor"]},
    ),
    keywords=("synthetic", "Sentinel-2-like", "time series", "Alps", "agriculture", "NDVI", "sample"),
    links=(
        {
            "rel": "license",
            "href": "https://creativecommons.org/publicdomain/zero/1.0/",
            "type": "text/html",
            "title": "CC0 1.0",
        },
    ),
)


def _reflectance(name: str, common: str, title: str, center: float, width: float) -> Band:
    return Band(
        name,
        common_name=common,
        title=title,
        data_type="uint16",
        nodata=0,
        scale=0.0001,
        offset=0.0,
        unit="1",
        center_wavelength=center,
        full_width_half_max=width,
    )


BANDS = (
    _reflectance("B02", "blue", "Blue", 0.490, 0.065),
    _reflectance("B03", "green", "Green", 0.560, 0.035),
    _reflectance("B04", "red", "Red", 0.665, 0.030),
    _reflectance("B08", "nir", "Near infrared", 0.842, 0.115),
    Band("SCL", title="Scene classification", description="Scene classification", data_type="uint16", nodata=0),
)


@dataclass(frozen=True, eq=False)
class AlpsCollection(CogCollection):
    """The sample; its metadata are known before its files are made.

    Parameters
    ----------
    folder : Path
        Where the files are or will be.
    """

    folder: Path = Path()

    def prepare(self) -> None:
        """Make the files where they are not there yet."""
        make(self.folder)

    def _preparation(self) -> Callable[[set[str]], None]:
        return ensure


def collection(folder: Path) -> AlpsCollection:
    """Return the sample, whose files belong into a folder."""
    return AlpsCollection(
        id=ID,
        about=ABOUT,
        extra={"item_assets": item_assets(BANDS), "summaries": {"instruments": ["synthetic"]}},
        documents=[_item(folder, weather) for weather in scenes.calendar()],
        band_list=BANDS,
        tile=(TILE, TILE),
        folder=folder,
    )


def ensure(paths: set[str]) -> None:
    """Make those files of the sample that are not there yet, with all bands of their dates."""
    with _lock:
        missing = [path for path in map(Path, paths) if not path.exists()]
        if not missing:
            return
        names = {path.name for path in missing}
        _write_scenes(missing[0].parent, [weather for weather in scenes.calendar() if names & _names(weather)])


def make(folder: Path) -> None:
    """Make all files in a folder that are not there yet, or wait until another process has made them.

    Each file is written under another name and renamed at the end: a crash leaves no half file.
    """
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{folder.name}.lock"):
        for left in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
            if left != folder:
                shutil.rmtree(left, ignore_errors=True)
        for left in folder.glob(".*"):
            # Another process may be writing the younger ones, and rename one at any moment.
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - STALE:
                    left.unlink()
        missing = [each for each in scenes.calendar() if not all((folder / name).exists() for name in _names(each))]
        _write_scenes(folder, missing)
        if not (folder / "collection.json").exists():
            sample = collection(folder)
            write_collection(folder, sample.metadata() | {"links": list(ABOUT.links)}, sample.documents)


def _names(weather: Weather) -> set[str]:
    return {_file_name(weather, band.name) for band in BANDS}


def _file_name(weather: Weather, band: str) -> str:
    return f"{ID}_{weather.date:%Y%m%d}_{band}.tif"


def _item(folder: Path, weather: Weather) -> dict[str, Any]:
    moment = np.datetime64(f"{weather.date.isoformat()}T10:10:00", "ns")
    assets = {band.name: raster_asset(str(folder / _file_name(weather, band.name)), (band,), GRID) for band in BANDS}
    properties = {"eo:cloud_cover": round(weather.cover * 100, 2), "gsd": STEP, "instruments": ["synthetic"]}
    return item_document(f"{ID}_{weather.date:%Y%m%d}", ID, GRID, moment, assets, properties)


def _write_scenes(folder: Path, calendar: Sequence[Weather]) -> None:
    import rasterio  # noqa: F401  (before threads need it)

    if not calendar:
        return
    folder.mkdir(parents=True, exist_ok=True)
    land = scenes.valley()

    def write(weather: Weather) -> None:
        for band, values in zip(BANDS, scenes.scene(land, weather), strict=True):
            name = _file_name(weather, band.name)
            part = folder / f".{os.getpid()}-{get_ident()}-{name}"
            _write(part, values, band)
            part.replace(folder / name)

    # A scene's random numbers depend on its date alone, so that threads do not change what is made.
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(write, calendar):
            pass


def _write(path: Path, values: NDArray[np.uint16], band: Band) -> None:
    import rasterio
    from affine import Affine

    with rasterio.open(
        path,
        "w",
        driver="COG",
        width=GRID.width,
        height=GRID.height,
        count=1,
        dtype="uint16",
        crs=GRID.crs,
        transform=Affine(*GRID.transform),
        nodata=band.nodata,
        compress="ZSTD",
        level=1,
        predictor="YES",
        blocksize=TILE,
        overviews="NONE",
    ) as file:
        file.write(values, 1)
        file.descriptions = (band.name,)
        if band.scale is not None:
            file.scales = (band.scale,)
