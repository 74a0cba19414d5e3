"""Search over items: against a brute-force search of random items, and CQL2 against what it means."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.item_documents import ROOT
from gdc_jupyter.catalog.item_request import from_body, from_parameters
from gdc_jupyter.catalog.items import asset_file, item, items_of, property_types, search
from gdc_jupyter.errors import GdcError

from .rasters import write_tiff

START = datetime(2020, 1, 1, tzinfo=UTC)
COUNT = 150


def feature(number, chance):
    """A feature somewhere: a point, a box, or a triangle."""
    x, y = chance.uniform(-175, 170), chance.uniform(-85, 80)
    width, height = chance.uniform(0.1, 5), chance.uniform(0.1, 5)
    kind = number % 3
    if kind == 0:
        geometry = shapely.Point(x, y)
    elif kind == 1:
        geometry = shapely.box(x, y, x + width, y + height)
    else:
        geometry = shapely.Polygon([(x, y), (x + width, y), (x, y + height)])
    moment = START + timedelta(hours=chance.randrange(0, 24 * 300))
    properties = {
        "datetime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cover": chance.randrange(0, 100),
        "name": chance.choice(["Zürich", "zurich", "Bern", "a_b", "100%", None]),
        "good": chance.random() < 0.5,
        "weight": chance.choice([1.5, 2.5, None]),
    }
    return {
        "type": "Feature",
        "id": f"f{number}",
        "geometry": shapely.geometry.mapping(geometry),
        "properties": properties,
    }


@pytest.fixture(scope="module")
def features():
    chance = random.Random(3)
    return [feature(number, chance) for number in range(COUNT)]


@pytest.fixture(scope="module")
def catalog(features, tmp_path_factory):
    folder = tmp_path_factory.mktemp("items")
    (folder / "places.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    catalog = Catalog(folder / "data", samples=False)
    catalog.add(folder / "places.geojson", "places")
    return catalog


def all_pages(catalog, body, collection="places"):
    found, cursor = [], None
    while True:
        page = items_of(catalog, collection, from_body(body | ({"cursor": cursor} if cursor else {})).query)
        found += [json.loads(document) for document in page.documents]
        cursor = page.cursor
        if not cursor:
            return found


def newest_first(features):
    return [each["id"] for each in sorted(features, key=lambda each: each["properties"]["datetime"], reverse=True)]


edges = st.floats(-180, 180, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    x=st.tuples(edges, edges),
    y=st.tuples(edges, edges),
    days=st.tuples(st.integers(-10, 320), st.integers(0, 200)),
    over=st.booleans(),
)
def test_search_is_what_looking_at_each_finds(x, y, days, over, catalog, features):
    west, east = (max(x), min(x)) if over else (min(x), max(x))
    south, north = min(y) / 2, max(y) / 2
    boxes = [shapely.box(west, south, east, north)]
    if west > east:
        boxes = [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
    start, end = START + timedelta(days=days[0]), START + timedelta(days=days[0] + days[1])
    texts = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (start, end)]
    expected = {
        each["id"]
        for each in features
        if texts[0] <= each["properties"]["datetime"] <= texts[1]
        and any(shapely.intersects(shapely.geometry.shape(each["geometry"]), box) for box in boxes)
    }
    body = {"bbox": [west, south, east, north], "datetime": "/".join(texts), "limit": 7}
    found = all_pages(catalog, body)
    assert {each["id"] for each in found} == expected
    moments = [each["properties"]["datetime"] for each in found]
    assert moments == sorted(moments, reverse=True)


@settings(max_examples=30, deadline=None)
@given(corners=st.lists(st.tuples(edges, st.floats(-90, 90, allow_nan=False)), min_size=3, max_size=6))
def test_intersects_is_shapelys(corners, catalog, features):
    polygon = shapely.convex_hull(shapely.MultiPoint(corners))
    found = all_pages(catalog, {"intersects": json.loads(shapely.to_geojson(polygon)), "limit": 50})
    assert {each["id"] for each in found} == {
        each["id"] for each in features if shapely.intersects(shapely.geometry.shape(each["geometry"]), polygon)
    }


def plain(text):
    return {"Zürich": "Zurich"}.get(text, text)


FILTERS = [
    ("cover < 30", lambda p: p["cover"] < 30),
    ("cover >= 30 AND good = true", lambda p: p["cover"] >= 30 and p["good"]),
    ("good", lambda p: p["good"]),
    ("NOT (cover = 5 OR cover <> 6)", lambda p: p["cover"] == 6 and p["cover"] != 5),
    ("cover BETWEEN 10 AND 20", lambda p: 10 <= p["cover"] <= 20),
    ("cover NOT BETWEEN 10 AND 90", lambda p: not 10 <= p["cover"] <= 90),
    ("cover IN (1, 2, 3, 50)", lambda p: p["cover"] in (1, 2, 3, 50)),
    ("name IS NULL", lambda p: p["name"] is None),
    ("name IS NOT NULL AND name <> 'Bern'", lambda p: p["name"] not in (None, "Bern")),
    ("name LIKE 'Z%'", lambda p: (p["name"] or "").startswith("Z")),
    ("name LIKE 'B_rn'", lambda p: p["name"] == "Bern"),
    (r"name LIKE 'a\_b'", lambda p: p["name"] == "a_b"),
    (r"name LIKE '100\%'", lambda p: p["name"] == "100%"),
    ("CASEI(name) = CASEI('ZURICH')", lambda p: p["name"] == "zurich"),
    ("ACCENTI(name) = ACCENTI('Zürich')", lambda p: plain(p["name"]) == "Zurich"),
    ("CASEI(ACCENTI(name)) LIKE 'zur%'", lambda p: (plain(p["name"]) or "").lower().startswith("zur")),
    ("cover * 2 + 1 > 150", lambda p: p["cover"] * 2 + 1 > 150),
    ("cover / 10 = 5", lambda p: p["cover"] == 50),
    ("cover % 7 = 3", lambda p: p["cover"] % 7 == 3),
    ("weight ^ 2 > 3", lambda p: (p["weight"] or 0) > 2),
    ("datetime < TIMESTAMP('2020-03-01T00:00:00Z')", lambda p: p["datetime"] < "2020-03-01"),
    ("T_AFTER(datetime, DATE('2020-06-01'))", lambda p: p["datetime"] >= "2020-06-02"),
    (
        "T_DURING(datetime, INTERVAL('2020-02-01T00:00:00Z', '2020-05-01T00:00:00Z'))",
        lambda p: "2020-02-01" <= p["datetime"] < "2020-05-01",
    ),
    (
        "T_INTERSECTS(datetime, INTERVAL('..', '2020-02-01T00:00:00Z'))",
        lambda p: p["datetime"] <= "2020-02-01T00:00:00Z",
    ),
    ("nothing = 1 OR cover = 9", lambda p: p["cover"] == 9),
    ('"x\' OR 1=1 --" = 1', lambda p: False),
    ("geometry IS NULL", lambda p: False),
    ("id = 'f7'", lambda p: False),
]


@pytest.mark.parametrize(("text", "means"), FILTERS, ids=[text for text, _ in FILTERS])
def test_filters_in_text_and_json(text, means, catalog, features):
    import cql2

    expected = {each["id"] for each in features if means(each["properties"])}
    if text.startswith("id"):
        expected = {"f7"}
    found = all_pages(catalog, {"filter": text, "limit": 100})
    assert {each["id"] for each in found} == expected
    as_json = all_pages(catalog, {"filter": cql2.parse_text(text).to_json(), "filter-lang": "cql2-json", "limit": 100})
    assert [each["id"] for each in as_json] == [each["id"] for each in found]


@pytest.mark.parametrize("relation", ["intersects", "disjoint", "within"])
def test_spatial_filters(relation, catalog, features):
    box = shapely.box(-60, -40, 80, 50)
    text = f"S_{relation.upper()}(geometry, {box.wkt})"
    expected = {
        each["id"] for each in features if getattr(shapely, relation)(shapely.geometry.shape(each["geometry"]), box)
    }
    assert {each["id"] for each in all_pages(catalog, {"filter": text, "limit": 200})} == expected
    if relation == "within":
        turned = f"S_CONTAINS({box.wkt}, geometry)"
        assert {each["id"] for each in all_pages(catalog, {"filter": turned, "limit": 200})} == expected


REFUSED = [
    ({"filter": "a @ b"}, "'filter' is no cql2-text"),
    ({"filter": "foo(a) = 1"}, "function 'foo', which is not known"),
    ({"filter": "cover"}, None),
    ({"filter": "1; DROP TABLE items"}, "'filter' is no cql2-text"),
    ({"filter": {"op": "=", "args": [{"property": 'x") OR 1=1 --'}, 1]}}, "names have no quotes"),
    ({"filter": {"op": "=", "args": [{"property": "x\x00"}, 1]}}, "names have no quotes"),
    ({"filter": "geometry = 1"}, "'geometry' where a value is needed"),
    ({"filter": '"x\\") OR 1=1 --" = 1'}, "'filter'"),
    ({"filter": "(" * 300 + "a=1" + ")" * 300}, "nested more deeply"),
    ({"filter": " AND ".join(["a=1"] * 3000)}, "'filter'"),
    ({"filter": "x" * 30_000}, "longer than"),
    ({"filter": {"op": "like", "args": []}, "filter-lang": "cql2-json"}, "'filter'"),
    ({"filter": "{", "filter-lang": "cql2-json"}, "is not JSON"),
    ({"filter": "a=1", "filter-lang": "sql"}, "must be one of cql2-text, cql2-json"),
    ({"filter": "a=1", "filter-crs": "EPSG:3857"}, "'filter-crs' must be"),
    ({"filter": "datetime > 'soon'"}, "must have date-times"),
    ({"filter": "S_INTERSECTS(cover, POINT(0 0))"}, "where a geometry is needed"),
    ({"filter": "S_INTERSECTS(geometry, POINT(0 900))"}, "outside of the Earth"),
    ({"bbox": [1, 2, 3]}, "'bbox' must have four or six numbers"),
    ({"bbox": [0, 0, float("nan"), 1]}, "must have finite numbers"),
    ({"bbox": [0, 10, 10, 0]}, "upper corner below"),
    ({"bbox": [0, 0, 1000, 1]}, "must be within -180 to 180"),
    ({"bbox": [0, 0, 1, 1], "intersects": {"type": "Point", "coordinates": [0, 0]}}, "together with 'bbox'"),
    ({"intersects": {"type": "Point"}}, "must be a GeoJSON geometry"),
    ({"intersects": {"type": "Point", "coordinates": ["a", 0]}}, "no geometry"),
    ({"datetime": "2020-01-01"}, "must have date-times"),
    ({"datetime": "../.."}, "must be a date-time, or two"),
    ({"datetime": "2020-02-30T00:00:00Z"}, "must have date-times"),
    ({"datetime": "2021-01-01T00:00:00Z/2020-01-01T00:00:00Z"}, "ends before it starts"),
    ({"limit": 0}, "'limit' must be a whole number from 1"),
    ({"limit": "ten"}, "'limit' must be a whole number from 1"),
    ({"sortby": [{"field": 'a"b'}]}, "'sortby' must have a field"),
    ({"sortby": [{"field": "a", "direction": "up"}]}, "'sortby' must have a field"),
    ({"sortby": [{"field": "geometry"}]}, "which has no order"),
    ({"ids": [1]}, "'ids' must be a list of ids"),
    ({"ids": ["x"] * 2000}, "at most 1000"),
    ({"fields": ["id"]}, "'fields' must be an object"),
    ({"fields": None}, "'fields' must be an object"),
    ({"fields": {"include": "id"}}, "'fields' must have lists"),
    ({"fields": {"include": [1]}}, "'fields' must have names"),
    ({"cursor": "../../etc"}, "'cursor' is not one that a page has given"),
    ({"cursor": "WyJ4Il0"}, "'cursor' is not one that a page has given"),
]


@pytest.mark.parametrize(("body", "told"), [each for each in REFUSED if each[1]])
def test_what_cannot_be_is_refused(body, told, catalog):
    with pytest.raises(GdcError) as error:
        items_of(catalog, "places", from_body(body).query)
    assert told in error.value.message
    assert error.value.code == "ParameterInvalid"


def test_order_and_fields(catalog, features):
    request = from_parameters({"sortby": ["-cover,+id"], "limit": ["20"], "fields": ["properties.cover,-collection"]})
    first = items_of(catalog, "places", request.query)
    assert first.matched == COUNT
    expected = sorted(features, key=lambda each: (-each["properties"]["cover"], each["id"]))
    found = [request.fields.of(json.loads(document)) for document in first.documents]
    assert found == [
        {
            "type": "Feature",
            "id": each["id"],
            "stac_version": "1.0.0",
            "properties": {"cover": each["properties"]["cover"]},
        }
        for each in expected[:20]
    ]
    everything = all_pages(catalog, {"sortby": [{"field": "cover", "direction": "desc"}, {"field": "id"}], "limit": 33})
    assert [each["id"] for each in everything] == [each["id"] for each in expected]


ITEM = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "a",
    "collection": "c",
    "geometry": None,
    "properties": {"datetime": "2020-01-01T00:00:00Z", "x": 1, "deep": {"y": 2, "z": 3}},
    "assets": {"B04": {"href": "h", "title": "t"}},
    "links": [],
}
ALWAYS = {"type", "stac_version", "id", "collection"}


@pytest.mark.parametrize(
    ("fields", "names", "properties"),
    [
        ({}, ALWAYS | {"geometry", "assets", "links", "properties"}, {"datetime"}),
        ({"include": ["id"]}, ALWAYS, None),
        ({"include": ["properties.deep.y"]}, ALWAYS | {"properties"}, {"deep"}),
        ({"exclude": ["geometry", "properties.x"]}, set(ITEM) - {"geometry"}, {"datetime", "deep"}),
        ({"exclude": ["id", "links"]}, set(ITEM) - {"links"}, {"datetime", "x", "deep"}),
        ({"exclude": ["properties"], "include": ["properties.x"]}, ALWAYS | {"properties"}, {"x"}),
        ({"exclude": ["geometry"], "include": ["geometry"]}, ALWAYS | {"geometry"}, None),
        ({"exclude": ["geometry"], "include": []}, ALWAYS | {"assets", "links", "properties"}, {"datetime"}),
        ({"include": ["assets.B04.href", "nothing.at.all"]}, ALWAYS | {"assets"}, None),
    ],
)
def test_fields_are_included_and_excluded(fields, names, properties):
    shown = from_body({"fields": fields}).fields.of(ITEM)
    assert set(shown) == names
    assert set(shown.get("properties", ())) == (properties or set())
    if "assets.B04.href" in fields.get("include", ()):
        assert shown["assets"] == {"B04": {"href": "h"}}


def test_ids_and_unknown_ones(catalog):
    assert {each["id"] for each in all_pages(catalog, {"ids": ["f3", "f9", "none"]})} == {"f3", "f9"}
    with pytest.raises(GdcError, match="has no item 'none'"):
        item(catalog, "places", "none")
    with pytest.raises(GdcError, match="does not exist"):
        items_of(catalog, "nowhere", from_body({}).query)


def test_features_are_not_found_among_rasters(catalog):
    assert search(catalog, from_body({}).query).documents == []
    assert search(catalog, from_body({"collections": ["places"]}).query).documents == []
    assert property_types(catalog) == {}
    assert property_types(catalog, ["places"]) == {
        "datetime": "string",
        "cover": "number",
        "name": "string",
        "good": "boolean",
        "weight": "number",
    }


def test_the_index_follows_the_catalogue(tmp_path):
    catalog = Catalog(tmp_path / "data", samples=False)
    for day in ("20220401", "20220501", "20220601"):
        write_tiff(tmp_path / "s2" / f"S_{day}_B04.tif", np.array([[1, 2], [3, 4]], "uint16"))
    write_tiff(tmp_path / "other_20220415.tif", np.array([[1, 2], [3, 4]], "uint16"))
    catalog.add(tmp_path / "s2")
    everything = from_body({"limit": 50}).query
    assert len(search(catalog, everything).documents) == 3
    catalog.add_all(tmp_path / "other_20220415.tif", owner="ann")
    assert len(search(catalog.seen_by("ann"), everything).documents) == 4
    assert len(search(catalog.seen_by("bob"), everything).documents) == 3
    found = json.loads(search(catalog.seen_by(None), everything).documents[0])
    assert found["properties"]["datetime"].startswith("2022-06-01")
    (asset,) = set(found["assets"]) - {"thumbnail"}
    assert found["assets"][asset]["href"] == f"{ROOT}/collections/s2/items/{found['id']}/assets/{asset}"
    assert asset_file(catalog, "s2", found["id"], asset) == tmp_path / "s2" / "S_20220601_B04.tif"
    assert str(tmp_path) not in json.dumps(found)
    with pytest.raises(GdcError, match="has no file"):
        asset_file(catalog, "s2", found["id"], "../../catalog.sqlite")
    catalog.remove("s2")
    assert len(search(catalog, everything).documents) == 1
    (tmp_path / "data" / "items.sqlite").unlink()
    assert len(search(Catalog(tmp_path / "data", samples=False), everything).documents) == 1
