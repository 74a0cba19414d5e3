"""Other words for the processes: served where their interfaces are right, and no server where they are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from gdc_jupyter.demo import free_port
from gdc_jupyter.processes import PROCESSES


def test_words_are_served(serve, tmp_path):
    words = PROCESSES["add"].describe() | {"summary": "Zwei Zahlen addieren"}
    (tmp_path / "words").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "words" / "add.json").write_text(json.dumps(words))
    options = (f"--GdcApp.process_descriptions={tmp_path / 'words'}", "--GdcApp.samples=False")
    server = serve(tmp_path / "data", tmp_path / "log", *options)
    try:
        served = {each["id"]: each for each in server.get("/processes").json()["processes"]}
        assert served["add"]["summary"] == "Zwei Zahlen addieren"
        assert served["subtract"]["summary"] == PROCESSES["subtract"].describe()["summary"]
    finally:
        server.stop()


def test_a_server_with_wrong_ones_does_not_start(tmp_path):
    words = PROCESSES["add"].describe()
    words["parameters"] = words["parameters"][:1]
    (tmp_path / "add.json").write_text(json.dumps(words))
    command = [sys.executable, "-m", "gdc_server", f"--ServerApp.port={free_port()}", "--no-browser"]
    run = subprocess.run(
        [*command, f"--GdcApp.process_descriptions={tmp_path}"],
        env=os.environ | {"GDC_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode != 0
    assert "add has the parameters x, y, and not x" in run.stderr
