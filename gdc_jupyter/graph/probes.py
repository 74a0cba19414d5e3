"""What processes make of probes, remembered: a plan of a thousand nodes has few kinds of cubes in it."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import is_raster
from gdc_jupyter.graph.block_cube import one_pixel
from gdc_jupyter.graph.evaluate import CompiledCallback

if TYPE_CHECKING:
    from gdc_jupyter.cube.grid import Grid
    from gdc_jupyter.graph.planned import Call

T = TypeVar("T")
Key = tuple[Any, ...]


class _NotComparable(Exception):
    """A value that cannot be told from others by what it looks like."""


class Probes:
    """The probes of one plan, each kind of cube with one of them, and what processes have made of them.

    A process sees of a probe its dimensions, labels, types and attributes; the values stand for any others. So the
    same process with the same arguments makes the same of the same kind of cube. A callback is run each time, for it
    may refuse; what the process makes of it follows from the type and the shape of its result.
    """

    def __init__(self) -> None:
        self._kinds: dict[Key, xr.DataArray] = {}
        # By the id of a probe, which is kept here so that no other object can get the same.
        self._seen: dict[int, tuple[xr.DataArray, xr.DataArray]] = {}
        self._facts: dict[Key, Any] = {}

    def known(self, probe: xr.DataArray) -> xr.DataArray:
        """Return the probe that stands for all of its kind."""
        seen = self._seen.get(id(probe))
        if seen is None:
            try:
                kind = self._kinds.setdefault(_kind(probe), probe)
            except (_NotComparable, TypeError):
                kind = probe
            seen = self._seen[id(probe)] = probe, kind
            self._seen.setdefault(id(kind), (kind, kind))
        return seen[1]

    def look(self, name: str, probe: xr.DataArray, function: Callable[[xr.DataArray], T]) -> T:
        """Return what a function of this name says of a probe."""
        probe = self.known(probe)
        return self.fact((name, id(probe)), lambda: function(probe))

    def is_raster(self, probe: xr.DataArray) -> bool:
        """Return whether a probe has x and y."""
        return self.look("raster", probe, is_raster)

    def at(self, probe: xr.DataArray, grid: Grid) -> xr.DataArray:
        """Return a probe whose pixel is the first of a grid."""
        probe = self.known(probe)
        key = "at", id(probe), grid.crs, grid.x, grid.y, grid.dx, grid.dy
        return self.fact(key, lambda: self.known(one_pixel(probe, grid)))

    def fact(self, key: Key, make: Callable[[], T]) -> T:
        """Return what ``make`` has returned for a key."""
        try:
            found: T = self._facts[key]
        except KeyError:
            found = self._facts[key] = make()
        return found

    def key(self, call: Call, probes: Mapping[str, xr.DataArray]) -> Key | None:
        """Return what a call with probes is known by, without its callback; None where it has to be made each time."""
        process = call.process
        if process.engine or process.frame:
            return None
        cubes, others, callbacks = [], [], 0
        for name, value in call.arguments.items():
            if name in probes:
                cubes.append((name, id(self.known(probes[name]))))
            elif type(value) is CompiledCallback:
                callbacks += 1
                others.append((name, ()))
            else:
                others.append((name, value))
        try:
            return None if callbacks > 1 else (process.id, tuple(cubes), marshal.dumps(others, 2))
        except ValueError:
            return None

    def call(self, call: Call, probes: Mapping[str, xr.DataArray]) -> Any:
        """Return what a process makes of probes.

        Raises
        ------
        InvalidProcessGraph
            Where the process or its callback refuses.
        """
        key = self.key(call, probes)
        if key is None:
            return self._known(call(probes))
        for name, value in call.arguments.items():
            if type(value) is CompiledCallback:
                return self._call_back(call, probes, name, value, key)
        return self.fact(key, lambda: self._known(call(probes)))

    def _call_back(
        self, call: Call, probes: Mapping[str, xr.DataArray], name: str, callback: CompiledCallback, key: Key
    ) -> Any:
        content = _content(callback)
        exactly = *key, "content", content
        result = _MISSING if content is None else self._facts.get(exactly, _MISSING)
        if result is not _MISSING:
            return result
        asked = self._facts.get((*key, "asked"))
        if asked is not None:
            result = self._facts.get((*key, self._outcome(asked.repeat(callback))), _MISSING)
        if result is _MISSING:
            recorder = _Recorder(callback)
            result = self._known(call({**probes, name: recorder}))
            if len(recorder.calls) == 1:
                asked, outcome = recorder.calls[0]
                self._facts[*key, "asked"] = asked
                self._facts[*key, self._outcome(outcome)] = result
        if content is not None:
            self._facts[exactly] = result
        return result

    def _known(self, value: Any) -> Any:
        return self.known(value) if isinstance(value, xr.DataArray) else value

    def _outcome(self, value: Any) -> Key:
        if isinstance(value, np.ndarray):
            return "array", value.dtype.str, value.shape
        if isinstance(value, xr.DataArray):
            return "cube", id(self.known(value))
        if isinstance(value, list):
            return "list", *map(self._outcome, value)
        return (type(value), value) if type(value) in _SCALARS else ("other", object())


class _Asked:
    """How a process calls its callback."""

    __slots__ = ("block", "given")

    def __init__(self, given: dict[str, Any], block: xr.DataArray | None) -> None:
        self.given, self.block = given, block

    def repeat(self, callback: CompiledCallback) -> Any:
        """Return what another callback returns when it is called in the same way."""
        return (callback if self.block is None else callback.within(self.block))(**self.given)


class _Recorder:
    """A callback that notes how it is called and what it returns."""

    def __init__(self, callback: CompiledCallback, calls: list[tuple[_Asked, Any]] | None = None) -> None:
        self._callback = callback
        self.calls: list[tuple[_Asked, Any]] = [] if calls is None else calls

    def __call__(self, **given: Any) -> Any:
        result = self._callback(**given)
        self.calls.append((_Asked(given, self._callback.block), result))
        return result

    def within(self, block: xr.DataArray) -> _Recorder:
        """Return the callback with the labels of a block."""
        return _Recorder(self._callback.within(block), self.calls)


_MISSING = object()
_SCALARS = frozenset({bool, int, float, str, type(None)})


def _content(callback: CompiledCallback) -> bytes | None:
    """Return what tells one callback from another, or None where it holds what JSON cannot."""
    try:
        # Which processes the user's own ids stand for is the same in all of a plan.
        return marshal.dumps((dict(callback.graph.raw), dict(callback.parameters) if callback.bound else None), 2)
    except ValueError:
        return None


def _kind(probe: xr.DataArray) -> Key:
    variables = probe.coords.variables if hasattr(probe.coords, "variables") else probe.coords
    coordinates = tuple(
        (name, variable.dims, _values(variable), _plain(variable.attrs)) for name, variable in variables.items()
    )
    return probe.dims, probe.shape, probe.dtype.str, _plain(probe.attrs), coordinates


def _values(variable: xr.Variable) -> Any:
    values = np.asarray(variable.values)
    if values.dtype == object:
        return "object", values.shape, tuple((type(value), value) for value in values.ravel().tolist())
    return values.dtype.str, values.shape, values.tobytes()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _plain(member)) for name, member in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    if isinstance(value, np.ndarray):
        raise _NotComparable
    return type(value), value
