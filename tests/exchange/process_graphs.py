"""Process graphs for tests: those that are written in documents, and random ones of any form."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "reference"


def is_graph(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(
            isinstance(node, dict)
            and isinstance(node.get("process_id"), str)
            and isinstance(node.get("arguments"), dict)
            for node in value.values()
        )
    )


def found_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all graphs within a value, but for callbacks."""
    if is_graph(value):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from found_in(each)


def documented() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the graphs of the specifications, with where they stand."""
    for path in sorted(REFERENCE.rglob("*.json")) if REFERENCE.exists() else []:
        for number, graph in enumerate(found_in(json.loads(path.read_text(encoding="utf-8")))):
            yield f"{path.stem}-{number}", graph


def written() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the graphs that stand as they are in notebooks, tests and payloads, with where they stand."""
    for path in sorted((ROOT / "tests" / "conformance").rglob("*.json")):
        for number, graph in enumerate(found_in(json.loads(path.read_text(encoding="utf-8")))):
            yield f"{path.stem}-{number}", graph
    sources = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.py"))}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "code":
                sources[path.with_name(f"{path.stem}-{number}.py")] = "".join(cell["source"])
    for path, source in sources.items():
        if "process_id" in source:
            yield from _literals(path.stem, source)


def _literals(name: str, source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for part in ast.walk(tree):
        if isinstance(part, ast.Dict):
            try:
                value = ast.literal_eval(part)
            except ValueError:
                continue
            if is_graph(value):
                yield f"{name}-{part.lineno}", value


TEXTS = st.one_of(
    st.sampled_from(
        [
            *("", "x", "data", "B04", "2022-06-01", "2022", "2022-06-01T00:00:00Z", "it's", 'a "word"', "back\\slash"),
            *(
                "def apply_datacube(cube):\n    return cube + 1\n",
                "  indented\n  code\n",
                'x = """a"""\n"',
                "\r\n",
                "\n",
            ),
            *("\x00\x1b", "\u2028", "{from_node}", "https://example.org/a.geojson", "/etc/hosts", "\ud800", "ünï"),
        ]
    ),
    st.text(max_size=8),
)
NUMBERS = st.one_of(
    st.integers(-5, 200), st.integers(), st.floats(width=32), st.sampled_from([0.1, -1.5, 1e300, float("nan"), -0.0])
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
NAMES = st.one_of(
    st.sampled_from(
        [
            *(
                "x",
                "y",
                "data",
                "context",
                "value",
                "self",
                "arguments",
                "process_id",
                "namespace",
                "metadata",
                "lambda",
            ),
            *("a-b", "a_b", "result", "processes", "connection", "openeo", "index", "label", "from_node", "process"),
            *("print", "Parameter", "float", "factor", "1st", "_", "ä"),
        ]
    ),
    st.text(min_size=1, max_size=5),
)
#: Arguments that processes have, so that the client's own methods are tried.
ARGUMENTS = {
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "eq", "lt", "gte", "and"), ("x", "y")),
    "normalized_difference": ("x", "y"),
    "power": ("base", "p"),
    "array_element": ("data", "index"),
    **dict.fromkeys(("mean", "max", "sum", "count", "quantiles", "text_concat"), ("data",)),
    "if": ("value", "accept", "reject"),
    "reduce_dimension": ("data", "reducer", "dimension"),
    "apply": ("data", "process"),
    "apply_dimension": ("data", "process", "dimension"),
    "array_apply": ("data", "process"),
    "array_filter": ("data", "condition"),
    "merge_cubes": ("cube1", "cube2", "overlap_resolver"),
    "mask": ("data", "mask"),
    "mask_polygon": ("data", "mask"),
    "filter_bands": ("data", "bands"),
    "filter_bbox": ("data", "extent"),
    "filter_spatial": ("data", "geometries"),
    "filter_temporal": ("data", "extent"),
    "filter_labels": ("data", "condition", "dimension"),
    "load_collection": ("id", "spatial_extent", "temporal_extent", "bands", "properties"),
    "load_stac": ("url",),
    "save_result": ("data", "format", "options"),
    "ndvi": ("data",),
    "aggregate_spatial": ("data", "geometries", "reducer"),
    "apply_kernel": ("data", "kernel", "factor", "border", "replace_invalid"),
    "rename_labels": ("data", "dimension", "target"),
    "resample_spatial": ("data", "resolution", "projection", "method", "align"),
    "run_udf": ("data", "udf", "runtime"),
}
PROCESSES = st.one_of(
    st.sampled_from(sorted(ARGUMENTS)),
    st.sampled_from(sorted(ARGUMENTS)),
    st.sampled_from(
        [
            *(
                "add",
                "subtract",
                "multiply",
                "divide",
                "power",
                "eq",
                "lt",
                "gte",
                "array_element",
                "mean",
                "max",
                "if",
            ),
            *(
                "and",
                "not",
                "array_apply",
                "array_filter",
                "count",
                "quantiles",
                "e",
                "run_udf",
                "normalized_difference",
            ),
            *(
                "reduce_dimension",
                "apply",
                "apply_dimension",
                "merge_cubes",
                "mask",
                "filter_bands",
                "filter_bbox",
                "sum",
            ),
            *(
                "filter_temporal",
                "load_collection",
                "load_stac",
                "save_result",
                "ndvi",
                "aggregate_spatial",
                "text_concat",
            ),
            *(
                "apply_kernel",
                "rename_labels",
                "resample_spatial",
                "filter_spatial",
                "mask_polygon",
                "unknown",
                "sar_backscatter",
            ),
            *(
                "process",
                "_process",
                "import",
                "ProcessBuilder",
                "builtins",
                "datacube_from_process",
                "filter_labels",
                "a b",
            ),
        ]
    ),
    st.text(min_size=1, max_size=6),
)
#: Values that arguments have by their names.
VALUES: dict[str, Any] = {
    "dimension": st.sampled_from(["t", "bands"]),
    "bands": st.one_of(st.lists(st.sampled_from(["B04", "B08", "red"]), max_size=3), st.just("B04"), st.none()),
    "id": st.sampled_from(["SENTINEL2_L2A", "S 1", {"from_parameter": "x"}]),
    "temporal_extent": st.sampled_from(
        [
            *(None, [], ["2022-06-01", None], ["2022-06-01", "2022-07-01T10:00:00Z"], ["2022", "2023"], ["2022-06-01"]),
            *([None, None], [{"from_parameter": "x"}, "2022-06-01"], {"from_parameter": "x"}, "2022-06"),
        ]
    ),
    "extent": st.sampled_from(
        [
            {"west": 1, "south": 2, "east": 3, "north": 4},
            {"west": 1.0, "south": 2, "east": 3, "north": 4, "crs": 32632},
            {"west": {"from_parameter": "x"}, "south": 2, "east": 3, "north": 4},
            ["2022-06-01", "2022-07-01"],
            ["2022-06-01", None],
            {"from_parameter": "a_b"},
        ]
    ),
    "spatial_extent": st.sampled_from(
        [None, {"west": 1, "south": 2, "east": 3, "north": 4}, {"type": "Polygon", "coordinates": []}]
    ),
    "geometries": st.sampled_from(
        [
            {"type": "FeatureCollection", "features": []},
            {"type": "Point", "coordinates": [1, 2]},
            "https://x.org/a.json",
            {},
        ]
    ),
    "kernel": st.just([[0, 1, 0], [1, 1, 1], [0, 1, 0]]),
    "format": st.sampled_from(["GTiff", "netCDF", {"from_parameter": "x"}, None]),
    "options": st.sampled_from([{}, {"tiled": True}, None]),
    "method": st.sampled_from(["near", "cubic"]),
    "runtime": st.sampled_from(["Python", "Python", None, "R"]),
}
CLOUDS = {"l": {"process_id": "lte", "arguments": {"x": {"from_parameter": "value"}, "y": 5}, "result": True}}
CALLBACKS = ("reducer", "process", "overlap_resolver", "condition")


@st.composite
def any_graph(draw: Any, depth: int = 3, names: Any = None) -> dict[str, Any]:
    """A graph of any processes, with all that may be in arguments, and much that may not."""
    graph: dict[str, Any] = {}
    ids = draw(
        st.lists(
            st.one_of(NAMES, st.sampled_from(["load1", "ndvi", "n1", "mean1"])), min_size=1, max_size=5, unique=True
        )
    )
    for node_id in ids:
        process = draw(PROCESSES)
        known = ARGUMENTS.get(process, ())
        wanted: Any = known[: draw(st.sampled_from([9, 9, -1, -2]))]
        if not known or not draw(st.integers(0, 5)):
            wanted = draw(st.lists(NAMES, max_size=3, unique=True))
        arguments = {name: draw(_argument(name, list(graph), depth)) for name in wanted}
        if not draw(st.integers(0, 5)):
            arguments[draw(NAMES)] = draw(_argument("", list(graph), depth))
        graph[node_id] = {"process_id": process, "arguments": arguments}
        if not draw(st.integers(0, 8)):
            graph[node_id]["namespace"] = draw(st.sampled_from(["me", None, "https://x.org"]))
        if not draw(st.integers(0, 8)):
            graph[node_id]["description"] = draw(TEXTS)
    graph[draw(st.sampled_from([ids[-1], ids[-1], ids[-1], draw(st.sampled_from(ids))]))]["result"] = True
    return graph


@st.composite
def _argument(draw: Any, name: str, before: list[str], depth: int) -> Any:
    if name in CALLBACKS and depth and draw(st.integers(0, 4)):
        return {"process_graph": draw(any_graph(depth - 1))}
    if name in ("data", "cube1", "cube2", "x", "y", "mask") and before and draw(st.integers(0, 4)):
        return {"from_node": before[draw(st.sampled_from([-1, -1, 0]))]}
    if name == "properties" and draw(st.integers(0, 5)):
        filters = st.one_of(st.just(CLOUDS), any_graph(0)).map(lambda graph: {"process_graph": graph})
        return draw(st.one_of(st.none(), st.dictionaries(TEXTS, filters, max_size=2)))
    if name in VALUES and draw(st.integers(0, 5)):
        return draw(VALUES[name])
    choices = [SCALARS, NAMES.map(lambda each: {"from_parameter": each})]
    if before:
        choices.append(st.sampled_from(before).map(lambda each: {"from_node": each}))
    leaves = st.one_of(*choices)
    nested = st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
        max_leaves=5,
    )
    if depth:
        graphs = any_graph(depth - 1).map(lambda graph: {"process_graph": graph})
        return draw(st.one_of(leaves, leaves, nested, graphs))
    return draw(st.one_of(leaves, leaves, nested))
