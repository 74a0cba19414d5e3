"""A granule on a DAP server as datasets: one, or one for each side of the edge of its grid, cut by its coordinates."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.core import indexing

from gdc_jupyter.catalog.cf_grid import axis_of, crs_of, direction_of, lookup, points_of
from gdc_jupyter.catalog.variables import Stored
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.ous.metadata import Place
from gdc_jupyter.opendap.ous.parameters import Box
from gdc_jupyter.opendap.ous.places import AxisPlace, PointPlace, centres, is_longitude_latitude
from gdc_jupyter.opendap.remote.addresses import Wanted
from gdc_jupyter.opendap.remote.joined import SlabArray
from gdc_jupyter.opendap.remote.model import TEXT, Declared, Remote

_REFERENCES = ("coordinates", "grid_mapping", "bounds", "ancillary_variables")
#: Coordinates of more dimensions are read with the data.
_MOST_DIMENSIONS = 2
Slices = dict[str, slice]


@dataclass(frozen=True, eq=False)
class _Grid:
    """The dimensions of rows and columns, and where the cells are."""

    rows: str
    columns: str
    place: Place
    #: The coordinate of longitudes that start anew after a turn.
    turning: str | None = None


def datasets(remote: Remote, wanted: Wanted, box: Box | None) -> list[xr.Dataset]:
    """Return what is wanted of a granule; only its coordinates are read.

    Parameters
    ----------
    remote : Remote
    wanted : Wanted
    box : tuple of float, optional
        West, south, east, north. The real coordinates tell what is in it; where there are none that can be read, the
        index ranges of the addresses do.

    Returns
    -------
    list of xarray.Dataset
        None where the granule has nothing in the box, two where it crosses the edge of the grid.

    Raises
    ------
    GdcError
        ``DataNotReadable``.
    """
    granule = _Granule(remote, wanted, box)
    return granule.datasets() if granule.has_data else []


def lacking(remote: Remote, wanted: Wanted) -> set[str]:
    """Return the names that an address has and its granule lacks; dimensions may be without coordinates."""
    dimensions = {name.rpartition("/")[2] for each in remote.variables.values() for name in each.dimensions}
    names = {name for slabs in wanted.slabs for name in slabs if _known(remote, name) is None}
    return {name for name in names if name.rpartition("/")[2] not in dimensions}


class _Granule:
    def __init__(self, remote: Remote, wanted: Wanted, box: Box | None) -> None:
        self._remote = remote
        self._box = box
        self._named = [_resolved(remote, slabs) for slabs in wanted.slabs]
        self._stored = {
            name: Stored(name, each.dimensions, dict(each.attributes), _Unread(each))
            for name, each in remote.variables.items()
        }
        auxiliary = self._auxiliary()
        chosen = self._named[0] if self._named else remote.variables
        data = [name for name in chosen if name not in auxiliary]
        self._data = data or ([] if self._named else list(chosen))
        self._coordinates = self._read(self._described_by(self._data))

    @property
    def has_data(self) -> bool:
        """Whether there are variables that are wanted, beside coordinates."""
        return bool(self._data)

    def datasets(self) -> list[xr.Dataset]:
        """Return what is wanted."""
        grids = self._grids() if self._box is not None else []
        if grids:
            return self._by_place(grids)
        return [self._dataset(self._told(slabs)) for slabs in self._named or [{}]]

    def _auxiliary(self) -> set[str]:
        """Return the names of variables that say something about others."""
        found: set[str] = set()
        for name, entry in self._stored.items():
            if entry.dims == (name,) or (direction_of(entry) and len(entry.dims) == _MOST_DIMENSIONS):
                found.add(name)
            for key in _REFERENCES:
                for other in _words(entry.attributes.get(key)):
                    known = lookup(self._stored, entry, other)
                    if known is not None:
                        found.add(known.name)
        return found

    def _described_by(self, names: Sequence[str]) -> list[str]:
        """Return the coordinates of variables."""
        found: dict[str, None] = {}
        for name in names:
            entry = self._stored[name]
            candidates = [lookup(self._stored, entry, dimension) for dimension in entry.dims]
            candidates = [each for each in candidates if each is not None and each.dims == (each.name,)]
            candidates += points_of(self._stored, entry) or ()
            for key in _REFERENCES[:2]:
                candidates += [lookup(self._stored, entry, each) for each in _words(entry.attributes.get(key))]
            for each in candidates:
                if each is not None and each.name not in names and set(each.dims) <= set(entry.dims):
                    found[each.name] = None
        return [name for name in found if len(self._stored[name].dims) <= _MOST_DIMENSIONS]

    def _read(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        if not names:
            return {}
        values = self._remote.read(dict.fromkeys(names))
        for name, each in values.items():
            old = self._stored[name]
            self._stored[name] = Stored(name, old.dims, old.attributes, each)
        return values

    def _grids(self) -> list[_Grid]:
        found: dict[tuple[str, str], _Grid] = {}
        for name in self._data:
            grid = self._grid(self._stored[name])
            if grid is not None:
                found.setdefault((grid.rows, grid.columns), grid)
        return list(found.values())

    def _grid(self, entry: Stored) -> _Grid | None:
        by_axis: dict[str, Stored] = {}
        for dimension in entry.dims:
            coordinate = lookup(self._stored, entry, dimension)
            if coordinate is not None and coordinate.name in self._coordinates and len(coordinate.dims) == 1:
                axis = axis_of(coordinate)
                if axis in ("x", "y"):
                    by_axis.setdefault(str(axis), coordinate)
        if len(by_axis) == 2:
            y, x = by_axis["y"], by_axis["x"]
            try:
                crs = crs_of(Path(self._remote.address), self._stored, entry, x, y)
                place = AxisPlace.of(_centres(y), _centres(x), crs)
            except (GdcError, ValueError):
                return self._by_points(entry)
            return _Grid(y.name, x.name, place, x.name if is_longitude_latitude(crs) else None)
        return self._by_points(entry)

    def _by_points(self, entry: Stored) -> _Grid | None:
        points = points_of(self._stored, entry)
        if points is None or not all(each.name in self._coordinates for each in points):
            return None
        longitude, latitude = (_without_fill(each) for each in points)
        rows, columns = points[0].dims
        return _Grid(rows, columns, PointPlace(longitude, latitude))

    def _by_place(self, grids: Sequence[_Grid]) -> list[xr.Dataset]:
        assert self._box is not None
        parts = {id(grid): grid.place.parts(self._box) for grid in grids}
        made = []
        for number in range(max((len(each) for each in parts.values()), default=0)):
            slices: Slices = {}
            for grid in grids:
                if number < len(parts[id(grid)]):
                    rows, columns = parts[id(grid)][number]
                    slices |= {grid.rows: slice(rows[0], rows[1] + 1), grid.columns: slice(columns[0], columns[1] + 1)}
            there = [name for name in self._data if self._is_there(name, grids, slices)]
            made.append(self._dataset(slices, there))
        turning = [grid.turning for grid in grids if grid.turning]
        return _contiguous(made, _flat(self._remote)[turning[0]], self._box[0]) if turning else made

    def _is_there(self, name: str, grids: Sequence[_Grid], slices: Slices) -> bool:
        """Tell whether a variable has anything in a part: not where its grid has none."""
        own = [grid for grid in grids if {grid.rows, grid.columns} <= set(self._stored[name].dims)]
        return all(grid.rows in slices for grid in own)

    def _told(self, slabs: Mapping[str, tuple[slice, ...]]) -> Slices:
        """Return what an address says of each dimension."""
        found: Slices = {}
        for name, ranges in slabs.items():
            if ranges:
                found |= dict(zip(self._stored[name].dims, ranges, strict=True))
        return found

    def _dataset(self, slices: Slices, names: Sequence[str] | None = None) -> xr.Dataset:
        flat = _flat(self._remote)

        def variable(name: str, data: Any) -> xr.Variable:
            declared = self._remote.variables[name]
            dims = [flat.get(each, each.rpartition("/")[2]) for each in declared.dimensions]
            return xr.Variable(dims, data, _attributes(declared, flat))

        made: dict[str, xr.Variable] = {}
        for name, values in self._coordinates.items():
            part = tuple(slices.get(each, slice(None)) for each in self._stored[name].dims)
            made[flat[name]] = variable(name, values[part])
        for name in self._data if names is None else names:
            part = tuple(slices.get(each, slice(None)) for each in self._stored[name].dims)
            array: Any = indexing.LazilyIndexedArray(SlabArray(self._remote, name, part))
            made[flat[name]] = variable(name, array)
        raw = xr.Dataset(made, attrs=dict(self._remote.attributes))
        decoded = _decoded(raw, self._remote)
        known = [flat[name] for name in self._coordinates if flat[name] in decoded.data_vars]
        return decoded.set_coords(known)


def _decoded(raw: xr.Dataset, remote: Remote) -> xr.Dataset:
    """Return a dataset by the CF conventions, without its times where these cannot be understood."""
    try:
        return xr.decode_cf(raw, decode_coords="all", decode_timedelta=False)
    except (ValueError, OverflowError) as error:
        reason = str(error).partition(". ")[0]
        warnings.warn(f"The times of {_short(remote)} are left as numbers: {reason}.", stacklevel=2)
        return xr.decode_cf(raw, decode_coords="all", decode_times=False)


class _Unread:
    """Stands for values that were not read."""

    def __init__(self, declared: Declared) -> None:
        self.shape = declared.shape
        self.dtype = declared.dtype


def _words(text: Any) -> list[str]:
    return str(text).replace(":", " ").split() if isinstance(text, str) else []


def _centres(coordinate: Stored) -> NDArray[Any]:
    return centres(np.asarray(coordinate.data), coordinate.attributes)


def _without_fill(coordinate: Stored) -> NDArray[np.float64]:
    values = np.asarray(coordinate.data)
    known = centres(values.astype(np.float64), coordinate.attributes)
    for key in ("_FillValue", "missing_value"):
        for fill in np.atleast_1d(coordinate.attributes.get(key, [])):
            known[values == fill] = np.nan
    return known


def _resolved(remote: Remote, slabs: Mapping[str, tuple[slice, ...]]) -> dict[str, tuple[slice, ...]]:
    """Return index ranges by the names that the server has for variables, which DAP2 writes in another way."""
    found: dict[str, tuple[slice, ...]] = {}
    for name, ranges in slabs.items():
        own = _known(remote, name)
        if own is None:
            # Another granule may have it.
            continue
        declared = remote.variables[own]
        if ranges and (
            len(ranges) != len(declared.shape)
            or any(each.stop > size for each, size in zip(ranges, declared.shape, strict=True))
        ):
            raise GdcError(
                "DataNotReadable",
                f"The address asks for indices of '{name}' that {_short(remote)} does not have: its shape is "
                f"{declared.shape}.",
            )
        found[own] = ranges
    return found


def _known(remote: Remote, name: str) -> str | None:
    known = {each.replace("/", "_"): each for each in remote.variables} | {each: each for each in remote.variables}
    return known.get(name) or known.get(name.rpartition(".")[2])


def _short(remote: Remote) -> str:
    return remote.address.rpartition("/")[2]


def _flat(remote: Remote) -> dict[str, str]:
    """Return names without groups for variables, and for dimensions of the same name."""
    names = [*remote.variables]
    last = [name.rpartition("/")[2] for name in names]
    return {
        name: short if last.count(short) == 1 else name.replace("/", "_")
        for name, short in zip(names, last, strict=True)
    }


def _attributes(declared: Declared, flat: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes as xarray decodes them: fill values of the type of the variable, names without groups."""
    found = {name: value for name, value in declared.attributes.items() if not name.startswith("_ChunkSize")}
    for key in ("_FillValue", "missing_value"):
        if key in found and declared.dtype != TEXT:
            found |= {key: fill} if (fill := _fill(found[key], declared.dtype)) is not None else {}
            if fill is None:
                del found[key]
    for key in _REFERENCES[:2]:
        if isinstance(found.get(key), str) and "/" in found[key]:
            found[key] = " ".join(flat.get(word.lstrip("/"), word) for word in found[key].split())
    return found


def _fill(value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a fill value in the type of the variable, None where it cannot be one of its values."""
    try:
        fills = np.atleast_1d(np.asarray(value))
        known = fills.astype(dtype)
        same = (known == fills) | ((fills != fills) & (known != known))
        known = known[same]
    except (TypeError, ValueError):
        return None
    return known[0] if known.size else None


def _contiguous(parts: list[xr.Dataset], longitude: str, west: float) -> list[xr.Dataset]:
    """Return parts with longitudes that go on from one to the next, from the western edge of the box on."""
    made: list[xr.Dataset] = []
    end = None
    for part in parts:
        values = part[longitude].values
        if values[0] > values[-1]:
            return parts
        cell = float(values[-1] - values[0]) / max(values.size - 1, 1) or 1.0
        start = west - cell if end is None else end
        turn = 360 * math.ceil((start - float(values[0])) / 360 - 1e-9)
        moved = part[longitude].copy(data=values + values.dtype.type(turn))
        made.append(part.assign_coords({longitude: moved}))
        end = float(moved[-1])
    return made


def names_of(datasets_: Sequence[xr.Dataset]) -> Iterator[str]:
    """Yield the names of the variables of datasets, each once."""
    yield from dict.fromkeys(str(name) for each in datasets_ for name in each.data_vars)
