"""Where the pixels of a grid are that is not regular: labels of each axis, or two coordinates of each pixel."""

from __future__ import annotations

import hashlib
import math
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A search tree is made once, by the first thread that needs it.
_lock = threading.Lock()


class Geolocation:
    """The coordinates of pixel centres, in units of the grid's CRS; the rows and columns of the grid count into them.

    Parameters
    ----------
    x, y : numpy.ndarray or None
        Both of shape (rows, columns) on a curvilinear grid. On a rectilinear one, strictly monotonic labels of the
        columns and of the rows; None for an axis that is regular.
    """

    def __init__(self, x: NDArray[Any] | None, y: NDArray[Any] | None) -> None:
        import numpy as np

        self.x, self.y = (None if each is None else np.ascontiguousarray(each, np.float64) for each in (x, y))
        digest = hashlib.blake2b(digest_size=16)
        for each in (self.x, self.y):
            digest.update(b"-" if each is None else f"{each.shape}".encode() + each.tobytes())
        self.key = digest.digest()
        self._tree: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Geolocation) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_tree": None}

    def __repr__(self) -> str:
        return f"Geolocation({self.key.hex()})"

    @property
    def curvilinear(self) -> bool:
        """Whether each pixel has coordinates of its own."""
        return self.x is not None and self.x.ndim == 2

    def axis(self, horizontal: bool) -> NDArray[np.float64] | None:
        """Return the labels of the columns, or of the rows; None where they are regular or have none."""
        return None if self.curvilinear else self.x if horizontal else self.y

    def points(self, rows: slice, columns: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the coordinates of a window of a curvilinear grid, NaN outside of it."""
        import numpy as np

        assert self.x is not None
        assert self.y is not None
        height, width = self.x.shape
        parts = []
        for values in (self.x, self.y):
            top, bottom = max(rows.start, 0), min(rows.stop, height)
            left, right = max(columns.start, 0), min(columns.stop, width)
            part = values[top:bottom, left:right]
            if part.shape != (rows.stop - rows.start, columns.stop - columns.start):
                whole = np.full((rows.stop - rows.start, columns.stop - columns.start), np.nan)
                if part.size:
                    whole[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start] = part
                part = whole
            parts.append(part)
        return parts[0], parts[1]

    def tree(self, geographic: bool) -> Any:
        """Return a search tree of all pixels (`scipy.spatial.cKDTree`): unit vectors, or plane coordinates."""
        with _lock:
            if self._tree is None:
                import numpy as np
                from scipy.spatial import cKDTree  # type: ignore[import-untyped]

                points = cartesian(self.x, self.y, geographic).reshape(-1, 3)
                # The tree takes no NaN: pixels without coordinates are put out of reach.
                self._tree = cKDTree(np.where(np.isfinite(points), points, 1e30))
        return self._tree


def cartesian(x: Any, y: Any, geographic: bool) -> NDArray[np.float64]:
    """Return points as vectors, shape (..., 3): on the unit sphere, or in a plane."""
    import numpy as np

    if not geographic:
        return np.stack([x, y, np.zeros_like(x)], axis=-1)
    longitude, latitude = np.radians(x), np.radians(y)
    return np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=-1
    )


def edges(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the edges between labels, halfway, and those before the first and after the last."""
    import numpy as np

    if labels.size == 1:
        return np.array([labels[0] - 0.5, labels[0] + 0.5])
    middle = (labels[1:] + labels[:-1]) / 2
    outer = 2 * labels[0] - middle[0], 2 * labels[-1] - middle[-1]
    return np.concatenate([outer[:1], middle, outer[1:]])


def take(labels: NDArray[Any], start: int, count: int) -> NDArray[np.float64]:
    """Return labels from a position on, continued with the outermost steps beyond their ends."""
    import numpy as np

    positions = np.arange(start, start + count)
    inside: NDArray[np.float64] = labels[positions.clip(0, labels.size - 1)]
    if labels.size < 2 or (start >= 0 and start + count <= labels.size):
        return inside
    before, after = np.minimum(positions, 0), np.maximum(positions - labels.size + 1, 0)
    extended: NDArray[np.float64] = inside + before * (labels[1] - labels[0]) + after * (labels[-1] - labels[-2])
    return extended


def longitudes(values: NDArray[Any], columns: int) -> tuple[float, float]:
    """Return the western and eastern edge of longitudes: the shortest arc that holds them, with half a step around."""
    import numpy as np

    known = np.unique(values[np.isfinite(values)] % 360)
    if not known.size:
        return -180.0, 180.0
    gaps = np.diff(known, append=known[0] + 360)
    widest = int(gaps.argmax())
    span = 360 - float(gaps[widest])
    step = span / max(columns - 1, 1)
    if span + 2 * step >= 360:
        return -180.0, 180.0
    west = float(known[(widest + 1) % known.size]) - step / 2
    west -= 360 * math.floor((west + 180) / 360)
    return west, west + span + step


def extent(values: NDArray[Any], count: int) -> tuple[float, float]:
    """Return the least and the greatest coordinate with half a step around."""
    import numpy as np

    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    half = (high - low) / max(count - 1, 1) / 2
    return low - half, high + half
