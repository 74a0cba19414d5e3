"""GraphBuilder in JupyterLab: a graph is made by the keyboard alone, checked, shown on a map and given away."""

from __future__ import annotations

import re

import pytest

BUILDER = """
import gdc_jupyter as gdc
con = gdc.connect()
graph = gdc.GraphBuilder(con)
graph
"""
NDVI = {
    "load1": {
        "process_id": "load_collection",
        "arguments": {
            "id": "S2_ALPS",
            "spatial_extent": {"west": 11.33, "south": 46.48, "east": 11.36, "north": 46.50},
            "temporal_extent": ["2022-06-01", "2022-07-01"],
            "bands": ["B04", "B08"],
        },
    },
    "ndvi1": {"process_id": "ndvi", "arguments": {"data": {"from_node": "load1"}, "nir": "B08", "red": "B04"}},
    "reduce1": {
        "process_id": "reduce_dimension",
        "arguments": {
            "data": {"from_node": "ndvi1"},
            "dimension": "t",
            "reducer": {
                "process_graph": {
                    "median1": {
                        "process_id": "median",
                        "arguments": {"data": {"from_parameter": "data"}},
                        "result": True,
                    }
                }
            },
        },
        "result": True,
    },
}
ODD = {
    "load1": NDVI["load1"],
    "magic": {
        "process_id": "<b>magic</b>",
        "namespace": "https://elsewhere.example",
        "x-kept": [1, {"a": None}],
        "arguments": {"data": {"from_node": "load1"}, "spell": {"words": ["<script>alert(1)</script>"]}},
        "result": True,
    },
}


def is_focused(locator):
    return locator.evaluate("(element) => element === document.activeElement")


def tab_to(page, locator, key="Tab"):
    """Press Tab until an element has the focus."""
    for _ in range(40):
        if is_focused(locator):
            return
        page.keyboard.press(key)
    raise AssertionError(f"Tab does not reach {locator}")


def editor(page):
    return page.locator(".gdc-GraphEditor")


def opened(open_notebook, *sources, **options):
    notebook = open_notebook(*(sources or (BUILDER,)), **options)
    notebook.run_all()
    assert notebook.errors() == []
    notebook.page.set_default_timeout(10_000)
    notebook.page.locator(".gdc-GraphEditor").wait_for()
    return notebook


def field(page, argument):
    return page.locator(f".gdc-Field[data-argument='{argument}']")


def steps(page):
    return page.get_by_role("tree", name="Steps").get_by_role("treeitem")


def test_ndvi_is_built_by_the_keyboard_alone(open_notebook, axe, shot):
    notebook = opened(open_notebook, width=1300)
    page, keys = notebook.page, notebook.page.keyboard
    palette = page.get_by_role("combobox", name="Add a step")
    palette.focus()
    keys.type("load a coll")
    option = page.get_by_role("option", name=re.compile("^load_collection"))
    option.wait_for()
    shot(notebook, "graph-palette")
    keys.press("Enter")

    # The first field without a value has the focus.
    page.wait_for_function("() => document.activeElement.closest('[data-argument=id]')")
    keys.type("S2_ALPS")
    for edge, value in (("West", "11.33"), ("South", "46.48"), ("East", "11.36"), ("North", "46.50")):
        tab_to(page, field(page, "spatial_extent").get_by_label(edge, exact=True))
        keys.type(value)
    tab_to(page, field(page, "temporal_extent").get_by_label("From"))
    keys.type("2022-06-01")
    keys.press("Tab")
    keys.type("2022-07-01")
    kind = page.get_by_role("combobox", name="Kind of value of bands")
    tab_to(page, kind)
    keys.type("Bands")
    field(page, "bands").get_by_role("checkbox", name="B08").wait_for()
    for band in ("B04", "B08"):
        tab_to(page, field(page, "bands").get_by_role("checkbox", name=band))
        keys.press("Space")

    # Back to the tree; the next step takes in the one before.
    keys.press("Escape")
    assert is_focused(page.get_by_role("treeitem", name=re.compile("^load_collection1")))
    keys.press("Insert")
    keys.type("ndvi")
    keys.press("Enter")
    page.get_by_role("treeitem", name=re.compile("^ndvi1, ndvi, result, takes in load_collection1")).wait_for()
    keys.press("Insert")
    keys.type("reduce_dim")
    keys.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('[data-argument=dimension]')")
    keys.type("t")
    tab_to(page, field(page, "reducer").get_by_role("button", name="Add its first step"), "Shift+Tab")
    keys.press("Enter")
    page.wait_for_function("() => document.activeElement.getAttribute('role') === 'combobox'")
    keys.type("median")
    keys.press("Enter")
    page.get_by_role("treeitem", name=re.compile("^median1, median, result, takes in {data}")).wait_for()
    page.get_by_role("status").filter(has_text="No faults").wait_for()
    axe(editor(page))
    shot(notebook, "graph-outline")

    notebook.wait_for("'median1' in str(graph.process_graph)")
    graph = notebook.value("graph.process_graph")
    assert [each["process_id"] for each in graph.values()] == ["load_collection", "ndvi", "reduce_dimension"]
    assert graph["load_collection1"]["arguments"] == NDVI["load1"]["arguments"]
    assert graph["ndvi1"]["arguments"] == {"data": {"from_node": "load_collection1"}}
    reduce = graph["reduce_dimension1"]
    assert reduce["result"] is True
    assert reduce["arguments"]["dimension"] == "t"
    assert reduce["arguments"]["reducer"]["process_graph"] == {
        "median1": {"process_id": "median", "arguments": {"data": {"from_parameter": "data"}}, "result": True}
    }
    assert notebook.value("graph.faults") == []
    assert notebook.value("graph.selected_node") == "reduce_dimension1/reducer/median1"
    assert notebook.value("graph.cube.metadata is not None or True")

    # All of it is undone and done again, step by step.
    for _ in range(40):
        keys.press("Control+z")
    page.get_by_text("There are no steps yet").wait_for()
    notebook.wait_for("not graph.process_graph")
    for _ in range(40):
        keys.press("Control+y")
    notebook.wait_for("'median1' in str(graph.process_graph)")
    assert notebook.value("graph.process_graph") == graph


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_faults_are_shown_at_their_nodes(open_notebook, axe, shot, theme):
    notebook = opened(open_notebook, BUILDER.replace("(con)", f"(con, {NDVI!r})"), width=1300)
    notebook.theme(theme)
    page, keys = notebook.page, notebook.page.keyboard
    page.get_by_role("status").filter(has_text="No faults").wait_for()
    notebook.value("setattr(graph, 'selected_node', 'load1')")
    west = field(page, "spatial_extent").get_by_label("West", exact=True)
    west.fill("east")
    field(page, "spatial_extent").get_by_text("This wants a number, and not a text.").wait_for()
    assert west.get_attribute("aria-invalid") == "true"
    page.get_by_role("treeitem", name=re.compile("^load1.*one fault")).wait_for()
    west.fill("11.33")
    page.get_by_role("status").filter(has_text="No faults").wait_for()

    # What only the back-end knows.
    field(page, "id").get_by_role("combobox", name="id", exact=True).fill("S2_NOWHERE")
    fault = field(page, "id").locator(".gdc-Field-fault")
    fault.wait_for()
    assert "S2_NOWHERE" in fault.inner_text()
    assert "back-end" in fault.inner_text()
    notebook.wait_for("any(fault['source'] == 'server' and fault['argument'] == 'id' for fault in graph.faults)")

    # A step that goes takes the references to it along, and says so.
    page.get_by_role("treeitem", name=re.compile("^ndvi1")).focus()
    keys.press("Delete")
    page.get_by_role("status").filter(has_text="reduce1 (data)").wait_for()
    page.get_by_role("treeitem", name=re.compile("^reduce1.*fault")).wait_for()
    axe(editor(page))
    shot(notebook, f"graph-faults-{theme.split(' ', 1)[1].replace(' ', '-').lower()}")
    notebook.theme("JupyterLab Light")


def test_steps_are_renamed_moved_and_copied_by_keys(open_notebook):
    notebook = opened(open_notebook, BUILDER.replace("(con)", f"(con, {NDVI!r})"))
    page, keys = notebook.page, notebook.page.keyboard
    page.get_by_role("treeitem", name=re.compile("^load1")).focus()
    keys.press("F2")
    keys.type("alps")
    keys.press("Enter")
    page.get_by_role("treeitem", name=re.compile("^ndvi1.*takes in alps")).wait_for()
    assert is_focused(page.get_by_role("treeitem", name=re.compile("^alps")))
    keys.press("Alt+ArrowDown")
    page.get_by_role("status").filter(has_text="'ndvi1' uses the result of 'alps'").wait_for()
    keys.press("Control+d")
    page.get_by_role("treeitem", name=re.compile("^load_collection1")).wait_for()
    keys.press("Alt+ArrowDown")
    notebook.wait_for("list(graph.process_graph) == ['alps', 'ndvi1', 'load_collection1', 'reduce1']")
    keys.press("End")
    for _ in range(3):
        keys.press("ArrowLeft")
    assert is_focused(page.get_by_role("treeitem", name=re.compile("^reduce1")))
    keys.press("ArrowLeft")
    assert steps(page).count() == 4


def test_a_process_nobody_knows_is_kept_as_it_is(open_notebook, shot):
    notebook = opened(open_notebook, BUILDER.replace("(con)", f"(con, {ODD!r})"))
    page = notebook.page
    page.get_by_role("treeitem", name=re.compile("^magic.*unknown process")).click()
    spell = page.get_by_role("textbox", name="spell")
    assert "<script>" in spell.input_value()
    page.get_by_role("textbox", name="Note").fill("What is it?")
    notebook.wait_for("graph.process_graph['magic'].get('description') == 'What is it?'")
    page.keyboard.press("Control+z")
    notebook.wait_for("'description' not in graph.process_graph['magic']")
    assert notebook.value("graph.process_graph") == ODD
    shot(notebook, "graph-unknown")


def test_python_and_the_page_share_one_process(open_notebook):
    notebook = opened(open_notebook, BUILDER, "graph.process_graph = {}")
    page = notebook.page
    page.get_by_text("There are no steps yet").wait_for()
    notebook.value(f"setattr(graph, 'process_graph', {NDVI!r})")
    page.get_by_role("treeitem", name=re.compile("^ndvi1")).click()
    notebook.wait_for("graph.selected_node == 'ndvi1'")
    assert notebook.value("graph.undo()") is True
    page.get_by_text("There are no steps yet").wait_for()
    notebook.value("graph.redo()")
    page.get_by_role("treeitem", name=re.compile("^ndvi1")).wait_for()


def test_the_picture_beside_the_outline_shows_the_same(open_notebook, axe, shot):
    notebook = opened(open_notebook, BUILDER.replace("(con)", f"(con, {NDVI!r})"), width=1300, height=1100)
    page = notebook.page
    page.get_by_role("tab", name="Both").click()
    node = page.locator(".react-flow__node").filter(has_text="ndvi1")
    node.wait_for()
    assert node.bounding_box()["height"] > 20
    node.click()
    page.get_by_role("region", name="Settings of ndvi1").wait_for()
    page.get_by_role("treeitem", name=re.compile("^load1")).click()
    page.locator(".react-flow__node.selected").filter(has_text="load1").wait_for()
    axe(editor(page))
    shot(notebook, "graph-both")


def test_a_graph_is_previewed_exported_stored_and_run(open_notebook, shot):
    source = f"""
import gdc_jupyter as gdc
con = gdc.connect()
area = gdc.BBoxMap(center=(46.49, 11.345), zoom=13, height="300px")
graph = gdc.GraphBuilder(con, {NDVI!r})
graph.area = area
area
"""
    notebook = opened(open_notebook, source, "graph", width=1300, height=1200)
    page = notebook.page
    page.get_by_role("treeitem", name=re.compile("^median1")).click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("status").filter(has_text="'median1' is a step inside 'reduce1'").wait_for()
    page.get_by_role("treeitem", name=re.compile("^reduce1")).click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("reduce1 is on the map.").wait_for(timeout=20_000)
    assert notebook.value("[layer.name for layer in area.layers]") == ["reduce1"]

    page.get_by_role("button", name="Export…").click()
    page.get_by_role("combobox", name="As").select_option("python")
    code = page.get_by_role("textbox", name="The process as Python code")
    page.wait_for_function("(area) => area.value.includes('ndvi')", arg=code.element_handle(), timeout=20_000)
    assert code.input_value() == notebook.value("graph.code")
    shot(notebook, "graph-export")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Store…").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("greenness")
    page.get_by_role("button", name="Store", exact=True).click()
    page.get_by_role("status").filter(has_text="stored as greenness").wait_for()
    assert notebook.value("con.user_defined_process('greenness').describe()['process_graph']") == NDVI

    page.get_by_role("button", name="Run…").click()
    page.get_by_role("textbox", name="Title of the job").fill("NDVI of June")
    page.get_by_role("button", name="Start the job").click()
    page.get_by_role("status").filter(has_text="The job NDVI of June is started").wait_for()
    assert "NDVI of June" in notebook.value("[job.get('title') for job in con.list_jobs()]")

    page.get_by_role("button", name="Import…").click()
    dialog = page.get_by_role("dialog", name="Import a process")
    dialog.get_by_role("textbox").fill("{")
    dialog.get_by_role("button", name="Take over").click()
    dialog.get_by_text("This is not JSON").wait_for()
    shot(notebook, "graph-import")
    dialog.get_by_role("combobox", name="A job").select_option(index=1)
    dialog.get_by_role("button", name="Open").last.click()
    dialog.wait_for(state="detached")
