"""Collections of GeoTIFF files described by STAC items: which files a query needs, and their mosaic."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.collection import (
    CRS84,
    Band,
    Collection,
    Query,
    Source,
    Times,
    band_positions,
    crop,
    outside_message,
    read_type,
    time_message,
)
from gdc_jupyter.catalog.raster_files import Layer, is_remote, read_layers
from gdc_jupyter.cube.grid import Bounds, Grid, normalise_crs, transform_bounds
from gdc_jupyter.errors import GdcError

# The layers of one band at one time, the first with a valid pixel wins.
Mosaic = tuple[Layer, ...]
DEFAULT_TILE = (512, 512)


@dataclass(frozen=True, eq=False)
class CogSource(Source):
    """Windows of GeoTIFF files.

    Parameters
    ----------
    mosaics : tuple of tuple of tuple of Layer
        For each time and each band, the layers to look at.
    prepare : callable, optional
        Makes files that are not there yet; called with the paths that a read needs.
    """

    mosaics: tuple[tuple[Mosaic, ...], ...]
    prepare: Callable[[set[str]], None] | None = None

    @cached_property
    def paths(self) -> set[str]:
        """The files that reads need."""
        return {layer.path for row in self.mosaics for mosaic in row for layer in mosaic}

    def files(self) -> list[Path] | None:
        """Return the files behind the values; None where one of them is elsewhere."""
        paths = sorted(self.paths)
        return None if any(is_remote(path) for path in paths) else [Path(path) for path in paths]

    def definition(self) -> Any:
        """Return the layers of each date and band."""
        return self.extent, self.mosaics

    def _fill(self, window: Grid, out: NDArray[Any]) -> None:
        if self.prepare is not None:
            self.prepare(self.paths)
        for mosaics, values in zip(self.mosaics, out, strict=True):
            start = 0
            for first, group in itertools.groupby(mosaics, key=_same_file):
                stop = start + len(list(group))
                target = values[start:stop]
                if first is None:
                    for index in range(start, stop):
                        _fill_mosaic(mosaics[index], window, values[index : index + 1], self.fine is not None)
                else:
                    read_layers([mosaic[0] for mosaic in mosaics[start:stop]], window, target, self.fine is not None)
                start = stop

    def _coarser(self, factor: int, lattice: Grid) -> Self | None:
        return self._thinned(factor, lattice)

    def _subset(self, times: list[int] | None, bands: list[int] | None) -> Self:
        mosaics = self.mosaics if times is None else tuple(self.mosaics[index] for index in times)
        if bands is not None:
            mosaics = tuple(tuple(row[index] for index in bands) for row in mosaics)
        return replace(self, mosaics=mosaics, **self._fields(times, bands))


def _same_file(mosaic: Mosaic) -> object:
    """Return what bands have in common that are read in one go; None where each is read by itself."""
    if len(mosaic) != 1:
        return None
    layer = mosaic[0]
    return layer.path, layer.grid, layer.nodata


def _fill_mosaic(mosaic: Mosaic, window: Grid, out: NDArray[Any], coarsely: bool) -> None:
    """Read one band, shape (1, y, x), of several files; the first valid pixel wins."""
    relevant = [layer for layer in mosaic if _touches(layer.grid, window)]
    if not relevant:
        out.fill(np.nan)
        return
    read_layers([relevant[0]], window, out, coarsely)
    for layer in relevant[1:]:
        holes = np.isnan(out)
        if not holes.any():
            return
        below = np.empty(out.shape, out.dtype)
        read_layers([layer], window, below, coarsely)
        np.copyto(out, below, where=holes)


def _touches(grid: Grid, window: Grid) -> bool:
    box, (west, south, east, north) = _bounds_in(grid, window.crs), window.bounds
    return box is not None and box.west < east and box.east > west and box.south < north and box.north > south


@lru_cache(maxsize=1 << 14)
def _bounds_in(grid: Grid, crs: str) -> Bounds | None:
    """Return the bounds of a file in another CRS, None where it has none there."""
    try:
        return grid.bounds if grid.crs == crs else transform_bounds(grid.bounds, grid.crs, crs)
    except GdcError:
        return None


@dataclass(frozen=True, eq=False)
class Entry:
    """An item, as far as queries need it.

    Parameters
    ----------
    item : dict
        The STAC item.
    bounds : Bounds
        Longitudes and latitudes.
    start, end : numpy.datetime64
        The moment, or the interval, that the item is of.
    layers : dict
        The layer of each band, by name.
    """

    item: dict[str, Any]
    bounds: Bounds
    start: np.datetime64
    end: np.datetime64
    layers: dict[str, Layer]


@dataclass(frozen=True, eq=False)
class CogCollection(Collection):
    """A collection whose STAC items refer to GeoTIFF files.

    Parameters
    ----------
    documents : tuple of dict
        STAC items whose assets state ``proj:code``, ``proj:shape``, ``proj:transform`` and bands; hrefs are absolute.
    band_list : tuple of Band
        The bands, in order.
    tile : tuple of int
        Rows and columns of the blocks in the files.
    hosts : tuple of str, optional
        The hosts that may be asked for files elsewhere; those of the files themselves by default, which the user has
        registered.
    """

    documents: Sequence[dict[str, Any]] = ()
    band_list: tuple[Band, ...] = ()
    tile: tuple[int, int] = field(default=DEFAULT_TILE)
    hosts: tuple[str, ...] | None = None

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands, in order."""
        return self.band_list

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The items in order of time."""
        return tuple(
            sorted((read_item(document, self.hosts) for document in self.documents), key=lambda entry: entry.start)
        )

    @cached_property
    def grid(self) -> Grid:
        """The native grid of the whole collection."""
        return native_grid(self.entries, [band.name for band in self.bands])

    @cached_property
    def undated(self) -> bool:
        """Whether the items tell an interval that they all share, and no dates."""
        return not any(entry.item["properties"].get("datetime") for entry in self.entries) and (
            len({(entry.start, entry.end) for entry in self.entries}) == 1
        )

    @cached_property
    def times(self) -> Times | None:
        """The labels of the dimension ``t``, if there is one."""
        return None if self.undated else _times(self.entries)

    @cached_property
    def interval(self) -> tuple[np.datetime64, np.datetime64]:
        """The first and last moment that the data may be of."""
        return min(entry.start for entry in self.entries), max(entry.end for entry in self.entries)

    def items(self, query: Query) -> list[dict[str, Any]]:
        """Return the STAC items of a query, without links."""
        self.prepare()
        return [entry.item for entry in self._select(query)]

    def open(self, query: Query) -> Source:
        """Return the data of a query as something to read windows from; nothing of the data is read."""
        names = [band.name for band in self.bands]
        positions = range(len(names)) if query.bands is None else band_positions(self.id, self.bands, query.bands)
        bands = tuple(self.bands[index] for index in positions)
        wanted = [band.name for band in bands]
        entries = self._select(query)
        if not entries:
            self._explain(query)
        everything = len(entries) == len(self.entries) and query.bands is None
        extent = self.grid if everything else native_grid(entries, wanted)
        grid = crop(self.id, extent, query)
        times = None if self.undated else _times(entries)
        groups = [entries]
        if times is not None:
            groups = [list(group) for _, group in itertools.groupby(entries, key=lambda entry: entry.start)]
        mosaics = tuple(
            tuple(tuple(entry.layers[name] for entry in group if name in entry.layers) for name in wanted)
            for group in groups
        )
        return CogSource(
            collection_id=self.id,
            grid=grid,
            times=times,
            bands=bands,
            dtype=read_type([band.data_type for band in bands]),
            tile=self.tile,
            extent=extent,
            mosaics=mosaics,
            prepare=self._preparation(),
        )

    def _preparation(self) -> Callable[[set[str]], None] | None:
        """Return what a source has to call with the paths that it is about to read."""
        return None

    def _select(self, query: Query) -> list[Entry]:
        box = None if query.bounds is None else transform_bounds(query.bounds, query.crs, CRS84)
        found = [entry for entry in self.entries if in_time(entry, query) and (box is None or in_box(entry, box))]
        if query.properties is not None:
            found = [entry for entry in found if query.properties(entry.item["properties"])]
        return found

    def _explain(self, query: Query) -> None:
        """Raise the error that says why a query finds no item."""
        if query.bounds is not None and not self._select(Query(bounds=query.bounds, crs=query.crs)):
            raise GdcError("NoDataAvailable", outside_message(self.id, query, self.grid.geographic_bounds))
        if not self._select(replace(query, properties=None)):
            raise GdcError("NoDataAvailable", time_message(self.id, query, self.interval))
        raise GdcError("NoDataAvailable", f"No item of '{self.id}' there and then has the properties asked for.")


def in_time(entry: Entry, query: Query) -> bool:
    """Return whether an item is of a query's interval."""
    if query.end is not None and entry.start >= query.end:
        return False
    return query.start is None or bool(entry.end >= query.start)


def in_box(entry: Entry, box: Bounds) -> bool:
    """Return whether an item touches a box in longitude and latitude."""
    west, south, east, north = entry.bounds
    if box.south > north or box.north < south:
        return False
    # Either box may lie east of the antimeridian.
    return any(box.west + turn <= east and box.east + turn >= west for turn in (-360, 0, 360))


def _times(entries: Iterable[Entry]) -> Times:
    return np.unique(np.array([entry.start for entry in entries], "datetime64[ns]"))


def native_grid(entries: Sequence[Entry], names: Sequence[str]) -> Grid:
    """Return the grid that items are read on: the most common CRS, its finest resolution, the area of all items.

    Parameters
    ----------
    entries : sequence of Entry
    names : sequence of str
        The bands that count.

    Raises
    ------
    GdcError
        ``NoDataAvailable`` where no item has any of the bands.
    """
    counts = Counter(entry.layers[name].grid for entry in entries for name in names if name in entry.layers)
    if not counts:
        raise GdcError("NoDataAvailable", f"No item has a band {', '.join(names)}.")
    systems: Counter[str] = Counter()
    for grid, count in counts.items():
        systems[grid.crs] += count
    crs = systems.most_common(1)[0][0]
    finest = min(abs(grid.dx) for grid in counts if grid.crs == crs)
    candidates = [item for item in counts.items() if item[0].crs == crs and abs(item[0].dx) < finest * 1.001]
    lattice = max(candidates, key=lambda item: item[1])[0]
    lattice = _north_up(lattice)
    total = lattice
    for grid in counts:
        total = total.union(_on_lattice(lattice, grid))
    return _wrapping(total)


def _north_up(grid: Grid) -> Grid:
    west, _, _, north = grid.bounds
    return Grid(grid.crs, west, north, abs(grid.dx), -abs(grid.dy), grid.width, grid.height)


def _on_lattice(lattice: Grid, grid: Grid) -> Grid:
    """Return the part of a lattice that covers another grid."""
    if lattice.aligned(grid):
        return grid
    west, south, east, north = transform_bounds(grid.bounds, grid.crs, lattice.crs)
    left, right = np.floor((west - lattice.x) / lattice.dx + 1e-3), np.ceil((east - lattice.x) / lattice.dx - 1e-3)
    top, bottom = np.floor((north - lattice.y) / lattice.dy + 1e-3), np.ceil((south - lattice.y) / lattice.dy - 1e-3)
    return lattice.window(int(top), int(left), int(bottom - top), int(right - left))


def _wrapping(grid: Grid) -> Grid:
    from gdc_jupyter.cube.grid import parse_crs

    around = abs(grid.width * grid.dx - 360) < 1e-3 * grid.dx
    return replace(grid, wraps=True) if around and parse_crs(grid.crs).is_geographic else grid


def read_item(item: dict[str, Any], hosts: tuple[str, ...] | None = None) -> Entry:
    """Return what queries need of a STAC item."""
    properties = item["properties"]
    start = properties.get("datetime") or properties["start_datetime"]
    end = properties.get("datetime") or properties["end_datetime"]
    west, south, east, north = item["bbox"] if len(item["bbox"]) == 4 else (*item["bbox"][:2], *item["bbox"][3:5])
    layers: dict[str, Layer] = {}
    for key, asset in sorted(item["assets"].items(), key=lambda pair: len(band_names(*pair))):
        for index, name in enumerate(band_names(key, asset), start=1):
            layers.setdefault(name, _layer(item, asset, index, hosts))
    bounds = Bounds(west, south, east + 360 if east < west else east, north)
    return Entry(item, bounds, parse_time(start), parse_time(end), layers)


def band_names(key: str, asset: dict[str, Any]) -> list[str]:
    """Return the names of the bands in an asset; none where the asset is not data."""
    if "proj:transform" not in asset or not {"thumbnail", "overview", "metadata"}.isdisjoint(asset.get("roles", ())):
        return []
    described = asset.get("eo:bands") or asset.get("bands") or ()
    names = [band.get("name") for band in described]
    return names if names and all(names) else [key]


def _layer(item: dict[str, Any], asset: dict[str, Any], index: int, hosts: tuple[str, ...] | None) -> Layer:
    described = asset.get("raster:bands") or asset.get("bands") or ()
    band = described[index - 1] if index <= len(described) else {}
    nodata = band.get("nodata", asset.get("nodata"))
    dx, _, x, _, dy, y = asset["proj:transform"][:6]
    height, width = asset["proj:shape"]
    grid = Grid(asset_crs(item, asset), x, y, dx, dy, width, height)
    return Layer(asset["href"], index, grid, None if nodata is None else float(nodata), hosts)


def asset_crs(item: dict[str, Any], asset: dict[str, Any]) -> str:
    """Return the CRS of an asset, which may be stated in the item's properties."""
    for place in (asset, item["properties"]):
        code = place.get("proj:code") or place.get("proj:epsg") or place.get("proj:wkt2")
        if isinstance(code, str) and code.startswith("EPSG:"):
            return code
        if code:
            return normalise_crs(code)
    raise GdcError("CRSInvalid", f"The item '{item['id']}' states no CRS (proj:code).")


def parse_time(text: str) -> np.datetime64:
    """Return a moment in UTC from an RFC 3339 date-time."""
    if text.endswith("Z"):
        return np.datetime64(text[:-1], "ns")
    from datetime import UTC, datetime

    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(moment, "ns")
