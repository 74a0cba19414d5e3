"""GeoTIFF, cloud-optimised: one file for each date, one band for each label of the bands."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.encode.format import Asset, Format, Writer, band_names, label_text, planes
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError

MEDIA_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
MOST_FILES = 2000
# Fast enough to keep up with the computation, and within a few per cent of the slower levels on measured reflectances.
ZSTD_LEVEL = 1
BOOLEAN_NODATA = 255


class GeoTiffWriter:
    """Writes blocks into plain temporary files, which become cloud-optimised ones at the end."""

    def __init__(self, folder: Path, stem: str, probe: xr.DataArray, grid: Grid, options: Mapping[str, Any]) -> None:
        self.grid, self.options = grid, options
        self.images, self.bands = planes(probe)
        self.names = band_names(probe, self.bands)
        self.spatial = spatial_dimensions(probe)
        self.dtype, self.nodata = _storage(probe.dtype)
        labels = [probe.coords[name].values for name in self.images]
        self.indices = list(itertools.product(*[range(len(each)) for each in labels]))
        several = [position for position, each in enumerate(labels) if len(each) > 1]
        stems = ["_".join([stem, *(label_text(labels[at][index[at]]) for at in several)]) for index in self.indices]
        self.paths = [folder / f"{each}.tif" for each in stems]
        self.temporary = [folder / f".{each}.part.tif" for each in stems]
        self.files = [self._create(path) for path in self.temporary]

    def _create(self, path: Path) -> Any:
        import rasterio
        from affine import Affine

        return rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=self.grid.width,
            height=self.grid.height,
            count=max(len(self.names), 1),
            dtype=self.dtype,
            nodata=self.nodata,
            crs=rasterio.crs.CRS.from_user_input(self.grid.crs),
            transform=Affine(*self.grid.transform),
            tiled=True,
            blockxsize=512,
            blockysize=512,
            bigtiff="if_safer",
            interleave="band",
        )

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Write a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        from rasterio.windows import Window

        assert window is not None
        row, column = self.grid.offset(window)
        place = Window(column, row, window.width, window.height)
        order = [*self.images, *([self.bands] if self.bands else []), *self.spatial]
        values = block.transpose(*order).values
        for file, index in zip(self.files, self.indices, strict=True):
            image = _stored(values[index], self.dtype, self.nodata)
            file.write(image if image.ndim == 3 else image[np.newaxis], window=place)

    def close(self) -> list[Asset]:
        """Make the files cloud-optimised; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        for file in self.files:
            for position, name in enumerate(self.names, 1):
                file.set_band_description(position, name)
            file.close()
        return [self._finish(*pair) for pair in zip(self.temporary, self.paths, strict=True)]

    def _finish(self, temporary: Path, path: Path) -> Asset:
        import rasterio.shutil
        from rasterio.errors import RasterioError

        compression = str(self.options.get("COMPRESS", "ZSTD"))
        extra = {"LEVEL": str(ZSTD_LEVEL)} if compression == "ZSTD" else {}
        if compression in ("ZSTD", "DEFLATE", "LZW"):
            extra["PREDICTOR"] = "YES"
        resampling = str(self.options.get("OVERVIEW_RESAMPLING", "NEAREST" if self.dtype == "uint8" else "AVERAGE"))
        try:
            rasterio.shutil.copy(
                temporary,
                path,
                driver="COG",
                COMPRESS=compression,
                BLOCKSIZE=str(self.options.get("BLOCKSIZE", 512)),
                OVERVIEW_RESAMPLING=resampling,
                NUM_THREADS="ALL_CPUS",
                BIGTIFF="IF_SAFER",
                **extra,
            )
        except (RasterioError, OSError) as error:
            raise GdcError("StorageFailure", f"{path.name} could not be written: {error}") from error
        finally:
            temporary.unlink(missing_ok=True)
        metadata = self.grid.metadata()
        band = {"data_type": self.dtype, "nodata": "nan" if np.isnan(self.nodata) else self.nodata}
        metadata["raster:bands"] = [{"name": name, **band} for name in self.names] or [band]
        if self.names:
            metadata["eo:bands"] = [{"name": name} for name in self.names]
        return Asset(path, MEDIA_TYPE, path.stem, metadata=metadata)


def _storage(dtype: np.dtype[Any]) -> tuple[str, float]:
    if dtype.kind == "b":
        return "uint8", BOOLEAN_NODATA
    return ("float64" if dtype.kind in "iu" or dtype.itemsize > 4 else "float32"), float("nan")


def _stored(values: NDArray[Any], dtype: str, nodata: float) -> NDArray[Any]:
    if dtype == "uint8" and values.dtype.kind == "f":
        values = np.where(np.isnan(values), nodata, values)
    return values.astype(dtype, copy=False)


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    assert grid is not None
    return GeoTiffWriter(folder, stem, probe, grid, options)


def _suits(probe: Any, grid: Grid | None) -> str | None:
    if grid is None:
        return "it has no dimensions x and y"
    if probe.dtype == object:
        return "its values are no numbers"
    images, _ = planes(probe)
    count = int(np.prod([probe.sizes[name] for name in images]))
    if count > MOST_FILES:
        return f"it would be {count} files; reduce {' or '.join(images)} first, or use netCDF"
    return None


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
        "BLOCKSIZE": {
            "type": "integer",
            "description": "The edge of a tile in pixels.",
            "enum": [128, 256, 512, 1024],
            "default": 512,
        },
        "OVERVIEW_RESAMPLING": {
            "type": "string",
            "description": "How overviews are made.",
            "enum": ["NEAREST", "AVERAGE", "BILINEAR", "MODE"],
            "default": "AVERAGE",
        },
    },
    open=_open,
    suits=_suits,
)
