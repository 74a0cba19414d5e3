"""Nodes of process graphs for the tests of the catalogue."""

from __future__ import annotations

from typing import Any


def node(process_id: str, result: bool = False, **arguments: Any) -> dict[str, Any]:
    """Return a node."""
    return {"process_id": process_id, "arguments": arguments, **({"result": True} if result else {})}


def of(name: str) -> dict[str, str]:
    """Return a reference to a node."""
    return {"from_node": name}


def reducer(process_id: str) -> dict[str, Any]:
    """Return a callback of one process on ``data``."""
    return {"process_graph": {"reduce": node(process_id, True, data={"from_parameter": "data"})}}
