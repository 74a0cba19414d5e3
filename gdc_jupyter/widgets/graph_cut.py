"""The part of a process graph that makes the result of one of its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gdc_jupyter.errors import GdcError

Graph = dict[str, Any]


def cut_at(graph: Mapping[str, Any], node: str) -> Graph:
    """Return the graph whose result is that of a node.

    Parameters
    ----------
    graph : mapping
        A flat process graph.
    node : str
        The id of a node; of one that saves a result, what it saves is the result.

    Returns
    -------
    dict

    Raises
    ------
    GdcError
        ``NodeNotFound``; for a node inside a callback, given as ``outer/argument/inner``, with the reason.
    """
    if node not in graph:
        outer = node.partition("/")[0]
        if outer in graph and "/" in node:
            raise GdcError(
                "NodeNotFound",
                f"'{node}' is a step inside '{outer}', done once for each pixel or each series of values, and has no "
                f"result of its own: take '{outer}'.",
            )
        raise GdcError("NodeNotFound", f"There is no node '{node}'; there are: {', '.join(graph) or 'none'}.")
    result = _shown(graph, node)
    needed, left = set(), [result]
    while left:
        name = left.pop()
        if name in graph and name not in needed:
            needed.add(name)
            left += referenced_nodes(graph[name].get("arguments"))
    return {name: _marked(each, name == result) for name, each in graph.items() if name in needed}


def referenced_nodes(value: Any) -> Iterator[str]:
    """Yield the ids of the nodes that an argument refers to, but not those inside callbacks."""
    if isinstance(value, Mapping):
        if set(value) == {"from_node"}:
            yield str(value["from_node"])
        elif not isinstance(value.get("process_graph"), Mapping):
            for member in value.values():
                yield from referenced_nodes(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from referenced_nodes(member)


def _shown(graph: Mapping[str, Any], node: str) -> str:
    data = graph[node].get("arguments", {}).get("data")
    if graph[node].get("process_id") == "save_result" and isinstance(data, Mapping) and data.get("from_node") in graph:
        return str(data["from_node"])
    return node


def _marked(node: Mapping[str, Any], is_result: bool) -> dict[str, Any]:
    plain = {key: value for key, value in node.items() if key != "result"}
    return plain | {"result": True} if is_result else plain
