"""What the job table shows of a job, made from the metadata that any openEO back-end gives."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

ACTIVE = ("queued", "running")
ENDED = ("finished", "error", "canceled")
#: The states of OGC executions, which a list of jobs may hold as well.
_OGC_STATES = {"accepted": "queued", "successful": "finished", "failed": "error", "dismissed": "canceled"}


class Stopwatch:
    """Remembers when each job was first seen to run, for back-ends that do not tell how long a job has been running."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._first = True

    def row(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Return a job as the table shows it: strings, a progress in percent or None, seconds or None."""
        job_id, status = str(job.get("id", "")), status_of(job)
        progress = job.get("progress")
        if status == "finished":
            progress = 100
        elapsed = self._elapsed(job_id, status, job)
        return {
            "id": job_id,
            "title": str(job.get("title") or ""),
            "status": status,
            "progress": min(100.0, max(0.0, float(progress))) if isinstance(progress, (int, float)) else None,
            "created": str(job.get("created") or ""),
            "updated": str(job.get("updated") or job.get("created") or ""),
            "started": self._since.get(job_id),
            "elapsed": elapsed,
        }

    def listed(self) -> None:
        """Say that a whole list was seen: a job that runs from now on has only just begun."""
        self._first = False

    def _elapsed(self, job_id: str, status: str, job: Mapping[str, Any]) -> float | None:
        used = duration(job)
        if status == "running":
            begun = seconds_of(
                job.get("started") or (job.get("updated") or job.get("created") if self._first else None)
            )
            since = self._since.setdefault(job_id, begun or time.time() - (used or 0))
            return max(0.0, time.time() - since) if used is None else used
        since_then = self._since.get(job_id)
        if status in ("queued", "created"):
            self._since.pop(job_id, None)
            return None
        if used is not None:
            return used
        ended, begun = seconds_of(job.get("updated")), since_then or seconds_of(job.get("created"))
        return max(0.0, ended - begun) if ended is not None and begun is not None else None


def status_of(job: Mapping[str, Any]) -> str:
    """Return the status of a job in the words of openEO, or as the back-end says it."""
    told = str(job.get("status") or "unknown")
    return _OGC_STATES.get(told, told)


def duration(job: Mapping[str, Any]) -> float | None:
    """Return the seconds of run time that a back-end reports under ``usage``."""
    usage = job.get("usage")
    entry = usage.get("duration") if isinstance(usage, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(entry.get("value"), (int, float)):
        return None
    factor = {"s": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600, "hours": 3600}.get(str(entry.get("unit", "s")))
    return None if factor is None else float(entry["value"]) * factor


def log_entry(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return a log entry: its time, its level and its message."""
    return {
        "time": str(entry.get("time") or entry.get("timestamp") or ""),
        "level": str(entry.get("level") or "info"),
        "message": str(entry.get("message") or ""),
    }


def static_table(rows: Sequence[Mapping[str, Any]], problem: str = "") -> str:
    """Return the jobs as an HTML table, for places where no widget can be shown."""
    told = f"<p>{escape(problem)}</p>" if problem else ""
    if not rows:
        return told or "<p>No jobs yet.</p>"
    cells = "".join(
        f"<tr><td>{escape(row['title'] or row['id'])}</td><td>{escape(row['status'])}</td>"
        f"<td>{'' if row['progress'] is None else format(row['progress'], '.0f') + ' %'}</td></tr>"
        for row in rows
    )
    head = "<thead><tr><th>Job</th><th>Status</th><th>Progress</th></tr></thead>"
    return f"{told}<table>{head}<tbody>{cells}</tbody></table>"


def seconds_of(text: Any) -> float | None:
    """Return an RFC 3339 time in seconds since 1970."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
