"""Pages for people: the answers of the API as HTML, without anything from elsewhere."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

HERE = Path(__file__).parent
STATIC = HERE / "static"
_LONGEST = 60


def render(page: str, body: Any, root: str, address: str, user: str | None) -> str:
    """Return a page.

    Parameters
    ----------
    page : str
        The name of its template.
    body : Any
        The answer that it shows, as Python values.
    root : str
        The address of the API.
    address : str
        The address of the answer.
    user : str, optional
        Who has logged in.
    """
    template = _environment().get_template(f"{page}.html")
    return template.render(body=body, root=root, address=address, user=user)


def get_ready() -> None:
    """Load what the first page needs."""
    environment = _environment()
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
    _markdown("")
    _land()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "markdown": _markdown,
        "segment": lambda text: quote(str(text), safe="/~"),
        "json": _json,
        "short": _short,
        "rel": _by_rel,
        "number": lambda value: value if isinstance(value, str) else f"{value:.6g}",
    }
    environment.globals |= {"map": locator_map, "with_query": _with_query}
    return environment


def _markdown(text: str | None) -> Markup:
    """Return CommonMark as HTML; tags in it are shown as they are written."""
    import mistune

    made: Any = mistune.create_markdown(escape=True)(text or "")
    return Markup(made)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _by_rel(links: list[dict[str, Any]], rel: str) -> list[dict[str, Any]]:
    return [link for link in links if link["rel"] == rel]


def _with_query(address: str, **query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def locator_map(box: list[float] | None, geometry: dict[str, Any] | None = None) -> Markup:
    """Return a small map of the world around a box, as SVG.

    Parameters
    ----------
    box : list of float, optional
        West, south, east, north in degrees.
    geometry : dict, optional
        A GeoJSON geometry that is drawn instead of the box.
    """
    box = box or _box(geometry)
    if not box:
        return Markup("")
    west, south, east, north = (*box[:2], *box[len(box) // 2 :][:2])
    east = east + 360 if east < west else east
    width = min(max((east - west) * 2.2, 24.0), 360.0)
    height = min(max((north - south) * 2.2, width / 2), 180.0)
    width = min(max(width, height * 2), 360.0)
    left = min(max((west + east - width) / 2, -180.0), 180.0)
    top = min(max(90 - (south + north) / 2 - height / 2, 0.0), 180.0 - height)
    mark = max(width / 120, 0.05)
    shape = (
        f'<rect x="{west:.5f}" y="{90 - north:.5f}" width="{max(east - west, mark):.5f}" '
        f'height="{max(north - south, mark):.5f}"/>'
    )
    if geometry and geometry.get("type") in ("Polygon", "MultiPolygon"):
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        rings = [ring for polygon in polygons for ring in polygon]
        shape = f'<path d="{"".join(_ring(ring) for ring in rings)}"/>'
    if east - west < width / 40:
        # What is too small to be seen gets a ring around it.
        middle = f'cx="{(west + east) / 2:.5f}" cy="{90 - (south + north) / 2:.5f}"'
        shape += f'<circle class="ring" {middle} r="{width / 50:.5f}"/>'
    label = escape(f"Map: {west:.4g} to {east:.4g} degrees east, {south:.4g} to {north:.4g} degrees north")
    return Markup(
        f'<svg class="map" viewBox="{left:.4f} {top:.4f} {width:.4f} {height:.4f}" role="img" aria-label="{label}">'
        f'<path class="land" d="{_land()}" stroke-width="{width / 900:.4f}"/>'
        f'<g class="extent" stroke-width="{width / 300:.4f}">{shape}</g></svg>'
    )


def _box(geometry: dict[str, Any] | None) -> list[float] | None:
    """Return the box around a geometry."""
    waiting: list[Any] = [(geometry or {}).get("coordinates", [])]
    places = []
    while waiting:
        part = waiting.pop()
        if part and not isinstance(part[0], list):
            places.append(part)
        else:
            waiting += part
    if not places:
        return None
    longitudes, latitudes = [place[0] for place in places], [place[1] for place in places]
    return [min(longitudes), min(latitudes), max(longitudes), max(latitudes)]


@cache
def _land() -> str:
    from gdc_jupyter.widgets.world import world

    polygons = world()["features"][0]["geometry"]["coordinates"]
    once = "".join(_ring(ring) for polygon in polygons for ring in polygon)
    again = "".join(_ring([[x + 360, y] for x, y in ring]) for polygon in polygons for ring in polygon)
    return once + again


def _ring(ring: list[list[float]]) -> str:
    points = " ".join(f"{x:.5g} {90 - y:.5g}" for x, y, *_ in ring)
    return f"M{points}z"
