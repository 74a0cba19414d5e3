"""What an output format is, what a writer of it does, and how options are held against their description."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import xarray as xr

from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError


@dataclass(frozen=True)
class Asset:
    """A file of a result.

    Parameters
    ----------
    path : Path
    media_type : str
    title : str
    roles : tuple of str
    metadata : dict
        More STAC fields, such as those of the projection extension.
    """

    path: Path
    media_type: str
    title: str
    roles: tuple[str, ...] = ("data",)
    metadata: dict[str, Any] = field(default_factory=dict)


class Writer(Protocol):
    """Writes one cube into files of a folder, block by block.

    The folder is a hidden one that the writer has for itself: its files are moved to where they belong when it has
    closed, and vanish where it fails.
    """

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Take a block; the window is None for a cube without x and y, or on no regular grid."""

    def close(self) -> list[Asset]:
        """Finish the files and return them."""


Open = Callable[[Path, str, Any, Grid | None, Mapping[str, Any]], Writer]


@dataclass(frozen=True)
class Format:
    """An output format.

    Parameters
    ----------
    name, title : str
        ``name`` is GDAL's.
    data_types : tuple of str
        openEO's ``gis_data_types``.
    media_type, extension : str
    parameters : mapping
        The options as openEO describes them: JSON schemas with a description.
    open : callable
        Makes a writer from folder, stem of the file names, probe, grid and options as :meth:`settled` returns them.
    suits : callable
        Returns why a probe and its grid cannot be written, or None.
    doubts : callable, optional
        Returns what is wrong with options, each of which is right by itself, or None.
    """

    name: str
    title: str
    data_types: tuple[str, ...]
    media_type: str
    extension: str
    parameters: Mapping[str, Mapping[str, Any]]
    open: Open
    suits: Callable[[Any, Grid | None], str | None]
    doubts: Callable[[Mapping[str, Any], Any], str | None] = lambda options, value: None

    def describe(self) -> dict[str, Any]:
        """Return the entry of ``GET /file_formats``."""
        return {
            "title": self.title,
            "gis_data_types": list(self.data_types),
            "parameters": {name: {"subtype": "format-option", **schema} for name, schema in self.parameters.items()},
        }

    def settled(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return options by their proper names, with their values in the types of their description.

        Names are taken in upper or lower case, and numbers and truth values as text too, as GDAL takes them. An option
        that is null is not given. Defaults are filled in.

        Raises
        ------
        GdcError
            ``FormatOptionInvalid``.
        """
        settled = {name: schema["default"] for name, schema in self.parameters.items() if "default" in schema}
        by_name = {name.lower(): name for name in self.parameters}
        for given, value in options.items():
            name = by_name.get(str(given).lower())
            if name is None:
                known = ", ".join(self.parameters) or "none"
                raise GdcError("FormatOptionInvalid", f"{self.name} has no option '{given}'; it has {known}.")
            if value is not None:
                settled[name] = _checked(name, value, self.parameters[name])
        return settled

    def check(self, value: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        """Refuse a value or options that the format cannot take.

        Raises
        ------
        GdcError
            ``FormatUnsuitable`` or ``FormatOptionInvalid``.
        """
        settled = self.settled(options)
        problem = self.suits(value, grid)
        if problem:
            raise GdcError("FormatUnsuitable", f"{self.name} cannot hold this result: {problem}.")
        doubt = self.doubts(settled, value)
        if doubt:
            raise GdcError("FormatOptionInvalid", f"{doubt}.")


def _checked(name: str, value: Any, schema: Mapping[str, Any]) -> Any:
    converted = _CONVERT.get(str(schema.get("type")), lambda value: value)(value)
    allowed = schema.get("enum")
    if allowed and isinstance(converted, str):
        converted = next((each for each in allowed if str(each).lower() == converted.lower()), None)
    problem = (
        converted is None
        or (allowed and converted not in allowed)
        or ("minimum" in schema and converted < schema["minimum"])
        or ("maximum" in schema and converted > schema["maximum"])
    )
    if problem:
        raise GdcError("FormatOptionInvalid", f"The option '{name}' is {value!r}; it can be {_range(schema)}.")
    return converted


def _range(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = {"boolean": "true or false", "object": "an object", "integer": "a whole number"}
    text = kind.get(str(schema.get("type")), f"a {schema.get('type')}")
    limits = [f"{word} {schema[key]}" for word, key in (("from", "minimum"), ("to", "maximum")) if key in schema]
    return " ".join([text, *limits])


def _integer(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and math.isfinite(number) and number == int(number) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}.get(str(value).lower())


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": lambda value: str(value) if isinstance(value, (str, int, float)) else None,
    "object": lambda value: value if isinstance(value, dict) else None,
    "array": lambda value: list(value) if isinstance(value, (list, tuple)) else None,
}
