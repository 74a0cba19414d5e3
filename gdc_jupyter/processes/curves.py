"""Curves fitted to series, and values predicted by them."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.calendars import is_temporal, seconds
from gdc_jupyter.cube.cube import along, dimension_type, dimensions_of_type
from gdc_jupyter.cube.time import parse_labels
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.least_squares import fit
from gdc_jupyter.processes.registry import process, spatial_reach
from gdc_jupyter.processes.schemas import DATE, DATE_TIME, NULL, Cube, Flag, Schema, Text
from gdc_jupyter.processes.values import numeric, scalar, stack

_NUMBERS = {"type": "array", "minItems": 1, "items": {"type": "number"}}
# The pixels that are fitted at a time.
_CHUNK = 4096


def _model(kind: Any) -> Any:
    return {
        "type": "object",
        "subtype": "process-graph",
        "parameters": [
            {"name": "x", "description": "The label, as a number.", "schema": {"type": kind}},
            {"name": "parameters", "description": "The parameters of the model.", "schema": _NUMBERS},
        ],
        "returns": {"description": "The value of the model.", "schema": {"type": "number"}},
    }


Series = Annotated[Any, Schema({"type": "array", "subtype": "labeled-array", "items": {"type": "number"}})]
Parameters = Annotated[Any, Schema(_NUMBERS)]
FittedModel = Annotated[Any, Schema(_model(["number", "null"]))]
PredictingModel = Annotated[Any, Schema(_model("number"))]
NewLabels = Annotated[
    Any,
    Schema([NULL, {"type": "array", "uniqueItems": True, "items": {"anyOf": [{"type": "number"}, DATE, DATE_TIME]}}]),
]


@process("arrays", "math")
def fit_curve(data: Series, parameters: Parameters, function: FittedModel, ignore_nodata: Flag = True) -> Parameters:
    """Fit a model to a series by least squares.

    Labels that are dates are seconds since 1970-01-01T00:00:00Z; the positions stand for labels that there are not. The
    method is that of Levenberg and Marquardt (Marquardt, 1963, doi 10.1137/0111030).

    Parameters
    ----------
    data
        The series, labelled.
    parameters
        The parameters to begin with.
    function
        The model; it gets a label as ``x``, and ``parameters``, and returns the value.
    ignore_nodata
        Whether values that are no-data are left out; otherwise one of them makes all parameters no-data.

    Returns
    -------
    parameters
        The parameters that fit best; no-data where there are fewer values than parameters.
    """
    values = numeric(stack(data)).astype(np.float64)
    x = _positions(data)
    series = values.reshape(len(values), -1)
    if not ignore_nodata:
        series = np.where(np.isfinite(series).all(axis=0), series, np.nan)
    guess = np.asarray([float(each) for each in parameters], dtype=np.float64)

    def model(trial: NDArray[np.float64]) -> NDArray[np.float64]:
        return _values(function, x, trial, (len(x), trial.shape[1]))

    chunks = [fit(model, series[:, start : start + _CHUNK], guess) for start in range(0, series.shape[1], _CHUNK)]
    found = np.concatenate(chunks, axis=1).reshape(len(guess), *values.shape[1:])
    return [scalar(each) for each in found] if found.ndim == 1 else found


@process("cubes", "math", reach=lambda arguments: spatial_reach(arguments["parameters"], arguments["dimension"]))
def predict_curve(parameters: Cube, function: PredictingModel, dimension: Text, labels: NewLabels = None) -> Cube:
    """Compute the values of a fitted model for labels.

    Parameters
    ----------
    parameters
        A cube of parameters, as ``fit_curve`` finds them: they lie along the dimension, or along the only other
        dimension that is neither spatial, temporal nor of bands.
    function
        The model; it gets a label as ``x``, and ``parameters``, and returns the value.
    dimension
        The dimension that the result has in place of the parameters.
    labels
        Its labels: numbers, or dates, which are seconds since 1970-01-01T00:00:00Z for the model. They have to be
        given, since the parameters hold no series whose gaps could be filled.

    Returns
    -------
    cube
        The cube of values.
    """
    if not labels:
        raise GdcError("ProcessParameterInvalid", "predict_curve needs 'labels': the cube of parameters has no series.")
    name = _of_parameters(parameters, dimension)
    array = _label_array(labels)
    trial = along(parameters, name).values.astype(np.float64)
    shape = (len(array), *trial.shape[1:])
    flat = trial.reshape(len(trial), -1)
    values = _values(function, _numbers(array), flat, (len(array), flat.shape[1])).reshape(shape)
    axis = parameters.get_axis_num(name)
    kind = "temporal" if is_temporal(array) else "other"
    if kind == "other" and dimension == name and dimension_type(parameters, name) != "temporal":
        kind = dimension_type(parameters, name)
    dims = [dimension if each == name else each for each in parameters.dims]
    coords = {
        each: parameters.coords[each].variable for each in dims if each in parameters.coords and each != dimension
    }
    coords[dimension] = xr.Variable(dimension, array, {"type": kind})
    return xr.DataArray(np.moveaxis(values, 0, axis), dims=dims, coords=coords, attrs=parameters.attrs)


def _values(function: Any, x: NDArray[Any], parameters: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the values of a model for labels and parameters of shape (k, pixels)."""
    with np.errstate(all="ignore"):
        result = function(x=x[:, np.newaxis], parameters=parameters[:, np.newaxis])
    if isinstance(result, (list, str)):
        raise GdcError("ProcessParameterInvalid", "The model returns an array or a text where a number is needed.")
    values = np.asarray(np.nan if result is None else result, dtype=np.float64)
    return np.broadcast_to(values, shape)


def _positions(data: Any) -> NDArray[np.float64]:
    if isinstance(data, xr.DataArray) and data.dims[0] in data.coords:
        return _numbers(data.coords[data.dims[0]].values)
    return np.arange(len(data), dtype=np.float64)


def _numbers(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return labels as the independent variable."""
    if is_temporal(labels):
        if labels.dtype.kind == "M":
            return labels.astype("datetime64[us]").astype(np.int64) / 1e6
        return seconds(labels).astype(np.float64)
    texts = labels.tolist()
    if texts and all(isinstance(label, str) for label in texts):
        instants = parse_labels(texts)
        if instants is None:
            raise GdcError("ProcessParameterInvalid", f"The labels {texts[:3]} are neither numbers nor dates.")
        return _numbers(instants)
    return labels.astype(np.float64)


def _label_array(labels: list[Any]) -> NDArray[Any]:
    if all(isinstance(label, str) for label in labels):
        instants = parse_labels(labels)
        if instants is not None:
            return instants
    if any(isinstance(label, str) for label in labels):
        raise GdcError("ProcessParameterInvalid", "The labels are either numbers, or dates such as 2022-06-01.")
    return np.array(labels)


def _of_parameters(cube: xr.DataArray, dimension: str) -> str:
    if dimension in cube.dims:
        return dimension
    others = dimensions_of_type(cube, "other")
    if len(others) != 1:
        raise GdcError(
            "DimensionNotAvailable",
            f"There is no dimension '{dimension}', and the dimension of the parameters cannot be told among "
            f"{', '.join(map(str, cube.dims))}.",
        )
    return others[0]
