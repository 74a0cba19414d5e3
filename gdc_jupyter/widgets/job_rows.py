"""What the job table shows of a job, made from the metadata that any openEO back-end gives."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

ACTIVE = ("queued", "running")
#: The buttons a job has in each status; ``logs`` is always there.
ACTIONS = {
    "created": ("start", "delete"),
    "queued": ("cancel",),
    "running": ("cancel",),
    "finished": ("open", "delete"),
    "error": ("start", "delete"),
    "canceled": ("start", "delete"),
}


class Stopwatch:
    """Remembers when each job was first seen to run, for back-ends that do not tell how long a job has been running."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._first = True

    def row(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Return a job as the table shows it: strings, a progress in percent or None, seconds or None."""
        job_id, status = str(job.get("id", "")), str(job.get("status", "unknown"))
        progress = job.get("progress")
        if status == "finished":
            progress = 100
        return {
            "id": job_id,
            "title": str(job.get("title") or ""),
            "status": status,
            "progress": min(100.0, max(0.0, float(progress))) if isinstance(progress, (int, float)) else None,
            "created": str(job.get("created") or ""),
            "elapsed": self._elapsed(job_id, status, job),
            "actions": list(ACTIONS.get(status, ("delete",))),
        }

    def listed(self) -> None:
        """Say that a whole list was seen: a job that runs from now on has only just begun."""
        self._first = False

    def _elapsed(self, job_id: str, status: str, job: Mapping[str, Any]) -> float | None:
        used = duration(job)
        if status == "running":
            if used is not None:
                return used
            created = _seconds(
                job.get("started") or (job.get("updated") or job.get("created") if self._first else None)
            )
            return max(0.0, time.time() - self._since.setdefault(job_id, created or time.time()))
        since = self._since.get(job_id)
        if status == "queued" or status == "created":
            self._since.pop(job_id, None)
            return None
        if used is not None:
            return used
        ended, begun = _seconds(job.get("updated")), since or _seconds(job.get("created"))
        return max(0.0, ended - begun) if ended is not None and begun is not None else None


def duration(job: Mapping[str, Any]) -> float | None:
    """Return the seconds of run time that a back-end reports under ``usage``."""
    usage = job.get("usage")
    entry = usage.get("duration") if isinstance(usage, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(entry.get("value"), (int, float)):
        return None
    factor = {"s": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600, "hours": 3600}.get(str(entry.get("unit", "s")))
    return None if factor is None else float(entry["value"]) * factor


def log_entry(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return a log entry as the table shows it."""
    return {
        "time": str(entry.get("time") or entry.get("timestamp") or ""),
        "level": str(entry.get("level") or "info"),
        "message": str(entry.get("message") or ""),
    }


def static_table(rows: list[dict[str, Any]]) -> str:
    """Return the jobs as an HTML table, for places where no widget can be shown."""
    if not rows:
        return "<p>No jobs yet.</p>"
    cells = "".join(
        f"<tr><td>{escape(row['title'] or row['id'])}</td><td>{escape(row['status'])}</td>"
        f"<td>{'' if row['progress'] is None else format(row['progress'], '.0f') + ' %'}</td></tr>"
        for row in rows
    )
    return f"<table><thead><tr><th>Job</th><th>Status</th><th>Progress</th></tr></thead><tbody>{cells}</tbody></table>"


def _seconds(text: Any) -> float | None:
    """Return an RFC 3339 time in seconds since 1970."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
