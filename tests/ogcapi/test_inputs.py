"""Inputs of executions as parameters of process graphs."""

from __future__ import annotations

import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.ogcapi.inputs import bind
from gdc_jupyter.ogcapi.process import built_in, of_user

PROCESSES = {process.id: process for process in built_in()}
SUBSET = PROCESSES["coverage_subset"]


def values(process, inputs, outputs=None, fetch=None):
    bound = bind(process, inputs, outputs, fetch or (lambda href: {"fetched": href}))
    return {each["name"]: each["default"] for each in bound["parameters"]}


def test_values_boxes_and_defaults():
    box = {"bbox": [11, 46, 12, 47]}
    found = values(
        SUBSET, {"collection": {"value": "S2", "mediaType": "text/plain"}, "bbox": box, "bands": ["B04", "B08"]}
    )
    assert found == {
        "collection": "S2",
        "bbox": {"west": 11, "south": 46, "east": 12, "north": 47},
        "datetime": None,
        "bands": ["B04", "B08"],
        "format": "netCDF",
    }
    projected = {"bbox": [1, 2, 0, 3, 4, 9], "crs": "http://www.opengis.net/def/crs/EPSG/0/32632"}
    found = values(SUBSET, {"collection": ["S2"], "bbox": {"value": projected}})
    assert found["bbox"] == {"west": 1, "south": 2, "east": 3, "north": 4, "crs": 32632}
    assert values(SUBSET, {"collection": "S2", "bbox": {"west": 1}})["bbox"] == {"west": 1}


def test_values_at_addresses():
    found = values(PROCESSES["zonal_statistics"], {"collection": "S2", "geometries": {"href": "https://x.org/a.json"}})
    assert found["geometries"] == {"fetched": "https://x.org/a.json"}
    geometry = {"type": "Polygon", "coordinates": []}
    assert values(PROCESSES["zonal_statistics"], {"collection": "S2", "geometries": geometry})["geometries"] == geometry


def test_formats_by_media_type():
    for media_type, name in (
        ("image/tiff", "GTiff"),
        ("image/tiff;application=geotiff", "GTiff"),
        ("image/png", "PNG"),
    ):
        outputs = {"result": {"format": {"mediaType": media_type}}}
        assert values(SUBSET, {"collection": "S2"}, outputs)["format"] == name


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        ({}, None, "needs the input 'collection'"),
        ({"collection": "S2", "colour": 1}, None, "has no input 'colour'; its inputs are collection, bbox"),
        ({"collection": ["a", "b"]}, None, "given 2 times"),
        ({"collection": "S2", "bbox": {"bbox": [1, 2, 3]}}, None, "four or six numbers"),
        ({"collection": "S2", "bbox": {"bbox": [1, 2, 3, True]}}, None, "four or six numbers"),
        ({"collection": "S2", "bbox": {"bbox": [1, 2, 3, 4], "crs": "moon"}}, None, "has the CRS 'moon'"),
        ({"collection": {"value": "S2", "encoding": "base64"}}, None, "the encoding 'base64'"),
        ({"collection": {"href": 5}}, None, "an address that is no text"),
        ({"collection": "S2"}, {"other": {}}, "has no output 'other'"),
        ({"collection": "S2"}, {"result": {"format": {"mediaType": "text/css"}}}, "cannot be text/css; it can be"),
        ({"collection": "S2", "format": "PNG"}, {"result": {"format": {"mediaType": "image/tiff"}}}, "not the same"),
    ],
)
def test_refusals(inputs, outputs, told):
    with pytest.raises(GdcError) as error:
        values(SUBSET, inputs, outputs)
    assert told in error.value.message


def test_descriptions():
    described = SUBSET.describe()
    assert described["inputs"]["bbox"]["schema"]["format"] == "ogc-bbox"
    assert described["inputs"]["bbox"]["minOccurs"] == 0
    assert "minOccurs" not in described["inputs"]["collection"]
    assert described["outputs"]["result"]["schema"]["oneOf"][0] == {
        "type": "string",
        "contentMediaType": "application/x-netcdf",
    }
    mine = of_user({"id": "mine", "parameters": [{"name": "x", "schema": {"type": "number"}}], "process_graph": {}})
    assert mine.describe()["inputs"] == {"x": {"title": "x", "schema": {"type": "number"}}}
