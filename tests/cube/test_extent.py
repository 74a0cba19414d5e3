"""Boxes in longitude and latitude: around others, also across the antimeridian."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.cube.extent import normalised, union
from gdc_jupyter.cube.grid import Bounds, Grid


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((5, 40, 8, 50), (5, 40, 8, 50)),
        ((170, -10, 190, 10), (170, -10, -170, 10)),
        ((-190, -10, -170, 10), (170, -10, -170, 10)),
        ((0, -90, 360, 90), (-180, -90, 180, 90)),
        ((170, -10, -170, 10), (170, -10, -170, 10)),
        ((350, -95, 355, 95), (-10, -90, -5, 90)),
        ((-180, 0, 180, 1), (-180, 0, 180, 1)),
    ],
)
def test_normalised(given, expected):
    assert normalised(Bounds(*given)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([(5, 40, 8, 50), (10, 30, 12, 45)], (5, 30, 12, 50)),
        ([(170, 0, 175, 1), (-175, 0, -170, 1)], (170, 0, -170, 1)),
        ([(170, 0, -175, 1), (160, 0, 165, 1)], (160, 0, -175, 1)),
        ([(-10, 0, 10, 1), (-5, 2, 20, 3)], (-10, 0, 20, 3)),
        ([(-180, 0, 0, 1), (-10, 0, 180, 1)], (-180, 0, 180, 1)),
        ([(-180, 0, -10, 1), (10, 0, 180, 1)], (10, 0, -10, 1)),
    ],
)
def test_union(boxes, expected):
    assert union(Bounds(*box) for box in boxes) == pytest.approx(expected)
    assert union(Bounds(*box) for box in reversed(boxes)) == pytest.approx(expected)
    assert union([]) is None


def inside(longitude, box):
    width = (box.east - box.west) % 360 if (box.west, box.east) != (-180, 180) else 360
    return (longitude - box.west) % 360 <= width + 1e-6


@given(st.lists(st.tuples(st.integers(-360, 360), st.integers(1, 300)), min_size=1, max_size=5), st.floats(0, 1))
def test_union_holds_all(parts, share):
    boxes = [Bounds(west, 0, west + width, 1) for west, width in parts]
    whole = union(boxes)
    assert -180 <= whole.west <= 180
    assert -180 <= whole.east <= 180
    for box in boxes:
        assert inside(box.west + share * (box.east - box.west), whole)


def test_a_grid_across_the_antimeridian():
    grid = Grid("EPSG:32760", 300_000, 8_100_000, 1000, -1000, 600, 100)
    box = union([grid.geographic_bounds])
    assert box.west > 170
    assert box.east < -170
