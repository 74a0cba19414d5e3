"""Small pictures and rasters that the back-ends for tests serve."""

from __future__ import annotations

import struct
import zlib
from functools import cache

SIDE = 16


def png(red: int, green: int, blue: int) -> bytes:
    """Return a square of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes((red, green, blue)) * SIDE) * SIDE
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@cache
def geotiff(west: float = 11.0, north: float = 46.5, bands: int = 1) -> bytes:
    """Return a raster of 32 x 32 pixels of 0.01 degrees, whose values are the numbers of the pixels, rows first."""
    import numpy as np
    from rasterio.io import MemoryFile
    from rasterio.transform import from_origin

    values = np.arange(32 * 32, dtype="float32").reshape(32, 32)
    profile = {"driver": "GTiff", "width": 32, "height": 32, "count": bands, "dtype": "float32", "nodata": -1}
    with MemoryFile() as memory:
        with memory.open(**profile, crs="EPSG:4326", transform=from_origin(west, north, 0.01, 0.01)) as raster:
            for band in range(1, bands + 1):
                raster.write(values + band - 1, band)
        return bytes(memory.read())
