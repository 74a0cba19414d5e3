"""A layer of a map: what its legend and its figure need to know, whatever it is made of."""

from __future__ import annotations

import itertools
from typing import Any

import ipyleaflet
import traitlets

from gdc_jupyter.selection import BBox

_numbers = itertools.count(1)


class MapLayer(traitlets.HasTraits):
    """A result on a map.

    Attributes
    ----------
    name : str
        What it is called in the legend.
    visible : bool
        Whether it is shown.
    opacity : float
        From 0 to 1.
    loading : bool
        Whether something of it is on its way.
    problem : str
        What has failed last; empty where all is well.
    leaflet : ipyleaflet.Layer
        What is on the map.
    """

    name = traitlets.Unicode(read_only=True)
    visible = traitlets.Bool(True)
    opacity = traitlets.Float(1.0, min=0.0, max=1.0)
    loading = traitlets.Bool(False)
    problem = traitlets.Unicode("")
    #: Whether it is computed for a view, and can be computed for another one.
    of_view = False

    def __init__(self, name: str, leaflet: ipyleaflet.Layer, opacity: float) -> None:
        super().__init__(opacity=opacity)
        self.set_trait("name", name)
        self.id = next(_numbers)
        self.leaflet = leaflet
        for trait in ("visible", "opacity"):
            traitlets.link((self, trait), (leaflet, trait))

    @property
    def source(self) -> Any:
        """What it was made of: the same once more replaces it."""
        raise NotImplementedError

    @property
    def bounds(self) -> BBox | None:
        """Its area in degrees, as far as it is known."""
        raise NotImplementedError

    @property
    def range(self) -> tuple[float, float] | None:
        """The values of the first and the last colour of a single band, once they are known."""
        raise NotImplementedError

    @property
    def colors(self) -> list[str]:
        """The colours of a single band that follow each other from the lowest to the highest value."""
        raise NotImplementedError

    @property
    def note(self) -> str:
        """What is shown of a result that holds more."""
        raise NotImplementedError

    def row(self) -> dict[str, Any]:
        """Return what the legend shows."""
        low, high = ("", "") if self.range is None else map(_number, self.range)
        return {
            "id": self.id,
            "name": self.name,
            "visible": self.visible,
            "opacity": self.opacity,
            "loading": self.loading,
            "colors": self.colors,
            "low": low,
            "high": high,
            "note": self.note,
            "problem": self.problem,
            "bounds": self.bounds is not None,
            "of_view": self.of_view,
        }

    def put_off(self) -> None:
        """Put off the end of what a back-end keeps for it."""

    def release(self, timeout: float = 10.0) -> None:
        """Give back what a back-end keeps for it."""

    def __repr__(self) -> str:
        return f"MapLayer({self.name!r})"


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\u2212")
