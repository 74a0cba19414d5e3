"""A catalogue of one collection that is an array in memory, so that results can be computed independently."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gdc_jupyter.catalog.collection import Band, Query, Source, band_positions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.time import within
from gdc_jupyter.errors import GdcError

GRID = Grid("EPSG:32632", 678000, 5153000, 10, -10, 150, 110)
TIMES = np.array(["2022-05-01", "2022-05-20", "2022-06-10", "2022-08-01"], dtype="datetime64[ns]")
BANDS = (Band("B04", "red", center_wavelength=0.665), Band("B08", "nir", center_wavelength=0.842), Band("SCL"))


def make_values(seed: int = 0) -> Any:
    """Return values with gaps, shape (t, bands, y, x), float32."""
    random = np.random.default_rng(seed)
    values = random.integers(1, 3000, (len(TIMES), len(BANDS), *GRID.shape)).astype(np.float32)
    values[random.random(values.shape) < 0.1] = np.nan
    return values


VALUES = make_values()


@dataclass(frozen=True, eq=False)
class MemorySource(Source):
    """Windows of an array."""

    values: Any = None
    reads: Any = None

    def _fill(self, window: Grid, out: Any) -> None:
        self.reads.append((window, self.values.shape[:2]))
        row, column = self.extent.offset(window)
        out[:] = self.values[:, :, row : row + window.height, column : column + window.width]

    def _subset(self, times: list[int] | None, bands: list[int] | None) -> MemorySource:
        values = self.values if times is None else self.values[times]
        values = values if bands is None else values[:, bands]
        return replace(self, values=values, **self._fields(times, bands))


class MemoryCollection:
    """The collection ``MEMORY``; ``reads`` notes the window, and the numbers of dates and bands, of each read."""

    def __init__(self) -> None:
        self.reads: list[Any] = []

    def open(self, query: Query) -> Source:
        """Return the source of a query."""
        grid = GRID if query.bounds is None else GRID.crop(query.bounds, query.crs)
        if grid is None:
            raise GdcError("NoDataAvailable", "There is nothing in that area.")
        source = MemorySource("MEMORY", grid, TIMES, BANDS, np.dtype(np.float32), (64, 64), GRID, VALUES, self.reads)
        chosen = None if query.bands is None else [BANDS[i].name for i in band_positions("MEMORY", BANDS, query.bands)]
        return source.select(times=TIMES[within(TIMES, query.start, query.end)], bands=chosen)


class MemoryCatalog:
    """A catalogue of that collection."""

    def __init__(self) -> None:
        self.collection = MemoryCollection()
        self.folder = Path(os.devnull)

    def get(self, collection_id: str) -> MemoryCollection:
        """Return the collection."""
        if collection_id != "MEMORY":
            raise GdcError("CollectionNotFound", f"'{collection_id}' does not exist; there is MEMORY.")
        return self.collection


def node(process_id: str, result: bool = False, **arguments: Any) -> dict[str, Any]:
    """Return a node."""
    return {"process_id": process_id, "arguments": arguments, **({"result": True} if result else {})}


def of(name: str) -> dict[str, str]:
    """Return a reference to a node."""
    return {"from_node": name}


def parameter(name: str) -> dict[str, str]:
    """Return a reference to a parameter."""
    return {"from_parameter": name}


def reducer(process_id: str, **more: Any) -> dict[str, Any]:
    """Return a callback of one process on ``data``."""
    return {"process_graph": {"reduce": node(process_id, True, data=parameter("data"), **more)}}


def load(**arguments: Any) -> dict[str, Any]:
    """Return a node that loads the collection."""
    return node("load_collection", **{"id": "MEMORY", "spatial_extent": None, "temporal_extent": None, **arguments})
