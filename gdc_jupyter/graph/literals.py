"""Literal arguments held against the JSON schemas of parameters, which become functions once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from gdc_jupyter.graph.parse import Callback, FromNode, FromParameter, Nested


class Problem(NamedTuple):
    """What is wrong with a value.

    Parameters
    ----------
    message : str
        Without a full stop.
    place : tuple
        Where in the value: the keys and positions on the way.
    of_type : bool
        Whether the value is of another type altogether.
    """

    message: str
    place: tuple[str | int, ...] = ()
    of_type: bool = False

    def within(self, key: str | int) -> Problem:
        """Return the problem as one of the value around."""
        return self._replace(place=(key, *self.place))


Check = Callable[[Any], Problem | None]

_REFERENCES = (FromNode, FromParameter)
_NAMES = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}
_OF_TYPE: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}
# What only describes, or is asked of the process itself.
_WORDS = frozenset(
    "title description default examples format subtype deprecated dimensions geometry_type parameters returns "
    "minimumExclusive maximumExclusive readOnly writeOnly $schema $comment".split()
)


def compiled(schema: Any) -> Check:
    """Return the function that tells what is wrong with a literal value: None where it fits.

    References fit anything. Values of types that JSON lacks are left to the process.

    Parameters
    ----------
    schema : dict or list of dict
        A JSON schema, or alternatives of which one has to fit.

    Raises
    ------
    TypeError
        For a keyword that is not known here.
    """
    if isinstance(schema, list):
        return _any_of(schema)
    kind = schema.get("subtype")
    if kind == "process-graph":
        return _is_callback
    if kind == "datacube":
        return _is_cube
    checks = [make(schema) for keyword, make in _KEYWORDS.items() if keyword in schema]
    if _OBJECT & schema.keys():
        checks.append(_object(schema))
    if unknown := schema.keys() - _KEYWORDS.keys() - _OBJECT - _WORDS:
        raise TypeError(f"The keywords {sorted(unknown)} of a parameter's schema are not known.")
    if not checks:
        return _anything
    if len(checks) == 1:
        return checks[0]

    def check(value: Any) -> Problem | None:
        for each in checks:
            problem = each(value)
            if problem is not None:
                return problem
        return None

    return check


def expectation(schema: Any) -> str:
    """Return in words what a schema wants."""
    alternatives = schema if isinstance(schema, list) else [schema]
    return " or ".join(dict.fromkeys(filter(None, map(_expectation, alternatives)))) or "another value"


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value:.60}{'…' if len(value) > 60 else ''}'"
    if isinstance(value, (list, Nested)):
        return "an array" if not isinstance(value, Nested) or isinstance(value.members, list) else "an object"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, Callback):
        return "a process graph"
    return f"{value!r:.60}"


def _anything(value: Any) -> Problem | None:
    return None


def _is_callback(value: Any) -> Problem | None:
    if isinstance(value, (Callback, *_REFERENCES)) or type(value) not in _OF_TYPE:
        return None
    return Problem(f"A process graph is needed, and {shown(value)} is given", of_type=True)


def _is_cube(value: Any) -> Problem | None:
    if type(value) in _OF_TYPE or isinstance(value, (Callback, Nested)):
        message = f"A data cube is needed, and {shown(value)} is given: refer to a node with {{'from_node': …}}"
        return Problem(message, of_type=True)
    return None


def _members(value: Any) -> Any:
    return value.members if type(value) is Nested else value


def _types(schema: dict[str, Any]) -> Check:
    wanted = schema["type"]
    names = frozenset([wanted] if isinstance(wanted, str) else wanted)
    phrase = " or ".join(_NAMES[name] for name in ([wanted] if isinstance(wanted, str) else wanted))

    def check(value: Any) -> Problem | None:
        kinds = _OF_TYPE.get(type(_members(value)))
        if kinds is None:
            given = "A process graph is given" if type(value) is Callback else ""
            return Problem(f"{given} where {phrase} is needed", of_type=True) if given else None
        for kind in kinds:
            if kind in names:
                return None
        if type(value) is float and "integer" in names and value.is_integer():
            return None
        return Problem(f"{shown(value)} is given where {phrase} is needed", of_type=True)

    return check


def _enum(schema: dict[str, Any]) -> Check:
    allowed = schema["enum"]

    def check(value: Any) -> Problem | None:
        if type(value) not in _OF_TYPE or value in allowed:
            return None
        return Problem(f"{shown(value)} is not one of {', '.join(map(str, allowed))}")

    return check


def _const(schema: dict[str, Any]) -> Check:
    only = schema["const"]

    def check(value: Any) -> Problem | None:
        if type(value) not in _OF_TYPE or (value == only and type(value) is type(only)):
            return None
        return Problem(f"{shown(value)} is given where only {shown(only)} is possible")

    return check


def _limit(keyword: str, within: Callable[[float, float], bool], phrase: str) -> Callable[[dict[str, Any]], Check]:
    def make(schema: dict[str, Any]) -> Check:
        bound = schema[keyword]

        def check(value: Any) -> Problem | None:
            if type(value) not in (int, float) or within(value, bound):
                return None
            return Problem(f"{value!r:.40} is {phrase} {bound}")

        return check

    return make


def _length(keyword: str, kinds: tuple[type, ...], sign: int, phrase: str) -> Callable[[dict[str, Any]], Check]:
    def make(schema: dict[str, Any]) -> Check:
        bound = schema[keyword]

        def check(value: Any) -> Problem | None:
            value = _members(value)
            if type(value) not in kinds or sign * len(value) <= sign * bound:
                return None
            return Problem(f"{shown(value)} has {phrase} {bound} (it has {len(value)})")

        return check

    return make


def _pattern(schema: dict[str, Any]) -> Check:
    expression = re.compile(schema["pattern"])

    def check(value: Any) -> Problem | None:
        if type(value) is not str or expression.search(value):
            return None
        return Problem(f"{shown(value)} does not match the pattern {schema['pattern']}")

    return check


def _unique(schema: dict[str, Any]) -> Check:
    def check(value: Any) -> Problem | None:
        if schema["uniqueItems"] is not True or type(value) is not list:
            return None
        seen: set[Any] = set()
        for position, member in enumerate(value):
            content = repr(member) if isinstance(member, (list, dict)) else member
            key = isinstance(member, bool), content
            if key in seen:
                return Problem(f"{shown(member)} is there twice", (position,))
            seen.add(key)
        return None

    return check


def _items(schema: dict[str, Any]) -> Check:
    inner = compiled(schema["items"])

    def check(value: Any) -> Problem | None:
        value = _members(value)
        if type(value) is not list or inner is _anything:
            return None
        for position, member in enumerate(value):
            problem = inner(member)
            if problem is not None:
                return problem.within(position)
        return None

    return check


def _object(schema: dict[str, Any]) -> Check:
    properties = {name: compiled(each) for name, each in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties", True)
    other = compiled(others) if isinstance(others, dict) else None
    required = schema.get("required", ())

    def check(value: Any) -> Problem | None:
        value = _members(value)
        if type(value) is not dict:
            return None
        missing = [name for name in required if name not in value]
        if missing:
            return Problem(f"{', '.join(map(repr, missing))} is missing in the object")
        for name, member in value.items():
            inner = properties.get(name, other)
            if inner is None:
                if others is False and name not in properties:
                    return Problem(f"{name!r:.60} is not known; known are {', '.join(properties) or 'none'}")
                continue
            problem = inner(member)
            if problem is not None:
                return problem.within(name)
        return None

    return check


def _any_of(schemas: list[Any]) -> Check:
    checks = [compiled(each) for each in schemas]
    wanted = expectation(schemas)

    def check(value: Any) -> Problem | None:
        problems = []
        for each in checks:
            problem = each(value)
            if problem is None:
                return None
            problems.append(problem)
        meant = [problem for problem in problems if problem.place or not problem.of_type]
        if meant:
            return max(meant, key=lambda problem: len(problem.place))
        return Problem(f"{shown(value)} is given where {wanted} is needed", of_type=True)

    return check


def _not(schema: dict[str, Any]) -> Check:
    inner = compiled(schema["not"])

    def check(value: Any) -> Problem | None:
        if type(value) not in _OF_TYPE or inner(value) is not None:
            return None
        return Problem(f"{shown(value)} is not allowed")

    return check


def _expectation(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    subtype = schema.get("subtype")
    if subtype:
        named = str(subtype).replace("-", " ")
        return {"datacube": "data cube", "geojson": "GeoJSON"}.get(named, named)
    kind = schema.get("type", "")
    return " or ".join(_NAMES[name] for name in ([kind] if isinstance(kind, str) else kind) if name)


_KEYWORDS: dict[str, Callable[[dict[str, Any]], Check]] = {
    "type": _types,
    "enum": _enum,
    "const": _const,
    "minimum": _limit("minimum", lambda value, bound: value >= bound, "less than"),
    "maximum": _limit("maximum", lambda value, bound: value <= bound, "more than"),
    "exclusiveMinimum": _limit("exclusiveMinimum", lambda value, bound: value > bound, "not more than"),
    "exclusiveMaximum": _limit("exclusiveMaximum", lambda value, bound: value < bound, "not less than"),
    "minLength": _length("minLength", (str,), -1, "fewer characters than"),
    "maxLength": _length("maxLength", (str,), 1, "more characters than"),
    "minItems": _length("minItems", (list,), -1, "fewer members than"),
    "maxItems": _length("maxItems", (list,), 1, "more members than"),
    "pattern": _pattern,
    "uniqueItems": _unique,
    "items": _items,
    "anyOf": lambda schema: _any_of(schema["anyOf"]),
    "oneOf": lambda schema: _any_of(schema["oneOf"]),
    "not": _not,
}
_OBJECT = frozenset({"properties", "required", "additionalProperties"})
