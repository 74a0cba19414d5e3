"""What layers of a map are made of: process graphs, finished jobs and arrays, each in the best way that there is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.client import connect, is_default_url, open_geotiff, open_result
from gdc_jupyter.client_errors import told
from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, spatial_extent
from gdc_jupyter.widgets.array_picture import LARGEST, ArrayPicture, array_picture
from gdc_jupyter.widgets.graph_layer import GraphLayer, note_of_time
from gdc_jupyter.widgets.map_layer import MapLayer
from gdc_jupyter.widgets.picture_layer import PictureLayer
from gdc_jupyter.widgets.tile_service import NO_TILES, TileService, graph_of, name_of
from gdc_jupyter.widgets.world import mercator

if TYPE_CHECKING:
    from openeo.rest.connection import Connection
    from openeo.rest.job import BatchJob

_PICTURE_OPTIONS = ("colormap", "range", "bands", "datetime")
_METRES = 6378137.0 * 3.141592653589793 / 180


@dataclass(frozen=True)
class Wanted:
    """How a layer is wanted.

    Parameters
    ----------
    name : str, optional
        What it is called; by default something that tells what it is.
    connection : openeo.Connection, optional
        For what has no connection of its own.
    opacity : float
        From 0 to 1.
    options : mapping
        How it looks; those that are None are left out.
    view : tuple of four float
        What is computed where a back-end makes no tiles.
    free_name : callable
        Returns a name, given a proposal and what the layer is made of, that no layer of something else has.
    """

    name: str | None
    connection: Connection | None
    opacity: float
    options: Mapping[str, Any]
    view: BBox
    free_name: Callable[[str, Any], str]


def make_layer(what: Any, wanted: Wanted) -> MapLayer:
    """Return a layer of a graph, a job or an array.

    Raises
    ------
    GdcError
        What is wrong with it or the options.
    """
    if type(what).__module__.partition(".")[0] == "xarray":
        return _of_array(what, wanted)
    if _is_job_id(what):
        what = (wanted.connection or connect()).job(what)
    if hasattr(what, "job_id") and hasattr(what, "get_results"):
        return _of_job(what, wanted)
    return _of_graph(what, wanted)


def _is_job_id(what: Any) -> bool:
    return isinstance(what, str) and what.strip() != "" and what.lstrip()[0] not in "{[" and not what.endswith(".json")


def _of_array(array: Any, wanted: Wanted) -> PictureLayer:
    if not hasattr(array, "dtype"):
        names = ", ".join(map(str, getattr(array, "data_vars", ()))) or "none"
        raise GdcError(
            "ProcessParameterInvalid", f"A Dataset has several arrays: choose one of {names}, as dataset['…']."
        )
    source = ("array", array.name if array.name is not None else id(array))
    name = wanted.name or wanted.free_name(str(array.name or "array"), source)
    return PictureLayer(name, source, array_picture(array, **_picture_options(wanted)), wanted.opacity)


def _picture_options(wanted: Wanted) -> dict[str, Any]:
    unknown = [name for name, value in wanted.options.items() if value is not None and name not in _PICTURE_OPTIONS]
    if unknown:
        raise GdcError(
            "ProcessParameterInvalid",
            f"A picture has no option '{unknown[0]}'; there are {', '.join(_PICTURE_OPTIONS)}.",
        )
    return {name: wanted.options.get(name) for name in _PICTURE_OPTIONS}


def _of_job(job: BatchJob, wanted: Wanted) -> MapLayer:
    with told(job.connection):
        described = job.describe()
    status = described.get("status")
    if status != "finished":
        raise GdcError(
            "JobNotFinished",
            f"Job {job.job_id} is {status}: a result is there once it is finished; job.start_and_wait() waits for it.",
        )
    source = ("job", job.connection.root_url, job.job_id)
    name = wanted.name or wanted.free_name(str(described.get("title") or job.job_id), source)
    if is_default_url(job.connection.root_url):
        tiles = _tiles_of_files(job, name, wanted)
        if tiles is not None:
            return tiles
    with told(job.connection):
        array = open_result(job)
    return PictureLayer(name, source, array_picture(array, **_picture_options(wanted)), wanted.opacity)


def _tiles_of_files(job: BatchJob, name: str, wanted: Wanted) -> GraphLayer | None:
    """Return tiles of the files of a result, where the server may read its own addresses."""
    with told(job.connection):
        links = job.get_results().get_metadata().get("links", [])
    address = next((link["href"] for link in links if link.get("rel") == "canonical"), None)
    if address is None:
        return None
    graph = {"load": {"process_id": "load_stac", "arguments": {"url": address}, "result": True}}
    try:
        return GraphLayer(name, TileService(job.connection, graph, name, wanted.options), wanted.opacity)
    except GdcError:
        return None


def _of_graph(what: Any, wanted: Wanted) -> MapLayer:
    graph = graph_of(what)
    connection = wanted.connection or getattr(what, "connection", None) or connect()
    name = wanted.name or wanted.free_name(name_of(graph), graph)
    try:
        service = TileService(connection, graph, name, wanted.options)
    except GdcError as error:
        if error.code not in NO_TILES:
            raise
        reason, options = error.message, _picture_options(wanted)
    else:
        return GraphLayer(name, service, wanted.opacity, note_of_time(what))

    def computed(view: BBox) -> ArrayPicture:
        return array_picture(_computed(connection, graph, view), **options)

    try:
        picture = computed(wanted.view)
    except GdcError as error:
        message = f"{reason} Nor does it compute what the map shows at once: {error.message}"
        raise GdcError(error.code, message) from None
    note = "computed for one view, as this back-end makes no map tiles"
    return PictureLayer(name, graph, picture, wanted.opacity, note, again=computed)


def _computed(connection: Connection, graph: Mapping[str, Any], view: BBox) -> Any:
    """Return the result of a graph for a view, by a synchronous request."""
    with tempfile.TemporaryDirectory(prefix="gdc-view-") as folder:
        path = Path(folder) / "view.tif"
        with told(connection):
            connection.download(view_graph(graph, view), outputfile=path)
        try:
            with open_geotiff(path) as array:
                return array.load()
        except OSError as error:
            raise GdcError(
                "ResultNotReadable", f"{connection.root_url} computed the view, but sent no GeoTIFF: {error}."
            ) from None


def view_graph(graph: Mapping[str, Any], view: BBox) -> dict[str, Any]:
    """Return a graph that computes the result of another one for a view, as a GeoTIFF about as fine as a screen.

    Parameters
    ----------
    graph : mapping
        A flat process graph. What it does with a result after it is made, such as saving it, is left out.
    view : tuple of four float
        West, south, east, north in degrees.
    """
    nodes = {name: {key: value for key, value in node.items() if key != "result"} for name, node in graph.items()}
    last = next((name for name, node in graph.items() if node.get("result")), list(graph)[-1])
    while nodes[last]["process_id"] == "save_result":
        data = nodes.pop(last).get("arguments", {}).get("data")
        if not isinstance(data, Mapping) or data.get("from_node") not in nodes:
            raise GdcError("ProcessGraphInvalid", "save_result has no data that come from another node.")
        last = data["from_node"]
    metres = max(view[2] - view[0], mercator(view[3]) - mercator(view[1])) * _METRES / LARGEST
    steps: dict[str, dict[str, Any]] = {
        "filter_bbox": {"extent": spatial_extent(view)},
        "resample_spatial": {"resolution": metres, "projection": 3857, "method": "near"},
        "save_result": {"format": "GTiff"},
    }
    for process, arguments in steps.items():
        name = f"view_{process}"
        nodes[name] = {"process_id": process, "arguments": {"data": {"from_node": last}, **arguments}}
        last = name
    nodes[last]["result"] = True
    return nodes
