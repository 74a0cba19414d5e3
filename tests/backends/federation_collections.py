"""Collections of a federation of openEO back-ends: some like real ones, and any number of generated ones."""

from __future__ import annotations

import random
from typing import Any

BACKENDS = ("north", "south", "east")
EVERYWHERE = [-180.0, -90.0, 180.0, 90.0]
BAND_SETS: tuple[tuple[str, ...], ...] = (
    ("B01", "B02", "B03", "B04", "B08", "B11", "B12", "SCL"),
    ("VV", "VH", "local_incidence_angle"),
    ("LST",),
    ("NDVI", "LAI", "FAPAR"),
    ("temperature-mean", "precipitation-flux", "wind-speed"),
    (),
)
KEYWORDS = ("optical", "radar", "land", "ocean", "atmosphere", "climate", "vegetation", "snow", "urban", "elevation")
PLACES = ("Alps", "Andes", "Sahel", "Tundra", "Fiji", "Danube delta", "Patagonia", "Baltic", "Levant", "Outback")
THEMES = ("Surface reflectance", "Backscatter", "Surface temperature", "Vegetation indices", "Weather", "Land cover")


def collections(count: int) -> list[dict[str, Any]]:
    """Return so many collections with all their metadata: always the same ones, those with a story first."""
    made = [*told()]
    generator = random.Random(20)
    made += [generated(number, generator) for number in range(len(made), count)]
    return made[:count]


def told() -> list[dict[str, Any]]:
    """Return the collections that stand for something: two plain ones, and those that are odd."""
    plain = collection(
        "SENTINEL2_L2A",
        title="Sentinel-2 surface reflectance",
        bands=BAND_SETS[0],
        bbox=[-180.0, -56.0, 180.0, 83.0],
        interval=["2015-07-06T00:00:00Z", None],
        keywords=["optical", "land"],
        backends=["north", "south"],
    )
    radar = collection(
        "SENTINEL1_GRD",
        title="Sentinel-1 backscatter",
        bands=BAND_SETS[1],
        bbox=[5.0, 45.0, 17.0, 55.0],
        interval=["2014-10-03T00:00:00Z", "2025-12-31T23:59:59Z"],
        keywords=["radar"],
        backends=["east"],
    )
    no_extent = collection("NO_EXTENT", title="Without an extent", bands=("a",))
    del no_extent["extent"]
    null_fields = collection("NULL_FIELDS", title="With nulls", bands=("a", "b"))
    null_fields |= {"title": None, "keywords": None, "providers": None, "summaries": None, "cube:dimensions": None}
    null_fields["extent"] = {"spatial": {"bbox": [[None, None, None, None]]}, "temporal": {"interval": [[None, None]]}}
    odd = collection("ODD FIELDS/ä", title="With odd values", bands=("a",))
    odd |= {"keywords": "not a list", "license": 5, "links": [{"href": "javascript:alert(1)", "rel": "license"}]}
    odd["extent"] = {"spatial": {"bbox": []}, "temporal": {"interval": [["yesterday", 7]]}}
    odd["cube:dimensions"] = {"x": {"type": "spatial"}, "what": {}, "bands": {"type": "bands", "values": [1, None]}}
    markup = collection(
        "MARKUP",
        title="<img src=x onerror=\"window.attacked = 'title'\">Bold <b>title</b>",
        bands=("<i>B1</i>", "B2"),
        keywords=["<script>window.attacked = 'keyword'</script>", "optical"],
        backends=["north"],
    )
    markup["description"] = (
        "# Heading\n\n<script>window.attacked = 'description'</script> *Text* with "
        '<a href="javascript:window.attacked = 1">a link</a>, [another](javascript:alert(1)) and `code`.'
    )
    antimeridian = collection(
        "FIJI", title="Across the antimeridian", bands=("sst",), bbox=[177.0, -21.0, -178.0, -12.0]
    )
    several = collection("TWO_AREAS", title="In two areas", bands=("a",))
    several["extent"]["spatial"]["bbox"] = [EVERYWHERE, [5, 45, 10, 50], [100, -10, 110, 0]]
    return [plain, radar, no_extent, null_fields, odd, markup, antimeridian, several]


def generated(number: int, generator: random.Random) -> dict[str, Any]:
    """Return one of many collections; every fifth has its dimensions only when it is asked for alone."""
    theme = generator.randrange(len(THEMES))
    place = generator.choice(PLACES)
    west, south = generator.uniform(-170, 150), generator.uniform(-80, 60)
    start = generator.randrange(1980, 2020)
    end = generator.choice([None, f"{start + generator.randrange(1, 8)}-12-31T00:00:00Z"])
    return collection(
        f"{THEMES[theme].upper().replace(' ', '_')}_{number:04d}",
        title=f"{THEMES[theme]} of the {place}, {number}",
        bands=BAND_SETS[theme],
        bbox=[round(west, 3), round(south, 3), round(west + generator.uniform(1, 30), 3), round(south + 20, 3)],
        interval=[f"{start}-01-01T00:00:00Z", end],
        keywords=[place.lower(), *generator.sample(KEYWORDS, 2)],
        backends=generator.sample(BACKENDS, generator.randrange(1, 4)),
    )


def collection(
    name: str,
    title: str,
    bands: tuple[str, ...] = (),
    bbox: list[float] | None = None,
    interval: list[str | None] | None = None,
    keywords: list[str] | None = None,
    backends: list[str] | None = None,
) -> dict[str, Any]:
    """Return a collection with its dimensions and summaries."""
    bbox, interval = bbox or EVERYWHERE, interval or ["2000-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]
    dimensions: dict[str, Any] = {
        "x": {"type": "spatial", "axis": "x", "extent": [bbox[0], bbox[2]], "reference_system": 4326, "step": 0.01},
        "y": {"type": "spatial", "axis": "y", "extent": [bbox[1], bbox[3]], "reference_system": 4326, "step": 0.01},
        "t": {"type": "temporal", "extent": interval},
    }
    if bands:
        dimensions["bands"] = {"type": "bands", "values": list(bands)}
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/datacube/v2.2.0/schema.json"],
        "id": name,
        "title": title,
        "description": f"{title}, served by a federation for tests.",
        "license": "CC-BY-4.0",
        "keywords": keywords or [],
        "providers": [{"name": "The federation", "roles": ["host"]}],
        "extent": {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [interval]}},
        "cube:dimensions": dimensions,
        "summaries": {"eo:bands": [{"name": band} for band in bands], "gsd": [10, 60]},
        "federation:backends": backends or [BACKENDS[0]],
        "links": [],
    }


def in_list(number: int, described: dict[str, Any], url: str) -> dict[str, Any]:
    """Return a collection as the list has it: without summaries, and every fifth without its dimensions."""
    left_out = {"summaries", "cube:dimensions"} if number % 5 == 4 else {"summaries"}
    return {key: value for key, value in linked(described, url).items() if key not in left_out}


def linked(described: dict[str, Any], url: str) -> dict[str, Any]:
    """Return a collection with links to itself and to the list."""
    from urllib.parse import quote

    links = [
        {"rel": "self", "href": f"{url}/collections/{quote(described['id'], safe='')}", "type": "application/json"},
        {"rel": "root", "href": f"{url}/collections", "type": "application/json"},
        {"rel": "license", "href": "https://creativecommons.org/licenses/by/4.0/", "type": "text/html"},
    ]
    return described | {"links": [*described["links"], *links]}
