"""Zarr arrays are read alike by tensorstore and by zarr-python, and in forked processes too."""

import os

import numpy as np
import pytest
import zarr

from gdc_jupyter.catalog import zarr_arrays

pytest.importorskip("tensorstore")


@pytest.fixture(params=[2, 3], ids="format{}".format)
def store(request, tmp_path):
    values = np.arange(6 * 40 * 50, dtype="int16").reshape(6, 40, 50)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=request.param)
    array = group.create_array("b", shape=values.shape, chunks=(6, 16, 16), dtype="int16")
    array[:] = values
    return str(tmp_path / "a.zarr"), values


KEYS = [
    (slice(None), slice(0, 16), slice(16, 32)),
    (3, slice(5, 39), slice(0, 50)),
    (slice(1, 4), slice(39, 40), slice(49, 50)),
]


@pytest.mark.parametrize("key", KEYS)
def test_both_readers_agree(store, key, monkeypatch):
    path, values = store
    group = zarr.open_group(path, mode="r")
    np.testing.assert_array_equal(zarr_arrays.read_part(group, path, "b", key), values[key])
    monkeypatch.setattr(zarr_arrays, "_tensorstore_array", lambda *arguments: None)
    np.testing.assert_array_equal(zarr_arrays.read_part(group, path, "b", key), values[key])


def test_an_array_that_was_written_anew_is_read_anew(store):
    path, values = store
    key = (slice(None), slice(None), slice(None))
    np.testing.assert_array_equal(zarr_arrays.read_part(zarr.open_group(path, mode="r"), path, "b", key), values)
    group = zarr.open_group(path, mode="a")
    del group["b"]
    group.create_array("b", shape=(2, 3, 4), chunks=(2, 3, 4), dtype="float32")[:] = 1
    found = zarr_arrays.read_part(zarr.open_group(path, mode="r"), path, "b", key)
    np.testing.assert_array_equal(found, np.ones((2, 3, 4)))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_reads(store):
    path, values = store
    key = (slice(None), slice(None), slice(None))
    zarr_arrays.read_part(zarr.open_group(path, mode="r"), path, "b", key)
    child = os.fork()
    if child == 0:
        same = (zarr_arrays.read_part(zarr.open_group(path, mode="r"), path, "b", key) == values).all()
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
