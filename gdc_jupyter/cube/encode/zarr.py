"""Zarr by the CF conventions, all dates in one store: an array for each band, in a ZIP file.

The result of a job is a list of files, each with an address of its own that is signed and expires. A store of a
thousand chunks would be a thousand addresses, which no Zarr library could make from the address of the store; and a
synchronous request is answered by one file. So the store is a ZIP file, ``result.zarr.zip``, whose members are not
compressed again: ``xarray.open_zarr(zarr.storage.ZipStore(path))`` reads it as it is, chunk by chunk, and unpacked it
is an ordinary folder store.

Version 2 of the format is the default, because consolidated metadata and arrays of text are part of it, and every
reader knows it.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.encode.cf import CHUNKS, CONVENTIONS, GRID_MAPPING, CfCube, cf_doubts, cf_problem
from gdc_jupyter.cube.encode.format import Asset, Format, Writer
from gdc_jupyter.cube.encode.packing import PARAMETERS
from gdc_jupyter.cube.grid import Grid, parse_crs

MEDIA_TYPE = "application/vnd.zarr+zip"
# The members of a ZIP file have a time; always the same, so that equal results are equal files.
_MEMBER_TIME = (1980, 1, 1, 0, 0, 0)
_READ = 1 << 20


class ZarrWriter:
    """Writes blocks into the arrays of a folder store, which is packed at the end."""

    def __init__(
        self, folder: Path, stem: str, probe: xr.DataArray, grid: Grid | None, options: Mapping[str, Any]
    ) -> None:
        import zarr

        self.path, self.store = folder / f"{stem}.zarr.zip", folder / f"{stem}.zarr"
        self.options = options
        self.cube = CfCube(probe, grid, options)
        self.version = 3 if options["FORMAT"] == "ZARR_V3" else 2
        self.group = zarr.open_group(self.store, mode="w", zarr_format=self.version)  # type: ignore[arg-type]
        self.group.attrs.update({"Conventions": CONVENTIONS, "title": "Result"})
        for coordinate in self.cube.coordinates():
            values = coordinate.values
            if values.dtype == object:
                values = values.astype(str) if values.size else values.astype("U1")
            array = self._array(
                coordinate.name, values.dtype, values.shape, coordinate.dimensions, coordinate.attributes
            )
            array[...] = values
        if self.cube.crs:
            self._array(GRID_MAPPING, np.dtype(np.int32), (), (), self.cube.grid_mapping())[...] = 0
        self.arrays: list[Any] = []

    def _array(
        self,
        name: str,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        dimensions: tuple[str, ...],
        attributes: Mapping[str, Any],
        **more: Any,
    ) -> Any:
        described = {key: value.tolist() if hasattr(value, "tolist") else value for key, value in attributes.items()}
        if self.version == 2:
            described["_ARRAY_DIMENSIONS"] = list(dimensions)
            # Readers take the fill value for no data, and 0 is as good a label as any.
            more.setdefault("fill_value", None)
        else:
            more["dimension_names"] = dimensions
        with warnings.catch_warnings():
            # Text has no place in the specification of version 3 yet.
            warnings.simplefilter("ignore")
            return self.group.create_array(name, shape=shape, dtype=dtype, attributes=described, **more)

    def _create(self, window: Grid | None, layers: list[NDArray[Any]]) -> None:
        shape = tuple(self.cube.sizes.values())
        for position, name in enumerate(self.cube.names):
            attributes = {**self.cube.attributes(position, locate_mapping=True), **self._projection()}
            more: dict[str, Any] = (
                {"chunks": tuple(self.cube.chunks(window, self.options.get("CHUNKS")))} if shape else {}
            )
            dtype = np.dtype(layers[position].dtype)
            if not self.cube.text and not self.cube.exact:
                dtype, more["fill_value"] = self.cube.packing.dtype, self.cube.packing.nodata
                if self.version == 3 and dtype.kind != "f":
                    attributes["_FillValue"] = int(self.cube.packing.nodata)
            more["compressors"] = self._compressors()
            self.arrays.append(self._array(name, dtype, shape, tuple(self.cube.dimensions), attributes, **more))

    def _projection(self) -> dict[str, Any]:
        """Return the CRS in the form in which GDAL looks for it."""
        if not self.cube.crs or not self.cube.spatial:
            return {}
        parsed = parse_crs(self.cube.crs)
        return {"_CRS": {"wkt": parsed.to_wkt(), "projjson": parsed.to_json_dict()}}

    def _compressors(self) -> Any:
        name, level = self.options["COMPRESS"], self.options.get("LEVEL")
        if name == "NONE":
            return None
        if self.version == 3:
            from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

            return {
                "BLOSC": lambda: BloscCodec(cname="zstd", clevel=level or 1, shuffle="shuffle"),
                "ZSTD": lambda: ZstdCodec(level=level or 1),  # type: ignore[no-untyped-call]
                "GZIP": lambda: GzipCodec(level=level or 1),
            }[name]()
        import numcodecs  # type: ignore[import-untyped]

        return {
            "BLOSC": lambda: numcodecs.Blosc(cname="zstd", clevel=level or 1, shuffle=numcodecs.Blosc.SHUFFLE),
            "ZSTD": lambda: numcodecs.Zstd(level=level or 1),
            "GZIP": lambda: numcodecs.GZip(level=level or 1),
        }[name]()

    def write(self, block: xr.DataArray, window: Grid | None) -> None:
        """Write a block; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        layers, place = self.cube.layers(block, window)
        if self.cube.text:
            layers = [layer.astype(str) for layer in layers]
        if not self.arrays:
            self._create(window, layers)
        for array, layer in zip(self.arrays, layers, strict=True):
            array[place or ...] = layer

    def close(self) -> list[Asset]:
        """Consolidate the metadata and pack the store; see :class:`gdc_jupyter.cube.encode.format.Writer`."""
        import zarr

        with warnings.catch_warnings():
            # Version 3 of the format has no place for consolidated metadata in its specification yet.
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(self.group.store)
        _pack(self.store, self.path)
        title = self.path.name.removesuffix(".zarr.zip")
        return [Asset(self.path, MEDIA_TYPE, title, metadata=self.cube.metadata())]


def _pack(folder: Path, target: Path) -> None:
    """Pack a folder store, removing its files on the way, so that it takes little more space than one of the two."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _MEMBER_TIME)
            member.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(member, "w") as into:
                while part := source.read(_READ):
                    into.write(part)
            path.unlink()


def _open(folder: Path, stem: str, probe: Any, grid: Grid | None, options: Mapping[str, Any]) -> Writer:
    return ZarrWriter(folder, stem, probe, grid, options)


FORMAT = Format(
    name="Zarr",
    title="Zarr, CF conventions; a store in a ZIP file",
    data_types=("raster", "vector", "table"),
    media_type=MEDIA_TYPE,
    extension="zarr.zip",
    parameters={
        "FORMAT": {
            "type": "string",
            "description": "The version of the format.",
            "enum": ["ZARR_V2", "ZARR_V3"],
            "default": "ZARR_V2",
        },
        "COMPRESS": {
            "type": "string",
            "description": "The compression; BLOSC is Zstandard over the shuffled bytes.",
            "enum": ["BLOSC", "ZSTD", "GZIP", "NONE"],
            "default": "BLOSC",
        },
        "LEVEL": {
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
