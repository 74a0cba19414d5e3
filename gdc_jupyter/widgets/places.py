"""Places of the world with their boxes: countries, regions, seas and study areas, without a network."""

from __future__ import annotations

import difflib
import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox

_FILE = Path(__file__).parent / "static" / "places.json"


@dataclass(frozen=True)
class Place:
    """A place.

    Parameters
    ----------
    name : str
        What it is called in English.
    kind : str
        Whether it is a country, a region, mountains, a sea, …
    bbox : tuple of four float
        West, south, east, north in degrees, to about a tenth; east is beyond 180 over the antimeridian.
    """

    name: str
    kind: str
    bbox: BBox


@cache
def places() -> tuple[Place, ...]:
    """Return all places by their names."""
    return tuple(
        Place(name, kind, (float(west), float(south), float(east), float(north)))
        for name, kind, west, south, east, north in json.loads(_FILE.read_text("utf-8"))
    )


def find_place(text: str) -> Place:
    """Return the place of a name, or the first whose name begins with a text, or holds it.

    Parameters
    ----------
    text : str
        Case and accents do not matter.

    Raises
    ------
    GdcError
        ``PlaceNotFound``, with names that are written alike.
    """
    wanted = _plain(text)
    for fits in (_is, _begins, _has_word, _holds):
        found = [place for place in places() if wanted and fits(_plain(place.name), wanted)]
        if found:
            return found[0]
    names = {_plain(place.name): place.name for place in places()}
    alike = [names[key] for key in difflib.get_close_matches(wanted, names, 3)]
    hint = f"Did you mean {' or '.join(alike)}?" if alike else "There are countries, regions, seas and study areas."
    raise GdcError("PlaceNotFound", f"No place is called {text.strip()!r} in the offline list. {hint}")


def _is(name: str, wanted: str) -> bool:
    return name == wanted


def _begins(name: str, wanted: str) -> bool:
    return name.startswith(wanted)


def _has_word(name: str, wanted: str) -> bool:
    return f" {wanted}" in name


def _holds(name: str, wanted: str) -> bool:
    return wanted in name


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
