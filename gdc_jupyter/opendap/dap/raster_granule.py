"""An item with GeoTIFF files as a dataset: x and y, a grid mapping, and a variable for each band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.cog import CogCollection, Entry, read_item
from gdc_jupyter.catalog.collection import Band
from gdc_jupyter.catalog.raster_files import Layer, is_remote, read_stored
from gdc_jupyter.catalog.static_stac import bands_of
from gdc_jupyter.cube.grid import Grid, parse_crs
from gdc_jupyter.opendap.dap.dataset import Dataset, Dimension, Group, Slab, Variable, shape_of, taken

_GRID_MAPPING = "spatial_ref"
_TIME_UNITS = "seconds since 1970-01-01T00:00:00Z"


def open_raster_item(collection: CogCollection, document: dict[str, Any]) -> Dataset:
    """Return an item as a dataset.

    Bands on the same pixels share x and y; those of other pixels have x_2 and y_2, and so on.

    Parameters
    ----------
    collection : CogCollection
    document : dict
        The STAC item.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    entry = read_item(document, collection.hosts)
    _prepare(collection, entry)
    # The types are those of this item's files; the collection may have others as well.
    stated = {band.name: band for key, asset in document["assets"].items() for band in bands_of(key, asset)}
    bands = [stated.get(band.name, band) for band in collection.bands if band.name in entry.layers]
    layers = {band.name: entry.layers[band.name] for band in bands}
    grids = list(dict.fromkeys(layer.grid for layer in layers.values()))
    places = {grid: _Place(grid, number) for number, grid in enumerate(grids)}
    dimensions = [each for place in places.values() for each in place.dimensions]
    variables = [each for place in places.values() for each in place.variables]
    taken = {each.name for each in variables} | {"time"}
    for band in bands:
        layer = layers[band.name]
        variables.append(_band(band, layer, places[layer.grid], taken, collection.tile))
    attributes = {"Conventions": "CF-1.10", "title": f"{collection.title}: {document['id']}"}
    root = Group("", tuple(dimensions), (_time(entry), *variables), (), attributes)
    return Dataset(str(document["id"]), root, *_version([layer.path for layer in layers.values()]))


def _prepare(collection: CogCollection, entry: Entry) -> None:
    paths = [layer.path for layer in entry.layers.values() if not is_remote(layer.path)]
    if not all(Path(path).exists() for path in paths):
        collection.prepare()


def _version(paths: list[str]) -> tuple[str, float | None]:
    """Return what changes with the files, and when they changed."""
    if not paths or any(is_remote(path) for path in paths):
        return "", None
    status = [Path(path).stat() for path in sorted(set(paths)) if Path(path).exists()]
    if not status:
        return "", None
    version = "-".join(f"{each.st_mtime_ns:x}.{each.st_size:x}" for each in status)
    return f"{abs(hash(version)):x}" if len(status) > 4 else version, max(each.st_mtime for each in status)


def place_names(number: int) -> tuple[str, str, str]:
    """Return the names of the rows, the columns and the grid mapping of a grid, by its number in the item."""
    suffix = f"_{number + 1}" if number else ""
    return f"y{suffix}", f"x{suffix}", f"{_GRID_MAPPING}{suffix}"


def band_variable(band: str, taken: set[str]) -> str:
    """Return the name of the variable of a band, and note that it is taken."""
    name = band.replace("/", "_")
    while name in taken:
        name += "_"
    taken.add(name)
    return name


class _Place:
    """The dimensions of a grid, and the variables that say where its pixels are."""

    def __init__(self, grid: Grid, number: int) -> None:
        self.y, self.x, self.mapping = place_names(number)
        self.dimensions = (Dimension(self.y, grid.height), Dimension(self.x, grid.width))
        columns, rows = grid.x_labels(), grid.y_labels()
        self.variables = (
            _constant(self.y, np.asarray(rows, np.float64), ("/" + self.y,), _axis(grid.crs, "Y")),
            _constant(self.x, np.asarray(columns, np.float64), ("/" + self.x,), _axis(grid.crs, "X")),
            _constant(self.mapping, np.array(0, np.int32), (), _mapping(grid)),
        )


def _constant(name: str, values: NDArray[Any], dimensions: tuple[str, ...], attributes: Mapping[str, Any]) -> Variable:
    def read(slab: Slab) -> NDArray[Any]:
        return taken(values, slab)

    return Variable(name, values.dtype, dimensions, values.shape, attributes, read)


def _axis(crs: str, letter: str) -> dict[str, str]:
    parsed = parse_crs(crs)
    if parsed.is_geographic:
        name, units = ("longitude", "degrees_east") if letter == "X" else ("latitude", "degrees_north")
        return {"axis": letter, "standard_name": name, "units": units}
    unit = parsed.axis_info[0].unit_name if parsed.axis_info else "metre"
    units = "m" if unit == "metre" else unit
    return {"axis": letter, "standard_name": f"projection_{letter.lower()}_coordinate", "units": units}


def _mapping(grid: Grid) -> dict[str, Any]:
    told = {name: value for name, value in parse_crs(grid.crs).to_cf().items() if value is not None}
    dx, _, x, _, dy, y = grid.transform
    plain = {
        name: np.asarray(value, np.float64) if isinstance(value, list | tuple) else value
        for name, value in told.items()
    }
    return plain | {"GeoTransform": f"{x!r} {dx!r} 0 {y!r} 0 {dy!r}"}


def _time(entry: Entry) -> Variable:
    """Return the moment that the item is of, the first of an interval."""
    seconds = entry.start.astype("datetime64[ms]").astype(np.int64) / 1000
    attributes = {"standard_name": "time", "units": _TIME_UNITS, "calendar": "proleptic_gregorian"}
    return _constant("time", np.array(seconds, np.float64), (), attributes)


def _band(band: Band, layer: Layer, place: _Place, taken: set[str], tile: tuple[int, int]) -> Variable:
    name = band_variable(band.name, taken)
    dtype = np.dtype(band.data_type)
    attributes: dict[str, Any] = {"grid_mapping": place.mapping, "coordinates": "time"}
    if band.title or band.description:
        attributes["long_name"] = band.title or band.description
    if band.unit:
        attributes["units"] = band.unit
    if layer.nodata is not None and _holds(dtype, layer.nodata):
        attributes["_FillValue"] = dtype.type(layer.nodata)
    if band.scale is not None:
        attributes["scale_factor"] = np.float64(band.scale)
    if band.offset is not None:
        attributes["add_offset"] = np.float64(band.offset)
    shape = layer.grid.shape
    return Variable(name, dtype, (f"/{place.y}", f"/{place.x}"), shape, attributes, _Reader(layer, dtype), tile)


def _holds(dtype: np.dtype[Any], value: float) -> bool:
    """Tell whether a type has a value."""
    if dtype.kind == "f":
        return True
    limits = np.iinfo(dtype)
    return value == int(value) and limits.min <= value <= limits.max if np.isfinite(value) else False


@dataclass(frozen=True)
class _Reader:
    layer: Layer
    dtype: np.dtype[Any]

    def __call__(self, slab: Slab) -> NDArray[Any]:
        rows, columns = slab
        values = read_stored(self.layer, rows, columns)
        return values.astype(self.dtype, copy=False).reshape(shape_of(slab))
