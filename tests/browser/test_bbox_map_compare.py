"""Layers of BBoxMap in JupyterLab: arrays, two of them compared by a border that is moved, and footprints of items."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

SETUP = """
import gdc_jupyter as gdc
import numpy as np
import xarray as xr

lat, lon = np.arange(50, 40, -0.1), np.arange(0, 20, 0.1)
flat = xr.DataArray(np.ones((100, 200)), {"lat": lat, "lon": lon}, ("lat", "lon"))
area = gdc.BBoxMap(center=(45, 10), zoom=6)
area.add_layer(flat, "June", colormap=["#ff0000", "#ff0000"], range=(0, 1))
area.add_layer(flat, "August", colormap=["#0000ff", "#0000ff"], range=(0, 1))
area
"""
RED, BLUE = (255, 0, 0), (0, 0, 255)
MAP = ".gdc-bbox-map .leaflet-container"


@pytest.fixture
def notebook(open_notebook):
    notebook = open_notebook(SETUP)
    notebook.run_all()
    notebook.page.locator(".leaflet-gdc-layers-pane img.leaflet-image-layer").nth(1).wait_for()
    return notebook


def colors(page, *shares):
    """Return the colours at shares of the width of the map, below its middle."""
    image = Image.open(io.BytesIO(page.locator(MAP).screenshot())).convert("RGB")
    return [image.getpixel((int(image.width * share), int(image.height * 0.62))) for share in shares]


def wait_for_colors(page, shares, wanted):
    for _ in range(50):
        if colors(page, *shares) == wanted:
            return
        page.wait_for_timeout(100)
    assert colors(page, *shares) == wanted


def test_two_layers_are_compared_by_keyboard_and_mouse(notebook, axe, shot):
    page = notebook.page
    wait_for_colors(page, (0.3, 0.7), [BLUE, BLUE])
    legend = page.get_by_role("group", name="Layers")
    legend.get_by_role("checkbox", name="Compare two layers").press("Space")
    wait_for_colors(page, (0.3, 0.7), [RED, BLUE])
    assert notebook.value("[layer.name for layer in area.compared]") == ["June", "August"]
    slider = page.get_by_role("slider", name="Border between June and August")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    wait_for_colors(page, (0.7, 0.9), [RED, BLUE])
    assert slider.get_attribute("aria-valuenow") == "80"
    assert slider.get_attribute("aria-valuetext") == "June on 80 % of the map, August on 20 %"
    notebook.wait_for("abs(area._layers._comparison.swipe.position - 0.8) < 1e-9")
    shot(notebook, "map-compare")
    axe(page.locator(".gdc-bbox-map"))
    notebook.theme("JupyterLab Dark")
    shot(notebook, "map-compare-dark")
    axe(page.locator(".gdc-bbox-map"))
    notebook.theme("JupyterLab Light")

    # The mouse, which does not move the map.
    center = notebook.value("area.map.center")
    box = slider.bounding_box()
    frame = page.locator(MAP).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.2, box["y"] - 5, steps=4)
    page.mouse.up()
    wait_for_colors(page, (0.1, 0.3), [RED, BLUE])
    assert notebook.value("area.map.center") == center
    # The border stays where it is on the screen when the map is moved and zoomed.
    notebook.value("setattr(area.map, 'center', (46, 12))")
    wait_for_colors(page, (0.17, 0.3), [RED, BLUE])
    notebook.value("setattr(area.map, 'zoom', 7)")
    wait_for_colors(page, (0.17, 0.3), [RED, BLUE])

    legend.get_by_role("combobox", name="Left of the border").select_option("August")
    wait_for_colors(page, (0.17, 0.3), [BLUE, RED])
    notebook.value("area.compare(None)")
    wait_for_colors(page, (0.17, 0.3), [BLUE, BLUE])
    assert slider.count() == 0
    assert not legend.get_by_role("checkbox", name="Compare two layers").is_checked()


def test_footprints_of_items_are_on_the_map(notebook, axe, shot):
    page = notebook.page
    notebook.value("area.remove_layer('June') or area.remove_layer('August')")
    items = [{"type": "Feature", "geometry": None, "bbox": [x, 44, x + 1.5, 45.5]} for x in np.arange(4, 12, 1.0)]
    notebook.value("setattr(area, 'collection', {'id': '<b>SCENES</b>'})")
    assert notebook.value(f"area.show_items({items!r})".replace("np.float64", "float")) == 8
    page.locator("path.gdc-item").nth(7).wait_for()
    output = page.get_by_role("group", name="Place and selection").locator("output")
    output.filter(has_text="8 items shown").wait_for()
    # What metadata say is text.
    assert page.locator(".gdc-bbox-map b").count() == 0
    page.get_by_role("alert").filter(has_text="The metadata of <b>SCENES</b> tell no extent").wait_for()
    shot(notebook, "map-items")
    axe(page.locator(".gdc-bbox-map"))
    notebook.value("setattr(area, 'bbox', (4, 44, 6, 46))")
    page.wait_for_function("() => !document.querySelector('path.gdc-item')")


def test_arrays_are_seen_with_their_legend(open_notebook, shot):
    notebook = open_notebook(
        SETUP.partition("lat, lon")[0]
        + """
import rioxarray
cube = gdc.open_collection("S2_ALPS", datetime=("2022-06-01", "2022-07-01"), bands=["B04", "B08"])
ndvi = (cube.sel(bands="B08") - cube.sel(bands="B04")) / cube.sum("bands")
ndvi = ndvi.median("t").rename("NDVI, June").rio.write_crs(32632)
area = gdc.BBoxMap(height="420px")
area.add_layer(ndvi, colormap="vegetation", range=(0, 0.9))
area.add_layer(gdc.open_collection("OSTIA_SST").isel(t=0), "Sea surface", fit=False)
area
"""
    )
    notebook.run_all()
    assert notebook.errors() == []
    page = notebook.page
    page.locator(".leaflet-gdc-layers-pane img.leaflet-image-layer").nth(1).wait_for()
    legend = page.get_by_role("group", name="Layers")
    assert legend.locator(".gdc-layer-high").last.inner_text() == "0.9"
    page.wait_for_timeout(300)
    green = np.asarray(colors(page, 0.45, 0.5, 0.55)).mean(axis=0)
    assert green[1] > green[0] > green[2]
    shot(notebook, "map-array")
    legend.get_by_role("button", name="Show the whole of Sea surface").click()
    page.wait_for_timeout(500)
    shot(notebook, "map-array-ocean")
