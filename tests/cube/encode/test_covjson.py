"""CoverageJSON: valid by an independent model of the standard, for any axes and CRS, and fast."""

import json

import numpy as np
import pytest
import xarray as xr
from cubes import make_cube

covjson_pydantic = pytest.importorskip("covjson_pydantic.coverage")


def document_of(save, cube):
    text = save(cube, "CovJSON").assets[0].path.read_text()
    covjson_pydantic.Coverage.model_validate_json(text)
    return json.loads(text)


def test_a_grid_with_dates(save):
    document = document_of(save, make_cube())
    domain = document["domain"]
    assert domain["domainType"] == "Grid"
    assert domain["axes"]["x"] == {"start": 600005, "stop": 600245, "num": 25}
    assert domain["axes"]["t"]["values"] == ["2022-01-01T00:00:00Z", "2022-02-01T06:30:00Z", "2022-03-15T00:00:00Z"]
    system = domain["referencing"][0]
    assert system["coordinates"] == ["x", "y"]
    assert system["system"] == {"type": "ProjectedCRS", "id": "http://www.opengis.net/def/crs/EPSG/0/32632"}
    assert domain["referencing"][1] == {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}}
    assert set(document["parameters"]) == set(document["ranges"]) == {"B04", "B08"}
    assert None in document["ranges"]["B04"]["values"]


@pytest.mark.parametrize(
    ("crs", "kind", "identifier", "order"),
    [
        ("OGC:CRS84", "GeographicCRS", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", ["x", "y"]),
        ("EPSG:4326", "GeographicCRS", "http://www.opengis.net/def/crs/EPSG/0/4326", ["y", "x"]),
        ("EPSG:3035", "ProjectedCRS", "http://www.opengis.net/def/crs/EPSG/0/3035", ["y", "x"]),
        ("+proj=laea +lat_0=10 +lon_0=20 +datum=WGS84", "ProjectedCRS", None, ["x", "y"]),
    ],
)
def test_reference_systems(save, crs, kind, identifier, order):
    cube = make_cube(crs=crs)
    if kind == "GeographicCRS":
        cube = cube.assign_coords(
            y=("y", 50 - 0.1 * np.arange(17), cube.y.attrs), x=("x", 5 + 0.1 * np.arange(25), cube.x.attrs)
        )
    reference = document_of(save, cube)["domain"]["referencing"][0]
    assert reference["coordinates"] == order
    assert reference["system"]["type"] == kind
    assert reference["system"].get("id") == identifier
    if identifier is None:
        assert reference["system"]["wkt"].startswith("PROJCRS")


def test_further_dimensions_keep_their_names(save):
    cube = xr.concat([make_cube(), make_cube()], xr.Variable("run", ["first", "second"]))
    # The model knows the four usual axes only.
    document = json.loads(save(cube, "CovJSON").assets[0].path.read_text())
    assert "domainType" not in document["domain"]
    assert document["domain"]["axes"]["run"]["values"] == ["first", "second"]
    assert document["ranges"]["B04"]["axisNames"] == ["run", "t", "y", "x"]


def test_a_time_series(save):
    document = document_of(save, make_cube().isel(x=0, y=0, drop=True))
    assert list(document["domain"]["axes"]) == ["t"]
    assert len(document["ranges"]["B08"]["values"]) == 3


def test_truth_values_are_categories(save):
    document = document_of(save, make_cube() > 100)
    assert document["parameters"]["B04"]["categoryEncoding"] == {"#false": 0, "#true": 1}
    assert set(document["ranges"]["B04"]["values"]) == {0, 1}


def test_other_calendars_are_named(save):
    import cftime

    dates = np.array([cftime.Datetime360Day(2001, 2, 30)], dtype=object)
    domain = json.loads(save(make_cube(times=dates), "CovJSON").assets[0].path.read_text())["domain"]
    assert domain["axes"]["t"]["values"] == ["2001-02-30T00:00:00Z"]
    assert domain["referencing"][1]["system"]["calendar"] == "cf:360_day"
