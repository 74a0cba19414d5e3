"""Processes that take elements out of arrays, by their position or their label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.time import parse_instant
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    Anything,
    Array,
    Flag,
    Index,
    IndexOrNull,
    Label,
    Labels,
    UntypedArray,
)
from gdc_jupyter.processes.values import labels_of, list_of, stack


@process("arrays", "reducer")
def array_element(data: Array, index: Index = None, label: Label = None, return_nodata: Flag = False) -> Anything:  # type: ignore[assignment]
    """Return one element of an array.

    Parameters
    ----------
    data
        The array.
    index
        The position of the element, counted from zero.
    label
        The label of the element, as an alternative.
    return_nodata
        Whether an element that is not there gives null rather than an error.

    Returns
    -------
    element
        The element.

    Raises
    ------
    ArrayElementNotAvailable
        The array has no such element.
    ArrayElementParameterMissing
        Neither an index nor a label is given.
    ArrayElementParameterConflict
        Both an index and a label are given.
    ArrayNotLabeled
        A label is given and the array has none.
    """
    if index is None and label is None:
        raise GdcError("ArrayElementParameterMissing", "array_element needs 'index' or 'label'.")
    if index is not None and label is not None:
        raise GdcError("ArrayElementParameterConflict", "array_element takes either 'index' or 'label', not both.")
    values = list_of(data) if isinstance(data, list) or data.ndim < 2 else stack(data)
    if isinstance(index, np.ndarray):
        return _at(stack(values), index, return_nodata)
    position = index if label is None else _position(data, label)
    if position is not None and 0 <= position < len(values):
        return values[int(position)]
    if return_nodata:
        return None if isinstance(values, list) else np.full(values.shape[1:], np.nan)
    wanted = f"number {index}" if label is None else f"'{label}'; its labels are {labels_of(data)}"
    raise GdcError("ArrayElementNotAvailable", f"The array of {len(values)} elements has no element {wanted}.")


@process("arrays")
def array_labels(data: UntypedArray) -> Labels:
    """Return the labels of an array.

    Parameters
    ----------
    data
        The array.

    Returns
    -------
    labels
        The positions, counted from zero, where the array has no labels.
    """
    known = labels_of(data)
    return list(range(len(data))) if known is None else known


@process("arrays", "reducer")
def array_find_label(data: Array, label: Label) -> IndexOrNull:
    """Find the position of a label in an array.

    Parameters
    ----------
    data
        The array.
    label
        The label.

    Returns
    -------
    position
        Counted from zero; null where there is no such label, or none at all.
    """
    return None if labels_of(data) is None else _position(data, label)


def _position(data: Any, label: Any) -> int | None:
    known = labels_of(data)
    if known is None:
        raise GdcError("ArrayNotLabeled", f"The array has no labels, so there is no element '{label}'.")
    if label in known:
        return known.index(label)
    labels = data.coords[data.dims[0]].values
    if labels.dtype.kind != "M" or not isinstance(label, str):
        return None
    try:
        found = np.flatnonzero(labels == parse_instant(label))
    except GdcError:
        return None
    return int(found[0]) if len(found) else None


def _at(values: NDArray[Any], index: NDArray[Any], return_nodata: bool) -> NDArray[Any]:
    """Return the elements at positions that differ from pixel to pixel; no-data where a position is."""
    gaps = np.isnan(index)
    outside = ~gaps & ((index < 0) | (index >= len(values)))
    if outside.any() and not return_nodata:
        wanted = int(index[outside][0])
        raise GdcError("ArrayElementNotAvailable", f"The array of {len(values)} elements has no element {wanted}.")
    chosen = np.where(gaps | outside, 0, index).astype(np.intp)
    shaped = values.reshape(-1, *[1] * index.ndim) if values.ndim == 1 else values
    found = np.take_along_axis(np.broadcast_to(shaped, (len(values), *index.shape)), chosen[np.newaxis], axis=0)[0]
    return np.where(gaps | outside, np.nan, found)
