"""JobTracker: a live table of the batch jobs of an openEO back-end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import requests
import traitlets

from gdc_jupyter.widgets.job_rows import ACTIVE, Stopwatch, log_entry, static_table

if TYPE_CHECKING:
    import xarray as xr
    from openeo.rest.connection import Connection
    from openeo.rest.job import BatchJob

STATIC = Path(__file__).parent / "static"
LEVELS = ("error", "warning", "info", "debug")

# Seconds between two looks at the back-end.
ACTIVE_DELAY = 0.5
IDLE_DELAYS = (1.5, 15.0)
OFFLINE_DELAYS = (2.0, 30.0)
UNWATCHED_DELAY = 60.0
# A displayed view says every 20 s that it is there; browsers slow the timers of hidden tabs to one a minute.
WATCHED_FOR = 150.0
LOG_LIMIT = 500


class JobTracker(anywidget.AnyWidget):
    """A live table of batch jobs, with buttons to start, cancel and delete them, to read logs and to open results.

    Works with every openEO back-end. The table follows the back-end by itself, also while a cell is running, and goes
    on by itself after the server was away. ``close()`` ends that.

    Parameters
    ----------
    connection : openeo.Connection
        An authenticated connection.
    limit : int
        The number of newest jobs to show.

    Attributes
    ----------
    jobs : list of dict
        The jobs as last seen: id, title, status, progress (percent or None), elapsed (seconds or None).
    selected : str or None
        The id of the job that is selected in the table.
    result : xarray.DataArray or None
        The result that was opened last.

    Examples
    --------
    >>> jobs = JobTracker(con)  # doctest: +SKIP
    >>> jobs.open_result("j-...")  # doctest: +SKIP
    """

    _esm = STATIC / "job_tracker.js"
    _css = STATIC / "job_tracker.css"

    jobs: traitlets.List[dict[str, Any]] = traitlets.List(traitlets.Dict(), default_value=[]).tag(sync=True)
    selected: traitlets.Unicode[str | None, str | bytes | None] = traitlets.Unicode(None, allow_none=True).tag(
        sync=True
    )
    result = traitlets.Any(None, allow_none=True)
    _title = traitlets.Unicode("").tag(sync=True)
    _problem = traitlets.Unicode("").tag(sync=True)
    _notice = traitlets.Dict(default_value={"text": "", "level": "info"}).tag(sync=True)
    _log = traitlets.Dict(default_value={}).tag(sync=True)
    _opened = traitlets.Dict(default_value={}).tag(sync=True)

    def __init__(self, connection: Connection, limit: int = 20) -> None:
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._actions = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gdc-job-actions")
        if limit < 1:
            raise ValueError(f"limit is the number of jobs to show, at least 1, and not {limit}.")
        super().__init__()
        self.connection = connection
        self.limit = limit
        self._session = requests.Session()
        self._stopwatch = Stopwatch()
        self._lock = threading.Lock()
        self._watched = time.monotonic()
        self._title = str(connection.root_url)
        self.on_msg(self._on_message)
        self.refresh()
        self._thread = threading.Thread(target=self._follow, name="gdc-job-tracker", daemon=True)
        self._thread.start()

    def refresh(self) -> bool:
        """Ask the back-end now, and return whether it answered; what was last seen stays where it did not."""
        with self._lock:
            try:
                jobs = self._list_jobs()
            except Exception as error:  # any failure of a back-end is told in the table
                self._problem = _reason(error)
                return False
            rows = [self._stopwatch.row(job) for job in jobs]
            self._stopwatch.listed()
            rows.sort(key=lambda row: str(row["created"]), reverse=True)
            if rows != self.jobs:
                self.jobs = rows
            if self.selected is not None and self.selected not in {row["id"] for row in rows}:
                self.selected = None
            self._problem = ""
        self._refresh_log()
        return True

    def start(self, job: str | BatchJob) -> None:
        """Queue a job."""
        self._job(job).start()
        self._wake.set()

    def cancel(self, job: str | BatchJob) -> None:
        """Stop a job that is queued or running."""
        self._job(job).stop()
        self._wake.set()

    def delete(self, job: str | BatchJob) -> None:
        """Delete a job with its results."""
        self._job(job).delete()
        self._wake.set()

    def wait(self, job: str | BatchJob, timeout: float = 3600) -> str:
        """Wait until a job has ended, while the table goes on showing its progress, and return its status.

        Parameters
        ----------
        job : str or openeo.BatchJob
            The job.
        timeout : float
            The longest time to wait, in seconds.

        Raises
        ------
        TimeoutError
            Where the job has not ended by then.
        """
        batch_job = self._job(job)
        end = time.monotonic() + timeout
        while (status := batch_job.status()) in ACTIVE:
            if time.monotonic() > end:
                raise TimeoutError(f"Job {batch_job.job_id} is still {status} after {timeout:g} seconds.")
            time.sleep(ACTIVE_DELAY)
        self.refresh()
        return str(status)

    def open_result(self, job: str | BatchJob) -> xr.DataArray:
        """Open the result of a finished job, keep it in ``result`` and return it.

        Raises
        ------
        GdcError
            ``ResultNotReadable`` where the result is neither GeoTIFF nor netCDF nor Zarr.
        """
        from gdc_jupyter.client import open_result
        from gdc_jupyter.widgets.quicklook import describe, quicklook

        batch_job = self._job(job)
        cube = open_result(batch_job)
        self.result = cube
        name = next((row["title"] for row in self.jobs if row["id"] == batch_job.job_id), "") or batch_job.job_id
        self._opened = {"job": batch_job.job_id, "name": name, "text": describe(cube), "picture": quicklook(cube)}
        return cube

    def show_logs(self, job: str | BatchJob, level: str = "info") -> list[dict[str, str]]:
        """Show the log of a job under the table, and return its last entries.

        Parameters
        ----------
        job : str or openeo.BatchJob
            The job.
        level : {"error", "warning", "info", "debug"}
            The least severe level to show.
        """
        if level not in LEVELS:
            raise ValueError(f"level is one of {', '.join(LEVELS)}, and not {level!r}.")
        batch_job = self._job(job)
        entries = [log_entry(entry) for entry in batch_job.logs(level=level)][-LOG_LIMIT:]
        self._log = {"job": batch_job.job_id, "level": level, "entries": entries}
        return entries

    def close(self) -> None:
        """Stop following the back-end and remove the widget."""
        self._closed.set()
        self._wake.set()
        self._actions.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _job(self, job: str | BatchJob) -> BatchJob:
        return self.connection.job(job) if isinstance(job, str) else job

    def _list_jobs(self) -> list[dict[str, Any]]:
        # Without the client's own retries, so that a server that is gone is noticed at once.
        response = self._session.get(
            self.connection.build_url("/jobs"), params={"limit": self.limit}, auth=self.connection.auth, timeout=10
        )
        if response.status_code in (401, 403):
            # The client renews tokens, and says what is wrong where it cannot.
            return [dict(job) for job in self.connection.list_jobs(limit=self.limit)][: self.limit]
        if not response.ok:
            raise RuntimeError(_message_of(response))
        jobs: list[dict[str, Any]] = response.json()["jobs"][: self.limit]
        return [self._with_progress(job) for job in jobs]

    def _with_progress(self, job: dict[str, Any]) -> dict[str, Any]:
        if job.get("status") != "running" or "progress" in job:
            return job
        return {**job, **self.connection.job(job["id"]).describe()}

    def _refresh_log(self) -> None:
        shown = self._log
        if not shown or self._closed.is_set():
            return
        row = next((row for row in self.jobs if row["id"] == shown["job"]), None)
        if row is None:
            self._log = {}
        elif row["status"] in ACTIVE or shown.get("status") != row["status"]:
            try:
                self.show_logs(shown["job"], shown["level"])
            except Exception as error:
                self._say(_reason(error), "error")
            else:
                self._log = {**self._log, "status": row["status"]}

    def _follow(self) -> None:
        delay = ACTIVE_DELAY
        while not self._closed.is_set():
            self._wake.wait(delay)
            if self._closed.is_set():
                return
            woken = self._wake.is_set()
            self._wake.clear()
            answered = self.refresh()
            watched = time.monotonic() - self._watched < WATCHED_FOR
            delay = next_delay(delay, answered, any(row["status"] in ACTIVE for row in self.jobs), watched, woken)

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        action, job = content.get("action"), str(content.get("job", ""))
        self._watched = time.monotonic()
        if action == "watching":
            return
        if action == "refresh":
            self._wake.set()
        elif action == "close logs":
            self._log = {}
        elif action == "close result":
            self._opened = {}
        elif action == "logs":
            level = str(content.get("level", "info"))
            self._in_background(lambda: self.show_logs(job, level), "")
        elif action == "start":
            self._in_background(lambda: self.start(job), "")
        elif action == "cancel":
            self._in_background(lambda: self.cancel(job), "")
        elif action == "delete":
            self._in_background(lambda: self.delete(job), "Deleted.")
        elif action == "open":
            self._say("Opening the result…")
            self._in_background(lambda: self.open_result(job), "")

    def _in_background(self, action: Callable[[], Any], done: str) -> None:
        """Run an action on a thread, so that the kernel stays free, and tell how it went."""

        def act() -> None:
            try:
                action()
            except Exception as error:  # told to the person who pressed the button
                self._say(_reason(error), "error")
            else:
                self._say(done)

        self._actions.submit(act)

    def _say(self, text: str, level: str = "info") -> None:
        self._notice = {"text": text, "level": level}

    def _repr_html_(self) -> str:
        return static_table(self.jobs)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        content = bundle[0] if isinstance(bundle, tuple) else bundle
        if content is not None:
            content["text/plain"] = repr(self)
            content["text/html"] = self._repr_html_()
        return bundle

    def __repr__(self) -> str:
        return f"JobTracker({self._title}, {len(self.jobs)} jobs)"


def next_delay(delay: float, answered: bool, active: bool, watched: bool, woken: bool = False) -> float:
    """Return the seconds until the next look at a back-end.

    Parameters
    ----------
    delay : float
        The last delay, in seconds.
    answered, active, watched, woken : bool
        Whether the back-end answered, a job is queued or running, a view of the table is displayed, and whether an
        action has just been taken.
    """
    if not answered:
        low, high = OFFLINE_DELAYS
    elif active:
        return ACTIVE_DELAY
    elif not watched:
        return UNWATCHED_DELAY
    else:
        low, high = IDLE_DELAYS
    return low if woken or delay < low else min(high, delay * 1.5)


def _message_of(response: requests.Response) -> str:
    try:
        content = response.json()
        return f"{content['message']} ({content['code']})"
    except (ValueError, KeyError, TypeError):
        return f"The server answered {response.status_code} {response.reason}."


def _reason(error: Exception) -> str:
    """Return a sentence for a person."""
    if isinstance(error, requests.ConnectionError):
        return "The server does not answer. This table goes on by itself when it is back."
    if isinstance(error, requests.Timeout):
        return "The server takes long to answer. This table goes on by itself."
    if isinstance(error, (ValueError, KeyError)) and not str(error):
        return "The server gave an answer that is no list of jobs."
    message, code = getattr(error, "message", None), getattr(error, "code", None)
    if getattr(error, "http_status_code", None) == 401:
        return f"{message} Log in, as with connection.authenticate_basic(user, password)."
    return f"{message} ({code})" if message and code else str(error)
