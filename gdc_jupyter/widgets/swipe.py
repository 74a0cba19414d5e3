"""The border between two layers of a map, which is moved to compare them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import ipyleaflet
import traitlets

from gdc_jupyter.widgets.map_layer import MapLayer

STATIC = Path(__file__).parent / "static"


class Swipe(anywidget.AnyWidget):
    """A slider over a map: on its left one layer is seen, on its right another.

    ``left`` and ``right`` are the models of the two layers, ``names`` what they are called, and ``position`` is where
    the border is, from 0 at the left edge of the map to 1 at its right edge.
    """

    _esm = STATIC / "swipe.js"
    _css = STATIC / "swipe.css"

    left = traitlets.Unicode("").tag(sync=True)
    right = traitlets.Unicode("").tag(sync=True)
    names: traitlets.List[str] = traitlets.List(traitlets.Unicode(), default_value=["", ""]).tag(sync=True)
    position = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Comparison:
    """Two layers of a map with a border between them, or none.

    Parameters
    ----------
    leaflet_map : ipyleaflet.Map

    Attributes
    ----------
    pair : tuple of two MapLayer, optional
        The layers on the left and on the right.
    swipe : Swipe, optional
        The border.
    """

    def __init__(self, leaflet_map: ipyleaflet.Map) -> None:
        self._map = leaflet_map
        self._control: ipyleaflet.WidgetControl | None = None
        self.pair: tuple[MapLayer, MapLayer] | None = None
        self.swipe: Swipe | None = None

    def show(self, left: MapLayer, right: MapLayer) -> None:
        """Compare two layers, in place of those that are compared."""
        self.pair = left, right
        if self.swipe is None:
            self.swipe = Swipe()
            # It draws over the map, wherever its control is.
            self._control = ipyleaflet.WidgetControl(widget=self.swipe, position="bottomleft", transparent_bg=True)
            self._map.add(self._control)
        with self.swipe.hold_sync():
            self.swipe.left, self.swipe.right = left.leaflet.model_id, right.leaflet.model_id
            self.swipe.names = [left.name, right.name]

    def end(self) -> None:
        """Show all layers whole again."""
        if self.swipe is not None and self._control is not None:
            self._map.remove(self._control)
            self._control.close()
            self.swipe.close()
        self.pair, self.swipe, self._control = None, None, None
