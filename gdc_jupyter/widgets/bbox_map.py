"""BBoxMap: a map on which one box is drawn, dragged, edited or typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipyleaflet
import ipywidgets
import traitlets

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, normalise_bbox, spatial_extent
from gdc_jupyter.widgets import world
from gdc_jupyter.widgets.box_fields import BoxFields
from gdc_jupyter.widgets.boxes import (
    EDGES,
    NotABox,
    collection_bbox,
    degrees_text,
    describe,
    drawn_box,
    is_in_view,
    meets_view,
    nearest_copy,
    read_box,
)
from gdc_jupyter.widgets.layer_figure import layer_figure
from gdc_jupyter.widgets.map_layers import PANE, MapLayer, MapLayers
from gdc_jupyter.widgets.tile_service import plain_value

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

BOX_STYLE = {"className": "gdc-box", "color": "#d9480f", "weight": 2, "fillOpacity": 0.18}
FOOTPRINT_STYLE = {
    "pane": "gdc-footprint",
    "className": "gdc-footprint",
    "interactive": False,
    "weight": 1.5,
    "dashArray": "6 4",
}
# Layers are added in no certain order: panes keep the box, which lies at 400, above the land.
PANES = {
    "gdc-world": {"zIndex": 250},
    PANE: {"zIndex": 270, "pointerEvents": "none"},
    "gdc-footprint": {"zIndex": 300},
    "gdc-graticule": {"zIndex": 450, "pointerEvents": "none"},
}
# The width that a map is taken to have before it is displayed, in pixels.
TYPICAL_WIDTH = 720.0


class BBoxMap(ipywidgets.VBox):  # type: ignore[misc]
    """A map with exactly one box or none.

    The box is drawn with the mouse (the square in the toolbar or the button *Draw*), dragged or edited with the
    tools below it, typed as numbers, or set from Python. The base map is part of the package: nothing is fetched
    from a network unless ``tiles`` names a tile server.

    Parameters
    ----------
    center : tuple of two float, optional
        Latitude and longitude of the centre of the first view, in degrees.
    zoom : int, optional
        The zoom of the first view; 0 shows the world in 256 pixels.
    height : str
        The height of the map as a CSS length.
    tiles : str, optional
        The URL template of a tile server to draw instead of the offline base map, as
        ``"https://tiles.example.org/{z}/{x}/{y}.png"``. The browser then fetches tiles from there.
    collection : mapping, optional
        STAC metadata of a collection, as ``con.describe_collection("S2_ALPS")`` returns it: its footprint is drawn
        and shown.
    bbox : tuple of four float, optional
        The first box.

    Attributes
    ----------
    bbox : tuple of four float or None
        West, south, east, north in degrees. West is at least -180 and less than 180; the east of a box over the
        antimeridian is beyond 180.
    spatial_extent : dict or None
        The box as ``spatial_extent`` of ``load_collection``. Read only.

    Examples
    --------
    >>> area = BBoxMap()
    >>> area.bbox = (11.33, 46.48, 11.36, 46.50)
    >>> area.spatial_extent
    {'west': 11.33, 'south': 46.48, 'east': 11.36, 'north': 46.5}
    """

    bbox: traitlets.TraitType[Any, BBox | None] = traitlets.Any(None, allow_none=True)
    spatial_extent = traitlets.Dict(default_value=None, allow_none=True, read_only=True)

    def __init__(
        self,
        center: tuple[float, float] | None = None,
        zoom: int | None = None,
        height: str = "400px",
        tiles: str | None = None,
        collection: Mapping[str, Any] | None = None,
        bbox: BBox | None = None,
    ) -> None:
        self._busy = False
        self._shown: BBox | None = None
        self._size: tuple[float, float] | None = None
        self._graticule = ipyleaflet.ImageOverlay(pane="gdc-graticule")
        self.draw = ipyleaflet.GeomanDrawControl(
            position="topleft",
            rectangle={"pathOptions": BOX_STYLE},
            polyline={},
            polygon={},
            circlemarker={},
            drag=True,
            edit=True,
            remove=True,
            cut=False,
            rotate=False,
        )
        self.map = ipyleaflet.Map(
            center=center or (20.0, 0.0),
            zoom=1 if zoom is None else zoom,
            layers=self._base_layers(tiles),
            controls=(),
            panes=PANES,
            attribution_control=False,
            min_zoom=1,
            max_zoom=18,
            layout=ipywidgets.Layout(height=height, width="100%"),
        )
        self.map.add(ipyleaflet.AttributionControl(position="bottomright", prefix="" if tiles else world.ATTRIBUTION))
        self.map.add(ipyleaflet.ScaleControl(position="bottomleft", imperial=False))
        self.map.add(self.draw)
        self._layers = MapLayers(self.map, self.fit)
        self.fields = BoxFields()
        super().__init__(children=(self.map, self.fields))
        self.add_class("gdc-bbox-map")
        self.draw.observe(self._on_drawn, "data")
        self.draw.observe(self._on_mode, "current_mode")
        self.fields.on_msg(self._on_fields)
        self.map.observe(self._on_view, "bounds")
        self._footprint: BBox | None = None
        if collection is not None:
            self._show_collection(collection, fit=center is None and zoom is None)
        if bbox is not None:
            self.bbox = bbox

    def clear(self) -> None:
        """Remove the box."""
        self.bbox = None

    def fit(self, bbox: BBox | None = None) -> None:
        """Show a box, by default the one that is chosen.

        Parameters
        ----------
        bbox : tuple of four float, optional
            West, south, east, north in degrees.
        """
        target = self._shown if bbox is None else normalise_bbox(bbox)
        if target is None:
            return
        center, zoom = world.view_of(target, *self._pixels())
        with self.map.hold_sync():
            self.map.center = center
            self.map.zoom = max(zoom, 1)

    @property
    def layers(self) -> tuple[MapLayer, ...]:
        """The layers that were added, the topmost last."""
        return tuple(self._layers)

    def add_layer(
        self,
        cube: Any,
        name: str | None = None,
        *,
        colormap: str | Sequence[str] | None = None,
        range: Sequence[Any] | None = None,
        bands: Sequence[str] | None = None,
        datetime: str | None = None,
        opacity: float = 1.0,
        fit: bool | None = None,
        connection: Connection | None = None,
        **options: Any,
    ) -> MapLayer:
        """Show the result of a process graph, computed for what the map shows and no finer; there is no job.

        The back-end makes the tiles, as an XYZ service that is removed with the layer, with the map or with the
        kernel, whichever comes first. The map gets a legend, in which layers are hidden, faded and removed.

        Parameters
        ----------
        cube : openeo.DataCube, dict or object
            What is shown: a cube, a process graph, or something with ``flat_graph()``. Of a cube that has a dimension
            of time still, the newest date is shown, and the legend says so.
        name : str, optional
            What the layer is called. A layer of the same name is replaced, so that a cell can be run again.
        colormap : str or sequence of str, optional
            The colours of a single band: a name, such as ``"viridis"``, or colours as ``#rrggbb`` that follow each
            other from the lowest to the highest value.
        range : pair of float, optional
            The values of the first and the last colour; three pairs for three bands. By default what ``save_result``
            says, else the 2nd and the 98th percentile.
        bands : sequence of str, optional
            One band, or three that are shown as red, green and blue.
        datetime : str, optional
            Of a cube with dates, the last one up to this date or instant is shown.
        opacity : float
            From 0 to 1.
        fit : bool, optional
            Whether the map moves to the result. By default it does so only where the result would not be seen.
        connection : openeo.Connection, optional
            The back-end for a graph that has no connection of its own, by default ``gdc_jupyter.connect()``.
        **options
            Other options that the back-end has for XYZ services, such as ``resampling="bilinear"``.

        Returns
        -------
        MapLayer
            It has ``visible`` and ``opacity``, which can be set, and ``range``, ``bounds`` and ``problem``.

        Raises
        ------
        GdcError
            What is wrong with the graph, and at which node, or with the options. It is told under the map as well.

        Examples
        --------
        >>> con = gdc.connect()  # doctest: +SKIP
        >>> red_nir = con.load_collection("S2_ALPS", bands=["B04", "B08"])  # doctest: +SKIP
        >>> area.add_layer(red_nir.ndvi().max_time(), "NDVI", colormap="vegetation", range=(0, 1))  # doctest: +SKIP
        MapLayer('NDVI')
        """
        own = {"colormap": colormap, "range": range, "bands": bands, "datetime": datetime}
        plain = {key: plain_value(value) for key, value in (own | options).items()}
        try:
            layer = self._layers.add(cube, name, connection, opacity, plain)
        except GdcError as error:
            self._say(error.message)
            raise
        self._say("")
        bounds = layer.bounds
        if bounds is not None and (fit or (fit is None and not meets_view(bounds, self._view()))):
            self.fit(bounds)
        return layer

    def remove_layer(self, layer: MapLayer | str) -> None:
        """Take a layer off the map, and its service off the back-end.

        Parameters
        ----------
        layer : MapLayer or str
            What `add_layer` returned, or the name of the layer.
        """
        self._layers.remove(layer)

    def close(self) -> None:
        """Remove the widget with its map, layers and fields."""
        self._layers.close()
        for child in self.children:
            child.close()
        super().close()

    @traitlets.validate("bbox")
    def _validate_bbox(self, proposal: Any) -> BBox | None:
        if proposal["value"] is None:
            return None
        try:
            return normalise_bbox(proposal["value"])
        except GdcError as error:
            raise traitlets.TraitError(error.message) from None

    @traitlets.observe("bbox")
    def _on_bbox(self, change: Any) -> None:
        bbox: BBox | None = change["new"]
        self.set_trait("spatial_extent", None if bbox is None else spatial_extent(bbox))
        if not self._busy:
            self._show(bbox)
            self._bring_into_view()

    def _show(self, bbox: BBox | None, near: float | None = None) -> None:
        """Draw a box on the copy of the world that is nearest to a longitude, and write its numbers."""
        near = self.map.center[1] if near is None else near
        self._shown = None if bbox is None else nearest_copy(bbox, near)
        with self._quiet():
            self.draw.data = [] if self._shown is None else [world.box_feature(self._shown, BOX_STYLE)]
        self._say("")
        self.fields.values = ["", "", "", ""] if bbox is None else [degrees_text(edge) for edge in bbox]
        self.fields.info = "" if bbox is None else describe(bbox)
        # The fields may hold other text that was typed and refused.
        self.fields.send({"action": "refresh"})

    def _choose(self, bbox: BBox | None, near: float | None = None) -> None:
        """Take a box that came from the browser, without moving the map."""
        with self._quiet():
            self.bbox = bbox
        self._show(self.bbox, near)

    def _on_drawn(self, change: Any) -> None:
        if self._busy:
            return
        if self.fields.drawing:
            self.draw.current_mode = None
        drawn = drawn_box(change["new"], self._shown)
        if drawn is None:
            self._choose(None)
            return
        try:
            bbox = normalise_bbox(drawn)
        except GdcError as error:
            flat = drawn[0] == drawn[2] or drawn[1] == drawn[3]
            self._show(self.bbox)
            self._say("That box has no area: click two opposite corners." if flat else error.message)
            return
        self._choose(bbox, near=(drawn[0] + drawn[2]) / 2)

    def _on_mode(self, change: Any) -> None:
        self.fields.drawing = str(change["new"] or "").startswith("draw")

    def _on_fields(self, _: Any, content: dict[str, Any], __: Any) -> None:
        action = content.get("action")
        if action == "edit":
            self._on_typed([str(text).strip() for text in content.get("values", [])])
            answer = {"view": content.get("view"), "number": content.get("number"), "taken": not self.fields.message}
            self.fields.send({"action": "answer", **answer})
        elif action == "clear":
            self.clear()
            self._show(None)
        elif action == "zoom":
            self.fit()
        elif action == "whole" and self._footprint is not None:
            self.bbox = self._footprint
        elif action == "draw":
            # The browser leaves the drawing mode by itself and does not say so: start anew each time.
            self.draw.current_mode = None
            self.draw.current_mode = "draw:Rectangle"

    def _on_typed(self, texts: list[str]) -> None:
        if not any(texts):
            self._choose(None)
            return
        try:
            bbox = read_box(texts)
        except NotABox as refused:
            kept = " The last good box is kept." if refused.whole and self.bbox is not None else ""
            self._say(refused.message + kept, refused.edges)
            return
        self._choose(bbox)
        self._bring_into_view()

    def _say(self, message: str, faulty: list[int] | None = None) -> None:
        self.fields.message = message
        self.fields.faulty = faulty or []

    def _show_collection(self, collection: Mapping[str, Any], fit: bool) -> None:
        self._footprint = collection_bbox(collection)
        footprint = ipyleaflet.GeoJSON(data=world.box_feature(self._footprint, FOOTPRINT_STYLE), name="footprint")
        self.map.add(footprint)
        self.fields.collection = str(collection.get("id", "the collection"))
        if fit:
            self.fit(self._footprint)

    def _base_layers(self, tiles: str | None) -> tuple[Any, ...]:
        if tiles is not None:
            return (ipyleaflet.TileLayer(url=tiles, name="tiles"),)
        return ipyleaflet.GeoJSON(data=world.world_layer_data(), name="world"), self._graticule

    def _on_view(self, change: Any) -> None:
        (south, west), (north, east) = change["new"]
        if not (west < east and south < north):
            return
        # The map's own pixel bounds are wrong west of the antimeridian.
        scale = 256 * 2**self.map.zoom / 360
        self._size = (east - west) * scale, (world.mercator(north) - world.mercator(south)) * scale
        if self._graticule not in self.map.layers:
            return
        url, (left, bottom, right, top) = world.graticule((west, south, east, north), *self._pixels())
        with self._graticule.hold_sync():
            self._graticule.bounds = ((bottom, left), (top, right))
            self._graticule.url = url

    def _pixels(self) -> tuple[float, float]:
        """Return the size of the map, as far as it is known."""
        if self._size is not None:
            return self._size
        text = str(self.map.layout.height or "")
        return TYPICAL_WIDTH, float(text[:-2]) if text.endswith("px") and text[:-2].isdigit() else 400.0

    def _bring_into_view(self) -> None:
        if self._shown is not None and not (self.map.bounds and is_in_view(self._shown, self._view())):
            self.fit()

    def _view(self) -> BBox:
        """Return the box that the map shows, or will show as far as that is known."""
        if not self.map.bounds:
            return world.view_around(self.map.center, self.map.zoom, *self._pixels())
        (south, west), (north, east) = self.map.bounds
        return west, south, east, north

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    def _caption(self) -> str:
        if self.bbox is None:
            return "No area chosen."
        edges = ", ".join(f"{name} {degrees_text(edge)}" for name, edge in zip(EDGES, self.bbox, strict=True))
        return f"Area: {edges} ({describe(self.bbox)})"

    def _repr_html_(self) -> str:
        pictures = "".join(layer_figure(layer) for layer in self._layers)
        return world.static_map(self.bbox, self._caption()) + pictures

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        content = bundle[0] if isinstance(bundle, tuple) else bundle
        if content is not None:
            content["text/plain"] = repr(self)
            content["text/html"] = self._repr_html_()
        return bundle

    def __repr__(self) -> str:
        layers = f", layers={[layer.name for layer in self._layers]}" if len(self._layers) else ""
        return f"BBoxMap(bbox={self.bbox}{layers})"
