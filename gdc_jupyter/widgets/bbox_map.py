"""BBoxMap: a map on which one box is chosen, of a collection, and seen with its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import ipyleaflet
import traitlets

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, Interval, Selection
from gdc_jupyter.settings import MapSettings, map_settings
from gdc_jupyter.widgets import world
from gdc_jupyter.widgets.base_map import FOOTPRINT_PANE
from gdc_jupyter.widgets.box_editor import BoxEditor
from gdc_jupyter.widgets.boxes import EDGES, collection_bbox, degrees_text, describe
from gdc_jupyter.widgets.footprints import LIMIT, Footprints
from gdc_jupyter.widgets.layer_figure import layer_figure
from gdc_jupyter.widgets.places import places
from gdc_jupyter.widgets.selection_bar import SelectionBar
from gdc_jupyter.widgets.selection_size import SelectionSize, band_names, selection_size
from gdc_jupyter.widgets.snippets import KINDS, box_text, kinds_for, snippet
from gdc_jupyter.widgets.static_form import StaticForm

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

FOOTPRINT_STYLE = {
    "pane": FOOTPRINT_PANE,
    "className": "gdc-footprint",
    "interactive": False,
    "weight": 1.5,
    "dashArray": "6 4",
}
#: What is copied of a box without a collection.
BOX_KINDS = {"bbox": "Box: west, south, east, north", "spatial_extent": "openEO spatial extent", "geojson": "GeoJSON"}


class BBoxMap(StaticForm, BoxEditor):
    """A map with exactly one box or none, and the results that are looked at in it.

    The box is drawn with the mouse (the square in the toolbar or the button *Draw*), dragged or edited with the
    tools below it, typed as numbers, taken from the view, from a place or from the collection, or set from Python. With
    a collection the map tells how many pixels, dates and bytes are selected, and gives the selection as code. The base
    map is part of the package: nothing is fetched from a network unless ``tiles`` or the site's configuration names a
    tile server.

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
        ``"https://tiles.example.org/{z}/{x}/{y}.png"``. The browser then fetches tiles from there. By default what
        ``GDC_MAP_TILES`` says; ``""`` is the offline map in any case.
    collection : mapping, optional
        STAC metadata of a collection, as ``con.describe_collection("S2_ALPS")`` returns it: its footprint is drawn
        and shown.
    bbox : tuple of four float, optional
        The first box.
    datetime, bands : optional
        The interval and the bands of the selection, as those of `gdc_jupyter.Selection`.
    connection : openeo.Connection, optional
        The back-end that has the collection; by default the server of this notebook.

    Attributes
    ----------
    bbox : tuple of four float or None
        West, south, east, north in degrees. West is at least -180 and less than 180; the east of a box over the
        antimeridian is beyond 180.
    spatial_extent : dict or None
        The box as ``spatial_extent`` of ``load_collection``. Read only.
    collection : dict or None
        Metadata of the collection that is selected from.
    datetime : pair or None
        The interval; its end is not inside.
    bands : tuple of str or None
        The bands; all where None.
    selection : Selection or None
        Collection, box, interval and bands as one. Read only; None without a collection.
    connection : openeo.Connection or None
        The back-end that has the collection.

    Examples
    --------
    >>> area = BBoxMap()
    >>> area.bbox = (11.33, 46.48, 11.36, 46.50)
    >>> area.spatial_extent
    {'west': 11.33, 'south': 46.48, 'east': 11.36, 'north': 46.5}
    >>> area.collection = {"id": "S2_ALPS"}
    >>> area.datetime = "2022-06"
    >>> area.selection.datetime
    ('2022-06-01', '2022-07-01')
    """

    collection: traitlets.TraitType[dict[str, Any] | None, Any] = traitlets.Any(None, allow_none=True)
    datetime: traitlets.TraitType[Interval | None, Any] = traitlets.Any(None, allow_none=True)
    bands: traitlets.TraitType[tuple[str, ...] | None, Any] = traitlets.Any(None, allow_none=True)
    selection: traitlets.TraitType[Selection | None, Any] = traitlets.Any(None, allow_none=True, read_only=True)
    connection: traitlets.TraitType[Any, Any] = traitlets.Any(None, allow_none=True)

    def __init__(
        self,
        center: tuple[float, float] | None = None,
        zoom: int | None = None,
        height: str = "400px",
        tiles: str | None = None,
        collection: Mapping[str, Any] | None = None,
        bbox: BBox | None = None,
        datetime: Any = None,
        bands: Sequence[str] | None = None,
        connection: Connection | None = None,
    ) -> None:
        self._footprint: BBox | None = None
        self._footprint_layer: Any = None
        self._no_extent = ""
        # A first view that was asked for stays.
        self._keeps_view = center is not None or zoom is not None
        site = map_settings()
        settings = site if tiles is None else MapSettings(tiles or None, "", site.home)
        super().__init__(center, zoom, height, settings)
        self.bar = SelectionBar(places=[[place.name, place.kind] for place in places()])
        self.children += (self.bar,)
        self._items = Footprints(self.map)
        self._items_of: tuple[Selection | None, BBox | None] = (None, None)
        self._background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gdc-bbox-map")
        self.bar.on_msg(self._on_bar)
        self.connection = connection
        self.collection = collection
        self._keeps_view = False
        self.datetime, self.bands, self.bbox = datetime, bands, bbox
        self._show_selection()

    @property
    def size(self) -> SelectionSize | None:
        """How many pixels, dates and bytes are selected, as far as the metadata tell; None without a collection."""
        if self.collection is None:
            return None
        return selection_size(self.collection, self.bbox, self.datetime, self.bands)

    def copy_as(self, kind: str) -> str:
        """Return the selection as code or as addresses, or the box alone where there is no collection.

        Parameters
        ----------
        kind : str
            ``"openeo"``, ``"stac"``, ``"xarray"``, ``"dap"``, ``"coverage"`` or ``"dap_urls"``, see
            `gdc_jupyter.widgets.snippets.snippet`; or, of the box, ``"bbox"``, ``"spatial_extent"`` or ``"geojson"``.

        Raises
        ------
        GdcError
            ``CollectionNotFound`` or ``BoundingBoxInvalid`` where there is nothing to copy; ``SnippetUnknown``.
        """
        if kind in BOX_KINDS:
            if self.bbox is None:
                raise GdcError("BoundingBoxInvalid", "There is no box to copy: draw one, type one, or take a place.")
            return box_text(self.bbox, kind)
        if self.selection is None:
            raise GdcError(
                "CollectionNotFound",
                "A selection needs a collection: set collection=, as con.describe_collection('S2_ALPS') returns it.",
            )
        return snippet(self.selection, kind, None if self.connection is None else self.connection.root_url)

    def show_items(self, items: Any, limit: int = LIMIT) -> int:
        """Show the footprints of items, in place of those that were shown; they go when the selection changes.

        Parameters
        ----------
        items : iterable or mapping
            Items of pystac or as dicts; a feature collection; an item collection or a search of pystac-client, of which
            no more is asked for than is shown.
        limit : int
            The most that are shown; that there are more is told under the map.

        Returns
        -------
        int
            How many have a footprint.

        Examples
        --------
        >>> area = BBoxMap()
        >>> area.show_items([{"type": "Feature", "id": "a", "geometry": None, "bbox": [170, -20, -170, -10]}])
        1
        """
        count = self._items.show(items, limit)
        self._items_of = self.selection, self.bbox
        self.bar.note = self._items.note
        return count

    def clear_items(self) -> None:
        """Take the footprints of items off the map."""
        self._items.clear()
        self.bar.note = ""

    def close(self) -> None:
        """Remove the widget with its map, layers and fields."""
        self._background.shutdown(wait=False)
        self._items.clear()
        super().close()

    @traitlets.validate("collection")
    def _validate_collection(self, proposal: Any) -> dict[str, Any] | None:
        value = proposal["value"]
        given = value.to_dict() if hasattr(value, "to_dict") else value
        if given is None:
            return None
        if not isinstance(given, Mapping) or not isinstance(given.get("id"), str) or not given["id"]:
            raise traitlets.TraitError(
                "collection takes STAC metadata with an id, as con.describe_collection('S2_ALPS') returns it."
            )
        return dict(given)

    @traitlets.validate("datetime", "bands")
    def _validate_part(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        if proposal["value"] is None:
            return None
        try:
            return getattr(Selection("any", **{name: proposal["value"]}), name)
        except GdcError as error:
            raise traitlets.TraitError(error.message) from None

    @traitlets.observe("collection")
    def _on_collection(self, change: Any) -> None:
        collection: dict[str, Any] | None = change["new"]
        self._show_footprint(collection)
        if self.bands is not None:
            # Of another collection's bands those are kept that this one has as well.
            known = None if collection is None else band_names(collection)
            kept = [band for band in self.bands if known is not None and band in known]
            self.bands = tuple(kept) or None

    @traitlets.observe("collection", "bbox", "datetime", "bands", "connection")
    def _on_part(self, _: Any) -> None:
        self._show_selection()

    def _show_footprint(self, collection: dict[str, Any] | None) -> None:
        if self._footprint_layer is not None:
            self.map.remove(self._footprint_layer)
            self._footprint_layer.close()
        self._footprint, self._footprint_layer = None, None
        self.fields.collection = ""
        if self._no_extent and self.fields.message == self._no_extent:
            self._say("")
        if collection is None:
            return
        try:
            self._footprint = collection_bbox(collection)
        except GdcError:
            name = collection["id"]
            self._no_extent = f"The metadata of {name} tell no extent: draw a box, type one, or take a place."
            self._say(self._no_extent)
            return
        data = world.box_feature(self._footprint, FOOTPRINT_STYLE)
        self._footprint_layer = ipyleaflet.GeoJSON(data=data, name="footprint")
        self.map.add(self._footprint_layer)
        self.fields.collection = collection["id"]
        if not self._keeps_view:
            self.fit(self._footprint)

    def _show_selection(self) -> None:
        """Tell how much is selected, and what it is copied as."""
        picked = self.collection
        parts = {"bbox": self.bbox, "datetime": self.datetime, "bands": self.bands}
        self.set_trait("selection", None if picked is None else Selection(picked["id"], **parts))
        if (self.selection, self.bbox) != self._items_of:
            self.clear_items()
        self.bar.collection = "" if picked is None else picked["id"]
        self.bar.size = self._size_text()
        self.bar.copies = self._copies()

    def _size_text(self) -> str:
        size = self.size
        return "" if size is None else size.text()

    def _copies(self) -> list[dict[str, str]]:
        """Return what can be copied; without a text where a server has to be asked first."""
        kinds: dict[str, str] = {} if self.selection is None else self._kinds()
        if self.bbox is not None:
            kinds |= BOX_KINDS
        asked = {"dap_urls", *(("coverage",) if self.connection is None else ())}
        return [
            {"kind": kind, "words": words, "text": "" if kind in asked else self.copy_as(kind)}
            for kind, words in kinds.items()
        ]

    def _kinds(self) -> dict[str, str]:
        """Return what the back-end can be asked for, or all where it does not tell."""
        if self.connection is None:
            return dict(KINDS)
        try:
            # The client has asked for them already.
            return kinds_for(self.connection.capabilities().capabilities) or dict(KINDS)
        except Exception:  # a back-end that is gone meanwhile shall not keep anybody from choosing a box
            return dict(KINDS)

    def _on_fields(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("action") == "whole" and self._footprint is not None:
            self.bbox = self._footprint
        else:
            super()._on_fields(widget, content, buffers)

    def _on_bar(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("action") == "place":
            try:
                place = self.go_to(str(content.get("text", "")))
            except GdcError as error:
                self.bar.send({"action": "place", "found": "", "message": error.message})
            else:
                taken = f"{place.name}, {place.kind}: its box is taken."
                self.bar.send({"action": "place", "found": place.name, "message": taken})
        elif content.get("action") == "copy":
            self._background.submit(self._send_copy, str(content.get("kind")), content.get("view"))

    def _send_copy(self, kind: str, view: Any) -> None:
        answer = {"action": "copy", "kind": kind, "view": view}
        try:
            self.bar.send(answer | {"text": self.copy_as(kind), "message": ""})
        except GdcError as error:
            self.bar.send(answer | {"text": "", "message": error.message})
        except Exception as error:  # told to who has asked
            self.bar.send(answer | {"text": "", "message": str(error)})

    def _caption(self) -> str:
        parts = ["No area chosen"]
        if self.bbox is not None:
            edges = ", ".join(f"{name} {degrees_text(edge)}" for name, edge in zip(EDGES, self.bbox, strict=True))
            parts = [f"Area: {edges} ({describe(self.bbox)})"]
        if self.collection is not None:
            parts.append(": ".join(filter(None, (self.collection["id"], self._size_text()))))
        parts.append(self._items.note)
        return "; ".join(part for part in parts if part)

    def _repr_html_(self) -> str:
        pictures = "".join(layer_figure(layer) for layer in self._layers)
        return world.static_map(self.bbox, self._caption()) + pictures

    def __repr__(self) -> str:
        layers = f", layers={[layer.name for layer in self._layers]}" if len(self._layers) else ""
        return f"BBoxMap(bbox={self.bbox}{layers})"
