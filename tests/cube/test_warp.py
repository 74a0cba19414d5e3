"""Resampling between grids: exact places, whatever the blocks."""

import numpy as np
import pytest
from pyproj import Transformer

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.warp import resampled_grid, warp

SOURCE = Grid("EPSG:32632", 600000, 5200000, 10, -10, 700, 600)
RANDOM = np.random.default_rng(29)


def places(target, source=SOURCE):
    """Rows and columns in the source of the pixels of a target, by pyproj."""
    x, y = np.meshgrid(target.x_labels(), target.y_labels())
    x, y = Transformer.from_crs(target.crs, source.crs, always_xy=True).transform(x, y)
    return (y - source.y) / source.dy, (x - source.x) / source.dx


@pytest.mark.parametrize(("crs", "resolution"), [(3035, 20), (4326, 1.5e-4), (32633, 8), (None, 13), (3413, 25)])
def test_nearest_pixel(crs, resolution):
    values = RANDOM.normal(size=(2, *SOURCE.shape)).astype(np.float32)
    target = resampled_grid(SOURCE, resolution, crs)
    result = warp(values, SOURCE, target)
    row, column = places(target)
    inside = (row >= 0) & (row < SOURCE.height) & (column >= 0) & (column < SOURCE.width)
    clear = (np.abs(row - row.round()) > 2e-3) & (np.abs(column - column.round()) > 2e-3)
    taken = values[:, np.where(inside, row, 0).astype(int), np.where(inside, column, 0).astype(int)]
    expected = np.where(inside, taken, np.nan)
    assert clear.mean() > 0.95
    np.testing.assert_array_equal(result[:, clear], expected[:, clear])


def test_nearest_pixels_do_not_depend_on_blocks():
    values = RANDOM.normal(size=SOURCE.shape).astype(np.float32)
    target = resampled_grid(SOURCE, 20, 3035)
    whole = warp(values, SOURCE, target)
    for window in target.blocks(53, 71):
        row, column = target.offset(window)
        part = whole[row : row + window.height, column : column + window.width]
        assert np.mean(~np.isclose(warp(values, SOURCE, window), part, equal_nan=True)) < 1e-3


@pytest.mark.parametrize("method", ["bilinear", "cubic"])
def test_values_between_pixels_are_exact(method):
    row, column = np.mgrid[: SOURCE.height, : SOURCE.width] + 0.5
    target = resampled_grid(SOURCE, 10, 3035)
    result = warp((2 * row + column)[np.newaxis], SOURCE, target, method)[0]
    row, column = places(target)
    inner = (row > 4) & (row < SOURCE.height - 4) & (column > 4) & (column < SOURCE.width - 4)
    # Three places of a thousandth of a pixel.
    np.testing.assert_allclose(result[inner], (2 * row + column)[inner], rtol=0, atol=4e-3)


def test_longitudes_go_around_the_globe():
    globe = Grid("EPSG:4326", 0, 90, 1, -1, 360, 180)
    values = np.broadcast_to(np.arange(360.0), (180, 360))
    target = Grid("EPSG:4326", -180, 45, 1, -1, 360, 2)
    expected = np.roll(np.arange(360.0), 180)
    np.testing.assert_array_equal(warp(values, globe, target), [expected, expected])


def test_places_without_an_image_are_nodata():
    target = Grid("EPSG:3413", -2e7, 2e7, 1e6, -1e6, 40, 40)
    globe = Grid("EPSG:4326", -180, 90, 1, -1, 360, 90)
    result = warp(np.ones((90, 360)), globe, target)
    row, _ = places(target, globe)
    inside = np.isfinite(row) & (row >= 0) & (row < 90)
    np.testing.assert_array_equal(np.isnan(result), ~inside)
