"""Granules by DAP2, which is all that older servers speak: declarations as text, values as XDR."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.opendap.remote.access import Access
from gdc_jupyter.opendap.remote.model import TEXT, Declared, Remote, Slab, brackets, tidy, unreadable

TYPES = {
    "byte": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "float32": "f4",
    "float64": "f8",
}
_TEXTS = ("string", "url")
#: As what values are sent.
_WIRE = {"u1": ">u1", "i2": ">i4", "u2": ">u4", "i4": ">i4", "u4": ">u4", "f4": ">f4", "f8": ">f8"}
_DATA = re.compile(rb"\r?\nData:\r?\n")
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[{};,=\[\]:]|[^\s{};,=\[\]:"]+')
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[{};,]|[^\s{};,"]+')
_GLOBAL = re.compile(r".*global.*", re.IGNORECASE)


@dataclass(frozen=True)
class _Sent:
    """A variable as a response has it."""

    declared: Declared
    #: The grid or structure around it.
    within: str = ""


def open_dap2(access: Access, address: str) -> Remote2:
    """Return a granule; only its declarations and attributes are read.

    Raises
    ------
    GdcError
        ``DataNotReadable``; and as `Access.get` does.
    """
    sent = declarations(access.get(f"{address}.dds").text, address)
    attributes = parsed_attributes(access.get(f"{address}.das").text)
    variables: dict[str, Declared] = {}
    owners: dict[str, str] = {}
    for each in sent:
        name = each.declared.name
        # The maps of a grid are often there by themselves as well.
        if name not in variables or not each.within:
            found = attributes.get(name, {}) or attributes.get(f"{each.within}.{name}", {})
            variables[name] = replace(each.declared, attributes=found)
            owners[name] = each.within
    shared = {key: value for name, held in attributes.items() if _GLOBAL.match(name) for key, value in held.items()}
    return Remote2(access, address, variables, shared, owners)


@dataclass(frozen=True, eq=False)
class Remote2(Remote):
    """A granule that is read by DAP2.

    Parameters
    ----------
    owners : dict of str to str
        The grids and structures that variables belong to, where they are not there by themselves.
    """

    owners: dict[str, str]

    def read(self, slabs: Mapping[str, Slab | None]) -> dict[str, NDArray[Any]]:
        """Return hyperslabs, in one request."""
        terms = ",".join(f"{quote(self._path(name))}{brackets(slab)}" for name, slab in slabs.items())
        answer = self.access.get(f"{self.address}.dods?{terms}")
        try:
            values = decoded(answer.content, self.address)
        except (struct.error, ValueError, IndexError) as error:
            raise unreadable(self.address, error) from None
        for name, slab in slabs.items():
            if name not in values or values[name].shape != self.shape_of(name, slab):
                raise unreadable(self.address, f"it lacks what was asked of '{name}'; it has {', '.join(values)}")
        return {name: values[name] for name in slabs}

    def _path(self, name: str) -> str:
        owner = self.owners.get(name, "")
        return f"{owner}.{name}" if owner else name


def declarations(text: str, address: str) -> list[_Sent]:
    """Return the variables of a DDS in their order, those of grids and structures included; no sequences.

    Raises
    ------
    GdcError
        ``DataNotReadable``.
    """
    words = iter(_WORD.findall(text))
    try:
        if next(words).lower() != "dataset" or next(words) != "{":
            raise ValueError("it does not begin with Dataset")
        return list(_members(words, ""))
    except (StopIteration, RuntimeError, ValueError) as error:
        raise unreadable(address, f"it is no DDS: {error}") from None


def _members(words: Iterator[str], within: str) -> Iterator[_Sent]:
    """Yield the variables up to the brace that closes."""
    for word in words:
        kind = word.lower()
        if kind == "}":
            return
        if kind in ("grid", "structure"):
            next(words)
            inner = list(_members(words, ""))
            name = unquote(next(words))
            _until_end(words)
            yield from (replace(each, within=name) for each in inner)
        elif kind == "sequence":
            raise ValueError("it has a sequence, which is no array")
        elif kind in TYPES or kind in _TEXTS:
            yield _Sent(_array(kind, words), within)
        elif kind not in ("array", "maps", ":"):
            raise ValueError(f"'{word[:50]}' is no type")


def _until_end(words: Iterator[str]) -> None:
    while next(words) != ";":
        pass


def _array(kind: str, words: Iterator[str]) -> Declared:
    name = unquote(next(words).strip('"'))
    dimensions: list[str] = []
    shape: list[int] = []
    while (word := next(words)) != ";":
        if word != "[":
            raise ValueError(f"'{word[:50]}' stands where a dimension or an end must")
        first = next(words)
        if (following := next(words)) == "=":
            dimensions.append(unquote(first))
            shape.append(int(next(words)))
            following = next(words)
        else:
            dimensions.append(f"{name}_{len(shape)}")
            shape.append(int(first))
        if following != "]":
            raise ValueError(f"'{following[:50]}' stands where a bracket must close")
    dtype = np.dtype(TYPES[kind]) if kind in TYPES else TEXT
    return Declared(name, dtype, tuple(dimensions), tuple(shape))


def parsed_attributes(text: str) -> dict[str, dict[str, Any]]:
    """Return the attributes of a DAS by the names of variables; what cannot be understood is left out."""
    words = iter(_VALUE.findall(text))
    found: dict[str, dict[str, Any]] = {}
    for word in words:
        if word == "{":
            _containers(words, "", found)
            break
    return found


def _containers(words: Iterator[str], path: str, found: dict[str, dict[str, Any]]) -> None:
    previous: list[str] = []
    for word in words:
        if word == "}":
            return
        if word == "{":
            name = unquote(previous[-1]) if previous else ""
            _containers(words, f"{path}.{name}" if path else name, found)
            previous = []
        elif word == ";":
            if len(previous) >= 3:
                kind, name, *values = previous
                known = [_parsed(each, kind.lower()) for each in values if each != ","]
                found.setdefault(path, {})[unquote(name)] = tidy(known)
            previous = []
        else:
            previous.append(word)


def _parsed(text: str, kind: str) -> Any:
    if kind not in TYPES:
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
    dtype = np.dtype(TYPES[kind])
    try:
        return dtype.type(float(text)) if dtype.kind == "f" else dtype.type(int(text))
    except (ValueError, OverflowError):
        return text


def decoded(answer: bytes, address: str) -> dict[str, NDArray[Any]]:
    """Return the values of a data response by the names of their variables.

    Raises
    ------
    GdcError
        ``DataNotReadable``.
    """
    found = _DATA.search(answer)
    if found is None:
        message = re.search(rb'message\s*=\s*"(.*?)"\s*;', answer[:5000], re.DOTALL)
        raise unreadable(address, message[1].decode("utf-8", "replace") if message else "it holds no data")
    values: dict[str, NDArray[Any]] = {}
    at = found.end()
    for each in declarations(answer[: found.start()].decode("utf-8", "replace"), address):
        read, at = _values(answer, at, each.declared)
        values.setdefault(each.declared.name, read)
    return values


def _values(answer: bytes, at: int, declared: Declared) -> tuple[NDArray[Any], int]:
    count = math.prod(declared.shape)
    if declared.shape:
        (told,) = struct.unpack_from(">I", answer, at)
        at += 4 if declared.dtype == TEXT else 8
        if told != count:
            raise ValueError(f"'{declared.name}' has {told} values instead of {count}")
    if declared.dtype == TEXT:
        texts = np.empty(count, object)
        for number in range(count):
            (length,) = struct.unpack_from(">I", answer, at)
            texts[number] = answer[at + 4 : at + 4 + length].decode("utf-8", "replace")
            at += 4 + length + -length % 4
        return texts.reshape(declared.shape), at
    wire = np.dtype(_WIRE[declared.dtype.str[1:]])
    raw = np.frombuffer(answer, wire, count, at)
    at += raw.nbytes + (-raw.nbytes % 4)
    return raw.astype(declared.dtype).reshape(declared.shape), at
