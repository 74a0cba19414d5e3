"""A process graph as JSON becomes nodes in the order in which they can run; faults are collected, not raised."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gdc_jupyter.errors import Fault
from gdc_jupyter.graph import older

MAX_NODES = 5000
# Levels of callbacks, and of lists and objects in arguments on the way to a value (a GeoJSON document has nine).
MAX_LEVELS, MAX_NESTING = 32, 64
# Characters of a text (code of the user's is the longest), and of a name.
MAX_TEXT, MAX_NAME = 1 << 20, 1000
# Lists and objects in all arguments together.
MAX_MEMBERS = 2_000_000
# Faults that are told of one graph.
MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class FromNode:
    """A reference to the result of a node."""

    node: str


@dataclass(frozen=True, slots=True)
class FromParameter:
    """A reference to a parameter of the process, or of the callback around it."""

    name: str


@dataclass(frozen=True, slots=True)
class Callback:
    """A process graph that is an argument.

    Parameters
    ----------
    graph : Graph
    bindings : mapping, optional
        The parameters that it may refer to beside its own, as arguments of the node that it belongs to; None for all
        those around it.
    """

    graph: Graph
    bindings: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Nested:
    """A list or an object with references or callbacks inside."""

    members: list[Any] | dict[str, Any]

    @property
    def values(self) -> Collection[Any]:
        """The members without their keys."""
        return self.members.values() if isinstance(self.members, dict) else self.members


@dataclass(slots=True)
class Node:
    """One call of a process.

    Parameters
    ----------
    id, process : str
    namespace : str or None
    arguments : dict
        Literal values as they stand in the graph, or `FromNode`, `FromParameter`, `Callback` and `Nested`.
    needs : tuple of str
        The nodes that the arguments refer to, one entry a reference.
    place : tuple of str
        Its id as it is written; those of the nodes that call user-defined processes around it are before it.
    """

    id: str
    process: str
    namespace: str | None
    arguments: dict[str, Any]
    needs: tuple[str, ...]
    place: tuple[str, ...]


@dataclass(slots=True)
class Graph:
    """Nodes in an order in which each follows those that it refers to.

    Parameters
    ----------
    nodes : mapping of str to Node
        By id.
    result : str
        The id of the result node.
    uses : mapping of str to int
        How often each node is referred to.
    raw : dict
        The graph as JSON.
    """

    nodes: Mapping[str, Node]
    result: str
    uses: Mapping[str, int]
    raw: Mapping[str, Any]


def parse(process_graph: Any, max_nodes: int = MAX_NODES) -> tuple[Graph | None, list[Fault]]:
    """Return the graph, or None with all faults of its form.

    Parameters
    ----------
    process_graph : dict
        Node ids to nodes with ``process_id`` and ``arguments``.
    max_nodes : int
        How many nodes there may be, those of callbacks included.
    """
    parser = _Parser(max_nodes)
    graph = parser.graph(process_graph, (), (), 0)
    return (None if parser.faults else graph), parser.faults


def references(value: Any) -> Iterator[FromNode | FromParameter]:
    """Yield the references in an argument, and in what callbacks bring along, but not those inside callbacks."""
    if isinstance(value, (FromNode, FromParameter)):
        yield value
    elif isinstance(value, Nested):
        for member in value.values:
            yield from references(member)
    elif isinstance(value, Callback) and value.bindings is not None:
        for bound in value.bindings.values():
            yield from references(bound)


def is_live(value: Any) -> bool:
    """Return whether an argument is, or has inside, references or callbacks."""
    return type(value) in _LIVE


def callbacks(value: Any) -> Iterator[Callback]:
    """Yield the callbacks in an argument, but not those inside callbacks."""
    if isinstance(value, Callback):
        yield value
    elif isinstance(value, Nested):
        for member in value.values:
            yield from callbacks(member)


def outer_parameters(graph: Graph) -> Iterator[str]:
    """Yield the names of all parameters that a graph refers to, in its callbacks as well."""
    for node in graph.nodes.values():
        yield from node_parameters(node)


def node_parameters(node: Node) -> Iterator[str]:
    """Yield the names of all parameters that a node refers to, in its callbacks as well."""
    for value in node.arguments.values():
        for found in references(value):
            if isinstance(found, FromParameter):
                yield found.name
        for callback in callbacks(value):
            if callback.bindings is None:
                yield from outer_parameters(callback.graph)


@dataclass(slots=True)
class _Place:
    """Where the parser is: the nodes around, the ids on this level and further out, and the argument."""

    path: tuple[str, ...]
    ids: Collection[str]
    outer: tuple[Collection[str], ...]
    process: str
    argument: str
    needs: list[str]


class _Parser:
    def __init__(self, max_nodes: int) -> None:
        self.faults: list[Fault] = []
        self.max_nodes = max_nodes
        self.nodes = 0
        self.members = 0
        # Whether the graph is too large, which is told once.
        self.refused = False

    def graph(self, raw: Any, path: tuple[str, ...], outer: tuple[Collection[str], ...], depth: int) -> Graph | None:
        if not isinstance(raw, dict) or not raw:
            self.fault("A process graph is an object with one node or more.", path, code="ProcessGraphMissing")
            return None
        self.nodes += len(raw)
        if self.nodes > self.max_nodes or len(path) > MAX_LEVELS:
            if not self.refused:
                self.fault(f"At most {self.max_nodes} nodes and {MAX_LEVELS} levels of callbacks are accepted.", path)
            self.refused = True
            return None
        nodes: dict[str, Node] = {}
        marked = []
        for key, value in raw.items():
            node = self.node(key, value, path, raw, outer, depth)
            if node is not None:
                nodes[key] = node
                if value.get("result") is True:
                    marked.append(key)
        if len(nodes) < len(raw):
            return None
        if len(marked) != 1:
            named = f": {', '.join(marked[:10])}" if marked else ""
            self.fault(f"Exactly one node must carry 'result': true, and {len(marked)} do{named}.", path)
        order = self.sort(nodes, path)
        if len(marked) != 1 or order is None:
            return None
        uses = dict.fromkeys(order, 0)
        for each in order.values():
            for needed in each.needs:
                uses[needed] += 1
        return Graph(order, marked[0], uses, raw)

    def node(
        self,
        key: Any,
        raw: Any,
        path: tuple[str, ...],
        ids: Collection[str],
        outer: tuple[Collection[str], ...],
        depth: int,
    ) -> Node | None:
        place = (*path, key)
        if not isinstance(key, str) or len(key) > MAX_NAME:
            self.fault(f"The id of a node is a text of at most {MAX_NAME} characters.", (*path, str(key)[:40] + "…"))
            return None
        process = raw.get("process_id") if isinstance(raw, dict) else None
        if not isinstance(process, str) or not process or len(process) > MAX_NAME:
            self.fault("A node is an object with a 'process_id'.", place)
            return None
        namespace = raw.get("namespace")
        if namespace is not None and (not isinstance(namespace, str) or len(namespace) > MAX_NAME):
            self.fault("The namespace of a process is a text or null.", place, process)
            return None
        arguments = raw.get("arguments", {})
        if not isinstance(arguments, dict):
            self.fault("The arguments of a node are an object.", place, process)
            return None
        needs: list[str] = []
        within = _Place(place, ids, outer, process, "", needs)
        parsed = {}
        for name, value in arguments.items():
            if value is not None and type(value) is not int:
                within.argument = name
                value = self.value(value, within, depth)
            parsed[older.argument(process, name, arguments)] = value
        return Node(key, process, namespace, parsed, tuple(needs), (key,))

    def value(self, raw: Any, place: _Place, depth: int) -> Any:
        kind = type(raw)
        if kind is dict:
            if len(raw) == 1:
                (name,) = raw
                if name == "from_node":
                    return self.from_node(raw[name], place)
                if name in older.FROM_PARAMETER:
                    return self.from_parameter(raw[name], place)
            if "process_graph" in raw or older.is_graph(raw):
                graph = self.graph(raw.get("process_graph", raw), place.path, (*place.outer, place.ids), depth)
                return None if graph is None else Callback(graph)
            return self.nested(raw, place, depth)
        if kind is list or kind is tuple:
            return self.nested(raw, place, depth)
        if kind is float and not math.isfinite(raw):
            self.wrong(f"{raw} is not a number of JSON; pass it as a parameter.", place)
        elif kind is str and len(raw) > MAX_TEXT:
            self.wrong(f"A text of {len(raw)} characters is too long; {MAX_TEXT} are accepted.", place)
        return raw

    def nested(self, raw: Any, place: _Place, depth: int) -> Any:
        self.members += 1
        if depth >= MAX_NESTING or self.members > MAX_MEMBERS:
            if not self.refused:
                limits = f"{MAX_NESTING} levels of lists and objects in arguments, and {MAX_MEMBERS} of them in all"
                self.wrong(f"At most {limits}, are accepted.", place)
            self.refused = True
            return None
        if self.refused:
            return None
        members: list[Any] | dict[str, Any]
        if isinstance(raw, dict):
            members = {name: self.value(member, place, depth + 1) for name, member in raw.items()}
        else:
            members = [self.value(member, place, depth + 1) for member in raw]
        parsed = members.values() if isinstance(members, dict) else members
        # Most lists and objects hold no reference, so that they can be passed on as they are.
        return Nested(members) if any(map(is_live, parsed)) else members

    def from_node(self, name: Any, place: _Place) -> Any:
        if not isinstance(name, str):
            self.wrong("'from_node' holds the id of a node.", place)
        elif name not in place.ids:
            message = f"There is no node '{name:.100}' on this level of the graph."
            if any(name in ids for ids in place.outer):
                message += " It is on an outer level: pass it on as 'context', or through a process on this level."
            self.wrong(message, place)
        else:
            place.needs.append(name)
            return FromNode(name)
        return None

    def from_parameter(self, name: Any, place: _Place) -> Any:
        if isinstance(name, str):
            return FromParameter(name)
        self.wrong("'from_parameter' holds the name of a parameter.", place)
        return None

    def sort(self, nodes: dict[str, Node], path: tuple[str, ...]) -> dict[str, Node] | None:
        """Return the nodes in order, each after those that it needs, and otherwise as they are listed."""
        order: dict[str, Node] = {}
        for first in nodes.values():
            if all(name in order for name in first.needs):
                order[first.id] = first
                continue
            around: dict[str, Iterator[str]] = {first.id: iter(first.needs)}
            while around:
                key, left = next(reversed(around.items()))
                following = next((name for name in left if name not in order), None)
                if following is None:
                    order[key] = nodes[key]
                    del around[key]
                elif following in around:
                    names = list(around)
                    circle = [*names[names.index(following) :], following]
                    shown = " → ".join(circle if len(circle) < 12 else [*circle[:5], "…", *circle[-5:]])
                    self.fault(f"The nodes {shown} refer to each other in a circle.", (*path, following))
                    return None
                else:
                    around[following] = iter(nodes[following].needs)
        return order

    def wrong(self, message: str, place: _Place) -> None:
        self.fault(message, place.path, place.process, place.argument)

    def fault(
        self,
        message: str,
        path: tuple[str, ...],
        process: str | None = None,
        argument: str | None = None,
        code: str = "ProcessGraphInvalid",
    ) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(code, message, path, process, argument))


_LIVE = frozenset({FromNode, FromParameter, Callback, Nested})
