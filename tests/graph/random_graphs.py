"""Random cubes, and random graphs of processes on them, for tests that compare blocks with whole cubes."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from hypothesis import strategies as st
from memory_catalog import node, of, parameter, reducer

NAMES = {
    "t": ("t", "time", "when"),
    "bands": ("bands", "spectrum"),
    "y": ("y", "lat", "north"),
    "x": ("x", "lon", "east"),
}
REDUCERS = ("mean", "max", "min", "sum", "median", "count", "first", "last")
KERNELS = ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], [[0, 1, 0], [1, -4, 1], [0, 1, 0]], [[1, 0, 2, 0, 3]], [[1]])
BORDERS = (0, 7, "replicate", "reflect", "reflect_pixel", "wrap")


@st.composite
def cubes(draw: Any) -> tuple[xr.DataArray, dict[str, str]]:
    """A cube with gaps, of any order and names of dimensions, and these names."""
    seed = draw(st.integers(0, 10_000))
    names = {axis: draw(st.sampled_from(choices)) for axis, choices in NAMES.items()}
    sizes = {
        "t": draw(st.integers(1, 6)),
        "bands": draw(st.integers(1, 3)),
        "y": draw(st.integers(3, 40)),
        "x": draw(st.integers(3, 40)),
    }
    axes = draw(st.permutations(list(NAMES)))
    random = np.random.default_rng(seed)
    values = random.integers(-50, 50, [sizes[axis] for axis in axes]).astype(np.float32)
    values[random.random(values.shape) < 0.15] = np.nan
    days = np.sort(random.choice(400, sizes["t"], replace=False))
    up = draw(st.sampled_from([-1, 1]))
    labels = {
        "t": ("temporal", (np.datetime64("2021-11-20") + days).astype("datetime64[ns]")),
        "bands": ("bands", np.array([f"B{number}" for number in range(sizes["bands"])], dtype=object)),
        "y": ("spatial", 5200005.0 + 10 * up * np.arange(sizes["y"])),
        "x": ("spatial", 600005.0 + 10 * np.arange(sizes["x"])),
    }
    coords = {}
    for axis, (kind, values_of) in labels.items():
        attributes = {"type": kind, "axis": axis} if kind == "spatial" else {"type": kind}
        coords[names[axis]] = (names[axis], values_of, attributes)
    cube = xr.DataArray(values, dims=[names[axis] for axis in axes], coords=coords, attrs={"crs": "EPSG:32632"})
    return cube, names


def _step(draw: Any, names: dict[str, str], before: str, earlier: list[str]) -> dict[str, Any]:
    """Return a node on the node before; it need not fit."""
    data = of(before)
    other = of(draw(st.sampled_from(earlier)))
    t, bands = names["t"], names["bands"]
    reduce = reducer(draw(st.sampled_from(REDUCERS)))
    along = draw(st.sampled_from([t, bands]))
    size = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    px = {"unit": "px"}
    steps = {
        "apply": lambda: node(
            "apply", data=data, process=_callback("linear_scale_range", x="x", inputMin=-50, inputMax=50)
        ),
        "gaps": lambda: node("apply", data=data, process=_gaps(draw(st.integers(-40, 40)))),
        "reduce": lambda: node("reduce_dimension", data=data, reducer=reduce, dimension=along),
        "rows": lambda: node("reduce_dimension", data=data, reducer=reduce, dimension=names["y"]),
        "quantiles": lambda: node(
            "apply_dimension",
            data=data,
            process=_callback("quantiles", data="data", probabilities=[0.2, 0.5]),
            dimension=along,
        ),
        "order": lambda: node("apply_dimension", data=data, process=_callback("sort", data="data"), dimension=along),
        "line": lambda: node(
            "apply_dimension", data=data, process=_callback("extrema", data="data"), dimension=names["x"]
        ),
        "period": lambda: node(
            "aggregate_temporal_period",
            data=data,
            reducer=reduce,
            period=draw(st.sampled_from(["month", "season", "year"])),
        ),
        "intervals": lambda: node(
            "aggregate_temporal",
            data=data,
            reducer=reduce,
            intervals=[["2021-12-01", "2022-04-01"], ["2022-01-01", None]],
        ),
        "dates": lambda: node("filter_temporal", data=data, extent=["2021-12-15", None]),
        "bands": lambda: node("filter_bands", data=data, bands=["B1", "B0"]),
        "box": lambda: node(
            "filter_bbox",
            data=data,
            extent={"west": 600030, "east": 600200, "south": 5199900, "north": 5200120, "crs": 32632},
        ),
        "kernel": lambda: node(
            "apply_kernel",
            data=data,
            kernel=draw(st.sampled_from(KERNELS)),
            border=draw(st.sampled_from(BORDERS)),
            factor=0.5,
        ),
        "coarse": lambda: node(
            "resample_spatial", data=data, resolution=draw(st.sampled_from([7, 10, 25])), method="near"
        ),
        "grid": lambda: node("resample_cube_spatial", data=data, target=other, method="near"),
        "windows": lambda: node(
            "aggregate_spatial_window",
            data=data,
            reducer=reduce,
            size=list(size),
            boundary=draw(st.sampled_from(["pad", "trim"])),
            align=draw(st.sampled_from(["upper-left", "lower-left", "upper-right", "lower-right"])),
        ),
        "tiles": lambda: node(
            "apply_neighborhood",
            data=data,
            process=_less_mean(names["x"]),
            size=[{"dimension": names["x"], "value": size[0], **px}, {"dimension": names["y"], "value": size[1], **px}],
            overlap=[{"dimension": names["x"], "value": draw(st.integers(0, 4)), **px}],
        ),
        "flat": lambda: node("flatten_dimensions", data=data, dimensions=[bands, t], target_dimension="both"),
        "rename": lambda: node("rename_dimension", data=data, source=t, target="again"),
        "add": lambda: node("add_dimension", data=data, name="extra", label="one"),
        "mask": lambda: node("mask", data=data, mask=other),
        "merge": lambda: node(
            "merge_cubes", cube1=data, cube2=other, overlap_resolver=_callback("subtract", x="x", y="y")
        ),
        "trim": lambda: node("trim_cube", data=data),
        "nearest": lambda: node("resample_cube_temporal", data=data, target=other, valid_within=40),
    }
    return steps[draw(st.sampled_from(sorted(steps)))]()


@st.composite
def graphs(draw: Any, names: dict[str, str]) -> dict[str, Any]:
    """A graph of two to six processes on the cube that is the parameter ``cube``."""
    nodes = {"n0": node("apply", data=parameter("cube"), process=_callback("add", x="x", y=1))}
    for number in range(1, draw(st.integers(2, 6))):
        nodes[f"n{number}"] = _step(draw, names, f"n{number - 1}", list(nodes))
    nodes[list(nodes)[-1]]["result"] = True
    return nodes


def _callback(process: str, **arguments: Any) -> dict[str, Any]:
    """Return a callback of one process; its arguments that are texts are parameters."""
    given = {name: parameter(value) if isinstance(value, str) else value for name, value in arguments.items()}
    return {"process_graph": {"only": node(process, True, **given)}}


def _gaps(limit: int) -> dict[str, Any]:
    """A callback that makes a gap of all values up to a limit."""
    nodes = {
        "large": node("gt", x=parameter("x"), y=limit),
        "kept": node("if", True, value=of("large"), accept=parameter("x")),
    }
    return {"process_graph": nodes}


def _less_mean(name: str) -> dict[str, Any]:
    """A callback on cubes that subtracts the mean along a dimension."""
    nodes = {
        "mean": node("reduce_dimension", data=parameter("data"), dimension=name, reducer=reducer("mean")),
        "less": node(
            "merge_cubes",
            True,
            cube1=parameter("data"),
            cube2=of("mean"),
            overlap_resolver=_callback("subtract", x="x", y="y"),
        ),
    }
    return {"process_graph": nodes}
