"""The workbench in JupyterLab: from an empty notebook to an NDVI map in five actions at most."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

LOADED = """() => {
  const tiles = [...document.querySelectorAll(".leaflet-gdc-layers-pane img.leaflet-tile")];
  return tiles.length && tiles.every((tile) => tile.matches(".leaflet-tile-loaded") && tile.naturalWidth > 0);
}"""


class Actions:
    """What a person does, counted."""

    def __init__(self, page):
        self.page = page
        self.count = 0

    def run_line(self, code):
        """Type a line into the first cell, and run it."""
        self.count += 1
        self.page.locator(".jp-Notebook .cm-content").first.click()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Shift+Enter")

    def click(self, locator):
        self.count += 1
        locator.click()

    def drag(self, start, end):
        """Draw from one point to another with the mouse."""
        self.count += 1
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=8)
        self.page.mouse.up()


def greenness(page):
    """Return how much of the middle of the map is green, from 0 to 1."""
    page.wait_for_timeout(400)
    picture = page.locator(".gdc-bbox-map .leaflet-container").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    height, width = pixels.shape[:2]
    middle = pixels[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    red, green, blue = (middle[..., channel] for channel in range(3))
    return float(np.mean((green > red + 10) & (green > blue + 10)))


def test_from_an_empty_notebook_to_an_ndvi_map_in_five_actions(open_notebook, shot, axe):
    notebook = open_notebook("", width=1300, height=1100)
    page = notebook.page
    person = Actions(page)

    person.run_line("import gdc_jupyter as gdc; bench = gdc.Workbench(); bench")
    person.click(page.get_by_role("option", name="S2_ALPS").first)
    page.get_by_role("button", name="NDVI", exact=True).wait_for(timeout=20_000)
    person.click(page.get_by_role("button", name="Whole extent"))
    person.click(page.get_by_role("button", name="NDVI", exact=True))

    page.get_by_role("status").filter(has_text="NDVI is on the map.").wait_for(timeout=30_000)
    # The samples are made when they are first asked for, which takes a while on a busy machine.
    page.wait_for_function(LOADED, timeout=120_000)
    assert person.count <= 5
    assert notebook.value("[layer.name for layer in bench.area.layers]") == ["NDVI"]
    assert notebook.value("bench.selection.collection") == "S2_ALPS"
    assert greenness(page) > 0.3
    shot(notebook, "workbench")
    notebook.theme("JupyterLab Dark")
    shot(notebook, "workbench-dark")
    notebook.theme("JupyterLab Light")
    axe(page.locator(".gdc-workbench"))

    # And on, to a finished job.
    page.get_by_role("button", name="Run as job").click()
    page.get_by_role("tab", name="Jobs").and_(page.locator("[aria-selected=true]")).wait_for(timeout=20_000)
    notebook.wait_for("bench.jobs.jobs and bench.jobs.jobs[0]['status'] == 'finished'", 30)
    shot(notebook, "workbench-job")

    # Its graph comes back into the editor, and the focus of the keyboard with it.
    page.locator(".gdc-workbench").get_by_role("button", name="Open graph").press("Enter")
    focused = page.locator(".gdc-workbench [role=treeitem]:focus")
    focused.wait_for()
    assert notebook.value("bench._tabs.selected_index") == 0
    tabs = page.locator(".gdc-workbench .lm-TabBar-tab")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    notebook.wait_for("bench._tabs.selected_index == 1")
    assert notebook.errors() == []


def test_the_launcher_has_a_card_for_it(open_lab, shot):
    page = open_lab(width=1300, height=1000).page
    page.get_by_role("button", name="Workbench").or_(
        page.locator(".jp-LauncherCard[title*='around one selection']")
    ).click()
    page.get_by_role("option", name="S2_ALPS").first.wait_for(timeout=60_000)
    page.get_by_role("group", name="Compute").wait_for()
