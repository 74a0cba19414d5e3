"""At which resolution a graph is looked at: a plan for a view reads no finer than what is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdc_jupyter.cube.coarser import coarser, ground_size, largest_factor
from gdc_jupyter.cube.grid import Grid

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Source

# Pixels may be so many octaves larger than what is shown, rather than almost twice as fine.
_TOLERATED = 0.25


@dataclass(frozen=True)
class View:
    """A resolution.

    Parameters
    ----------
    metres : float
        The edge of a pixel that is shown, on the ground; 0 for all that the data have.
    """

    metres: float = 0.0

    def source(self, source: Source) -> Source:
        """Return a source that is read no finer than what is shown."""
        return source.coarser(self._factor(source.grid))

    def grid(self, grid: Grid) -> Grid:
        """Return a grid that the graph resamples to, no finer than what is shown."""
        factor = min(self._factor(grid), largest_factor(grid, grid))
        return (coarser(grid, factor) or grid) if factor > 1 else grid

    def _factor(self, grid: Grid) -> int:
        """Return how many pixels of a grid an edge of what is shown has, a power of two."""
        if not (self.metres and grid.regular):
            return 1
        ratio = self.metres / ground_size(grid)
        return 1 << max(math.floor(math.log2(ratio) + _TOLERATED), 0) if ratio > 0 else 1
