"""Which server is meant where none is named: that of this kernel, or another one of this user on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from gdc_jupyter.errors import GdcError

_START_HINT = (
    "Start one with `jupyter lab` or `jupyter gdc` on this machine, or name one: "
    "gdc.connect('https://host/gdc', user='me', token='...')."
)


class Server(NamedTuple):
    """A server: the address of its API, and the token for it."""

    url: str
    token: str


def find_server() -> Server:
    """Return the server that is meant where none is named.

    The first of these: the address in the environment variable ``GDC_URL`` (with its token in ``GDC_TOKEN``); the
    Jupyter server of this kernel, under JupyterHub too; any other Jupyter server of this user on this machine.

    Raises
    ------
    GdcError
        ``ServerNotFound`` where no server answers, with what to start.
    """
    configured = _configured_server()
    if configured is not None:
        return configured
    own = own_server()
    if own is not None:
        if _answers(own):
            return own
        if own == _hub_server():
            raise GdcError("ServerNotFound", f"Nothing of gdc-jupyter answers at {own.url}. {_START_HINT}")
    for server in _local_servers():
        if server != own and _answers(server):
            return server
    raise GdcError("ServerNotFound", f"No Jupyter server with the gdc extension runs here. {_START_HINT}")


def expected_server() -> Server | None:
    """Return the server that `find_server` looks for first, without asking whether it is there."""
    return _configured_server() or own_server()


def own_server() -> Server | None:
    """Return the server that started this kernel."""
    hub = _hub_server()
    if hub is not None:
        return hub
    parent = os.environ.get("JPY_PARENT_PID")
    return _read_server(_runtime_folder() / f"jpserver-{parent}.json") if parent else None


def _configured_server() -> Server | None:
    url = os.environ.get("GDC_URL")
    return Server(url, os.environ.get("GDC_TOKEN", "")) if url else None


def _hub_server() -> Server | None:
    token = os.environ.get("JUPYTERHUB_API_TOKEN")
    address = os.environ.get("JUPYTERHUB_SERVICE_URL")
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if not (token and address and prefix):
        return None
    parts = urlsplit(address)
    return Server(f"{parts.scheme}://{_reachable(parts.netloc)}{prefix.rstrip('/')}/gdc/", token)


def _local_servers() -> Iterator[Server]:
    """Yield the servers of this user that run on this machine, the newest first."""
    files = [
        path for path in _runtime_folder().glob("jpserver-*.json") if path.stem.removeprefix("jpserver-").isdigit()
    ]
    for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
        server = _read_server(path)
        if server is not None:
            yield server


def _read_server(path: Path) -> Server | None:
    try:
        info = json.loads(path.read_text())
        os.kill(int(info["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return None
    parts = urlsplit(info["url"])
    if parts.scheme not in ("http", "https"):
        return None
    return Server(
        f"{parts.scheme}://{_reachable(parts.netloc)}{info['base_url'].rstrip('/')}/gdc/", info.get("token") or ""
    )


def _reachable(netloc: str) -> str:
    """Return a host and port to call where a server listens on every interface."""
    host, _, port = netloc.rpartition(":")
    return f"127.0.0.1:{port}" if host in ("0.0.0.0", "[::]", "") else netloc


def _answers(server: Server) -> bool:
    """Return whether an openEO landing page is served there."""
    import requests

    try:
        response = requests.get(server.url, timeout=5)
        return response.ok and "api_version" in response.json()
    except (requests.RequestException, ValueError):
        return False


def _runtime_folder() -> Path:
    from jupyter_core.paths import jupyter_runtime_dir

    return Path(jupyter_runtime_dir())
