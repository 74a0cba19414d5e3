"""The contract in the words of OpenAPI 3.0, which OGC's classes name and many clients ask for."""

from __future__ import annotations

from functools import cache
from typing import Any

from gdc_server import contract

#: What may stand as a name where a schema's own properties are listed.
_BY_NAME = ("properties", "schemas", "parameters", "responses", "examples", "headers", "paths", "securitySchemes")


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document as version 3.0.3, without the server's address."""
    made: dict[str, Any] = _older(contract.document())
    licence = {name: value for name, value in made["info"]["license"].items() if name != "identifier"}
    return made | {"openapi": "3.0.3", "info": made["info"] | {"license": licence}}


def _older(value: Any, are_names: bool = False) -> Any:
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _older(each, not are_names and name in _BY_NAME) for name, each in value.items()}
    if are_names:
        return made
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if isinstance(made.get("examples"), list):
        made["example"] = made.pop("examples")[0]
    return _with_one_type(made)


def _with_one_type(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with one type at most, and null by `nullable`."""
    alternatives = schema.get("anyOf", [])
    others = [each for each in alternatives if each != {"type": "null"}]
    if len(others) < len(alternatives):
        schema |= {"anyOf": others, "nullable": True}
    kinds = schema.get("type")
    if not isinstance(kinds, list):
        return schema
    del schema["type"]
    if "null" in kinds:
        schema["nullable"] = True
    kept = [kind for kind in kinds if kind != "null"]
    return schema | ({"type": kept[0]} if len(kept) == 1 else {"anyOf": [{"type": kind} for kind in kept]})
