"""GraphBuilder with other back-ends: an old one that checks nothing, one that is gone, one whose lists are broken."""

from __future__ import annotations

import os
import re
import signal

from backends.fixtures import PASSWORD, USER

SOURCE = """
import gdc_jupyter as gdc
con = gdc.connect({url!r}, user={user!r}, token={password!r})
graph = gdc.GraphBuilder(con)
graph
"""


def opened(open_notebook, backend, width=1300):
    notebook = open_notebook(SOURCE.format(url=backend.url, user=USER, password=PASSWORD), width=width)
    notebook.run_all()
    assert notebook.errors() == []
    notebook.page.set_default_timeout(15_000)
    notebook.page.locator(".gdc-GraphEditor").wait_for()
    return notebook


def add(page, name):
    palette = page.get_by_role("combobox", name=re.compile("^Add a step"))
    palette.fill(name)
    page.get_by_role("option", name=re.compile(f"^{name}")).first.wait_for()
    palette.press("Enter")


def test_an_old_back_end_serves(open_notebook, federation, axe):
    notebook = opened(open_notebook, federation)
    page = notebook.page
    add(page, "load_collection")
    collection = page.locator("[data-argument=id] input")
    collection.fill("SENTINEL2_L2A")
    for argument in ("spatial_extent", "temporal_extent"):
        page.get_by_role("combobox", name=f"Kind of value of {argument}").select_option("null")
    # Markup in what a back-end tells is text.
    add(page, "only_here")
    documentation = page.get_by_role("article")
    assert "A process <b>of this federation</b> alone" in documentation.inner_text()
    page.get_by_role("treeitem", name=re.compile("^only_here1.*one warning")).wait_for()
    page.get_by_role("combobox", name="Kind of value of strength").select_option("number")
    page.locator("[data-argument=strength] input").fill("11")
    page.get_by_text("This is at most 10.").wait_for()
    page.locator("[data-argument=strength] input").fill("1.5")
    page.get_by_role("status").filter(has_text="No faults").wait_for()
    notebook.wait_for("\"'strength': 1.5\" in str(graph.process_graph)")
    axe(page.locator(".gdc-GraphEditor"))
    # It has no validation, which is asked for no more once that is known.
    assert len(federation.requests("POST .*/validation")) <= 1
    page.get_by_role("button", name="Run…").click()
    page.get_by_role("button", name="Start the job").click()
    page.get_by_role("status").filter(has_text="is started").wait_for()
    assert federation.requests("POST .*/jobs/j-.*/results")


def test_nothing_is_lost_when_the_back_end_is_gone(open_notebook, federation, shot):
    notebook = opened(open_notebook, federation)
    page = notebook.page
    add(page, "load_collection")
    federation.stop()
    page.locator("[data-argument=id] input").fill("S2")
    page.get_by_role("textbox", name="Note").fill("made while it was away")
    notebook.wait_for("'made while it was away' in str(graph.process_graph)")
    page.get_by_role("button", name="Run…").click()
    page.get_by_role("button", name="Start the job").click()
    page.get_by_role("alert").filter(has_text="does not answer").wait_for()
    shot(notebook, "graph-offline")
    page.keyboard.press("Escape")
    federation.start()
    assert notebook.value("graph.process_graph['load_collection1']['arguments']['id']") == "S2"


def test_without_its_processes_a_graph_is_shown_and_kept(open_notebook, federation, shot):
    federation.control(fail=["^GET .*/processes"])
    notebook = opened(open_notebook, federation)
    page = notebook.page
    page.get_by_role("alert").get_by_role("button", name="Try again").wait_for()
    graph = {"a": {"process_id": "ndvi", "arguments": {"data": 1}, "result": True}}
    notebook.value(f"setattr(graph, 'process_graph', {graph!r})")
    page.get_by_role("treeitem", name=re.compile("^a, ndvi")).click()
    assert page.get_by_role("textbox", name="data").input_value() == "1"
    shot(notebook, "graph-broken")
    federation.control(fail=[])
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("treeitem", name=re.compile("^a, ndvi.*one fault")).wait_for()
    assert notebook.value("graph.process_graph") == graph


def test_edits_made_while_the_kernel_does_not_answer_reach_it_later(open_notebook, federation, shot):
    notebook = opened(open_notebook, federation)
    page = notebook.page
    page.get_by_role("tab", name="JSON").click()
    kernel = notebook.value("__import__('os').getpid()")
    os.kill(kernel, signal.SIGSTOP)
    try:
        page.get_by_role("textbox", name=re.compile("The process as JSON")).fill(
            '{"process_graph": {"x": {"process_id": "pi", "arguments": {}, "result": true}}}'
        )
        page.get_by_text("The kernel has not taken over the last changes").wait_for()
        page.get_by_role("tab", name="Outline").click()
        page.get_by_role("treeitem", name=re.compile("^x, pi")).click()
        shot(notebook, "graph-no-kernel")
    finally:
        os.kill(kernel, signal.SIGCONT)
    page.get_by_text("The kernel has not taken over the last changes").wait_for(state="detached")
    assert notebook.value("list(graph.process_graph)") == ["x"]
