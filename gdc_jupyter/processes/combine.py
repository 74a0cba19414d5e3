"""Processes that combine two cubes: mask and merge."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import dimension_type
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Anything, Cube, Overlap, RasterCube, Scalar
from gdc_jupyter.processes.values import missing


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
    _require_compatible(data, mask)
    aligned = mask.transpose(*[name for name in data.dims if name in mask.dims])
    marked = (aligned.values != 0) & ~np.asarray(missing(aligned.values))
    shape = [data.sizes[name] if name in mask.dims else 1 for name in data.dims]
    value = np.float32(np.nan) if replacement is None else replacement
    return data.copy(data=np.where(marked.reshape(shape), value, data.values))


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
    if set(cube1.dims) != set(cube2.dims):
        return _merge_broadcast(cube1, cube2, overlap_resolver, context)
    second = cube2.transpose(*cube1.dims)
    unions = {name: _union(cube1, second, str(name)) for name in cube1.dims}
    positions = [_positions(cube, unions) for cube in (cube1, second)]
    shared = {name: np.intersect1d(positions[0][name], positions[1][name]) for name in unions}
    values = np.full(
        [len(labels) for labels in unions.values()], np.nan, np.result_type(cube1.dtype, second.dtype, np.float32)
    )
    for cube, position in zip((second, cube1), reversed(positions), strict=True):
        values[np.ix_(*position.values())] = cube.values
    if all(len(labels) for labels in shared.values()):
        resolve = _resolver(overlap_resolver)
        x, y = (
            _shared_values(cube, position, shared) for cube, position in zip((cube1, second), positions, strict=True)
        )
        values[np.ix_(*shared.values())] = resolve(x=x, y=y, context=context)
    return _labelled(cube1, second, values, unions)


def _shared_values(
    cube: xr.DataArray, position: dict[Hashable, NDArray[np.intp]], shared: dict[Hashable, NDArray[np.intp]]
) -> NDArray[Any]:
    indices = [np.flatnonzero(np.isin(position[name], shared[name])) for name in position]
    ordered = [index[np.argsort(position[name][index])] for name, index in zip(position, indices, strict=True)]
    if all(len(index) == size for index, size in zip(ordered, cube.shape, strict=True)) and all(
        (np.diff(index) == 1).all() for index in ordered
    ):
        return np.asarray(cube.values)
    return np.asarray(cube.values[np.ix_(*ordered)])


def _merge_broadcast(cube1: xr.DataArray, cube2: xr.DataArray, resolver: Any, context: Any) -> xr.DataArray:
    larger, smaller = (cube1, cube2) if cube1.ndim >= cube2.ndim else (cube2, cube1)
    extra = [name for name in smaller.dims if name not in larger.dims]
    if extra:
        raise GdcError("IncompatibleDataCubes", f"Each cube has dimensions that the other lacks: {extra} and others.")
    for name in smaller.dims:
        if not _same_labels(larger, smaller, str(name)):
            raise GdcError("IncompatibleDataCubes", f"The labels of the dimension '{name}' differ between the cubes.")
    names = [name for name in larger.dims if name in smaller.dims]
    shape = [larger.sizes[name] if name in names else 1 for name in larger.dims]
    spread = np.broadcast_to(smaller.transpose(*names).values.reshape(shape), larger.shape)
    x, y = (larger.values, spread) if larger is cube1 else (spread, larger.values)
    return larger.copy(data=np.asarray(_resolver(resolver)(x=x, y=y, context=context)))


def _resolver(resolver: Any) -> Any:
    if resolver is None:
        raise GdcError(
            "OverlapResolverMissing", "The cubes overlap; 'overlap_resolver' must say how two values become one."
        )
    return resolver


def _union(first: xr.DataArray, second: xr.DataArray, name: str) -> NDArray[Any]:
    labels, others = first.coords[name].values, second.coords[name].values
    if len(labels) == len(others) and (labels == others).all():
        return np.asarray(labels)
    known = set(labels.tolist())
    added = [position for position, label in enumerate(others.tolist()) if label not in known]
    joined = np.concatenate([labels, others[added]])
    kind = dimension_type(first, name)
    if kind not in ("spatial", "temporal") or joined.dtype == object:
        return joined
    ordered = np.sort(joined)
    return ordered[::-1] if _descending(labels if len(labels) > 1 else others) else ordered


def _descending(labels: NDArray[Any]) -> bool:
    return len(labels) > 1 and bool(labels[0] > labels[-1])


def _positions(cube: xr.DataArray, unions: dict[Hashable, NDArray[Any]]) -> dict[Hashable, NDArray[np.intp]]:
    found = {}
    for name, union in unions.items():
        labels = cube.coords[name].values
        if len(labels) == len(union) and (labels == union).all():
            found[name] = np.arange(len(union))
        else:
            order = {label: position for position, label in enumerate(union.tolist())}
            found[name] = np.array([order[label] for label in labels.tolist()], dtype=np.intp)
    return found


def _labelled(
    first: xr.DataArray, second: xr.DataArray, values: NDArray[Any], unions: dict[Hashable, NDArray[Any]]
) -> xr.DataArray:
    coords = {}
    for name, labels in unions.items():
        attributes = {**first.coords[name].attrs, "type": dimension_type(first, str(name))}
        coords[name] = xr.Variable(name, labels, attributes)
    attributes = dict(first.attrs)
    for key in ("common_names", "center_wavelengths"):
        attributes[key] = {**second.attrs.get(key, {}), **first.attrs.get(key, {})}
    return xr.DataArray(values, dims=first.dims, coords=coords, attrs=attributes)


def _same_labels(first: xr.DataArray, second: xr.DataArray, name: str) -> bool:
    one, other = first.coords[name].values, second.coords[name].values
    return len(one) == len(other) and bool((one == other).all())


def _require_compatible(data: xr.DataArray, mask: xr.DataArray) -> None:
    extra = [str(name) for name in mask.dims if name not in data.dims]
    if extra:
        raise GdcError("IncompatibleDataCubes", f"The mask has the dimensions {extra}, which the data lack.")
    for name in mask.dims:
        if not _same_labels(data, mask, str(name)):
            raise GdcError(
                "IncompatibleDataCubes", f"The labels of the dimension '{name}' differ between data and mask."
            )
