"""BBoxMap: a map on which one box is drawn, dragged, edited or typed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ipyleaflet
import ipywidgets
import traitlets

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, normalise_bbox, spatial_extent
from gdc_jupyter.widgets import world
from gdc_jupyter.widgets.box_fields import BoxFields

EDGES = ("west", "south", "east", "north")
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

    def close(self) -> None:
        """Remove the widget with its map and fields."""
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
            if bbox is not None and not self._in_view(self._shown):
                self.fit()

    def _show(self, bbox: BBox | None, near: float | None = None) -> None:
        """Draw a box on the copy of the world that is nearest to a longitude, and write its numbers."""
        near = self.map.center[1] if near is None else near
        self._shown = None if bbox is None else _nearest(bbox, near)
        with self._quiet():
            self.draw.data = [] if self._shown is None else [world.box_feature(self._shown, BOX_STYLE)]
        self._say("")
        self.fields.values = ["", "", "", ""] if bbox is None else [_number(edge) for edge in bbox]
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
        numbers = [_parse(text) for text in texts]
        wrong = [index for index, number in enumerate(numbers) if number is None and texts[index]]
        missing = [index for index, text in enumerate(texts) if not text]
        if wrong:
            self._say(f"{_listed(wrong).capitalize()}: not a number. Write degrees, as 11.35.", wrong)
            return
        if missing:
            self._say(f"Now fill in {_listed(missing)}.")
            return
        try:
            bbox = normalise_bbox(numbers)
        except GdcError as error:
            kept = " The last good box is kept." if self.bbox is not None else ""
            self._say(error.message + kept, _faulty(error.message))
            return
        self._choose(bbox)
        if not self._in_view(self._shown):
            self.fit()

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

    def _in_view(self, bbox: BBox | None) -> bool:
        """Return whether a box can be seen whole and is not too small to be grasped."""
        if bbox is None or not self.map.bounds:
            return False
        (south, west), (north, east) = self.map.bounds
        inside = west <= bbox[0] and bbox[2] <= east and south <= bbox[1] and bbox[3] <= north
        share = max((bbox[2] - bbox[0]) / (east - west), (bbox[3] - bbox[1]) / (north - south))
        return bool(inside and share > 0.04)

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
        edges = ", ".join(f"{name} {_number(edge)}" for name, edge in zip(EDGES, self.bbox, strict=True))
        return f"Area: {edges} ({describe(self.bbox)})"

    def _repr_html_(self) -> str:
        return world.static_map(self.bbox, self._caption())

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        content = bundle[0] if isinstance(bundle, tuple) else bundle
        if content is not None:
            content["text/plain"] = repr(self)
            content["text/html"] = self._repr_html_()
        return bundle

    def __repr__(self) -> str:
        return f"BBoxMap(bbox={self.bbox})"


def drawn_box(features: list[dict[str, Any]], shown: BBox | None) -> BBox | None:
    """Return the box that a change of the drawn features means, or None where there is none left.

    Parameters
    ----------
    features : list of dict
        GeoJSON features as the drawing control gives them.
    shown : tuple of four float or None
        The box that was there before. A feature other than that one is new and wins. One corner that was moved
        away from it moves the two edges that meet there.
    """
    rings = [_corners(feature) for feature in features]
    if not rings:
        return None
    before = set() if shown is None else _box_corners(shown)
    ring = next((ring for ring in reversed(rings) if ring != before), rings[-1])
    moved, gone = ring - before, before - ring
    if len(moved) == 1 and len(gone) == 1 and shown is not None:
        corner = gone.pop()
        west, south, east, north = (round(edge, 6) for edge in shown)
        ring = moved | {(east if corner[0] == west else west, north if corner[1] == south else south)}
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return min(xs), max(min(ys), -90.0), max(xs), min(max(ys), 90.0)


def _corners(feature: dict[str, Any]) -> set[tuple[float, float]]:
    return {(round(x, 6), round(y, 6)) for x, y, *_ in feature["geometry"]["coordinates"][0]}


def _box_corners(bbox: BBox) -> set[tuple[float, float]]:
    west, south, east, north = (round(edge, 6) for edge in bbox)
    return {(west, south), (west, north), (east, north), (east, south)}


def collection_bbox(collection: Mapping[str, Any]) -> BBox:
    """Return the whole extent of a STAC collection, its east beyond 180 where it crosses the antimeridian.

    Raises
    ------
    GdcError
        ``BoundingBoxInvalid`` where the metadata has no spatial extent.
    """
    try:
        edges = [float(edge) for edge in collection["extent"]["spatial"]["bbox"][0]]
        west, south, east, north = edges if len(edges) == 4 else (edges[0], edges[1], edges[3], edges[4])
    except (KeyError, IndexError, TypeError, ValueError):
        raise GdcError(
            "BoundingBoxInvalid",
            "collection= takes STAC metadata with a spatial extent, as con.describe_collection('S2_ALPS') returns it.",
        ) from None
    return normalise_bbox((west, south, east + 360 if east < west else east, north))


def describe(bbox: BBox) -> str:
    """Return the size and the area of a box in words, ``2.3 km × 2.2 km, 5.12 km²``."""
    width, height = world.size_km(bbox)
    return f"{_quantity(width)} km × {_quantity(height)} km, {_quantity(world.area_km2(bbox))} km²"


def _quantity(value: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:,.{min(digits, 6)}f}".replace(",", "\u202f")


def _nearest(bbox: BBox, longitude: float) -> BBox:
    west, south, east, north = bbox
    turn = round((longitude - (west + east) / 2) / 360) * 360
    return west + turn, south, east + turn, north


def _number(value: float) -> str:
    return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".")


def _parse(text: str) -> float | None:
    try:
        value = float(text.replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _listed(indices: list[int]) -> str:
    names = [EDGES[index] for index in indices]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _faulty(message: str) -> list[int]:
    """Return the fields that a message of normalise_bbox is about."""
    return [1, 3] if message.startswith(("South", "Latitude")) else [0, 2]
