"""Other back-ends of the settings in the side bar: an old openEO federation and a plain STAC API."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from backends.fixtures import PASSWORD, USER

OWN, FEDERATION, STAC = "This Jupyter server", "Old federation", "Plain STAC"
#: As the editor of the settings does it: those who follow them are told at once.
SET_BACKENDS = """async (backends) => {
  const app = window.jupyterapp;
  const tokens = [...app.pluginRegistry._services.keys()];
  const registry = await app.resolveRequiredService(tokens.find(({ name }) => name.endsWith(":ISettingRegistry")));
  await registry.set("gdc-jupyter:plugin", "backends", backends);
}"""


@pytest.fixture
def configured(open_lab, federation, stac_api):
    """JupyterLab whose settings name the two back-ends."""
    opened = open_lab(width=1300, height=1000)
    opened.allowed.update(urlsplit(backend.url).netloc for backend in (federation, stac_api))
    page = opened.page
    page.set_default_timeout(15_000)
    backends = [{"url": federation.url, "title": FEDERATION}, {"url": stac_api.url, "title": STAC}]
    page.evaluate(SET_BACKENDS, backends)
    yield opened
    page.evaluate(SET_BACKENDS, [])


def collections(opened):
    opened.page.evaluate("() => window.jupyterapp.commands.execute('gdc:show-collections')")
    return opened.page.get_by_role("region", name="Collections", exact=True)


def jobs(opened, backend):
    opened.page.evaluate("() => window.jupyterapp.commands.execute('gdc:show-jobs')")
    panel = opened.page.get_by_role("region", name="Data cube jobs")
    panel.get_by_label("Jobs on").select_option(label=backend)
    return panel


def sign_in(page, user, password):
    """Fill in the dialog that asks for a user."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(user)
    dialog.get_by_label("Password").fill(password)
    dialog.get_by_role("button", name="Sign in").click()


def test_collections_of_all_back_ends_are_in_one_list(configured, axe, shot):
    side = collections(configured)
    side.get_by_text("30 collections").wait_for()
    side.get_by_role("button", name="Filters").click()
    sources = side.get_by_role("group", name="Source")
    if not sources.get_by_role("checkbox").count():
        sources.get_by_role("button", name="Source").click()
    shot(configured, "backends-collections")
    for name, count in ((OWN, 4), (FEDERATION, 20), (STAC, 6)):
        box = sources.get_by_role("checkbox", name=re.compile(name))
        box.check()
        side.get_by_text(f"{count} of 30 collections").wait_for()
        box.uncheck()
    axe(side)
    side.get_by_role("button", name="Filters").click()
    search = side.get_by_role("searchbox", name="Search collections")
    search.fill("alps")
    side.get_by_role("option").filter(has_text="Scenes of the Alps").click()
    details = side.get_by_role("article", name="Scenes of the Alps")
    details.get_by_role("list", name="Items").scroll_into_view_if_needed()
    details.get_by_role("list", name="Items").locator("img").first.wait_for()
    shot(configured, "backends-stac-details")
    search.fill("SENTINEL2_L2A")
    side.get_by_role("option").filter(has_text="SENTINEL2_L2A").first.click()
    details = side.get_by_role("article", name="Sentinel-2 surface reflectance")
    details.get_by_role("combobox", name="Code").wait_for()
    shot(configured, "backends-federation-details")
    axe(side)


def test_a_user_signs_in_to_a_back_end_and_sees_its_jobs(configured, federation, axe, shot):
    page, panel = configured.page, jobs(configured, FEDERATION)
    alert = panel.get_by_role("alert").filter(has_text=f"{FEDERATION} wants a login")
    alert.wait_for()
    shot(configured, "backends-signed-out")
    axe(panel)
    alert.get_by_role("button", name="Sign in").click()
    sign_in(page, USER, "wrong")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("alert").filter(has_text="Credentials are not correct").wait_for()
    axe(dialog)
    shot(configured, "backends-sign-in")
    # The name need not be typed again.
    assert dialog.get_by_label("User name").input_value() == USER
    page.wait_for_function("() => document.activeElement.type === 'password'")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    panel.get_by_text("12 jobs").wait_for()
    panel.get_by_role("row").filter(has_text="Composite 4").click()
    panel.get_by_role("region", name="Job Composite 4").wait_for()
    shot(configured, "backends-jobs")
    axe(panel)

    # The token expires: the jobs stay, and the same way leads back.
    federation.control(expired=True)
    panel.get_by_role("button", name="Refresh").click()
    alert.wait_for()
    assert panel.get_by_role("row").filter(has_text="Composite").count() > 3
    shot(configured, "backends-expired")
    alert.get_by_role("button", name="Sign in").click()
    sign_in(page, USER, PASSWORD)
    alert.wait_for(state="detached")
    panel.get_by_text("12 jobs").wait_for()

    # Who signs out sees no jobs; which back-end was chosen is known after a reload.
    page.evaluate("(backend) => window.jupyterapp.commands.execute('gdc:sign-out', { backend })", f"{federation.url}/")
    alert.wait_for()
    panel.get_by_role("row").first.wait_for(state="detached")
    page.wait_for_timeout(1000)
    page.reload()
    alert.wait_for(timeout=60_000)

    # The own server's jobs are a choice away, and nobody signs in to them.
    panel.get_by_label("Jobs on").select_option(label=OWN)
    panel.get_by_text(re.compile("No jobs yet|job")).first.wait_for()
    assert panel.get_by_role("alert").count() == 0


def test_a_back_end_without_jobs_says_so(configured, shot):
    panel = jobs(configured, STAC)
    panel.get_by_text(f"{STAC} has no batch jobs.").wait_for()
    shot(configured, "backends-no-jobs")


def test_what_is_shown_stays_when_back_ends_come_and_go(configured, stac_api, federation):
    page, side = configured.page, collections(configured)
    side.get_by_text("30 collections").wait_for()
    side.get_by_role("option").filter(has_text="S2_ALPS").first.click()
    details = side.get_by_role("article", name="Synthetic Sentinel-2-like season")
    details.get_by_label("From").wait_for()
    details.evaluate("(element) => { element.dataset.kept = 'yes'; }")
    page.evaluate(SET_BACKENDS, [{"url": federation.url, "title": FEDERATION}])
    side.get_by_text("24 collections").wait_for()
    page.evaluate(SET_BACKENDS, [{"url": stac_api.url, "title": STAC}])
    side.get_by_text("10 collections").wait_for()
    assert details.get_attribute("data-kept") == "yes"


def test_broken_back_ends_leave_the_others_usable(configured, federation, stac_api, axe, shot):
    federation.control(fail=["/collections"])
    stac_api.control(delay=3)
    side = collections(configured)
    side.get_by_role("option").filter(has_text="S2_ALPS").first.click()
    side.get_by_role("article", name="Synthetic Sentinel-2-like season").wait_for()
    failed = side.get_by_role("alert").filter(has_text=f"{FEDERATION} failed")
    failed.wait_for()
    shot(configured, "backends-failed")
    axe(side)
    # The slow one comes after all.
    side.get_by_text("10 collections").wait_for(timeout=30_000)
    federation.control(fail=[])
    failed.get_by_role("button", name="Try again").click()
    side.get_by_text("30 collections").wait_for()
    assert side.get_by_role("alert").count() == 0

    # What was loaded stays when a back-end is gone.
    stac_api.control(delay=0)
    federation.stop()
    side.get_by_role("button", name="Load the collections again").click()
    side.get_by_role("alert").filter(has_text=f"{FEDERATION} does not answer").wait_for()
    side.get_by_text("30 collections").wait_for()
    assert side.get_by_role("article", name="Synthetic Sentinel-2-like season").is_visible()
    shot(configured, "backends-gone")
    federation.start()
