"""Cubes by the CF conventions: the coordinates, grid mapping and variables that netCDF and Zarr share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import dimension_type, is_raster, spatial_coordinates, spatial_dimensions
from gdc_jupyter.cube.encode.labels import counted_times, labels_of, text_label
from gdc_jupyter.cube.encode.layout import band_names, planes
from gdc_jupyter.cube.encode.metadata import describe_bands, describe_cube
from gdc_jupyter.cube.encode.packing import Packing, packing_problem
from gdc_jupyter.cube.encode.statistics import Statistics, statistics_of
from gdc_jupyter.cube.grid import Grid, normalise_crs, parse_crs

CONVENTIONS = "CF-1.10"
GRID_MAPPING = "spatial_ref"
UNNAMED = "var"
# The edge of a chunk in pixels, and what a chunk of many small layers may hold.
CHUNK, CHUNK_BYTES = 256, 1 << 20
CHUNKS: dict[str, Any] = {
    "type": "object",
    "description": "The size of chunks along dimensions, by name; the others are chosen.",
    "additionalProperties": {"type": "integer", "minimum": 1},
}


@dataclass(frozen=True)
class Coordinate:
    """The labels of a dimension, or coordinates along several, as a file has them."""

    name: str
    dimensions: tuple[str, ...]
    values: NDArray[Any]
    attributes: Mapping[str, Any]


class CfCube:
    """How a cube is laid out in variables, one for each band, and the statistics of what was written.

    Parameters
    ----------
    probe : xarray.DataArray
        One pixel with all other labels; the whole cube where there is no grid.
    grid : Grid, optional
    options : mapping
        See :data:`gdc_jupyter.cube.encode.packing.PARAMETERS`.
    """

    def __init__(self, probe: xr.DataArray, grid: Grid | None, options: Mapping[str, Any]) -> None:
        self.probe, self.grid = probe, grid
        self.others, self.bands = planes(probe)
        self.spatial: tuple[str, ...] = spatial_dimensions(probe) if is_raster(probe) else ()
        self.dimensions = [*self.others, *self.spatial]
        self.crs = grid.crs if grid is not None else _crs_of(probe)
        self.text = probe.dtype.kind in "OUS"
        # The only block of a cube without a grid is there whole: its whole numbers have no gaps.
        exact = grid is None and probe.dtype.kind in "iu" and not options.get("DATA_TYPE")
        asked = {**options, "DATA_TYPE": probe.dtype.name} if exact else options
        self.packing = Packing.of(np.dtype(np.float32) if self.text else probe.dtype, asked)
        self.exact = exact and not self.packing.packed
        labels = band_names(probe, self.bands) or [UNNAMED]
        taken = {GRID_MAPPING, *self.dimensions, *(str(name) for name in probe.coords if name != self.bands)}
        self.names = _variable_names(labels, taken)
        self.titles = labels if self.bands else [""]
        self.statistics = statistics_of(len(self.names), options)

    @property
    def sizes(self) -> dict[str, int]:
        """The length of each dimension."""
        sizes = {name: int(self.probe.sizes[name]) for name in self.dimensions}
        if self.grid is not None:
            sizes |= dict(zip(self.spatial, self.grid.shape, strict=True))
        return sizes

    def coordinates(self) -> list[Coordinate]:
        """Return the labels of all dimensions, and coordinates along several of them, such as the longitudes."""
        found = [self._coordinate(name) for name in self.dimensions]
        several: dict[Any, Any]
        if self.grid is not None:
            several = spatial_coordinates(self.grid, *self.spatial)
        else:
            several = {name: (each.dims, each.values, each.attrs) for name, each in self.probe.coords.items()}
        for name, (dims, values, attributes) in several.items():
            if name not in self.probe.dims and set(dims) <= set(self.dimensions):
                found.append(_stored(str(name), tuple(map(str, dims)), np.asarray(values), _kept(attributes)))
        return found

    def _coordinate(self, name: str) -> Coordinate:
        horizontal = name in self.spatial
        if self.grid is not None and horizontal:
            labels: NDArray[Any] = self.grid.x_labels() if name == self.spatial[1] else self.grid.y_labels()
        else:
            labels = labels_of(self.probe, name)
        # The rows and columns of a curvilinear grid are just counted.
        counted = self.grid is not None and self.grid.curvilinear
        attributes = _axis(None if counted else self.crs, name == self.spatial[1]) if horizontal else {}
        if dimension_type(self.probe, name) == "geometry":
            attributes = {"long_name": "geometry as WKT"}
        return _stored(name, (name,), labels, attributes)

    def auxiliary(self) -> list[str]:
        """Return the names of the coordinates that are no dimensions."""
        return [each.name for each in self.coordinates() if each.dimensions != (each.name,)]

    def grid_mapping(self) -> dict[str, Any]:
        """Return the attributes of the grid mapping variable."""
        mapping = {name: value for name, value in parse_crs(self.crs or "").to_cf().items() if value is not None}
        if self.grid is not None and self.grid.regular:
            dx, _, x, _, dy, y = self.grid.transform
            mapping["GeoTransform"] = f"{x!r} {dx!r} 0 {y!r} 0 {dy!r}"
        return mapping

    def attributes(self, position: int, locate_mapping: bool = False) -> dict[str, Any]:
        """Return the attributes of a variable.

        Parameters
        ----------
        position : int
            The position of its band.
        locate_mapping : bool
            Whether the grid mapping is listed as a coordinate too, by which xarray knows it without being told to.
        """
        attributes: dict[str, Any] = {}
        title = self.titles[position]
        if title and title != self.names[position]:
            attributes["long_name"] = title
        for name in ("units", "standard_name", "long_name"):
            if isinstance(self.probe.attrs.get(name), str):
                attributes.setdefault(name, self.probe.attrs[name])
        if self.packing.packed:
            attributes |= {"scale_factor": self.packing.scale, "add_offset": self.packing.offset}
        if self.packing.boolean:
            attributes |= {"flag_values": np.array([0, 1], self.packing.dtype), "flag_meanings": "false true"}
        if self.crs and (self.spatial or "geometry" in self.kinds()):
            attributes["grid_mapping"] = GRID_MAPPING
        auxiliary = self.auxiliary()
        if locate_mapping and self.crs:
            auxiliary = [*auxiliary, GRID_MAPPING]
        if auxiliary:
            attributes["coordinates"] = " ".join(auxiliary)
        return attributes

    def kinds(self) -> set[str]:
        """Return the types of the dimensions."""
        return {dimension_type(self.probe, name) for name in self.dimensions}

    def chunks(self, window: Grid | None, asked: Mapping[str, Any] | None) -> list[int]:
        """Return the shape of chunks: blocks of pixels, and of so many layers that a chunk is worth a read.

        Parameters
        ----------
        window : Grid, optional
            The first block that is written: chunks that fit it are written once.
        asked : mapping, optional
            Sizes by dimension.
        """
        sizes = self.sizes
        edges = dict(zip(self.spatial, window.shape, strict=True)) if window is not None else {}
        chunks = {name: min(CHUNK, edges.get(name, CHUNK), sizes[name]) for name in self.spatial}
        layer = max(self.packing.dtype.itemsize * int(np.prod(list(chunks.values()), dtype=np.int64)), 1)
        for name in reversed(self.others):
            chunks[name] = max(min(sizes[name], CHUNK_BYTES // layer), 1) if sizes[name] else 1
            layer *= chunks[name]
        for name, size in (asked or {}).items():
            chunks[name] = min(int(size), max(sizes[name], 1))
        return [max(chunks[name], 1) for name in self.dimensions]

    def layers(self, block: xr.DataArray, window: Grid | None) -> tuple[list[NDArray[Any]], tuple[slice, ...]]:
        """Return the stored values of a block for each variable, and their place in it."""
        place: list[slice] = [slice(None)] * len(self.dimensions)
        if window is not None and self.grid is not None:
            row, column = self.grid.offset(window)
            place[-2:] = [slice(row, row + window.height), slice(column, column + window.width)]
        order = [*([self.bands] if self.bands else []), *self.dimensions]
        values: NDArray[Any] = block.transpose(*order).values
        return [
            self._store(layer, each)
            for layer, each in zip(values if self.bands else [values], self.statistics, strict=True)
        ], tuple(place)

    def _store(self, layer: Any, statistics: Statistics) -> NDArray[Any]:
        layer = np.asarray(layer)
        if self.text:
            return np.array(
                [text_label(value) if value is not None else "" for value in layer.flat], dtype=object
            ).reshape(layer.shape)
        statistics.add(layer.reshape(layer.shape or (1,)))
        return layer if self.exact else self.packing.store(layer)

    def metadata(self) -> dict[str, Any]:
        """Return the STAC fields of the file."""
        entry = describe_cube(self.probe, self.grid)
        if not self.text:
            entry |= describe_bands(self.names, self.packing, self.statistics, self.probe, self.grid)
        if not self.bands:
            entry.pop("eo:bands", None)
        variables = {name: {"dimensions": list(self.dimensions), "variable_type": "data"} for name in self.names}
        return {**entry, "cube:variables": variables}


def cf_problem(probe: Any, grid: Grid | None) -> str | None:
    """Return why a value cannot become variables, or None."""
    if not isinstance(probe, xr.DataArray):
        return "it is no data cube; save it as JSON"
    if probe.dtype.kind == "O" and not all(isinstance(value, (str, type(None))) for value in probe.values.flat):
        return "its values are neither numbers nor texts"
    if probe.dtype.kind not in "biufOU":
        return f"its values are of the type {probe.dtype}"
    if probe.size == 0:
        return "it has no values"
    return None


def cf_doubts(options: Mapping[str, Any], value: Any) -> str | None:
    """Return what is wrong with the options of a format of variables, or None."""
    _, bands = planes(value)
    known = [str(name) for name in value.dims if name != bands]
    for name, size in (options.get("CHUNKS") or {}).items():
        if name not in known:
            return f"CHUNKS names '{name}'; the dimensions of a variable are {', '.join(known)}"
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            return f"CHUNKS gives {size!r} for '{name}'; it can be a whole number from 1"
    return packing_problem(options, value)


def _crs_of(probe: xr.DataArray) -> str | None:
    crs = probe.attrs.get("crs")
    return normalise_crs(crs) if crs else None


def _kept(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(name): value
        for name, value in attributes.items()
        if isinstance(value, (str, int, float)) and name != "type"
    }


def _stored(name: str, dimensions: tuple[str, ...], labels: NDArray[Any], attributes: Mapping[str, Any]) -> Coordinate:
    times = counted_times(labels)
    if times is not None:
        counted, units, calendar = times
        described = {"standard_name": "time", "units": units, "calendar": calendar}
        if dimensions == (name,):
            described["axis"] = "T"
        return Coordinate(name, dimensions, counted, described)
    if labels.dtype.kind in "OUS":
        texts = np.array([text_label(label) for label in labels.flat], dtype=object).reshape(labels.shape)
        return Coordinate(name, dimensions, texts, attributes)
    if labels.dtype.kind == "b":
        labels = labels.astype(np.uint8)
    return Coordinate(name, dimensions, labels.astype(np.float32) if labels.dtype == np.float16 else labels, attributes)


def _axis(crs: str | None, horizontal: bool) -> dict[str, str]:
    letter = "X" if horizontal else "Y"
    if crs is None:
        return {"axis": letter}
    parsed = parse_crs(crs)
    if parsed.is_geographic:
        name, units = ("longitude", "degrees_east") if horizontal else ("latitude", "degrees_north")
        return {"axis": letter, "standard_name": name, "units": units}
    units = (
        {"metre": "m"}.get(parsed.axis_info[0].unit_name, parsed.axis_info[0].unit_name) if parsed.axis_info else "m"
    )
    return {"axis": letter, "standard_name": f"projection_{letter.lower()}_coordinate", "units": units}


def _variable_names(labels: Sequence[str], taken: set[str]) -> list[str]:
    """Return names that a variable can have, all different, as like the labels as possible."""
    names: list[str] = []
    for label in labels:
        name = base = re.sub(r"[/\\\x00-\x1f\x7f]", "_", label).strip().strip(".") or UNNAMED
        number = 1
        while name in taken or name.startswith("__"):
            number += 1
            name = f"{base.lstrip('_')}_{number}"
        taken.add(name)
        names.append(name)
    return names
