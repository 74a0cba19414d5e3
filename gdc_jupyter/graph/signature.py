"""Arguments held against the signatures of their processes, before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping
from typing import Any

from gdc_jupyter.errors import Fault
from gdc_jupyter.graph.literals import Check, Problem, compiled, expectation
from gdc_jupyter.graph.older import older_names
from gdc_jupyter.graph.parse import Callback, FromNode, FromParameter, Graph, Nested, Node, callbacks, references
from gdc_jupyter.processes import PROCESSES, Process

_JSON = (bool, int, float, str, list, dict)
_LONGEST_NAME = 60


class _Signature:
    """What a process takes, ready to be compared."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.checks: dict[str, Check] = {each.name: compiled(each.schema) for each in process.parameters}
        self.required = tuple(each.name for each in process.parameters if not each.optional)
        self.offered = {each.name: _callback_parameters(each.schema) for each in process.parameters}
        self.cubes = frozenset(each.name for each in process.parameters if _takes_cubes(each.schema))
        self.words = {each.name: expectation(each.schema) for each in process.parameters}


_signatures: dict[str, _Signature] = {}


def check(
    graph: Graph, parameters: Names[str], path: tuple[str, ...] = (), given: Mapping[str, Any] | None = None
) -> list[Fault]:
    """Return all faults of processes, arguments and parameter references, in callbacks as well.

    Parameters
    ----------
    graph : Graph
        The parsed graph.
    parameters : collection of str
        The parameters that it may refer to.
    path : tuple of str
        The nodes around it.
    given : mapping, optional
        The values of parameters, where they are known; those that JSON can hold are checked like literal ones.
    """
    faults: list[Fault] = []
    values = given or {}
    for node in graph.nodes.values():
        faults += _check_node(node, parameters, path, values)
    return faults


def close_match(name: str, names: Names[str]) -> str:
    """Return a hint such as " Did you mean 'mean'?", or nothing."""
    similar = difflib.get_close_matches(name, list(names), 1) if len(name) <= _LONGEST_NAME else []
    return f" Did you mean '{similar[0]}'?" if similar else ""


def mismatch(schema: Any, value: Any) -> str | None:
    """Return what is wrong with a literal value, or None where it fits the schema."""
    problem = compiled(schema)(value)
    return None if problem is None else _sentence(problem)


def offered_parameters(process: str, argument: str) -> frozenset[str]:
    """Return the parameters that a process gives to a callback, by their older names as well."""
    if process not in PROCESSES:
        return frozenset()
    offered = _signature(PROCESSES[process]).offered.get(argument) or frozenset()
    return offered | set(older_names(offered))


def misplaced_cubes(process: Process, arguments: Mapping[str, Any], kind: type) -> list[tuple[str, str]]:
    """Return the arguments that are cubes where the process takes none, each with what is wrong.

    Parameters
    ----------
    process : Process
    arguments : mapping
        With the values of nodes in place.
    kind : type
        That of planned cubes.
    """
    found = [name for name, value in arguments.items() if type(value) is kind]
    if not found:
        return []
    signature = _signature(process)
    return [
        (
            name,
            f"A data cube is given where {signature.words[name]} is needed; apply, reduce_dimension or apply_dimension "
            "run such a process on the values of a cube.",
        )
        for name in found
        if name not in signature.cubes
    ]


def _takes_cubes(schema: Any) -> bool:
    # What is saved stands for its STAC metadata.
    alternatives = schema if isinstance(schema, list) else [schema]
    return any(
        one.get("subtype") in ("datacube", "stac") or ("type" not in one and "anyOf" not in one) for one in alternatives
    )


def _signature(process: Process) -> _Signature:
    known = _signatures.get(process.id)
    if known is None or known.process is not process:
        known = _signatures[process.id] = _Signature(process)
    return known


def _check_node(node: Node, parameters: Names[str], around: tuple[str, ...], given: Mapping[str, Any]) -> list[Fault]:
    process = PROCESSES.get(node.process)
    if process is None or node.namespace not in (None, "backend"):
        return [_unknown(node, (*around, *node.place))]
    signature = _signature(process)
    faults: list[Fault] = []
    for name, value in node.arguments.items():
        check = signature.checks.get(name)
        if check is None:
            known = ", ".join(signature.checks) or "none"
            message = f"The process has no parameter '{name:.100}'; it has {known}."
            faults.append(Fault("ProcessParameterUnsupported", message, (*around, *node.place), node.process, name))
            continue
        kind = type(value)
        if kind is FromNode:
            continue
        if kind in (FromParameter, Callback, Nested):
            faults += _check_live(node, name, value, signature, parameters, (*around, *node.place), given)
        else:
            problem = check(value)
            if problem is not None:
                faults.append(_invalid(problem, (*around, *node.place), node.process, name))
    for name in signature.required:
        if name not in node.arguments:
            message = "The argument is required."
            faults.append(Fault("ProcessParameterRequired", message, (*around, *node.place), node.process, name))
    return faults


def _check_live(
    node: Node,
    name: str,
    value: Any,
    signature: _Signature,
    parameters: Names[str],
    path: tuple[str, ...],
    given: Mapping[str, Any],
) -> Iterator[Fault]:
    """Yield the faults of an argument that is, or has inside, references or callbacks."""
    for reference in references(value):
        if isinstance(reference, FromParameter) and reference.name not in parameters:
            names = sorted(set(parameters) - set(older_names(parameters)))
            there = f"there are {', '.join(names)}" if names else "there are none here"
            message = f"There is no parameter '{reference.name:.100}'; {there}."
            yield Fault("ProcessParameterMissing", message, path, node.process, name)
    offered = signature.offered[name]
    for callback in callbacks(value):
        if offered is None:
            message = "A process graph is not expected here."
            yield Fault("ProcessParameterInvalid", message, path, node.process, name)
            return
        around, values = parameters, given
        if callback.bindings is not None:
            around, values = callback.bindings.keys(), _bound(callback.bindings, given)
        inner = {key: each for key, each in values.items() if key not in offered}
        yield from check(callback.graph, {*around, *offered, *older_names(offered)}, path, inner)
    problem = None
    if not isinstance(value, FromParameter):
        problem = signature.checks[name](value)
    elif type(given.get(value.name)) in _JSON:
        problem = signature.checks[name](given[value.name])
        # How large a value may be is for the process to say: arccos(2) is NaN, as it is inside of a cube.
        problem = problem if problem is not None and problem.of_type else None
        if problem is not None:
            problem = problem._replace(message=f"The parameter '{value.name}' does not fit: {problem.message}")
    if problem is not None:
        yield _invalid(problem, path, node.process, name)


def _bound(bindings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a callback brings along, as far as they are known."""
    return {
        key: given.get(value.name) if isinstance(value, FromParameter) else value for key, value in bindings.items()
    }


def _unknown(node: Node, path: tuple[str, ...]) -> Fault:
    space = node.namespace or "backend"
    hint = close_match(node.process, PROCESSES)
    message = f"There is no process '{node.process:.100}' in the namespace '{space:.100}'.{hint}"
    return Fault("ProcessUnsupported", message, path, node.process)


def _invalid(problem: Problem, path: tuple[str, ...], process: str, argument: str) -> Fault:
    return Fault("ProcessParameterInvalid", _sentence(problem), path, process, argument)


def _sentence(problem: Problem) -> str:
    place = "".join(f"[{part!r:.60}]" for part in problem.place)
    text = problem.message[:1].upper() + problem.message[1:]
    return f"{text} (at {place})." if place else f"{text}."


def _callback_parameters(schema: Any) -> frozenset[str] | None:
    for alternative in schema if isinstance(schema, list) else [schema]:
        if alternative.get("subtype") == "process-graph":
            return frozenset(parameter["name"] for parameter in alternative["parameters"])
        if isinstance(alternative.get("additionalProperties"), dict):
            return _callback_parameters(alternative["additionalProperties"])
    return None
