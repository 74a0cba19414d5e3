"""Values that were read lately, for clients that ask for the same slab again, or for the same one in another form."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from numpy.typing import NDArray

#: Bytes that are kept in all; and the most that a slab may have whose values are worth keeping.
BYTES = 64 << 20
LARGEST_SLAB_BYTES = 16 << 20
#: How much of what was asked for is known to have been.
_ASKED = 4096


class KeptValues:
    """Arrays by what they are of; those that were not used for longest go first.

    What is asked for the first time is not kept: to hold it costs as much as to read it, and most is asked for once.

    Parameters
    ----------
    most : int
        Bytes that are kept.
    """

    def __init__(self, most: int = BYTES) -> None:
        self._most = most
        self._arrays: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()
        self._asked: OrderedDict[int, None] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return the array of a key, which a function reads where it is not there."""
        with self._lock:
            found = self._arrays.get(key)
            if found is not None:
                self._arrays.move_to_end(key)
                return found
            again = hash(key) in self._asked
            self._asked[hash(key)] = None
            if len(self._asked) > _ASKED:
                self._asked.popitem(last=False)
        values = read()
        if again:
            self._keep(key, values)
        return values

    def _keep(self, key: Hashable, values: NDArray[Any]) -> None:
        values.flags.writeable = False
        with self._lock:
            if key not in self._arrays and values.nbytes <= self._most:
                self._arrays[key] = values
                self._bytes += values.nbytes
            while self._bytes > self._most:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes


KEPT = KeptValues()
