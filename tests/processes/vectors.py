"""The official test vectors of the openEO processes, as native values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import json5
import numpy as np
import xarray as xr

FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "openeo-processes" / "tests"


@dataclass(frozen=True)
class Case:
    """One vector: a process, its arguments, and what is to come of them."""

    process: str
    number: int
    arguments: dict[str, Any]
    returns: Any
    throws: Any
    delta: float
    required: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.process}-{self.number}"


@cache
def _load(path: Path) -> Any:
    return json5.loads(path.read_text(encoding="utf-8"))


def cases(processes: set[str]) -> list[Case]:
    """Return the vectors of some processes that need no other ones."""
    found = []
    for path in sorted(FOLDER.glob("*.json5")):
        document = _load(path)
        if document["id"] not in processes:
            continue
        for number, test in enumerate(document["tests"]):
            required = tuple(test.get("required", ()))
            if set(required) <= processes:
                if any(not (FOLDER / reference).is_file() for reference in _references(test)):
                    continue
                arguments = {name: native(value, path) for name, value in test["arguments"].items()}
                returns = native(test["returns"], path) if "returns" in test else None
                case = Case(
                    document["id"], number, arguments, returns, test.get("throws"), test.get("delta", 1e-10), required
                )
                found.append(case)
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)


def native(value: Any, path: Path) -> Any:
    """Return a value of a vector as the engine takes it."""
    if isinstance(value, list):
        return [native(member, path) for member in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        target = path.parent / value["$ref"]
        return target.read_text(encoding="utf-8") if target.suffix == ".wkt2" else native(_load(target), target)
    kind = value.get("type")
    if kind == "nodata":
        return None
    if kind == "datetime":
        return value["value"]
    if kind == "labeled-array":
        return _labelled_array([native(member, path) for member in value["data"]])
    if kind == "datacube":
        return _cube(value, path)
    return {name: native(member, path) for name, member in value.items()}


def _labelled_array(entries: list[dict[str, Any]]) -> xr.DataArray:
    values = [entry["value"] for entry in entries]
    numbers = all(value is None or type(value) in (int, float) for value in values)
    data = np.array([np.nan if value is None else value for value in values], float) if numbers else _objects(values)
    return xr.DataArray(data, dims=["labels"], coords={"labels": _objects([entry["key"] for entry in entries])})


def _objects(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _cube(value: dict[str, Any], path: Path) -> xr.DataArray:
    coords, crs = {}, None
    dimensions = value["dimensions"]
    if isinstance(dimensions, list):
        dimensions = {each["name"]: each for each in dimensions}
    order = value.get("order") or list(dimensions)
    for name in order:
        dimension = dimensions[name]
        labels = [native(label, path) for label in dimension["values"]]
        kind = dimension["type"]
        attributes = {"type": kind}
        if kind == "spatial":
            attributes["axis"] = dimension.get("axis", name)
            crs = native(dimension.get("reference_system", crs), path)
        if kind == "temporal":
            try:
                array: Any = np.array([np.datetime64(str(label).rstrip("Z"), "ns") for label in labels])
            except ValueError:
                array = _objects(labels)
        else:
            array = _objects(labels) if any(isinstance(label, str) for label in labels) else np.array(labels)
        coords[name] = (name, array, attributes)
    attrs = {"crs": crs} if crs else {}
    shape = [len(coords[name][1]) for name in order]
    if value.get("data") is None:
        return xr.DataArray(np.zeros(shape), dims=order, coords=coords, attrs={**attrs, "labels_only": True})
    data = np.array(_numbers(native(value["data"], path)), dtype=float).reshape(shape)
    return xr.DataArray(data, dims=order, coords=coords, attrs=attrs)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(member) for member in value]
    return math.nan if value is None else value


def matches(actual: Any, expected: Any, delta: float) -> bool:
    """Return whether a result is what a vector says."""
    if isinstance(expected, xr.DataArray):
        return _same_cube(actual, expected, delta)
    if isinstance(actual, (np.ndarray, xr.DataArray)):
        actual = np.asarray(actual).tolist()
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(matches(one, other, delta) for one, other in zip(actual, expected, strict=True))
        )
    if expected is None or isinstance(expected, (bool, str)):
        return _plain(actual, expected)
    actual = np.asarray(actual).item() if isinstance(actual, np.generic) else actual
    if isinstance(actual, bool) or not isinstance(actual, (int, float)):
        return False
    if math.isnan(expected):
        return math.isnan(actual)
    return actual == expected or abs(actual - expected) <= delta


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
