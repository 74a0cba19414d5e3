"""Processes that change the shape of a cube: dimensions flattened and unflattened, labels without data trimmed."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import dimension_type, instants_of, labels_of, require_dimension
from gdc_jupyter.cube.time import label_texts
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import Arguments, Reach, process, spatial_reach
from gdc_jupyter.processes.schemas import Cube, Schema, Text
from gdc_jupyter.processes.values import missing

Names = Annotated[Any, Schema({"type": "array", "uniqueItems": True, "items": {"type": "string"}})]
TwoNames = Annotated[Any, Schema({"type": "array", "uniqueItems": True, "minItems": 2, "items": {"type": "string"}})]
Separator = Annotated[str, Schema({"type": "string", "minLength": 1})]


def _flatten_reach(arguments: Arguments) -> Reach:
    reaches = [spatial_reach(arguments["data"], name) for name in arguments["dimensions"]]
    return Reach.WHOLE if Reach.WHOLE in reaches else Reach.PIXEL


@process("cubes", reach=_flatten_reach)
def flatten_dimensions(data: Cube, dimensions: Names, target_dimension: Text, label_separator: Separator = "~") -> Cube:
    """Make one dimension of several.

    The labels are joined to texts such as ``2020~B1``: those of the last of the dimensions change fastest.

    Parameters
    ----------
    data
        The cube.
    dimensions
        The names of the dimensions, in the order in which their labels are joined.
    target_dimension
        The name of the new dimension.
    label_separator
        What stands between the joined labels.

    Returns
    -------
    cube
        The cube with the new dimension in the place of the first of those that it is made of.

    Raises
    ------
    DimensionNotAvailable
        The cube lacks one of the dimensions.
    TargetDimensionExists
        The cube has a dimension of the new name.
    """
    if not dimensions:
        raise GdcError("ProcessParameterInvalid", "flatten_dimensions needs the names of dimensions.")
    for name in dimensions:
        require_dimension(data, name)
    _require_new(data, target_dimension)
    rest = [name for name in data.dims if name not in dimensions]
    place = min(data.get_axis_num(name) for name in dimensions)
    before = [name for name in rest if data.get_axis_num(name) < place]
    order = [*before, *dimensions, *rest[len(before) :]]
    dims = [*before, target_dimension, *rest[len(before) :]]
    labels = [""]
    for number, name in enumerate(dimensions):
        texts = [str(label) for label in label_texts(labels_of(data, name))]
        labels = [f"{start}{label_separator}{text}" if number else text for start in labels for text in texts]
    sizes = [len(labels) if name == target_dimension else data.sizes[name] for name in dims]
    coords = {name: data.coords[name].variable for name in rest if name in data.coords}
    coords[target_dimension] = xr.Variable(target_dimension, np.array(labels, dtype=object), {"type": "other"})
    return xr.DataArray(data.transpose(*order).values.reshape(sizes), dims=dims, coords=coords, attrs=data.attrs)


@process("cubes", reach=lambda arguments: spatial_reach(arguments["data"], arguments["dimension"]))
def unflatten_dimension(
    data: Cube, dimension: Text, target_dimensions: TwoNames, label_separator: Separator = "~"
) -> Cube:
    """Make several dimensions of one, whose labels are parts joined by a separator.

    Parameters
    ----------
    data
        The cube.
    dimension
        The name of the dimension.
    target_dimensions
        The names of the new dimensions, in the order of the parts of the labels.
    label_separator
        What stands between the parts.

    Returns
    -------
    cube
        The cube with the new dimensions in the place of the old one; their labels are texts, in the order in which they
        come first. Combinations that are no label of the old dimension are no-data.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    TargetDimensionExists
        The cube has a dimension of one of the new names.
    """
    require_dimension(data, dimension)
    for name in target_dimensions:
        _require_new(data, name)
    parts = [str(label).split(label_separator) for label in label_texts(labels_of(data, dimension))]
    for split in parts:
        if len(split) != len(target_dimensions):
            raise GdcError(
                "ProcessParameterInvalid",
                f"The label '{label_separator.join(split)}' has {len(split)} parts, and {len(target_dimensions)} "
                "dimensions are wanted.",
            )
    if len({tuple(split) for split in parts}) < len(parts):
        raise GdcError("ProcessParameterInvalid", f"The labels of '{dimension}' are not distinct.")
    columns = [list(dict.fromkeys(column)) for column in zip(*parts, strict=True)] or [[] for _ in target_dimensions]
    sizes = tuple(len(column) for column in columns)
    index = tuple(
        np.array([column.index(split[number]) for split in parts], dtype=np.intp)
        for number, column in enumerate(columns)
    )
    axis = data.get_axis_num(dimension)
    values = np.moveaxis(data.values, axis, 0)
    complete = len(parts) == np.prod(sizes)
    kind = values.dtype if complete else np.result_type(values.dtype, np.float32)
    filled = np.full((*sizes, *values.shape[1:]), 0 if complete else np.nan, kind)
    filled[index] = values
    new = range(len(sizes))
    dims = [*data.dims[:axis], *target_dimensions, *data.dims[axis + 1 :]]
    coords = {name: data.coords[name].variable for name in data.dims if name != dimension and name in data.coords}
    for name, column in zip(target_dimensions, columns, strict=True):
        coords[name] = xr.Variable(name, np.array(column, dtype=object), {"type": "other"})
    moved = np.moveaxis(filled, list(new), [axis + number for number in new])
    return xr.DataArray(moved, dims=dims, coords=coords, attrs=data.attrs)


@process("cubes", trims=True)
def trim_cube(data: Cube) -> Cube:
    """Drop the labels that have no data.

    Along x and y, and along dates that are equally spaced, only labels at the two ends are dropped, so that the spacing
    stays; along other dimensions, labels in the middle are dropped as well.

    Parameters
    ----------
    data
        The cube.

    Returns
    -------
    cube
        The cube with fewer labels.
    """
    valid = valid_labels(data)
    return data.isel({name: kept_labels(data, str(name), valid[str(name)]) for name in data.dims})


def valid_labels(data: xr.DataArray) -> dict[str, NDArray[np.bool_]]:
    """Return which labels of each dimension have data."""
    present: NDArray[Any] = ~np.asarray(missing(data.values))
    valid: dict[str, NDArray[np.bool_]] = {}
    for name in data.dims:
        others = tuple(data.get_axis_num(each) for each in data.dims if each != name)
        valid[str(name)] = np.atleast_1d(present.any(axis=others))
    return valid


def kept_labels(data: xr.DataArray, name: str, valid: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the positions of the labels that stay; see :func:`trim_cube`."""
    positions = np.flatnonzero(valid)
    if len(positions) and _ordered(data, name):
        return np.arange(positions[0], positions[-1] + 1)
    return positions


def _ordered(data: xr.DataArray, name: str) -> bool:
    if dimension_type(data, name) == "spatial":
        return True
    if dimension_type(data, name) != "temporal" or "period" in data[name].attrs:
        return dimension_type(data, name) == "temporal"
    instants = instants_of(data, name)
    return instants is not None and len(instants) > 2 and len(set(np.diff(instants).tolist())) == 1


def _require_new(data: xr.DataArray, name: str) -> None:
    if name in data.dims:
        raise GdcError("TargetDimensionExists", f"The data cube has a dimension '{name}' already.")
