"""What a plan is said to read is what its run reads; and what would cost too much is refused with the figure."""

from dataclasses import replace

import numpy as np
import pytest
from memory_catalog import GRID, VALUES, MemoryCatalog, load, node, of, parameter, reducer

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import blocks, execute, make_plan, run, validate
from gdc_jupyter.graph.costs import Costs, costs_of, human
from gdc_jupyter.settings import Limits, Permissions

X = parameter("x")
EDGES = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
WEST = {"west": 678000, "south": 5151900, "east": 678800, "north": 5153000, "crs": 32632}
GRAPHS = {
    "narrowed": {
        "load": load(),
        "dates": node("filter_temporal", data=of("load"), extent=["2022-05-15", "2022-07-01"]),
        "band": node("filter_bands", data=of("dates"), bands=["B04", "B08"]),
        "box": node("filter_bbox", True, data=of("band"), extent=WEST),
    },
    "composite": {
        "load": load(bands=["B04", "B08"]),
        "ndvi": node("ndvi", data=of("load")),
        "median": node("reduce_dimension", True, data=of("ndvi"), dimension="t", reducer=reducer("median")),
    },
    "kernel": {"load": load(), "edges": node("apply_kernel", True, data=of("load"), kernel=EDGES)},
    "resampled": {
        "load": load(bands=["B04"]),
        "warped": node("resample_spatial", True, data=of("load"), projection=3035, resolution=20, method="bilinear"),
    },
    "shared": {
        "load": load(),
        "low": node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("min")),
        "high": node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("max")),
        "both": node(
            "merge_cubes",
            True,
            cube1=of("low"),
            cube2=of("high"),
            overlap_resolver={"process_graph": {"add": node("add", True, x=X, y=parameter("y"))}},
        ),
    },
    "along x": {
        "load": load(),
        "mean": node("reduce_dimension", True, data=of("load"), dimension="x", reducer=reducer("mean")),
    },
}


def costs(graph, catalog, sample=10_000) -> Costs:
    plan = make_plan({"process_graph": graph}, catalog)
    return costs_of(plan, [plan.result], sample)


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("edge", [32, 512])
def test_what_is_said_to_be_read_is_read(name, edge, monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (edge, edge))
    monkeypatch.setattr("gdc_jupyter.graph.costs.block_shape", lambda pixel_bytes: (edge, edge))
    catalog = MemoryCatalog()
    found = costs(GRAPHS[name], catalog)
    assert catalog.collection.reads == []
    execute(GRAPHS[name], catalog=catalog)
    read = sum(window.width * window.height * dates * bands * 4 for window, (dates, bands) in catalog.collection.reads)
    # What lies outside of the data is not read, though it is asked for.
    assert read <= found.decoded <= 1.1 * read


def test_few_blocks_stand_for_all(monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (16, 16))
    monkeypatch.setattr("gdc_jupyter.graph.costs.block_shape", lambda pixel_bytes: (16, 16))
    every, few = (costs(GRAPHS["kernel"], MemoryCatalog(), sample).decoded for sample in (10_000, 9))
    assert few == pytest.approx(every, rel=0.1)
    assert costs(GRAPHS["kernel"], MemoryCatalog(), 0).decoded == VALUES.nbytes


def test_blocks_and_results_are_counted(monkeypatch):
    monkeypatch.setattr("gdc_jupyter.graph.costs.block_shape", lambda pixel_bytes: (32, 48))
    found = costs(GRAPHS["composite"], MemoryCatalog())
    assert found.blocks == 4 * 4
    assert found.results == 110 * 150 * 4
    assert costs(GRAPHS["along x"], MemoryCatalog()).held == VALUES.nbytes


class LargeCatalog(MemoryCatalog):
    """The collection on a grid of so many rows and columns, with 24 dates; it cannot be read."""

    def __init__(self, edge: int) -> None:
        super().__init__()
        self.collection.grid = replace(GRID, width=edge, height=edge)
        original = self.collection.open

        def opened(query):
            source = original(replace(query, bounds=None))
            grid: Grid = self.collection.grid
            if query.bounds is not None:
                grid = grid.crop(query.bounds, query.crs)
            times = np.datetime64("2022-01-01", "ns") + np.arange(24) * np.timedelta64(10, "D")
            return replace(source, grid=grid, extent=self.collection.grid, times=times, values=None)

        self.collection.open = opened


def composite(**arguments):
    return {**GRAPHS["composite"], "load": load(**{"bands": ["B04", "B08"], **arguments})}


def test_a_composite_of_77_gigabytes_is_no_mistake():
    assert validate({"process_graph": composite()}, LargeCatalog(20_000)) == []


def test_a_whole_large_collection_is_refused_with_the_figure(tmp_path):
    catalog = LargeCatalog(100_000)
    (fault,) = validate({"process_graph": composite()}, catalog)
    assert (fault.code, fault.path) == ("ProcessGraphComplexity", ("load",))
    assert (fault.process, fault.argument) == ("load_collection", "spatial_extent")
    assert "1.92 TB would be read, and at most 200 GB are allowed" in fault.message
    assert "100,000 x 100,000 pixels, 24 dates, 2 bands" in fault.message
    with pytest.raises(InvalidProcessGraph, match=r"1\.92 TB would be read"):
        run({"process_graph": composite()}, catalog, tmp_path)
    assert validate({"process_graph": composite(spatial_extent=WEST)}, catalog) == []
    narrowed = {**composite(), "box": node("filter_bbox", data=of("load"), extent=WEST)}
    narrowed["ndvi"] = node("ndvi", data=of("box"))
    assert validate({"process_graph": narrowed}, catalog) == []


def test_limits_can_be_chosen():
    catalog = LargeCatalog(20_000)
    few = Permissions(limits=Limits(read_bytes=10**9))
    assert "at most 1.00 GB" in validate({"process_graph": composite()}, catalog, permissions=few)[0].message
    small = Permissions(limits=Limits(result_bytes=10**9))
    (fault,) = validate({"process_graph": composite()}, catalog, permissions=small)
    assert "The result is 1.60 GB, and at most 1.00 GB are allowed" in fault.message
    assert fault.path == ("median",)
    none = Permissions(limits=Limits(read_bytes=None, result_bytes=None))
    assert validate({"process_graph": composite()}, LargeCatalog(200_000), permissions=none) == []
    nodes = Permissions(limits=Limits(nodes=2))
    assert "At most 2 nodes" in validate({"process_graph": composite()}, catalog, permissions=nodes)[0].message


def test_what_has_to_be_in_memory_is_refused_before_anything_is_read(tmp_path):
    graph = {
        "load": load(),
        "sum": node("reduce_dimension", True, data=of("load"), dimension="x", reducer=reducer("sum")),
    }
    catalog = LargeCatalog(10_000)
    (fault,) = validate({"process_graph": graph}, catalog)
    assert fault.path == ("sum",)
    assert "all 10,000 x 10,000 pixels at once, which are 28.8 GB; at most 4.29 GB" in fault.message
    for refused in (lambda: execute(graph, catalog=catalog), lambda: run({"process_graph": graph}, catalog, tmp_path)):
        with pytest.raises(InvalidProcessGraph, match="at once"):
            refused()
    with pytest.raises(InvalidProcessGraph, match=r"The result is 28\.8 GB"):
        execute({"load": {**load(), "result": True}}, catalog=catalog)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.50 kB"), (76.8e9, "76.8 GB"), (1.92e12, "1.92 TB")]
)
def test_human(size, text):
    assert human(size) == text
