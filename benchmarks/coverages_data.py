"""The data of ``coverages.py``: reflectances and a temperature as Zarr, NetCDF and a cloud-optimised GeoTIFF."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

SIZE, DATES, CHUNK = 2048, 6, 512
BANDS = ("B04", "B08")
WEST, NORTH, STEP = 10.0, 50.0, 0.0005
TIMES = np.datetime64("2022-06-01", "ns") + np.arange(DATES) * np.timedelta64(1, "D")
#: Where the parts begin that are asked for: no corner of a chunk.
FIRST = 300


def box(size: int) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a part of some pixels on a side."""
    west, north = WEST + FIRST * STEP, NORTH - FIRST * STEP
    return tuple(round(edge, 6) for edge in (west, north - size * STEP, west + size * STEP, north))  # type: ignore[return-value]


def make(folder: Path) -> None:
    """Write the files."""
    # Stores of this version can have their metadata in one place, which the peers read faster.
    warnings.filterwarnings("ignore", "Consolidated metadata", UserWarning)
    scenes, field = _scenes(), _field()
    encoding = {band: {"chunks": (1, CHUNK, CHUNK)} for band in BANDS}
    scenes.to_zarr(folder / "scenes.zarr", encoding=encoding)
    # Not compressed, so that neither is what a server makes of it by the file's own settings.
    scenes.to_netcdf(folder / "scenes.nc", encoding={band: {"chunksizes": (1, CHUNK, CHUNK)} for band in BANDS})
    field.to_zarr(folder / "field.zarr", encoding={"temperature": {"chunks": (CHUNK, CHUNK)}})
    _write_cog(folder / "scene.tif", scenes["B04"].values[1])


def _scenes() -> xr.Dataset:
    """Return smooth reflectances with noise."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / 200
    base = 1500 + 600 * np.sin(rows) * np.cos(columns)

    def values(factor: float) -> NDArray[np.uint16]:
        dates = [base * factor * (1 + 0.05 * number) + random.normal(0, 40, base.shape) for number in range(DATES)]
        return np.stack(dates).clip(1, 10000).astype("uint16")

    bands = {band: (("time", "y", "x"), values(factor)) for band, factor in zip(BANDS, (1.0, 2.2), strict=True)}
    return xr.Dataset(bands, coords={"time": ("time", TIMES, {"standard_name": "time", "axis": "T"}), **_axes()})


def _field() -> xr.Dataset:
    """Return a temperature of all digits that single precision has."""
    random = np.random.default_rng(8)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / 300
    values = 280 + 12 * np.cos(rows) * np.sin(columns) + random.normal(0, 0.5, rows.shape)
    attributes = {"long_name": "Temperature", "units": "K", "standard_name": "air_temperature"}
    return xr.Dataset({"temperature": (("y", "x"), values.astype("float32"), attributes)}, coords=_axes())


def _axes() -> dict[str, Any]:
    centres = (np.arange(SIZE) + 0.5) * STEP
    latitude = {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"}
    longitude = {"units": "degrees_east", "standard_name": "longitude", "axis": "X"}
    return {"y": ("y", NORTH - centres, latitude), "x": ("x", WEST + centres, longitude)}


def _write_cog(path: Path, values: NDArray[np.uint16]) -> None:
    import rasterio
    from rasterio.transform import from_origin

    place = {"crs": "EPSG:4326", "transform": from_origin(WEST, NORTH, STEP, STEP)}
    options = {"compress": "deflate", "predictor": "yes", "blocksize": CHUNK}
    with rasterio.open(path, "w", "COG", SIZE, SIZE, 1, dtype="uint16", **place, **options) as file:
        file.write(values, 1)
