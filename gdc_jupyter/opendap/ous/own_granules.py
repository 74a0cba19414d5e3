"""The granules of this server's collections as OUS sees them: where, when, and which variables on which grid."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.array_files import ArrayFilesCollection
from gdc_jupyter.catalog.arrays import ArrayCollection
from gdc_jupyter.catalog.cf_grid import points_of
from gdc_jupyter.catalog.cog import CogCollection, asset_crs, band_names
from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.catalog.variables import Stored
from gdc_jupyter.cube.calendars import common
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dataset import Dataset
from gdc_jupyter.opendap.dap.dataset import Variable as Array
from gdc_jupyter.opendap.dap.granules import array_paths, has_granules, open_granule
from gdc_jupyter.opendap.dap.raster_granule import band_variable, place_names
from gdc_jupyter.opendap.ous.axes import RegularAxis
from gdc_jupyter.opendap.ous.cmr_records import to_milliseconds
from gdc_jupyter.opendap.ous.metadata import LATITUDE, LONGITUDE, Dimension, Place, Variable
from gdc_jupyter.opendap.ous.parameters import Box
from gdc_jupyter.opendap.ous.places import AxisPlace, PointPlace, centres

_TYPES = {"y": LATITUDE, "x": LONGITUDE, "t": "TIME_DIMENSION"}
Variables = tuple[Variable, ...]
Places = tuple[Place, ...]
_PROVIDER = "gdc"
#: Granules in which the variables of a collection are looked for.
_LOOKED_AT = 2000
#: Granules that are listed before anybody asks.
_MOST_READY = 50_000
#: Sets of variables that are kept for a collection.
_MOST_KEPT = 20_000


@dataclass(frozen=True, eq=False)
class Entry:
    """A granule.

    Attributes
    ----------
    id : str
    bounds : tuple of float
        West, south, east, north in degrees; east may be beyond 180.
    start, end : int
        Milliseconds since 1970.
    order : tuple
        Its place in lists.
    what : ArrayCollection or dict
        The file, or the STAC item, that it is.
    """

    id: str
    bounds: Box
    start: int
    end: int
    order: tuple[str, int, int]
    what: Any

    def touches(self, box: Box) -> bool:
        """Tell whether it may have something in a box, whose west may be greater than its east."""
        west, south, east, north = self.bounds
        end = box[2] if box[2] >= box[0] else box[2] + 360
        if box[1] > north or box[3] < south:
            return False
        return any(box[0] + turn <= east and end + turn >= west for turn in (-360, 0, 360))

    def meets(self, start: int | None, end: int | None) -> bool:
        """Tell whether it is of an interval."""
        return (start is None or self.end >= start) and (end is None or self.start <= end)


class Granules:
    """The granules of one collection, found once, and their variables, found as they are needed."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._variables: dict[Any, tuple[Variables, Places]] = {}
        self._items_described: dict[int, tuple[Variables, Places]] = {}
        self._grids: dict[_Pixels, AxisPlace] = {}

    @cached_property
    def entries(self) -> list[Entry]:
        """All granules in their order."""
        found = self._items() if isinstance(self.collection, CogCollection) else self._files()
        return sorted(found, key=lambda entry: entry.order)

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The variables of the collection by their names, each as the first granule has it that has it."""
        found: dict[str, Variable] = {}
        for entry in self.entries[:_LOOKED_AT]:
            found = {variable.name: variable for variable in self.variables_of(entry)[0]} | found
            if len(found) >= len(self.collection.bands):
                break
        return found

    def variables_of(self, entry: Entry) -> tuple[Variables, Places]:
        """Return the variables of a granule, the same object for all that have the same, and where their cells are."""
        if isinstance(entry.what, ArrayCollection):
            member = entry.what
            return self._kept(self._key(member), lambda: _variables_of_file(self.collection, entry.id, member))
        number = entry.order[-1]
        if number not in self._items_described:
            described = self._described(entry.what)
            if len(self._items_described) >= _MOST_KEPT:
                return described
            self._items_described[number] = described
        return self._items_described[number]

    def _described(self, document: dict[str, Any]) -> tuple[Variables, Places]:
        layers = _layers(document)
        there = [(band.name, *layers[band.name]) for band in self.collection.bands if band.name in layers]
        numbers: dict[_Pixels, int] = {}
        for _, pixels, _ in there:
            numbers.setdefault(pixels, len(numbers))
        bands = tuple((name, data_type, numbers[pixels], *pixels[-2:]) for name, pixels, data_type in there)
        grids = {pixels: self._grids.get(pixels) or _regular(pixels) for pixels in numbers}
        if len(self._grids) < _MOST_KEPT:
            self._grids |= grids
        variables, _ = self._kept(bands, lambda: (_variables_of_item(bands), ()))
        return variables, tuple(grids[pixels] for _, pixels, _ in there)

    def _kept(self, key: Any, make: Callable[[], tuple[Variables, Places]]) -> tuple[Variables, Places]:
        found = self._variables.get(key)
        if found is None:
            if len(self._variables) >= _MOST_KEPT:
                self._variables.clear()
            found = self._variables[key] = make()
        return found

    def _files(self) -> Iterator[Entry]:
        collection = self.collection
        members = collection.members if isinstance(collection, ArrayFilesCollection) else (collection,)
        for number, (identifier, member) in enumerate(zip(array_paths(collection), members, strict=True)):
            assert isinstance(member, ArrayCollection)
            start, end = (int(each) for each in common(np.array(member.span)).astype("datetime64[ms]").astype(np.int64))
            yield Entry(identifier, _bounds(member.whole), start, end, (_PROVIDER, start, number), member)

    def _items(self) -> Iterator[Entry]:
        assert isinstance(self.collection, CogCollection)
        for number, document in enumerate(self.collection.documents):
            properties = document["properties"]
            moment = properties.get("datetime")
            start = to_milliseconds(moment or properties["start_datetime"])
            end = start if moment else to_milliseconds(properties["end_datetime"])
            box = document["bbox"]
            west, south, east, north = (float(box[at]) for at in (0, 1, len(box) // 2, len(box) // 2 + 1))
            bounds = (west, south, east + 360 if east < west else east, north)
            yield Entry(str(document["id"]), bounds, start, end, (_PROVIDER, start, number), document)

    def _key(self, member: ArrayCollection) -> Any:
        """Return what files have in common whose variables are the same."""
        sizes = tuple(len(labels) for _, labels in member.other_list)
        times = None if member.time_list is None else len(member.time_list)
        return member.whole, member.layout, times, sizes, _changed(self._representative(member).path)

    def _representative(self, member: ArrayCollection) -> ArrayCollection:
        """Return the first file with the same grid."""
        return self._first.setdefault((member.whole, member.layout), member)

    @cached_property
    def _first(self) -> dict[Any, ArrayCollection]:
        return {}


_known: WeakKeyDictionary[Collection, Granules] = WeakKeyDictionary()
_lock = threading.Lock()


def granules_of(collection: Collection) -> Granules | None:
    """Return the granules of a collection, None where it has none: features, and what other servers have."""
    if not has_granules(collection):
        return None
    with _lock:
        return _known.setdefault(collection, Granules(collection))


def get_ready(collections: Iterable[Collection]) -> None:
    """List the granules of collections, so that who asks first need not wait; of very large ones at first use."""
    left = _MOST_KEPT
    for collection in collections:
        granules = granules_of(collection)
        if granules is None or (isinstance(collection, CogCollection) and len(collection.documents) > _MOST_READY):
            continue
        with suppress(GdcError):
            entries = granules.entries
            if isinstance(collection, CogCollection) and len(entries) <= left:
                left -= len(entries)
                for entry in entries:
                    granules.variables_of(entry)


def _changed(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _bounds(grid: Grid) -> Box:
    west, south, east, north = grid.geographic_bounds
    return west, south, east + 360 if east < west else east, north


def _variables_of_file(collection: Collection, identifier: str, member: ArrayCollection) -> tuple[Variables, Places]:
    dataset = open_granule(collection, identifier)
    arrays = dataset.variables()
    made: list[Variable] = []
    where: list[Place] = []
    places: dict[tuple[str, str], Place] = {}
    for known in member.variables:
        path = f"/{known.name}"
        if path not in arrays:
            continue
        array = arrays[path]
        rows, columns = (array.dimensions[known.axes.index(axis)] for axis in "yx")
        if (rows, columns) not in places:
            places[rows, columns] = _place(arrays, member, rows, columns)
        dimensions = tuple(
            Dimension(name.strip("/"), size, _TYPES.get(axis))
            for name, size, axis in zip(array.dimensions, array.shape, known.axes, strict=True)
        )
        coordinates = _coordinates(dataset, path, (rows, columns))
        made.append(
            Variable(
                known.name,
                known.name,
                dimensions,
                item_size=array.dtype.itemsize,
                coordinates=tuple(coordinates.items()),
            )
        )
        where.append(places[rows, columns])
    return tuple(made), tuple(where)


def _place(arrays: Mapping[str, Array], member: ArrayCollection, rows: str, columns: str) -> Place:
    grid = member.whole
    if grid.curvilinear:
        assert grid.geolocation is not None
        longitude, latitude = grid.geolocation.x, grid.geolocation.y
        assert longitude is not None
        assert latitude is not None
        return PointPlace(longitude, latitude)
    return AxisPlace.of(_centres(arrays[rows]), _centres(arrays[columns]), grid.crs)


def _centres(coordinate: Array) -> NDArray[Any]:
    return centres(coordinate.read(coordinate.whole), coordinate.attributes)


def _coordinates(dataset: Dataset, path: str, place: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    """Return what says where and when the values of a variable are: names and dimensions, rows and columns first."""
    arrays = dataset.variables()
    stored = {name[1:]: Stored(name[1:], each.dimensions, dict(each.attributes), None) for name, each in arrays.items()}
    entry = stored[path[1:]]
    points = points_of(stored, entry)
    names = [*(f"/{each.name}" for each in reversed(points or ())), *place, *entry.dims]
    group = path.rpartition("/")[0]
    told = " ".join(str(entry.attributes.get(key, "")) for key in ("coordinates", "grid_mapping"))
    names += [f"{group}/{name}" for name in told.replace(":", " ").split()]
    return {
        name[1:]: tuple(each.strip("/") for each in arrays[name].dimensions)
        for name in dict.fromkeys(names)
        if name in arrays and set(arrays[name].dimensions) <= set(entry.dims)
    }


#: The CRS, the transform and the shape of a band.
_Pixels = tuple[Any, ...]


def _layers(document: dict[str, Any]) -> dict[str, tuple[_Pixels, str]]:
    """Return the pixels and the type of each band of an item, as `cog.read_item` chooses among its assets."""
    named = [(band_names(key, asset), asset) for key, asset in document["assets"].items()]
    layers: dict[str, tuple[_Pixels, str]] = {}
    for names, asset in sorted(named, key=lambda pair: len(pair[0])):
        if not names:
            continue
        pixels = (asset_crs(document, asset), *asset["proj:transform"][:6], *asset["proj:shape"])
        for index, name in enumerate(names):
            layers.setdefault(name, (pixels, _data_type(asset, index)))
    return layers


def _data_type(asset: Mapping[str, Any], index: int) -> str:
    for field in ("raster:bands", "eo:bands", "bands"):
        listed = asset.get(field) or ()
        if index < len(listed) and listed[index].get("data_type"):
            return str(listed[index]["data_type"])
    return str(asset.get("data_type") or "float32")


#: A band: its name, type, the number of its grid among those of the item, rows and columns.
_BandOf = tuple[str, str, int, int, int]


def _variables_of_item(bands: Sequence[_BandOf]) -> Variables:
    """Return the variables that `raster_granule` makes of an item, without a look into its files."""
    names = {number: place_names(number) for _, _, number, _, _ in bands}
    taken = {name for each in names.values() for name in each} | {"time"}
    made: list[Variable] = []
    for band, data_type, number, height, width in bands:
        y, x, mapping = names[number]
        name = band_variable(band, taken)
        made.append(
            Variable(
                name,
                name,
                (Dimension(y, height, LATITUDE), Dimension(x, width, LONGITUDE)),
                item_size=np.dtype(data_type).itemsize,
                coordinates=((y, (y,)), (x, (x,)), ("time", ()), (mapping, ())),
            )
        )
    return tuple(made)


def _regular(pixels: _Pixels) -> AxisPlace:
    crs, dx, _, x, _, dy, y, height, width = pixels
    return AxisPlace(RegularAxis(y, dy, height), RegularAxis(x, dx, width), crs)
