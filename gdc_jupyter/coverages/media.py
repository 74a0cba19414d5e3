"""The formats of coverages by name; what a server has to know of them without loading what writes them."""

from __future__ import annotations

from dataclasses import dataclass

MULTIPART_BOUNDARY = "gdc-coverage-part"


@dataclass(frozen=True)
class Media:
    """A format.

    Attributes
    ----------
    name : str
        The short name, for ``f``.
    type : str
        The media type.
    title, extension : str
    aliases : tuple of str
        Other names and media types that mean the same.
    """

    name: str
    type: str
    title: str
    extension: str
    aliases: tuple[str, ...] = ()


#: All there are; the first is the default.
MEDIA = (
    Media("json", "application/json", "JSON (CIS 1.1)", "json", ("cisjson", "application/geo+json")),
    Media("png", "image/png", "PNG picture", "png"),
    Media(
        "geotiff",
        "image/tiff; application=geotiff",
        "GeoTIFF, cloud-optimised",
        "tif",
        ("gtiff", "cog", "tiff", "image/tiff", "image/tiff; application=geotiff; profile=cloud-optimized"),
    ),
    Media("netcdf", "application/x-netcdf", "NetCDF-4", "nc", ("nc", "application/netcdf", "application/x-netcdf4")),
    Media(
        "covjson",
        "application/prs.coverage+json",
        "CoverageJSON",
        "covjson",
        ("coveragejson", "application/vnd.cov+json"),
    ),
    Media("zarr", "application/zip", "Zarr, zipped", "zarr.zip", ("application/vnd+zarr", "application/zarr+zip")),
    Media(
        "multipart",
        f'multipart/related; type="application/json"; boundary={MULTIPART_BOUNDARY}',
        "JSON and GeoTIFF in one answer",
        "multipart",
        ("multipart/related",),
    ),
)
BY_NAME = {media.name: media for media in MEDIA}
