"""A Zarr store as a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.arrays import open_store
from gdc_jupyter.catalog.raster_files import unreadable
from gdc_jupyter.catalog.variables import read_variables
from gdc_jupyter.catalog.zarr_arrays import read_part
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dataset import Dataset, Dimension, Group, Slab, Variable, shape_of

_MARKERS = ("zarr.json", ".zmetadata", ".zgroup")
_HIDDEN = {"_ARRAY_DIMENSIONS"}


def open_zarr(path: Path) -> Dataset:
    """Return a Zarr store as a dataset.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    stored, attributes = read_variables(path)
    root = _Branch("", attributes)
    for name, entry in stored.items():
        *parents, own = name.split("/")
        branch = root.below(parents, path)
        dtype = _dtype(entry.data.dtype)
        if dtype is not None:
            dimensions = branch.dimensions_of(own, entry.dims, entry.shape)
            reader = _Reader(path, name, dtype)
            kept = {key: _attribute(key, value, dtype) for key, value in entry.attributes.items() if key not in _HIDDEN}
            branch.variables.append(Variable(own, dtype, dimensions, entry.shape, kept, reader, entry.chunks))
    modified = max(path.joinpath(name).stat().st_mtime for name in _MARKERS if path.joinpath(name).exists())
    # Chunks may be written anew without a trace in what was looked at: no version is told.
    return Dataset(path.stem, root.group(), "", modified)


class _Branch:
    """A group that is being made."""

    def __init__(self, name: str, attributes: dict[str, Any], parent: _Branch | None = None) -> None:
        self.name, self.parent = name, parent
        self.attributes = {key: _attribute(key, value, None) for key, value in attributes.items()}
        self.path: str = f"{parent.path}{name}/" if parent is not None else "/"
        self.dimensions: dict[str, int] = {}
        self.variables: list[Variable] = []
        self.children: dict[str, _Branch] = {}

    def below(self, names: list[str], path: Path) -> _Branch:
        """Return a group below this one."""
        branch = self
        for name in names:
            if name not in branch.children:
                group = open_store(str(path))[f"{branch.path}{name}".lstrip("/")]
                branch.children[name] = _Branch(name, dict(group.attrs), branch)
            branch = branch.children[name]
        return branch

    def dimensions_of(self, variable: str, names: tuple[str, ...], shape: tuple[int, ...]) -> tuple[str, ...]:
        """Return the paths of the dimensions of a variable; those without a name, or of another size, get their own."""
        given: tuple[str | None, ...] = names if len(names) == len(shape) else (None,) * len(shape)
        return tuple(
            self._dimension(name or f"{variable}_{axis}", size)
            for axis, (name, size) in enumerate(zip(given, shape, strict=True))
        )

    def _dimension(self, name: str, size: int) -> str:
        branch: _Branch | None = self
        while branch is not None:
            if branch.dimensions.get(name) == size:
                return branch.path + name
            branch = branch.parent
        if name in self.dimensions:
            return self._dimension(f"{name}_{size}", size)
        self.dimensions[name] = size
        return self.path + name

    def group(self) -> Group:
        """Return it when all is in it."""
        dimensions = tuple(Dimension(name, size) for name, size in self.dimensions.items())
        children = tuple(child.group() for child in self.children.values())
        return Group(self.name, dimensions, tuple(self.variables), children, self.attributes)


def _dtype(dtype: Any) -> np.dtype[Any] | None:
    """Return the type in which values are handed out, None for one that DAP cannot serve."""
    if dtype is str or getattr(dtype, "kind", "") in "OTUS":
        return np.dtype(object)
    kind = np.dtype(dtype).kind
    if kind in "mM":
        return np.dtype(np.int64)
    if kind == "b":
        return np.dtype(np.uint8)
    if dtype == np.float16:
        return np.dtype(np.float32)
    return np.dtype(dtype).newbyteorder("=") if kind in "iuf" else None


def _attribute(name: str, value: Any, dtype: np.dtype[Any] | None) -> Any:
    """Return an attribute, which JSON knows as a text, a number, a list or anything else, as DAP knows it."""
    if name == "_FillValue" and dtype is not None and dtype.kind in "iuf" and not isinstance(value, str):
        return np.asarray(value).astype(dtype)[()]
    if isinstance(value, bool):
        return np.uint8(value)
    if isinstance(value, int) and -(2**31) <= value < 2**31:
        return np.int32(value)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return value
    if isinstance(value, list) and value and all(type(each) in (int, float) for each in value):
        return np.asarray(value)
    return value if isinstance(value, str | int | float | np.generic) else str(value)


@dataclass(frozen=True)
class _Reader:
    path: Path
    name: str
    dtype: np.dtype[Any]

    def __call__(self, slab: Slab) -> NDArray[Any]:
        key = tuple(slice(part.start, part.stop, part.step) for part in slab)
        try:
            values = read_part(open_store(str(self.path)), str(self.path), self.name, key)
        except GdcError:
            raise
        except Exception as error:  # the libraries raise whatever their codecs raise
            raise unreadable(str(self.path), f"'{self.name}' cannot be read: {error}") from None
        if self.dtype.kind == "O":
            texts = [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in values.flat]
            return np.array(texts, object).reshape(shape_of(slab))
        if values.dtype.kind in "mM":
            values = values.view(np.int64)
        return np.asarray(values).astype(self.dtype, copy=False).reshape(shape_of(slab))
