"""No-data written into arrays of floats."""

from __future__ import annotations

import numpy as np
import pytest

from gdc_jupyter.cube.gaps import blank


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_nan_is_written_where_there_are_gaps_and_nowhere_else(dtype: str) -> None:
    values = np.array([0, -0.0, 1.5, -np.inf, np.nan, 3e4], dtype)
    gaps = np.array([True, False, True, True, True, False])
    expected = np.where(gaps, np.nan, values.astype(float))
    blank(values, gaps)
    np.testing.assert_array_equal(values.astype(float), expected)


def test_parts_of_an_array_are_blanked_in_place() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    blank(values[::-1, 1:3], np.eye(3, 2, dtype=bool))
    assert np.isnan(values).sum() == 2
    assert np.isnan(values[2, 1])
    assert np.isnan(values[1, 2])
