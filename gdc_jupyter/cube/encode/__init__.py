"""Cubes into files: the formats there are, one module a format."""

from __future__ import annotations

from gdc_jupyter.cube.encode import geotiff, json, netcdf, png
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.errors import GdcError

__all__ = ["FORMATS", "Asset", "Format", "Writer", "require_format"]

FORMATS: dict[str, Format] = {each.name: each for each in (geotiff.FORMAT, netcdf.FORMAT, png.FORMAT, json.FORMAT)}
_ALIASES = {"geotiff": "GTiff", "cog": "GTiff", "tiff": "GTiff", "nc": "netCDF"}


def require_format(name: str) -> Format:
    """Return the format of a name in upper or lower case.

    Raises
    ------
    GdcError
        ``FormatUnsuitable``, with the formats there are.
    """
    by_name = {each.lower(): each for each in FORMATS}
    key = by_name.get(name.lower(), _ALIASES.get(name.lower()))
    if key is None:
        raise GdcError("FormatUnsuitable", f"There is no output format '{name}'; there are {', '.join(FORMATS)}.")
    return FORMATS[key]
