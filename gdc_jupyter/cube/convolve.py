"""Weighted sums of pixels and their neighbours, in strips of rows that fit the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The pixels of a strip, and the columns that one matrix product makes.
STRIP = 1 << 16
TILE = 32
# From so many weights on a matrix product is faster than a sum for each of them, in single precision.
_MANY = 12
# openEO's names of borders to those of numpy.pad.
_PADDING = {"replicate": "edge", "reflect": "symmetric", "reflect_pixel": "reflect", "wrap": "wrap"}


def correlate(
    values: NDArray[Any], weights: NDArray[np.float64], border: float | str, replacement: float
) -> NDArray[Any]:
    """Return the weighted sum of each pixel and its neighbours.

    A kernel that is a column times a row is applied as these two. Where weights have both signs, sums may be much
    smaller than what they are made of, and are computed in double precision.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., height, width)
        Floating-point numbers.
    weights : numpy.ndarray, shape (rows, columns)
        The kernel; both sizes are odd.
    border : float or str
        What lies beyond the edges: a number, or ``replicate``, ``reflect``, ``reflect_pixel`` or ``wrap``.
    replacement : float
        What stands for values that are not finite.

    Returns
    -------
    numpy.ndarray
        Of the shape and the type of the values.
    """
    height, width = values.shape[-2:]
    layers = values.reshape(-1, height, width)
    result = np.empty(layers.shape, values.dtype)
    if not result.size:
        return result.reshape(values.shape)
    mixed = bool((weights > 0).any() and (weights < 0).any())
    work = np.dtype(np.float64) if mixed else values.dtype
    add = _method(weights, work)
    edges = _Edges(height, width, weights.shape, border)
    rows = max(STRIP // width, 1)
    # Whole tiles of columns; the last ones stay zero.
    buffer = np.zeros((rows + weights.shape[0] - 1, -(-width // TILE) * TILE + weights.shape[1] - 1), work)
    for layer, out in zip(layers, result, strict=True):
        for top in range(0, height, rows):
            target = out[top : top + rows]
            strip = buffer[: len(target) + weights.shape[0] - 1]
            edges.fill(layer, top, strip)
            invalid = ~np.isfinite(strip)
            if invalid.any():
                np.copyto(strip, replacement, where=invalid)
            add(strip, target)
    return result.reshape(values.shape)


class _Edges:
    """Copies rows of a layer with what is around them."""

    def __init__(self, height: int, width: int, kernel: tuple[int, ...], border: float | str) -> None:
        self._constant = None if isinstance(border, str) else border
        self._rows = _indices(height, kernel[0] // 2, border)
        self._columns = _indices(width, kernel[1] // 2, border)
        self._margin = kernel[1] // 2

    def fill(self, layer: NDArray[Any], top: int, strip: NDArray[Any]) -> None:
        """Fill a strip whose inner rows begin at ``top``."""
        rows = self._rows[top : top + len(strip)]
        inside = np.flatnonzero(rows >= 0)
        if len(inside) < len(rows):
            strip[:] = self._constant
        first, last = int(inside[0]), int(inside[-1]) + 1
        part = rows[first:last]
        lines = layer[part[0] : part[-1] + 1] if (np.diff(part) == 1).all() else layer[part]
        margin, width = self._margin, layer.shape[1]
        target = strip[first:last]
        target[:, margin : margin + width] = lines
        for side in (slice(0, margin), slice(margin + width, 2 * margin + width)):
            if self._constant is None:
                target[:, side] = lines[:, self._columns[side]]
            else:
                target[:, side] = self._constant


def _indices(count: int, margin: int, border: float | str) -> NDArray[np.intp]:
    """Return for each position, and those beyond the edges, where its value is; -1 where it is a constant."""
    positions = np.arange(count)
    if isinstance(border, str):
        return np.pad(positions, margin, mode=_PADDING[border])  # type: ignore[call-overload, no-any-return]
    return np.pad(positions, margin, constant_values=-1)


def _method(weights: NDArray[np.float64], work: np.dtype[Any]) -> _Separable | _Sums | _Products:
    if _is_separable(weights):
        return _Separable(weights, work)
    if work == np.float32 and np.count_nonzero(weights) >= _MANY:
        return _Products(weights, work)
    return _Sums(weights, work)


class _Separable:
    """Applies a column of weights, and then a row."""

    def __init__(self, weights: NDArray[np.float64], work: np.dtype[Any]) -> None:
        row, column = np.unravel_index(np.abs(weights).argmax(), weights.shape)
        self._column = weights[:, column].astype(work)
        self._row = (weights[row] / weights[row, column]).astype(work)
        self._spare = _Spare(work)

    def __call__(self, strip: NDArray[Any], target: NDArray[Any]) -> None:
        """Write the sums of a strip."""
        height, width = target.shape
        strip = strip[:, : width + len(self._row) - 1]
        columns, product, total = self._spare.take((height, strip.shape[1]), 3)
        _sum([(weight, strip[at : at + height]) for at, weight in enumerate(self._column)], columns, product)
        out = target if target.dtype == strip.dtype else total[:, :width]
        parts = [(weight, columns[:, at : at + width]) for at, weight in enumerate(self._row)]
        _sum(parts, out, product[:, :width])
        if out is not target:
            target[:] = out


class _Products:
    """Applies any kernel by matrix products: a tile of columns is those around it times a band of weights."""

    def __init__(self, weights: NDArray[np.float64], work: np.dtype[Any]) -> None:
        height, self._width = weights.shape
        self._bands = np.zeros((height, TILE + self._width - 1, TILE), work)
        for column in range(self._width):
            self._bands[:, np.arange(TILE) + column, np.arange(TILE)] = weights[:, column, np.newaxis]

    def __call__(self, strip: NDArray[Any], target: NDArray[Any]) -> None:
        """Write the sums of a strip."""
        height, width = target.shape
        around = np.lib.stride_tricks.sliding_window_view(strip, TILE + self._width - 1, axis=1)[:, ::TILE]
        tiles = around.transpose(1, 0, 2)
        total = tiles[:, :height] @ self._bands[0]
        for row in range(1, len(self._bands)):
            total += tiles[:, row : row + height] @ self._bands[row]
        target[:] = total.transpose(1, 0, 2).reshape(height, -1)[:, :width]


class _Sums:
    """Applies any kernel: neighbours of the same weight are added up first."""

    def __init__(self, weights: NDArray[np.float64], work: np.dtype[Any]) -> None:
        self._groups = [
            (work.type(weight), list(zip(*np.nonzero(weights == weight), strict=True)))
            for weight in np.unique(weights)
            if weight
        ]
        self._spare = _Spare(work)

    def __call__(self, strip: NDArray[Any], target: NDArray[Any]) -> None:
        """Write the sums of a strip."""
        height, width = target.shape
        product, total = self._spare.take(target.shape, 2)
        total[:] = 0
        for weight, places in self._groups:
            parts = [strip[row : row + height, column : column + width] for row, column in places]
            if len(parts) == 1:
                np.multiply(parts[0], weight, out=product)
            else:
                np.add(parts[0], parts[1], out=product)
                for part in parts[2:]:
                    product += part
                product *= weight
            total += product
        target[:] = total


class _Spare:
    """Arrays that are used again for each strip."""

    def __init__(self, work: np.dtype[Any]) -> None:
        self._work = work
        self._arrays: dict[tuple[Any, ...], list[NDArray[Any]]] = {}

    def take(self, shape: tuple[int, ...], count: int) -> list[NDArray[Any]]:
        """Return arrays of a shape."""
        if shape not in self._arrays:
            self._arrays[shape] = [np.empty(shape, self._work) for _ in range(count)]
        return self._arrays[shape]


def _sum(parts: list[tuple[Any, NDArray[Any]]], out: NDArray[Any], product: NDArray[Any]) -> None:
    """Write a weighted sum."""
    (weight, first), *rest = [(weight, part) for weight, part in parts if weight]
    np.multiply(first, weight, out=out)
    for weight, part in rest:
        np.multiply(part, weight, out=product)
        out += product


def _is_separable(weights: NDArray[np.float64]) -> bool:
    if 1 in weights.shape or not weights.any():
        return bool(weights.any())
    row, column = np.unravel_index(np.abs(weights).argmax(), weights.shape)
    product = np.outer(weights[:, column], weights[row] / weights[row, column])
    return bool(np.abs(product - weights).max() <= 1e-14 * np.abs(weights).max())
