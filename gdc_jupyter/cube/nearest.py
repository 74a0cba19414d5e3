"""The nearest pixel of a regular grid for each pixel of another, and resampling by it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.grid import Grid, parse_crs, transformer

# Coordinates are transformed at every so many pixels and interpolated between them, as far as that is exact to
# EXACT source pixels; otherwise all are transformed.
SPACING = 16
EXACT = 1e-3
# A pixel centre that falls on the edge between two pixels belongs to the second, in spite of rounding; as GDAL has it.
_EDGE = 1e-10

Floats = NDArray[np.float64]


def resample(values: NDArray[np.floating], source: Grid, target: Grid) -> NDArray[np.floating]:
    """Return an array resampled by the nearest neighbour.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., source.height, source.width)
        Floating-point numbers; NaN is no data.
    source, target : Grid
        Regular grids, in any CRS.

    Returns
    -------
    numpy.ndarray, shape (..., target.height, target.width)
    """
    layers = np.ascontiguousarray(values).reshape(-1, source.height * source.width)
    result = np.empty((len(layers), target.height * target.width), values.dtype)
    if values.size and result.size:
        row, column = _positions(source, target)
        outside = ~((row >= 0) & (row < source.height) & (column >= 0) & (column < source.width))
        some = bool(outside.any())
        if some:
            row, column = np.where(outside, 0, row), np.where(outside, 0, column)
        index = (row.astype(np.intp) * source.width + column.astype(np.intp)).ravel()
        lost = np.flatnonzero(outside) if some else None
        for layer, out in zip(layers, result, strict=True):
            np.take(layer, index, out=out, mode="clip")
            if lost is not None:
                out[lost] = np.nan
    elif result.size:
        result[:] = np.nan
    return result.reshape(*values.shape[:-2], *target.shape)


def _positions(source: Grid, target: Grid) -> tuple[Floats, Floats]:
    """Return the row and the column in the source of each pixel centre of the target, shapes that broadcast."""
    if parse_crs(source.crs) == parse_crs(target.crs):
        return _rows(source, target.y_labels()[:, np.newaxis]), _columns(source, target.x_labels()[np.newaxis])
    rows, columns = _lattice(target.y, target.dy, target.height), _lattice(target.x, target.dx, target.width)
    y, x = target.dy * (rows + 0.5), target.dx * (columns + 0.5)
    x, y = _to_source(source, target, x, y)
    inner = _middles(x), _middles(y)
    middle_y = target.dy * ((rows[:-1] + rows[1:]) / 2 + 0.5)
    middle_x = target.dx * ((columns[:-1] + columns[1:]) / 2 + 0.5)
    exact = _to_source(source, target, middle_x, middle_y)
    steps = abs(source.dx), abs(source.dy)
    if all((np.abs(one - other) <= EXACT * step).all() for one, other, step in zip(inner, exact, steps, strict=True)):
        down = _weights(rows, target.y / target.dy, target.height)
        across = _weights(columns, target.x / target.dx, target.width)
        x, y = (_interpolated(each, down, across) for each in (x, y))
    else:
        x, y = _to_source(source, target, target.x_labels(), target.y_labels())
    return _rows(source, y), _columns(source, x)


def _lattice(origin: float, step: float, count: int) -> Floats:
    """Return every SPACING-th position around those of a grid, counted from coordinate 0: blocks share them."""
    first = origin / step
    start = math.floor(first / SPACING) * SPACING
    phase = first - math.floor(first)
    return start + phase + SPACING * np.arange(math.ceil((first - start + count) / SPACING) + 1, dtype=np.float64)


def _to_source(source: Grid, target: Grid, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the coordinates of all pairs of x and y in the CRS of the source, NaN where they have none there."""
    across, down = np.meshgrid(x, y)
    x, y = transformer(target.crs, source.crs).transform(across, down)
    known = np.isfinite(x) & np.isfinite(y)
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


def _middles(values: Floats) -> Floats:
    return np.asarray((values[:-1, :-1] + values[1:, :-1] + values[:-1, 1:] + values[1:, 1:]) / 4)


def _weights(lattice: Floats, first: float, count: int) -> tuple[NDArray[np.intp], Floats]:
    """Return after which position of a lattice each pixel is, and how far on the way to the next."""
    place = (first + np.arange(count) - lattice[0]) / SPACING
    before = np.minimum(place.astype(np.intp), len(lattice) - 2)
    return before, place - before


def _interpolated(
    values: Floats, down: tuple[NDArray[np.intp], Floats], across: tuple[NDArray[np.intp], Floats]
) -> Floats:
    """Return values between those of a lattice."""
    (row, low), (column, left) = down, across
    lines = values[:, column] * (1 - left) + values[:, column + 1] * left
    result = lines[row]
    result += (lines[row + 1] - result) * low[:, np.newaxis]
    return np.asarray(result)


def _rows(source: Grid, y: Floats) -> Floats:
    return np.floor((y - source.y) / source.dy + _EDGE)


def _columns(source: Grid, x: Floats) -> Floats:
    if parse_crs(source.crs).is_geographic:
        west = min(source.x, source.x + source.dx * source.width)
        x = west + (x - west) % 360
    return np.floor((x - source.x) / source.dx + _EDGE)
