"""The parameters of a process as objects of the openEO client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gdc_jupyter.exchange.client_calls import Term, call

#: Methods of ``Parameter`` that make one of a kind.
_KINDS = (
    *("number", "integer", "string", "boolean", "array", "object", "datacube", "raster_cube", "bounding_box"),
    *("spatial_extent", "temporal_interval", "date", "date_time", "geojson"),
)

Literal = Callable[[Any], Term]


def parameter_term(described: Mapping[str, Any], literal: Literal) -> tuple[Term, bool]:
    """Return a parameter as a call, and whether its ``to_dict()`` is its description again."""
    for term in _calls(described, literal):
        if same_json(term.value.to_dict(), described):
            return term, True
    return undeclared(str(described["name"]), literal), False


def undeclared(name: str, literal: Literal) -> Term:
    """Return a parameter of which nothing is known but its name."""
    from openeo.api.process import Parameter

    return call("Parameter", Parameter, [literal(name)], {"description": literal(name)})


def same_json(one: Any, other: Any) -> bool:
    """Return whether two values are written alike as JSON."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _calls(described: Mapping[str, Any], literal: Literal) -> Iterator[Term]:
    from openeo.api.process import Parameter

    if not isinstance(described.get("description"), str):
        return
    name = literal(described["name"])
    named = {field: literal(described[field]) for field in ("description", "default") if field in described}
    for kind in _KINDS:
        yield call(f"Parameter.{kind}", getattr(Parameter, kind), [name], named)
    if "schema" in described:
        fields = ("description", "schema", *(["default"] if "default" in described else ["optional"]))
        named = {field: literal(described[field]) for field in fields if field in described}
        yield call("Parameter", Parameter, [name], named)
