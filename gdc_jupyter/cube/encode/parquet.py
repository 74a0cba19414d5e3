"""Parquet, and GeoParquet where there are geometries: tables, time series, and vector cubes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import is_calendar
from gdc_jupyter.cube.encode.collect import Collector, count_values
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.labels import text_label
from gdc_jupyter.cube.encode.metadata import describe_cube
from gdc_jupyter.cube.encode.table import Table, table_of
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.vector import free_name

MEDIA_TYPE = "application/vnd.apache.parquet"
MOST_VALUES = 50_000_000
COMPRESSIONS = ("NONE", "SNAPPY", "GZIP", "BROTLI", "ZSTD")


class ParquetWriter:
    """Writes a table when it is whole."""

    def __init__(self, folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        self.path = folder / f"{stem}.parquet"
        self.probe, self.grid = probe, grid
        self.collector = Collector(probe, grid)
        self.compression = None if options["COMPRESSION"] == "NONE" else str(options["COMPRESSION"]).lower()

    def write(self, block: Any, window: Grid | None) -> None:
        """Take a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        self.collector.add(block, window)

    def close(self) -> list[Asset]:
        """Write the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        _frame(table_of(self.collector.cube())).to_parquet(self.path, index=False, compression=self.compression)
        metadata = describe_cube(self.probe, self.grid) if isinstance(self.probe, xr.DataArray) else {}
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, metadata=metadata)]


def _frame(table: Table) -> Any:
    import pandas as pd  # type: ignore[import-untyped]

    columns = {name: _storable(column) for name, column in table.columns.items()}
    if table.geometries is None:
        return pd.DataFrame(columns)
    import geopandas  # type: ignore[import-untyped]

    columns = {name if name != "geometry" else free_name(name, {name}): each for name, each in columns.items()}
    return geopandas.GeoDataFrame(columns, geometry=geopandas.GeoSeries(list(table.geometries), crs=table.crs))


def _storable(column: NDArray[Any]) -> Any:
    if column.dtype != object:
        return column
    present = [value for value in column if value is not None]
    if is_calendar(column) or len({type(value) for value in present} - {int, float}) > 1:
        return [None if value is None else value if isinstance(value, str) else text_label(value) for value in column]
    if present and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in present):
        return np.array([np.nan if value is None else value for value in column], np.float64)
    return column


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return ParquetWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if isinstance(probe, xr.DataArray):
        count = count_values(probe, grid)
        if count > MOST_VALUES:
            return f"it would have {count:,} numbers, and {MOST_VALUES:,} is the most; use Zarr or netCDF"
    return None


FORMAT = Format(
    name="Parquet",
    title="Parquet, with geometries as GeoParquet",
    data_types=("vector", "table", "raster"),
    media_type=MEDIA_TYPE,
    extension="parquet",
    parameters={
        "COMPRESSION": {
            "type": "string",
            "description": "The compression of the columns.",
            "enum": list(COMPRESSIONS),
            "default": "SNAPPY",
        }
    },
    open=_open,
    suits=_suits,
)
