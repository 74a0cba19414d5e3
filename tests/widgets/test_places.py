"""The offline list of places."""

from __future__ import annotations

import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import normalise_bbox
from gdc_jupyter.widgets.places import find_place, places


def test_all_are_boxes_with_names_of_their_own():
    assert len(places()) > 200
    assert len({place.name.casefold() for place in places()}) == len(places())
    for place in places():
        assert normalise_bbox(place.bbox) == place.bbox, place


@pytest.mark.parametrize(
    ("name", "longitude", "latitude"),
    [
        # capitals, summits and stations
        ("Kenya", 36.82, -1.29),
        ("Brazil", -47.88, -15.79),
        ("Japan", 139.69, 35.69),
        ("Norway", 10.75, 59.91),
        ("New Zealand", 174.78, -41.29),
        ("Fiji", 178.44, -18.14),
        ("Russia", 37.62, 55.75),
        ("United States, contiguous", -77.04, 38.91),
        ("Alps", 6.865, 45.833),
        ("Himalaya", 86.925, 27.988),
        ("Etna", 14.999, 37.751),
        ("Kilimanjaro", 37.355, -3.067),
        ("Lake Victoria", 33.0, -1.0),
        ("Okavango delta", 22.9, -19.3),
        ("Po valley", 10.33, 44.8),
        ("Niño 3.4", -145.0, 0.0),
    ],
)
def test_what_is_known_to_lie_in_a_place_does(name, longitude, latitude):
    west, south, east, north = find_place(name).bbox
    assert west < longitude < east
    assert south < latitude < north


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("alps", "Alps"),
        ("  ALPS ", "Alps"),
        ("nino", "Niño 3.4"),
        ("cote d'ivoire", "Côte d'Ivoire"),
        ("guinea", "Guinea"),
        ("united k", "United Kingdom"),
        ("everest", "Mount Everest"),
        ("ivoire", "Côte d'Ivoire"),
        ("weden", "Sweden"),
    ],
)
def test_names_are_found_by_their_beginnings_and_parts(text, name):
    assert find_place(text).name == name


@pytest.mark.parametrize("text", ["", "   ", "xyzzy", "<b>"])
def test_other_names_are_not_found(text):
    with pytest.raises(GdcError, match="No place is called"):
        find_place(text)


def test_names_that_are_written_alike_are_offered():
    with pytest.raises(GdcError, match="Did you mean Germany"):
        find_place("Germny")
