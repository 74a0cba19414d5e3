"""How values are stored in a file: their type, the number that stands for no data, scale and offset."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PART = 1 << 16
TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")

PARAMETERS: dict[str, dict[str, Any]] = {
    "DATA_TYPE": {
        "type": "string",
        "description": "The type of the stored numbers. By default that of the values; whole numbers become "
        "floating-point ones that hold them exactly, truth values uint8. Numbers are rounded and limited to the range "
        "of a type of whole numbers.",
        "enum": list(TYPES),
    },
    "NODATA": {
        "type": "number",
        "description": "The number that stands for no data. By default NaN, or the one end of the range of a type of "
        "whole numbers: the highest number of an unsigned type, the lowest of a signed one.",
    },
    "SCALE": {
        "type": "number",
        "description": "What stored numbers are to be multiplied by; it is noted in the file.",
        "default": 1,
    },
    "OFFSET": {
        "type": "number",
        "description": "What is to be added to stored numbers after that; it is noted in the file.",
        "default": 0,
    },
}


@dataclass(frozen=True)
class Packing:
    """How values become the numbers of a file: ``value = number * scale + offset``.

    Parameters
    ----------
    dtype : numpy.dtype
    nodata : int or float
        What NaN becomes.
    scale, offset : float
    boolean : bool
        Whether 0 and 1 mean false and true.
    """

    dtype: np.dtype[Any]
    nodata: float
    scale: float = 1.0
    offset: float = 0.0
    boolean: bool = False

    @classmethod
    def of(cls, dtype: np.dtype[Any], options: Mapping[str, Any]) -> Packing:
        """Return the packing of values of a type by the options of :data:`PARAMETERS`."""
        scale, offset = float(options.get("SCALE", 1)), float(options.get("OFFSET", 0))
        asked = options.get("DATA_TYPE")
        stored = np.dtype(asked) if asked else _stored_type(dtype)
        nodata = options.get("NODATA")
        if nodata is None:
            nodata = _default_nodata(stored)
        return cls(
            stored,
            float(stored.type(nodata)) if stored.kind == "f" else int(nodata),
            scale,
            offset,
            dtype.kind == "b" and stored.kind in "iu",
        )

    @property
    def packed(self) -> bool:
        """Whether the file notes a scale and an offset."""
        return (self.scale, self.offset) != (1.0, 0.0)

    def store(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values as the file's numbers."""
        if self.packed:
            values = (values.astype(np.float64) - self.offset) / self.scale
        if self.dtype.kind == "f":
            stored: NDArray[Any] = values.astype(self.dtype, copy=False)
            if not math.isnan(self.nodata):
                stored = np.where(np.isnan(stored), self.dtype.type(self.nodata), stored)
            return stored
        if values.dtype == self.dtype or values.dtype.kind == "b":
            return values.astype(self.dtype, copy=False)
        return self._whole_numbers(values)

    def _whole_numbers(self, values: NDArray[Any]) -> NDArray[Any]:
        low, high = (int(end) for end in (np.iinfo(self.dtype).min, np.iinfo(self.dtype).max))
        if not self.boolean:
            # A value beyond the range must not become the number for no data.
            low, high = low + (self.nodata == low), high - (self.nodata == high)
        if values.dtype.kind in "iu":
            return np.asarray(np.clip(values, low, high).astype(self.dtype))
        return self._rounded(values, low, high)

    def _rounded(self, values: NDArray[Any], low: int, high: int) -> NDArray[Any]:
        """Return floating-point numbers as whole ones, part by part, so that what is between stays in the cache."""
        # Single precision has all whole numbers of two bytes.
        exact = np.result_type(np.float32 if self.dtype.itemsize <= 2 else np.float64, values.dtype)
        parts = np.nditer(
            [values, None],
            flags=["external_loop", "buffered", "zerosize_ok"],
            op_flags=[["readonly"], ["writeonly", "allocate"]],
            op_dtypes=[exact, self.dtype],
            casting="unsafe",
            order="C",
            buffersize=_PART,
        )
        with parts:
            for part, numbers in parts:
                rounded = np.clip(np.rint(part), low, high)
                missing = np.isnan(rounded)
                if missing.any():
                    rounded[missing] = self.nodata
                numbers[...] = rounded
            stored: NDArray[Any] = parts.operands[1]
        return stored

    def band(self) -> dict[str, Any]:
        """Return the fields of ``raster:bands``."""
        special = {math.inf: "inf", -math.inf: "-inf"}
        nodata = "nan" if math.isnan(self.nodata) else special.get(self.nodata, self.nodata)
        entry: dict[str, Any] = {"data_type": self.dtype.name, "nodata": nodata}
        if self.packed:
            entry |= {"scale": self.scale, "offset": self.offset}
        return entry


def packing_problem(options: Mapping[str, Any], value: Any) -> str | None:
    """Return what is wrong with the options of :data:`PARAMETERS` for a cube, or None."""
    scale, offset = options.get("SCALE", 1), options.get("OFFSET", 0)
    if not math.isfinite(scale) or scale == 0 or not math.isfinite(offset):
        return f"SCALE is {scale} and OFFSET {offset}; both must be finite, and SCALE not 0"
    nodata, asked = options.get("NODATA"), options.get("DATA_TYPE")
    if nodata is None:
        return None
    stored = np.dtype(asked) if asked else _stored_type(value.dtype)
    if stored.kind == "f":
        return None
    low, high = np.iinfo(stored).min, np.iinfo(stored).max
    if not (math.isfinite(nodata) and nodata == int(nodata) and low <= nodata <= high):
        return f"NODATA is {nodata}, and numbers of the type {stored.name} are whole, from {low} to {high}"
    return None


def _stored_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind in "iu":
        # Blocks of whole numbers may have gaps, which are NaN.
        return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)
    return np.dtype(np.float64 if dtype.itemsize > 4 else np.float32)


def _default_nodata(dtype: np.dtype[Any]) -> float:
    if dtype.kind == "f":
        return math.nan
    return int(np.iinfo(dtype).max if dtype.kind == "u" else np.iinfo(dtype).min)
