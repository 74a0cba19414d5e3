"""OGC processes: those that come with the server, and every process that a user has stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

VERSION = "1.0.0"
OUTPUT = "result"
CONTROL = ["sync-execute", "async-execute", "dismiss"]
TRANSMISSION = ["value", "reference"]
#: Media types of the formats of results, by their names.
MEDIA_TYPES = {
    "GTiff": "image/tiff; application=geotiff",
    "netCDF": "application/x-netcdf",
    "Zarr": "application/vnd.zarr+zip",
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "CovJSON": "application/prs.coverage+json",
    "JSON": "application/json",
    "GeoJSON": "application/geo+json",
    "CSV": "text/csv",
    "Parquet": "application/vnd.apache.parquet",
}
_BOX: dict[str, Any] = {
    "type": "object",
    "format": "ogc-bbox",
    "required": ["bbox"],
    "properties": {
        "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        "crs": {"type": "string", "format": "uri"},
    },
}


@dataclass(frozen=True)
class OgcProcess:
    """A process graph with parameters, as an OGC process.

    Attributes
    ----------
    id, title, description : str
    keywords : tuple of str
    parameters : tuple of dict
        As openEO describes them.
    returns : dict
        As openEO describes it.
    process_graph : dict
        Empty where only the description was asked for.
    """

    id: str
    title: str
    description: str
    parameters: tuple[dict[str, Any], ...] = ()
    returns: Mapping[str, Any] = field(default_factory=dict)
    process_graph: Mapping[str, Any] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()

    def parameter(self, name: str) -> dict[str, Any] | None:
        """Return a parameter."""
        return next((each for each in self.parameters if each["name"] == name), None)

    def summary(self) -> dict[str, Any]:
        """Return what a list tells, without links."""
        told = {"id": self.id, "version": VERSION, "title": self.title, "description": self.description}
        more: dict[str, Any] = {"jobControlOptions": CONTROL, "outputTransmission": TRANSMISSION}
        return told | ({"keywords": list(self.keywords)} if self.keywords else {}) | more

    def listed(self) -> dict[str, Any]:
        """Return what a list tells that openEO's clients read as well, without links."""
        parameters = [{"description": "", "schema": {}} | parameter for parameter in self.parameters]
        returns = {"description": "The result.", "schema": {}} | dict(self.returns)
        return self.summary() | {"summary": self.title, "parameters": parameters, "returns": returns}

    def describe(self) -> dict[str, Any]:
        """Return the description in full, without links."""
        inputs = {parameter["name"]: _input(parameter) for parameter in self.parameters}
        output = {
            "title": "Result",
            "description": self.returns.get("description") or "The result.",
            "schema": self._output_schema(),
        }
        return self.summary() | {"inputs": inputs, "outputs": {OUTPUT: output}}

    def formats(self) -> list[str]:
        """Return the formats that the result can have; none where it has that which the process gives it."""
        chosen = self.parameter("format")
        schema = chosen["schema"] if chosen else {}
        names = schema.get("enum", []) if isinstance(schema, dict) else []
        return [name for name in names if name in MEDIA_TYPES]

    def _output_schema(self) -> dict[str, Any]:
        formats = self.formats()
        if formats:
            return {"oneOf": [{"type": "string", "contentMediaType": MEDIA_TYPES[name]} for name in formats]}
        return _plain(self.returns.get("schema") or {})


def _input(parameter: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"title": parameter["name"], "schema": _plain(parameter.get("schema") or {})}
    if parameter.get("description"):
        described["description"] = parameter["description"]
    if parameter.get("optional"):
        described["minOccurs"] = 0
        if parameter.get("default") is not None:
            described["schema"] = {**described["schema"], "default": parameter["default"]}
    return described


def _plain(schema: Any) -> dict[str, Any]:
    """Return an openEO schema as one of OGC: alternatives by name, boxes as OGC has them."""
    if isinstance(schema, list):
        parts = [_plain(each) for each in schema if each != {"type": "null"}]
        return parts[0] if len(parts) == 1 else {"oneOf": parts} if parts else {}
    if is_box(schema):
        return _BOX
    return {name: value for name, value in schema.items() if name not in ("subtype", "parameters", "returns")}


def is_box(schema: Any) -> bool:
    """Tell whether a schema takes a box."""
    if isinstance(schema, list):
        return any(is_box(each) for each in schema)
    return isinstance(schema, dict) and schema.get("subtype") == "bounding-box"


def takes_array(schema: Any) -> bool:
    """Tell whether a schema takes an array."""
    if isinstance(schema, list):
        return any(takes_array(each) for each in schema)
    if not isinstance(schema, dict):
        return False
    types = schema.get("type")
    return types is None or types == "array" or (isinstance(types, list) and "array" in types)


@cache
def built_in() -> tuple[OgcProcess, ...]:
    """Return the processes that come with the server."""
    documents = json.loads(Path(__file__).with_name("processes.json").read_text(encoding="utf-8"))
    return tuple(
        OgcProcess(
            each["id"],
            each["title"],
            each["description"],
            tuple(each["parameters"]),
            each["returns"],
            each["process_graph"],
            tuple(each["keywords"]),
        )
        for each in documents
    )


@cache
def built_in_graphs() -> dict[str, dict[str, Any]]:
    """Return the processes that come with the server as openEO has them, by id, for graphs that call them."""
    return {
        each.id: {
            "id": each.id,
            "parameters": list(each.parameters),
            "returns": dict(each.returns),
            "process_graph": dict(each.process_graph),
        }
        for each in built_in()
    }


def of_user(process: Mapping[str, Any]) -> OgcProcess:
    """Return a process that a user has stored."""
    return OgcProcess(
        process["id"],
        process.get("summary") or process["id"],
        process.get("description") or "A process that a user has stored.",
        tuple(process.get("parameters") or ()),
        process.get("returns") or {},
        process.get("process_graph") or {},
        ("user-defined",),
    )
