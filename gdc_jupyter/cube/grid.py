"""The grid that cubes, blocks and files share: a CRS, an origin, a pixel size, a shape; and labels if not regular."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gdc_jupyter.cube.geolocation import Geolocation, edges, extent, longitudes, take
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyproj import CRS, Transformer

# Coordinates are compared to a thousandth of a pixel: less than any file's georeferencing is good for.
TOLERANCE = 1e-3


class Bounds(NamedTuple):
    """The edges of a box, in units of its CRS."""

    west: float
    south: float
    east: float
    north: float


@lru_cache(maxsize=64)
def parse_crs(crs: str | int) -> CRS:
    """Return the pyproj CRS of an EPSG code, an authority string, WKT or PROJ text.

    Raises
    ------
    GdcError
        ``CRSInvalid`` where the text is no CRS.
    """
    import pyproj

    try:
        return pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise GdcError(
            "CRSInvalid", f"{crs!r} is no known coordinate reference system; give an EPSG code or WKT2."
        ) from None


@lru_cache(maxsize=64)
def transformer(source: str, target: str) -> Transformer:
    """Return the transformation between two CRS, x (longitude) before y (latitude)."""
    import pyproj

    return pyproj.Transformer.from_crs(parse_crs(source), parse_crs(target), always_xy=True)


def transform_bounds(bounds: Bounds, source: str, target: str) -> Bounds:
    """Return the envelope in ``target`` of a box in ``source``, its edges densified by 21 points.

    Raises
    ------
    GdcError
        ``BoundingBoxInvalid`` where the box has no image in ``target``.
    """
    if parse_crs(source) == parse_crs(target):
        return bounds
    edges = transformer(source, target).transform_bounds(*bounds, densify_pts=21)
    if not all(math.isfinite(edge) for edge in edges):
        raise GdcError("BoundingBoxInvalid", f"The box {tuple(bounds)} in {source} cannot be expressed in {target}.")
    return Bounds(*edges)


@dataclass(frozen=True)
class Grid:
    """A grid of pixels.

    On a grid with a geolocation, an axis with labels of its own (or both, on a curvilinear grid) counts rows or columns
    of these: its origin is a position and its step is 1, so that windows and blocks work as on a regular grid. What is
    told in units of the CRS (``bounds``, labels, `points`) comes from the true coordinates.

    Parameters
    ----------
    crs : str
        ``EPSG:n`` where the CRS has a code, else WKT2.
    x, y : float
        The outer corner of the first pixel of the first row, in units of the CRS.
    dx, dy : float
        The step to the next column and row; ``dy`` is negative on a north-up grid.
    width, height : int
        The number of columns and rows.
    wraps : bool
        Whether the columns go around the globe, so that a window may cross the edge of the grid.
    geolocation : Geolocation, optional
        The coordinates of a grid that is not regular.
    """

    crs: str
    x: float
    y: float
    dx: float
    dy: float
    width: int
    height: int
    wraps: bool = False
    geolocation: Geolocation | None = None

    @property
    def regular(self) -> bool:
        """Whether all pixels have the same size, in rows and columns along the axes of the CRS."""
        return self.geolocation is None

    @property
    def curvilinear(self) -> bool:
        """Whether each pixel has coordinates of its own."""
        return self.geolocation is not None and self.geolocation.curvilinear

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def bounds(self) -> Bounds:
        """The outer edges, in units of the CRS."""
        if self.curvilinear:
            x, y = self.points()
            south, north = extent(y, self.height)
            if parse_crs(self.crs).is_geographic:
                west, east = longitudes(x, self.width)
                return Bounds(west, max(south, -90.0), east, min(north, 90.0))
            return Bounds(extent(x, self.width)[0], south, extent(x, self.width)[1], north)
        (left, right), (top, bottom) = self._ends(True), self._ends(False)
        return Bounds(min(left, right), min(top, bottom), max(left, right), max(top, bottom))

    def _ends(self, horizontal: bool) -> tuple[float, float]:
        labels = self._labels(horizontal)
        if labels is not None:
            outer = edges(labels)
            return float(outer[0]), float(outer[-1])
        if horizontal:
            return self.x, self.x + self.dx * self.width
        return self.y, self.y + self.dy * self.height

    def _labels(self, horizontal: bool) -> NDArray[np.float64] | None:
        """Return the labels of an axis that has some of its own."""
        labels = None if self.geolocation is None else self.geolocation.axis(horizontal)
        if labels is None:
            return None
        return take(labels, round(self.x), self.width) if horizontal else take(labels, round(self.y), self.height)

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """The affine coefficients in the order of ``affine.Affine``.

        Raises
        ------
        GdcError
            ``GridIrregular`` where the grid is not regular.
        """
        self.require_regular("this step")
        return self.dx, 0.0, self.x, 0.0, self.dy, self.y

    def require_regular(self, what: str) -> None:
        """Refuse a grid that is not regular.

        Raises
        ------
        GdcError
            ``GridIrregular``, with what would be right.
        """
        if self.regular:
            return
        kind = "curvilinear" if self.curvilinear else "not equally spaced"
        raise GdcError(
            "GridIrregular",
            f"The pixels of the data are {kind}, and {what} needs a regular grid: use resample_spatial first, with the "
            "method near or bilinear.",
        )

    @property
    def geographic_bounds(self) -> Bounds:
        """The envelope in longitude and latitude (CRS84)."""
        return transform_bounds(self.bounds, self.crs, "OGC:CRS84")

    def x_labels(self) -> NDArray[np.float64]:
        """Return the x coordinates of the pixel centres, shape (width,); column numbers on a curvilinear grid."""
        return self._axis_labels(True)

    def y_labels(self) -> NDArray[np.float64]:
        """Return the y coordinates of the pixel centres, shape (height,); row numbers on a curvilinear grid."""
        return self._axis_labels(False)

    def _axis_labels(self, horizontal: bool) -> NDArray[np.float64]:
        import numpy as np

        own = self._labels(horizontal)
        if own is not None:
            return own
        origin, step, count = (self.x, self.dx, self.width) if horizontal else (self.y, self.dy, self.height)
        labels: NDArray[Any] = origin + step * (np.arange(count) + (0 if self.curvilinear else 0.5))
        return labels

    def points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the coordinates x and y of all pixel centres, each of shape (height, width)."""
        import numpy as np

        if self.geolocation is not None and self.curvilinear:
            row, column = round(self.y), round(self.x)
            return self.geolocation.points(slice(row, row + self.height), slice(column, column + self.width))
        x, y = self.x_labels(), self.y_labels()
        return np.broadcast_to(x, self.shape), np.broadcast_to(y[:, None], self.shape)

    def window(self, row: int, column: int, height: int, width: int) -> Grid:
        """Return the grid of a window; it may lie partly outside."""
        return replace(
            self, x=self.x + column * self.dx, y=self.y + row * self.dy, width=width, height=height, wraps=False
        )

    def aligned(self, other: Grid) -> bool:
        """Return whether the pixels of both grids coincide wherever they overlap."""
        if self.crs != other.crs and parse_crs(self.crs) != parse_crs(other.crs):
            return False
        if self.geolocation != other.geolocation:
            return False
        steps = max(self.width, self.height, other.width, other.height)
        if (
            abs(self.dx - other.dx) * steps > abs(self.dx) * TOLERANCE
            or abs(self.dy - other.dy) * steps > abs(self.dy) * TOLERANCE
        ):
            return False
        columns, rows = (other.x - self.x) / self.dx, (other.y - self.y) / self.dy
        return abs(columns - round(columns)) <= TOLERANCE and abs(rows - round(rows)) <= TOLERANCE

    def offset(self, other: Grid) -> tuple[int, int]:
        """Return the row and column at which an aligned grid starts in this one (may be negative)."""
        return round((other.y - self.y) / self.dy), round((other.x - self.x) / self.dx)

    def union(self, other: Grid) -> Grid:
        """Return the smallest grid that holds both aligned grids."""
        row, column = self.offset(other)
        top, left = min(row, 0), min(column, 0)
        height = max(row + other.height, self.height) - top
        width = max(column + other.width, self.width) - left
        return self.window(top, left, height, width)

    def intersection(self, other: Grid) -> Grid | None:
        """Return the grid that both aligned grids share, or None."""
        row, column = self.offset(other)
        top, left = max(row, 0), max(column, 0)
        height = min(row + other.height, self.height) - top
        width = min(column + other.width, self.width) - left
        return self.window(top, left, height, width) if height > 0 and width > 0 else None

    def expand(self, pixels: int) -> Grid:
        """Return the grid with a margin on all four sides."""
        return self.window(-pixels, -pixels, self.height + 2 * pixels, self.width + 2 * pixels)

    def crop(self, bounds: Bounds, crs: str | None = None) -> Grid | None:
        """Return the pixels whose centres lie inside a box, or None where there is none.

        Parameters
        ----------
        bounds : Bounds
            The box. West and south edges are inside, and so are east and north, as openEO defines it for points.
        crs : str, optional
            The CRS of the box; the grid's own by default.
        """
        if crs is not None:
            bounds = transform_bounds(bounds, crs, self.crs)
        if self.curvilinear:
            return self._crop_points(bounds)
        rows, columns = self._range(bounds, False), self._range(bounds, True)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        return self.window(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)

    def _range(self, bounds: Bounds, horizontal: bool) -> slice:
        """Return the columns, or rows, whose centres lie in a box; columns may reach over the edge of the globe."""
        labels = self._labels(horizontal)
        low, high = (bounds.west, bounds.east) if horizontal else (bounds.south, bounds.north)
        if labels is not None:
            turns = (0, -360, 360) if horizontal and parse_crs(self.crs).is_geographic else (0,)
            return max(
                (_between(labels, low + turn, high + turn) for turn in turns), key=lambda part: part.stop - part.start
            )
        if not horizontal:
            first, end = _covered(low, high, self.y, self.dy)
            return slice(max(first, 0), min(end, self.height))
        first, end = _covered(low, high, self.x, self.dx)
        if not self.wraps:
            return slice(max(first, 0), min(end, self.width))
        return slice(first, min(end, first + self.width))

    def _crop_points(self, bounds: Bounds) -> Grid | None:
        import numpy as np

        covered = self.covers(bounds)
        rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
        if not rows.size:
            return None
        top, left = int(rows[0]), int(columns[0])
        return self.window(top, left, int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left)

    def covers(self, bounds: Bounds) -> NDArray[np.bool_]:
        """Return which pixel centres lie in a box in the grid's CRS, edges included, shape (height, width)."""
        x, y = self.points()
        inside = (y >= bounds.south) & (y <= bounds.north)
        if parse_crs(self.crs).is_geographic:
            if bounds.east - bounds.west < 360:
                inside &= (x - bounds.west) % 360 <= bounds.east - bounds.west
            return inside
        return inside & (x >= bounds.west) & (x <= bounds.east)

    def blocks(self, height: int, width: int) -> Iterator[Grid]:
        """Yield windows of at most the given shape that tile the grid, row by row."""
        for row in range(0, self.height, height):
            for column in range(0, self.width, width):
                yield self.window(row, column, min(height, self.height - row), min(width, self.width - column))

    def metadata(self) -> dict[str, Any]:
        """Return the grid in terms of the STAC projection extension."""
        crs = parse_crs(self.crs)
        authority = crs.to_authority()
        code = ":".join(authority) if authority else None
        entry: dict[str, Any] = {"proj:code": code, "proj:shape": list(self.shape)}
        if self.regular:
            entry["proj:transform"] = [*self.transform, 0.0, 0.0, 1.0]
        entry["proj:bbox"] = list(self.bounds)
        if code is None:
            entry |= {"proj:wkt2": crs.to_wkt(), "proj:projjson": crs.to_json_dict()}
        return entry


def _between(labels: NDArray[Any], low: float, high: float) -> slice:
    import numpy as np

    slack = TOLERANCE * float(np.abs(np.diff(labels)).min()) if labels.size > 1 else 0.0
    inside = np.flatnonzero((labels >= low - slack) & (labels <= high + slack))
    return slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0)


def _covered(low: float, high: float, origin: float, step: float) -> tuple[int, int]:
    first, last = (
        ((low - origin) / step, (high - origin) / step) if step > 0 else ((high - origin) / step, (low - origin) / step)
    )
    return math.ceil(first - 0.5 - TOLERANCE), math.floor(last - 0.5 + TOLERANCE) + 1


def normalise_crs(crs: Any) -> str:
    """Return ``EPSG:n`` where a CRS has a code, else its WKT2."""
    parsed = parse_crs(crs)
    epsg = parsed.to_epsg()
    return f"EPSG:{epsg}" if epsg else parsed.to_wkt()


def regular_axis(labels: NDArray[Any], name: str) -> tuple[float, float]:
    """Return the outer edge and the step of equally spaced pixel centres.

    Raises
    ------
    GdcError
        ``GridIrregular`` where the centres are not equally spaced to a hundredth of a step.
    """
    import numpy as np

    values = np.asarray(labels, dtype=np.float64)
    if values.size < 2:
        raise GdcError(
            "GridIrregular", f"The axis '{name}' has {values.size} coordinate, and a grid needs two or more."
        )
    step = (values[-1] - values[0]) / (values.size - 1)
    if step == 0 or np.abs(np.diff(values) / step - 1).max() > 0.01:
        raise GdcError("GridIrregular", f"The coordinates of the axis '{name}' are not equally spaced.")
    return float(values[0] - step / 2), float(step)
