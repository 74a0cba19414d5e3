"""A plain STAC API for tests, without openEO: ``python stac_api.py``; collections and items come in pages."""

from __future__ import annotations

import argparse
import colorsys
from datetime import UTC, datetime, timedelta
from typing import Any

from pictures import geotiff, png
from served import Answer, Request, refused, serve

PAGE = 10
COLLECTION_PAGE = 4
#: Of each collection its title, how many items it has, and where the first of them is.
COLLECTIONS: dict[str, tuple[str, int, tuple[float, float]]] = {
    "scenes": ("Scenes of the Alps", 250, (6.0, 44.0)),
    "radar": ("Radar scenes", 40, (0.0, 50.0)),
    "islands": ("Islands at the antimeridian", 20, (178.5, -19.0)),
    "mosaics": ("Yearly mosaics", 5, (-10.0, 35.0)),
    "empty": ("Nothing yet", 0, (0.0, 0.0)),
    "markup": ("<script>window.attacked = 'stac'</script><b>Markup</b>", 3, (20.0, 20.0)),
}
CLASSES = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]


class StacApi:
    """What the API knows, and its answers."""

    root = "/stac"

    def __init__(self, address: str) -> None:
        self.url = f"{address}{self.root}"
        self.items = {
            name: [self._item(name, number) for number in range(count)] for name, (_, count, _) in COLLECTIONS.items()
        }

    def outside(self, path: str) -> Answer | None:
        return None

    def control(self, name: str, value: Any) -> bool:
        return False

    def answer(self, request: Request) -> Answer:
        match request.method, request.path.strip("/").split("/"):
            case "GET", [""]:
                return Answer(self._landing())
            case "GET", ["conformance"]:
                return Answer({"conformsTo": CLASSES})
            case "GET", ["collections"]:
                return self._collections(request)
            case "GET", ["collections", name, *rest] if name in COLLECTIONS:
                return self._below(request, name, rest)
            case "GET", ["search"]:
                return self._search(request, request.query)
            case "POST", ["search"]:
                return self._search(request, request.body or {})
            case "GET", ["thumbnails", number]:
                shade = colorsys.hsv_to_rgb(int(number.removesuffix(".png")) % 50 / 50, 0.6, 0.8)
                red, green, blue = (int(255 * part) for part in shade)
                return Answer(png(red, green, blue), media_type="image/png")
            case "GET", ["data", west, north]:
                return Answer(geotiff(float(west), float(north.removesuffix(".tif"))), media_type="image/tiff")
        return refused(404, "NotFound", f"There is nothing at {request.path}.")

    def _below(self, request: Request, name: str, rest: list[str]) -> Answer:
        match rest:
            case []:
                return Answer(self._collection(name))
            case ["items"]:
                return self._page(request, request.query, self._filtered(self.items[name], request.query))
            case ["items", item_id]:
                found = next((item for item in self.items[name] if item["id"] == item_id), None)
                if found:
                    return Answer(found, media_type="application/geo+json")
        return refused(404, "NotFound", f"There is nothing at {request.path}.")

    def _landing(self) -> dict[str, Any]:
        return {
            "type": "Catalog",
            "stac_version": "1.0.0",
            "id": "stac-for-tests",
            "title": "STAC API for tests",
            "description": "Collections and items, and nothing else.",
            "conformsTo": CLASSES,
            "links": [
                {"rel": "self", "href": self.url, "type": "application/json"},
                {"rel": "root", "href": self.url, "type": "application/json"},
                {"rel": "conformance", "href": f"{self.url}/conformance", "type": "application/json"},
                {"rel": "data", "href": f"{self.url}/collections", "type": "application/json"},
                *(
                    {"rel": "search", "href": f"{self.url}/search", "type": "application/geo+json", "method": method}
                    for method in ("GET", "POST")
                ),
            ],
        }

    def _collections(self, request: Request) -> Answer:
        start, limit = int(request.query.get("token", 0)), int(request.query.get("limit", COLLECTION_PAGE))
        links = [{"rel": "self", "href": f"{self.url}/collections", "type": "application/json"}]
        if start + limit < len(COLLECTIONS):
            links.append({"rel": "next", "href": f"{self.url}/collections?limit={limit}&token={start + limit}"})
        shown = [self._collection(name) for name in list(COLLECTIONS)[start : start + limit]]
        return Answer({"collections": shown, "links": links})

    def _collection(self, name: str) -> dict[str, Any]:
        title, count, (west, south) = COLLECTIONS[name]
        items = self.items[name]
        boxes = [item["bbox"] for item in items if "bbox" in item]
        east, north = boxes[-1][2:] if boxes else (west + 1, south + 1)
        if name == "scenes":
            east, north = west + 10, south + 6
        address = f"{self.url}/collections/{name}"
        return {
            "type": "Collection",
            "stac_version": "1.0.0",
            "id": name,
            "title": title,
            "description": f"{title}: {count} items for tests.",
            "license": "CC0-1.0",
            "keywords": ["stac", name],
            "extent": {
                "spatial": {"bbox": [[west, south, east, north]]},
                "temporal": {"interval": [["2023-01-01T00:00:00Z", None]]},
            },
            "summaries": {"eo:bands": [{"name": "red"}, {"name": "nir"}]} if name == "scenes" else {},
            "links": [
                {"rel": "self", "href": address, "type": "application/json"},
                {"rel": "root", "href": self.url, "type": "application/json"},
                {"rel": "items", "href": f"{address}/items", "type": "application/geo+json"},
            ],
        }

    def _item(self, name: str, number: int) -> dict[str, Any]:
        """Return an item: one a day, eastwards in rows of ten. The last of the radar scenes has no geometry."""
        west, south = COLLECTIONS[name][2]
        west, south = west + number % 10, south + number // 10 % 6
        west = west - 360 if west > 180 else west
        day = datetime(2023, 1, 1, 10, tzinfo=UTC) + timedelta(days=number)
        properties: dict[str, Any] = {"datetime": f"{day:%Y-%m-%dT%H:%M:%SZ}", "eo:cloud_cover": number % 100}
        if name == "mosaics":
            year = 2019 + number
            properties = {
                "datetime": None,
                "start_datetime": f"{year}-01-01T00:00:00Z",
                "end_datetime": f"{year}-12-31T23:59:59Z",
            }
        address = f"{self.url}/collections/{name}/items/{name}-{number:03d}"
        item: dict[str, Any] = {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": f"{name}-{number:03d}",
            "collection": name,
            **_footprint(west, south),
            "properties": properties,
            "assets": {
                "thumbnail": {
                    "href": f"{self.url}/thumbnails/{number}.png",
                    "type": "image/png",
                    "roles": ["thumbnail"],
                },
                "data": {
                    "href": f"{self.url}/data/{west}/{south + 0.32}.tif",
                    "type": "image/tiff; application=geotiff",
                    "roles": ["data"],
                },
            },
            "links": [
                {"rel": "self", "href": address, "type": "application/geo+json"},
                {"rel": "root", "href": self.url, "type": "application/json"},
                {"rel": "collection", "href": f"{self.url}/collections/{name}", "type": "application/json"},
            ],
        }
        if (name, number) == ("radar", 39):
            item["geometry"] = None
            del item["bbox"]
        if name == "markup":
            item["properties"]["title"] = "<img src=x onerror=\"window.attacked = 'item'\">"
        return item

    def _search(self, request: Request, asked: dict[str, Any]) -> Answer:
        names = _listed(asked.get("collections")) or list(COLLECTIONS)
        items = [item for name in names for item in self.items.get(name, [])]
        if ids := _listed(asked.get("ids")):
            items = [item for item in items if item["id"] in ids]
        return self._page(request, asked, self._filtered(items, asked))

    def _filtered(self, items: list[dict[str, Any]], asked: dict[str, Any]) -> list[dict[str, Any]]:
        if box := [float(edge) for edge in _listed(asked.get("bbox"))]:
            items = [item for item in items if "bbox" in item and _meet(item["bbox"], box)]
        if moment := asked.get("datetime"):
            first, _, last = moment.partition("/")
            last = last or first
            items = [item for item in items if _within(item["properties"], first, last)]
        return items

    def _page(self, request: Request, asked: dict[str, Any], items: list[dict[str, Any]]) -> Answer:
        start, limit = int(asked.get("token", 0)), int(asked.get("limit", PAGE))
        shown = items[start : start + limit]
        links: list[dict[str, Any]] = []
        if start + limit < len(items):
            links.append(self._next(request, asked | {"token": str(start + limit), "limit": limit}))
        found = {"type": "FeatureCollection", "features": shown, "links": links}
        return Answer(
            found | {"numberMatched": len(items), "numberReturned": len(shown)}, media_type="application/geo+json"
        )

    def _next(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        from urllib.parse import urlencode

        address = f"{self.url}{request.path}"
        if request.method == "POST":
            return {"rel": "next", "href": address, "type": "application/geo+json", "method": "POST", "body": asked}
        return {"rel": "next", "href": f"{address}?{urlencode(asked)}", "type": "application/geo+json", "method": "GET"}


def _footprint(west: float, south: float) -> dict[str, Any]:
    """Return geometry and bounding box of a square of a degree, in two parts where it crosses the antimeridian."""
    east, north = west + 1, south + 1

    def ring(left: float, right: float) -> list[list[list[float]]]:
        return [[[left, south], [right, south], [right, north], [left, north], [left, south]]]

    if east > 180:
        east -= 360
        geometry: dict[str, Any] = {"type": "MultiPolygon", "coordinates": [ring(west, 180), ring(-180, east)]}
    else:
        geometry = {"type": "Polygon", "coordinates": ring(west, east)}
    return {"geometry": geometry, "bbox": [west, south, east, north]}


def _listed(value: Any) -> list[Any]:
    return value.split(",") if isinstance(value, str) else list(value or [])


def _meet(one: list[float], other: list[float]) -> bool:
    def parts(west: float, east: float) -> list[tuple[float, float]]:
        return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]

    along = any(
        west <= right and left <= east
        for west, east in parts(one[0], one[2])
        for left, right in parts(other[0], other[2])
    )
    return along and one[1] <= other[3] and other[1] <= one[3]


def _within(properties: dict[str, Any], first: str, last: str) -> bool:
    start = properties["datetime"] or properties["start_datetime"]
    end = properties["datetime"] or properties["end_datetime"]
    return (first == ".." or end[: len(first)] >= first) and (last == ".." or start[: len(last)] <= last)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A plain STAC API for tests.")
    parser.add_argument("--port", type=int, default=0)
    serve(StacApi, parser.parse_args().port)
