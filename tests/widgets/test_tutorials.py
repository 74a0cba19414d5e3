"""The tutorials are stored small and clean."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_was_run_once_from_top_to_bottom_and_holds_no_error(notebook):
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    assert set(content.metadata) == {"kernelspec", "language_info"}
    assert notebook.stat().st_size < 200_000
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert "error" not in {output.output_type for cell in code for output in cell.outputs}
