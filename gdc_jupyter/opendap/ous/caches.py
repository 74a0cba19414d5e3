"""Caches that can be looked at and emptied: what is known of those who ask, and of concepts."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any


def token_key(kind: str, token: str, *more: str) -> str:
    """Return a key that tells nothing of a token."""
    return ":".join([kind, hashlib.sha256(token.encode()).hexdigest()[:16], *more])


class Cache:
    """A cache of the values that were used last, each for a while.

    Parameters
    ----------
    most : int
        Values that are kept.
    seconds : float
        How long one is good for.
    """

    def __init__(self, most: int = 1000, seconds: float = 3600.0) -> None:
        self._most = most
        self._seconds = seconds
        self._values: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    def get(self, key: str) -> Any:
        """Return a value, None where it is not kept."""
        until, value = self._values.get(key, (0.0, None))
        if until < time.monotonic():
            self._values.pop(key, None)
            return None
        self._values.move_to_end(key)
        return value

    def put(self, key: str, value: Any) -> None:
        """Keep a value."""
        self._values[key] = (time.monotonic() + self._seconds, value)
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    async def of(self, key: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """Return what is kept, or make it and keep it; None is made anew each time."""
        value = self.get(key)
        if value is None:
            value = await make()
            if value is not None:
                self.put(key, value)
        return value

    def remove(self, key: str) -> None:
        """Forget a value."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()

    def everything(self) -> dict[str, Any]:
        """Return what is kept."""
        return {key: value for key in list(self._values) if (value := self.get(key)) is not None}
