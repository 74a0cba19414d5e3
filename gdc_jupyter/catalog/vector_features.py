"""Features of GeoJSON, GeoPackage and GeoParquet files as GeoJSON in longitude and latitude."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.catalog.collection import CRS84
from gdc_jupyter.errors import GdcError

SUFFIXES = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".parquet": "Parquet", ".geoparquet": "Parquet"}
#: How files of the formats start.
_STARTS = {"GPKG": b"SQLite format 3\0", "Parquet": b"PAR1"}
_TIMES = ("datetime", "date", "time", "timestamp")
_SPANS = ("start_datetime", "end_datetime")
_IDENTIFIERS = ("id", "fid", "identifier")
_PLACES, _AT_ONCE = 7, 10_000
_DEGREES = {"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"}
Box = tuple[float, float, float, float]


def features(path: Path, format: str) -> Iterator[tuple[dict[str, Any], Box | None]]:
    """Yield the features of a file, each with an id, and the box around it.

    Parameters
    ----------
    path : Path
    format : str
        ``GeoJSON``, ``GPKG`` or ``Parquet``.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    document = _document(path) if format == "GeoJSON" else None
    if document is not None:
        yield from _of_document(document)
    else:
        yield from _of_frame(_frame(path, format), format)


def _document(path: Path) -> list[dict[str, Any]] | None:
    """Return the features of a GeoJSON file; None where they are not in degrees."""
    try:
        document = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        system = ((document.get("crs") or {}).get("properties") or {}).get("name", "EPSG:4326")
        found = document["features"] if document["type"] == "FeatureCollection" else [document]
        if not all(each["type"] == "Feature" for each in found):
            raise ValueError("it is no Feature or FeatureCollection")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(path, "GeoJSON", error) from None
    return list(found) if system in _DEGREES else None


def _of_document(document: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], Box | None]]:
    import shapely

    given = [each.get("id") for each in document]
    properties = [each.get("properties") or {} for each in document]
    told = (_unique([each.get(name) for each in properties]) for name in _IDENTIFIERS)
    identifiers = _unique(given) or next((found for found in told if found), _numbers(len(document)))
    for start in range(0, len(document), _AT_ONCE):
        part = document[start : start + _AT_ONCE]
        texts = [orjson.dumps(each["geometry"]) if each.get("geometry") else None for each in part]
        try:
            geometries = shapely.from_geojson(texts)
        except shapely.errors.GEOSException as error:
            raise GdcError("DataFileUnreadable", f"A geometry cannot be read: {error}.") from None
        for index, (geometry, box) in enumerate(_prepared(geometries)):
            number = start + index
            yield _feature(identifiers[number], geometry, properties[number]), box


def _of_frame(frame: Any, format: str) -> Iterator[tuple[dict[str, Any], Box | None]]:
    columns = {name: frame[name].to_numpy() for name in frame.columns if name != frame.geometry.name}
    told = (_unique([plain(value) for value in columns[name]]) for name in _IDENTIFIERS if name in columns)
    identifiers = next((found for found in told if found), _numbers(len(frame)))
    if format == "GeoJSON":
        # The reader makes a property of the id of a feature.
        columns.pop("id", None)
    geometries = frame.geometry.to_numpy()
    for start in range(0, len(frame), _AT_ONCE):
        for index, (geometry, box) in enumerate(_prepared(geometries[start : start + _AT_ONCE]), start):
            properties = {name: plain(values[index]) for name, values in columns.items()}
            yield _feature(identifiers[index], geometry, properties), box


def _feature(identifier: str, geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": identifier, "geometry": geometry, "properties": properties}


def _prepared(geometries: Any) -> Iterator[tuple[dict[str, Any] | None, Box | None]]:
    """Yield geometries as GeoJSON with their boxes; nothing for those that are missing or empty."""
    import shapely

    rounded = shapely.set_precision(geometries, 10.0**-_PLACES, mode="pointwise")
    bounds = shapely.bounds(rounded).tolist()
    for text, empty, box in zip(shapely.to_geojson(rounded), shapely.is_empty(rounded), bounds, strict=True):
        if text is None or empty:
            yield None, None
        else:
            yield orjson.loads(text), tuple(box)


def _unique(values: Sequence[Any]) -> list[str] | None:
    found = [str(value) for value in values]
    told = all(value is not None and value != "" for value in values)
    return found if found and told and len(set(found)) == len(found) else None


def _numbers(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def _frame(path: Path, format: str) -> Any:
    """Return the features of a file as a GeoDataFrame in longitude and latitude."""
    import geopandas  # type: ignore[import-untyped]

    try:
        with path.open("rb") as file:
            if not file.read(16).startswith(_STARTS.get(format, b"")):
                raise ValueError(f"it is no {format} file")
        frame = geopandas.read_parquet(path) if format == "Parquet" else geopandas.read_file(path)
        if frame.crs is not None and frame.crs.to_epsg() != 4326:
            frame = frame.to_crs(CRS84)
    except Exception as error:  # whatever the readers raise
        raise _unreadable(path, format, error) from None
    if not hasattr(frame, "geometry"):
        raise GdcError("DataFileUnreadable", f"{path.name} has no features with a geometry.")
    return frame


def _unreadable(path: Path, format: str, error: Exception) -> GdcError:
    reason = " ".join(str(error).split())[:300]
    return GdcError("DataFileUnreadable", f"{path.name} cannot be read as {format}: {reason}")


def moments(properties: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the start and the end that a feature's properties tell, in milliseconds since 1970."""
    start, end = (_moment(properties.get(name)) for name in _SPANS)
    if start is not None and end is not None and start <= end:
        return start, end
    found = next((moment for name in _TIMES if (moment := _moment(properties.get(name))) is not None), None)
    return found, found


def _moment(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def json_type(value: Any) -> str:
    """Return the JSON type of a value of a property."""
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "string")


def plain(value: Any) -> Any:
    """Return a value of a column as JSON has it; what is missing as None."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64):
        value = value.item()
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if value is None or value != value:
        return None
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[ms]")).removesuffix(".000") + "Z"
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.isoformat().replace("+00:00", "Z")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    return value if isinstance(value, str | int | float | bool) else str(value)
