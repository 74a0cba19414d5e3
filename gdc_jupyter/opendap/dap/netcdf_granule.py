"""A NetCDF file as a dataset: its groups, dimensions, variables and attributes as they stand there."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.arrays import open_store
from gdc_jupyter.catalog.raster_files import unreadable
from gdc_jupyter.cube.netcdf_lock import netcdf_lock
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dataset import Dataset, Dimension, Group, Slab, Variable, shape_of, taken

#: Reading all between the values that are wanted is faster than picking them, where not much more is read.
_MOST_BETWEEN = 16
_MOST_BETWEEN_BYTES = 24 << 20


def open_netcdf(path: Path) -> Dataset:
    """Return a NetCDF file as a dataset.

    Variables of compound and variable-length types, texts aside, are left out.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    return _open(path, _version(path))


@lru_cache(maxsize=64)
def _open(path: Path, version: str) -> Dataset:
    with netcdf_lock():
        try:
            root = _group(open_store(str(path)), "", path, version)
            return Dataset(path.stem, root, version, path.stat().st_mtime)
        except (OSError, RuntimeError) as error:
            raise unreadable(str(path), error) from None


def _version(path: Path) -> str:
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(str(path), error.strerror or error) from None
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def _group(group: Any, name: str, path: Path, version: str) -> Group:
    return Group(
        name,
        tuple(Dimension(key, len(each), each.isunlimited()) for key, each in group.dimensions.items()),
        tuple(_variable(each, path, version) for each in group.variables.values() if _dtype(each) is not None),
        tuple(_group(child, key, path, version) for key, child in group.groups.items()),
        _attributes(group),
    )


def _dtype(variable: Any) -> np.dtype[Any] | None:
    """Return the type of the values of a variable, None for one that DAP cannot serve."""
    import netCDF4

    if variable.dtype is str:
        return np.dtype(object)
    if isinstance(variable.datatype, netCDF4.VLType | netCDF4.CompoundType):
        return None
    dtype = np.dtype(variable.dtype)
    return dtype.newbyteorder("=") if dtype.kind in "iuf" or dtype == np.dtype("S1") else None


def _variable(variable: Any, path: Path, version: str) -> Variable:
    dtype = _dtype(variable)
    assert dtype is not None
    variable.set_auto_chartostring(False)
    chunks = variable.chunking()
    below = variable.group().path.rstrip("/")
    return Variable(
        variable.name,
        dtype,
        tuple(f"{each.group().path.rstrip('/')}/{each.name}" for each in variable.get_dims()),
        tuple(map(int, variable.shape)),
        _attributes(variable),
        _Reader(path, version, f"{below}/{variable.name}".lstrip("/"), dtype),
        tuple(chunks) if isinstance(chunks, list) else None,
        kept=dtype.kind != "O",
    )


def _attributes(holder: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in holder.ncattrs():
        # Those of types that the library does not know are left out.
        with suppress(KeyError, AttributeError, OSError):
            found[name] = holder.getncattr(name)
    return found


@dataclass(frozen=True)
class _Reader:
    path: Path
    version: str
    name: str
    dtype: np.dtype[Any]

    def __call__(self, slab: Slab) -> NDArray[Any]:
        if _version(self.path) != self.version:
            raise unreadable(str(self.path), "it was changed while it was read")
        cover, picked = _cover(slab, self.dtype.itemsize)
        try:
            with netcdf_lock():
                variable = open_store(str(self.path))[self.name]
                # What is told to a file's variable is forgotten where the file was closed and opened again.
                variable.set_auto_chartostring(False)
                values = np.asarray(variable[cover] if cover else variable[...])
        except GdcError:
            raise
        except Exception as error:  # the library raises whatever its filters raise
            raise unreadable(str(self.path), f"'{self.name}' cannot be read: {error}") from None
        return taken(values, picked).reshape(shape_of(slab)).astype(self.dtype, copy=False)


def _cover(slab: Slab, item_bytes: int) -> tuple[Slab, Slab]:
    """Return what is read, and which of it is taken."""
    cover = tuple(slice(part.start, part.stop, 1) for part in slab)
    between = math.prod(part.step for part in slab)
    if between > _MOST_BETWEEN or math.prod(shape_of(cover)) * item_bytes > _MOST_BETWEEN_BYTES:
        return slab, ()
    return cover, tuple(slice(None, None, part.step) for part in slab)
