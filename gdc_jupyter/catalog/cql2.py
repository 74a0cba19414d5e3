"""CQL2 filters as conditions of SQLite: parsed by the library cql2, translated here, with all values as parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from gdc_jupyter.catalog.item_functions import geometry_of
from gdc_jupyter.catalog.rfc3339 import milliseconds
from gdc_jupyter.errors import GdcError

_MOST_TEXT = 20_000
_MOST_DEPTH, _MOST_NODES = 40, 2000
_COMPARISONS = {"=", "<>", "<", "<=", ">", ">="}
_ARITHMETIC = {"+", "-", "*", "/", "%", "div", "^"}
_SPATIAL = {
    "s_intersects": "intersects",
    "s_disjoint": "disjoint",
    "s_within": "within",
    "s_contains": "contains",
    "s_equals": "equals",
    "s_touches": "touches",
    "s_crosses": "crosses",
    "s_overlaps": "overlaps",
}
_PROPERTY = re.compile(r'[^"\\\x00-\x1f\x7f]{1,200}')
#: The item's GeoJSON, which is looked at only where all else holds.
DOCUMENT = "(SELECT document FROM documents d WHERE d.number = i.number)"
#: Columns of the index; all else is in the document.
_COLUMNS = {
    "id": "i.id",
    "collection": "i.collection_id",
    "datetime": "i.start",
    "start_datetime": "i.start",
    "end_datetime": "i.end",
}
_TIMES = {"datetime", "start_datetime", "end_datetime"}


@dataclass
class Condition:
    """A condition of SQL.

    Attributes
    ----------
    sql : str
    values : list
        For the question marks in it.
    """

    sql: str
    values: list[Any] = field(default_factory=list)


def parse_filter(text: Any, language: str) -> dict[str, Any]:
    """Return a filter as CQL2 JSON.

    Parameters
    ----------
    text : str or dict
    language : str
        ``cql2-text`` or ``cql2-json``.

    Raises
    ------
    GdcError
        ``ParameterInvalid``, with the place of the fault.
    """
    import cql2

    size = len(text) if isinstance(text, str) else len(orjson.dumps(text))
    if size > _MOST_TEXT:
        raise _invalid(f"is longer than {_MOST_TEXT} characters")
    if isinstance(text, str) and max(map(text.count, "([")) > _MOST_NODES:
        raise _invalid("has too many parentheses")
    if isinstance(text, str) and _nesting(text) > _MOST_DEPTH:
        raise _invalid(f"is nested more deeply than {_MOST_DEPTH} levels")
    try:
        if language == "cql2-json":
            document = orjson.loads(text) if isinstance(text, str) else text
            parsed = cql2.parse_json(orjson.dumps(document).decode()).to_json()
        else:
            parsed = cql2.parse_text(text).to_json()
    except orjson.JSONDecodeError as error:
        raise _invalid(f"is not JSON: {error}") from None
    except (cql2.ParseError, cql2.ValidationError, ValueError, TypeError) as error:
        raise _invalid(f"is no {language}: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(parsed, dict):
        raise _invalid("must be a condition")
    return parsed


def _nesting(text: str) -> int:
    depth = deepest = 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        deepest = max(deepest, depth)
    return deepest


def condition(expression: dict[str, Any]) -> Condition:
    """Return a filter as a condition on the table ``i`` of items.

    Raises
    ------
    GdcError
        ``ParameterInvalid``, with what is not known.
    """
    translator = _Translator()
    sql = translator.boolean(expression, 0)
    return Condition(sql, translator.values)


def property_sql(name: str) -> str:
    """Return a property of an item as an expression of SQL.

    Raises
    ------
    GdcError
        ``ParameterInvalid`` for what cannot be the name of a property.
    """
    if name in _COLUMNS:
        return _COLUMNS[name]
    if name == "geometry":
        raise _invalid("has the property 'geometry' where a value is needed")
    name = name.removeprefix("properties.")
    if not _PROPERTY.fullmatch(name):
        raise _invalid(f"has the property {name[:50]!r}; names have no quotes, backslashes or control characters")
    # No name that gets here can end the text that it is in.
    quoted = name.replace("'", "''")
    return f"json_extract(i.properties, '$.\"{quoted}\"')"


class _Translator:
    def __init__(self) -> None:
        self.values: list[Any] = []
        self._nodes = 0

    def boolean(self, node: Any, depth: int) -> str:
        """Return a condition."""
        self._count(depth)
        if isinstance(node, bool):
            return self._value(int(node))
        if not isinstance(node, dict) or "op" not in node:
            if isinstance(node, dict) and "property" in node:
                return f"({self.scalar(node, depth)} = 1)"
            raise _invalid(f"has {_shown(node)} where a condition is needed")
        operator, arguments = str(node["op"]).lower(), node.get("args")
        if not isinstance(arguments, list):
            raise _invalid(f"has the operator '{operator}' without arguments")
        if operator in ("and", "or"):
            parts = [self.boolean(each, depth + 1) for each in arguments]
            return "(" + f" {operator.upper()} ".join(parts or [_never(operator)]) + ")"
        if operator == "not":
            self._require(operator, arguments, 1)
            return f"(NOT {self.boolean(arguments[0], depth + 1)})"
        found = self._predicates().get(operator)
        if found is None and operator in _COMPARISONS:
            return self._comparison(operator, arguments, depth)
        if found is None and operator in _SPATIAL:
            return self._spatial(operator, arguments)
        if found is None and operator.startswith("t_"):
            return self._temporal(operator, arguments)
        if found is None:
            raise _invalid(f"has the operator or function '{operator[:50]}', which is not known here")
        return found(operator, arguments, depth)

    def _predicates(self) -> dict[str, Callable[[str, list[Any], int], str]]:
        return {"between": self._between, "in": self._in, "like": self._like, "isnull": self._is_null}

    def scalar(self, node: Any, depth: int, time: bool = False) -> str:
        """Return an expression with a value; of a time in milliseconds where it is compared to one."""
        self._count(depth)
        if isinstance(node, bool):
            return self._value(int(node))
        if isinstance(node, int | float):
            if not math.isfinite(node):
                raise _invalid("has a number that is not finite")
            return self._value(node)
        if isinstance(node, str):
            return self._value(milliseconds(node, "filter") if time else node)
        if not isinstance(node, dict):
            raise _invalid(f"has {_shown(node)} where a value is needed")
        if "property" in node:
            return property_sql(str(node["property"]))
        for kind in ("timestamp", "date"):
            if kind in node:
                text = str(node[kind])
                at_start = text if kind == "timestamp" else f"{text}T00:00:00Z"
                found = milliseconds(at_start, "filter")
                return self._value(found if time else text)
        operator, arguments = str(node.get("op", "")).lower(), node.get("args") or []
        if operator in _ARITHMETIC and len(arguments) == 2:
            left, right = (self.scalar(each, depth + 1) for each in arguments)
            return self._calculation(operator, left, right)
        if operator in ("casei", "accenti") and len(arguments) == 1:
            name = "gdc_fold" if operator == "casei" else "gdc_plain"
            return f"{name}({self.scalar(arguments[0], depth + 1)})"
        raise _invalid(f"has the operator or function '{(operator or _shown(node))[:50]}', which is not known here")

    def _calculation(self, operator: str, left: str, right: str) -> str:
        if operator == "^":
            return f"gdc_power({left}, {right})"
        if operator == "div":
            return f"CAST({left} / {right} AS INTEGER)"
        if operator == "/":
            return f"(CAST({left} AS REAL) / {right})"
        return f"({left} {operator} {right})"

    def _comparison(self, operator: str, arguments: list[Any], depth: int) -> str:
        self._require(operator, arguments, 2)
        time = any(_is_time(each) for each in arguments)
        left, right = (self.scalar(each, depth + 1, time) for each in arguments)
        return f"({left} {operator} {right})"

    def _between(self, operator: str, arguments: list[Any], depth: int) -> str:
        if len(arguments) == 2 and isinstance(arguments[1], list):
            arguments = [arguments[0], *arguments[1]]
        self._require(operator, arguments, 3)
        time = any(_is_time(each) for each in arguments)
        value, low, high = (self.scalar(each, depth + 1, time) for each in arguments)
        return f"({value} BETWEEN {low} AND {high})"

    def _in(self, operator: str, arguments: list[Any], depth: int) -> str:
        self._require(operator, arguments, 2)
        if not isinstance(arguments[1], list) or not arguments[1]:
            raise _invalid("has 'in' without a list of values")
        time = _is_time(arguments[0])
        value = self.scalar(arguments[0], depth + 1, time)
        listed = ", ".join(self.scalar(each, depth + 1, time) for each in arguments[1])
        return f"({value} IN ({listed}))"

    def _like(self, operator: str, arguments: list[Any], depth: int) -> str:
        self._require(operator, arguments, 2)
        value, pattern = (self.scalar(each, depth + 1) for each in arguments)
        return f"gdc_like({value}, {pattern})"

    def _is_null(self, operator: str, arguments: list[Any], depth: int) -> str:
        self._require(operator, arguments, 1)
        if arguments[0] == {"property": "geometry"}:
            return "(i.west IS NULL)"
        return f"({self.scalar(arguments[0], depth + 1)} IS NULL)"

    def _spatial(self, operator: str, arguments: list[Any]) -> str:
        self._require(operator, arguments, 2)
        sides = [_geometry(each) for each in arguments]
        stored = [side is None for side in sides]
        if stored == [True, False]:
            return self._relation(_SPATIAL[operator], sides[1])
        if stored == [False, True]:
            turned = {"within": "contains", "contains": "within"}.get(_SPATIAL[operator], _SPATIAL[operator])
            return self._relation(turned, sides[0])
        raise _invalid(f"must have the property 'geometry' and one geometry in '{operator}'")

    def _relation(self, relation: str, other: str | None) -> str:
        return f"gdc_relates({self._value(relation)}, {DOCUMENT}, {self._value(other)})"

    def _temporal(self, operator: str, arguments: list[Any]) -> str:
        self._require(operator, arguments, 2)
        relation = _RELATIONS.get(operator)
        if relation is None:
            raise _invalid(f"has the operator '{operator[:50]}', which is not known here")
        (left_start, left_end), (right_start, right_end) = (self._interval(each) for each in arguments)
        names = {"a": left_start, "b": left_end, "c": right_start, "d": right_end}
        return "(" + re.sub(r"\b[abcd]\b", lambda found: names[found[0]], relation) + ")"

    def _interval(self, node: Any) -> tuple[str, str]:
        if isinstance(node, dict) and "property" in node:
            name = str(node["property"])
            if name == "datetime":
                return "i.start", "i.end"
            column = self._time_property(name)
            return column, column
        if isinstance(node, dict) and "interval" in node and len(node["interval"]) == 2:
            start, end = node["interval"]
            return self._moment(start, -(2**62)), self._moment(end, 2**62, last=True)
        moment = self._moment(node, 0)
        return moment, (self._moment(node, 0, last=True) if isinstance(node, dict) and "date" in node else moment)

    def _time_property(self, name: str) -> str:
        if name in _COLUMNS and name in _TIMES:
            return _COLUMNS[name]
        return f"gdc_milliseconds({property_sql(name)})"

    def _moment(self, node: Any, open_end: int, last: bool = False) -> str:
        if isinstance(node, dict) and "property" in node:
            return self._time_property(str(node["property"]))
        text = node
        if isinstance(node, dict):
            text = node.get("timestamp") or node.get("date")
        if not isinstance(text, str):
            raise _invalid(f"has {_shown(node)} where a time is needed")
        # Open ends are numbers of this module's own; a placeholder would be used twice.
        if text == "..":
            return str(open_end)
        if len(text) == 10:
            start = milliseconds(f"{text}T00:00:00Z", "filter")
            return str(start + 86_400_000 - 1 if last else start)
        return str(milliseconds(text, "filter"))

    def _value(self, value: Any) -> str:
        if isinstance(value, int) and abs(value) >= 2**63:
            raise _invalid("has a number that is too large")
        self.values.append(value)
        return "?"

    def _count(self, depth: int) -> None:
        self._nodes += 1
        if depth > _MOST_DEPTH or self._nodes > _MOST_NODES:
            raise _invalid(f"has more than {_MOST_NODES} parts, or is nested more deeply than {_MOST_DEPTH} levels")

    def _require(self, operator: str, arguments: list[Any], count: int) -> None:
        if len(arguments) != count:
            raise _invalid(f"has '{operator}' with {len(arguments)} arguments; it needs {count}")


#: Allen's relations of the interval from a to b to that from c to d.
_RELATIONS = {
    "t_after": "a > d",
    "t_before": "b < c",
    "t_contains": "a < c AND b > d",
    "t_disjoint": "b < c OR a > d",
    "t_during": "a > c AND b < d",
    "t_equals": "a = c AND b = d",
    "t_finishedby": "a < c AND b = d",
    "t_finishes": "a > c AND b = d",
    "t_intersects": "a <= d AND b >= c",
    "t_meets": "b = c",
    "t_metby": "a = d",
    "t_overlappedby": "a > c AND a < d AND b > d",
    "t_overlaps": "a < c AND b > c AND b < d",
    "t_startedby": "a = c AND b > d",
    "t_starts": "a = c AND b < d",
}


def _is_time(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    return str(node.get("property", "")).removeprefix("properties.") in _TIMES


def _geometry(node: Any) -> str | None:
    """Return a geometry as GeoJSON, None for the item's own."""
    if isinstance(node, dict) and "property" in node:
        if node["property"] != "geometry":
            raise _invalid(f"has the property {str(node['property'])[:50]!r} where a geometry is needed")
        return None
    if isinstance(node, dict) and isinstance(node.get("bbox"), list):
        numbers = node["bbox"]
        if len(numbers) not in (4, 6) or not all(isinstance(each, int | float) for each in numbers):
            raise _invalid("has a box without four or six numbers")
        (west, south), (east, north) = numbers[:2], numbers[len(numbers) // 2 :][:2]
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return orjson.dumps({"type": "Polygon", "coordinates": [ring]}).decode()
    if isinstance(node, dict) and ("coordinates" in node or "geometries" in node):
        return checked_geometry(node, "filter")
    raise _invalid(f"has {_shown(node)} where a geometry is needed")


def checked_geometry(node: Any, parameter: str) -> str:
    """Return a GeoJSON geometry as text.

    Raises
    ------
    GdcError
        ``ParameterInvalid``.
    """
    import shapely

    text = orjson.dumps(node).decode()
    try:
        edges = [float(edge) for edge in shapely.bounds(geometry_of(text))]
    except (shapely.errors.GEOSException, ValueError, TypeError):
        edges = [math.nan]
    if not all(map(math.isfinite, edges)):
        raise GdcError("ParameterInvalid", f"The parameter '{parameter}' has {_shown(node)}, which is no geometry.")
    west, south, east, north = edges
    if west < -360 or east > 360 or south < -90 or north > 90:
        raise GdcError("ParameterInvalid", f"The parameter '{parameter}' has a geometry outside of the Earth.")
    return text


def _never(operator: str) -> str:
    return "1" if operator == "and" else "0"


def _shown(node: Any) -> str:
    text = str(node)
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _invalid(what: str) -> GdcError:
    return GdcError("ParameterInvalid", f"The parameter 'filter' {what}.")


def required_geometries(expression: Any) -> list[str]:
    """Return geometries, as GeoJSON, that an item must touch for a filter to hold."""
    if not isinstance(expression, dict) or not isinstance(expression.get("args"), list):
        return []
    operator, arguments = str(expression.get("op")).lower(), expression["args"]
    if operator == "and":
        return [geometry for each in arguments for geometry in required_geometries(each)]
    if operator not in _SPATIAL or operator == "s_disjoint":
        return []
    return [geometry for geometry in map(_geometry, arguments) if geometry is not None]


def bounds_of(geometry: str) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a GeoJSON geometry."""
    import shapely

    west, south, east, north = shapely.bounds(geometry_of(geometry)).tolist()
    return west, south, east, north
