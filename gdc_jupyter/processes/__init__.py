"""What can be computed: one function an openEO process, a module a category, and the register of them all."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from gdc_jupyter.processes.registry import PROCESSES, Process

__all__ = ["PROCESSES", "Process", "descriptions"]

# A module registers its processes when it is loaded.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def descriptions() -> list[dict[str, Any]]:
    """Return all processes as openEO describes them, by id."""
    return [PROCESSES[name].describe() for name in sorted(PROCESSES)]
