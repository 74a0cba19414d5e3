"""Processes that add, drop and rename dimensions and labels."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import (
    axis_of,
    dimension_type,
    dimensions_of_type,
    labels_of,
    require_dimension,
    with_labels,
    without,
)
from gdc_jupyter.cube.time import format_instant, label_texts, parse_instant
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import Reach, process, spatial_reach
from gdc_jupyter.processes.schemas import Cube, Label, Labels, Text, UniqueLabels, choice


@process("cubes")
def create_data_cube() -> Cube:
    """Make a cube that has no dimensions yet.

    Returns
    -------
    cube
        A cube of a single no-data value; ``add_dimension`` gives it dimensions.
    """
    return xr.DataArray(np.nan)


DimensionType = Annotated[str, choice("bands", "geometry", "spatial", "temporal", "other")]


@process("cubes")
def add_dimension(data: Cube, name: Text, label: Label, type: DimensionType = "other") -> Cube:
    """Add a dimension with a single label.

    Parameters
    ----------
    data
        The cube.
    name
        The name of the new dimension.
    label
        Its label.
    type
        Its type.

    Returns
    -------
    cube
        The cube with the new dimension in the first place.

    Raises
    ------
    DimensionExists
        The cube has a dimension of that name, or spatial dimensions for all axes.
    """
    if name in data.dims:
        raise GdcError("DimensionExists", f"The data cube has a dimension '{name}' already.")
    attributes = {"type": type}
    if type == "spatial":
        taken = [axis_of(data, each) for each in dimensions_of_type(data, "spatial")]
        free = [axis for axis in ("x", "y", "z") if axis not in taken]
        if not free:
            raise GdcError("DimensionExists", "The data cube has spatial dimensions for x, y and z already.")
        attributes["axis"] = free[0]
    labels = _label_array([_instant(label) if type == "temporal" else label], type == "temporal")
    expanded = data.expand_dims({name: labels}).copy(deep=False)
    return expanded.assign_coords({name: (name, labels, attributes)}).assign_attrs(data.attrs)


@process("cubes", counts=True, reach=lambda arguments: spatial_reach(arguments["data"], arguments["name"]))
def drop_dimension(data: Cube, name: Text) -> Cube:
    """Remove a dimension that has a single label.

    Parameters
    ----------
    data
        The cube.
    name
        The name of the dimension.

    Returns
    -------
    cube
        The cube without the dimension.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    DimensionLabelCountMismatch
        The dimension has more labels than one.
    """
    require_dimension(data, name)
    if data.sizes[name] > 1:
        raise GdcError(
            "DimensionLabelCountMismatch",
            f"The dimension '{name}' has {data.sizes[name]} labels; reduce it to one first.",
        )
    return without(data, name, data.values.squeeze(axis=data.get_axis_num(name)))


@process("cubes")
def rename_dimension(data: Cube, source: Text, target: Text) -> Cube:
    """Give a dimension another name.

    Parameters
    ----------
    data
        The cube.
    source
        The present name.
    target
        The new name.

    Returns
    -------
    cube
        The cube with the renamed dimension.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    DimensionExists
        The cube has a dimension of the new name.
    """
    require_dimension(data, source)
    if target in data.dims:
        raise GdcError("DimensionExists", f"The data cube has a dimension '{target}' already.")
    kind = dimension_type(data, source)
    renamed = data.rename({source: target})
    if target in renamed.coords:
        coordinate = renamed.coords[target]
        attributes = {**coordinate.attrs, "type": kind}
        if kind == "spatial":
            attributes["axis"] = axis_of(data, source)
        renamed = renamed.assign_coords({target: (target, coordinate.values, attributes)})
    return renamed.assign_attrs(data.attrs)


@process("cubes")
def rename_labels(data: Cube, dimension: Text, target: UniqueLabels, source: UniqueLabels = []) -> Cube:  # noqa: B006
    """Give the labels of a dimension other names.

    Parameters
    ----------
    data
        The cube.
    dimension
        The name of the dimension.
    target
        The new labels.
    source
        The labels that they replace, in the same order; by default all of them, where they are 0, 1, 2 and so on.

    Returns
    -------
    cube
        The cube with the new labels.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    LabelsNotEnumerated
        The dimension has no labels, so the new ones have no order.
    LabelNotAvailable
        A label to be replaced does not exist.
    LabelExists
        A new label exists already.
    LabelMismatch
        The numbers of old and new labels differ.
    """
    require_dimension(data, dimension)
    present = label_list(data, dimension)
    temporal = labels_of(data, dimension).dtype.kind == "M"
    if not source and present != list(range(len(present))):
        raise GdcError(
            "LabelsNotEnumerated",
            f"The labels {present} are not 0, 1, 2 and so on; name those to be replaced in 'source'.",
        )
    replaced = [_instant_text(label) for label in source] if temporal and source else source or present
    if len(replaced) != len(target):
        raise GdcError("LabelMismatch", f"{len(replaced)} labels cannot be replaced by {len(target)}.")
    absent = [label for label in replaced if label not in present]
    if absent:
        raise GdcError("LabelNotAvailable", f"The dimension '{dimension}' has no labels {absent}; it has {present}.")
    kept = [label for label in present if label not in replaced]
    taken = [label for label in target if label in kept]
    if taken:
        raise GdcError("LabelExists", f"The dimension '{dimension}' has the labels {taken} already.")
    names = dict(zip(replaced, target, strict=True))
    labels = [names.get(label, label) for label in present]
    return with_labels(data, dimension, data.values, _label_array(labels, temporal))


@process("cubes", reach=Reach.LABELS)
def dimension_labels(data: Cube, dimension: Text) -> Labels:
    """Return the labels of a dimension.

    Parameters
    ----------
    data
        The cube.
    dimension
        The name of the dimension.

    Returns
    -------
    labels
        The labels in order.

    Raises
    ------
    DimensionNotAvailable
        The cube has no such dimension.
    """
    require_dimension(data, dimension)
    return label_list(data, dimension)


def _instant(label: Any) -> Any:
    try:
        return parse_instant(label)
    except GdcError:
        return label


def _instant_text(label: Any) -> Any:
    try:
        return format_instant(parse_instant(label))
    except GdcError:
        return label


def _label_array(labels: list[Any], temporal: bool) -> Any:
    if temporal:
        try:
            return np.array([parse_instant(label) for label in labels])
        except GdcError:
            return np.array(labels, dtype=object)
    return np.array(labels, dtype=object if any(isinstance(label, str) for label in labels) else None)


def label_list(data: xr.DataArray, dimension: str) -> list[Any]:
    """Return labels as JSON has them: instants as text."""
    return label_texts(labels_of(data, dimension))
