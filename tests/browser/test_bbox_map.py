"""BBoxMap in JupyterLab: what the mouse and the keyboard do, Python sees."""

from __future__ import annotations

import math

import pytest

SETUP = """
from gdc_jupyter.widgets.bbox_map import BBoxMap
area = BBoxMap(center=(45, 10), zoom=4)
area
"""


class MapOnPage:
    """The map of a notebook, with the geography of its pixels."""

    def __init__(self, notebook, center, zoom):
        self.notebook, self.page = notebook, notebook.page
        self.container = self.page.locator(".gdc-bbox-map .leaflet-container")
        self.container.wait_for()
        self.page.locator(".leaflet-pm-icon-rectangle").wait_for()
        self.page.locator("path.gdc-land").first.wait_for(state="attached")
        self.latitude, self.longitude = center
        self.scale = 256 * 2**zoom / 360

    def pixel(self, longitude, latitude):
        """Return where a place is on the page, by web mercator."""
        box = self.container.bounding_box()
        x = (longitude - self.longitude) * self.scale
        y = (mercator(self.latitude) - mercator(latitude)) * self.scale
        return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y

    def draw(self, west, north, east, south):
        self.page.locator(".leaflet-pm-icon-rectangle").click()
        self.click(west, north)
        self.page.mouse.move(*self.pixel((west + east) / 2, (north + south) / 2), steps=3)
        self.click(east, south)

    def click(self, longitude, latitude):
        self.page.mouse.move(*self.pixel(longitude, latitude), steps=3)
        self.page.mouse.down()
        self.page.mouse.up()

    def drag(self, start, end):
        self.page.mouse.move(*self.pixel(*start), steps=2)
        self.page.mouse.down()
        self.page.mouse.move(*self.pixel(*end), steps=8)
        self.page.mouse.up()

    def tolerance(self):
        return 2 / self.scale


def mercator(latitude):
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)))


def field(page, name):
    return page.get_by_role("spinbutton", name=name)


def test_a_box_is_drawn_edited_dragged_typed_and_cleared(open_notebook, shot):
    notebook = open_notebook(SETUP)
    notebook.run_all()
    page = notebook.page
    map_ = MapOnPage(notebook, (45, 10), 4)
    near = map_.tolerance()

    map_.draw(2, 50, 12, 42)
    notebook.wait_for("area.bbox")
    assert notebook.value("area.bbox") == pytest.approx([2, 42, 12, 50], abs=near)
    assert field(page, "North").input_value() == f"{notebook.value('area.bbox')[3]:.6f}".rstrip("0")
    shot(notebook, "map-drawn")

    # A second one replaces the first.
    map_.draw(14, 48, 22, 40)
    notebook.wait_for("area.bbox[0] > 13")
    assert notebook.value("area.bbox") == pytest.approx([14, 40, 22, 48], abs=near)
    assert page.locator("path.gdc-box").count() == 1

    # By dragging as well, after the map was moved and without moving it; then by two clicks again.
    map_.drag((10, 45), (10.5, 45))
    notebook.wait_for("area.map.center[1] < 9.9")
    map_.longitude = notebook.value("area.map.center[1]")
    page.locator(".leaflet-pm-icon-rectangle").click()
    map_.drag((3, 49), (11, 43))
    notebook.wait_for("area.bbox[0] < 13")
    assert notebook.value("area.bbox") == pytest.approx([3, 43, 11, 49], abs=near)
    assert notebook.value("area.map.center[1]") == map_.longitude
    map_.draw(14, 48, 22, 40)
    notebook.wait_for("area.bbox[0] > 13")
    assert notebook.value("area.bbox") == pytest.approx([14, 40, 22, 48], abs=near)

    page.locator(".leaflet-pm-icon-drag").click()
    map_.drag((18, 44), (8, 46))
    notebook.wait_for("area.bbox[0] < 13")
    dragged = notebook.value("area.bbox")
    assert [dragged[0], dragged[2]] == pytest.approx([4, 12], abs=near)
    page.locator(".leaflet-pm-icon-drag").click()

    page.locator(".leaflet-pm-icon-edit").click()
    map_.drag((dragged[2], dragged[3]), (10, 46))
    notebook.wait_for("area.bbox[2] < 11")
    assert notebook.value("area.bbox") == pytest.approx([dragged[0], dragged[1], 10, 46], abs=near)
    page.locator(".leaflet-pm-icon-edit").click()

    for name, text in (("West", "5"), ("South", "43"), ("East", "11"), ("North", "47.5")):
        field(page, name).fill(text)
        field(page, name).press("Tab")
    notebook.wait_for("area.bbox == (5, 43, 11, 47.5)")
    box = page.locator("path.gdc-box").bounding_box()
    assert (box["x"], box["y"]) == pytest.approx(map_.pixel(5, 47.5), abs=3)

    field(page, "West").fill("12")
    field(page, "West").press("Enter")
    page.get_by_role("alert").filter(has_text="West (12) must be less than east (11)").wait_for()
    assert notebook.value("area.bbox") == [5, 43, 11, 47.5]
    assert field(page, "West").get_attribute("aria-invalid") == "true"
    shot(notebook, "map-refused")
    page.get_by_role("button", name="Swap west and east").press("Enter")
    notebook.wait_for("area.bbox == (11, 43, 12, 47.5)")
    assert page.get_by_role("button", name="Swap west and east").count() == 0
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "West, degrees of longitude"

    page.get_by_role("button", name="Clear").click()
    notebook.wait_for("area.bbox is None")
    assert page.locator("path.gdc-box").count() == 0
    assert field(page, "West").input_value() == ""


def test_a_box_over_the_antimeridian_and_one_from_the_keyboard(open_notebook, shot):
    notebook = open_notebook(
        "from gdc_jupyter.widgets.bbox_map import BBoxMap\narea = BBoxMap(center=(-15, -180), zoom=3)\narea"
    )
    notebook.run_all()
    map_ = MapOnPage(notebook, (-15, -180), 3)
    map_.draw(-200, 0, -160, -30)
    notebook.wait_for("area.bbox")
    assert notebook.value("area.bbox") == pytest.approx([160, -30, 200, 0], abs=map_.tolerance())
    box = notebook.page.locator("path.gdc-box").bounding_box()
    assert (box["x"], box["y"]) == pytest.approx(map_.pixel(-200, 0), abs=3)
    shot(notebook, "map-antimeridian")

    # The keyboard alone is enough.
    page = notebook.page
    page.get_by_role("button", name="Clear").press("Enter")
    notebook.wait_for("area.bbox is None")
    field(page, "West").focus()
    for text in ("11.33", "46.48", "11.36", "46.5"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    notebook.wait_for("area.bbox == (11.33, 46.48, 11.36, 46.5)")
    page.wait_for_function("() => document.querySelector('path.gdc-box').getBoundingClientRect().width > 30")
    assert "5.12 km²" in page.locator(".gdc-box-info").inner_text()
    notebook.theme("JupyterLab Dark")
    shot(notebook, "map-dark")
    notebook.theme("JupyterLab Light")
