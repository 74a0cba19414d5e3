"""What the metadata of a collection tell, whatever form they have: what cannot be understood is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value that is a mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def dimensions(collection: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the descriptions of the dimensions by their names."""
    told = mapping(collection.get("cube:dimensions"))
    return {name: each for name, each in told.items() if isinstance(each, Mapping)}


def dimension_name(collection: Mapping[str, Any], kind: str) -> str | None:
    """Return the name of the first dimension of a type, such as ``"temporal"``."""
    return next((name for name, each in dimensions(collection).items() if each.get("type") == kind), None)


def band_labels(collection: Mapping[str, Any]) -> list[str] | None:
    """Return the labels of the dimension of bands, or None where there are no such."""
    for dimension in dimensions(collection).values():
        if dimension.get("type") == "bands" and isinstance(dimension.get("values"), list):
            return [str(value) for value in dimension["values"] if value is not None]
    return None


def temporal_interval(collection: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return the start and the end of the whole temporal extent as they are told; None where it is not told."""
    intervals = mapping(mapping(collection.get("extent")).get("temporal")).get("interval")
    whole = intervals[0] if isinstance(intervals, list) and intervals else None
    return (whole[0], whole[1]) if isinstance(whole, list | tuple) and len(whole) == 2 else None
