"""A collection of features: a GeoJSON, GeoPackage or GeoParquet file, served in longitude and latitude."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from gdc_jupyter.catalog.collection import About, Band, Collection, Query, Source, Times
from gdc_jupyter.catalog.metadata import CRS84_URI, EXTENSIONS
from gdc_jupyter.catalog.vector_features import SUFFIXES, Box, features, json_type, moments
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError

#: A longer list of values of a property tells nobody anything.
_MOST_LISTED = 20


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
    geometry_types : tuple of str
        As GeoJSON calls them.
    values : dict
        The values of properties that have few of them.
    """

    path: Path = Path()
    format: str = "GeoJSON"
    box: Box = (-180.0, -90.0, 180.0, 90.0)
    count: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    span: tuple[str, str] | None = None
    geometry_types: tuple[str, ...] = ()
    values: dict[str, list[Any]] = field(default_factory=dict)

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
            "stac_extensions": [EXTENSIONS["cube"]],
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
            "crs": [CRS84_URI],
            "storageCrs": CRS84_URI,
            "cube:dimensions": self._dimensions(),
            "summaries": self.values,
        }
        # The interval of a collection without times is open at both ends, and must be told so.
        return {key: value for key, value in (document | self.extra).items() if value not in ([], None)}

    def _dimensions(self) -> dict[str, Any]:
        geometries: dict[str, Any] = {"type": "geometry", "axes": ["x", "y"], "bbox": list(self.box)}
        geometries["reference_system"] = 4326
        if self.geometry_types:
            geometries["geometry_types"] = list(self.geometry_types)
        return {"geometry": geometries}

    def features(self) -> Iterator[tuple[dict[str, Any], Box | None]]:
        """Yield the features as GeoJSON, each with an id and the box around it.

        Raises
        ------
        GdcError
            ``DataFileUnreadable``.
        """
        return features(self.path, self.format)


def from_file(path: Path, collection_id: str, title: str | None = None, about: About | None = None) -> VectorCollection:
    """Return the collection of a file of features.

    Parameters
    ----------
    path : Path
    collection_id : str
    title : str, optional
        The id by default.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    format = SUFFIXES[path.suffix.lower()]
    seen = _Seen()
    for feature, box in features(path, format):
        seen.look_at(feature, box)
    if seen.box is None:
        raise GdcError("DataFileUnreadable", f"{path.name} has no features with a geometry.")
    west, south, east, north = seen.box
    if west < -360 or east > 360 or south < -90.001 or north > 90.001:
        raise GdcError(
            "DataFileUnreadable",
            f"{path.name} tells no reference system, and its coordinates are no degrees: they reach from "
            f"{west:g}, {south:g} to {east:g}, {north:g}.",
        )
    return VectorCollection(
        collection_id,
        About(title or collection_id, f"{seen.count} features of the file {path.name}."),
        path=path,
        format=format,
        box=(west, max(south, -90.0), east, min(north, 90.0)),
        count=seen.count,
        columns=seen.columns,
        span=(_text(min(seen.moments)), _text(max(seen.moments))) if seen.moments else None,
        geometry_types=tuple(seen.geometry_types),
        values=seen.listed(),
    )


@dataclass
class _Seen:
    """What is known of features after all of them were looked at."""

    count: int = 0
    box: Box | None = None
    moments: list[int] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    geometry_types: dict[str, None] = field(default_factory=dict)
    values: dict[str, dict[str, None]] = field(default_factory=dict)

    def look_at(self, feature: dict[str, Any], box: Box | None) -> None:
        """Learn of one more."""
        self.count += 1
        if box is not None:
            west, south, east, north = self.box or box
            self.box = (min(west, box[0]), min(south, box[1]), max(east, box[2]), max(north, box[3]))
            self.geometry_types[feature["geometry"]["type"]] = None
        for name, value in feature["properties"].items():
            if value is not None:
                self.columns.setdefault(name, json_type(value))
            if isinstance(value, str) and len(self.values.setdefault(name, {})) <= _MOST_LISTED:
                self.values[name][value] = None
        found = {moment for moment in moments(feature["properties"]) if moment is not None}
        self.moments = [min(found | set(self.moments)), max(found | set(self.moments))] if found else self.moments

    def listed(self) -> dict[str, list[str]]:
        """Return the values of the properties that have few."""
        most = min(_MOST_LISTED, self.count // 2)
        return {name: list(values) for name, values in self.values.items() if len(values) <= most}


def _text(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
