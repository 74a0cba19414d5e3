"""DAP4: what is wanted of a dataset, and its description, the DMR."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from gdc_jupyter.opendap.dap.dap2_attributes import number
from gdc_jupyter.opendap.dap.dataset import Dataset, Dimension, Group, Slab, Variable, count

NAMESPACE = "http://xml.opendap.org/ns/DAP/4.0#"
_KINDS = {"i": "Int", "u": "UInt", "f": "Float"}
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is wanted of a dataset.

    Parameters
    ----------
    dataset : Dataset
    slabs : dict of str to tuple of slice
        The slab of each variable that is wanted, by its path, in the order of the dataset.
    shared : dict of str to slice
        What is wanted of dimensions, by their paths.
    whole : bool
        Whether nothing was left out.
    """

    dataset: Dataset
    slabs: dict[str, Slab]
    shared: dict[str, slice] = field(default_factory=dict)
    whole: bool = True


def everything(dataset: Dataset) -> Wanted:
    """Return that all is wanted."""
    return Wanted(dataset, {path: variable.whole for path, variable in dataset.variables().items()})


def type_of(dtype: np.dtype[Any]) -> str:
    """Return the type in which values of a stored type are sent."""
    if dtype.kind in _KINDS:
        return f"{_KINDS[dtype.kind]}{8 * dtype.itemsize}"
    return "Char" if dtype.kind == "S" else "String"


def dmr(wanted: Wanted) -> str:
    """Return the description of what is wanted."""
    description = _Description(wanted)
    name = quoteattr(wanted.dataset.name)
    head = f'<Dataset xmlns="{NAMESPACE}" dapVersion="4.0" dmrVersion="1.0" name={name}>'
    body = description.group("/", wanted.dataset.root, "  ")
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *body, "</Dataset>", ""])


class _Description:
    """What a DMR says of what is wanted: a dimension has the size that all who share it have left of it."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.variables = wanted.dataset.variables()
        self.dimensions: dict[str, slice] = self._dimensions()

    def _dimensions(self) -> dict[str, slice]:
        used: dict[str, list[slice]] = {}
        for path, slab in self.wanted.slabs.items():
            for name, part in zip(self.variables[path].dimensions, slab, strict=True):
                used.setdefault(name, []).append(part)
        found = {}
        for name, dimension in self.wanted.dataset.dimensions().items():
            parts = used.get(name, [])
            if parts and all(part == parts[0] for part in parts):
                found[name] = parts[0]
            elif parts or self.wanted.whole or name in self.wanted.shared:
                found[name] = self.wanted.shared.get(name, slice(0, dimension.size, 1))
        return found

    def group(self, prefix: str, group: Group, indent: str) -> Iterator[str]:
        """Yield the lines of a group."""
        for dimension in group.dimensions:
            if prefix + dimension.name in self.dimensions:
                yield indent + self._dimension(dimension, self.dimensions[prefix + dimension.name])
        for variable in group.variables:
            if prefix + variable.name in self.wanted.slabs:
                yield from (indent + line for line in self._variable(prefix + variable.name, variable))
        yield from (indent + line for line in _attributes(group.attributes))
        for child in group.groups:
            lines = list(self.group(f"{prefix}{child.name}/", child, indent + "  "))
            below = f"{prefix}{child.name}/"
            if self.wanted.whole or any(path.startswith(below) for path in (*self.wanted.slabs, *self.dimensions)):
                yield f"{indent}<Group name={quoteattr(child.name)}>"
                yield from lines
                yield f"{indent}</Group>"

    @staticmethod
    def _dimension(dimension: Dimension, part: slice) -> str:
        unlimited = ' _edu.ucar.isunlimited="1"' if dimension.unlimited else ""
        return f'<Dimension name={quoteattr(dimension.name)} size="{count(part)}"{unlimited}/>'

    def _variable(self, path: str, variable: Variable) -> Iterator[str]:
        kind = type_of(variable.dtype)
        yield f"<{kind} name={quoteattr(variable.name)}>"
        slab = self.wanted.slabs[path]
        # pydap mixes up the order where some dimensions have a name and some have none.
        shared = all(self.dimensions.get(name) == part for name, part in zip(variable.dimensions, slab, strict=True))
        for name, part in zip(variable.dimensions, slab, strict=True):
            yield f"  <Dim name={quoteattr(_qualified(name))}/>" if shared else f'  <Dim size="{count(part)}"/>'
        yield from (f"  {line}" for line in _attributes(_with_exact_fill(variable)))
        if shared:
            yield from (f"  <Map name={quoteattr(_qualified(name))}/>" for name in self._maps(path, variable))
        yield f"</{kind}>"

    def _maps(self, path: str, variable: Variable) -> list[str]:
        """Return the coordinates of an array, of which the same is wanted as of the array."""
        parts = zip(variable.dimensions, self.wanted.slabs[path], strict=True)
        return [name for name, part in parts if name != path and self._is_map(name, part)]

    def _is_map(self, name: str, part: slice) -> bool:
        coordinate = self.variables.get(name)
        return coordinate is not None and coordinate.dimensions == (name,) and self.wanted.slabs.get(name) == (part,)


def _with_exact_fill(variable: Variable) -> Mapping[str, Any]:
    """Return the attributes of a variable, with its fill value as a missing value of type Float64.

    The netCDF library changes the last bits of Float32 attributes of DAP4, so that what is missing would be numbers.
    """
    told = variable.attributes
    missing = told.get("missing_value", told.get("_FillValue"))
    if variable.dtype != np.float32 or not isinstance(missing, np.float32) or np.isnan(missing):
        return told
    return {**told, "missing_value": np.float64(missing)}


def _qualified(path: str) -> str:
    """Return a path as a fully qualified name, in which dots part the members of structures."""
    return path.replace("\\", "\\\\").replace(".", "\\.")


def _attributes(attributes: Mapping[str, Any]) -> Iterator[str]:
    for name, value in attributes.items():
        kind, texts = _typed(value)
        values = "".join(f"<Value>{_text(text)}</Value>" for text in texts)
        yield f'<Attribute name={quoteattr(name)} type="{kind}">{values}</Attribute>'


def _text(text: str) -> str:
    return escape(_NO_XML.sub("", text), {"\r": "&#13;"})


def _typed(value: Any) -> tuple[str, list[str]]:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return "String", [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "String", value
    values = np.atleast_1d(np.asarray(value)).reshape(-1)
    if values.dtype.kind not in "iuf":
        return "String", [str(each) for each in values]
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    return type_of(values.dtype), [number(each) for each in values]
