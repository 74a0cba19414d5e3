"""Processes on arrays: elements, labels, and arrays made of arrays."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    Anything,
    Array,
    Flag,
    Index,
    ItemCallback,
    ItemCondition,
    Label,
    LabelOrNull,
    Labels,
    Numbers,
    Schema,
    UntypedArray,
)
from gdc_jupyter.processes.values import missing, numeric, scalar, stack

Repeat = Annotated[int, Schema({"type": "integer", "minimum": 1})]


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
    if label is not None:
        known = _labels(data)
        if known is None:
            raise GdcError("ArrayNotLabeled", f"The array has no labels, so there is no element '{label}'.")
        index = known.index(label) if label in known else len(known)
    values = stack(data) if isinstance(data, xr.DataArray) else data
    if not 0 <= index < len(values):
        if return_nodata:
            return np.full(values.shape[1:], np.nan) if isinstance(values, np.ndarray) and values.ndim > 1 else None
        wanted = f"'{label}'; its labels are {_labels(data)}" if label is not None else f"number {index}"
        raise GdcError("ArrayElementNotAvailable", f"The array of {len(values)} elements has no element {wanted}.")
    return values[index]


@process("arrays")
def array_create(data: Array = [], repeat: Repeat = 1) -> Array:  # noqa: B006
    """Make an array, repeated as often as wanted.

    Parameters
    ----------
    data
        The elements; anything else than an array becomes its only element.
    repeat
        How many times the elements stand in the result.

    Returns
    -------
    array
        The new array.
    """
    if isinstance(data, xr.DataArray):
        data = stack(data)
    if isinstance(data, np.ndarray):
        return np.concatenate([data] * repeat)
    return (data if isinstance(data, list) else [data]) * repeat


@process("arrays")
def array_concat(array1: Array, array2: Array) -> Array:
    """Join two arrays.

    Parameters
    ----------
    array1
        The first array.
    array2
        The second array.

    Returns
    -------
    array
        The elements of the first, then those of the second, labelled where both are.

    Raises
    ------
    ArrayLabelConflict
        A label stands in both arrays.
    """
    first, second = _labels(array1), _labels(array2)
    if first is not None and second is not None:
        shared = [label for label in first if label in second]
        if shared:
            raise GdcError("ArrayLabelConflict", f"Both arrays have the labels {shared}.")
        return _labelled(np.concatenate([stack(array1), stack(array2)]), first + second)
    if isinstance(array1, list) and isinstance(array2, list):
        return array1 + array2
    return np.concatenate(_same_rank(stack(array1), stack(array2)))


@process("arrays")
def array_append(data: Array, value: Anything, label: LabelOrNull = None) -> Array:
    """Put a value at the end of an array.

    Parameters
    ----------
    data
        The array.
    value
        The value.
    label
        Its label, where the array is labelled.

    Returns
    -------
    array
        The array, one element longer.

    Raises
    ------
    LabelExists
        The array has that label already.
    ArrayNotLabeled
        A label is given and the array has none.
    """
    known = _labels(data)
    if label is not None and known is None and len(data):
        raise GdcError("ArrayNotLabeled", f"The array has no labels, so '{label}' cannot be added.")
    if known is not None and label in known:
        raise GdcError("LabelExists", f"The array has the label '{label}' already.")
    if isinstance(data, list):
        return [*data, value]
    values = stack(data)
    filled = np.broadcast_to(np.nan if value is None else value, values.shape[1:])
    extended = np.concatenate([values, filled[np.newaxis]])
    return extended if known is None or label is None else _labelled(extended, [*known, label])


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
    known = _labels(data)
    return list(range(len(data))) if known is None else known


@process("arrays")
def array_apply(data: Array, process: ItemCallback, context: Anything = None) -> Array:
    """Apply a callback to each element of an array.

    Parameters
    ----------
    data
        The array.
    process
        The callback; it gets the element, its position and its label.
    context
        What is passed on to the callback.

    Returns
    -------
    array
        The results, with the labels of the array.
    """
    results = _each(data, process, context)
    if isinstance(data, list):
        return [scalar(result) for result in results]
    values = stack(data)
    blocks = [np.broadcast_to(np.nan if result is None else result, values.shape[1:]) for result in results]
    known = _labels(data)
    return np.stack(blocks) if known is None else _labelled(np.stack(blocks), known)


@process("arrays", "filter")
def array_filter(data: Array, condition: ItemCondition, context: Anything = None) -> Array:
    """Keep the elements of an array that a condition accepts.

    Parameters
    ----------
    data
        The array.
    condition
        The callback; it gets the element, its position and its label.
    context
        What is passed on to the callback.

    Returns
    -------
    array
        The accepted elements with their labels; in a cube, what is not accepted at a pixel becomes no-data there.
    """
    accepted = _each(data, condition, context)
    if isinstance(data, list):
        return [value for value, keep in zip(data, accepted, strict=True) if keep]
    values = stack(data)
    if any(isinstance(keep, np.ndarray) and keep.ndim for keep in accepted):
        kept = [np.where(_accepts(keep), value, np.nan) for value, keep in zip(values, accepted, strict=True)]
        return np.stack(kept)
    chosen = [bool(keep) for keep in accepted]
    known = _labels(data)
    filtered = values[chosen]
    if known is None:
        return filtered
    return _labelled(filtered, [label for label, keep in zip(known, chosen, strict=True) if keep])


@process("arrays", "math", "math > interpolation")
def array_interpolate_linear(data: Numbers) -> Numbers:
    """Fill the gaps of a series by straight lines between the valid values on both sides.

    Gaps at the start and at the end stay.

    Parameters
    ----------
    data
        The numbers, equally spaced.

    Returns
    -------
    filled
        The series without inner gaps.
    """
    values = numeric(stack(data))
    rows = values.reshape(len(values), -1)
    gaps = np.isnan(rows)
    position = np.arange(len(rows))[:, np.newaxis]
    before = np.maximum.accumulate(np.where(gaps, -1, position), axis=0)
    after = np.minimum.accumulate(np.where(gaps, len(rows), position)[::-1], axis=0)[::-1]
    inner = gaps & (before >= 0) & (after < len(rows))
    left, right = np.maximum(before, 0), np.minimum(after, len(rows) - 1)
    low, high = np.take_along_axis(rows, left, axis=0), np.take_along_axis(rows, right, axis=0)
    share = ((position - left) / np.maximum(right - left, 1)).astype(rows.dtype)
    filled = np.where(inner, low + (high - low) * share, rows).reshape(values.shape)
    return [scalar(value) for value in filled] if isinstance(data, list) else filled


def _same_rank(*arrays: Any) -> list[Any]:
    """Return arrays of blocks of one rank: a single block beside an array of blocks is an array of one element."""
    rank = max(array.ndim for array in arrays)
    return [array if array.ndim == rank else array[np.newaxis] for array in arrays]


def _each(data: Any, callback: Any, context: Any) -> list[Any]:
    known = _labels(data)
    values = stack(data) if isinstance(data, xr.DataArray) else data
    return [
        callback(x=value, index=index, label=None if known is None else known[index], context=context)
        for index, value in enumerate(values)
    ]


def _accepts(keep: Any) -> Any:
    return (keep != 0) & ~missing(keep) if isinstance(keep, np.ndarray) else bool(keep)


def _labels(data: Any) -> list[Any] | None:
    if not isinstance(data, xr.DataArray) or data.dims[0] not in data.coords:
        return None
    labels: list[Any] = data.coords[data.dims[0]].values.tolist()
    return labels


def _labelled(values: Any, labels: list[Any]) -> xr.DataArray:
    rest = [f"axis_{number}" for number in range(1, np.ndim(values))]
    return xr.DataArray(values, dims=["labels", *rest], coords={"labels": labels})
