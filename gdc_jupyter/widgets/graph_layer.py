"""A layer of a process graph: tiles that a back-end computes where they are looked at."""

from __future__ import annotations

from typing import Any

import ipyleaflet
import traitlets

from gdc_jupyter.selection import BBox
from gdc_jupyter.widgets.base_map import LAYERS_PANE
from gdc_jupyter.widgets.map_layer import MapLayer
from gdc_jupyter.widgets.tile_service import TileService


class GraphLayer(MapLayer):
    """Tiles of a service.

    Attributes
    ----------
    service : TileService
        Where its tiles come from.
    """

    def __init__(self, name: str, service: TileService, opacity: float, note: str = "") -> None:
        self.service, self._note = service, note
        first, last = service.zooms
        bounds = service.bounds
        size = int(service.configuration.get("tile_size") or 256)
        self.tiles = ipyleaflet.TileLayer(
            url=service.url,
            name=name,
            pane=LAYERS_PANE,
            attribution="",
            opacity=opacity,
            min_zoom=first,
            max_zoom=24,
            max_native_zoom=last,
            tile_size=size,
            zoom_offset=1 - size // 256 if size > 256 else 0,
            bounds=None if bounds is None else [[bounds[1], bounds[0]], [bounds[3], bounds[2]]],
        )
        super().__init__(name, self.tiles, opacity)
        traitlets.dlink((self.tiles, "loading"), (self, "loading"))

    @property
    def source(self) -> Any:
        """The graph."""
        return self.service.graph

    @property
    def bounds(self) -> BBox | None:
        """The area of the result in degrees, where the back-end tells it."""
        return self.service.bounds

    @property
    def range(self) -> tuple[float, float] | None:
        """The values of the first and the last colour of a single band, once they are known."""
        told = self.service.attributes.get("range") or self.service.configuration.get("range")
        pair = told[0] if told and isinstance(told[0], list) and len(told) == 1 else told
        return None if not pair or isinstance(pair[0], list) else (float(pair[0]), float(pair[1]))

    @property
    def colors(self) -> list[str]:
        """The colours of a single band that follow each other from the lowest to the highest value."""
        colormap = self.service.configuration.get("colormap")
        own = [f"#{color.removeprefix('#')}" for color in colormap] if isinstance(colormap, list) else []
        return list(self.service.attributes.get("colors") or own)

    @property
    def note(self) -> str:
        """What is shown of a result that holds more."""
        attributes = self.service.attributes
        bands, dates = attributes.get("bands") or [], attributes.get("dates")
        parts = [f"{', '.join(bands)} as red, green, blue"] if len(bands) == 3 else []
        if dates and dates > 1:
            which = "one" if "datetime" in self.service.configuration else "the newest"
            parts.append(
                f"{str(attributes.get('datetime'))[:10]}, {which} of {dates} dates: choose another with datetime=, or "
                "combine them with reduce_dimension"
            )
        elif dates is None and self._note:
            parts.append(self._note)
        return "; ".join(parts)

    def look_after(self) -> bool:
        """Ask, after tiles were loaded, how that went; return whether more is known of the layer now."""
        problems = self.service.new_problems()
        if problems:
            self.problem = problems[-1]
        if self.range is None and "bounds" in self.service.attributes:
            self.service.describe()
            return True
        return False

    def put_off(self) -> None:
        """Put off the end of its service."""
        if self.service.put_off():
            self.tiles.url = self.service.url

    def release(self, timeout: float = 10.0) -> None:
        """Take its service off the back-end."""
        self.service.remove(timeout=timeout)


def note_of_time(cube: Any) -> str:
    """Return what to do about a dimension of time, where only the client knows of it."""
    metadata = getattr(cube, "metadata", None)
    try:
        name = metadata.temporal_dimension.name if metadata is not None else ""
    except Exception:  # the client's metadata are a guess, and may have none
        return ""
    return f"The result has dates along {name}: combine them with reduce_dimension, or choose one" if name else ""
