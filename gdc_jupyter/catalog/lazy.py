"""A collection as an xarray object that reads what is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query, Source
from gdc_jupyter.cube.area import EDGES, box
from gdc_jupyter.cube.cube import build
from gdc_jupyter.cube.time import parse_interval


class _SourceArray(BackendArray):
    def __init__(self, source: Source) -> None:
        self.source = source
        self.shape = source.shape
        self.dtype = source.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        axes = [np.arange(size)[part] for size, part in zip(self.shape, key, strict=True)]
        time, band, *others, row, column = (np.atleast_1d(each) for each in axes)
        if not all(np.size(each) for each in axes):
            return np.empty([np.size(each) for each in axes if np.ndim(each)], self.dtype)
        window = self.source.grid.window(
            int(row.min()), int(column.min()), int(np.ptp(row)) + 1, int(np.ptp(column)) + 1
        )
        chosen = self.source.select(
            times=None if self.source.times is None else self.source.times[time],
            bands=[self.source.bands[index].name for index in band],
        )
        for (name, _), positions in zip(self.source.others, others, strict=True):
            chosen = chosen.pick(name, positions.tolist())
        values = chosen.read(window)[..., row - row.min(), :][..., column - column.min()]
        scalars = tuple(0 if np.ndim(each) == 0 else slice(None) for each in axes)
        return values[scalars]


def open_collection(
    collection_id: str,
    bbox: tuple[float, float, float, float] | dict[str, Any] | None = None,
    datetime: tuple[str | None, str | None] | None = None,
    bands: list[str] | None = None,
    catalog: Catalog | None = None,
) -> xr.DataArray:
    """Open a collection of this computer as a lazy cube.

    Parameters
    ----------
    collection_id : str
        The id of the collection.
    bbox : tuple or dict, optional
        West, south, east and north in degrees, or a dict with a ``crs``.
    datetime : tuple of str, optional
        The start and, outside of the interval, the end; None is open.
    bands : list of str, optional
        The names of the bands.
    catalog : Catalog, optional
        The collections; those of this computer by default.

    Returns
    -------
    xarray.DataArray
        Dimensions t, bands, y and x. Values are as they are stored, with no-data as NaN, and are read when they are
        needed. ``.chunk()`` makes it a Dask array.

    Raises
    ------
    GdcError
        ``CollectionNotFound``, ``BandNotFound`` or ``NoDataAvailable``.

    Examples
    --------
    >>> cube = open_collection("OSTIA_SST", bbox=(120, -5, 280, 5))
    >>> cube.isel(t=0).max().item()  # doctest: +SKIP
    303.9
    """
    extent = dict(zip(EDGES, bbox, strict=True)) if isinstance(bbox, tuple) else bbox
    bounds, crs = box(extent) if extent else (None, "OGC:CRS84")
    start, end = parse_interval(list(datetime)) if datetime else (None, None)
    query = Query(bounds, crs, start, end, tuple(bands) if bands else None)
    source = (catalog or Catalog()).get(collection_id).open(query)
    array: Any = indexing.LazilyIndexedArray(_SourceArray(source))
    times = [0] if source.times is None else source.times
    kind = "other" if source.times is None else "temporal"
    labels: dict[str, Any] = {"t": (kind, times), "bands": ("bands", [band.name for band in source.bands])}
    labels |= {name: ("other", values) for name, values in source.others}
    cube = build(array, labels, source.grid)
    return cube.isel(t=0, drop=True) if source.times is None else cube
