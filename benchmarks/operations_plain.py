"""The cases of ``operations.py`` with xarray and Dask as one writes them by hand, run in a process of its own."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import dask
import numpy as np
import operations_data as data
import xarray as xr

WORKERS = 2


def months(folder: Path, store: str, chunks: Any) -> Any:
    """Return monthly means; xarray takes flox for them where it is installed."""
    cube = xr.open_zarr(folder / store, chunks=chunks).temperature
    return cube.resample(time="MS").mean().compute()


def kernel(folder: Path, weights: Any) -> Any:
    """Return sums of neighbours, 0 beyond the edges."""
    from scipy import ndimage

    bands = [scenes(folder)[name] for name in ("B04", "B08")]

    def smooth(block: Any) -> Any:
        return ndimage.correlate(np.where(np.isfinite(block), block, 0), weights[np.newaxis], mode="constant")

    depth = {0: 0, 1: 2, 2: 2}
    results = [band.copy(data=band.data.map_overlap(smooth, depth=depth, boundary=0)) for band in bands]
    return xr.concat(results, "bands").compute()


def warp(folder: Path, method: str) -> Any:
    """Return the bands on the grid of the engine's result, by GDAL on two threads with exact coordinates."""
    import rioxarray  # noqa: F401
    from affine import Affine
    from rasterio.warp import Resampling

    grid = json.loads((folder / "grid.json").read_text())
    transform = Affine(grid["step"], 0, grid["x"], 0, -grid["step"], grid["y"])
    cube = scenes(folder)[["B04", "B08"]].to_array("bands").compute()
    flat = cube.stack(layer=("bands", "time"), create_index=False).transpose("layer", "y", "x")
    flat = flat.drop_vars(["bands", "time"], errors="ignore").rio.write_crs(data.CRS)
    result = flat.rio.reproject(
        "EPSG:3035",
        transform=transform,
        shape=grid["shape"],
        resampling=Resampling[method],
        nodata=np.nan,
        num_threads=WORKERS,
        tolerance=0,
    )
    return result.values.reshape(2, -1, *grid["shape"])


def zones(folder: Path) -> Any:
    """Return the means of the polygons, by the exact share of each pixel."""
    import geopandas
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    features = geopandas.read_file(folder / "zones.json").to_crs(data.CRS)
    cube = xr.open_zarr(folder / "dated.zarr", chunks={}).B08.astype("float32").compute()
    west, north = data.ORIGIN
    east, south = west + data.STEP * cube.sizes["x"], north - data.STEP * cube.sizes["y"]
    # Arrays are several times faster than a source of xarray.
    dates = [NumPyRasterSource(date, west, south, east, north, name=str(at)) for at, date in enumerate(cube.values)]
    return exact_extract(dates, features, ["mean"], output="pandas").to_numpy()


def index(folder: Path) -> Any:
    """Return the normalised difference of two collections, masked and scaled."""
    first, second = scenes(folder), xr.open_zarr(folder / "infrared.zarr", chunks={})
    clear = ~first.SCL.isin(data.CLOUDS)
    red, nir = (band.where(clear).astype("float32") / np.float32(10000) for band in (first.B04, second.B08))
    return ((nir - red) / (nir + red)).compute()


def scenes(folder: Path) -> xr.Dataset:
    return xr.open_zarr(folder / "scenes.zarr", chunks={})


CASES = {
    "months": lambda folder: months(folder, "daily.zarr", {}),
    "months of series": lambda folder: months(folder, "series.zarr", {"time": -1, "y": 128, "x": 128}),
    "kernel": lambda folder: kernel(folder, data.GAUSSIAN),
    "kernel of edges": lambda folder: kernel(folder, data.LAPLACIAN),
    "warp": lambda folder: warp(folder, "bilinear"),
    "warp nearest": lambda folder: warp(folder, "nearest"),
    "zones": zones,
    "index": index,
}


def main() -> None:
    """Print the seconds of each run as JSON, after one that does not count, and save the result."""
    case, folder, target, repeat, cpu = sys.argv[1:6]
    clock = time.process_time if int(cpu) else time.perf_counter
    seconds, result = [], None
    with dask.config.set(num_workers=WORKERS, scheduler="threads"):
        for _ in range(int(repeat) + 1):
            result = None
            start = clock()
            result = CASES[case](Path(folder))
            seconds.append(clock() - start)
    np.save(target, np.squeeze(getattr(result, "values", result)))
    print(json.dumps(seconds[1:]))


if __name__ == "__main__":
    main()
