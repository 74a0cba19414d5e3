"""Every tutorial runs from top to bottom against a server, and shows what it showed when it was written."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOTEBOOKS = sorted((HERE.parents[1] / "notebooks").glob("*.ipynb"))
TOKEN = "notebooks"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a kernel that finds the server."""
    data = tmp_path_factory.getbasetemp() / "gdc-data"
    data.mkdir(exist_ok=True)
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "IPYTHONDIR": str(folder / "ipython")}
    environment = os.environ | own | {"GDC_DATA_DIR": str(data)}
    options = [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}", "--no-browser", "--allow-root"]
    url = f"http://127.0.0.1:{port}/gdc/"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", "from gdc_server.app import main; main()", *options],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(url, server, folder / "log")
        yield environment | {"GDC_URL": url, "GDC_TOKEN": TOKEN}
    finally:
        server.terminate()
        server.wait(20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)


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
