"""A real JupyterLab and a real Chromium, and notebooks that run in them."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
import requests
from browser.axe import axe

from gdc_jupyter.demo import free_port

__all__ = ["axe"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
#: The lab extension of this tree, which may be another than the installed one.
BUNDLE = Path(__file__).parents[2] / "gdc_jupyter" / "labextension"
READY = """() => {
  const session = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session;
  return session?.kernel?.connectionStatus === "connected" && session.kernel.status === "idle";
}"""
FINISHED = """() => {
  const code = [...window.jupyterapp.shell.currentWidget.content.model.cells].filter(({ type }) => type === "code");
  const types = ({ outputs }) => Array.from({ length: outputs.length }, (_, i) => outputs.get(i).type);
  const done = (cell) => cell.executionCount !== null && cell.executionState !== "running";
  return code.some((cell) => types(cell).includes("error")) || code.every(done);
}"""
EVALUATE = """async (expression) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const request = { code: "", store_history: false, user_expressions: { value: expression } };
  const { value } = (await kernel.requestExecute(request).done).content.user_expressions;
  if (value.status !== "ok") throw new Error(`${value.ename}: ${value.evalue}`);
  return value.data["text/plain"];
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    token: str
    root: Path

    def end_kernels(self) -> None:
        """End all notebooks' kernels, whose threads would go on asking the server."""
        headers = {"Authorization": f"token {self.token}"}
        sessions = requests.get(f"{self.url}api/sessions", headers=headers, timeout=30).json()
        for session in sessions:
            requests.delete(f"{self.url}api/sessions/{session['id']}", headers=headers, timeout=30)


@dataclass
class NotebookPage:
    """A notebook that is open in JupyterLab."""

    page: Any
    hosts: set[str] = field(default_factory=set)
    #: Hosts that it may ask beside its own server.
    allowed: set[str] = field(default_factory=set)

    def run_all(self, timeout: float = 60) -> None:
        self.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(
            FINISHED,
            timeout=timeout * 1000,
        )
        self.wait_until_ready(timeout)

    def wait_until_ready(self, timeout: float = 60) -> None:
        """Wait until the page is connected to a kernel that has nothing to do."""
        self.page.wait_for_function(READY, timeout=timeout * 1000)

    def value(self, expression: str) -> Any:
        """Return the value of a Python expression in the notebook's kernel."""
        text = self.page.evaluate(EVALUATE, f"__import__('json').dumps({expression})")
        return json.loads(ast.literal_eval(text))

    def wait_for(self, expression: str, seconds: float = 10) -> None:
        """Wait until a Python expression is true in the notebook's kernel."""
        end = time.monotonic() + seconds
        while not self.value(f"bool({expression})"):
            assert time.monotonic() < end, f"{expression} did not come true"
            time.sleep(0.05)

    def errors(self) -> list[str]:
        """Return the errors among the outputs of the notebook."""
        cells = self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells")
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        return [f"{one['ename']}: {one['evalue']}" for one in outputs if one["output_type"] == "error"]

    def theme(self, name: str) -> None:
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        light = str("Dark" not in name).lower()
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")
        self.page.locator("#jupyterlab-splash").wait_for(state="hidden")


MISSING = "no Chromium found: install it (apt-get install chromium) to run the browser tests"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Report all tests without a browser as skipped at one place, so that pytest tells of them in one line."""
    report = yield
    if CHROMIUM is None and report.skipped and item.path.parent == Path(__file__).parent:
        report.longrepr = ("tests/browser", None, f"Skipped: {MISSING}")
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    if CHROMIUM is None and os.environ.get("GDC_REQUIRE_BROWSER") == "1":
        pytest.fail(MISSING, pytrace=False)
    if CHROMIUM is None:
        pytest.skip(MISSING)
    return CHROMIUM


@pytest.fixture(scope="session")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a free port, with its own home, configuration and data."""
    home = tmp_path_factory.mktemp("lab")
    root = home / "notebooks"
    root.mkdir()
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    port = free_port()
    token = secrets.token_hex(16)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_", "GDC_"))
    }
    environment |= {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "IPYTHONDIR": str(home / "ipython"),
        "GDC_DATA_DIR": str(home / "gdc"),
        "JUPYTER_TOKEN": token,
        "NUMBA_CACHE_DIR": str(home / "numba"),
    }
    if (BUNDLE / "package.json").exists():
        extensions = home / "tree" / "labextensions"
        extensions.mkdir(parents=True)
        (extensions / "gdc-jupyter").symlink_to(BUNDLE)
        environment["JUPYTER_PATH"] = str(extensions.parent)
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port_retries=0",
    ]
    command += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    command += ["--ServerApp.jpserver_extensions={'gdc_server': True}", "--allow-root"]
    log = home / "lab.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=home)
    url = f"http://127.0.0.1:{port}/"
    try:
        _wait_for_server(process, f"{url}api", log)
        yield Lab(url, token, root)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for_server(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context(browser: Any) -> Iterator[Any]:
    """The profile that all pages share, so that JupyterLab's files are fetched once."""
    context = browser.new_context(locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def new_page(lab: Lab, context: Any) -> Iterator[Callable[[int, int], NotebookPage]]:
    """Make an empty page of a width and a height. No page may ask another host than its server and those allowed."""
    opened: list[NotebookPage] = []

    def make(width: int, height: int) -> NotebookPage:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        notebook = NotebookPage(page)
        opened.append(notebook)
        page.on("request", lambda request: notebook.hosts.add(urlsplit(request.url).netloc))
        return notebook

    yield make
    host = urlsplit(lab.url).netloc
    for notebook in opened:
        notebook.page.close()
    lab.end_kernels()
    for notebook in opened:
        assert notebook.hosts <= {host, "", *notebook.allowed}


@pytest.fixture
def open_lab(lab: Lab, new_page: Callable[[int, int], NotebookPage]) -> Callable[..., NotebookPage]:
    """Open JupyterLab with its launcher, or with a file of its root folder."""

    def open_it(path: str = "", width: int = 1100, height: int = 900) -> NotebookPage:
        opened = new_page(width, height)
        opened.page.goto(f"{lab.url}lab{f'/tree/{path}' if path else ''}?reset&token={lab.token}")
        opened.page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=60_000)
        opened.page.locator("#jupyterlab-splash").wait_for(state="hidden")
        return opened

    return open_it


@pytest.fixture
def open_notebook(lab: Lab, new_page: Callable[[int, int], NotebookPage]) -> Callable[..., NotebookPage]:
    """Open a notebook in JupyterLab: a file, or the sources of its cells."""

    def open_it(*sources: str, path: Path | None = None, width: int = 1100, height: int = 900) -> NotebookPage:
        name = f"{secrets.token_hex(4)}.ipynb"
        if path is not None:
            shutil.copy(path, lab.root / name)
        else:
            cells = [nbformat.v4.new_code_cell(source) for source in sources]
            kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
            nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.root / name)
        notebook = new_page(width, height)
        page = notebook.page
        page.goto(f"{lab.url}lab/tree/{name}?reset&token={lab.token}")
        page.wait_for_function(READY, timeout=60_000)
        page.evaluate(
            """() => {
              const shell = window.jupyterapp.shell;
              if (!shell.leftCollapsed) shell.collapseLeft();
              if (!shell.rightCollapsed) shell.collapseRight();
            }"""
        )
        return notebook

    return open_it


@pytest.fixture
def shot() -> Callable[[NotebookPage, str], None]:
    """Keep a picture of a page in the folder that GDC_SCREENSHOTS names, or nowhere."""

    def take(notebook: NotebookPage, name: str, **options: Any) -> None:
        folder = os.environ.get("GDC_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            target = options.pop("target", notebook.page)
            target.screenshot(path=Path(folder) / f"{name}.png", **options)

    return take
