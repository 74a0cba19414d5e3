"""Processes that combine two cubes: mask and merge."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.align import on_grid_of, on_lattice_of, same_labels, spread
from gdc_jupyter.cube.cube import (
    coordinates_along,
    dimension_type,
    grid_of,
    is_raster,
    labels_of,
    spatial_dimensions,
)
from gdc_jupyter.cube.gaps import blank
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.results import one_value
from gdc_jupyter.processes.schemas import Anything, Cube, Overlap, RasterCube, Scalar
from gdc_jupyter.processes.values import accepted

Positions = Mapping[Hashable, NDArray[np.intp]]


@process("cubes", "masks")
def mask(data: RasterCube, mask: RasterCube, replacement: Scalar = None) -> RasterCube:
    """Replace the values that a mask marks.

    A mask on another grid is resampled to that of the data (nearest neighbour).

    Parameters
    ----------
    data
        The cube.
    mask
        A cube that is true, or not zero, where values are to be replaced. A dimension that it lacks is masked for all
        labels alike.
    replacement
        What replaces the values; no-data by default.

    Returns
    -------
    cube
        The masked cube.

    Raises
    ------
    IncompatibleDataCubes
        The mask has a dimension, or labels, that the data lack.
    """
    marked = accepted(spread(on_grid_of(mask, data), data, "mask"))
    if replacement is not None or data.dtype.kind != "f":
        value = np.float32(np.nan) if replacement is None else replacement
        return data.copy(deep=False, data=np.where(marked, value, data.values))
    values = data.values.copy()
    blank(values, marked)
    return data.copy(deep=False, data=values)


@process("cubes", joins=True)
def merge_cubes(cube1: Cube, cube2: Cube, overlap_resolver: Overlap = None, context: Anything = None) -> Cube:
    """Merge two cubes into one.

    Labels that only one of the cubes has are joined; the others need a resolver. A cube with fewer dimensions is merged
    with each label of the dimensions that it lacks. A second cube on another grid is resampled to that of the first
    (nearest neighbour).

    Parameters
    ----------
    cube1
        The first cube.
    cube2
        The second cube.
    overlap_resolver
        The callback for values that both cubes have; it gets the two as ``x`` and ``y``.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The merged cube. Dates and coordinates are sorted, and other labels of the second follow those of the first.

    Raises
    ------
    OverlapResolverMissing
        The cubes overlap, and there is no resolver.
    """
    first, second = _of_same_dimensions(cube1, on_lattice_of(cube2, cube1))
    unions = _unions(first, second)
    positions = [
        {name: _positions(labels_of(cube, str(name)), unions[name]) for name in unions} for cube in (first, second)
    ]
    shared = {name: np.intersect1d(positions[0][name], positions[1][name]) for name in unions}
    overlap = tuple(len(each) for each in shared.values())
    size = tuple(len(labels) for labels in unions.values())
    if 0 in overlap:
        values = _joined(first, second, positions, size)
    else:
        values = _resolved(first, second, positions, shared, overlap_resolver, context)
        if overlap != size:
            joined = _joined(first, second, positions, size, values.size, values.dtype)
            joined[_index(shared)] = values
            values = joined
    return _labelled(first, second, values, unions)


def _of_same_dimensions(first: xr.DataArray, second: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Return both cubes with the dimensions of the larger in its order; what is repeated takes no memory."""
    larger, smaller = (first, second) if first.ndim >= second.ndim else (second, first)
    extra = [str(name) for name in smaller.dims if name not in larger.dims]
    if extra:
        raise GdcError("IncompatibleDataCubes", f"Each cube has dimensions that the other lacks: {extra} and others.")
    missing_names = [name for name in larger.dims if name not in smaller.dims]
    if missing_names:
        smaller = smaller.expand_dims({name: larger[name].variable for name in missing_names})
    smaller = smaller.transpose(*larger.dims)
    return (larger, smaller) if larger is first else (smaller, larger)


def _joined(
    first: xr.DataArray,
    second: xr.DataArray,
    positions: list[dict[Hashable, NDArray[np.intp]]],
    size: tuple[int, ...],
    overlap: int = 0,
    dtype: Any = np.float32,
) -> NDArray[Any]:
    """Return both cubes in one array, the first over the second, NaN where there is neither."""
    kind = np.result_type(first.dtype, second.dtype, dtype)
    complete = first.size + second.size - overlap == np.prod(size)
    values = np.empty(size, kind) if complete else np.full(size, np.nan, kind)
    for cube, position in zip((second, first), reversed(positions), strict=True):
        values[_index(position)] = cube.values
    return values


def _resolved(
    first: xr.DataArray,
    second: xr.DataArray,
    positions: list[dict[Hashable, NDArray[np.intp]]],
    shared: Positions,
    resolver: Any,
    context: Any,
) -> NDArray[Any]:
    """Return what the resolver makes of the values that both cubes have."""
    if resolver is None:
        raise GdcError(
            "OverlapResolverMissing", "The cubes overlap; 'overlap_resolver' must say how two values become one."
        )
    x, y = (_part(cube, position, shared) for cube, position in zip((first, second), positions, strict=True))
    return one_value(resolver(x=x, y=y, context=context), x.shape, "The overlap resolver")


def _part(cube: xr.DataArray, position: Positions, shared: Positions) -> NDArray[Any]:
    """Return the values of a cube at shared labels, in the order of the union."""
    within = {}
    for name, places in position.items():
        order = np.argsort(places, kind="stable")
        within[name] = order[np.searchsorted(places[order], shared[name])]
    return np.asarray(cube.values[_index(within)])


def _index(positions: Positions) -> Any:
    """Return the index of positions along all axes, of slices where they follow one another: these copy fast."""
    slices = [_slice(each) for each in positions.values()]
    return tuple(slices) if all(each is not None for each in slices) else np.ix_(*positions.values())


def _slice(positions: NDArray[np.intp]) -> slice | None:
    if len(positions) and (np.diff(positions) == 1).all():
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return None


def _unions(first: xr.DataArray, second: xr.DataArray) -> dict[Hashable, NDArray[Any]]:
    unions = {name: _union(first, second, str(name)) for name in first.dims}
    if is_raster(first) and is_raster(second) and first.size and second.size:
        vertical, horizontal = spatial_dimensions(first)
        if not (same_labels(first, second, vertical) and same_labels(first, second, horizontal)):
            # Pixels between two areas that do not touch belong to the grid as well.
            grid = grid_of(first).union(grid_of(second))
            unions[vertical], unions[horizontal] = grid.y_labels(), grid.x_labels()
    return unions


def _union(first: xr.DataArray, second: xr.DataArray, name: str) -> NDArray[Any]:
    labels = labels_of(first, name)
    if same_labels(first, second, name):
        return labels
    others = labels_of(second, name)
    known = set(labels.tolist())
    added = [position for position, label in enumerate(others.tolist()) if label not in known]
    joined = np.concatenate([labels, others[added]])
    kind = dimension_type(first, name)
    if kind not in ("spatial", "temporal") or len({type(label) for label in joined.tolist()}) > 1:
        return joined
    ordered = np.sort(joined)
    return ordered[::-1] if _descending(labels if len(labels) > 1 else others) else ordered


def _descending(labels: NDArray[Any]) -> bool:
    return len(labels) > 1 and bool(labels[0] > labels[-1])


def _positions(labels: NDArray[Any], union: NDArray[Any]) -> NDArray[np.intp]:
    if len(labels) == len(union) and bool(np.all(labels == union)):
        return np.arange(len(union))
    if labels.dtype.kind == "f":
        # Labels of one lattice may differ by rounding.
        order = np.argsort(union)
        nearest = np.searchsorted((union[order][1:] + union[order][:-1]) / 2, labels)
        return np.asarray(order[nearest], dtype=np.intp)
    places = {label: position for position, label in enumerate(union.tolist())}
    return np.array([places[label] for label in labels.tolist()], dtype=np.intp)


def _labelled(
    first: xr.DataArray, second: xr.DataArray, values: NDArray[Any], unions: dict[Hashable, NDArray[Any]]
) -> xr.DataArray:
    coords: dict[Hashable, xr.Variable] = {}
    for name, labels in unions.items():
        known = {**second[name].attrs, **first[name].attrs}
        kind = dimension_type(first, str(name))
        if kind == "geometry" and len(labels) == first.sizes[name]:
            coords |= coordinates_along(first, [name])
        coords[name] = xr.Variable(name, labels, {"type": kind, **known})
    attributes = dict(first.attrs)
    for key in ("common_names", "center_wavelengths"):
        attributes[key] = {**second.attrs.get(key, {}), **first.attrs.get(key, {})}
    return xr.DataArray(values, dims=first.dims, coords=coords, attrs=attributes)
