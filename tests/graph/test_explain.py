"""The explanation of a plan: its figures are those of the run, in memory and in time as well."""

import json
import os
import subprocess
import sys
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import rasterio
from memory_catalog import BANDS, VALUES, MemoryCatalog, load, node, of, parameter, reducer

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.graph.explain import duration_iso, duration_text, explain

NDVI = {
    "load": load(bands=["B04", "B08"]),
    "ndvi": node("ndvi", data=of("load")),
    "median": node("reduce_dimension", data=of("ndvi"), dimension="t", reducer=reducer("median")),
    "unused": node("reduce_dimension", data=of("ndvi"), dimension="x", reducer=reducer("mean")),
    "save": node("save_result", True, data=of("median"), format="GTiff"),
}


def test_figures_of_a_composite():
    catalog = MemoryCatalog()
    found = explain({"process_graph": NDVI}, catalog).as_json()
    assert catalog.collection.reads == []
    (loaded,) = found["loads"]
    assert (loaded["collection"], loaded["rows"], loaded["columns"], loaded["dates"]) == ("MEMORY", 110, 150, 4)
    assert loaded["bands"] == ["B04", "B08"]
    assert loaded["pixels"] == 110 * 150
    assert loaded["decoded_bytes"] == found["decoded_bytes"] == VALUES[:, :2].nbytes
    assert (loaded["from"], loaded["to"]) == ("2022-05-01T00:00:00Z", "2022-08-01T00:00:00Z")
    assert loaded["bbox"] == pytest.approx([11.319, 46.503, 11.339, 46.513], abs=2e-2)
    nodes = {each["id"]: each for each in found["nodes"]}
    assert list(nodes) == list(NDVI)
    assert nodes["load"]["dimensions"] == {"t": 4, "bands": 2, "y": 110, "x": 150}
    assert nodes["ndvi"]["dimensions"] == {"t": 4, "y": 110, "x": 150}
    assert nodes["median"]["bytes"] == 110 * 150 * 4
    assert [nodes[name]["how"] for name in ("load", "ndvi", "median")] == ["read", "on blocks", "on blocks"]
    assert nodes["unused"]["how"].startswith("not computed")
    assert nodes["unused"]["dimensions"] == {"t": 4, "y": 110}
    assert found["saves"] == [{"format": "GTiff", "bytes": 110 * 150 * 4}]
    assert found["blocks"]["count"] == 1
    assert found["refused"] == []
    assert found["seconds"] > 0
    assert len(BANDS) > len(loaded["bands"])


def test_how_nodes_are_computed():
    graph = {
        "load": load(),
        "box": node("filter_temporal", data=of("load"), extent=["2022-05-15", "2022-07-01"]),
        "edges": node("apply_kernel", data=of("box"), kernel=[[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        "warped": node("resample_spatial", data=of("edges"), projection=3035, resolution=20, method="bilinear"),
        "rows": node("reduce_dimension", data=of("warped"), dimension="x", reducer=reducer("mean")),
        "two": node("add", x=1, y=1),
        "result": node(
            "apply",
            True,
            data=of("rows"),
            process={"process_graph": {"times": node("multiply", True, x=parameter("x"), y=2)}},
        ),
    }
    explanation = explain({"process_graph": graph}, MemoryCatalog())
    how = {each["id"]: each["how"] for each in explanation.as_json()["nodes"]}
    assert how == {
        "load": "not computed: nothing needs it",
        "box": "read",
        "edges": "on blocks with a margin of 1 pixels",
        "warped": "on blocks, resampled (bilinear)",
        "rows": "on the whole cube",
        "two": "while the plan is made",
        "result": "at once",
    }
    text = explanation.as_text()
    for part in (
        "MEMORY; 110 x 150 pixels",
        "2 dates (2022-05-20 to 2022-06-10)",
        "reduce_dimension",
        "Returns",
        "Takes",
    ):
        assert part in text
    assert max(map(len, text.splitlines())) < 160


@pytest.mark.parametrize(
    ("seconds", "iso", "text"),
    [
        (0.2, "PT1S", "about 0.2 s"),
        (61.2, "PT1M2S", "about 61 s"),
        (7260, "PT2H1M", "about 2.0 h"),
        (600, "PT10M", "about 10 min"),
    ],
)
def test_durations(seconds, iso, text):
    assert duration_iso(seconds) == iso
    assert duration_text(seconds) == text


def write_tiffs(folder, dates=8, edge=1024):
    random = np.random.default_rng(2)
    profile = {
        "driver": "GTiff",
        "width": edge,
        "height": edge,
        "count": 2,
        "dtype": "uint16",
        "nodata": 0,
        "tiled": True,
    }
    profile |= {"crs": "EPSG:32632", "transform": rasterio.Affine(10, 0, 600000, 0, -10, 5200000), "compress": "zstd"}
    for date in range(dates):
        values = random.integers(100, 400, (2, edge, edge)).astype("uint16")
        with rasterio.open(folder / f"scene_2022-05-{date + 1:02}.tif", "w", **profile) as file:
            file.write(values)
            file.descriptions = ("B04", "B08")


def write_netcdf(path, dates=12, edge=1000):
    random = np.random.default_rng(3)
    with netCDF4.Dataset(path, "w") as file:
        for name, labels in (
            ("time", np.arange(dates)),
            ("lat", 50 - 0.01 * np.arange(edge)),
            ("lon", 0.01 * np.arange(edge)),
        ):
            file.createDimension(name, len(labels))
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = labels
            axis.units = {"time": "days since 2022-01-01", "lat": "degrees_north", "lon": "degrees_east"}[name]
        variable = file.createVariable("sst", "f4", ("time", "lat", "lon"), chunksizes=(1, 250, 250))
        variable[:] = random.normal(10, 2, (dates, edge, edge))


def test_what_needs_all_pixels_at_once_counts_them():
    rows = node("reduce_dimension", True, data=of("load"), dimension="x", reducer=reducer("mean"))
    found = explain({"process_graph": {"load": load(bands=["B04", "B08"]), "rows": rows}}, MemoryCatalog())
    (computed,) = [each for each in found.costs.work.values() if each.cube.how != "read"]
    assert computed.inputs == VALUES[:, :2].nbytes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder with two collections: eight dates of GeoTIFF with two bands, and a NetCDF file of 48 MB."""
    folder = tmp_path_factory.mktemp("explain")
    (folder / "scenes").mkdir()
    write_tiffs(folder / "scenes")
    write_netcdf(folder / "sst.nc")
    catalog = Catalog(folder / "data", samples=False)
    catalog.add(folder / "scenes", "SCENES")
    catalog.add(folder / "sst.nc", "SST")
    return folder


def saved(format, collection, **nodes):
    first = load(id=collection)
    last = next(reversed(nodes))
    return {"load": first, **nodes, "save": node("save_result", True, data=of(last), format=format)}


INDEX = {
    "red": node("array_element", data=parameter("data"), index=0),
    "nir": node("array_element", data=parameter("data"), index=1),
    "index": node("normalized_difference", True, x=of("nir"), y=of("red")),
}
MEASURED = {
    "median": saved(
        "GTiff",
        "SCENES",
        ndvi=node("reduce_dimension", data=of("load"), dimension="bands", reducer={"process_graph": INDEX}),
        median=node("reduce_dimension", data=of("ndvi"), dimension="t", reducer=reducer("median")),
    ),
    "kernel": saved("netCDF", "SST", smooth=node("apply_kernel", data=of("load"), kernel=[[1] * 5] * 5, factor=0.04)),
    "rows": saved(
        "netCDF", "SST", rows=node("reduce_dimension", data=of("load"), dimension="x", reducer=reducer("mean"))
    ),
}
CHILD = """
import json, sys, tempfile, time
from pathlib import Path
from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.graph import run
from gdc_jupyter.graph.explain import explain
catalog, process = Catalog(Path(sys.argv[1]), samples=False), {"process_graph": json.loads(sys.argv[2])}

def seconds():
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run(process, catalog, Path(folder))
        return time.perf_counter() - start

estimate = explain(process, catalog).memory
first = seconds()
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
seconds()
times = []
# A run that other work on the computer has disturbed is told by the next ones, which count more and more.
while len(times) < 12 and not (times and 1 / 3 < times[-1][0] / times[-1][1] < 3):
    times.append((explain(process, catalog).seconds, seconds()))
print(json.dumps({"estimate": estimate, "peak": peak, "times": times}))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("name", MEASURED)
def test_memory_and_time_are_as_estimated(name, folder):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder / "data"), json.dumps(MEASURED[name])],
        env={**os.environ, "GDC_CACHE_BYTES": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert 0.5 < found["estimate"] / found["peak"] < 2
    estimate, real = found["times"][-1]
    assert 1 / 3 < estimate / real < 3, found["times"]
