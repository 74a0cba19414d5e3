"""BBoxMap in JupyterLab: places and views are taken, selections copied, and nothing is lost while Python is away."""

from __future__ import annotations

import os
import signal
import time

import pytest

SETUP = """
import gdc_jupyter as gdc
con = gdc.connect()
area = gdc.BBoxMap(collection=con.describe_collection("S2_ALPS"), connection=con, bands=["B04", "B08"])
area.datetime = "2022-06"
area
"""
BOX = "(11.33, 46.48, 11.36, 46.5)"
# The clipboard of a page without a window cannot be read: what is written is kept.
KEEP_COPIES = "() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }"
REFUSE_COPIES = "() => { navigator.clipboard.writeText = async () => { throw new Error('not allowed'); }; }"


@pytest.fixture
def notebook(open_notebook):
    notebook = open_notebook(SETUP)
    notebook.run_all()
    notebook.page.locator(".leaflet-pm-icon-rectangle").wait_for()
    return notebook


def test_places_and_the_view_are_taken_by_keyboard(notebook, shot):
    page = notebook.page
    place = page.get_by_role("combobox", name="Place")
    place.focus()
    page.keyboard.type("po val")
    assert notebook.value("area.bbox") is None
    page.keyboard.press("Enter")
    notebook.wait_for("area.bbox == (7.2, 44.3, 12.7, 46.1)")
    page.get_by_role("status").filter(has_text="Po valley, farmland: its box is taken.").wait_for()
    assert place.input_value() == "Po valley"
    place.fill("nowhere at all")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="No place is called 'nowhere at all'").wait_for()
    assert place.get_attribute("aria-invalid") == "true"
    # Keys that are commands of the notebook are not those of the widget.
    assert notebook.value("len(In)") > 0
    place.press("Escape")
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == 1

    page.get_by_role("button", name="Whole extent").press("Enter")
    notebook.wait_for("area.bbox and area.bbox[0] == 11.3213619")
    size = page.get_by_role("group", name="Place and selection").locator("output")
    size.filter(has_text="S2_ALPS: about 400 × 400 pixels, 7 dates, 2 bands").wait_for()
    shot(notebook, "map-selection")
    notebook.theme("JupyterLab Dark")
    shot(notebook, "map-selection-dark")
    notebook.theme("JupyterLab Light")

    notebook.value("setattr(area.map, 'zoom', 9)")
    page.get_by_role("button", name="Current view").press("Enter")
    notebook.wait_for("area.bbox[2] - area.bbox[0] > 0.5 and area.bbox == area.view")


def test_a_selection_is_copied_from_the_menu(notebook, shot):
    page = notebook.page
    notebook.value(f"setattr(area, 'bbox', {BOX})")
    page.evaluate(KEEP_COPIES)
    button = page.get_by_role("button", name="Copy as")
    button.press("Enter")
    menu = page.get_by_role("menu", name="Copy the selection as")
    assert button.get_attribute("aria-expanded") == "true"
    focused = "() => document.activeElement.textContent"
    assert page.evaluate(focused) == "openEO (Python)"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "STAC search (pystac-client)"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == "openEO (Python)"
    shot(notebook, "map-copy-as")
    # JupyterLab may take the focus away while it changes the theme.
    notebook.theme("JupyterLab Dark")
    shot(notebook, "map-copy-as-dark")
    notebook.theme("JupyterLab Light")
    page.get_by_role("menuitem", name="openEO (Python)").focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Copied: openEO (Python).").wait_for()
    assert page.evaluate("() => window.copied") == notebook.value("area.copy_as('openeo')")
    assert not menu.is_visible()
    assert page.evaluate(focused) == "Copy as"

    # What the server has to be asked for comes later.
    button.press("ArrowUp")
    page.keyboard.type("opendap")
    page.get_by_role("menuitem", name="OPeNDAP addresses").press("Enter")
    page.wait_for_function("() => window.copied.includes('/opendap/data/S2_ALPS/')", timeout=20_000)
    assert "/opendap/data/S2_ALPS/" in notebook.value("area.copy_as('dap_urls')")

    # Without a clipboard the text is there, selected.
    page.evaluate(REFUSE_COPIES)
    button.click()
    page.get_by_role("menuitem", name="Coverage address").click()
    text = page.get_by_role("textbox", name="Text to copy")
    text.wait_for()
    assert page.evaluate("() => window.getSelection().toString() || document.activeElement.value") == text.input_value()
    assert "/collections/S2_ALPS/coverage?bbox=" in text.input_value()
    shot(notebook, "map-copy-refused")
    page.get_by_role("button", name="Close", exact=True).click()
    assert not text.is_visible()
    button.press("Enter")
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    assert page.evaluate(focused) == "Copy as"


def test_nothing_is_lost_while_the_kernel_is_away(notebook, shot):
    page = notebook.page
    notebook.value(f"setattr(area, 'bbox', {BOX})")
    page.wait_for_function("() => document.querySelector('path.gdc-box').getBoundingClientRect().width > 30")
    kernel = notebook.value("__import__('os').getpid()")
    page.get_by_role("button", name="Drag the box").click()
    box = page.locator("path.gdc-box").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=3)
    os.kill(kernel, signal.SIGSTOP)
    try:
        page.mouse.move(x + 60, y, steps=4)
        page.mouse.up()
        status = page.get_by_role("status").filter(has_text="Nothing is lost")
        status.wait_for()
        shot(notebook, "map-kernel-away")
        moved = page.locator("path.gdc-box").bounding_box()
        assert moved["x"] == pytest.approx(box["x"] + 60, abs=4)
        field = page.get_by_role("spinbutton", name="North")
        field.fill("46.51")
        field.press("Enter")
    finally:
        os.kill(kernel, signal.SIGCONT)
    notebook.wait_for("area.bbox and area.bbox[3] == 46.51")
    page.get_by_role("status").filter(has_text="Nothing is lost").wait_for(state="detached")
    end = time.monotonic() + 5
    while abs(page.locator("path.gdc-box").bounding_box()["x"] - moved["x"]) > 4:
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def test_everything_on_the_map_has_a_role_and_a_name(notebook, axe, shot):
    page = notebook.page
    page.get_by_role("region", name="Map: arrow keys move it").wait_for()
    for name in ("Draw a box", "Move the corners of the box", "Drag the box", "Remove the box by a click on it"):
        page.get_by_role("button", name=name).wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll(".gdc-bbox-map a[href], .gdc-bbox-map button, .gdc-bbox-map img")]
          .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.hasAttribute("alt")))
          .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    axe(page.locator(".gdc-bbox-map"))
    page.get_by_role("button", name="Copy as").press("Enter")
    axe(page.locator(".gdc-bbox-map"))
    page.keyboard.press("Escape")
    field = page.get_by_role("spinbutton", name="West")
    field.fill("170")
    for name, text in (("South", "-20"), ("East", "-170"), ("North", "-10")):
        page.get_by_role("spinbutton", name=name).fill(text)
        page.get_by_role("spinbutton", name=name).press("Enter")
    page.get_by_role("button", name="Over the antimeridian, with east 190").wait_for()
    for theme in ("JupyterLab Dark", "JupyterLab Dark High Contrast", "JupyterLab Light"):
        notebook.theme(theme)
        shot(notebook, f"map-offers-{theme.split()[-1].lower()}")
        axe(page.locator(".gdc-bbox-map"))
    page.get_by_role("button", name="Over the antimeridian, with east 190").press("Enter")
    notebook.wait_for("area.bbox == (170, -20, 190, -10)")
