"""Processes on arrays: arrays made of others, and callbacks on their elements."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import numpy as np
import xarray as xr

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import (
    LABELLED,
    Anything,
    Array,
    Index,
    ItemCallback,
    ItemCondition,
    LabelOrNull,
    Schema,
    UniqueLabels,
)
from gdc_jupyter.processes.values import (
    accepted,
    block,
    labelled,
    labels_of,
    list_of,
    plain,
    relabelled,
    stack,
)

# Elements that an array may have.
MOST_ELEMENTS = 10_000_000
Repeat = Annotated[int, Schema({"type": "integer", "minimum": 1})]
LabelledArray = Annotated[Any, Schema(LABELLED)]


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
    elements = data if isinstance(data, (list, np.ndarray, xr.DataArray)) else [data]
    _require_size(len(elements) * repeat)
    if _of_one_pixel(elements):
        return list_of(elements) * repeat
    return np.concatenate([stack(elements)] * repeat)


@process("arrays")
def array_create_labeled(data: Anything, labels: UniqueLabels) -> LabelledArray:
    """Make a labelled array.

    Parameters
    ----------
    data
        The elements.
    labels
        A label for each of them.

    Returns
    -------
    array
        The labelled array.

    Raises
    ------
    ArrayLengthMismatch
        There are not as many labels as elements.
    """
    elements = data if isinstance(data, (list, np.ndarray, xr.DataArray)) else [data]
    if len(elements) != len(labels):
        message = f"{len(elements)} elements cannot have {len(labels)} labels."
        raise GdcError("ArrayLengthMismatch", message)
    return labelled(list_of(elements) if _of_one_pixel(elements) else elements, list_of(labels))


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
    return _joined([array1, array2])


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
        Its label, where the array is labelled; the number of elements before it by default.

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
    known = labels_of(data)
    if label is not None and known is None:
        raise GdcError("ArrayNotLabeled", f"The array has no labels, so '{label}' cannot be added.")
    name = len(data) if label is None else label
    if known is not None and name in known:
        raise GdcError("LabelExists", f"The array has the label '{name}' already.")
    return _joined([data, [value] if known is None else labelled([value], [name])])


@process("arrays")
def array_modify(data: Array, values: Array, index: Index, length: Index = 0) -> Array:
    """Remove, replace or insert elements of an array.

    Parameters
    ----------
    data
        The array.
    values
        What is put into it.
    index
        The position, counted from zero, that the first of the values gets; the number of elements to put them at the
        end.
    length
        How many elements are taken out from there on, as far as there are any. With no values to put in, it is one at
        least.

    Returns
    -------
    array
        The array with its new elements. It has labels where both arrays have, or where one has and the other is empty.

    Raises
    ------
    ArrayElementNotAvailable
        The position is behind the end of the array.
    ArrayLabelConflict
        A label stands in both arrays.
    """
    if not 0 <= index <= len(data):
        message = f"The array of {len(data)} elements cannot be changed at position {index}."
        raise GdcError("ArrayElementNotAvailable", message)
    removed = length if len(values) else max(length, 1)
    parts = [data[:index], values, data[index + removed :]]
    return _joined([part for part in parts if len(part)] or [data[:0]])


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
    results = [plain(result) for result in _each(data, process, context)]
    values = block(data)
    if values is None:
        return relabelled(results, data)
    blocks = [np.broadcast_to(np.nan if result is None else result, values.shape[1:]) for result in results]
    return relabelled(np.stack(blocks) if blocks else values, data)


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
    kept = [accepted(verdict) for verdict in _each(data, condition, context)]
    if any(isinstance(keep, np.ndarray) and keep.ndim for keep in kept):
        blocks = [np.where(keep, value, np.nan) for value, keep in zip(stack(data), kept, strict=True)]
        return relabelled(np.stack(blocks), data)
    if isinstance(data, list):
        return [element for element, keep in zip(data, kept, strict=True) if keep]
    chosen = np.array(kept, dtype=bool)
    values = stack(data)[chosen]
    known = labels_of(data)
    return values if known is None else labelled(values, data.coords[data.dims[0]].values[chosen])


def _each(data: Any, callback: Any, context: Any) -> list[Any]:
    known = labels_of(data)
    members = list_of(data) if _of_one_pixel(data) else stack(data)
    return [
        callback(x=member, index=index, label=None if known is None else known[index], context=context)
        for index, member in enumerate(members)
    ]


def _of_one_pixel(data: Any) -> bool:
    return isinstance(data, list) or data.ndim < 2


def _joined(arrays: list[Any]) -> Any:
    """Return the elements of all arrays, labelled where all of them are."""
    values = _one_after_another(arrays)
    _require_size(len(values))
    labels = [labels_of(array) for array in arrays]
    names = [name for known in labels if known is not None for name in known]
    if any(known is None for known in labels):
        return values
    shared = [name for name, times in Counter(names).items() if times > 1]
    if shared:
        raise GdcError("ArrayLabelConflict", f"Both arrays have the labels {shared[:10]}.")
    own = [array.coords[array.dims[0]].values for array in arrays]
    return labelled(values, np.concatenate(own) if len({each.dtype for each in own}) == 1 else names)


def _one_after_another(arrays: list[Any]) -> Any:
    """Return the elements of all arrays; beside the arrays of many pixels, a block of one rank less is one element."""
    if all(map(_of_one_pixel, arrays)):
        return [element for array in arrays for element in list_of(array)]
    stacked = [stack(array) for array in arrays]
    largest = max(stacked, key=lambda values: values.ndim)
    parts = []
    for array, values in zip(arrays, stacked, strict=True):
        if values.ndim < largest.ndim:
            is_list = isinstance(array, list)
            values = values.reshape(-1, *[1] * (largest.ndim - 1)) if is_list else values[np.newaxis]
        parts.append(np.broadcast_to(values, (len(values), *largest.shape[1:])))
    return np.concatenate(parts)


def _require_size(elements: int) -> None:
    if elements > MOST_ELEMENTS:
        message = f"An array of {elements} elements is too long; {MOST_ELEMENTS} are possible."
        raise GdcError("ProcessParameterInvalid", message)
