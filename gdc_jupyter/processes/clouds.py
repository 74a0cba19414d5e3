"""Detection of clouds in optical imagery, from a scene classification or by a spectral rule."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from gdc_jupyter.cube.cube import labels_of, require_bands, with_labels
from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import NULL, RasterBandCube, Schema

Method = Annotated[Any, Schema([{"type": "string", "enum": ["Fmask", "s2cloudless", "Sen2Cor"]}, NULL])]
Options = Annotated[Any, Schema({"type": "object", "additionalProperties": False})]
# What the classes of Sen2Cor's scene classification (SCL) are, as probabilities; other classes are 0, and class 0 has
# no data (ESA, Sen2Cor configuration and user manual: 3 cloud shadow, 8 and 9 cloud of medium and high probability,
# 10 thin cirrus).
_CLASSES = {"cloud": {8: 0.65, 9: 1.0, 10: 0.5}, "shadow": {3: 1.0}, "haze": {10: 1.0}}
_CLASS_COUNT = 12
# The bands of the spectral rule, by common name and as Sentinel-2 calls them.
_BANDS = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir16": "B11", "swir22": "B12"}
# Reflectances are often stored as integers, times this.
_SCALE = 10_000


@process("cubes", "optical")
def cloud_detection(data: RasterBandCube, method: Method, options: Options = {}) -> RasterBandCube:  # noqa: B006
    """Tell where clouds are.

    ``Sen2Cor`` reads the scene classification in the band ``SCL``: ``cloud`` is 1 for clouds of high probability, 0.65
    for those of medium probability and 0.5 for thin cirrus, ``shadow`` is 1 for cloud shadows, and ``haze`` is 1 for
    thin cirrus.

    ``Fmask`` applies the spectral tests of the first pass of Fmask (Zhu and Woodcock, 2012, doi
    10.1016/j.rse.2011.10.028) to the bands blue, green, red, nir, swir16 and swir22: the pixel is bright in swir22, and
    is white, hazy, and neither snow nor vegetation. Where all of them hold, ``cloud`` is one minus the greatest of the
    absolute NDVI, the absolute NDSI and the whiteness; elsewhere it is 0. Reflectances are numbers from 0 to 1, or
    these times 10,000.

    Parameters
    ----------
    data
        A cube with bands.
    method
        ``Sen2Cor``, ``Fmask``, or null: then the scene classification where there is one, and the tests otherwise.
        ``s2cloudless`` is not available.
    options
        There are none.

    Returns
    -------
    cube
        A cube with the bands ``cloud``, and ``shadow`` and ``haze`` where they are known, of probabilities from 0
        (clear) to 1; no-data where a band that is needed has none.
    """
    name = require_bands(data)
    bands = [str(band) for band in labels_of(data, name)]
    classified = _position(data, bands, "SCL")
    if method == "s2cloudless":
        raise GdcError("ProcessParameterInvalid", "s2cloudless is not available; use Fmask, Sen2Cor or null.")
    if method == "Sen2Cor" and classified is None:
        raise GdcError("ProcessParameterInvalid", "Sen2Cor needs its scene classification, the band 'SCL'.")
    if classified is not None and method != "Fmask":
        found = _from_classes(data.isel({name: classified}, drop=True).values)
    else:
        found = {"cloud": _from_spectrum(_spectrum(data, name, bands))}
    values = np.stack(list(found.values()), axis=data.get_axis_num(name))
    result = with_labels(data, name, values, np.array(list(found), dtype=object), "bands")
    kept = {key: value for key, value in data.attrs.items() if key not in ("common_names", "center_wavelengths")}
    return result.drop_attrs(deep=False).assign_attrs(kept)


def _from_classes(classes: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    known = np.isfinite(classes) & (classes > 0) & (classes < _CLASS_COUNT)
    codes = np.where(known, classes, 0).astype(np.uint8)
    found = {}
    for label, probabilities in _CLASSES.items():
        table = np.zeros(_CLASS_COUNT, np.float32)
        table[list(probabilities)] = list(probabilities.values())
        table[0] = np.nan
        found[label] = table[codes]
    return found


def _from_spectrum(spectrum: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    blue, green, red, nir, swir16, swir22 = spectrum.values()
    with np.errstate(all="ignore"):
        ndvi, ndsi = (nir - red) / (nir + red), (green - swir16) / (green + swir16)
        mean = (blue + green + red) / 3
        whiteness = (abs(blue - mean) + abs(green - mean) + abs(red - mean)) / mean
        possible = (swir22 > 0.03) & (ndsi < 0.8) & (ndvi < 0.8) & (whiteness < 0.7)
        possible &= (blue - 0.5 * red > 0.08) & (nir / swir16 > 0.75)
        clear = np.maximum(np.maximum(abs(ndvi), abs(ndsi)), whiteness)
    probability = np.where(possible, np.clip(1 - clear, 0, 1), np.float32(0))
    valid = np.logical_and.reduce([np.isfinite(band) for band in spectrum.values()])
    return np.where(valid, probability, np.float32(np.nan))


def _spectrum(data: xr.DataArray, name: str, bands: list[str]) -> dict[str, NDArray[np.float32]]:
    """Return the reflectances that the tests need, from 0 to 1."""
    positions = {common: _position(data, bands, band, common) for common, band in _BANDS.items()}
    absent = [common for common, position in positions.items() if position is None]
    if absent:
        raise GdcError(
            "ProcessParameterInvalid",
            f"Clouds are told by the band SCL, or by the bands {', '.join(_BANDS)}; "
            f"{', '.join(absent)} cannot be told.",
        )
    found = {
        common: data.isel({name: position}, drop=True).values.astype(np.float32)
        for common, position in positions.items()
    }
    # Each pixel tells its own scale, so that it does not matter which others are looked at with it.
    brightest = np.fmax.reduce(list(found.values()))
    scale = np.where(brightest > 2, np.float32(1 / _SCALE), np.float32(1))
    return {common: band * scale for common, band in found.items()}


def _position(data: xr.DataArray, bands: list[str], band: str, common: str | None = None) -> int | None:
    """Return the position of a band by its name, or by its common name where one band has that."""
    for name in (band, common):
        if name in bands:
            return bands.index(name)
    names = data.attrs.get("common_names", {})
    matches = [position for position, each in enumerate(bands) if common and names.get(each) == common]
    return matches[0] if len(matches) == 1 else None
