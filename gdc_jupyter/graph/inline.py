"""User-defined processes in a graph become the nodes that they stand for, so that a plan has predefined ones only.

The nodes of a process stand in place of the node that calls it: its result has that node's id, the others have theirs
behind it. References to parameters become the arguments of the call. Inside a callback, where nodes around it cannot be
referred to, they stay references, and the callback brings the arguments along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gdc_jupyter.errors import Fault
from gdc_jupyter.graph.parse import (
    MAX_MEMBERS,
    MAX_NODES,
    Callback,
    FromNode,
    FromParameter,
    Graph,
    Nested,
    Node,
    callbacks,
    is_live,
    parse,
    references,
)
from gdc_jupyter.graph.signature import close_match, mismatch, offered_parameters
from gdc_jupyter.processes import PROCESSES

#: User-defined processes in each other, and these together with the callbacks around them.
MOST_DEPTH, MOST_LEVELS = 16, 64
#: The namespace of the user's own processes.
USER = "user"
Processes = Mapping[str, Mapping[str, Any]]
# What is checked of a parameter's schema here; all else is for the processes that get the argument.
_CHECKED = frozenset({"type", "subtype", "enum", "const", "minimum", "maximum"})


def inlined(
    graph: Graph, processes: Processes, max_nodes: int = MAX_NODES, around: tuple[str, ...] = ()
) -> tuple[Graph, list[Fault], set[tuple[str, ...]]]:
    """Return a graph without user-defined processes, all faults of their calls and of themselves, and where these are.

    Nodes whose processes are at fault are left as they are.

    Parameters
    ----------
    graph : Graph
        The parsed graph. Where nothing is inlined, it is returned itself.
    processes : mapping
        The user's processes by id, each with ``process_graph`` and ``parameters``. Predefined ones of the same id go
        first where a node names no namespace.
    max_nodes : int
        How many nodes there may be in all, those of callbacks included.
    around : tuple of str
        The ids of the processes that the graph belongs to, which must not be called in it.
    """
    inliner = _Inliner(processes, max_nodes, around)
    inliner.nodes = _size(graph)
    made = inliner.graph(graph, ())
    return made, inliner.faults, inliner.refused


def used(process: Mapping[str, Any], processes: Processes) -> dict[str, Mapping[str, Any]]:
    """Return those of a user's processes that a process calls, and that these call.

    Parameters
    ----------
    process : mapping
        A process with ``process_graph``, as JSON.
    processes : mapping
        The user's processes by id.
    """
    found: dict[str, Mapping[str, Any]] = {}
    waiting: list[Any] = [process.get("process_graph")]
    while waiting:
        for name in _called(waiting.pop()):
            definition = None if name in found else processes.get(name)
            if definition is not None:
                found[name] = definition
                waiting.append(definition.get("process_graph"))
    return found


@dataclass(frozen=True, slots=True)
class _Definition:
    """A user-defined process: its graph, in which others are inlined, and its parameters by name."""

    graph: Graph
    parameters: Mapping[str, Mapping[str, Any]]
    size: int
    levels: int


class _Inliner:
    def __init__(self, processes: Processes, max_nodes: int, around: tuple[str, ...]) -> None:
        self.processes = processes
        self.max_nodes = max_nodes
        self.around = list(around)
        self.faults: list[Fault] = []
        self.refused: set[tuple[str, ...]] = set()
        self.definitions: dict[str, _Definition | None] = {}
        self.nodes = 0
        self.members = 0
        self.levels = 0

    def graph(self, graph: Graph, path: tuple[str, ...]) -> Graph:
        """Return a graph in which everything is inlined; ``path`` is where it is."""
        nodes: dict[str, Node] = {}
        taken = set(graph.nodes)
        self.levels += 1
        for node in graph.nodes.values():
            place = (*path, node.id)
            node = self.node(node, place)
            nodes |= self.stand_in(node, place, taken) or {node.id: node}
        self.levels -= 1
        if all(nodes.get(name) is node for name, node in graph.nodes.items()):
            return graph
        uses = dict.fromkeys(nodes, 0)
        for node in nodes.values():
            for needed in node.needs:
                uses[needed] += 1
        return Graph(nodes, graph.result, uses, graph.raw)

    def node(self, node: Node, place: tuple[str, ...]) -> Node:
        """Return a node with everything inlined in its callbacks."""
        arguments = {name: self.value(value, place) for name, value in node.arguments.items()}
        if all(arguments[name] is value for name, value in node.arguments.items()):
            return node
        return replace(node, arguments=arguments)

    def value(self, value: Any, place: tuple[str, ...]) -> Any:
        if isinstance(value, Callback):
            graph = self.graph(value.graph, place)
            return value if graph is value.graph else replace(value, graph=graph)
        if not isinstance(value, Nested) or not any(True for _ in callbacks(value)):
            return value
        if isinstance(value.members, dict):
            return Nested({name: self.value(member, place) for name, member in value.members.items()})
        return Nested([self.value(member, place) for member in value.members])

    def stand_in(self, node: Node, place: tuple[str, ...], taken: set[str]) -> dict[str, Node] | None:
        """Return the nodes that stand for a call, None for a predefined process and for what is at fault."""
        if node.namespace not in (None, USER) or (node.namespace is None and node.process in PROCESSES):
            return None
        definition = self.definition(node, place)
        made = None if definition is None else self.instance(node, definition, place, taken)
        if made is None:
            self.refused.add(place)
        return made

    def definition(self, node: Node, place: tuple[str, ...]) -> _Definition | None:
        """Return the process that a node calls, None where it is at fault."""
        name = node.process
        if name not in self.definitions:
            found = self.found(node, place)
            if found is None:
                return None
            self.definitions[name] = self.read(name, found, place)
        definition = self.definitions[name]
        if definition is None or self.levels + definition.levels <= MOST_LEVELS:
            return definition
        self.fault(f"At most {MOST_LEVELS} levels of processes and callbacks are accepted.", place, name)
        return None

    def found(self, node: Node, place: tuple[str, ...]) -> Mapping[str, Any] | None:
        """Return a process that may be called, or tell why it may not."""
        name = node.process
        found = self.processes.get(name)
        if name in self.around:
            circle = " → ".join([*self.around[self.around.index(name) :], name])
            self.fault(f"A process cannot call itself: {circle}.", place, name)
        elif found is None:
            known = [*self.processes, *(PROCESSES if node.namespace is None else ())]
            space = "" if node.namespace is None else f" in the namespace '{USER}'"
            message = f"There is no process '{name:.100}'{space}.{close_match(name, known)}"
            self.fault(message, place, name, "ProcessUnsupported")
        elif len(self.around) >= MOST_DEPTH:
            self.fault(f"At most {MOST_DEPTH} user-defined processes may be called in each other.", place, name)
        elif self.levels >= MOST_LEVELS:
            self.fault(f"At most {MOST_LEVELS} levels of processes and callbacks are accepted.", place, name)
        else:
            return found
        return None

    def read(self, name: str, process: Mapping[str, Any], place: tuple[str, ...]) -> _Definition | None:
        """Return a user-defined process, None where it has faults."""
        known, nodes = len(self.faults), self.nodes
        graph, faults = parse(process.get("process_graph"), self.max_nodes)
        self.faults += [replace(fault, path=(*place, *fault.path)) for fault in faults]
        if graph is None:
            return None
        self.nodes = _size(graph)
        self.around.append(name)
        graph = self.graph(graph, place)
        self.around.pop()
        size, self.nodes = self.nodes, nodes
        parameters = _parameters(process)
        self.faults += _undeclared(name, graph, parameters, place)
        return None if len(self.faults) > known else _Definition(graph, parameters, size, _levels(graph))

    def instance(
        self, node: Node, definition: _Definition, place: tuple[str, ...], taken: set[str]
    ) -> dict[str, Node] | None:
        """Return the nodes that stand for a call, None where it is at fault."""
        known = len(self.faults)
        self.faults += _faults_of(node, definition, place)
        self.nodes += definition.size - 1
        if self.nodes > self.max_nodes:
            self.nodes = 0
            self.fault(f"At most {self.max_nodes} nodes are accepted, those of processes included.", place)
        if len(self.faults) > known:
            return None
        values = {
            name: node.arguments.get(name, parameter.get("default"))
            for name, parameter in definition.parameters.items()
        }
        call = _Call(node, values, _names(node, definition.graph, taken))
        made = {}
        for inner in definition.graph.nodes.values():
            arguments = {
                name: call.value(value, offered_parameters(inner.process, name))
                for name, value in inner.arguments.items()
            }
            needs = tuple(
                found.node for value in arguments.values() for found in references(value) if isinstance(found, FromNode)
            )
            key = call.names[inner.id]
            made[key] = replace(inner, id=key, arguments=arguments, needs=needs, place=(*node.place, *inner.place))
        for parameter in call.misplaced:
            message = f"The process graph '{parameter}' is used inside of a callback of the process, which cannot be."
            self.fault(message, place, node.process)
        self.members += call.members
        if self.members > MAX_MEMBERS:
            self.fault(f"At most {MAX_MEMBERS} lists and objects are accepted.", place, node.process)
        return None if len(self.faults) > known else made

    def fault(
        self, message: str, place: tuple[str, ...], process: str | None = None, code: str = "ProcessGraphInvalid"
    ) -> None:
        self.faults.append(Fault(code, message, place, process))


class _Call:
    """The arguments of one call, and the ids that the nodes of the process get."""

    def __init__(self, node: Node, values: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self.node = node
        self.values = values
        self.names = names
        self.members = 0
        self.misplaced: set[str] = set()

    def value(self, value: Any, offered: frozenset[str]) -> Any:
        """Return an argument inside of the process as it is in the place of the call."""
        if isinstance(value, FromNode):
            return FromNode(self.names[value.node])
        if isinstance(value, FromParameter):
            return self.values[value.name]
        if isinstance(value, Callback):
            return self.callback(value, offered)
        if not isinstance(value, Nested):
            return value
        self.members += 1 + len(value.members)
        members: Any
        if isinstance(value.members, dict):
            members = {name: self.value(member, offered) for name, member in value.members.items()}
        else:
            members = [self.value(member, offered) for member in value.members]
        nested = Nested(members)
        return nested if any(is_live(member) for member in nested.values) else members

    def callback(self, callback: Callback, offered: frozenset[str]) -> Callback:
        """Return a callback that brings along what it refers to."""
        if callback.bindings is not None:
            bindings = {name: self.value(value, frozenset()) for name, value in callback.bindings.items()}
        else:
            bindings = {name: self.values[name] for name in sorted(_free(callback, offered))}
        self.misplaced |= {name for name, value in bindings.items() if any(True for _ in callbacks(value))}
        return replace(callback, bindings=bindings)


def _undeclared(process: str, graph: Graph, parameters: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of references to parameters that a process does not have."""
    there = f"it has {', '.join(parameters)}" if parameters else "it has none"
    for node in graph.nodes.values():
        for argument, value in node.arguments.items():
            for missing in sorted(_free(value, offered_parameters(node.process, argument)) - parameters.keys()):
                message = f"The process '{process}' has no parameter '{missing:.100}'; {there}."
                path = (*place, *node.place)
                yield Fault("ProcessParameterMissing", message, path, node.process, argument)


def _faults_of(node: Node, definition: _Definition, place: tuple[str, ...]) -> Iterator[Fault]:
    known = definition.parameters
    for name, value in node.arguments.items():
        if name not in known:
            message = f"The process has no parameter '{name:.100}'; it has {', '.join(known) or 'none'}."
            yield Fault("ProcessParameterUnsupported", message, place, node.process, name)
        elif problem := misfit(known[name].get("schema"), value):
            yield Fault("ProcessParameterInvalid", problem, place, node.process, name)
    for name, parameter in known.items():
        if name not in node.arguments and not parameter.get("optional") and "default" not in parameter:
            yield Fault("ProcessParameterRequired", "The argument is required.", place, node.process, name)


def misfit(schema: Any, value: Any) -> str | None:
    """Return how an argument does not fit the parameter of a user-defined process, None where it does.

    Types, choices and bounds are looked at; all else is for the processes that get the argument.
    """
    alternatives = schema if isinstance(schema, list) else [schema]
    if isinstance(value, (FromNode, FromParameter)) or not all(isinstance(each, dict) for each in alternatives):
        return None
    reduced = [{key: each[key] for key in _CHECKED & each.keys()} for each in alternatives]
    try:
        return mismatch(reduced, value) if reduced else None
    except (AttributeError, LookupError, TypeError, ValueError):
        # It is no schema that could be understood, so that it says nothing.
        return None


def _parameters(process: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    described = process.get("parameters")
    listed = described if isinstance(described, list) else []
    return {each["name"]: each for each in listed if isinstance(each, Mapping) and isinstance(each.get("name"), str)}


def _names(node: Node, graph: Graph, taken: set[str]) -> dict[str, str]:
    names = {}
    for inner in graph.nodes:
        name = node.id if inner == graph.result else f"{node.id}/{inner}"
        while inner != graph.result and name in taken:
            name += "'"
        names[inner] = name
        taken.add(name)
    return names


def _free(value: Any, offered: frozenset[str]) -> set[str]:
    """Return the parameters that an argument refers to; its callbacks are offered some of their own."""
    if isinstance(value, FromParameter):
        return {value.name}
    if isinstance(value, Nested):
        return set().union(*(_free(member, offered) for member in value.values))
    if not isinstance(value, Callback):
        return set()
    if value.bindings is not None:
        return set().union(*(_free(bound, frozenset()) for bound in value.bindings.values()))
    inner = (
        _free(argument, offered_parameters(node.process, name))
        for node in value.graph.nodes.values()
        for name, argument in node.arguments.items()
    )
    return set().union(*inner) - offered


def _size(graph: Graph) -> int:
    return len(graph.nodes) + sum(map(_size, _inner_graphs(graph)))


def _levels(graph: Graph) -> int:
    return 1 + max(map(_levels, _inner_graphs(graph)), default=0)


def _inner_graphs(graph: Graph) -> Iterator[Graph]:
    for node in graph.nodes.values():
        for value in node.arguments.values():
            yield from (callback.graph for callback in callbacks(value))


def _called(raw: Any) -> Iterator[str]:
    """Yield the ids of the processes in a graph as JSON that may be user-defined."""
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            name, space = value.get("process_id"), value.get("namespace")
            if isinstance(name, str) and (space == USER or (space is None and name not in PROCESSES)):
                yield name
