"""NetCDF-4 by the CF conventions: one variable for each band, all dates in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.encode.cf import CHUNKS, CONVENTIONS, GRID_MAPPING, CfCube, cf_doubts, cf_problem
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.packing import PARAMETERS
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.netcdf_lock import netcdf_lock

MEDIA_TYPE = "application/x-netcdf"


class NetCdfWriter:
    """Writes blocks into the variables of one file."""

    def __init__(
        self, folder: Path, stem: str, probe: xr.DataArray, grid: Grid | None, options: Mapping[str, Any]
    ) -> None:
        import netCDF4

        self.path, self.options = folder / f"{stem}.nc", options
        self.cube = CfCube(probe, grid, options)
        self.variables: list[Any] = []
        # Other threads read such files meanwhile.
        with netcdf_lock():
            self.file = netCDF4.Dataset(self.path, "w", format="NETCDF4")
            self._describe()

    def _describe(self) -> None:
        self.file.setncatts({"Conventions": CONVENTIONS, "title": "Result"})
        for name, size in self.cube.sizes.items():
            self.file.createDimension(name, size)
        for coordinate in self.cube.coordinates():
            kind: Any = str if coordinate.values.dtype == object else coordinate.values.dtype
            variable = self.file.createVariable(coordinate.name, kind, coordinate.dimensions)
            variable.setncatts(coordinate.attributes)
            variable[...] = coordinate.values
        if self.cube.crs:
            self.file.createVariable(GRID_MAPPING, "i4").setncatts(self.cube.grid_mapping())

    def _create(self, window: Grid | None) -> None:
        compression = self.options["COMPRESS"] == "DEFLATE" and not self.cube.text
        chunks = self.cube.chunks(window, self.options.get("CHUNKS"))
        fill = False if self.cube.text or self.cube.exact else self.cube.packing.nodata
        kind: Any = str if self.cube.text else self.cube.packing.dtype
        for position, name in enumerate(self.cube.names):
            variable: Any = self.file.createVariable(  # type: ignore[call-overload]
                name,
                kind,
                self.cube.dimensions,
                zlib=compression,
                complevel=int(self.options["ZLEVEL"]),
                shuffle=True,
                chunksizes=chunks if chunks and not self.cube.text else None,
                fill_value=None if self.cube.text else fill,
            )
            variable.set_auto_maskandscale(False)
            variable.setncatts(self.cube.attributes(position))
            self.variables.append(variable)

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Write a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        layers, place = self.cube.layers(block, window)
        with netcdf_lock():
            if not self.variables:
                self._create(window)
            for variable, layer in zip(self.variables, layers, strict=True):
                variable[place or ...] = (
                    layer if layer.ndim or layer.dtype != object else np.array(layer.item(), dtype=object)
                )

    def close(self) -> list[Asset]:
        """Close the file; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        with netcdf_lock():
            self.file.close()
        return [Asset(self.path, MEDIA_TYPE, self.path.stem, metadata=self.cube.metadata())]


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return NetCdfWriter(folder, stem, probe, grid, options)


FORMAT = Format(
    name="netCDF",
    title="NetCDF-4, CF conventions",
    data_types=("raster", "vector", "table"),
    media_type=MEDIA_TYPE,
    extension="nc",
    parameters={
        "COMPRESS": {
            "type": "string",
            "description": "The compression.",
            "enum": ["DEFLATE", "NONE"],
            "default": "DEFLATE",
        },
        "ZLEVEL": {
            "type": "integer",
            "description": "The effort of the compression.",
            "minimum": 1,
            "maximum": 9,
            "default": 1,
        },
        "CHUNKS": CHUNKS,
        **PARAMETERS,
    },
    open=_open,
    suits=cf_problem,
    doubts=cf_doubts,
)
