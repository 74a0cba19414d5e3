"""The jobs in JupyterLab's side bar and status bar: seen to run, told when they end, still there after a reload."""

from __future__ import annotations

import re

import pytest
import requests

GRAPH = {
    "load": {
        "process_id": "load_collection",
        "arguments": {
            "id": "S2_ALPS",
            "spatial_extent": None,
            "temporal_extent": ["2022-05-01", "2022-10-01"],
            "bands": ["B04", "B08"],
        },
    },
    "coarse": {"process_id": "resample_spatial", "arguments": {"data": {"from_node": "load"}, "resolution": 1}},
    "ndvi": {"process_id": "ndvi", "arguments": {"data": {"from_node": "coarse"}, "nir": "B08", "red": "B04"}},
    "median": {
        "process_id": "reduce_dimension",
        "arguments": {
            "data": {"from_node": "ndvi"},
            "dimension": "t",
            "reducer": {
                "process_graph": {
                    "m": {"process_id": "median", "arguments": {"data": {"from_parameter": "data"}}, "result": True}
                }
            },
        },
    },
    "save": {
        "process_id": "save_result",
        "arguments": {"data": {"from_node": "median"}, "format": "GTiff"},
        "result": True,
    },
}


@pytest.fixture
def make_job(lab):
    """Make a job by the API, as another client does; what is made is deleted in the end."""
    headers, made = {"Authorization": f"token {lab.token}"}, []

    def make(title):
        body = {"title": title, "process": {"process_graph": GRAPH}}
        answer = requests.post(f"{lab.url}gdc/jobs", json=body, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
        made.append(answer.headers["OpenEO-Identifier"])
        return made[-1]

    yield make
    for job in made:
        requests.delete(f"{lab.url}gdc/jobs/{job}", headers=headers, timeout=30)


def row(place, title):
    return place.get_by_role("row").filter(has_text=title)


def status(place, title, wanted, seconds=60):
    badge = row(place, title).locator(".gdc-Jobs-badge", has_text=re.compile(f"^{wanted}$"))
    badge.wait_for(timeout=seconds * 1000)


def test_jobs_are_followed_in_the_side_bar_and_told_when_they_end(open_lab, make_job, shot, axe):
    make_job("Median of the summer")
    opened = open_lab()
    page = opened.page
    page.get_by_role("tab", name="Data cube jobs").click()
    panel = page.get_by_role("region", name="Data cube jobs")
    row(panel, "Median of the summer").get_by_role("button", name="Start").click()
    status(panel, "Median of the summer", "Running")
    row(panel, "Median of the summer").get_by_role("progressbar", name="Progress of Median of the summer").wait_for()
    make_job("Made elsewhere")
    panel.get_by_role("button", name="Refresh").click()
    row(panel, "Made elsewhere").click()
    panel.get_by_role("region", name="Job Made elsewhere").get_by_text("Would take").wait_for()
    shot(opened, "panel-running")

    # In the middle of a job the page is loaded anew: the panel is there, and so is the job.
    # JupyterLab saves its layout a moment after it has changed.
    page.wait_for_timeout(1500)
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=60_000)
    status(panel, "Median of the summer", "Running|Finished")
    panel.get_by_role("region", name="Job Made elsewhere").wait_for()
    page.get_by_role("button", name="Data cube").click()
    popup = page.locator(".gdc-JobList")
    row(popup, "Made elsewhere").wait_for()
    shot(opened, "panel-popup")
    page.keyboard.press("Escape")

    status(panel, "Median of the summer", "Finished")
    told = page.get_by_role("alert").filter(has_text="Job finished: Median of the summer")
    if told.count():
        told.get_by_role("button", name="Show log").click()
        panel.get_by_role("log").get_by_text("blocks of up to").wait_for()
    row(panel, "Median of the summer").get_by_role("button", name="Results").click()
    panel.get_by_role("link", name="Download").wait_for()
    axe(panel)
    shot(opened, "panel-results")
    opened.theme("JupyterLab Dark")
    axe(panel)
    shot(opened, "panel-results-dark")
    opened.theme("JupyterLab Dark High Contrast")
    axe(panel)
    shot(opened, "panel-results-contrast")
    opened.theme("JupyterLab Light")


def test_a_notification_leads_to_the_log(open_lab, make_job, shot):
    make_job("Told of")
    opened = open_lab()
    page = opened.page
    page.evaluate("() => window.jupyterapp.commands.execute('gdc:show-jobs')")
    panel = page.get_by_role("region", name="Data cube jobs")
    row(panel, "Told of").get_by_role("button", name="Start").click()
    told = page.get_by_role("alert").filter(has_text="Job finished: Told of")
    told.wait_for(timeout=60_000)
    shot(opened, "panel-notification")
    told.get_by_role("button", name="Show log").click()
    panel.get_by_role("log").get_by_text("blocks of up to").wait_for()

    # Two tabs at once: what one deletes is gone in the other, which says so where it is asked for it.
    other = open_lab()
    other.page.evaluate("() => window.jupyterapp.commands.execute('gdc:show-jobs')")
    second = other.page.get_by_role("region", name="Data cube jobs")
    row(second, "Told of").get_by_role("button", name="Delete").click()
    second.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    row(second, "Told of").wait_for(state="detached")
    panel.get_by_role("button", name="Duplicate").click()
    panel.get_by_role("alert").filter(has_text="Told of: ").wait_for()
    row(panel, "Told of").wait_for(state="detached")
