"""Clouds from a scene classification and from spectra."""

import numpy as np
import pytest
from native_cubes import code, cube, run

NAN = np.nan


def test_classes():
    classes = np.array([[0, 3, 4, 8], [9, 10, NAN, 11]])
    data = cube(np.stack([np.zeros_like(classes), classes]), "bands y x", bands=["B02", "SCL"])
    result = run("cloud_detection", data=data.transpose("y", "bands", "x"), method=None)
    assert result.dims == ("y", "bands", "x")
    assert result.bands.values.tolist() == ["cloud", "shadow", "haze"]
    found = result.transpose("bands", "y", "x").values
    np.testing.assert_allclose(found[0], [[NAN, 0, 0, 0.65], [1, 0.5, NAN, 0]])
    np.testing.assert_allclose(found[1], [[NAN, 1, 0, 0], [0, 0, NAN, 0]])
    np.testing.assert_allclose(found[2], [[NAN, 0, 0, 0], [0, 1, NAN, 0]])


# blue, green, red, nir, swir16, swir22
CLOUD = [0.55, 0.55, 0.56, 0.6, 0.5, 0.4]
FOREST = [0.03, 0.05, 0.03, 0.4, 0.15, 0.07]
SNOW = [0.85, 0.84, 0.83, 0.75, 0.08, 0.07]
SOIL = [0.08, 0.11, 0.16, 0.22, 0.33, 0.28]
WATER = [0.06, 0.05, 0.03, 0.01, 0.005, 0.003]


@pytest.mark.parametrize("scale", [1, 10000])
def test_spectra(scale):
    pixels = np.array([CLOUD, FOREST, SNOW, SOIL, WATER, [NAN, *CLOUD[1:]]]).T[:, None, :] * scale
    bands = ["B02", "B03", "B04", "B08", "B11", "B12"]
    result = run("cloud_detection", data=cube(pixels, "bands y x", bands=bands), method="Fmask")
    assert result.bands.values.tolist() == ["cloud"]
    probability = result.values[0, 0]
    assert probability[0] > 0.8
    np.testing.assert_array_equal(probability[1:], [0, 0, 0, 0, NAN])


def test_bands_are_known_by_their_common_names():
    data = cube(np.array(CLOUD)[:, None, None], "bands y x", bands=list("abcdef"))
    data.attrs["common_names"] = dict(zip("abcdef", ["blue", "green", "red", "nir", "swir16", "swir22"], strict=True))
    assert run("cloud_detection", data=data, method=None).values.item() > 0.8


def test_refusals():
    data = cube(np.zeros((2, 2, 2)), "bands y x")
    assert code("cloud_detection", data=data, method="s2cloudless") == "ProcessParameterInvalid"
    assert code("cloud_detection", data=data, method="Sen2Cor") == "ProcessParameterInvalid"
    assert code("cloud_detection", data=data, method=None) == "ProcessParameterInvalid"
    assert code("cloud_detection", data=cube(np.zeros((2, 2)), "y x"), method=None) == "DimensionMissing"
