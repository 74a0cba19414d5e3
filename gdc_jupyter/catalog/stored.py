"""Collections as JSON documents for the registry, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gdc_jupyter.catalog.arrays import ArrayCollection, Layout, Variable
from gdc_jupyter.catalog.cog import CogCollection
from gdc_jupyter.catalog.collection import About, Band, Collection, Times
from gdc_jupyter.cube.calendars import decode, encode
from gdc_jupyter.cube.grid import Grid


def to_json(collection: Collection) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the document of a collection, and its items."""
    document: dict[str, Any] = {
        "id": collection.id,
        "about": asdict(collection.about),
        "extra": collection.extra,
        "bands": [_band_to_json(band) for band in collection.bands],
    }
    if isinstance(collection, ArrayCollection):
        times = collection.time_list
        return document | {
            "kind": "array",
            "path": str(collection.path),
            "variables": [asdict(variable) for variable in collection.variables],
            "grid": asdict(collection.whole),
            "layout": asdict(collection.layout),
            "times": None if times is None else _times_to_json(times),
            "time_order": list(collection.time_order),
            "tile": list(collection.tile),
            "span": _times_to_json(np.array(collection.span)),
        }, []
    assert isinstance(collection, CogCollection)
    return document | {"kind": "cog", "tile": list(collection.tile)}, list(collection.documents)


def from_json(document: dict[str, Any], items: list[dict[str, Any]]) -> Collection:
    """Return the collection of a document and its items."""
    about = document["about"]
    lists = {key: tuple(about[key]) for key in ("providers", "keywords", "links")}
    common: dict[str, Any] = {
        "id": document["id"],
        "about": About(**(about | lists)),
        "extra": document["extra"],
        "band_list": tuple(_band_from_json(band) for band in document["bands"]),
        "tile": tuple(document["tile"]),
    }
    if document["kind"] == "cog":
        return CogCollection(**common, documents=items)
    times, (start, end) = document["times"], _times_from_json(document["span"])
    return ArrayCollection(
        **common,
        path=Path(document["path"]),
        variables=tuple(_variable(entry) for entry in document["variables"]),
        whole=Grid(**document["grid"]),
        layout=Layout(**document["layout"]),
        time_list=None if times is None else _times_from_json(times),
        time_order=tuple(document["time_order"]),
        span=(start, end),
    )


def _times_to_json(times: Times) -> Any:
    if times.dtype.kind == "M":
        return times.astype("datetime64[ns]").astype(np.int64).tolist()
    numbers, attributes = encode(times)
    return attributes | {"numbers": numbers.tolist()}


def _times_from_json(entry: Any) -> Times:
    if isinstance(entry, list):
        return np.array(entry, "int64").astype("datetime64[ns]")
    return decode(**entry)


def _variable(entry: dict[str, Any]) -> Variable:
    return Variable(**(entry | {"axes": tuple(entry["axes"]), "fill": tuple(entry["fill"])}))


def _band_to_json(band: Band) -> dict[str, Any]:
    # JSON has no NaN.
    missing = band.nodata is not None and np.isnan(band.nodata)
    return asdict(band) | ({"nodata": "nan"} if missing else {})


def _band_from_json(entry: dict[str, Any]) -> Band:
    nodata = entry["nodata"]
    return Band(**(entry | {"nodata": None if nodata is None else float(nodata)}))
