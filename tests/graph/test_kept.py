"""A repeated request reads nothing, and nothing that is kept is ever out of date."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from memory_catalog import node, of, parameter, reducer

from gdc_jupyter.catalog import raster_files
from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.graph import execute
from gdc_jupyter.graph.kept import Kept

SHAPE = (4, 30, 40)


@pytest.fixture
def folder(tmp_path):
    """A collection of four dates of one band."""
    (tmp_path / "scenes").mkdir()
    for number in range(SHAPE[0]):
        write(tmp_path / "scenes" / f"B04_2022-01-0{number + 1}.tif", number + 1)
    Catalog(tmp_path, samples=False).add(tmp_path / "scenes", "SCENES")
    return tmp_path


def write(path, value):
    transform = rasterio.Affine(10, 0, 600000, 0, -10, 5200000)
    profile = {"driver": "GTiff", "dtype": "uint16", "count": 1, "crs": "EPSG:32632", "transform": transform}
    with rasterio.open(path, "w", width=SHAPE[2], height=SHAPE[1], **profile) as file:
        file.write(np.full(SHAPE[1:], value, "uint16"), 1)


@pytest.fixture
def reads(monkeypatch):
    """The files that are read."""
    seen = []
    original = raster_files.read_layers

    def read_layers(layers, window, out, coarsely=False):
        seen.append(layers[0].path)
        original(layers, window, out, coarsely)

    monkeypatch.setattr("gdc_jupyter.catalog.cog.read_layers", read_layers)
    return seen


def graph(process="max", factor=1):
    load = {"id": "SCENES", "spatial_extent": None, "temporal_extent": None}
    times = {"process_graph": {"times": node("multiply", True, x=parameter("x"), y=factor)}}
    return {
        "load": node("load_collection", **load),
        "reduced": node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer(process)),
        "scaled": node("apply", True, data=of("reduced"), process=times),
    }


def value(folder, *arguments, **more):
    values = execute(graph(*arguments, **more), catalog=Catalog(folder, samples=False)).values
    assert values.shape == (1, *SHAPE[1:])
    return np.unique(values).tolist()


def test_a_repeated_request_reads_nothing(folder, reads):
    assert value(folder) == [4]
    assert len(reads) == SHAPE[0]
    assert value(folder) == [4]
    assert value(folder, factor=10) == [40]
    assert len(reads) == SHAPE[0]


def test_another_reducer_reads_anew(folder, reads):
    assert [value(folder, "max"), value(folder, "min"), value(folder, "sum")] == [[4], [1], [10]]
    assert len(reads) == 3 * SHAPE[0]


def test_a_file_that_was_replaced_is_read_anew(folder, reads):
    assert value(folder) == [4]
    write(folder / "scenes" / "B04_2022-01-02.tif", 9)
    assert value(folder) == [9]


def test_a_new_item_is_seen(folder):
    assert value(folder) == [4]
    catalog = Catalog(folder, samples=False)
    catalog.remove("SCENES")
    write(folder / "scenes" / "B04_2022-01-05.tif", 11)
    catalog.add(folder / "scenes", "SCENES")
    assert value(folder) == [11]


def test_parameters_count(folder):
    limited = graph()
    limited["reduced"]["arguments"]["reducer"] = {
        "process_graph": {"q": node("quantiles", data=parameter("data"), probabilities=[parameter("share")])}
    }
    limited["reduced"]["arguments"]["reducer"]["process_graph"]["one"] = node(
        "array_element", True, data=of("q"), index=0
    )
    results = [
        execute(limited, {"share": share}, catalog=Catalog(folder, samples=False)).values.max() for share in (0.0, 1.0)
    ]
    assert results == [1, 4]


def test_a_kept_file_that_is_broken_is_not_used(folder):
    assert value(folder) == [4]
    kept = list((folder / "cache").glob("*/*.npy"))
    assert kept
    for path in kept:
        path.write_bytes(b"half")
    assert value(folder) == [4]


def test_a_folder_that_cannot_be_written_is_no_fault(folder):
    (folder / "cache").write_text("no folder")
    assert value(folder) == [4]


def test_the_folder_is_not_looked_through_at_each_run(tmp_path, monkeypatch):
    looks = []
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, pattern: looks.append(self) or glob(self, pattern))
    for number in range(20):
        Kept(tmp_path / "cache", limit=1 << 20).put(f"{number:02}", np.zeros(100))
    assert looks == [tmp_path / "cache"]


def test_the_oldest_go_first(tmp_path):
    for number in range(5):
        # Each run has one of its own.
        kept = Kept(tmp_path / "cache", limit=3000)
        kept.put(f"{number}{number}", np.full(100, float(number)))
    assert kept.get("44").tolist() == [4.0] * 100
    assert kept.get("00") is None
    assert sum(path.stat().st_size for path in (tmp_path / "cache").glob("*/*")) <= 3000
