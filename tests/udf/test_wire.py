"""Messages between a job and the process of the user's code."""

import json
import socket
import struct
import threading
import time

import cftime
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gdc_jupyter.udf import wire


def pass_on(message, **limits):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=wire.send, args=(ours, message))
        sender.start()
        try:
            return wire.receive(theirs, **limits)
        finally:
            theirs.close()
            sender.join()


DTYPES = st.one_of(
    hnp.integer_dtypes(),
    hnp.floating_dtypes(),
    hnp.boolean_dtypes(),
    hnp.datetime64_dtypes(),
    hnp.complex_number_dtypes(),
)


@given(hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
def test_arrays(values):
    result = pass_on({"values": values})["values"]
    assert result.dtype == values.dtype
    assert result.shape == values.shape
    assert result.tobytes() == values.tobytes()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists))
def test_json(value):
    assert pass_on({"value": value, "more": {"value": value}}) == {"value": value, "more": {"value": value}}


def test_cubes_keep_names_labels_and_attributes():
    dates = np.empty(2, dtype=object)
    dates[:] = [cftime.datetime(2000, 2, 30, calendar="360_day"), cftime.datetime(2000, 3, 1, 12, calendar="360_day")]
    points = np.array([shapely.Point(1, 2), shapely.Point(3, 4), None], dtype=object)
    cube = xr.DataArray(
        np.arange(12.0).reshape(2, 3, 2).transpose(0, 1, 2)[:, :, ::-1],
        dims=["t", "geometry", "bands"],
        coords={
            "t": ("t", dates, {"type": "temporal"}),
            "geometry": ("geometry", points),
            "bands": ("bands", np.array(["B1", "B2"], dtype=object), {"type": "bands"}),
        },
        attrs={"crs": "EPSG:4326", "grid": object()},
    )
    result = pass_on([cube])[0]
    assert result.dims == cube.dims
    assert result.attrs == {"crs": "EPSG:4326"}
    assert result.t.values.tolist() == dates.tolist()
    assert result.t.attrs == {"type": "temporal"}
    assert result.geometry.values.tolist() == points.tolist()
    np.testing.assert_array_equal(result.values, cube.values)


@pytest.mark.parametrize(
    ("entry", "limit"),
    [
        ({"dtype": "|O", "shape": [1]}, None),
        ({"dtype": "<f8", "shape": [1 << 40]}, 1 << 20),
        ({"dtype": "<f8", "shape": [-1]}, None),
    ],
)
def test_what_is_no_plain_array_or_too_large_is_refused(entry, limit):
    ours, theirs = socket.socketpair()
    text = json.dumps({"content": {"array": 0}, "arrays": [entry]}).encode()
    with ours, theirs:
        ours.sendall(struct.pack("<Q", len(text)) + text)
        with pytest.raises(wire.Closed):
            wire.receive(theirs, time.monotonic() + 2, limit)


def test_ends():
    ours, theirs = socket.socketpair()
    with theirs:
        with pytest.raises(wire.Late):
            wire.receive(theirs, time.monotonic() + 0.05)
        ours.close()
        with pytest.raises(wire.Closed):
            wire.receive(theirs)
