"""Puts the in-memory catalogue of the graph tests on the path of these."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "graph"))
