"""The conformance classes of what is there, by section."""

from __future__ import annotations

_OGC = "http://www.opengis.net/spec"

CAPABILITIES = [
    "https://api.openeo.org/1.2.0",
    "https://api.stacspec.org/v1.0.0/core",
    f"{_OGC}/ogcapi-common-1/1.0/conf/core",
    f"{_OGC}/ogcapi-common-1/1.0/conf/json",
]
COLLECTIONS = [
    "https://api.stacspec.org/v1.0.0/collections",
    f"{_OGC}/ogcapi-common-2/1.0/conf/collections",
]
#: Under the names of the final standard's drafts, and under those of the draft before.
COVERAGES = [
    f"{_OGC}/ogcapi-coverages-1/1.0/conf/{name}"
    for name in (
        "core",
        "geodata-coverage",
        "coverage-rangesubset",
        "coverage-subset",
        "coverage-bbox",
        "coverage-datetime",
        "coverage-scaling",
        "subsetting",
        "fieldselection",
        "scaling",
        "crs",
        "html",
        "geotiff",
        "netcdf",
        "cisjson",
        "coveragejson",
    )
]
CONFORMS_TO = [*CAPABILITIES, *COLLECTIONS, *COVERAGES]
