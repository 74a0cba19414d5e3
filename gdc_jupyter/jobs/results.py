"""STAC metadata of a result, kept as JSON beside its files and completed with addresses when it is served."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.cube.merge_patch import merge_patch
from gdc_jupyter.jobs.model import Job, now

if TYPE_CHECKING:
    from gdc_jupyter.graph import Result

FILES = "results"
METADATA = "result.json"
# Hashing takes a second for each gigabyte or two; that of a larger file is not told.
HASHED_BYTES = 4 << 30
# The multihash codes of SHA-256 and of the length of its digest.
_SHA256 = "1220"
# What stac_modify cannot change in the results of a job.
_FIXED = ("type", "stac_version", "id", "links")
_EXTENSIONS = {
    "proj:": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "raster:": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "eo:": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "cube:": "https://stac-extensions.github.io/datacube/v2.2.0/schema.json",
    "file:": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
}


def describe(result: Result, folder: Path, *, checksums: bool = False) -> dict[str, Any]:
    """Return what is to be kept of a result as JSON.

    Parameters
    ----------
    result : Result
        What the engine returned. A bare value is written to ``result.json`` in ``folder``, so that a batch job of a
        number has a file to download too.
    folder : Path
        Where its files are.
    checksums : bool
        Whether the files are told by their checksums too.

    Returns
    -------
    dict
        ``assets`` by file name, each with ``href`` relative to the folder; ``bbox``, ``start`` and ``end`` where they
        are known; ``value`` where the result is a bare value.
    """
    described: dict[str, Any] = {"assets": {}}
    for asset in result.assets:
        path = Path(asset.path)
        href = path.relative_to(folder).as_posix() if path.is_absolute() else path.as_posix()
        entry = {
            "href": href,
            "type": asset.media_type,
            "title": asset.title,
            "roles": list(asset.roles),
        }
        entry |= asset.metadata | _file_fields(folder / href, checksums)
        described["assets"][href] = {
            key: value for key, value in entry.items() if value not in (None, "") or key == "proj:code"
        }
    if not result.assets:
        described["value"] = result.value
        (folder / METADATA).write_text(json.dumps(result.value))
        described["assets"][METADATA] = {
            "href": METADATA,
            "type": "application/json",
            "title": "Result value",
            "roles": ["data"],
            **_file_fields(folder / METADATA, checksums),
        }
    if result.bbox is not None:
        described["bbox"] = [float(value) for value in result.bbox]
    for name in ("start", "end"):
        if getattr(result, name, None):
            described[name] = getattr(result, name)
    if result.changes:
        described["changes"] = result.changes
    return described


def _file_fields(path: Path, checksums: bool) -> dict[str, Any]:
    """Return the fields of the file extension."""
    size = path.stat().st_size
    entry: dict[str, Any] = {"file:size": size}
    if checksums and size <= HASHED_BYTES:
        with path.open("rb") as file:
            entry["file:checksum"] = _SHA256 + hashlib.file_digest(file, "sha256").hexdigest()
    return entry


def write(described: dict[str, Any], path: Path) -> None:
    """Write the description so that it is there whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(described))
    partial.replace(path)


def read(path: Path) -> dict[str, Any]:
    """Read what `write` wrote."""
    described: dict[str, Any] = json.loads(path.read_text())
    return described


def stac_item(job: Job, described: dict[str, Any]) -> dict[str, Any]:
    """Return the STAC Item of a finished job, without links and with relative asset addresses.

    The geometry is null where the result has no place (a number, a table). ``datetime`` is the start of the data's
    time, with ``start_datetime`` and ``end_datetime`` beside it; the end of the job where the data have no time.
    """
    finished = job.finished or now()
    properties: dict[str, Any] = {
        "datetime": described.get("start") or finished,
        "openeo:status": job.status,
    }
    if "start" in described and "end" in described:
        properties |= {
            "start_datetime": described["start"],
            "end_datetime": described["end"],
        }
    properties |= {"created": job.created, "updated": job.updated}
    properties |= {name: text for name in ("title", "description") if (text := getattr(job, name))}
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": _extensions(described["assets"].values()),
        "id": job.id,
        "geometry": None,
        "properties": properties,
        "assets": described["assets"],
        "links": [],
    }
    if "bbox" in described:
        item |= {"bbox": described["bbox"], "geometry": _footprint(described["bbox"])}
    return _changed(item, described.get("changes", []))


def _changed(item: dict[str, Any], changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an item after the changes of its process, but for what the service itself says of it."""
    for patch in changes:
        item = merge_patch(item, {name: value for name, value in patch.items() if name not in _FIXED})
    return item


def _footprint(bbox: list[float]) -> dict[str, Any]:
    """Return the box as GeoJSON: two polygons where it crosses the antimeridian (west > east)."""
    west, south, east, north = bbox
    if west > east:
        boxes = [(west, 180.0), (-180.0, east)]
        return {
            "type": "MultiPolygon",
            "coordinates": [[_ring(*box, south, north)] for box in boxes],
        }
    return {"type": "Polygon", "coordinates": [_ring(west, east, south, north)]}


def _ring(west: float, east: float, south: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _extensions(assets: Any) -> list[str]:
    keys = [key for asset in assets for key in asset]
    return [uri for prefix, uri in _EXTENSIONS.items() if any(key.startswith(prefix) for key in keys)]
