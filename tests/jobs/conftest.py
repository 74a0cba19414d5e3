"""A data folder whose generated samples are made once for all tests of a run."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "gdc-data"
    folder.mkdir(exist_ok=True)
    return folder
