"""Arrays of pieces: the same as if they had been put together in memory."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from xarray.core import indexing

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.remote.joined import JoinedArray, Piece
from gdc_jupyter.opendap.remote.joining import joined


def part(time, lat, lon, value, **variables):
    shape = (len(time), len(lat), len(lon))
    names = variables or {"v": "f8"}
    return xr.Dataset(
        {name: (("time", "lat", "lon"), np.full(shape, value, dtype)) for name, dtype in names.items()},
        {"time": np.array(time, "datetime64[ns]"), "lat": np.array(lat, float), "lon": np.array(lon, float)},
    )


DAYS = ["2020-01-01", "2020-01-02", "2020-01-03"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_pieces_anywhere(data):
    shape = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 6)))
    expected = np.full(shape, np.nan)
    pieces = []
    for number in range(data.draw(st.integers(1, 5))):
        places = [
            np.sort(np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, unique=True)), np.int64))
            for size in shape
        ]
        values = np.arange(places[0].size * places[1].size, dtype=float).reshape(places[0].size, -1) + 100 * number
        values[0, 0] = np.nan
        pieces.append(Piece(xr.Variable(("y", "x"), values), tuple(places)))
        at = np.ix_(*places)
        expected[at] = np.where(np.isnan(expected[at]), values, expected[at])
    lazy = xr.Variable(("y", "x"), indexing.LazilyIndexedArray(JoinedArray(shape, pieces)))
    assert np.array_equal(lazy.values, expected, equal_nan=True)
    rows = data.draw(st.lists(st.integers(0, shape[0] - 1), min_size=1))
    assert np.array_equal(lazy[rows, -1].values, expected[rows, -1], equal_nan=True)


def test_whole_numbers_stay_whole_numbers_where_nothing_is_missing():
    parts = [("a", part(DAYS[:1], [1], [1, 2], 1, v="i4")), ("a", part(DAYS[:1], [1], [3], 2, v="i4"))]
    later = [("b", part(DAYS[1:2], [1], [1, 2], 3, v="i4")), ("b", part(DAYS[1:2], [1], [3], 4, v="i4"))]
    whole = joined(parts + later)
    assert whole["v"].dtype == np.int32
    assert whole["v"].values.tolist() == [[[1, 1, 2]], [[3, 3, 4]]]
    gap = joined(parts + later[:1])
    assert gap["v"].dtype == np.float64
    assert np.isnan(gap["v"].values[1, 0, 2])


def test_times_are_sorted_and_labels_that_differ_by_a_hair_are_the_same():
    wide, narrow = part(DAYS[2:], [5, 4], [1 / 3, 2 / 3], 3), part(DAYS[:1], [5, 4], [1 / 3 + 1e-9, 2 / 3], 1)
    dataset = joined([("b", wide), ("a", narrow)])
    assert dataset.sizes == {"time": 2, "lat": 2, "lon": 2}
    assert dataset["v"].values[:, 0, 0].tolist() == [1, 3]
    assert dataset["lat"].values.tolist() == [5, 4]


def test_variables_of_other_types_and_texts_are_missing_where_they_are_not():
    one = part(DAYS[:1], [1], [1], 1, v="f4", w="M8[ns]")
    dataset = joined([("a", one), ("b", part(DAYS[1:2], [1], [1], 2, v="i2"))])
    assert np.isnat(dataset["w"].values[1, 0, 0])
    assert dataset["v"].dtype == np.float32


def test_what_does_not_fit_together():
    with pytest.raises(GdcError, match="different grids"):
        joined([("a", part(DAYS[:1], [1, 2], [1], 1)), ("b", part(DAYS[1:2], [1.3, 2.3], [1], 1))])
    turned = part(DAYS[1:2], [1, 2], [1], 1)
    turned["v"] = turned["v"].transpose("time", "lon", "lat")
    with pytest.raises(GdcError, match="has the dimensions time, lat, lon in a, and time, lon, lat in b"):
        joined([("a", part(DAYS[:1], [1, 2], [1], 1)), ("b", turned)])
    bare = [xr.Dataset({"v": ("n", np.zeros(size))}) for size in (2, 3)]
    with pytest.raises(GdcError, match="2 to 3 positions along 'n'"):
        joined([("a", bare[0]), ("b", bare[1])])
    systems = [
        part(DAYS[:1], [1], [1], 1).assign_coords(crs=xr.DataArray(0, attrs={"crs_wkt": f'PROJCRS["UTM {zone}"]'}))
        for zone in (32, 33)
    ]
    with pytest.raises(GdcError, match=r"UTM 32: a; UTM 33: b"):
        joined([("a", systems[0]), ("b", systems[1])])


def test_many_pieces_are_looked_through_quickly():
    days = np.datetime64("1990-01-01", "ns") + np.arange(3000) * np.timedelta64(1, "D")
    parts = [(f"{number}", part([day], range(4), range(4), number)) for number, day in enumerate(days)]
    dataset = joined(parts)
    assert dataset["v"].isel(time=[5, 2999])[:, 0, 0].values.tolist() == [5, 2999]
    assert pickle.loads(pickle.dumps(dataset))["v"][7, 0, 0].item() == 7
