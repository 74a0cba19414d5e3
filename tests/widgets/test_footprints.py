"""Footprints of items on a map."""

from __future__ import annotations

import datetime as dt
from itertools import count

import pystac
import pytest

from gdc_jupyter.widgets.bbox_map import BBoxMap
from gdc_jupyter.widgets.footprints import footprint


def polygon(*corners):
    return {"type": "Polygon", "coordinates": [[*map(list, corners), list(corners[0])]]}


def item(identifier=0, geometry=None, bbox=(10, 45, 11, 46)):
    return {"type": "Feature", "id": str(identifier), "geometry": geometry, "bbox": list(bbox), "properties": {}}


@pytest.fixture
def area():
    widget = BBoxMap()
    yield widget
    widget.close()


def features(area):
    return [feature for layer in area.map.layers if layer.name == "items" for feature in layer.data["features"]]


@pytest.mark.parametrize(
    ("given", "longitudes"),
    [
        (item(geometry=polygon((10, 45), (11, 45), (11, 46))), {10, 11}),
        (item(), {10, 11}),
        # as RFC 7946 has it: cut, with west greater than east
        (
            item(
                geometry={
                    "type": "MultiPolygon",
                    "coordinates": [
                        polygon((178, -20), (180, -20), (180, -10))["coordinates"],
                        polygon((-180, -20), (-177, -20), (-180, -10))["coordinates"],
                    ],
                },
                bbox=(178, -20, -177, -10),
            ),
            {178, 180, 183},
        ),
        # in one piece, with a box around the world
        (item(geometry=polygon((178, -20), (-177, -20), (-177, -10)), bbox=(-180, -20, 180, -10)), {178, 183}),
        (item(geometry=polygon((-177, -20), (178, -20), (178, -10)), bbox=(-180, -20, 180, -10)), {-177, -182}),
        (item(bbox=(178, -20, 0, -177, -10, 100)), {178, 183}),
    ],
)
def test_longitudes_go_on_over_the_antimeridian(given, longitudes):
    def points(value):
        return [value] if isinstance(value[0], int | float) else [each for part in value for each in points(part)]

    assert {x for x, _ in points(footprint(given)["coordinates"])} == longitudes


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"bbox": None, "geometry": "POINT(1 2)"},
        {"bbox": ["<b>", 1, 2, 3], "geometry": {"type": "Polygon"}},
        {"geometry": {"type": "Polygon", "coordinates": [[["a", "b"]]]}},
    ],
)
def test_what_has_no_footprint_is_left_out(odd, area):
    assert footprint(odd) is None
    assert area.show_items([odd, item()]) == 1
    assert area.bar.note == "2 items shown, 1 without a footprint"


def test_items_are_shown_in_place_of_others_and_go_with_the_selection(area):
    area.collection = {"id": "SCENES"}
    assert area.show_items({"type": "FeatureCollection", "features": [item(0), item(1)]}) == 2
    assert area.bar.note == "2 items shown"
    assert "2 items shown" in area._repr_html_()
    known = pystac.Item("a", polygon((1, 2), (3, 2), (3, 4)), [1, 2, 3, 4], dt.datetime(2022, 6, 1), {})
    assert area.show_items(pystac.ItemCollection([known])) == 1
    assert [feature["geometry"]["coordinates"][0][0] for feature in features(area)] == [[1, 2]]
    area.bbox = (1, 2, 3, 4)
    assert (features(area), area.bar.note) == ([], "")
    area.collection = None
    area.show_items([item()])
    area.bbox = None
    assert features(area) == []
    assert area.show_items([]) == 0
    assert area.bar.note == "no items"


def test_no_more_items_are_asked_for_than_are_shown(area):
    asked = []

    class Search:
        def items(self):
            for number in count():
                asked.append(number)
                yield item(number)

    assert area.show_items(Search(), limit=20) == 20
    assert len(asked) == 21
    assert area.bar.note == "the first 20 items are shown, there are more"


def test_the_other_side_of_the_antimeridian_is_shown_as_well(area):
    area.show_items([item(bbox=(178, -20, -177, -10))])
    wests = [feature["geometry"]["coordinates"][0][0][0] for feature in features(area)]
    assert wests == [178, -182]
