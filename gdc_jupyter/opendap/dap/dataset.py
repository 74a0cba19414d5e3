"""A dataset as DAP sees it: a tree of groups with variables, whose arrays are read slab by slab."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.opendap.dap.kept_values import KEPT, LARGEST_SLAB_BYTES

#: Some bytes of an answer.
Piece = bytes | memoryview
#: What is wanted of each dimension, with start, stop and step.
Slab = tuple[slice, ...]
Read = Callable[[Slab], NDArray[Any]]
Make = Callable[[NDArray[Any]], NDArray[Any]]

#: Bytes that are read at a time, and the most where the chunks of a file are larger.
BLOCK_BYTES = 3 << 19
LARGEST_BLOCK_BYTES = 12 << 20
#: What a text is taken to need where sizes matter.
_TEXT_BYTES = 64


@dataclass(frozen=True)
class Dimension:
    """A dimension that the variables of a group, and of the groups below it, share."""

    name: str
    size: int
    unlimited: bool = False


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable as it is stored.

    Parameters
    ----------
    name : str
        Without its group.
    dtype : numpy.dtype
        Whole or floating-point numbers in the byte order of this computer, ``S1`` for characters, ``object`` for texts.
    dimensions : tuple of str
        The paths of the dimensions, such as ``/time``.
    shape : tuple of int
    attributes : mapping
        Texts, numpy scalars, one-dimensional arrays, and lists of texts.
    read : callable
        Returns the values of a slab.
    chunks : tuple of int, optional
        How the values lie together in the file.
    kept : bool
        Whether values that were read are kept for a while: as long as the dataset is, so are they the same.
    """

    name: str
    dtype: np.dtype[Any]
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, Any]
    read: Read
    chunks: tuple[int, ...] | None = None
    kept: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its values are texts."""
        return self.dtype.kind == "O"

    @property
    def is_character(self) -> bool:
        """Whether its values are single characters."""
        return self.dtype.kind == "S"

    @property
    def whole(self) -> Slab:
        """All of it."""
        return tuple(slice(0, size, 1) for size in self.shape)

    def blocks(self, slab: Slab) -> Iterator[Slab]:
        """Yield the parts of a slab that are read one after the other, in the order of their values."""
        return blocks(slab, self.dtype.itemsize if not self.is_text else _TEXT_BYTES, self.chunks)

    def pieces(self, slab: Slab, form: str = "", make: Make | None = None) -> Iterator[NDArray[Any]]:
        """Yield the values of a slab, which are not to be written to, part after part.

        Parameters
        ----------
        slab : Slab
        form : str
            A name for what is made of them.
        make : callable, optional
            Takes values and returns what is wanted of them, which is kept for the next time as well.
        """
        keep = self.kept and size_of(slab) * self.dtype.itemsize <= LARGEST_SLAB_BYTES
        for block in self.blocks(slab):
            read = partial(self.read, block)
            if keep:
                key = (self, tuple((part.start, part.stop, part.step) for part in block))
                read = partial(KEPT.get, key, read)
                yield KEPT.get((*key, form), partial(_made, make, read)) if make else read()
            else:
                yield make(read()) if make else read()


def _made(make: Make, read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    return make(read())


@dataclass(frozen=True, eq=False)
class Group:
    """Variables, and groups of further ones.

    Parameters
    ----------
    name : str
        Empty for the outermost.
    """

    name: str
    dimensions: tuple[Dimension, ...] = ()
    variables: tuple[Variable, ...] = ()
    groups: tuple[Group, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A granule.

    Parameters
    ----------
    name : str
    root : Group
    version : str
        Another one whenever the data have changed; empty where that is not known.
    modified : float, optional
        When they did, in seconds since 1970.
    """

    name: str
    root: Group
    version: str = ""
    modified: float | None = None

    def groups(self) -> Iterator[tuple[str, Group]]:
        """Yield all groups with the beginnings of the paths in them, each before those below it."""
        return _groups("/", self.root)

    def variables(self) -> dict[str, Variable]:
        """Return all variables by their paths."""
        return {prefix + variable.name: variable for prefix, group in self.groups() for variable in group.variables}

    def dimensions(self) -> dict[str, Dimension]:
        """Return all dimensions by their paths."""
        return {prefix + each.name: each for prefix, group in self.groups() for each in group.dimensions}


def _groups(prefix: str, group: Group) -> Iterator[tuple[str, Group]]:
    yield prefix, group
    for child in group.groups:
        yield from _groups(f"{prefix}{child.name}/", child)


def count(part: slice) -> int:
    """Return how many positions a slice of a slab has."""
    return len(range(part.start, part.stop, part.step))


def shape_of(slab: Slab) -> tuple[int, ...]:
    """Return the shape of what a slab holds."""
    return tuple(count(part) for part in slab)


def size_of(slab: Slab) -> int:
    """Return how many values a slab holds."""
    return math.prod(shape_of(slab))


def taken(values: NDArray[Any], slab: Slab) -> NDArray[Any]:
    """Return the slab of an array, as an array even where it is a single value."""
    key: Any = (*slab, ...)
    part: NDArray[Any] = values[key]
    return part


def bytes_of(values: NDArray[Any]) -> Piece:
    """Return the bytes of an array of numbers or characters, which are those of the array itself where they can be."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def blocks(slab: Slab, item_bytes: int, chunks: tuple[int, ...] | None = None) -> Iterator[Slab]:
    """Yield the parts of a slab that are read one after the other, in the order of their values.

    Parameters
    ----------
    slab : tuple of slice
    item_bytes : int
        The bytes of a value.
    chunks : tuple of int, optional
        How the values lie together in the file: parts end where chunks do, so that few chunks are read twice.
    """
    shape = shape_of(slab)
    if not all(shape):
        return
    axis, inner = _axis(shape, item_bytes)
    if axis is None:
        yield slab
        return
    rows = max(BLOCK_BYTES // inner, 1)
    if chunks is not None:
        chunk = max(chunks[axis] // slab[axis].step, 1)
        if chunk > rows and chunk * inner <= LARGEST_BLOCK_BYTES:
            rows = chunk
    edges = _edges(slab[axis], rows, chunks[axis] if chunks is not None else 1)
    outer = [range(part.start, part.stop, part.step) for part in slab[:axis]]
    for position in itertools.product(*outer):
        before = tuple(slice(each, each + 1, 1) for each in position)
        for part in edges:
            yield (*before, part, *slab[axis + 1 :])


def _axis(shape: tuple[int, ...], item_bytes: int) -> tuple[int | None, int]:
    """Return the axis along which an array is cut, None where it is small, and the bytes of one row of it."""
    inner = math.prod(shape) * item_bytes
    if inner <= BLOCK_BYTES:
        return None, inner
    for axis, size in enumerate(shape):
        inner //= size
        if inner <= BLOCK_BYTES:
            return axis, inner
    return None, inner


def _edges(part: slice, rows: int, chunk: int) -> list[slice]:
    """Return the pieces of a slice that have about so many positions, and end between chunks if they can."""
    pieces = []
    start = part.start
    while start < part.stop:
        stop = min(start + rows * part.step, part.stop)
        between = stop // chunk * chunk
        if stop < part.stop and between > start:
            stop = start + -(-(between - start) // part.step) * part.step
        pieces.append(slice(start, min(stop, part.stop), part.step))
        start = stop
    return pieces
