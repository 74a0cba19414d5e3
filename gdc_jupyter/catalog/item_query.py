"""What is wanted of the items of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gdc_jupyter.catalog.rfc3339 import Interval

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class ItemQuery:
    """What is wanted; everything is optional.

    Attributes
    ----------
    collections : tuple of str, optional
        Ids.
    ids : tuple of str, optional
    box : tuple of float, optional
        West, south, east, north; west is greater than east over the antimeridian.
    interval : tuple of int, optional
        Start and end in milliseconds since 1970, both inside; None is open.
    intersects : dict, optional
        A GeoJSON geometry.
    filter : dict, optional
        CQL2 JSON.
    sort : tuple of (str, bool)
        Fields, and whether they descend; the newest come first by default.
    limit : int
    cursor : str
        Where the page starts, as the page before has told.
    """

    collections: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None
    box: Box | None = None
    interval: Interval | None = None
    intersects: Mapping[str, Any] | None = None
    filter: dict[str, Any] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    limit: int = 10
    cursor: str = ""

    @property
    def plain(self) -> bool:
        """Whether all items of the collections are wanted."""
        return not (self.ids or self.box or self.interval or self.intersects or self.filter)
