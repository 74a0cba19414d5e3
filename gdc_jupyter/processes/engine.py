"""What processes ask of the engine that runs them: to load and to save, what is permitted, and to log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from gdc_jupyter.cube.grid import Bounds
    from gdc_jupyter.settings import Permissions


class Engine(Protocol):
    """The services of an engine.

    Parameters
    ----------
    permissions : Permissions
        What the graph may do.
    probing : bool
        Whether the graph is only being planned, so that processes run on one pixel of ones.
    """

    permissions: Permissions
    probing: bool

    def log(self, level: str, message: str) -> None:
        """Tell the user something: ``error``, ``warning``, ``info`` or ``debug``."""

    def load(
        self,
        collection_id: str,
        bounds: Bounds | None,
        crs: str,
        polygons: Any,
        start: np.datetime64 | None,
        end: np.datetime64 | None,
        bands: list[str] | None,
        properties: dict[str, Any] | None,
    ) -> Any:
        """Return a cube of a collection, restricted to a box, polygons, an interval, bands and property conditions."""

    def save(self, data: Any, format: str, options: dict[str, Any]) -> Any:
        """Note that a value is to be written in a format, and return the value."""
