"""Processes of an openEO back-end for tests, described the way that version 1 of the specifications had it."""

from __future__ import annotations

from typing import Any

CUBE = {"type": "object", "subtype": "raster-cube"}
VECTORS = [{"type": "object", "subtype": "geojson"}, {"type": "object", "subtype": "vector-cube"}]
NUMBER = {"type": ["number", "null"]}
NUMBERS = {"type": "array", "items": NUMBER}
TEXT = {"type": "string"}
ANY = {"description": "Any data type."}
DATES = {
    "type": "array",
    "subtype": "temporal-interval",
    "minItems": 2,
    "maxItems": 2,
    "items": {
        "anyOf": [
            {"type": "string", "format": "date-time", "subtype": "date-time"},
            {"type": "string", "format": "date", "subtype": "date"},
            {"type": "string", "subtype": "year"},
            {"type": "null"},
        ]
    },
}
BOX = {
    "type": "object",
    "subtype": "bounding-box",
    "required": ["west", "south", "east", "north"],
    "properties": {
        **{side: {"type": "number"} for side in ("west", "south", "east", "north")},
        "base": {"type": ["number", "null"], "default": None},
        "crs": {
            "anyOf": [
                {"type": "integer", "subtype": "epsg-code", "minimum": 1000},
                {"type": "string", "subtype": "wkt2-definition"},
                {"type": "string", "subtype": "proj-definition", "deprecated": True},
            ],
            "default": 4326,
        },
    },
}
BAND_NAMES = {"type": "array", "minItems": 1, "items": {"type": "string", "subtype": "band-name"}}
REQUIRED = object()


def parameter(name: str, schema: Any, default: Any = REQUIRED, description: str | None = None) -> dict[str, Any]:
    made = {"name": name, "description": description or f"The {name.replace('_', ' ')}.", "schema": schema}
    return made if default is REQUIRED else made | {"optional": True, "default": default}


def callback(*given: dict[str, Any], returns: Any = ANY) -> dict[str, Any]:
    return {
        "type": "object",
        "subtype": "process-graph",
        "parameters": list(given),
        "returns": {"description": "The result.", "schema": returns},
    }


def process(
    name: str, summary: str, parameters: list[dict[str, Any]], returns: Any, *categories: str, **more: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "summary": summary,
        "description": f"{summary}.",
        "categories": list(categories),
        "parameters": parameters,
        "returns": {"description": "The result.", "schema": returns},
        "links": [],
    } | more


DATA = parameter("data", CUBE)
CONTEXT = parameter("context", ANY, None)
OVER_ARRAY = callback(parameter("data", {"type": "array", "items": ANY}), CONTEXT)
OVER_VALUE = callback(parameter("x", ANY), CONTEXT)
IGNORE = parameter("ignore_nodata", {"type": "boolean"}, True)
DIMENSION = parameter("dimension", TEXT)


def mathematics() -> list[dict[str, Any]]:
    x, y = parameter("x", NUMBER), parameter("y", NUMBER)
    one = ("absolute", "ceil", "cos", "exp", "floor", "int", "sgn", "sin", "sqrt", "tan", "arctan")
    two = ("add", "subtract", "multiply", "divide", "arctan2", "mod")
    comparisons = ("gt", "gte", "lt", "lte")
    either = parameter("x", ANY), parameter("y", ANY)
    booleans = [parameter(name, {"type": ["boolean", "null"]}) for name in "xy"]
    return [
        *(process(name, f"The {name} of a number", [x], NUMBER, "math") for name in one),
        *(process(name, f"{name.title()} two numbers", [x, y], NUMBER, "math") for name in two),
        *(
            process(name, f"Whether x is {name} y", [*either], {"type": "boolean"}, "comparison")
            for name in comparisons
        ),
        *(
            process(name, f"Whether x is {name} y", [*either], {"type": "boolean"}, "comparison")
            for name in ("eq", "neq")
        ),
        *(process(name, f"x {name} y", booleans, {"type": "boolean"}, "logic") for name in ("and", "or", "xor")),
        process("not", "Inverts a boolean", booleans[:1], {"type": "boolean"}, "logic"),
        process("power", "A power", [parameter("base", NUMBER), parameter("p", NUMBER)], NUMBER, "math"),
        process("ln", "The natural logarithm", [x], NUMBER, "math"),
        process("log", "A logarithm", [x, parameter("base", NUMBER)], NUMBER, "math"),
        process("pi", "Pi", [], {"type": "number"}, "math"),
        process("normalized_difference", "The normalised difference", [x, y], NUMBER, "math"),
        process(
            "linear_scale_range",
            "Scales a number linearly",
            [
                x,
                parameter("inputMin", {"type": "number"}),
                parameter("inputMax", {"type": "number"}),
                parameter("outputMin", {"type": "number"}, 0),
                parameter("outputMax", {"type": "number"}, 1),
            ],
            NUMBER,
            "math",
        ),
        process(
            "clip",
            "Clips a number",
            [x, parameter("min", {"type": "number"}), parameter("max", {"type": "number"})],
            NUMBER,
            "math",
        ),
        process(
            "if",
            "Either or",
            [
                parameter("value", {"type": ["boolean", "null"]}),
                parameter("accept", ANY),
                parameter("reject", ANY, None),
            ],
            ANY,
            "logic",
        ),
    ]


def arrays() -> list[dict[str, Any]]:
    data = parameter("data", NUMBERS)
    reducers = ("max", "mean", "median", "min", "product", "sd", "sum", "variance")
    return [
        *(process(name, f"The {name} of numbers", [data, IGNORE], NUMBER, "reducer", "math") for name in reducers),
        *(process(name, f"The {name} element", [data, IGNORE], ANY, "reducer", "arrays") for name in ("first", "last")),
        process(
            "count",
            "The number of elements",
            [
                parameter("data", {"type": "array", "items": ANY}),
                parameter("condition", [OVER_VALUE, {"const": True, "type": "boolean"}, {"type": "null"}], None),
                CONTEXT,
            ],
            NUMBER,
            "reducer",
        ),
        process(
            "array_element",
            "An element of an array",
            [
                parameter("data", {"type": "array", "items": ANY}),
                parameter("index", {"type": "integer"}, None),
                parameter("label", [{"type": "number"}, TEXT], None),
                parameter("return_nodata", {"type": "boolean"}, False),
            ],
            ANY,
            "arrays",
        ),
        process(
            "quantiles",
            "Quantiles of numbers",
            [
                data,
                parameter("probabilities", [NUMBERS, {"type": "integer", "minimum": 2}], None),
                parameter("q", {"type": "integer", "minimum": 2}, None),
                parameter("ignore_nodata", {"type": "boolean"}, True),
            ],
            NUMBERS,
            "math",
        ),
    ]


def cubes() -> list[dict[str, Any]]:
    overlap = callback(parameter("x", ANY), parameter("y", ANY), CONTEXT)
    loading = [
        parameter("id", {"type": "string", "subtype": "collection-id", "pattern": r"^[\w\-\.~/]+$"}),
        parameter("spatial_extent", [BOX, *VECTORS[:1], {"type": "null"}]),
        parameter("temporal_extent", [DATES, {"type": "null"}]),
        parameter("bands", [BAND_NAMES, {"type": "null"}], None),
        parameter(
            "properties",
            [
                {
                    "type": "object",
                    "subtype": "metadata-filter",
                    "additionalProperties": callback(parameter("value", ANY), returns={"type": "boolean"}),
                },
                {"type": "null"},
            ],
            None,
        ),
    ]
    return [
        process("load_collection", "Loads a collection", loading, CUBE, "cubes", "import"),
        process(
            "save_result",
            "Saves data",
            [
                parameter("data", [CUBE, *VECTORS[1:]]),
                parameter("format", {"type": "string", "subtype": "output-format"}),
                parameter("options", {"type": "object", "subtype": "output-format-options"}, {}),
            ],
            {"type": "boolean"},
            "cubes",
            "export",
        ),
        process(
            "reduce_dimension",
            "Reduces a dimension",
            [DATA, parameter("reducer", OVER_ARRAY), DIMENSION, CONTEXT],
            CUBE,
            "cubes",
            "reducer",
        ),
        process(
            "apply", "Applies a process to each pixel", [DATA, parameter("process", OVER_VALUE), CONTEXT], CUBE, "cubes"
        ),
        process(
            "apply_dimension",
            "Applies a process along a dimension",
            [
                DATA,
                parameter("process", OVER_ARRAY),
                DIMENSION,
                parameter("target_dimension", {"type": ["string", "null"]}, None),
                CONTEXT,
            ],
            CUBE,
            "cubes",
        ),
        process(
            "apply_kernel",
            "Applies a spatial kernel",
            [
                DATA,
                parameter(
                    "kernel",
                    {"type": "array", "subtype": "kernel", "items": {"type": "array", "items": {"type": "number"}}},
                ),
                parameter("factor", {"type": "number"}, 1),
                parameter(
                    "border", [{"type": "string", "enum": ["replicate", "reflect", "wrap"]}, {"type": "number"}], 0
                ),
                parameter("replace_invalid", {"type": "number"}, 0),
            ],
            CUBE,
            "cubes",
        ),
        process(
            "filter_bands",
            "Filters bands",
            [DATA, parameter("bands", BAND_NAMES, []), parameter("wavelengths", {"type": "array"}, [])],
            CUBE,
            "cubes",
            "filter",
        ),
        process("filter_bbox", "Filters by a bounding box", [DATA, parameter("extent", BOX)], CUBE, "cubes", "filter"),
        process(
            "filter_spatial", "Filters by geometries", [DATA, parameter("geometries", VECTORS)], CUBE, "cubes", "filter"
        ),
        process(
            "filter_temporal",
            "Filters by dates",
            [DATA, parameter("extent", DATES), parameter("dimension", {"type": ["string", "null"]}, None)],
            CUBE,
            "cubes",
            "filter",
        ),
        process(
            "aggregate_temporal_period",
            "Aggregates by calendar periods",
            [
                DATA,
                parameter(
                    "period", {"type": "string", "enum": ["hour", "day", "week", "dekad", "month", "season", "year"]}
                ),
                parameter("reducer", OVER_ARRAY),
                parameter("dimension", {"type": ["string", "null"]}, None),
                CONTEXT,
            ],
            CUBE,
            "cubes",
            "aggregate",
        ),
        process(
            "aggregate_spatial",
            "Zonal statistics",
            [
                DATA,
                parameter("geometries", VECTORS),
                parameter("reducer", OVER_ARRAY),
                parameter("target_dimension", {"type": ["string", "null"]}, None),
                CONTEXT,
            ],
            VECTORS[1],
            "cubes",
            "aggregate",
        ),
        process(
            "merge_cubes",
            "Merges two cubes",
            [
                parameter("cube1", CUBE),
                parameter("cube2", CUBE),
                parameter("overlap_resolver", [overlap, {"type": "null"}], None),
                CONTEXT,
            ],
            CUBE,
            "cubes",
        ),
        process(
            "mask",
            "Masks a cube",
            [
                DATA,
                parameter("mask", CUBE),
                parameter("replacement", {"type": ["number", "boolean", "string", "null"]}, None),
            ],
            CUBE,
            "cubes",
            "masks",
        ),
        process(
            "resample_spatial",
            "Resamples and warps",
            [
                DATA,
                parameter(
                    "resolution", [{"type": "number", "minimum": 0}, {"type": "array", "minItems": 2, "maxItems": 2}], 0
                ),
                parameter(
                    "projection",
                    [
                        {"type": "integer", "subtype": "epsg-code"},
                        {"type": "string", "subtype": "wkt2-definition"},
                        {"type": "null"},
                    ],
                    None,
                ),
                parameter(
                    "method", {"type": "string", "enum": ["near", "bilinear", "cubic", "average", "mode"]}, "near"
                ),
                parameter(
                    "align",
                    {"type": "string", "enum": ["lower-left", "upper-left", "lower-right", "upper-right"]},
                    "upper-left",
                ),
            ],
            CUBE,
            "cubes",
        ),
        process(
            "add_dimension",
            "Adds a dimension",
            [
                DATA,
                parameter("name", TEXT),
                parameter("label", [{"type": "number"}, TEXT]),
                parameter("type", {"type": "string", "enum": ["spatial", "temporal", "bands", "other"]}, "other"),
            ],
            CUBE,
            "cubes",
        ),
        process("drop_dimension", "Drops a dimension", [DATA, parameter("name", TEXT)], CUBE, "cubes"),
        process(
            "rename_labels",
            "Renames labels",
            [DATA, DIMENSION, parameter("target", {"type": "array"}), parameter("source", {"type": "array"}, [])],
            CUBE,
            "cubes",
        ),
        process(
            "ndvi",
            "The vegetation index",
            [
                DATA,
                parameter("nir", {"type": ["string", "null"]}, None),
                parameter("red", {"type": ["string", "null"]}, None),
                parameter("target_band", {"type": ["string", "null"]}, None),
            ],
            CUBE,
            "cubes",
        ),
        process(
            "run_udf",
            "Runs code",
            [
                parameter("data", [CUBE, {"type": "array"}, ANY]),
                parameter("udf", {"type": "string", "subtype": "udf-code"}),
                parameter("runtime", {"type": "string", "subtype": "udf-runtime"}),
                parameter("version", {"type": ["string", "null"], "subtype": "udf-runtime-version"}, None),
                parameter("context", {"type": "object"}, {}),
            ],
            ANY,
            "udf",
        ),
        process(
            "sar_backscatter",
            "Backscatter from radar data",
            [
                DATA,
                parameter(
                    "coefficient",
                    [{"type": "string", "enum": ["beta0", "sigma0-ellipsoid", "gamma0-terrain"]}, {"type": "null"}],
                    "gamma0-terrain",
                ),
            ],
            CUBE,
            "cubes",
            experimental=True,
        ),
        process(
            "only_here",
            "A process <b>of this federation</b> alone",
            [
                DATA,
                parameter("strength", {"type": "number", "minimum": 0, "maximum": 10}, 1),
                parameter("kind", {"enum": ["a", "b", None]}, "a"),
            ],
            CUBE,
            "experimental",
            **{"federation:backends": ["south"], "deprecated": True},
        ),
    ]


def processes() -> list[dict[str, Any]]:
    """Return all processes."""
    return [*cubes(), *mathematics(), *arrays()]
