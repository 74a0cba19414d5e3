"""The NDVI-median composite on a Zarr store: the engine against a hand-written version and xarray with Dask.

Usage: ``python benchmarks/composite_zarr.py [--repeat N]``. The data are 10 dates x 2 bands x 1792 x 1792 uint16 in
chunks of all dates x 512 x 512 (128 MB raw), in a temporary folder; every version writes a float32 GeoTIFF, with the
store in the page cache. The engine runs with an empty cache of results each time, and once more for a repeated request.
Medians and ratios are printed; results are compared to 1e-5.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import composite
import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

STORE = "composite.zarr"


def make_store(folder: Path) -> None:
    """Write the store, with the fields of the benchmark on COGs."""
    import xarray as xr
    import zarr

    random = np.random.default_rng(7)
    size, dates = composite.SIZE, composite.DATES
    rows, columns = np.mgrid[0:size, 0:size] / 200
    base = 1500 + 600 * np.sin(rows) * np.cos(columns)
    x = composite.ORIGIN[0] + composite.STEP * (np.arange(size) + 0.5)
    y = composite.ORIGIN[1] - composite.STEP * (np.arange(size) + 0.5)
    times = np.datetime64("2022-01-01", "ns") + np.arange(dates) * np.timedelta64(1, "D")
    variables = {}
    for band, factor in (("B04", 1.0), ("B08", 2.2)):
        values = np.stack(
            [
                (base * factor * (1 + 0.05 * (number % 10)) + random.normal(0, 40, base.shape)).clip(1, 10000)
                for number in range(dates)
            ]
        ).astype("uint16")
        variables[band] = (("time", "y", "x"), values, {"grid_mapping": "spatial_ref"})
    data = xr.Dataset(variables, coords={"time": times, "y": y, "x": x})
    data["spatial_ref"] = ((), 0, {"crs_wkt": rasterio.crs.CRS.from_user_input(composite.CRS).to_wkt()})
    chunks = {"chunks": (dates, composite.TILE, composite.TILE), "compressors": zarr.codecs.BloscCodec(cname="zstd")}
    encoding = {band: chunks | {"_FillValue": 0} for band in variables}
    data.to_zarr(folder / STORE, encoding=encoding, consolidated=False)


def by_hand(folder: Path, target: Path) -> None:
    """Compute the composite as one would by hand: chunks by tensorstore in threads, numpy and bottleneck."""
    import bottleneck
    import tensorstore

    size, tile = composite.SIZE, composite.TILE
    red, nir = (
        tensorstore.open(
            {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(folder / STORE / band)}}
        ).result()
        for band in composite.BANDS
    )
    corners = [(row, column) for row in range(0, size, tile) for column in range(0, size, tile)]

    def compute(corner: tuple[int, int]) -> NDArray[np.float32]:
        part = slice(None), slice(corner[0], corner[0] + tile), slice(corner[1], corner[1] + tile)
        low, high = (
            array[part[0], part[1].start : min(part[1].stop, size), part[2].start : min(part[2].stop, size)]
            for array in (red, nir)
        )
        low, high = low.read().result(), high.read().result()
        missing = (low == 0) | (high == 0)
        low, high = low.astype(np.float32), high.astype(np.float32)
        index = (high - low) / (high + low)
        index[missing] = np.nan
        return bottleneck.nanmedian(index, axis=0)  # type: ignore[no-any-return]

    profile = {"tiled": True, "blockxsize": tile, "blockysize": tile, "compress": "zstd", "zstd_level": 1}
    shape = {"width": size, "height": size, "count": 1, "dtype": "float32", "nodata": np.nan}
    transform = Affine(composite.STEP, 0, composite.ORIGIN[0], 0, -composite.STEP, composite.ORIGIN[1])
    with (
        ThreadPoolExecutor(2) as pool,
        rasterio.open(target, "w", driver="GTiff", crs=composite.CRS, transform=transform, **shape, **profile) as file,
    ):
        for (row, column), values in zip(corners, pool.map(compute, corners), strict=True):
            height, width = values.shape
            file.write(values, 1, window=rasterio.windows.Window(column, row, width, height))


def by_dask(folder: Path, target: Path, bottleneck: bool = False) -> None:
    """Compute the composite with xarray and Dask, as they are installed by themselves: without bottleneck."""
    import dask
    import rioxarray  # noqa: F401
    import xarray as xr

    data = xr.open_zarr(folder / STORE, consolidated=False)
    red, nir = data.B04.astype("float32"), data.B08.astype("float32")
    median = ((nir - red) / (nir + red)).median("time")
    with dask.config.set(num_workers=2), xr.set_options(use_bottleneck=bottleneck, use_numbagg=False):
        median.rio.write_crs(composite.CRS).rio.to_raster(target, compress="zstd", tiled=True)


def by_dask_with_bottleneck(folder: Path, target: Path) -> None:
    """Compute the composite with xarray, Dask and bottleneck."""
    by_dask(folder, target, bottleneck=True)


def main() -> None:
    """Run the versions and print their medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_store(folder)
        from gdc_jupyter.catalog.catalog import Catalog

        Catalog(folder / "data", samples=False).add(folder / STORE, "composite")
        versions = {
            "by hand": by_hand,
            "gdc-jupyter": composite.by_engine,
            "gdc-jupyter, repeated": composite.by_engine_again,
            "xarray and Dask": by_dask,
            "with bottleneck": by_dask_with_bottleneck,
        }
        seconds = {
            version: composite.timed(function, folder, folder / f"{number}.tiff", options.repeat)
            for number, (version, function) in enumerate(versions.items())
        }
        images = [rasterio.open(folder / f"{number}.tiff").read(1) for number in range(len(versions))]
        for image in images[1:]:
            np.testing.assert_allclose(image, images[0], rtol=1e-5, atol=1e-6)
    composite.report(f"NDVI median on Zarr, medians of {options.repeat}", seconds)


if __name__ == "__main__":
    main()
