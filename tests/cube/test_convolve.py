"""Weighted sums of neighbours, against scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gdc_jupyter.cube import convolve

MODES = {"replicate": "nearest", "reflect": "reflect", "reflect_pixel": "mirror", "wrap": "wrap", 2.5: "constant"}
GAUSS = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
ROUND = np.hypot(*np.mgrid[-2:3, -2:3]) + 1
SOBEL = np.outer([1, 2, 1], [-1, 0, 1])
LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


@pytest.mark.parametrize("strip", [1, 50, 1 << 15])
@pytest.mark.parametrize("border", MODES, ids=str)
@pytest.mark.parametrize("kernel", [GAUSS, SOBEL, LAPLACE, ROUND, np.ones((1, 5)), np.zeros((3, 3))], ids=str)
def test_borders_and_kernels(monkeypatch, strip, border, kernel):
    monkeypatch.setattr(convolve, "STRIP", strip)
    values = np.random.default_rng(1).normal(100, 30, (2, 13, 17)).astype(np.float32)
    result = convolve.correlate(values, np.asarray(kernel, float), border, 0)
    for found, layer in zip(result, values.astype(float), strict=True):
        expected = ndimage.correlate(layer, np.asarray(kernel, float), mode=MODES[border], cval=2.5)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)


@settings(deadline=None)
@given(
    shape=st.tuples(st.integers(5, 9), st.integers(5, 9)),
    kernel=st.tuples(st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 5])),
    border=st.sampled_from(list(MODES)),
    seed=st.integers(0, 1000),
)
def test_any_kernel(shape, kernel, border, seed):
    random = np.random.default_rng(seed)
    values, weights = random.normal(size=shape), random.normal(size=kernel).round(1)
    result = convolve.correlate(values, weights, border, 0)
    expected = ndimage.correlate(values, weights, mode=MODES[border], cval=2.5)
    np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10)


def test_what_is_not_finite_is_replaced_before_it_is_repeated():
    values = np.array([[np.nan, 1, np.inf]])
    result = convolve.correlate(values, np.ones((1, 3)), "replicate", 5)
    assert result.tolist() == [[11, 11, 11]]
