"""Fixtures: an openEO federation and a STAC API, each a process of its own, which can be told to misbehave."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

USER, PASSWORD = "user", "password"
HERE = Path(__file__).parent


class FakeBackend:
    """A back-end that runs.

    Attributes
    ----------
    url : str
        The root of its API, without a slash at its end.
    server : str
        The root of its server.
    """

    def __init__(self, script: str, *options: str) -> None:
        self._command = [sys.executable, str(HERE / script), *options]
        self._port = 0
        self.start()

    def start(self) -> None:
        """Start it, again at the same port."""
        self.process = subprocess.Popen(
            [*self._command, "--port", str(self._port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        told = json.loads(self.process.stdout.readline())
        self._port = told["port"]
        self.server = f"http://127.0.0.1:{self._port}"
        self.url = self.server + told["root"]

    def stop(self) -> None:
        """End it; nothing answers at its port any more."""
        self.process.terminate()
        self.process.communicate()

    def control(self, **switches: Any) -> None:
        """Turn switches: ``delay``, ``fail``, ``rubbish``, ``gone``, ``reset`` and those of the back-end.

        Examples
        --------
        >>> federation.control(delay=2)  # doctest: +SKIP
        >>> federation.control(fail=["^GET /jobs", "/processes"], delay={"/collections": 1})  # doctest: +SKIP
        >>> federation.control(expired=True)  # doctest: +SKIP
        >>> federation.control(jobs={"j-0001": {"status": "finished"}, "j-0002": None})  # doctest: +SKIP
        """
        answer = requests.post(f"{self.server}/control", json=switches, timeout=10)
        assert answer.ok, answer.text

    def requests(self, pattern: str = "") -> list[dict[str, Any]]:
        """Return what was asked so far, as ``method``, ``path``, ``query``, ``body`` and ``status``.

        A pattern is looked for in ``GET /path``. What was answered by no answer at all has no status.
        """
        log = requests.get(f"{self.server}/control", timeout=10).json()["requests"]
        return [entry for entry in log if re.search(pattern, f"{entry['method']} {entry['path']}")]


@pytest.fixture(scope="session")
def start_backend() -> Iterator[Callable[..., FakeBackend]]:
    """Return what starts a back-end: ``start_backend("openeo_federation.py", "--collections", "2000")``.

    The same one is given for the same options, as it was at its start.
    """
    running: dict[tuple[str, ...], FakeBackend] = {}

    def start(*command: str) -> FakeBackend:
        backend = running.get(command)
        if backend is None:
            running[command] = FakeBackend(*command)
        elif backend.process.poll() is not None:
            backend.start()
        else:
            backend.control(reset=True)
        return running[command]

    yield start
    for backend in running.values():
        backend.stop()


@pytest.fixture
def federation(start_backend: Callable[..., FakeBackend]) -> FakeBackend:
    """An old openEO federation (1.1.0) with 20 collections and 12 jobs; sign in with USER and PASSWORD."""
    return start_backend("openeo_federation.py")


@pytest.fixture
def newer_federation(start_backend: Callable[..., FakeBackend]) -> FakeBackend:
    """The same of version 1.2.0, which has progress and validation."""
    return start_backend("openeo_federation.py", "--version", "1.2.0")


@pytest.fixture
def large_federation(start_backend: Callable[..., FakeBackend]) -> FakeBackend:
    """An old openEO federation with 2,000 collections and 500 jobs."""
    return start_backend("openeo_federation.py", "--collections", "2000", "--jobs", "500")


@pytest.fixture
def stac_api(start_backend: Callable[..., FakeBackend]) -> FakeBackend:
    """A plain STAC API: six collections, of which ``scenes`` has 250 items."""
    return start_backend("stac_api.py")
