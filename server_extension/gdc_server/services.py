"""What handlers call: the catalogue, the job store and queue, and the signer, each made at its first use."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gdc_jupyter.catalog.user_folder import UserFolder
from gdc_jupyter.errors import GdcError
from gdc_jupyter.garbage import uncollected
from gdc_jupyter.samples import is_complete
from gdc_jupyter.settings import Permissions, files_folder
from gdc_server import contract, openapi30, pages
from gdc_server.callbacks import Subscribers
from gdc_server.oidc.accounts import Accounts
from gdc_server.opendap.reading import Reading
from gdc_server.opendap.service import OusService
from gdc_server.signing import Signer
from gdc_server.tiles import Tiles

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.jobs.execution_store import ExecutionStore
    from gdc_jupyter.jobs.launcher import Launcher
    from gdc_jupyter.jobs.process_store import ProcessStore
    from gdc_jupyter.jobs.queue import JobQueue
    from gdc_jupyter.jobs.service_store import ServiceStore
    from gdc_jupyter.jobs.store import JobStore

_T = TypeVar("_T")
_COMPUTING = 2
_log = logging.getLogger("gdc")


@dataclass(frozen=True)
class Limits:
    """What the server allows; sizes in bytes, times in seconds."""

    max_running_jobs: int = 2
    max_synchronous: int = 4
    max_body_bytes: int = 10 * 2**20
    max_page: int = 1000
    max_files_bytes: int = 10 * 2**30
    max_file_bytes: int = 4 * 2**30
    synchronous_timeout: float = 300.0
    result_url_lifetime: int = 86_400
    job_memory: int = 0
    max_synchronous_read_bytes: int = 20 * 10**9
    max_synchronous_result_bytes: int = 4 * 10**9
    max_coverage_bytes: int = 2 * 10**9
    max_dap_bytes: int = 100 * 10**9
    max_dap_file_bytes: int = 10 * 10**9
    max_dap_requests: int = 64
    max_services: int = 1000
    max_tile_read_bytes: int = 10**9
    tile_timeout: float = 30.0

    def synchronous(self) -> dict[str, int | None]:
        """Return what process graphs of synchronous requests may cost, where that is not what jobs may."""
        limits = {"read_bytes": self.max_synchronous_read_bytes, "result_bytes": self.max_synchronous_result_bytes}
        return {name: limit for name, limit in limits.items() if limit}


@dataclass
class Services:
    """The toolkit as one server uses it.

    Parameters
    ----------
    data : pathlib.Path
        The data folder.
    samples : bool
        Whether the sample collections are offered.
    limits : Limits
        What is allowed.
    permissions : Permissions
        What process graphs may do.
    dask_scheduler : str
        The address of the Dask cluster that computes the blocks of batch jobs, if any.
    ous : OusService
        The OPeNDAP URL service.
    accounts : Accounts
        The users of OpenID Connect providers.
    callback_hosts : tuple of str
        Patterns of hosts in private networks that subscribers of executions may have.
    process_descriptions : Path, optional
        A folder with other words for the processes.
    tell : callable
        Called with the id, status and progress in percent of a job that has changed.
    touch : callable
        Called with the time while there is work, so that the server is not taken for idle.
    """

    data: Path
    samples: bool = True
    limits: Limits = field(default_factory=Limits)
    permissions: Permissions = field(default_factory=Permissions)
    dask_scheduler: str = ""
    ous: OusService = field(default_factory=OusService)
    accounts: Accounts = field(default_factory=Accounts)
    callback_hosts: tuple[str, ...] = ()
    process_descriptions: Path | None = None
    tell: Callable[[str, str, float], None] = lambda job_id, status, progress: None
    touch: Callable[[datetime], None] = lambda time: None
    _opening: asyncio.Task[JobQueue] | None = None
    _catalog: Catalog | None = None
    _signer: Signer | None = None
    _tiles: Tiles | None = None
    _subscribers: Subscribers | None = None
    _constants: dict[str, Any] = field(default_factory=dict)
    _launcher: Launcher | None = None
    _sample_maker: subprocess.Popen[bytes] | None = None
    _computing: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_COMPUTING, "gdc-computing"))
    _background: set[asyncio.Task[Any]] = field(default_factory=set)

    async def compute(self, work: Callable[[], _T]) -> _T:
        """Return what Python code returns that computes and waits for nothing, such as the writing of a long answer.

        Few such threads run at the same time: each takes its turn at the interpreter, which the loop waits for.
        """
        return await asyncio.get_running_loop().run_in_executor(self._computing, work)

    async def queue(self) -> JobQueue:
        """Return the running queue."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def store(self) -> JobStore:
        """Return the job store."""
        return (await self.queue()).store

    async def service_store(self) -> ServiceStore:
        """Return the store of secondary services."""
        from gdc_jupyter.jobs.service_store import ServiceStore

        return ServiceStore((await self.store()).engine)

    @property
    def tiles(self) -> Tiles:
        """The tiles of secondary services."""
        if self._tiles is None:
            self._tiles = Tiles(self)
        return self._tiles

    @cached_property
    def reading(self) -> Reading:
        """The threads of the DAP server."""
        return Reading(most=self.limits.max_dap_requests)

    async def execution_store(self) -> ExecutionStore:
        """Return the store of OGC executions."""
        from gdc_jupyter.jobs.execution_store import ExecutionStore

        return ExecutionStore((await self.store()).engine)

    async def process_store(self) -> ProcessStore:
        """Return the store of user-defined processes."""
        from gdc_jupyter.jobs.process_store import ProcessStore

        return ProcessStore((await self.store()).engine)

    def user_folder(self, owner: str) -> UserFolder:
        """Return the files of a user."""
        folder = files_folder(self.data, owner)
        return UserFolder(folder, self.limits.max_files_bytes, self.limits.max_file_bytes)

    async def catalog(self) -> Catalog:
        """Return the catalogue."""
        if self._catalog is None:
            self._catalog = await asyncio.to_thread(self._make_catalog)
        return self._catalog

    @property
    def signer(self) -> Signer:
        """The signer of result links."""
        if self._signer is None:
            self._signer = Signer(self.data / "signing.key", self.limits.result_url_lifetime)
        return self._signer

    async def constant(self, name: str) -> Any:
        """Return ``processes`` or ``formats``, asked of the engine once."""
        if name not in self._constants:
            words = str(self.process_descriptions) if self.process_descriptions else None
            self._constants[name] = await (await self.queue()).ask(name, process_descriptions=words)
        return self._constants[name]

    async def warm(self) -> None:
        """Get ready in the background what a first request needs."""
        await self.queue()
        self._later(self._keep_touching())
        self._later(self._get_ready())

    async def _get_ready(self) -> None:
        # One after the other, so that a first request does not share the processor with all of it.
        with _garbage_left():
            for work in (contract.get_ready, openapi30.document, pages.get_ready):
                await asyncio.to_thread(work)
            for name in ("processes", "formats"):
                await self.constant(name)
            catalog = await self.catalog()
            await asyncio.to_thread(self.ous.load, catalog)
        self._make_samples()

    async def close(self) -> None:
        """End all work."""
        self.ous.close()
        self.reading.close()
        self.accounts.close()
        if self._subscribers is not None:
            self._subscribers.close()
        if self._sample_maker is not None:
            self._sample_maker.kill()
            await asyncio.to_thread(self._sample_maker.wait)
        for task in self._background:
            task.cancel()
        self._computing.shutdown(wait=False, cancel_futures=True)
        if self._opening is not None:
            await (await self._opening).close()
        elif self._launcher is not None:
            await self._launcher.close()

    async def _open(self) -> JobQueue:
        queue = await asyncio.to_thread(self._make_queue)
        await queue.open()
        return queue

    def _make_queue(self) -> JobQueue:
        from gdc_jupyter.jobs.queue import JobQueue
        from gdc_jupyter.jobs.store import JobStore, sqlite_url

        return JobQueue(
            JobStore(sqlite_url(self.data / "jobs")),
            self.data,
            max_running=self.limits.max_running_jobs,
            max_synchronous=self.limits.max_synchronous,
            memory_limit=self.limits.job_memory,
            samples=self.samples,
            permissions=self.permissions,
            synchronous_limits=self.limits.synchronous(),
            dask_scheduler=self.dask_scheduler,
            on_change=self._changed,
            launcher=self._launcher,
        )

    def _changed(self, job_id: str, status: str, progress: float) -> None:
        if self._subscribers is None:
            self._subscribers = Subscribers(self)
        self._subscribers.changed(job_id, status, progress)
        self.tell(job_id, status, progress)

    def _make_catalog(self) -> Catalog:
        from gdc_jupyter.catalog.catalog import Catalog

        return Catalog(self.data, samples=self.samples)

    def begin(self) -> None:
        """Start the forkserver, which gets ready while this process still starts."""
        from gdc_jupyter.jobs.launcher import Launcher

        launcher = Launcher(self.data / "jobs" / "forkserver.log")
        try:
            launcher.spawn()
        except OSError as error:
            _log.warning("Jobs cannot run: %s", error)
        else:
            self._launcher = launcher
        # While it is loaded, nothing else goes on.
        importlib.import_module("numpy")

    def _make_samples(self) -> None:
        """Begin to make the generated samples; a request that comes first makes what it needs itself."""
        if not self.samples or is_complete(self.data / "samples"):
            return
        self._sample_maker = subprocess.Popen(
            [sys.executable, "-m", "gdc_jupyter.samples"],
            env={**os.environ, "GDC_DATA_DIR": str(self.data)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def _keep_touching(self) -> None:
        queue = await self.queue()
        while True:
            if queue.busy:
                self.touch(datetime.now(UTC))
            await asyncio.sleep(10)

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(_tell_failure(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)


@contextmanager
def _garbage_left() -> Iterator[None]:
    """Look for no garbage while things are loaded, and never among what is there in the end, for it stays.

    The search stops all threads for as long as it takes: a tenth of a second in a process that has loaded much.
    """
    gc.freeze()
    with uncollected():
        try:
            yield
        finally:
            gc.freeze()


async def _tell_failure(work: Any) -> None:
    try:
        await work
    except GdcError as error:
        _log.warning("%s", error.message)
    except Exception:
        _log.exception("Work in the background failed")
