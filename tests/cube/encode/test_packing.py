"""Numbers become those of a file, whatever their layout in memory."""

import numpy as np
import pytest

from gdc_jupyter.cube.encode.packing import Packing

VALUES = [0.0, 0.5, 1.5, 2.5, -7.0, 254.4, 65534.0, 65535.0, 1e9, -np.inf, np.inf, np.nan]
# Halves go to the even number; what is beyond the range stops before the number for no data, 65535.
NUMBERS = [0, 0, 2, 2, 0, 254, 65534, 65534, 65534, 0, 65534, 65535]


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_floating_point_numbers_are_rounded_and_limited(kind):
    stored = Packing.of(np.dtype(kind), {"DATA_TYPE": "uint16"}).store(np.array(VALUES, kind))

    assert stored.dtype == np.uint16
    assert stored.tolist() == NUMBERS


def test_large_arrays_that_are_no_piece_of_memory_are_stored_in_their_order():
    # Larger than a part, with the bands between: as one band of a block is.
    counted = np.arange(3 * 2 * 300 * 500, dtype=np.float32).reshape(3, 2, 300, 500) % 50_000
    counted[1, 1, 7, 9] = np.nan

    stored = Packing.of(counted.dtype, {"DATA_TYPE": "uint16", "NODATA": 60_000}).store(counted[:, 1])

    expected = np.arange(900_000).reshape(3, 2, 300, 500)[:, 1] % 50_000
    expected[1, 7, 9] = 60_000
    assert stored.flags.c_contiguous
    np.testing.assert_array_equal(stored, expected)


def test_whole_numbers_of_four_bytes_are_exact():
    stored = Packing.of(np.dtype(np.float64), {"DATA_TYPE": "int32"}).store(
        np.array([2**31 - 1, -(2.0**31), 16777217.0])
    )

    assert stored.tolist() == [2**31 - 1, -(2**31) + 1, 16777217]


def test_nothing_stays_nothing():
    assert Packing.of(np.dtype(np.float32), {"DATA_TYPE": "int16"}).store(np.empty((0, 4), np.float32)).shape == (0, 4)
