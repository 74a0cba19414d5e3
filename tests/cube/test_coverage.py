"""Shares of pixels in polygons, against shapely's areas, exactextract, and by hand."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gdc_jupyter.cube.coverage import centres, shares
from gdc_jupyter.cube.geometries import as_array
from gdc_jupyter.cube.grid import Grid

GRID = Grid("EPSG:32632", 500000, 5200000, 10, -10, 12, 9)


def image(cells, grid, index=0):
    values = np.zeros(grid.width * grid.height)
    values[cells.of(index)] = cells.shares[cells.starts[index] : cells.starts[index + 1]]
    return values.reshape(grid.shape)


def pixels(grid):
    x, y = np.meshgrid(grid.x + grid.dx * np.arange(grid.width), grid.y + grid.dy * np.arange(grid.height))
    return shapely.box(
        np.minimum(x, x + grid.dx), np.minimum(y, y + grid.dy), np.maximum(x, x + grid.dx), np.maximum(y, y + grid.dy)
    )


def by_shapely(geometry, grid):
    return shapely.area(shapely.intersection(pixels(grid), geometry)) / abs(grid.dx * grid.dy)


def star(random, centre, radius, corners):
    angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    radii = radius * random.uniform(0.2, 1, corners)
    ring = np.column_stack([centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)])
    return shapely.make_valid(shapely.Polygon(ring))


def test_quarters_by_hand():
    square = shapely.box(500005, 5199985, 500015, 5199995)
    expected = np.zeros(GRID.shape)
    expected[0:2, 0:2] = 0.25
    np.testing.assert_allclose(image(shares(as_array([square]), GRID), GRID), expected, atol=1e-12)


def test_triangle_by_hand():
    triangle = shapely.Polygon([(500000, 5200000), (500020, 5200000), (500000, 5199980)])
    expected = np.zeros(GRID.shape)
    expected[0, :2], expected[1, 0] = [1, 0.5], 0.5
    np.testing.assert_allclose(image(shares(as_array([triangle]), GRID), GRID), expected, atol=1e-12)


def test_hole_and_parts():
    outer = shapely.box(500010, 5199930, 500080, 5199990).difference(shapely.box(500025, 5199950, 500055, 5199975))
    several = shapely.MultiPolygon([outer, shapely.box(500095, 5199995, 500120, 5200010)])
    np.testing.assert_allclose(image(shares(as_array([several]), GRID), GRID), by_shapely(several, GRID), atol=1e-12)


def test_specks_of_one_geometry_in_a_pixel_add_up():
    specks = shapely.MultiPolygon(
        [shapely.box(500002, 5199992, 500002.02, 5199992.02), shapely.box(500007, 5199994, 500007.01, 5199994.02)]
    )
    assert image(shares(as_array([specks]), GRID), GRID)[0, 0] == pytest.approx(6e-6)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    corners=st.integers(3, 40),
    radius=st.floats(1e-3, 200),
    up=st.booleans(),
    left=st.booleans(),
)
def test_any_polygon_as_shapely_has_it(seed, corners, radius, up, left):
    random = np.random.default_rng(seed)
    grid = Grid(
        "EPSG:32632",
        500120 if left else 500000,
        5199910 if up else 5200000,
        -10 if left else 10,
        10 if up else -10,
        12,
        9,
    )
    polygon = star(random, (500060 + random.uniform(-80, 80), 5199955 + random.uniform(-70, 70)), radius, corners)
    if polygon.area == 0:
        return
    cells = shares(as_array([polygon]), grid)
    np.testing.assert_allclose(image(cells, grid), by_shapely(polygon, grid), atol=1e-9)
    assert (np.diff(cells.pixels) > 0).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 60), snapped=st.booleans())
def test_a_partition_covers_every_pixel_once(seed, count, snapped):
    random = np.random.default_rng(seed)
    west, south, east, north = GRID.bounds
    points = random.uniform((west - 20, south - 20), (east + 20, north + 20), (count, 2))
    if snapped:
        points = np.round(points / 5) * 5
    whole = shapely.box(west, south, east, north)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=whole.buffer(50)))
    found = shares(as_array(cells), GRID)
    total = np.bincount(found.pixels, found.shares, minlength=GRID.width * GRID.height)
    np.testing.assert_allclose(total, 1, atol=1e-9)


def test_as_exactextract_has_it():
    exactextract = pytest.importorskip("exactextract")
    geopandas = pytest.importorskip("geopandas")
    random = np.random.default_rng(3)
    grid = Grid("EPSG:32632", 500000, 5200000, 10, -10, 120, 90)
    polygons = [star(random, random.uniform((500100, 5199300), (501000, 5199900)), 200, 30) for _ in range(20)]
    values = random.random(grid.shape)
    frame = geopandas.GeoDataFrame(geometry=polygons, crs=grid.crs)
    source = exactextract.raster.NumPyRasterSource(values, *grid.bounds, srs_wkt=frame.crs.to_wkt())
    theirs = exactextract.exact_extract(source, frame, ["sum", "count"], output="pandas")
    cells = shares(as_array(polygons), grid)
    owner = np.repeat(np.arange(20), np.diff(cells.starts))
    ours = np.bincount(owner, cells.shares * values.ravel()[cells.pixels])
    # exactextract keeps shares as 32-bit numbers.
    np.testing.assert_allclose(ours, theirs["sum"], rtol=1e-6)
    np.testing.assert_allclose(np.bincount(owner, cells.shares), theirs["count"], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), corners=st.integers(3, 20), snapped=st.booleans())
def test_centres_as_shapely_has_them(seed, corners, snapped):
    random = np.random.default_rng(seed)
    polygon = star(random, (500060, 5199955), 70, corners)
    if snapped:
        # Corners on centres, so that edges go through them.
        polygon = shapely.make_valid(shapely.transform(polygon, lambda points: np.round((points - 5) / 10) * 10 + 5))
    if polygon.area == 0:
        return
    x, y = np.meshgrid(GRID.x_labels(), GRID.y_labels())
    expected = shapely.intersects_xy(polygon, x, y)
    dimension = shapely.get_dimensions(shapely.get_parts(polygon))
    if (dimension < 2).any():
        return
    np.testing.assert_array_equal(image(centres(as_array([polygon]), GRID), GRID) == 1, expected)


def test_points_and_lines():
    point, several = (
        shapely.Point(500011, 5199999),
        shapely.MultiPoint([(500001, 5199999), (500002, 5199998), (500119, 5199911)]),
    )
    line = shapely.LineString([(500005, 5199995), (500025, 5199995), (500025, 5199965)])
    outside = shapely.LineString([(500200, 5199995), (500300, 5199995)])
    slanted = shapely.LineString([(499990, 5200004), (500030, 5199984)])
    cells = shares(as_array([point, several, line, outside, slanted]), GRID)
    assert cells.of(0).tolist() == [1]
    assert cells.of(1).tolist() == [0, 8 * 12 + 11]
    assert cells.of(2).tolist() == [0, 1, 2, 14, 26, 38]
    assert cells.of(3).tolist() == []
    # y falls by 1 for 2 in x: at x = 0 it is 1 below the edge, at 18 it leaves the first row.
    assert cells.of(4).tolist() == [0, 1, 13, 14]


def test_a_polygon_far_smaller_than_a_pixel():
    small = shapely.box(500031.0, 5199955.0, 500031.001, 5199955.001)
    cells = shares(as_array([small]), GRID)
    assert cells.of(0).tolist() == [4 * 12 + 3]
    assert cells.shares[0] == pytest.approx(1e-8, rel=1e-3)
