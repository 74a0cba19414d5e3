"""A map with exactly one box or none: drawn, dragged, edited, typed, or taken from the view or a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ipyleaflet
import traitlets

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, normalise_bbox, spatial_extent
from gdc_jupyter.settings import MapSettings
from gdc_jupyter.widgets import world
from gdc_jupyter.widgets.box_fields import BoxFields
from gdc_jupyter.widgets.boxes import NotABox, degrees_text, describe, drawn_box, is_in_view, nearest_copy, read_box
from gdc_jupyter.widgets.layered_map import LayeredMap
from gdc_jupyter.widgets.places import Place, find_place, places

BOX_STYLE = {"className": "gdc-box", "color": "#d9480f", "weight": 2, "fillOpacity": 0.18}


class BoxEditor(LayeredMap):
    """A map with one box and its four numbers.

    Parameters
    ----------
    center, zoom, height, settings
        As those of `LayeredMap`.

    Attributes
    ----------
    bbox : tuple of four float or None
    spatial_extent : dict or None
        The box as ``spatial_extent`` of ``load_collection``. Read only.
    """

    bbox: traitlets.TraitType[Any, BBox | None] = traitlets.Any(None, allow_none=True)
    spatial_extent = traitlets.Dict(default_value=None, allow_none=True, read_only=True)

    def __init__(
        self, center: tuple[float, float] | None, zoom: int | None, height: str, settings: MapSettings
    ) -> None:
        self._busy = False
        self._shown: BBox | None = None
        super().__init__(center, zoom, height, settings)
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
        self.map.add(self.draw)
        self.fields = BoxFields(draw=self.draw.model_id)
        self.children = (self.map, self.fields)
        self.add_class("gdc-bbox-map")
        self.draw.observe(self._on_drawn, "data")
        self.draw.observe(self._on_mode, "current_mode")
        self.fields.on_msg(self._on_fields)
        if self._base.problem:
            self._say(self._base.problem)

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
        if target is not None:
            self._base.fit(target)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of the offline list, by their names."""
        return places()

    def go_to(self, place: str, choose: bool = True) -> Place:
        """Show a place of the offline list, and take its box.

        Parameters
        ----------
        place : str
            Its name, ``"Alps"``, or the beginning or a part of it.
        choose : bool
            Whether its box becomes that of this map.

        Returns
        -------
        Place

        Raises
        ------
        GdcError
            ``PlaceNotFound``, with names that are written alike.
        """
        found = find_place(place)
        if choose:
            self.bbox = found.bbox
        self.fit(found.bbox)
        return found

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
            told = {"view": content.get("view"), "number": content.get("number")}
            with self.fields.hold_sync():
                self._on_typed([str(text).strip() for text in content.get("values", [])])
                self.fields.answer = told | {"taken": not self.fields.message}
        elif action == "clear":
            self.clear()
            self._show(None)
        elif action == "zoom":
            self.fit()
        elif action == "view":
            self._choose(self.view)
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
            self._say(refused.message + kept, refused.edges, refused.offers)
            return
        self._choose(bbox)
        self._bring_into_view()

    def _say(self, message: str, faulty: Sequence[int] = (), offers: Sequence[tuple[str, list[str]]] = ()) -> None:
        self.fields.message = message
        self.fields.faulty = list(faulty)
        self.fields.offers = [{"words": words, "values": texts} for words, texts in offers]

    def _bring_into_view(self) -> None:
        if self._shown is not None and not (self.map.bounds and is_in_view(self._shown, self._base.view())):
            self.fit()

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before
