"""Vector cubes from and to GeoJSON and GeoDataFrames, and geometries in other CRS."""

import json

import geopandas
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from gdc_jupyter.cube.encode.geojson import to_geojson
from gdc_jupyter.cube.geojson import as_vector_cube, from_geojson
from gdc_jupyter.cube.geometries import as_array, cut_antimeridian, to_crs, turned
from gdc_jupyter.cube.vector import from_frame, is_vector, to_frame
from gdc_jupyter.errors import GdcError

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}


def feature(geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


class TestGeojson:
    @pytest.mark.parametrize(
        "document",
        [
            SQUARE,
            feature(SQUARE),
            collection(feature(SQUARE)),
            {"type": "GeometryCollection", "geometries": [SQUARE]},
            {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"]]},
        ],
        ids=lambda document: document["type"],
    )
    def test_every_kind(self, document):
        cube = from_geojson(document)
        assert is_vector(cube)
        assert cube.dims == ("geometry",)
        assert cube.attrs["crs"] == "EPSG:4326"
        assert shapely.equals(cube.geometry.values[0], shapely.box(0, 0, 2, 2))

    def test_properties_and_identifiers_stay(self):
        features = [{**feature(SQUARE, crop="maize", area=4), "id": 7}, feature(SQUARE, crop=None, area=2.5)]
        cube = from_geojson(collection(*features))
        assert cube.coords["crop"].values.tolist() == ["maize", None]
        assert cube.coords["area"].values.tolist() == [4, 2.5]
        back = to_geojson(cube)["features"]
        assert [each.get("id") for each in back] == [7, None]
        assert [each["properties"] for each in back] == [{"crop": "maize", "area": 4}, {"crop": None, "area": 2.5}]

    def test_named_properties_are_values(self):
        cube = from_geojson(collection(feature(SQUARE, a=1, b=2), feature(SQUARE, b=3)), ["b", "a"])
        assert cube.dims == ("geometry", "properties")
        assert cube.properties.values.tolist() == ["b", "a"]
        np.testing.assert_array_equal(cube.values, [[2, 1], [3, np.nan]])

    def test_one_property_that_is_a_list(self):
        cube = from_geojson(collection(feature(SQUARE, v=[1, 2, 3]), feature(SQUARE, v=[4])), ["v"])
        assert cube.properties.values.tolist() == [0, 1, 2]
        np.testing.assert_array_equal(cube.values, [[1, 2, 3], [4, np.nan, np.nan]])

    def test_member_crs(self):
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
        assert from_geojson({**SQUARE, "crs": crs}).attrs["crs"] == "EPSG:32632"

    def test_null_geometry_is_empty(self):
        cube = from_geojson(collection(feature(None, a=1), feature(SQUARE, a=2)))
        assert shapely.is_empty(cube.geometry.values).tolist() == [True, False]
        assert to_geojson(cube)["features"][0]["geometry"] is None

    @pytest.mark.parametrize(
        ("document", "says"),
        [
            (collection(), "no features"),
            ({"type": "Circle"}, "'Circle'"),
            ({"type": "FeatureCollection", "features": [SQUARE]}, "no Feature"),
            (feature({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}), "no valid GeoJSON"),
            (feature({"type": "Point", "coordinates": ["a", "b"]}), "no valid GeoJSON"),
            (
                feature({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}),
                "Self-intersection",
            ),
            (feature({"type": "Point", "coordinates": [500000, 5200000]}), "name the CRS"),
            ([1], "type"),
        ],
    )
    def test_what_is_refused(self, document, says):
        with pytest.raises(GdcError) as caught:
            from_geojson(document)
        assert caught.value.code == "GeometryInvalid"
        assert says in caught.value.message

    def test_output_is_in_degrees_and_counterclockwise(self):
        frame = geopandas.GeoDataFrame(geometry=[shapely.box(500000, 5200000, 500100, 5200100, ccw=False)], crs=32632)
        ring = to_geojson(from_frame(frame))["features"][0]["geometry"]["coordinates"][0]
        expected = frame.to_crs(4326).geometry.iloc[0]
        assert shapely.Polygon(ring).equals_exact(shapely.orient_polygons(expected), 1e-9) or shapely.Polygon(
            ring
        ).equals(expected)
        assert shapely.is_ccw(shapely.LinearRing(ring))

    def test_output_over_the_antimeridian_is_cut(self):
        zone = pyproj.CRS(32660)
        x, y = pyproj.Transformer.from_crs(4326, zone, always_xy=True).transform(179.9, 10)
        frame = geopandas.GeoDataFrame(geometry=[shapely.box(x, y, x + 50000, y + 20000)], crs=zone)
        document = to_geojson(from_frame(frame))
        shape = shapely.geometry.shape(document["features"][0]["geometry"])
        assert shape.geom_type == "MultiPolygon"
        west, _, east, _ = shape.bounds
        assert (west, east) == (-180, 180)
        assert shape.area == pytest.approx((50000 / 109639) * (20000 / 110600), rel=0.02)


class TestFrame:
    def test_there_and_back(self):
        frame = geopandas.GeoDataFrame(
            {"name": ["a", None], "n": [1, 2], "x": [1.5, np.nan], "day": pd.to_datetime(["2022-05-01", "2022-05-02"])},
            geometry=[shapely.Point(1, 2), shapely.Point(3, 4)],
            crs=32632,
        )
        cube = from_frame(frame)
        assert cube.dims == ("geometry", "properties")
        back = to_frame(cube)
        assert back.crs == frame.crs
        assert back.geometry.equals(frame.geometry)
        assert back["name"].tolist() == ["a", None]
        assert back["n"].dtype == np.int64
        np.testing.assert_array_equal(back["x"], [1.5, np.nan])
        assert pd.to_datetime(back["day"]).tolist() == frame["day"].tolist()

    def test_geometries_alone(self):
        series = geopandas.GeoSeries([shapely.Point(1, 2)], crs=4326)
        cube = as_vector_cube(series)
        assert cube.dims == ("geometry",)
        assert list(to_frame(cube).columns) == ["geometry"]

    def test_without_crs(self):
        assert from_frame(geopandas.GeoDataFrame(geometry=[shapely.Point(10, 50)])).attrs["crs"] == "EPSG:4326"
        with pytest.raises(GdcError) as caught:
            from_frame(geopandas.GeoDataFrame(geometry=[shapely.Point(500000, 50)]))
        assert caught.value.code == "CRSInvalid"

    def test_invalid_geometry_names_its_row(self):
        bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
        with pytest.raises(GdcError, match="row 'b'"):
            from_frame(geopandas.GeoDataFrame(geometry=[shapely.Point(0, 0), bow], index=["a", "b"], crs=4326))


class TestReprojection:
    def test_vertices_as_pyproj_has_them(self):
        box = as_array([shapely.box(11, 46, 11.1, 46.1)])
        moved = to_crs(box, "EPSG:4326", "EPSG:32632")[0]
        assert shapely.equals_exact(moved, geopandas.GeoSeries(box, crs=4326).to_crs(32632).iloc[0], 1e-6)

    def test_long_edges_stay_where_they_are(self):
        box = as_array([shapely.box(3, 50, 15, 60)])
        moved = to_crs(box, "EPSG:4326", "EPSG:32632", tolerance=1.0)[0]
        into = pyproj.Transformer.from_crs(4326, 32632, always_xy=True)
        along = np.linspace(3, 15, 500)
        truth = shapely.points(*into.transform(along, np.full(500, 60.0)))
        assert shapely.distance(moved.exterior, truth).max() < 1.5
        plain = to_crs(box, "EPSG:4326", "EPSG:32632")[0]
        assert shapely.distance(plain.exterior, truth).max() > 1000

    def test_short_edges_are_left_alone(self):
        box = as_array([shapely.box(11, 46, 11.01, 46.01)])
        with_tolerance = to_crs(box, "EPSG:4326", "EPSG:32632", tolerance=1.0)[0]
        assert shapely.get_num_coordinates(with_tolerance) == 5

    def test_cut_at_the_antimeridian(self):
        shapes = as_array(
            [
                shapely.box(170, 0, 190, 10),
                shapely.Point(190, 5),
                shapely.box(-190, 0, -170, 10),
                shapely.box(0, 0, 1, 1),
            ]
        )
        cut = cut_antimeridian(shapes)
        halves = shapely.MultiPolygon([shapely.box(170, 0, 180, 10), shapely.box(-180, 0, -170, 10)])
        assert shapely.equals(cut, as_array([halves, shapely.Point(-170, 5), halves, shapely.box(0, 0, 1, 1)])).all()

    def test_turned_to_the_longitudes_of_a_grid(self):
        shapes = as_array([shapely.box(-20, 0, -10, 10), shapely.box(-5, 0, 5, 10)])
        moved = turned(shapes, 0, 360)
        assert shapely.equals(moved[0], shapely.box(340, 0, 350, 10))
        both = shapely.union(shapely.box(355, 0, 365, 10), shapely.box(-5, 0, 5, 10))
        assert shapely.equals(moved[1], both)


def test_geojson_of_a_result_is_json():
    frame = geopandas.GeoDataFrame(
        {"day": pd.to_datetime(["2022-05-01"]), "x": [np.nan]}, geometry=[shapely.Point(1, 2)], crs=4326
    )
    text = json.dumps(to_geojson(from_frame(frame)), allow_nan=False)
    assert json.loads(text)["features"][0]["properties"] == {"day": "2022-05-01T00:00:00Z", "x": None}
