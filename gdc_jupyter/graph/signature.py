"""Arguments held against the signatures of their processes, before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Collection as Names
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gdc_jupyter.errors import Fault
from gdc_jupyter.graph.parse import Callback, FromParameter, Graph, Node, references
from gdc_jupyter.processes import PROCESSES, Process

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


def check(graph: Graph, parameters: Names[str], path: tuple[str, ...] = ()) -> list[Fault]:
    """Return all faults of processes, arguments and parameter references, in callbacks as well.

    Parameters
    ----------
    graph : Graph
        The parsed graph.
    parameters : collection of str
        The parameters that it may refer to.
    path : tuple of str
        The nodes around it.
    """
    faults: list[Fault] = []
    for node in graph.nodes.values():
        faults += _check_node(node, parameters, (*path, node.id))
    return faults


def close_match(name: str, names: Names[str]) -> str:
    """Return a hint such as " Did you mean 'mean'?", or nothing."""
    similar = difflib.get_close_matches(name, list(names), 1)
    return f" Did you mean '{similar[0]}'?" if similar else ""


def _check_node(node: Node, parameters: Names[str], path: tuple[str, ...]) -> Iterator[Fault]:
    process = PROCESSES.get(node.process)
    if process is None or node.namespace not in (None, "backend"):
        space = node.namespace or "backend"
        message = (
            f"There is no process '{node.process}' in the namespace '{space}'.{close_match(node.process, PROCESSES)}"
        )
        yield Fault("ProcessUnsupported", message, path, node.process)
        return
    known = {parameter.name: parameter for parameter in process.parameters}
    for name in node.arguments:
        if name not in known:
            message = f"The process has no parameter '{name}'; it has {', '.join(known) or 'none'}."
            yield Fault("ProcessParameterUnsupported", message, path, node.process, name)
    for parameter in process.parameters:
        if parameter.name in node.arguments:
            value = node.arguments[parameter.name]
            yield from _check_value(process, parameter.name, parameter.schema, value, parameters, path)
        elif not parameter.optional:
            yield Fault("ProcessParameterRequired", "The argument is required.", path, node.process, parameter.name)


def _check_value(
    process: Process, name: str, schema: Any, value: Any, parameters: Names[str], path: tuple[str, ...]
) -> Iterator[Fault]:
    found = list(references(value))
    for reference in found:
        if isinstance(reference, FromParameter) and reference.name not in parameters:
            there = f"there are {', '.join(sorted(parameters))}" if parameters else "there are none here"
            message = f"There is no parameter '{reference.name}'; {there}."
            yield Fault("ProcessParameterMissing", message, path, process.id, name)
    for callback in _callbacks(value):
        offered = _callback_parameters(schema)
        if offered is None:
            yield Fault("ProcessParameterInvalid", "A process graph is not expected here.", path, process.id, name)
        else:
            yield from check(callback.graph, {*parameters, *offered}, path)
    if not found and not any(True for _ in _callbacks(value)):
        problem = mismatch(schema, value)
        if problem:
            yield Fault("ProcessParameterInvalid", problem, path, process.id, name)


def mismatch(schema: Any, value: Any) -> str | None:
    """Return what is wrong with a literal value, or None where it fits the schema."""
    alternatives = schema if isinstance(schema, list) else [schema]
    usable = [one for one in alternatives if one.get("subtype") not in ("datacube", "process-graph")]
    if not usable:
        given = "null" if value is None else f"{value!r:.80}"
        if alternatives[0].get("subtype") == "process-graph":
            return f"A process graph is needed, and {given} is given."
        return f"A data cube is needed, and {given} is given: refer to a node with {{'from_node': …}}."
    problems = [error for one in usable for error in [next(_validator_of(one).iter_errors(value), None)]]
    if None in problems:
        return None
    first = problems[0]
    assert first is not None
    place = "".join(f"[{part!r}]" for part in first.absolute_path)
    wanted = " or ".join(dict.fromkeys(filter(None, (_expectation(one) for one in usable))))
    position = f" (at {place})" if place else ""
    return f"{first.message:.200}{position}." + (f" Expected {wanted}." if len(usable) > 1 else "")


def _expectation(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "")
    return str(schema.get("subtype") or (" or ".join(kind) if isinstance(kind, list) else kind))


def _validator_of(schema: dict[str, Any]) -> Validator:
    import orjson

    return _validator(orjson.dumps(schema))


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Validator:
    import jsonschema
    import orjson

    return jsonschema.Draft7Validator(orjson.loads(schema))


def _callbacks(value: Any) -> Iterator[Callback]:
    if isinstance(value, Callback):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _callbacks(member)
    elif isinstance(value, list):
        for member in value:
            yield from _callbacks(member)


def _callback_parameters(schema: Any) -> list[str] | None:
    for alternative in schema if isinstance(schema, list) else [schema]:
        if alternative.get("subtype") == "process-graph":
            return [parameter["name"] for parameter in alternative["parameters"]]
        if isinstance(alternative.get("additionalProperties"), dict):
            return _callback_parameters(alternative["additionalProperties"])
    return None
