"""What is known of jobs, OGC executions and secondary services. Light, for the server loads it at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

#: Log levels from the most to the least severe.
LEVELS = ("error", "warning", "info", "debug")
#: States in which a job waits for or has a process.
ACTIVE = ("queued", "running")
#: Characters of JSON that are read; more is passed on as it is, for Python would take long to read it.
_MOST_READ = 1 << 19

#: An openEO process; a very long one as its text, which stands for it where JSON is written.
Process = dict[str, Any] | orjson.Fragment


@dataclass(frozen=True)
class Job:
    """A batch job as the store knows it; times are RFC 3339 strings in UTC, ``progress`` is in percent."""

    id: str
    owner: str
    title: str | None
    description: str | None
    process: Process | None
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
class Execution:
    """The execution of an OGC process, which is a job.

    Attributes
    ----------
    job_id, process_id : str
    response : str
        ``raw`` or ``document`` for values, ``raw-links`` or ``document-links`` for their addresses.
    subscriber : mapping
        ``successUri``, ``inProgressUri`` and ``failedUri``.
    root : str
        The address of the API as the client has seen it, for links that are sent without a request.
    """

    job_id: str
    process_id: str
    response: str = "raw"
    subscriber: Mapping[str, str] = field(default_factory=dict)
    root: str = ""


@dataclass(frozen=True)
class JobFilter:
    """Which jobs of a list are wanted; what is empty or None is not asked.

    Attributes
    ----------
    executions_only : bool
        Whether only OGC executions are wanted.
    processes : tuple of str
        The processes of OGC executions.
    states, execution_states : tuple of str
        States of openEO jobs and of OGC executions, both as the store knows them.
    created : tuple of int or None
        The first and the last instant at which jobs were made, in milliseconds since 1970.
    seconds : tuple of int or None
        The shortest and the longest time that they have run, or run by now.
    """

    executions_only: bool = False
    processes: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    execution_states: tuple[str, ...] = ()
    created: tuple[int | None, int | None] = (None, None)
    seconds: tuple[int | None, int | None] = (None, None)

    def keeps(self, job: Job) -> bool:
        """Tell whether a job has run for as long as is asked."""
        shortest, longest = self.seconds
        if shortest is None and longest is None:
            return True
        if job.started is None:
            return False
        lasted = (_moment(job.finished) - _moment(job.started)).total_seconds()
        return (shortest is None or lasted >= shortest) and (longest is None or lasted <= longest)


@dataclass(frozen=True)
class Service:
    """A secondary service as the store knows it; ``attributes`` is what was found out of its graph."""

    id: str
    owner: str
    type: str
    title: str | None
    description: str | None
    process: Process | None
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


def _moment(text: str | None) -> datetime:
    return datetime.now(UTC) if text is None else datetime.fromisoformat(text)


def value_of(text: str | None) -> Any:
    """Return the value that a store keeps as JSON; of a long one an `orjson.Fragment`."""
    if text is None:
        return None
    return orjson.loads(text) if len(text) <= _MOST_READ else orjson.Fragment(text)
