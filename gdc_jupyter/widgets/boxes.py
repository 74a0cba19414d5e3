"""Boxes on a map: drawn, typed and told in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, normalise_bbox
from gdc_jupyter.widgets import world

EDGES = ("west", "south", "east", "north")
#: The share of a view that a box must have on its longer side.
_GRASPABLE = 0.04


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


def nearest_copy(bbox: BBox, longitude: float) -> BBox:
    """Return a box on the copy of the world that is nearest to a longitude."""
    west, south, east, north = bbox
    turn = round((longitude - (west + east) / 2) / 360) * 360
    return west + turn, south, east + turn, north


def is_in_view(bbox: BBox, view: BBox) -> bool:
    """Return whether a box can be seen whole in a view and is not too small to be grasped."""
    inside = view[0] <= bbox[0] and bbox[2] <= view[2] and view[1] <= bbox[1] and bbox[3] <= view[3]
    return inside and _share(bbox, view) > _GRASPABLE


def meets_view(bbox: BBox, view: BBox) -> bool:
    """Return whether something of a box can be seen in a view, of a box that is not too small to be looked at."""
    west, south, east, north = nearest_copy(bbox, (view[0] + view[2]) / 2)
    meets = west < view[2] and view[0] < east and south < view[3] and view[1] < north
    return meets and _share(bbox, view) > _GRASPABLE


def _share(bbox: BBox, view: BBox) -> float:
    return max((bbox[2] - bbox[0]) / (view[2] - view[0]), (bbox[3] - bbox[1]) / (view[3] - view[1]))


def degrees_text(value: float) -> str:
    """Return degrees with up to six decimals."""
    return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".")


class NotABox(Exception):
    """What was typed is no box.

    Parameters
    ----------
    message : str
        What is wrong.
    edges : sequence of int
        The fields at fault.
    whole : bool
        Whether all four numbers are there.
    offers : sequence of (str, sequence of str)
        What may have been meant: the words for it, and the texts of the four edges.
    """

    def __init__(
        self,
        message: str,
        edges: Sequence[int] = (),
        whole: bool = False,
        offers: Sequence[tuple[str, list[str]]] = (),
    ) -> None:
        super().__init__(message)
        self.message, self.edges, self.whole, self.offers = message, list(edges), whole, list(offers)


def read_box(texts: Sequence[str]) -> BBox:
    """Return the box whose west, south, east and north were typed, with a comma or a point.

    Raises
    ------
    NotABox
    """
    numbers = [_parse(text) for text in texts]
    wrong = [index for index, number in enumerate(numbers) if number is None and texts[index]]
    missing = [index for index, text in enumerate(texts) if not text]
    if wrong:
        raise NotABox(f"{_listed(wrong).capitalize()}: not a number. Write degrees, as 11.35.", wrong)
    if missing:
        raise NotABox(f"Now fill in {_listed(missing)}.")
    west, south, east, north = (number for number in numbers if number is not None)
    try:
        return normalise_bbox((west, south, east, north))
    except GdcError as error:
        edges = [1, 3] if error.message.startswith(("South", "Latitude")) else [0, 2]
        raise NotABox(error.message, edges, whole=True, offers=_offers(west, south, east, north)) from None


def _offers(west: float, south: float, east: float, north: float) -> list[tuple[str, list[str]]]:
    """Return what swapped edges may mean, in words and as texts; only what would be a box, or comes nearer to one."""
    if south > north:
        return [("Swap south and north", _texts(west, north, east, south))]
    if not west > east:
        return []
    found = [("Swap west and east", (east, south, west, north))]
    if east + 360 - west < 360:
        found.append((f"Over the antimeridian, with east {degrees_text(east + 360)}", (west, south, east + 360, north)))
    return [(words, _texts(*edges)) for words, edges in found if _is_box(edges)]


def _is_box(edges: BBox) -> bool:
    try:
        normalise_bbox(edges)
    except GdcError:
        return False
    return True


def _texts(*edges: float) -> list[str]:
    return [degrees_text(edge) for edge in edges]


def _parse(text: str) -> float | None:
    try:
        value = float(text.replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _listed(indices: list[int]) -> str:
    names = [EDGES[index] for index in indices]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
