"""Process graphs to begin with: what is often computed of a collection with such bands and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, NamedTuple

from gdc_jupyter.selection import Interval, Selection
from gdc_jupyter.widgets.collection_metadata import (
    band_labels,
    dimension_name,
    dimensions,
    mapping,
    temporal_interval,
)

Graph = dict[str, dict[str, Any]]

#: Days of data that are taken where no time is chosen.
DAYS = 92
# Cloud shadows, clouds of medium and high probability, and cirrus in the Sentinel-2 scene classification.
_CLOUDY = (3, 8, 9, 10)
_CLASSES = "SCL"
_REFLECTANCE = (0.0, 0.3)
_WATER = ["#a6611a", "#dfc27d", "#f5f5f5", "#67a9cf", "#0b4a8f"]


@dataclass(frozen=True)
class Recipe:
    """Something that can be computed of a collection, for whatever area and time.

    Attributes
    ----------
    name : str
        A short name: ``ndvi``.
    title, description : str
        For people.
    bands : tuple of str
        The bands that it reads.
    index : bool
        Whether it is the normalised difference of the two bands, rather than the bands themselves.
    reducer : str or None
        The process that makes one value of those of all dates; None where there are no dates.
    style : dict
        Options of a layer: ``colormap`` and ``range``.
    dimensions : tuple of two str
        What the collection calls its temporal and its band dimension.
    classes : bool
        Whether the collection tells clouds by the classes of Sentinel-2's band SCL.
    span : tuple of two str or None, optional
        The dates of the collection.
    """

    name: str
    title: str
    description: str
    bands: tuple[str, ...]
    index: bool
    reducer: str | None
    style: dict[str, Any]
    dimensions: tuple[str, str] = ("t", "bands")
    classes: bool = False
    span: Interval | None = None

    def process_graph(self, selection: Selection) -> Graph:
        """Return the process graph, whose last node saves the result as GeoTIFF.

        Parameters
        ----------
        selection : Selection
            Collection, area and time. Where it has no time, the last three months of data are taken.
        """
        time, bands = self.dimensions
        graph = {"load": _node("load_collection", **self._loaded(selection))}
        last = "load"
        if self.classes:
            graph |= _masked(bands, self.bands)
            last = "clear"
        if self.index:
            graph["index"] = _reduced(last, bands, _difference())
            last = "index"
        if self.reducer is not None:
            graph["composite"] = _reduced(last, time, _single(self.reducer))
            last = "composite"
        graph["save"] = {**_node("save_result", data=_from(last), format="GTiff", options={}), "result": True}
        return graph

    def _loaded(self, selection: Selection) -> dict[str, Any]:
        wanted = (*self.bands, _CLASSES) if self.classes else self.bands
        interval = selection.datetime or (self._latest() if self.reducer is not None else None)
        arguments = replace(selection, bands=wanted or None, datetime=interval).openeo()
        arguments["id"] = arguments.pop("collection_id")
        return {"spatial_extent": None, "temporal_extent": None, **arguments}

    def _latest(self) -> Interval | None:
        """Return the last days of the collection, where it is known to have more."""
        start, end = self.span or (None, None)
        if start is None:
            return None
        now = datetime.now(UTC)
        last = min(datetime.fromisoformat(end), now) if end else now
        if last - datetime.fromisoformat(start) <= timedelta(days=DAYS):
            return None
        return f"{last - timedelta(days=DAYS):%Y-%m-%d}", f"{last + timedelta(days=1):%Y-%m-%d}"


def recipes_for(collection: Mapping[str, Any]) -> list[Recipe]:
    """Return what can be computed of a collection, the most telling first.

    Parameters
    ----------
    collection : mapping
        Its STAC metadata, as ``con.describe_collection("S2_ALPS")`` returns it. Bands are known by their common names.

    Examples
    --------
    >>> [recipe.title for recipe in recipes_for(con.describe_collection("OSTIA_SST"))]  # doctest: +SKIP
    ['Mean over time', 'Maximum over time', 'Minimum over time']
    """
    if dimension_name(collection, "geometry") is not None:
        return []
    time, bands = (dimension_name(collection, kind) for kind in ("temporal", "bands"))
    is_described = bool(dimensions(collection))
    span = _span(collection)
    names = _band_names(collection)
    shared: dict[str, Any] = {
        "dimensions": (time or "t", bands or "bands"),
        "span": span,
        "classes": _CLASSES in names and len(names) > 1,
    }
    has_time = time is not None or (not is_described and span is not None)
    if bands is None and is_described:
        return _plain((), has_time, shared)
    found = _telling(_common_names(collection), has_time, shared)
    values = tuple(name for name in names if name != _CLASSES)
    return found or _plain(values[:1], has_time, shared)


class _Kind(NamedTuple):
    """What can be computed of bands with some common names: the normalised difference of two, or a picture of three."""

    name: str
    title: str
    what: str
    colours: tuple[str, ...]
    style: dict[str, Any]

    @property
    def is_index(self) -> bool:
        return len(self.colours) == 2


_KINDS = (
    _Kind(
        "ndvi", "NDVI", "how green the vegetation is", ("nir", "red"), {"colormap": "vegetation", "range": (-0.1, 0.9)}
    ),
    _Kind("ndwi", "NDWI", "open water", ("green", "nir"), {"colormap": _WATER, "range": (-0.6, 0.6)}),
    _Kind(
        "ndmi", "NDMI", "how moist the vegetation is", ("nir", "swir16"), {"colormap": "viridis", "range": (-0.4, 0.6)}
    ),
    _Kind("nbr", "NBR", "burnt ground", ("nir", "swir22"), {"colormap": "viridis", "range": (-0.4, 0.8)}),
    _Kind("true-colour", "True colour", "as the eye sees it", ("red", "green", "blue"), {"range": _REFLECTANCE}),
    _Kind("false-colour", "False colour", "vegetation in red", ("nir", "red", "green"), {"range": _REFLECTANCE}),
)


def _telling(common: Mapping[str, str], has_time: bool, shared: dict[str, Any]) -> list[Recipe]:
    over = ", the median of all dates without clouds" if shared["classes"] else ", the median of all dates"
    return [
        Recipe(
            name=kind.name,
            title=kind.title,
            description=f"{kind.title}: {kind.what}{over if has_time and kind.is_index else ''}",
            bands=tuple(common[colour] for colour in kind.colours),
            index=kind.is_index,
            reducer="median" if has_time else None,
            style=dict(kind.style),
            **shared,
        )
        for kind in _KINDS
        if all(colour in common for colour in kind.colours)
    ]


def _plain(bands: tuple[str, ...], has_time: bool, shared: dict[str, Any]) -> list[Recipe]:
    if not has_time:
        return [Recipe("values", "The values", "The values as they are", bands, False, None, {}, **shared)]
    of = f" of {bands[0]}" if bands else ""
    return [
        Recipe(name, f"{title} over time", f"{title}{of} over time", bands, False, name, {}, **shared)
        for name, title in (("mean", "Mean"), ("max", "Maximum"), ("min", "Minimum"))
    ]


def _bands(collection: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the bands as STAC 1.1, the EO extension and older catalogues tell them."""
    summaries = mapping(collection.get("summaries"))
    for told in (collection.get("bands"), summaries.get("bands"), summaries.get("eo:bands")):
        if isinstance(told, list) and told:
            return [band for band in told if isinstance(band, Mapping) and isinstance(band.get("name"), str)]
    return []


def _common_names(collection: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for band in _bands(collection):
        colour = band.get("common_name") or band.get("eo:common_name")
        if isinstance(colour, str):
            found.setdefault(colour, band["name"])
    return found


def _band_names(collection: Mapping[str, Any]) -> list[str]:
    labels = band_labels(collection)
    return [str(band["name"]) for band in _bands(collection)] if labels is None else labels


def _span(collection: Mapping[str, Any]) -> Interval | None:
    span = temporal_interval(collection)
    try:
        for edge in span or ():
            if edge is not None:
                datetime.fromisoformat(edge)
    except (TypeError, ValueError):
        return None
    return span


def _node(process: str, /, **arguments: Any) -> dict[str, Any]:
    return {"process_id": process, "arguments": arguments}


def _from(node: str) -> dict[str, str]:
    return {"from_node": node}


def _reduced(data: str, dimension: str, callback: Graph) -> dict[str, Any]:
    return _node("reduce_dimension", data=_from(data), reducer={"process_graph": callback}, dimension=dimension)


def _single(process: str) -> Graph:
    return {"reduce": {**_node(process, data={"from_parameter": "data"}), "result": True}}


def _difference() -> Graph:
    """Return the normalised difference of the first two bands."""
    given = {"from_parameter": "data"}
    return {
        "first": _node("array_element", data=given, index=0),
        "second": _node("array_element", data=given, index=1),
        "difference": {**_node("normalized_difference", x=_from("first"), y=_from("second")), "result": True},
    }


def _masked(dimension: str, bands: tuple[str, ...]) -> Graph:
    """Return the nodes that take away what is cloudy."""
    classes = _node("array_element", data={"from_parameter": "data"}, index=0)
    callback: Graph = {"class": classes}
    names = []
    for value in _CLOUDY:
        names.append(f"is{value}")
        callback[names[-1]] = _node("eq", x=_from("class"), y=value)

    def either(left: str, right: str) -> str:
        name = f"{left}_{right}"
        callback[name] = _node("or", x=_from(left), y=_from(right))
        return name

    callback[reduce(either, names)]["result"] = True
    return {
        "classes": _node("filter_bands", data=_from("load"), bands=[_CLASSES]),
        "clouds": _reduced("classes", dimension, callback),
        "values": _node("filter_bands", data=_from("load"), bands=list(bands)),
        "clear": _node("mask", data=_from("values"), mask=_from("clouds")),
    }
