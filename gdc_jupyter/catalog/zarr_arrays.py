"""Parts of Zarr arrays: by tensorstore where it is installed, which decodes faster, else by zarr-python."""

from __future__ import annotations

import importlib.util
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_part(group: Any, path: str, name: str, key: tuple[Any, ...]) -> NDArray[Any]:
    """Return a part of an array as stored.

    Parameters
    ----------
    group : zarr.Group
        The open group.
    path : str
        Its folder.
    name : str
        The array's name in it.
    key : tuple of int and slice
        What is wanted of each dimension.
    """
    fast = _tensorstore_array(str(Path(path, name)), *_version(path, name))
    # Looking an array up in a group takes as long as reading a small part of it.
    return np.asarray(group[name][key] if fast is None else fast[key].read().result())


def _version(path: str, name: str) -> tuple[str, int]:
    """Return the driver for an array, and what changes when it is written anew."""
    for driver, entry in (("zarr3", "zarr.json"), ("zarr", ".zarray")):
        with suppress(OSError):
            return driver, Path(path, name, entry).stat().st_mtime_ns
    return "zarr", 0


# Decoded chunks that are kept, for the blocks that need another part of them.
CACHE_BYTES = 256 << 20
# Whether this process was forked from one in which tensorstore ran: it would end the process at its first use.
_forbidden = False


@lru_cache(maxsize=64)
def _tensorstore_array(path: str, driver: str, changed: int) -> Any:
    """Return the open tensorstore, or None where that is not installed or cannot read the array."""
    if _forbidden or importlib.util.find_spec("tensorstore") is None:
        return None
    import tensorstore

    specification = {"driver": driver, "kvstore": {"driver": "file", "path": path}}
    try:
        return tensorstore.open(specification, read=True, open=True, context=_context()).result()
    except ValueError:  # a codec or data type that it does not know
        return None


@lru_cache(maxsize=1)
def _context() -> Any:
    """Return what all arrays share: the bound of the decoded chunks that are kept."""
    import tensorstore

    return tensorstore.Context({"cache_pool": {"total_bytes_limit": CACHE_BYTES}})


def forget() -> None:
    """Let go of all open arrays and of the decoded chunks that are kept."""
    _tensorstore_array.cache_clear()
    _context.cache_clear()


def _after_fork() -> None:
    global _forbidden
    _forbidden = _forbidden or _tensorstore_array.cache_info().currsize > 0
    forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
