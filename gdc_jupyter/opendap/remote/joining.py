"""Datasets of many granules as one: along time, or as they lie beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.core import indexing

from gdc_jupyter.cube.time import parse_interval
from gdc_jupyter.cube.time import within as times_within
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.remote.joined import JoinedArray, Piece
from gdc_jupyter.opendap.remote.parts import names_of

TIME, GRANULE = "time", "granule"
#: Coordinates that differ by less than that part of a step are the same.
_SAME = 1e-3
_LEAST_STEP = 0.45
Positions = NDArray[np.int64]


def joined(parts: Sequence[tuple[str, xr.Dataset]]) -> xr.Dataset:
    """Return datasets as one.

    Parameters
    ----------
    parts : sequence of (str, xarray.Dataset)
        With the names of their granules.

    Returns
    -------
    xarray.Dataset
        Its dimensions have the labels of all parts. Where no part has values, they are missing; where several have,
        the first valid one counts. Granules without any time that lie on the same place get a dimension ``granule``.

    Raises
    ------
    GdcError
        ``GridIrregular`` where the grids of granules do not fit together; ``DataNotReadable`` where variables of the
        same name have other dimensions.
    """
    found = [part for _, part in parts]
    _require_one_crs(parts)
    stamps = [_moment(part) for part in found]
    lead = _lead(parts, stamps)
    axes = _axes(found, lead)
    dataset = xr.Dataset(attrs=dict(found[0].attrs))
    for name in names_of(found):
        dataset[name] = _joined(name, parts, axes, lead)
    dataset = dataset.assign_coords({name: axis.coordinate(found) for name, axis in axes.items() if axis.labelled})
    return dataset.assign_coords(_further_coordinates(parts, axes, lead, set(dataset.variables)))


def within(dataset: xr.Dataset, interval: tuple[str | None, str | None] | None) -> xr.Dataset:
    """Return what of a dataset is of an interval, whose end is outside.

    Raises
    ------
    GdcError
        ``NoDataAvailable`` where it has other times alone.
    """
    if interval is None:
        return dataset
    start, end = parse_interval(list(interval))
    for name in dataset.dims:
        if name in dataset.coords and _is_time(dataset.coords[name]):
            chosen = times_within(dataset.coords[name].values, start, end)
            if not chosen.any():
                times = dataset.coords[name].values
                raise GdcError(
                    "NoDataAvailable",
                    f"No time is in the interval; those of the granules are of {times[0]} to {times[-1]}.",
                )
            dataset = dataset if chosen.all() else dataset.isel({name: np.flatnonzero(chosen)})
    return dataset


class _Axis:
    """The labels along a dimension of all parts, and where those of each part are among them.

    Parameters
    ----------
    name : str
    each : mapping of int to numpy.ndarray
        The labels of the parts that have the dimension, by their numbers.
    labelled : bool
        Whether these are labels, and not only positions.
    """

    def __init__(self, name: str, each: Mapping[int, NDArray[Any]], labelled: bool = True) -> None:
        self.name = name
        self.labelled = labelled
        self._each = each
        known = list(each.values())
        sizes = {labels.size for labels in known}
        if not labelled and len(sizes) > 1:
            raise GdcError(
                "GridIrregular",
                f"The granules have {min(sizes)} to {max(sizes)} positions along '{name}', and no labels that tell how "
                "these fit together: open them one by one.",
            )
        kind = known[0].dtype.kind
        if kind in "iuf":
            self.labels = _numbers(name, known)
        elif kind == "M":
            self.labels = np.unique(np.concatenate(known))
        else:
            self.labels = np.array(sorted(set(np.concatenate(known).tolist())))
        self.size = self.labels.size
        self._everything = np.arange(self.size)

    def positions(self, number: int) -> Positions:
        """Return where the labels of a part are."""
        own = self._each[number]
        if own.shape == self.labels.shape and (own == self.labels).all():
            return self._everything
        if self.labels.dtype.kind in "iuf":
            return _nearest(self.labels, own)
        if self.labels.dtype.kind in "M":
            return np.asarray(np.searchsorted(self.labels, own), np.int64)
        place = {label: position for position, label in enumerate(self.labels.tolist())}
        return np.array([place[label] for label in own.tolist()], np.int64)

    def coordinate(self, parts: Sequence[xr.Dataset]) -> xr.Variable:
        """Return the labels as a variable."""
        first = next((part.variables[self.name] for part in parts if self.name in part.variables), None)
        if first is None:
            return xr.Variable((self.name,), self.labels)
        made = xr.Variable((self.name,), self.labels, dict(first.attrs))
        made.encoding = {key: value for key, value in first.encoding.items() if key in ("units", "calendar", "dtype")}
        return made


def _numbers(name: str, each: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the numbers of several arrays in order, those that differ by a rounding error once."""
    first = each[0]
    if all(other.shape == first.shape and (other == first).all() for other in each[1:]):
        return first
    step = min((float(np.abs(np.diff(labels)).min()) for labels in each if labels.size > 1), default=0.0)
    every = np.unique(np.concatenate([np.asarray(labels, np.float64) for labels in each]))
    kept = every[np.append(True, np.diff(every) > max(_SAME * step, 1e-12))]
    if step and kept.size > 1 and float(np.diff(kept).min()) < _LEAST_STEP * step:
        raise GdcError(
            "GridIrregular",
            f"The granules lie on different grids: their labels along '{name}' do not coincide. Open them one by one, "
            "or use gdc.open_collection, which resamples.",
        )
    labels: NDArray[Any] = kept[::-1] if first.size > 1 and first[0] > first[-1] else kept
    return labels


def _nearest(labels: NDArray[Any], own: NDArray[Any]) -> Positions:
    falling = labels.size > 1 and labels[0] > labels[-1]
    rising = labels[::-1] if falling else labels
    after = np.searchsorted(rising, own).clip(1, max(labels.size - 1, 1))
    before = after - 1
    after = after.clip(0, labels.size - 1)
    found = np.where(np.abs(rising[after] - own) < np.abs(rising[before] - own), after, before)
    return np.asarray(labels.size - 1 - found if falling else found, np.int64)


class _Lead:
    """A dimension that parts get which do not have it."""

    def __init__(self, name: str, labels: Sequence[Any]) -> None:
        self.name = name
        self.labels = labels


def _moment(part: xr.Dataset) -> tuple[str, Any] | None:
    """Return the name and the value of the single time of a dataset that has no dimension of time."""
    times = [(str(name), each) for name, each in part.coords.items() if _is_time(each)]
    if any(each.ndim for _, each in times):
        return None
    found = [(name, each.values[()]) for name, each in times if each.attrs.get("standard_name") in (None, "time")]
    return min(found, key=lambda pair: pair[0] != TIME) if found else None


def _is_time(coordinate: xr.DataArray) -> bool:
    if coordinate.dtype.kind == "M":
        return True
    return coordinate.dtype.kind == "O" and coordinate.size > 0 and hasattr(coordinate.values.flat[0], "calendar")


def _lead(parts: Sequence[tuple[str, xr.Dataset]], stamps: Sequence[tuple[str, Any] | None]) -> _Lead | None:
    if all(stamp is not None for stamp in stamps):
        names = {stamp[0] for stamp in stamps if stamp is not None}
        name = names.pop() if len(names) == 1 else TIME
        return _Lead(name, [stamp[1] for stamp in stamps if stamp is not None])
    timed = any(_is_time(each) and each.ndim for _, part in parts for each in part.coords.values())
    granules = [name for name, _ in parts]
    if timed or len(set(granules)) == 1:
        return None
    places = {_place(part) for _, part in parts}
    return None if len(places) == len(parts) else _Lead(GRANULE, granules)


def _place(part: xr.Dataset) -> tuple[Any, ...]:
    """Return what is another one for datasets that lie beside each other."""
    return tuple(
        (str(name), index[0], index[-1], len(index))
        for name, index in sorted(part.indexes.items(), key=lambda each: str(each[0]))
    )


def _axes(parts: Sequence[xr.Dataset], lead: _Lead | None) -> dict[str, _Axis]:
    names = dict.fromkeys(str(name) for part in parts for each in part.data_vars.values() for name in each.dims)
    axes = {} if lead is None else {lead.name: _Axis(lead.name, {n: np.array([x]) for n, x in enumerate(lead.labels)})}
    for name in names:
        having = {number: part for number, part in enumerate(parts) if name in part.sizes}
        labelled = all(name in part.variables for part in having.values())
        axes[name] = _Axis(
            name,
            {
                number: part.variables[name].values if labelled else np.arange(part.sizes[name])
                for number, part in having.items()
            },
            labelled,
        )
    return axes


def _joined(
    name: str, parts: Sequence[tuple[str, xr.Dataset]], axes: Mapping[str, _Axis], lead: _Lead | None
) -> xr.Variable:
    having = [(number, part.variables[name]) for number, (_, part) in enumerate(parts) if name in part.variables]
    dims = having[0][1].dims
    for number, variable in having:
        if variable.dims != dims:
            raise GdcError(
                "DataNotReadable",
                f"'{name}' has the dimensions {', '.join(map(str, dims))} in {parts[having[0][0]][0]}, and "
                f"{', '.join(map(str, variable.dims))} in {parts[number][0]}: open these granules one by one.",
            )
    every = [*((lead.name,) if lead is not None else ()), *map(str, dims)]
    shape = tuple(axes[each].size for each in every)
    pieces = [Piece(variable, tuple(axes[each].positions(number) for each in every)) for number, variable in having]
    first = having[0][1]
    alone = len(pieces) == 1 and lead is None and first.shape == shape
    data: Any = first._data if alone else indexing.LazilyIndexedArray(JoinedArray(shape, pieces))
    made = xr.Variable(every, data, dict(first.attrs))
    made.encoding = {key: value for key, value in first.encoding.items() if key in ("coordinates", "grid_mapping")}
    return made


def _further_coordinates(
    parts: Sequence[tuple[str, xr.Dataset]], axes: Mapping[str, _Axis], lead: _Lead | None, known: set[Any]
) -> dict[str, xr.Variable]:
    """Return the coordinates that are no labels of a dimension, such as grid mappings and coordinates of each cell."""
    found: dict[str, xr.Variable] = {}
    for name in dict.fromkeys(str(name) for _, part in parts for name in part.coords):
        first = next(part.variables[name] for _, part in parts if name in part.variables)
        if name in known or not set(map(str, first.dims)) <= set(axes):
            continue
        if not first.dims:
            found[name] = first
        else:
            found[name] = _joined(name, parts, axes, None).load()
    return found


def _require_one_crs(parts: Sequence[tuple[str, xr.Dataset]]) -> None:
    systems: dict[str, list[str]] = {}
    for granule, part in parts:
        for coordinate in part.coords.values():
            text = coordinate.attrs.get("crs_wkt") or coordinate.attrs.get("spatial_ref")
            if isinstance(text, str) and text:
                systems.setdefault(text, []).append(granule)
    if len(systems) > 1 and len({name for names in systems.values() for name in names}) > 1:
        told = "; ".join(f"{_short(text)}: {', '.join(names[:3])}" for text, names in systems.items())
        raise GdcError(
            "GridIrregular",
            f"The granules have several coordinate reference systems ({told}). Open those of one of them at a time, or "
            "use gdc.open_collection, which resamples.",
        )


def _short(wkt: str) -> str:
    found = wkt.split('"')
    return found[1] if len(found) > 1 else wkt[:40]
