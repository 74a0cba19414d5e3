"""A writer that fails leaves nothing that looks finished, and says which file and why."""

import errno
import os
import shutil
import subprocess

import numpy as np
import pytest
from cubes import make_cube

from gdc_jupyter.cube.encode import FORMATS, geotiff
from gdc_jupyter.errors import GdcError

EDGE = 500
CUBE = make_cube(
    np.random.default_rng(0).normal(size=(1, 1, EDGE, EDGE)), make_cube().t.values[:1], ["B"], height=EDGE, width=EDGE
)
RASTER_FORMATS = ["GTiff", "netCDF", "Zarr", "PNG", "JPEG", "JSON", "CovJSON"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 96 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=96k", "tmpfs", str(folder)]
    if mount is None or subprocess.run([mount, *options], capture_output=True, check=False).returncode:
        pytest.skip("no small file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("format", RASTER_FORMATS)
def test_a_full_disk_is_told(save, small_disk, format):
    with pytest.raises(GdcError) as caught:
        save(CUBE, format, folder=small_disk)
    assert caught.value.code == "StorageFailure"
    extension = FORMATS[format].extension
    assert caught.value.message == f"result.{extension} could not be written: the disk is full."
    assert list(small_disk.iterdir()) == []


def test_a_full_disk_is_told_where_large_results_go_through_it(save, small_disk, monkeypatch):
    monkeypatch.setattr(geotiff, "IN_MEMORY", 0)
    with pytest.raises(GdcError, match="the disk is full"):
        save(CUBE, "GTiff", folder=small_disk)
    assert list(small_disk.iterdir()) == []


def test_large_results_go_through_the_disk(save, tmp_path, monkeypatch):
    import rasterio

    monkeypatch.setattr(geotiff, "IN_MEMORY", 0)
    cube = make_cube()
    assets = save(cube, "GTiff", folder=tmp_path).assets
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(asset.path.name for asset in assets)
    for asset, layer in zip(assets, cube.values, strict=True):
        with rasterio.open(asset.path) as file:
            np.testing.assert_array_equal(file.read(), layer)


@pytest.mark.parametrize("format", RASTER_FORMATS)
def test_a_failing_computation_leaves_nothing(format, tmp_path):
    from gdc_jupyter.graph import run

    graph = {
        "square": {
            "process_id": "apply",
            "arguments": {
                "data": {"from_parameter": "cube"},
                "process": {
                    "process_graph": {
                        "fail": {"process_id": "sqrt", "arguments": {"x": {"from_parameter": "x"}}, "result": True}
                    }
                },
            },
        },
        "save": {
            "process_id": "save_result",
            "arguments": {"data": {"from_node": "square"}, "format": format},
            "result": True,
        },
    }

    class NoCatalog:
        folder = tmp_path / "catalog"

    class Stop(Exception):
        pass

    def progress(percent):
        if percent > 50:
            raise Stop

    target = tmp_path / "result"
    target.mkdir()
    process = {"process_graph": graph, "parameters": [{"name": "cube", "schema": {}}]}
    cube = make_cube(bands=["B"], height=600, width=1200)
    with pytest.raises(Stop):
        run(process, NoCatalog(), target, parameters={"cube": cube}, progress=progress)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only")]
)
def test_the_cause_is_named(save, tmp_path, monkeypatch, number, words):
    def full(self, target):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(GdcError, match=words) as caught:
        save(make_cube(), "JSON", folder=tmp_path)
    assert caught.value.code == "StorageFailure"
    assert "result.json" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_of_the_program_is_no_storage_failure(save, monkeypatch):
    def wrong(self, block, window):
        raise ValueError("a mistake")

    monkeypatch.setattr("gdc_jupyter.cube.encode.json.JsonWriter.write", wrong)
    with pytest.raises(ValueError, match="a mistake"):
        save(make_cube(), "JSON")
