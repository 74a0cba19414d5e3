"""The peers of ``coverages.py`` as servers in an own environment: ``python peer_coverages.py NAME PORT FOLDER``.

``NAME`` is pygeoapi, xpublish or titiler. Each is run by uvicorn in one process, as its documentation has it.
"""

import os
import subprocess
import sys
from pathlib import Path

import uvicorn
import yaml

LICENSE = {"name": "CC0-1.0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"}
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def pygeoapi(folder: Path, port: int):  # type: ignore[no-untyped-def]
    """Return pygeoapi with the NetCDF file, the Zarr store and the GeoTIFF as coverages."""
    configuration, document = folder / "pygeoapi.yaml", folder / "pygeoapi-openapi.yaml"
    axes = {"x_field": "x", "y_field": "y"}
    netcdf = {"name": "netcdf", "mimetype": "application/x-netcdf"}
    geotiff = {"name": "GTiff", "mimetype": "image/tiff"}
    coverages = {
        "scenes": {"name": "xarray", "data": "scenes.zarr", "format": netcdf, "time_field": "time", **axes},
        "scenes-netcdf": {"name": "xarray", "data": "scenes.nc", "format": netcdf, "time_field": "time", **axes},
        "field": {"name": "xarray", "data": "field.zarr", "format": netcdf, **axes},
        "scene": {"name": "rasterio", "data": "scene.tif", "format": geotiff},
    }
    resources = {
        name: {
            "type": "collection",
            "title": name,
            "description": name,
            "keywords": ["benchmark"],
            "links": [],
            "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": CRS84}}
            | ({"temporal": {"begin": None, "end": None}} if "time_field" in each else {}),
            "providers": [{"type": "coverage", **each, "data": str(folder / each["data"])}],
        }
        for name, each in coverages.items()
    }
    configuration.write_text(yaml.safe_dump(_configuration(port) | {"resources": resources}))
    os.environ["PYGEOAPI_CONFIG"], os.environ["PYGEOAPI_OPENAPI"] = str(configuration), str(document)
    make = [str(Path(sys.executable).with_name("pygeoapi")), "openapi", "generate", str(configuration)]
    with document.open("w") as file:
        subprocess.run(make, stdout=file, check=True)
    from pygeoapi.starlette_app import APP

    return APP


def _configuration(port: int) -> dict[str, object]:
    contact = {"name": "Benchmark", "position": "", "address": "", "city": "", "stateorprovince": "", "postalcode": ""}
    contact |= {"country": "", "phone": "", "fax": "", "email": "", "url": "", "hours": "", "instructions": ""}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 100},
            "map": {"url": "", "attribution": ""},
            "gzip": False,
            "pretty_print": False,
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "Benchmark",
                "description": "Benchmark",
                "keywords": ["benchmark"],
                "keywords_type": "theme",
                "terms_of_service": LICENSE["url"],
                "url": LICENSE["url"],
            },
            "license": LICENSE,
            "provider": {"name": "Benchmark", "url": LICENSE["url"]},
            "contact": contact | {"role": "pointOfContact"},
        },
    }


def xpublish(folder: Path, port: int):  # type: ignore[no-untyped-def]
    """Return xpublish with the plugin for OGC API - EDR and the Zarr stores."""
    import xarray as xr
    from xpublish import Rest

    stores = {name: xr.open_zarr(folder / f"{name}.zarr") for name in ("scenes", "field")}
    return Rest(stores).app


def titiler(folder: Path, port: int):  # type: ignore[no-untyped-def]
    """Return titiler for GeoTIFFs at /cog and for Zarr at /zarr."""
    from fastapi import FastAPI
    from titiler.core.factory import TilerFactory
    from titiler.xarray.factory import TilerFactory as ZarrFactory

    app = FastAPI()
    app.include_router(TilerFactory(router_prefix="/cog").router, prefix="/cog")
    app.include_router(ZarrFactory(router_prefix="/zarr").router, prefix="/zarr")
    return app


def main() -> None:
    """Serve until ended."""
    name, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    app = {"pygeoapi": pygeoapi, "xpublish": xpublish, "titiler": titiler}[name](folder, port)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", timeout_keep_alive=3600)


if __name__ == "__main__":
    main()
