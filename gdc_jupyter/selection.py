"""One choice of collection, area, time and bands, rendered for openEO, STAC, OGC API Coverages and OPeNDAP."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, overload

from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

BBox = tuple[float, float, float, float]
Interval = tuple[str | None, str | None]

GEOGRAPHIC = ("EPSG:4326", "OGC:CRS84")
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@dataclass(frozen=True)
class Selection:
    """A part of a collection.

    Parameters
    ----------
    collection : str
        The id of the collection.
    bbox : tuple of four float, optional
        West, south, east, north in units of ``crs`` (degrees by default). West is normalised to -180 up to 180;
        a box over the antimeridian has an east beyond 180: ``(170, -20, 190, -10)``.
    datetime : str or pair, optional
        ``"2022-06-01/2022-09-01"``, ``("2022-06-01", "2022-09-01")`` with strings, dates or datetimes (UTC where
        they have no zone), None or ``".."`` for an open side; or one year, month or day, ``"2022-06"``. The start
        is inside, the end is not: the interval is half-open, as openEO's temporal extents are.
    bands : sequence of str, optional
        Names of bands; all bands by default.
    crs : str or int, optional
        The CRS of ``bbox``: ``"EPSG:4326"`` (longitude first) by default.

    Raises
    ------
    GdcError
        ``CollectionNotFound``, ``BoundingBoxInvalid``, ``TemporalExtentInvalid`` or ``BandNotFound`` where the
        value cannot be meant, with what would be right.

    Examples
    --------
    >>> summer = Selection("S2_ALPS", (11.33, 46.48, 11.36, 46.5), "2022-06-01/2022-09-01", ("B04", "B08"))
    >>> summer.openeo()["temporal_extent"]
    ['2022-06-01', '2022-09-01']
    """

    collection: str
    bbox: BBox | None = None
    datetime: Interval | None = None
    bands: tuple[str, ...] | None = None
    crs: str = "EPSG:4326"

    def __post_init__(self) -> None:
        if not isinstance(self.collection, str) or not self.collection:
            raise GdcError("CollectionNotFound", "A selection needs the id of a collection, for example 'S2_ALPS'.")
        crs = f"EPSG:{self.crs}" if isinstance(self.crs, int) else self.crs
        object.__setattr__(self, "crs", crs)
        if self.bbox is not None:
            object.__setattr__(self, "bbox", normalise_bbox(self.bbox, geographic=crs in GEOGRAPHIC))
        if self.datetime is not None:
            object.__setattr__(self, "datetime", _interval(self.datetime))
        if self.bands is not None:
            object.__setattr__(self, "bands", _bands(self.bands))

    def openeo(self) -> dict[str, Any]:
        """Return the keyword arguments of ``openeo.Connection.load_collection``."""
        arguments: dict[str, Any] = {"collection_id": self.collection}
        if self.bbox is not None:
            arguments["spatial_extent"] = spatial_extent(self.bbox, self.crs)
        if self.datetime is not None:
            arguments["temporal_extent"] = list(self.datetime)
        if self.bands is not None:
            arguments["bands"] = list(self.bands)
        return arguments

    def stac_search(self) -> dict[str, Any]:
        """Return the keyword arguments of ``pystac_client.Client.search``.

        The box is in longitude and latitude, with west > east over the antimeridian, as RFC 7946 has it. STAC
        intervals include their end, so the end is given as the last millisecond inside.
        """
        arguments: dict[str, Any] = {"collections": [self.collection]}
        if self.bbox is not None:
            arguments["bbox"] = list(_wrapped(self._geographic_bbox()))
        if self.datetime is not None:
            arguments["datetime"] = _closed(self.datetime)
        return arguments

    def coverage_query(self) -> dict[str, str]:
        """Return the query parameters of an OGC API Coverages request for ``/collections/{id}/coverage``."""
        query: dict[str, str] = {}
        if self.bbox is not None and self.crs in GEOGRAPHIC:
            query["bbox"] = _numbers(_wrapped(self.bbox))
        elif self.bbox is not None:
            west, south, east, north = self.bbox
            swapped = _northing_first(self.crs)
            query["bbox"] = _numbers((south, west, north, east) if swapped else self.bbox)
            query["bbox-crs"] = self.crs.replace("EPSG:", "http://www.opengis.net/def/crs/EPSG/0/")
        if self.datetime is not None:
            query["datetime"] = _closed(self.datetime)
        if self.bands is not None:
            query["properties"] = ",".join(self.bands)
        return query

    def ous_query(self) -> dict[str, str]:
        """Return the query parameters of an OPeNDAP URL service for ``/opendap/ous/collection/{id}``.

        West is greater than east over the antimeridian. Intervals include their end, as those of STAC do; bands are
        named, which servers of this kind alone understand.
        """
        query: dict[str, str] = {}
        if self.bbox is not None:
            query["bounding-box"] = _numbers(_wrapped(self._geographic_bbox()))
        if self.datetime is not None:
            start, end = (edge.replace("..", "") for edge in _closed(self.datetime).split("/"))
            query["temporal"] = f"{start},{end}"
        if self.bands is not None:
            query["variables"] = ",".join(self.bands)
        return query

    @overload
    def dap_urls(
        self,
        connection: Connection | str | None = None,
        *,
        token: str | None = None,
        format: str = "nc",
        explain: Literal[False] = False,
    ) -> list[str]: ...

    @overload
    def dap_urls(
        self,
        connection: Connection | str | None = None,
        *,
        token: str | None = None,
        format: str = "nc",
        explain: Literal[True],
    ) -> list[dict[str, Any]]: ...

    def dap_urls(
        self,
        connection: Connection | str | None = None,
        *,
        token: str | None = None,
        format: str = "nc",
        explain: bool = False,
    ) -> list[str] | list[dict[str, Any]]:
        """Return the OPeNDAP addresses of the granules, each cut to the box.

        Parameters
        ----------
        connection : openeo.Connection or str, optional
            Which server has the collection: a connection that `gdc.connect` has given, or an address, such as that of
            NASA's OPeNDAP URL service. The server of this notebook by default.
        token : str, optional
            For another server. It is sent as a header, and stands in no address.
        format : str
            The suffix of the addresses: ``nc``, ``nc4``, ``csv``, ``ascii``, ``dods``, …
        explain : bool
            Whether to return, for each address, a dict that also tells its ``index-ranges``, the true ``bounding-box``
            of its cells and the ``bytes`` of its values.

        Returns
        -------
        list of str or of dict
            Two addresses for a granule whose grid ends within the box. What the service warns of is a warning here.

        Raises
        ------
        GdcError
            ``BandNotFound``, ``ServerNotFound``, ``TokenInvalid``, or ``DataNotReadable`` with what the service says.

        Examples
        --------
        >>> Selection("OSTIA_SST", (150, -5, 160, 5)).dap_urls()  # doctest: +SKIP
        ['http://localhost:8888/opendap/data/OSTIA_SST/ostia_sst.nc?sst[0:1:53][0:1:17][180:1:192],…']
        """
        from gdc_jupyter.opendap.remote.opening import dap_urls

        answer = dap_urls(self, connection, token, format=format, explain=str(explain).lower())
        if not explain:
            return [str(url) for url in answer["items"]]
        # Other servers explain nothing.
        return answer.get("explanations") or [{"url": url} for url in answer["items"]]

    def _geographic_bbox(self) -> BBox:
        assert self.bbox is not None
        if self.crs in GEOGRAPHIC:
            return self.bbox
        from pyproj import Transformer

        west, south, east, north = Transformer.from_crs(self.crs, "OGC:CRS84", always_xy=True).transform_bounds(
            *self.bbox
        )
        return west, south, east + 360 if east < west else east, north


def normalise_bbox(bbox: Iterable[Any], *, geographic: bool = True) -> BBox:
    """Return a box as four floats, its west between -180 and 180 where it is in degrees.

    Parameters
    ----------
    bbox : iterable of four numbers
        West, south, east, north.
    geographic : bool
        Whether the numbers are degrees.

    Raises
    ------
    GdcError
        ``BoundingBoxInvalid`` for swapped or equal edges, latitudes beyond a pole, or a width over 360 degrees.
    """
    try:
        west, south, east, north = (float(edge) for edge in bbox)
    except (TypeError, ValueError):
        raise GdcError("BoundingBoxInvalid", "A box is four numbers: west, south, east, north.") from None
    if not all(math.isfinite(edge) for edge in (west, south, east, north)):
        raise GdcError("BoundingBoxInvalid", "Each edge of a box must be a finite number.")
    if south >= north:
        raise GdcError(
            "BoundingBoxInvalid", f"South ({south:g}) must be less than north ({north:g}); they may be swapped."
        )
    if not geographic:
        if west >= east:
            raise GdcError(
                "BoundingBoxInvalid", f"West ({west:g}) must be less than east ({east:g}); they may be swapped."
            )
        return west, south, east, north
    if south < -90 or north > 90:
        raise GdcError(
            "BoundingBoxInvalid", f"Latitudes lie between -90 and 90 degrees, not {south if south < -90 else north:g}."
        )
    if west >= east:
        hint = f" For a box over the antimeridian write east as {east + 360:g}." if east + 360 - west <= 180 else ""
        raise GdcError(
            "BoundingBoxInvalid", f"West ({west:g}) must be less than east ({east:g}); they may be swapped.{hint}"
        )
    if east - west > 360:
        raise GdcError("BoundingBoxInvalid", f"A box is at most 360 degrees wide, and this one is {east - west:g}.")
    turns = math.floor((west + 180) / 360) * 360
    return (west - turns, south, east - turns, north) if turns else (west, south, east, north)


def spatial_extent(bbox: BBox, crs: str = "EPSG:4326") -> dict[str, Any]:
    """Return a box as openEO's ``spatial_extent`` of ``load_collection``; ``crs`` only where it is not the default."""
    extent: dict[str, Any] = dict(zip(("west", "south", "east", "north"), bbox, strict=True))
    if crs not in GEOGRAPHIC:
        code = crs.removeprefix("EPSG:")
        extent["crs"] = int(code) if code.isdigit() else crs
    return extent


def _wrapped(bbox: BBox) -> BBox:
    """Return a box with an east of at most 180, less than west over the antimeridian."""
    west, south, east, north = bbox
    if east - west == 360:
        return -180.0, south, 180.0, north
    return (west, south, east - 360, north) if east > 180 else bbox


def _numbers(values: Iterable[float]) -> str:
    return ",".join(repr(value).removesuffix(".0") for value in values)


def _northing_first(crs: str) -> bool:
    from pyproj import CRS

    return CRS.from_user_input(crs).axis_info[0].direction in ("north", "south")


def _bands(bands: Any) -> tuple[str, ...]:
    names = (bands,) if isinstance(bands, str) else tuple(bands)
    if not names or not all(isinstance(name, str) and name for name in names):
        raise GdcError(
            "BandNotFound", "Bands are given by name, at least one: bands=('B04', 'B08'); None stands for all."
        )
    if len(set(names)) < len(names):
        raise GdcError("BandNotFound", f"A band is named twice in {names}.")
    return names


def _interval(value: Any) -> Interval:
    if isinstance(value, str) and "/" not in value:
        return _period(value)
    parts = value.split("/") if isinstance(value, str) else value
    if isinstance(parts, (str, date)) or not isinstance(parts, Iterable):
        raise GdcError(
            "TemporalExtentInvalid",
            f"{value!r} is no interval; write '2022-06-01/2022-09-01' (the end is not included).",
        )
    edges = [None if edge in (None, "..", "") else _instant(edge) for edge in parts]
    if len(edges) != 2 or edges == [None, None]:
        raise GdcError(
            "TemporalExtentInvalid",
            f"{value!r} has no start and end; write '2022-06-01/2022-09-01' (the end is not included).",
        )
    start, end = edges
    if start is not None and end is not None and start >= end:
        raise GdcError(
            "TemporalExtentInvalid",
            f"The start {_text(start)} must be before the end {_text(end)}, which is not included: end a day later.",
        )
    return (_text(start) if start else None), (_text(end) if end else None)


def _period(text: str) -> Interval:
    """Return the interval of one year, month or day."""
    found = _PERIOD.fullmatch(text)
    if not found:
        raise GdcError(
            "TemporalExtentInvalid", f"{text!r} is no year, month or day; write '2022-06' or '2022-06-01/2022-09-01'."
        )
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        start = date(year or 0, month or 1, day or 1)
    except ValueError as error:
        raise GdcError("TemporalExtentInvalid", f"{text!r} is no date: {error}.") from None
    if day:
        return start.isoformat(), (start + timedelta(days=1)).isoformat()
    if month:
        return start.isoformat(), date(start.year + month // 12, month % 12 + 1, 1).isoformat()
    return start.isoformat(), date(start.year + 1, 1, 1).isoformat()


def _instant(value: Any) -> datetime:
    if isinstance(value, str) and _PERIOD.fullmatch(value):
        value = _period(value)[0]
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise GdcError(
            "TemporalExtentInvalid", f"{value!r} is no date or time; write '2022-06-01' or '2022-06-01T12:00:00Z'."
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime, end_of: timedelta = timedelta()) -> str:
    moment -= end_of
    if (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0):
        return moment.date().isoformat()
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def _closed(interval: Interval) -> str:
    """Return the closed interval that STAC and OGC use for a half-open one."""
    start, end = interval
    first = _instant(start).strftime("%Y-%m-%dT%H:%M:%SZ") if start else ".."
    return f"{first}/{_text(_instant(end), timedelta(milliseconds=1)) if end else '..'}"
