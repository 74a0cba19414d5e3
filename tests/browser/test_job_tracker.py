"""JobTracker in JupyterLab: jobs are seen to run, finish, be cancelled and deleted, and their results open."""

from __future__ import annotations

import re

SETUP = """
import gdc_jupyter as gdc

con = gdc.connect()
jobs = gdc.JobTracker(con)
jobs
"""
JOBS = """
s2 = con.load_collection("S2_ALPS", temporal_extent=["2022-05-01", "2022-10-01"], bands=["B04", "B08"])
ndvi = s2.ndvi(nir="B08", red="B04")


def median(resolution, title):
    cube = ndvi.resample_spatial(resolution=resolution).reduce_dimension(dimension="t", reducer="median")
    return cube.create_job(title=title, out_format="GTiff").start_job()


"""


def row(page, title):
    return page.get_by_role("row").filter(has_text=title)


def status(page, title, wanted, seconds=30):
    badge = row(page, title).locator(".gdc-job-badge", has_text=re.compile(f"^{wanted}$"))
    badge.wait_for(timeout=seconds * 1000)


def test_jobs_are_seen_to_run_and_finish_and_are_cancelled_opened_and_deleted(open_notebook, shot):
    notebook = open_notebook(
        SETUP, JOBS + "first = median(2.5, 'Median NDVI, May to September')", "last = median(1, 'At one metre')"
    )
    notebook.run_all()
    page = notebook.page
    assert notebook.errors() == []

    bar = row(page, "Median NDVI").get_by_role("progressbar", name="Progress of Median NDVI, May to September")
    page.wait_for_function(
        "(bar) => { const now = Number(bar.getAttribute('aria-valuenow')); return now > 5 && now < 100; }",
        arg=bar.element_handle(),
    )
    shot(notebook, "jobs-running")
    row(page, "At one metre").get_by_role("button", name="Cancel").click()
    status(page, "At one metre", "canceled")
    assert notebook.value("last.status()") == "canceled"
    status(page, "Median NDVI", "finished")
    assert bar.get_attribute("aria-valuenow") == "100"

    row(page, "Median NDVI").get_by_role("button", name="Logs").click()
    log = page.get_by_role("log")
    log.get_by_text("blocks of up to 256 x 256 pixels").wait_for()
    page.get_by_label("Least severe level").select_option("error")
    log.get_by_text("No entries at this level").wait_for()
    page.get_by_label("Least severe level").select_option("info")

    row(page, "Median NDVI").get_by_role("button", name="Open result").click()
    page.get_by_role("img", name="First layer").wait_for(timeout=30_000)
    assert notebook.value("dict(jobs.result.sizes)") == {"bands": 1, "y": 1600, "x": 1600}
    assert notebook.value("jobs.selected == first.job_id")
    log.get_by_text("blocks of up to 256 x 256 pixels").wait_for()
    shot(notebook, "jobs-finished")
    notebook.theme("JupyterLab Dark")
    shot(notebook, "jobs-finished-dark")
    notebook.theme("JupyterLab Light")

    row(page, "At one metre").get_by_role("button", name="Delete").click()
    row(page, "At one metre").get_by_role("button", name="Keep").click()
    row(page, "At one metre").get_by_role("button", name="Delete").click()
    row(page, "At one metre").get_by_role("button", name="with its results").click()
    row(page, "At one metre").wait_for(state="detached")

    # A title is text, whatever is in it.
    page.evaluate("() => (document.title = 'unbroken')")
    notebook.value("(median(40, '<script>document.title = 1</script><b>bold</b>'), None)[1]")
    row(page, "<b>bold</b>").wait_for()
    assert page.locator(".gdc-jobs b, .gdc-jobs script").count() == 0
    assert page.title() != "1"
