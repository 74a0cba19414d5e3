"""The UDF contract of the openEO Python client: which function of a source is called, with what, and what it returns.

Runs in the process of the user's code only, for it loads ``openeo`` and pandas. In the order of the source, the first
function that fits is called:

* ``apply_timeseries(series: pandas.Series, context)``, for each pixel and band, with the dates as index;
* ``apply_datacube(cube, context)`` (or ``apply_hypercube``), with an ``xarray.DataArray``, or with an
  ``openeo.udf.XarrayDataCube`` where the annotation says so;
* ``apply_vectorcube(geometries, cube, context)``, with a ``geopandas.GeoDataFrame`` and an ``xarray.DataArray``;
* ``apply_udf_data(data)``, or any function of one parameter annotated as ``openeo.udf.UdfData``.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import math
import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

#: How the file names of sources begin, as tracebacks have them.
FILE = "<udf "
_CUBES = ("apply_datacube", "apply_hypercube")


class ContractError(Exception):
    """The source, or what it returns, does not keep to the contract."""


def load(source: str) -> types.ModuleType:
    """Return a source as a module, with the names in it that the openEO client promises."""
    import pandas  # type: ignore[import-untyped]
    import shapely
    from openeo.udf.feature_collection import FeatureCollection
    from openeo.udf.structured_data import StructuredData
    from openeo.udf.udf_data import UdfData
    from openeo.udf.xarraydatacube import XarrayDataCube

    key = hashlib.sha256(source.encode()).hexdigest()[:12]
    file = f"{FILE}{key}>"
    # So that tracebacks show the lines of the source.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = types.ModuleType(f"udf_{key}")
    module.__dict__.update(
        {
            **{"numpy": np, "np": np, "xarray": xr, "pandas": pandas, "pd": pandas, "shapely": shapely, "math": math},
            "UdfData": UdfData,
            "XarrayDataCube": XarrayDataCube,
            "DataCube": XarrayDataCube,
            "StructuredData": StructuredData,
            "FeatureCollection": FeatureCollection,
        }
    )
    sys.modules[module.__name__] = module
    exec(compile(source, file, "exec"), module.__dict__)
    return module


def find(module: types.ModuleType) -> Callable[[Any, Any], Any]:
    """Return a function of data and context that calls the first function of a module that keeps to the contract.

    Raises
    ------
    ContractError
        Where there is none.
    """
    for name, function in list(vars(module).items()):
        parameters = _parameters(function)
        if not parameters:
            continue
        first = _annotation(parameters[0])
        if name == "apply_timeseries":
            return partial(_timeseries, _with_context(function))
        if name in _CUBES:
            wrapped = first.endswith(("XarrayDataCube", "datacube.DataCube")) or first == "DataCube"
            return partial(_datacube, _with_context(function), wrapped)
        if name == "apply_vectorcube" and len(parameters) >= 2:
            return partial(_vectorcube, _with_context(function))
        if name == "apply_udf_data" or (len(parameters) == 1 and first.endswith("UdfData")):
            return partial(_udf_data, function)
    raise ContractError(
        "The UDF defines none of the functions that are called: apply_datacube(cube, context), "
        "apply_timeseries(series, context), apply_vectorcube(geometries, cube, context) or apply_udf_data(data)."
    )


def _parameters(function: Any) -> list[inspect.Parameter]:
    if not callable(function) or isinstance(function, type):
        return []
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _annotation(parameter: inspect.Parameter) -> str:
    annotation = parameter.annotation
    if annotation is inspect.Parameter.empty:
        return ""
    if isinstance(annotation, str):
        return annotation.strip("'\" ")
    return f"{annotation.__module__}.{annotation.__qualname__}" if isinstance(annotation, type) else str(annotation)


def _with_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is called with its context by name, and without where it does not take one."""
    parameters = inspect.signature(function).parameters
    takes = "context" in parameters or any(each.kind is each.VAR_KEYWORD for each in parameters.values())

    def call(*values: Any, context: Any) -> Any:
        return function(*values, context=context) if takes else function(*values)

    return call


def _datacube(call: Callable[..., Any], wrapped: bool, data: Any, context: Any) -> Any:
    from openeo.udf.xarraydatacube import XarrayDataCube

    array = _as_array(data)
    return _as_data(call(XarrayDataCube(array) if wrapped else array, context=context), array)


def _timeseries(call: Callable[..., Any], data: Any, context: Any) -> Any:
    import pandas

    array = _as_array(data)
    name = _temporal(array)
    moved = array.transpose(..., name)
    index = pandas.Index(moved.coords[name].values) if name in moved.coords else None
    rows = moved.values.reshape(-1, moved.sizes[name])
    results = np.empty(rows.shape, dtype=np.result_type(rows.dtype, np.float32))
    for row, values in enumerate(rows):
        result = np.asarray(call(pandas.Series(values, index=index), context=context))
        if result.shape != values.shape:
            raise ContractError(
                f"apply_timeseries must return as many values as it gets: {len(values)}, not {result.shape}."
            )
        results[row] = result
    return moved.copy(deep=False, data=results.reshape(moved.shape)).transpose(*array.dims)


def _temporal(array: xr.DataArray) -> str:
    names = [str(name) for name in array.dims]
    for name in names:
        coordinate = array.coords.get(name)
        if coordinate is not None and (coordinate.attrs.get("type") == "temporal" or coordinate.dtype.kind == "M"):
            return name
    for name in names:
        if name in ("t", "time"):
            return name
    if len(names) == 1:
        return names[0]
    raise ContractError(f"apply_timeseries needs a temporal dimension; there are {', '.join(names) or 'none'}.")


def _vectorcube(call: Callable[..., Any], data: Any, context: Any) -> Any:
    import geopandas  # type: ignore[import-untyped]

    dimension = _geometry(data)
    if dimension is None:
        raise ContractError("apply_vectorcube needs a vector cube: it has a dimension of geometries.")
    frame = geopandas.GeoDataFrame(geometry=list(data.coords[dimension].values), crs=data.attrs.get("crs"))
    cube = data.assign_coords({dimension: np.arange(len(frame))})
    if "properties" in cube.dims:
        for label in cube.coords["properties"].values.tolist():
            column = cube.sel(properties=label)
            if column.dims == (dimension,):
                frame[label] = column.values
    result = call(frame, cube, context=context)
    if not isinstance(result, tuple) or len(result) != 2:
        raise ContractError("apply_vectorcube must return the geometries and the cube.")
    geometries, array = result
    if dimension not in array.dims or array.sizes[dimension] != len(geometries):
        raise ContractError(
            f"The cube that apply_vectorcube returns must have the dimension '{dimension}' with a label for each of "
            f"the {len(geometries)} geometries."
        )
    labels = np.empty(len(geometries), dtype=object)
    labels[:] = list(geometries.geometry)
    named = array.assign_coords({dimension: (dimension, labels, dict(data.coords[dimension].attrs))})
    return named.assign_attrs({**data.attrs, **({"crs": str(geometries.crs)} if geometries.crs else {})})


def _udf_data(call: Callable[..., Any], data: Any, context: Any) -> Any:
    from openeo.udf.structured_data import StructuredData
    from openeo.udf.udf_data import UdfData
    from openeo.udf.xarraydatacube import XarrayDataCube

    cube = isinstance(data, xr.DataArray)
    given = UdfData(
        proj={"EPSG": data.attrs.get("crs")} if cube else {},
        datacube_list=[XarrayDataCube(data)] if cube else [],
        feature_collection_list=[],
        structured_data_list=[] if cube else [StructuredData(data)],
        user_context=context if isinstance(context, dict) else {"context": context},
    )
    returned = call(given)
    result = returned if isinstance(returned, UdfData) else given
    for returned_cube in result.get_datacube_list() or []:
        return _as_data(returned_cube, data)
    for structured in result.get_structured_data_list() or []:
        return structured.data
    raise ContractError("The UDF leaves neither a data cube nor structured data in its UdfData.")


def _geometry(data: Any) -> str | None:
    if not isinstance(data, xr.DataArray):
        return None
    kinds = {str(name): data.coords[name].attrs.get("type") for name in data.dims if name in data.coords}
    return next((name for name, kind in kinds.items() if kind == "geometry"), None)


def _as_array(data: Any) -> xr.DataArray:
    if isinstance(data, xr.DataArray):
        return data
    if isinstance(data, list):
        return xr.DataArray(np.array([np.nan if value is None else value for value in data]))
    return xr.DataArray(np.nan if data is None else data)


def _as_data(result: Any, given: Any) -> Any:
    if hasattr(result, "get_array"):
        result = result.get_array()
    if isinstance(result, xr.Dataset):
        raise ContractError("The UDF returns an xarray.Dataset where an xarray.DataArray is needed.")
    if isinstance(result, np.ndarray) and isinstance(given, xr.DataArray) and result.shape == given.shape:
        return given.copy(deep=False, data=result)
    if result is None:
        raise ContractError("The UDF returns nothing.")
    return result
