"""Vector cubes and tables in GeoJSON, CSV and Parquet, read again by geopandas and pandas."""

import json

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from cubes import BANDS, TIMES, make_cube

from gdc_jupyter.cube.encode import FORMATS
from gdc_jupyter.cube.vector import vector_cube
from gdc_jupyter.errors import InvalidProcessGraph

SHAPES = [shapely.box(600000, 5199900, 600050, 5200000), shapely.box(600100, 5199900, 600150, 5200000)]
CROPS = ["maize", "wheat"]


def fields():
    return geopandas.GeoDataFrame({"crop": CROPS, "area": [1.5, np.nan]}, geometry=SHAPES, crs=32632)


def series():
    """Values (geometry, t, bands), one of them missing."""
    values = np.arange(12.0).reshape(2, 3, 2)
    values[1, 2, 0] = np.nan
    coords = {
        **vector_cube(SHAPES, "EPSG:32632", features={"crop": CROPS}).coords,
        "t": ("t", TIMES, {"type": "temporal"}),
        "bands": ("bands", np.array(BANDS, dtype=object), {"type": "bands"}),
    }
    return xr.DataArray(values, dims=["geometry", "t", "bands"], coords=coords, attrs={"crs": "EPSG:32632"})


def write(value, format, folder):
    """Write a value that is no cube."""
    chosen = FORMATS[format]
    writer = chosen.open(folder, "result", value, None, chosen.settled({}))
    writer.write(value, None)
    return writer.close()[0].path


class TestGeojson:
    def test_features(self, save):
        result = save(fields(), "GeoJSON")
        path = result.assets[0].path
        read = geopandas.read_file(path)
        assert read.crs == "EPSG:4326"
        assert read["crop"].tolist() == CROPS
        assert shapely.equals_exact(read.to_crs(32632).geometry.normalize(), shapely.normalize(SHAPES), 1e-3).all()
        assert json.loads(path.read_text())["features"][1]["properties"]["area"] is None
        assert result.bbox.west == pytest.approx(read.total_bounds[0])

    def test_more_dimensions_become_properties(self, save):
        features = json.loads(save(series(), "GeoJSON").assets[0].path.read_text())["features"]
        expected = {
            f"{day}_{band}": 2.0 * number + index
            for number, day in enumerate(["2022-01-01", "2022-02-01T06:30:00Z", "2022-03-15"])
            for index, band in enumerate(BANDS)
        }
        assert features[0]["properties"] == {"crop": "maize", **expected}
        assert features[1]["properties"]["2022-03-15_B04"] is None

    def test_precision(self, save):
        text = save(fields(), "GeoJSON", {"coordinate_precision": 4}).assets[0].path.read_text()
        ring = json.loads(text)["features"][0]["geometry"]["coordinates"][0]
        assert all(round(number, 4) == number for point in ring for number in point)

    def test_a_raster_is_refused(self, save):
        with pytest.raises(InvalidProcessGraph) as caught:
            save(make_cube(), "GeoJSON")
        assert caught.value.faults[0].code == "FormatUnsuitable"


class TestCsv:
    def test_features(self, save):
        table = pd.read_csv(save(fields(), "CSV").assets[0].path)
        assert list(table.columns) == ["crop", "area", "WKT"]
        assert table["crop"].tolist() == CROPS
        assert shapely.equals(shapely.from_wkt(table["WKT"]), SHAPES).all()

    def test_a_row_for_each_geometry_and_date(self, save):
        table = pd.read_csv(
            save(series(), "CSV", {"SEPARATOR": "SEMICOLON", "GEOMETRY": "NONE"}).assets[0].path, sep=";"
        )
        assert list(table.columns) == ["crop", "t", *BANDS]
        assert table["crop"].tolist() == ["maize"] * 3 + ["wheat"] * 3
        assert pd.to_datetime(table["t"]).dt.tz_localize(None).tolist() == [*TIMES, *TIMES]
        np.testing.assert_array_equal(table[BANDS].to_numpy(), series().values.reshape(6, 2))

    def test_points(self, save):
        points = geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(600000.5, 5200000)], crs=32632)
        text = save(points, "CSV", {"GEOMETRY": "AS_XY"}).assets[0].path.read_text()
        assert text == "n,X,Y\n1,600000.5,5200000.0\n"
        with pytest.raises(InvalidProcessGraph) as caught:
            save(fields(), "CSV", {"GEOMETRY": "AS_XY"})
        assert caught.value.faults[0].code == "FormatOptionInvalid"

    def test_a_time_series(self, save):
        cube = make_cube().isel(x=3, y=2, drop=True)
        table = pd.read_csv(save(cube, "CSV").assets[0].path)
        assert list(table.columns) == ["t", *BANDS]
        np.testing.assert_array_equal(table[BANDS].to_numpy(np.float32), cube.values)

    def test_a_raster(self, save):
        cube = make_cube().isel(bands=0, drop=True)
        table = pd.read_csv(save(cube, "CSV").assets[0].path)
        assert list(table.columns) == ["t", "y", "x", "value"]
        np.testing.assert_array_equal(table["value"].to_numpy(np.float32), cube.values.ravel())
        np.testing.assert_array_equal(table["x"].to_numpy()[:25], cube.x.values)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (3.5, "value\n3.5\n"),
            ([1, None, 2], "value\n1\n\n2\n"),
            ([{"a": 1, "b": "x"}, {"b": "y, z"}], 'a,b\n1,x\n,"y, z"\n'),
        ],
    )
    def test_other_values(self, tmp_path, value, text):
        assert write(value, "CSV", tmp_path).read_text().replace('""', "") == text


class TestParquet:
    @pytest.mark.parametrize("compression", ["NONE", "SNAPPY", "ZSTD"])
    def test_features(self, save, compression):
        read = geopandas.read_parquet(save(fields(), "Parquet", {"COMPRESSION": compression}).assets[0].path)
        assert read.crs == "EPSG:32632"
        assert read.geometry.tolist() == SHAPES
        assert read["crop"].tolist() == CROPS
        np.testing.assert_array_equal(read["area"], [1.5, np.nan])

    def test_a_row_for_each_geometry_and_date(self, save):
        read = geopandas.read_parquet(save(series(), "geoparquet").assets[0].path)
        assert list(read.columns) == ["crop", "t", *BANDS, "geometry"]
        assert read["t"].tolist() == [pd.Timestamp(time) for time in [*TIMES, *TIMES]]
        np.testing.assert_array_equal(read[BANDS].to_numpy(), series().values.reshape(6, 2))
        assert read.geometry.tolist() == [SHAPES[0]] * 3 + [SHAPES[1]] * 3

    def test_a_time_series(self, save):
        cube = make_cube().isel(x=3, y=2, drop=True)
        read = pd.read_parquet(save(cube, "Parquet").assets[0].path)
        np.testing.assert_array_equal(read[BANDS].to_numpy(), cube.values)

    def test_mixed_values(self, tmp_path):
        read = pd.read_parquet(write([{"a": 1, "b": "x"}, {"a": 2.5, "b": None}], "Parquet", tmp_path))
        assert read["a"].tolist() == [1, 2.5]
        assert read["b"].tolist() == ["x", None]


class TestJson:
    def test_features_are_geojson(self, save):
        document = json.loads(save(fields(), "JSON").assets[0].path.read_text())
        assert document["type"] == "FeatureCollection"
        assert [each["properties"]["crop"] for each in document["features"]] == CROPS

    def test_more_dimensions_are_a_cube(self, save):
        document = json.loads(save(series(), "JSON").assets[0].path.read_text())
        assert document["type"] == "datacube"
        assert document["dimensions"][0]["labels"][0]["type"] == "Polygon"
        assert document["coordinates"]["crop"] == {"dimensions": ["geometry"], "values": CROPS}
        assert document["data"][1][2] == [None, 11]


def test_formats_for_vectors_are_listed():
    for name in ("GeoJSON", "Parquet", "CSV"):
        assert "vector" in FORMATS[name].describe()["gis_data_types"]
