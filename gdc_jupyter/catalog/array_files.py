"""Collections of several NetCDF files with the same variables: a file a date, tiles of a grid, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.catalog.arrays import ArrayCollection, ArraySource
from gdc_jupyter.catalog.cf import describe
from gdc_jupyter.catalog.collection import (
    About,
    Band,
    Collection,
    Others,
    Query,
    Source,
    Times,
    band_positions,
    crop,
    read_type,
    time_message,
    true_box,
)
from gdc_jupyter.catalog.geotiff import find_moment
from gdc_jupyter.cube.calendars import calendar_of, keys
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.time import within
from gdc_jupyter.errors import GdcError


@dataclass(frozen=True, eq=False)
class ArrayFilesSource(Source):
    """Windows of the variables of several files.

    Parameters
    ----------
    members : tuple of (ArraySource, tuple of int)
        What is read of each file, and which of the times these are. Where files overlap, the first valid value wins.
    """

    members: tuple[tuple[ArraySource, tuple[int, ...]], ...]

    def files(self) -> list[Path] | None:
        """Return the files."""
        return [Path(source.path) for source, _ in self.members]

    def definition(self) -> Any:
        """Return which part of which variables is read, and how."""
        return [(source.definition(), positions) for source, positions in self.members]

    def _fill(self, window: Grid, out: NDArray[Any]) -> None:
        out.fill(np.nan)
        for source, positions in self.members:
            inside = source.extent.intersection(window)
            if inside is None:
                continue
            row, column = window.offset(inside)
            values = source.read(inside)
            for number, position in enumerate(positions):
                part = out[position, ..., row : row + inside.height, column : column + inside.width]
                np.copyto(part, values[number], where=np.isnan(part))

    def _coarser(self, factor: int, lattice: Grid) -> Self | None:
        thinned = self._thinned(factor, lattice)
        if thinned is None:
            return None
        members = [(source._coarser(factor, lattice), positions) for source, positions in self.members]
        return replace(thinned, members=tuple((source, at) for source, at in members if source is not None))

    def _subset(self, times: list[int] | None, bands: list[int] | None) -> Self:
        names = None if bands is None else [self.bands[index].name for index in bands]
        members = []
        for source, positions in self.members:
            kept = [positions.index(time) for time in times if time in positions] if times is not None else None
            if kept == []:
                continue
            chosen = source.select(None if kept is None or source.times is None else source.times[kept], names)
            places = tuple(times.index(positions[index]) for index in kept) if times and kept else positions
            members.append((chosen, places))
        return replace(self, members=tuple(members), **self._fields(times, bands))

    def pick(self, dimension: str, positions: Sequence[int]) -> Self:
        """Return the source with some of the labels of a further dimension."""
        members = tuple((source.pick(dimension, positions), places) for source, places in self.members)
        return replace(super().pick(dimension, positions), members=members)


@dataclass(frozen=True, eq=False)
class ArrayFilesCollection(Collection):
    """A collection of several NetCDF files whose pixels coincide.

    Parameters
    ----------
    members : tuple of ArrayCollection
        The collection that each file is by itself; all have a dimension ``t``, or none.
    """

    members: tuple[ArrayCollection, ...]

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands, in order."""
        return self.members[0].bands

    @property
    def others(self) -> Others:
        """The names and labels of further dimensions."""
        return self.members[0].others

    @cached_property
    def grid(self) -> Grid:
        """The native grid of the whole collection."""
        total = self.members[0].whole
        for member in self.members[1:]:
            total = total if member.whole == total else total.union(member.whole)
        return total

    @cached_property
    def times(self) -> Times | None:
        """The labels of the dimension ``t``, if there is one."""
        return _union([member.time_list for member in self.members if member.time_list is not None])

    @property
    def interval(self) -> tuple[Any, Any]:
        """The first and last moment that the data may be of."""
        return min(member.span[0] for member in self.members), max(member.span[1] for member in self.members)

    def open(self, query: Query) -> Source:
        """Return the data of a query as something to read windows from; nothing of the data is read."""
        grid = crop(self.id, self.grid, query)
        found = [member for member in self.members if _touches(member, query, grid)]
        if not found:
            raise GdcError("NoDataAvailable", time_message(self.id, query, self.interval))
        opened = [member.open(replace(query, bounds=None)) for member in found]
        times = _union([source.times for source in opened if source.times is not None])
        position = {} if times is None else {key: index for index, key in enumerate(keys(times))}
        members = tuple(
            (source, (0,) if source.times is None else tuple(position[key] for key in keys(source.times)))
            for source in opened
            if isinstance(source, ArraySource)
        )
        first = opened[0]
        return ArrayFilesSource(
            collection_id=self.id,
            grid=grid,
            times=times,
            bands=first.bands,
            dtype=read_type([band.data_type for band in first.bands]),
            tile=first.tile,
            extent=self.grid,
            members=members,
            box=true_box(self.grid, query),
            others=self.others,
        )


def _touches(member: ArrayCollection, query: Query, grid: Grid) -> bool:
    if query.bands is not None:
        band_positions(member.id, member.bands, query.bands)
    if member.time_list is not None and not within(member.time_list, query.start, query.end).any():
        return False
    return member.whole.intersection(grid) is not None or grid.wraps


def _union(lists: list[Times]) -> Times | None:
    if not lists:
        return None
    labels = np.concatenate(lists)
    unique = {key: index for index, key in reversed(list(enumerate(keys(labels))))}
    chosen: Times = np.sort(labels[list(unique.values())])
    return chosen


def from_netcdf(paths: Sequence[Path], collection_id: str, about: About | None = None) -> Collection:
    """Return the collection that several NetCDF files are together.

    A file without dates takes the one in its name, if all such files have one.

    Raises
    ------
    GdcError
        As `describe`; ``DataFileUnsupported`` where the files do not fit together, with the first that does not.
    """
    found = [describe(path, collection_id, about=about) for path in sorted(paths)]
    if len(found) == 1:
        return found[0]
    moments = [find_moment(member.path.stem) for member in found]
    if all(member.time_list is None for member in found) and all(moment is not None for moment in moments):
        found = [_dated(member, moment) for member, moment in zip(found, moments, strict=True)]
    first = found[0]
    for member in found[1:]:
        problem = _difference(first, member)
        if problem:
            raise GdcError("DataFileUnsupported", f"{member.path.name} does not fit {first.path.name}: {problem}.")
    return ArrayFilesCollection(
        id=collection_id,
        about=about or replace(first.about, title=collection_id, description=f"{len(found)} NetCDF files."),
        members=tuple(found),
    )


def _dated(member: ArrayCollection, moment: np.datetime64 | None) -> ArrayCollection:
    assert moment is not None
    return replace(member, time_list=np.array([moment], "datetime64[ns]"), span=(moment, moment))


def _difference(first: ArrayCollection, other: ArrayCollection) -> str | None:
    """Return why two files cannot be one collection."""
    names = [[band.name for band in each.bands] for each in (first, other)]
    if names[0] != names[1]:
        return f"it has the variables {', '.join(names[1])} instead of {', '.join(names[0])}"
    if not first.whole.aligned(other.whole):
        return "its pixels do not coincide with those of the other"
    if first.whole.wraps and first.whole != other.whole:
        return "it does not go around the globe as the other does"
    if (first.time_list is None) != (other.time_list is None):
        return "one of the two has dates, and the other has none"
    if first.time_list is not None and other.time_list is not None:
        calendars = calendar_of(first.time_list), calendar_of(other.time_list)
        if calendars[0] != calendars[1]:
            return f"its calendar is {calendars[1]} instead of {calendars[0]}"
    labels = [[(name, values.tolist()) for name, values in each.others] for each in (first, other)]
    return None if labels[0] == labels[1] else "its further dimensions have other labels"
