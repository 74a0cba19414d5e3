"""Limits of what this process may use, set by the operating system."""

from __future__ import annotations

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def limit_memory(size: int) -> None:
    """Let this process and those that it starts use so many bytes more than it does now, each for itself.

    What counts is what can be written to: heap, arrays and stacks (``RLIMIT_DATA``). The address space would count
    what threads reserve and never touch, and end healthy work. Only Linux has this limit; elsewhere nothing happens.
    """
    if not _STATUS.exists():
        return
    used = next(int(line.split()[1]) << 10 for line in _STATUS.read_text().splitlines() if line.startswith("VmData"))
    lower(resource.RLIMIT_DATA, used + size)


def lower(kind: int, value: int) -> None:
    """Set a limit of :mod:`resource` for good, unless it is lower already."""
    _, hard = resource.getrlimit(kind)
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (limit, limit))
