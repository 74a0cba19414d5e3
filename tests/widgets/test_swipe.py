"""Two layers of a map are compared."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gdc_jupyter.errors import GdcError
from gdc_jupyter.widgets.bbox_map import BBoxMap
from gdc_jupyter.widgets.swipe import Swipe


@pytest.fixture
def area():
    widget = BBoxMap()
    lat, lon = np.arange(47, 46, -0.1), np.arange(11, 12, 0.1)
    array = xr.DataArray(np.arange(100.0).reshape(10, 10), {"lat": lat, "lon": lon}, ("lat", "lon"))
    for name in ("June", "July", "August"):
        widget.add_layer(array, name)
    yield widget
    widget.close()


def swipes(area):
    return [control for control in area.map.controls if isinstance(getattr(control, "widget", None), Swipe)]


def test_two_layers_are_compared_and_others_in_their_place(area):
    june, july, august = area.layers
    assert area.compared is None
    area.compare("June", august)
    assert area.compared == (june, august)
    swipe = area._layers._comparison.swipe
    assert (swipe.left, swipe.right) == (june.leaflet.model_id, august.leaflet.model_id)
    assert (swipe.names, swipe.position) == (["June", "August"], 0.5)
    assert area._layers.panel.compared == [june.id, august.id]
    swipe.position = 0.3
    area.compare(july, june)
    assert area._layers._comparison.swipe is swipe
    assert (swipe.left, swipe.position) == (july.leaflet.model_id, 0.3)
    assert len(swipes(area)) == 1
    area.compare(None)
    area.compare(None)
    assert (area.compared, area._layers.panel.compared, swipes(area)) == (None, [], [])


def test_a_comparison_ends_with_one_of_its_layers(area):
    area.compare("June", "July")
    area.remove_layer("August")
    assert area.compared is not None
    area.remove_layer("July")
    assert area.compared is None


def test_what_cannot_be_compared_is_told(area):
    with pytest.raises(GdcError, match="no layer 'May' on this map; there are: June, July, August"):
        area.compare("June", "May")
    for pair in (("June", "June"), ("June", None), (None, "June")):
        with pytest.raises(GdcError, match="Two layers are compared"):
            area.compare(*pair)
    assert area.compared is None


def test_the_legend_compares(area):
    june, july, _ = area.layers

    def do(**message):
        area._layers._on_legend(area._layers.panel, {"action": "compare"} | message, [])

    do(left=june.id, right=july.id)
    assert area.compared == (june, july)
    do(left=june.id, right=june.id)
    assert area.compared is None
    do(left=july.id, right=june.id)
    do(left=None, right=None)
    assert area.compared is None
