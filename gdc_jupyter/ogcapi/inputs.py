"""Inputs of an execution as parameters of a process graph: by value, by address and as a box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.inline import misfit
from gdc_jupyter.ogcapi.process import MEDIA_TYPES, OUTPUT, OgcProcess, is_box, takes_array

_CRS84 = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/OGC/0/CRS84h")
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
Fetch = Callable[[str], Any]
#: Inputs of one execution that are fetched from addresses.
MOST_ADDRESSES = 20


def bind(
    process: OgcProcess, inputs: Mapping[str, Any], outputs: Mapping[str, Any] | None, fetch: Fetch
) -> dict[str, Any]:
    """Return the openEO process whose parameters have the values of the inputs as their defaults.

    Parameters
    ----------
    process : OgcProcess
    inputs : mapping
        As OGC API - Processes has them.
    outputs : mapping, optional
        The outputs that are wanted, with their formats.
    fetch : callable
        Returns the JSON at an address, or refuses to.

    Raises
    ------
    GdcError
        ``InputInvalid`` or ``OutputInvalid``, with the name and what would be right.
    """
    _limit_addresses(inputs)
    values = {name: _value(process, name, given, fetch) for name, given in inputs.items()}
    chosen = _format(process, outputs)
    if chosen is not None:
        if values.get("format", chosen) != chosen:
            raise GdcError("OutputInvalid", "The format of the output and the input 'format' are not the same.")
        values["format"] = chosen
    missing = [each["name"] for each in process.parameters if not each.get("optional") and each["name"] not in values]
    if missing:
        raise GdcError("InputInvalid", f"The process '{process.id}' needs the input '{missing[0]}'.")
    for name, value in values.items():
        if problem := misfit((process.parameter(name) or {}).get("schema"), value):
            raise GdcError("InputInvalid", f"The input '{name}' does not fit. {problem}")
    parameters = [
        {**each, "optional": True, "default": values.get(each["name"], each.get("default"))}
        for each in process.parameters
    ]
    return {"id": process.id, "parameters": parameters, "process_graph": dict(process.process_graph)}


def _limit_addresses(inputs: Mapping[str, Any]) -> None:
    members = [each for given in inputs.values() for each in (given if isinstance(given, list) else [given])]
    count = sum(isinstance(each, dict) and "href" in each for each in members)
    if count > MOST_ADDRESSES:
        raise GdcError("InputInvalid", f"{count} inputs are at addresses; at most {MOST_ADDRESSES} are fetched.")


def _value(process: OgcProcess, name: str, given: Any, fetch: Fetch) -> Any:
    parameter = process.parameter(name)
    if parameter is None:
        there = ", ".join(each["name"] for each in process.parameters) or "none"
        raise GdcError(
            "InputInvalid", f"The process '{process.id}' has no input '{name[:100]}'; its inputs are {there}."
        )
    schema = parameter.get("schema") or {}
    if isinstance(given, list):
        found = [_unwrapped(name, each, schema, fetch) for each in given]
        if takes_array(schema):
            return found
        if len(found) != 1:
            raise GdcError("InputInvalid", f"The input '{name}' is given {len(found)} times; once is possible.")
        return found[0]
    return _unwrapped(name, given, schema, fetch)


def _unwrapped(name: str, given: Any, schema: Any, fetch: Fetch) -> Any:
    if not isinstance(given, dict):
        return given
    if "href" in given:
        if not isinstance(given["href"], str):
            raise GdcError("InputInvalid", f"The input '{name}' has an address that is no text.")
        return fetch(given["href"])
    if "bbox" in given and is_box(schema):
        return _box(name, given)
    if "value" in given and given.keys() <= {"value", "mediaType", "encoding", "schema", "format"}:
        if given.get("encoding") not in (None, "UTF-8", "utf-8"):
            raise GdcError(
                "InputInvalid", f"The input '{name}' has the encoding '{given['encoding']}', which is not known."
            )
        value = given["value"]
        return _box(name, value) if isinstance(value, dict) and "bbox" in value and is_box(schema) else value
    return given


def _box(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    numbers = given["bbox"]
    if (
        not isinstance(numbers, list)
        or len(numbers) not in (4, 6)
        or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers)
    ):
        raise GdcError("InputInvalid", f"The input '{name}' must be a box of four or six numbers.")
    half = len(numbers) // 2
    west, south, east, north = *numbers[:2], *numbers[half : half + 2]
    crs = given.get("crs") or _CRS84[0]
    box = {"west": west, "south": south, "east": east, "north": north}
    if crs in _CRS84:
        return box
    if isinstance(crs, str) and crs.startswith(_EPSG) and crs.removeprefix(_EPSG).isdigit():
        return box | {"crs": int(crs.removeprefix(_EPSG))}
    raise GdcError(
        "InputInvalid", f"The input '{name}' has the CRS {str(crs)[:100]!r}; it must be {_CRS84[0]} or {_EPSG}n."
    )


def _format(process: OgcProcess, outputs: Mapping[str, Any] | None) -> str | None:
    """Return the name of the format that is asked for."""
    for name in outputs or {}:
        if name != OUTPUT:
            raise GdcError(
                "OutputInvalid", f"The process '{process.id}' has no output '{name[:100]}'; it has '{OUTPUT}'."
            )
    wanted = (outputs or {}).get(OUTPUT) or {}
    media_type = (wanted.get("format") or {}).get("mediaType") if isinstance(wanted, dict) else None
    if media_type is None:
        return None
    plain = media_type.replace(" ", "").lower()
    for name in process.formats():
        if MEDIA_TYPES[name].replace(" ", "") == plain or MEDIA_TYPES[name].partition(";")[0] == plain:
            return name
    there = ", ".join(MEDIA_TYPES[name] for name in process.formats()) or "that which the process gives it"
    raise GdcError("OutputInvalid", f"The output '{OUTPUT}' cannot be {media_type[:100]}; it can be {there}.")
