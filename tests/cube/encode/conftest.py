"""A fixture that saves a cube as a process graph does, and puts this folder on the path of its tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def save(tmp_path_factory, monkeypatch):
    """Return what saves a cube in a format, in blocks of an odd size; it returns the result of the run."""
    from gdc_jupyter.graph import blocks, run

    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (7, 11))

    class NoCatalog:
        folder = tmp_path_factory.mktemp("catalog")

    def save(cube, format, options=None, folder=None):
        arguments = {"data": {"from_parameter": "cube"}, "format": format, "options": options or {}}
        graph = {"save": {"process_id": "save_result", "arguments": arguments, "result": True}}
        process = {"process_graph": graph, "parameters": [{"name": "cube", "schema": {}}]}
        folder = folder or tmp_path_factory.mktemp("result")
        return run(process, NoCatalog(), folder, parameters={"cube": cube})

    return save
