"""Where the cells of a grid are: from a box in degrees to exact index ranges, by the real coordinates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from gdc_jupyter.cube.grid import parse_crs, transformer
from gdc_jupyter.opendap.ous.axes import Axis, LabelledAxis
from gdc_jupyter.opendap.ous.metadata import IndexRange, Part
from gdc_jupyter.opendap.ous.parameters import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GEOGRAPHIC = "EPSG:4326"
_LONG_LAT = "OGC:CRS84"
#: Points along each edge of a box that is expressed in another CRS.
_POINTS = 64
#: Cells whose corners are in memory at the same time.
_TOGETHER = 1 << 18
_TURNS = (-2, -1, 0, 1, 2)


@dataclass(frozen=True, eq=False)
class AxisPlace:
    """A grid whose rows and columns lie along the axes of a CRS.

    A cell reaches halfway to the next ones. It is in a box where they share an area, or, where the box has no extent in
    one direction, where they touch.

    Parameters
    ----------
    rows, columns : Axis
    crs : str
        Longitude and latitude by default.
    """

    slow: ClassVar[bool] = False

    rows: Axis
    columns: Axis
    crs: str = GEOGRAPHIC

    @classmethod
    def of(cls, y: NDArray[Any], x: NDArray[Any], crs: str = GEOGRAPHIC) -> Self:
        """Return the grid of some coordinates.

        Parameters
        ----------
        y, x : numpy.ndarray
            Strictly monotonic coordinates of the rows and of the columns; longitudes may start anew at 360 degrees.
        crs : str
            Longitude and latitude by default.
        """
        import numpy as np

        return cls(LabelledAxis(y), LabelledAxis(np.unwrap(x, period=360) if is_longitude_latitude(crs) else x), crs)

    def parts(self, box: Box) -> list[Part]:
        """Return the index ranges of the rows and columns in a box; two where it crosses the edge of the grid.

        Parameters
        ----------
        box : tuple of float
            West, south, east, north in degrees; west is greater than east over the antimeridian.

        Returns
        -------
        list of (tuple of int, tuple of int)
            The first and last row, and the first and last column, of each part, the western one first.
        """
        west, south, east, north = box
        if west > east:
            east += 360
        if not is_longitude_latitude(self.crs):
            return _merged(
                [part for each in self._projected((west, south, east, north)) if (part := self._within(each))]
            )
        rows = self.rows.range_of(south, north)
        if rows is None:
            return []
        found = []
        for turn in _TURNS:
            columns = self.columns.range_of(west + 360 * turn, east + 360 * turn)
            if columns is not None:
                start = max(self.columns.low, west + 360 * turn) - 360 * turn
                found.append((start, (rows, columns)))
        return _merged([part for _, part in sorted(found)])

    def bounds(self, rows: IndexRange, columns: IndexRange) -> Box:
        """Return the edges of some rows and columns in degrees; west is greater than east over the antimeridian."""
        south, north = self.rows.between(rows)
        west, east = self.columns.between(columns)
        if is_longitude_latitude(self.crs):
            return _rounded(*_turned(west, east, 4 * self.columns.slack), max(south, -90.0), min(north, 90.0))
        west, south, east, north = _envelope_in_degrees(self.crs, (west, south, east, north))
        return _rounded(west, east, south, north)

    def _within(self, box: Box) -> Part | None:
        west, south, east, north = box
        rows, columns = self.rows.range_of(south, north), self.columns.range_of(west, east)
        return None if rows is None or columns is None else (rows, columns)

    def _projected(self, box: Box) -> Iterator[Box]:
        """Yield boxes in the grid's CRS that hold a box in degrees, as far as it is near the grid."""
        if _is_within(box, _area(self.crs)):
            yield _envelope(self.crs, box)
            return
        west, south, east, north = self._around
        for turn in _TURNS:
            low, high = max(box[0], west + 360 * turn), min(box[2], east + 360 * turn)
            bottom, top = max(box[1], south), min(box[3], north)
            if low <= high and bottom <= top:
                for left, right in _at_antimeridian(low, high):
                    yield _envelope(self.crs, (left, bottom, right, top))

    @cached_property
    def _around(self) -> Box:
        """The envelope of the grid in degrees, with some margin; east may be beyond 180."""
        outer = (self.columns.low, self.rows.low, self.columns.high, self.rows.high)
        west, south, east, north = _envelope_in_degrees(self.crs, outer)
        margin = 0.01 + 0.01 * (north - south)
        if east - west + 2 * margin >= 360 or (west > east and west - east < 2 * margin):
            return -180.0, max(south - margin, -90.0), 180.0, min(north + margin, 90.0)
        east += 360 if west > east else 0
        return west - margin, max(south - margin, -90.0), east + margin, min(north + margin, 90.0)


@dataclass(frozen=True, eq=False)
class PointPlace:
    """A grid of which each cell has coordinates of its own.

    A cell counts as in a box where the envelope of its corners is, so that none is missed.

    Parameters
    ----------
    longitude, latitude : numpy.ndarray
        Degrees of the centres, shape (rows, columns), NaN where there are none.
    """

    slow: ClassVar[bool] = True

    longitude: NDArray[Any]
    latitude: NDArray[Any]

    def parts(self, box: Box) -> list[Part]:
        """Return the index ranges of the rows and columns that hold all cells in a box, if there are any."""
        import numpy as np

        west, south, east, north = box
        if west > east:
            east += 360
        rows, columns = np.zeros(self.longitude.shape[0], bool), np.zeros(self.longitude.shape[1], bool)
        for block, (left, bottom, right, top) in self._blocks((south, north)):
            inside = (bottom <= north) & (top >= south)
            # A cell is met by the box, or the box by the cell, counted eastwards.
            inside &= ((left - west) % 360 <= east - west) | ((west - left) % 360 <= right - left)
            rows[block] |= inside.any(axis=1)
            columns |= inside.any(axis=0)
        found = [np.flatnonzero(each) for each in (rows, columns)]
        if not found[0].size:
            return []
        (first, last), (start, end) = ((int(each[0]), int(each[-1])) for each in found)
        return [((first, last), (start, end))]

    def bounds(self, rows: IndexRange, columns: IndexRange) -> Box:
        """Return the envelope of some cells in degrees; west is greater than east over the antimeridian."""
        import numpy as np

        chosen = slice(columns[0], columns[1] + 1)
        south, north = 90.0, -90.0
        widths: list[tuple[float, float]] = []
        for block, corners in self._blocks(rows=rows):
            part = slice(max(rows[0] - block.start, 0), rows[1] + 1 - block.start)
            left, bottom, right, top = (each[part, chosen] for each in corners)
            if np.isfinite(left).any():
                south, north = min(south, float(np.nanmin(bottom))), max(north, float(np.nanmax(top)))
                widths.append(_widest_gap(left, right))
        west, east = np.array(widths).reshape(-1, 2).T
        return _rounded(
            *_widest_gap(west, np.where(east < west, east + 360, east)), max(south, -90.0), min(north, 90.0)
        )

    def _blocks(
        self, latitudes: tuple[float, float] = (-90.0, 90.0), rows: IndexRange | None = None
    ) -> Iterator[tuple[slice, tuple[NDArray[np.float64], ...]]]:
        """Yield some rows after the other, with the corners of their cells: all of them need much memory.

        Parameters
        ----------
        latitudes : tuple of float
            What is wholly outside of them may be left out.
        rows : tuple of int, optional
            The first and the last row; all by default.
        """
        height, width = self.longitude.shape
        first, last = rows or (0, height - 1)
        count = max(_TOGETHER // width, 1)
        for start in range(first, last + 1, count):
            stop = min(start + count, last + 1)
            top, bottom = max(start - 1, 0), min(stop + 1, height)
            if _may_reach(self.latitude[top:bottom], latitudes):
                corners = _corners(self.longitude[top:bottom], self.latitude[top:bottom])
                yield slice(start, stop), tuple(each[start - top : stop - top] for each in corners)


def _may_reach(latitude: NDArray[Any], limits: tuple[float, float]) -> bool:
    """Tell whether cells may have something between two latitudes."""
    import numpy as np

    known = latitude[np.isfinite(latitude)]
    if not known.size:
        return False
    steps = [float(np.nan_to_num(np.abs(np.diff(latitude, axis=axis))).max(initial=0)) for axis in (0, 1)]
    margin = sum(steps) or 2.0
    return bool(known.min() - margin <= limits[1] and known.max() + margin >= limits[0])


def _corners(longitude: NDArray[Any], latitude: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
    """Return the least and the greatest longitude and latitude of each cell: west, south, east, north."""
    import numpy as np

    longitude, latitude = (np.asarray(each, np.float64) for each in (longitude, latitude))
    reach = []
    for values, period in ((longitude, 360.0), (latitude, None)):
        least, greatest = np.zeros(values.shape), np.zeros(values.shape)
        for rows, columns in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            corner = _towards(values, rows, columns, period)
            least, greatest = np.fmin(least, corner), np.fmax(greatest, corner)
        reach.append((values + least, values + greatest))
    (west, east), (south, north) = reach
    # Around a pole a cell may have all longitudes.
    around = (np.maximum(np.abs(south), np.abs(north)) >= 89) | (east - west >= 180)
    west, east = np.where(around, -180.0, west), np.where(around, 180.0, east)
    unknown = np.isnan(longitude) | np.isnan(latitude)
    return tuple(np.where(unknown, np.nan, each) for each in (west, south, east, north))


def _towards(values: NDArray[Any], rows: int, columns: int, period: float | None) -> NDArray[Any]:
    """Return how far the corner of each cell in a direction is from its centre: half of the steps to the neighbours."""
    down, across = _step(values, 0, rows, period), _step(values, 1, columns, period)
    corner: NDArray[Any] = (down + across) / 2
    return corner


def _step(values: NDArray[Any], axis: int, sign: int, period: float | None) -> NDArray[Any]:
    """Return the step to the next cell, or, at the edge, on from the one before."""
    import numpy as np

    if values.shape[axis] == 1:
        return np.ones(values.shape)
    steps = np.diff(values, axis=axis)
    if period:
        steps = (steps + period / 2) % period - period / 2
    first, last = steps.take([0], axis=axis), steps.take([-1], axis=axis)
    made = np.concatenate([steps, last], axis) if sign > 0 else -np.concatenate([first, steps], axis)
    known: NDArray[Any] = np.nan_to_num(made)
    return known


def _widest_gap(west: NDArray[Any], east: NDArray[Any]) -> tuple[float, float]:
    """Return the shortest range of longitudes that holds some others."""
    import numpy as np

    known = np.isfinite(west)
    starts = np.sort(west[known] % 360)
    order = np.argsort(west[known] % 360)
    ends = np.maximum.accumulate(starts + (east[known] - west[known])[order])
    following = np.append(starts[1:], starts[0] + 360)
    gaps = following - np.maximum(ends, ends[-1] - 360)
    widest = int(gaps.argmax())
    if gaps[widest] <= 0:
        return -180.0, 180.0
    return _turned(float(following[widest]), float(ends[widest]) + 360)


def _turned(west: float, east: float, slack: float = 1e-9) -> tuple[float, float]:
    """Return longitudes from -180 to 180, west greater than east over the antimeridian; -180 and 180 for a circle."""
    if east - west >= 360 - max(slack, 1e-9):
        return -180.0, 180.0
    turn = 360 * math.floor((west + 180 + 1e-9) / 360)
    west, east = west - turn, east - turn
    return west, east - 360 if east > 180 + 1e-9 else east


def _rounded(west: float, east: float, south: float, north: float) -> Box:
    return round(west, 9), round(south, 9), round(east, 9), round(north, 9)


def _merged(parts: Sequence[Part]) -> list[Part]:
    """Return parts, those that overlap or adjoin as one."""
    merged: list[Part] = []
    for part in parts:
        for other in [each for each in merged if _adjoin(each[0], part[0]) and _adjoin(each[1], part[1])]:
            merged.remove(other)
            part = _hull(other[0], part[0]), _hull(other[1], part[1])
        merged.append(part)
    return merged


def _adjoin(one: IndexRange, other: IndexRange) -> bool:
    return one[0] <= other[1] + 1 and other[0] <= one[1] + 1


def _hull(one: IndexRange, other: IndexRange) -> IndexRange:
    return min(one[0], other[0]), max(one[1], other[1])


def centres(values: NDArray[Any], attributes: Mapping[str, Any]) -> NDArray[Any]:
    """Return the values of a coordinate as they are meant, in the units of the CRS."""
    scale, offset = (attributes.get(name) for name in ("scale_factor", "add_offset"))
    if scale is not None or offset is not None:
        values = values * float(1 if scale is None else scale) + float(0 if offset is None else offset)
    in_kilometres = str(attributes.get("units", "")).lower() in ("km", "kilometre", "kilometer")
    return values * 1000 if in_kilometres else values


@lru_cache(maxsize=64)
def is_longitude_latitude(crs: str) -> bool:
    """Tell whether coordinates in a CRS are longitudes and latitudes, and not those of a rotated pole."""
    parsed = parse_crs(crs)
    return bool(parsed.is_geographic and not parsed.is_derived)


@lru_cache(maxsize=64)
def _area(crs: str) -> Box | None:
    """Return the part of the Earth that a CRS is made for, where that is known and not over the antimeridian."""
    area = parse_crs(crs).area_of_use
    return None if area is None or area.west > area.east else (area.west, area.south, area.east, area.north)


def _is_within(box: Box, area: Box | None) -> bool:
    return area is not None and all(
        (box[0] >= area[0], box[1] >= area[1], box[2] <= area[2], box[3] <= area[3], abs(box[1]) < 90, abs(box[3]) < 90)
    )


def _at_antimeridian(west: float, east: float) -> list[tuple[float, float]]:
    """Return a range of longitudes as one or two between -180 and 180."""
    turn = 360 * math.floor((west + 180) / 360)
    west, east = west - turn, east - turn
    return [(west, east)] if east <= 180 else [(west, 180.0), (-180.0, east - 360)]


@lru_cache(maxsize=4096)
def _envelope(crs: str, box: Box) -> Box:
    """Return the envelope, in a CRS, of a box in degrees."""
    return _transformed(_LONG_LAT, crs, box)


@lru_cache(maxsize=4096)
def _envelope_in_degrees(crs: str, box: Box) -> Box:
    """Return the envelope, in degrees, of a box in a CRS; all longitudes where a pole is inside."""
    west, south, east, north = transformer(crs, _LONG_LAT).transform_bounds(*box, densify_pts=_POINTS)
    if not all(math.isfinite(edge) for edge in (west, south, east, north)):
        return -180.0, -90.0, 180.0, 90.0
    return west, south, east, north


def _transformed(source: str, target: str, box: Box) -> Box:
    """Return the envelope of a box in another CRS, so that nothing of it is outside."""
    coarse, fine = (_around_outline(source, target, box, points) for points in (_POINTS, 2 * _POINTS))
    if fine is None or coarse is None:
        return -math.inf, -math.inf, math.inf, math.inf
    # An outline between points bends by less than what twice as many points have found.
    west, south, east, north = (abs(one - other) for one, other in zip(coarse, fine, strict=True))
    return fine[0] - west, fine[1] - south, fine[2] + east, fine[3] + north


def _around_outline(source: str, target: str, box: Box, points: int) -> Box | None:
    import numpy as np

    west, south, east, north = box
    along = np.linspace(0, 1, points)
    x, y = west + (east - west) * along, south + (north - south) * along
    xs = np.concatenate([np.broadcast_to(at, points) for at in (west, east)] + [x, x])
    ys = np.concatenate([y, y] + [np.broadcast_to(at, points) for at in (south, north)])
    there = np.array(transformer(source, target).transform(xs, ys))
    if not np.isfinite(there).all():
        return None
    return float(there[0].min()), float(there[1].min()), float(there[0].max()), float(there[1].max())
