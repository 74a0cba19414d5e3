"""Where the pixel centres of a regular grid lie in another one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.grid import Grid, parse_crs, transformer

# Coordinates are transformed at every so many pixels and interpolated between them, as far as that is exact to
# EXACT source pixels; otherwise all are transformed.
SPACING = 16
EXACT = 1e-6
# A pixel centre that falls on the edge between two pixels belongs to the second, in spite of rounding; as GDAL has it.
EDGE = 1e-10

Floats = NDArray[np.float64]


def positions(source: Grid, target: Grid) -> tuple[Floats, Floats]:
    """Return the row and the column in the source of each pixel centre of the target.

    The centre of the first pixel of the source is at 0.5; NaN is where the source's CRS has no such place.

    Parameters
    ----------
    source, target : Grid
        Regular grids, in any CRS.

    Returns
    -------
    tuple of two numpy.ndarray
        Of shapes that broadcast to (target.height, target.width).
    """
    if parse_crs(source.crs) == parse_crs(target.crs):
        x, y = target.x_labels()[np.newaxis], target.y_labels()[:, np.newaxis]
    else:
        x, y = _transformed(source, target)
    if parse_crs(source.crs).is_geographic:
        west = min(source.x, source.x + source.dx * source.width)
        x = west + (x - west) % 360
    return (y - source.y) / source.dy, (x - source.x) / source.dx


def pixels_at(source: Grid, rows: Floats, columns: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return which pixel of a grid holds each place, and whether one does.

    Parameters
    ----------
    source : Grid
        A regular grid.
    rows, columns : numpy.ndarray
        Places as those of :func:`positions`.

    Returns
    -------
    index : numpy.ndarray of integers
        Counted row by row; that of any pixel where none holds the place.
    inside : numpy.ndarray of bool
    """
    row, column = np.floor(rows + EDGE), np.floor(columns + EDGE)
    inside = (row >= 0) & (row < source.height) & (column >= 0) & (column < source.width)
    if not inside.all():
        row, column = np.where(inside, row, 0), np.where(inside, column, 0)
    return row.astype(np.intp) * source.width + column.astype(np.intp), inside


def _transformed(source: Grid, target: Grid) -> tuple[Floats, Floats]:
    """Return the coordinates of the pixel centres of the target in the CRS of the source."""
    rows, columns = _lattice(target.y, target.dy, target.height), _lattice(target.x, target.dx, target.width)
    known = _to_source(source, target, columns * target.dx, rows * target.dy)
    middle_rows, middle_columns = (each[1:-2] + SPACING / 2 for each in (rows, columns))
    exact = _to_source(source, target, middle_columns * target.dx, middle_rows * target.dy)
    down, across = _weights(rows, middle_rows), _weights(columns, middle_columns)
    steps = abs(source.dx), abs(source.dy)
    if all(
        (np.abs(down @ values @ across.T - there) <= EXACT * step).all()
        for values, there, step in zip(known, exact, steps, strict=True)
    ):
        down = _weights(rows, target.y / target.dy + 0.5 + np.arange(target.height))
        across = _weights(columns, target.x / target.dx + 0.5 + np.arange(target.width))
        x, y = (down @ values @ across.T for values in known)
        return x, y
    return _to_source(source, target, target.x_labels(), target.y_labels())


def _lattice(origin: float, step: float, count: int) -> Floats:
    """Return every SPACING-th pixel centre around those of a grid, one more on each side; blocks share them.

    They are counted in pixels from coordinate 0.
    """
    first = origin / step + 0.5
    phase = first - math.floor(first)
    start = math.floor(first / SPACING) * SPACING - SPACING + phase
    return start + SPACING * np.arange(math.ceil((first + count - start) / SPACING) + 2, dtype=np.float64)


def _to_source(source: Grid, target: Grid, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the coordinates of all pairs of x and y in the CRS of the source, NaN where they have none there."""
    across, down = np.meshgrid(x, y)
    x, y = transformer(target.crs, source.crs).transform(across, down)
    known = np.isfinite(x) & np.isfinite(y)
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


def _weights(lattice: Floats, places: NDArray[np.floating]) -> Floats:
    """Return the matrix that makes values at places of those of a lattice, by cubics through the four around each."""
    at = (places - lattice[0]) / SPACING
    before = np.clip(at.astype(np.intp), 1, len(lattice) - 3)
    t = at - before
    parts = (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )
    matrix = np.zeros((len(places), len(lattice)))
    for offset, part in enumerate(parts, -1):
        matrix[np.arange(len(places)), before + offset] = part
    return matrix
