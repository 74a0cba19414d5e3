"""The data of ``operations.py``: Zarr stores and polygons, and the collections of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CRS, ORIGIN, STEP = "EPSG:32632", (600000.0, 5200000.0), 10.0
SIZE, DATES = 1792, 10
DAYS, AREA = 1095, 512
DATED, ZONES = (24, 2048), 1000
SCALE, FILL = 0.01, -32768
# Cloud shadows, clouds of medium and high probability, and cirrus.
CLOUDS = (3, 8, 9, 10)
GAUSSIAN = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
LAPLACIAN = np.array(
    [[0, 0, -1, 0, 0], [0, -1, -2, -1, 0], [-1, -2, 16, -2, -1], [0, -1, -2, -1, 0], [0, 0, -1, 0, 0]], float
)


def make(folder: Path) -> None:
    """Write what is not there yet, and register it as collections of the catalogue in ``data``."""
    if (folder / "zones.json").exists():
        return
    random = np.random.default_rng(7)
    daily = _temperatures(random)
    encoding = {"scale_factor": SCALE, "_FillValue": np.int16(FILL)}
    _write(folder / "daily.zarr", {"temperature": daily}, (30, 256, 256), encoding)
    _write(folder / "series.zarr", {"temperature": daily}, (DAYS, 32, 32), encoding)
    del daily
    red, infrared = (_reflectances(random, DATES, SIZE, factor) for factor in (1.0, 2.2))
    classes = _classes(random)
    _write(folder / "scenes.zarr", {"B04": red, "B08": infrared, "SCL": classes}, (DATES, 512, 512), {"_FillValue": 0})
    _write(folder / "infrared.zarr", {"B08": infrared}, (DATES, 512, 512), {"_FillValue": 0})
    dates, size = DATED
    _write(folder / "dated.zarr", {"B08": _reflectances(random, dates, size, 2.2)}, (1, 1024, 1024), {"_FillValue": 0})
    from gdc_jupyter.catalog.catalog import Catalog

    catalog = Catalog(folder / "data", samples=False)
    for name in ("daily", "series", "scenes", "infrared", "dated"):
        catalog.add(folder / f"{name}.zarr", name)
    (folder / "zones.json").write_text(json.dumps(_zones(random)))


def _temperatures(random: np.random.Generator) -> NDArray[np.int16]:
    """Return hundredths of degrees: a warm and a cold season, weather, and a tenth of the pixels without a value."""
    rows, columns = np.mgrid[0:AREA, 0:AREA] / 60
    base = 1200 + 500 * np.sin(rows) * np.cos(columns)
    values = np.empty((DAYS, AREA, AREA), np.int16)
    for day in range(DAYS):
        values[day] = base + 900 * np.sin(2 * np.pi * day / 365) + random.normal(0, 60, base.shape)
        values[day][random.random(base.shape) < 0.1] = FILL
    return values


def _reflectances(random: np.random.Generator, dates: int, size: int, factor: float) -> NDArray[np.uint16]:
    rows, columns = np.mgrid[0:size, 0:size] / 200
    base = 1500 + 600 * np.sin(rows) * np.cos(columns)
    values = np.empty((dates, size, size), np.uint16)
    for number in range(dates):
        noise = random.normal(0, 40, base.shape)
        values[number] = (base * factor * (1 + 0.05 * (number % 10)) + noise).clip(1, 10000)
    return values


def _classes(random: np.random.Generator) -> NDArray[np.uint8]:
    """Return scene classes in patches of 16 x 16 pixels, a third of them clouds or shadows."""
    edge = SIZE // 16
    patches = random.choice(
        np.array([4, 5, 6, 3, 8, 9, 10], np.uint8), (DATES, edge, edge), p=[0.4, 0.2, 0.1] + [0.075] * 4
    )
    return patches.repeat(16, axis=1).repeat(16, axis=2)


def _write(path: Path, variables: dict[str, NDArray[Any]], chunks: tuple[int, ...], encoding: dict[str, Any]) -> None:
    import rasterio.crs
    import xarray as xr
    import zarr

    dates, size = next(iter(variables.values())).shape[:2]
    coords = {
        "time": np.datetime64("2021-01-01", "ns") + np.arange(dates) * np.timedelta64(1, "D"),
        "y": ORIGIN[1] - STEP * (np.arange(size) + 0.5),
        "x": ORIGIN[0] + STEP * (np.arange(size) + 0.5),
    }
    stored = {
        name: (("time", "y", "x"), values, {"grid_mapping": "spatial_ref", **encoding})
        for name, values in variables.items()
    }
    dataset = xr.Dataset(stored, coords=coords)
    dataset["spatial_ref"] = ((), 0, {"crs_wkt": rasterio.crs.CRS.from_user_input(CRS).to_wkt()})
    how = {"chunks": chunks, "compressors": zarr.codecs.BloscCodec(cname="zstd")}
    dataset.to_zarr(path, encoding=dict.fromkeys(variables, how), consolidated=True)


def _zones(random: np.random.Generator) -> dict[str, Any]:
    """Return fields of seven corners and 10 to 600 m across, which may overlap, as GeoJSON in degrees."""
    from pyproj import Transformer

    extent = DATED[1] * STEP
    features = []
    transform = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
    for number in range(ZONES):
        radius = random.uniform(5, 300)
        x, y = random.uniform(radius, extent - radius, 2)
        angles = np.sort(random.uniform(0, 2 * np.pi, 7))
        ring = np.column_stack([ORIGIN[0] + x + radius * np.cos(angles), ORIGIN[1] - y + radius * np.sin(angles)])
        longitude, latitude = transform(*np.vstack([ring, ring[:1]]).T)
        corners = np.column_stack([longitude, latitude]).round(9).tolist()
        geometry = {"type": "Polygon", "coordinates": [corners]}
        features.append({"type": "Feature", "properties": {"number": number}, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def save_grid(result: Any, folder: Path) -> None:
    """Note the grid of a result, on which the plain version of a reprojection is to be."""
    if "x" not in result.dims:
        return
    x, y = result.x.values, result.y.values
    step = float(x[1] - x[0])
    grid = {"x": float(x[0]) - step / 2, "y": float(y[0]) + step / 2, "step": step, "shape": [len(y), len(x)]}
    (folder / "grid.json").write_text(json.dumps(grid))
