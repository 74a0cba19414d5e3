"""Puts the vectors of this folder on the path of its tests; properties are tried without a limit of time."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("processes", deadline=None)
settings.load_profile("processes")
