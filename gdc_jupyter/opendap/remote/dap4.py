"""Granules by DAP4: declarations as XML, values in chunks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import quote
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.opendap.remote.access import Access
from gdc_jupyter.opendap.remote.model import TEXT, Declared, Remote, Slab, brackets, tidy, unreadable

TYPES = {
    "Int8": "i1",
    "UInt8": "u1",
    "Byte": "u1",
    "Char": "S1",
    "Int16": "i2",
    "UInt16": "u2",
    "Int32": "i4",
    "UInt32": "u4",
    "Int64": "i8",
    "UInt64": "u8",
    "Float32": "f4",
    "Float64": "f8",
}
_TEXTS = ("String", "URL", "URI")
_LAST, _ERROR, _LITTLE = 1, 2, 4
_CRC = 4


def open_dap4(access: Access, address: str) -> Remote4:
    """Return a granule; only its declarations are read.

    Raises
    ------
    GdcError
        ``DataNotReadable``; and as `Access.get` does.
    """
    answer = access.get(f"{address}.dmr")
    variables, attributes = declarations(answer.content, address)
    return Remote4(access, address, variables, attributes)


class Remote4(Remote):
    """A granule that is read by DAP4."""

    def read(self, slabs: Mapping[str, Slab | None]) -> dict[str, NDArray[Any]]:
        """Return hyperslabs, in one request."""
        terms = ";".join(f"/{quote(name)}{brackets(slab)}" for name, slab in slabs.items())
        answer = self.access.get(f"{self.address}.dap?dap4.ce={terms}&dap4.checksum=true")
        try:
            declared, values = decoded(answer.content, self.address)
        except (struct.error, ValueError, IndexError) as error:
            raise unreadable(self.address, error) from None
        for name, slab in slabs.items():
            if name not in values or values[name].shape != self.shape_of(name, slab):
                raise unreadable(self.address, f"it lacks what was asked of '{name}'; it has {', '.join(declared)}")
        return {name: values[name] for name in slabs}


def declarations(text: bytes, address: str) -> tuple[dict[str, Declared], dict[str, Any]]:
    """Return the variables and the attributes of a DMR.

    Structures, sequences and opaque values are left out.

    Raises
    ------
    GdcError
        ``DataNotReadable``.
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise unreadable(address, f"it is no DMR: {error}") from None
    if _tag(root) != "Dataset":
        raise unreadable(address, f"it is no DMR, but <{_tag(root)}>")
    sizes: dict[str, int] = {}
    variables: dict[str, Declared] = {}
    for group, path in _groups(root, ""):
        enumerations = {each.get("name", ""): each.get("basetype", "") for each in group if _tag(each) == "Enumeration"}
        sizes |= {f"{path}{each.get('name')}": int(each.get("size", 0)) for each in group if _tag(each) == "Dimension"}
        for element in group:
            declared = _variable(element, path, sizes, enumerations)
            if declared is not None:
                variables[declared.name] = declared
    return variables, _attributes(root)


def _groups(group: ElementTree.Element, path: str) -> Iterator[tuple[ElementTree.Element, str]]:
    yield group, path
    for child in group:
        if _tag(child) == "Group":
            yield from _groups(child, f"{path}{child.get('name')}/")


def _variable(
    element: ElementTree.Element, path: str, sizes: Mapping[str, int], enumerations: Mapping[str, str]
) -> Declared | None:
    tag = _tag(element)
    if tag == "Enum":
        tag = enumerations.get(str(element.get("enum")).rpartition("/")[2], "Byte")
    if tag not in TYPES and tag not in _TEXTS:
        return None
    name = f"{path}{element.get('name')}"
    dimensions, shape = [], []
    for number, each in enumerate(child for child in element if _tag(child) == "Dim"):
        known = _dimension(str(each.get("name")), path, sizes) if each.get("name") else None
        dimensions.append(known or f"{name}_{number}")
        shape.append(sizes[known] if known else int(each.get("size", 0)))
    dtype = np.dtype(TYPES[tag]) if tag in TYPES else TEXT
    return Declared(name, dtype, tuple(dimensions), tuple(shape), _attributes(element))


def _dimension(name: str, path: str, sizes: Mapping[str, int]) -> str | None:
    """Return the name of a dimension with its group: told in full, or that of a group around the variable."""
    if name.startswith("/"):
        return name[1:] if name[1:] in sizes else None
    while f"{path}{name}" not in sizes and path:
        path = path.rstrip("/").rpartition("/")[0]
        path += "/" if path else ""
    return f"{path}{name}" if f"{path}{name}" in sizes else None


def _attributes(holder: ElementTree.Element, before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in holder:
        if _tag(each) != "Attribute":
            continue
        name, kind = f"{before}{each.get('name')}", each.get("type", "String")
        if kind == "Container":
            found |= _attributes(each, f"{name}.")
            continue
        texts = [value.get("value", value.text or "") for value in each if _tag(value) == "Value"]
        texts = texts or ([each.get("value", "")] if each.get("value") is not None else [])
        if texts:
            found[name] = tidy([_parsed(text, kind) for text in texts])
    return found


def _parsed(text: str, kind: str) -> Any:
    if kind not in TYPES or kind == "Char":
        return text
    dtype = np.dtype(TYPES[kind])
    try:
        return dtype.type(float(text)) if dtype.kind == "f" else dtype.type(int(text))
    except (ValueError, OverflowError):
        return text


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def decoded(answer: bytes, address: str) -> tuple[dict[str, Declared], dict[str, NDArray[Any]]]:
    """Return what a data response declares, and its values.

    Raises
    ------
    GdcError
        ``DataNotReadable``.
    """
    pieces, little = _unchunked(answer, address)
    variables, _ = declarations(pieces[0], address)
    body = memoryview(b"".join(pieces[1:]) if len(pieces) != 2 else pieces[1])
    order: Literal["<", ">"] = "<" if little else ">"
    plain = sum(each.size * each.dtype.itemsize for each in variables.values())
    # Whether checksums come as well is told by the length; texts have none that is known before.
    texts = any(each.dtype == TEXT for each in variables.values())
    checked = texts or len(body) >= plain + _CRC * len(variables)
    values: dict[str, NDArray[Any]] = {}
    at = 0
    for name, each in variables.items():
        start = at
        if each.dtype == TEXT:
            values[name], at = _texts(body, at, each, order)
        else:
            at += each.size * each.dtype.itemsize
            raw = np.frombuffer(body[start:at], each.dtype.newbyteorder(order)).reshape(each.shape)
            values[name] = raw.astype(each.dtype, copy=not raw.dtype.isnative)
        if checked and at + _CRC <= len(body):
            (told,) = struct.unpack_from(f"{order}I", body, at)
            at += _CRC
            if told not in (0, zlib.crc32(body[start : at - _CRC])):
                raise unreadable(
                    address, f"the checksum of '{name}' is another one: the bytes were damaged on their way"
                )
    return variables, values


def _unchunked(answer: bytes, address: str) -> tuple[list[bytes], bool]:
    pieces: list[bytes] = []
    at, little = 0, True
    while at < len(answer):
        (head,) = struct.unpack_from(">I", answer, at)
        flags, length = head >> 24, head & 0xFFFFFF
        piece = answer[at + 4 : at + 4 + length]
        if len(piece) < length:
            raise unreadable(address, "it is not complete")
        if flags & _ERROR:
            raise unreadable(address, piece[:500].decode("utf-8", "replace"))
        little = bool(flags & _LITTLE) if not pieces else little
        pieces.append(piece)
        at += 4 + length
        if flags & _LAST:
            return pieces, little
    raise unreadable(address, "it is not complete")


def _texts(body: memoryview, at: int, declared: Declared, order: str) -> tuple[NDArray[Any], int]:
    found = np.empty(declared.size, object)
    for number in range(declared.size):
        (length,) = struct.unpack_from(f"{order}Q", body, at)
        found[number] = bytes(body[at + 8 : at + 8 + length]).decode("utf-8", "replace")
        at += 8 + length
    return found.reshape(declared.shape), at
