"""Pixels in geometries: filter_spatial, mask_polygon and apply_polygon, whatever the blocks, against shapely."""

import geopandas
import numpy as np
import pytest
import shapely

from gdc_jupyter.cube.cube import build
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import blocks, execute

GRID = Grid("EPSG:32632", 500000, 5200000, 10, -10, 40, 30)
TIMES = np.array(["2022-05-01", "2022-06-01"], dtype="datetime64[ns]")
VALUES = np.random.default_rng(2).normal(100, 20, (2, *GRID.shape)).astype(np.float32)
VALUES[0, 5, 5] = np.nan
CUBE = build(VALUES, {"t": ("temporal", TIMES)}, GRID)
TRIANGLE = shapely.Polygon([(500013, 5199990), (500300, 5199880), (500120, 5199730)])


@pytest.fixture(params=[(512, 512), (7, 11)], ids=["one block", "many blocks"], autouse=True)
def block_shape(request, monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: request.param)


def frame(*geometries, crs=32632):
    return geopandas.GeoDataFrame(geometry=list(geometries), crs=crs)


def parameter(name):
    return {"from_parameter": name}


def run(process_id, native, /, **arguments):
    given = {**{name: parameter(name) for name in native}, **arguments}
    # The blocks of a computed cube, rather than the cube in memory.
    nodes = {
        "same": {
            "process_id": "apply",
            "arguments": {
                "data": parameter("data"),
                "process": {
                    "process_graph": {
                        "s": {"process_id": "add", "arguments": {"x": parameter("x"), "y": 0}, "result": True}
                    }
                },
            },
        },
        "call": {"process_id": process_id, "arguments": {**given, "data": {"from_node": "same"}}, "result": True},
    }
    return execute(nodes, native)


def inside(*geometries):
    x, y = np.meshgrid(GRID.x_labels(), GRID.y_labels())
    return np.logical_or.reduce([shapely.intersects_xy(one, x, y) for one in geometries])


@pytest.mark.parametrize("crs", [32632, 4326])
def test_mask_polygon(crs):
    zones = frame(TRIANGLE, shapely.Polygon(), shapely.box(500350, 5199900, 500360, 5199910)).to_crs(crs)
    covered = inside(TRIANGLE, zones.to_crs(32632).geometry.iloc[2])
    result = run("mask_polygon", {"data": CUBE, "mask": zones})
    np.testing.assert_array_equal(result.values, np.where(covered, VALUES, np.nan))
    result = run("mask_polygon", {"data": CUBE, "mask": zones}, inside=True, replacement=-1)
    np.testing.assert_array_equal(result.values, np.where(covered & ~np.isnan(VALUES), -1, VALUES))


def test_mask_needs_polygons():
    with pytest.raises(InvalidProcessGraph) as caught:
        run("mask_polygon", {"data": CUBE, "mask": frame(shapely.Point(500005, 5199995))})
    assert caught.value.faults[0].code == "GeometryInvalid"


def test_filter_spatial_with_polygons():
    result = run("filter_spatial", {"data": CUBE, "geometries": frame(TRIANGLE)})
    west, south, east, north = TRIANGLE.bounds
    columns = (GRID.x_labels() >= west) & (GRID.x_labels() <= east)
    rows = (GRID.y_labels() >= south) & (GRID.y_labels() <= north)
    expected = np.where(inside(TRIANGLE), VALUES, np.nan)[:, rows][:, :, columns]
    np.testing.assert_array_equal(result.values, expected)
    np.testing.assert_array_equal(result.x.values, GRID.x_labels()[columns])


def test_filter_spatial_with_a_line_and_a_point():
    line = shapely.LineString([(500025, 5199955), (500065, 5199955)])
    result = run("filter_spatial", {"data": CUBE, "geometries": frame(line, shapely.Point(500041, 5199978))})
    expected = np.full((2, 3, 5), np.nan, np.float32)
    expected[:, 2], expected[:, 0, 2] = VALUES[:, 4, 2:7], VALUES[:, 2, 4]
    np.testing.assert_array_equal(result.values, expected)


def test_filter_spatial_of_nothing():
    result = run("filter_spatial", {"data": CUBE, "geometries": frame(shapely.box(0, 0, 10, 10))})
    assert result.shape == (2, 0, 0)


def mean_of_part():
    reducer = {"process_graph": {"m": {"process_id": "mean", "arguments": {"data": parameter("data")}, "result": True}}}
    subtract = {
        "process_graph": {
            "s": {"process_id": "subtract", "arguments": {"x": parameter("x"), "y": parameter("y")}, "result": True}
        }
    }
    nodes = {
        "rows": {
            "process_id": "reduce_dimension",
            "arguments": {"data": parameter("data"), "dimension": "t", "reducer": reducer},
        },
        "apart": {
            "process_id": "merge_cubes",
            "arguments": {"cube1": parameter("data"), "cube2": {"from_node": "rows"}, "overlap_resolver": subtract},
            "result": True,
        },
    }
    return {"process_graph": nodes}


def sorted_rows():
    """The values of each row of a part in order, so that the result depends on the whole part."""
    sort = {"process_id": "sort", "arguments": {"data": parameter("data"), "nodata": True}, "result": True}
    along = {"data": parameter("data"), "dimension": "x", "process": {"process_graph": {"sort": sort}}}
    return {"process_graph": {"rows": {"process_id": "apply_dimension", "arguments": along, "result": True}}}


def test_apply_polygon_calls_back_with_each_part():
    other = shapely.box(500300, 5199800, 500372, 5199865)
    result = run(
        "apply_polygon", {"data": CUBE, "geometries": frame(TRIANGLE, other)}, process=mean_of_part(), mask_value=-9
    )
    mean = np.nanmean(VALUES, axis=0)
    np.testing.assert_allclose(
        result.values, np.where(inside(TRIANGLE, other), VALUES - mean, -9), rtol=1e-5, atol=1e-5
    )


def test_apply_polygon_sees_the_whole_part_in_each_block():
    result = run("apply_polygon", {"data": CUBE, "geometries": frame(TRIANGLE)}, process=sorted_rows(), mask_value=0)
    covered = inside(TRIANGLE)
    part = np.where(covered, VALUES, 0)[:, 1:27, 1:30]
    expected = np.zeros_like(VALUES)
    expected[:, 1:27, 1:30] = np.sort(part, axis=2)
    np.testing.assert_array_equal(result.values, np.where(covered, expected, 0))


def test_polygons_that_overlap_are_refused_before_anything_is_read():
    zones = frame(TRIANGLE, shapely.box(500100, 5199800, 500160, 5199865))
    with pytest.raises(InvalidProcessGraph) as caught:
        run("apply_polygon", {"data": CUBE, "geometries": zones}, process=mean_of_part())
    assert caught.value.faults[0].code == "GeometriesOverlap"


def test_neighbours_that_share_an_edge_do_not_overlap():
    zones = frame(shapely.box(500005, 5199905, 500055, 5199995), shapely.box(500055, 5199905, 500105, 5199995))
    result = run("apply_polygon", {"data": CUBE, "geometries": zones}, process=mean_of_part())
    assert np.isfinite(result.values[1, :10, :11]).all()


def test_a_callback_that_returns_something_else():
    reducer = {"process_graph": {"m": {"process_id": "mean", "arguments": {"data": parameter("data")}, "result": True}}}
    reduce = {
        "process_graph": {
            "r": {
                "process_id": "reduce_dimension",
                "arguments": {"data": parameter("data"), "dimension": "t", "reducer": reducer},
                "result": True,
            }
        }
    }
    with pytest.raises(InvalidProcessGraph) as caught:
        run("apply_polygon", {"data": CUBE, "geometries": frame(TRIANGLE)}, process=reduce)
    assert "same size" in caught.value.faults[0].message
