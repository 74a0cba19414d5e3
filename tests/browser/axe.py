"""What axe-core finds in a page: the faults that keep people with a keyboard or a screen reader out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """(element) => axe.run(element, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, impact, help, nodes }) =>
      nodes.map((node) => `${impact} ${id} (${help}): ${node.html}\\n    ${node.failureSummary}`)))"""


@pytest.fixture
def axe() -> Callable[[Any], None]:
    """Assert that axe-core finds nothing serious or critical within a locator of one element.

    Examples
    --------
    >>> axe(page.get_by_role("region", name="Collections"))  # doctest: +SKIP
    """

    def check(locator: Any) -> None:
        if not locator.page.evaluate("() => 'axe' in window"):
            locator.page.evaluate(AXE.read_text(encoding="utf-8"))
        faults = locator.evaluate(RUN)
        assert not faults, "\n".join(faults)

    return check
