"""Where and when the data of a node are from: what its own labels tell, and otherwise what those of its inputs do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.calendars import common, is_temporal
from gdc_jupyter.cube.cube import DEFAULT_CRS, dimensions_of_type, grid_of, is_raster
from gdc_jupyter.cube.extent import union
from gdc_jupyter.cube.grid import Bounds, Grid, transform_bounds
from gdc_jupyter.cube.time import format_instant
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.block_cube import BlockCube
from gdc_jupyter.graph.probes import Probes


@dataclass(frozen=True)
class Extent:
    """Where and when data are from.

    Parameters
    ----------
    places : tuple
        Grids, and pairs of bounds and their CRS.
    start, end : str, optional
        The first and the last instant, RFC 3339.
    """

    places: tuple[Any, ...] = ()
    start: str | None = None
    end: str | None = None

    @property
    def bbox(self) -> Bounds | None:
        """The box in longitude and latitude; see :func:`gdc_jupyter.cube.extent.union`."""
        return union(_geographic(place) for place in self.places)


NOWHERE = Extent()


def joined(extents: Iterable[Extent]) -> Extent:
    """Return the extent of all data together."""
    extents = list(extents)
    if len(extents) == 1:
        return extents[0]
    places = tuple(dict.fromkeys(place for extent in extents for place in extent.places))
    starts = [extent.start for extent in extents if extent.start is not None]
    ends = [extent.end for extent in extents if extent.end is not None]
    return Extent(places, min(starts, default=None), max(ends, default=None))


def extent_of(value: Any, inputs: Iterable[Extent], probes: Probes) -> Extent:
    """Return the extent of the value of a node, where it has no x and y or no dates that of its inputs.

    Parameters
    ----------
    value : object
        The value of the node; only cubes have an extent of their own.
    inputs : iterable of Extent
        Those of the nodes that it was made of.
    probes : Probes
        What is known of the probes of the plan.
    """
    inherited = joined(inputs)
    cube = value.probe if isinstance(value, BlockCube) else value
    if not isinstance(cube, xr.DataArray):
        return inherited
    place = value.grid if isinstance(value, BlockCube) and value.grid is not None else _place(cube)
    interval = probes.look("interval", cube, _interval) if isinstance(value, BlockCube) else _interval(cube)
    return Extent(
        inherited.places if place is None else (place,),
        *((inherited.start, inherited.end) if interval is None else interval),
    )


def _place(cube: xr.DataArray) -> Any:
    crs = str(cube.attrs.get("crs", DEFAULT_CRS))
    for name in dimensions_of_type(cube, "geometry"):
        shapes = [shape for shape in cube.coords[name].values if shape is not None and not shape.is_empty]
        if shapes:
            boxes = np.array([shape.bounds for shape in shapes])
            return Bounds(*map(float, [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)])), crs
    if not is_raster(cube) or not cube.size:
        return None
    try:
        return grid_of(cube)
    except GdcError:
        return None


def _interval(cube: xr.DataArray) -> tuple[str, str] | None:
    labels = [cube.coords[name].values for name in dimensions_of_type(cube, "temporal") if name in cube.coords]
    dated = [common(each) for each in labels if each.size and is_temporal(each)]
    if not dated:
        return None
    return format_instant(min(each.min() for each in dated)), format_instant(max(each.max() for each in dated))


def _geographic(place: Any) -> Bounds:
    if isinstance(place, Grid):
        return place.geographic_bounds
    bounds, crs = place
    return transform_bounds(bounds, crs, DEFAULT_CRS)
