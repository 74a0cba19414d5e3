"""Resampling between grids: exact places, whatever the blocks."""

import numpy as np
import pytest
import rasterio.warp
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.warp import resampled_grid, scale_between, warp

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


@given(
    st.floats(0.2, 3),
    st.floats(0.2, 3),
    st.floats(-30, 30),
    st.floats(-30, 30),
    st.sampled_from([0, 0.1, 0.6]),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_bilinear_is_as_gdal_has_it(across, along, left, up, missing, data):
    source = Grid("EPSG:32632", 600000, 5200000, 10, -10, 23, 17)
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    values = random.normal(1000, 100, size=(3, *source.shape)).astype(np.float32)
    values[random.random(values.shape) < missing] = np.nan
    # Where a centre falls on the edge of a pixel, or a triangle ends in a pixel's centre, is for rounding to tell.
    dx, dy = round(10 * across, 2) + 0.001, round(10 * along, 2) + 0.001
    target = Grid(source.crs, source.x + round(left, 1) + 0.0013, source.y + round(up, 1) + 0.0013, dx, -dy, 31, 19)
    scale = (10 / dx, 10 / dy)
    # Each layer by itself: GDAL looks at the centres of all at once.
    for layer, result in zip(values, warp(values, source, target, "bilinear", scale), strict=True):
        expected = np.full(target.shape, np.nan, np.float32)
        rasterio.warp.reproject(
            layer,
            expected,
            src_transform=Affine(*source.transform),
            src_crs=source.crs,
            dst_transform=Affine(*target.transform),
            dst_crs=target.crs,
            src_nodata=np.nan,
            dst_nodata=np.nan,
            resampling=rasterio.warp.Resampling.bilinear,
            XSCALE=str(scale[0]),
            YSCALE=str(scale[1]),
        )
        np.testing.assert_allclose(result, expected, rtol=2e-6)


@pytest.mark.parametrize("resolution", [20, 7])
def test_bilinear_weighs_the_pixels_around_each_place(resolution):
    values = RANDOM.normal(1000, 100, size=(2, *SOURCE.shape))
    target = resampled_grid(SOURCE, resolution, 3035).window(60, 90, 25, 40)
    scale = (10 / resolution, 10 / resolution)
    result = warp(values, SOURCE, target, "bilinear", scale)
    reach = max(1, resolution / 10)
    for row, column, found in zip(*(each.ravel() for each in places(target)), result.reshape(2, -1).T, strict=True):
        rows, columns = (np.arange(int(each - 0.5 - reach), int(each + reach) + 2) for each in (row, column))
        weights = np.outer(
            *(np.clip(1 - np.abs(at + 0.5 - each) / reach, 0, None) for at, each in ((rows, row), (columns, column)))
        )
        expected = (values[:, rows[:, np.newaxis], columns] * weights).sum(axis=(1, 2)) / weights.sum()
        np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_bilinear_does_not_depend_on_blocks():
    values = RANDOM.normal(size=SOURCE.shape).astype(np.float32)
    target = resampled_grid(SOURCE, 20, 3035)
    scale = scale_between(SOURCE, target)
    whole = warp(values, SOURCE, target, "bilinear", scale)
    for window in target.blocks(53, 71):
        row, column = target.offset(window)
        part = whole[row : row + window.height, column : column + window.width]
        np.testing.assert_allclose(warp(values, SOURCE, window, "bilinear", scale), part, atol=1e-5)


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
