"""CGLS_SSM_1KM, the collection that payloads of the openEO suite load: invented soil moisture around Vienna in 2020."""

from __future__ import annotations

from pathlib import Path

import numpy as np

ID = "CGLS_SSM_1KM"
_STEP = 1 / 112


def write(path: Path) -> None:
    """Write twelve dates of one band as a NetCDF file."""
    from netCDF4 import Dataset

    longitude = 16.0 + _STEP * (np.arange(90) + 0.5)
    latitude = 48.5 - _STEP * (np.arange(67) + 0.5)
    months = np.arange(12)
    wave = 60 + 25 * np.cos(2 * np.pi * months / 12)
    relief = 12 * np.sin(longitude * 40)[None, :] * np.cos(latitude * 30)[:, None]
    percent = np.clip(wave[:, None, None] + relief[None], 0, 100)
    with Dataset(path, "w") as file:
        file.title = "Synthetic surface soil moisture at 1 km (made by a formula, not observed)"
        file.Conventions = "CF-1.8"
        for name, size in (("time", 12), ("lat", latitude.size), ("lon", longitude.size)):
            file.createDimension(name, size)
        time = file.createVariable("time", "i4", ("time",))
        time.units, time.calendar, time.standard_name = "days since 1970-01-01", "standard", "time"
        time[:] = (np.datetime64("2020-01") + months).astype("M8[D]").astype(int)
        for name, values, unit in (("lat", latitude, "degrees_north"), ("lon", longitude, "degrees_east")):
            axis = file.createVariable(name, "f8", (name,))
            axis.units, axis[:] = unit, values
        band = file.createVariable("B01", "u1", ("time", "lat", "lon"), zlib=True, fill_value=255)
        band.set_auto_scale(False)
        band.scale_factor, band.units, band.long_name = 0.5, "%", "Surface soil moisture"
        band[:] = np.round(percent * 2).astype("uint8")
