"""Make the shipped samples from the packages that hold the original data (for maintainers).

    python -m gdc_jupyter.samples.build SENTINEL_2_FOLDER OSTIA_FILE

SENTINEL_2_FOLDER is xrspatial/datasets/sentinel-2 of the package xarray-spatial 0.5.3, and OSTIA_FILE is
iris_sample_data/sample_data/ostia_monthly.nc of the package iris-sample-data 2.5.2.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.cog import CogCollection
from gdc_jupyter.catalog.collection import About, Band
from gdc_jupyter.catalog.metadata import item_assets, item_document, raster_asset
from gdc_jupyter.catalog.static_stac import write_collection
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.samples import FOLDER, fields

SCENE_ID = "S2_PATAGONIA"
CRS = "EPSG:32719"
BANDS = {
    "blue_band": ("B02", "blue", "Blue", 0.490, 0.065),
    "green_band": ("B03", "green", "Green", 0.560, 0.035),
    "red_band": ("B04", "red", "Red", 0.665, 0.030),
    "nir_band": ("B08", "nir", "Near infrared", 0.842, 0.115),
    "swir1_band": ("B11", "swir16", "Short-wave infrared, 1.6 µm", 1.610, 0.090),
    "swir2_band": ("B12", "swir22", "Short-wave infrared, 2.2 µm", 2.190, 0.180),
}
# The scene names no date: it lies between the launch of Sentinel-2A and the release of the package.
SPAN = np.datetime64("2015-06-23", "ns"), np.datetime64("2026-02-23", "ns")
SCENE = About(
    title="Sentinel-2 scene in Patagonia (Santa Cruz, Argentina)",
    description=(
        "Six bands of a real Sentinel-2 scene, 3 by 2 km near 47.85° S, 67.65° W: four at 10 m and two at 20 m, "
        "reflectance * 10000. The date of the scene is not recorded in the source, so the data have no time; the "
        "interval in the metadata reaches from the launch of Sentinel-2A to the release of the package. "
        "Contains modified Copernicus Sentinel data, taken from the package xarray-spatial 0.5.3 (MIT licence); the "
        "values are unchanged, the 20 m bands are cut to the area of the 10 m bands."
    ),
    license="MIT",
    providers=(
        {"name": "ESA (Copernicus)", "roles": ["producer"], "url": "https://sentinels.copernicus.eu"},
        {
            "name": "xarray-spatial",
            "roles": ["processor", "licensor"],
            "url": "https://github.com/xarray-contrib/xarray-spatial",
        },
    ),
    keywords=("Sentinel-2", "Patagonia", "Argentina", "multispectral", "sample"),
    links=(
        {
            "rel": "license",
            "href": "https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice",
            "type": "application/pdf",
            "title": "Legal notice on the use of Copernicus Sentinel data",
        },
    ),
)


def build_scene(source: Path, target: Path) -> None:
    """Write the Sentinel-2 scene as COGs with a static STAC collection.

    Parameters
    ----------
    source : Path
        The folder with ``blue_band.nc`` and the others.
    target : Path
        The folder to write to.
    """
    target.mkdir(parents=True, exist_ok=True)
    bands, assets, outline = [], {}, None
    for stem, (name, common, title, center, width) in BANDS.items():
        values, grid = _read_band(source / f"{stem}.nc")
        outline = outline or grid
        part = grid.crop(outline.bounds)
        assert part is not None
        values = values[: part.height, : part.width]
        band = Band(name, common, title, None, "uint16", 0, 0.0001, 0.0, "1", center, width)
        _write_cog(target / f"{SCENE_ID}_{name}.tif", values, part, band)
        bands.append(band)
        assets[name] = raster_asset(f"./{SCENE_ID}_{name}.tif", (band,), part) | {"gsd": part.dx}
    assert outline is not None
    item = item_document(SCENE_ID, SCENE_ID, outline, SPAN, assets, {"instruments": ["msi"]})
    collection = CogCollection(SCENE_ID, SCENE, documents=[item], band_list=tuple(bands))
    document = collection.metadata() | {"item_assets": item_assets(bands)}
    document["summaries"] |= {"instruments": ["msi"]}
    write_collection(target, document | {"links": list(SCENE.links)}, [item])


def _read_band(path: Path) -> tuple[NDArray[np.uint16], Grid]:
    import xarray as xr

    with xr.open_dataset(path, engine="scipy") as dataset:
        data = dataset["__xarray_dataarray_variable__"]
        dx, _, x, _, dy, y = (float(value) for value in data.attrs["transform"])
        values = data.values
    whole = values.astype(np.uint16)
    assert (whole == values).all()
    assert whole.min() > 0
    return whole, Grid(CRS, x, y, dx, dy, values.shape[1], values.shape[0])


def _write_cog(path: Path, values: NDArray[np.uint16], grid: Grid, band: Band) -> None:
    import rasterio
    from affine import Affine

    with rasterio.open(
        path,
        "w",
        driver="COG",
        height=grid.height,
        width=grid.width,
        count=1,
        dtype="uint16",
        crs=grid.crs,
        transform=Affine(*grid.transform),
        nodata=0,
        compress="ZSTD",
        level=19,
        predictor="YES",
        blocksize=256,
        overviews="NONE",
    ) as file:
        file.write(values, 1)
        file.descriptions = (band.name,)
        file.scales = (band.scale,)


def build_ostia(source: Path, target: Path) -> None:
    """Write the sea surface temperatures as a compressed NetCDF 4 file.

    Parameters
    ----------
    source : Path
        ``ostia_monthly.nc``.
    target : Path
        The file to write.
    """
    import netCDF4

    target.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(source) as old, netCDF4.Dataset(target, "w") as new:
        old.set_auto_maskandscale(False)
        new.set_auto_maskandscale(False)
        new.setncatts({"Conventions": "CF-1.8", "title": "OSTIA monthly sea surface temperature", **NOTICE})
        for name in ("time", "latitude", "longitude"):
            new.createDimension(name, len(old.dimensions[name]))
            _copy(old[name], new.createVariable(name, old[name].dtype, (name,)))
        _copy(old["latitude_longitude"], new.createVariable("latitude_longitude", "i4"))
        values = old["surface_temperature"]
        sst = new.createVariable(
            "sst",
            "f4",
            values.dimensions,
            compression="zlib",
            complevel=9,
            shuffle=True,
            chunksizes=(9, 18, 144),
            fill_value=values.getncattr("_FillValue"),
        )
        sst[:] = values[:]
        sst.setncatts(
            {
                "long_name": "Sea surface temperature",
                "standard_name": "surface_temperature",
                "units": "K",
                "cell_methods": "time: mean",
                "grid_mapping": "latitude_longitude",
            }
        )


NOTICE = {
    "institution": "Met Office",
    "license": "Open Government Licence 3.0",
    "comment": "Contains Met Office data, British Crown copyright, from iris-sample-data 2.5.2 (ostia_monthly.nc).",
}


def _copy(old: Any, new: Any) -> None:
    new.setncatts({name: old.getncattr(name) for name in old.ncattrs() if name != "bounds"})
    new[...] = old[...]


if __name__ == "__main__":
    build_scene(Path(sys.argv[1]), FOLDER / SCENE_ID)
    build_ostia(Path(sys.argv[2]), FOLDER / "OSTIA_SST" / "ostia_sst.nc")
    fields.FILE.write_text(json.dumps(fields.make()) + "\n", encoding="utf-8")
