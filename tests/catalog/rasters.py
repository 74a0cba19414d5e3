"""Small GeoTIFF, NetCDF and Zarr files for the tests of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray


def write_tiff(
    path: Path,
    values: NDArray[Any],
    x: float = 600000,
    y: float = 5200000,
    step: float = 10,
    crs: str | None = "EPSG:32632",
    nodata: float | None = 0,
    names: tuple[str, ...] = (),
    **options: Any,
) -> Path:
    """Write an array of shape (bands, rows, columns) or (rows, columns)."""
    bands = values if values.ndim == 3 else values[None]
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = options.pop("transform", Affine(step, 0, x, 0, -step, y))
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(bands),
        height=bands.shape[1],
        width=bands.shape[2],
        dtype=bands.dtype,
        crs=crs,
        transform=transform,
        nodata=nodata,
        **({"tiled": True, "blockxsize": 16, "blockysize": 16} | options),
    ) as file:
        file.write(bands)
        if names:
            file.descriptions = names
    return path


def write_netcdf(
    path: Path,
    values: NDArray[Any],
    x: NDArray[Any] | list[float],
    y: NDArray[Any] | list[float],
    times: list[float] | None = None,
    calendar: str = "standard",
    **attributes: Any,
) -> Path:
    """Write a variable ``v`` over longitude and latitude; ``fill_value`` and the rest become its attributes."""
    with netCDF4.Dataset(path, "w") as file:
        file.set_auto_maskandscale(False)
        names = (("time",) if times is not None else ()) + ("lat", "lon")
        for name, length in zip(names, values.shape, strict=True):
            file.createDimension(name, length)
        for name, labels, units in (("lat", y, "degrees_north"), ("lon", x, "degrees_east")):
            axis = file.createVariable(name, np.asarray(labels).dtype, (name,))
            axis[:] = labels
            axis.units = units
        if times is not None:
            axis = file.createVariable("time", "f8", ("time",))
            axis[:] = times
            axis.units, axis.calendar = "days since 2020-01-01", calendar
        variable = file.createVariable("v", values.dtype, names, fill_value=attributes.pop("fill_value", None))
        variable.setncatts(attributes)
        variable[:] = values
    return path
