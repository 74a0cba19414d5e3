"""Data files in JupyterLab's file browser become collections, and are seen on a map in a notebook."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def weather(lab):
    """A NetCDF file in the root folder of the server, and a text beside it."""
    cube = xr.Dataset(
        {"temperature": (("time", "lat", "lon"), np.arange(2400.0).reshape(2, 30, 40))},
        coords={
            "time": np.array(["2024-01-01", "2024-01-02"], "datetime64[ns]"),
            "lat": ("lat", np.linspace(48, 46, 30), {"units": "degrees_north"}),
            "lon": ("lon", np.linspace(8, 11, 40), {"units": "degrees_east"}),
        },
        attrs={"title": "Weather of the Alps"},
    )
    cube.to_netcdf(lab.root / "weather.nc")
    (lab.root / "notes.txt").write_text("no data")
    (lab.root / "broken.tif").write_text("no data")
    yield "weather.nc"
    for name in ("weather.nc", "notes.txt", "broken.tif"):
        (lab.root / name).unlink()


def choose(page, file, command):
    page.get_by_role("listitem", name=file).click(button="right")
    page.get_by_role("menu").get_by_role("menuitem", name=command).click()


def test_a_file_becomes_a_collection_and_is_seen_on_a_map(open_lab, weather, shot):
    opened = open_lab(width=1400)
    page = opened.page
    page.get_by_role("listitem", name="notes.txt").click(button="right")
    menu = page.get_by_role("menu")
    menu.get_by_role("menuitem", name="Rename").wait_for()
    assert menu.get_by_role("menuitem", name="Add as Collection").count() == 0
    page.keyboard.press("Escape")
    shot(opened, "lab-launcher")

    choose(page, "weather.nc", "Add as Collection")
    page.get_by_role("alert").filter(has_text="weather.nc is a collection now: Weather of the Alps.").wait_for()
    shot(opened, "lab-file-added")
    choose(page, "broken.tif", "Add as Collection")
    page.get_by_role("alert").filter(has_text="broken.tif was not added: ").wait_for()

    choose(page, "weather.nc", "Show on Map")
    page.locator("path.gdc-footprint").wait_for(timeout=60_000)
    page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === "idle" """
    )
    assert opened.errors() == []
    page.locator("img.leaflet-tile-loaded").first.wait_for()
    page.wait_for_timeout(500)
    shot(opened, "lab-file-on-map")
