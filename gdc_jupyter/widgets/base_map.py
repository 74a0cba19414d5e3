"""The map under everything else: land or tiles, a graticule, and a view that is known before it is displayed."""

from __future__ import annotations

from html import escape
from typing import Any

import ipyleaflet
import ipywidgets

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, normalise_bbox
from gdc_jupyter.settings import MapSettings
from gdc_jupyter.widgets import world
from gdc_jupyter.widgets.places import find_place

#: The width that a map is taken to have before it is displayed, in pixels.
TYPICAL_WIDTH = 720.0
LAYERS_PANE, FOOTPRINT_PANE = "gdc-layers", "gdc-footprint"
# Layers are added in no certain order: panes keep the box, which lies at 400, above the land.
PANES = {
    "gdc-world": {"zIndex": 250},
    LAYERS_PANE: {"zIndex": 270, "pointerEvents": "none"},
    FOOTPRINT_PANE: {"zIndex": 300},
    "gdc-graticule": {"zIndex": 450, "pointerEvents": "none"},
}


class BaseMap:
    """An ipyleaflet map with the offline base map, or with a site's own tiles.

    Parameters
    ----------
    center : tuple of two float, optional
        Latitude and longitude of the centre, in degrees.
    zoom : int, optional
        0 shows the world in 256 pixels.
    height : str
        A CSS length.
    settings : MapSettings
        Tiles, and what is shown where neither a centre nor a zoom is given.

    Attributes
    ----------
    leaflet : ipyleaflet.Map
    problem : str
        What is wrong with the settings, or nothing.
    """

    def __init__(
        self, center: tuple[float, float] | None, zoom: int | None, height: str, settings: MapSettings
    ) -> None:
        self._size: tuple[float, float] | None = None
        self._graticule = ipyleaflet.ImageOverlay(pane="gdc-graticule")
        self.problem = ""
        tiles = self._checked(settings.tiles)
        self.leaflet = ipyleaflet.Map(
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
        # Leaflet takes an attribution as HTML.
        credit = escape(settings.attribution) if tiles else world.ATTRIBUTION
        self.leaflet.add(ipyleaflet.AttributionControl(position="bottomright", prefix=credit))
        self.leaflet.add(ipyleaflet.ScaleControl(position="bottomleft", imperial=False))
        self.leaflet.observe(self._on_view, "bounds")
        if settings.home and center is None and zoom is None:
            self._go_home(settings.home)

    def fit(self, bbox: BBox) -> None:
        """Show a box, whose longitudes may be those of another copy of the world."""
        center, zoom = world.view_of(bbox, *self.pixels())
        with self.leaflet.hold_sync():
            self.leaflet.center = center
            self.leaflet.zoom = max(zoom, 1)

    def view(self) -> BBox:
        """Return the box that the map shows, or will show as far as that is known."""
        if not self.leaflet.bounds:
            return world.view_around(self.leaflet.center, self.leaflet.zoom, *self.pixels())
        (south, west), (north, east) = self.leaflet.bounds
        return west, south, east, north

    def pixels(self) -> tuple[float, float]:
        """Return the size of the map in pixels, as far as it is known."""
        if self._size is not None:
            return self._size
        text = str(self.leaflet.layout.height or "")
        return TYPICAL_WIDTH, float(text[:-2]) if text.endswith("px") and text[:-2].isdigit() else 400.0

    def _checked(self, tiles: str | None) -> str | None:
        if tiles and not all(part in tiles for part in ("{z}", "{x}", "{y}")):
            needs = "is no template of tiles, which needs {z}, {x} and {y}: the offline map is shown."
            self.problem = f"{tiles} {needs}"
            return None
        return tiles

    def _base_layers(self, tiles: str | None) -> tuple[Any, ...]:
        if tiles:
            return (ipyleaflet.TileLayer(url=tiles, name="tiles"),)
        return ipyleaflet.GeoJSON(data=world.world_layer_data(), name="world"), self._graticule

    def _go_home(self, home: str) -> None:
        try:
            self.fit(home_bbox(home))
        except GdcError as error:
            self.problem = f"The configured home of maps is not understood. {error.message}"

    def _on_view(self, change: Any) -> None:
        (south, west), (north, east) = change["new"]
        if not (west < east and south < north):
            return
        # The map's own pixel bounds are wrong west of the antimeridian.
        scale = 256 * 2**self.leaflet.zoom / 360
        self._size = (east - west) * scale, (world.mercator(north) - world.mercator(south)) * scale
        if self._graticule not in self.leaflet.layers:
            return
        url, (left, bottom, right, top) = world.graticule((west, south, east, north), *self.pixels())
        with self._graticule.hold_sync():
            self._graticule.bounds = ((bottom, left), (top, right))
            self._graticule.url = url


def home_bbox(text: str) -> BBox:
    """Return the box of four numbers, or of the name of a place.

    Raises
    ------
    GdcError
        ``BoundingBoxInvalid`` or ``PlaceNotFound``.
    """
    parts = text.split(",")
    if len(parts) == 4:
        return normalise_bbox(parts)
    return find_place(text).bbox
