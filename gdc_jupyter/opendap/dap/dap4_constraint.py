"""Constraint expressions of DAP4: `/group/v[0:9][];/lat[0:2:9]`, and `/lat=[0:9];/v` for all that share a dimension."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from gdc_jupyter.opendap.dap.dap4 import Wanted, everything
from gdc_jupyter.opendap.dap.dataset import Dataset, Slab, Variable
from gdc_jupyter.opendap.dap.slabs import invalid, parse_slab, parse_slice, shown, split_slabs, unknown

_ENCODED_BRACKET = re.compile("%(25)*5[bd]", re.IGNORECASE)


def parameters(query: str) -> dict[str, str]:
    """Return the parameters of a query that are DAP4's, decoded.

    Raises
    ------
    GdcError
        ``ConstraintInvalid``.
    """
    found: dict[str, str] = {}
    for each in query.split("&"):
        name, _, value = each.partition("=")
        name = unquote(name)
        if name in found:
            raise invalid(f"'{shown(name)}' is given twice.")
        if name.startswith("dap4."):
            found[name] = _decoded(value)
    if found.get("dap4.func") or found.get("dap4.function"):
        raise invalid("This server has no functions.")
    return found


def _decoded(value: str) -> str:
    """Return a value without its encoding; the netCDF library of 4.9 encodes brackets up to three times."""
    text = unquote(value)
    for _ in range(2):
        if _ENCODED_BRACKET.search(text):
            text = unquote(text)
    return text


def constrained(dataset: Dataset, expression: str) -> Wanted:
    """Return what a constraint expression wants, in the order of the dataset; everything where it is empty.

    Parameters
    ----------
    dataset : Dataset
    expression : str
        Decoded.

    Raises
    ------
    GdcError
        ``ConstraintInvalid`` or ``VariableNotFound``.
    """
    clauses = [clause.strip() for clause in expression.split(";")]
    if clauses[-1] == "":
        clauses.pop()
    if not clauses:
        return everything(dataset)
    shared: dict[str, slice] = {}
    asked: list[tuple[str, list[str]]] = []
    for clause in clauses:
        _refuse(clause)
        name, equals, text = clause.partition("=")
        if equals:
            path, part = _dimension(dataset, name.strip(), text)
            if shared.get(path, part) != part:
                raise invalid(f"The dimension '{shown(name)}' is given twice.")
            shared[path] = part
        else:
            asked.append(split_slabs(clause))
    variables = dataset.variables()
    slabs: dict[str, Slab] = {}
    for name, brackets in asked or [("/", [])]:
        for path in _paths(dataset, variables, name, brackets):
            slab = parse_slab(brackets, variables[path].shape, path, _defaults(variables[path], shared))
            if slabs.get(path, slab) != slab:
                raise invalid(f"'{shown(path)}' is wanted twice, with hyperslabs that are not the same.")
            slabs[path] = slab
    return Wanted(dataset, {path: slabs[path] for path in variables if path in slabs}, shared, whole=False)


def _refuse(clause: str) -> None:
    if "|" in clause:
        raise invalid(f"'{shown(clause)}' is a filter; there are none of arrays, but hyperslabs.")
    if "{" in clause or "}" in clause:
        raise invalid(f"'{shown(clause)}' wants members of a structure; there are none in this dataset.")
    if "(" in clause or ")" in clause:
        raise invalid(f"'{shown(clause)}' calls a function; this server has none.")


def _absolute(name: str) -> str:
    """Return a name as a path; backslashes stand before signs with a meaning."""
    plain = "".join(part[:1] + part[1:].replace("\\", "") for part in name.split("\\\\"))
    return plain if plain.startswith("/") else f"/{plain}"


def _dimension(dataset: Dataset, name: str, text: str) -> tuple[str, slice]:
    path = _absolute(name)
    dimensions = dataset.dimensions()
    if path not in dimensions:
        raise invalid(f"There is no dimension '{shown(name)}'; there are: {', '.join(dimensions)}.")
    inside = text.strip()
    if not (inside.startswith("[") and inside.endswith("]")):
        raise invalid(f"'{shown(name)}={shown(text)}' is no hyperslab of a dimension such as /lat=[0:9].")
    size = dimensions[path].size
    return path, parse_slice(inside[1:-1], size, name, slice(0, size, 1))


def _paths(dataset: Dataset, variables: Mapping[str, Variable], name: str, brackets: list[str]) -> list[str]:
    """Return the variable of a name, or all in the group of that name."""
    path = _absolute(name)
    if path in variables:
        return [path]
    below = path.rstrip("/") + "/"
    if not brackets and any(prefix == below for prefix, _ in dataset.groups()):
        return [each for each in variables if each.startswith(below)]
    raise unknown(name, list(variables))


def _defaults(variable: Variable, shared: Mapping[str, slice]) -> Slab:
    return tuple(
        shared.get(name, slice(0, size, 1)) for name, size in zip(variable.dimensions, variable.shape, strict=True)
    )
