"""What is wanted of a dataset as a classic NetCDF file: no groups, the types of DAP2, texts as characters.

Unsigned numbers are stored as signed ones with the attribute ``_Unsigned``, as the conventions have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.opendap.dap.dap2 import Declared, Field, View, as_float64, not_exact
from gdc_jupyter.opendap.dap.dataset import Slab, Variable, shape_of, size_of
from gdc_jupyter.opendap.dap.file_writer import FileWriter, Stopped, new_file
from gdc_jupyter.opendap.dap.netcdf4_files import wanted_of
from gdc_jupyter.opendap.dap.slabs import invalid
from gdc_jupyter.opendap.dap.texts import text_blocks, texts

#: The bytes that one variable may have with 64-bit offsets.
_MOST = 2**32 - 4


def write_classic(view: View, declared: list[Declared], path: Path, stopped: Stopped) -> None:
    """Write it.

    Parameters
    ----------
    view : View
    declared : list of Part and Grid
    path : Path
    stopped : callable
        Tells whether nobody waits for the file any more.

    Raises
    ------
    GdcError
        ``ConstraintInvalid`` where such a file cannot hold it; ``DataFileUnreadable``, ``StorageFailure``.
    """
    fields = {field.path: field for field in view.fields.values()}
    slabs = wanted_of(view, declared).slabs
    for each, slab in slabs.items():
        if size_of(slab) * _kind(fields[each]).itemsize > _MOST:
            raise invalid(f"'{fields[each].name}' is too large for a classic file: ask for .nc4, or for less.")
    with new_file(path, "NETCDF3_64BIT_OFFSET", stopped) as writer:
        writer.attributes(writer.dataset, _plain(view.dataset.root.attributes))
        for each, slab in slabs.items():
            if fields[each].variable.is_text:
                _declare_texts(writer, fields[each], slab)
            else:
                _declare(writer, fields[each], slab)


def _kind(field: Field) -> np.dtype[Any]:
    """Return the type of the numbers of a field in the file, unsigned ones aside."""
    stored = field.stored_type
    if stored.kind == "O":
        return np.dtype("S1")
    return np.dtype(np.float64) if stored.kind in "iu" and stored.itemsize == 8 else stored


def _declare(writer: FileWriter, field: Field, slab: Slab) -> None:
    kind, variable = _kind(field), field.variable
    signed = np.dtype(f"i{kind.itemsize}") if kind.kind == "u" else kind
    attributes = {name: _converted(value, variable.dtype, kind, signed) for name, value in variable.attributes.items()}
    if kind.kind == "u":
        attributes["_Unsigned"] = "true"
    names = _dimensions(writer, field, slab)
    target = writer.variable(writer.dataset, field.name, signed, names, slab, _plain(attributes))
    writer.fill_later(target, slab, partial(Variable.blocks, variable, slab), partial(_read, field, kind, signed))


def _read(field: Field, kind: np.dtype[Any], signed: np.dtype[Any], block: Slab) -> NDArray[Any]:
    values = field.values(block)
    if kind.kind == "f" and values.dtype.kind in "iu":
        floats = as_float64(values)
        if floats is None:
            raise not_exact(field.name)
        return floats
    return values.view(signed) if values.dtype.kind == "u" else values


def _dimensions(writer: FileWriter, field: Field, slab: Slab) -> list[str]:
    """Return the names of the dimensions of a field, that of the characters of texts with them."""
    letters = [each.strip("/").replace("/", "_") for each in field.variable.dimensions[len(field.dimensions) :]]
    pairs = zip([*field.dimensions, *letters], slab, strict=True)
    return [writer.dimension(f"/{name}", part) for name, part in pairs]


def _declare_texts(writer: FileWriter, field: Field, slab: Slab) -> None:
    found = [text for block in text_blocks(field.variable, slab) for text in texts(field.variable.read(block), False)]
    length = max(1, *map(len, found), 1)
    characters = np.array(found, f"S{length}").reshape(shape_of(slab))
    letters = slice(0, length, 1)
    names = [*_dimensions(writer, field, slab), writer.dimension(f"/{field.name}_length", letters)]
    attributes = _plain(field.variable.attributes) | {"_Encoding": "utf-8"}
    whole = (*slab, letters)
    target = writer.variable(writer.dataset, field.name, np.dtype("S1"), names, whole, attributes)

    def once() -> Iterator[Slab]:
        yield whole

    writer.fill_later(target, whole, once, lambda _: characters[..., None].view("S1"))


def _converted(value: Any, dtype: np.dtype[Any], kind: np.dtype[Any], signed: np.dtype[Any]) -> Any:
    """Return an attribute that has the type of the variable, such as its fill value, in the type of the file."""
    if not isinstance(value, np.generic | np.ndarray) or value.dtype != dtype or dtype.kind not in "iu":
        return value
    return np.asarray(value).astype(kind) if kind.kind == "f" else np.asarray(value).view(signed)


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes in the types that classic files have."""
    return {name: _plain_value(value) for name, value in attributes.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if not isinstance(value, np.generic | np.ndarray | int):
        return value
    values = np.asarray(value)
    if values.dtype.kind not in "iu" or (values.dtype.kind == "i" and values.dtype.itemsize <= 4) or not values.size:
        return values
    inside = int(values.min()) >= -(2**31) and int(values.max()) < 2**31
    return values.astype(np.int32 if inside else np.float64)
