"""Zarr stores in ZIP files: read as the folder would be, and no archive takes more than it may."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from gdc_jupyter.catalog import zipped_zarr
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute
from gdc_jupyter.settings import Permissions

from .graphs import node

VALUES = np.arange(24, dtype="f4").reshape(2, 3, 4)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A Zarr store with one variable."""
    coords = {"time": np.array(["2022-01-01", "2022-01-02"], "M8[ns]"), "lat": [3.0, 2, 1], "lon": np.arange(4.0)}
    path = tmp_path / "soil.zarr"
    xr.Dataset({"soil": (("time", "lat", "lon"), VALUES)}, coords).to_zarr(path, zarr_format=2, consolidated=True)
    return path


def zipped(store: Path, top: str, method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = store.with_name("soil.zarr.zip")
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(store.rglob("*")):
            archive.write(file, f"{top}{file.relative_to(store).as_posix()}")
    return path


def load(path: Path):
    arguments = {"paths": [path.name], "format": "Zarr"}
    graph = {"load": node("load_uploaded_files", True, **arguments)}
    return execute(graph, permissions=Permissions(files=path.parent))


def refused(path: Path, folder: Path) -> str:
    with pytest.raises(GdcError) as caught:
        zipped_zarr.unpack_zarr(path, folder / "out")
    assert caught.value.code == "FormatUnsuitable"
    return caught.value.message


@pytest.mark.parametrize("top", ["", "soil.zarr/"])
def test_a_store_in_an_archive_is_loaded(store, top):
    cube = load(zipped(store, top))
    assert_array_equal(np.squeeze(cube.values), VALUES)
    assert cube.sizes["t"] == 2


def test_what_is_loaded_is_gone_afterwards(store, tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    load(zipped(store, ""))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(zipped_zarr, "MOST_BYTES", 50_000_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}", bytes(20_000_000))
    assert path.stat().st_size < 100_000
    assert "0.06 GB, and the most is 0.05 GB" in refused(path, tmp_path)
    assert not (tmp_path / "out").exists()


def test_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(zipped_zarr, "MOST_MEMBERS", 10)
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(11):
            archive.writestr(f"{number}", "")
    assert "11 files" in refused(path, tmp_path)


def test_a_member_gives_no_more_than_it_says(tmp_path):
    path = tmp_path / "lie.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zarr.json", bytes(1 << 20))
    content = path.read_bytes()
    said = (1 << 20).to_bytes(4, "little")
    assert content.count(said) == 2
    path.write_bytes(content.replace(said, (100).to_bytes(4, "little")))
    refused(path, tmp_path)
    assert (tmp_path / "out" / "zarr.json").stat().st_size <= 100


@pytest.mark.parametrize("name", ["../escaped", "a/../../escaped", "/escaped", "..\\escaped", "c:/escaped"])
def test_no_member_leaves_the_folder(tmp_path, name):
    path = tmp_path / "out.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    assert "outside" in refused(path, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["out.zip"]


def test_a_broken_archive_and_one_without_a_store_are_refused(store, tmp_path):
    path = zipped(store, "", zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"zarr_format")] ^= 255
    path.write_bytes(content)
    assert "cannot be unpacked" in refused(path, tmp_path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert "no Zarr store" in refused(path, tmp_path / "other")
