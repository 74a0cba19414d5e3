"""Processes that compute an index from named bands."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import dimensions_of_type, labels_of, with_labels, without
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import NULL, RasterBandCube, RasterCube, Schema

BandName = Annotated[str, Schema({"type": "string", "subtype": "band-name"})]
NewBand = Annotated[Any, Schema([{"type": "string", "pattern": r"^\w+$"}, NULL])]


@process("cubes", "math > indices", "vegetation indices")
def ndvi(data: RasterBandCube, nir: BandName = "nir", red: BandName = "red", target_band: NewBand = None) -> RasterCube:
    """Compute the normalised difference vegetation index.

    Parameters
    ----------
    data
        A cube with bands.
    nir
        The name, or common name, of the near-infrared band.
    red
        The name, or common name, of the red band.
    target_band
        The name of a band that is added with the result; by default the result has no bands.

    Returns
    -------
    cube
        ``(nir - red) / (nir + red)``.

    Raises
    ------
    NirBandAmbiguous
        The near-infrared band cannot be told.
    RedBandAmbiguous
        The red band cannot be told.
    DimensionAmbiguous
        There is not one dimension of type bands.
    BandExists
        The cube has a band of the target's name.
    """
    names = dimensions_of_type(data, "bands")
    if len(names) != 1:
        raise GdcError("DimensionAmbiguous", f"One dimension of type 'bands' is needed, and there are {len(names)}.")
    dimension = names[0]
    bands = labels_of(data, dimension).tolist()
    if target_band is not None and target_band in bands:
        raise GdcError("BandExists", f"The data cube has a band '{target_band}' already.")
    axis = data.get_axis_num(dimension)
    near = np.take(data.values, _band(data, bands, nir, "NirBandAmbiguous"), axis=axis)
    visible = np.take(data.values, _band(data, bands, red, "RedBandAmbiguous"), axis=axis)
    with np.errstate(all="ignore"):
        index = (near - visible) / (near + visible)
    if target_band is None:
        return without(data, dimension, index)
    values = np.concatenate([data.values, np.expand_dims(index, axis)], axis=axis)
    return with_labels(data, dimension, values, np.array([*bands, target_band], dtype=object))


def _band(data: xr.DataArray, bands: list[str], wanted: str, problem: str) -> int:
    if wanted in bands:
        return bands.index(wanted)
    common = data.attrs.get("common_names", {})
    matches = [position for position, band in enumerate(bands) if common.get(band) == wanted]
    if len(matches) != 1:
        raise GdcError(problem, f"{len(matches)} bands are named '{wanted}'; there are {', '.join(map(str, bands))}.")
    return matches[0]
