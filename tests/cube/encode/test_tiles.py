"""Tiles as PNG, read by another library."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from gdc_jupyter.cube.encode.colors import ramp, table
from gdc_jupyter.cube.encode.tiles import empty, encode


def decoded(picture):
    image = Image.open(BytesIO(picture))
    image.load()
    assert image.format == "PNG"
    return np.asarray(image.convert("RGBA"))


def test_one_band_in_the_colours_of_a_map():
    values = np.array([[[0.0, 1.0, 0.5], [-3.0, 9.0, np.nan]]], dtype="float32")
    found = decoded(encode(values, [(0, 1)], "gray"))
    assert found[..., 0].tolist() == [[0, 255, 127], [0, 255, 255]] or found[0, 2, 0] == 128
    assert found[..., 3].tolist() == [[255, 255, 255], [255, 255, 0]]
    colors = decoded(encode(values, [(0, 1)], ["#ff0000", "00ff00"]))
    assert colors[0, :2, :3].tolist() == [[255, 0, 0], [0, 255, 0]]
    assert decoded(encode(values, [(0, 1)], "gray", transparent=False))[1, 2].tolist() == [255, 255, 255, 255]


def test_three_bands_each_with_its_range():
    values = np.array([[[0.0, 10.0, np.nan]], [[5.0, 0.0, 1.0]], [[1.0, 0.0, 1.0]]], dtype="float32")
    found = decoded(encode(values, [(0, 10), (0, 5), (0, 1)]))
    assert found[0].tolist() == [[0, 255, 255, 255], [255, 0, 0, 255], [0, 0, 0, 0]]
    white = decoded(encode(values, [(0, 10), (0, 5), (0, 1)], transparent=False))
    assert white[0, 2].tolist() == [255, 255, 255, 255]


def test_black_is_not_taken_for_no_data():
    values = np.zeros((3, 2, 2), "float32")
    values[:, 1, 1] = np.nan
    found = decoded(encode(values, [(0, 1)] * 3))
    assert found[..., 3].tolist() == [[255, 255], [255, 0]]
    assert found[..., :3].max() <= 1


def test_a_picture_without_data():
    assert (decoded(empty(4, 6)) == 255).any()
    assert decoded(empty(4, 6))[..., 3].max() == 0
    assert encode(np.full((3, 4, 6), np.nan), [(0, 1)] * 3) == empty(4, 6)
    assert decoded(empty(4, 6, transparent=False)).min() == 255


@given(arrays("float32", (1, 5, 7), elements=st.floats(width=32)), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_any_values_make_a_picture(values, low, span):
    found = decoded(encode(values, [(low, low + span)], "viridis"))
    assert found.shape == (5, 7, 4)
    assert ((found[..., 3] == 255) == np.isfinite(values[0])).all()
    colors = {tuple(color) for color in ramp("viridis", 255).tolist()}
    assert {tuple(color) for color in found[found[..., 3] == 255][:, :3].tolist()} <= colors


@pytest.mark.parametrize("name", ["gray", "viridis", "diverging"])
def test_a_ramp_goes_from_the_first_colour_to_the_last(name):
    assert ramp(name, 255)[[0, -1]].tolist() == table(name)[[0, -1]].tolist()
    assert ramp(["000000", "#0000ff", "#ffffff"], 3).tolist() == [[0, 0, 0], [0, 0, 255], [255, 255, 255]]
