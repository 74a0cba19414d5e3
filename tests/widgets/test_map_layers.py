"""Layers of BBoxMap: services of a real server, which come and go with the layers."""

from __future__ import annotations

import threading
import time
from io import BytesIO

import numpy as np
import pytest
import requests
from PIL import Image

from gdc_jupyter import client
from gdc_jupyter.demo import server
from gdc_jupyter.errors import GdcError
from gdc_jupyter.server import Server
from gdc_jupyter.widgets import map_layers
from gdc_jupyter.widgets.bbox_map import BBoxMap
from gdc_jupyter.widgets.layer_figure import zoom_for
from gdc_jupyter.widgets.tile_service import graph_of, name_of

ALPS = (11.321, 46.474, 11.375, 46.511)


@pytest.fixture(scope="module")
def connection(data_directory, tmp_path_factory):
    with server("layers", tmp_path_factory.mktemp("layers") / "server.log") as url:
        yield client.connect(url, token="layers")


@pytest.fixture
def area():
    widget = BBoxMap()
    yield widget
    widget.close()


@pytest.fixture(scope="module")
def bands(connection):
    return connection.load_collection("S2_ALPS", temporal_extent=["2022-06-01", "2022-06-12"], bands=["B04", "B08"])


@pytest.fixture(scope="module")
def ndvi(bands):
    return bands.ndvi(red="B04", nir="B08").reduce_dimension(dimension="t", reducer="max")


def ids(connection):
    return {each["id"] for each in connection.list_services()}


def wait_until(true, seconds=5):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_layer_is_a_service_and_goes_with_it(area, connection, ndvi):
    before = ids(connection)
    layer = area.add_layer(ndvi, "NDVI", colormap="vegetation", range=(np.float32(0), 0.5), opacity=0.5)
    [service] = ids(connection) - before
    described = connection.service(service).describe_service()
    assert (described["type"], described["title"], described["enabled"]) == ("XYZ", "NDVI", True)
    assert described["configuration"].pop("expires") > time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 3000))
    assert described["configuration"] == {"colormap": "vegetation", "range": [0, 0.5]}
    assert layer.bounds == pytest.approx(ALPS, abs=1e-3)
    [tiles] = [each for each in area.map.layers if each._model_name == "LeafletTileLayerModel"]
    assert (tiles.url, tiles.opacity, tiles.pane) == (described["url"], 0.5, "gdc-layers")
    assert tiles.bounds == [list(layer.bounds[1::-1]), list(layer.bounds[3:1:-1])]
    # Nothing of the login is in the address.
    answer = requests.get(tiles.url.format(z=14, x=8708, y=5796), timeout=60)
    pixels = np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA"))
    assert (pixels[..., 3] == 255).mean() > 0.9
    # The map did not show the Alps, and now does.
    assert area.map.zoom >= 12
    assert area.map.center == pytest.approx([46.4925, 11.348], abs=0.01)
    assert repr(area) == "BBoxMap(bbox=None, layers=['NDVI'])"
    [row] = area._layers.panel.rows
    assert (row["name"], row["low"], row["high"], row["colors"][0], row["note"]) == ("NDVI", "0", "0.5", "#8c510a", "")

    area.remove_layer(layer)
    assert area.layers == ()
    assert tiles not in area.map.layers
    wait_until(lambda: ids(connection) == before)
    with pytest.raises(GdcError, match="no layer 'NDVI' on this map; there are: none"):
        area.remove_layer("NDVI")


def test_layers_go_with_the_map_and_with_the_kernel(connection, ndvi):
    before = ids(connection)
    area, other = BBoxMap(), BBoxMap()
    area.add_layer(ndvi, "a")
    area.add_layer(ndvi, "b")
    other.add_layer(ndvi, "c")
    assert len(ids(connection) - before) == 3
    area.close()
    wait_until(lambda: len(ids(connection) - before) == 1)
    other._layers._remove_services()
    assert ids(connection) == before
    other.close()


def test_the_same_cell_once_more_replaces_its_layer(area, connection, bands, ndvi):
    before = ids(connection)
    for _ in range(2):
        area.add_layer(ndvi)
        area.add_layer(bands.max_time(), bands=["B08"])
    assert [layer.name for layer in area.layers] == ["S2_ALPS, reduce_dimension", "S2_ALPS, reduce_dimension (2)"]
    area.add_layer(bands, "S2_ALPS, reduce_dimension")
    assert [layer.name for layer in area.layers] == ["S2_ALPS, reduce_dimension (2)", "S2_ALPS, reduce_dimension"]
    wait_until(lambda: len(ids(connection) - before) == 2)


def test_dates_that_are_left_are_told(area, bands, ndvi):
    newest, chosen = area.add_layer(bands, "newest"), area.add_layer(bands, "chosen", datetime="2022-06-05")
    assert newest.note.startswith("2022-06-10, the newest of 3 dates: choose another with datetime=")
    assert chosen.note.startswith("2022-06-05, one of 3 dates")
    assert area.add_layer(ndvi, "none").note == ""


def test_graphs_come_in_many_forms(area, connection, ndvi):
    flat = ndvi.flat_graph()
    for graph in (flat, {"process_graph": flat}, {"id": "mine", "process": {"process_graph": flat}}):
        assert graph_of(graph) == flat
        assert area.add_layer(graph, connection=connection).bounds == pytest.approx(ALPS, abs=1e-3)
    assert len(area.layers) == 1
    lone = {"process": {"process_id": "load_collection", "arguments": {"id": "S2_ALPS"}, "result": True}}
    assert graph_of(lone) == lone
    assert name_of(lone) == "S2_ALPS"
    for wrong in (3, None, {}, [flat], np.zeros((2, 2))):
        with pytest.raises(GdcError, match=r"A process graph is taken from an openeo\.DataCube"):
            area.add_layer(wrong, connection=connection)


def test_what_is_wrong_is_told_with_its_node_and_under_the_map(area, connection, bands, ndvi):
    before = ids(connection)
    everywhere = {"spatial_extent": None, "temporal_extent": None}
    nothing = connection.datacube_from_process("load_collection", id="NOTHING", **everywhere)
    for cube, options, message in (
        (bands.process("ndvi", data=bands, nir="B99"), {}, "ndvi1 (ndvi), argument 'nir'"),
        (nothing, {}, "NOTHING"),
        (ndvi, {"bands": ["B99"]}, "no band"),
        (ndvi, {"colormap": "rainbow"}, "'colormap' is invalid: it must be one of gray, viridis"),
        (ndvi, {"range": (1, 0)}, "'range' is invalid"),
        (ndvi, {"smoothing": 3}, "have no option 'smoothing'; there are bands, datetime"),
        (ndvi, {"opacity": 2}, "opacity is from 0 to 1"),
    ):
        with pytest.raises(GdcError) as told:
            area.add_layer(cube, "wrong", **options)
        assert message in told.value.message
        assert area.fields.message == told.value.message
    assert area.layers == ()
    assert ids(connection) == before
    area.add_layer(ndvi, "right")
    assert area.fields.message == ""


def test_the_map_moves_only_where_the_result_would_not_be_seen(area, ndvi):
    area.map.center, area.map.zoom = (46.48, 11.33), 13
    area.add_layer(ndvi, "seen")
    assert (area.map.center, area.map.zoom) == ([46.48, 11.33], 13)
    area.map.center = (-20, 100)
    area.add_layer(ndvi, "not wanted", fit=False)
    assert area.map.center == [-20, 100]
    area.add_layer(ndvi, "elsewhere")
    assert area.map.center == pytest.approx([46.4925, 11.348], abs=0.01)


def test_the_legend_hides_fades_shows_and_removes(area, ndvi):
    layer = area.add_layer(ndvi, "NDVI", fit=False)
    area.map.center = (0, 0)

    def do(action, **value):
        area._layers._on_legend(area._layers.panel, {"action": action, "id": layer.id} | value, [])

    do("visible", value=False)
    do("opacity", value=0.25)
    assert (layer.tiles.visible, layer.tiles.opacity) == (False, 0.25)
    layer.visible = True
    assert layer.tiles.visible is True
    assert area._layers.panel.rows[0]["opacity"] == 0.25
    do("zoom")
    assert area.map.center == pytest.approx([46.4925, 11.348], abs=0.01)
    do("remove")
    do("remove")
    assert area.layers == ()


def test_after_tiles_were_loaded_the_range_and_failures_are_known(area, bands, ndvi):
    layer = area.add_layer(ndvi, "NDVI")
    requests.get(layer.service.address.format(z=14, x=8708, y=5796), timeout=60)
    layer.tiles._handle_leaflet_event(layer.tiles, {"event": "load"}, [])
    wait_until(lambda: layer.range)
    low, high = layer.range
    assert -0.2 < low < high < 1
    assert area._layers.panel.rows[0]["high"] == f"{high:.3g}"

    lines = ["def apply_datacube(cube, context):", "    if cube.max() > 100:", "        raise ValueError('no good')"]
    code = "\n".join([*lines, "    return cube"])
    failing = bands.apply(lambda x: x.process("run_udf", data=x, udf=code, runtime="Python"))
    layer = area.add_layer(failing, "failing", range=(0, 1))
    assert requests.get(layer.service.address.format(z=14, x=8708, y=5796), timeout=60).status_code == 400
    layer.tiles._handle_leaflet_event(layer.tiles, {"event": "load"}, [])
    wait_until(lambda: "no good" in layer.problem)


def test_a_service_is_put_off_and_one_that_is_gone_is_made_anew(area, connection, ndvi, monkeypatch):
    monkeypatch.setattr(map_layers, "LEASE", map_layers.LEASE / 3600 / 5)
    layer = area.add_layer(ndvi, "NDVI")
    first = layer.service.service_id
    connection.delete(f"/services/{first}", expected_status=204)
    wait_until(lambda: layer.service.service_id != first and layer.tiles.url == layer.service.url)
    assert requests.get(layer.tiles.url.format(z=14, x=8708, y=5796), timeout=60).ok
    assert layer.problem == ""


def test_without_widgets_there_is_a_picture(area, ndvi):
    area.add_layer(ndvi, "NDVI <max>", colormap="vegetation", range=(-0.5, 0.5))
    html = area._repr_mimebundle_()["text/html"]
    assert 1 <= html.count("<image ") <= 9
    assert "NDVI &lt;max&gt;: \u22120.5 <span" in html
    area.add_layer(ndvi, "NDVI <max>")
    assert "<span" in area._repr_html_(), "the range is asked for once tiles have been made"
    assert zoom_for(ALPS) == 13
    assert zoom_for((-180, -85, 180, 85)) == 0


def test_a_back_end_without_tiles_says_so(area, backend):
    connection = client.connect(backend.url, user="me", token="secret-token")
    graph = {"add": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}
    backend.service_types = {"WMS": {"configuration": {}, "process_parameters": []}}
    with pytest.raises(GdcError, match="makes no map tiles: of the types of services it has, WMS, none is XYZ"):
        area.add_layer(graph, connection=connection)


def test_a_back_end_that_tells_little_will_do(area, backend):
    """Only what openEO asks of a service: no attributes, no end, and its own options."""
    connection = client.connect(backend.url, user="me", token="secret-token")
    backend.service_types = {"xyz": {"configuration": {"colormap": {"type": "string"}, "palette": {}}}}
    graph = {"load": {"process_id": "load_collection", "arguments": {"id": "SCENES"}, "result": True}}
    with pytest.raises(GdcError, match="have no option 'range'; there are colormap, palette"):
        area.add_layer(graph, range=(0, 1), connection=connection)
    layer = area.add_layer(graph, colormap=("000000", "#ff0000"), palette="red", connection=connection)
    [service] = backend.services.values()
    assert (service["type"], service["process"]["process_graph"]) == ("xyz", graph)
    assert service["configuration"] == {"colormap": ["000000", "#ff0000"], "palette": "red"}
    assert layer.tiles.url == "https://tiles.example.org/{z}/{x}/{y}"
    assert (layer.bounds, layer.range, layer.note, layer.name) == (None, None, "", "SCENES")
    assert layer.colors == ["#000000", "#ff0000"]
    assert layer.service.put_off() is False
    backend.log_entries = [{"id": "1", "level": "error", "message": "Out of quota."}]
    layer.tiles._handle_leaflet_event(layer.tiles, {"event": "load"}, [])
    wait_until(lambda: layer.problem == "Out of quota.")
    assert "SCENES" in area._repr_html_()
    area.remove_layer("SCENES")
    wait_until(lambda: not backend.services)


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("http://127.0.0.1:8888/user/a/gdc/tiles/s-1/{z}/{x}/{y}.png", "/user/a/gdc/tiles/s-1/{z}/{x}/{y}.png"),
        ("http://127.0.0.1:8888/other/tiles/{z}", "http://127.0.0.1:8888/other/tiles/{z}"),
        ("https://example.org/user/a/gdc/{z}", "https://example.org/user/a/gdc/{z}"),
    ],
)
def test_the_browser_may_know_the_own_server_by_another_name(monkeypatch, address, seen):
    own = Server("http://127.0.0.1:8888/user/a/gdc/", "token")
    monkeypatch.setattr(client, "own_server", lambda: own)
    assert client.seen_by_browser(address) == seen
    monkeypatch.setattr(client, "own_server", lambda: None)
    assert client.seen_by_browser(address) == address


def test_no_thread_is_left_behind_by_a_closed_map(connection, ndvi):
    area = BBoxMap()
    area.add_layer(ndvi, "NDVI")
    keeper = area._layers._keeper
    area.close()
    keeper.join(5)
    assert keeper not in threading.enumerate()
