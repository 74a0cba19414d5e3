"""The WMTS protocol, version 1.0.0: requests by key and value, the capabilities, and exception reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import Service
from gdc_jupyter.jobs.service_types import tile_size, zooms

MEDIA_TYPE = "application/xml"
LAYER, STYLE, FORMAT = "map", "default", "image/png"
# Scale denominators are told for pixels of 0.28 mm.
_PIXEL = 0.28e-3
_HALF = math.pi * 6_378_137.0
_OPERATIONS = ("GetCapabilities", "GetTile")


class WmtsError(GdcError):
    """An error with a code of the protocol.

    Parameters
    ----------
    code : str
        ``MissingParameterValue``, ``InvalidParameterValue``, ``TileOutOfRange`` or ``OperationNotSupported``.
    message : str
    locator : str
        The parameter.
    """

    def __init__(self, code: str, message: str, locator: str) -> None:
        super().__init__(code, message)
        self.locator = locator


def operation(asked: Mapping[str, str]) -> str:
    """Return the operation that is asked for.

    Parameters
    ----------
    asked : mapping of str
        The parameters, their names in lower case.

    Raises
    ------
    WmtsError
    """
    _require(asked, "service", "WMTS")
    found = _given(asked, "request")
    if found.lower() not in (each.lower() for each in _OPERATIONS):
        raise WmtsError("OperationNotSupported", f"'{found[:40]}' is none of {', '.join(_OPERATIONS)}.", "request")
    if asked.get("version"):
        _require(asked, "version", "1.0.0")
    return next(each for each in _OPERATIONS if each.lower() == found.lower())


def tile_of(asked: Mapping[str, str], service: Service) -> tuple[int, int, int]:
    """Return zoom, column and row of the tile that GetTile asks for.

    Raises
    ------
    WmtsError
    """
    _require(asked, "layer", LAYER)
    if asked.get("style"):
        _require(asked, "style", STYLE)
    _require(asked, "format", FORMAT)
    _require(asked, "tilematrixset", matrix_set(service))
    zoom, column, row = (_number(asked, name) for name in ("tilematrix", "tilecol", "tilerow"))
    return zoom, column, row


def _given(asked: Mapping[str, str], name: str) -> str:
    value = asked.get(name, "")
    if not value:
        raise WmtsError("MissingParameterValue", f"The parameter '{name}' is missing.", name)
    return value


def _require(asked: Mapping[str, str], name: str, right: str) -> None:
    value = _given(asked, name)
    if value.lower() != right.lower():
        raise WmtsError("InvalidParameterValue", f"The parameter '{name}' must be {right}, not '{value[:40]}'.", name)


def _number(asked: Mapping[str, str], name: str) -> int:
    value = _given(asked, name)
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise WmtsError(
            "InvalidParameterValue", f"The parameter '{name}' must be a whole number, not '{value[:40]}'.", name
        )
    return int(value)


def matrix_set(service: Service) -> str:
    """Return the name of the tile matrix set."""
    return "WebMercatorQuad" if tile_size(service.configuration) == 256 else "WebMercatorQuad512"


def capabilities(service: Service, address: str, tiles: str) -> str:
    """Return the capabilities of a service.

    Parameters
    ----------
    service : Service
    address : str
        Where requests by key and value go.
    tiles : str
        The template of the addresses of tiles.
    """
    low, high = zooms(service.type, service.configuration, service.attributes["zoom"])
    made: str = _template("capabilities").render(
        service=service,
        address=address,
        tiles=tiles,
        title=service.title or service.id,
        bounds=_bounds(service.attributes["bounds"]),
        layer=LAYER,
        style=STYLE,
        format=FORMAT,
        matrix_set=matrix_set(service),
        matrices=[_matrix(zoom, service) for zoom in range(low, high + 1)],
    )
    return made


def _matrix(zoom: int, service: Service) -> dict[str, Any]:
    size = tile_size(service.configuration)
    count = 2**zoom
    west, south, east, north = _bounds(service.attributes["bounds"])
    columns = [_within((edge + 180) / 360 * count, count) for edge in (west, east)]
    rows = [_within((1 - _mercator(edge) / math.pi) / 2 * count, count) for edge in (north, south)]
    return {
        "zoom": zoom,
        "scale": repr(2 * _HALF / size / count / _PIXEL),
        "corner": f"{-_HALF!r} {_HALF!r}",
        "size": size,
        "count": count,
        "columns": columns,
        "rows": rows,
    }


def _bounds(bounds: list[float]) -> list[float]:
    """Return bounds of which the west is less than the east: an area over the antimeridian goes around the globe."""
    west, south, east, north = bounds
    if east < west or west < -180 or east > 180:
        west, east = -180.0, 180.0
    return [west, max(south, -90.0), east, min(north, 90.0)]


def _mercator(latitude: float) -> float:
    limited = max(min(latitude, 85.06), -85.06)
    return math.asinh(math.tan(math.radians(limited)))


def _within(position: float, count: int) -> int:
    return min(max(math.floor(position), 0), count - 1)


def exception_report(error: GdcError) -> str:
    """Return an OWS exception report."""
    code = error.code if isinstance(error, WmtsError) else "NoApplicableCode"
    locator = getattr(error, "locator", "")
    report: str = _template("exception").render(code=code, locator=locator, message=error.message)
    return report


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment

    text = Path(__file__).parent.joinpath("wmts_templates", f"{name}.xml").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
