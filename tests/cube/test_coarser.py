"""Coarse pixels take the value in their middle, and cover a line of fine ones without overlap."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.cube.coarser import coarser, ground_size, largest_factor, pieces
from gdc_jupyter.cube.grid import Grid

UTM = Grid("EPSG:32632", 600000, 5200000, 10, -10, 100, 80)
FACTORS = st.sampled_from([2, 4, 8, 16])


@given(offset=st.integers(-70, 70), count=st.integers(1, 90), factor=FACTORS)
def test_a_coarse_pixel_belongs_to_a_grid_where_its_middle_does(offset, count, factor):
    window = UTM.window(0, offset, factor, count)
    found = coarser(window, factor, UTM)
    middles = [i for i in range(-100, 100) if offset <= i * factor + factor // 2 < offset + count]
    if not middles:
        assert found is None
        return
    assert found.width == len(middles)
    assert found.x == UTM.x + middles[0] * factor * 10
    assert (found.dx, found.dy) == (10 * factor, -10 * factor)


@given(middle=st.integers(-100, 100), count=st.integers(1, 60), factor=FACTORS, size=st.integers(1, 200))
def test_pieces_cover_the_pixels_with_their_middle_on_the_line(middle, count, factor, size):
    found = pieces(middle, count, factor, size)
    covered = [pixel for piece in found for pixel in range(piece.start, piece.stop)]
    assert covered == [i for i in range(count) if 0 <= middle + i * factor < size]
    for piece in found:
        assert piece.first >= 0
        assert piece.first + piece.size <= size
        whole = piece.size == (piece.stop - piece.start) * factor
        assert whole or piece.stop - piece.start == 1, "what is cut off stands alone"
        for pixel in range(piece.start, piece.stop):
            assert piece.first <= middle + pixel * factor < piece.first + piece.size


def test_a_grid_around_the_globe_stays_one():
    globe = Grid("OGC:CRS84", -180, 90, 0.5, -0.5, 720, 360, wraps=True)
    factor = largest_factor(globe, globe)
    assert factor == 16
    found = coarser(globe, factor)
    assert (found.wraps, found.width * found.dx) == (True, 360)
    assert largest_factor(UTM, UTM) == 64
    assert largest_factor(globe.window(0, 0, 5, 400), globe) == 4


def test_pixels_on_the_ground():
    assert ground_size(UTM) == pytest.approx(10, rel=5e-3)
    degree = math.radians(1) * 6371008.8
    assert ground_size(Grid("OGC:CRS84", 0, 1, 1, -1, 2, 2)) == pytest.approx(degree, rel=1e-3)
    assert ground_size(Grid("OGC:CRS84", 0, 61, 1, -1, 2, 2)) == pytest.approx(degree / 2, rel=2e-2)
    assert ground_size(Grid("EPSG:3857", 0, 8399737.89, 100, -100, 2, 2)) == pytest.approx(50, rel=2e-2)
