"""How much a selection is, from metadata as they come."""

from __future__ import annotations

import pytest

from gdc_jupyter import client, open_collection
from gdc_jupyter.demo import server
from gdc_jupyter.selection import Selection
from gdc_jupyter.widgets.selection_size import selection_size


@pytest.fixture(scope="module")
def connection(data_directory, tmp_path_factory):
    with server("size", tmp_path_factory.mktemp("size") / "server.log") as url:
        yield client.connect(url, token="size")


@pytest.mark.parametrize(
    "selection",
    [
        Selection("S2_ALPS", (11.33, 46.48, 11.36, 46.5), "2022-06", ("B04", "SCL")),
        Selection("S2_ALPS", datetime=("2022-06-05", None)),
        Selection("OSTIA_SST", (170, -3, 190, 3), "2007"),
        Selection("S2_PATAGONIA", (-67.65, -47.855, -67.63, -47.85), bands=("B04",)),
    ],
)
def test_it_is_what_is_read(connection, selection):
    size = selection_size(
        connection.describe_collection(selection.collection), selection.bbox, selection.datetime, selection.bands
    )
    bands = None if selection.bands is None else list(selection.bands)
    cube = open_collection(selection.collection, selection.bbox, selection.datetime, bands)
    # Pixels at the edges of a box may be one more or less, which is why it says "about".
    assert (size.columns, size.rows) == pytest.approx((cube.sizes["x"], cube.sizes["y"]), abs=1)
    assert size.dates == cube.sizes.get("t")
    assert size.bands == cube.sizes["bands"]
    stored = 4 if selection.collection == "OSTIA_SST" else 2
    assert size.bytes == size.columns * size.rows * size.bands * (size.dates or 1) * stored
    assert ("about" in size.text()) == (selection.bbox is not None)


def test_metadata_of_another_back_end_tell_about_how_much():
    collection = {
        "id": "SENTINEL2",
        "extent": {
            "spatial": {"bbox": [[-180, -56, 180, 83]]},
            "temporal": {"interval": [["2015-07-06T00:00:00Z", None]]},
        },
        "cube:dimensions": {
            "x": {"type": "spatial", "axis": "x", "extent": [-180, 180]},
            "y": {"type": "spatial", "axis": "y", "extent": [-56, 83]},
            "t": {"type": "temporal", "extent": ["2015-07-06T00:00:00Z", None], "step": "P5D"},
            "bands": {"type": "bands", "values": ["B04", "B11"]},
        },
        "summaries": {"gsd": [60, 10], "eo:bands": [{"name": "B04", "gsd": 10}, {"name": "B11", "gsd": 20}]},
    }
    # 0.01 degrees of a meridian are 1.112 km; of a parallel at 60 degrees half of that.
    size = selection_size(collection, (10, 59.995, 10.02, 60.005), ("2022-01-01", "2022-01-31"))
    assert (size.columns, size.rows, size.dates) == (111, 111, 6)
    # Of what type the values are is not told: nothing is said of bytes.
    assert size.bytes is None
    assert size.text() == "about 111 × 111 pixels, about 6 dates, 2 bands"
    open_end = selection_size(collection, None, ("2022-01-01", None))
    assert open_end.dates is None


def test_bytes_of_one_date_where_their_number_is_not_known():
    collection = {
        "id": "STAC",
        "extent": {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}},
        "bands": [{"name": "a", "data_type": "float32", "gsd": 100}, {"name": "b", "data_type": "uint8"}],
    }
    size = selection_size(collection, (0, 0, 0.09, 0.09))
    assert (size.columns, size.rows) == pytest.approx((100, 100), abs=1)
    assert size.text().endswith("2 bands, about 50 kB for each date")
    assert selection_size(collection, None, ("2010-01-01", "2011-01-01")).outside.startswith(
        "The collection has no dates"
    )


def test_a_collection_over_the_antimeridian():
    collection = {
        "id": "PACIFIC",
        "extent": {"spatial": {"bbox": [[170, -20, -170, -10]]}},
        "cube:dimensions": {
            "x": {"type": "spatial", "axis": "x", "extent": [170, 190], "step": 0.1, "reference_system": 4326},
            "y": {"type": "spatial", "axis": "y", "extent": [-20, -10], "step": 0.1, "reference_system": 4326},
        },
    }
    size = selection_size(collection, (-175, -15, -174, -14))
    assert (size.columns, size.rows) == (10, 10)
    assert selection_size(collection, (0, -15, 1, -14)).outside


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"cube:dimensions": None, "summaries": [], "extent": "everywhere", "item_assets": [1]},
        {"cube:dimensions": {"x": {"type": "spatial", "axis": "x", "extent": ["a", None]}, "y": 3, "t": {}}},
        {"cube:dimensions": {"t": {"type": "temporal", "values": ["<script>", 7]}}},
        {
            "cube:dimensions": {
                "x": {"type": "spatial", "axis": "x", "extent": [0, 10], "step": 1, "reference_system": "no CRS"},
                "y": {"type": "spatial", "axis": "y", "extent": [0, 10], "step": 1, "reference_system": "no CRS"},
            }
        },
        {"summaries": {"gsd": {"minimum": "10 m"}, "raster:bands": "uint8"}, "bands": {"a": 1}},
        {"extent": {"temporal": {"interval": [["yesterday", 3]]}}},
    ],
)
def test_of_what_cannot_be_understood_nothing_is_said(odd):
    assert selection_size({"id": "ODD"} | odd, (1, 1, 2, 2), ("2022-01-01", None)).text() == ""
