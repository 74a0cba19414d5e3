"""Processes that run a callback over a cube: on each value, or along a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import along, dimension_type, labels_of, require_dimension, with_labels, without
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.engine import Engine, framed
from gdc_jupyter.processes.registry import Arguments, Reach, process, spatial_reach
from gdc_jupyter.processes.results import elements, one_value, reduced
from gdc_jupyter.processes.schemas import Anything, ArrayCallback, Cube, ElementCallback, Reducer, Text, TextOrNull


def _reach(arguments: Arguments) -> Reach:
    return spatial_reach(arguments["data"], arguments["dimension"])


@process("cubes")
def apply(data: Cube, process: ElementCallback, context: Anything = None) -> Cube:
    """Apply a callback to each value.

    Parameters
    ----------
    data
        The cube.
    process
        The callback; it gets a value as ``x``.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with new values and the same dimensions.
    """
    result = one_value(framed(process, data)(x=data.values, context=context), data.shape, "The callback of apply")
    return data.copy(deep=False, data=result)


@process("cubes", "reducer", reach=_reach)
def reduce_dimension(data: Cube, reducer: Reducer, dimension: Text, context: Anything = None) -> Cube:
    """Reduce a dimension to a single value.

    Parameters
    ----------
    data
        The cube.
    reducer
        The callback; it gets all values along the dimension as ``data``, and returns one.
    dimension
        The name of the dimension.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube without the dimension.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    """
    require_dimension(data, dimension)
    values = along(data, dimension)
    return without(data, dimension, reduced(reducer(data=values, context=context), values))


@process("cubes", reach=_reach)
def apply_dimension(
    data: Cube,
    process: ArrayCallback,
    dimension: Text,
    target_dimension: TextOrNull = None,
    context: Anything = None,
    *,
    engine: Engine,
) -> Cube:
    """Apply a callback to all values along a dimension.

    Where the number of values changes, or a target dimension is given, the labels become 0, 1, 2 and so on, unless code
    of the user gives others. Where the target dimension has several labels, the values of all of them are taken
    together, with a warning.

    Parameters
    ----------
    data
        The cube.
    process
        The callback; it gets the values along the dimension as ``data``, and returns an array.
    dimension
        The name of the dimension.
    target_dimension
        The dimension that takes the results; the same by default. Otherwise a new one, or one that is there: of type
        spatial, it must have a single label.
    context
        What is passed on to the callback.

    Returns
    -------
    cube
        The cube with new values along the dimension.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    """
    require_dimension(data, dimension)
    if target_dimension is not None and target_dimension != dimension and data.sizes.get(target_dimension, 1) > 1:
        data = _together(data, dimension, target_dimension, engine)
    series = along(data, dimension)
    result = process(data=series, context=context)
    values = elements(result, series)
    if target_dimension is not None and target_dimension != dimension:
        return _move(data, dimension, target_dimension, values)
    moved = np.moveaxis(values, 0, data.get_axis_num(dimension))
    kind = dimension_type(data, dimension)
    own = _own_labels(result, dimension)
    if own is not None:
        return with_labels(data, dimension, moved, own, kind)
    if len(values) == data.sizes[dimension]:
        return with_labels(data, dimension, moved, labels_of(data, dimension), kind, _period(data, dimension))
    return with_labels(data, dimension, moved, np.arange(len(values)), kind)


def _own_labels(result: Any, dimension: str) -> NDArray[Any] | None:
    """Return the labels of a result that is a cube with the dimension, as code of the user returns it."""
    if not isinstance(result, xr.DataArray) or result.dims[0] != dimension or dimension not in result.coords:
        return None
    return np.asarray(result.coords[dimension].values)


def _period(data: xr.DataArray, dimension: str) -> str | None:
    return data.coords[dimension].attrs.get("period") if dimension in data.coords else None


def _together(data: xr.DataArray, dimension: str, target: str, engine: Engine) -> xr.DataArray:
    """Return a cube with the values of all labels of the target one after the other, under its first label."""
    if dimension_type(data, target) == "spatial":
        raise GdcError(
            "ProcessParameterInvalid", f"The dimension '{target}' has more labels than one and cannot take the results."
        )
    if engine.probing:
        labels = ", ".join(map(str, labels_of(data, target)))
        engine.log("warning", f"The dimension '{target}' takes the results: the values of {labels} are taken together.")
    ordered = data.transpose(dimension, target, ...)
    shape = (data.sizes[dimension] * data.sizes[target], 1, *ordered.shape[2:])
    first = ordered.isel({target: slice(0, 1)})
    joined = with_labels(first, dimension, ordered.values.reshape(shape), np.arange(shape[0]), "other")
    return joined.transpose(*data.dims)


def _move(data: xr.DataArray, dimension: str, target: str, values: NDArray[Any]) -> xr.DataArray:
    labels = np.arange(len(values))
    if target not in data.dims:
        rest = without(data, dimension, values[0])
        coords = {name: rest.coords[name].variable for name in rest.dims if name in rest.coords}
        coords[target] = xr.Variable(target, labels, {"type": "other"})
        return xr.DataArray(values, dims=[target, *rest.dims], coords=coords, attrs=data.attrs)
    rest = without(data, dimension, values[0])
    axis = rest.get_axis_num(target)
    return with_labels(rest, target, np.moveaxis(np.squeeze(values, axis=axis + 1), 0, axis), labels)
