"""CSV: tables, time series, and vector cubes with a row for each geometry and date."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.encode.collect import Collector, count_values
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.labels import plain_label, text_label
from gdc_jupyter.cube.encode.metadata import describe_cube
from gdc_jupyter.cube.encode.table import Table, table_of
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.vector import is_vector, kinds

MEDIA_TYPE = "text/csv"
MOST_VALUES = 20_000_000
SEPARATORS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "SPACE": " ", "PIPE": "|"}


class CsvWriter:
    """Writes a table when it is whole."""

    def __init__(self, folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        self.path = folder / f"{stem}.csv"
        self.probe, self.grid = probe, grid
        self.collector = Collector(probe, grid)
        self.separator = SEPARATORS[options["SEPARATOR"]]
        self.geometry = options["GEOMETRY"]

    def write(self, block: Any, window: Grid | None) -> None:
        """Take a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        self.collector.add(block, window)

    def close(self) -> list[Asset]:
        """Write the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        table = table_of(self.collector.cube())
        columns = {name: _texts(column) for name, column in table.columns.items()} | self._geometry(table)
        with self.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        metadata = describe_cube(self.probe, self.grid) if isinstance(self.probe, xr.DataArray) else {}
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, metadata=metadata)]

    def _geometry(self, table: Table) -> dict[str, Any]:
        import shapely

        if table.geometries is None or self.geometry == "NONE":
            return {}
        if self.geometry == "AS_XY":
            return {"X": shapely.get_x(table.geometries).tolist(), "Y": shapely.get_y(table.geometries).tolist()}
        return {"WKT": shapely.to_wkt(table.geometries, rounding_precision=-1).tolist()}


def _texts(column: NDArray[Any]) -> list[Any]:
    """Return the cells of a column; no-data is an empty one."""
    if column.dtype.kind == "f":
        # Numbers have the digits of their own precision.
        return [None if np.isnan(value) else str(value) for value in column]
    if column.dtype.kind in "iu":
        return list(column.tolist())
    return [_text(value) for value in column]


def _text(value: Any) -> Any:
    plain = plain_label(value) if isinstance(value, (np.generic, float)) else value
    return plain if plain is None or isinstance(plain, (str, int, float)) else text_label(plain)


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return CsvWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if isinstance(probe, xr.DataArray):
        count = count_values(probe, grid)
        if count > MOST_VALUES:
            return f"it would have {count:,} numbers, and {MOST_VALUES:,} is the most; use netCDF or Parquet"
    return None


def _doubts(options: Mapping[str, Any], value: Any) -> str | None:
    if options["GEOMETRY"] == "AS_XY" and is_vector(value) and kinds(value) - {"Point"}:
        return "The option 'GEOMETRY' is AS_XY, which is for points, and there are other geometries"
    return None


FORMAT = Format(
    name="CSV",
    title="CSV, for tables and time series",
    data_types=("vector", "table", "raster"),
    media_type=MEDIA_TYPE,
    extension="csv",
    parameters={
        "SEPARATOR": {
            "type": "string",
            "description": "What stands between the fields of a row.",
            "enum": list(SEPARATORS),
            "default": "COMMA",
        },
        "GEOMETRY": {
            "type": "string",
            "description": "Geometries as a column of well-known text, as the columns X and Y (points), or not at all.",
            "enum": ["AS_WKT", "AS_XY", "NONE"],
            "default": "AS_WKT",
        },
    },
    open=_open,
    suits=_suits,
    doubts=_doubts,
)
