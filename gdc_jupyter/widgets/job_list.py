"""The jobs of a back-end as they are known: asked page by page, and changed by what is pushed."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gdc_jupyter.widgets.job_rows import ACTIVE, ENDED, Stopwatch, status_of
from gdc_jupyter.widgets.relay import Answer, NoAnswer, Source, next_page, pages

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

#: Jobs that a page of the list is asked to hold.
PAGE = 100
#: Running jobs that are asked about one by one, where the list does not tell how far they are.
_MOST_DESCRIBED = 10
#: A whole list is asked for again after this many times what it took, and at the least after these seconds.
_PATIENCE, _LEAST_BETWEEN = 10.0, 10.0


class JobList:
    """The jobs, and when they were last asked for as a whole.

    Parameters
    ----------
    connection : openeo.Connection
        Used to renew credentials.
    source : Source
        What requests go to.
    limit : int, optional
        The number of newest jobs that are wanted; all by default.
    """

    def __init__(self, connection: Connection, source: Source, limit: int | None = None) -> None:
        self._connection, self._source, self._limit = connection, source, limit
        self._stopwatch = Stopwatch()
        self._known: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._whole_at, self._took = -1e9, 0.0

    def rows(self) -> list[dict[str, Any]]:
        """Return the jobs as the table shows them, the newest first."""
        with self._lock:
            rows = [self._stopwatch.row(job) for job in self._known.values()]
        rows.sort(key=lambda row: (str(row["created"]), row["id"]), reverse=True)
        return rows[: self._limit]

    def look(self, whole: bool = False) -> None:
        """Ask the back-end: for all jobs where that is wanted or long ago, else for the newest and those at work.

        Raises
        ------
        NoAnswer
            Why there is no list; what is known stays.
        """
        begun = time.monotonic()
        whole = whole or begun - self._whole_at > max(_LEAST_BETWEEN, _PATIENCE * self._took)
        jobs, is_whole = self._pages(whole)
        found = {str(job["id"]): job for job in jobs}
        self._ask_about_active(found, is_whole)
        with self._lock:
            self._known = found if is_whole else self._known | found
        if is_whole:
            self._stopwatch.listed()
            self._whole_at, self._took = time.monotonic(), time.monotonic() - begun

    def change(self, job_id: str, status: str, progress: float | None) -> bool:
        """Take over a change that was pushed, and return whether the back-end has to be asked for more.

        That is so for a job that is not known, and for one that has ended.
        """
        with self._lock:
            job = self._known.get(job_id)
            if job is None:
                return True
            changed = job | {"status": status, "progress": progress}
            if status != job.get("status"):
                changed["updated"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                changed.pop("usage", None)
            self._known[job_id] = changed
        return status in ENDED and status != job.get("status")

    def _pages(self, whole: bool) -> tuple[list[dict[str, Any]], bool]:
        """Return jobs, and whether these are all that there are, or all that are wanted."""
        size = min(PAGE, self._limit or PAGE)
        jobs: list[dict[str, Any]] = []
        for page in pages(self._get, "jobs", {"limit": size}):
            jobs += _jobs(page)
            if not whole:
                return jobs, next_page(page) is None
            if self._limit is not None and len(jobs) >= self._limit:
                break
        return jobs, True

    def _ask_about_active(self, found: dict[str, dict[str, Any]], is_whole: bool) -> None:
        """Describe running jobs whose progress the list does not tell, and those at work that are not in it."""
        with self._lock:
            before = self._known
        wanted = [key for key, job in found.items() if status_of(job) == "running" and "progress" not in job]
        if not is_whole:
            wanted += [key for key, job in before.items() if key not in found and status_of(job) in ACTIVE]
        for job_id in wanted[:_MOST_DESCRIBED]:
            answer = self._answer(f"jobs/{job_id}")
            if answer.status == 404:
                found.pop(job_id, None)
            elif answer.status < 400 and isinstance(answer.body, dict):
                described = {key: value for key, value in answer.body.items() if key != "process"}
                found[job_id] = found.get(job_id, {}) | described | {"id": job_id}

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        answer = self._answer(path, query)
        try:
            return self._source.body_of(answer)
        except NoAnswer as error:
            if error.failure != "signed-out":
                raise
            how = "Log in, as with connection.authenticate_basic(user, password)."
            raise NoAnswer(error.failure, f"{error} {how}") from None

    def _answer(self, path: str, query: Mapping[str, Any] | None = None) -> Answer:
        answer = self._source.request("GET", path, query)
        if answer.status in (401, 403) and self._renewed():
            answer = self._source.request("GET", path, query)
        return answer

    def _renewed(self) -> bool:
        """Have the client renew a token that has expired, where it can."""
        auth = self._connection.auth
        if auth is None:
            return False
        try:
            self._connection.list_jobs(limit=1)
        except Exception:  # the caller tells of its own refusal
            return False
        return self._connection.auth is not auth


def _jobs(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict) or not isinstance(body.get("jobs"), list):
        raise NoAnswer("rubbish", "The server gave an answer that is no list of jobs.")
    return [dict(job) for job in body["jobs"] if isinstance(job, dict) and job.get("id")]
