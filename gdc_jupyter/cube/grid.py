"""The regular grid that cubes, blocks and files share: a CRS, an origin, a pixel size and a shape."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

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
    """A regular grid of pixels.

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
    """

    crs: str
    x: float
    y: float
    dx: float
    dy: float
    width: int
    height: int
    wraps: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def bounds(self) -> Bounds:
        """The outer edges, in units of the CRS."""
        x = self.x, self.x + self.dx * self.width
        y = self.y, self.y + self.dy * self.height
        return Bounds(min(x), min(y), max(x), max(y))

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """The affine coefficients in the order of ``affine.Affine``."""
        return self.dx, 0.0, self.x, 0.0, self.dy, self.y

    @property
    def geographic_bounds(self) -> Bounds:
        """The envelope in longitude and latitude (CRS84)."""
        return transform_bounds(self.bounds, self.crs, "OGC:CRS84")

    def x_labels(self) -> NDArray[np.float64]:
        """Return the x coordinates of the pixel centres, shape (width,)."""
        import numpy as np

        labels: NDArray[Any] = self.x + self.dx * (np.arange(self.width) + 0.5)
        return labels

    def y_labels(self) -> NDArray[np.float64]:
        """Return the y coordinates of the pixel centres, shape (height,)."""
        import numpy as np

        labels: NDArray[Any] = self.y + self.dy * (np.arange(self.height) + 0.5)
        return labels

    def window(self, row: int, column: int, height: int, width: int) -> Grid:
        """Return the grid of a window; it may lie partly outside."""
        return replace(
            self, x=self.x + column * self.dx, y=self.y + row * self.dy, width=width, height=height, wraps=False
        )

    def aligned(self, other: Grid) -> bool:
        """Return whether the pixels of both grids coincide wherever they overlap."""
        if self.crs != other.crs and parse_crs(self.crs) != parse_crs(other.crs):
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
        column, end_column = _covered(bounds.west, bounds.east, self.x, self.dx)
        row, end_row = _covered(bounds.south, bounds.north, self.y, self.dy)
        row, end_row = max(row, 0), min(end_row, self.height)
        if self.wraps:
            turns = math.floor(column / self.width)
            column, end_column = column - turns * self.width, end_column - turns * self.width
            end_column = min(end_column, column + self.width)
            origin = turns * self.width
        else:
            column, end_column, origin = max(column, 0), min(end_column, self.width), 0
        if row >= end_row or column >= end_column:
            return None
        return self.window(row, column + origin, end_row - row, end_column - column)

    def blocks(self, height: int, width: int) -> Iterator[Grid]:
        """Yield windows of at most the given shape that tile the grid, row by row."""
        for row in range(0, self.height, height):
            for column in range(0, self.width, width):
                yield self.window(row, column, min(height, self.height - row), min(width, self.width - column))

    def metadata(self) -> dict[str, Any]:
        """Return the grid in terms of the STAC projection extension."""
        epsg = parse_crs(self.crs).to_epsg()
        code = f"EPSG:{epsg}" if epsg else None
        entry: dict[str, Any] = {
            "proj:code": code,
            "proj:shape": list(self.shape),
            "proj:transform": [*self.transform, 0.0, 0.0, 1.0],
            "proj:bbox": list(self.bounds),
        }
        if code is None:
            entry["proj:wkt2"] = parse_crs(self.crs).to_wkt()
        return entry


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
