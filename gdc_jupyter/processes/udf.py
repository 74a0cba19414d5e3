"""Code of the user as a process."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import dimension_type, is_raster, spatial_dimensions, without
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.engine import Engine, Frame
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Anything, Schema
from gdc_jupyter.processes.values import scalar
from gdc_jupyter.udf.listing import require
from gdc_jupyter.udf.runtime import Runtime
from gdc_jupyter.udf.source import source_of

Udf = Annotated[
    str,
    Schema(
        [
            {"type": "string", "format": "uri", "subtype": "uri", "pattern": "^https?://"},
            {"type": "string", "subtype": "file-path", "pattern": "^[^\r\n\\:'\"]+$"},
            {"type": "string", "subtype": "udf-code", "pattern": "(\r\n|\r|\n)"},
        ]
    ),
]
RuntimeName = Annotated[str, Schema({"type": "string", "subtype": "udf-runtime"})]
RuntimeVersion = Annotated[Any, Schema([{"type": "string", "subtype": "udf-runtime-version"}, {"type": "null"}])]
# The edge in pixels of what the code gets while a graph is planned.
_PROBE_EDGE = 8


@process("cubes", "import", "udf")
def run_udf(
    data: Anything,
    udf: Udf,
    runtime: RuntimeName,
    version: RuntimeVersion = None,
    context: Anything = {},  # noqa: B006
    *,
    engine: Engine,
    frame: Frame | None,
) -> Anything:
    """Run code of the user.

    The code keeps to the contract of the openEO Python client: it defines ``apply_datacube``, ``apply_timeseries``,
    ``apply_vectorcube`` or ``apply_udf_data``. It gets a block of the cube at a time, with all dates, bands and other
    labels, its dimensions named and labelled, in the order time, bands, others, y, x; no-data are NaN. Neighbouring
    pixels are there only in ``apply_neighborhood``.

    In ``apply`` it returns a cube of the same shape. In ``apply_dimension`` the labels along the dimension may be
    others. In processes with a reducer, the dimension is gone or has a single label. Called with a whole cube, it may
    change all dimensions but x and y.

    Before any data are read, it runs once on 8 x 8 pixels of ones, so that the labels of its result are known.

    Parameters
    ----------
    data
        The data: a cube, or what the callback gets that the process stands in.
    udf
        The source, which has a line break; or the path of a file of the user, or an address to fetch it from.
    runtime
        The name of the runtime.
    version
        The version of the runtime; its default by default.
    context
        What the code gets beside the data.

    Returns
    -------
    data
        What the code returns.

    Raises
    ------
    InvalidRuntime
        There is no such runtime.
    InvalidVersion
        The runtime has no such version.
    FileNotFound
        The user has no such file.
    UdfFailed
        The code raises an error, takes too long or too much memory, or returns what does not fit.
    """
    if not engine.permissions.udf:
        raise GdcError(
            "FeatureUnsupported", "This server runs no code of its users; who operates it can allow it (GdcApp.udf)."
        )
    require(runtime, version)
    source = source_of(udf, engine.permissions)
    code = engine.keep(_runtime)
    block = _labelled(data, frame)
    if block is None:
        return _plain(code.run(source, data, context))
    axis = frame.axis if frame is not None and frame.axis in block.dims else None
    tiled = engine.probing and _is_pixel(block, axis)
    given = _tile(block) if tiled else block
    ordered = given.transpose(*sorted(map(str, given.dims), key=lambda name: _rank(given, name)))
    result = _fitted(code.run(source, ordered, context, quiet=engine.probing), given, frame, axis)
    if tiled:
        result = result.isel({name: slice(0, 1) for name in spatial_dimensions(given)})
    _require_same(code, (source, repr(context), axis), block, result, engine.probing)
    return _wanted(result, frame, axis)


def _runtime(engine: Engine) -> Runtime:
    return Runtime(engine.permissions, engine.log)


def _labelled(data: Any, frame: Frame | None) -> xr.DataArray | None:
    """Return data with named dimensions, None for what is no array."""
    if isinstance(data, xr.DataArray):
        return data
    if not isinstance(data, np.ndarray) or not data.ndim:
        return None
    if frame is not None and data.shape == frame.block.shape:
        return frame.block.copy(deep=False, data=data)
    if frame is not None and data.shape == frame.block.shape[1:]:
        return without(frame.block, str(frame.block.dims[0]), data)
    return xr.DataArray(data)


def _plain(result: Any) -> Any:
    if isinstance(result, xr.DataArray):
        values = result.values
        return scalar(values) if not values.ndim else [scalar(value) for value in values]
    return result


def _is_pixel(block: xr.DataArray, axis: str | None) -> bool:
    if not is_raster(block):
        return False
    names = spatial_dimensions(block)
    return axis not in names and all(block.sizes[name] == 1 for name in names)


def _tile(pixel: xr.DataArray) -> xr.DataArray:
    """Return the one pixel that is there while a graph is planned several times: code may look at neighbours."""
    tile = pixel.isel({name: [0] * _PROBE_EDGE for name in spatial_dimensions(pixel)})
    labels = {}
    for name in spatial_dimensions(pixel):
        step = float(pixel.coords[name].attrs.get("step", 1.0))
        first = float(pixel.coords[name].values[0])
        labels[name] = (name, first + step * np.arange(_PROBE_EDGE), pixel.coords[name].attrs)
    return tile.assign_coords(labels)


def _rank(cube: xr.DataArray, name: str) -> int:
    kind = dimension_type(cube, name)
    if kind == "spatial":
        axis = cube.coords[name].attrs.get("axis", name) if name in cube.coords else name
        return {"y": 4, "x": 5}.get(axis, 3)
    return {"geometry": -1, "temporal": 0, "bands": 1}.get(kind, 2)


def _fitted(result: Any, given: xr.DataArray, frame: Frame | None, axis: str | None) -> xr.DataArray:
    """Return what the code has returned with the dimensions in the order of those that it got, and all labels."""
    if not isinstance(result, xr.DataArray):
        if np.ndim(result) or isinstance(result, (str, dict)):
            raise _misfit(f"a value of the type {type(result).__name__}", given)
        result = xr.DataArray(result)
    spatial = spatial_dimensions(given) if is_raster(given) else ()
    fixed = [str(name) for name in given.dims if name != axis and (frame is not None or name in spatial)]
    lost = [name for name in fixed if name not in result.dims and given.sizes[name] == 1]
    result = result.expand_dims(lost) if lost else result
    if any(name not in result.dims or result.sizes[name] != given.sizes[name] for name in fixed):
        raise _misfit(_shape(result), given)
    new = [str(name) for name in result.dims if name not in given.dims]
    if new and frame is not None:
        raise _misfit(_shape(result), given)
    order = [*new, *(str(name) for name in given.dims if name in result.dims)]
    coordinates = {name: _coordinate(result, given, name, name in fixed) for name in order}
    return xr.DataArray(
        result.transpose(*order).values,
        dims=order,
        coords={name: each for name, each in coordinates.items() if each is not None},
        attrs=given.attrs,
    )


def _coordinate(result: xr.DataArray, given: xr.DataArray, name: str, fixed: bool) -> xr.Variable | None:
    known = given.coords[name].variable if name in given.coords else None
    if fixed or (name not in result.coords and name in given.dims and result.sizes[name] == given.sizes[name]):
        return known
    if name not in result.coords:
        return xr.Variable(name, np.arange(result.sizes[name]), {"type": _type_of(name, given)})
    labels = result.coords[name].values
    kind = result.coords[name].attrs.get("type") or _type_of(name, given)
    return xr.Variable(name, labels.astype(object) if labels.dtype.kind in "US" else labels, {"type": kind})


def _type_of(name: str, given: xr.DataArray) -> str:
    if name in given.dims:
        return dimension_type(given, name)
    return {"t": "temporal", "time": "temporal", "bands": "bands"}.get(name, "other")


def _require_same(code: Runtime, call: Any, block: xr.DataArray, result: xr.DataArray, probing: bool) -> None:
    """Refuse a result whose labels differ from what the plan was made with."""
    spatial = spatial_dimensions(block) if is_raster(block) else ()
    key = (call, tuple((name, size) for name, size in block.sizes.items() if name not in spatial))
    labels = {
        str(name): result.coords[name].values.tolist() if name in result.coords else result.sizes[name]
        for name in result.dims
        if name not in spatial
    }
    expected = code.shapes.setdefault(key, labels) if probing else code.shapes.get(key, labels)
    if labels != expected:
        raise GdcError(
            "UdfFailed",
            f"The UDF returns the dimensions and labels {labels!r:.200} for a block and {expected!r:.200} for another; "
            "they may depend neither on values nor on the number of pixels.",
        )


def _wanted(result: xr.DataArray, frame: Frame | None, axis: str | None) -> Any:
    """Return a result as the process around the code takes it."""
    if frame is None:
        return result
    if axis not in result.dims:
        return scalar(result.values)
    if not frame.reduces:
        return result
    if result.sizes[axis] != 1:
        raise GdcError(
            "ReducerResultInvalid",
            f"The UDF returns {result.sizes[axis]} values along '{axis}' where a reducer returns one.",
        )
    return scalar(result.values[0])


def _shape(cube: xr.DataArray) -> str:
    return "a cube of " + (", ".join(f"{name}: {size}" for name, size in cube.sizes.items()) or "one value")


def _misfit(returned: str, given: xr.DataArray) -> GdcError:
    return GdcError("UdfFailed", f"The UDF returns {returned}, which does not fit to {_shape(given)} that it gets.")
