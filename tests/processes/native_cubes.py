"""Cubes in memory, and graphs of one process on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from gdc_jupyter.errors import GdcError, InvalidProcessGraph
from gdc_jupyter.graph import execute


def cube(
    values: Any, dims: str, crs: str | None = "EPSG:32632", kinds: dict[str, str] | None = None, **labels: Any
) -> xr.DataArray:
    """Return a cube with 10 m pixels, monthly dates and bands B0, B1 and so on, unless other labels are given."""
    values = np.asarray(values)
    names = dims.split()
    coords: dict[str, Any] = {}
    for name, size in zip(names, values.shape, strict=True):
        default = {
            "x": 600005.0 + 10 * np.arange(size),
            "y": 5200095.0 - 10 * np.arange(size),
            "t": (np.datetime64("2022-01", "M") + np.arange(size)).astype("datetime64[ns]"),
            "bands": np.array([f"B{number}" for number in range(size)], dtype=object),
        }
        given = labels.get(name, default.get(name, np.arange(size)))
        array = np.array(given, dtype=object) if isinstance(given, list) and isinstance(given[0], str) else given
        coords[name] = (name, array, {"type": kinds[name]} if kinds and name in kinds else {})
    return xr.DataArray(values, dims=names, coords=coords, attrs={"crs": crs} if crs else {})


def call(process: str, result: bool = False, /, **arguments: Any) -> dict[str, Any]:
    """Return a node."""
    return {"process_id": process, "arguments": arguments, **({"result": True} if result else {})}


def one(process: str, /, **arguments: Any) -> dict[str, Any]:
    """Return a callback of one process."""
    return {"process_graph": {"only": call(process, True, **arguments)}}


def ref(name: str) -> dict[str, str]:
    """Return a reference to a parameter."""
    return {"from_parameter": name}


def run(process: str, /, **arguments: Any) -> Any:
    """Return what a process makes of native values."""
    parameters = {name: value for name, value in arguments.items() if isinstance(value, xr.DataArray)}
    given = {name: ref(name) if name in parameters else value for name, value in arguments.items()}
    return execute({"only": call(process, True, **given)}, parameters)


def code(process: str, /, **arguments: Any) -> str:
    """Return the code of the error of a process."""
    try:
        run(process, **arguments)
    except InvalidProcessGraph as error:
        return error.faults[0].code
    except GdcError as error:
        return error.code
    raise AssertionError(f"{process} has not refused its arguments")
