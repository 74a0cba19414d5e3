"""GeoJSON (RFC 7946): vector cubes as a FeatureCollection in longitude and latitude."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.encode.collect import Collector
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.labels import plain_label
from gdc_jupyter.cube.encode.metadata import describe_cube
from gdc_jupyter.cube.encode.table import MOST_COLUMNS, count_columns, table_of
from gdc_jupyter.cube.geojson import IDENTIFIER
from gdc_jupyter.cube.geometries import LONGITUDE_LATITUDE, cut_antimeridian, same_crs, to_crs
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.vector import crs_of, geometries_of, is_vector, reproject

MEDIA_TYPE = "application/geo+json"


class GeoJsonWriter:
    """Writes a vector cube when it is whole."""

    def __init__(self, folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        self.path = folder / f"{stem}.geojson"
        self.collector = Collector(probe, grid)
        self.decimals: int | None = options.get("COORDINATE_PRECISION")

    def write(self, block: Any, window: Grid | None) -> None:
        """Take the cube; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        self.collector.add(block, window)

    def close(self) -> list[Asset]:
        """Write the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        import orjson

        cube = self.collector.cube()
        document = to_geojson(cube)
        if self.decimals is not None:
            for feature in document["features"]:
                if feature["geometry"] is not None:
                    feature["geometry"] = _rounded(feature["geometry"], self.decimals)
        self.path.write_bytes(orjson.dumps(document))
        return [
            Asset(
                self.path, MEDIA_TYPE, self.path.stem, metadata=describe_cube(reproject(cube, LONGITUDE_LATITUDE), None)
            )
        ]


def to_geojson(cube: xr.DataArray) -> dict[str, Any]:
    """Return a vector cube as a FeatureCollection in longitude and latitude.

    Values become properties; where the cube has further dimensions, their names are the labels joined by ``_``.
    Geometries that cross the antimeridian are cut there, and outer rings run counterclockwise.
    """
    import shapely

    crs = crs_of(cube)
    geometries = geometries_of(cube)
    if same_crs(crs, LONGITUDE_LATITUDE):
        geometries = cut_antimeridian(geometries)
    else:
        geometries = to_crs(geometries, crs, LONGITUDE_LATITUDE)
    geometries = shapely.orient_polygons(geometries)
    columns = {name: plain_values(column) for name, column in table_of(cube, wide=True).columns.items()}
    identified = IDENTIFIER in columns and cube.coords[IDENTIFIER].attrs.get("identifier")
    identifiers = columns.pop(IDENTIFIER) if identified else [None] * len(geometries)
    features = []
    for position, geometry in enumerate(geometries):
        record = {name: column[position] for name, column in columns.items()}
        feature = {"type": "Feature", "geometry": None if geometry.is_empty else shapely.geometry.mapping(geometry)}
        named = {} if identifiers[position] is None else {"id": identifiers[position]}
        features.append({**feature, **named, "properties": record})
    return {"type": "FeatureCollection", "features": features}


def plain_values(column: NDArray[Any]) -> list[Any]:
    """Return values as JSON has them: no-data as null, instants as text."""
    return [_plain(value) for value in (column if column.dtype.kind == "M" else column.tolist())]


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    if isinstance(value, dict):
        return {str(name): _plain(member) for name, member in value.items()}
    return plain_label(value)


def _rounded(value: Any, decimals: int) -> Any:
    if isinstance(value, float):
        return round(value, decimals)
    if isinstance(value, (list, tuple)):
        return [_rounded(member, decimals) for member in value]
    if isinstance(value, dict):
        return {name: member if name == "type" else _rounded(member, decimals) for name, member in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return GeoJsonWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if not is_vector(probe):
        return "it has no geometries"
    columns = count_columns(probe)
    if columns > MOST_COLUMNS:
        return f"each feature would have {columns:,} properties; use Parquet or CSV"
    return None


FORMAT = Format(
    name="GeoJSON",
    title="GeoJSON, in longitude and latitude",
    data_types=("vector",),
    media_type=MEDIA_TYPE,
    extension="geojson",
    parameters={
        "COORDINATE_PRECISION": {
            "type": "integer",
            "description": "The decimals of coordinates; all of them by default.",
            "minimum": 0,
            "maximum": 15,
        }
    },
    open=_open,
    suits=_suits,
)
