"""Quantiles by the sorting network are those of numpy, for any number of elements and any gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gdc_jupyter.processes import sorting_network
from gdc_jupyter.processes.sorting_network import comparators, median, quantiles

PROBABILITIES = (0, 0.1, 0.25, 0.5, 0.9, 1)


@pytest.mark.parametrize("count", range(1, 12))
def test_network_sorts_all_zeros_and_ones(count):
    """A network that sorts every sequence of zeros and ones sorts everything (Knuth's zero-one principle)."""
    rows = ((np.arange(2**count)[np.newaxis] >> np.arange(count)[:, np.newaxis]) & 1).copy()
    for low, high in comparators(count):
        rows[low], rows[high] = np.minimum(rows[low], rows[high]), np.maximum(rows[low], rows[high])
    assert (np.diff(rows, axis=0) >= 0).all()


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 40), st.integers(1, 7)),
        elements=st.one_of(st.just(np.nan), st.floats(-1000, 1000)),
    )
)
@pytest.mark.parametrize("most_elements", [0, 1000], ids=["sorted", "network"])
@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")
def test_quantiles_are_those_of_numpy(most_elements, values):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting_network, "MOST_ELEMENTS", most_elements)
        result = quantiles(values, PROBABILITIES)
        strict = quantiles(values, PROBABILITIES, ignore_nodata=False)
    np.testing.assert_allclose(result, np.nanquantile(values, PROBABILITIES, axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(strict, np.quantile(values, PROBABILITIES, axis=0), rtol=1e-9, atol=1e-9)


def test_blocks_of_pixels_fit_together(monkeypatch):
    values = np.random.default_rng(1).normal(size=(9, 50, 70)).astype(np.float32)
    values[values > 1.5] = np.nan
    monkeypatch.setattr(sorting_network, "BLOCK_BYTES", 9 * 4 * 100)
    np.testing.assert_allclose(median(values), np.nanmedian(values, axis=0), rtol=1e-6)


def test_gaps_that_count():
    values = np.array([[1.0, 1], [2, np.nan], [3, 3]])
    np.testing.assert_array_equal(median(values, ignore_nodata=False), [2, np.nan])


def test_input_is_left_as_it_was():
    values = np.array([[3.0], [np.nan], [1.0]])
    before = values.copy()
    median(values)
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("count", [257, 70_000])
def test_many_elements(count):
    values = np.random.default_rng(1).normal(size=(count, 3)).astype(np.float32)
    values[::3, 1], values[:, 2] = np.nan, np.nan
    found = quantiles(values, (0.1, 0.5, 1.0))
    np.testing.assert_allclose(found[:, :2], np.nanquantile(values[:, :2], (0.1, 0.5, 1.0), axis=0), rtol=1e-5)
    assert np.isnan(found[:, 2]).all()
    assert np.isnan(quantiles(values, (0.5,), ignore_nodata=False)[0]).tolist() == [False, True, True]
