"""What can be computed: one function an openEO process, a module a category, and the register of them all."""

from __future__ import annotations

from typing import Any

from gdc_jupyter.processes import (
    apply,
    arrays,
    combine,
    comparison,
    dimensions,
    filters,
    indices,
    math,
    reducers,
    sorting,
    spatial,
    statistics,
    storage,
    trigonometry,
)
from gdc_jupyter.processes.registry import PROCESSES, Process

__all__ = ["PROCESSES", "Process", "descriptions"]

_MODULES = (
    *(apply, arrays, combine, comparison, dimensions, filters, indices),
    *(math, reducers, sorting, spatial, statistics, storage, trigonometry),
)


def descriptions() -> list[dict[str, Any]]:
    """Return all processes as openEO describes them, by id."""
    return [PROCESSES[name].describe() for name in sorted(PROCESSES)]
