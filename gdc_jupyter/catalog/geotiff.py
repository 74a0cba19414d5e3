"""STAC items of GeoTIFF files that have none: the date, the bands and the grid of each file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from gdc_jupyter.catalog.cf import undated_span
from gdc_jupyter.catalog.cog import CogCollection
from gdc_jupyter.catalog.collection import About, Band
from gdc_jupyter.catalog.metadata import item_document, raster_asset
from gdc_jupyter.catalog.raster_files import open_raster
from gdc_jupyter.cube.grid import Grid, normalise_crs
from gdc_jupyter.errors import GdcError

SUFFIXES = (".tif", ".tiff")
MOMENT = re.compile(
    r"(?<!\d)(?P<date>(?:19|20)\d{2}(?P<dash>[-_.]?)(?:0[1-9]|1[0-2])(?P=dash)(?:0[1-9]|[12]\d|3[01]))"
    r"(?:[T_ -]?(?P<time>(?:[01]\d|2[0-3]):?[0-5]\d(?::?[0-5]\d)?)Z?)?(?!\d)"
)
SENTINEL_2 = {
    "B01": ("coastal", 0.443),
    "B02": ("blue", 0.490),
    "B03": ("green", 0.560),
    "B04": ("red", 0.665),
    "B05": ("rededge", 0.704),
    "B06": ("rededge", 0.740),
    "B07": ("rededge", 0.783),
    "B08": ("nir", 0.842),
    "B8A": ("nir08", 0.865),
    "B09": ("nir09", 0.945),
    "B11": ("swir16", 1.610),
    "B12": ("swir22", 2.190),
}


@dataclass(frozen=True, eq=False)
class RasterFile:
    """A GeoTIFF file as it describes itself.

    Parameters
    ----------
    path : Path
    moment : numpy.datetime64 or None
        From the file's name.
    bands : tuple of Band
    named : bool
        Whether the bands have names of their own in the file.
    grid : Grid
    tile : tuple of int
    url : str, optional
        Where the file is, if that is elsewhere; the path is then the URL's.
    """

    path: Path
    moment: np.datetime64 | None
    bands: tuple[Band, ...]
    named: bool
    grid: Grid
    tile: tuple[int, int]
    url: str | None = None

    @property
    def href(self) -> str:
        """Where the file is."""
        return self.url or str(self.path)


def find_moment(name: str) -> np.datetime64 | None:
    """Return the date, or date and time in UTC, in a file name: 20220405, 2022-04-05 or 20220405T101559."""
    for match in MOMENT.finditer(name):
        date = re.sub(r"\D", "", match["date"])
        time = re.sub(r"\D", "", match["time"] or "").ljust(6, "0")
        try:
            return np.datetime64(datetime.strptime(date + time, "%Y%m%d%H%M%S"), "ns")
        except ValueError:
            continue
    return None


def examine(path: Path | str, hosts: tuple[str, ...] | None = None) -> RasterFile:
    """Return what a GeoTIFF file says of itself.

    Parameters
    ----------
    path : Path or str
        The file, or its URL.
    hosts : tuple of str, optional
        The hosts that may be asked for a URL.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``; ``CRSInvalid`` without a CRS; ``GridIrregular`` where it is rotated.
    """
    url, path = (path, Path(unquote(urlsplit(path).path))) if isinstance(path, str) else (None, path)
    with open_raster(url or str(path), hosts) as file:
        if file.crs is None:
            raise GdcError("CRSInvalid", f"{path.name}: the file names no coordinate reference system.")
        t = file.transform
        if t.b or t.d:
            raise GdcError("GridIrregular", f"{path.name}: the file is rotated; warp it to a north-up grid first.")
        grid = Grid(normalise_crs(file.crs.to_wkt()), t.c, t.f, t.a, t.e, file.width, file.height)
        names = list(file.descriptions)
        bands = tuple(
            _band(
                names[index] or f"band_{index + 1}",
                file.dtypes[index],
                file.nodatavals[index],
                file.scales[index],
                file.offsets[index],
                file.units[index],
            )
            for index in range(file.count)
        )
        tile = file.block_shapes[0]
    return RasterFile(path, find_moment(path.stem), bands, all(names), grid, (int(tile[0]), int(tile[1])), url)


def _band(name: str, data_type: str, nodata: float | None, scale: float, offset: float, unit: str | None) -> Band:
    common, wavelength = SENTINEL_2.get(name, (None, None))
    plain = scale == 1 and offset == 0
    return Band(
        name,
        common_name=common,
        data_type=data_type,
        nodata=nodata,
        scale=None if plain else scale,
        offset=None if plain else offset,
        unit=unit or None,
        center_wavelength=wavelength,
    )


def from_files(
    paths: Sequence[Path | str], collection_id: str, about: About, hosts: tuple[str, ...] | None = None
) -> CogCollection:
    """Return a collection of GeoTIFF files: an item for each date (and area), an asset for each file.

    A file with one band takes the name of the band from its description, or from what differs in the file names.

    Raises
    ------
    GdcError
        As `examine`; ``DataFileUnsupported`` where some files have a date in their name and some have none.
    """
    files = _named([examine(path, hosts) for path in sorted(paths, key=str)])
    undated = [file for file in files if file.moment is None]
    if undated and len(undated) < len(files):
        raise GdcError(
            "DataFileUnsupported",
            f"{undated[0].path.name}: no date is found in this file name, but there is one in others "
            f"({next(file for file in files if file.moment is not None).path.name}). Write dates as 20220405, "
            "2022-04-05 or 20220405T101559.",
        )
    span = None
    if undated:
        spans = [undated_span(None if file.url else file.path) for file in files]
        span = spans[0][0], max(end for _, end in spans)
    groups: dict[tuple[Any, ...], list[RasterFile]] = defaultdict(list)
    for file in files:
        groups[_scene(file)].append(file)
    documents = [_item(group, collection_id, span) for group in groups.values()]
    return CogCollection(
        id=collection_id,
        about=about,
        documents=_unique(documents),
        band_list=merge_bands(file.bands for file in files),
        tile=max((file.tile for file in files), key=lambda tile: tile[0] * tile[1]),
        hosts=hosts,
    )


def _scene(file: RasterFile) -> tuple[Any, ...]:
    """Return what the files of one item have in common: the moment and the area."""
    return file.moment, file.grid.crs, file.grid.bounds


def _named(files: list[RasterFile]) -> list[RasterFile]:
    """Give the only band of a file without a description the token of its name that tells files of a date apart."""
    tokens = {file.path: _tokens(file.path.stem) for file in files}
    shared = set.intersection(*(set(words) for words in tokens.values())) if len(files) > 1 else set()
    named = []
    for file in files:
        if file.named or len(file.bands) > 1:
            named.append(file)
            continue
        own = [word for word in tokens[file.path] if word not in shared]
        name = own[-1] if own else "band_1"
        band = file.bands[0]
        renamed = _band(name, band.data_type, band.nodata, band.scale or 1, band.offset or 0, band.unit)
        named.append(replace(file, bands=(renamed,)))
    return named


def _tokens(stem: str) -> list[str]:
    return [word for word in re.split(r"[_\s.\-]+", MOMENT.sub("_", stem)) if word and not word.isdigit()]


def merge_bands(lists: Iterable[Sequence[Band]]) -> tuple[Band, ...]:
    """Return bands by their names, each as it was first met."""
    merged: dict[str, Band] = {}
    for bands in lists:
        for band in bands:
            merged.setdefault(band.name, band)
    return tuple(merged.values())


def _item(
    files: list[RasterFile], collection_id: str, span: tuple[np.datetime64, np.datetime64] | None
) -> dict[str, Any]:
    first = files[0]
    assets = {}
    for file in files:
        key = file.bands[0].name if len(file.bands) == 1 else file.path.stem
        assets[key if key not in assets else file.path.stem] = raster_asset(file.href, file.bands, file.grid)
    if first.moment is None:
        assert span is not None
        return item_document(first.path.stem, collection_id, first.grid, span, assets)
    name = f"{collection_id}_{np.datetime_as_string(first.moment, unit='s').replace('-', '').replace(':', '')}"
    return item_document(name.removesuffix("T000000"), collection_id, first.grid, first.moment, assets)


def _unique(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number the items that have the same id."""
    seen: dict[str, int] = defaultdict(int)
    for document in documents:
        seen[document["id"]] += 1
        if seen[document["id"]] > 1:
            document["id"] += f"_{seen[document['id']]}"
    return documents
