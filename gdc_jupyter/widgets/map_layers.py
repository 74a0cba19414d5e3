"""All layers of a map, and their legend."""

from __future__ import annotations

import atexit
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import ipyleaflet

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox
from gdc_jupyter.widgets.graph_layer import GraphLayer
from gdc_jupyter.widgets.layer_list import LayerList
from gdc_jupyter.widgets.layer_sources import Wanted, make_layer
from gdc_jupyter.widgets.map_layer import MapLayer
from gdc_jupyter.widgets.picture_layer import PictureLayer
from gdc_jupyter.widgets.swipe import Comparison
from gdc_jupyter.widgets.tile_service import LEASE

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

#: The last seconds of a kernel that go to removing services; what is left then ends by itself.
_SECONDS_AT_EXIT = 4.0


class MapLayers:
    """All layers of one map, and their legend.

    Parameters
    ----------
    leaflet_map : ipyleaflet.Map
        A map with a pane of the name ``LAYERS_PANE``.
    fit : callable
        Shows a box on it.
    view : callable
        Returns the box that it shows.
    """

    def __init__(self, leaflet_map: ipyleaflet.Map, fit: Callable[[BBox], None], view: Callable[[], BBox]) -> None:
        self._map, self._fit, self._view = leaflet_map, fit, view
        self._layers: list[MapLayer] = []
        self.panel = LayerList()
        self.panel.on_msg(self._on_legend)
        self._control = ipyleaflet.WidgetControl(widget=self.panel, position="topright", transparent_bg=True)
        self._background = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gdc-map-layers")
        self._comparison = Comparison(leaflet_map)
        self._looked_at: set[int] = set()
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    def __iter__(self) -> Iterator[MapLayer]:
        return iter(tuple(self._layers))

    def __len__(self) -> int:
        return len(self._layers)

    def add(
        self,
        what: Any,
        name: str | None,
        connection: Connection | None,
        opacity: float,
        options: Mapping[str, Any],
        view: BBox,
    ) -> MapLayer:
        """Show a result in a new layer; one of the same name is replaced.

        Raises
        ------
        GdcError
            What is wrong with what is shown or with the options.
        """
        if not 0 <= opacity <= 1:
            raise GdcError("ProcessParameterInvalid", f"opacity is from 0 to 1, and not {opacity}.")
        layer = make_layer(what, Wanted(name, connection, opacity, options, view, self._free_name))
        for old in [each for each in self._layers if each.name == layer.name]:
            self.remove(old)
        self._layers.append(layer)
        layer.observe(self._show_rows, ("visible", "opacity", "loading", "problem"))
        if self._control not in self._map.controls:
            self._map.add(self._control)
        self._map.add(layer.leaflet)
        self._show_rows()
        if isinstance(layer, GraphLayer):
            layer.tiles.on_load(lambda **_: self._later(layer))
            self._keep()
        return layer

    def remove(self, layer: MapLayer | str) -> None:
        """Take a layer, or all of a name, off the map and its service off the back-end.

        Raises
        ------
        GdcError
            ``LayerNotFound``.
        """
        for each in self._found(layer):
            if self.compared is not None and each in self.compared:
                self._end_comparison()
            self._layers.remove(each)
            self._map.remove(each.leaflet)
            each.leaflet.close()
            self._background.submit(each.release)
        if not self._layers:
            self._map.remove(self._control)
        self._show_rows()

    def _found(self, layer: MapLayer | str) -> list[MapLayer]:
        found = [each for each in self._layers if each is layer or each.name == layer]
        if not found:
            names = ", ".join(each.name for each in self._layers) or "none"
            raise GdcError("LayerNotFound", f"There is no layer {layer!r} on this map; there are: {names}.")
        return found

    @property
    def compared(self) -> tuple[MapLayer, MapLayer] | None:
        """The layers on the left and on the right of the border, where two are compared."""
        return self._comparison.pair

    def compare(self, left: MapLayer | str | None, right: MapLayer | str | None = None) -> None:
        """Show one layer on the left and another on the right of a border that is moved; None ends that.

        Raises
        ------
        GdcError
            ``LayerNotFound``; ``ProcessParameterInvalid`` for one layer alone.
        """
        if left is None and right is None:
            self._end_comparison()
            return
        if left is None or right is None or self._one(left) is self._one(right):
            raise GdcError("ProcessParameterInvalid", "Two layers are compared: compare(left, right); None ends it.")
        pair = self._one(left), self._one(right)
        self._comparison.show(*pair)
        self.panel.compared = [layer.id for layer in pair]

    def _end_comparison(self) -> None:
        self._comparison.end()
        self.panel.compared = []

    def _one(self, layer: MapLayer | str) -> MapLayer:
        return self._found(layer)[-1]

    def close(self) -> None:
        """Remove all layers and their services."""
        self._closed.set()
        atexit.unregister(self._remove_services)
        for layer in self:
            self.remove(layer)
        self._background.shutdown(wait=False)
        self._control.close()
        self.panel.close()

    def _on_legend(self, _: Any, content: dict[str, Any], __: Any) -> None:
        action = content.get("action")
        if action == "compare":
            self._compare_ids(content.get("left"), content.get("right"))
            return
        layer = self._of_id(content.get("id"))
        if layer is None:
            return
        if action == "remove":
            self.remove(layer)
        elif action == "zoom" and layer.bounds is not None:
            self._fit(layer.bounds)
        elif action == "again" and isinstance(layer, PictureLayer) and not layer.loading:
            self._background.submit(self._compute_again, layer)
        elif action == "visible":
            layer.visible = bool(content.get("value"))
        elif action == "opacity":
            layer.opacity = min(max(float(content.get("value", 1)), 0.0), 1.0)

    def _compare_ids(self, *ids: Any) -> None:
        left, right = map(self._of_id, ids)
        if left is None or right is None or left is right:
            self._end_comparison()
        else:
            self.compare(left, right)

    def _of_id(self, number: Any) -> MapLayer | None:
        return next((each for each in self._layers if each.id == number), None)

    def _free_name(self, base: str, source: Any) -> str:
        """Return a name that no layer of something else has: the cell of a notebook may run once more."""
        taken = {layer.name: layer.source for layer in self._layers}
        names = itertools.chain([base], (f"{base} ({number})" for number in itertools.count(2)))
        return next(name for name in names if name not in taken or taken[name] == source)

    def _show_rows(self, _: Any = None) -> None:
        # What was added last lies on top.
        self.panel.rows = [layer.row() for layer in reversed(self._layers)]

    def _later(self, layer: GraphLayer) -> None:
        """Ask, after tiles were loaded, how that went; once at a time."""
        if layer.id in self._looked_at or self._closed.is_set():
            return
        self._looked_at.add(layer.id)
        self._background.submit(self._look_at, layer)

    def _look_at(self, layer: GraphLayer) -> None:
        try:
            if layer.look_after():
                self._show_rows()
        except Exception as error:  # told to who looks at the map
            layer.problem = str(error)
        finally:
            self._looked_at.discard(layer.id)

    def _compute_again(self, layer: PictureLayer) -> None:
        """Compute a layer for what the map shows now."""
        layer.loading, layer.problem = True, ""
        try:
            layer.show_for(self._view())
        except Exception as error:  # told to who looks at the map
            layer.problem = str(error)
        layer.loading = False
        self._show_rows()

    def _keep(self) -> None:
        """Put off the end of the services for as long as this kernel lives."""
        if self._keeper is not None:
            return
        atexit.register(self._remove_services)
        self._keeper = threading.Thread(target=self._put_off, name="gdc-map-layers", daemon=True)
        self._keeper.start()

    def _put_off(self) -> None:
        while not self._closed.wait(LEASE.total_seconds() / 3):
            for layer in self:
                try:
                    layer.put_off()
                except Exception as error:
                    layer.problem = str(error)

    def _remove_services(self) -> None:
        end = time.monotonic() + _SECONDS_AT_EXIT
        for layer in self:
            layer.release(timeout=max(min(1.0, end - time.monotonic()), 0.05))
