"""The official test vectors of the openEO processes, as native values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import json5
import numpy as np
import xarray as xr

FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "openeo-processes" / "tests"
# What a date or a date-time begins with; other labels in time, such as 2024-01 for a month, are texts.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T|$)")


@dataclass(frozen=True)
class Case:
    """One vector: a process, its arguments, and what is to come of them."""

    process: str
    number: int
    test: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.process}-{self.number}"

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """The arguments as native values; process graphs stay as they are."""
        return {name: native(value) for name, value in self.test["arguments"].items()}

    @cached_property
    def returns(self) -> Any:
        """The expected result as a native value."""
        return native(self.test.get("returns"))

    def accepts(self, result: Any) -> bool:
        """Return whether a result is what the vector says."""
        return "returns" in self.test and matches(result, self.returns, self.test.get("delta", 1e-10))

    def accepts_error(self, code: str) -> bool:
        """Return whether the vector allows an error of this code."""
        return self.test.get("throws") in (True, code)

    @property
    def missing(self) -> list[str]:
        """The documents that it refers to and that are not published."""
        return sorted({name for name in _references(self.test) if not (FOLDER / name).is_file()})


@cache
def _load(path: Path) -> Any:
    return json5.loads(path.read_text(encoding="utf-8"))


def cases(processes: set[str]) -> list[Case]:
    """Return all vectors of some processes."""
    return [
        Case(document["id"], number, test)
        for document in map(_load, sorted(FOLDER.glob("*.json5")))
        if document["id"] in processes
        for number, test in enumerate(document["tests"])
    ]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)


def is_graph(value: Any) -> bool:
    """Return whether an argument is a process graph, which some vectors give without ``process_graph`` around it."""
    if not isinstance(value, dict):
        return False
    return "process_graph" in value or (
        bool(value) and all(isinstance(node, dict) and "process_id" in node for node in value.values())
    )


def native(value: Any, folder: Path = FOLDER) -> Any:
    """Return a value of a vector as the engine takes it."""
    if isinstance(value, list):
        if value and all(isinstance(member, dict) and member.keys() == {"key", "value"} for member in value):
            return _labelled_array(value, folder)
        return [native(member, folder) for member in value]
    if not isinstance(value, dict) or is_graph(value):
        return value
    if "$ref" in value:
        target = folder / value["$ref"]
        return target.read_text(encoding="utf-8") if target.suffix == ".wkt2" else native(_load(target), target.parent)
    kind = value.get("type")
    if kind == "nodata":
        return None
    if kind == "datetime":
        return value["value"]
    if kind == "labeled-array":
        return _labelled_array(value["data"], folder)
    if kind == "datacube":
        return _cube(value, folder)
    return {name: native(member, folder) for name, member in value.items()}


def _labelled_array(entries: list[dict[str, Any]], folder: Path) -> xr.DataArray:
    """Return a labelled array of floats, or of objects where it holds null, NaN or what is no number."""
    values = [native(entry["value"], folder) for entry in entries]
    numbers = all(type(value) in (int, float) and value == value for value in values)
    data = np.array(values, float) if numbers else _objects(values)
    return xr.DataArray(data, dims=["labels"], coords={"labels": _objects([entry["key"] for entry in entries])})


def _objects(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _cube(value: dict[str, Any], folder: Path) -> xr.DataArray:
    coords, crs = {}, None
    dimensions = value["dimensions"]
    if isinstance(dimensions, list):
        dimensions = {each["name"]: each for each in dimensions}
    order = value.get("order") or list(dimensions)
    for name in order:
        dimension = dimensions[name]
        labels = [native(label, folder) for label in dimension["values"]]
        kind = dimension["type"]
        attributes = {"type": kind}
        if kind == "spatial":
            attributes["axis"] = dimension.get("axis", name)
            crs = native(dimension.get("reference_system", crs), folder)
        if kind == "temporal" and all(_DATE.match(str(label)) for label in labels):
            array: Any = np.array([np.datetime64(str(label).rstrip("Z"), "ns") for label in labels])
        else:
            array = (
                _objects(labels)
                if kind == "temporal" or any(isinstance(label, str) for label in labels)
                else np.array(labels)
            )
        coords[name] = (name, array, attributes)
    attrs = {"crs": crs} if crs else {}
    shape = [len(coords[name][1]) for name in order]
    if value.get("data") is None or not order:
        return xr.DataArray(np.zeros(shape), dims=order, coords=coords, attrs={**attrs, "labels_only": True})
    data = np.array(_numbers(native(value["data"], folder)), dtype=float).reshape(shape)
    if type(value.get("nodata")) in (int, float):
        data[data == value["nodata"]] = np.nan
    return xr.DataArray(data, dims=order, coords=coords, attrs=attrs)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(member) for member in value]
    return math.nan if value is None else value


def matches(actual: Any, expected: Any, delta: float) -> bool:
    """Return whether a result is what a vector says.

    NaN and null differ, but in an array of floats, where NaN stands for null. A vector that gives a list says nothing
    of labels.
    """
    if isinstance(expected, xr.DataArray):
        if expected.dims == ("labels",):
            return _same_labelled(actual, expected, delta)
        return _same_cube(actual, expected, delta)
    if isinstance(actual, (np.ndarray, xr.DataArray)):
        actual = elements(actual)
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(matches(one, other, delta) for one, other in zip(actual, expected, strict=True))
        )
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and actual.keys() == expected.keys()
            and all(matches(actual[name], member, delta) for name, member in expected.items())
        )
    if expected is None or isinstance(expected, (bool, str)):
        return _plain(actual, expected)
    if isinstance(actual, bool) or not isinstance(actual, (int, float)):
        return False
    if math.isnan(expected):
        return math.isnan(actual)
    return actual == expected or abs(actual - expected) <= delta


def elements(array: Any) -> Any:
    """Return the elements of an array as Python has them: NaN of an array of floats is null."""
    values = np.asarray(array)
    listed = values.tolist()
    if values.dtype.kind != "f":
        return listed
    return _nulls(listed)


def _nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_nulls(member) for member in value]
    return None if math.isnan(value) else value


def _same_labelled(actual: Any, expected: xr.DataArray, delta: float) -> bool:
    if not isinstance(actual, xr.DataArray) or actual.ndim != 1 or actual.dims[0] not in actual.coords:
        return False
    labels = actual.coords[actual.dims[0]].values.tolist()
    return matches(labels, expected.labels.values.tolist(), 0) and matches(elements(actual), elements(expected), delta)


def _plain(actual: Any, expected: Any) -> bool:
    if expected is None:
        return actual is None
    if isinstance(expected, bool):
        return isinstance(actual, (bool, np.bool_)) and bool(actual) == expected
    if actual == expected:
        return True
    try:
        return np.datetime64(str(actual).rstrip("Z")) == np.datetime64(expected.rstrip("Z"))
    except ValueError:
        return False


def _same_cube(actual: Any, expected: xr.DataArray, delta: float) -> bool:
    if not isinstance(actual, xr.DataArray) or set(actual.dims) != set(expected.dims):
        return False
    ordered = actual.transpose(*expected.dims)
    for name in expected.dims:
        one, other = ordered.coords[name].values, expected.coords[name].values
        if one.shape != other.shape or not all(_same_label(*pair) for pair in zip(one, other, strict=True)):
            return False
    if expected.attrs.get("labels_only"):
        return True
    return ordered.shape == expected.shape and np.allclose(
        ordered.values.astype(float), expected.values, rtol=0, atol=max(delta, 1e-9), equal_nan=True
    )


def _same_label(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return str(one) == str(other)
    return bool(one == other) or (not isinstance(one, np.datetime64) and abs(one - other) < 1e-6)
