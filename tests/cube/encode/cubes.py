"""Cubes to write: made by hand, and random ones of any order of dimensions, orientation and type."""

import numpy as np
import xarray as xr
from hypothesis import strategies as st

TIMES = np.array(["2022-01-01", "2022-02-01T06:30:00", "2022-03-15"], dtype="datetime64[ns]")
BANDS = ["B04", "B08"]


def make_cube(
    values=None, times=TIMES, bands=BANDS, height=17, width=25, step=(10.0, -10.0), crs="EPSG:32632", dtype="float32"
):
    """Return a cube (t, bands, y, x) of random values, one in ten missing."""
    shape = (len(times), len(bands), height, width)
    if values is None:
        random = np.random.default_rng(1)
        values = random.normal(100, 50, shape).astype(dtype)
        if np.dtype(dtype).kind == "f":
            values[random.random(shape) < 0.1] = np.nan
    dx, dy = step
    coords = {
        "t": ("t", times, {"type": "temporal"}),
        "bands": ("bands", np.array(bands, dtype=object), {"type": "bands"}),
        "y": ("y", 5_200_000 + dy * (np.arange(height) + 0.5), {"type": "spatial", "axis": "y", "step": dy}),
        "x": ("x", 600_000 + dx * (np.arange(width) + 0.5), {"type": "spatial", "axis": "x", "step": dx}),
    }
    return xr.DataArray(values, dims=["t", "bands", "y", "x"], coords=coords, attrs={"crs": crs})


@st.composite
def cubes(draw, dtypes=("float32", "float64"), bands=(1, 3)):
    """Return a random cube: its dimensions in any order and of any name, north up or down, east right or left."""
    height, width = draw(st.integers(2, 23)), draw(st.integers(2, 23))
    times = TIMES[: draw(st.integers(1, 3))]
    names = [*BANDS, "B11"]
    chosen = names[: draw(st.sampled_from(bands))]
    step = draw(st.sampled_from([10.0, 0.5, -30.0])), draw(st.sampled_from([10.0, -10.0, 7.5]))
    dtype = draw(st.sampled_from(dtypes))
    cube = make_cube(times=times, bands=chosen, height=height, width=width, step=step, dtype=dtype)
    if draw(st.booleans()):
        cube = cube.isel(t=0, drop=True)
    if draw(st.booleans()):
        cube = cube.rename(bands="spectral", y="northing", x="easting")
    return cube.transpose(*draw(st.permutations(cube.dims)))


def in_order(cube):
    """Return a cube in the usual order of dimensions, by type, with y and x named so."""
    named = cube.rename({old: new for old, new in (("northing", "y"), ("easting", "x")) if old in cube.dims})
    bands = "spectral" if "spectral" in named.dims else "bands"
    return named.rename({bands: "bands"} if bands != "bands" else {}).transpose(..., "bands", "y", "x")
