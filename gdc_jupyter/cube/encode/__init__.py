"""Cubes into files: the formats there are, one module a format."""

from __future__ import annotations

from gdc_jupyter.cube.encode import covjson, csv, geojson, geotiff, json, netcdf, parquet, pictures, zarr
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.errors import GdcError

__all__ = ["FORMATS", "Asset", "Format", "Writer", "format_of_file", "require_format"]

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        geotiff.FORMAT,
        netcdf.FORMAT,
        zarr.FORMAT,
        pictures.PNG,
        pictures.JPEG,
        covjson.FORMAT,
        geojson.FORMAT,
        parquet.FORMAT,
        csv.FORMAT,
        json.FORMAT,
    )
}
_ALIASES = {
    "geotiff": "GTiff",
    "cog": "GTiff",
    "tif": "GTiff",
    "tiff": "GTiff",
    "nc": "netCDF",
    "netcdf4": "netCDF",
    "jpg": "JPEG",
    "coveragejson": "CovJSON",
    "geoparquet": "Parquet",
}
_EXTENSIONS = {"tiff": "GTiff", "jpeg": "JPEG", "zarr": "Zarr"}


def require_format(name: str) -> Format:
    """Return the format of a name in upper or lower case.

    Raises
    ------
    GdcError
        ``FormatUnsuitable``, with the formats there are.
    """
    by_name = {each.lower(): each for each in FORMATS}
    key = by_name.get(name.lower(), _ALIASES.get(name.lower()))
    if key not in FORMATS:
        raise GdcError("FormatUnsuitable", f"There is no output format '{name}'; there are {', '.join(FORMATS)}.")
    return FORMATS[key]


def format_of_file(name: str) -> Format:
    """Return the format that the extension of a file's name stands for.

    Raises
    ------
    GdcError
        ``FormatUnsuitable``, with the extensions there are.
    """
    extensions = {each.extension: key for key, each in FORMATS.items()} | _EXTENSIONS
    for extension, key in extensions.items():
        if name.lower().endswith(f".{extension}") and key in FORMATS:
            return FORMATS[key]
    known = ", ".join(f".{extension}" for extension in extensions)
    raise GdcError("FormatUnsuitable", f"The output's name must end in one of {known}.")
