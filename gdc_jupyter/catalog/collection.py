"""What a collection is: bands on a grid with times, its STAC metadata, and sources that read windows of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import format_label, keys
from gdc_jupyter.cube.coarser import coarser, largest_factor
from gdc_jupyter.cube.grid import Bounds, Grid, transform_bounds
from gdc_jupyter.errors import GdcError

CRS84 = "OGC:CRS84"
Times = NDArray[Any]
Others = tuple[tuple[str, NDArray[Any]], ...]


@dataclass(frozen=True)
class Band:
    """A band and what its stored numbers mean: physical value = stored value * scale + offset.

    Parameters
    ----------
    name : str
        The label in the dimension ``bands``.
    common_name, title, description : str, optional
        ``common_name`` is one of the STAC extension ``eo``.
    data_type : str
        The type as stored, in terms of numpy and STAC (``uint16``).
    nodata, scale, offset : float, optional
        ``nodata`` may be NaN.
    unit : str, optional
        The unit of the physical value (UDUNITS).
    center_wavelength, full_width_half_max : float, optional
        In micrometres.
    """

    name: str
    common_name: str | None = None
    title: str | None = None
    description: str | None = None
    data_type: str = "float32"
    nodata: float | None = None
    scale: float | None = None
    offset: float | None = None
    unit: str | None = None
    center_wavelength: float | None = None
    full_width_half_max: float | None = None

    def eo(self) -> dict[str, Any]:
        """Return the entry for ``eo:bands``."""
        entry = {
            "name": self.name,
            "common_name": self.common_name,
            "description": self.description or self.title,
            "center_wavelength": self.center_wavelength,
            "full_width_half_max": self.full_width_half_max,
        }
        return {key: value for key, value in entry.items() if value is not None}

    def raster(self) -> dict[str, Any]:
        """Return the entry for ``raster:bands``."""
        entry = {
            "data_type": self.data_type,
            "nodata": None if self.nodata is None else _nodata(self.nodata),
            "scale": self.scale,
            "offset": self.offset,
            "unit": self.unit,
        }
        return {key: value for key, value in entry.items() if value is not None}


def _nodata(value: float) -> float | str:
    """Return a nodata value as ``raster:bands`` writes it."""
    if np.isnan(value):
        return "nan"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return int(value) if float(value).is_integer() else value


@dataclass(frozen=True)
class About:
    """What people are told about a collection.

    Parameters
    ----------
    title, description : str
        A line, and a paragraph (CommonMark) with the attribution that the licence asks for.
    license : str
        An SPDX identifier, ``various`` or ``proprietary``.
    providers, links : tuple of dict
        STAC providers and links (licence, source).
    keywords : tuple of str
    """

    title: str
    description: str
    license: str = "proprietary"
    providers: tuple[dict[str, Any], ...] = ()
    keywords: tuple[str, ...] = ()
    links: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Query:
    """What is wanted of a collection; everything is optional.

    Parameters
    ----------
    bounds : Bounds, optional
        A box in ``crs``; east of 180 degrees where it crosses the antimeridian.
    crs : str
        Longitude and latitude by default.
    start, end : numpy.datetime64, optional
        The interval from ``start`` up to but without ``end``, UTC.
    bands : tuple of str, optional
        The names, in the order wanted.
    properties : callable, optional
        Whether an item with these properties is wanted.
    """

    bounds: Bounds | None = None
    crs: str = CRS84
    start: np.datetime64 | None = None
    end: np.datetime64 | None = None
    bands: tuple[str, ...] | None = None
    properties: Callable[[dict[str, Any]], bool] | None = None


@dataclass(frozen=True, eq=False)
class Source(ABC):
    """Data on a grid that can be read window by window; immutable, picklable, for use by several threads.

    Parameters
    ----------
    collection_id : str
    grid : Grid
        What can be read.
    times : array of datetime64[ns] or of cftime objects, or None
        The labels of the dimension ``t``; None where the data have none.
    bands : tuple of Band
    dtype : numpy.dtype
        The type of the arrays that ``read`` returns.
    tile : tuple of int
        Rows and columns of the blocks in the files, which windows are best aligned to.
    extent : Grid
        Everything the files hold, aligned with ``grid``; it may go around the globe.
    others : tuple of (str, numpy.ndarray)
        The names and labels of further dimensions, such as depth.
    box : Bounds, optional
        On a curvilinear grid: what lies outside of this box, in the grid's CRS, is NaN.
    fine : Grid, optional
        The extent at full resolution, where ``extent`` has coarser pixels than the files.
    """

    collection_id: str
    grid: Grid
    times: Times | None
    bands: tuple[Band, ...]
    dtype: np.dtype[Any]
    tile: tuple[int, int]
    extent: Grid
    box: Bounds | None = field(default=None, kw_only=True)
    others: Others = field(default=(), kw_only=True)
    fine: Grid | None = field(default=None, kw_only=True)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of times (1 without a dimension ``t``), bands, labels of the others, rows and columns."""
        times = 1 if self.times is None else len(self.times)
        return times, len(self.bands), *(len(labels) for _, labels in self.others), *self.grid.shape

    def read(self, window: Grid) -> NDArray[Any]:
        """Return the stored values of a window, NaN where there is none.

        Parameters
        ----------
        window : Grid
            Aligned with ``grid``; what reaches outside of it is NaN.

        Returns
        -------
        numpy.ndarray
            Shape (t, bands, others, y, x), with a length of 1 along t where the data have no times.

        Raises
        ------
        GdcError
            ``DataFileUnreadable``, with the name of the file and the reason.
        """
        out = np.empty((*self.shape[:-2], window.height, window.width), self.dtype)
        parts = list(self._parts(window))
        covered = sum(part.height * part.width for _, _, part in parts)
        if covered < window.height * window.width:
            out.fill(np.nan)
        for row, column, part in parts:
            self._fill(part, out[..., row : row + part.height, column : column + part.width])
        if self.box is not None:
            out[..., ~window.covers(self.box)] = np.nan
        return out

    def select(self, times: Times | Sequence[Any] | None = None, bands: Sequence[str] | None = None) -> Self:
        """Return the source with some of its times and bands, in the order given.

        Raises
        ------
        GdcError
            ``BandNotFound``; ``NoDataAvailable`` for a time that is not there.
        """
        time_order: list[int] | None = None
        if times is not None and self.times is not None:
            position = {key: index for index, key in enumerate(keys(self.times))}
            asked = np.asarray(times)
            wanted = keys(asked)
            missing = [label for label, key in zip(asked, wanted, strict=True) if key not in position]
            if missing:
                raise GdcError("NoDataAvailable", f"'{self.collection_id}' has no data at {format_time(missing[0])}.")
            time_order = [position[key] for key in wanted]
        band_order = None if bands is None else band_positions(self.collection_id, self.bands, bands)
        return self._subset(time_order, band_order)

    def coarser(self, factor: int) -> Self:
        """Return the data at pixels several times as large, for what is shown small.

        Each has the value of the pixel in its middle, or what an overview in the file has there.

        Parameters
        ----------
        factor : int
            A power of two; less is taken where too little would be left, or the grid is not regular.
        """
        factor = min(factor, largest_factor(self.grid, self.extent))
        if factor < 2 or self.fine is not None:
            return self
        thinned = self._coarser(factor, self.extent)
        return self if thinned is None else thinned

    def _coarser(self, factor: int, lattice: Grid) -> Self | None:
        """Return the source at coarser pixels that begin at the corner of a lattice; None where it has none of them.

        A kind of source that can be read so calls `_thinned`; others are read in full.
        """
        return None

    def _thinned(self, factor: int, lattice: Grid) -> Self | None:
        grid, extent = coarser(self.grid, factor, lattice), coarser(self.extent, factor, lattice)
        return None if grid is None or extent is None else replace(self, grid=grid, extent=extent, fine=self.extent)

    def pick(self, dimension: str, positions: Sequence[int]) -> Self:
        """Return the source with some of the labels of a further dimension."""
        others = tuple((name, labels[list(positions)] if name == dimension else labels) for name, labels in self.others)
        return replace(self, others=others)

    def fingerprint(self) -> str | None:
        """Return a text that differs wherever the values may; None where that is not known, as for remote files."""
        paths = self.files()
        if paths is None:
            return None
        try:
            status = [(each.st_size, each.st_mtime_ns) for each in (path.stat() for path in paths)]
        except OSError:
            return None
        times = None if self.times is None else [str(time) for time in self.times]
        others = [(name, labels.tolist()) for name, labels in self.others]
        what = (
            type(self).__name__,
            self.definition(),
            self.box,
            self.fine,
            others,
            times,
            self.bands,
            self.dtype.str,
            status,
        )
        return repr(what)

    def files(self) -> list[Path] | None:
        """Return the files whose change changes the values, or None where not all of them are known."""
        return None

    def definition(self) -> Any:
        """Return what else the values depend on, as something with a ``repr`` that tells all of it."""
        return None

    def _parts(self, window: Grid) -> Iterator[tuple[int, int, Grid]]:
        """Yield the rectangles of a window that lie in the data, each with its row and column in the window."""
        if self.grid.wraps:
            inside: Grid | None = window
        else:
            inside = self.grid.intersection(window)
        if inside is None:
            return
        row, column = self.extent.offset(inside)
        width = self.extent.width if self.extent.wraps else 0
        at, end = column, column + inside.width
        while at < end:
            turn = at // width if width else 0
            stop = min(end, (turn + 1) * width) if width else end
            piece = self.extent.intersection(self.extent.window(row, at - turn * width, inside.height, stop - at))
            if piece is not None:
                top, left = self.extent.offset(piece)
                first_row, first_column = window.offset(inside)
                yield first_row + top - row, first_column + left + turn * width - column, piece
            at = stop

    @abstractmethod
    def _fill(self, window: Grid, out: NDArray[Any]) -> None:
        """Read a window that lies within ``extent`` into ``out``, shape (t, bands, others, y, x), every pixel."""

    @abstractmethod
    def _subset(self, times: list[int] | None, bands: list[int] | None) -> Self:
        """Return the source with the times and bands at these positions."""

    def _fields(self, times: list[int] | None, bands: list[int] | None) -> dict[str, Any]:
        """Return the values of the fields ``times`` and ``bands`` of a subset."""
        return {
            "times": self.times if times is None or self.times is None else self.times[times],
            "bands": self.bands if bands is None else tuple(self.bands[index] for index in bands),
        }


@dataclass(frozen=True, eq=False)
class Collection(ABC):
    """A data set with one set of bands on one grid, described in STAC.

    Parameters
    ----------
    id : str
    about : About
        Title, description, licence and providers.
    """

    id: str
    about: About
    extra: dict[str, Any] = field(default_factory=dict, kw_only=True)

    @property
    def title(self) -> str:
        """The line that people read in a list."""
        return self.about.title

    @property
    @abstractmethod
    def bands(self) -> tuple[Band, ...]:
        """The bands, in order."""

    @property
    @abstractmethod
    def grid(self) -> Grid:
        """The native grid of the whole collection."""

    @property
    @abstractmethod
    def times(self) -> Times | None:
        """The labels of the dimension ``t``; None where there is no such dimension."""

    @property
    def others(self) -> Others:
        """The names and labels of further dimensions."""
        return ()

    @property
    @abstractmethod
    def interval(self) -> tuple[Any, Any]:
        """The first and last moment that the data may be of."""

    @abstractmethod
    def open(self, query: Query) -> Source:
        """Return the data of a query as something to read windows from; nothing of the data is read.

        Raises
        ------
        GdcError
            ``NoDataAvailable`` where the query is empty, with the extent of the data; ``BandNotFound``.
        """

    def items(self, query: Query) -> list[dict[str, Any]]:
        """Return the STAC items of a query, without links; none where the collection is a single array."""
        return []

    @property
    def items_url(self) -> str | None:
        """The address of the items where another server has them."""
        return None

    def prepare(self) -> None:
        """Make what is made at first use, so that a later read does not wait; nothing by default."""
        return

    def metadata(self) -> dict[str, Any]:
        """Return the STAC 1.0.0 collection, without links."""
        from gdc_jupyter.catalog.metadata import collection_document

        return collection_document(self)


def band_positions(collection_id: str, bands: Sequence[Band], names: Sequence[str]) -> list[int]:
    """Return the positions of bands by name or, where no band has that name, by common name.

    Raises
    ------
    GdcError
        ``BandNotFound``, with the names there are.
    """
    position = {band.common_name: index for index, band in reversed(list(enumerate(bands))) if band.common_name}
    position |= {band.name: index for index, band in enumerate(bands)}
    missing = [str(name) for name in names if name not in position]
    if missing:
        there = ", ".join(band.name for band in bands)
        raise GdcError(
            "BandNotFound", f"'{collection_id}' has no band {', '.join(map(repr, missing))}; its bands are {there}."
        )
    return [position[name] for name in names]


def read_type(data_types: Sequence[str]) -> np.dtype[Any]:
    """Return the type in which values of these stored types are read: float32 where it holds them all exactly."""
    exact = all(np.can_cast(np.dtype(data_type), np.float32, "safe") for data_type in data_types)
    return np.dtype(np.float32 if exact else np.float64)


def format_time(time: Any) -> str:
    """Return an RFC 3339 date-time with whole seconds, or milliseconds where there are any."""
    if hasattr(time, "calendar"):
        return format_label(time)
    stamp = np.datetime64(time, "ns") if not isinstance(time, np.datetime64) else time.astype("datetime64[ns]")
    text = str(stamp.astype("datetime64[ms]"))
    return text.removesuffix(".000") + "Z"


def crop(collection_id: str, extent: Grid, query: Query) -> Grid:
    """Return the part of a grid that a query's box covers.

    Raises
    ------
    GdcError
        ``NoDataAvailable`` where there is none, with the extent of the data.
    """
    if query.bounds is None:
        return extent
    bounds = query.bounds if query.crs == extent.crs else transform_bounds(query.bounds, query.crs, extent.crs)
    part = extent.crop(bounds)
    if part is None:
        raise GdcError("NoDataAvailable", outside_message(collection_id, query, extent.geographic_bounds))
    return replace(part, wraps=True) if extent.wraps and part.width == extent.width else part


def true_box(extent: Grid, query: Query) -> Bounds | None:
    """Return a query's box in the CRS of a curvilinear grid, whose windows reach beyond the box; else None."""
    if query.bounds is None or not extent.curvilinear:
        return None
    return transform_bounds(query.bounds, query.crs, extent.crs)


def outside_message(collection_id: str, query: Query, extent: Bounds) -> str:
    """Say that a box holds no data, and where the data are."""
    box = ", ".join(f"{edge:.6g}" for edge in query.bounds or ())
    names = ("west", "south", "east", "north")
    there = ", ".join(f"{name} {edge:.4f}" for name, edge in zip(names, extent, strict=True))
    return f"'{collection_id}' has no data in the box ({box}) in {query.crs}; its data cover {there} (degrees)."


def time_message(collection_id: str, query: Query, interval: tuple[Any, Any]) -> str:
    """Say that an interval holds no data, and of when the data are."""
    asked = "/".join(".." if time is None else format_time(time) for time in (query.start, query.end))
    there = " to ".join(format_time(time) for time in interval)
    return f"'{collection_id}' has no data in the interval {asked}; its data are of {there}."
