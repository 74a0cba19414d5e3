"""What code of the user runs in: the version of Python and those of its libraries."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gdc_jupyter.errors import GdcError

NAME = "Python"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_VERSIONS = (VERSION, str(sys.version_info.major), ".".join(map(str, sys.version_info[:3])))
_LIBRARIES = (
    *("bottleneck", "dask", "exactextract", "geopandas", "netCDF4", "numba", "numpy", "openeo", "pandas", "pyarrow"),
    *("pyproj", "rasterio", "rioxarray", "scikit-image", "scikit-learn", "scipy", "shapely", "xarray", "zarr"),
)


def runtimes() -> dict[str, Any]:
    """Return the runtimes as ``GET /udf_runtimes`` gives them."""
    return {
        NAME: {
            "title": f"Python {VERSION}",
            "description": (
                "Python functions by the contract of the openEO Python client (openeo.udf): apply_datacube, "
                "apply_timeseries, apply_vectorcube and apply_udf_data. They run block by block, in a process of "
                "their own with limits of time and memory. Before data are read, they run once on 8 x 8 pixels of "
                "ones, so that the labels of their results are known."
            ),
            "type": "language",
            "default": VERSION,
            "versions": {VERSION: {"libraries": _libraries()}},
        }
    }


@cache
def _libraries() -> dict[str, dict[str, str]]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = {"version": version(name)}
        except PackageNotFoundError:
            continue
    return found


def require(runtime: str, wanted: str | None) -> None:
    """Refuse what is not there.

    Raises
    ------
    GdcError
        ``InvalidRuntime``, ``InvalidVersion``.
    """
    if runtime.lower() != NAME.lower():
        raise GdcError("InvalidRuntime", f"There is no runtime '{runtime}'; there is {NAME}.")
    if wanted is not None and wanted not in _VERSIONS:
        raise GdcError("InvalidVersion", f"There is no version '{wanted}' of the runtime {NAME}; there is {VERSION}.")
