"""Arrays of shapely geometries: valid or refused, brought to another CRS, cut at the antimeridian."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.grid import parse_crs, transformer
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Geometries = NDArray[Any]
LONGITUDE_LATITUDE = "EPSG:4326"
MOST_PIECES = 1 << 12
_TURNS = (-720, -360, 0, 360, 720)


def as_array(geometries: Sequence[BaseGeometry | None] | Geometries) -> Geometries:
    """Return geometries as an array of objects in two dimensions of space; what is missing becomes empty."""
    import shapely

    array = np.empty(len(geometries), dtype=object)
    array[:] = [shapely.GeometryCollection() if one is None else one for one in geometries]
    result: Geometries = shapely.force_2d(array) if len(array) else array
    return result


def require_valid(geometries: Geometries, crs: str, names: Sequence[str] | None = None) -> Geometries:
    """Return geometries that are valid; empty ones are.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely geometries, shape (n,)
    crs : str
    names : sequence of str, optional
        What each is called in a message.

    Raises
    ------
    GdcError
        ``GeometryInvalid`` with the first that is not, and why.
    """
    import shapely

    wrong = np.flatnonzero(~shapely.is_valid(geometries))
    if len(wrong):
        first = int(wrong[0])
        name = names[first] if names else f"geometry {first}"
        reason = shapely.is_valid_reason(geometries[first])
        raise GdcError("GeometryInvalid", f"{name} is not valid ({reason}); repair it, as shapely.make_valid does.")
    if parse_crs(crs).is_geographic and len(geometries):
        bounds = shapely.bounds(geometries)
        far = np.flatnonzero((np.abs(bounds[:, [1, 3]]) > 90.000001).any(axis=1) | (np.abs(bounds[:, 0]) > 540))
        if len(far):
            name = names[int(far[0])] if names else f"geometry {far[0]}"
            raise GdcError(
                "GeometryInvalid",
                f"{name} reaches beyond longitude and latitude {tuple(bounds[far[0]].tolist())}; name the CRS of other "
                "coordinates.",
            )
    return geometries


def same_crs(one: str, other: str) -> bool:
    """Return whether coordinates (x before y) of two CRS are the same numbers."""
    if one == other:
        return True
    first, second = parse_crs(one), parse_crs(other)
    return bool(first.equals(second, ignore_axis_order=True)) or {first.to_string(), second.to_string()} == {
        "EPSG:4326",
        "OGC:CRS84",
    }


def to_crs(geometries: Geometries, source: str, target: str, tolerance: float | None = None) -> Geometries:
    """Return geometries in another CRS.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely geometries, shape (n,)
    source, target : str
        The two CRS.
    tolerance : float, optional
        The distance in the target CRS by which an edge, straight in the source CRS, may be misplaced: longer edges get
        vertices between their ends. Without one, vertices alone are transformed.

    Returns
    -------
    numpy.ndarray of shapely geometries, shape (n,)
        Those that the target CRS cannot express have coordinates that are not finite. In longitude and latitude, those
        that cross the antimeridian are cut there.
    """
    import shapely

    if same_crs(source, target):
        return geometries
    from_degrees, to_degrees = parse_crs(source).is_geographic, parse_crs(target).is_geographic
    if from_degrees and not to_degrees:
        geometries = cut_antimeridian(geometries)
    if tolerance is not None:
        geometries = _densify(geometries, source, target, tolerance)
    into = transformer(source, target)
    moved: Geometries = shapely.transform(
        geometries, lambda points: np.column_stack(into.transform(points[:, 0], points[:, 1]))
    )
    return _joined_over_antimeridian(moved) if to_degrees and not from_degrees else moved


def finite(geometries: Geometries) -> NDArray[np.bool_]:
    """Return which geometries have finite coordinates only."""
    import shapely

    points, owner = shapely.get_coordinates(geometries, return_index=True)
    broken = np.bincount(owner, ~np.isfinite(points).all(axis=1), minlength=len(geometries))
    return np.asarray(broken == 0)


def cut_antimeridian(geometries: Geometries) -> Geometries:
    """Return geometries in longitude and latitude with all longitudes between -180 and 180, cut where they cross."""
    import shapely

    if not len(geometries):
        return geometries
    bounds = shapely.bounds(geometries)
    result = geometries.copy()
    for index in np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)):
        whole = geometries[index]
        cut = [(turn, shapely.intersection(whole, shapely.box(turn - 180, -90, turn + 180, 90))) for turn in _TURNS]
        # Where a polygon only touches the antimeridian, a line is left on its other side.
        same = [(turn, part) for turn, part in cut if not part.is_empty and _dimension(part) == _dimension(whole)]
        parts = [_shifted(part, -turn) for turn, part in same]
        result[index] = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return result


def _dimension(geometry: Any) -> int:
    import shapely

    return int(shapely.get_dimensions(geometry))


def _shifted(geometry: Any, turn: float) -> Any:
    import shapely

    return shapely.transform(geometry, lambda points: points + np.array([turn, 0.0]))


def turned(geometries: Geometries, west: float, east: float) -> Geometries:
    """Return geometries in longitude and latitude turned by whole circles so that they lie where a grid has them.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely geometries, shape (n,)
    west, east : float
        The longitudes of the grid's edges. A geometry that has parts in reach after different turns keeps them all.
    """
    import shapely

    if not len(geometries):
        return geometries
    bounds = shapely.bounds(geometries)
    reached = np.array([(bounds[:, 0] + turn < east) & (bounds[:, 2] + turn > west) for turn in _TURNS])
    away = reached[np.array(_TURNS) != 0].any(axis=0)
    result = geometries.copy()
    for index in np.flatnonzero(away):
        whole = geometries[index]
        copies = [_shifted(whole, turn) for turn, there in zip(_TURNS, reached[:, index], strict=True) if there]
        result[index] = copies[0] if len(copies) == 1 else shapely.union_all(copies)
    return result


def _joined_over_antimeridian(geometries: Geometries) -> Geometries:
    """Return geometries just transformed to degrees, in which neighbours on both sides of 180 were torn apart."""
    import shapely

    bounds = shapely.bounds(geometries) if len(geometries) else np.empty((0, 4))
    torn = np.flatnonzero(bounds[:, 2] - bounds[:, 0] > 180)
    if not len(torn):
        return geometries
    result = geometries.copy()
    for index in torn:
        result[index] = shapely.transform(
            geometries[index], lambda points: np.column_stack([points[:, 0] % 360, points[:, 1]])
        )
    again = shapely.bounds(result[torn])
    # What goes around the whole globe is left as it came.
    wide = torn[again[:, 2] - again[:, 0] > 180]
    result[wide] = geometries[wide]
    return cut_antimeridian(result)


def _densify(geometries: Geometries, source: str, target: str, tolerance: float) -> Geometries:
    import shapely

    points, owner = shapely.get_coordinates(geometries, return_index=True)
    if len(points) < 2:
        return geometries
    into = transformer(source, target)
    ends = np.column_stack(into.transform(points[:, 0], points[:, 1]))
    middles = (points[1:] + points[:-1]) / 2
    truth = np.column_stack(into.transform(middles[:, 0], middles[:, 1]))
    deviation = np.hypot(*(truth - (ends[1:] + ends[:-1]) / 2).T)
    length = np.hypot(*np.diff(points, axis=0).T)
    # The deviation of an edge falls with the square of its length.
    bent = (owner[1:] == owner[:-1]) & np.isfinite(deviation) & (deviation > tolerance)
    if not bent.any():
        return geometries
    pieces = np.minimum(np.ceil(np.sqrt(deviation[bent] / tolerance)), MOST_PIECES)
    longest = np.full(len(geometries), np.inf)
    np.minimum.at(longest, owner[1:][bent], length[bent] / pieces)
    result = geometries.copy()
    chosen = np.flatnonzero(np.isfinite(longest))
    result[chosen] = shapely.segmentize(geometries[chosen], longest[chosen])
    return result
