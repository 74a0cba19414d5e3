"""JSON: numbers, texts and lists as they are, cubes as nested arrays with their labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import dimension_type, spatial_dimensions
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.time import format_instant, label_texts

MEDIA_TYPE = "application/json"
MOST_VALUES = 20_000_000


class JsonWriter:
    """Collects a cube and writes it at the end; a value that is no cube comes as its only block."""

    def __init__(self, folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> None:
        self.path, self.grid, self.probe = folder / f"{stem}.json", grid, probe
        self.value: Any = None
        if grid is not None:
            sizes = dict(zip(spatial_dimensions(probe), grid.shape, strict=True))
            shape = [sizes.get(str(name), size) for name, size in probe.sizes.items()]
            self.values = np.full(shape, np.nan)

    def write(self, block: Any, window: Grid | None) -> None:
        """Take a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        if window is None or self.grid is None:
            self.value = block
            return
        row, column = self.grid.offset(window)
        target: list[Any] = [slice(None)] * block.ndim
        vertical, horizontal = (block.get_axis_num(name) for name in spatial_dimensions(block))
        target[vertical], target[horizontal] = slice(row, row + window.height), slice(column, column + window.width)
        self.values[tuple(target)] = block.values

    def close(self) -> list[Asset]:
        """Write the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        import orjson

        value = self.value
        if self.grid is not None:
            from gdc_jupyter.cube.cube import build

            vertical, horizontal = spatial_dimensions(self.probe)
            ordered = self.probe.transpose(..., vertical, horizontal)
            labels = {
                str(name): (dimension_type(self.probe, str(name)), self.probe.coords[name].values)
                for name in ordered.dims[:-2]
            }
            axes = [self.probe.get_axis_num(name) for name in ordered.dims]
            value = build(self.values.transpose(axes), labels, self.grid)
        self.path.write_bytes(orjson.dumps(to_json(value), option=orjson.OPT_SERIALIZE_NUMPY))
        metadata = self.grid.metadata() if self.grid is not None else {}
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, metadata=metadata)]


def to_json(value: Any) -> Any:
    """Return a value in terms of JSON: no-data as null, instants as text, cubes with dimensions and labels."""
    if isinstance(value, xr.DataArray):
        return _cube_to_json(value)
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, np.datetime64):
        return format_instant(value)
    if isinstance(value, np.generic):
        return to_json(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [to_json(member) for member in value]
    if isinstance(value, dict):
        return {str(name): to_json(member) for name, member in value.items()}
    return value


def _cube_to_json(cube: xr.DataArray) -> dict[str, Any]:
    dimensions = []
    for name in cube.dims:
        labels = label_texts(cube.coords[name].values)
        dimensions.append({"name": str(name), "type": dimension_type(cube, str(name)), "labels": labels})
    entry: dict[str, Any] = {"type": "datacube", "dimensions": dimensions}
    if cube.attrs.get("crs"):
        entry["crs"] = cube.attrs["crs"]
    values = cube.values
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.where(np.isfinite(values), values.astype(object), np.array(None))
    return {**entry, "data": values.tolist()}


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return JsonWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if grid is not None and probe.size * grid.width * grid.height > MOST_VALUES:
        return f"it would have {probe.size * grid.width * grid.height:,} numbers; use netCDF or GTiff"
    return None


FORMAT = Format(
    name="JSON",
    title="JSON, for numbers, lists and small cubes",
    data_types=("raster", "table", "other"),
    media_type=MEDIA_TYPE,
    extension="json",
    parameters={},
    open=_open,
    suits=_suits,
)
