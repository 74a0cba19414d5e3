"""Memory of blocks is used again for the next: returned to the system, it would have to be cleared page by page."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from functools import lru_cache

# Parameters of glibc's mallopt, from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# Larger pieces go back to the system at once, and free memory at the end of the heap above that.
LARGEST_PIECE, MOST_FREE = 64 << 20, 256 << 20


@lru_cache(maxsize=1)
def keep_freed_memory() -> None:
    """Have the C library keep what is freed, up to a bound; nothing where it is another than glibc."""
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        if hasattr(libc, "gnu_get_libc_version"):
            libc.mallopt(_MMAP_THRESHOLD, LARGEST_PIECE)
            libc.mallopt(_TRIM_THRESHOLD, MOST_FREE)
            # Further heaps would be given back as soon as they are empty.
            libc.mallopt(_ARENA_MAX, 1)
