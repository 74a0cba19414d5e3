"""Fast reading of windows from GeoTIFF files: open handles for each thread, conversion in one pass, warping."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.remote import final_url, is_url, raster_path
from gdc_jupyter.cube.coarser import Piece, middle_of, pieces
from gdc_jupyter.cube.grid import Grid, transform_bounds
from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Permissions

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

OPTIONS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
#: Pixels that are read at once where only every so many rows are wanted.
_BETWEEN_PIXELS = 1 << 21


@dataclass(frozen=True)
class Layer:
    """One band of one file.

    Parameters
    ----------
    path : str
        A file name, or a URL that the user registered.
    index : int
        The band in the file, from 1.
    grid : Grid
        The pixels of the file; ``dy`` may be positive.
    nodata : float, optional
        The stored value that means none.
    hosts : tuple of str, optional
        The hosts that may be asked for a file elsewhere; by default that of a URL that the user registered.
    """

    path: str
    index: int
    grid: Grid
    nodata: float | None = None
    hosts: tuple[str, ...] | None = None


def _handles_per_thread() -> int:
    """Return how many files each thread may hold open, so that all threads together use half of what is allowed."""
    try:
        import resource

        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    except ImportError:
        allowed = 512
    return max(32, min(512, allowed // 2 // max(os.cpu_count() or 1, 2)))


class Handles:
    """The most recently used open files of one thread; the least recently used is closed first."""

    def __init__(self, size: int | None = None) -> None:
        self._size = size or _handles_per_thread()
        self._open: OrderedDict[tuple[str, int, int], DatasetReader] = OrderedDict()

    def get(self, path: str, hosts: tuple[str, ...] | None = None) -> DatasetReader:
        """Return the open file; a file that was replaced since is opened anew.

        Raises
        ------
        GdcError
            ``DataFileUnreadable``.
        """
        key = _fingerprint(path)
        handle = self._open.get(key)
        if handle is None:
            handle = self._open[key] = open_raster(path, hosts)
            while len(self._open) > self._size:
                self._open.popitem(last=False)[1].close()
        else:
            self._open.move_to_end(key)
        return handle

    def close(self) -> None:
        """Close all files."""
        while self._open:
            self._open.popitem()[1].close()


class _Thread(threading.local):
    def __init__(self) -> None:
        self.handles = Handles()


_thread = _Thread()


def _forget_handles() -> None:
    # A handle inherited through a fork shares its file position with the parent.
    global _thread
    _thread = _Thread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_handles)


def is_remote(path: str) -> bool:
    """Return whether a path is a URL."""
    return "://" in path or path.startswith("/vsi")


def unreadable(path: str, reason: object) -> GdcError:
    """Return the error that names a file and why it cannot be read."""
    name = path if is_remote(path) else Path(path).name
    text = " ".join(str(reason).split()).replace(path, name)
    # GDAL puts the name before its reason.
    return GdcError("DataFileUnreadable", f"{name}: {text.removeprefix(repr(name)).removeprefix(name).lstrip(' :,')}")


def open_raster(path: str, hosts: tuple[str, ...] | None = None) -> DatasetReader:
    """Open a GeoTIFF for reading.

    Parameters
    ----------
    path : str
        A file name, or a URL whose parts are read as they are needed.
    hosts : tuple of str, optional
        The hosts that may be asked for a URL; its own, and public ones that it leads to, by default.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    import rasterio
    from rasterio.errors import RasterioError

    name = path
    if is_url(path):
        permitted = (urlsplit(path).hostname or "", "*") if hosts is None else hosts
        name = raster_path(final_url(path, Permissions(hosts=permitted)))
    try:
        with rasterio.Env(**OPTIONS):
            # Other formats of GDAL can refer to files and addresses that nobody has checked.
            return rasterio.open(name, driver="GTiff")
    except (RasterioError, OSError) as error:
        raise unreadable(path, str(error).replace(name, path)) from None


def read_layers(layers: list[Layer], window: Grid, out: NDArray[Any], coarsely: bool = False) -> None:
    """Read a window of several bands of one file, which share their grid, as numbers with NaN for nodata.

    Parameters
    ----------
    layers : list of Layer
        Of the same file, grid and nodata.
    window : Grid
        Any grid; nearest neighbours are taken where it is not aligned with that of the file.
    out : numpy.ndarray
        Floating point, shape (len(layers), rows, columns); every pixel is written.
    coarsely : bool
        Whether overviews may stand for the pixels of the file, where the window has larger ones.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    grid = layers[0].grid
    if not grid.aligned(window):
        if not (coarsely and _read_coarsely(layers, window, out)):
            _read_resampled(layers, window, out, coarsely)
        return
    inside = grid.intersection(window)
    if inside is None:
        out.fill(np.nan)
        return
    if inside.shape != window.shape:
        out.fill(np.nan)
    row, column = window.offset(inside)
    _read_aligned(layers, inside, out[:, row : row + inside.height, column : column + inside.width])


def _read_aligned(layers: list[Layer], window: Grid, out: NDArray[Any]) -> None:
    row, column = layers[0].grid.offset(window)
    _read_pixels(layers, (row, window.height), (column, window.width), out)


def _read_pixels(layers: list[Layer], rows: tuple[int, int], columns: tuple[int, int], out: NDArray[Any]) -> None:
    """Read rows and columns, each by the first and their number; fewer of them where the array is smaller."""
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    first = layers[0]
    handle = _thread.handles.get(first.path, first.hosts)
    if handle.shape != first.grid.shape:
        size = "{} x {}".format(*handle.shape)
        raise unreadable(first.path, f"has {size} pixels, its item says {first.grid.height} x {first.grid.width}")
    window = Window(columns[0], rows[0], columns[1], rows[1])
    try:
        # GDAL converts to floating point while it copies from the decoded block, and takes overviews where it can.
        handle.read([layer.index for layer in layers], out=out, window=window)
    except (RasterioError, OSError, IndexError) as error:
        raise unreadable(first.path, error.__cause__ or error) from None
    if first.nodata is not None and not np.isnan(first.nodata):
        for values in out:
            np.copyto(values, np.nan, where=values == values.dtype.type(first.nodata))


def read_stored(layer: Layer, rows: slice, columns: slice) -> NDArray[Any]:
    """Return pixels of a band as they are stored.

    Parameters
    ----------
    layer : Layer
    rows, columns : slice
        With start, stop and step; of what lies between, much is never held at once.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    handle = _thread.handles.get(layer.path, layer.hosts)
    if handle.shape != layer.grid.shape:
        size = "{} x {}".format(*handle.shape)
        raise unreadable(layer.path, f"has {size} pixels, its item says {layer.grid.height} x {layer.grid.width}")
    width = columns.stop - columns.start
    together = max(_BETWEEN_PIXELS // (width * rows.step), 1) if rows.step > 1 else len(range(rows.start, rows.stop))
    parts = []
    try:
        for first in range(rows.start, rows.stop, together * rows.step):
            last = min(first + together * rows.step, rows.stop)
            height = len(range(first, last, rows.step)) * rows.step - rows.step + 1
            window = Window(columns.start, first, width, height)
            parts.append(handle.read(layer.index, window=window)[:: rows.step, :: columns.step])
    except (RasterioError, OSError, IndexError) as error:
        raise unreadable(layer.path, error.__cause__ or error) from None
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _read_coarsely(layers: list[Layer], window: Grid, out: NDArray[Any]) -> bool:
    """Read a window whose pixels hold a whole number of those of the file, the same along x and y; False otherwise."""
    grid = layers[0].grid
    across, along = window.dx / grid.dx, window.dy / grid.dy
    factor = round(across)
    if grid.crs != window.crs or factor < 2 or max(abs(across - factor), abs(along - factor)) > 1e-6 * factor:
        return False
    row, column = middle_of(grid, window)
    down, right = pieces(row, window.height, factor, grid.height), pieces(column, window.width, factor, grid.width)
    if sum(_length(down)) < window.height or sum(_length(right)) < window.width:
        out.fill(np.nan)
    for rows in down:
        for columns in right:
            part = out[:, rows.start : rows.stop, columns.start : columns.stop]
            _read_pixels(layers, (rows.first, rows.size), (columns.first, columns.size), part)
    return True


def _length(found: list[Piece]) -> list[int]:
    return [piece.stop - piece.start for piece in found]


def _read_resampled(layers: list[Layer], window: Grid, out: NDArray[Any], coarsely: bool) -> None:
    grid = layers[0].grid
    same_crs = grid.crs == window.crs
    try:
        bounds = window.bounds if same_crs else transform_bounds(window.bounds, window.crs, grid.crs)
    except GdcError:
        out.fill(np.nan)
        return
    factor = _thinning(grid, window, bounds) if coarsely else 1
    cover = _cover(grid, bounds, factor)
    if cover is None:
        out.fill(np.nan)
        return
    thinned = cover if factor == 1 else _thinned(cover, factor)
    values = np.empty((len(layers), *thinned.shape), out.dtype)
    _read_aligned(layers, cover, values)
    if same_crs:
        _nearest(values, thinned, window, out)
    else:
        _warp(values, thinned, window, out)


def _thinning(grid: Grid, window: Grid, bounds: tuple[float, float, float, float]) -> int:
    """Return how many pixels of a file, along x and y, a pixel of a window has at least; a power of two."""
    across = (bounds[2] - bounds[0]) / window.width / abs(grid.dx)
    along = (bounds[3] - bounds[1]) / window.height / abs(grid.dy)
    return 1 << max(int(min(across, along)).bit_length() - 1, 0)


def _thinned(cover: Grid, factor: int) -> Grid:
    """Return a grid over the same area with about so many times fewer rows and columns."""
    height, width = max(cover.height // factor, 1), max(cover.width // factor, 1)
    across, along = cover.dx * cover.width / width, cover.dy * cover.height / height
    return replace(cover, dx=across, dy=along, width=width, height=height)


def _cover(grid: Grid, bounds: tuple[float, float, float, float], margin: int) -> Grid | None:
    """Return the part of a grid that touches a box, with some pixels around it."""
    columns = sorted(((bounds[0] - grid.x) / grid.dx, (bounds[2] - grid.x) / grid.dx))
    rows = sorted(((bounds[1] - grid.y) / grid.dy, (bounds[3] - grid.y) / grid.dy))
    left, right = int(np.floor(columns[0])) - margin, int(np.ceil(columns[1])) + margin
    top, bottom = int(np.floor(rows[0])) - margin, int(np.ceil(rows[1])) + margin
    return grid.intersection(grid.window(top, left, bottom - top, right - left))


def _nearest(values: NDArray[Any], grid: Grid, window: Grid, out: NDArray[Any]) -> None:
    columns = np.floor((window.x_labels() - grid.x) / grid.dx + 1e-6).astype(np.intp)
    rows = np.floor((window.y_labels() - grid.y) / grid.dy + 1e-6).astype(np.intp)
    inside_columns = (columns >= 0) & (columns < grid.width)
    inside_rows = (rows >= 0) & (rows < grid.height)
    out[...] = values[:, rows.clip(0, grid.height - 1)[:, None], columns.clip(0, grid.width - 1)]
    out[:, ~inside_rows, :] = np.nan
    out[:, :, ~inside_columns] = np.nan


def _warp(values: NDArray[Any], grid: Grid, window: Grid, out: NDArray[Any]) -> None:
    from affine import Affine
    from rasterio.warp import Resampling, reproject

    target = np.full(out.shape, np.nan, out.dtype)
    reproject(
        values,
        target,
        src_transform=Affine(*grid.transform),
        src_crs=grid.crs,
        dst_transform=Affine(*window.transform),
        dst_crs=window.crs,
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
    )
    out[...] = target


def _fingerprint(path: str) -> tuple[str, int, int]:
    if is_remote(path):
        return path, 0, 0
    try:
        status = Path(path).stat()
    except OSError as error:
        raise unreadable(path, error.strerror or error) from None
    return path, status.st_mtime_ns, status.st_size
