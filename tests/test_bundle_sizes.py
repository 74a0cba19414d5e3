"""The JavaScript that browsers load is small, compressed as servers send it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gdc_jupyter"
WIDGETS = sorted((PACKAGE / "widgets" / "bundles").glob("*.js"))


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 6))


def test_the_lab_extension_is_less_than_500_kilobytes():
    files = list((PACKAGE / "labextension" / "static").glob("*.js"))
    if not files:
        pytest.skip("the lab extension is not built")
    assert sum(map(compressed, files)) < 500_000


@pytest.mark.skipif(not WIDGETS, reason="the widgets are not built")
@pytest.mark.parametrize("path", WIDGETS, ids=lambda path: path.stem)
def test_a_widget_is_less_than_300_kilobytes(path):
    assert compressed(path) < 300_000
