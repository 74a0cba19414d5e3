"""Processes at the two ends of a process graph: loading a collection, saving a result, and making a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from gdc_jupyter.cube.area import LONGITUDE_LATITUDE, box, envelope
from gdc_jupyter.cube.time import parse_interval
from gdc_jupyter.cube.zones import require_polygons
from gdc_jupyter.processes.engine import Engine
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import BOUNDING_BOX, GEOJSON, INTERVAL, NULL, Anything, Cube, Schema

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Query

CollectionId = Annotated[str, Schema({"type": "string", "subtype": "collection-id", "pattern": r"^[\w\-\.~/]+$"})]
SpatialExtent = Annotated[
    Any,
    Schema(
        [
            BOUNDING_BOX,
            GEOJSON,
            {"type": "object", "subtype": "datacube", "dimensions": [{"type": "geometry"}]},
            NULL,
        ]
    ),
]
TemporalExtent = Annotated[Any, Schema([{**INTERVAL, "uniqueItems": True}, NULL])]
Bands = Annotated[
    Any,
    Schema([{"type": "array", "minItems": 1, "items": {"type": "string", "subtype": "band-name"}}, NULL]),
]
Properties = Annotated[
    Any,
    Schema(
        [
            {
                "type": "object",
                "subtype": "metadata-filter",
                "additionalProperties": {
                    "type": "object",
                    "subtype": "process-graph",
                    "parameters": [
                        {
                            "name": "value",
                            "description": "The value of the property.",
                            "schema": {"description": "Any data type."},
                        }
                    ],
                    "returns": {"description": "Whether the item is loaded.", "schema": {"type": "boolean"}},
                },
            },
            NULL,
        ]
    ),
]
OutputFormat = Annotated[str, Schema({"type": "string", "subtype": "output-format"})]
OutputOptions = Annotated[Any, Schema({"type": "object", "subtype": "output-format-options"})]
Stac = Annotated[Any, Schema({"type": "object", "subtype": "stac"})]


@process("cubes", "import", plans=True)
def load_collection(
    id: CollectionId,
    spatial_extent: SpatialExtent,
    temporal_extent: TemporalExtent,
    bands: Bands = None,
    properties: Properties = None,
    *,
    engine: Engine,
) -> Cube:
    """Load a collection as a data cube.

    Only what later processes need is read. Values are as they are stored: a scale and an offset that the collection's
    metadata give are not applied.

    Parameters
    ----------
    id
        The id of the collection.
    spatial_extent
        A bounding box, or polygons as GeoJSON or as a vector cube: the pixels whose centres lie inside are loaded. null
        loads all.
    temporal_extent
        The first instant and the first one after the interval; null for an open end, or for all dates.
    bands
        The names, or common names, of the bands, in the order wanted; null loads all.
    properties
        Conditions on the properties of the items, by name; all of them must hold.

    Returns
    -------
    cube
        A cube with those of the dimensions t, bands, y and x that the collection has.

    Raises
    ------
    NoDataAvailable
        There is nothing in that area and interval.
    TemporalExtentEmpty
        The end of the interval is not later than its start.
    """
    return engine.load(id, *query_of(spatial_extent, temporal_extent, bands, properties))


def query_of(spatial_extent: Any, temporal_extent: Any, bands: Any, properties: Any) -> tuple[Query, Any]:
    """Return what the arguments of a loading process ask of a collection, and the polygons among them, or None."""
    from gdc_jupyter.catalog.collection import Query

    def matches(item: dict[str, Any]) -> bool:
        return all(bool(condition(value=item.get(name), context=None)) for name, condition in properties.items())

    bounds, crs, polygons = None, LONGITUDE_LATITUDE, None
    if isinstance(spatial_extent, dict) and "west" in spatial_extent:
        bounds, crs = box(spatial_extent)
    elif spatial_extent is not None:
        # Of a cube that is computed later, the labels are known.
        polygons = getattr(spatial_extent, "probe", spatial_extent)
        require_polygons(polygons)
        bounds = envelope(polygons)
    start, end = (None, None) if temporal_extent is None else parse_interval(temporal_extent)
    names = tuple(bands) if bands else None
    return Query(bounds, crs, start, end, names, matches if properties else None), polygons


@process("cubes", "export", "stac", plans=True)
def save_result(data: Cube, format: OutputFormat, options: OutputOptions = {}, *, engine: Engine) -> Stac:  # noqa: B006
    """Save a result in a file format.

    Parameters
    ----------
    data
        The cube, or other value, to save.
    format
        The name of the format, as ``GET /file_formats`` lists it, in upper or lower case.
    options
        The options of the format.

    Returns
    -------
    saved
        STAC metadata of the saved files.

    Raises
    ------
    FormatUnsuitable
        The format cannot hold such data.
    DataCubeEmpty
        The format cannot hold a cube without values.
    """
    return engine.save(data, format, options or {})


@process("math > constants")
def constant(x: Anything) -> Anything:
    """Return a value, so that it can stand as a node.

    Parameters
    ----------
    x
        Any value.

    Returns
    -------
    value
        The same value.
    """
    return x
