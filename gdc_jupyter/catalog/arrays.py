"""Collections of one NetCDF file or Zarr store, and the windows of it that are read."""

from __future__ import annotations

import itertools
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.collection import (
    Band,
    Collection,
    Others,
    Query,
    Source,
    Times,
    band_positions,
    crop,
    read_type,
    time_message,
    true_box,
)
from gdc_jupyter.catalog.raster_files import unreadable
from gdc_jupyter.catalog.zarr_arrays import read_part
from gdc_jupyter.cube.coarser import middle_of
from gdc_jupyter.cube.gaps import blank
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.netcdf_lock import netcdf_lock
from gdc_jupyter.cube.time import within
from gdc_jupyter.errors import GdcError

_stores: OrderedDict[tuple[str, int, int], Any] = OrderedDict()
STORES = 16
# The numbers that are decoded at a time, so that they stay in the cache of a core.
STRIP = 1 << 16
# Looking at the times of so many files takes about a tenth of a second.
MOST_FILES = 20_000
T = TypeVar("T")


def _forget_stores() -> None:
    _stores.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_stores)


@dataclass(frozen=True)
class Variable:
    """A variable on the grid, and how its stored numbers become physical values.

    Parameters
    ----------
    name : str
        The name in the file, which may be in a group (``group/name``).
    axes : tuple of str
        What each dimension of the variable is: ``t``, ``y``, ``x``, ``1`` for one of length 1, or the name of a further
        dimension of the cube.
    fill : tuple of float
        Stored values that mean none.
    scale, offset : float
        Physical value = stored value * scale + offset.
    unsigned : str, optional
        The unsigned type that the stored numbers really have (attribute ``_Unsigned``).
    """

    name: str
    axes: tuple[str, ...]
    fill: tuple[float, ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    unsigned: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where the grid's rows and columns are in the file.

    Parameters
    ----------
    flip_rows, flip_columns : bool
        Whether the file's first row is the southernmost, and its first column the easternmost.
    shift : int
        The column in the file (after a flip) of the grid's first column; the columns go around the globe.
    """

    flip_rows: bool = False
    flip_columns: bool = False
    shift: int = 0


@dataclass(frozen=True, eq=False)
class ArraySource(Source):
    """Windows of the variables of one store.

    Parameters
    ----------
    path : str
    variables : tuple of Variable
        One a band.
    time_positions : tuple of int
        The positions along the time axis of the file.
    layout : Layout
    levels : tuple of tuple of int
        The positions along each further dimension of the file.
    """

    path: str
    variables: tuple[Variable, ...]
    time_positions: tuple[int, ...]
    layout: Layout
    levels: tuple[tuple[int, ...], ...] = ()

    def files(self) -> list[Path] | None:
        """Return the file, or all files of a Zarr store where they are not too many to look at."""
        if not is_zarr(self.path):
            return [Path(self.path)]
        found = list(itertools.islice(Path(self.path).rglob("*"), MOST_FILES + 1))
        return None if len(found) > MOST_FILES else sorted(found)

    def definition(self) -> Any:
        """Return which part of which variables is read, and how."""
        return self.path, self.extent, self.variables, self.time_positions, self.layout, self.levels

    def _fill(self, window: Grid, out: NDArray[Any]) -> None:
        fine = self.fine or self.extent
        step = round(window.dx / fine.dx)
        row, column = middle_of(fine, window)
        rows = _strided(row, window.height, step)
        if self.layout.flip_rows:
            rows = _flipped(rows, fine.height)
        at = 0
        for columns in self._columns(column, window.width, step, fine.width):
            width = len(range(columns.start, columns.stop, step))
            for index, variable in enumerate(self.variables):
                self._read_variable(variable, rows, columns, out[:, index, ..., at : at + width])
            at += width

    def _columns(self, column: int, width: int, step: int, total: int) -> list[slice]:
        """Return the columns in the order of the file before a flip; two slices across its edge."""
        first = (column + self.layout.shift) % total
        before = min(-(-(total - first) // step), width)
        parts = [_strided(first, before, step)]
        if width > before:
            parts.append(_strided(first + before * step - total, width - before, step))
        return parts

    def _read_variable(self, variable: Variable, rows: slice, columns: slice, out: NDArray[Any]) -> None:
        if self.layout.flip_columns:
            columns = _flipped(columns, (self.fine or self.extent).width)
        for out_times, times in _runs(self.time_positions):
            keys: dict[str, Any] = {"t": times, "y": rows, "x": columns, "1": 0}
            keys |= {name: slice(min(at), max(at) + 1) for (name, _), at in zip(self.others, self.levels, strict=True)}
            raw = read_variable(self.path, variable, tuple(keys[axis] for axis in variable.axes))
            order = [axis for axis in variable.axes if axis != "1"]
            names = ["t", *(name for name, _ in self.others), "y", "x"]
            raw = raw.transpose([order.index(axis) for axis in names if axis in order])
            if "t" not in order:
                raw = raw[None]
            for axis, at in enumerate(self.levels, start=1):
                if list(at) != list(range(at[0], at[-1] + 1)):
                    raw = raw.take(np.array(at) - min(at), axis=axis)
            if self.layout.flip_rows:
                raw = raw[..., ::-1, :]
            if self.layout.flip_columns:
                raw = raw[..., ::-1]
            decode(variable, raw, out[out_times])

    def _coarser(self, factor: int, lattice: Grid) -> Self | None:
        return self._thinned(factor, lattice)

    def _subset(self, times: list[int] | None, bands: list[int] | None) -> Self:
        positions = self.time_positions if times is None else tuple(self.time_positions[index] for index in times)
        variables = self.variables if bands is None else tuple(self.variables[index] for index in bands)
        return replace(self, time_positions=positions, variables=variables, **self._fields(times, bands))

    def pick(self, dimension: str, positions: Sequence[int]) -> Self:
        """Return the source with some of the labels of a further dimension."""
        levels = tuple(
            tuple(at[index] for index in positions) if name == dimension else at
            for (name, _), at in zip(self.others, self.levels, strict=True)
        )
        return replace(super().pick(dimension, positions), levels=levels)


def _strided(first: int, count: int, step: int) -> slice:
    return slice(first, first + (count - 1) * step + 1, step)


def _flipped(part: slice, total: int) -> slice:
    """Return the same rows or columns counted from the other end, in ascending order."""
    return slice(total - part.stop, total - part.start, part.step)


def _runs(positions: Sequence[int]) -> list[tuple[slice, slice]]:
    """Return the longest stretches of successive positions: where they go, and where they are."""
    runs: list[tuple[slice, slice]] = []
    start = 0
    for index in range(1, len(positions) + 1):
        if index == len(positions) or positions[index] != positions[index - 1] + 1:
            runs.append((slice(start, index), slice(positions[start], positions[index - 1] + 1)))
            start = index
    return runs


def decode(variable: Variable, raw: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the physical values of stored numbers into an array of the same shape, NaN for none."""
    if variable.unsigned:
        raw = raw.astype(raw.dtype.newbyteorder("="), copy=False).view(variable.unsigned)
    fills = [np.asarray(fill).astype(raw.dtype) for fill in variable.fill if not np.isnan(fill)]
    step = max(STRIP * len(raw) // max(raw.size, 1), 1)
    for start in range(0, len(raw), step):
        _decode_strip(variable, fills, raw[start : start + step], out[start : start + step])


def _decode_strip(variable: Variable, fills: list[NDArray[Any]], raw: NDArray[Any], out: NDArray[Any]) -> None:
    if variable.scale == 1 and variable.offset == 0:
        np.copyto(out, raw, casting="same_kind" if raw.dtype.kind == "f" else "unsafe")
    elif variable.offset == 0:
        np.multiply(raw, np.float64(variable.scale), out=out, dtype=np.float64, casting="same_kind")
    else:
        exact = np.multiply(raw, np.float64(variable.scale), dtype=np.float64)
        np.add(exact, np.float64(variable.offset), out=out, casting="same_kind")
    for fill in fills:
        blank(out, raw == fill)


def read_variable(path: str, variable: Variable, key: tuple[Any, ...]) -> NDArray[Any]:
    """Return a part of a variable as stored.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    try:
        if is_zarr(path):
            return read_part(open_store(path), path, variable.name, key)
        with netcdf_lock():
            return np.asarray(open_store(path)[variable.name][key])
    except GdcError:
        raise
    except Exception as error:  # the libraries raise whatever their codecs raise
        raise unreadable(path, f"'{variable.name}' cannot be read: {error}") from None


def is_zarr(path: str) -> bool:
    """Return whether a path is a folder with a Zarr group."""
    return any(Path(path, name).exists() for name in ("zarr.json", ".zgroup", ".zmetadata"))


def open_store(path: str) -> Any:
    """Return the open netCDF4.Dataset, which hands out numbers as stored, or the zarr.Group.

    Hold the lock of `locked` while a netCDF4.Dataset is used.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    try:
        status = Path(path).stat()
    except OSError as error:
        raise unreadable(path, error.strerror or error) from None
    key = path, status.st_mtime_ns, status.st_size
    with netcdf_lock():
        store = _stores.get(key)
        if store is None:
            # HDF5 would hand out what it knows of a file that is open already, even if that was replaced.
            for stale in [other for other in _stores if other[0] == path]:
                _close(_stores.pop(stale))
            store = _stores[key] = _open_zarr(path) if is_zarr(path) else _open_netcdf(path)
            while len(_stores) > STORES:
                _close(_stores.popitem(last=False)[1])
        _stores.move_to_end(key)
    return store


def locked(function: Callable[[], T]) -> T:
    """Call a function that uses a netCDF4.Dataset."""
    with netcdf_lock():
        return function()


def _close(store: Any) -> None:
    """Close a netCDF4.Dataset, which nobody reads while the lock is held; a zarr.Group holds nothing open."""
    if hasattr(store, "ncattrs"):
        store.close()


def _open_netcdf(path: str) -> Any:
    import netCDF4

    try:
        store = netCDF4.Dataset(path)
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise unreadable(path, getattr(error, "strerror", None) or error) from None
    store.set_auto_maskandscale(False)
    store.set_always_mask(False)
    return store


def _open_zarr(path: str) -> Any:
    import zarr

    try:
        return zarr.open_group(path, mode="r")
    except Exception as error:  # whatever the store and its codecs raise
        raise unreadable(path, error) from None


@dataclass(frozen=True, eq=False)
class ArrayCollection(Collection):
    """A collection that is one NetCDF file or Zarr store.

    Parameters
    ----------
    path : Path
    band_list : tuple of Band
        The bands, as decoded: CF scales and offsets are applied already.
    variables : tuple of Variable
        The variable of each band.
    whole : Grid
        The grid, north up and west first, longitudes from -180.
    layout : Layout
        How the file's rows and columns differ from that.
    time_list : array of datetime64[ns] or of cftime objects, or None
        Ascending.
    time_order : tuple of int
        The positions of these times in the file.
    tile : tuple of int
    span : tuple
        The first and last moment that the data may be of.
    other_list : tuple of (str, numpy.ndarray)
        Further dimensions.
    """

    path: Path
    band_list: tuple[Band, ...]
    variables: tuple[Variable, ...]
    whole: Grid
    layout: Layout
    time_list: Times | None
    time_order: tuple[int, ...]
    tile: tuple[int, int]
    span: tuple[Any, Any]
    other_list: Others = ()

    @property
    def others(self) -> Others:
        """The names and labels of further dimensions."""
        return self.other_list

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands, in order."""
        return self.band_list

    @property
    def grid(self) -> Grid:
        """The native grid of the whole collection."""
        return self.whole

    @property
    def times(self) -> Times | None:
        """The labels of the dimension ``t``, if there is one."""
        return self.time_list

    @property
    def interval(self) -> tuple[Any, Any]:
        """The first and last moment that the data may be of."""
        return self.span

    def open(self, query: Query) -> Source:
        """Return the data of a query as something to read windows from; nothing of the data is read."""
        positions = list(range(len(self.bands)))
        if query.bands is not None:
            positions = band_positions(self.id, self.bands, query.bands)
        bands = tuple(self.bands[index] for index in positions)
        grid = crop(self.id, self.whole, query)
        times, order = self.time_list, self.time_order
        if times is not None:
            chosen = within(times, query.start, query.end)
            if not chosen.any():
                raise GdcError("NoDataAvailable", time_message(self.id, query, self.interval))
            times = times[chosen]
            order = tuple(np.asarray(order)[chosen].tolist())
        return ArraySource(
            collection_id=self.id,
            grid=grid,
            times=times,
            bands=bands,
            dtype=read_type([band.data_type for band in bands]),
            tile=self.tile,
            extent=self.whole,
            path=str(self.path),
            variables=tuple(self.variables[index] for index in positions),
            time_positions=order if times is not None else (0,),
            layout=self.layout,
            box=true_box(self.whole, query),
            others=self.other_list,
            levels=tuple(tuple(range(len(labels))) for _, labels in self.other_list),
        )
