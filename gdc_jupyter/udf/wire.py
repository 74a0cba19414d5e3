"""Messages between a job and the process that runs code of the user: JSON, and the bare values of arrays after it.

Nothing that arrives is ever executed, as unpickling would: the code at the other end is not to be trusted.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

_LENGTH = struct.Struct("<Q")
_KINDS = "biufcMm"
_LARGEST_TEXT = 64 << 20


class Closed(Exception):
    """The other end is gone."""


class Late(Exception):
    """The other end took too long."""


def send(connection: socket.socket, message: Any, deadline: float | None = None) -> None:
    """Send a message.

    Parameters
    ----------
    connection : socket.socket
    message : object
        JSON with arrays, ``xarray.DataArray`` and shapely geometries in it.
    deadline : float, optional
        The time of ``time.monotonic`` by which it must be sent.

    Raises
    ------
    Closed, Late
        The other end is gone, or does not take it.
    """
    arrays: list[NDArray[Any]] = []
    text = json.dumps(_packed(message, arrays)).encode()
    try:
        parts: list[bytes | memoryview] = [_LENGTH.pack(len(text)), text, *filter(len, map(_memory, arrays))]
        for part in parts:
            _wait_until(connection, deadline)
            connection.sendall(part)
    except TimeoutError:
        raise Late from None
    except OSError:
        raise Closed from None


def receive(connection: socket.socket, deadline: float | None = None, largest: int | None = None) -> Any:
    """Return the next message.

    Parameters
    ----------
    connection : socket.socket
    deadline : float, optional
        The time of ``time.monotonic`` by which it must be here.
    largest : int, optional
        The bytes that its arrays may have together.

    Raises
    ------
    Closed, Late
        The other end is gone, or has sent too much; or it took too long.
    """
    try:
        (length,) = _LENGTH.unpack(_read(connection, bytearray(_LENGTH.size), deadline))
        if length > _LARGEST_TEXT:
            raise Closed
        packed = json.loads(bytes(_read(connection, bytearray(length), deadline)))
    except TimeoutError:
        raise Late from None
    except OSError:
        raise Closed from None

    def fetch(entry: dict[str, Any]) -> NDArray[Any]:
        nonlocal largest
        dtype, shape = np.dtype(entry["dtype"]), tuple(map(int, entry["shape"]))
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in _KINDS or min(shape, default=0) < 0 or (largest is not None and size > largest):
            raise Closed
        largest = None if largest is None else largest - size
        values = np.empty(shape, dtype)
        try:
            _read(connection, _memory(values), deadline)
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Closed from None
        return values

    return _unpacked(packed["content"], [fetch(entry) for entry in packed["arrays"]])


def _packed(message: Any, arrays: list[NDArray[Any]]) -> dict[str, Any]:
    content = _pack(message, arrays)
    return {"content": content, "arrays": [{"dtype": each.dtype.str, "shape": each.shape} for each in arrays]}


def _pack(value: Any, arrays: list[NDArray[Any]]) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return _pack(np.asarray(value), arrays) if value.dtype.kind in "Mm" else value.item()
    if isinstance(value, dict):
        return {"object": {str(name): _pack(member, arrays) for name, member in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_pack(member, arrays) for member in value]
    if isinstance(value, np.ndarray):
        if value.dtype.kind in _KINDS:
            arrays.append(np.ascontiguousarray(value).reshape(value.shape))
            return {"array": len(arrays) - 1}
        return {"items": [_pack(item, arrays) for item in value.ravel().tolist()], "shape": value.shape}
    if isinstance(value, xr.DataArray):
        return {"cube": _pack_cube(value, arrays)}
    if hasattr(value, "wkb_hex"):
        return {"wkb": value.wkb_hex}
    if hasattr(value, "calendar") and hasattr(value, "timetuple"):
        instant = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
        return {"cftime": [instant, value.calendar]}
    raise TypeError(f"A value of the type {type(value).__name__} cannot be passed on.")


def _pack_cube(cube: xr.DataArray, arrays: list[NDArray[Any]]) -> Any:
    coordinates = {
        str(name): {
            "dims": [str(each) for each in coordinate.dims],
            "values": _pack(coordinate.values, arrays),
            "attrs": _plain(coordinate.attrs),
        }
        for name, coordinate in cube.coords.items()
    }
    return {
        "dims": [str(name) for name in cube.dims],
        "values": _pack(cube.values, arrays),
        "coords": coordinates,
        "attrs": _plain(cube.attrs),
    }


def _plain(attributes: Any) -> dict[str, Any]:
    """Return those attributes that are JSON."""
    kept = {}
    for name, value in attributes.items():
        try:
            kept[str(name)] = json.loads(json.dumps(value))
        except (TypeError, ValueError):
            continue
    return kept


def _unpacked(value: Any, arrays: list[NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return [_unpacked(member, arrays) for member in value]
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = [(kind, inner) for kind, inner in value.items() if kind != "shape"]
    if kind == "object":
        return {name: _unpacked(member, arrays) for name, member in inner.items()}
    if kind == "array":
        return arrays[inner]
    if kind == "items":
        values = np.empty(len(inner), dtype=object)
        values[:] = [_unpacked(member, arrays) for member in inner]
        return values.reshape(value["shape"])
    if kind == "wkb":
        import shapely

        return shapely.from_wkb(inner)
    if kind == "cftime":
        import cftime  # type: ignore[import-untyped]

        return cftime.datetime(*inner[0], calendar=inner[1])
    coordinates = {
        name: (each["dims"], _unpacked(each["values"], arrays), each["attrs"]) for name, each in inner["coords"].items()
    }
    return xr.DataArray(
        _unpacked(inner["values"], arrays), dims=inner["dims"], coords=coordinates, attrs=inner["attrs"]
    )


def _memory(values: NDArray[Any]) -> memoryview:
    return values.reshape(-1).view(np.uint8).data


def _read(connection: socket.socket, buffer: bytearray | memoryview, deadline: float | None) -> bytearray | memoryview:
    view = memoryview(buffer)
    while view:
        _wait_until(connection, deadline)
        count = connection.recv_into(view)
        if not count:
            raise Closed
        view = view[count:]
    return buffer


def _wait_until(connection: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        connection.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
