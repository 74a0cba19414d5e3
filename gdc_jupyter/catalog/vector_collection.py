"""A collection of features: a GeoJSON, GeoPackage or GeoParquet file, served in longitude and latitude."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.catalog.collection import CRS84, About, Band, Collection, Query, Source, Times
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError

SUFFIXES = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".parquet": "Parquet", ".geoparquet": "Parquet"}
_TIMES = ("datetime", "date", "time", "timestamp")
_PLACES = 7


@dataclass(frozen=True, eq=False)
class VectorCollection(Collection):
    """Features of a file.

    Parameters
    ----------
    path : Path
    format : str
        ``GeoJSON``, ``GPKG`` or ``Parquet``.
    box : tuple of float
        West, south, east, north of all features, in degrees.
    count : int
    columns : dict
        The properties, with their JSON types.
    span : tuple of str, optional
        The first and the last moment, where features have a time.
    """

    path: Path = Path()
    format: str = "GeoJSON"
    box: tuple[float, float, float, float] = (-180.0, -90.0, 180.0, 90.0)
    count: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    span: tuple[str, str] | None = None

    @property
    def bands(self) -> tuple[Band, ...]:
        """None: features have properties."""
        return ()

    @cached_property
    def grid(self) -> Grid:
        """One pixel as large as all features."""
        west, south, east, north = self.box
        return Grid("EPSG:4326", west, north, max(east - west, 1e-9), min(south - north, -1e-9), 1, 1)

    @property
    def times(self) -> Times | None:
        """None: there is no axis of times."""
        return None

    @property
    def interval(self) -> tuple[Any, Any]:
        """No moments are told by an array."""
        return None, None

    def open(self, query: Query) -> Source:
        """Refuse to be read as an array.

        Raises
        ------
        GdcError
            ``FormatUnsuitable``.
        """
        raise GdcError(
            "FormatUnsuitable",
            f"'{self.id}' holds features and no raster: read its items, or load the file as a vector cube.",
        )

    def metadata(self) -> dict[str, Any]:
        """Return the STAC 1.0.0 collection, without links."""
        about = self.about
        document = {
            "type": "Collection",
            "stac_version": "1.0.0",
            "id": self.id,
            "title": about.title,
            "description": about.description,
            "keywords": list(about.keywords),
            "license": about.license,
            "providers": [dict(provider) for provider in about.providers],
            "extent": {
                "spatial": {"bbox": [list(self.box)]},
                "temporal": {"interval": [list(self.span) if self.span else [None, None]]},
            },
            "itemType": "feature",
            "dataType": "vector",
            "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
            "summaries": {},
        }
        # The interval of a collection without times is open at both ends, and must be told so.
        return {key: value for key, value in (document | self.extra).items() if value not in ([], None)}

    def features(self) -> Iterator[dict[str, Any]]:
        """Yield the features as GeoJSON, each with an id.

        Raises
        ------
        GdcError
            ``DataFileUnreadable``.
        """
        frame = read_frame(self.path, self.format)
        names = [name for name in frame.columns if name != frame.geometry.name]
        geometries = frame.geometry.to_numpy()
        columns = {name: frame[name].to_numpy() for name in names}
        identifiers = _identifiers(columns, len(frame))
        if self.format == "GeoJSON":
            # The reader makes a property of the id of a feature.
            columns.pop("id", None)
        for index, geometry in enumerate(geometries):
            yield {
                "type": "Feature",
                "id": identifiers[index],
                "geometry": _geometry(geometry),
                "properties": {name: _value(values[index]) for name, values in columns.items()},
            }

    def moments(self, feature: dict[str, Any]) -> tuple[int | None, int | None]:
        """Return the start and the end of what a feature is of, in milliseconds since 1970."""
        found = moment_of(feature["properties"])
        return found, found


def from_file(path: Path, collection_id: str, title: str | None = None) -> VectorCollection:
    """Return the collection of a file of features.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    format = SUFFIXES[path.suffix.lower()]
    frame = read_frame(path, format)
    if not len(frame) or not hasattr(frame, "geometry") or frame.geometry.is_empty.all():
        raise GdcError("DataFileUnreadable", f"{path.name} has no features with a geometry.")
    west, south, east, north = (round(float(edge), _PLACES) for edge in frame.total_bounds)
    about = About(title or collection_id, f"{len(frame)} features of the file {path.name}.")
    made = VectorCollection(
        collection_id, about, path=path, format=format, box=(west, south, east, north), count=len(frame)
    )
    columns: dict[str, str] = {}
    moments: list[int] = []
    for feature in made.features():
        for name, value in feature["properties"].items():
            if value is not None:
                columns.setdefault(name, json_type(value))
        if (moment := moment_of(feature["properties"])) is not None:
            moments.append(moment)
    span = (_text(min(moments)), _text(max(moments))) if moments else None
    return replace(made, columns=columns, span=span)


def json_type(value: Any) -> str:
    """Return the JSON type of a value of a property."""
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "string")


def _text(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(properties: dict[str, Any]) -> int | None:
    """Return the time that a feature tells, in milliseconds since 1970."""
    for name in _TIMES:
        value = properties.get(name)
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
            except ValueError:
                continue
            return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return None


def read_frame(path: Path, format: str) -> Any:
    """Return the features of a file as a GeoDataFrame in longitude and latitude.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    import geopandas  # type: ignore[import-untyped]

    try:
        frame = geopandas.read_parquet(path) if format == "Parquet" else geopandas.read_file(path)
        if frame.crs is not None and frame.crs.to_epsg() != 4326:
            frame = frame.to_crs(CRS84)
    except Exception as error:  # whatever the readers raise
        reason = " ".join(str(error).split())[:300]
        raise GdcError("DataFileUnreadable", f"{path.name} cannot be read as {format}: {reason}") from None
    return frame


def _identifiers(columns: dict[str, Any], count: int) -> list[str]:
    for name in ("id", "fid", "identifier"):
        if name in columns:
            found = [str(value) for value in columns[name]]
            if len(set(found)) == count and all(found):
                return found
    return [str(number) for number in range(1, count + 1)]


def _geometry(geometry: Any) -> Any:
    import shapely

    if geometry is None or geometry.is_empty:
        return None
    return orjson.loads(shapely.to_geojson(shapely.set_precision(geometry, 10.0**-_PLACES, mode="pointwise")))


def _value(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | list | dict | type(None)) else str(value)
