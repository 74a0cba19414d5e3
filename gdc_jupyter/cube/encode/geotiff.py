"""GeoTIFF, cloud-optimised: one file for each date, one band for each label of the bands.

Blocks go into plain GeoTIFFs, in memory where the result is small. From these, GDAL makes cloud-optimised files when
the last block is there: their overviews have to stand in front of the pixels that they are made of.
"""

from __future__ import annotations

import errno
import os
import uuid
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.layout import Image, NorthUp, band_names, image_problem, images, planes
from gdc_jupyter.cube.encode.metadata import describe_bands, describe_cube, instant_of
from gdc_jupyter.cube.encode.packing import PARAMETERS, Packing, packing_problem
from gdc_jupyter.cube.encode.statistics import Statistics, statistics_of
from gdc_jupyter.cube.grid import Grid

MEDIA_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
PLAIN_MEDIA_TYPE = "image/tiff; application=geotiff"
# Fast enough to keep up with the computation, and within a few per cent of the slower levels on measured reflectances.
ZSTD_LEVEL = 1
# A raster of so many tiles on a side is read whole as fast as through an overview.
TILES_WITHOUT_OVERVIEWS = 4
IN_MEMORY = 128 << 20
SPARE_FILES = 256
# Threads are started for each file: small ones are compressed before that is done.
WORTH_THREADS = 2 << 20


class GeoTiffWriter:
    """Writes blocks into plain temporary files, which become cloud-optimised ones at the end."""

    def __init__(self, folder: Path, stem: str, probe: xr.DataArray, grid: Grid, options: Mapping[str, Any]) -> None:
        self.folder, self.options, self.probe = folder, options, probe
        self.turn = NorthUp(grid)
        self.grid = self.turn.turned
        leading, self.bands = planes(probe)
        self.names = band_names(probe, self.bands)
        self.order = [*leading, *([self.bands] if self.bands else []), *spatial_dimensions(probe)]
        self.leading = leading
        self.packing = Packing.of(probe.dtype, options)
        self.images = images(probe, stem)
        self.count = max(len(self.names), 1)
        self.bytes = grid.width * grid.height * self.count * self.packing.dtype.itemsize
        in_memory = self.bytes * len(self.images) <= IN_MEMORY
        place = f"/vsimem/{uuid.uuid4().hex}" if in_memory else str(folder)
        self.temporary = [f"{place}/.{image.stem}.part.tif" for image in self.images]
        if in_memory:
            weakref.finalize(self, _forget, self.temporary)
        else:
            _allow_open_files(len(self.images))
        self.statistics = [statistics_of(self.count, options) for _ in self.images]
        self.files = [self._create(path) for path in self.temporary]

    def _create(self, path: str) -> Any:
        import rasterio
        from affine import Affine

        edge = int(self.options["BLOCKSIZE"])
        return rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=self.grid.width,
            height=self.grid.height,
            count=self.count,
            dtype=self.packing.dtype.name,
            nodata=self.packing.nodata,
            crs=rasterio.crs.CRS.from_user_input(self.grid.crs),
            transform=Affine(*self.grid.transform),
            tiled=True,
            blockxsize=edge,
            blockysize=edge,
            bigtiff="if_safer",
            interleave="band",
        )

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Write a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        from rasterio.windows import Window

        assert window is not None
        values = block.transpose(*self.order).values
        values, row, column = self.turn.place(values, window)
        place = Window(column, row, window.width, window.height)
        for file, image, statistics in zip(self.files, self.images, self.statistics, strict=True):
            layers = values[image.index].reshape(self.count, *window.shape)
            for layer, each in zip(layers, statistics, strict=True):
                each.add(layer)
            file.write(np.ascontiguousarray(self.packing.store(layers)), window=place)

    def close(self) -> list[Asset]:
        """Make the files cloud-optimised; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        for file in self.files:
            for position, name in enumerate(self.names, 1):
                file.set_band_description(position, name)
            if self.packing.packed:
                file.scales, file.offsets = [self.packing.scale] * self.count, [self.packing.offset] * self.count
            file.close()
        return [self._finish(*each) for each in zip(self.temporary, self.images, self.statistics, strict=True)]

    def _finish(self, temporary: str, image: Image, statistics: list[Statistics]) -> Asset:
        import rasterio.shutil

        path = self.folder / f"{image.stem}.tif"
        if not temporary.startswith("/vsimem/") and Path(temporary).stat().st_size < self.bytes:
            raise _cut_off(path)
        if self._has_overviews():
            self._build_overviews(temporary)
        rasterio.shutil.copy(temporary, path, **self._creation_options())
        _require_whole(path)
        rasterio.shutil.delete(temporary)
        metadata = describe_cube(self._labelled(image), self.grid, leave_out=self.leading)
        metadata |= describe_bands(self.names, self.packing, statistics, self.probe, self.grid)
        instant = instant_of(image.labels)
        if instant:
            metadata["datetime"] = instant
        return Asset(path, MEDIA_TYPE if self.options["TILED"] else PLAIN_MEDIA_TYPE, path.stem, metadata=metadata)

    def _labelled(self, image: Image) -> xr.DataArray:
        return self.probe.isel(dict(zip(self.leading, image.index, strict=True)))

    def _has_overviews(self) -> bool:
        asked, edge = self.options["OVERVIEWS"], max(self.grid.shape)
        tiles = 1 if asked == "IGNORE_EXISTING" else TILES_WITHOUT_OVERVIEWS
        return asked != "NONE" and edge > tiles * int(self.options["BLOCKSIZE"])

    def _build_overviews(self, path: str) -> None:
        import rasterio
        from rasterio.enums import Resampling

        default = "NEAREST" if self.packing.boolean else "AVERAGE"
        resampling = Resampling[str(self.options.get("OVERVIEW_RESAMPLING", default)).lower()]
        factors = [2]
        while max(self.grid.shape) / factors[-1] > int(self.options["BLOCKSIZE"]):
            factors.append(2 * factors[-1])
        with rasterio.open(path, "r+") as file:
            file.build_overviews(factors, resampling)

    def _creation_options(self) -> dict[str, str]:
        compression, predictor = str(self.options["COMPRESS"]), str(self.options["PREDICTOR"])
        edge, tiled = str(self.options["BLOCKSIZE"]), self.options["TILED"]
        chosen = {"COMPRESS": compression, "BIGTIFF": "IF_SAFER"}
        if self.bytes > WORTH_THREADS:
            chosen["NUM_THREADS"] = "ALL_CPUS"
        if tiled:
            chosen |= {"driver": "COG", "BLOCKSIZE": edge, "OVERVIEWS": "AUTO" if self._has_overviews() else "NONE"}
        else:
            chosen |= {"driver": "GTiff", "TILED": "NO", "INTERLEAVE": "BAND"}
            chosen |= {"COPY_SRC_OVERVIEWS": "YES"} if self._has_overviews() else {}
        if compression in ("ZSTD", "DEFLATE", "LZW") and predictor != "NO":
            kind = {"YES": "FLOATING_POINT" if self.packing.dtype.kind == "f" else "STANDARD"}.get(predictor, predictor)
            chosen["PREDICTOR"] = kind if tiled else {"STANDARD": "2", "FLOATING_POINT": "3"}[kind]
        level = self.options.get("LEVEL", ZSTD_LEVEL if compression == "ZSTD" else None)
        if level is not None and compression in ("ZSTD", "DEFLATE"):
            highest = 22 if compression == "ZSTD" else 9
            name = "LEVEL" if tiled else {"ZSTD": "ZSTD_LEVEL", "DEFLATE": "ZLEVEL"}[compression]
            chosen[name] = str(min(int(level), highest))
        return chosen


def _require_whole(path: Path) -> None:
    """Refuse a file whose last tile is cut off."""
    import rasterio

    with rasterio.open(path) as file:
        size = path.stat().st_size
        rows, columns = file.block_shapes[0]
        last = f"{-(-file.width // columns) - 1}_{-(-file.height // rows) - 1}"
        for band in file.indexes:
            start = file.get_tag_item(f"BLOCK_OFFSET_{last}", "TIFF", bidx=band)
            length = file.get_tag_item(f"BLOCK_SIZE_{last}", "TIFF", bidx=band)
            if start is not None and int(start) + int(length or 0) > size:
                raise _cut_off(path)


def _cut_off(path: Path) -> OSError:
    # GDAL notes that a disk is full, but goes on and does not tell.
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _forget(paths: list[str]) -> None:
    import rasterio.shutil
    from rasterio.errors import RasterioError

    for path in paths:
        try:
            rasterio.shutil.delete(path)
        except RasterioError:
            continue


def _allow_open_files(count: int) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    assert grid is not None
    return GeoTiffWriter(folder, stem, probe, grid, options)


def _doubts(options: Mapping[str, Any], value: Any) -> str | None:
    dtype = Packing.of(value.dtype, {"DATA_TYPE": options.get("DATA_TYPE")}).dtype
    if options["PREDICTOR"] == "FLOATING_POINT" and dtype.kind != "f":
        return f"PREDICTOR is FLOATING_POINT, and the numbers are of the type {dtype.name}; it can be YES or STANDARD"
    return packing_problem(options, value)


FORMAT = Format(
    name="GTiff",
    title="GeoTIFF, cloud-optimised; a file for each date",
    data_types=("raster",),
    media_type=MEDIA_TYPE,
    extension="tif",
    parameters={
        "COMPRESS": {
            "type": "string",
            "description": "The compression.",
            "enum": ["ZSTD", "DEFLATE", "LZW", "NONE"],
            "default": "ZSTD",
        },
        "LEVEL": {
            "type": "integer",
            "description": "The effort of the compression: 1 to 22 for ZSTD (1 by default), 1 to 9 for DEFLATE "
            "(6 by default).",
            "minimum": 1,
            "maximum": 22,
        },
        "PREDICTOR": {
            "type": "string",
            "description": "Whether the differences of neighbours are compressed. YES takes what suits the type.",
            "enum": ["YES", "NO", "STANDARD", "FLOATING_POINT"],
            "default": "YES",
        },
        "TILED": {
            "type": "boolean",
            "description": "Tiles, in a cloud-optimised file; otherwise rows.",
            "default": True,
        },
        "BLOCKSIZE": {
            "type": "integer",
            "description": "The edge of a tile in pixels.",
            "enum": [128, 256, 512, 1024, 2048],
            "default": 512,
        },
        "OVERVIEWS": {
            "type": "string",
            "description": "Whether the file holds smaller versions of itself: AUTO where it is more than four tiles "
            "wide or high, IGNORE_EXISTING where it is more than one.",
            "enum": ["AUTO", "IGNORE_EXISTING", "NONE"],
            "default": "AUTO",
        },
        "OVERVIEW_RESAMPLING": {
            "type": "string",
            "description": "How overviews are made; AVERAGE by default, NEAREST for truth values.",
            "enum": ["NEAREST", "AVERAGE", "BILINEAR", "CUBIC", "MODE", "RMS"],
        },
        **PARAMETERS,
    },
    open=_open,
    suits=image_problem,
    doubts=_doubts,
)
