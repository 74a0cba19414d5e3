"""JobTracker in JupyterLab: jobs are seen to run and end; by mouse and keyboard all is done that jobs can be told."""

from __future__ import annotations

import re

import pytest

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
    return cube.create_job(title=title, out_format="GTiff")


"""
#: Metres at which the median takes more than a minute, so that its job is still running when it is cancelled.
LONG = 0.2
FEDERATION = """
import gdc_jupyter as gdc

con = gdc.connect("{url}", user="user", token="password")
jobs = gdc.JobTracker(con)
jobs
"""


def row(page, title):
    return page.get_by_role("row").filter(has_text=title)


def status(page, title, wanted, seconds=30):
    badge = row(page, title).locator(".gdc-Jobs-badge", has_text=re.compile(f"^{wanted}$"))
    badge.wait_for(timeout=seconds * 1000)


def focused(page):
    """Return the role and the name of what has the focus."""
    return page.evaluate(
        """() => {
          const node = document.activeElement;
          return [node.getAttribute("role") ?? node.tagName, node.getAttribute("aria-label") ?? node.textContent];
        }"""
    )


def test_jobs_are_seen_to_run_and_finish_and_are_cancelled_opened_and_deleted(open_notebook, shot, axe):
    notebook = open_notebook(
        SETUP,
        JOBS + "first = median(2.5, 'Median NDVI, May to September').start_job()",
        f"last = median({LONG}, 'In detail').start_job()",
        height=1200,
    )
    notebook.run_all()
    page = notebook.page
    assert notebook.errors() == []
    tracker = page.locator(".gdc-Widget", has=page.get_by_role("grid", name="Batch jobs"))

    bar = row(page, "Median NDVI").get_by_role("progressbar", name="Progress of Median NDVI, May to September")
    page.wait_for_function(
        "(bar) => { const now = Number(bar.getAttribute('aria-valuenow')); return now > 5 && now < 100; }",
        arg=bar.element_handle(),
    )
    # What changes is pushed by the server of the notebook.
    assert notebook.value("jobs._events.live")
    shot(notebook, "jobs-running")
    row(page, "In detail").get_by_role("button", name="Cancel").click()
    status(page, "In detail", "Cancelled")
    assert notebook.value("last.status()") == "canceled"
    status(page, "Median NDVI", "Finished")
    assert bar.get_attribute("aria-valuenow") == "100"

    row(page, "Median NDVI").get_by_role("button", name="Log").click()
    log = page.get_by_role("log")
    log.get_by_text("blocks of up to 256 x 256 pixels").wait_for()
    page.get_by_label("Least severe level").select_option("error")
    log.get_by_text("No entries at this level").wait_for()
    page.get_by_label("Least severe level").select_option("info")
    log.get_by_text("blocks of up to 256 x 256 pixels").wait_for()
    assert notebook.value("jobs.selected == first.job_id")

    row(page, "Median NDVI").get_by_role("button", name="Results").click()
    page.get_by_role("button", name="Open result").click()
    page.get_by_role("img", name="First layer").wait_for(timeout=30_000)
    assert notebook.value("dict(jobs.result.sizes)") == {"bands": 1, "y": 1600, "x": 1600}
    page.get_by_role("button", name="Code: plot").click()
    cells = (
        "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map((cell) => cell.sharedModel.source)"
    )
    assert f'jobs.plot("{notebook.value("first.job_id")}")' in page.evaluate(cells)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    assert download.value.suggested_filename.endswith(".tif")
    axe(tracker)
    shot(notebook, "jobs-finished")
    notebook.theme("JupyterLab Dark")
    axe(tracker)
    shot(notebook, "jobs-finished-dark")
    notebook.theme("JupyterLab Light")

    row(page, "In detail").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep").click()
    row(page, "In detail").get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    row(page, "In detail").wait_for(state="detached")

    # A title is text, whatever is in it.
    page.evaluate("() => (document.title = 'unbroken')")
    notebook.value("(median(40, '<script>document.title = 1</script><b>bold</b>'), None)[1]")
    row(page, "<b>bold</b>").wait_for()
    assert page.locator(".gdc-Widget b, .gdc-Widget script").count() == 0
    assert page.title() != "1"


def test_everything_is_done_by_keyboard_and_the_focus_is_kept(open_notebook, shot):
    notebook = open_notebook(SETUP, JOBS + "a = median(10, 'Alpha')", "b = median(10, 'Beta')")
    notebook.run_all()
    page = notebook.page
    row(page, "Alpha").wait_for()
    page.get_by_role("searchbox", name="Filter by name").focus()
    page.keyboard.type("a")
    # Both may have been created within one second, which leaves their order open.
    above = row(page, "Alpha").bounding_box()["y"] < row(page, "Beta").bounding_box()["y"]
    row(page, "Beta").focus()
    page.keyboard.press("ArrowUp" if above else "ArrowDown")
    assert focused(page)[1].find("Alpha") >= 0

    # What it would take is told before it is started.
    page.keyboard.press("Enter")
    detail = page.get_by_role("region", name="Job Alpha")
    detail.get_by_text("Would take").wait_for()
    shot(notebook, "jobs-estimate")
    page.keyboard.press("F2")
    page.get_by_label("New name").wait_for()
    page.keyboard.type("Gamma")
    page.keyboard.press("Enter")
    row(page, "Gamma").wait_for()
    assert notebook.value("a.describe()['title']") == "Gamma"

    page.get_by_role("button", name="Duplicate", exact=True).press("Enter")
    row(page, "Copy of Gamma").wait_for()
    copy = "con.job(next(one['id'] for one in jobs.jobs if one['title'] == 'Copy of Gamma'))"
    assert notebook.value(f"{copy}.describe()['process'] == a.describe()['process']")
    page.get_by_role("button", name="Open graph").press("Enter")
    notebook.wait_for("jobs.graph and jobs.graph['process'] == a.describe()['process']")

    # A job that is started moves to another status: its button is gone, the focus stays in its row.
    row(page, "Copy of Gamma").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == ["BUTTON", "Start: Copy of Gamma"]
    page.keyboard.press("Enter")
    status(page, "Copy of Gamma", "Finished")
    assert page.evaluate("() => document.activeElement.closest('[data-job]').textContent").find("Copy of Gamma") >= 0

    # A job that is deleted leaves the focus to the one that takes its place.
    row(page, "Copy of Gamma").focus()
    page.keyboard.press("Delete")
    assert focused(page) == ["BUTTON", "Keep"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    row(page, "Copy of Gamma").wait_for(state="detached")
    page.wait_for_function("() => document.activeElement.getAttribute('role') === 'row'")

    page.keyboard.press("Control+a")
    page.get_by_role("group", name="Ticked jobs").get_by_role("button", name="Delete").press("Enter")
    page.keyboard.press("Escape")
    assert notebook.value("a.status()") == "created"


@pytest.mark.usefixtures("federation")
def test_an_old_federation_that_is_slow_broken_and_gone_loses_nothing(open_notebook, shot, axe, federation):
    notebook = open_notebook(FEDERATION.format(url=federation.url))
    notebook.run_all()
    page = notebook.page
    assert notebook.errors() == []
    row(page, "Composite 1").first.wait_for()
    group = page.get_by_role("group", name="Ticked jobs")
    group.get_by_text("12 jobs").wait_for()

    # Some of several jobs cannot be deleted: it is said which, and they stay, ticked.
    page.get_by_role("checkbox", name="Tick Composite 1", exact=True).check()
    page.get_by_role("checkbox", name="Tick Composite 4", exact=True).click(modifiers=["Shift"])
    group.get_by_text("4 of 12 ticked").wait_for()
    federation.control(fail=["^DELETE /jobs/j-0003"])
    group.get_by_role("button", name="Delete 4").click()
    page.get_by_role("alertdialog", name="Delete 4 jobs with their results?").get_by_role(
        "button", name="Delete"
    ).click()
    page.get_by_role("alert").filter(has_text="1 of 4 jobs could not be deleted").wait_for()
    assert page.get_by_role("alert").locator("b").count() == 0
    group.get_by_text("1 of 9 ticked").wait_for()
    shot(notebook, "jobs-some-failed")
    page.get_by_role("button", name="Close this message").click()
    federation.control(fail=[])

    # A status that nobody knows is shown as it is, and a job that another has deleted goes.
    federation.control(jobs={"j-0006": {"status": "hibernating"}, "j-0007": None})
    page.get_by_role("button", name="Refresh").click()
    status(page, "Composite 5", "hibernating")
    group.get_by_text("1 of 8 ticked").wait_for()

    # Logs of an older back-end come at all levels.
    row(page, "Composite 9").click()
    page.get_by_role("tab", name="Log").click()
    page.get_by_role("log").get_by_text("window.attacked").wait_for()
    assert page.get_by_role("log").get_by_text("loading data").count() == 0
    page.get_by_label("Least severe level").select_option("debug")
    page.get_by_role("log").get_by_text("loading data").wait_for()
    assert page.evaluate("() => window.attacked") is None

    federation.control(expired=True)
    page.get_by_role("button", name="Refresh").click()
    page.get_by_role("alert").filter(has_text="connection.authenticate_basic").wait_for()
    assert page.get_by_role("row").count() == 9
    axe(page.locator(".gdc-Widget", has=page.get_by_role("grid")))
    shot(notebook, "jobs-signed-out")
    page.get_by_role("button", name="Try again").first.click()
    page.get_by_role("alert").filter(has_text="connection.authenticate_basic").wait_for()
    # From here on the table may come back by itself.
    notebook.value("con.authenticate_basic('user', 'password') and None")
    page.get_by_role("button", name="Refresh").click()
    page.get_by_role("alert").filter(has_text="connection.authenticate_basic").wait_for(state="detached")

    federation.stop()
    page.get_by_role("button", name="Refresh").click()
    page.get_by_role("alert").filter(has_text="does not answer").wait_for()
    assert page.get_by_role("row").count() == 9
    federation.start()


def test_a_page_that_is_reloaded_in_the_middle_of_a_job_goes_on(open_notebook):
    notebook = open_notebook(SETUP, JOBS + f"first = median({LONG}, 'Some minutes').start_job()")
    notebook.run_all()
    page = notebook.page
    status(page, "Some minutes", "Running")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    bar = row(page, "Some minutes").get_by_role("progressbar")
    bar.wait_for(timeout=30_000)
    page.wait_for_function(
        "(bar) => Number(bar.getAttribute('aria-valuenow')) > 0", arg=bar.element_handle(), timeout=30_000
    )
    # The table is shown anew once the page is connected again.
    notebook.wait_until_ready()
    row(page, "Some minutes").get_by_role("button", name="Cancel").click()
    status(page, "Some minutes", "Cancelled")


def test_five_hundred_jobs_open_at_once(open_notebook, shot, large_federation):
    notebook = open_notebook(FEDERATION.format(url=large_federation.url))
    notebook.run_all()
    page = notebook.page
    page.get_by_text("500 jobs").wait_for()
    assert page.get_by_role("row").count() < 40
    took = page.evaluate(
        """async () => {
          const output = window.jupyterapp.shell.currentWidget.content.widgets[0].outputArea;
          const before = output.model.toJSON();
          output.model.clear();
          await new Promise(requestAnimationFrame);
          const begun = performance.now();
          output.model.fromJSON(before);
          while (!output.node.querySelector("[data-job]")) await new Promise(requestAnimationFrame);
          return performance.now() - begun;
        }"""
    )
    assert took < 300
    page.get_by_role("searchbox", name="Filter by name").fill("composite 499")
    page.get_by_text("2 jobs").wait_for()
    page.locator(".gdc-Widget").get_by_label("Status", exact=True).select_option("finished")
    shot(notebook, "jobs-five-hundred")
