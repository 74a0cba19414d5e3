"""The queue of jobs: starts them, watches them, cancels them, and finds them again after a crash. No HTTP."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs import worker
from gdc_jupyter.jobs.launcher import LOST, Child, Launcher
from gdc_jupyter.jobs.model import Process
from gdc_jupyter.jobs.server_lock import ServerLock
from gdc_jupyter.jobs.store import JobStore
from gdc_jupyter.jobs.warm import WarmWorkers
from gdc_jupyter.settings import Permissions

_log = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 0.5
_STOPPED = (
    "The server stopped while the job ran, so that it did not finish. Nothing else was affected: "
    "it is safe to start the job again."
)


class JobQueue:
    """Runs jobs in processes of their own, ``max_running`` at a time, and synchronous requests beside them.

    Parameters
    ----------
    store : JobStore
        Where jobs are kept.
    data : pathlib.Path
        The data folder; the files of a job are in ``jobs/<id>`` under it.
    max_running : int
        Batch jobs that run at the same time.
    max_synchronous : int
        Synchronous requests that run at the same time; four times as many may wait.
    memory_limit : int
        Bytes that a job may use; 0 for no limit.
    samples : bool
        Whether the sample collections are there.
    permissions : Permissions, optional
        What process graphs may do; the folder of files is that of the user who asks.
    synchronous_limits : dict
        Fields of :class:`gdc_jupyter.settings.Limits` that are others for synchronous requests.
    dask_scheduler : str
        The address of the Dask cluster that computes the blocks of batch jobs, if any.
    on_change : callable, optional
        Called with a job's id, status and progress in percent when one of them changes.
    """

    def __init__(
        self,
        store: JobStore,
        data: Path,
        *,
        max_running: int = 2,
        max_synchronous: int = 4,
        memory_limit: int = 0,
        samples: bool = True,
        permissions: Permissions | None = None,
        synchronous_limits: dict[str, int | None] | None = None,
        dask_scheduler: str = "",
        on_change: Callable[[str, str, float], None] = lambda job_id, status, progress: None,
        launcher: Launcher | None = None,
    ) -> None:
        self.store = store
        self.folder = data / "jobs"
        self._request = {
            "data": str(data),
            "samples": samples,
            "memory_limit": memory_limit,
            "permissions": _fields(permissions or Permissions()),
            "dask_scheduler": dask_scheduler,
            "store": store.url,
        }
        self._synchronous_limits = synchronous_limits or {}
        self._max_running = max_running
        self._max_synchronous = max_synchronous
        self._synchronous = asyncio.Semaphore(max_synchronous)
        self._in_line = 0
        self._on_change = on_change
        self._waiting: deque[str] = deque()
        self._running: dict[str, Child | None] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._known: dict[str, tuple[str, float]] = {}
        self._watch: asyncio.Task[None] | None = None
        self._closing = False
        self._launcher = launcher or Launcher(self.folder / "forkserver.log")
        self._lock = ServerLock(self.folder / "servers")
        #: Answers what has to be fast.
        self.warm = WarmWorkers(self._launcher, self._request, max_synchronous)

    @property
    def busy(self) -> bool:
        """Whether a job waits or runs here."""
        return bool(self._waiting or self._tasks)

    @property
    def forkserver_pid(self) -> int | None:
        """The process id of the forkserver."""
        return self._launcher.pid

    async def open(self) -> None:
        """Start the forkserver in the background and take up what earlier servers left."""
        await self._launcher.start()
        await self.recover()

    async def close(self) -> None:
        """End all children; queued jobs stay queued for the next server, running ones say that the server stopped."""
        self._closing = True
        self._waiting.clear()
        running = list(self._tasks.values())
        await self.warm.close()
        await self._launcher.close()
        if running:
            await asyncio.wait(running, timeout=5)
        if self._watch is not None:
            self._watch.cancel()
        self._lock.release()
        self.store.close()

    async def start(self, job_id: str) -> None:
        """Queue a job, dropping the results of an earlier run; nothing happens where it is queued or running."""
        if not await asyncio.to_thread(self._enqueue, job_id):
            return
        self._tell(job_id, "queued", 0)
        self._waiting.append(job_id)
        self._fill()

    async def cancel(self, job_id: str) -> None:
        """End a queued or running job; returns when its process is gone. Nothing happens in any other state."""
        if job_id in self._waiting:
            self._waiting.remove(job_id)
        await asyncio.to_thread(self.store.cancel, job_id)
        if task := self._tasks.get(job_id):
            if child := self._running.get(job_id):
                await child.end()
            await asyncio.wait([task])
            return
        state = await self._state(job_id)
        if state is not None:
            self._tell(job_id, *state)

    async def ended(self, job_id: str) -> None:
        """Return when a job of this queue neither waits nor runs any more."""
        while self._tasks and (job_id in self._waiting or job_id in self._tasks):
            own = self._tasks.get(job_id)
            # One that waits takes the place of another that ends.
            await asyncio.wait([own] if own else list(self._tasks.values()), return_when=asyncio.FIRST_COMPLETED)

    async def delete(self, job_id: str, owner: str) -> None:
        """Cancel a job of ``owner`` and remove it with its logs and files."""
        await asyncio.to_thread(self.store.get, job_id, owner)
        await self.cancel(job_id)
        await asyncio.to_thread(self.store.delete, job_id, owner)
        await asyncio.to_thread(shutil.rmtree, self.folder / job_id, True)

    async def recover(self) -> None:
        """Take up the jobs of servers that are gone: queued ones are queued here, running ones end with the reason."""
        for job in await asyncio.to_thread(self.store.active):
            if await asyncio.to_thread(self._lock.alive, job.server):
                continue
            if job.status == "running":
                await asyncio.to_thread(self.store.fail, job.id, _STOPPED, "Internal", None, job.server)
            elif await asyncio.to_thread(self.store.adopt, job.id, job.server, self._lock.id):
                self._waiting.append(job.id)
        self._fill()

    def _enqueue(self, job_id: str) -> bool:
        if not self.store.enqueue(job_id, self._lock.id):
            return False
        shutil.rmtree(self.folder / job_id, ignore_errors=True)
        return True

    def _fill(self) -> None:
        for job_id in list(self._waiting):
            if len(self._tasks) >= self._max_running or self._closing:
                break
            # A job that is started anew may still be on its last way out.
            if job_id not in self._tasks:
                self._waiting.remove(job_id)
                self._tasks[job_id] = asyncio.create_task(self._run(job_id))
        if self._tasks and (self._watch is None or self._watch.done()):
            self._watch = asyncio.create_task(self._look())

    async def _run(self, job_id: str) -> None:
        try:
            if not await asyncio.to_thread(self.store.begin, job_id, self._lock.id):
                return
            self._tell(job_id, "running", 0)
            request = self._request | {
                "mode": "job",
                "job": job_id,
                "folder": str(self.folder / job_id),
            }
            child = self._running[job_id] = await self._launcher.fork(request)
            state = await self._state(job_id)
            if state is None or state[0] == "canceled":
                await child.end()
            await self._settle(job_id, await child.exited)
        except GdcError as error:
            await asyncio.to_thread(self.store.fail, job_id, error.message, error.code)
        except Exception:
            _log.exception("Job %s", job_id)
            await asyncio.to_thread(self.store.fail, job_id, "The server could not run the job.", "Internal")
        finally:
            self._running.pop(job_id, None)
            self._tasks.pop(job_id, None)
            self._known.pop(job_id, None)
            self._fill()

    async def _settle(self, job_id: str, code: int) -> None:
        """Give a job whose process ended without a word the state and the reason that it did not write itself."""
        state = await self._state(job_id)
        if state is not None and state[0] == "running":
            reason = _STOPPED if self._closing else _reason(code)
            await asyncio.to_thread(self.store.fail, job_id, reason, "Internal")
            state = await self._state(job_id)
        if state is not None:
            self._tell(job_id, *state)

    async def _state(self, job_id: str) -> tuple[str, float] | None:
        return (await asyncio.to_thread(self.store.states, [job_id])).get(job_id)

    async def _look(self) -> None:
        """Pass on the progress of running jobs, and end those that another server has cancelled or deleted."""
        while self._tasks:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            running = dict(self._running)
            states = await asyncio.to_thread(self.store.states, list(running))
            for job_id, child in running.items():
                status, progress = states.get(job_id, ("deleted", 0.0))
                if status == "running":
                    self._tell(job_id, status, progress)
                elif status in ("canceled", "deleted") and child is not None and not child.exited.done():
                    await child.end()

    def _tell(self, job_id: str, status: str, progress: float) -> None:
        if self._known.get(job_id) != (status, progress):
            self._known[job_id] = (status, progress)
            self._on_change(job_id, status, progress)

    async def run_synchronously(self, process: Process, folder: Path, owner: str | None = None) -> dict[str, Any]:
        """Run a process in a child and return what `results.describe` says of its files in ``folder/results``.

        The child ends when the task that awaits this is cancelled.

        Raises
        ------
        GdcError
            What the engine says is wrong; ``InfrastructureBusy`` where too many requests wait already.
        """
        if self._in_line >= 5 * self._max_synchronous:
            raise GdcError(
                "InfrastructureBusy",
                "Too many synchronous requests wait. Try again later, or use a batch job.",
            )
        self._in_line += 1
        try:
            async with self._synchronous:
                answer = await self._ask_in(
                    folder, "result", process=process, owner=owner, limits=self._synchronous_limits
                )
        finally:
            self._in_line -= 1
        described: dict[str, Any] = answer
        return described

    async def ask(self, mode: str, **arguments: Any) -> Any:
        """Return the answer of a child to one of the short questions of `worker.main`."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="gdc-"))
        try:
            return await self._ask_in(folder, mode, **arguments)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, True)

    async def _ask_in(self, folder: Path, mode: str, **arguments: Any) -> Any:
        child = await self._launcher.fork(self._request | {"mode": mode, "folder": str(folder)} | arguments)
        try:
            code = await asyncio.shield(child.exited)
        except asyncio.CancelledError:
            await child.end()
            raise
        if not (folder / worker.ANSWER).exists():
            raise GdcError("Internal", _reason(code))
        return await asyncio.to_thread(worker.read_answer, folder)


def _fields(permissions: Permissions) -> dict[str, Any]:
    return {name: value for name, value in asdict(permissions).items() if name not in ("files", "scratch", "processes")}


def _reason(code: int) -> str:
    if code == LOST:
        return "The process that runs jobs ended unexpectedly, and this one with it. It is safe to start it again."
    if code < 0:
        cause = " (out of memory?)" if code == -signal.SIGKILL else ""
        return f"The work was ended by signal {-code}{cause}. A smaller area or fewer dates need less memory."
    return f"The process of the work ended with code {code} before it told a result."
