"""Arrays of many granules as one: each part is read when it is needed, several at a time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from gdc_jupyter.opendap.remote.model import TEXT, Remote, Slab

_THREADS = 8


class SlabArray(BackendArray):
    """A variable of a granule, or a part of it, of which hyperslabs are read.

    Parameters
    ----------
    remote : Remote
    name : str
    part : tuple of slice
        Of each dimension.
    """

    def __init__(self, remote: Remote, name: str, part: tuple[slice, ...]) -> None:
        declared = remote.variables[name]
        self._remote = remote
        self._name = name
        self._ranges = [range(*each.indices(size)) for each, size in zip(part, declared.shape, strict=True)]
        self.shape = tuple(len(each) for each in self._ranges)
        self.dtype = declared.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        chosen = [
            each[part : part + 1] if _is_number(part) else each[part]
            for each, part in zip(self._ranges, key, strict=True)
        ]
        shape = tuple(len(each) for each in chosen)
        squeezed = tuple(0 if _is_number(part) else slice(None) for part in key)
        if not all(shape):
            return np.empty(shape, self.dtype)[squeezed]
        # DAP counts upwards.
        slab: Slab = tuple((min(each[0], each[-1]), max(each[0], each[-1]), abs(each.step)) for each in chosen)
        values = self._remote.read({self._name: slab or None})[self._name]
        back = tuple(slice(None, None, -1 if each.step < 0 else 1) for each in chosen)
        return values[back][squeezed]


def _is_number(part: Any) -> bool:
    return isinstance(part, int | np.integer)


@dataclass(frozen=True, eq=False)
class Piece:
    """What one granule has of an array.

    Parameters
    ----------
    variable : xarray.Variable
        Its values are read when they are needed.
    positions : tuple of numpy.ndarray
        Where along each dimension of the whole these are; the first of them may be one that the variable lacks.
    """

    variable: xr.Variable
    positions: tuple[NDArray[np.int64], ...]


class JoinedArray(BackendArray):
    """An array of pieces; where there is none, it is missing; where there are several, the first valid value counts.

    Parameters
    ----------
    shape : tuple of int
    pieces : sequence of Piece
    """

    def __init__(self, shape: tuple[int, ...], pieces: Sequence[Piece]) -> None:
        self.shape = shape
        self._pieces = pieces
        self.dtype, self._missing = _type(shape, pieces)
        extents = [[(int(each.min()), int(each.max())) for each in piece.positions] for piece in pieces]
        self._extents = np.array(extents, np.int64).reshape(len(pieces), len(shape), 2)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        wanted = [np.atleast_1d(np.arange(size)[part]) for size, part in zip(self.shape, key, strict=True)]
        out = np.full([each.size for each in wanted], self._missing, self.dtype)
        near = [self._pieces[number] for number in self._near(wanted)]
        there = [(piece, *found) for piece in near if (found := _shared(piece, wanted)) is not None]
        taken = np.zeros(out.shape, bool) if len(there) > 1 else None
        for (_, where, _), values in zip(there, _read_all([(piece, what) for piece, _, what in there]), strict=True):
            _put(out, taken, where, values)
        return out[tuple(0 if np.ndim(part) == 0 and not isinstance(part, slice) else slice(None) for part in key)]

    def _near(self, wanted: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return the numbers of the pieces that may have something of what is wanted."""
        if not all(each.size for each in wanted):
            return np.array([], np.int64)
        inside = np.ones(len(self._pieces), bool)
        for axis, each in enumerate(wanted):
            inside &= (self._extents[:, axis, 0] <= each.max()) & (self._extents[:, axis, 1] >= each.min())
        return np.flatnonzero(inside)


def _shared(
    piece: Piece, wanted: Sequence[NDArray[np.int64]]
) -> tuple[tuple[NDArray[np.int64], ...], tuple[NDArray[np.int64], ...]] | None:
    """Return where in what is wanted a piece has something, and what of the piece that is."""
    where, what = [], []
    for positions, each in zip(piece.positions, wanted, strict=True):
        order = np.argsort(positions, kind="stable")
        at = np.searchsorted(positions, each, sorter=order).clip(0, positions.size - 1)
        found = order[at]
        hits = np.flatnonzero(positions[found] == each)
        if not hits.size:
            return None
        where.append(hits)
        what.append(found[hits])
    return tuple(where), tuple(what)


def _read_all(wanted: Sequence[tuple[Piece, tuple[NDArray[np.int64], ...]]]) -> list[NDArray[Any]]:
    if len(wanted) == 1:
        return [_values(*wanted[0])]
    return list(_pool().map(lambda each: _values(*each), wanted))


def _values(piece: Piece, what: tuple[NDArray[np.int64], ...]) -> NDArray[Any]:
    added = len(what) - piece.variable.ndim
    values = np.asarray(piece.variable[tuple(_as_slice(each) for each in what[added:])].values)
    return values.reshape((1,) * added + values.shape)


def _as_slice(indices: NDArray[np.int64]) -> Any:
    """Return equally spaced indices as a slice, of which a hyperslab can be made."""
    steps = np.unique(np.diff(indices))
    if indices.size == 1:
        return slice(int(indices[0]), int(indices[0]) + 1)
    if steps.size == 1 and steps[0] > 0:
        return slice(int(indices[0]), int(indices[-1]) + 1, int(steps[0]))
    return indices


def _put(out: NDArray[Any], taken: NDArray[np.bool_] | None, where: tuple[NDArray[np.int64], ...], values: Any) -> None:
    place = np.ix_(*where)
    if taken is None or not taken[place].any():
        out[place] = values
    else:
        out[place] = np.where(_is_missing(out[place]), values, out[place])
    if taken is not None:
        taken[place] = True


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    missing: NDArray[np.bool_] = xr.DataArray(values).isnull().values
    return missing


def _type(shape: tuple[int, ...], pieces: Sequence[Piece]) -> tuple[np.dtype[Any], Any]:
    """Return the type that holds all pieces and, where there may be gaps, what says that a value is missing."""
    types = [piece.variable.dtype for piece in pieces]
    dtype = types[0] if len(set(types)) == 1 else np.result_type(*types)
    covered = sum(int(np.prod([each.size for each in piece.positions], dtype=np.int64)) for piece in pieces)
    if covered == int(np.prod(shape, dtype=np.int64)) and _apart([piece.positions for piece in pieces], len(shape)):
        return dtype, "" if dtype == TEXT else np.zeros((), dtype)[()]
    return with_gaps(dtype)


def _apart(each: Sequence[tuple[NDArray[np.int64], ...]], dimensions: int) -> bool:
    """Tell whether pieces have nothing in common, as far as they are rows and columns of blocks."""
    if len(each) < 2:
        return True
    if not dimensions:
        return False
    groups: dict[tuple[int, int], list[tuple[NDArray[np.int64], ...]]] = {}
    for positions in each:
        groups.setdefault((int(positions[0].min()), int(positions[0].max())), []).append(positions[1:])
    edges = sorted(groups)
    beside = all(one[1] < other[0] for one, other in itertools.pairwise(edges))
    return beside and all(_apart(group, dimensions - 1) for group in groups.values())


def with_gaps(dtype: np.dtype[Any]) -> tuple[np.dtype[Any], Any]:
    """Return a type that has the values of another one and one that says that there is none."""
    if dtype.kind in "mM":
        return dtype, np.array("NaT", dtype)
    if dtype.kind == "c" or dtype.kind == "f":
        return dtype, np.nan
    if dtype.kind in "iu":
        return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64), np.nan
    return np.dtype(object), np.nan


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, "gdc-open-dap")


def in_parallel(work: Any, tasks: Sequence[Any]) -> list[Any]:
    """Return what a function returns for each of several tasks, some of which are worked on at the same time."""
    return [work(tasks[0])] if len(tasks) == 1 else list(_pool().map(work, tasks))
