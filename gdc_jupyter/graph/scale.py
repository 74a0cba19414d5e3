"""Blocks computed by the workers of a Dask cluster: the same plan there as here, and the same bits.

A worker makes the plan of a run once, from the process as it was given, and computes blocks of its cubes on request;
what comes back are the bare values. So the workers need the same version of the toolkit, the same data folder, and
collections whose files they can read.
"""

from __future__ import annotations

import pickle
import threading
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.block_cube import BlockCube, shaped
from gdc_jupyter.graph.blocks import Threads, thread_count

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.cube.grid import Grid
    from gdc_jupyter.graph.plan import Plan
    from gdc_jupyter.settings import Permissions

T = TypeVar("T")
Recipe = tuple[Mapping[str, Any], Mapping[str, Any], "Catalog", "Permissions"]
# What goes with each block; a larger recipe, which has arrays in it, is sent to each worker once.
_LARGEST_INLINE = 1 << 16
_PLANS = 4
_ATTEMPTS = 3
_CONNECT_SECONDS = 10.0


class Cluster:
    """Computes blocks on a Dask cluster; an :class:`gdc_jupyter.graph.blocks.Executor`.

    Parameters
    ----------
    scheduler : str or distributed.Client
        The address of the scheduler, ``tcp://host:8786``.
    plan : Plan
        The plan whose blocks are wanted.
    process : mapping
        What it was made from.
    parameters : mapping
        The values of the process's parameters.
    catalog : Catalog
        The collections.
    permissions : Permissions
        What the graph may do.

    Raises
    ------
    GdcError
        ``Internal`` where no cluster answers.
    """

    def __init__(
        self,
        scheduler: Any,
        plan: Plan,
        process: Mapping[str, Any],
        parameters: Mapping[str, Any],
        catalog: Catalog,
        permissions: Permissions,
    ) -> None:
        self._client, self._own = _connect(scheduler)
        self._plan = plan
        # A folder of this computer means nothing to the workers.
        recipe: Recipe = (process, parameters, catalog, replace(permissions, scratch=None))
        self._recipe = pickle.dumps(recipe, protocol=5)
        self._key = uuid.uuid4().hex
        self._sent: Any = None
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        return str(self._client.scheduler.address)

    def map(self, cube: BlockCube, blocks: Sequence[Grid], function: Callable[[xr.DataArray, Grid], T]) -> Iterator[T]:
        """Yield what a function makes of each block; see :class:`gdc_jupyter.graph.blocks.Executor`.

        What needs all blocks of another cube first is computed here, after these have been computed there, so that no
        worker has to hold a whole cube.
        """
        index = self._index(cube)
        if index is None or _waits(cube):
            yield from Threads().map(cube, blocks, function)
            return
        limit = self._in_flight()
        waiting: deque[tuple[_Task, Future[T]]] = deque()

        def finish(task: _Task) -> T:
            return function(shaped(cube.probe, task.values(), task.window), task.window)

        with ThreadPoolExecutor(thread_count(), thread_name_prefix="gather") as pool:
            try:
                for window in blocks:
                    task = _Task(partial(self._submit, index, cube.grid, window), window)
                    waiting.append((task, pool.submit(finish, task)))
                    if len(waiting) >= limit:
                        yield waiting.popleft()[1].result()
                while waiting:
                    yield waiting.popleft()[1].result()
            finally:
                for task, result in waiting:
                    result.cancel()
                    task.cancel()

    def close(self) -> None:
        """Have the workers forget the plan."""
        with suppress(Exception):
            self._client.run(_forget, self._key, on_error="ignore", wait=False)
        self._sent = None
        if self._own:
            with suppress(Exception):
                self._client.close(timeout=2)

    def _index(self, cube: BlockCube) -> int | None:
        known = _cubes(self._plan)
        return next((number for number, each in enumerate(known) if each is cube), None)

    def _in_flight(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return max(threads, 1) + max(threads // 2, 2)

    def _submit(self, index: int, grid: Grid | None, window: Grid) -> Any:
        if self._client.status != "running":
            raise GdcError("Internal", "The Dask cluster does not answer any more.")
        return self._client.submit(compute_block, self._key, self._given(), index, grid, window, pure=False)

    def _given(self) -> Any:
        """Return the recipe, or what stands for it where the workers have it already."""
        if len(self._recipe) <= _LARGEST_INLINE:
            return self._recipe
        with self._lock:
            if self._sent is None or self._sent.status != "finished":
                self._sent = self._client.scatter(self._recipe, broadcast=True, hash=False)
            return self._sent


class _Task:
    """A block that is asked for, and asked for again where it is lost with the worker that had its data."""

    def __init__(self, submit: Callable[[], Any], window: Grid) -> None:
        self.window = window
        self._submit = submit
        self._future = submit()
        self._lock = threading.Lock()
        self._unwanted = False

    def values(self) -> NDArray[Any]:
        """Wait for the values."""
        from distributed import KilledWorker

        for _ in range(_ATTEMPTS):
            try:
                values: NDArray[Any] = self._future.result()
            except KilledWorker:
                raise GdcError(
                    "Internal",
                    "Workers of the Dask cluster ended while they computed a block; they may need more memory.",
                ) from None
            except CancelledError:
                self._ask_again()
            else:
                return values
        raise GdcError("Internal", "The Dask cluster loses the blocks that it computes.")

    def cancel(self) -> None:
        """Want it no more."""
        with self._lock:
            self._unwanted = True
            with suppress(Exception):
                self._future.cancel(force=True)

    def _ask_again(self) -> None:
        with self._lock:
            if self._unwanted:
                raise CancelledError
            self._future = self._submit()


def compute_block(key: str, recipe: bytes, index: int, grid: Grid, window: Grid) -> NDArray[Any]:
    """Return the values of a block; runs on a worker.

    Parameters
    ----------
    key : str
        Names the recipe.
    recipe : bytes
        What the plan is made from.
    index : int
        Which of the plan's cubes is meant.
    grid : Grid
        Where it is.
    window : Grid
        The block.

    Raises
    ------
    GdcError
        What the processes raise, or ``Internal`` where the plan comes out otherwise here.
    """
    cubes = _cubes(_planned(key, recipe))
    if index >= len(cubes) or cubes[index].grid != grid:
        raise GdcError(
            "Internal",
            "The plan comes out otherwise on a worker of the Dask cluster: it needs the same version and data folder.",
        )
    values: NDArray[Any] = cubes[index].block(window, {}).values
    return values


_plans: OrderedDict[str, tuple[threading.Lock, list[Plan]]] = OrderedDict()
_plans_lock = threading.Lock()


def _planned(key: str, recipe: bytes) -> Plan:
    from gdc_jupyter.graph.run import make_plan

    with _plans_lock:
        lock, plans = _plans.setdefault(key, (threading.Lock(), []))
        _plans.move_to_end(key)
        old = [_plans.popitem(last=False)[1] for _ in range(len(_plans) - _PLANS)]
    _close(old)
    with lock:
        if not plans:
            process, parameters, catalog, permissions = pickle.loads(recipe)
            plans.append(make_plan(process, catalog, parameters, permissions))
        return plans[0]


def _forget(key: str) -> None:
    with _plans_lock:
        found = _plans.pop(key, None)
    _close([found] if found else [])


def _close(entries: list[tuple[threading.Lock, list[Plan]]]) -> None:
    for lock, plans in entries:
        with lock:
            for plan in plans:
                plan.resources.close()


def _cubes(plan: Plan) -> list[BlockCube]:
    return [*plan.cubes, *plan.stages]


def _waits(cube: BlockCube) -> bool:
    """Return whether a cube cannot be computed block by block from its sources."""
    seen: set[int] = set()
    stack = [cube]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.before:
            return True
        window = None if one.grid is None else one.grid.window(0, 0, 1, 1)
        stack += [needed for needed, _ in one.needs(window)]
    return False


def _connect(scheduler: Any) -> tuple[Any, bool]:
    try:
        from distributed import Client
    except ImportError:
        raise GdcError(
            "FeatureUnsupported", "Dask is not installed here: install gdc-jupyter[dask] to use a cluster."
        ) from None
    if not isinstance(scheduler, str):
        return scheduler, False
    try:
        return Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False), True  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise GdcError("Internal", f"No Dask cluster answers at {scheduler}: {error}") from None
