"""Records as CMR gives them in JSON (collections and granules) and UMM-JSON (variables and services), as metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from gdc_jupyter.opendap.ous.metadata import Collection, Dimension, Granule, Service, Variable

#: Collections whose metadata do not tell that their first row is the northernmost.
_FROM_NORTH = (
    "Aqua AIRS Level 3 Daily Standard Physical Retrieval (AIRS+AMSU) V006 (AIRX3STD) at GES DISC",
    "Aqua AIRS Level 3 Daily Standard Physical Retrieval (AIRS+AMSU) V006 (AIRX3STD) at GES DISC "
    "[Testing Variable Dimensions]",
    "MODIS/Terra Aerosol Cloud Water Vapor Ozone Daily L3 Global 1Deg CMG V006",
)
_SIZES = {"byte": 1, "char": 1, "string": None, "float": 4, "double": 8, "short": 2, "int": 4, "long": 8}


def collection(record: Mapping[str, Any]) -> Collection:
    """Return a collection of CMR's JSON, or of UMM-JSON."""
    umm = record.get("umm") or {}
    associations = record.get("associations") or (record.get("meta") or {}).get("associations") or {}
    level = record.get("processing_level_id") or (umm.get("ProcessingLevel") or {}).get("Id") or ""
    return Collection(
        str(record.get("id") or (record.get("meta") or {}).get("concept-id")),
        str(record.get("dataset_id") or umm.get("EntryTitle") or ""),
        str(level),
        tuple(associations.get("variables") or ()),
        tuple(sorted(associations.get("services") or ())),
        record.get("tags") or {},
    )


def granule(record: Mapping[str, Any]) -> Granule:
    """Return a granule of CMR's JSON, or of UMM-G."""
    concept_id = str(record.get("id") or (record.get("meta") or {}).get("concept-id"))
    links = record.get("links")
    if links is None:
        links = [_related(url) for url in (record.get("umm") or {}).get("RelatedUrls") or ()]
    return Granule(concept_id, tuple(links), (_provider(concept_id), milliseconds(record), number(concept_id)))


def _related(url: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(url.get("Type", ""))
    rel = "data#" if kind == "GET DATA" else "service#" if kind == "USE SERVICE API" else "metadata#"
    return {"rel": f"http://esipfed.org/ns/fedsearch/1.1/{rel}", "href": url.get("URL"), **url}


def _provider(concept_id: str) -> str:
    return concept_id.partition("-")[2].lower()


def number(concept_id: str) -> int:
    """Return the number in a concept id."""
    found = re.search(r"\d+", concept_id)
    return int(found[0]) if found else 0


def milliseconds(record: Mapping[str, Any]) -> int:
    """Return the start of a granule since 1970."""
    start = record.get("time_start")
    return to_milliseconds(str(start)) if start else 0


def to_milliseconds(text: str) -> int:
    """Return a date-time since 1970; one without a zone is UTC."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def variable(record: Mapping[str, Any], title: str = "") -> Variable:
    """Return a variable of UMM-Var.

    Parameters
    ----------
    record : dict
    title : str
        The title of its collection: some tell by it alone that their first row is the northernmost.
    """
    umm = record["umm"]
    ranges = umm.get("IndexRanges") or (umm.get("Characteristics") or {}).get("IndexRanges") or {}
    latitude = ranges.get("LatRange") or ((90, -90) if title in _FROM_NORTH else None)
    longitude = ranges.get("LonRange")
    return Variable(
        str((record.get("meta") or {}).get("concept-id")),
        str(umm["Name"]),
        tuple(_dimension(entry) for entry in umm.get("Dimensions") or ()),
        (float(latitude[0]), float(latitude[1])) if latitude else None,
        (float(longitude[0]), float(longitude[1])) if longitude else None,
        _item_size(str(umm.get("DataType", ""))),
    )


def _dimension(entry: Mapping[str, Any]) -> Dimension:
    size = entry.get("Size")
    whole = isinstance(size, int | float) and size > 0 and float(size).is_integer()
    return Dimension(str(entry["Name"]), int(size) if whole and size is not None else None, entry.get("Type"))


def _item_size(data_type: str) -> int | None:
    bits = re.search(r"(8|16|32|64)$", data_type)
    return int(bits[1]) // 8 if bits else _SIZES.get(data_type.lower())


def service(record: Mapping[str, Any]) -> Service:
    """Return a service of UMM-S."""
    umm = record.get("umm") or {}
    return Service(
        str((record.get("meta") or {}).get("concept-id")),
        str(umm.get("Type", "")),
        str(umm.get("OnlineAccessURLPatternMatch") or ""),
        str(umm.get("OnlineAccessURLPatternSubstitution") or ""),
    )


def search_after(following: tuple[str, int, int]) -> str:
    """Return the header ``CMR-Search-After`` of a page, given the place of the first granule of the next one."""
    return orjson.dumps(list(following)).decode()
