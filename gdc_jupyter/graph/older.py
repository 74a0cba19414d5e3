"""Spellings of earlier versions of the openEO API in process graphs, which are read as the present ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# References to parameters.
FROM_PARAMETER = frozenset({"from_parameter", "from_argument"})
# Names of arguments, by process.
_ARGUMENTS = {("array_filter", "process"): "condition"}
# Names of a callback's parameters, by the present ones.
PARAMETERS = {"x": "element"}


def argument(process: str, name: Any, present: Any) -> Any:
    """Return the name that an argument has now, unless that is among those present."""
    known = _ARGUMENTS.get((process, name), name)
    return name if known in present else known


def is_graph(value: dict[Any, Any]) -> bool:
    """Return whether an object is a process graph without ``process_graph`` around it: all members are nodes."""
    return bool(value) and all(isinstance(node, dict) and "process_id" in node for node in value.values())


def older_names(names: Collection[str]) -> list[str]:
    """Return what the parameters of a callback were called."""
    return [name for present, name in PARAMETERS.items() if present in names]


def with_older(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a callback's parameters, by their older names as well."""
    return values | {name: values[present] for present, name in PARAMETERS.items() if present in values}
