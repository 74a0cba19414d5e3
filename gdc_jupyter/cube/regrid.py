"""Nearest and bilinear resampling from and to grids that are not regular."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.geolocation import cartesian, edges
from gdc_jupyter.cube.grid import TOLERANCE, Grid, parse_crs, transformer
from gdc_jupyter.errors import GdcError

METHODS = ("near", "bilinear")
# The corners of a cell, as rows and columns from its first corner.
_CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


def check_method(source: Grid, target: Grid, method: str) -> None:
    """Refuse a method that needs two regular grids.

    Raises
    ------
    GdcError
        ``ProcessParameterInvalid``.
    """
    if method not in METHODS and not (source.regular and target.regular):
        raise GdcError(
            "ProcessParameterInvalid",
            f"'{method}' needs regular grids; from or to other grids use {' or '.join(METHODS)}, and another method on "
            "the result.",
        )


def resample(values: NDArray[Any], source: Grid, target: Grid, method: str) -> NDArray[Any]:
    """Return an array resampled to another grid, where one of the two or both are not regular.

    A pixel of the target takes the value of the source's pixel whose cell its centre lies in. On a curvilinear grid
    that is the nearest pixel, as far as half a diagonal of its cell. ``bilinear`` weights the four pixels around the
    centre where that pixel has a value, and leaves out those of them that have none.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., source.height, source.width)
        Floating-point numbers; NaN is no data.
    source, target : Grid
    method : str
        ``near`` or ``bilinear``.

    Returns
    -------
    numpy.ndarray, shape (..., target.height, target.width)
    """
    check_method(source, target, method)
    nearest = _take(values, *_nearest(source, target))
    if method == "near":
        return nearest
    total, weights = np.zeros_like(nearest), np.zeros_like(nearest)
    for row, column, weight in _corners(source, target):
        part = _take(values, row, column)
        known = ~np.isnan(part)
        total += np.where(known, part, 0) * weight.astype(values.dtype)
        weights += known * weight.astype(values.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / weights
    return np.where(np.isnan(nearest), nearest, np.where(weights > 1e-6, mean, nearest))


def source_window(source: Grid, target: Grid) -> Grid | None:
    """Return the part of a grid that is needed to resample to a target, or None where they are apart."""
    row, column = _nearest(source, target)
    rows, columns = row[row >= 0], column[row >= 0]
    if not rows.size:
        return None
    top, bottom = max(int(rows.min()) - 1, 0), min(int(rows.max()) + 2, source.height)
    left, right = int(columns.min()) - 1, int(columns.max()) + 2
    if _around(source) and right - left > source.width // 2:
        left, right = 0, source.width
    elif not source.wraps:
        left, right = max(left, 0), min(right, source.width)
    return source.window(top, left, bottom - top, right - left)


def _take(values: NDArray[Any], row: NDArray[Any], column: NDArray[Any]) -> NDArray[Any]:
    outside = row < 0
    part = values[..., np.where(outside, 0, row), np.where(outside, 0, column)]
    return np.where(outside, np.asarray(np.nan, values.dtype), part)


def _nearest(source: Grid, target: Grid) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the row and column in the source of each pixel of the target, -1 where there is none."""
    if source.curvilinear:
        location = _locate(source.geolocation, source.crs, target)
        return _within(source, location.row, location.column)
    x, y = _points_in(source.crs, target)
    row, column = _position(source, y, False).nearest, _position(source, x, True).nearest
    outside = (row < 0) | (column < 0)
    return np.where(outside, -1, row), np.where(outside, -1, column)


def _within(source: Grid, row: NDArray[Any], column: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rows and columns of the geolocation as those of a window of it."""
    row, column = row - round(source.y), column - round(source.x)
    inside = (row >= 0) & (row < source.height) & (column >= 0) & (column < source.width)
    return np.where(inside, row, -1), np.where(inside, column, -1)


def _corners(source: Grid, target: Grid) -> list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Return rows, columns and weights of the pixels around each pixel of the target."""
    if source.curvilinear:
        location = _locate(source.geolocation, source.crs, target)
        first_row, first_column, down, across = _cells(source, target, location)
    else:
        x, y = _points_in(source.crs, target)
        first_row, down = _position(source, y, False)[1:]
        first_column, across = _position(source, x, True)[1:]
    corners = []
    for below, beside in _CORNERS:
        row, column = first_row + below, first_column + beside
        if source.curvilinear:
            row, column = _within(source, row, column)
        elif _around(source):
            column = column % source.width
        weight = (down if below else 1 - down) * (across if beside else 1 - across)
        outside = (row < 0) | (row >= source.height) | (column < 0) | (column >= source.width)
        corners.append((np.where(outside, -1, row), column, weight))
    return corners


def _around(source: Grid) -> bool:
    """Return whether the columns of a grid, or of a window of it, go once around the globe."""
    regular = source.regular or source.geolocation is None or source.geolocation.axis(True) is None
    return (
        regular
        and not source.curvilinear
        and abs(source.width * source.dx - 360) < TOLERANCE * abs(source.dx)
        and (parse_crs(source.crs).is_geographic)
    )


def _points_in(crs: str, target: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of a grid's pixels in a CRS."""
    x, y = target.points()
    if parse_crs(crs) == parse_crs(target.crs) or (
        parse_crs(crs).is_geographic and parse_crs(target.crs).is_geographic
    ):
        return x, y
    x, y = transformer(target.crs, crs).transform(x, y)
    known = np.isfinite(x) & np.isfinite(y)
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


class _Position(NamedTuple):
    """Where coordinates are along an axis: in which cell (-1: none), after which label, how far to the next."""

    nearest: NDArray[np.intp]
    first: NDArray[np.intp]
    part: NDArray[np.float64]


def _position(grid: Grid, values: NDArray[Any], horizontal: bool) -> _Position:
    labels = grid.x_labels() if horizontal else grid.y_labels()
    descending = labels.size > 1 and labels[0] > labels[-1]
    ascending = labels[::-1] if descending else labels
    step = grid.dx if horizontal else grid.dy
    own = grid.geolocation.axis(horizontal) if grid.geolocation is not None else None
    if own is None and labels.size == 1:
        outer = np.array([labels[0] - abs(step) / 2, labels[0] + abs(step) / 2])
    else:
        outer = edges(ascending)
    if horizontal and parse_crs(grid.crs).is_geographic:
        slack = TOLERANCE * abs(step)
        values = outer[0] - slack + (values - outer[0] + slack) % 360
    count = labels.size
    known = np.nan_to_num(values, nan=outer[0] - 1)
    slack = 1e-9 * (outer[-1] - outer[0])
    nearest = np.searchsorted(outer, known, side="right") - 1
    nearest = np.where(known <= outer[0] + slack, 0, np.where(known >= outer[-1] - slack, count - 1, nearest))
    inside = (known >= outer[0] - slack) & (known <= outer[-1] + slack)
    if horizontal and _around(grid):
        # Between the last and the first column the globe goes on.
        first = np.searchsorted(ascending, known, side="right") - 1
        before = np.where(first >= 0, ascending[first], ascending[-1] - 360)
        part = (known - before) / abs(step)
    else:
        first = (np.searchsorted(ascending, known, side="right") - 1).clip(0, max(count - 2, 0))
        after = ascending[np.minimum(first + 1, count - 1)]
        span = np.where(after > ascending[first], after - ascending[first], 1)
        part = ((known - ascending[first]) / span).clip(0, 1)
    if descending:
        nearest, first, part = count - 1 - nearest, count - 2 - first, 1 - part
        if count == 1:
            first, part = np.zeros_like(first), np.zeros_like(part)
    return _Position(np.where(inside, nearest, -1), first, part)


class _Location(NamedTuple):
    """The nearest pixel of a curvilinear grid, -1 where none is near enough, by its row and column."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]


@lru_cache(maxsize=8)
def _locate(location: Any, crs: str, target: Grid) -> _Location:
    geographic = parse_crs(crs).is_geographic
    x, y = _points_in(crs, target)
    points = cartesian(x, y, geographic)
    known = np.asarray(np.isfinite(points).all(axis=-1))
    distance, index = location.tree(geographic).query(np.where(known[..., None], points, 0))
    row, column = np.divmod(index, location.x.shape[1])
    near = known & (distance <= _reach(location, geographic)[row, column])
    return _Location(np.where(near, row, -1), np.where(near, column, -1))


@lru_cache(maxsize=8)
def _reach(location: Any, geographic: bool) -> NDArray[np.float64]:
    """Return how far from each pixel its cell reaches: half the longest diagonal to a neighbour."""
    points = cartesian(location.x, location.y, geographic)
    height, width = location.x.shape
    reach = np.zeros((height, width))
    for down, across in ((1, 1), (1, -1), (0, 1), (1, 0)):
        left, right = max(-across, 0), width - max(across, 0)
        here = (slice(0, height - down), slice(left, right))
        there = (slice(down, height), slice(left + across, right + across))
        length = np.nan_to_num(np.linalg.norm(points[here] - points[there], axis=-1))
        # The two ends of a seam in the grid are no neighbours.
        length = np.where(length > 20 * np.median(length), 0, length) if length.size else length
        reach[here] = np.maximum(reach[here], length / 2)
        reach[there] = np.maximum(reach[there], length / 2)
    return reach * (1 + 1e-9)


def _cells(
    source: Grid, target: Grid, location: _Location
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the first corner of the cell between four pixels that each pixel of the target lies in, and where in it.

    The cells around the nearest pixel are tried, each seen from the target's pixel on a plane that touches the globe
    there. Where no cell holds it, the four corners are the nearest pixel alone.
    """
    assert source.geolocation is not None
    x, y = _points_in(source.crs, target)
    geographic = parse_crs(source.crs).is_geographic
    centre = cartesian(x, y, geographic)
    points = cartesian(source.geolocation.x, source.geolocation.y, geographic)
    height, width = points.shape[:2]
    row, column = np.where(location.row < 0, -9, location.row), np.where(location.column < 0, -9, location.column)
    down, across = np.zeros(row.shape), np.zeros(row.shape)
    first_row, first_column = location.row.copy(), location.column.copy()
    found = np.zeros(row.shape, bool)
    for up, back in _CORNERS:
        top, left = row - up, column - back
        possible = ~found & (top >= 0) & (left >= 0) & (top + 1 < height) & (left + 1 < width)
        if not possible.any():
            continue
        top, left = top[possible], left[possible]
        corners = [
            _on_plane(points[top + r, left + c], centre[possible], x[possible], y[possible], geographic)
            for r, c in _CORNERS
        ]
        t, s = _inverse(corners)
        hit = (t >= -1e-6) & (t <= 1 + 1e-6) & (s >= -1e-6) & (s <= 1 + 1e-6)
        where = tuple(axis[hit] for axis in np.nonzero(possible))
        first_row[where], first_column[where] = top[hit], left[hit]
        down[where], across[where] = t[hit].clip(0, 1), s[hit].clip(0, 1)
        found[where] = True
    return first_row, first_column, down, across


def _on_plane(points: Any, centre: Any, x: Any, y: Any, geographic: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return points on the plane that touches the globe at a centre, which is its origin."""
    if not geographic:
        return points[:, 0] - centre[:, 0], points[:, 1] - centre[:, 1]
    longitude, latitude = np.radians(x), np.radians(y)
    east = np.stack([-np.sin(longitude), np.cos(longitude), np.zeros_like(longitude)], axis=-1)
    north = np.stack(
        [-np.sin(latitude) * np.cos(longitude), -np.sin(latitude) * np.sin(longitude), np.cos(latitude)], axis=-1
    )
    away = (points * centre).sum(axis=-1)
    away = np.where(away > 0.1, away, np.nan)
    return (points * east).sum(axis=-1) / away, (points * north).sum(axis=-1) / away


def _inverse(corners: list[tuple[NDArray[Any], NDArray[Any]]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where the origin is in cells of four corners, as parts of the way down and across (Newton's method)."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    ax, ay = x1 - x0, y1 - y0
    bx, by = x2 - x0, y2 - y0
    cx, cy = x3 - x2 - ax, y3 - y2 - ay
    s, t = np.full(x0.shape, 0.5), np.full(x0.shape, 0.5)
    with np.errstate(all="ignore"):
        for _ in range(8):
            fx, fy = x0 + s * ax + t * bx + s * t * cx, y0 + s * ay + t * by + s * t * cy
            sx, sy, tx, ty = ax + t * cx, ay + t * cy, bx + s * cx, by + s * cy
            determinant = sx * ty - sy * tx
            s = s - (fx * ty - fy * tx) / determinant
            t = t - (sx * fy - sy * fx) / determinant
    return np.where(np.isfinite(t), t, -1), np.where(np.isfinite(s), s, -1)
