"""The types of secondary services, and what can be configured of them. Light, for the server loads it at its start."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from gdc_jupyter.cube.color_names import ANCHORS
from gdc_jupyter.errors import GdcError

DEEPEST = 24
METHODS = ("near", "bilinear", "cubic", "average")
TILE_SIZES = (256, 512)
_COLOR = re.compile(r"#?[0-9a-fA-F]{6}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_MOST_COLORS = 256
#: Zoom to which tiles are made where it is not configured; overviews of finer data make no difference.
_DEEPEST_BY_DEFAULT = 22

_CONFIGURATION: dict[str, dict[str, Any]] = {
    "bands": {
        "description": "The name, or common name, of the band that is shown in the colours of the map, or of three "
        "that are shown as red, green and blue. By default the bands called red, green and blue, else the only three, "
        "else the first.",
        "type": "array",
        "items": {"type": "string"},
        "minItems": 1,
        "maxItems": 3,
    },
    "datetime": {
        "description": "Of a result with several dates, the last one up to this date or instant is shown; the last of "
        "all by default.",
        "type": "string",
        "format": "date-time",
    },
    "colormap": {
        "description": "The colours of a single band: a name, or colours as #rrggbb that follow each other from the "
        f"lowest to the highest value. Names: {', '.join(ANCHORS)}.",
        "type": ["string", "array"],
        "items": {"type": "string", "pattern": "^#?[0-9a-fA-F]{6}$"},
        "minItems": 2,
        "maxItems": _MOST_COLORS,
        "default": "gray",
    },
    "range": {
        "description": "The values of the first and of the last colour, or a pair of them for each of three bands. By "
        "default those that save_result gives a picture, else the 2nd and the 98th percentile.",
        "type": "array",
        "items": {"type": ["number", "array"]},
        "minItems": 2,
        "maxItems": 3,
    },
    "resampling": {
        "description": "How the pixels of the result become those of the map.",
        "type": "string",
        "enum": list(METHODS),
        "default": METHODS[0],
    },
    "transparent": {
        "description": "Whether pixels without data are transparent; otherwise they are white.",
        "type": "boolean",
        "default": True,
    },
    "tile_size": {
        "description": "The pixels on an edge of a tile.",
        "type": "integer",
        "enum": list(TILE_SIZES),
        "default": TILE_SIZES[0],
    },
    "minzoom": {
        "description": "The first zoom that there are tiles for.",
        "type": "integer",
        "minimum": 0,
        "maximum": DEEPEST,
        "default": 0,
    },
    "maxzoom": {
        "description": f"The last zoom that there are tiles for. By default {_DEEPEST_BY_DEFAULT} of XYZ, and of WMTS "
        "the one at which the pixels of the map are no larger than those of the result.",
        "type": "integer",
        "minimum": 0,
        "maximum": DEEPEST,
    },
    "format": {"description": "The format of tiles.", "type": "string", "enum": ["png"], "default": "png"},
    "expires": {
        "description": "When the service ends and is removed, for one that is needed for a while only, such as a layer "
        "of a map in a notebook. A change can put it off. By default it stays until it is removed.",
        "type": "string",
        "format": "date-time",
    },
}
_PARAMETERS = [
    {
        "name": "spatial_extent",
        "description": "What load_collection gets as its area: null, which is all that there is. Of that, only what a "
        "tile shows is read and computed, and no finer than it shows it.",
        "schema": {"type": ["object", "null"], "subtype": "bounding-box"},
        "optional": True,
        "default": None,
    }
]
_PUBLIC = (
    "Map programs send no login: whoever knows the address of an enabled service can see its tiles. It holds 128 "
    "random bits. Tiles are computed with the rights of the service's owner."
)
TYPES: dict[str, dict[str, Any]] = {
    "XYZ": {
        "title": "Map tiles (XYZ)",
        "description": "Tiles in web mercator by zoom, column and row from the north-west, at {z}/{x}/{y}. " + _PUBLIC,
        "configuration": {name: {"subtype": "service-option", **schema} for name, schema in _CONFIGURATION.items()},
        "process_parameters": _PARAMETERS,
        "links": [],
    },
    "WMTS": {
        "title": "OGC Web Map Tile Service",
        "description": "Version 1.0.0, by key and value and by REST, with the tile matrix set WebMercatorQuad and one "
        f"layer. {_PUBLIC}",
        "configuration": {name: {"subtype": "service-option", **schema} for name, schema in _CONFIGURATION.items()},
        "process_parameters": _PARAMETERS,
        "links": [{"rel": "about", "href": "https://www.ogc.org/standards/wmts", "title": "The standard"}],
    },
}


def require_type(name: str) -> str:
    """Return a type of service by its proper name.

    Raises
    ------
    GdcError
        ``ServiceUnsupported``.
    """
    for known in TYPES:
        if known.lower() == name.lower():
            return known
    known = ", ".join(TYPES)
    raise GdcError("ServiceUnsupported", f"The service type {name!r:.60} is not supported; there are {known}.")


def check_configuration(configuration: Mapping[str, Any]) -> None:
    """Check what is configured of a service.

    Raises
    ------
    GdcError
        ``ServiceConfigUnsupported`` or ``ServiceConfigInvalid``, with the parameter and what is allowed.
    """
    for name, value in configuration.items():
        if name not in _CHECKS:
            raise GdcError(
                "ServiceConfigUnsupported",
                f"The service parameter {name!r:.60} is not supported; there are {', '.join(_CHECKS)}.",
            )
        reason = None if value is None else _CHECKS[name](value)
        if reason:
            raise _invalid(name, f"{reason}, not {value!r:.80}")
    low, high = configuration.get("minzoom") or 0, configuration.get("maxzoom")
    if high is not None and low > high:
        raise _invalid("maxzoom", f"it is {high}, and must be at least 'minzoom', which is {low}")
    bands, limits = configuration.get("bands"), configuration.get("range")
    pairs = len(limits) if limits and isinstance(limits[0], list) else 0
    if bands and pairs not in (0, len(bands)):
        raise _invalid("range", f"it has {pairs} pairs, and there are {len(bands)} bands")


def zooms(service_type: str, configuration: Mapping[str, Any], native: int) -> tuple[int, int]:
    """Return the first and the last zoom of a service.

    Parameters
    ----------
    service_type : str
    configuration : mapping
    native : int
        The zoom of tiles of 256 pixels at which the pixels of the map are no larger than those of the result.
    """
    low = configuration.get("minzoom") or 0
    native -= tile_size(configuration) // TILE_SIZES[0] - 1
    usual = max(native, 0) if service_type == "WMTS" else _DEEPEST_BY_DEFAULT
    high = configuration.get("maxzoom")
    return low, max(usual, low) if high is None else high


def has_expired(configuration: Mapping[str, Any]) -> bool:
    """Return whether the time of a service is over."""
    expires = configuration.get("expires")
    if not expires:
        return False
    end = datetime.fromisoformat(expires)
    return (end if end.tzinfo else end.replace(tzinfo=UTC)) <= datetime.now(UTC)


def tile_size(configuration: Mapping[str, Any]) -> int:
    """Return the pixels on an edge of a tile."""
    size: int = configuration.get("tile_size") or TILE_SIZES[0]
    return size


def _invalid(name: str, reason: str) -> GdcError:
    message = f"The value passed for the service parameter '{name}' is invalid: {reason}."
    return GdcError("ServiceConfigInvalid", message)


def _bands(value: Any) -> str | None:
    right = isinstance(value, list) and len(value) in (1, 3) and all(isinstance(name, str) for name in value)
    return None if right else "it must be an array of one or three names of bands"


def _datetime(value: Any) -> str | None:
    right = isinstance(value, str) and _INSTANT.fullmatch(value)
    with suppress(ValueError):
        if right and datetime.fromisoformat(value):
            return None
    return "it must be a date or an instant, such as 2022-06-30 or 2022-06-30T12:00:00Z"


def _colormap(value: Any) -> str | None:
    if isinstance(value, str):
        right = value in ANCHORS
    else:
        right = isinstance(value, list) and 2 <= len(value) <= _MOST_COLORS
        right = right and all(isinstance(color, str) and _COLOR.fullmatch(color) for color in value)
    names = ", ".join(ANCHORS)
    return None if right else f"it must be one of {names}, or an array of 2 to {_MOST_COLORS} colours such as #ff8800"


def _range(value: Any) -> str | None:
    pairs = [value] if isinstance(value, list) and not any(isinstance(each, list) for each in value) else value
    right = isinstance(pairs, list) and len(pairs) in (1, 3) and all(_is_pair(pair) for pair in pairs)
    return None if right else "it must be an array of two finite numbers, the lower one first, or of three such arrays"


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_finite, value)) and value[0] < value[1]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30


def _one_of(*allowed: Any) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        right = any(value == each and type(value) is type(each) for each in allowed)
        return None if right else f"it must be {' or '.join(map(str, allowed))}"

    return check


def _zoom(value: Any) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= DEEPEST
    return None if right else f"it must be a whole number from 0 to {DEEPEST}"


def _truth(value: Any) -> str | None:
    return None if isinstance(value, bool) else "it must be true or false"


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "bands": _bands,
    "datetime": _datetime,
    "colormap": _colormap,
    "range": _range,
    "resampling": _one_of(*METHODS),
    "transparent": _truth,
    "tile_size": _one_of(*TILE_SIZES),
    "minzoom": _zoom,
    "maxzoom": _zoom,
    "format": _one_of("png"),
    "expires": _datetime,
}
