"""What all tests share: their order, back-ends to talk to, and a data directory with the sample and the catalogue."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog

TESTS = Path(__file__).parent
BROWSER = TESTS / "browser"

# After everything else, so that the folders of the tests, named as rooms are, stand in nobody's way.
sys.path.append(str(TESTS))

from backends.fixtures import federation, large_federation, newer_federation, stac_api, start_backend  # noqa: E402

__all__ = ["federation", "large_federation", "newer_federation", "stac_api", "start_backend"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser tests last: Playwright keeps an event loop running, beside which no test can run its own."""
    items.sort(key=lambda item: BROWSER in item.path.parents)


@pytest.fixture(scope="session")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory, also in GDC_DATA_DIR, in which S2_ALPS is made already."""
    from gdc_jupyter.samples import alps

    folder = tmp_path_factory.mktemp("gdc")
    before = os.environ.get("GDC_DATA_DIR")
    os.environ["GDC_DATA_DIR"] = str(folder)
    alps.make(folder / "samples" / alps.FOLDER_NAME)
    yield folder
    if before is None:
        os.environ.pop("GDC_DATA_DIR", None)
    else:
        os.environ["GDC_DATA_DIR"] = before


@pytest.fixture
def catalog(data_directory: Path) -> Catalog:
    """The catalogue of the tests' data directory."""
    from gdc_jupyter.catalog.catalog import Catalog

    return Catalog(data_directory)
