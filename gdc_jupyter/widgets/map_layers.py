"""The layers of a map: results of process graphs, as tiles that a back-end computes where they are looked at."""

from __future__ import annotations

import atexit
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import ipyleaflet
import traitlets

from gdc_jupyter.client import connect
from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox
from gdc_jupyter.widgets.base_map import LAYERS_PANE
from gdc_jupyter.widgets.layer_list import LayerList
from gdc_jupyter.widgets.tile_service import LEASE, TileService, graph_of, name_of

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

#: The last seconds of a kernel that go to removing services; what is left then ends by itself.
_SECONDS_AT_EXIT = 4.0
_numbers = itertools.count(1)


class MapLayer(traitlets.HasTraits):
    """A result on a map.

    Attributes
    ----------
    name : str
        What it is called in the legend.
    visible : bool
        Whether it is shown.
    opacity : float
        From 0 to 1.
    problem : str
        What the back-end last said has failed; empty where all is well.
    service : TileService
        Where its tiles come from.
    """

    name = traitlets.Unicode(read_only=True)
    visible = traitlets.Bool(True)
    opacity = traitlets.Float(1.0, min=0.0, max=1.0)
    loading = traitlets.Bool(False)
    problem = traitlets.Unicode("")

    def __init__(self, name: str, service: TileService, opacity: float, note: str = "") -> None:
        super().__init__(opacity=opacity)
        self.set_trait("name", name)
        self.id = next(_numbers)
        self.service = service
        self._note = note
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
        for trait in ("visible", "opacity"):
            traitlets.link((self, trait), (self.tiles, trait))
        traitlets.dlink((self.tiles, "loading"), (self, "loading"))

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

    def row(self) -> dict[str, Any]:
        """Return what the legend shows."""
        low, high = ("", "") if self.range is None else map(_number, self.range)
        return {
            "id": self.id,
            "name": self.name,
            "visible": self.visible,
            "opacity": self.opacity,
            "loading": self.loading,
            "colors": self.colors,
            "low": low,
            "high": high,
            "note": self.note,
            "problem": self.problem,
            "bounds": self.bounds is not None,
        }

    def __repr__(self) -> str:
        return f"MapLayer({self.name!r})"


class MapLayers:
    """All layers of one map, and their legend.

    Parameters
    ----------
    leaflet_map : ipyleaflet.Map
        A map with a pane of the name ``LAYERS_PANE``.
    fit : callable
        Shows a box on it.
    """

    def __init__(self, leaflet_map: ipyleaflet.Map, fit: Callable[[BBox], None]) -> None:
        self._map, self._fit = leaflet_map, fit
        self._layers: list[MapLayer] = []
        self.panel = LayerList()
        self.panel.on_msg(self._on_legend)
        self._control = ipyleaflet.WidgetControl(widget=self.panel, position="topright", transparent_bg=True)
        self._background = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gdc-map-layers")
        self._looked_at: set[int] = set()
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    def __iter__(self) -> Iterator[MapLayer]:
        return iter(tuple(self._layers))

    def __len__(self) -> int:
        return len(self._layers)

    def add(
        self, cube: Any, name: str | None, connection: Connection | None, opacity: float, options: Mapping[str, Any]
    ) -> MapLayer:
        """Show a result in a new layer; one of the same name is replaced.

        Raises
        ------
        GdcError
            What is wrong with the graph or the options.
        """
        if not 0 <= opacity <= 1:
            raise GdcError("ProcessParameterInvalid", f"opacity is from 0 to 1, and not {opacity}.")
        graph = graph_of(cube)
        connection = connection or getattr(cube, "connection", None) or connect()
        title = name or self._free_name(graph)
        service = TileService(connection, graph, title, options)
        layer = MapLayer(title, service, opacity, _note_of_time(cube))
        for old in [each for each in self._layers if each.name == title]:
            self.remove(old)
        self._layers.append(layer)
        layer.observe(self._show_rows, ("visible", "opacity", "loading", "problem"))
        layer.tiles.on_load(lambda **_: self._later(layer))
        if self._control not in self._map.controls:
            self._map.add(self._control)
        self._map.add(layer.tiles)
        self._show_rows()
        self._keep()
        return layer

    def remove(self, layer: MapLayer | str) -> None:
        """Take a layer, or all of a name, off the map and its service off the back-end.

        Raises
        ------
        GdcError
            ``LayerNotFound``.
        """
        found = [each for each in self._layers if each is layer or each.name == layer]
        if not found:
            names = ", ".join(each.name for each in self._layers) or "none"
            raise GdcError("LayerNotFound", f"There is no layer {layer!r} on this map; there are: {names}.")
        for each in found:
            self._layers.remove(each)
            self._map.remove(each.tiles)
            each.tiles.close()
            self._background.submit(each.service.remove)
        if not self._layers:
            self._map.remove(self._control)
        self._show_rows()

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
        layer = next((each for each in self._layers if each.id == content.get("id")), None)
        action = content.get("action")
        if layer is None:
            return
        if action == "remove":
            self.remove(layer)
        elif action == "zoom" and layer.bounds is not None:
            self._fit(layer.bounds)
        elif action == "visible":
            layer.visible = bool(content.get("value"))
        elif action == "opacity":
            layer.opacity = min(max(float(content.get("value", 1)), 0.0), 1.0)

    def _free_name(self, graph: Mapping[str, Any]) -> str:
        """Return a name that no layer of another graph has: the cell of a notebook may run once more."""
        base = name_of(graph)
        taken = {layer.name: layer.service.graph for layer in self._layers}
        names = itertools.chain([base], (f"{base} ({number})" for number in itertools.count(2)))
        return next(name for name in names if name not in taken or taken[name] == graph)

    def _show_rows(self, _: Any = None) -> None:
        # What was added last lies on top.
        self.panel.rows = [layer.row() for layer in reversed(self._layers)]

    def _later(self, layer: MapLayer) -> None:
        """Ask, after tiles were loaded, how that went; once at a time."""
        if layer.id in self._looked_at or self._closed.is_set():
            return
        self._looked_at.add(layer.id)
        self._background.submit(self._look_at, layer)

    def _look_at(self, layer: MapLayer) -> None:
        try:
            problems = layer.service.new_problems()
            if problems:
                layer.problem = problems[-1]
            if layer.range is None and "bounds" in layer.service.attributes:
                layer.service.describe()
                self._show_rows()
        except Exception as error:  # told to who looks at the map
            layer.problem = str(error)
        finally:
            self._looked_at.discard(layer.id)

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
                    if layer.service.put_off():
                        layer.tiles.url = layer.service.url
                except Exception as error:
                    layer.problem = str(error)

    def _remove_services(self) -> None:
        end = time.monotonic() + _SECONDS_AT_EXIT
        for layer in self:
            layer.service.remove(timeout=max(min(1.0, end - time.monotonic()), 0.05))


def _note_of_time(cube: Any) -> str:
    """Return what to do about a dimension of time, where only the client knows of it."""
    metadata = getattr(cube, "metadata", None)
    try:
        name = metadata.temporal_dimension.name if metadata is not None else ""
    except Exception:  # the client's metadata are a guess, and may have none
        return ""
    return f"The result has dates along {name}: combine them with reduce_dimension, or choose one" if name else ""


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\u2212")
