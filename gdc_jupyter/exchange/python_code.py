"""A process graph as Python code: calls of the openEO client as a person would write them, which give it back."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any

from gdc_jupyter.exchange.blocks import Block
from gdc_jupyter.exchange.client_calls import Term, as_list, as_object
from gdc_jupyter.exchange.cubes import CubeBlock
from gdc_jupyter.exchange.graph_parts import Graph, count_callbacks, ends, in_order, parameters_in, result_of
from gdc_jupyter.exchange.importing import process_graph_of
from gdc_jupyter.exchange.layout import Group, laid_out, long_text, quoted
from gdc_jupyter.exchange.names import Names
from gdc_jupyter.exchange.parameters import parameter_term, undeclared
from gdc_jupyter.exchange.program import RESERVED, Assignment, GivenUp, Program
from gdc_jupyter.exchange.same_graph import same_graph

#: Functions that may be written for each callback, those that are given up included.
_TRIES = 6
_NOTE = "# The client has no calls that make this graph; a job takes it as it is: connection.create_job(process)"
_IMPORTS = {
    "openeo": "import openeo",
    "gdc_jupyter": "import gdc_jupyter",
    "json": "import json",
    "processes": "from openeo import processes",
    "Parameter": "from openeo.api.process import Parameter",
    "build_child_callback": "from openeo.rest.datacube import build_child_callback",
}
_FIRST = ("json", "gdc_jupyter", "openeo")


def python_code(process_graph: Mapping[str, Any], url: str | None = None) -> str:
    """Return code for the openEO client that gives a process graph.

    Each call is checked against the client as it is written, and the whole graph at the end, so that the code gives
    the same graph: the same nodes, arguments and links, whatever their ids. Nothing of it is run, nothing is asked of
    a back-end, and all texts are quoted.

    Parameters
    ----------
    process_graph : mapping
        A flat graph; or a process, job or service that has one, with its parameters.
    url : str, optional
        The address of the back-end; the server of the notebook by default.

    Returns
    -------
    str
        The code ends with ``result``, a cube or several (``openeo.MultiResult``), and, for a process that has more than
        its graph, ``process``, a dict. A graph that the client has no calls for, such as one with a cycle, becomes
        ``process`` alone.

    Raises
    ------
    GdcError
        ``ProcessGraphMissing``.

    Examples
    --------
    >>> graph = {"sum": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}
    >>> print(python_code(graph, "https://openeo.example.org"), end="")
    import openeo
    from openeo import processes
    <BLANKLINE>
    connection = openeo.connect("https://openeo.example.org")
    <BLANKLINE>
    result = processes.add(1, 2)
    """
    process = process_graph_of(process_graph)
    for written in (_calls, _value, _json):
        try:
            return _whole(written(process), url)
        except (GivenUp, RecursionError, SyntaxError, MemoryError):
            # Python, too, refuses what is nested too deeply.
            continue
    raise AssertionError("JSON is a text, which can always be written")


def _whole(parts: list[list[str]], url: str | None) -> str:
    """Return the parts of a program, with what they import before them."""
    connecting = "gdc_jupyter.connect()" if url is None else f"openeo.connect({quoted(url)})"
    parts = [[f"connection = {connecting}"], *parts]
    text = _spaced(line for part in parts if part for line in ("", *part))
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    names = sorted(used & _IMPORTS.keys(), key=lambda name: (name not in _FIRST, _IMPORTS[name]))
    return "\n".join(_IMPORTS[name] for name in names) + "\n\n" + text


def _spaced(lines: Iterator[str]) -> str:
    """Return lines with no more than two empty ones between them, and none at the ends."""
    kept: list[str] = []
    for line in lines:
        if line or any(kept[-2:]):
            kept.append(line)
    return "\n".join(kept).strip("\n") + "\n"


def _calls(process: Mapping[str, Any]) -> list[list[str]]:
    """Return the program of a process as calls of the client."""
    graph: Graph = process["process_graph"]
    if in_order(graph) is None or not all(isinstance(node.get("arguments") or {}, Mapping) for node in graph.values()):
        raise GivenUp
    result = result_of(graph)
    if result is None:
        raise GivenUp
    names = Names(RESERVED)
    program = Program(names, _TRIES * (1 + count_callbacks(graph)))
    block = CubeBlock(program, graph, {}, names)
    parameters = _Parameters(process, block)
    block.scope = parameters.scope
    names.reserve(parameters_in(graph))
    others = [name for name in ends(graph) if name != result]
    block.write(None if others else "result")
    leaves = [block.terms[name] for name in (*others, result)]
    if not same_graph(graph, _flat_graph(leaves)):
        raise GivenUp
    if others:
        several = (("", as_list(leaves).source), ("connection=", "connection"))
        block.statements.append(Assignment("result", Group("openeo.MultiResult(", several, ")")))
    lines = [line for statement in block.statements for line in statement.lines(0)]
    described = _described(process, parameters, block)
    return [_constants(program), parameters.lines(), lines, described]


def _flat_graph(leaves: list[Term]) -> Graph:
    """Return the graph that the client makes of its results."""
    from openeo.internal.graph_building import GraphFlattener

    # A MultiLeafGraph does the same, and copies all nodes for each result.
    flattener = GraphFlattener(multi_input_mode=True)
    try:
        for leaf in leaves:
            flattener.accept_node(leaf.value.from_node())
        graph: Graph = flattener.flattened()
    except Exception:
        # What the client cannot write as a graph it refuses by all kinds of exceptions.
        raise GivenUp from None
    return graph


def _constants(program: Program) -> list[str]:
    return [f"{name} = {long_text(text)}" for text, name in program.constants.items()]


class _Parameters:
    """The parameters of a process as variables."""

    def __init__(self, process: Mapping[str, Any], block: Block) -> None:
        listed = process.get("parameters")
        self.described: list[Any] = listed if isinstance(listed, list) else []
        self.statements: list[Assignment] = []
        self.scope: dict[str, Term] = {}
        self.exact: set[str] = set()
        for each in self.described:
            if isinstance(each, Mapping) and isinstance(each.get("name"), str) and each["name"] not in self.scope:
                term, exact = parameter_term(each, block.literal)
                self._add(each["name"], term, block)
                self.exact |= {each["name"]} if exact else set()
        for name in parameters_in(block.graph, deep=False):
            if name not in self.scope:
                self._add(name, undeclared(name, block.literal), block)

    def _add(self, name: str, term: Term, block: Block) -> None:
        variable = block.names.new(name)
        self.statements.append(Assignment(variable, term.source))
        self.scope[name] = Term(variable, term.value)

    def lines(self) -> list[str]:
        """Return the statements."""
        return [line for statement in self.statements for line in statement.lines(0)]

    def listed(self, block: Block) -> Term:
        """Return the list of parameters of the process."""
        return as_list(self._entry(each, block) for each in self.described)

    def _entry(self, described: Any, block: Block) -> Term:
        name = described.get("name") if isinstance(described, Mapping) else None
        if name in self.exact and self.described.count(described) == 1:
            return Term(f"{self.scope[name].source}.to_dict()", described)
        return block.literal(described)


def _described(process: Mapping[str, Any], parameters: _Parameters, block: Block) -> list[str]:
    """Return the process, where it has more than its graph."""
    if process.keys() == {"process_graph"}:
        return []
    members: dict[str, Term] = {}
    for name, value in process.items():
        if name == "process_graph":
            members[name] = Term("result.flat_graph()", None)
        elif name == "parameters" and value is parameters.described:
            members[name] = parameters.listed(block)
        else:
            members[name] = block.literal(value, name)
    return list(Assignment("process", as_object(members).source).lines(0))


def _value(process: Mapping[str, Any]) -> list[list[str]]:
    """Return the program that has a process as a value."""
    names = Names(RESERVED)
    program = Program(names, 0)
    source = Block(program, {}, {}, names).literal(process).source
    return [_constants(program), [_NOTE, f"process = {laid_out(source, 0, 10)}"]]


def _json(process: Mapping[str, Any]) -> list[list[str]]:
    """Return the program that has a process as JSON, which may be nested more deeply than Python."""
    return [[_NOTE, f"process = json.loads({quoted(json.dumps(process))})"]]
