"""Blocks give what the whole cube gives, whatever their size, and only what is needed is read."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_catalog import BANDS, GRID, TIMES, VALUES, MemoryCatalog, load, node, of, parameter, reducer

from gdc_jupyter.graph import blocks, execute


@pytest.fixture(params=[16, 37, 512], ids="edge{}".format)
def edge(request, monkeypatch):
    """Blocks of an odd size, of one that does not divide the grid, and a single block."""
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (request.param, request.param + 3))


def run(graph):
    return execute(graph, catalog=MemoryCatalog())


def ndvi_of_values():
    red, nir = VALUES[:, 0].astype(float), VALUES[:, 1].astype(float)
    return (nir - red) / (nir + red)


@pytest.mark.usefixtures("edge")
class TestAgainstNumpy:
    @pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")
    def test_ndvi_median(self):
        graph = {
            "load": load(),
            "ndvi": node("ndvi", data=of("load")),
            "median": node("reduce_dimension", True, data=of("ndvi"), dimension="t", reducer=reducer("median")),
        }
        result = run(graph)
        assert result.dims == ("y", "x")
        assert result.attrs["crs"] == "EPSG:32632"
        np.testing.assert_allclose(result.x.values, 678005 + 10 * np.arange(150))
        np.testing.assert_allclose(result.y.values, 5152995 - 10 * np.arange(110))
        np.testing.assert_allclose(result.values, np.nanmedian(ndvi_of_values(), axis=0), rtol=1e-5, atol=1e-7)

    def test_masked_monthly_maximum(self):
        cloudy = {
            "scl": node("array_element", data=parameter("data"), label="SCL"),
            "cloud": node("gt", True, x=of("scl"), y=2000),
        }
        graph = {
            "load": load(),
            "cloud": node("reduce_dimension", data=of("load"), dimension="bands", reducer={"process_graph": cloudy}),
            "clear": node("mask", data=of("load"), mask=of("cloud")),
            "monthly": node(
                "aggregate_temporal_period", True, data=of("clear"), period="month", reducer=reducer("max")
            ),
        }
        result = run(graph)
        clear = np.where((VALUES[:, 2] > 2000)[:, np.newaxis], np.nan, VALUES)
        expected = [np.fmax(clear[0], clear[1]), clear[2], np.full_like(clear[0], np.nan), clear[3]]
        assert result.t.values.tolist() == ["2022-05", "2022-06", "2022-07", "2022-08"]
        np.testing.assert_array_equal(result.values, np.stack(expected))

    def test_kernel_sees_across_blocks(self):
        kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
        graph = {
            "load": load(),
            "edges": node("apply_kernel", True, data=of("load"), kernel=kernel, border="replicate"),
        }
        filled = np.pad(np.nan_to_num(VALUES.astype(float)), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
        centre = filled[..., 1:-1, 1:-1]
        around = filled[..., :-2, 1:-1] + filled[..., 2:, 1:-1] + filled[..., 1:-1, :-2] + filled[..., 1:-1, 2:]
        np.testing.assert_allclose(run(graph).values, around - 4 * centre, atol=0.01)

    def test_merge_of_two_areas_and_bands(self):
        west = {"west": 678000, "south": 5151900, "east": 678800, "north": 5153000, "crs": 32632}
        east = {"west": 678500, "south": 5151900, "east": 679500, "north": 5152500, "crs": 32632}
        larger = {"process_graph": {"max": node("max", True, data=[parameter("x"), parameter("y")])}}
        graph = {
            "west": load(spatial_extent=west, bands=["B04"]),
            "east": load(spatial_extent=east, bands=["B04"]),
            "double": node(
                "apply",
                data=of("east"),
                process={"process_graph": {"m": node("multiply", True, x=parameter("x"), y=2)}},
            ),
            "merged": node("merge_cubes", True, cube1=of("west"), cube2=of("double"), overlap_resolver=larger),
        }
        expected = np.full((4, 1, 110, 150), np.nan, np.float32)
        expected[..., :, :80] = VALUES[:, :1, :, :80]
        expected[..., 50:, 50:] = np.fmax(expected[..., 50:, 50:], 2 * VALUES[:, :1, 50:, 50:])
        np.testing.assert_array_equal(run(graph).values, expected)

    def test_reduction_over_x_needs_all_blocks(self):
        graph = {
            "load": load(),
            "mean": node("reduce_dimension", True, data=of("load"), dimension="x", reducer=reducer("mean")),
        }
        result = run(graph)
        assert result.dims == ("t", "bands", "y")
        np.testing.assert_allclose(result.values, np.nanmean(VALUES, axis=3, dtype=float), rtol=1e-5)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    height=st.integers(30, 120),
    width=st.integers(30, 160),
    method=st.sampled_from(["near", "bilinear", "cubic", "average"]),
    resolution=st.sampled_from([10, 15, 40]),
)
def test_reprojection_does_not_depend_on_blocks(monkeypatch, height, width, method, resolution):
    graph = {
        "load": load(bands=["B04"], temporal_extent=["2022-05-01", "2022-05-02"]),
        "warped": node(
            "resample_spatial", True, data=of("load"), projection=3035, resolution=resolution, method=method
        ),
    }
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (1000, 1000))
    whole = run(graph)
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (height, width))
    in_blocks = run(graph)
    # The values are noise between 0 and 3000, so that 3 stands for a shift by a thousandth of a pixel; and pixels whose
    # centre falls on the edge between two source pixels may take either.
    agree = np.isclose(in_blocks.values, whole.values, rtol=0, atol=3, equal_nan=True)
    assert agree.mean() > 0.999


def test_filters_are_pushed_into_the_read():
    catalog = MemoryCatalog()
    box = {"west": 678100, "south": 5152500, "east": 678300, "north": 5152900, "crs": 32632}
    graph = {
        "load": load(),
        "dates": node("filter_temporal", data=of("load"), extent=["2022-05-15", "2022-07-01"]),
        "band": node("filter_bands", data=of("dates"), bands=["nir"]),
        "box": node("filter_bbox", True, data=of("band"), extent=box),
    }
    result = execute(graph, catalog=catalog)
    np.testing.assert_array_equal(result.values, VALUES[1:3, 1:2, 10:50, 10:30])
    assert result.t.values.tolist() == TIMES[1:3].tolist()
    assert catalog.collection.reads == [(GRID.window(10, 10, 40, 20), (2, 1))]


def test_polygons_mask_what_is_loaded():
    from pyproj import Transformer

    corners = [(678200, 5152800), (678600, 5152800), (678200, 5152400), (678200, 5152800)]
    to_degrees = Transformer.from_crs(32632, "OGC:CRS84", always_xy=True)
    polygon = {"type": "Polygon", "coordinates": [[to_degrees.transform(*corner) for corner in corners]]}
    result = execute({"load": {**load(spatial_extent=polygon, bands=["B04"]), "result": True}}, catalog=MemoryCatalog())
    x, y = np.meshgrid(result.x.values, result.y.values)
    # Pixels on the slanted side are left out of the comparison: its course depends on the projection.
    slant = (x - 678200) + (5152800 - y) - 400
    inside = (x > 678200) & (y < 5152800) & (slant < 0)
    clear = np.abs(slant) > 5
    first = result.values[0, 0]
    row, column = int((5153000 - result.y.values[0]) // 10), int((result.x.values[0] - 678000) // 10)
    expected = VALUES[0, 0, row : row + len(y), column : column + x.shape[1]]
    np.testing.assert_array_equal(first[clear], np.where(inside, expected, np.nan)[clear])


def test_shared_node_is_read_once_a_block():
    catalog = MemoryCatalog()
    graph = {
        "load": load(),
        "first": node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("min")),
        "second": node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("max")),
        "sum": node(
            "merge_cubes",
            True,
            cube1=of("first"),
            cube2=of("second"),
            overlap_resolver={"process_graph": {"add": node("add", True, x=parameter("x"), y=parameter("y"))}},
        ),
    }
    result = execute(graph, catalog=catalog)
    assert len(catalog.collection.reads) == 1
    np.testing.assert_array_equal(result.values, np.fmin.reduce(VALUES) + np.fmax.reduce(VALUES))
    assert result.bands.values.tolist() == [band.name for band in BANDS]


def test_a_chain_of_a_thousand_nodes():
    graph = {"n0": load(bands=["B04"], temporal_extent=["2022-05-01", "2022-05-02"])}
    for number in range(1, 1000):
        step = {"process_graph": {"add": node("add", True, x=parameter("x"), y=1)}}
        graph[f"n{number}"] = node("apply", number == 999, data=of(f"n{number - 1}"), process=step)
    np.testing.assert_array_equal(run(graph).values[0, 0], VALUES[0, 0] + 999)


def test_block_shape_follows_the_pixel():
    ten, hundred = (blocks.block_shape(2 * dates * 4) for dates in (10, 100))
    assert ten[0] * ten[1] * 80 <= blocks.BLOCK_BYTES
    assert hundred[0] * hundred[1] * 800 <= blocks.BLOCK_BYTES
    assert all(edge % 64 == 0 for edge in (*ten, *hundred))


def test_blocks_are_as_small_as_the_widest_cube_on_the_way_needs(monkeypatch):
    """The result has one band and no dates, what is read for it has several."""
    asked = []
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (asked.append(pixel_bytes), (64, 64))[1])
    run(
        {
            "load": load(),
            "ndvi": node("ndvi", data=of("load")),
            "median": node("reduce_dimension", True, data=of("ndvi"), dimension="t", reducer=reducer("median")),
        }
    )
    assert set(asked) == {len(TIMES) * len(BANDS) * 4}


def test_blocks_of_a_coarser_grid_are_smaller(monkeypatch):
    asked = []
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (asked.append(pixel_bytes), (64, 64))[1])
    run({"load": load(), "coarse": node("resample_spatial", True, data=of("load"), resolution=40, method="average")})
    assert asked[0] == pytest.approx(16 * len(TIMES) * len(BANDS) * 4, rel=0.1)
