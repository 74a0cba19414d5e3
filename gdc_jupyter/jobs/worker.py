"""What runs in the forked child: one batch job, one synchronous request, or one question to the engine."""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
import traceback
import uuid
from collections import ChainMap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from gdc_jupyter.errors import Fault, GdcError, InvalidProcessGraph
from gdc_jupyter.jobs import results
from gdc_jupyter.jobs.model import LEVELS
from gdc_jupyter.settings import Limits, Permissions, files_folder
from gdc_jupyter.udf.limits import limit_memory

if TYPE_CHECKING:
    from gdc_jupyter.jobs.store import JobStore

ANSWER = "answer.json"
LOG_FILE = "worker.log"
# For results that are not saved: features as such, other cubes with all their dimensions, and bare values.
DEFAULT_FORMATS = ("GeoJSON", "netCDF", "JSON")
_SECONDS_BETWEEN_PROGRESS = 0.2


def main(request: dict[str, Any]) -> int:
    """Do what ``request`` asks for and return the exit code.

    Parameters
    ----------
    request : dict
        ``mode``: ``serve`` (see :mod:`gdc_jupyter.jobs.serve`), ``job``, ``result``, ``validate``, ``estimate``,
        ``processes`` or ``formats``; ``folder``: where output, answer and log file go; ``data``: the data folder;
        ``samples``: whether the sample collections are there; ``memory_limit``: bytes that the work may use, or 0 for
        no limit; ``permissions``: fields of :class:`gdc_jupyter.settings.Permissions`; ``dask_scheduler``: the address
        of a Dask cluster, or nothing; ``store``: the address of the job store; and by mode ``process``, ``owner`` and
        ``limits``, which go before those of the permissions, ``stored_as``, the id under which a process is to be
        stored, or ``job``.
    """
    folder = Path(request["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    _redirect_output(folder / LOG_FILE)
    os.environ["GDC_DATA_DIR"] = request["data"]
    os.chdir(folder)
    if request.get("memory_limit"):
        limit_memory(request["memory_limit"])
    if request["mode"] == "job":
        return _run_job(request, folder)
    if request["mode"] == "serve":
        from gdc_jupyter.jobs.serve import serve

        return serve(request)
    return _answer(request, folder)


def error_of(error: BaseException, memory_limit: int = 0) -> dict[str, Any]:
    """Return an exception as code, message and, for a graph, its faults. What is not for users is only named.

    The traceback of an unexpected exception goes to the worker's log file, under the id that the message names.

    Parameters
    ----------
    error : BaseException
    memory_limit : int
        The bytes that the work may use, or 0 for no limit.
    """
    if isinstance(error, GdcError):
        if error.code == "Internal":
            traceback.print_exception(error)
        faults = error.faults if isinstance(error, InvalidProcessGraph) else []
        return {
            "code": error.code,
            "message": error.message,
            "faults": [fault_entry(fault) for fault in faults],
        }
    if isinstance(error, MemoryError):
        limit = f"the {memory_limit / 2**20:.0f} MiB that a job may use" if memory_limit else "there is"
        message = (
            f"The work needs more memory than {limit}: take a smaller area, fewer dates or a coarser resolution"
            f"{', or have the limit raised (GdcApp.job_memory)' if memory_limit else ''}."
        )
        return {"code": "Internal", "message": message, "faults": []}
    number = uuid.uuid4().hex[:12]
    print(f"error {number}", file=sys.stderr)
    traceback.print_exception(error)
    text = " ".join(str(error).split())[:300]
    message = f"An unexpected error ended the work: {type(error).__name__}{': ' + text if text else ''} (id {number})."
    return {"code": "Internal", "message": message, "faults": [], "id": number}


def fault_entry(fault: Fault) -> dict[str, Any]:
    """Return a fault with its message and the path of nodes, the one at fault first."""
    path: list[dict[str, Any]] = [{"node_id": node} for node in reversed(fault.path)]
    if path and fault.process:
        path[0]["process_id"] = fault.process
    if path and fault.argument:
        path[0]["parameter"] = fault.argument
    return {"code": fault.code, "message": str(fault), "path": path}


def _run_job(request: dict[str, Any], folder: Path) -> int:
    from gdc_jupyter.jobs.store import JobStore

    store = JobStore(request["store"])
    job = store.get(request["job"], None)
    report = _Report(store, job.id, job.log_level)
    files = folder / results.FILES
    started = time.monotonic()
    try:
        result = _run(
            orjson.loads(orjson.dumps(job.process or {})),
            request | {"owner": job.owner},
            files,
            progress=report.progress,
            log=report.log,
            default_formats=DEFAULT_FORMATS,
        )
        results.write(results.describe(result, files, checksums=True), folder / results.METADATA)
        store.finish(job.id, _usage(started))
        return 0
    except BaseException as error:
        told = error_of(error, request.get("memory_limit", 0))
        faults = told["faults"]
        for fault in faults if len(faults) > 1 else []:
            store.add_log(job.id, "error", fault["message"], path=fault["path"], code=fault["code"])
        path = faults[0]["path"] if len(faults) == 1 else None
        store.fail(job.id, told["message"], told["code"], _usage(started), path=path)
        return 1


def _answer(request: dict[str, Any], folder: Path) -> int:
    try:
        answer = {"answer": _ANSWERS[request["mode"]](request, folder)}
        code = 0
    except BaseException as error:
        answer = {"error": error_of(error, request.get("memory_limit", 0))}
        code = 1
    results.write(answer, folder / ANSWER)
    return code


def _compute(request: dict[str, Any], folder: Path) -> Any:
    files = folder / results.FILES
    return results.describe(_run(request["process"], request, files), files)


def _validate(request: dict[str, Any], folder: Path) -> Any:
    from gdc_jupyter.graph import validate
    from gdc_jupyter.graph.inline import used

    process, permissions, name = request["process"], permissions_of(request), request.get("stored_as")
    if name is not None:
        # The collections that it loads need not be there yet.
        process = process | {"id": name}
        permissions = replace(permissions, processes=used(process, permissions.processes) | {name: process})
    faults = validate(process, catalog_of(request), probe=name is None, permissions=permissions)
    return [fault_entry(fault) for fault in faults]


def _estimate(request: dict[str, Any], folder: Path) -> Any:
    from gdc_jupyter.graph.explain import duration_iso, explain

    found = explain(
        request["process"],
        catalog_of(request),
        permissions=permissions_of(request),
        default_formats=DEFAULT_FORMATS,
    )
    figures = found.as_json()
    if found.faults:
        raise InvalidProcessGraph(found.faults)
    return {"duration": duration_iso(found.seconds), "size": figures["result_bytes"], "explanation": figures}


def _processes(request: dict[str, Any], folder: Path) -> Any:
    from gdc_jupyter.processes import descriptions
    from gdc_jupyter.processes.wording import reworded

    words = request.get("process_descriptions")
    return reworded(descriptions(), Path(words)) if words else descriptions()


def _formats(request: dict[str, Any], folder: Path) -> Any:
    from gdc_jupyter.cube.encode import FORMATS
    from gdc_jupyter.cube.input_formats import INPUT_FORMATS

    return {
        "input": {name: each.describe() for name, each in INPUT_FORMATS.items()},
        "output": {name: each.describe() for name, each in FORMATS.items()},
    }


_ANSWERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "result": _compute,
    "validate": _validate,
    "estimate": _estimate,
    "processes": _processes,
    "formats": _formats,
}


def _run(process: dict[str, Any], request: dict[str, Any], files: Path, **options: Any) -> Any:
    from gdc_jupyter.graph import run
    from gdc_jupyter.graph.inline import used
    from gdc_jupyter.ogcapi.process import built_in_graphs

    files.mkdir(parents=True, exist_ok=True)
    # A synchronous request is small: a cluster would only add to its time.
    scheduler = request.get("dask_scheduler") or None if request["mode"] == "job" else ""
    permissions = permissions_of(request)
    # What is stored anew while the work goes on is for the next time.
    processes = used(process, permissions.processes)
    own = sorted(processes.keys() - built_in_graphs().keys())
    if own and "log" in options:
        options["log"]("info", f"Runs the user-defined processes as they are now: {', '.join(own)}.", ())
    if processes:
        permissions = replace(permissions, processes=processes)
    return run(process, catalog_of(request), files, permissions=permissions, dask_scheduler=scheduler, **options)


def permissions_of(request: dict[str, Any]) -> Permissions:
    """Return what the user may do; what their own code needs lies in the folder of the job."""
    from gdc_jupyter.jobs.process_store import OwnProcesses
    from gdc_jupyter.ogcapi.process import built_in_graphs

    given = request.get("permissions", {})
    owner = request.get("owner")
    # A ChainMap is said to want mappings that can be changed; it is only read here.
    known: Any = [OwnProcesses(request["store"], owner) if owner else {}, built_in_graphs()]
    limits = Limits(**(given.get("limits", {}) | request.get("limits", {})))
    return Permissions(
        **(given | {"hosts": tuple(given.get("hosts", ())), "limits": limits}),
        files=files_folder(Path(request["data"]), owner) if owner else None,
        scratch=Path(request["folder"]),
        processes=ChainMap(*known),
    )


def catalog_of(request: dict[str, Any]) -> Any:
    """Return the catalogue of a request, as its user sees it; the whole one where no user is told of."""
    from gdc_jupyter.catalog.catalog import Catalog

    catalog = Catalog(Path(request["data"]), samples=request.get("samples", True))
    return catalog.seen_by(request["owner"]) if "owner" in request else catalog


class _Report:
    """Progress and logs of a job on their way to the store, called from any of the engine's threads."""

    def __init__(self, store: JobStore, job_id: str, level: str) -> None:
        self._store = store
        self._job_id = job_id
        self._levels = LEVELS[: LEVELS.index(level) + 1]
        self._lock = threading.Lock()
        self._next = 0.0

    def progress(self, percent: float) -> None:
        with self._lock:
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + _SECONDS_BETWEEN_PROGRESS
        self._store.set_progress(self._job_id, percent)

    def log(self, level: str, message: str, path: tuple[str, ...] = ()) -> None:
        if level in self._levels:
            nodes = [{"node_id": node} for node in reversed(path)]
            self._store.add_log(self._job_id, level, message, path=nodes)


def _usage(started: float) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # ru_maxrss is in bytes on macOS and in KiB elsewhere.
    peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {
        "cpu": {
            "value": round(used.ru_utime + used.ru_stime, 3),
            "unit": "cpu-seconds",
        },
        "duration": {"value": round(time.monotonic() - started, 3), "unit": "seconds"},
        "memory": {"value": round(peak, 1), "unit": "mb"},
    }


def _redirect_output(path: Path) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for number in (nothing, output):
        if number > 2:
            os.close(number)


def read_answer(folder: Path) -> Any:
    """Return what a child in ``folder`` answered.

    Raises
    ------
    GdcError
        What the child raised.
    """
    text = (folder / ANSWER).read_bytes()
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        # Numbers that are none.
        told = json.loads(text)
    if "error" not in told:
        return told["answer"]
    raise GdcError(told["error"]["code"], told["error"]["message"])
