"""Cubes and other results as tables: a row for each geometry, date and pixel, a column for each band or property."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import dimension_type, labels_of
from gdc_jupyter.cube.encode.labels import text_label
from gdc_jupyter.cube.geometries import Geometries
from gdc_jupyter.cube.vector import (
    PROPERTIES,
    VALUE,
    crs_of,
    feature_columns,
    free_name,
    geometries_of,
    geometry_dimension,
    has_values,
    is_vector,
)

# Labels of a dimension that become columns.
MOST_COLUMNS = 2000


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    Parameters
    ----------
    columns : dict of str to numpy.ndarray
    geometries : numpy.ndarray of shapely geometries, optional
        That of each row.
    crs : str, optional
        The CRS of the geometries.
    """

    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    geometries: Geometries | None = None
    crs: str | None = None


def table_of(value: Any, *, wide: bool = False) -> Table:
    """Return a value as a table.

    Parameters
    ----------
    value : object
        A cube, a number, a text, a list of them, or a list of objects.
    wide : bool
        Whether there is one row for each geometry only: all other dimensions become columns, whose names are the labels
        joined by ``_``. Otherwise only dimensions whose labels are names (bands, properties) do.
    """
    if not isinstance(value, xr.DataArray):
        return _plain_table(value)
    geometry = geometry_dimension(value) if is_vector(value) else None
    names = [str(name) for name in value.dims if name != geometry]
    across = [name for name in names if wide or _named(value, name)]
    down = [name for name in names if name not in across]
    if int(np.prod([value.sizes[name] for name in across])) > MOST_COLUMNS and not wide:
        across, down = [], names
    rows = ([geometry] if geometry else []) + down
    columns: dict[str, NDArray[Any]] = {}
    geometries = None
    sizes = [value.sizes[name] for name in rows]
    positions = np.indices(sizes).reshape(len(rows), -1) if rows else np.zeros((0, 1), int)
    if geometry is not None:
        geometries = geometries_of(value)[positions[0]]
        for name, column in feature_columns(value).items():
            if name not in value.coords[PROPERTIES].values if PROPERTIES in value.dims else True:
                columns[name] = column[positions[0]]
    for index, name in enumerate(rows):
        if name != geometry:
            columns[free_name(name, columns)] = labels_of(value, name)[positions[index]]
    if has_values(value):
        flat = value.transpose(*rows, *across).values.reshape(positions.shape[1], -1)
        for index, name in enumerate(_column_names(value, across)):
            columns[free_name(name, columns)] = flat[:, index]
    return Table(columns, geometries, crs_of(value) if geometry is not None else None)


def count_columns(probe: xr.DataArray) -> int:
    """Return how many columns a wide table of a vector cube has."""
    geometry = geometry_dimension(probe)
    return int(np.prod([size for name, size in probe.sizes.items() if name != geometry]))


def _named(cube: xr.DataArray, name: str) -> bool:
    kind = dimension_type(cube, name)
    labels = labels_of(cube, name)
    texts = labels.dtype.kind in "OU" and all(isinstance(label, str) for label in labels.tolist())
    return kind == "bands" or (kind == "other" and texts)


def _column_names(cube: xr.DataArray, across: Sequence[str]) -> list[str]:
    if not across:
        return [str(cube.name or VALUE)]
    labels = [[text_label(label).removesuffix("T00:00:00Z") for label in labels_of(cube, name)] for name in across]
    return ["_".join(each) for each in itertools.product(*labels)]


def _plain_table(value: Any) -> Table:
    rows = value if isinstance(value, (list, tuple)) else [value]
    if rows and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(str(name) for row in rows for name in row)
        return Table({name: _objects([row.get(name) for row in rows]) for name in names})
    return Table({VALUE: _objects(rows)})


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
