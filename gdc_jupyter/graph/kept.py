"""Blocks of results kept in the data folder, so that a repeated request, or a map's next view, need not read again.

What is kept is named by a digest of everything it depends on: the process graph up to its node, the files behind it
with their times and sizes, the window, and the code of the toolkit. So nothing is ever out of date; what has not been
asked for longest goes first.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

import gdc_jupyter
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.graph.block_cube import BlockCube, Memo, shaped
from gdc_jupyter.graph.parse import Callback, FromNode, FromParameter, Graph, Nested, outer_parameters
from gdc_jupyter.processes import PROCESSES

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Source

FOLDER = "cache"
LIMIT = int(os.environ.get("GDC_CACHE_BYTES", 2 << 30))
# A result is kept where it is so many times smaller than what is read for it, and not larger than this.
SHRINKS, LARGEST = 4, 256 << 20
_SECONDS_BETWEEN_TRIMS = 60.0
# When a folder is trimmed next, and the bytes that this process may add until then: each run has a Kept of its own.
_due: dict[Path, tuple[float, int]] = {}
_trimming = threading.Lock()
Dependencies = dict[str, Any]


class Kept:
    """A folder of arrays by name, bounded in size; several processes may use it at once.

    Parameters
    ----------
    folder : Path
        It is made at the first use.
    limit : int
        Bytes; 0 keeps nothing.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder, self.limit = folder, limit

    def get(self, name: str) -> NDArray[Any] | None:
        """Return an array, or None where it is not kept."""
        path = self._path(name)
        try:
            values: NDArray[Any] = np.load(path, allow_pickle=False)
            os.utime(path)
        except (OSError, ValueError, EOFError):
            return None
        return values

    def put(self, name: str, values: NDArray[Any]) -> None:
        """Keep an array; where it cannot be written, it is not kept."""
        if values.dtype == object or not self.limit:
            return
        path = self._path(name)
        part = path.with_name(f".{os.getpid()}-{threading.get_ident()}-{path.name}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.save(file, values, allow_pickle=False)
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink()
        self._trim(values.nbytes)

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}.npy"

    def _trim(self, added: int) -> None:
        with _trimming:
            moment, left = _due.get(self.folder, (0.0, 0))
            if time.monotonic() < moment and added < left:
                _due[self.folder] = moment, left - added
                return
            _due[self.folder] = time.monotonic() + _SECONDS_BETWEEN_TRIMS, self.limit // 8
        found = []
        for path in self.folder.glob("*/*"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self.limit:
                return
            with suppress(OSError):
                path.unlink()
            total -= size


def fingerprint(process: str, arguments: dict[str, Any], values: Dependencies, parameters: Dependencies) -> str | None:
    """Return what names the result of a node, or None where its result may differ from one time to the next.

    Parameters
    ----------
    process : str
        The id of the process.
    arguments : dict
        The node's arguments as parsed.
    values : dict
        The values of the nodes that it refers to.
    parameters : dict
        Those of the process around it.
    """
    try:
        _require_repeatable(process)
        return digest(_code_version(), process, _canonical(arguments, values, parameters))
    except _NotRepeatable:
        return None


def digest_of(source: Source, *parts: Any) -> str | None:
    """Return what names data as they are loaded, or None where the files behind them are not known."""
    name = source.fingerprint()
    try:
        return (
            None
            if name is None
            else digest(name, [repr(each) if isinstance(each, Grid) else _known(each) for each in parts])
        )
    except _NotRepeatable:
        return None


def keep(cube: BlockCube, inputs: list[BlockCube], kept: Kept) -> BlockCube:
    """Return a cube whose blocks are kept, where that saves much reading; otherwise the cube itself."""
    if cube.fingerprint is None or not _worthwhile(cube, inputs):
        return cube
    compute, probe, name = cube.compute, cube.probe, cube.fingerprint

    def look_up(window: Grid | None, memo: Memo) -> xr.DataArray:
        key = digest(name, window)
        values = kept.get(key)
        if values is not None:
            return probe.copy(deep=False, data=values) if window is None else shaped(probe, values, window)
        block = compute(window, memo)
        if window is not None or block.shape == probe.shape:
            kept.put(key, block.values)
        return block

    return replace(cube, compute=look_up)


def _worthwhile(cube: BlockCube, inputs: list[BlockCube]) -> bool:
    if cube.grid is None:
        return any(each.grid is not None for each in inputs)
    small = cube.grid.width * cube.grid.height * cube.pixel_bytes <= LARGEST
    return small and _shrinks(cube) and not any(_shrinks(each) for each in inputs)


def _shrinks(cube: BlockCube) -> bool:
    return cube.pixel_bytes * SHRINKS <= cube.weight


class _NotRepeatable(Exception):
    """Something whose value is not known from its name."""


def _require_repeatable(process: str) -> None:
    if PROCESSES[process].engine and not PROCESSES[process].plans:
        raise _NotRepeatable


def _canonical(value: Any, values: Dependencies, parameters: Dependencies) -> Any:
    if isinstance(value, FromNode):
        return _known(values[value.node])
    if isinstance(value, FromParameter):
        return _known(parameters.get(value.name))
    if isinstance(value, Callback) and value.bindings is not None:
        return _callback(value.graph), _canonical(dict(value.bindings), values, parameters)
    if isinstance(value, Callback):
        names = sorted({name for name in outer_parameters(value.graph) if name in parameters})
        return _callback(value.graph), [(name, _known(parameters[name])) for name in names]
    value = value.members if isinstance(value, Nested) else value
    if isinstance(value, dict):
        return [(name, _canonical(value[name], values, parameters)) for name in sorted(value)]
    if isinstance(value, list):
        return [_canonical(member, values, parameters) for member in value]
    return _known(value)


def _callback(graph: Graph) -> Any:
    for node in graph.nodes.values():
        _require_repeatable(node.process)
    return [(node.id, node.process, _inner(node.arguments), node.id == graph.result) for node in graph.nodes.values()]


def _inner(value: Any) -> Any:
    if isinstance(value, Callback):
        return _callback(value.graph), _inner(value.bindings)
    value = value.members if isinstance(value, Nested) else value
    if isinstance(value, dict):
        return [(name, _inner(value[name])) for name in sorted(value)]
    if isinstance(value, list):
        return [_inner(member) for member in value]
    return value


def _known(value: Any) -> Any:
    """Return a value that is written as it is, or the fingerprint of a cube."""
    if isinstance(value, BlockCube):
        value = value.fingerprint
        if value is None:
            raise _NotRepeatable
    if isinstance(value, dict):
        return [(name, _known(value[name])) for name in sorted(value)]
    if isinstance(value, list):
        return [_known(member) for member in value]
    if value is not None and not isinstance(value, (str, int, float, bool)):
        raise _NotRepeatable
    return value


def digest(*parts: Any) -> str:
    """Return a name for whatever has these parts."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()


@lru_cache(maxsize=1)
def _code_version() -> tuple[str, int]:
    """Return the version, and when the newest module was written, for those who work on the code."""
    package = Path(gdc_jupyter.__file__).parent
    return gdc_jupyter.__version__, max(path.stat().st_mtime_ns for path in package.rglob("*.py"))
