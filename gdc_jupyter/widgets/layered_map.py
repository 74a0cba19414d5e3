"""A map with layers: results of graphs and jobs, and arrays, over the offline base map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets

from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, normalise_bbox
from gdc_jupyter.settings import MapSettings
from gdc_jupyter.widgets.base_map import BaseMap
from gdc_jupyter.widgets.boxes import meets_view
from gdc_jupyter.widgets.map_layer import MapLayer
from gdc_jupyter.widgets.map_layers import MapLayers
from gdc_jupyter.widgets.tile_service import plain_value

if TYPE_CHECKING:
    from openeo.rest.connection import Connection


class LayeredMap(ipywidgets.VBox):  # type: ignore[misc]
    """A map to which results are added.

    Parameters
    ----------
    center : tuple of two float, optional
        Latitude and longitude of the centre of the first view, in degrees.
    zoom : int, optional
        The zoom of the first view; 0 shows the world in 256 pixels.
    height : str
        The height of the map as a CSS length.
    settings : MapSettings
        Tiles and the first view.

    Attributes
    ----------
    map : ipyleaflet.Map
    """

    children: tuple[Any, ...]

    def __init__(
        self, center: tuple[float, float] | None, zoom: int | None, height: str, settings: MapSettings
    ) -> None:
        self._base = BaseMap(center, zoom, height, settings)
        self.map = self._base.leaflet
        self._layers = MapLayers(self.map, self._base.fit, lambda: self.view)
        super().__init__(children=(self.map,))

    def fit(self, bbox: BBox | None = None) -> None:
        """Show a box.

        Parameters
        ----------
        bbox : tuple of four float, optional
            West, south, east, north in degrees.
        """
        if bbox is not None:
            self._base.fit(normalise_bbox(bbox))

    @property
    def view(self) -> BBox:
        """What the map shows: west, south, east, north in degrees, not beyond a pole nor wider than the world."""
        west, south, east, north = self._base.view()
        if east - west >= 360:
            west, east = -180.0, 180.0
        return normalise_bbox((west, max(south, -90.0), east, min(north, 90.0)))

    @property
    def layers(self) -> tuple[MapLayer, ...]:
        """The layers that were added, the topmost last."""
        return tuple(self._layers)

    def add_layer(
        self,
        what: Any,
        name: str | None = None,
        *,
        colormap: str | Sequence[str] | None = None,
        range: Sequence[Any] | None = None,
        bands: Sequence[str] | None = None,
        datetime: str | None = None,
        opacity: float = 1.0,
        fit: bool | None = None,
        connection: Connection | None = None,
        **options: Any,
    ) -> MapLayer:
        """Show the result of a process graph or of a finished job, or an array.

        A graph is computed for what the map shows and no finer; there is no job. The back-end makes the tiles, as an
        XYZ service that is removed with the layer, with the map or with the kernel, whichever comes first. One that
        makes no tiles computes what the map shows at once, and again when the legend is told to. Results of jobs and
        arrays are warped here to one picture, in which large ones lack pixels, as the legend says. The map gets a
        legend, in which layers are hidden, faded, compared and removed.

        Parameters
        ----------
        what : openeo.DataCube, dict, openeo.BatchJob, str, xarray.DataArray or object
            A cube, a process graph, or something with ``flat_graph()``; a finished job or its id; an array with a CRS
            (``array.rio.write_crs``) or with longitude and latitude. Of what has a dimension of time still, the newest
            date is shown, and the legend says so.
        name : str, optional
            What the layer is called. A layer of the same name is replaced, so that a cell can be run again.
        colormap : str or sequence of str, optional
            The colours of a single band: a name, such as ``"viridis"``, or colours as ``#rrggbb`` that follow each
            other from the lowest to the highest value.
        range : pair of float, optional
            The values of the first and the last colour; three pairs for three bands. By default what ``save_result``
            says, else the 2nd and the 98th percentile.
        bands : sequence of str, optional
            One band, or three that are shown as red, green and blue.
        datetime : str, optional
            Of a cube with dates, the last one up to this date or instant is shown.
        opacity : float
            From 0 to 1.
        fit : bool, optional
            Whether the map moves to the result. By default it does so only where the result would not be seen.
        connection : openeo.Connection, optional
            The back-end for a graph or the id of a job, which have no connection of their own, by default
            ``gdc_jupyter.connect()``.
        **options
            Other options that the back-end has for XYZ services, such as ``resampling="bilinear"``.

        Returns
        -------
        MapLayer
            It has ``visible`` and ``opacity``, which can be set, and ``range``, ``bounds`` and ``problem``.

        Raises
        ------
        GdcError
            What is wrong with the graph, and at which node, with the job, the array or the options. It is told under
            the map as well.

        Examples
        --------
        >>> con = gdc.connect()  # doctest: +SKIP
        >>> red_nir = con.load_collection("S2_ALPS", bands=["B04", "B08"])  # doctest: +SKIP
        >>> area.add_layer(red_nir.ndvi().max_time(), "NDVI", colormap="vegetation", range=(0, 1))  # doctest: +SKIP
        MapLayer('NDVI')
        """
        own = {"colormap": colormap, "range": range, "bands": bands, "datetime": datetime}
        plain = {key: plain_value(value) for key, value in (own | options).items()}
        try:
            layer = self._layers.add(what, name, connection, opacity, plain, self.view)
        except GdcError as error:
            self._say(error.message)
            raise
        self._say("")
        bounds = layer.bounds
        if bounds is not None and (fit or (fit is None and not meets_view(bounds, self._base.view()))):
            self._base.fit(bounds)
        return layer

    def remove_layer(self, layer: MapLayer | str) -> None:
        """Take a layer off the map, and its service off the back-end.

        Parameters
        ----------
        layer : MapLayer or str
            What `add_layer` returned, or the name of the layer.
        """
        self._layers.remove(layer)

    @property
    def compared(self) -> tuple[MapLayer, MapLayer] | None:
        """The layers on the left and on the right of the border, where two are compared."""
        return self._layers.compared

    def compare(self, left: MapLayer | str | None, right: MapLayer | str | None = None) -> None:
        """Compare two layers: one is seen on the left, one on the right of a border that is moved over the map.

        Parameters
        ----------
        left, right : MapLayer or str
            What `add_layer` returned, or the names of layers. ``compare(None)`` ends it.

        Raises
        ------
        GdcError
            ``LayerNotFound``; ``ProcessParameterInvalid`` for one layer alone.

        Examples
        --------
        >>> area.compare("June", "August")  # doctest: +SKIP
        >>> area.compare(None)  # doctest: +SKIP
        """
        self._layers.compare(left, right)

    def close(self) -> None:
        """Remove the widget with its map and layers."""
        self._layers.close()
        for child in self.children:
            child.close()
        super().close()

    def _say(self, message: str) -> None:
        """Tell who looks at the map."""
