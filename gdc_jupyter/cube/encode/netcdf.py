"""NetCDF-4 by the CF conventions: one variable for each band, all dates in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import encode, is_temporal
from gdc_jupyter.cube.cube import dimension_type, spatial_dimensions
from gdc_jupyter.cube.encode.format import Asset, Format, Writer, planes
from gdc_jupyter.cube.grid import Grid, parse_crs

MEDIA_TYPE = "application/x-netcdf"
CHUNK = 256


class NetCdfWriter:
    """Writes blocks into the variables of one file."""

    def __init__(
        self, folder: Path, stem: str, probe: xr.DataArray, grid: Grid | None, options: Mapping[str, Any]
    ) -> None:
        import netCDF4

        self.grid, self.path = grid, folder / f"{stem}.nc"
        self.level = int(options.get("COMPRESSION_LEVEL", 1))
        images, self.bands = planes(probe)
        self.spatial: tuple[str, ...] = spatial_dimensions(probe) if grid is not None else ()
        self.order = [*images, *self.spatial]
        self.file = netCDF4.Dataset(self.path, "w", format="NETCDF4")
        self.file.Conventions = "CF-1.8"
        self.file.title = "Result"
        for name in self.order:
            self._dimension(probe, name)
        if grid is not None:
            self._grid_mapping(grid)
        names = ["var"] if self.bands is None else [str(label) for label in probe.coords[self.bands].values]
        self.variables = [self._variable(name, probe) for name in names]

    def _dimension(self, probe: xr.DataArray, name: str) -> None:
        kind = dimension_type(probe, name)
        if self.grid is not None and name in self.spatial:
            labels: Any = self.grid.x_labels() if name == self.spatial[1] else self.grid.y_labels()
        else:
            labels = probe.coords[name].values
        self.file.createDimension(name, len(labels))
        if is_temporal(labels):
            numbers, attributes = encode(labels)
            variable = self.file.createVariable(name, "f8", (name,))
            variable.setncatts({"standard_name": "time", "axis": "T", **attributes})
            variable[:] = numbers
            return
        variable = self.file.createVariable(name, str if labels.dtype.kind in "OU" else labels.dtype, (name,))
        if kind == "spatial" and self.grid is not None:
            variable.setncatts(_axis(self.grid, name == self.spatial[1]))
        variable[:] = labels

    def _grid_mapping(self, grid: Grid) -> None:
        crs = parse_crs(grid.crs)
        variable = self.file.createVariable("spatial_ref", "i4")
        dx, _, x, _, dy, y = grid.transform
        mapping = {name: value for name, value in crs.to_cf().items() if value is not None}
        variable.setncatts({**mapping, "GeoTransform": f"{x} {dx} 0 {y} 0 {dy}"})

    def _variable(self, name: str, probe: xr.DataArray) -> Any:
        dtype = np.dtype(np.float32) if probe.dtype.kind == "b" else probe.dtype
        sizes = [len(self.file.dimensions[dimension]) for dimension in self.order]
        chunks = (
            [1] * (len(sizes) - len(self.spatial)) + [min(size, CHUNK) for size in sizes[-2:]] if self.spatial else None
        )
        variable: Any = self.file.createVariable(  # type: ignore[call-overload]
            name,
            dtype,
            self.order,
            zlib=self.level > 0,
            complevel=max(self.level, 1),
            shuffle=True,
            chunksizes=chunks,
            fill_value=np.nan if dtype.kind == "f" else None,
        )
        if self.spatial:
            variable.grid_mapping = "spatial_ref"
        return variable

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Write a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        place: list[slice] = [slice(None)] * len(self.order)
        if window is not None and self.grid is not None:
            row, column = self.grid.offset(window)
            place[-2:] = [slice(row, row + window.height), slice(column, column + window.width)]
        order = [*([self.bands] if self.bands else []), *self.order]
        values: NDArray[Any] = block.transpose(*order).values
        for variable, layer in zip(self.variables, values if self.bands else [values], strict=True):
            variable[tuple(place)] = layer

    def close(self) -> list[Asset]:
        """Close the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        self.file.close()
        metadata = self.grid.metadata() if self.grid is not None else {}
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, metadata=metadata)]


def _axis(grid: Grid, horizontal: bool) -> dict[str, str]:
    letter = "X" if horizontal else "Y"
    if parse_crs(grid.crs).is_geographic:
        name, units = ("longitude", "degrees_east") if horizontal else ("latitude", "degrees_north")
        return {"axis": letter, "standard_name": name, "units": units}
    return {"axis": letter, "standard_name": f"projection_{letter.lower()}_coordinate", "units": "m"}


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return NetCdfWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if not isinstance(probe, xr.DataArray):
        return "it is no data cube; save it as JSON"
    return "its values are no numbers" if probe.dtype == object else None


FORMAT = Format(
    name="netCDF",
    title="NetCDF-4, CF conventions",
    data_types=("raster",),
    media_type=MEDIA_TYPE,
    extension="nc",
    parameters={
        "COMPRESSION_LEVEL": {
            "type": "integer",
            "description": "The level of the deflate compression, 0 for none.",
            "enum": list(range(10)),
            "default": 1,
        }
    },
    open=_open,
    suits=_suits,
)
