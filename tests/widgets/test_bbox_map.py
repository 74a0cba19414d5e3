"""BBoxMap: one box, whichever way it comes."""

from __future__ import annotations

import math

import pytest
from traitlets import TraitError

from gdc_jupyter.errors import GdcError
from gdc_jupyter.widgets import world
from gdc_jupyter.widgets.bbox_map import BBoxMap
from gdc_jupyter.widgets.boxes import drawn_box

AREA = (11.33, 46.48, 11.36, 46.5)


def feature(*corners):
    return {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]},
    }


def rectangle(west, south, east, north):
    return feature([west, south], [west, north], [east, north], [east, south])


def typed(area, *texts):
    area._on_fields(area.fields, {"action": "edit", "values": list(texts)}, [])


@pytest.fixture
def area():
    widget = BBoxMap()
    yield widget
    widget.close()


def test_a_box_set_from_python_reaches_map_fields_and_extent(area):
    area.bbox = AREA
    assert area.spatial_extent == {"west": 11.33, "south": 46.48, "east": 11.36, "north": 46.5}
    assert area.fields.values == ["11.33", "46.48", "11.36", "46.5"]
    assert [one["geometry"]["coordinates"][0][0] for one in area.draw.data] == [[11.33, 46.48]]
    assert area.map.center == pytest.approx([46.49, 11.345], abs=1e-4)
    assert "5.12 km²" in area.fields.info


def test_clearing(area):
    area.bbox = AREA
    area.clear()
    assert (area.bbox, area.spatial_extent, area.draw.data, area.fields.values) == (None, None, [], [""] * 4)


def test_a_drawn_box_is_taken_and_a_second_one_replaces_it(area):
    area.draw.data = [rectangle(10, 45, 12, 47)]
    assert area.bbox == (10, 45, 12, 47)
    area.draw.data = [*area.draw.data, rectangle(20, 30, 21, 31)]
    assert area.bbox == (20, 30, 21, 31)
    assert len(area.draw.data) == 1


def test_removing_the_drawn_box_clears(area):
    area.draw.data = [rectangle(10, 45, 12, 47)]
    area.draw.data = []
    assert area.bbox is None


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        # north-east inwards and outwards, then south-west
        (([10, 45], [10, 47], [11, 46], [12, 45]), (10, 45, 11, 46)),
        (([10, 45], [10, 47], [13, 48], [12, 45]), (10, 45, 13, 48)),
        (([11, 46], [10, 47], [12, 47], [12, 45]), (11, 46, 12, 47)),
        # a corner taken over its neighbour
        (([14, 45.5], [10, 47], [12, 47], [12, 45]), (12, 45.5, 14, 47)),
        # the whole box dragged
        (([12, 46], [12, 48], [14, 48], [14, 46]), (12, 46, 14, 48)),
    ],
)
def test_an_edited_corner_moves_the_two_edges_that_meet_there(corners, box):
    assert drawn_box([feature(*corners)], (10, 45, 12, 47)) == box


@pytest.mark.parametrize("west", [170, -190])
def test_a_box_drawn_over_the_antimeridian(area, west):
    area.draw.data = [rectangle(west, -20, west + 20, -10)]
    assert area.bbox == (170, -20, 190, -10)
    # It stays on the copy of the world on which it was drawn.
    assert area.draw.data[0]["geometry"]["coordinates"][0][0] == [west, -20]


def test_a_box_without_area_is_refused_and_the_last_one_kept(area):
    area.bbox = AREA
    area.draw.data = [*area.draw.data, rectangle(5, 5, 5, 5)]
    assert area.bbox == AREA
    assert len(area.draw.data) == 1
    assert "no area" in area.fields.message


def test_typed_numbers_move_the_box(area):
    typed(area, "11.33", "46.48", "11.36", "46.50")
    assert area.bbox == AREA
    assert area.draw.data[0]["geometry"]["coordinates"][0][2] == [11.36, 46.5]


def test_decimal_commas_are_understood(area):
    typed(area, "11,33", "46,48", "11,36", "\u22120,5e2")
    assert "South" in area.fields.message
    typed(area, "11,33", "46,48", "11,36", "46,5")
    assert area.bbox == AREA


@pytest.mark.parametrize(
    ("texts", "message", "faulty"),
    [
        (("12", "46.48", "11", "46.5"), "West (12) must be less than east (11)", [0, 2]),
        (("170", "-20", "-170", "-10"), "write east as 190", [0, 2]),
        (("11.33", "47", "11.36", "46.5"), "South (47) must be less than north (46.5)", [1, 3]),
        (("11.33", "46.48", "11.36", "146.5"), "between -90 and 90", [1, 3]),
        (("11.33", "?", "11.36", "46.5"), "South: not a number", [1]),
        (("11.33", "", "11.36", ""), "fill in south and north", []),
    ],
)
def test_what_is_typed_wrong_is_told_and_the_last_box_kept(area, texts, message, faulty):
    area.bbox = AREA
    typed(area, *texts)
    assert area.bbox == AREA
    assert message in area.fields.message
    assert area.fields.faulty == faulty
    area.bbox = (1, 2, 3, 4)
    assert area.fields.message == ""


def test_emptied_fields_clear_the_box(area):
    area.bbox = AREA
    typed(area, "", "", "", "")
    assert area.bbox is None


def test_python_is_told_what_is_wrong(area):
    with pytest.raises(TraitError, match="write east as 190"):
        area.bbox = (170, -20, -170, -10)
    with pytest.raises(TraitError):
        area.spatial_extent = {}


def test_no_layer_asks_a_network_unless_tiles_are_wanted(area):
    assert not [layer for layer in area.map.layers if layer._model_name == "LeafletTileLayerModel"]
    with_tiles = BBoxMap(tiles="https://tiles.example.org/{z}/{x}/{y}.png")
    assert [layer.url for layer in with_tiles.map.layers] == ["https://tiles.example.org/{z}/{x}/{y}.png"]
    with_tiles.close()


def test_a_collection_is_shown_and_can_be_taken_whole():
    collection = {"id": "PACIFIC", "extent": {"spatial": {"bbox": [[170, -20, -170, -10]]}}}
    area = BBoxMap(collection=collection)
    assert area.map.center == pytest.approx([-15, 180], abs=0.2)
    assert area.bbox is None
    area._on_fields(area.fields, {"action": "whole"}, [])
    assert area.bbox == (170, -20, 190, -10)
    area.close()


def test_metadata_without_an_extent_is_refused():
    with pytest.raises(GdcError, match="describe_collection"):
        BBoxMap(collection={"id": "X"})


def test_without_widgets_there_is_a_picture(area):
    area.bbox = (170, -20, 190, -10)
    bundle = area._repr_mimebundle_()
    html = bundle["text/html"]
    assert html.count("<rect") == 2
    assert "west 170" in html
    assert bundle["text/plain"] == "BBoxMap(bbox=(170.0, -20.0, 190.0, -10.0))"


def test_area_of_a_zone_and_of_the_globe():
    # The WGS 84 ellipsoid has 510,065,622 km²; figures of PROJ's geodesic polygons.
    assert world.area_km2((-180, -90, 180, 90)) == pytest.approx(510_065_622, abs=1)
    assert world.area_km2(AREA) == pytest.approx(5.12073736, abs=1e-7)


def test_land_is_cut_at_the_antimeridian():
    for polygon in world.world()["features"][0]["geometry"]["coordinates"]:
        for (x0, y0), (x1, y1) in zip(polygon[0], polygon[0][1:], strict=False):
            assert -180 <= x1 <= 180
            assert abs(x1 - x0) < 20 or y0 == y1 == -90


def test_the_view_of_a_box_holds_it():
    (latitude, longitude), zoom = world.view_of(AREA, 720, 400)
    half = 180 / 256 / 2**zoom
    assert abs(longitude - 11.345) < 1e-9
    assert half * 720 >= 0.03 / 2
    assert half * 400 * math.cos(math.radians(latitude)) >= 0.02 / 2


def test_the_graticule_labels_count_on_past_180():
    url, (west, *_) = world.graticule((150, -40, 210, 0), 720, 400)
    assert west == 120
    assert "160%C2%B0W" in url
    assert "20%C2%B0S" in url
