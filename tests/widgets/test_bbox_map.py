"""BBoxMap: one box, whichever way it comes."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest
from traitlets import TraitError

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import Selection
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


@pytest.mark.parametrize(
    ("texts", "offers"),
    [
        (("12", "46", "11", "47"), {"Swap west and east": (11, 46, 12, 47), "east 371": (12, 46, 371, 47)}),
        (
            ("170", "-20", "-170", "-10"),
            {"Swap": (-170, -20, 170, -10), "antimeridian, with east 190": (170, -20, 190, -10)},
        ),
        (("11", "47", "12", "46"), {"Swap south and north": (11, 46, 12, 47)}),
        # first this one, then that one
        (("12", "47", "11", "46"), {"Swap south and north": None}),
        (("12", "95", "11", "47"), {"Swap south and north": None}),
        (("12", "46", "11", "95"), {}),
        (("12", "46", "12", "47"), {}),
    ],
)
def test_what_swapped_corners_may_mean_is_offered(area, texts, offers):
    area.bbox = AREA
    typed(area, *texts)
    assert area.bbox == AREA
    assert len(area.fields.offers) == len(offers)
    for given, (words, box) in zip(area.fields.offers, offers.items(), strict=True):
        assert words in given["words"]
        if box is not None:
            typed(area, *given["values"])
            assert area.bbox == box
            assert area.fields.offers == []


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


def test_metadata_without_an_extent_are_told_and_taken():
    area = BBoxMap(collection={"id": "X"})
    assert "X tell no extent: draw a box" in area.fields.message
    # It is not told any longer of a collection that is no longer there.
    area.collection = None
    assert area.fields.message == ""
    area.collection = {"id": "X"}
    area.bbox = AREA
    assert (area.selection.collection, area.selection.bbox, area.fields.message) == ("X", AREA, "")
    area.close()


@pytest.mark.parametrize("wrong", ["S2_ALPS", {}, {"id": ""}, {"id": 3}])
def test_what_is_no_collection_is_refused(area, wrong):
    with pytest.raises(TraitError, match="describe_collection"):
        area.collection = wrong


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


COLLECTION = {
    "id": "SCENES",
    "extent": {"spatial": {"bbox": [[10, 40, 20, 50]]}, "temporal": {"interval": [["2022-01-01T00:00:00Z", None]]}},
    "cube:dimensions": {
        "x": {"type": "spatial", "axis": "x", "extent": [10, 20], "step": 0.01},
        "y": {"type": "spatial", "axis": "y", "extent": [40, 50], "step": 0.01},
        "t": {"type": "temporal", "values": ["2022-01-01", "2022-02-01", "2022-03-01"]},
        "bands": {"type": "bands", "values": ["red", "nir"]},
    },
    "item_assets": {"red": {"data_type": "uint8"}, "nir": {"data_type": "int16"}},
}


def test_one_selection_of_all_that_is_chosen(area):
    seen = []
    area.observe(lambda change: seen.append(change["new"]), "selection")
    assert area.selection is None
    area.collection = COLLECTION
    assert area.selection == Selection("SCENES")
    area.bbox, area.datetime, area.bands = (11, 41, 12, 42), "2022", ["nir"]
    assert area.selection == Selection("SCENES", (11, 41, 12, 42), "2022", ["nir"])
    assert area.datetime == ("2022-01-01", "2023-01-01")
    assert seen[-1] == area.selection
    assert len(seen) == 4
    with pytest.raises(TraitError):
        area.selection = None
    for name, wrong, message in (("datetime", "June", "2022-06"), ("bands", (), "at least one")):
        with pytest.raises(TraitError, match=message):
            setattr(area, name, wrong)
    area.collection = COLLECTION | {"id": "OTHER", "cube:dimensions": {"b": {"type": "bands", "values": ["blue"]}}}
    assert area.selection == Selection("OTHER", (11, 41, 12, 42), "2022")
    area.collection = None
    assert area.selection is None
    assert not [layer for layer in area.map.layers if layer.name == "footprint"]


def test_the_selection_is_measured_against_the_collection(area):
    assert (area.size, area.bar.size) == (None, "")
    area.collection = COLLECTION
    assert area.bar.size == "1\u202f000 × 1\u202f000 pixels, 3 dates, 2 bands, 9 MB"
    area.bbox, area.datetime, area.bands = (11, 41, 12, 43), "2022-01-15/2022-03-01", ("nir",)
    assert area.bar.size == "about 100 × 200 pixels, 1 date, 1 band, about 40 kB"
    assert "SCENES: about 100 × 200" in area._repr_html_()
    area.bbox = (0, 0, 1, 1)
    assert "outside of the collection" in area.bar.size


def test_places_are_gone_to_and_taken(area):
    place = area.go_to("alps")
    assert (place.name, area.bbox) == ("Alps", place.bbox)
    west, south, east, north = area.view
    assert west < 4.8 < 16.6 < east
    assert south < 43.3 < 48.4 < north
    area.go_to("Fiji", choose=False)
    assert area.bbox == place.bbox
    assert area.map.center[1] == pytest.approx(179.35, abs=0.1)
    with pytest.raises(GdcError, match="Did you mean Switzerland"):
        area.go_to("Swizerland")
    said = []
    area.bar.send = said.append
    area._on_bar(area.bar, {"action": "place", "text": "nil"}, [])
    assert (said[-1]["found"], area.bbox) == ("Nile delta", (29.5, 30.0, 32.6, 31.7))
    area._on_bar(area.bar, {"action": "place", "text": "nowhere at all"}, [])
    assert (said[-1]["found"], area.bbox) == ("", (29.5, 30.0, 32.6, 31.7))
    assert said[-1]["message"].startswith("No place is called 'nowhere at all'")


def test_the_current_view_is_taken(area):
    area.map.center, area.map.zoom = (46.5, 11.35), 12
    area._on_fields(area.fields, {"action": "view"}, [])
    assert area.bbox == pytest.approx(area.view)
    west, _, east, _ = area.bbox
    assert (west + east) / 2 == pytest.approx(11.35)
    assert east - west == pytest.approx(720 * 360 / 256 / 2**12)
    area.map.center, area.map.zoom = (0, 30), 1
    area._on_fields(area.fields, {"action": "view"}, [])
    assert area.bbox[0::2] == (-180, 180)
    assert area.bbox[3] <= 90


def test_the_selection_is_copied(area):
    with pytest.raises(GdcError, match="There is no box"):
        area.copy_as("bbox")
    with pytest.raises(GdcError, match="needs a collection"):
        area.copy_as("openeo")
    assert area.bar.copies == []
    area.bbox = AREA
    texts = {copy["kind"]: copy["text"] for copy in area.bar.copies}
    assert texts["bbox"] == "11.33, 46.48, 11.36, 46.5"
    assert texts["spatial_extent"] == '{"west": 11.33, "south": 46.48, "east": 11.36, "north": 46.5}'
    assert json.loads(texts["geojson"])["coordinates"][0][2] == [11.36, 46.5]
    area.collection = COLLECTION
    texts = {copy["kind"]: copy["text"] for copy in area.bar.copies}
    assert list(texts) == [
        "openeo",
        "stac",
        "xarray",
        "dap",
        "coverage",
        "dap_urls",
        "bbox",
        "spatial_extent",
        "geojson",
    ]
    # Which server has it is asked for when it is wanted.
    assert [kind for kind, text in texts.items() if not text] == ["coverage", "dap_urls"]
    assert texts["openeo"] == area.copy_as("openeo")
    area.connection = SimpleNamespace(root_url="https://example.org/openeo/")
    texts = {copy["kind"]: copy["text"] for copy in area.bar.copies}
    assert texts["coverage"] == "https://example.org/openeo/collections/SCENES/coverage?bbox=11.33,46.48,11.36,46.5"
    assert 'openeo.connect("https://example.org/openeo/")' in texts["openeo"]


def test_why_something_cannot_be_copied_is_told(area):
    area.collection = COLLECTION
    area.connection = SimpleNamespace(root_url="http://127.0.0.1:9/", auth=None)
    said = []
    area.bar.send = said.append
    area._send_copy("dap_urls", "view")
    assert said[0]["message"].startswith("http://127.0.0.1:9/")
    assert (said[0]["text"], said[0]["view"]) == ("", "view")


def test_a_site_configures_tiles_and_home(monkeypatch):
    monkeypatch.setenv("GDC_MAP_TILES", "https://tiles.example.org/{z}/{x}/{y}.png")
    monkeypatch.setenv("GDC_MAP_ATTRIBUTION", "<b>Site</b>")
    monkeypatch.setenv("GDC_MAP_HOME", "Nile delta")
    area = BBoxMap()
    assert [layer.url for layer in area.map.layers] == ["https://tiles.example.org/{z}/{x}/{y}.png"]
    assert area.map.center == pytest.approx([30.85, 31.05], abs=0.05)
    [credit] = [control for control in area.map.controls if control._model_name == "LeafletAttributionControlModel"]
    assert credit.prefix == "&lt;b&gt;Site&lt;/b&gt;"
    area.close()
    offline = BBoxMap(tiles="", center=(1, 2))
    assert offline.map.layers[0].name == "world"
    assert offline.map.center == [1, 2]
    offline.close()
    monkeypatch.setenv("GDC_MAP_HOME", "10,40,12,42")
    monkeypatch.setenv("GDC_MAP_TILES", "https://tiles.example.org/")
    area = BBoxMap()
    assert area.map.center == pytest.approx([41, 11], abs=0.05)
    assert "is no template of tiles" in area.fields.message
    area.close()
    monkeypatch.setenv("GDC_MAP_HOME", "no such place")
    area = BBoxMap()
    assert "home of maps is not understood. No place is called" in area.fields.message
    area.close()
