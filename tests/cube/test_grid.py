"""Grids: windows, alignment, cropping by a box in any CRS, and longitudes that go around the globe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from gdc_jupyter.cube.grid import Bounds, Grid, normalise_crs, regular_axis, transform_bounds
from gdc_jupyter.errors import GdcError

UTM = Grid("EPSG:32632", 600000, 5200000, 10, -10, 100, 80)
GLOBE = Grid("OGC:CRS84", -180, 90, 0.5, -0.5, 720, 360, wraps=True)


def test_edges_and_centres():
    assert UTM.bounds == Bounds(600000, 5199200, 601000, 5200000)
    assert UTM.x_labels()[[0, -1]].tolist() == [600005, 600995]
    assert UTM.y_labels()[[0, -1]].tolist() == [5199995, 5199205]


@given(
    west=st.floats(599900, 601100),
    width=st.floats(0, 1200),
    south=st.floats(5199100, 5200100),
    height=st.floats(0, 900),
)
def test_crop_takes_exactly_the_centres_inside(west, width, south, height):
    box = Bounds(west, south, west + width, south + height)
    cropped = UTM.crop(box)
    x, y = UTM.x_labels(), UTM.y_labels()
    tolerance = 0.011
    surely_x = x[(x > box.west + tolerance) & (x < box.east - tolerance)]
    surely_y = y[(y > box.south + tolerance) & (y < box.north - tolerance)]
    if cropped is None:
        assert not (len(surely_x) and len(surely_y))
        return
    assert set(surely_x) <= set(cropped.x_labels().round(6))
    assert set(surely_y) <= set(cropped.y_labels().round(6))
    assert (cropped.x_labels() >= box.west - tolerance).all()
    assert (cropped.x_labels() <= box.east + tolerance).all()
    assert (cropped.y_labels() >= box.south - tolerance).all()
    assert (cropped.y_labels() <= box.north + tolerance).all()


def test_crop_by_degrees_covers_the_box():
    to_degrees = Transformer.from_crs(32632, "OGC:CRS84", always_xy=True)
    west, south = to_degrees.transform(600200, 5199400)
    east, north = to_degrees.transform(600700, 5199800)
    cropped = UTM.crop(Bounds(west, south, east, north), "OGC:CRS84")
    assert cropped.bounds == pytest.approx((600200, 5199400, 600700, 5199800), abs=20)


@given(st.integers(1, 90), st.integers(1, 110))
def test_blocks_tile_the_grid(height, width):
    seen = np.zeros(UTM.shape, int)
    for block in UTM.blocks(height, width):
        row, column = UTM.offset(block)
        seen[row : row + block.height, column : column + block.width] += 1
    assert (seen == 1).all()


def test_crop_over_the_antimeridian():
    cropped = GLOBE.crop(Bounds(170, -10, 190, 10))
    assert cropped.width == 40
    assert cropped.x_labels()[[0, -1]].tolist() == [170.25, 189.75]
    assert GLOBE.crop(Bounds(-190, -10, -170, 10)).x_labels()[0] == -189.75


def test_alignment_and_union():
    shifted = UTM.window(20, 30, 100, 100)
    assert UTM.aligned(shifted)
    assert UTM.offset(shifted) == (20, 30)
    assert UTM.union(shifted).shape == (120, 130)
    assert UTM.intersection(shifted).shape == (60, 70)
    assert not UTM.aligned(Grid("EPSG:32632", 600003, 5200000, 10, -10, 5, 5))
    assert not UTM.aligned(Grid("EPSG:32633", 600000, 5200000, 10, -10, 5, 5))
    assert UTM.intersection(UTM.window(200, 0, 5, 5)) is None


def test_crs_names():
    assert normalise_crs(32632) == "EPSG:32632"
    assert normalise_crs("+proj=utm +zone=32 +datum=WGS84") == "EPSG:32632"
    with pytest.raises(GdcError, match="no known coordinate reference system"):
        normalise_crs(99999)
    assert transform_bounds(Bounds(9, 46, 10, 47), "EPSG:4326", "OGC:CRS84") == pytest.approx((9, 46, 10, 47))


def test_axes():
    assert regular_axis(np.array([0.5, 1.5, 2.5]), "x") == (0, 1)
    with pytest.raises(GdcError, match="equally spaced"):
        regular_axis(np.array([0, 1, 3.0]), "x")
