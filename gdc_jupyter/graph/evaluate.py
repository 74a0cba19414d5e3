"""A callback run at once on the arrays of a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import xarray as xr

from gdc_jupyter.errors import Fault, GdcError, InvalidProcessGraph
from gdc_jupyter.graph.older import with_older
from gdc_jupyter.graph.parse import Callback, FromNode, FromParameter, Graph, Nested, node_parameters
from gdc_jupyter.processes import PROCESSES
from gdc_jupyter.processes.engine import Deferred, Frame

if TYPE_CHECKING:
    from gdc_jupyter.processes.engine import Engine

_LIVE = (Callback, FromNode, FromParameter, Nested)


@dataclass(slots=True, eq=False)
class CompiledCallback:
    """A function of a callback's own parameters.

    Parameters
    ----------
    graph : Graph
        The callback's graph.
    parameters : mapping
        The parameters around it.
    path : tuple of str
        The nodes around it, for the place of a fault.
    engine : Engine
        What its processes may ask for.
    reduces : bool
        Whether one value is wanted of it in place of those along the first axis.
    block : xarray.DataArray, optional
        The labels of the values that it gets, where these are bare.
    known : mapping, optional
        The results of nodes that are not computed.
    bound : bool
        Whether the parameters are what it brings along, rather than those of the graph around it.
    """

    graph: Graph
    parameters: Mapping[str, Any]
    path: tuple[str, ...]
    engine: Engine
    reduces: bool = False
    block: xr.DataArray | None = None
    known: Mapping[str, Any] | None = None
    bound: bool = False

    def __call__(self, **given: Any) -> Any:
        """Return the result of the graph."""
        parameters = {**self.parameters, **with_older(given)}
        return evaluate(self.graph, parameters, self.path, self.engine, self._frame(given), self.known)

    def _frame(self, given: dict[str, Any]) -> Frame | None:
        if self.block is not None:
            return Frame(self.block)
        block = next((value for value in given.values() if isinstance(value, xr.DataArray)), None)
        return None if block is None or not block.ndim else Frame(block, str(block.dims[0]), self.reduces)

    def within(self, block: xr.DataArray) -> CompiledCallback:
        """Return the callback with the labels of a block."""
        return replace(self, block=block, known=None)

    def uses_of(self, parameter: str) -> tuple[dict[str, tuple[str, dict[str, Any]]], bool]:
        """Return what takes a parameter as its data, and whether nothing else does.

        See :func:`gdc_jupyter.processes.engine.uses_of`.
        """
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        alone = True
        for node in self.graph.nodes.values():
            others = {name: value for name, value in node.arguments.items() if name != "data"}
            literal = not any(isinstance(value, _LIVE) for value in others.values())
            if node.arguments.get("data") == FromParameter(parameter) and literal:
                found[node.id] = node.process, others
            elif parameter in node_parameters(node):
                alone = False
        return found, alone

    def knowing(self, values: Mapping[str, Any]) -> CompiledCallback:
        """Return the callback with the results of some of its nodes, which are not computed then."""
        return replace(self, known=values)


def evaluate(
    graph: Graph,
    parameters: Mapping[str, Any],
    path: tuple[str, ...],
    engine: Engine,
    frame: Frame | None = None,
    known: Mapping[str, Any] | None = None,
) -> Any:
    """Run a graph on the values of its parameters and return its result.

    A node's value is let go after its last use, so that a block needs no more memory than its widest point. Nodes whose
    results are known already are not computed.

    Raises
    ------
    InvalidProcessGraph
        Where a process refuses its arguments, with the place.
    """
    values: dict[str, Any] = dict(known or {})
    left = dict(graph.uses)
    for node in graph.nodes.values():
        if known and node.id in known:
            continue
        place = (*path, *node.place)
        arguments = resolve_all(node.arguments, values, parameters, place, engine)
        values[node.id] = call_process(node.process, arguments, place, engine, frame)
        for needed in node.needs:
            left[needed] -= 1
            if not left[needed] and needed != graph.result:
                del values[needed]
    return values[graph.result]


def resolve_all(
    arguments: Mapping[str, Any],
    values: Mapping[str, Any],
    parameters: Mapping[str, Any],
    path: tuple[str, ...],
    engine: Engine,
) -> dict[str, Any]:
    """Return arguments with their references replaced by values and their callbacks by functions."""
    return {
        # Callbacks that return one value for many have this name in all processes.
        name: resolve(value, values, parameters, path, engine, reduces=name == "reducer")
        for name, value in arguments.items()
    }


def resolve(
    value: Any,
    values: Mapping[str, Any],
    parameters: Mapping[str, Any],
    path: tuple[str, ...],
    engine: Engine,
    *,
    reduces: bool = False,
) -> Any:
    """Return an argument with its references replaced by values and its callbacks by functions."""
    kind = type(value)
    if kind is FromNode:
        return values[value.node]
    if kind is FromParameter:
        return parameters.get(value.name)
    if kind is Callback and value.bindings is not None:
        bound = {name: resolve(each, values, parameters, path, engine) for name, each in value.bindings.items()}
        return CompiledCallback(value.graph, bound, path, engine, reduces, bound=True)
    if kind is Callback:
        return CompiledCallback(value.graph, parameters, path, engine, reduces)
    if kind is not Nested:
        return value
    if isinstance(value.members, dict):
        return {name: resolve(member, values, parameters, path, engine) for name, member in value.members.items()}
    return [resolve(member, values, parameters, path, engine) for member in value.members]


def call_process(
    process_id: str,
    arguments: dict[str, Any],
    path: tuple[str, ...],
    engine: Engine,
    frame: Frame | None = None,
    *,
    planned: bool = False,
) -> Any:
    """Call a process and say where it was when it refuses.

    Parameters
    ----------
    process_id : str
    arguments : dict
    path : tuple of str
        The nodes from the outermost to this one.
    engine : Engine
        What the process may ask for.
    frame : Frame, optional
        What the callback around it is about.
    planned : bool
        Whether it is a node of the outermost graph, where cubes may be loaded and saved.

    Raises
    ------
    InvalidProcessGraph
        With one fault, at ``path``.
    """
    process = PROCESSES[process_id]
    if process.plans and not planned:
        message = f"'{process_id}' cannot stand inside a callback."
        raise InvalidProcessGraph([Fault("ProcessGraphInvalid", message, path, process_id)])
    if process.engine:
        arguments = {**arguments, "engine": engine}
    if process.frame:
        arguments = {**arguments, "frame": frame}
    try:
        return process.function(**arguments)
    except (InvalidProcessGraph, Deferred):
        raise
    except GdcError as error:
        raise InvalidProcessGraph([Fault(error.code, error.message, path, process_id)]) from error
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        message = f"The arguments do not fit together: {error}"
        raise InvalidProcessGraph([Fault("ProcessParameterInvalid", message, path, process_id)]) from error
    except MemoryError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        message = f"An unexpected error ended the process: {type(error).__name__}{': ' + text if text else ''}."
        raise InvalidProcessGraph([Fault("Internal", message, path, process_id)]) from error
