"""A process graph as JSON becomes nodes in the order in which they can run; faults are collected, not raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gdc_jupyter.errors import Fault

MAX_NODES = 5000
MAX_DEPTH = 32


@dataclass(frozen=True)
class FromNode:
    """A reference to the result of a node."""

    node: str


@dataclass(frozen=True)
class FromParameter:
    """A reference to a parameter of the process, or of the callback around it."""

    name: str


@dataclass(frozen=True)
class Callback:
    """A process graph that is an argument."""

    graph: Graph


@dataclass(frozen=True)
class Node:
    """One call of a process."""

    id: str
    process: str
    namespace: str | None
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each follows those that it refers to.

    Parameters
    ----------
    nodes : mapping of str to Node
        By id.
    result : str
        The id of the result node.
    uses : Counter
        How often each node is referred to.
    """

    nodes: Mapping[str, Node]
    result: str
    uses: Counter[str]


def parse(process_graph: Any) -> tuple[Graph | None, list[Fault]]:
    """Return the graph, or None with all faults of its form.

    Parameters
    ----------
    process_graph : dict
        Node ids to nodes with ``process_id`` and ``arguments``.
    """
    parser = _Parser()
    graph = parser.graph(process_graph, ())
    return (None if parser.faults else graph), parser.faults


def references(value: Any) -> Iterator[FromNode | FromParameter]:
    """Yield the references in an argument, but not those inside callbacks."""
    if isinstance(value, (FromNode, FromParameter)):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def outer_parameters(graph: Graph) -> Iterator[str]:
    """Yield the names of all parameters that a graph refers to, in its callbacks as well."""
    for node in graph.nodes.values():
        for value in node.arguments.values():
            yield from _parameter_names(value)


def _parameter_names(value: Any) -> Iterator[str]:
    if isinstance(value, FromParameter):
        yield value.name
    elif isinstance(value, Callback):
        yield from outer_parameters(value.graph)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _parameter_names(member)
    elif isinstance(value, list):
        for member in value:
            yield from _parameter_names(member)


class _Parser:
    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.count = 0

    def graph(self, raw: Any, path: tuple[str, ...]) -> Graph | None:
        if not isinstance(raw, dict) or not raw:
            self.fault("A process graph is an object with one node or more.", path, code="ProcessGraphMissing")
            return None
        self.count += len(raw)
        if self.count > MAX_NODES or len(path) > MAX_DEPTH:
            self.fault(f"At most {MAX_NODES} nodes and {MAX_DEPTH} levels of callbacks are accepted.", path)
            return None
        nodes = {key: node for key, value in raw.items() if (node := self.node(key, value, path)) is not None}
        marked = [key for key, value in raw.items() if isinstance(value, dict) and value.get("result") is True]
        if len(raw) == 1 and not marked:
            marked = list(raw)
        if len(marked) != 1:
            named = f": {', '.join(marked)}" if marked else ""
            self.fault(f"Exactly one node must carry 'result': true, and {len(marked)} do{named}.", path)
        order = self.sort(nodes, set(raw), path)
        if len(marked) != 1 or order is None or len(nodes) < len(raw):
            return None
        uses = Counter(
            found.node
            for node in nodes.values()
            for found in references(dict(node.arguments))
            if isinstance(found, FromNode)
        )
        return Graph({key: nodes[key] for key in order}, marked[0], uses)

    def node(self, key: str, raw: Any, path: tuple[str, ...]) -> Node | None:
        place = (*path, key)
        if not isinstance(raw, dict) or not isinstance(raw.get("process_id"), str):
            self.fault("A node is an object with a 'process_id'.", place)
            return None
        arguments = raw.get("arguments", {})
        if not isinstance(arguments, dict):
            self.fault("The arguments of a node are an object.", place, raw["process_id"])
            return None
        parsed = {name: self.value(value, place) for name, value in arguments.items()}
        return Node(key, raw["process_id"], raw.get("namespace"), parsed)

    def value(self, raw: Any, path: tuple[str, ...]) -> Any:
        if isinstance(raw, list):
            return [self.value(member, path) for member in raw]
        if not isinstance(raw, dict):
            return raw
        if set(raw) == {"from_node"} and isinstance(raw["from_node"], str):
            return FromNode(raw["from_node"])
        if set(raw) == {"from_parameter"} and isinstance(raw["from_parameter"], str):
            return FromParameter(raw["from_parameter"])
        if "process_graph" in raw:
            graph = self.graph(raw["process_graph"], path)
            return None if graph is None else Callback(graph)
        return {name: self.value(member, path) for name, member in raw.items()}

    def sort(self, nodes: dict[str, Node], known: set[str], path: tuple[str, ...]) -> list[str] | None:
        needed: dict[str, set[str]] = {}
        for key, node in nodes.items():
            needed[key] = set()
            for name, value in node.arguments.items():
                for found in references(value):
                    if isinstance(found, FromNode) and found.node not in known:
                        message = f"There is no node '{found.node}' on this level of the graph."
                        self.fault(message, (*path, key), node.process, name)
                    elif isinstance(found, FromNode):
                        needed[key].add(found.node)
        followers: dict[str, list[str]] = {key: [] for key in known}
        for key, others in needed.items():
            for other in others:
                followers[other].append(key)
        waiting = {key: len(others) for key, others in needed.items()}
        ready = [key for key in nodes if waiting[key] == 0]
        for key in ready:
            for follower in followers[key]:
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    ready.append(follower)
        if len(ready) < len(nodes) == len(known):
            rest = [key for key in nodes if key not in set(ready)]
            self.fault(f"The nodes {', '.join(rest[:10])} refer to each other in a circle.", path)
        return ready if len(ready) == len(nodes) else None

    def fault(
        self,
        message: str,
        path: tuple[str, ...],
        process: str | None = None,
        argument: str | None = None,
        code: str = "ProcessGraphInvalid",
    ) -> None:
        self.faults.append(Fault(code, message, path, process, argument))
