"""How the openEO client is called so that it makes a node: its methods, functions and operators."""

from __future__ import annotations

import inspect
import keyword
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gdc_jupyter.exchange.layout import Group, Source, flat, quoted

#: Methods of cubes that ask for nothing and read nothing, each of which makes a node of the process of its name.
CUBE_METHODS = frozenset(
    """
    add_dimension aggregate_spatial aggregate_spatial_window aggregate_temporal aggregate_temporal_period apply
    apply_dimension apply_kernel apply_neighborhood apply_polygon aspect convert_data_type dimension_labels
    drop_dimension filter_bands filter_bbox filter_labels filter_spatial filter_temporal fit_curve flatten_dimensions
    mask mask_polygon merge_cubes ndvi predict_curve reduce_dimension reduce_spatial rename_dimension rename_labels
    resample_cube_spatial resample_cube_temporal resample_spatial resolution_merge save_result slope
    unflatten_dimension
    """.split()
)
#: The argument that is the cube itself, where it is not ``data``.
CUBE_ARGUMENT = {"merge_cubes": "cube1"}
#: Arguments that go without their names.
WITHOUT_NAME = {
    "load_collection": "id",
    "filter_bands": "bands",
    "filter_spatial": "geometries",
    "mask": "mask",
    "merge_cubes": "cube2",
    "save_result": "format",
}
#: What methods call arguments.
RENAMED = {
    ("load_collection", "id"): "collection_id",
    ("merge_cubes", "cube2"): "other",
    ("filter_bbox", "extent"): "bbox",
}
#: Arguments whose texts the client takes for paths or addresses, and whose parameters it wants to be objects.
GEOMETRIC = ("extent", "geometries", "mask", "spatial_extent")
# Names of what calls have beside arguments of processes.
_OWN_NAMES = frozenset(("self", "process_id", "arguments", "metadata", "namespace"))

COMPARED, ADDED, MULTIPLIED, NEGATED, RAISED, ATOM = range(6)
#: Process to its operator, that as a function, how strongly it binds, and the arguments.
OPERATORS: dict[str, tuple[str, Callable[[Any, Any], Any], int, tuple[str, str]]] = {
    "add": ("+", operator.add, ADDED, ("x", "y")),
    "subtract": ("-", operator.sub, ADDED, ("x", "y")),
    "multiply": ("*", operator.mul, MULTIPLIED, ("x", "y")),
    "divide": ("/", operator.truediv, MULTIPLIED, ("x", "y")),
    "power": ("**", operator.pow, RAISED, ("base", "p")),
    "eq": ("==", operator.eq, COMPARED, ("x", "y")),
    "neq": ("!=", operator.ne, COMPARED, ("x", "y")),
    "lt": ("<", operator.lt, COMPARED, ("x", "y")),
    "lte": ("<=", operator.le, COMPARED, ("x", "y")),
    "gt": (">", operator.gt, COMPARED, ("x", "y")),
    "gte": (">=", operator.ge, COMPARED, ("x", "y")),
}


@dataclass(frozen=True)
class Term:
    """A part of the program: how it is written, what the client makes of it, and how strongly it binds."""

    source: Source
    value: Any
    binding: int = ATOM

    def beside(self, binding: int) -> str:
        """Return it as an operand, in brackets where it binds less than it must."""
        text = flat(self.source, 10**9)
        assert text is not None
        return text if self.binding >= binding else f"({text})"


def call(written: str, function: Callable[..., Any], positional: Iterable[Term], named: Mapping[str, Term]) -> Term:
    """Return a call, having made it."""
    positional = list(positional)
    items = [("", term.source) for term in positional] + [(f"{name}=", term.source) for name, term in named.items()]
    value = function(*(term.value for term in positional), **{name: term.value for name, term in named.items()})
    return Term(Group(f"{written}(", tuple(items), ")"), value)


def call_by_process(
    written: str, function: Callable[..., Any], process: Term, arguments: Mapping[str, Term], namespace: Term | None
) -> Term:
    """Return a call that names the process, its arguments by name where they can be."""
    more = {} if namespace is None else {"namespace": namespace}
    if can_be_named(arguments):
        return call(written, function, [process], {**arguments, **more})
    return call(written, function, [process], {"arguments": as_object(arguments), **more})


def can_be_named(arguments: Iterable[str]) -> bool:
    """Return whether arguments can be given to a call that names the process."""
    return all(is_name(name) and name not in _OWN_NAMES for name in arguments)


def as_object(members: Mapping[str, Term]) -> Term:
    """Return a dict."""
    items = tuple((f"{quoted(name)}: ", term.source) for name, term in members.items())
    return Term(Group("{", items, "}"), {name: term.value for name, term in members.items()})


def as_list(members: Iterable[Term]) -> Term:
    """Return a list."""
    members = list(members)
    return Term(Group("[", tuple(("", term.source) for term in members), "]"), [term.value for term in members])


def operation(process: str, arguments: Mapping[str, Term]) -> Term | None:
    """Return a process as an operator, or an element of an array in brackets; None where it is none."""
    if process == "array_element" and arguments.keys() in ({"data", "index"}, {"data", "label"}):
        key = arguments["index" if "index" in arguments else "label"]
        data = arguments["data"]
        return Term(f"{data.beside(ATOM)}[{key.beside(COMPARED)}]", data.value[key.value])
    found = OPERATORS.get(process)
    if found is None or arguments.keys() != set(found[3]):
        return None
    sign, function, binding, (first, second) = found
    left, right = arguments[first], arguments[second]
    if any(isinstance(term.value, bool | str | list | dict | None) for term in (left, right)):
        return None
    text = (
        f"{left.beside(binding + 1 if binding in (COMPARED, RAISED) else binding)} {sign} {right.beside(binding + 1)}"
    )
    return Term(text, function(left.value, right.value), binding)


@cache
def process_function(process: str) -> tuple[str, Callable[..., Any]] | None:
    """Return name and function of a process in ``openeo.processes``, None where there is none."""
    from openeo import processes

    for name in (process, f"{process}_"):
        function = getattr(processes, name, None)
        if not name.startswith("_") and inspect.isfunction(function) and function.__module__ == processes.__name__:
            return name, function
    return None


@cache
def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters."""
    return tuple(inspect.signature(function).parameters)


def is_name(text: str) -> bool:
    """Return whether a text can be the name of a parameter."""
    return text.isidentifier() and text.isascii() and not keyword.iskeyword(text)


def takes(names: Iterable[str], function: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    """Return a function with parameters of these names that gives what another gives, told what it was given."""

    def taken(**given: Any) -> Any:
        return function(given)

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    taken.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return taken
