"""Asking the DAP server, and what tests look at in its answers."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import netCDF4
import numpy as np
import requests

import gdc_jupyter

from .files import TYPES

SAMPLES = Path(gdc_jupyter.__file__).parent / "samples"
NUMBERS = ["time", "lat", "lon", "sst", "wind", "rain", "big_endian"]
NUMBERS += [f"{shape}_{kind}" for shape in ("vector", "scalar") for kind in TYPES]
VARIED = "group/varied/varied"
DAP4 = "{http://xml.opendap.org/ns/DAP/4.0#}"


def ask(dap, path, **options):
    return requests.get(f"{dap.root}/{path}", timeout=30, **options)


def same(found, expected):
    """Tell whether arrays are the same bit by bit, the type of the numbers aside."""
    found, expected = np.asarray(found), np.asarray(expected)
    found = found.astype(found.dtype.newbyteorder("="))
    if expected.dtype.kind == "f":
        bits = f"u{expected.dtype.itemsize}"
        native = expected.astype(expected.dtype.newbyteorder("="))
        return found.shape == expected.shape and (np.ascontiguousarray(found).view(bits) == native.view(bits)).all()
    if found.dtype.kind == "i" and expected.dtype.kind == "u" and found.itemsize == expected.itemsize:
        found = found.view(expected.dtype)
    return found.shape == expected.shape and (found == expected).all()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def dechunked(content):
    """Return the flags of the first chunk, the description in it, and what the other chunks hold."""
    parts, first, last = [], None, 0
    while content:
        assert not last, "nothing comes after the last chunk"
        (head,) = struct.unpack(">I", content[:4])
        size, flags = head & 0xFFFFFF, head >> 24
        first, last = flags if first is None else first, flags & 1
        parts.append(content[4 : 4 + size])
        assert len(parts[-1]) == size
        content = content[4 + size :]
    assert last
    return first, parts[0], b"".join(parts[1:])


@contextmanager
def downloaded(dap, path):
    answer = ask(dap, path)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    name = path.partition("?")[0].rpartition("/")[2].replace(".dap.", ".")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    with netCDF4.Dataset("memory", memory=answer.content) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset


def read_with_gdal(address, band, target):
    """Read a band by GDAL's netCDF driver in a process of its own: its libraries clash with those of netCDF4."""
    code = (
        "import json, sys, numpy, rasterio\n"
        "with rasterio.open(sys.argv[1]) as file:\n"
        "    numpy.save(sys.argv[3], file.read(int(sys.argv[2])))\n"
        "    print(json.dumps([file.crs.to_wkt() if file.crs else '', list(file.transform)[:6]]))\n"
    )
    command = [sys.executable, "-c", code, address, str(band), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        return None
    return np.load(target), *json.loads(done.stdout)
