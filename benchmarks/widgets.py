"""How quick the widgets are in a browser: a drag, a key, a list that opens, and what the browser has to load.

Usage: ``python benchmarks/widgets.py [--only NAME]``. A JupyterLab runs in Chromium as it does for the browser tests,
whose fixtures are used: the packages of the tests, Chromium and the built lab extension are needed. Asked are

* 30 frames a second while a node, or the whole picture, of a graph of 200 nodes is dragged: from the intervals between
  frames (``requestAnimationFrame``) as long as the mouse moves;
* 50 ms from a key in the search of 2,000 collections until the list that is filtered by it is drawn;
* 300 ms from the display of a job tracker with 500 jobs until its rows are on the page; the time from running its cell,
  in which the kernel is, is told beside it;
* less than 500 kB for the lab extension and 300 kB for each widget, compressed as servers send them.

Printed are the median, what is slower than 95 of 100, and the slowest.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gdc_jupyter"
NODES, COLUMN = 200, 10
MOVES = 120
TIMES = 7
GRAPH_CELL = """
import gdc_jupyter as gdc
con = gdc.connect()
graph = gdc.GraphBuilder(con, {graph!r})
graph
"""
COLLECTIONS_CELL = """
import gdc_jupyter as gdc
import openeo
pick = gdc.CollectionBrowser(openeo.connect({url!r}))
pick
"""
JOBS_CELL = """
import gdc_jupyter as gdc
jobs = gdc.JobTracker(gdc.connect({url!r}, user={user!r}, token={password!r}))
"""
#: Notes the intervals between frames until it is told to end.
WATCH_FRAMES = """() => {
  const watch = { intervals: [], ended: false };
  let last = 0;
  const frame = (now) => {
    if (last) watch.intervals.push(now - last);
    last = now;
    if (!watch.ended) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.watch = watch;
}"""
END_WATCH = "() => { window.watch.ended = true; return window.watch.intervals; }"
#: Notes for each key how long it takes until a picture is drawn that has what it changed.
WATCH_KEYS = """() => {
  window.delays = [];
  document.addEventListener("keydown", () => {
    const pressed = performance.now();
    const drawn = () => window.delays.push(performance.now() - pressed);
    document.addEventListener("input", () => requestAnimationFrame(() => setTimeout(drawn)), { once: true });
  }, true);
}"""
#: Displays what the output of a cell holds once more.
DISPLAY = """async (index) => {
  const output = window.jupyterapp.shell.currentWidget.content.widgets[index].outputArea;
  const before = output.model.toJSON();
  output.model.clear();
  while (output.node.querySelector("[data-job]")) await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done, 300));
  const begun = performance.now();
  output.model.fromJSON(before);
  while (!output.node.querySelector("[data-job]")) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""
RUN_CELL = """async (index) => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const { outputArea } = content.widgets[index];
  outputArea.model.clear();
  await new Promise((done) => setTimeout(done, 300));
  content.activeCellIndex = index;
  const begun = performance.now();
  void window.jupyterapp.commands.execute("notebook:run-cell");
  while (!outputArea.node.querySelector("[data-job]")) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


@dataclass
class Figures:
    """What was measured, and is printed at the end; a plugin of pytest that gives itself as a fixture."""

    rows: list[str] = field(default_factory=list)

    @pytest.fixture
    def figures(self) -> Figures:
        return self

    def note(self, kind: str, values: list[float], asked: float | None) -> None:
        """Note milliseconds; asked is the most that their median may be."""
        ordered = sorted(values)
        middle, late = statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
        told = "" if asked is None else f"{asked:9.0f}" + ("  MISSED" if middle > asked else "")
        self.rows.append(f"{kind:62}{middle:9.1f}{late:9.1f}{ordered[-1]:9.1f}{told}")

    def note_frames(self, kind: str, intervals: list[float]) -> None:
        """Note the frames of a drag."""
        self.note(f"{kind}: {1000 / statistics.median(intervals):.0f} frames a second", intervals, 1000 / 30)

    def note_size(self, kind: str, paths: list[Path], asked: int) -> None:
        """Note the compressed size of files."""
        size = sum(len(gzip.compress(path.read_bytes(), 6)) for path in paths)
        mark = "  MISSED" if size >= 1000 * asked else ""
        self.rows.append(f"{f'{kind}, kB compressed':62}{size / 1000:9.1f}{'':18}{asked:9}{mark}")


def graph() -> dict[str, Any]:
    """Return a graph in columns of ten nodes, each with two of the column before it: all are in sight at once."""
    nodes: dict[str, Any] = {}
    for number in range(NODES):
        column, row = divmod(number, COLUMN)
        before = [f"n{COLUMN * (column - 1) + each % COLUMN}" for each in (row, row + 1)]
        sources = {name: {"from_node": node} for name, node in zip("xy", before, strict=True)}
        nodes[f"n{number}"] = {"process_id": "add", "arguments": sources if column else {"x": row, "y": 1}}
    nodes[f"n{NODES - 1}"]["result"] = True
    return nodes


def opened(open_notebook: Any, *sources: str) -> Any:
    """Open a notebook, run it, and return it."""
    notebook = open_notebook(*sources, width=1300, height=1000)
    notebook.run_all()
    assert notebook.errors() == []
    return notebook


def drag(page: Any, x: float, y: float) -> list[float]:
    """Drag what is at a place to and fro, and return the intervals between the frames meanwhile."""
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5, y + 5)
    page.evaluate(WATCH_FRAMES)
    for number in range(1, MOVES + 1):
        there = number if number <= MOVES // 2 else MOVES - number
        page.mouse.move(x + 5 + 2 * there, y + 5 + there)
    intervals: list[float] = page.evaluate(END_WATCH)
    page.mouse.up()
    return intervals


def test_graph(open_notebook: Any, figures: Figures) -> None:
    page = opened(open_notebook, GRAPH_CELL.format(graph=graph())).page
    page.get_by_role("tab", name="Picture").click()
    cards = page.locator(".react-flow__node")
    cards.first.wait_for()
    page.wait_for_function(f"() => document.querySelectorAll('.react-flow__node').length === {NODES}")
    page.wait_for_timeout(2000)
    page.evaluate(WATCH_FRAMES)
    page.wait_for_timeout(1500)
    figures.note("Frames while nothing happens", page.evaluate(END_WATCH), None)
    box = page.locator(".react-flow__node[data-id=n105]").bounding_box()
    figures.note_frames(f"A node of {NODES} is dragged", drag(page, box["x"] + box["width"] / 2, box["y"] + 3))
    canvas = page.locator(".react-flow__pane").bounding_box()
    figures.note_frames(f"The picture of {NODES} nodes is dragged", drag(page, canvas["x"] + 8, canvas["y"] + 8))


def test_collections(open_notebook: Any, large_federation: Any, figures: Figures) -> None:
    page = opened(open_notebook, COLLECTIONS_CELL.format(url=large_federation.url)).page
    page.get_by_text("2000 collections").wait_for(timeout=60_000)
    page.get_by_role("searchbox", name="Search collections").focus()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH_KEYS)
    for key in [*"temperature", *["Backspace"] * 11, *"sentinel 2"]:
        page.keyboard.press(key)
        page.wait_for_timeout(150)
    figures.note("A key in the search of 2,000 collections", page.evaluate("() => window.delays"), 50)


def test_jobs(open_notebook: Any, large_federation: Any, figures: Figures) -> None:
    from backends.fixtures import PASSWORD, USER

    source = JOBS_CELL.format(url=large_federation.url, user=USER, password=PASSWORD)
    page = opened(open_notebook, source, "jobs").page
    page.get_by_text("500 jobs").wait_for()
    page.wait_for_timeout(1000)
    figures.note("A tracker with 500 jobs is displayed", [page.evaluate(DISPLAY, 1) for _ in range(TIMES)], 300)
    figures.note("The same from running its cell", [page.evaluate(RUN_CELL, 1) for _ in range(TIMES)], None)


def test_sizes(figures: Figures) -> None:
    figures.note_size("Lab extension", list((PACKAGE / "labextension" / "static").glob("*.js")), 500)
    for path in sorted((PACKAGE / "widgets" / "bundles").glob("*.js")):
        figures.note_size(f"Widget {path.stem}", [path], 300)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="one of graph, collections, jobs and sizes")
    options = parser.parse_args()
    sys.path.append(str(ROOT / "tests"))
    figures = Figures()
    plugins = ["-p", "browser.conftest", "-p", "backends.fixtures"]
    arguments = [__file__, *plugins, "-qq", "--no-header", "-k", options.only or "test"]
    ended = pytest.main(arguments, plugins=[figures])
    print(f"\n{'milliseconds':62}{'median':>9}{'95 %':>9}{'slowest':>9}{'asked':>9}", *figures.rows, sep="\n")
    sys.exit(ended)


if __name__ == "__main__":
    main()
