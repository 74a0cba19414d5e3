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


def test_jobs_are_seen_to_run_and_finish_and_be_cancelled(open_notebook, shot):
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
    assert notebook.value("[job['title'] for job in jobs.jobs]") == ["Median NDVI, May to September"]


def test_a_title_is_text_and_a_faulty_job_tells_why(open_notebook, shot):
    source = """
    title = "<script>document.title = 'broken'</script><b>bold</b>"
    job = con.create_job({"process_graph": {"load": {"process_id": "load_collection", "arguments": {"id": "S2_ALPS",
        "spatial_extent": {"west": 1, "south": 1, "east": 2, "north": 2}, "temporal_extent": None}, "result": True}}},
        title=title)
    try:
        job.start_job()
    except Exception as error:
        refused = str(error)
    """
    notebook = open_notebook(SETUP, "\n".join(line[4:] for line in source.splitlines()))
    notebook.run_all()
    page = notebook.page
    row(page, "<b>bold</b>").wait_for()
    assert page.title() != "broken"
    assert page.locator(".gdc-jobs b, .gdc-jobs script").count() == 0
