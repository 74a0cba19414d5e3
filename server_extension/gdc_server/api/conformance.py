"""The conformance classes of what is there, by section."""

from __future__ import annotations

_OGC = "http://www.opengis.net/spec"

CAPABILITIES = [
    "https://api.openeo.org/1.2.0",
    "https://api.stacspec.org/v1.0.0/core",
    f"{_OGC}/ogcapi-common-1/1.0/conf/core",
    *(f"{_OGC}/ogcapi-common-1/1.0/conf/{name}" for name in ("json", "html", "oas30")),
]
COLLECTIONS = [
    "https://api.stacspec.org/v1.0.0/collections",
    *(f"{_OGC}/ogcapi-common-2/1.0/conf/{name}" for name in ("collections", "json", "html")),
]
_STAC = "https://api.stacspec.org/v1.0.0"
_CQL2 = f"{_OGC}/cql2/1.0/conf"
ITEMS = [
    f"{_STAC}/ogcapi-features",
    f"{_STAC}/item-search",
    *(f"{_STAC}/item-search#{name}" for name in ("fields", "sort", "filter")),
    *(f"{_STAC}/ogcapi-features#{name}" for name in ("fields", "sort")),
    f"{_OGC}/ogcapi-features-1/1.0/conf/core",
    f"{_OGC}/ogcapi-features-1/1.0/conf/geojson",
    f"{_OGC}/ogcapi-features-1/1.0/conf/html",
    f"{_OGC}/ogcapi-features-1/1.0/conf/oas30",
    *(f"{_OGC}/ogcapi-features-3/1.0/conf/{name}" for name in ("filter", "features-filter", "queryables")),
    *(
        f"{_CQL2}/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "property-property",
            "arithmetic",
        )
    ),
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
PROCESSES = [
    f"{_OGC}/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "callback", "dismiss")
]
CONFORMS_TO = [*CAPABILITIES, *COLLECTIONS, *ITEMS, *COVERAGES, *PROCESSES]
