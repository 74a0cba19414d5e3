"""Whether two process graphs are the same but for the ids of their nodes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from gdc_jupyter.exchange.graph_parts import Graph, ends, in_order, is_callback, node_of, references, result_of


def same_graph(one: Graph, other: Graph) -> bool:
    """Return whether two flat graphs have the same nodes, linked in the same way.

    The ids of nodes do not count, nor does their order; what they are does: processes and namespaces, the names and
    values of arguments (1 is not 1.0), what refers to what, which nodes are shared and which are there twice, which is
    the result, and the same of callbacks. A lone end that is not marked as the result is the result. What nodes have
    beside these, such as a description, does not count. A graph with a cycle or a reference to nowhere is the same as
    none.
    """
    try:
        return _Comparison(one, other).is_same()
    except _NotAGraph:
        return False


class _NotAGraph(Exception):
    """A cycle, or a reference to nowhere."""


class _Comparison:
    """Two graphs whose nodes are paired, from the results backwards."""

    def __init__(self, one: Graph, other: Graph) -> None:
        self.one, self.other = one, other
        self.numbers: dict[Any, int] = {}
        self.paired: dict[str, str] = {}
        self.taken: set[str] = set()

    def is_same(self) -> bool:
        kinds, other_kinds = self._kinds(self.one), self._kinds(self.other)
        if Counter(kinds.values()) != Counter(other_kinds.values()):
            return False
        result, other_result = result_of(self.one), result_of(self.other)
        if (result is None) != (other_result is None):
            return False
        if result is not None and not self._pair(result, str(other_result)):
            return False
        # Ends that look alike are as good as each other.
        free: dict[int, list[str]] = {}
        for name in reversed(ends(self.other)):
            if name not in self.taken:
                free.setdefault(other_kinds[name], []).append(name)
        for name in ends(self.one):
            if name not in self.paired:
                matches = free.get(kinds[name])
                if not matches or not self._pair(name, matches.pop()):
                    return False
        return len(self.paired) == len(self.one)

    def _kinds(self, graph: Graph) -> dict[str, int]:
        """Return a number for each node, the same for nodes that are alike with all that they refer to."""
        order = in_order(graph)
        if order is None:
            raise _NotAGraph
        kinds: dict[str, int] = {}
        for name in order:
            kinds[name] = self._number(self._kind(graph[name], kinds))
        return kinds

    def _number(self, kind: Any) -> int:
        return self.numbers.setdefault(kind, len(self.numbers))

    def _kind(self, node: Mapping[str, Any], kinds: Mapping[str, int]) -> Any:
        arguments = node.get("arguments") or {}
        return node["process_id"], node.get("namespace"), self._value(arguments, kinds)

    def _value(self, value: Any, kinds: Mapping[str, int]) -> Any:
        """Return a value that can be compared, numbers in the place of references and callbacks."""
        node = node_of(value)
        if node is not None:
            return "node", kinds[node]
        if is_callback(value):
            return "callback", self._graph(value["process_graph"]), self._others(value, kinds)
        if isinstance(value, Mapping):
            return "object", tuple(sorted((str(key), self._value(each, kinds)) for key, each in value.items()))
        if isinstance(value, list | tuple):
            return "list", tuple(self._value(each, kinds) for each in value)
        if isinstance(value, float) and math.isnan(value):
            return "float", "nan"
        return type(value).__name__, repr(value)

    def _others(self, callback: Mapping[str, Any], kinds: Mapping[str, int]) -> Any:
        rest = {key: value for key, value in callback.items() if key != "process_graph"}
        return self._value(rest, kinds)

    def _graph(self, graph: Graph) -> Any:
        """Return what a callback is: all its nodes, how often each is used, and its result."""
        kinds = self._kinds(graph)
        result = result_of(graph)
        uses = Counter(name for node in graph.values() for name in references(node.get("arguments") or {}))
        nodes = sorted((number, uses[name]) for name, number in kinds.items())
        return self._number(("graph", tuple(nodes), None if result is None else kinds[result]))

    def _pair(self, name: str, other_name: str) -> bool:
        """Pair two nodes and all that they refer to, which must be paired with each other alone."""
        waiting = [(name, other_name)]
        while waiting:
            name, other_name = waiting.pop()
            if name in self.paired or other_name in self.taken:
                if self.paired.get(name) != other_name:
                    return False
                continue
            self.paired[name] = other_name
            self.taken.add(other_name)
            pair = self.one[name].get("arguments") or {}, self.other[other_name].get("arguments") or {}
            if not _pairs(*pair, waiting):
                return False
        return True


def _pairs(value: Any, other: Any, found: list[tuple[str, str]]) -> bool:
    """Add the pairs of references in two values, the kinds of which are the same; return whether they fit."""
    node, other_node = node_of(value), node_of(other)
    if node is not None and other_node is not None:
        found.append((node, other_node))
        return True
    if is_callback(value) and is_callback(other):
        return same_graph(value["process_graph"], other["process_graph"])
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return value.keys() == other.keys() and all(_pairs(each, other[key], found) for key, each in value.items())
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(_pairs(a, b, found) for a, b in zip(value, other, strict=True))
    return node is None and other_node is None
