"""inspect writes what it is given to the logs, and passes it on."""

import numpy as np
import xarray as xr

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.graph import make_plan
from gdc_jupyter.graph.block_cube import BlockCube
from gdc_jupyter.graph.blocks import assemble
from gdc_jupyter.processes.development import MOST_ENTRIES


def logs(tmp_path, graph, **parameters):
    """The result of a graph, and what it has logged."""
    entries = []
    log = lambda level, message, path: entries.append((level, message))  # noqa: E731
    catalog = Catalog(tmp_path, samples=False)
    with make_plan({"process_graph": graph}, catalog, parameters, log=log) as plan:
        result = assemble(plan.result, plan.execution) if isinstance(plan.result, BlockCube) else plan.result
    return result, entries


def inspect(data, **arguments):
    return {"inspect": {"process_id": "inspect", "arguments": {"data": data, **arguments}, "result": True}}


def cube():
    values = np.arange(24.0).reshape(2, 3, 4)
    values[0, 0, 0] = np.nan
    coords = {"t": np.array(["2020-01-01", "2020-01-02"], "datetime64[ns]"), "y": [3.0, 2, 1], "x": [1.0, 2, 3, 4]}
    return xr.DataArray(values, dims=["t", "y", "x"], coords=coords)


def test_values_are_written_as_json(tmp_path):
    result, entries = logs(tmp_path, inspect(["a", None, 1.5], message="Three", code="C1", level="warning"))
    assert result == ["a", None, 1.5]
    assert entries == [("warning", '[C1] Three: ["a", null, 1.5]')]


def test_a_cube_is_written_once(tmp_path):
    result, entries = logs(tmp_path, inspect({"from_parameter": "data"}), data=cube())
    np.testing.assert_array_equal(result.values, cube().values)
    dates = "2020-01-01T00:00:00Z, 2020-01-02T00:00:00Z"
    assert entries == [("info", f"[User] a data cube with the dimensions t (2: {dates}), y, x")]


def test_blocks_are_written_where_they_are_computed(tmp_path):
    callback = {"process_graph": inspect({"from_parameter": "x"})}
    arguments = {"data": {"from_parameter": "data"}, "process": callback}
    _, entries = logs(tmp_path, {"apply": {"process_id": "apply", "arguments": arguments, "result": True}}, data=cube())
    assert entries == [("info", "[User] 2 x 3 x 4 values from 1 to 23, 4.17 % no-data")]


def test_blocks_of_a_planned_cube(tmp_path):
    callback = {"process_graph": inspect({"from_parameter": "x"}, message="planned")}
    graph = {
        "both": {
            "process_id": "merge_cubes",
            "arguments": {"cube1": {"from_parameter": "data"}, "cube2": {"from_parameter": "other"}},
        },
        "apply": {
            "process_id": "apply",
            "arguments": {"data": {"from_node": "both"}, "process": callback},
            "result": True,
        },
    }
    other = cube().assign_coords(t=cube().t.values + np.timedelta64(9, "D"))
    _, entries = logs(tmp_path, graph, data=cube(), other=other)
    assert entries == [("info", "[User] planned: 4 x 3 x 4 values from 1 to 23, 4.17 % no-data")]


def test_entries_have_a_limit(tmp_path):
    callback = {"process_graph": inspect({"from_parameter": "x"})}
    arguments = {"data": list(range(3 * MOST_ENTRIES)), "process": callback}
    result, entries = logs(tmp_path, {"each": {"process_id": "array_apply", "arguments": arguments, "result": True}})
    assert len(result) == 3 * MOST_ENTRIES
    assert len(entries) == MOST_ENTRIES
    _, entries = logs(tmp_path, inspect("x" * 100_000))
    assert len(entries[0][1]) < 1100
