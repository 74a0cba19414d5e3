"""Exact index ranges: on random grids no cell of a box is missed, and none is there that is not in it."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from gdc_jupyter.opendap.ous import places
from gdc_jupyter.opendap.ous.axes import RegularAxis
from gdc_jupyter.opendap.ous.places import AxisPlace, PointPlace

CLOSE = 1e-7


@st.composite
def regular(draw, low, high):
    """Equally spaced centres of cells that end within limits."""
    count = draw(st.integers(2, 40))
    start = draw(st.floats(low, high - 1))
    step = draw(st.floats(0.01, 1)) * (high - start) / count
    return start + step * (np.arange(count) + 0.5)


@st.composite
def irregular(draw, low, high):
    """Centres at distances that differ."""
    steps = np.array(draw(st.lists(st.floats(0.05, 3), min_size=2, max_size=30)))
    centres = np.cumsum(steps)
    return low + (high - low) * centres / (centres[-1] + 3)


@st.composite
def whole_circle(draw):
    """Longitudes around the globe, from any start."""
    count = draw(st.integers(3, 48))
    return draw(st.sampled_from([-180.0, 0.0, -179.5, 20.0])) + 360 / count * (np.arange(count) + 0.5)


latitudes = st.one_of(regular(-90, 90), irregular(-90, 90))
longitudes = st.one_of(regular(-180, 180), regular(0, 360), regular(150, 220), irregular(-180, 180), whole_circle())
turned = st.booleans()


@st.composite
def boxes(draw):
    """West, south, east, north; west is greater than east for some."""
    south, north = sorted((draw(st.floats(-90, 90)), draw(st.floats(-90, 90))))
    west, east = draw(st.floats(-180, 180)), draw(st.floats(-180, 180))
    assume(north - south > 1e-3 and abs(east - west) > 1e-3)
    return west, south, east, north


def cells(centres):
    """The edges of each cell: halfway to the next, and as far at the ends."""
    middle = (centres[1:] + centres[:-1]) / 2
    outer = np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])
    return np.sort(np.stack([outer[:-1], outer[1:]]), axis=0)


def shared(low, high, start, end):
    """How much of a range each of some others shares; a hair counts as nothing known."""
    return np.minimum(high, end) - np.maximum(low, start)


def expect(found, length, share):
    """Positions must be those that share something, where that is more than a rounding error."""
    chosen = np.zeros(length, bool)
    for first, last in found:
        assert 0 <= first <= last < length
        chosen[first : last + 1] = True
    assert chosen[share > CLOSE].all()
    assert not chosen[share < -CLOSE].any()


@settings(max_examples=300, deadline=None)
@given(latitudes, longitudes, turned, boxes())
def test_a_box_gets_the_cells_that_share_an_area_with_it(y, x, falling, box):
    y = y[::-1] if falling else y
    west, south, east, north = box
    parts = AxisPlace.of(y, x).parts(box)
    along_y = shared(*cells(y), south, north)
    turns = [(west + turn, (east if east > west else east + 360) + turn) for turn in range(-720, 721, 360)]
    along_x = np.max([shared(*cells(x), start, end) for start, end in turns], axis=0)
    if not parts:
        assert along_y.max() < CLOSE or along_x.max() < CLOSE
        return
    assert len({rows for rows, _ in parts}) == 1
    expect([parts[0][0]], y.size, along_y)
    expect([columns for _, columns in parts], x.size, along_x)
    for (_, one), (_, other) in itertools.pairwise(parts):
        assert one[1] + 1 < other[0] or other[1] + 1 < one[0]


@settings(max_examples=100, deadline=None)
@given(latitudes, longitudes, boxes())
def test_the_true_box_of_a_part_gives_the_part(y, x, box):
    place = AxisPlace.of(y, x)
    for rows, columns in place.parts(box):
        west, south, east, north = place.bounds(rows, columns)
        assert -180 <= west <= 180
        assert -180 <= east <= 180
        assert -90 <= south < north <= 90
        again = place.parts((west + 1e-7, south + 1e-7, east - 1e-7, north - 1e-7))
        assert (rows, columns) in again or (rows, (0, x.size - 1)) in again


def test_edges_of_cells_that_only_touch_are_no_part():
    y, x = np.arange(-89.5, 90), np.arange(0.5, 360)
    assert AxisPlace.of(y, x).parts((10, 20, 12, 22)) == [((110, 111), (10, 11))]
    assert AxisPlace.of(y.astype("f4"), (np.arange(3600) * np.float32(0.1)).astype("f4")).parts((0.05, 0, 0.25, 1)) == [
        ((90, 90), (1, 2))
    ]
    assert AxisPlace.of(y, x).parts((10, 20, 10, 20)) == [((110, 110), (10, 10))]
    assert AxisPlace.of(y, x).parts((-180, -90, 180, 90)) == [((0, 179), (0, 359))]
    assert AxisPlace.of(y, x).parts((-10, 0, 10, 1)) == [((90, 90), (350, 359)), ((90, 90), (0, 9))]
    assert AxisPlace.of(y, x).parts((175, 0, -175, 1)) == [((90, 90), (175, 184))]
    assert AxisPlace.of(y[:90], x[:90]).parts((100, 10, 110, 20)) == []


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 50), st.floats(-180, 170), st.floats(0.001, 3), turned, turned, boxes())
def test_a_regular_grid_is_one_of_its_coordinates(count, start, step, falling, east_first, box):
    end = start + step * count
    x = start + step * (np.arange(count + 1) + 0.5)
    y = -80 + 160 / count * (np.arange(count + 1) + 0.5)
    rows = RegularAxis(-80 + 160 / count * (count + 1), -160 / count, count + 1) if falling else None
    rows = rows or RegularAxis(-80, 160 / count, count + 1)
    columns = RegularAxis(end + step, -step, count + 1) if east_first else RegularAxis(start, step, count + 1)
    labelled = AxisPlace.of(y[::-1] if falling else y, x[::-1] if east_first else x)
    regular = AxisPlace(rows, columns)
    west, south, east, north = box
    for axis, edges in ((x, (west, east)), (y, (south, north))):
        distances = cells(axis).ravel()[:, None] - np.array([edges])
        assume(np.abs((distances + 180) % 360 - 180).min() > 1e-6)
    assert regular.parts(box) == labelled.parts(box)
    for part in regular.parts(box):
        assert np.allclose(regular.bounds(*part), labelled.bounds(*part), atol=1e-6)


@pytest.mark.parametrize("start", [0, -180, 20.125])
def test_all_around_the_globe_is_a_circle(start):
    x = (start + np.arange(432, dtype="f4") * np.float32(5 / 6)).astype("f4")
    west, _, east, _ = AxisPlace.of(np.arange(-5, 5), x).bounds((0, 9), (0, 431))
    assert (west, east) == (-180, 180)
    west, _, east, _ = AxisPlace.of(np.arange(-5, 5), x).bounds((0, 9), (0, 430))
    assert (east - west) % 360 == pytest.approx(360 - 5 / 6, abs=1e-3)


def test_longitudes_that_start_anew_within_the_axis():
    x = np.concatenate([np.arange(0.5, 180), np.arange(-179.5, 0)])
    assert AxisPlace.of(np.arange(-89.5, 90), x).parts((170, 0, -170, 1)) == [((90, 90), (170, 189))]


PROJECTED = {
    "EPSG:32632": (600_000.0, 5_200_000.0, 1000.0),
    "EPSG:32701": (100_000.0, 8_000_000.0, 5000.0),
    "EPSG:3031": (-2_000_000.0, 2_000_000.0, 50_000.0),
    "EPSG:3413": (-3_000_000.0, 1_000_000.0, 40_000.0),
    "EPSG:3857": (-20_000_000.0, 9_000_000.0, 400_000.0),
    "EPSG:6933": (-17_000_000.0, 7_000_000.0, 300_000.0),
}


@pytest.mark.parametrize("crs", PROJECTED)
def test_no_cell_of_a_projected_grid_is_missed(crs):
    left, top, step = PROJECTED[crs]
    x, y = left + step * (np.arange(60) + 0.5), top - step * (np.arange(50) + 0.5)
    place = AxisPlace.of(y, x, crs)
    to_degrees = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    # Points all over each cell.
    fine_x, fine_y = left + step * (np.arange(60 * 7) + 0.5) / 7, top - step * (np.arange(50 * 7) + 0.5) / 7
    longitude, latitude = (np.array(each) for each in to_degrees.transform(*np.meshgrid(fine_x, fine_y)))
    chance = np.random.default_rng(3)
    hits = 0
    for _ in range(80):
        row, column = chance.integers(0, longitude.shape[0]), chance.integers(0, longitude.shape[1])
        width, height = chance.uniform(0.01, 1, 2) ** 2 * (300, 120)
        west, south = longitude[row, column] - width / 2, max(latitude[row, column] - height / 2, -90)
        north, east = min(south + height, 90.0), west + width
        box = ((west + 180) % 360 - 180, south, (east + 180) % 360 - 180, north)
        inside = (latitude >= south) & (latitude <= north) & ((longitude - west) % 360 <= east - west)
        covered = np.zeros((50, 60), bool)
        for (first, last), (start, end) in place.parts(box):
            assert 0 <= first <= last < 50
            assert 0 <= start <= end < 60
            covered[first : last + 1, start : end + 1] = True
        assert covered[inside.reshape(50, 7, 60, 7).any(axis=(1, 3))].all()
        hits += inside.any()
    assert hits > 40


def test_a_box_in_the_grids_own_corner_is_small():
    left, top, step = PROJECTED["EPSG:32632"]
    x, y = left + step * (np.arange(60) + 0.5), top - step * (np.arange(50) + 0.5)
    corner = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True).transform(x[10], y[20])
    box = (corner[0] - 0.001, corner[1] - 0.001, corner[0] + 0.001, corner[1] + 0.001)
    assert AxisPlace.of(y, x, "EPSG:32632").parts(box) == [((20, 20), (10, 10))]
    assert AxisPlace.of(y, x, "EPSG:32632").parts((-120, -30, -110, -20)) == []
    bounds = AxisPlace.of(y, x, "EPSG:32632").bounds((20, 20), (10, 10))
    assert bounds[0] < corner[0] < bounds[2]
    assert bounds[1] < corner[1] < bounds[3]


@pytest.mark.parametrize("together", [1, 7 * 50, 1 << 18])
def test_cells_with_coordinates_of_their_own(together, monkeypatch):
    monkeypatch.setattr(places, "_TOGETHER", together)
    rows, columns = np.meshgrid(np.arange(40), np.arange(50), indexing="ij")
    longitude = (150 + columns * 1.1 + rows * 0.4 + 180) % 360 - 180
    latitude = -30 + rows * 0.9 - columns * 0.3
    place = PointPlace(longitude, latitude)
    chance = np.random.default_rng(5)
    for _ in range(100):
        west, south = chance.uniform(150, 220), chance.uniform(-45, 5)
        width, height = chance.uniform(1.5, 30, 2)
        box = ((west + 180) % 360 - 180, south, (west + width + 180) % 360 - 180, south + height)
        inside = (latitude >= south) & (latitude <= south + height) & ((longitude - west) % 360 <= width)
        parts = place.parts(box)
        covered = np.zeros(inside.shape, bool)
        for (first, last), (start, end) in parts:
            covered[first : last + 1, start : end + 1] = True
        assert covered[inside].all()
    assert place.parts((0, 60, 10, 70)) == []
    west, south, east, north = place.bounds((0, 39), (0, 49))
    assert east < 0 < west
    assert west == pytest.approx(149.25)
    assert east == pytest.approx(150 + 49 * 1.1 + 39 * 0.4 + 0.75 - 360)
    assert south < latitude.min()
    assert north > latitude.max()
