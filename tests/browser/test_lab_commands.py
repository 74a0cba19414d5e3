"""The commands of the data cube in JupyterLab, and back-ends of the settings, to which one signs in."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from backends.fixtures import PASSWORD, USER

COMMANDS = """async () => {
  const { commands } = window.jupyterapp;
  const own = commands.listCommands().filter((id) => id.startsWith("gdc:"));
  return Promise.all(own.map(async (id) => {
    const { args } = await commands.describedBy(id);
    return { id, label: commands.label(id), caption: commands.caption(id), icon: !!commands.icon(id), args };
  }));
}"""
SAVE = "(text) => window.jupyterapp.serviceManager.settings.save('gdc-jupyter:plugin', text)"


def test_every_command_says_what_it_does_and_takes(lab, open_lab, axe, shot):
    opened = open_lab()
    page = opened.page
    commands = page.evaluate(COMMANDS)
    assert len(commands) >= 20
    assert [each["id"] for each in commands if not (each["label"] and each["caption"] and each["args"])] == []
    page.get_by_role("menuitem", name="Data Cube").click()
    page.get_by_role("menuitem", name="New Process Graph").wait_for()
    page.keyboard.press("Escape")
    page.evaluate("() => void window.jupyterapp.commands.execute('gdc:new-graph')")
    page.get_by_role("tab", name="untitled.openeo.json").wait_for()
    axe(page.locator(".gdc-GraphDocument"))
    shot(opened, "lab-new-graph")
    (lab.root / "untitled.openeo.json").unlink()


def test_one_signs_in_to_a_back_end_of_the_settings(open_lab, federation, axe, shot):
    opened = open_lab()
    opened.allowed.add(urlsplit(federation.url).netloc)
    page = opened.page
    page.evaluate(SAVE, json.dumps({"backends": [{"url": federation.url, "title": "Federation"}]}))
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.commands.isEnabled('gdc:sign-in')", timeout=60_000)
    page.locator("#jupyterlab-splash").wait_for(state="hidden")
    page.evaluate("() => { window.signedIn = window.jupyterapp.commands.execute('gdc:sign-in'); }")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(USER)
    dialog.get_by_label("Password").fill("wrong")
    axe(dialog)
    dialog.get_by_role("button", name="Sign in").click()
    dialog.get_by_role("alert").wait_for()
    shot(opened, "lab-sign-in")
    dialog.get_by_label("User name").fill(USER)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    assert page.evaluate("() => window.signedIn") is True
    assert page.evaluate("() => window.jupyterapp.commands.isEnabled('gdc:sign-out')")
    page.evaluate(SAVE, "{}")
