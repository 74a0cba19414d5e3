"""The nodes of a graph as statements; callbacks as functions. Each call is made, so that it is known to be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gdc_jupyter.exchange.client_calls import (
    ATOM,
    NEGATED,
    Term,
    as_list,
    as_object,
    call,
    call_by_process,
    is_name,
    operation,
    parameters_of,
    process_function,
    takes,
)
from gdc_jupyter.exchange.graph_parts import (
    Graph,
    callbacks_of,
    ends,
    in_order,
    is_callback,
    lone_process,
    node_of,
    parameter_of,
    parameters_in,
    references,
    result_of,
)
from gdc_jupyter.exchange.layout import flat, long_text, scalar
from gdc_jupyter.exchange.names import Names, name_of_node
from gdc_jupyter.exchange.program import RESERVED, Assignment, Function, GivenUp, Program, Statement
from gdc_jupyter.exchange.same_graph import same_graph

#: Longer expressions get a name of their own.
_LONGEST_INLINE = 48

#: The order of what callbacks are mostly given.
_FIRST = ("data", "x", "y", "value", "index", "label", "parameters", "context")

Callbacks = Mapping[str, Term]


@dataclass(frozen=True)
class Way:
    """A way to make a node, and the callbacks it is to be given, as functions or as process graphs."""

    make: Callable[[Callbacks], Term | None]
    callbacks: Mapping[str, Graph]
    takes_functions: bool = True


class Block:
    """The nodes of one graph, written with functions of ``openeo.processes``.

    Parameters
    ----------
    program : Program
        What it is a part of.
    graph : mapping
        A flat graph.
    scope : mapping of str to Term
        The parameters that have a name here.
    names : Names
        Names that are taken here.
    """

    def __init__(self, program: Program, graph: Graph, scope: Mapping[str, Term], names: Names) -> None:
        self.program, self.graph, self.scope, self.names = program, graph, scope, names
        self.terms: dict[str, Term] = {}
        self.statements: list[Statement] = []
        self.uses = Counter(name for node in graph.values() for name in references(node.get("arguments") or {}))

    def write(self, name_of_result: str | None = None) -> None:
        """Write all nodes; the result has that name, where one is given."""
        order, result = in_order(self.graph), result_of(self.graph)
        if order is None or result is None:
            raise GivenUp
        for node_id in order:
            node = self.graph[node_id]
            term = self.node(node)
            self.terms[node_id] = self._kept(node_id, node, term, name_of_result if node_id == result else None)

    def _kept(self, node_id: str, node: Mapping[str, Any], term: Term, name: str | None) -> Term:
        """Return what stands for a node where it is used: a short expression, or the name of a variable."""
        described = node.get("description")
        comments = (described,) if isinstance(described, str) and described.strip() else ()
        if name is None and self.may_stay(node_id, term) and not comments:
            return term
        name = name or self.names.new(self.wanted_name(node_id, node))
        self.statements.append(Assignment(name, term.source, comments))
        return Term(name, term.value)

    def may_stay(self, node_id: str, term: Term) -> bool:
        """Return whether an expression may stand where it is used."""
        return not self.uses[node_id] or (self.uses[node_id] == 1 and flat(term.source, _LONGEST_INLINE) is not None)

    def wanted_name(self, node_id: str, node: Mapping[str, Any]) -> str:
        """Return what the result of a node may be called."""
        process = str(node["process_id"])
        return name_of_node(node_id, lone_process(node) or process, process)

    def node(self, node: Mapping[str, Any]) -> Term:
        """Return a node as a call that makes just this node.

        Raises
        ------
        GivenUp
            The client cannot make it.
        """
        for way in self.ways(node):
            term = self._verified(node, way)
            if term is not None:
                return term
        raise GivenUp

    def ways(self, node: Mapping[str, Any]) -> Iterator[Way]:
        """Yield ways to make a node that may be right, the one that reads best first."""
        if node.get("namespace") is None:
            yield from self._functions_for(node)
        yield Way(lambda callbacks: self.by_process(node, callbacks), callbacks_of(node), takes_functions=False)

    def _functions_for(self, node: Mapping[str, Any]) -> Iterator[Way]:
        process, arguments = str(node["process_id"]), node.get("arguments") or {}
        yield Way(lambda callbacks: operation(process, self.arguments(arguments, callbacks)), callbacks_of(node))
        found = process_function(process)
        if found is not None:
            name, function = found
            yield Way(
                lambda callbacks: self._function_call(name, function, self.arguments(arguments, callbacks)),
                callbacks_of(node),
            )

    def _function_call(self, name: str, function: Callable[..., Any], arguments: dict[str, Term]) -> Term:
        known = parameters_of(function)
        named = {each: arguments[each] for each in known if each in arguments}
        if len(named) != len(arguments):
            raise LookupError(name)
        if len(named) <= 2 and tuple(named) == known[: len(named)]:
            return call(f"processes.{name}", function, named.values(), {})
        return call(f"processes.{name}", function, [], named)

    def by_process(self, node: Mapping[str, Any], callbacks: Callbacks) -> Term:
        """Return a call that names the process."""
        from openeo import processes

        arguments = self.arguments(node.get("arguments") or {}, callbacks)
        return call_by_process("processes.process", processes.process, *self.process_of(node, arguments))

    def process_of(
        self, node: Mapping[str, Any], arguments: dict[str, Term]
    ) -> tuple[Term, dict[str, Term], Term | None]:
        """Return the process of a node, its arguments, and its namespace where it has one."""
        namespace = node.get("namespace")
        return self.literal(node["process_id"]), arguments, None if namespace is None else self.literal(namespace)

    def _verified(self, node: Mapping[str, Any], way: Way) -> Term | None:
        """Return a call if the client makes just this node of it, its callbacks in the form that reads best."""
        for form in self._forms(way):
            mark = self._mark()
            callbacks = form()
            term = None if callbacks is None else _tried(way.make, callbacks)
            if term is not None and self.makes(term, node):
                return term
            self._undo(mark)
        return None

    def _mark(self) -> tuple[int, int]:
        return len(self.statements), self.names.mark()

    def _undo(self, mark: tuple[int, int]) -> None:
        del self.statements[mark[0] :]
        self.names.undo(mark[1])

    def _forms(self, way: Way) -> Iterable[Callable[[], Callbacks | None]]:
        """Return what makes the callbacks, in the forms that they may have."""
        if not way.callbacks:
            return [dict]
        if way.takes_functions:
            return [lambda: self._short(way.callbacks), lambda: self._functions(way)]
        return [
            lambda: {name: self.wrapped_callback(graph, name) for name, graph in way.callbacks.items()},
            lambda: {name: self.literal({"process_graph": graph}) for name, graph in way.callbacks.items()},
        ]

    def _short(self, callbacks: Mapping[str, Graph]) -> Callbacks | None:
        found = {name: self.short(graph) for name, graph in callbacks.items()}
        return None if None in found.values() else {name: term for name, term in found.items() if term is not None}

    def short(self, graph: Graph) -> Term | None:
        """Return a callback as the name of its only process, or as code of the user's, where it may be that."""
        import openeo

        if len(graph) != 1:
            return None
        (node,) = graph.values()
        arguments = node.get("arguments") or {}
        if node.get("namespace") is not None:
            return None
        if node["process_id"] == "run_udf":
            code, runtime = arguments.get("udf"), arguments.get("runtime")
            if not isinstance(code, str) or not isinstance(runtime, str):
                return None
            named = {name: self.literal(arguments[name], name) for name in arguments if name not in ("data", "udf")}
            return _tried(lambda _: call("openeo.UDF", openeo.UDF, [self.literal(code, "udf")], named), {})
        values = [each for value in arguments.values() for each in (value if isinstance(value, list) else [value])]
        if all(parameter_of(value) is not None for value in values):
            return self.literal(node["process_id"])
        return None

    def _functions(self, way: Way) -> Callbacks | None:
        found = {}
        for name, graph in way.callbacks.items():
            own = self._own_names(name, graph, way)
            if own is None:
                return None
            try:
                found[name] = self.function(graph, own, name)
            except GivenUp:
                if self.program.tries < 0:
                    raise
                return None
        return found

    def _own_names(self, name: str, graph: Graph, way: Way) -> list[str] | None:
        """Return which parameters of a callback the client hands over to a function that has them."""
        wanted = self._possible_names(parameters_in(graph))
        seen = self._handed_over(name, wanted, way)
        if seen == wanted:
            return wanted
        for names in (seen or [], ["x", "y"], []):
            if self._handed_over(name, names, way) == names:
                return names
        return None

    def _possible_names(self, names: Iterable[str]) -> list[str]:
        possible = [name for name in names if is_name(name) and name not in RESERVED]
        return sorted(possible, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))

    def _handed_over(self, name: str, names: list[str], way: Way) -> list[str] | None:
        """Return which of these names the client gives their parameters; None where it calls no such function."""
        from openeo import processes

        seen: list[list[str]] = []

        def look(given: dict[str, Any]) -> Any:
            seen.append([each for each in names if parameter_of(getattr(given.get(each), "pgnode", None)) == each])
            return processes.process("probe")

        others = {each: Term("", takes([], lambda _: processes.process("probe"))) for each in way.callbacks}
        _tried(way.make, {**others, name: Term("", takes(names, look))})
        return seen[-1] if seen else None

    def function(self, graph: Graph, own: list[str], wanted: str) -> Term:
        """Write a callback as a function with these of its parameters, and return its name."""
        from openeo.processes import ProcessBuilder

        self.program.begin_function()
        result = result_of(graph)
        if result is None or ends(graph) != [result]:
            raise GivenUp
        around = {name: term for name, term in self.scope.items() if term.source not in own}
        scope = {**around, **{name: Term(name, ProcessBuilder({"from_parameter": name})) for name in own}}
        body = Block(self.program, graph, scope, Names(around=self.names))
        body.write()
        made = body.terms[result]
        inner = made.value.from_node()
        self.program.bodies[id(inner)] = inner, graph
        process, wanted = str(graph[result]["process_id"]), wanted.rpartition("/")[2]
        name = self.names.new(process if wanted == "process" else wanted)
        self.statements.append(Function(name, tuple(own), tuple(body.statements), made.source))
        return Term(name, takes(own, lambda _: made.value))

    def wrapped_callback(self, graph: Graph, wanted: str) -> Term:
        """Return a callback for what takes no functions."""
        from openeo.rest._datacube import build_child_callback

        own = self._possible_names(parameters_in(graph, deep=False))
        mark = self._mark()
        try:
            function = self.function(graph, own, wanted)
        except GivenUp:
            self._undo(mark)
            if self.program.tries < 0:
                raise
            return self.literal({"process_graph": graph})
        parents = as_list(self.literal(name) for name in own)
        return call("build_child_callback", build_child_callback, [function], {"parent_parameters": parents})

    def arguments(self, arguments: Mapping[str, Any], callbacks: Callbacks) -> dict[str, Term]:
        """Return arguments as terms."""
        return {
            name: callbacks[name] if name in callbacks else self.value(value, name) for name, value in arguments.items()
        }

    def value(self, value: Any, name: str, deep: bool = False) -> Term:
        """Return an argument, or a part of one, which the client looks into less closely the deeper it is."""
        node = node_of(value)
        if node is not None:
            return self.terms[node]
        parameter = parameter_of(value)
        if parameter is not None and parameter in self.scope and not deep:
            return self.scope[parameter]
        if is_callback(value) and len(value) == 1:
            return self.wrapped_callback(value["process_graph"], name)
        if isinstance(value, Mapping):
            return as_object({str(key): self.value(each, str(key), deep=True) for key, each in value.items()})
        if isinstance(value, list | tuple):
            return as_list(self.value(each, name, deep=deep or _is_nested(each)) for each in value)
        return self.literal(value, name)

    def literal(self, value: Any, name: str = "text") -> Term:
        """Return a value that refers to nothing."""
        if isinstance(value, Mapping):
            return as_object({str(key): self.literal(each, str(key)) for key, each in value.items()})
        if isinstance(value, list | tuple):
            return as_list(self.literal(each, name) for each in value)
        if isinstance(value, str) and "\n" in value.strip() and long_text(value).startswith('"""'):
            return Term(self.program.constant(value, name), value)
        negative = isinstance(value, int | float) and not isinstance(value, bool) and scalar(value).startswith("-")
        return Term(scalar(value), value, NEGATED if negative else ATOM)

    def makes(self, term: Term, node: Mapping[str, Any]) -> bool:
        """Return whether what the client makes of a call is just this node."""
        if not hasattr(term.value, "from_node"):
            return False
        made = term.value.from_node()
        if not hasattr(made, "process_id"):
            return False
        same = made.process_id == node["process_id"] and made.namespace == node.get("namespace")
        return same and self._matches(made.arguments, node.get("arguments") or {})

    def _matches(self, made: Any, value: Any) -> bool:
        node, parameter = node_of(value), parameter_of(value)
        if node is not None:
            wanted = self.terms[node].value.from_node()
            return made is wanted or (isinstance(made, dict) and made.get("from_node") is wanted)
        if parameter is not None:
            name = getattr(made, "name", None) if not isinstance(made, dict) else parameter_of(made)
            return bool(name == parameter)
        if is_callback(value):
            return (
                isinstance(made, dict)
                and made.keys() == value.keys() == {"process_graph"}
                and self._same_callback(made["process_graph"], value["process_graph"])
            )
        if isinstance(value, Mapping):
            return (
                isinstance(made, dict)
                and made.keys() == value.keys()
                and all(self._matches(made[key], each) for key, each in value.items())
            )
        if isinstance(value, list | tuple):
            return isinstance(made, list | tuple) and len(made) == len(value) and all(map(self._matches, made, value))
        return type(made) is type(value) and repr(made) == repr(value)

    def _same_callback(self, made: Any, graph: Graph) -> bool:
        if id(made) in self.program.bodies:
            return self.program.bodies[id(made)][1] is graph
        if isinstance(made, Mapping):
            return same_graph(made, graph)
        return len(graph) == 1 and same_graph(made.flat_graph(), graph)


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | tuple | Mapping) and parameter_of(value) is None


def _tried(make: Callable[[Callbacks], Term | None], callbacks: Callbacks) -> Term | None:
    """Return what is made, or None where the client refuses: it does that by all kinds of exceptions."""
    try:
        return make(callbacks)
    except GivenUp:
        raise
    except Exception:
        return None
