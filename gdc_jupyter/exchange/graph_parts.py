"""What a process graph is made of: references, callbacks, ends, and an order of its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Graph = Mapping[str, Mapping[str, Any]]


def references(value: Any) -> Iterator[str]:
    """Yield the ids of the nodes that an argument refers to, once for each reference."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list | tuple):
            waiting.extend(reversed(value))
        elif isinstance(value, Mapping):
            node = node_of(value)
            if node is not None:
                yield node
            elif not is_callback(value):
                waiting.extend(reversed(list(value.values())))


def node_of(value: Any) -> str | None:
    """Return the id that a reference has, None for what is no reference to a node."""
    return _reference(value, "from_node")


def parameter_of(value: Any) -> str | None:
    """Return the name that a reference has, None for what is no reference to a parameter."""
    return _reference(value, "from_parameter")


def is_callback(value: Any) -> bool:
    """Return whether an argument is a process graph."""
    return isinstance(value, Mapping) and isinstance(value.get("process_graph"), Mapping)


def ends(graph: Graph) -> list[str]:
    """Return the nodes that no other refers to, in their order."""
    used = {name for node in graph.values() for name in references(node.get("arguments") or {})}
    return [name for name in graph if name not in used]


def result_of(graph: Graph) -> str | None:
    """Return the node that is marked as the result, or else the lone end; None where there is no one such node."""
    marked = [name for name, node in graph.items() if node.get("result")]
    candidates = marked or ends(graph)
    return candidates[0] if len(candidates) == 1 else None


def in_order(graph: Graph) -> list[str] | None:
    """Return all nodes, each after those that it refers to; None for a cycle or a reference to nowhere."""
    ordered: dict[str, None] = {}
    begun: set[str] = set()
    for start in graph:
        waiting = [start]
        while waiting:
            name = waiting[-1]
            if name in ordered:
                waiting.pop()
                continue
            if name not in graph:
                return None
            before = [each for each in references(graph[name].get("arguments") or {}) if each not in ordered]
            if not before:
                ordered[waiting.pop()] = None
            elif name in begun:
                return None
            else:
                begun.add(name)
                waiting.extend(dict.fromkeys(reversed(before)))
    return list(ordered)


def _reference(value: Any, key: str) -> str | None:
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get(key), str):
        return str(value[key])
    return None


def callbacks_of(node: Mapping[str, Any]) -> dict[str, Graph]:
    """Return the arguments of a node that are process graphs."""
    arguments = node.get("arguments") or {}
    return {name: value["process_graph"] for name, value in arguments.items() if is_callback(value)}


def count_callbacks(graph: Graph) -> int:
    """Return how many callbacks there are, those within callbacks included."""
    found, waiting = 0, [graph]
    while waiting:
        for inner in _callbacks_in(waiting.pop()):
            found += 1
            waiting.append(inner)
    return found


def parameters_in(graph: Graph, deep: bool = True) -> list[str]:
    """Return the parameters that arguments refer to, those of callbacks included where that is wanted."""
    found: dict[str, None] = {}
    waiting: list[Any] = [node.get("arguments") or {} for node in reversed(list(graph.values()))]
    while waiting:
        value = waiting.pop()
        name = parameter_of(value)
        if name is not None:
            found[name] = None
        elif is_callback(value):
            if deep:
                waiting += [node.get("arguments") or {} for node in reversed(list(value["process_graph"].values()))]
        elif isinstance(value, Mapping):
            waiting += reversed(list(value.values()))
        elif isinstance(value, list | tuple):
            waiting += reversed(value)
    return list(found)


def _callbacks_in(graph: Graph) -> Iterator[Graph]:
    waiting: list[Any] = [node.get("arguments") or {} for node in graph.values()]
    while waiting:
        value = waiting.pop()
        if is_callback(value):
            yield value["process_graph"]
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value


#: Processes of which a callback tells more.
_BY_CALLBACK = frozenset(
    """
    aggregate_spatial aggregate_temporal aggregate_temporal_period apply apply_dimension apply_neighborhood
    reduce_dimension reduce_spatial
    """.split()
)


def lone_process(node: Mapping[str, Any]) -> str | None:
    """Return the process that a node applies, where that is one and tells more than the node's own."""
    callbacks = list(callbacks_of(node).values())
    if node["process_id"] not in _BY_CALLBACK or len(callbacks) != 1 or len(callbacks[0]) != 1:
        return None
    (inner,) = callbacks[0].values()
    return str(inner["process_id"])
