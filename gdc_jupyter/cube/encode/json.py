"""JSON: numbers, texts and lists as they are, cubes as nested arrays with their labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import dimension_type
from gdc_jupyter.cube.encode.collect import Collector, count_values
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.geojson import to_geojson
from gdc_jupyter.cube.encode.labels import plain_label, plain_labels
from gdc_jupyter.cube.encode.metadata import describe_cube
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.vector import is_table, is_vector

MEDIA_TYPE = "application/json"
MOST_VALUES = 20_000_000


class JsonWriter:
    """Collects a cube and writes it at the end; a value that is no cube comes as its only block."""

    def __init__(self, folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        self.path, self.grid, self.probe = folder / f"{stem}.json", grid, probe
        self.collector = Collector(probe, grid)
        # The blocks of a cube of truth values may have gaps, which are NaN.
        self.boolean = isinstance(probe, xr.DataArray) and probe.dtype.kind == "b"

    def write(self, block: Any, window: Grid | None) -> None:
        """Take a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        self.collector.add(block, window)

    def close(self) -> list[Asset]:
        """Write the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        import orjson

        value = self.collector.cube()
        if isinstance(value, xr.DataArray) and not (is_vector(value) and is_table(value)):
            values = value.values
            if self.boolean and values.dtype.kind == "f":
                values = np.where(np.isnan(values), np.array(None), (values == 1).astype(object))
            document = {**_frame(value), "data": _numbers(values)}
        else:
            document = to_json(value)
        self.path.write_bytes(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY))
        metadata = describe_cube(self.probe, self.grid) if isinstance(self.probe, xr.DataArray) else {}
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, metadata=metadata)]


def _numbers(values: NDArray[Any]) -> Any:
    # orjson writes NaN and infinities as null.
    return np.ascontiguousarray(values) if values.dtype.kind in "biuf" and values.ndim else to_json(values)


def to_json(value: Any) -> Any:
    """Return a value in terms of JSON: no-data as null, instants as text, cubes with dimensions and labels.

    A vector cube that has no dimensions but those of its geometries and properties becomes GeoJSON.
    """
    if is_vector(value) and is_table(value):
        return to_geojson(value)
    if isinstance(value, xr.DataArray):
        values = value.values
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            values = np.where(np.isfinite(values), values.astype(object), np.array(None))
        return {**_frame(value), "data": to_json(values) if values.dtype.kind in "OMm" else values.tolist()}
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "Mm":
            return [to_json(member) for member in value]
        return to_json(value.tolist())
    if isinstance(value, (list, tuple)):
        return [to_json(member) for member in value]
    if isinstance(value, dict):
        return {str(name): to_json(member) for name, member in value.items()}
    return plain_label(value)


def _frame(cube: xr.DataArray) -> dict[str, Any]:
    dimensions = [
        {"name": str(name), "type": dimension_type(cube, str(name)), "labels": plain_labels(cube, str(name))}
        for name in cube.dims
    ]
    entry: dict[str, Any] = {"type": "datacube", "dimensions": dimensions}
    several = {str(name): each for name, each in cube.coords.items() if each.ndim and name not in cube.dims}
    if several:
        entry["coordinates"] = {
            name: {"dimensions": list(each.dims), "values": to_json(each.values)} for name, each in several.items()
        }
    if cube.attrs.get("crs"):
        entry["crs"] = cube.attrs["crs"]
    return entry


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return JsonWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if isinstance(probe, xr.DataArray):
        count = count_values(probe, grid)
        if count > MOST_VALUES:
            return f"it would have {count:,} numbers, and {MOST_VALUES:,} is the most; use netCDF or Zarr"
    return None


FORMAT = Format(
    name="JSON",
    title="JSON, for numbers, lists and small cubes",
    data_types=("raster", "vector", "table", "other"),
    media_type=MEDIA_TYPE,
    extension="json",
    parameters={},
    open=_open,
    suits=_suits,
)
