"""What functions that a warm worker calls are given, and what they answer; and answers as they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol


class Context(Protocol):
    """What answers work with."""

    request: dict[str, Any]

    def catalog(self, viewer: str | None) -> Any:
        """Return the catalogue as a user may see it, or as who has not logged in may."""

    def permissions(self, owner: str | None) -> Any:
        """Return what process graphs of a user may do."""


@dataclass(frozen=True)
class Streamed:
    """An answer.

    Attributes
    ----------
    head : dict
        ``media_type`` and ``headers`` of the bytes, or the whole answer where there are none.
    chunks : iterable of bytes
        The bytes, made as they are sent; what was opened for them is closed by their end.
    """

    head: dict[str, Any]
    chunks: Iterable[bytes | bytearray | memoryview] = ()


class Stream(Protocol):
    """An answer whose bytes come one after the other.

    Attributes
    ----------
    head : dict
        ``media_type`` and ``headers`` of the bytes.
    """

    head: dict[str, Any]

    def chunks(self) -> AsyncIterator[bytes]:
        """Give the bytes as they come."""
