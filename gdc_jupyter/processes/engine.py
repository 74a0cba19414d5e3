"""What processes ask of the engine that runs them: to load, save, log and keep things, and what is permitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import xarray as xr

    from gdc_jupyter.catalog.collection import Collection, Query
    from gdc_jupyter.settings import Permissions


class Closable(Protocol):
    """Something that is to be closed."""

    def close(self) -> None:
        """Let it go."""


T = TypeVar("T", bound=Closable)


@dataclass(frozen=True)
class Frame:
    """What a callback is about, for a process in it that needs the names and labels of all dimensions.

    Parameters
    ----------
    block : xarray.DataArray
        The labelled values that the callback gets, with its axes in the same order.
    axis : str, optional
        The dimension that it is about, the first of the block: its labels may become others. None where each value is
        for itself.
    reduces : bool
        Whether it returns one value in place of those along that dimension.
    """

    block: xr.DataArray
    axis: str | None = None
    reduces: bool = False


def framed(callback: Callable[..., Any], block: xr.DataArray) -> Callable[..., Any]:
    """Return a callback that knows the labels of a block whose bare values it gets."""
    within = getattr(callback, "within", None)
    return callback if within is None else within(block)


def uses_of(
    callback: Callable[..., Any], parameter: str = "data"
) -> tuple[dict[str, tuple[str, dict[str, Any]]], bool]:
    """Return which processes of a callback take a parameter as their data.

    Returns
    -------
    uses : dict of str to (str, dict)
        By node: the process and its other arguments, all of which are literal.
    alone : bool
        Whether nothing else in the callback sees the parameter, so that their results are all it needs.
    """
    found = getattr(callback, "uses_of", None)
    if found is None:
        return {}, False
    uses: tuple[dict[str, tuple[str, dict[str, Any]]], bool] = found(parameter)
    return uses


def knowing(callback: Callable[..., Any], values: dict[str, Any]) -> Callable[..., Any]:
    """Return a callback that takes the results of some nodes as given; see :func:`uses_of`."""
    make = getattr(callback, "knowing", None)
    return callback if make is None or not values else make(values)


class Deferred(Exception):
    """The value of a process is known in a run only."""


class Engine(Protocol):
    """The services of an engine.

    Parameters
    ----------
    permissions : Permissions
        What the graph may do.
    probing : bool
        Whether the graph is only being planned, so that processes run on one pixel of ones.
    effects : bool
        Whether the graph is run: processes that act elsewhere raise `Deferred` where it is only looked at.
    """

    permissions: Permissions
    probing: bool
    effects: bool

    def log(self, level: str, message: str) -> None:
        """Tell the user something: ``error``, ``warning``, ``info`` or ``debug``."""

    def keep(self, make: Callable[[Engine], T]) -> T:
        """Return what ``make`` has made for this run, now or earlier; it is closed when the run ends."""

    def load(self, collection: str | Collection, query: Query | None = None, polygons: Any = None) -> Any:
        """Return a cube of what is wanted of a collection, and of its pixels those in polygons; all by default.

        The collection is one of the catalogue, by its id, or any other.
        """

    def save(self, data: Any, format: str, options: dict[str, Any]) -> Any:
        """Note that a value is to be written in a format, and return the value."""

    def as_json(self, data: Any) -> Any:
        """Return a value, computed if it is a cube, in terms of JSON."""

    def modify(self, data: Any, changes: dict[str, Any]) -> None:
        """Note changes (a JSON merge patch) of the STAC metadata of what `save` has returned."""

    def export(self, data: Any, collection_id: str) -> None:
        """Note that what `save` has returned is added to a collection of the catalogue once the run has succeeded."""
