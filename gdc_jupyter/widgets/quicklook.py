"""A small picture of a cube, and a line that describes it."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

# Anchors of a perceptually ordered ramp from brown over yellow to green, equally spaced.
_RAMP = ((84, 48, 5), (166, 97, 26), (223, 194, 125), (250, 240, 190), (184, 216, 128), (90, 174, 97), (0, 90, 50))


def describe(cube: xr.DataArray) -> str:
    """Return the dimensions and type of a cube, ``bands: 1 (ndvi), y: 84, x: 96, float32``."""
    parts = []
    for name, size in cube.sizes.items():
        labels = ""
        if name == "bands" and "bands" in cube.coords and cube["bands"].dtype.kind in "UO" and size <= 8:
            labels = f" ({', '.join(str(label) for label in cube['bands'].values)})"
        parts.append(f"{name}: {size}{labels}")
    return f"{', '.join(parts)}, {cube.dtype}"


def quicklook(cube: xr.DataArray, size: int = 320) -> dict[str, Any] | None:
    """Return a picture of the first layer of a cube, or None where it has no two dimensions of numbers.

    Parameters
    ----------
    cube : xarray.DataArray
        The last two dimensions are drawn; of any other the first label is taken.
    size : int
        The most pixels on a side; larger layers are thinned.

    Returns
    -------
    dict
        ``url`` (a PNG data URL) and ``low`` and ``high``, the 2nd and 98th percentiles that the colours span.
    """
    import numpy as np

    if cube.ndim < 2 or cube.dtype.kind not in "fiu":
        return None
    layer = cube.isel(dict.fromkeys(cube.dims[:-2], 0))
    rows, columns = layer.dims
    step = max(1, -(-max(layer.shape) // size))
    layer = layer.isel({rows: slice(None, None, step), columns: slice(None, None, step)})
    if rows in layer.coords and layer.sizes[rows] > 1 and layer[rows][0] < layer[rows][-1]:
        layer = layer.isel({rows: slice(None, None, -1)})
    values = np.asarray(layer.values, dtype=np.float64)
    valid = np.isfinite(values)
    if not valid.any():
        return None
    low, high = (float(edge) for edge in np.percentile(values[valid], (2, 98)))
    share = np.clip((np.where(valid, values, low) - low) / ((high - low) or 1.0), 0, 1) * (len(_RAMP) - 1)
    ramp = np.array(_RAMP, dtype=np.float64)
    pixels = np.empty((*values.shape, 4), dtype=np.uint8)
    for channel in range(3):
        pixels[..., channel] = np.interp(share, np.arange(len(_RAMP)), ramp[:, channel])
    pixels[..., 3] = np.where(valid, 255, 0)
    return {"url": "data:image/png;base64," + base64.b64encode(_png(pixels)).decode(), "low": low, "high": high}


def _png(pixels: NDArray[np.uint8]) -> bytes:
    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + pixels[row].tobytes() for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
