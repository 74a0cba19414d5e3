"""Every tutorial runs from top to bottom against a server, and shows what it showed when it was written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdc_jupyter.demo import server

HERE = Path(__file__).parent
NOTEBOOKS = sorted((HERE.parents[1] / "notebooks").glob("*.ipynb"))
TOKEN = "notebooks"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a kernel that finds the server."""
    data = tmp_path_factory.getbasetemp() / "gdc-data"
    data.mkdir(exist_ok=True)
    folder = tmp_path_factory.mktemp("server")
    own = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "IPYTHONDIR": str(folder / "ipython")}
    environment = os.environ | own | {"GDC_DATA_DIR": str(data)}
    with server(TOKEN, folder / "log", environment) as url:
        yield environment | {"GDC_URL": url, "GDC_TOKEN": TOKEN}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_the_same(notebook: Path, environment: dict[str, str], tmp_path: Path) -> None:
    # A copy, so that the files a notebook writes do not end up among the tutorials.
    copy = shutil.copy(notebook, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    nbval = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(HERE / "sanitize.cfg")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *nbval, str(copy)]
    run = subprocess.run(
        command, env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
