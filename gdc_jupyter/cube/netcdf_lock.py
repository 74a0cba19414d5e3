"""The one lock of the netCDF and HDF5 libraries, which are not thread-safe, not even for different files."""

from __future__ import annotations

import os
import threading

_lock = threading.RLock()


def netcdf_lock() -> threading.RLock:
    """Return the lock that whoever reads or writes such a file holds meanwhile."""
    return _lock


def _renew() -> None:
    global _lock
    _lock = threading.RLock()


# A thread that held it is not there any more after a fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
