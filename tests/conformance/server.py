"""The server that the suites talk to, on the sample catalogue and the collections that their payloads name."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from catalog import soil_moisture

from gdc_jupyter.demo import free_port

USER, TOKEN = "conformance", "conformance-token"


#: A provider, for clients list them and the document wants one; nobody logs in there.
_PROVIDER = {"id": "example", "title": "Example", "issuer": "https://login.example.org", "audience": ["gdc"]}


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes
    ----------
    url : str
        Address of the API.
    folder : Path
        Where suites may leave files.
    """

    url: str
    folder: Path

    @property
    def headers(self) -> dict[str, str]:
        """What logs a request in."""
        return {"Authorization": f"Bearer basic//{TOKEN}"}

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """Ask as the user."""
        answer = requests.request(method, self.url + path, headers=self.headers, timeout=60, **options)
        answer.raise_for_status()
        return answer


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    """Start a server in a folder and stop it in the end."""
    data, config = folder / "data", folder / "config"
    for each in (data, config):
        each.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GDC_DATA_DIR": str(data), "JUPYTER_CONFIG_DIR": str(config)}
    settings = {"GdcApp": {"oidc_providers": [_PROVIDER], "udf": True}}
    (config / "jupyter_gdc_config.json").write_text(json.dumps(settings))
    soil_moisture.write(data / "soil_moisture.nc")
    _gdc(environment, "add", str(data / "soil_moisture.nc"), "--id", soil_moisture.ID).check_returncode()
    port = free_port()
    fixed = [
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--no-browser",
        f"--IdentityProvider.token={TOKEN}",
    ]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gdc_server", *fixed, *options],
            env=environment,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    server = Server(f"http://127.0.0.1:{port}/gdc", folder)
    try:
        _wait_for(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _gdc(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "gdc_server", *arguments], env=environment, check=False)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            # With all dates of the sample, so that no suite waits for them to be made.
            if requests.get(f"{server.url}/collections/S2_ALPS/items", timeout=60).ok:
                return
        time.sleep(0.1)
    raise SystemExit(f"The server did not start; see {server.folder / 'server.log'}.")
