"""JobTracker: a live table of the batch jobs of an openEO back-end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from gdc_jupyter.client import connect, is_default_url, seen_by_browser
from gdc_jupyter.client_errors import told
from gdc_jupyter.server import Server, expected_server
from gdc_jupyter.widgets.job_events import JobEvents
from gdc_jupyter.widgets.job_follower import ACTIVE_DELAY, JobFollower
from gdc_jupyter.widgets.job_list import JobList
from gdc_jupyter.widgets.job_rows import ACTIVE, log_entry, static_table
from gdc_jupyter.widgets.relay import BUNDLES, NoAnswer, RelayedWidget, Source
from gdc_jupyter.widgets.static_form import StaticForm

if TYPE_CHECKING:
    import xarray as xr
    from openeo.rest.connection import Connection
    from openeo.rest.job import BatchJob

    from gdc_jupyter.widgets.bbox_map import BBoxMap

LEVELS = ("error", "warning", "info", "debug")

LOG_LIMIT = 500

# Seconds that a cell waits for the first list of jobs; a slower back-end fills the table later.
FIRST_LOOK = 3.0


class JobTracker(StaticForm, RelayedWidget):
    """A live table of batch jobs, with their logs and results, and with all that is done with jobs.

    Works with every openEO back-end. The table follows the back-end by itself, also while a cell is running, and goes
    on by itself after the server was away: the server of this notebook pushes what changes, others are asked.
    ``close()`` ends that.

    Parameters
    ----------
    connection : openeo.Connection, optional
        An authenticated connection; by default the server of this notebook.
    limit : int, optional
        The number of newest jobs to show, by default all.
    area : BBoxMap, optional
        A map on which results are shown.

    Attributes
    ----------
    area : BBoxMap or None
        The map on which results are shown; can be set.
    jobs : list of dict
        The jobs as last seen, the newest first: id, title, status, progress (percent or None), elapsed (seconds or
        None), created and updated. Can be observed.
    selected : str or None
        The id of the job that is shown in detail.
    result : xarray.DataArray or None
        The result that was opened last.
    graph : dict or None
        The process of the job that was last asked to be opened in a graph editor, as ``{"title", "process"}``.

    Examples
    --------
    >>> jobs = JobTracker(con)  # doctest: +SKIP
    >>> job = ndvi.create_job(title="NDVI").start_job()  # doctest: +SKIP
    >>> jobs.wait(job)  # doctest: +SKIP
    'finished'
    >>> jobs.open_result(job)  # doctest: +SKIP
    >>> jobs.plot(job)  # doctest: +SKIP
    >>> jobs.download(job, "ndvi")  # doctest: +SKIP
    """

    _esm = BUNDLES / "job_tracker.js"
    _css = BUNDLES / "job_tracker.css"

    jobs: traitlets.List[dict[str, Any]] = traitlets.List(traitlets.Dict(), default_value=[])
    selected: traitlets.Unicode[str | None, str | bytes | None] = traitlets.Unicode(None, allow_none=True).tag(
        sync=True
    )
    result = traitlets.Any(None, allow_none=True)
    graph = traitlets.Dict(None, allow_none=True)
    area = traitlets.Any(None, allow_none=True)
    # What changes seldom and what changes often go to the page apart: hundreds of jobs are not sent for each percent.
    _rows = traitlets.Dict(default_value={"jobs": [], "loaded": False}).tag(sync=True)
    _progress = traitlets.Dict(default_value={}).tag(sync=True)
    _problem = traitlets.Dict(default_value={}).tag(sync=True)
    _notice = traitlets.Dict(default_value={"text": "", "level": "info"}).tag(sync=True)
    _opened = traitlets.Dict(default_value={}).tag(sync=True)
    _asked = traitlets.Dict(default_value={}).tag(sync=True)
    _names = traitlets.Dict(default_value={}).tag(sync=True)
    _has_map = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, connection: Connection | None = None, limit: int | None = None, area: BBoxMap | None = None
    ) -> None:
        if limit is not None and limit < 1:
            raise ValueError(f"limit is the number of jobs to show, at least 1, and not {limit}.")
        connection = connect() if connection is None else connection
        source = Source(connection)
        self.connection = connection
        self._list = JobList(connection, source, limit)
        self._publishing = threading.RLock()
        self._graph_callbacks = ipywidgets.CallbackDispatcher()
        self._background = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gdc-job-actions")
        super().__init__([source], area=area)
        self._names = self._name_things()
        self._looked = threading.Event()
        self._follower = JobFollower(lambda: self._look(whole=False), self._is_active)
        self._follower.wake()
        self._looked.wait(FIRST_LOOK)
        server = _event_server(connection)
        self._events = JobEvents(server, self._on_pushed, self._on_connected) if server else None

    def refresh(self) -> bool:
        """Ask the back-end now for all jobs, and return whether it answered; what was last seen stays where not."""
        return self._look(whole=True)

    def start(self, job: str | BatchJob) -> None:
        """Queue a job."""
        self._job(job).start()
        self._follower.wake()

    def cancel(self, job: str | BatchJob) -> None:
        """Stop a job that is queued or running."""
        self._job(job).stop()
        self._follower.wake()

    def delete(self, *jobs: str | BatchJob) -> None:
        """Delete jobs with their results.

        Raises
        ------
        ExceptionGroup
            Of the jobs that could not be deleted, where there were several; the others are deleted.
        """
        failures = []
        for job in jobs:
            try:
                self._job(job).delete()
            except Exception as error:
                if len(jobs) == 1:
                    raise
                failures.append(error)
        self._follower.wake()
        if failures:
            raise ExceptionGroup(f"{len(failures)} of {len(jobs)} jobs could not be deleted.", failures)

    def rename(self, job: str | BatchJob, title: str) -> None:
        """Give a job that is neither queued nor running another title."""
        self.connection.patch(f"/jobs/{self._job(job).job_id}", json={"title": title}, expected_status=(200, 204))
        self._follower.wake()

    def duplicate(self, job: str | BatchJob, title: str | None = None) -> BatchJob:
        """Make a job with the same process, which waits to be started, and return it."""
        described = self._job(job).describe()
        kept = {key: described[key] for key in ("description", "plan", "budget", "log_level") if described.get(key)}
        name = title or f"Copy of {described.get('title') or described['id']}"
        fields = kept | {"title": name, "process": described["process"]}
        response = self.connection.post("/jobs", json=fields, expected_status=201)
        self._follower.wake()
        return self.connection.job(response.headers["OpenEO-Identifier"])

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
        self._opened = {"job": batch_job.job_id, "text": describe(cube), "picture": quicklook(cube)}
        return cube

    def plot(self, job: str | BatchJob, **options: Any) -> Any:
        """Return an hvPlot plot of the result of a finished job; a large one is thinned, and its title says so.

        Parameters
        ----------
        job : str or openeo.BatchJob
            The job.
        **options
            Options of hvPlot, such as ``cmap="viridis"``.
        """
        from gdc_jupyter.widgets.plots import plot_cube

        return plot_cube(self.open_result(job), title=self._name(job), **options)

    def download(self, job: str | BatchJob, folder: str | Path | None = None) -> list[Path]:
        """Save the files of the result of a finished job, and return their paths.

        Parameters
        ----------
        job : str or openeo.BatchJob
            The job.
        folder : path, optional
            Where to, by default a folder with the name of the job in the current one. It is made where it is missing.
        """
        batch_job = self._job(job)
        target = Path(folder) if folder is not None else Path(_file_name(self._name(job)))
        target.mkdir(parents=True, exist_ok=True)
        assets = batch_job.get_results().get_assets()
        return [Path(asset.download(target / Path(asset.key).name)) for asset in assets]

    def show_on(self, area: BBoxMap, job: str | BatchJob, **options: Any) -> Any:
        """Show the result of a finished job on a map, and return the layer; options are those of its ``add_layer``."""
        return area.add_layer(self._job(job), **({"name": self._name(job)} | options))

    def show_logs(self, job: str | BatchJob, level: str = "info") -> list[dict[str, str]]:
        """Show the log of a job under the table, and return its last entries.

        Parameters
        ----------
        job : str or openeo.BatchJob
            The job.
        level : {"error", "warning", "info", "debug"}
            The least severe level to return.
        """
        if level not in LEVELS:
            raise ValueError(f"level is one of {', '.join(LEVELS)}, and not {level!r}.")
        batch_job = self._job(job)
        severe = LEVELS[: LEVELS.index(level) + 1]
        entries = [log_entry(entry) for entry in batch_job.logs(level=level)]
        self.selected = batch_job.job_id
        self._asked = {"tab": "log", "turn": self._asked.get("turn", 0) + 1}
        return [entry for entry in entries if entry["level"] in severe or entry["level"] not in LEVELS][-LOG_LIMIT:]

    def on_graph(self, callback: Callable[[dict[str, Any], str], None], remove: bool = False) -> None:
        """Have a function called with the process and the title of a job whose graph is to be opened."""
        self._graph_callbacks.register_callback(callback, remove=remove)

    def close(self) -> None:
        """Stop following the back-end and remove the widget."""
        if not hasattr(self, "_follower"):
            return  # it was refused before it was made
        self._follower.close()
        if self._events is not None:
            self._events.close()
        self._background.shutdown(wait=False, cancel_futures=True)
        super().close()

    def on_action(self, content: dict[str, Any]) -> None:
        """Do what a view asks for."""
        self._follower.watched()
        kind, job = content.get("kind"), str(content.get("job", ""))
        match kind:
            case "refresh":
                self._in_background(self.refresh)
            case "open":
                self._say("Opening the result…")
                self._in_background(lambda: self.open_result(job))
            case "save":
                self._say("Saving the files…")
                self._in_background(lambda: _saved(self.download(job)))
            case "map" if self.area is not None:
                area = self.area
                self._in_background(lambda: self.show_on(area, job) and "Shown on the map.")
            case "graph":
                self._on_graph(content)

    @traitlets.observe("area")
    def _on_area(self, change: Any) -> None:
        self._has_map = change["new"] is not None

    def _on_graph(self, content: dict[str, Any]) -> None:
        process, title = content.get("process"), str(content.get("title", ""))
        if isinstance(process, dict):
            self.graph = {"title": title, "process": process}
            self._graph_callbacks(process, title)
            if not self._graph_callbacks.callbacks:
                self._say("The process of the job is in the attribute `graph` of this tracker.")

    def _look(self, whole: bool) -> bool:
        try:
            return self._look_once(whole)
        finally:
            self._looked.set()

    def _look_once(self, whole: bool) -> bool:
        try:
            self._list.look(whole)
        except NoAnswer as error:
            self._problem = {"kind": error.failure, "message": str(error)}
            return False
        except Exception as error:  # any failure of a back-end is told in the table
            self._problem = {"kind": "rubbish", "message": str(error)}
            return False
        self._problem = {}
        self._publish(loaded=True)
        return True

    def _publish(self, loaded: bool = False) -> None:
        """Share what is known, each part where it has changed."""
        with self._publishing:
            self._share(self._list.rows(), loaded)

    def _share(self, rows: list[dict[str, Any]], loaded: bool) -> None:
        running = {row["id"] for row in rows if row["status"] == "running"}
        self._progress = {row["id"]: row["progress"] for row in rows if row["id"] in running}
        still = [row | {"progress": None, "elapsed": None} if row["id"] in running else row for row in rows]
        self._rows = {"jobs": still, "loaded": loaded or self._rows["loaded"]}
        if self.selected is not None and self.selected not in {row["id"] for row in rows}:
            self.selected = None
        self.jobs = rows

    def _on_pushed(self, job_id: str, status: str, progress: float) -> None:
        if self._list.change(job_id, status, progress):
            self._follower.wake()
        else:
            self._publish()

    def _on_connected(self, live: bool) -> None:
        self._follower.pushed = live
        self._follower.wake()

    def _is_active(self) -> bool:
        return any(row["status"] in ACTIVE for row in self.jobs)

    def _in_background(self, action: Callable[[], Any]) -> None:
        """Run an action on a thread, so that the kernel stays free, and tell how it went: a text is told as it is."""

        def act() -> None:
            try:
                with told(self.connection):
                    done = action()
            except Exception as error:  # told to the person who pressed the button
                self._say(str(error), "error")
            else:
                self._say(done if isinstance(done, str) else "")

        self._background.submit(act)

    def _say(self, text: str, level: str = "info") -> None:
        self._notice = {"text": text, "level": level}

    def _job(self, job: str | BatchJob) -> BatchJob:
        return self.connection.job(job) if isinstance(job, str) else job

    def _name(self, job: str | BatchJob) -> str:
        job_id = self._job(job).job_id
        return next((row["title"] for row in self.jobs if row["id"] == job_id), "") or str(job_id)

    def _name_things(self) -> dict[str, str]:
        """Return the names by which code and the browser find things: this widget, the connection, the server."""
        url = self.sources["0"].url
        told = seen_by_browser(url)
        suffix = 0 if told == url else len(told)
        connect = "gdc.connect()" if is_default_url(url) else f"gdc.connect({url!r})"
        shared = {"inKernel": url[: len(url) - suffix], "inBrowser": ""} if suffix else {}
        return {"tracker": _variable(self), "connect": connect} | shared

    def _repr_html_(self) -> str:
        return static_table(self.jobs, self._problem.get("message", ""))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._names = self._name_things()
        return super()._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        return f"JobTracker({self.sources['0'].url}, {len(self.jobs)} jobs)"


def _event_server(connection: Connection) -> Server | None:
    """Return the Jupyter server whose events tell of the jobs of a connection."""
    server = expected_server() if is_default_url(str(connection.root_url)) else None
    return server if server is not None and server.token else None


def _variable(value: object) -> str:
    """Return the name of a variable of the notebook that holds a value, or nothing."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    names = getattr(shell, "user_ns", {})
    return next((name for name, held in list(names.items()) if held is value and not name.startswith("_")), "")


def _file_name(title: str) -> str:
    """Return a title as the name of a folder."""
    kept = "".join(letter if letter.isalnum() or letter in " -_.," else "_" for letter in title)
    return kept.strip(" .")[:100] or "result"


def _saved(paths: list[Path]) -> str:
    if not paths:
        return "The job has made no files."
    return f"Saved {', '.join(path.name for path in paths)} in {paths[0].parent}."
