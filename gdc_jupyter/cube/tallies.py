"""Statistics of the pixels of zones, added up block by block so that no more than a block is in memory.

A mean or a sum weighs each pixel by the share of it that lies in the zone (1 for all pixels of a cube):

* mean: sum(w v) / sum(w); sum: sum(w v); count: sum(w)
* variance: sum(w (v - mean)^2) / (sum(w) - sum(w^2) / sum(w)), the unbiased estimate for weights of this kind; with
  weights of 1 it is the variance of a sample

The others (smallest, greatest, product, any, all) look at the pixels whose centres lie in the zone. Blocks are merged
as Chan, Golub and LeVeque (1979) merge the sums of squares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.cube.coverage import Cells

Fields = dict[str, NDArray[np.float64]]
# What is added up for each statistic: by shares, or by centres.
_SHARED = {"weight": 0.0, "total": 0.0, "finite": 0.0, "sum": 0.0, "square": 0.0, "m2": 0.0}
_CENTRED = {"seen": 0.0, "all": 0.0, "min": np.inf, "max": -np.inf, "product": 1.0, "true": 0.0}
_NEEDS = {
    "mean": ("weight", "total", "sum"),
    "sum": ("weight", "total", "sum"),
    "count": ("total", "finite"),
    "variance": ("weight", "total", "sum", "square", "m2"),
    "sd": ("weight", "total", "sum", "square", "m2"),
    "min": ("seen", "all", "min"),
    "max": ("seen", "all", "max"),
    "product": ("seen", "all", "product"),
    "any": ("seen", "all", "true"),
    "all": ("seen", "all", "true"),
}
WEIGHTED = frozenset({"mean", "sum", "count", "variance", "sd"})


@dataclass(frozen=True)
class Statistic:
    """A statistic by the name of its process, with what else the process is given.

    Parameters
    ----------
    process : str
    arguments : mapping
        ``ignore_nodata``, and ``condition`` of ``count``.
    """

    process: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether it follows from sums over blocks."""
        if self.process not in _NEEDS or not set(self.arguments) <= {"ignore_nodata", "condition", "context"}:
            return False
        ignores, condition = self.arguments.get("ignore_nodata", True), self.arguments.get("condition")
        return isinstance(ignores, bool) and (condition is None or condition is True)

    @property
    def weighs(self) -> bool:
        """Whether pixels count by their shares."""
        return self.process in WEIGHTED

    def result(self, fields: Fields) -> NDArray[np.float64]:
        """Return the statistic from what has been added up; NaN is no-data."""
        with np.errstate(all="ignore"):
            value, complete = _RESULTS[self.process](fields, self.arguments)
        if not self.arguments.get("ignore_nodata", True):
            value = np.where(complete, value, np.nan)
        return np.asarray(value, np.float64)


class Tallies:
    """What is added up for some statistics of some zones and layers.

    Parameters
    ----------
    statistics : iterable of Statistic
    zones, layers : int
    more : iterable of str
        Further fields that are wanted.
    """

    def __init__(self, statistics: Iterable[Statistic], zones: int, layers: int, more: Iterable[str] = ()) -> None:
        needed = {name for statistic in statistics for name in _NEEDS[statistic.process]} | set(more)
        self.names = [name for name in (*_SHARED, *_CENTRED) if name in needed]
        starts = {**_SHARED, **_CENTRED}
        self.fields: Fields = {name: np.full((zones, layers), starts[name]) for name in self.names}

    @property
    def centred(self) -> bool:
        """Whether pixels are needed by their centres."""
        return any(name in _CENTRED for name in self.names)

    def add(self, members: NDArray[np.intp] | slice, part: Fields) -> None:
        """Add what a block has of some zones."""
        whole = {name: values[members] for name, values in self.fields.items()}
        if "m2" in whole:
            weight, other = whole["weight"], part["weight"]
            with np.errstate(all="ignore"):
                apart = part["sum"] / other - whole["sum"] / weight
                between = apart * apart * weight * other / (weight + other)
            part = {**part, "m2": part["m2"] + np.where((weight > 0) & (other > 0), between, 0.0)}
        for name, values in part.items():
            self.fields[name][members] = _MERGE.get(name, np.add)(whole[name], values)

    def of_cells(self, values: NDArray[Any], covered: Cells, centred: Cells | None) -> Fields:
        """Return what a block has of zones.

        Parameters
        ----------
        values : numpy.ndarray, shape (layers, height, width)
        covered, centred : Cells
            The zones' pixels by shares, and by centres where they are needed.
        """
        shared = _of_shares(self.names, values, covered) if any(name in _SHARED for name in self.names) else {}
        return shared if centred is None else {**shared, **_of_centres(self.names, values, centred)}

    def of_all(self, values: NDArray[Any]) -> Fields:
        """Return what a block of shape (layers, height, width) has as one zone; fields have the shape (1, layers)."""
        x = values.reshape(len(values), -1).astype(np.float64, copy=False)
        valid = ~np.isnan(x)
        seen = valid.sum(axis=1).astype(np.float64)
        clean = np.where(valid, x, 0.0)
        total = clean.sum(axis=1)
        make: dict[str, Callable[[], Any]] = {
            **dict.fromkeys(("weight", "seen", "square"), lambda: seen),
            **dict.fromkeys(("total", "all"), lambda: np.full(len(x), x.shape[1], np.float64)),
            "finite": lambda: np.isfinite(x).sum(axis=1),
            "sum": lambda: total,
            "m2": lambda: _squares(clean, valid, total, seen),
            "min": lambda: np.fmin.reduce(x, axis=1, initial=np.inf),
            "max": lambda: np.fmax.reduce(x, axis=1, initial=-np.inf),
            "product": lambda: np.multiply.reduce(x, axis=1, where=valid),
            "true": lambda: ((x != 0) & valid).sum(axis=1),
        }
        return {name: np.asarray(make[name](), np.float64)[np.newaxis] for name in self.names}


def _squares(
    clean: NDArray[np.float64], valid: NDArray[np.bool_], total: NDArray[np.float64], seen: NDArray[np.float64]
) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        centre = np.where(seen > 0, total / seen, 0.0)[:, np.newaxis]
        apart = np.where(valid, clean - centre, 0.0)
    return np.asarray((apart * apart).sum(axis=1))


def _of_shares(names: list[str], values: NDArray[Any], cells: Cells) -> Fields:
    wanted = [name for name in names if name in _SHARED]
    sums = _Shares(cells, values.shape[1] * values.shape[2], "square" in wanted)
    fields = {name: np.empty((len(cells.starts) - 1, len(values))) for name in wanted}
    for layer, row in enumerate(values):
        found = sums.of(np.array(row, np.float64, order="C").reshape(-1), wanted)
        for name in wanted:
            fields[name][:, layer] = found[name]
    return fields


class _Shares:
    """Sums over the pixels of zones, weighed by their shares.

    Parameters
    ----------
    cells : Cells
    size : int
        The number of pixels of the block.
    squares : bool
        Whether sums of squared shares are wanted.
    """

    def __init__(self, cells: Cells, size: int, squares: bool) -> None:
        ones = np.ones(size)
        self.cells = cells
        self.matrix = _matrix(cells.shares, cells, size)
        self.squares = _matrix(cells.shares**2, cells, size) if squares else None
        self.total = self.matrix @ ones
        self.total_square = None if self.squares is None else self.squares @ ones
        self.owner = np.repeat(np.arange(len(cells.starts) - 1), np.diff(cells.starts)) if squares else np.empty(0, int)

    def of(self, x: NDArray[np.float64], wanted: list[str]) -> Fields:
        """Return what is wanted of the pixels of a layer, which are changed."""
        gaps = np.isnan(x)
        some = bool(gaps.any())
        valid = (~gaps).astype(np.float64) if some else None
        if some:
            x[gaps] = 0.0
        found: Fields = {"total": self.total, "weight": self.total if valid is None else self.matrix @ valid}
        if "sum" in wanted:
            found["sum"] = self.matrix @ x
        if "finite" in wanted:
            finite = np.isfinite(x)
            found["finite"] = found["weight"] if finite.all() else self.matrix @ (finite & ~gaps).astype(np.float64)
        if self.squares is not None:
            assert self.total_square is not None
            found["square"] = self.total_square if valid is None else self.squares @ valid
        if "m2" in wanted:
            found["m2"] = self._spread(x, gaps, found["sum"], found["weight"])
        return found

    def _spread(self, x: Any, gaps: Any, total: Any, weight: Any) -> NDArray[np.float64]:
        pixels = self.cells.pixels
        with np.errstate(all="ignore"):
            centre = np.where(weight > 0, total / weight, 0.0)
            apart = np.where(gaps[pixels], 0.0, x[pixels] - centre[self.owner])
        return np.bincount(self.owner, self.cells.shares * apart * apart, minlength=len(weight)).astype(np.float64)


def _of_centres(names: list[str], values: NDArray[Any], cells: Cells) -> Fields:
    wanted = [name for name in names if name in _CENTRED]
    lengths = np.diff(cells.starts)
    some = np.flatnonzero(lengths)
    fields = {name: np.full((len(lengths), len(values)), _CENTRED[name]) for name in wanted}
    if len(some):
        for layer, row in enumerate(values):
            x = np.ascontiguousarray(row).reshape(-1)[cells.pixels].astype(np.float64)
            found = _of_segments(x, cells.starts[some], wanted)
            for name in wanted:
                fields[name][some, layer] = lengths[some] if name == "all" else found[name]
    return fields


def _of_segments(x: NDArray[np.float64], starts: NDArray[np.int64], wanted: list[str]) -> Fields:
    valid = ~np.isnan(x)
    found: Fields = {"seen": np.add.reduceat(valid.astype(np.float64), starts)}
    if "min" in wanted:
        found["min"] = np.fmin.reduceat(x, starts)
    if "max" in wanted:
        found["max"] = np.fmax.reduceat(x, starts)
    if "product" in wanted:
        found["product"] = np.multiply.reduceat(np.where(valid, x, 1.0), starts)
    if "true" in wanted:
        found["true"] = np.add.reduceat(((x != 0) & valid).astype(np.float64), starts)
    return found


def _matrix(data: NDArray[np.float64], cells: Cells, pixels: int) -> Any:
    from scipy.sparse import csr_array  # type: ignore[import-untyped]

    return csr_array(
        (data, cells.pixels, cells.starts.astype(cells.pixels.dtype)), shape=(len(cells.starts) - 1, pixels)
    )


_MERGE: dict[str, Any] = {"min": np.fmin, "max": np.fmax, "product": np.multiply}


def _mean(fields: Fields, _: Any) -> tuple[Any, Any]:
    return np.where(fields["weight"] > 0, fields["sum"] / fields["weight"], np.nan), _complete(fields)


def _sum(fields: Fields, _: Any) -> tuple[Any, Any]:
    return np.where(fields["weight"] > 0, fields["sum"], np.nan), _complete(fields)


def _complete(fields: Fields) -> Any:
    return fields["weight"] >= fields["total"] * (1 - 1e-12)


def _count(fields: Fields, arguments: Mapping[str, Any]) -> tuple[Any, Any]:
    counted = fields["total"] if arguments.get("condition") is True else fields["finite"]
    return np.where(fields["total"] > 0, counted, np.nan), True


def _variance(fields: Fields, _: Any) -> tuple[Any, Any]:
    weight = fields["weight"]
    free = weight - fields["square"] / weight
    # With one pixel nothing is left but a rounding error.
    return np.where((weight > 0) & (free > 1e-9 * weight), fields["m2"] / free, np.nan), _complete(fields)


def _sd(fields: Fields, arguments: Any) -> tuple[Any, Any]:
    value, complete = _variance(fields, arguments)
    return np.sqrt(value), complete


def _extreme(name: str) -> Callable[[Fields, Any], tuple[Any, Any]]:
    def result(fields: Fields, _: Any) -> tuple[Any, Any]:
        return np.where(fields["seen"] > 0, fields[name], np.nan), fields["seen"] == fields["all"]

    return result


def _any(fields: Fields, _: Any) -> tuple[Any, Any]:
    value = np.where(fields["seen"] > 0, fields["true"] > 0, np.nan)
    # One true value decides, whatever the missing ones are.
    return value, (fields["seen"] == fields["all"]) | (fields["true"] > 0)


def _all(fields: Fields, _: Any) -> tuple[Any, Any]:
    value = np.where(fields["seen"] > 0, fields["true"] == fields["seen"], np.nan)
    return value, (fields["seen"] == fields["all"]) | (fields["true"] < fields["seen"])


_RESULTS: dict[str, Callable[[Fields, Any], tuple[Any, Any]]] = {
    "mean": _mean,
    "sum": _sum,
    "count": _count,
    "variance": _variance,
    "sd": _sd,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "product": _extreme("product"),
    "any": _any,
    "all": _all,
}
