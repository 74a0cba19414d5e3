"""The attributes of a dataset in DAP2: the DAS."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gdc_jupyter.opendap.dap.dap2 import STRING, Field, View, escaped, type_of
from gdc_jupyter.opendap.dap.texts import texts

#: Texts that are read for how long the longest is.
_MOST_TEXTS = 100_000


def das(view: View) -> str:
    """Return the dataset attribute structure."""
    lines = ["Attributes {"]
    for field in view.fields.values():
        lines += _container(field.name, [*_attributes(field.variable.attributes, field), *_added(field)])
    lines += _container("NC_GLOBAL", list(_attributes(view.dataset.root.attributes)))
    for prefix, group in view.dataset.groups():
        if prefix != "/" and group.attributes:
            lines += _container(prefix.strip("/").replace("/", "_"), list(_attributes(group.attributes)))
    if view.unlimited:
        names = ", ".join(_quoted(name) for name in view.unlimited)
        lines += _container("DODS_EXTRA", [f"String Unlimited_Dimension {names};"])
    return "\n".join([*lines, "}", ""])


def _container(name: str, lines: list[str]) -> list[str]:
    return [f"    {escaped(name)} {{", *(f"        {line}" for line in lines), "    }"]


def _added(field: Field) -> list[str]:
    """Return the attributes from which the netCDF library makes of DAP2's types what there was.

    It takes unsigned numbers for signed ones, and texts for characters, of which it cuts off what is not announced.
    """
    variable = field.variable
    if field.type in ("Byte", "UInt16", "UInt32") and "_Unsigned" not in variable.attributes:
        return ['String _Unsigned "true";']
    if variable.is_character:
        length = variable.shape[-1] if variable.shape else 1
        name = variable.dimensions[-1].rpartition("/")[2] if variable.shape else ""
        return [f"Int32 DODS.strlen {length};", *([f"String DODS.dimName {_quoted(name)};"] if name else [])]
    if variable.is_text and 0 < math.prod(variable.shape) <= _MOST_TEXTS:
        return [f"Int32 DODS.strlen {max(1, *map(len, texts(variable.read(variable.whole), False)))};"]
    return []


def _attributes(attributes: Mapping[str, Any], field: Field | None = None) -> Iterator[str]:
    for name, value in attributes.items():
        kind, told = typed(value)
        if field is not None and field.variable.dtype.kind in "iu" and _dtype(value) == field.variable.dtype:
            # Fill values and the like have the type in which the values are sent.
            same = np.atleast_1d(value).view(field.stored_type).reshape(-1)
            if field.type != "Float64" or kind == "Float64":
                kind, told = field.type, [number(each) for each in same]
        if told:
            yield f"{kind} {escaped(name)} {', '.join(told)};"


def _dtype(value: Any) -> np.dtype[Any] | None:
    return value.dtype if isinstance(value, np.generic | np.ndarray) else None


def typed(value: Any) -> tuple[str, list[str]]:
    """Return the type of an attribute in DAP2, and its values as text."""
    if isinstance(value, str | bytes) or (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        texts = [value] if not isinstance(value, list) else value
        return STRING, [_quoted(each.decode("utf-8", "replace") if isinstance(each, bytes) else each) for each in texts]
    values = np.atleast_1d(np.asarray(value)).reshape(-1)
    if values.dtype.kind not in "iuf":
        return STRING, [_quoted(str(each)) for each in values]
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        return _whole_numbers(values)
    return type_of(values.dtype), [number(each) for each in values]


def _whole_numbers(values: Any) -> tuple[str, list[str]]:
    numbers = [int(each) for each in values]
    if all(int(float(each)) == each for each in numbers):
        return "Float64", [number(np.float64(each)) for each in numbers]
    return STRING, [_quoted(str(each)) for each in numbers]


def number(value: Any) -> str:
    """Return a number as text that gives the same number again."""
    if value.dtype.kind != "f":
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
