"""A layer of an array: one picture, warped to the map here."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import ipyleaflet

from gdc_jupyter.selection import BBox
from gdc_jupyter.widgets.array_picture import ArrayPicture
from gdc_jupyter.widgets.base_map import LAYERS_PANE
from gdc_jupyter.widgets.map_layer import MapLayer


class PictureLayer(MapLayer):
    """A picture on a map.

    Parameters
    ----------
    name : str
    source : object
        What the picture is made of.
    picture : ArrayPicture
    opacity : float
        From 0 to 1.
    note : str
        What is to be told beside what the picture tells of itself.
    again : callable, optional
        Makes the picture for another view.
    """

    def __init__(
        self,
        name: str,
        source: Any,
        picture: ArrayPicture,
        opacity: float,
        note: str = "",
        again: Callable[[BBox], ArrayPicture] | None = None,
    ) -> None:
        self._source, self._note, self._again = source, note, again
        self.overlay = ipyleaflet.ImageOverlay(name=name, pane=LAYERS_PANE, opacity=opacity, attribution="")
        self.of_view = again is not None
        self._take(picture)
        super().__init__(name, self.overlay, opacity)

    def show_for(self, view: BBox) -> None:
        """Make the picture anew for a view."""
        if self._again is not None:
            self._take(self._again(view))

    @property
    def png(self) -> bytes:
        """The picture."""
        return self._picture.png

    @property
    def source(self) -> Any:
        """What the picture is made of."""
        return self._source

    @property
    def bounds(self) -> BBox | None:
        """Its area in degrees."""
        return self._picture.bounds

    @property
    def range(self) -> tuple[float, float] | None:
        """The values of the first and the last colour of a single band."""
        return self._picture.ranges[0] if len(self._picture.ranges) == 1 else None

    @property
    def colors(self) -> list[str]:
        """The colours of a single band."""
        return self._picture.colors

    @property
    def note(self) -> str:
        """What is shown of an array that holds more."""
        return "; ".join([*self._picture.notes, *([self._note] if self._note else [])])

    def _take(self, picture: ArrayPicture) -> None:
        self._picture = picture
        west, south, east, north = picture.bounds
        with self.overlay.hold_sync():
            self.overlay.url = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
            self.overlay.bounds = ((south, west), (north, east))
