"""Metadata of collections and items: valid by the published JSON Schemas, and without nulls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.catalog.metadata import bbox, footprint
from gdc_jupyter.cube.grid import Grid

from .rasters import write_netcdf, write_tiff

SCHEMAS = Path(__file__).parents[3] / "shared" / "reference" / "stac-schemas"
CORE = "https://schemas.stacspec.org/v1.0.0/{0}-spec/json-schema/{0}.json"


def nulls(value: Any, path: str = "") -> Iterator[str]:
    if value is None:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in entries:
        yield from nulls(child, f"{path}/{key}")


def validate(document: dict[str, Any]) -> None:
    from jsonschema import Draft7Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    def retrieve(uri: str) -> Resource[Any]:
        if uri.startswith("http://json-schema.org/draft-07/schema"):
            return Resource.from_contents(Draft7Validator.META_SCHEMA)
        path = SCHEMAS / uri.split("://")[1].rstrip("#")
        return Resource.from_contents(json.loads(path.read_text()), default_specification=DRAFT7)

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    links = [{"rel": "collection", "href": "../collection.json"}]
    kind = "collection" if document["type"] == "Collection" else "item"
    for uri in (CORE.format(kind), *document["stac_extensions"]):
        schema = retrieve(uri).contents
        errors = list(Draft7Validator(schema, registry=registry).iter_errors(document | {"links": links}))
        assert errors == [], uri


@pytest.fixture
def everything(data_directory: Path, tmp_path: Path) -> Catalog:
    """The samples, a global file, an undated one, and one whose CRS has no code."""
    catalog = Catalog(tmp_path / "data", samples=False)
    values = np.ones((2, 4, 8), "float32")
    catalog.add(write_netcdf(tmp_path / "globe.nc", values, np.arange(0, 360, 45.0), np.arange(4.0), [0, 31]))
    local = "+proj=laea +lat_0=52 +lon_0=10 +R=6371000 +units=m +no_defs"
    catalog.add(write_tiff(tmp_path / "local.tif", np.ones((4, 4), "uint8"), x=0, y=0, crs=local))
    return catalog


def test_metadata_are_valid_and_without_nulls(catalog: Catalog, everything: Catalog) -> None:
    for collection in catalog.collections() + everything.collections():
        document = collection.metadata()
        assert list(nulls(document)) == []
        dimensions = set(document["cube:dimensions"])
        assert {"x", "y", "bands"} <= dimensions or dimensions == {"geometry"}
        json.dumps(document, allow_nan=False)
        items = collection.items(Query())[:2]
        # An item without a date has to say so with a null.
        assert {path for item in items for path in nulls(item)} <= {"/properties/datetime"}
        if SCHEMAS.is_dir():
            validate(document)
            for item in items:
                validate(item)


def test_the_dimensions_of_the_season_are_derived(catalog: Catalog) -> None:
    document = catalog.get("S2_ALPS").metadata()
    x, y, t = (document["cube:dimensions"][name] for name in "xyt")
    assert x == {
        "type": "spatial",
        "axis": "x",
        "extent": [678200.0, 682200.0],
        "step": 10.0,
        "reference_system": 32632,
    }
    assert y["extent"] == [5149500.0, 5153500.0]
    assert (len(t["values"]), "step" in t, t["extent"][0]) == (44, False, "2022-04-01T10:10:00Z")
    assert document["summaries"]["raster:bands"][0]["scale"] == 0.0001
    assert "scale" not in document["summaries"]["raster:bands"][4]
    assert "synthetic" in document["title"].lower()


def test_boxes_cross_the_antimeridian_with_west_beyond_east() -> None:
    assert bbox(Grid("EPSG:4326", 170, 10, 1, -1, 20, 20)) == [170, -10, -170, 10]
    assert bbox(Grid("EPSG:4326", -180.5, 90.5, 1, -1, 360, 181, wraps=True)) == [-180, -90, 180, 90]


def test_a_footprint_is_a_closed_ring_turning_left() -> None:
    ring = np.array(footprint(Grid("EPSG:32632", 600000, 5200000, 10, -10, 100, 100))["coordinates"][0])
    assert (ring[0] == ring[-1]).all()
    assert (np.diff(ring[:, 0]) * (ring[1:, 1] + ring[:-1, 1])).sum() < 0
