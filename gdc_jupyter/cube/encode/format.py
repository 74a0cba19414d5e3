"""What an output format is, and what a writer of it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import dimension_type
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.time import format_instant
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
    """Writes one cube into files of a folder, block by block."""

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Take a block; the window is None for a cube without x and y."""

    def close(self) -> list[Asset]:
        """Finish the files and return them."""


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
        The options as openEO describes them.
    open : callable
        Makes a writer from folder, stem of the file names, probe, grid and options.
    suits : callable
        Returns why a probe and its grid cannot be written, or None.
    """

    name: str
    title: str
    data_types: tuple[str, ...]
    media_type: str
    extension: str
    parameters: Mapping[str, Mapping[str, Any]]
    open: Callable[[Path, str, Any, Grid | None, Mapping[str, Any]], Writer]
    suits: Callable[[Any, Grid | None], str | None]

    def describe(self) -> dict[str, Any]:
        """Return the entry of ``GET /file_formats``."""
        return {
            "title": self.title,
            "gis_data_types": list(self.data_types),
            "parameters": {name: dict(schema) for name, schema in self.parameters.items()},
        }

    def check(self, value: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        """Refuse a value or options that the format cannot take.

        Raises
        ------
        GdcError
            ``FormatUnsuitable`` or ``FormatOptionInvalid``.
        """
        for name, option in options.items():
            schema = self.parameters.get(name)
            if schema is None:
                known = ", ".join(self.parameters) or "none"
                raise GdcError("FormatOptionInvalid", f"{self.name} has no option '{name}'; it has {known}.")
            allowed = schema.get("enum")
            if allowed and option not in allowed:
                raise GdcError(
                    "FormatOptionInvalid",
                    f"The option '{name}' is {option!r}; it can be {', '.join(map(str, allowed))}.",
                )
        problem = self.suits(value, grid)
        if problem:
            raise GdcError("FormatUnsuitable", f"{self.name} cannot hold this result: {problem}.")


def label_text(label: Any) -> str:
    """Return a label as part of a file name: dates without time where that is midnight, nothing but word characters."""
    text = format_instant(label) if isinstance(label, np.datetime64) or hasattr(label, "calendar") else str(label)
    return re.sub(r"[^\w.-]+", "-", text.removesuffix("T00:00:00Z").replace(":", "")).strip("-") or "label"


def planes(probe: xr.DataArray) -> tuple[list[str], str | None]:
    """Return the dimensions that make separate images, and the one whose labels are the bands of an image."""
    others = [str(name) for name in probe.dims if dimension_type(probe, str(name)) != "spatial"]
    bands = [name for name in others if dimension_type(probe, name) == "bands"]
    if bands:
        return [name for name in others if name != bands[0]], bands[0]
    return others, None


def band_names(probe: xr.DataArray, dimension: str | None) -> list[str]:
    """Return the names of the bands of an image, or nothing where it has one without a name."""
    return [] if dimension is None else [str(label) for label in probe.coords[dimension].values]
