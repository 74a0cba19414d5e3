"""Processes that reduce the pixels of zones, or of the whole cube, to single values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.geojson import as_vector_cube
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.stream import Stream, stream_of
from gdc_jupyter.cube.tallies import Fields, Statistic, Tallies
from gdc_jupyter.cube.vector import beside_features, crs_of, geometries_of, geometry_dimension
from gdc_jupyter.cube.zones import Zones
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.engine import knowing, uses_of
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.results import one_value
from gdc_jupyter.processes.schemas import (
    AnyGeometries,
    Anything,
    Cube,
    ItemsReducer,
    RasterCube,
    TextOrNull,
    VectorCube,
)

COUNTS = ("value", "total_count", "valid_count")
# Values that may be in memory for a reducer that needs all of them at once.
MOST_VALUES = 1 << 28
Values = NDArray[Any]


@process("cubes", "aggregate", streams=True)
def aggregate_spatial(
    data: RasterCube,
    geometries: AnyGeometries,
    reducer: ItemsReducer,
    target_dimension: TextOrNull = None,
    context: Anything = None,
) -> VectorCube:
    """Reduce the pixels of each geometry to one value, for each date and band.

    Pixels on the edge of a polygon count by the exact share of them that lies inside, where the reducer adds up: `mean`
    is the mean over the area, `sum` adds value times share, `count` adds shares, and `variance` and `sd` are those of a
    weighted sample. This holds wherever these processes take the data of the reducer directly, also as a part of a
    longer one.

    All other reducers get the values of the pixels whose centres a polygon holds, each once; a polygon that holds none
    has the one pixel that it covers most of. Points have the pixel that they lie in, lines those that they go through.

    A geometry that is empty or lies outside of the data gets no-data.

    Parameters
    ----------
    data
        The cube.
    geometries
        The geometries, in any reference system. Their properties are kept.
    reducer
        The callback; it gets the values of a geometry's pixels as ``data``, and returns one.
    target_dimension
        The name of a new dimension with the labels ``value``, ``total_count`` and ``valid_count``: the result, the
        number of pixels, and that of those with a value. Pixels count as they do for the reducer, by shares or whole.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        A vector cube: the geometries as they are given, then the other dimensions of the data.

    Raises
    ------
    TargetDimensionExists
        The cube has a dimension of that name.
    DimensionExists
        The cube has a dimension of the same name as that of the geometries.
    """
    stream = stream_of(data)
    zones = as_vector_cube(geometries)
    layout = _Layout.of(stream)
    name = geometry_dimension(zones)
    if name in layout.dims:
        raise GdcError("DimensionExists", f"The data have a dimension '{name}', as the geometries do; rename it.")
    if target_dimension is not None and target_dimension in {name, *layout.dims}:
        raise GdcError("TargetDimensionExists", f"There is a dimension '{target_dimension}' already.")
    aggregation = _Aggregation(Zones(zones, stream.grid), layout, reducer, context, target_dimension is not None)
    aggregation.try_on(stream.probe)
    aggregation.run(stream)
    values = aggregation.values.reshape(-1, *layout.shape)
    coords = {**beside_features(zones), **layout.coords}
    dims = [name, *layout.dims]
    if target_dimension is not None:
        counts = [aggregation.counts(which, zones).reshape(values.shape) for which in ("total", "valid")]
        values = np.stack([values, *counts], axis=-1)
        dims.append(target_dimension)
        labels = np.array(COUNTS, dtype=object)
        coords[target_dimension] = xr.Variable(target_dimension, labels, {"type": "other"})
    return xr.DataArray(values, dims=dims, coords=coords, attrs={**stream.probe.attrs, "crs": crs_of(zones)})


@process("aggregate", "cubes", "reducer", streams=True)
def reduce_spatial(data: RasterCube, reducer: ItemsReducer, context: Anything = None) -> Cube:
    """Reduce all pixels to one value, for each date and band.

    Parameters
    ----------
    data
        The cube.
    reducer
        The callback; it gets the values of all pixels, in no particular order, as ``data``, and returns one.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube without x and y.
    """
    stream = stream_of(data)
    layout = _Layout.of(stream)
    plan = _Reduction.of(reducer)
    _try_on(plan, layout, stream.probe, context)
    layers = len(layout.layers(stream.probe))
    tallies = Tallies(plan.statistics.values(), 1, layers)
    raw: list[Values] = []
    if not plan.alone:
        _require_memory(stream.grid.width * stream.grid.height * layers)

    def of_block(block: xr.DataArray, window: Grid) -> tuple[Fields, Values | None]:
        values = layout.layers(block)
        return tallies.of_all(values), None if plan.alone else values.reshape(layers, -1).copy()

    for fields, values in stream.map(of_block):
        tallies.add(slice(None), fields)
        if values is not None:
            raw.append(values)
    known = {node: each.result(tallies.fields)[0].reshape(layout.shape) for node, each in plan.statistics.items()}
    pixels = None if plan.alone else layout.labelled(np.concatenate(raw, axis=1))
    result = one_value(plan(known, pixels, context), layout.shape, "The reducer")
    attributes = {key: value for key, value in stream.probe.attrs.items() if key != "crs"}
    return xr.DataArray(result, dims=layout.dims, coords=layout.coords, attrs=attributes)


@dataclass(frozen=True)
class _Layout:
    """The dimensions of a cube beside x and y; all their labels together are layers."""

    dims: list[str]
    coords: dict[Any, Any]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, stream: Stream) -> _Layout:
        probe = stream.probe
        spatial = spatial_dimensions(probe)
        dims = [str(name) for name in probe.dims if name not in spatial]
        coords = {name: probe.coords[name].variable for name in dims if name in probe.coords}
        return cls(dims, coords, tuple(probe.sizes[name] for name in dims))

    def layers(self, block: xr.DataArray) -> Values:
        """Return the values of a block, shape (layers, height, width)."""
        values = block.transpose(*self.dims, *spatial_dimensions(block)).values
        return values.reshape(-1, *values.shape[-2:])

    def labelled(self, values: Values) -> xr.DataArray:
        """Return values of shape (layers, pixels) as what a reducer gets: the pixels first, then the dimensions."""
        array = np.ascontiguousarray(values.T).reshape(-1, *self.shape)
        return xr.DataArray(array, dims=["pixels", *self.dims], coords=self.coords)


@dataclass(frozen=True)
class _Reduction:
    """A reducer: the statistics in it that add up, and whether they are all that it makes of the data."""

    reducer: Callable[..., Any]
    statistics: dict[str, Statistic]
    alone: bool

    @classmethod
    def of(cls, reducer: Callable[..., Any]) -> _Reduction:
        uses, alone = uses_of(reducer)
        found = {node: Statistic(process, arguments) for node, (process, arguments) in uses.items()}
        known = {node: statistic for node, statistic in found.items() if statistic.adds_up}
        return cls(reducer, known, alone and len(known) == len(found))

    def __call__(self, known: dict[str, Any], pixels: xr.DataArray | None, context: Any) -> Any:
        """Return the reducer's result from the results of its statistics, and from the values where it needs them."""
        if self.alone:
            return knowing(self.reducer, known)(context=context)
        # A sum over shares cannot be told from the values; what is told by them anyway is computed as usual.
        return knowing(self.reducer, known)(data=pixels, context=context)


def _try_on(plan: _Reduction, layout: _Layout, probe: xr.DataArray, context: Any) -> None:
    """Run a reducer on one pixel, so that what it refuses is told before any data are read."""
    result = plan.reducer(data=layout.labelled(layout.layers(probe)[:, 0, :1]), context=context)
    one_value(result, layout.shape, "The reducer")


def _require_memory(values: int) -> None:
    if values > MOST_VALUES:
        raise GdcError(
            "ProcessGraphComplexity",
            f"The reducer needs all {values:,} values at once. mean, sum, min, max, count, product, sd, variance, any "
            "and all do not; or choose a smaller area or a coarser resolution.",
        )


@dataclass
class _Part:
    """What one block has of some zones."""

    members: NDArray[np.intp]
    fields: Fields
    values: list[Values]


class _Aggregation:
    """The reduction of the pixels of zones, block by block."""

    def __init__(self, zones: Zones, layout: _Layout, reducer: Callable[..., Any], context: Any, counted: bool) -> None:
        self.zones, self.layout, self.context = zones, layout, context
        self.plan = _Reduction.of(reducer)
        # Pixels count by their shares where all statistics do.
        self.shared = self.plan.alone and all(each.weighs for each in self.plan.statistics.values())
        more = (("total", "weight") if self.shared else ("all", "seen"))[: 2 if counted else 1]
        layers = int(np.prod(layout.shape))
        self.tallies = Tallies(self.plan.statistics.values(), zones.count, layers, more)
        self.values = np.full((zones.count, layers), np.nan)
        self._raw: dict[int, list[Values]] = {}

    def try_on(self, probe: xr.DataArray) -> None:
        """Run the reducer on one pixel."""
        _try_on(self.plan, self.layout, probe, self.context)

    def run(self, stream: Stream) -> None:
        """Read the blocks with pixels of the zones, and reduce."""
        windows = self.zones.chosen(stream.windows())
        if not windows:
            return
        last = {int(member): number for number, window in enumerate(windows) for member in self.zones.members(window)}
        for number, parts in enumerate(stream.map(self._of_block, windows)):
            for part in parts:
                self.tallies.add(part.members, part.fields)
                for member, values in zip(part.members.tolist(), part.values, strict=False):
                    self._raw.setdefault(member, []).append(values)
            if not self.plan.alone:
                _require_memory(sum(each.size for values in self._raw.values() for each in values))
                for member in [member for member in self._raw if last[member] == number]:
                    self._reduce(member)
        if self.plan.alone:
            self._reduce_all()

    def counts(self, which: str, zones: xr.DataArray) -> Values:
        """Return how many pixels there are (``total``), or those with a value (``valid``); empty zones have none."""
        import shapely

        names = ("total", "weight") if self.shared else ("all", "seen")
        counted = self.tallies.fields[names[0] if which == "total" else names[1]].copy()
        counted[shapely.is_empty(geometries_of(zones))] = np.nan
        return counted

    def _of_block(self, block: xr.DataArray, window: Grid) -> list[_Part]:
        values = self.layout.layers(block)
        parts = []
        for members in self.zones.groups(window):
            covered = self.zones.shares(window, members)
            needed = self.tallies.centred or not self.plan.alone
            centred = self.zones.centres(window, members, covered) if needed else None
            fields = self.tallies.of_cells(values, covered, centred if self.tallies.centred else None)
            raw: list[Values] = []
            if not self.plan.alone and centred is not None:
                flat = values.reshape(len(values), -1)
                raw = [flat[:, centred.of(index)] for index in range(len(members))]
            parts.append(_Part(members, fields, raw))
        return parts

    def _reduce(self, member: int) -> None:
        values = np.concatenate(self._raw.pop(member), axis=1)
        if not values.shape[1]:
            return
        fields = {name: field[member] for name, field in self.tallies.fields.items()}
        known = {node: each.result(fields).reshape(self.layout.shape) for node, each in self.plan.statistics.items()}
        result = self.plan(known, self.layout.labelled(values), self.context)
        self.values[member] = one_value(result, self.layout.shape, "The reducer").reshape(-1)

    def _reduce_all(self) -> None:
        shape = self.zones.count, *self.layout.shape
        known = {node: each.result(self.tallies.fields).reshape(shape) for node, each in self.plan.statistics.items()}
        result = one_value(self.plan(known, None, self.context), shape, "The reducer")
        touched = self.tallies.fields["total" if self.shared else "all"] > 0
        self.values = np.where(touched, result.reshape(self.values.shape).astype(np.float64), np.nan)
