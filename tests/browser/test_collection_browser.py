"""The browser of collections, in a notebook and in the side bar: search, look, choose, and get code."""

from __future__ import annotations

import time

import pytest

CELLS = """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells.map((cell) => cell.source)"""


def cells(page):
    return [source if isinstance(source, str) else "".join(source) for source in page.evaluate(CELLS)]


def wait_for_cells(page, check, seconds=10):
    end = time.monotonic() + seconds
    while not check(cells(page)):
        assert time.monotonic() < end, cells(page)
        page.wait_for_timeout(50)


def listbox(page):
    return page.get_by_role("listbox", name="Collections")


@pytest.fixture
def browse(open_notebook):
    """A notebook with a browser of these sources."""

    def open_it(*sources: str, **options):
        notebook = open_notebook(
            f"import gdc_jupyter as gdc\nimport openeo\npick = gdc.CollectionBrowser({', '.join(sources)})\npick",
            **options,
        )
        notebook.run_all()
        assert notebook.errors() == []
        listbox(notebook.page).wait_for()
        return notebook

    return open_it


def test_a_part_of_a_collection_is_chosen_by_keyboard_and_becomes_code_that_runs(browse, axe, shot):
    notebook = browse("gdc.connect()", width=1300, height=1000)
    page = notebook.page
    page.get_by_text("4 collections").wait_for()
    page.get_by_role("searchbox", name="Search collections").focus()
    page.keyboard.type("alps synthetic")
    page.get_by_text("2 of 4 collections").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    details = page.get_by_role("article", name="Synthetic Sentinel-2-like season")
    details.get_by_role("img", name="Quick look").wait_for()
    details.get_by_role("img", name="44 dates").wait_for()
    assert notebook.value("pick.selection.collection") == "S2_ALPS"
    assert page.evaluate("() => document.activeElement.getAttribute('role')") == "listbox"
    axe(page.locator(".gdc-Collections"))
    shot(notebook, "collections-widget")

    details.get_by_role("textbox", name="West").focus()
    for edge in ("11.345", "46.495", "11.35", "46.499"):
        page.keyboard.type(edge)
        page.keyboard.press("Tab")
    details.get_by_label("From").fill("2022-06-01")
    details.get_by_label("Before").fill("2022-07-01")
    details.get_by_role("checkbox", name="B04").focus()
    page.keyboard.press("Space")
    notebook.wait_for("pick.selection.bands")
    assert notebook.value("[pick.bbox, pick.datetime, pick.bands]") == [
        [11.345, 46.495, 11.35, 46.499],
        ["2022-06-01", "2022-07-01"],
        ["B04"],
    ]
    details.get_by_text("7 items").wait_for()
    notebook.wait_for("len(pick.items) == 7")
    assert notebook.value("pick.items[0]['geometry']['type']") == "Polygon"

    details.get_by_role("combobox", name="Code").select_option("xarray")
    details.get_by_role("button", name="Insert code").press("Enter")
    wait_for_cells(page, lambda found: len(found) == 2)
    assert cells(page)[1] == notebook.value("pick.snippet('xarray')") == notebook.value("pick.code")
    axe(page.locator(".gdc-Collections"))
    shot(notebook, "collections-widget-chosen")
    notebook.run_all()
    assert notebook.errors() == []
    assert notebook.value("dict(data.sizes)")["t"] == 7

    notebook.theme("JupyterLab Dark")
    shot(notebook, "collections-widget-dark")
    axe(page.locator(".gdc-Collections"))
    notebook.theme("JupyterLab Light")


def test_code_is_replaced_by_the_next_pick_but_never_what_somebody_wrote(browse):
    notebook = browse("gdc.connect()")
    page = notebook.page
    insert = page.get_by_role("button", name="Insert code")
    for name in ("S2_ALPS", "OSTIA_SST"):
        listbox(page).get_by_role("option", name=name).filter(has_text=name).first.click()
        page.get_by_role("article").get_by_text(name, exact=True).wait_for()
        insert.click()
        wait_for_cells(page, lambda found, name=name: len(found) == 2 and name in found[1])
    page.evaluate(
        """() => {
          const { model } = window.jupyterapp.shell.currentWidget.content.widgets[1];
          model.sharedModel.setSource(`${model.sharedModel.getSource()}\\n# my own`);
        }"""
    )
    insert.click()
    wait_for_cells(page, lambda found: len(found) == 3)
    assert cells(page)[2].endswith("# my own")
    assert cells(page)[1] == notebook.value("pick.code")


def test_what_python_sets_is_shown(browse, stac_api):
    notebook = browse("gdc.connect()", repr(stac_api.url))
    page = notebook.page
    notebook.value("[setattr(pick, *pair) for pair in (('bbox', (6, 44, 8, 45)), ('selected', 'scenes'))] and None")
    details = page.get_by_role("article", name="Scenes of the Alps")
    details.wait_for()
    assert details.get_by_role("textbox", name="East").input_value() == "8"
    assert listbox(page).get_by_role("option", selected=True).text_content().startswith("Scenes of the Alps")
    # A plain STAC API has items, and code for them alone.
    assert details.get_by_role("combobox", name="Code").locator("option").all_text_contents() == [
        "STAC search (pystac-client)"
    ]
    details.get_by_text("20 of 27 items").wait_for()
    details.get_by_role("list", name="Items").scroll_into_view_if_needed()
    details.get_by_role("list", name="Items").locator("img").first.wait_for()
    details.get_by_role("button", name="More items").focus()
    page.keyboard.press("Enter")
    details.get_by_text("27 of 27 items").wait_for()
    details.get_by_role("img", name="Availability over time").wait_for()
    details.get_by_role("button", name="Choose the date 2023-01-02").click()
    notebook.wait_for("pick.datetime == ('2023-01-02', '2023-01-03')")


def test_two_thousand_collections_are_filtered_within_50_ms_of_a_key(browse, large_federation, axe, shot):
    notebook = browse(f"openeo.connect({large_federation.url!r})", width=1300, height=1000)
    page = notebook.page
    page.get_by_text("2000 collections").wait_for(timeout=30_000)
    page.get_by_role("searchbox", name="Search collections").focus()
    page.evaluate(
        """() => {
          window.delays = [];
          document.addEventListener('keydown', () => {
            const pressed = performance.now();
            // After the next picture is drawn, which the list and the counts are in.
            const drawn = () => window.delays.push(performance.now() - pressed);
            document.addEventListener('input', () => requestAnimationFrame(() => setTimeout(drawn)), { once: true });
          }, true);
        }"""
    )
    for key in "temper":
        page.keyboard.press(key)
        page.wait_for_timeout(150)
    delays = sorted(page.evaluate("() => window.delays"))
    assert len(delays) == 6
    print("milliseconds from key to list:", [round(delay, 1) for delay in delays])
    # Other programs on the machine slow some of them down.
    assert delays[1] < 50

    page.get_by_role("button", name="Filters").click()
    facets = page.get_by_role("group", name="Filters")
    keywords = facets.get_by_role("group", name="Keywords")
    keywords.get_by_role("button", name="Keywords").click()
    keywords.get_by_role("checkbox", name="tundra").check()
    page.get_by_role("button", name="Clear filters").wait_for()
    axe(page.locator(".gdc-Collections"))
    shot(notebook, "collections-filters")
    listbox(page).focus()
    page.keyboard.press("End")
    active = page.evaluate(
        """() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).ariaPosInSet"""
    )
    assert f"{active} of 2000 collections" in page.locator(".gdc-Collections-count").text_content()


def test_markup_in_metadata_is_text(browse, federation, stac_api, axe):
    notebook = browse(f"openeo.connect({federation.url!r})", repr(stac_api.url))
    page = notebook.page
    for title in (
        "<img src=x onerror=",
        "<script>window.attacked = 'stac'",
        "With odd values",
        "Without an extent",
        "NULL_FIELDS",
    ):
        page.get_by_role("searchbox", name="Search collections").fill(title)
        listbox(page).get_by_role("option").filter(has_text=title).click()
        page.get_by_role("article").filter(has_text=title).get_by_role("img", name="Map of the area").wait_for()
    page.get_by_role("searchbox", name="Search collections").fill("MARKUP bold")
    listbox(page).get_by_role("option").filter(has_text="<img src=x").click()
    page.get_by_role("article").get_by_text("<script>window.attacked = 'description'</script>").wait_for()
    axe(page.locator(".gdc-Collections"))
    assert page.evaluate("() => window.attacked") is None
    assert page.locator(".gdc-Collections a[href^='javascript']").count() == 0


def test_what_was_loaded_stays_when_a_server_fails_and_comes_back_with_it(browse, federation, stac_api, shot):
    federation.control(fail=["GET /collections$"])
    stac_api.control(delay={"token=": 0, "/collections": 0.3})
    notebook = browse("gdc.connect()", f"openeo.connect({federation.url!r})", repr(stac_api.url), height=1000)
    page = notebook.page
    alert = page.get_by_role("alert")
    alert.get_by_role("button", name="Try again").wait_for()
    page.get_by_text("10 collections").wait_for()
    shot(notebook, "collections-problem")
    federation.control(fail=[])
    alert.get_by_role("button", name="Try again").click()
    page.get_by_text("30 collections").wait_for()
    assert alert.count() == 0

    federation.stop()
    page.get_by_role("button", name="Load the collections again").click()
    alert.filter(has_text="does not answer").wait_for()
    page.get_by_text("30 collections").wait_for()
    listbox(page).get_by_role("option").filter(has_text="SENTINEL2_L2A").click()
    page.get_by_role("article", name="Sentinel-2 surface reflectance").get_by_role("alert").wait_for()
    # What the list had is enough to choose.
    page.get_by_role("checkbox", name="B04").check()
    notebook.wait_for("pick.bands == ('B04',)")


@pytest.fixture
def panel(open_notebook):
    """A notebook beside the panel."""
    notebook = open_notebook("first = 1", "last = 2", width=1300, height=1000)
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('gdc:show-collections')")
    return notebook, notebook.page.get_by_role("region", name="Collections", exact=True)


def test_the_panel_puts_code_into_the_notebook_and_is_there_after_a_reload(panel, axe, shot):
    notebook, side = panel
    page = notebook.page
    side.get_by_text("4 collections").wait_for()
    side.get_by_role("option").filter(has_text="S2_ALPS").first.click()
    shot(notebook, "collections-panel")
    side.get_by_text("20 of 44 items").wait_for()
    side.locator(".gdc-QuickLook").scroll_into_view_if_needed()
    side.get_by_role("img", name="Quick look").wait_for()
    shot(notebook, "collections-panel-scrolled")
    axe(side)
    side.get_by_role("checkbox", name="B08").check()
    side.get_by_role("button", name="Insert code").press("Enter")
    wait_for_cells(page, lambda found: len(found) == 3)
    assert cells(page)[1].startswith("import gdc_jupyter as gdc")
    assert 'bands=["B08"]' in cells(page)[1]
    notebook.theme("JupyterLab Dark")
    shot(notebook, "collections-panel-dark")
    notebook.theme("JupyterLab Dark High Contrast")
    page.wait_for_timeout(500)
    shot(notebook, "collections-panel-contrast")
    axe(side)
    notebook.theme("JupyterLab Light")

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1500)
    page.goto(page.url.split("?")[0])
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=60_000)
    side.get_by_role("article", name="Synthetic Sentinel-2-like season").wait_for(timeout=20_000)
    assert side.get_by_role("checkbox", name="B08").is_checked()
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.content?.model?.cells.length === 3")
    side.get_by_role("option").filter(has_text="OSTIA_SST").click()
    side.get_by_role("article", name="Monthly sea surface").wait_for()
    side.get_by_role("button", name="Insert code").click()
    wait_for_cells(page, lambda found: len(found) == 3 and "OSTIA_SST" in found[1])


def test_a_collection_is_dragged_from_the_panel_into_the_notebook(panel):
    notebook, side = panel
    page = notebook.page
    row = side.get_by_role("option").filter(has_text="OSTIA_SST").bounding_box()
    last = page.locator(".jp-Notebook .jp-Cell").nth(1).bounding_box()
    page.mouse.move(row["x"] + 40, row["y"] + 20)
    page.mouse.down()
    page.mouse.move(row["x"] + 80, row["y"] + 30, steps=4)
    page.mouse.move(last["x"] + 200, last["y"] + 10, steps=8)
    page.mouse.up()
    wait_for_cells(page, lambda found: len(found) == 3)
    assert "OSTIA_SST" in cells(page)[1]
    assert cells(page)[2] == "last = 2"


def test_without_a_notebook_the_panel_shows_the_code_to_be_copied(open_lab):
    opened = open_lab(width=1300)
    page = opened.page
    page.evaluate("() => window.jupyterapp.commands.execute('gdc:show-collections')")
    side = page.get_by_role("region", name="Collections", exact=True)
    side.get_by_role("option").filter(has_text="OSTIA_SST").click()
    side.get_by_role("button", name="Insert code").click()
    side.get_by_text("There is no notebook that takes the code: copy it.").last.wait_for()
    assert "OSTIA_SST" in side.get_by_role("region", name="Code of the selection").text_content()
