"""DAP2: what a dataset is in its terms. There are no groups and fewer types, and arrays with maps are grids."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dataset import Dataset, Make, Slab, Variable, count

#: The type of values that are stored as another. 64-bit integers, which DAP2 lacks, go as far as Float64 is exact.
TYPES = {
    "i1": "Int16",
    "u1": "Byte",
    "i2": "Int16",
    "u2": "UInt16",
    "i4": "Int32",
    "u4": "UInt32",
    "i8": "Float64",
    "u8": "Float64",
    "f4": "Float32",
    "f8": "Float64",
    "f2": "Float32",
}
STRING = "String"
#: Values of a variable that are looked at for whether DAP2 can carry it at all.
_LOOKED_AT = 1_000_000
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+.@")


def type_of(dtype: np.dtype[Any]) -> str:
    """Return the type in which values of a stored type are sent."""
    return TYPES[f"{dtype.kind}{dtype.itemsize}"] if dtype.kind in "iuf" else STRING


def escaped(name: str) -> str:
    """Return a name as DDS and DAS have it: what is no plain character as a percent sign and its code."""
    return "".join(each if each in _SAFE else "".join(f"%{byte:02X}" for byte in each.encode()) for each in name)


@dataclass(frozen=True, eq=False)
class Field:
    """A variable of DAP2: an array or a single value.

    Parameters
    ----------
    name : str
        With its groups, joined by underscores.
    path : str
        The path of the variable in the dataset.
    variable : Variable
    dimensions : tuple of str
        The names of the dimensions; characters along the last one are a text.
    """

    name: str
    path: str
    variable: Variable
    dimensions: tuple[str, ...]

    @property
    def type(self) -> str:
        """The type of the values."""
        dtype = self.stored_type
        # Clients differ in where they look for the value of a single byte.
        return "Int16" if dtype == np.uint8 and not self.dimensions else type_of(dtype)

    @property
    def stored_type(self) -> np.dtype[Any]:
        """The type of the values in the file; classic files have unsigned bytes as signed ones with a word about it."""
        dtype = self.variable.dtype
        return np.dtype(np.uint8) if dtype == np.int8 and self.said_unsigned else dtype

    @property
    def said_unsigned(self) -> bool:
        """Whether an attribute says that the values are unsigned."""
        return str(self.variable.attributes.get("_Unsigned", "")).lower() == "true"

    def values(self, slab: Slab) -> NDArray[Any]:
        """Return the values of a slab of the variable."""
        return self._typed(self.variable.read(slab))

    def pieces(self, slab: Slab, form: str, make: Make) -> Iterator[NDArray[Any]]:
        """Yield what a function makes of the values of a slab of the variable, part after part."""
        return self.variable.pieces(slab, form, lambda values: make(self._typed(values)))

    def _typed(self, values: NDArray[Any]) -> NDArray[Any]:
        return values if values.dtype == self.stored_type else values.view(self.stored_type)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.variable.shape[: len(self.dimensions)]

    @property
    def whole(self) -> Slab:
        """All of it."""
        return tuple(slice(0, size, 1) for size in self.shape)


@dataclass(frozen=True, eq=False)
class Part:
    """The slab of a field that is declared or sent."""

    field: Field
    slab: Slab

    @property
    def declaration(self) -> str:
        """The line of the DDS."""
        sizes = (
            f"[{escaped(name)} = {count(part)}]" for name, part in zip(self.field.dimensions, self.slab, strict=True)
        )
        return f"{self.field.type} {escaped(self.field.name)}{''.join(sizes)};"


@dataclass(frozen=True, eq=False)
class Grid:
    """An array with its maps, or, where only some of it is wanted, a structure of these."""

    name: str
    array: Part | None
    maps: tuple[Part, ...]
    whole: bool = True

    @property
    def parts(self) -> tuple[Part, ...]:
        """The array and the maps, as far as they are wanted."""
        return (*((self.array,) if self.array is not None else ()), *self.maps)


Declared = Part | Grid


class View:
    """A dataset in the terms of DAP2.

    Attributes
    ----------
    fields : dict of str to Field
        By name, in order.
    maps : dict of str to tuple of Field
        The maps of each field that is the array of a grid.
    left_out : set of str
        The names of variables that DAP2 cannot carry: clients that ask for several at once would get none.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.fields: dict[str, Field] = {}
        self.left_out: set[str] = set()
        by_path: dict[str, Field] = {}
        dimensions = _flat(dataset.dimensions())
        variables = dataset.variables()
        for path, name in _flat(variables).items():
            variable = variables[path]
            if _is_long(variable) and math.prod(variable.shape) <= _LOOKED_AT and not _is_exact(variable):
                self.left_out.add(name)
                continue
            shown = variable.dimensions[:-1] if variable.is_character else variable.dimensions
            field = Field(name, path, variable, tuple(dimensions.get(each, each.strip("/")) for each in shown))
            self.fields[name] = by_path[path] = field
        self.maps = {field.name: found for path, field in by_path.items() if (found := _maps(path, field, by_path))}

    def everything(self) -> list[Declared]:
        """Return all that is declared without a constraint."""
        return [self.whole(field) for field in self.fields.values()]

    def whole(self, field: Field) -> Declared:
        """Return a field without a constraint."""
        return self.with_maps(field, field.whole)

    def with_maps(self, field: Field, slab: Slab) -> Declared:
        """Return a slab of a field, as a grid if it has maps."""
        array = Part(field, slab)
        if field.name not in self.maps:
            return array
        maps = (Part(each, (part,)) for each, part in zip(self.maps[field.name], slab, strict=True))
        return Grid(field.name, array, tuple(maps))

    @cached_property
    def unlimited(self) -> list[str]:
        """The names of the dimensions that may grow."""
        names = _flat(self.dataset.dimensions())
        return [names[path] for path, each in self.dataset.dimensions().items() if each.unlimited]


@lru_cache(maxsize=64)
def view_of(dataset: Dataset) -> View:
    """Return a dataset in the terms of DAP2."""
    return View(dataset)


def _is_long(variable: Variable) -> bool:
    return variable.dtype.kind in "iu" and variable.dtype.itemsize == 8


def _is_exact(variable: Variable) -> bool:
    return all(as_float64(values) is not None for values in variable.pieces(variable.whole))


def as_float64(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return 64-bit integers as Float64, None where that would change one."""
    floats = values.astype(np.float64)
    # The largest become 2 ** 63 or 2 ** 64, which cannot be turned back.
    inside = floats < float(2 ** (64 if values.dtype.kind == "u" else 63))
    return floats if inside.all() and (floats.astype(values.dtype) == values).all() else None


def not_exact(name: str) -> GdcError:
    """Return the error of integers that Float64 does not hold."""
    return GdcError(
        "ConstraintInvalid",
        f"'{name}' holds 64-bit integers that DAP2 cannot carry exactly: ask for it by DAP4 (.dap) or as .nc4.",
    )


def _flat(paths: Iterable[str]) -> dict[str, str]:
    """Return a name without groups for each path, all different."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for path in paths:
        base = name = path.strip("/").replace("/", "_")
        number = 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        found[path] = name
    return found


def _maps(path: str, field: Field, by_path: Mapping[str, Field]) -> tuple[Field, ...]:
    """Return the coordinates of all dimensions of an array; none where one is missing."""
    dimensions = field.variable.dimensions[: len(field.dimensions)]
    if not dimensions or path in dimensions or len(set(dimensions)) < len(dimensions):
        return ()
    found = tuple(each for name in dimensions if (each := by_path.get(name)) is not None and _is_map(each, name))
    return found if len(found) == len(dimensions) else ()


def _is_map(field: Field, dimension: str) -> bool:
    """Tell whether a field has a value for each position along a dimension."""
    return field.variable.dimensions == (dimension,) and len(field.dimensions) == 1


def parts_of(declared: Iterable[Declared]) -> Iterator[Part]:
    """Yield all slabs in the order in which they are sent."""
    for each in declared:
        yield from each.parts if isinstance(each, Grid) else (each,)


def dds(name: str, declared: Iterable[Declared]) -> str:
    """Return the dataset descriptor structure."""
    lines = [line for each in declared for line in _declaration(each)]
    body = "".join(f"    {line}\n" for line in lines)
    return f"Dataset {{\n{body}}} {escaped(name)};\n"


def _declaration(declared: Declared) -> Iterator[str]:
    if isinstance(declared, Part):
        yield declared.declaration
        return
    if declared.whole and declared.array is not None:
        yield "Grid {"
        yield "  ARRAY:"
        yield f"    {declared.array.declaration}"
        yield "  MAPS:"
        yield from (f"    {part.declaration}" for part in declared.maps)
    else:
        yield "Structure {"
        yield from (f"    {part.declaration}" for part in declared.parts)
    yield f"}} {escaped(declared.name)};"
