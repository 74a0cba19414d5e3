"""The JSON schemas of process parameters, as annotations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True, eq=False)
class Schema:
    """A JSON schema in an annotation: ``Annotated[float, Schema({"type": "number"})]``."""

    value: Any


def callback(parameters: Sequence[dict[str, Any]], returns: Any) -> dict[str, Any]:
    """Return the schema of a callback, with ``context`` as its last parameter."""
    context = {
        "name": "context",
        "description": "What the caller passes on.",
        "schema": {"description": "Any data type."},
        "optional": True,
        "default": None,
    }
    return {
        "type": "object",
        "subtype": "process-graph",
        "parameters": [*parameters, context],
        "returns": {"description": "The result of the callback.", "schema": returns},
    }


def _parameter(name: str, description: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "schema": schema}


def _cube(*dimensions: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "subtype": "datacube"}
    return schema | {"dimensions": list(dimensions)} if dimensions else schema


ANY: dict[str, Any] = {"description": "Any data type."}
SPATIAL = {"type": "spatial", "axis": ["x", "y"]}
DATE_TIME = {"type": "string", "format": "date-time", "subtype": "date-time"}
DATE = {"type": "string", "format": "date", "subtype": "date"}
TIME = {"type": "string", "subtype": "time", "pattern": r"^\d{2}:\d{2}:\d{2}$"}
NULL = {"type": "null"}
EPSG = {"type": "integer", "subtype": "epsg-code", "minimum": 1000, "examples": [3857]}
WKT2 = {"type": "string", "subtype": "wkt2-definition"}
LABELLED = {"type": "array", "subtype": "labeled-array", "items": {"description": "Any data type."}}
INTERVAL = {
    "type": "array",
    "subtype": "temporal-interval",
    "minItems": 2,
    "maxItems": 2,
    "items": {"anyOf": [DATE_TIME, DATE, NULL]},
    "examples": [["2015-01-01T00:00:00Z", "2016-01-01T00:00:00Z"], ["2015-01-01", "2016-01-01"]],
}
BOUNDING_BOX = {
    "type": "object",
    "subtype": "bounding-box",
    "required": ["west", "south", "east", "north"],
    "properties": {
        "west": {"type": "number"},
        "south": {"type": "number"},
        "east": {"type": "number"},
        "north": {"type": "number"},
        "base": {"type": ["number", "null"], "default": None},
        "height": {"type": ["number", "null"], "default": None},
        "crs": {"anyOf": [EPSG, WKT2], "default": 4326},
    },
}
GEOJSON = {"type": "object", "subtype": "geojson", "deprecated": True}
RESAMPLING = [
    *("average", "bilinear", "cubic", "cubicspline", "lanczos", "max", "med", "min"),
    *("mode", "near", "q1", "q3", "rms", "sum"),
]
PERIODS = ["hour", "day", "week", "dekad", "month", "season", "tropical-season", "year", "decade", "decade-ad"]
_X = _parameter("x", "The value.", {"description": "Any data type."})
_DATA = _parameter("data", "The values along the dimension, labelled.", LABELLED)
_ITEMS: dict[str, Any] = {"type": "array", "items": {"description": "Any data type."}}
_NUMBERS = {"type": "array", "items": {"type": ["number", "null"]}}
_ARRAY_PARAMETERS = [
    _X,
    _parameter("index", "The position, counted from zero.", {"type": "integer", "minimum": 0}),
    _parameter("label", "The label, where there is one.", [{"type": "number"}, {"type": "string"}, NULL])
    | {"default": None, "optional": True},
]


def number(**limits: float) -> Schema:
    """Return the schema of a number or null within limits such as ``minimum=0``."""
    return Schema({"type": ["number", "null"], **limits})


def choice(*values: str) -> Schema:
    """Return the schema of a string out of a few."""
    return Schema({"type": "string", "enum": list(values)})


Anything = Annotated[Any, Schema(ANY)]
Number = Annotated[Any, number()]
NotNegative = Annotated[Any, number(minimum=0)]
Numeric = Annotated[Any, Schema({"type": "number"})]
Integer = Annotated[int, Schema({"type": "integer"})]
IntegerOrNull = Annotated[Any, Schema({"type": ["integer", "null"]})]
Index = Annotated[int, Schema({"type": "integer", "minimum": 0})]
IndexOrNull = Annotated[Any, Schema([NULL, {"type": "integer", "minimum": 0}])]
Boolean = Annotated[Any, Schema({"type": ["boolean", "null"]})]
Flag = Annotated[Any, Schema({"type": "boolean"})]
Text = Annotated[str, Schema({"type": "string"})]
TextOrNull = Annotated[Any, Schema({"type": ["string", "null"]})]
Scalar = Annotated[Any, Schema({"type": ["number", "boolean", "string", "null"]})]
Array = Annotated[Any, Schema(_ITEMS)]
UntypedArray = Annotated[Any, Schema({"type": "array"})]
Numbers = Annotated[Any, Schema(_NUMBERS)]
Booleans = Annotated[Any, Schema({"type": "array", "items": {"type": ["boolean", "null"]}})]
Labels = Annotated[Any, Schema({"type": "array", "items": {"type": ["number", "string"]}})]
UniqueLabels = Annotated[Any, Schema({"type": "array", "uniqueItems": True, "items": {"type": ["number", "string"]}})]
Label = Annotated[Any, Schema([{"type": "number"}, {"type": "string"}])]
LabelOrNull = Annotated[Any, Schema([{"type": "number"}, {"type": "string"}, NULL])]
ScalarChoice = Annotated[Any, Schema([{"type": "number"}, {"type": "boolean"}, {"type": "string"}, NULL])]
Cube = Annotated[Any, Schema(_cube())]
RasterCube = Annotated[Any, Schema(_cube(SPATIAL))]
TemporalCube = Annotated[Any, Schema(_cube({"type": "temporal"}))]
BandCube = Annotated[Any, Schema(_cube({"type": "bands"}))]
RasterBandCube = Annotated[Any, Schema(_cube(SPATIAL, {"type": "bands"}))]
RasterOrVectorCube = Annotated[Any, Schema([_cube(SPATIAL), _cube({"type": "geometry"})])]
GEOMETRIES = {"type": "geometry"}
VectorCube = Annotated[Any, Schema(_cube(GEOMETRIES))]
AnyGeometries = Annotated[Any, Schema([_cube(GEOMETRIES), GEOJSON])]
Polygons = Annotated[Any, Schema([_cube({"type": "geometry", "geometry_type": ["Polygon", "MultiPolygon"]}), GEOJSON])]
BoundingBox = Annotated[Any, Schema(BOUNDING_BOX)]
TemporalInterval = Annotated[Any, Schema(INTERVAL)]
Corner = Annotated[str, choice("lower-left", "upper-left", "lower-right", "upper-right")]
Resampling = Annotated[str, choice(*RESAMPLING)]
Period = Annotated[str, choice(*PERIODS)]
Reducer = Annotated[Callable[..., Any], Schema(callback([_DATA], {"description": "Any data type."}))]
ItemsReducer = Annotated[
    Callable[..., Any],
    Schema(
        callback([_parameter("data", "The values, in no particular order.", _ITEMS)], {"description": "Any data type."})
    ),
]
CubeCallback = Annotated[
    Callable[..., Any],
    Schema(
        callback(
            [_parameter("data", "A part of the cube.", _cube(SPATIAL))],
            {"description": "A cube.", "schema": _cube(SPATIAL)},
        )
    ),
]
ArrayCallback = Annotated[Callable[..., Any], Schema(callback([_DATA], _ITEMS))]
ElementCallback = Annotated[Callable[..., Any], Schema(callback([_X], {"description": "Any data type."}))]
ItemCallback = Annotated[Callable[..., Any], Schema(callback(_ARRAY_PARAMETERS, {"description": "Any data type."}))]
ItemCondition = Annotated[Callable[..., Any], Schema(callback(_ARRAY_PARAMETERS, {"type": "boolean"}))]
LabelCondition = Annotated[
    Callable[..., Any],
    Schema(
        callback([_parameter("value", "The label.", [{"type": "number"}, {"type": "string"}])], {"type": "boolean"})
    ),
]
CountCondition = Annotated[Any, Schema([callback([_X], {"type": "boolean"}), {"type": "boolean", "const": True}, NULL])]
Overlap = Annotated[
    Any,
    Schema(
        callback(
            [_X, _parameter("y", "The value of the second cube.", {"description": "Any data type."})],
            {"description": "Any data type."},
        )
    ),
]
Probabilities = Annotated[
    Any,
    Schema(
        [
            {"type": "array", "uniqueItems": True, "items": {"type": "number", "minimum": 0, "maximum": 1}},
            {"type": "integer", "minimum": 2},
        ]
    ),
]
