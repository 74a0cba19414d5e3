"""What is known of a batch job and of a secondary service. Light, for the server loads it at its start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

#: Log levels from the most to the least severe.
LEVELS = ("error", "warning", "info", "debug")
#: States in which a job waits for or has a process.
ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class Job:
    """A batch job as the store knows it; times are RFC 3339 strings in UTC, ``progress`` is in percent."""

    id: str
    owner: str
    title: str | None
    description: str | None
    process: dict[str, Any] | None
    status: str
    progress: float
    created: str
    updated: str
    started: str | None
    finished: str | None
    plan: str | None
    budget: float | None
    log_level: str
    usage: dict[str, Any] | None
    server: str | None


@dataclass(frozen=True)
class Service:
    """A secondary service as the store knows it; ``attributes`` is what was found out of its graph."""

    id: str
    owner: str
    type: str
    title: str | None
    description: str | None
    process: dict[str, Any] | None
    enabled: bool
    configuration: dict[str, Any]
    attributes: dict[str, Any]
    created: str
    updated: str
    plan: str | None
    budget: float | None
    log_level: str


@dataclass(frozen=True)
class LogEntry:
    """One line of the log of a job or a service; ``path`` lists the node at fault first, then those around it."""

    number: int
    level: str
    message: str
    time: str
    path: list[dict[str, Any]] | None
    code: str | None
    data: Any | None


def now() -> str:
    """Return the time in UTC as RFC 3339 with microseconds, a form that sorts as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def levels_down_to(level: str) -> tuple[str, ...]:
    """Return the levels that are at least as severe as ``level``."""
    return LEVELS[: LEVELS.index(level) + 1]
