"""Processes on vector cubes, against shapely, and by hand."""

from typing import ClassVar

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import execute


def run(process, **arguments):
    native = {
        name: value
        for name, value in arguments.items()
        if isinstance(value, (geopandas.GeoDataFrame, geopandas.GeoSeries))
    }
    given = {name: {"from_parameter": name} if name in native else value for name, value in arguments.items()}
    return execute({"call": {"process_id": process, "arguments": given, "result": True}}, native)


def refused(process, **arguments):
    with pytest.raises(InvalidProcessGraph) as caught:
        run(process, **arguments)
    return caught.value.faults[0].code


def frame(*geometries, crs=32632, **columns):
    return geopandas.GeoDataFrame(columns, geometry=list(geometries), crs=crs)


class TestLoadGeojson:
    def test_a_collection(self):
        square = shapely.box(9, 46, 9.5, 46.5).__geo_interface__
        features = [{"type": "Feature", "geometry": square, "properties": {"crop": "maize", "yield": 7.5}}]
        result = run("load_geojson", data={"type": "FeatureCollection", "features": features}, properties=["yield"])
        assert isinstance(result, geopandas.GeoDataFrame)
        assert result.crs == "EPSG:4326"
        assert result["yield"].tolist() == [7.5]
        assert result["crop"].tolist() == ["maize"]

    def test_an_invalid_one(self):
        assert (
            refused("load_geojson", data={"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]})
            == "GeometryInvalid"
        )


class TestFilterVector:
    candidates: ClassVar = {
        "inside": shapely.box(2, 2, 3, 3),
        "same": shapely.box(0, 0, 10, 10),
        "half": shapely.box(8, 8, 12, 12),
        "beside": shapely.box(10, 0, 12, 10),
        "apart": shapely.box(20, 20, 21, 21),
        "around": shapely.box(-1, -1, 11, 11),
        "line": shapely.LineString([(5, 5), (15, 5)]),
        "empty": shapely.Polygon(),
    }

    @pytest.mark.parametrize(
        ("relation", "expected"),
        [
            ("intersects", {"inside", "same", "half", "beside", "around", "line"}),
            ("disjoint", {"apart"}),
            ("equals", {"same"}),
            ("touches", {"beside"}),
            ("crosses", {"line"}),
            ("overlaps", {"half"}),
            ("contains", {"inside", "same"}),
            ("within", {"same", "around"}),
        ],
    )
    def test_relations(self, relation, expected):
        data = frame(*self.candidates.values(), name=list(self.candidates))
        # Two halves, which are united first.
        base = frame(shapely.box(0, 0, 4, 10), shapely.box(4, 0, 10, 10))
        assert set(run("filter_vector", data=data, geometries=base, relation=relation)["name"]) == expected

    def test_the_other_geometries_in_another_crs(self):
        data = frame(
            shapely.box(500000, 5200000, 500100, 5200100), shapely.box(600000, 5200000, 600100, 5200100), n=[1, 2]
        )
        base = frame(shapely.box(499900, 5199900, 500200, 5200200)).to_crs(4326)
        assert run("filter_vector", data=data, geometries=base)["n"].tolist() == [1]


def test_filter_bbox_keeps_geometries_that_lie_inside_as_a_whole():
    data = frame(
        shapely.box(1, 1, 2, 2),
        shapely.box(0, 0, 5, 5),
        shapely.box(4, 4, 6, 6),
        shapely.Point(),
        crs=4326,
        n=[1, 2, 3, 4],
    )
    result = run("filter_bbox", data=data, extent={"west": 0, "south": 0, "east": 5, "north": 5})
    assert result["n"].tolist() == [1, 2]


class TestBuffer:
    def test_areas(self):
        data = frame(
            shapely.Point(500000, 5200000),
            shapely.box(500000, 5200000, 500100, 5200100),
            shapely.Polygon(),
            n=[1, 2, 3],
        )
        wider = run("vector_buffer", geometries=data, distance=10)
        assert wider.geometry.area.iloc[0] == pytest.approx(np.pi * 100, rel=2e-3)
        assert wider.geometry.area.iloc[1] == pytest.approx(100 * 100 + 4 * 100 * 10 + np.pi * 100, rel=1e-4)
        assert wider.geometry.is_empty.tolist() == [False, False, True]
        assert wider["n"].tolist() == [1, 2, 3]
        narrower = run("vector_buffer", geometries=data, distance=-10)
        assert narrower.geometry.iloc[1].equals(shapely.box(500010, 5200010, 500090, 5200090))
        assert narrower.geometry.is_empty.tolist() == [True, False, True]

    @pytest.mark.parametrize("crs", [4326, 2263])
    def test_units_that_are_no_metres(self, crs):
        assert refused("vector_buffer", geometries=frame(shapely.Point(9, 46), crs=crs), distance=10) == "UnitMismatch"

    def test_no_distance(self):
        assert refused("vector_buffer", geometries=frame(shapely.Point(9, 46)), distance=0) == "ProcessParameterInvalid"


class TestReproject:
    def test_as_geopandas_does(self):
        data = frame(shapely.box(9, 46, 9.5, 46.5), shapely.Polygon(), crs=4326, n=[1, 2])
        result = run("vector_reproject", data=data, projection=3035)
        assert result.crs == "EPSG:3035"
        assert shapely.equals_exact(result.geometry.iloc[0], data.to_crs(3035).geometry.iloc[0], 1e-6)
        assert result.geometry.is_empty.tolist() == [False, True]
        assert result["n"].tolist() == [1, 2]

    def test_a_dimension_that_is_not_there(self):
        assert (
            refused("vector_reproject", data=frame(shapely.Point(9, 46)), projection=3035, dimension="x")
            == "DimensionNotAvailable"
        )

    def test_out_of_reach(self):
        assert (
            refused("vector_reproject", data=frame(shapely.Point(-170, -52), crs=4326), projection=3035)
            == "GeometryInvalid"
        )


class TestRandomPoints:
    shapes = (
        shapely.box(500000, 5200000, 500100, 5200100).difference(shapely.box(500010, 5200010, 500090, 5200090)),
        shapely.MultiLineString([[(0, 0), (10, 0)], [(20, 0), (20, 90)]]),
        shapely.MultiPoint([(1, 1), (2, 2), (3, 3)]),
        shapely.Polygon(),
    )

    def test_grouped(self):
        result = run("vector_to_random_points", data=frame(*self.shapes, n=[1, 2, 3, 4]), geometry_count=20, seed=1)
        assert [shapely.get_num_coordinates(one) for one in result.geometry] == [20, 20, 3, 0]
        assert set(result.geometry.geom_type.iloc[:3]) == {"MultiPoint"}
        assert result["n"].tolist() == [1, 2, 3, 4]
        for shape, points in zip(self.shapes[:3], result.geometry, strict=False):
            assert shapely.distance(shape, points) < 1e-9
            assert max(shapely.distance(shape, point) for point in points.geoms) < 1e-9

    def test_on_their_own(self):
        result = run(
            "vector_to_random_points", data=frame(*self.shapes, n=[1, 2, 3, 4]), geometry_count=5, group=False, seed=1
        )
        assert result["n"].tolist() == [1] * 5 + [2] * 5 + [3] * 3 + [4]
        assert set(result.geometry.geom_type[:13]) == {"Point"}

    def test_seed(self):
        data = frame(*self.shapes)
        one, same, other = (
            run("vector_to_random_points", data=data, geometry_count=5, seed=seed) for seed in (1, 1, 2)
        )
        assert one.geometry.equals(same.geometry)
        assert not one.geometry.equals(other.geometry)

    def test_one_each_by_default(self):
        result = run("vector_to_random_points", data=frame(*self.shapes))
        assert [shapely.get_num_coordinates(one) for one in result.geometry] == [1, 1, 1, 0]

    @settings(max_examples=30, deadline=None)
    @given(total=st.integers(4, 200), each=st.one_of(st.none(), st.integers(1, 60)))
    def test_totals(self, total, each):
        result = run(
            "vector_to_random_points", data=frame(*self.shapes), total_count=total, geometry_count=each, seed=0
        )
        counts = [shapely.get_num_coordinates(one) for one in result.geometry]
        limit = each or total
        assert min(counts[:3]) >= 1
        assert max(counts) <= limit
        assert counts[2] <= 3
        assert sum(counts) == min(total, 2 * limit + min(3, limit))

    def test_fewer_than_geometries(self):
        assert refused("vector_to_random_points", data=frame(*self.shapes), total_count=3) == "CountMismatch"

    def test_evenly_over_the_area(self):
        # Three quarters of the area lie in the wide part.
        shape = shapely.union(shapely.box(0, 0, 10, 10), shapely.box(10, 0, 40, 10))
        result = run("vector_to_random_points", data=frame(shape), geometry_count=4000, seed=3)
        x = shapely.get_coordinates(result.geometry.iloc[0])[:, 0]
        assert (x > 10).mean() == pytest.approx(0.75, abs=0.03)
        assert x[x > 10].mean() == pytest.approx(25, abs=0.5)


class TestRegularPoints:
    def points(self, shape, distance, **arguments):
        result = run("vector_to_regular_points", data=frame(shape), distance=distance, **arguments)
        return shapely.get_coordinates(result.geometry.values).tolist()

    def test_polygon(self):
        # Cells of 4 from the upper left corner (0, 10): centres at 2, 6, 10 and 8, 4, 0; those inside are strictly so.
        assert self.points(shapely.box(0, 0, 10, 10), 4) == [[2, 8], [6, 8], [2, 4], [6, 4]]

    def test_polygon_that_holds_no_centre(self):
        assert self.points(shapely.Polygon([(0, 0), (1, 0), (0, 1)]), 10) == [[0, 0]]

    def test_line(self):
        line = shapely.LineString([(0, 0), (5, 0), (5, 5)])
        assert self.points(line, 2.5) == [[0, 0], [2.5, 0], [5, 0], [5, 2.5], [5, 5]]
        assert self.points(line, 4) == [[0, 0], [4, 0], [5, 3]]

    def test_points_stay(self):
        assert self.points(shapely.MultiPoint([(1, 2), (3, 4)]), 100) == [[1, 2], [3, 4]]

    def test_on_their_own(self):
        data = frame(shapely.box(0, 0, 10, 10), shapely.Point(1, 1), shapely.Polygon(), n=[1, 2, 3])
        result = run("vector_to_regular_points", data=data, distance=5, group=False)
        assert result["n"].tolist() == [1, 1, 1, 1, 2, 3]
        grouped = run("vector_to_regular_points", data=data, distance=5)
        assert grouped["n"].tolist() == [1, 2, 3]
        assert grouped.geometry.geom_type.tolist()[:2] == ["MultiPoint", "MultiPoint"]

    def test_units(self):
        assert (
            refused("vector_to_regular_points", data=frame(shapely.Point(9, 46), crs=4326), distance=10)
            == "UnitMismatch"
        )

    def test_too_many(self):
        assert (
            refused("vector_to_regular_points", data=frame(shapely.box(0, 0, 1e6, 1e6)), distance=1)
            == "ProcessParameterInvalid"
        )


def test_labels_of_geometries_are_text():
    labels = run("dimension_labels", data=frame(shapely.Point(1, 2)), dimension="geometry")
    assert labels == ["POINT (1 2)"]
