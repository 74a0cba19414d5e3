"""The first tutorial, run in JupyterLab as a person runs it."""

from __future__ import annotations

from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "notebooks" / "01-first-composite.ipynb"


def test_the_first_tutorial_runs_to_its_plot(open_notebook, shot):
    notebook = open_notebook(path=TUTORIAL, height=4400)
    notebook.run_all(timeout=90)
    page = notebook.page
    assert notebook.errors() == []
    assert notebook.value("dict(result.sizes)") == {"y": 251, "x": 253}
    assert 0.5 < notebook.value("float(result.median())") < 1
    page.locator("canvas").first.wait_for()
    box = page.locator("path.gdc-box").bounding_box()
    top = "([x, y]) => document.elementFromPoint(x, y).getAttribute('class')"
    assert "gdc-box" in page.evaluate(top, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    page.get_by_role("row").filter(has_text="Median NDVI, summer 2022").get_by_text(
        "Finished", exact=True
    ).first.wait_for()
    page.wait_for_timeout(500)
    shot(notebook, "tutorial")
