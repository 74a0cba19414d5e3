"""Files with all that a DAP server has to serve: types, groups, texts, fill values, dimensions of all kinds."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np

TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")


def grid_axes(dataset, times=5, rows=18, columns=36):
    """Make the axes of a global grid."""
    dataset.createDimension("time", None)
    dataset.createDimension("lat", rows)
    dataset.createDimension("lon", columns)
    time = dataset.createVariable("time", "f8", ("time",))
    time.units, time.calendar, time.standard_name = "days since 2020-01-01", "standard", "time"
    time[:] = np.arange(times)
    for name, units, half in (("lat", "degrees_north", 90.0), ("lon", "degrees_east", 180.0)):
        size = len(dataset.dimensions[name])
        axis = dataset.createVariable(name, "f8", (name,))
        axis.units, axis.standard_name = units, {"lat": "latitude", "lon": "longitude"}[name]
        axis[:] = np.linspace(-half, half, size, endpoint=False) + half / size


def make_varied(path: Path) -> Path:
    """Make a file with variables of all kinds."""
    random = np.random.default_rng(5)
    with netCDF4.Dataset(path, "w") as dataset:
        grid_axes(dataset)
        dataset.title = 'A "varied" file \\ with ümlauts'
        dataset.history = "first line\nsecond line"
        dataset.numbers = np.array([1.5, -2.25e-30], "f8")
        sst = dataset.createVariable("sst", "i2", ("time", "lat", "lon"), fill_value=-32768, chunksizes=(2, 7, 11))
        sst.set_auto_maskandscale(False)
        sst.scale_factor, sst.add_offset, sst.units = np.float32(0.01), np.float32(273.15), "K"
        sst[:] = random.integers(-3000, 3000, (5, 18, 36))
        sst[1, 3] = -32768
        wind = dataset.createVariable("wind", "f4", ("time", "lat", "lon"), fill_value=np.nan, zlib=True)
        wind[:] = random.normal(size=(5, 18, 36))
        wind[0, 0, :5] = np.nan
        rain = dataset.createVariable("rain", "f4", ("time", "lat", "lon"), fill_value=-9999.0)
        rain[:] = random.normal(size=(5, 18, 36))
        rain[2, 1:4, 5:9] = np.ma.masked
        dataset.createDimension("n", 7)
        for kind in TYPES:
            dtype = np.dtype(kind)
            if dtype.kind == "f":
                values = random.normal(size=7) * 1e5
            elif dtype.itemsize == 8:
                values = np.array([0, 1, 2**31, 2**53, 5, 2**40 + 1, 7])
            else:
                limits = np.iinfo(dtype)
                values = np.array([limits.min, limits.max, 0, 1, 2, 3, limits.max // 2])
            dataset.createVariable(f"vector_{kind}", kind, ("n",))[:] = values.astype(dtype)
            dataset.createVariable(f"scalar_{kind}", kind, ())[...] = values.astype(dtype)[1]
        words = dataset.createVariable("words", str, ("n",))
        words[:] = np.array(["", "a", "twelve", "long " * 40, "x,y", 'quoted "q"', "end"], object)
        umlauts = dataset.createVariable("umlauts", str, ("n",))
        umlauts[:] = np.array(["zwölf", "Ørsted", "北京", "", "é", "ß", "ascii"], object)
        dataset.createVariable("word", str, ())[...] = "alone"
        dataset.createDimension("letters", 6)
        characters = dataset.createVariable("station", "S1", ("n", "letters"))
        characters[:] = netCDF4.stringtochar(np.array(["Oslo", "Rom", "Berlin", "", "a", "bc", "def"], "S6"))
        dataset.createVariable("letter", "S1", ())[...] = b"Q"
        big = dataset.createVariable("big_endian", ">f8", ("n",), endian="big")
        big[:] = np.arange(7) * np.pi
        group = dataset.createGroup("model")
        group.comment = "of a group"
        group.createDimension("level", 3)
        group.createVariable("level", "f4", ("level",))[:] = [1000, 850, 500]
        deep = group.createVariable("temperature", "f8", ("time", "level"))
        deep.units = "K"
        deep[:] = random.normal(280, 5, (5, 3))
        inner = group.createGroup("inner")
        inner.createVariable("flag", "u1", ("lat",))[:] = np.arange(18)
    return path


def make_large_integers(path: Path) -> Path:
    """Make a file with integers that no Float64 holds exactly."""
    with netCDF4.Dataset(path, "w") as dataset:
        grid_axes(dataset)
        dataset.createVariable("count", "i8", ("time", "lat", "lon"))[:] = 2**53 + 1
        dataset.createVariable("small", "i8", ("time", "lat", "lon"))[:] = 7
    return path
