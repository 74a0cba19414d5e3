"""Puts graphs for tests on the path, and runs code for the openEO client against a back-end of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import openeo
import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "graph")]


@pytest.fixture
def connection(newer_federation, monkeypatch):
    """A connection that code gets, wherever it connects to."""
    import gdc_jupyter

    connection = openeo.connect(newer_federation.url)
    formats = connection.list_file_formats()
    monkeypatch.setattr(openeo, "connect", lambda url: connection)
    monkeypatch.setattr(gdc_jupyter, "connect", lambda: connection, raising=False)
    monkeypatch.setattr(connection, "list_file_formats", lambda: formats)
    return connection


@pytest.fixture
def run(connection):
    """Return what runs code and gives the process that it makes."""

    def run_it(code):
        namespace = {}
        exec(compile(code, "code", "exec"), namespace)
        return namespace.get("process") or {"process_graph": namespace["result"].flat_graph()}

    return run_it
