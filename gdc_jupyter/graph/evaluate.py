"""A callback run at once on the arrays of a block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gdc_jupyter.errors import Fault, GdcError, InvalidProcessGraph
from gdc_jupyter.graph.parse import Callback, FromNode, FromParameter, Graph, references
from gdc_jupyter.processes import PROCESSES


def compile_callback(graph: Graph, parameters: Mapping[str, Any], path: tuple[str, ...]) -> Callable[..., Any]:
    """Return a function of the callback's own parameters.

    Parameters
    ----------
    graph : Graph
        The callback's graph.
    parameters : mapping
        The parameters around it.
    path : tuple of str
        The nodes around it, for the place of a fault.
    """

    def call(**given: Any) -> Any:
        return evaluate(graph, {**parameters, **given}, path)

    return call


def evaluate(graph: Graph, parameters: Mapping[str, Any], path: tuple[str, ...] = ()) -> Any:
    """Run a graph on the values of its parameters and return its result.

    A node's value is let go after its last use, so that a block needs no more memory than its widest point.

    Raises
    ------
    InvalidProcessGraph
        Where a process refuses its arguments, with the place.
    """
    values: dict[str, Any] = {}
    left = dict(graph.uses)
    for node in graph.nodes.values():
        place = (*path, node.id)
        arguments = {name: resolve(value, values, parameters, place) for name, value in node.arguments.items()}
        values[node.id] = call_process(node.process, arguments, place)
        for found in references(dict(node.arguments)):
            if isinstance(found, FromNode):
                left[found.node] -= 1
                if not left[found.node] and found.node != graph.result:
                    del values[found.node]
    return values[graph.result]


def resolve(value: Any, values: Mapping[str, Any], parameters: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return an argument with its references replaced by values and its callbacks by functions."""
    if isinstance(value, FromNode):
        return values[value.node]
    if isinstance(value, FromParameter):
        return parameters.get(value.name)
    if isinstance(value, Callback):
        return compile_callback(value.graph, parameters, path)
    if isinstance(value, dict):
        return {name: resolve(member, values, parameters, path) for name, member in value.items()}
    if isinstance(value, list):
        return [resolve(member, values, parameters, path) for member in value]
    return value


def call_process(process_id: str, arguments: dict[str, Any], path: tuple[str, ...], **services: Any) -> Any:
    """Call a process and say where it was when it refuses.

    Raises
    ------
    InvalidProcessGraph
        With one fault, at ``path``.
    """
    process = PROCESSES[process_id]
    if process.engine and not services:
        message = f"'{process_id}' cannot stand inside a callback."
        raise InvalidProcessGraph([Fault("ProcessGraphInvalid", message, path, process_id)])
    try:
        return process.function(**arguments, **services)
    except InvalidProcessGraph:
        raise
    except GdcError as error:
        raise InvalidProcessGraph([Fault(error.code, error.message, path, process_id)]) from error
    except (TypeError, ValueError, IndexError, ArithmeticError, AttributeError) as error:
        message = f"The arguments do not fit together: {error}"
        raise InvalidProcessGraph([Fault("ProcessParameterInvalid", message, path, process_id)]) from error
