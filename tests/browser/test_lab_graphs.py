"""Process graphs as documents of JupyterLab: their picture, saving, previews, jobs, and the text of what is none."""

from __future__ import annotations

import json
import re

import pytest

BOX = {"west": 11.33, "south": 46.48, "east": 11.37, "north": 46.51}
FRAMES = """() => {
  window.frames_ = [];
  const next = (time) => { window.frames_.push(time); requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""


def node(process, **arguments):
    return {"process_id": process, "arguments": arguments}


def ndvi():
    load = node("load_collection", id="S2_ALPS", spatial_extent=BOX, temporal_extent=["2022-06-01", "2022-07-01"])
    load["arguments"]["bands"] = ["B04", "B08"]
    highest = {"process_graph": {"max1": node("max", data={"from_parameter": "data"}) | {"result": True}}}
    return {
        "load1": load,
        "ndvi1": node("ndvi", data={"from_node": "load1"}, nir="B08", red="B04"),
        "reduce1": node("reduce_dimension", data={"from_node": "ndvi1"}, dimension="t", reducer=highest),
        "save1": node("save_result", data={"from_node": "reduce1"}, format="GTiff") | {"result": True},
    }


def chains(count):
    """Return a graph of chains of ten nodes each."""
    made = {}
    for index in range(count):
        source = {"from_node": f"n{index - 1}"}
        made[f"n{index}"] = node("ndvi", data=source) if index % 10 else node("load_collection", id="S2_ALPS")
    made[f"n{count - 1}"]["result"] = True
    return made


@pytest.fixture
def write(lab):
    """Write a file with a process graph, or a text, into the root folder of the server."""
    written = []

    def make(name, content):
        path = lab.root / name
        path.write_text(content if isinstance(content, str) else json.dumps({"process_graph": content}, indent=2))
        written.append(path)
        return path

    yield make
    for path in written:
        path.unlink(missing_ok=True)


def open_picture(page):
    page.get_by_role("tab", name="Picture").click()
    page.get_by_role("group", name="Picture of the graph").wait_for()


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=8)
    page.mouse.up()


def handle(page, name, argument):
    card = page.get_by_role("group", name=re.compile(f"^{name}: "))
    box = card.locator(f'[data-handleid="{argument}"]').bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def execute(page, command):
    page.evaluate("(command) => void window.jupyterapp.commands.execute(command)", command)


def test_a_graph_is_edited_in_its_picture_and_saved(open_lab, write, axe, shot):
    path = write("ndvi.openeo.json", ndvi())
    opened = open_lab(path.name, width=1400)
    page = opened.page
    open_picture(page)
    page.get_by_role("group", name="ndvi1: ndvi").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("group", name="reduce1: reduce_dimension, one fault").wait_for()
    drag(page, handle(page, "load1", "result"), handle(page, "reduce1", "data"))
    page.get_by_role("group", name="From load1 to data of reduce1").wait_for(state="attached")

    # By the keyboard: a node is moved, a connection is made, a callback is opened and left.
    page.get_by_role("group", name="load1: load_collection").focus()
    page.keyboard.press("Enter")
    page.locator('.react-flow__node.selected[data-id="load1"]').wait_for()
    page.keyboard.press("ArrowUp")
    page.get_by_role("combobox", name="Lead the result of load1 to").select_option(label="load1 → data of save1")
    page.get_by_role("button", name="Connect").press("Enter")
    page.get_by_role("group", name="From load1 to data of save1").wait_for(state="attached")
    page.get_by_role("button", name="open the graph in reduce1").press("Enter")
    page.get_by_role("group", name="max1: max, result").wait_for()
    page.get_by_role("button", name="Whole graph").press("Enter")
    axe(page.locator(".gdc-GraphDocument"))
    shot(opened, "lab-graph-picture")
    for theme in ("JupyterLab Dark", "JupyterLab Dark High Contrast"):
        opened.theme(theme)
        axe(page.locator(".gdc-GraphDocument"))
        shot(opened, f"lab-graph-picture-{theme.lower().replace(' ', '-')}")
    opened.theme("JupyterLab Light")

    execute(page, "docmanager:save")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = json.loads(path.read_text())
    assert list(saved["process_graph"]) == ["load1", "reduce1", "save1"]
    assert saved["process_graph"]["save1"]["arguments"]["data"] == {"from_node": "load1"}
    assert saved["gdc:layout"].keys() >= {"load1", "reduce1", "save1"}


def test_a_graph_is_previewed_run_and_there_again_after_a_reload(open_lab, write, lab, shot):
    opened = open_lab(write("again.openeo.json", ndvi()).name, width=1400)
    page = opened.page
    page.get_by_role("treeitem", name="ndvi1").first.click()
    execute(page, "gdc:preview-graph")
    page.get_by_role("img", name="The result of ndvi1").wait_for(timeout=60_000)
    shot(opened, "lab-graph-preview")
    page.get_by_role("tab", name="again.openeo.json").click()
    execute(page, "gdc:validate-graph")
    page.get_by_role("alert").filter(has_text="finds no fault").wait_for()
    execute(page, "gdc:run-graph")
    page.get_by_role("dialog").get_by_role("textbox", name="Title of the job").fill("From a document")
    page.get_by_role("dialog").get_by_role("button", name="Run").click()
    page.get_by_role("alert").filter(has_text="The job From a document is started.").wait_for()
    page.wait_for_timeout(1500)
    page.goto(f"{lab.url}lab?token={lab.token}")
    page.get_by_role("tab", name="again.openeo.json").wait_for(timeout=60_000)
    page.get_by_role("treeitem", name="reduce1").first.wait_for()


def test_a_text_that_is_no_graph_is_shown_and_left_alone(open_lab, write, axe):
    path = write("broken.openeo.json", '{"process_graph": {')
    page = open_lab(path.name).page
    page.get_by_role("alert").filter(has_text="This file holds no process graph.").wait_for()
    axe(page.locator(".gdc-GraphDocument"))
    page.get_by_role("button", name="Open as text").click()
    page.locator(".jp-FileEditor").get_by_text("process_graph").wait_for()
    assert path.read_text() == '{"process_graph": {'


def test_200_nodes_are_dragged_at_30_frames_a_second(open_lab, write):
    page = open_lab(write("large.openeo.json", chains(200)).name, width=1400).page
    open_picture(page)
    card = page.get_by_role("group", name="n95: ndvi").bounding_box()
    x, y = card["x"] + card["width"] / 2, card["y"] + 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    for step in range(60):
        page.mouse.move(x + step, y + step / 2)
    times = page.evaluate("() => window.frames_")
    page.mouse.up()
    assert len(times) / (times[-1] - times[0]) * 1000 >= 30
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.model.dirty")


def test_the_edit_menu_takes_back_a_change_of_the_graph(open_lab, write):
    path = write("undone.openeo.json", ndvi())
    page = open_lab(path.name, width=1400).page
    step = page.get_by_role("treeitem", name=re.compile("^ndvi"))
    step.first.click()
    page.get_by_role("button", name="Remove this step").click()
    step.wait_for(state="detached")
    for entry, state in (("Undo", "visible"), ("Redo", "detached")):
        page.get_by_role("menuitem", name="Edit").click()
        page.locator(".lm-Menu-item", has_text=entry).first.click()
        step.first.wait_for(state=state)
