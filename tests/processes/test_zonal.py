"""Statistics of zones and of whole cubes, against exactextract, shapely and numpy, and by hand."""

import geopandas
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdc_jupyter.cube.cube import build
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import blocks, execute

GRID = Grid("EPSG:32632", 500000, 5200000, 10, -10, 40, 30)
TIMES = np.array(["2022-05-01", "2022-06-01", "2022-07-01"], dtype="datetime64[ns]")


def values(seed=0, gaps=0.1):
    random = np.random.default_rng(seed)
    data = random.normal(100, 20, (3, 2, *GRID.shape)).astype(np.float32)
    data[random.random(data.shape) < gaps] = np.nan
    return data


def cube(data):
    return build(data, {"t": ("temporal", TIMES), "bands": ("bands", ["red", "nir"])}, GRID)


def box(column, row, width, height):
    """A rectangle given in pixels."""
    return shapely.box(
        500000 + 10 * column, 5200000 - 10 * (row + height), 500000 + 10 * (column + width), 5200000 - 10 * row
    )


def frame(*geometries, crs=GRID.crs, **columns):
    return geopandas.GeoDataFrame(columns, geometry=list(geometries), crs=crs)


def parameter(name):
    return {"from_parameter": name}


def of(name):
    return {"from_node": name}


def reducer(process, **arguments):
    return {
        "process_graph": {
            "r": {"process_id": process, "arguments": {"data": parameter("data"), **arguments}, "result": True}
        }
    }


def aggregate(data, zones, reduce, **arguments):
    given = {"data": parameter("data"), "geometries": parameter("zones"), "reducer": reduce, **arguments}
    graph = {"zonal": {"process_id": "aggregate_spatial", "arguments": given, "result": True}}
    return execute(graph, {"data": data, "zones": zones})


def reduce_all(data, reduce):
    given = {"data": parameter("data"), "reducer": reduce}
    return execute({"all": {"process_id": "reduce_spatial", "arguments": given, "result": True}}, {"data": data})


def weights(geometry):
    x, y = np.meshgrid(GRID.x_labels(), GRID.y_labels())
    pixels = shapely.box(x - 5, y - 5, x + 5, y + 5)
    return shapely.area(shapely.intersection(pixels, geometry)) / 100


def centres(geometry):
    x, y = np.meshgrid(GRID.x_labels(), GRID.y_labels())
    return shapely.intersects_xy(geometry, x, y)


@pytest.fixture(params=[(512, 512), (7, 11)], ids=["one block", "many blocks"], autouse=True)
def block_shape(request, monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: request.param)


def test_mean_by_hand():
    data = np.zeros((1, *GRID.shape), np.float32)
    data[0, 0, :3] = 10, 20, 40
    flat = build(data, {"t": ("temporal", TIMES[:1])}, GRID)
    # Half of the first pixel, all of the second, a quarter of the third.
    result = aggregate(flat, frame(box(0.5, 0, 1.75, 1)), reducer("mean"))
    assert result.item() == pytest.approx((0.5 * 10 + 20 + 0.25 * 40) / 1.75)
    assert aggregate(flat, frame(box(0.5, 0, 1.75, 1)), reducer("sum")).item() == pytest.approx(35)
    assert aggregate(flat, frame(box(0.5, 0, 1.75, 1)), reducer("count")).item() == pytest.approx(1.75)


def test_means_and_sums_are_those_of_exactextract():
    exactextract = pytest.importorskip("exactextract")
    random = np.random.default_rng(5)
    zones = [
        shapely.Point(random.uniform((500000, 5199700), (500400, 5200000))).buffer(radius, quad_segs=3)
        for radius in range(4, 80, 4)
    ]
    data = values()
    for process in ("mean", "sum"):
        result = aggregate(cube(data), frame(*zones), reducer(process))
        assert result.dims == ("geometry", "t", "bands")
        for time, band in np.ndindex(3, 2):
            source = exactextract.raster.NumPyRasterSource(
                data[time, band], *GRID.bounds, srs_wkt=frame(*zones).crs.to_wkt(), nodata=np.nan
            )
            theirs = exactextract.exact_extract(source, frame(*zones), [process], output="pandas")[process]
            np.testing.assert_allclose(result.values[:, time, band], theirs, rtol=2e-6)


@pytest.mark.parametrize("process", ["mean", "sum", "count", "variance", "sd", "min", "max", "median", "product"])
def test_statistics_of_a_slanted_polygon(process):
    triangle = shapely.Polygon([(500013, 5199990), (500300, 5199880), (500120, 5199730)])
    data = values() / 100
    result = aggregate(cube(data), frame(triangle, box(0.5, 0, 0.2, 0.2)), reducer(process))
    w, inside = weights(triangle), centres(triangle)
    for time, band in np.ndindex(3, 2):
        x = data[time, band].astype(float)
        share = np.where(np.isnan(x), 0, w)
        x0 = np.nan_to_num(x)
        mean = (share * x0).sum() / share.sum()
        variance = (share * (x0 - mean) ** 2).sum() / (share.sum() - (share**2).sum() / share.sum())
        expected = {
            "mean": mean,
            "sum": (share * x0).sum(),
            "count": share.sum(),
            "variance": variance,
            "sd": np.sqrt(variance),
            "min": np.nanmin(x[inside]),
            "max": np.nanmax(x[inside]),
            "median": np.nanmedian(x[inside]),
            "product": np.nanprod(x[inside]),
        }[process]
        assert result.values[0, time, band] == pytest.approx(expected, rel=1e-6)


def test_a_polygon_without_a_centre_has_the_pixel_that_it_covers_most_of():
    data = values(gaps=0)
    small = shapely.box(500011, 5199981, 500014, 5199984)
    sliver = box(3.4, 2.1, 0.9, 0.2)
    result = aggregate(cube(data), frame(small, sliver), reducer("max"))
    np.testing.assert_array_equal(result.values[0], data[:, :, 1, 1])
    np.testing.assert_array_equal(result.values[1], data[:, :, 2, 3])
    mean = aggregate(cube(data), frame(small, sliver), reducer("mean"))
    np.testing.assert_allclose(mean.values[0], data[:, :, 1, 1])
    np.testing.assert_allclose(mean.values[1], (0.6 * data[:, :, 2, 3].astype(float) + 0.3 * data[:, :, 2, 4]) / 0.9)


def test_points_lines_empty_and_far_away_geometries():
    data = values(gaps=0)
    line = shapely.LineString([(500005, 5199995), (500035, 5199995)])
    shapes = [shapely.Point(500025.5, 5199978), line, shapely.Polygon(), box(100, 100, 5, 5)]
    result = aggregate(cube(data), frame(*shapes, name=list("abcd")), reducer("mean"), target_dimension="stat")
    assert result.dims == ("geometry", "t", "bands", "stat")
    assert result.stat.values.tolist() == ["value", "total_count", "valid_count"]
    assert result.coords["name"].values.tolist() == list("abcd")
    np.testing.assert_allclose(result.values[0, ..., 0], data[:, :, 2, 2])
    np.testing.assert_allclose(result.values[1, ..., 0], data[:, :, 0, :4].mean(axis=-1, dtype=float))
    assert (result.values[1, ..., 1:] == 4).all()
    assert np.isnan(result.values[2]).all()
    assert np.isnan(result.values[3, ..., 0]).all()
    assert (result.values[3, ..., 1:] == 0).all()
    assert list(result.geometry.values) == shapes


def test_counts_of_pixels():
    data = np.ones((3, 2, *GRID.shape), np.float32)
    data[0, 0, 4, 4:6] = np.nan
    counts = aggregate(cube(data), frame(box(3, 3, 4, 4)), reducer("min"), target_dimension="counts").values[0]
    assert counts[0, 0].tolist() == [1, 16, 14]
    assert counts[1, 0].tolist() == [1, 16, 16]


def test_nodata_that_is_not_ignored():
    data = np.ones((3, 2, *GRID.shape), np.float32)
    data[0, 0, 4, 4] = np.nan
    for process in ("mean", "sum", "min", "sd", "median"):
        result = aggregate(cube(data), frame(box(3, 3, 4, 4)), reducer(process, ignore_nodata=False)).values[0]
        assert np.isnan(result[0, 0]), process
        assert np.isfinite(result[1:]).all(), process


def test_a_longer_reducer_uses_exact_shares_where_it_adds_up():
    data = values()
    zone = shapely.Point(500200, 5199850).buffer(63)
    steps = {
        "sd": {"process_id": "sd", "arguments": {"data": parameter("data")}},
        "mean": {"process_id": "mean", "arguments": {"data": parameter("data")}},
        "ratio": {"process_id": "divide", "arguments": {"x": of("sd"), "y": of("mean")}, "result": True},
    }
    result = aggregate(cube(data), frame(zone), {"process_graph": steps})
    each = [aggregate(cube(data), frame(zone), reducer(process)).values for process in ("sd", "mean")]
    np.testing.assert_allclose(result.values, each[0] / each[1], rtol=1e-12)
    steps = {
        "median": {"process_id": "median", "arguments": {"data": parameter("data")}},
        "mean": {"process_id": "mean", "arguments": {"data": parameter("data")}},
        "skew": {"process_id": "subtract", "arguments": {"x": of("mean"), "y": of("median")}, "result": True},
    }
    result = aggregate(cube(data), frame(zone), {"process_graph": steps})
    median = np.nanmedian(data[:, :, centres(zone)], axis=-1)
    np.testing.assert_allclose(result.values[0], each[1][0] - median, rtol=1e-4, atol=1e-5)


def test_geojson_and_another_crs():
    data = values(gaps=0)
    square = box(3, 3, 10, 10)
    degrees = geopandas.GeoSeries([square], crs=GRID.crs).to_crs(4326)
    feature = {
        "type": "Feature",
        "id": "field",
        "properties": {"crop": "maize"},
        "geometry": degrees.iloc[0].__geo_interface__,
    }
    result = aggregate(cube(data), {"type": "FeatureCollection", "features": [feature]}, reducer("mean"))
    np.testing.assert_allclose(result.values[0], data[:, :, 3:13, 3:13].mean(axis=(2, 3), dtype=float), rtol=1e-6)
    assert result.attrs["crs"] == "EPSG:4326"
    assert result.crop.values.tolist() == ["maize"]
    assert shapely.equals_exact(result.geometry.values[0], degrees.iloc[0], 1e-12)


def test_a_zone_over_the_antimeridian():
    grid = Grid("EPSG:4326", -180, 10, 1, -1, 360, 20, wraps=True)
    world = build(np.arange(360 * 20, dtype=np.float32).reshape(grid.shape), {}, grid)
    expected = np.concatenate([world.values[5:10, 357:], world.values[5:10, :2]], axis=1).mean()
    whole = shapely.box(177, 0, 182, 5)
    halves = shapely.MultiPolygon([shapely.box(177, 0, 180, 5), shapely.box(-180, 0, -178, 5)])
    result = aggregate(world, frame(whole, halves, shapely.box(-183, 0, -178, 5), crs=4326), reducer("mean"))
    assert isinstance(result, geopandas.GeoDataFrame)
    np.testing.assert_allclose(result["value"], expected)


def test_a_table_comes_back_as_a_frame():
    flat = build(np.arange(1200, dtype=np.float32).reshape(GRID.shape), {}, GRID)
    result = aggregate(flat, frame(box(0, 0, 1, 1), box(1, 0, 1, 1), crop=["wheat", "rape"]), reducer("mean"))
    assert result.crs == GRID.crs
    assert result["crop"].tolist() == ["wheat", "rape"]
    assert result["value"].tolist() == [0, 1]


def test_what_follows_works_on_vector_cubes():
    data = values()
    zones = frame(box(0, 0, 4, 4), box(10, 10, 7.5, 3), crop=["wheat", "rape"])
    graph = {
        "zonal": {
            "process_id": "aggregate_spatial",
            "arguments": {"data": parameter("data"), "geometries": parameter("zones"), "reducer": reducer("mean")},
        },
        "double": {
            "process_id": "apply",
            "arguments": {
                "data": of("zonal"),
                "process": {
                    "process_graph": {
                        "m": {"process_id": "multiply", "arguments": {"x": parameter("x"), "y": 2}, "result": True}
                    }
                },
            },
        },
        "last": {
            "process_id": "reduce_dimension",
            "arguments": {"data": of("double"), "dimension": "t", "reducer": reducer("max")},
        },
        "bands": {
            "process_id": "rename_labels",
            "arguments": {"data": of("last"), "dimension": "bands", "target": ["R", "N"], "source": ["red", "nir"]},
            "result": True,
        },
    }
    result = execute(graph, {"data": cube(data), "zones": zones})
    means = aggregate(cube(data), zones, reducer("mean")).values
    np.testing.assert_allclose(result.values, 2 * means.max(axis=1))
    assert result.bands.values.tolist() == ["R", "N"]
    assert result.crop.values.tolist() == ["wheat", "rape"]
    assert list(result.geometry.values) == list(zones.geometry)


def test_merge_of_two_results():
    data = values()
    zones = frame(box(0, 0, 4, 4), box(10, 10, 7.5, 3), crop=["wheat", "rape"])
    one = {"data": parameter("data"), "geometries": parameter("zones")}
    graph = {
        "mean": {"process_id": "aggregate_spatial", "arguments": {**one, "reducer": reducer("mean")}},
        "max": {"process_id": "aggregate_spatial", "arguments": {**one, "reducer": reducer("max")}},
        "named": {
            "process_id": "rename_labels",
            "arguments": {
                "data": of("max"),
                "dimension": "bands",
                "target": ["red max", "nir max"],
                "source": ["red", "nir"],
            },
        },
        "both": {"process_id": "merge_cubes", "arguments": {"cube1": of("mean"), "cube2": of("named")}, "result": True},
    }
    result = execute(graph, {"data": cube(data), "zones": zones})
    assert result.sizes["bands"] == 4
    np.testing.assert_allclose(result.sel(bands="red max").values[0], np.nanmax(data[:, 0, :4, :4], axis=(1, 2)))
    assert result.crop.values.tolist() == ["wheat", "rape"]


class TestRefusals:
    def code(self, **arguments):
        with pytest.raises(InvalidProcessGraph) as caught:
            aggregate(cube(values()), **arguments)
        return caught.value.faults[0].code

    def test_target_dimension_exists(self):
        assert (
            self.code(zones=frame(box(0, 0, 1, 1)), reduce=reducer("mean"), target_dimension="t")
            == "TargetDimensionExists"
        )

    def test_reducer_that_returns_an_array(self):
        assert (
            self.code(zones=frame(box(0, 0, 1, 1)), reduce=reducer("quantiles", probabilities=[0.1, 0.9]))
            == "ReducerResultInvalid"
        )

    def test_invalid_geometry(self):
        bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
        assert self.code(zones=bow, reduce=reducer("mean")) == "GeometryInvalid"

    def test_no_geometry(self):
        assert (
            self.code(zones={"type": "FeatureCollection", "features": []}, reduce=reducer("mean")) == "GeometryInvalid"
        )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 1000),
    height=st.integers(1, 31),
    width=st.integers(1, 41),
    process=st.sampled_from(
        ["sum", "mean", "count", "min", "max", "product", "variance", "sd", "any", "all", "median"]
    ),
    ignore=st.booleans(),
)
def test_reduce_spatial_as_numpy_does(monkeypatch, seed, height, width, process, ignore):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (height, width))
    random = np.random.default_rng(seed)
    data = values(seed, gaps=random.choice([0, 0.001, 0.5, 1])) / 100
    if process in ("any", "all"):
        data = np.where(np.isnan(data), data, (data > random.uniform(0, 2)).astype(np.float32))
    options = {} if process == "count" else {"ignore_nodata": ignore}
    result = reduce_all(cube(data), reducer(process, **options))
    assert isinstance(result, xr.DataArray)
    assert result.dims == ("t", "bands")
    for place in np.ndindex(3, 2):
        x = data[place].ravel().astype(float)
        x = x[~np.isnan(x)]
        complete = len(x) == data[place].size
        expected = {
            "sum": lambda x: x.sum(),
            "mean": lambda x: x.mean(),
            "count": lambda x: len(x),
            "min": lambda x: x.min(),
            "max": lambda x: x.max(),
            "product": lambda x: x.prod(),
            "variance": lambda x: x.var(ddof=1),
            "sd": lambda x: x.std(ddof=1),
            "any": lambda x: float(x.any()),
            "all": lambda x: float(x.all()),
            "median": lambda x: np.median(x),
        }[process]
        decided = complete or (process == "any" and x.any()) or (process == "all" and not x.all())
        value = expected(x) if len(x) or process == "count" else np.nan
        if not ignore and process != "count" and not decided:
            value = np.nan
        np.testing.assert_allclose(result.values[place], value, rtol=1e-6, atol=1e-9, equal_nan=True)
