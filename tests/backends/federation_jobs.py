"""Batch jobs of an openEO back-end for tests, which run by a clock that a test can put forward."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

QUEUED_SECONDS = 0.2
RUNNING_SECONDS = 2.0
MEASURES = ("loading data", "computing", "<script>window.attacked = 'log'</script>", "writing files")
ADD = {"process_graph": {"add1": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}}


class Clock:
    """The time, in seconds since 1970, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


def rfc3339(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Job:
    """A job; its status follows from when it was started, unless it is fixed."""

    id: str
    created: float
    fields: dict[str, Any]
    seconds: float = RUNNING_SECONDS
    outcome: str = "finished"
    started: float | None = None
    canceled: float | None = None
    edited: float = 0.0
    fixed: dict[str, Any] = field(default_factory=dict)

    def status(self, now: float) -> str:
        if "status" in self.fixed:
            return str(self.fixed["status"])
        if self.canceled is not None:
            return "canceled"
        if self.started is None:
            return "created"
        if now < self._runs_from:
            return "queued"
        return "running" if now < self._ends else self.outcome

    @property
    def _runs_from(self) -> float:
        return (self.started or 0) + QUEUED_SECONDS

    @property
    def _ends(self) -> float:
        return self._runs_from + self.seconds

    def progress(self, now: float) -> float:
        match self.status(now):
            case "running" | "canceled" if self.started is not None:
                return round(100 * min(1, max(0, ((self.canceled or now) - self._runs_from) / self.seconds)), 1)
            case "finished":
                return 100
        return 0

    def updated(self, now: float) -> float:
        match self.status(now):
            case "queued":
                changed = self.started
            case "running":
                changed = self._runs_from
            case "finished" | "error":
                changed = self._ends if self.started is not None else self.created
            case _:
                changed = self.canceled
        return max(changed or 0, self.edited, self.created)

    def logs(self, now: float) -> list[dict[str, Any]]:
        """Return the entries so far: four while it runs, and one for how it ended."""
        if self.started is None:
            return []
        done = self.progress(now) / 100
        count = len(MEASURES) if self.status(now) in ("finished", "error") else int(done * len(MEASURES)) + 1
        entries = [(("debug", "info", "warning", "info")[n], MEASURES[n]) for n in range(min(count, len(MEASURES)))]
        if self.status(now) == "error":
            entries.append(("error", "The back-end 'south' ran out of memory."))
        return [
            {"id": f"{self.id}-{number}", "level": level, "message": message, "time": rfc3339(self.started + number)}
            for number, (level, message) in enumerate(entries)
        ]


class Jobs:
    """All jobs of the one user, the newest last."""

    def __init__(self, premade: int) -> None:
        self.clock = Clock()
        self.seconds = RUNNING_SECONDS
        self.outcome = "finished"
        self._numbers = itertools.count(1)
        self.jobs: dict[str, Job] = {}
        self._premake(premade)

    def create(self, fields: dict[str, Any]) -> Job:
        job = Job(f"j-{next(self._numbers):04d}", self.clock.now(), fields)
        self.jobs[job.id] = job
        return job

    def start(self, job: Job) -> None:
        job.started, job.canceled, job.fixed = self.clock.now(), None, {}
        job.seconds, job.outcome = self.seconds, self.outcome

    def stop(self, job: Job) -> None:
        job.canceled, job.fixed = self.clock.now(), {}

    def _premake(self, count: int) -> None:
        """Make jobs of all kinds, one an hour, of which the running ones take very long."""
        generator, now = random.Random(30), self.clock.now()
        for number in range(count):
            created = now - 3600 * (count - number)
            process = ADD if number % 2 else {"process_graph": {"x": {"process_id": "only_here", "arguments": {}}}}
            fields = {"title": f"Composite {number}" if number % 7 else None, "process": process}
            job = self.create({name: value for name, value in fields.items() if value is not None})
            job.created = created
            match generator.choice(["created", "queued", "running", *["finished"] * 6, "error", "canceled"]):
                case "queued":
                    job.fixed = {"status": "queued"}
                case "running":
                    job.started, job.seconds = created, 7200.0 * count
                case "finished" | "error" as outcome:
                    job.started, job.outcome, job.seconds = created, outcome, 60.0
                case "canceled":
                    job.started, job.canceled = created, created + 30
