"""Fields of the sample valley S2_ALPS as polygons, with the crop that grows on each of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.collection import About
from gdc_jupyter.catalog.vector_collection import VectorCollection
from gdc_jupyter.samples import FOLDER, alps
from gdc_jupyter.samples.alps import GRID
from gdc_jupyter.samples.landscape import FIELD, MAIZE, MEADOW, ORCHARD, POTATO, RAPE, WHEAT
from gdc_jupyter.samples.scenes import valley

ID = "ALPS_FIELDS"
FILE = FOLDER / "alps_fields.geojson"
CROPS = {WHEAT: "wheat", MAIZE: "maize", RAPE: "rape", MEADOW: "meadow", ORCHARD: "orchard", POTATO: "potato"}
FIELDS_OF_EACH_CROP = 4
ABOUT = About(
    title="Fields of the valley of S2_ALPS, and what grows on them (made by a model, not observed)",
    description=(
        "Some parcels of the invented Alpine valley of the collection S2_ALPS as polygons, each with the crop that "
        "grows there in the season of 2022. They are for learning and testing."
    ),
    license=alps.ABOUT.license,
    providers=alps.ABOUT.providers,
    keywords=("synthetic", "agriculture", "parcels", "crops", "sample"),
    links=alps.ABOUT.links,
)
# Metres that are left out along the edge of a field, and its smallest area in square metres.
MARGIN, SMALLEST = 8.0, 12_000.0


def fields() -> dict[str, Any]:
    """Return some fields of the valley as a GeoJSON FeatureCollection in longitude and latitude.

    Each feature has the properties ``field`` (a number) and ``crop``. They are parcels of the model that makes
    S2_ALPS, so that a field holds one crop all season.

    Examples
    --------
    >>> sorted({feature["properties"]["crop"] for feature in fields()["features"]})
    ['maize', 'meadow', 'orchard', 'potato', 'rape', 'wheat']
    """
    collection: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return collection


def collection() -> VectorCollection:
    """Return the fields as a collection of features; what is told of the file here saves looking at it."""
    return VectorCollection(
        ID,
        ABOUT,
        path=FILE,
        format="GeoJSON",
        box=(11.322713, 46.480871, 11.374242, 46.502546),
        count=FIELDS_OF_EACH_CROP * len(CROPS),
        columns={"field": "number", "crop": "string"},
        span=("2022-04-01T00:00:00Z", "2022-10-31T00:00:00Z"),
        geometry_types=("Polygon",),
        values={"crop": list(CROPS.values())},
    )


def make() -> dict[str, Any]:
    """Return the fields from the model: the largest few of each crop."""
    land = valley()
    parcels = np.where((land.cover == FIELD) & (land.edge == 0), land.parcel, -1).astype(np.int32)
    candidates = sorted(_polygons(parcels), key=lambda pair: -pair[1].area)
    features: list[dict[str, Any]] = []
    for kind, crop in CROPS.items():
        chosen = [polygon for parcel, polygon in candidates if land.crops["kind"][parcel] == kind]
        for polygon in chosen[:FIELDS_OF_EACH_CROP]:
            properties = {"field": len(features) + 1, "crop": crop}
            features.append({"type": "Feature", "properties": properties, "geometry": _geographic(polygon)})
    return {"type": "FeatureCollection", "features": features}


def _polygons(parcels: NDArray[np.int32]) -> list[tuple[int, Any]]:
    """Return parcels with their outlines, drawn in by the margin and smoothed."""
    from affine import Affine
    from rasterio.features import shapes
    from shapely.geometry import shape

    found = []
    for outline, parcel in shapes(parcels, mask=parcels >= 0, transform=Affine(*GRID.transform)):
        polygon = shape(outline).buffer(-MARGIN).simplify(6.0)
        if polygon.geom_type == "Polygon" and polygon.area >= SMALLEST:
            found.append((int(parcel), polygon))
    return found


def _geographic(polygon: Any) -> dict[str, Any]:
    import shapely

    from gdc_jupyter.cube.grid import transformer

    to_degrees = transformer(GRID.crs, "OGC:CRS84")
    points = shapely.get_coordinates(polygon.exterior)
    x, y = to_degrees.transform(points[:, 0], points[:, 1])
    return {"type": "Polygon", "coordinates": [np.column_stack([x, y]).round(6).tolist()]}
