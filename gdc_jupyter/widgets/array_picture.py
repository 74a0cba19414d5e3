"""An xarray.DataArray as a picture on a web map: one date, one band or three, warped to web mercator."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox
from gdc_jupyter.widgets.world import MAX_LATITUDE, latitude_of, mercator

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

#: Pixels on the longer side of a picture. What has more is read at each second, third, … pixel.
LARGEST = 1500
_X_NAMES, _Y_NAMES = ("x", "lon", "longitude", "easting"), ("y", "lat", "latitude", "northing")
_BAND_NAMES = ("bands", "band", "variable", "wavelength")
_RADIUS = 6378137.0
_HEX = re.compile("#?[0-9a-fA-F]{6}")
Range = tuple[float, float]


@dataclass(frozen=True)
class ArrayPicture:
    """A picture of an array.

    Parameters
    ----------
    png : bytes
        Pixels in web mercator; those without data are transparent.
    bounds : tuple of four float
        West, south, east, north in degrees.
    ranges : tuple of pair of float
        The values of the first and the last colour, of each band.
    colors : list of str
        The colours of a single band.
    notes : list of str
        What is shown of an array that holds more.
    """

    png: bytes
    bounds: BBox
    ranges: tuple[Range, ...]
    colors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def array_picture(
    array: xr.DataArray,
    colormap: str | Sequence[str] | None = None,
    range: Sequence[Any] | None = None,
    bands: Sequence[str] | None = None,
    datetime: str | None = None,
) -> ArrayPicture:
    """Return an array as a picture.

    Parameters
    ----------
    array : xarray.DataArray
        It has axes x and y, or longitude and latitude, that are regular, and a CRS: that of rioxarray
        (``array.rio.write_crs``), or longitude and latitude by the names or attributes of its coordinates.
    colormap : str or sequence of str, optional
        The name of a colour map, or colours as ``#rrggbb``, for a single band; viridis by default.
    range : pair of float, optional
        The values of the first and the last colour, or three such pairs; the 2nd and the 98th percentile by default.
    bands : sequence of str, optional
        One band, or three that are red, green and blue; by default all of three, else the first.
    datetime : str, optional
        The last date up to this one is shown; by default the last of all.

    Raises
    ------
    GdcError
        ``CRSMissing``, ``GridIrregular``, ``BandNotFound``, ``NoDataAvailable`` or ``ProcessParameterInvalid``.
    """
    from gdc_jupyter.cube.encode import tiles

    notes: list[str] = []
    x, y = _axes(array)
    chosen = _one_layer(_one_date(array, datetime, notes), bands, {x, y}, notes)
    crs = _crs(array, x, y)
    thinned = _thinned(chosen, x, y, notes)
    values, bounds = _warped(thinned, x, y, crs)
    ranges = _ranges(values, range)
    colors = _colors("viridis" if colormap is None else colormap) if len(values) == 1 else []
    return ArrayPicture(tiles.encode(values, ranges, colors or "gray"), bounds, tuple(ranges), colors, notes)


def _axes(array: xr.DataArray) -> tuple[str, str]:
    found = []
    for names, axis in ((_X_NAMES, "X"), (_Y_NAMES, "Y")):
        fitting = [str(dim) for dim in array.dims if str(dim).lower() in names]
        fitting += [
            str(dim) for dim in array.dims if dim in array.coords and array.coords[dim].attrs.get("axis") == axis
        ]
        if not fitting:
            held = ", ".join(map(str, array.dims)) or "none"
            raise GdcError(
                "GridIrregular", f"An array on a map needs dimensions x and y, or lon and lat; it has {held}."
            )
        found.append(fitting[0])
    for dim in found:
        if dim not in array.coords:
            raise GdcError(
                "GridIrregular", f"The dimension {dim} has no coordinates, so that nobody knows where it lies."
            )
        if array.sizes[dim] < 1:
            raise GdcError("NoDataAvailable", f"The array is empty along {dim}.")
    return found[0], found[1]


def _crs(array: xr.DataArray, x: str, y: str) -> str:
    """Return the CRS as text; longitude and latitude are EPSG:4326."""
    import rioxarray  # noqa: F401  # it brings .rio

    crs = array.rio.crs
    if crs is not None:
        return "EPSG:4326" if crs.is_geographic else str(crs.to_wkt())
    names = {x.lower(), y.lower()}
    units = {str(array.coords[dim].attrs.get("units", "")) for dim in (x, y)}
    if names <= {"lon", "longitude", "lat", "latitude"} or units == {"degrees_east", "degrees_north"}:
        return "EPSG:4326"
    raise GdcError(
        "CRSMissing",
        f"The array has no CRS: say which, as array.rio.write_crs('EPSG:32632') of rioxarray for {x} and {y}.",
    )


def _one_date(array: xr.DataArray, datetime: str | None, notes: list[str]) -> xr.DataArray:
    times = [dim for dim in array.dims if dim in array.coords and array.coords[dim].dtype.kind == "M"]
    for dim in times:
        ordered = array.sortby(dim)
        if datetime is not None:
            until = str(datetime).removesuffix("Z")
            ordered = ordered.sel({dim: slice(None, until)})
            if not ordered.sizes[dim]:
                raise GdcError("NoDataAvailable", f"The array has no date up to {datetime}.")
        if array.sizes[dim] > 1:
            which = "the newest" if datetime is None else "one"
            day = str(ordered.coords[dim].values[-1])[:10]
            notes.append(f"{day}, {which} of {array.sizes[dim]} dates: choose another with datetime=")
        array = ordered.isel({dim: -1})
    return array


def _one_layer(array: xr.DataArray, bands: Sequence[str] | None, spatial: set[str], notes: list[str]) -> xr.DataArray:
    """Return one band or three, first; of other dimensions the first value."""
    others = [str(dim) for dim in array.dims if dim not in spatial]
    named = [dim for dim in others if dim.lower() in _BAND_NAMES]
    dim = named[0] if named else None
    if bands is not None:
        array = _of_bands(array, dim, bands)
    elif dim is not None and array.sizes[dim] != 3:
        if array.sizes[dim] > 1:
            notes.append(f"{_label(array, dim, 0)}, the first of {array.sizes[dim]} bands: choose with bands=")
        array = array.isel({dim: [0]})
    if dim is not None and array.sizes[dim] == 3:
        notes.append(f"{', '.join(_label(array, dim, at) for at in (0, 1, 2))} as red, green, blue")
    for other in others:
        if other != dim:
            if array.sizes[other] > 1:
                notes.append(f"{other} {_label(array, other, 0)}, the first of {array.sizes[other]}")
            array = array.isel({other: 0})
    return array if dim is None else array.transpose(dim, ...)


def _of_bands(array: xr.DataArray, dim: str | None, bands: Sequence[str]) -> xr.DataArray:
    wanted = [bands] if isinstance(bands, str) else list(bands)
    labels = [] if dim is None else [_label(array, dim, at) for at in range(array.sizes[dim])]
    missing = [band for band in wanted if str(band) not in labels]
    if missing or dim is None:
        raise GdcError(
            "BandNotFound", f"The array has no band {missing[0]!r}; it has {', '.join(labels) or 'no bands'}."
        )
    if len(wanted) not in (1, 3):
        raise GdcError("ProcessParameterInvalid", f"One band is shown, or three; and not {len(wanted)}.")
    return array.isel({dim: [labels.index(str(band)) for band in wanted]})


def _label(array: xr.DataArray, dim: str, at: int) -> str:
    return str(array.coords[dim].values[at]) if dim in array.coords else str(at)


def _thinned(array: xr.DataArray, x: str, y: str, notes: list[str]) -> xr.DataArray:
    width, height = array.sizes[x], array.sizes[y]
    step = math.ceil(max(width, height) / LARGEST)
    if step == 1:
        return array
    notes.append(f"one pixel in {step} of {width} × {height}, along each axis")
    return array.isel({dim: slice(min(step // 2, array.sizes[dim] - 1), None, step) for dim in (x, y)})


def _warped(array: xr.DataArray, x: str, y: str, crs: str) -> tuple[NDArray[np.float32], BBox]:
    """Return the values as (bands, rows, columns) of web mercator, NaN where there are none, and their box."""
    import numpy as np

    array = array.transpose(..., y, x)
    if array.dtype.kind not in "biuf":
        raise GdcError(
            "ProcessParameterInvalid", f"Values of the type {array.dtype} have no colours: numbers are needed."
        )
    # Coordinates alone tell what cannot be shown: only then values are read.
    centres = [np.asarray(array.coords[dim].values, dtype=float) for dim in (x, y)]
    if not all(np.isfinite(each).all() for each in centres):
        raise GdcError("GridIrregular", f"Coordinates of {x} or {y} are missing.")
    values = _values(array)
    warp = _from_degrees if crs == "EPSG:4326" else _from_metres
    warped, bounds = warp(values, centres[0], centres[1], crs)
    turn = math.floor((bounds[0] + 180) / 360) * 360
    return warped, (bounds[0] - turn, bounds[1], bounds[2] - turn, bounds[3])


def _values(array: xr.DataArray) -> NDArray[np.float32]:
    import numpy as np

    nodata = array.rio.nodata
    values = np.array(array.values, dtype=np.float32)
    if nodata is not None and np.isfinite(nodata):
        values[values == np.float32(nodata)] = np.nan
    return values.reshape(-1, *values.shape[-2:])


def _from_degrees(
    values: NDArray[np.float32], x: NDArray[np.float64], y: NDArray[np.float64], _: str
) -> tuple[NDArray[np.float32], BBox]:
    """Take the nearest cell for each pixel: along each axis by itself, whose steps may differ."""
    import numpy as np

    across, down = np.argsort(x), np.argsort(y)
    columns, rows = _edges(x[across], y[down]), _edges(y[down], x[across])
    south, north = max(rows[0], -MAX_LATITUDE), min(rows[-1], MAX_LATITUDE)
    if south >= north:
        raise GdcError(
            "NoDataAvailable", f"A web map ends at {MAX_LATITUDE:.1f} degrees of latitude, before these data."
        )
    low, high = mercator(south), mercator(north)
    width, height = _pixels(columns[-1] - columns[0], high - low, len(x), len(y))
    longitudes = columns[0] + (np.arange(width) + 0.5) * (columns[-1] - columns[0]) / width
    ordinates = high - (np.arange(height) + 0.5) * (high - low) / height
    latitudes = np.array([latitude_of(ordinate) for ordinate in ordinates])
    column = across[np.clip(np.searchsorted(columns, longitudes) - 1, 0, len(x) - 1)]
    row = down[np.clip(np.searchsorted(rows, latitudes) - 1, 0, len(y) - 1)]
    bounds = (float(columns[0]), float(south), float(columns[-1]), float(north))
    return values[:, row][:, :, column], bounds


def _edges(centres: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of cells whose centres ascend; a single cell is as wide as the others are apart."""
    import numpy as np

    if len(centres) == 1:
        half = abs(others[1] - others[0]) / 2 if len(others) > 1 else 0.5
        return np.array([centres[0] - half, centres[0] + half])
    middles = (centres[1:] + centres[:-1]) / 2
    first, last = centres[0] - (middles[0] - centres[0]), centres[-1] + (centres[-1] - middles[-1])
    return np.concatenate([[first], middles, [last]])


def _from_metres(
    values: NDArray[np.float32], x: NDArray[np.float64], y: NDArray[np.float64], crs: str
) -> tuple[NDArray[np.float32], BBox]:
    import numpy as np
    from affine import Affine
    from pyproj import Transformer
    from rasterio.warp import Resampling, reproject, transform_bounds

    dx, dy = _spacing(x, y), _spacing(y, x)
    transform = Affine(dx, 0, x[0] - dx / 2, 0, dy, y[0] - dy / 2)
    edges = sorted((x[0] - dx / 2, x[-1] + dx / 2)), sorted((y[0] - dy / 2, y[-1] + dy / 2))
    to_degrees = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    middle = to_degrees.transform(sum(edges[0]) / 2, sum(edges[1]) / 2)[0]
    if not math.isfinite(middle):
        raise GdcError("GridIrregular", "The coordinates do not lie where the CRS is good for.")
    # Web mercator around the data: so nothing is torn apart at the antimeridian.
    around = f"+proj=merc +a={_RADIUS} +b={_RADIUS} +lon_0={middle} +units=m +nadgrids=@null +no_defs"
    box = transform_bounds(crs, around, edges[0][0], edges[1][0], edges[0][1], edges[1][1])
    limit = math.radians(180) * _RADIUS
    left, right = box[0], box[2]
    bottom, top = max(box[1], -limit), min(box[3], limit)
    width, height = _pixels(right - left, top - bottom, len(x), len(y))
    result = np.full((len(values), height, width), np.nan, np.float32)
    reproject(
        values,
        result,
        src_transform=transform,
        src_crs=crs,
        src_nodata=np.nan,
        dst_transform=Affine((right - left) / width, 0, left, 0, (bottom - top) / height, top),
        dst_crs=around,
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
    )
    west, east = (math.degrees(edge / _RADIUS) + middle for edge in (left, right))
    south, north = (latitude_of(math.degrees(edge / _RADIUS)) for edge in (bottom, top))
    return result, (west, south, east, north)


def _spacing(centres: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    import numpy as np

    if len(centres) == 1:
        return float(abs(others[1] - others[0])) if len(others) > 1 else 1.0
    step = float(centres[-1] - centres[0]) / (len(centres) - 1)
    if step == 0 or not np.allclose(np.diff(centres), step, rtol=0.02):
        raise GdcError("GridIrregular", "The steps of x or y differ: interpolate the array to a regular grid first.")
    return step


def _pixels(across: float, along: float, columns: int, rows: int) -> tuple[int, int]:
    """Return the size of a picture of an area: about as fine as the data, within what is worth it and bearable."""
    longer = max(across, along)
    finest = max(columns / across, rows / along)
    pixels = min(max(finest * longer, 512.0), float(LARGEST))
    return max(round(across / longer * pixels), 1), max(round(along / longer * pixels), 1)


def _ranges(values: NDArray[np.float32], given: Sequence[Any] | None) -> list[Range]:
    from gdc_jupyter.cube.encode.pictures import value_range

    if given is None:
        return [value_range(band, {}) for band in values]
    pairs = list(given) if len(given) == len(values) != 2 or _is_pair(given[0]) else [given] * len(values)
    try:
        ranges = [(float(low), float(high)) for low, high in pairs]
    except (TypeError, ValueError):
        ranges = []
    if len(ranges) != len(values) or not all(low < high and math.isfinite(high - low) for low, high in ranges):
        raise GdcError(
            "ProcessParameterInvalid",
            f"range is the lowest and the highest value, as (0, 1), or such a pair for each band, and not {given!r}.",
        )
    return ranges


def _is_pair(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _colors(colormap: str | Sequence[str]) -> list[str]:
    """Return the colours from the lowest to the highest value."""
    from gdc_jupyter.cube.encode.colors import NAMES, ramp

    hexes = [] if isinstance(colormap, str) else [str(color) for color in colormap]
    if isinstance(colormap, str) and colormap not in NAMES:
        raise GdcError(
            "ProcessParameterInvalid",
            f"There is no colour map {colormap!r}: give one of {', '.join(NAMES)}, or colours.",
        )
    if not isinstance(colormap, str) and (len(hexes) < 2 or not all(map(_HEX.fullmatch, hexes))):
        raise GdcError("ProcessParameterInvalid", "Colours are at least two, each as '#ff8800'.")
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in ramp(hexes or str(colormap), 64)]
