"""The formats of files that a process graph can load, by the names that the same formats have as output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gdc_jupyter.errors import GdcError


@dataclass(frozen=True)
class InputFormat:
    """A format that can be loaded.

    Parameters
    ----------
    name, title : str
    data_types : tuple of str
        openEO's ``gis_data_types``.
    extensions : tuple of str
        The ends of the names of such files, without the dot.
    aliases : tuple of str
        Other names, in lower case.
    """

    name: str
    title: str
    data_types: tuple[str, ...]
    extensions: tuple[str, ...]
    aliases: tuple[str, ...] = ()

    def describe(self) -> dict[str, Any]:
        """Return the entry of ``GET /file_formats``."""
        return {"title": self.title, "gis_data_types": list(self.data_types), "parameters": {}}


INPUT_FORMATS: dict[str, InputFormat] = {
    each.name: each
    for each in (
        InputFormat("GTiff", "GeoTIFF", ("raster",), ("tif", "tiff"), ("geotiff", "cog", "tif", "tiff")),
        InputFormat("netCDF", "NetCDF, CF conventions", ("raster",), ("nc", "nc4", "cdf"), ("nc", "netcdf4")),
        InputFormat("Zarr", "Zarr, CF conventions", ("raster",), ("zarr", "zarr.zip")),
        InputFormat("GeoJSON", "GeoJSON", ("vector",), ("geojson", "json")),
        InputFormat("GPKG", "GeoPackage", ("vector",), ("gpkg",), ("geopackage",)),
        InputFormat("Parquet", "GeoParquet", ("vector", "table"), ("parquet", "geoparquet"), ("geoparquet",)),
    )
}


def require_input_format(name: str) -> InputFormat:
    """Return the format of a name in upper or lower case.

    Raises
    ------
    GdcError
        ``FormatUnsuitable``, with the formats there are.
    """
    for each in INPUT_FORMATS.values():
        if name.lower() in (each.name.lower(), *each.aliases):
            return each
    raise GdcError("FormatUnsuitable", f"There is no input format '{name}'; there are {', '.join(INPUT_FORMATS)}.")
