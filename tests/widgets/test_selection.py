"""A selection says the same to openEO, STAC and OGC API Coverages."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from pyproj import Transformer

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import Selection

AREA = (11.33, 46.48, 11.36, 46.5)


def test_openeo_arguments_hold_only_what_was_chosen():
    assert Selection("S2_ALPS").openeo() == {"collection_id": "S2_ALPS"}
    assert Selection("S2_ALPS", AREA, "2022-06-01/2022-09-01", ["B04", "B08"]).openeo() == {
        "collection_id": "S2_ALPS",
        "spatial_extent": {"west": 11.33, "south": 46.48, "east": 11.36, "north": 46.5},
        "temporal_extent": ["2022-06-01", "2022-09-01"],
        "bands": ["B04", "B08"],
    }


def test_another_crs_is_named_by_its_code():
    extent = Selection("S2_ALPS", (679720, 5151080, 680680, 5151920), crs=32632).openeo()["spatial_extent"]
    assert extent == {"west": 679720, "south": 5151080, "east": 680680, "north": 5151920, "crs": 32632}


@pytest.mark.parametrize(
    ("given", "interval"),
    [
        ("2022", ("2022-01-01", "2023-01-01")),
        ("2022-12", ("2022-12-01", "2023-01-01")),
        ("2022-06-30", ("2022-06-30", "2022-07-01")),
        (("2022-06", "2022-09"), ("2022-06-01", "2022-09-01")),
        ("../2022-09-01", (None, "2022-09-01")),
        ((dt.date(2022, 6, 1), None), ("2022-06-01", None)),
        (
            (np.datetime64("2022-06-01", "ns"), np.datetime64("2022-06-02T06:00", "ns")),
            ("2022-06-01", "2022-06-02T06:00:00Z"),
        ),
        (("2022-06-01T02:00+02:00", "2022-06-02"), ("2022-06-01", "2022-06-02")),
    ],
)
def test_times_that_are_understood(given, interval):
    assert Selection("X", datetime=given).datetime == interval


def test_a_half_open_interval_becomes_the_closed_one_of_stac():
    search = Selection("X", AREA, "2022-06-01/2022-09-01").stac_search()
    assert search == {
        "collections": ["X"],
        "bbox": [11.33, 46.48, 11.36, 46.5],
        "datetime": "2022-06-01T00:00:00Z/2022-08-31T23:59:59.999Z",
    }


def test_a_box_over_the_antimeridian_has_east_beyond_180_in_openeo_and_west_greater_east_elsewhere():
    for west in (170, -190, 530):
        selection = Selection("X", (west, -20, west + 20, -10))
        assert selection.bbox == (170, -20, 190, -10)
        assert selection.openeo()["spatial_extent"]["east"] == 190
        assert selection.stac_search()["bbox"] == [170, -20, -170, -10]
        assert selection.coverage_query()["bbox"] == "170,-20,-170,-10"


def test_the_whole_world_keeps_its_edges():
    assert Selection("X", (0, -90, 360, 90)).stac_search()["bbox"] == [-180, -90, 180, 90]


def test_coverage_query():
    query = Selection("X", (600000, 5100000, 610000, 5110000), "2022-06", "B04", 32632).coverage_query()
    assert query == {
        "bbox": "600000,5100000,610000,5110000",
        "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/32632",
        "datetime": "2022-06-01T00:00:00Z/2022-06-30T23:59:59.999Z",
        "properties": "B04",
    }


def test_coverage_query_follows_the_axis_order_of_the_crs():
    # EPSG:31467 has northing before easting.
    assert Selection("X", (3400000, 5500000, 3500000, 5600000), crs=31467).coverage_query()["bbox"] == (
        "5500000,3400000,5600000,3500000"
    )


def test_a_projected_box_is_searched_in_longitude_and_latitude():
    bbox = Selection("X", (500000, 0, 600000, 100000), crs=32632).stac_search()["bbox"]
    # The central meridian of zone 32 is 9 degrees east; 100 km are about 0.9 degrees at the equator.
    assert bbox == pytest.approx([9.0, 0.0, 9.899, 0.905], abs=0.001)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bbox": (170, -20, -170, -10)}, "write east as 190"),
        ({"bbox": (11, 47, 12, 46)}, r"South \(47\) must be less than north \(46\)"),
        ({"bbox": (11, 46, 12)}, "west, south, east, north"),
        ({"bbox": (11, 46, 12, 96)}, "between -90 and 90"),
        ({"bbox": (0, 0, 361, 1)}, "at most 360"),
        ({"bbox": (0, 0, float("nan"), 1)}, "finite"),
        ({"datetime": "2022-09-01/2022-06-01"}, "must be before the end"),
        ({"datetime": "2022-06-01/2022-06-01"}, "not included"),
        ({"datetime": "June"}, "'2022-06'"),
        ({"datetime": "2022-13"}, "no date"),
        ({"datetime": ("2022-06-01",)}, "start and end"),
        ({"bands": ()}, "at least one"),
        ({"bands": ("B04", "B04")}, "twice"),
        ({"collection": ""}, "id of a collection"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_would_be_right(arguments, message):
    with pytest.raises(GdcError, match=message):
        Selection(**{"collection": "X", **arguments})


def test_ous_query_has_the_box_the_closed_interval_and_the_names():
    assert Selection("OSTIA_SST").ous_query() == {}
    assert Selection("OSTIA_SST", (170, -5, 190, 5), "2007", ["sst"]).ous_query() == {
        "bounding-box": "170,-5,-170,5",
        "temporal": "2007-01-01T00:00:00Z,2007-12-31T23:59:59.999Z",
        "variables": "sst",
    }
    assert (
        Selection("S2_ALPS", datetime=(None, "2022-06-01")).ous_query()["temporal"].startswith(",2022-05-31T23:59:59")
    )
    box = Selection("S2_ALPS", (679720, 5151080, 680680, 5151920), crs=32632).ous_query()["bounding-box"]
    corners = np.array(Transformer.from_crs(32632, 4326).transform([679720, 680680] * 2, [5151080] * 2 + [5151920] * 2))
    expected = [corners[1].min(), corners[0].min(), corners[1].max(), corners[0].max()]
    assert np.allclose([float(edge) for edge in box.split(",")], expected, atol=1e-6)
