"""What layers are made of: jobs, arrays, and graphs of back-ends that make no tiles."""

from __future__ import annotations

import io

import numpy as np
import pytest
import rasterio
import rioxarray  # noqa: F401  # it brings .rio
import xarray as xr
from PIL import Image

from gdc_jupyter import client
from gdc_jupyter.demo import server
from gdc_jupyter.errors import GdcError
from gdc_jupyter.widgets import layer_sources
from gdc_jupyter.widgets.bbox_map import BBoxMap
from gdc_jupyter.widgets.layer_sources import view_graph

ALPS = (11.321, 46.474, 11.375, 46.511)
GRAPH = {
    "load": {"process_id": "load_collection", "arguments": {"id": "SCENES"}},
    "save": {
        "process_id": "save_result",
        "arguments": {"data": {"from_node": "load"}, "format": "PNG"},
        "result": True,
    },
}


@pytest.fixture
def area():
    widget = BBoxMap(center=(46.49, 11.348), zoom=12)
    yield widget
    widget.close()


@pytest.fixture(scope="module")
def own(data_directory, tmp_path_factory):
    with server("sources", tmp_path_factory.mktemp("sources") / "server.log") as url:
        yield client.connect(url, token="sources")


@pytest.fixture(scope="module")
def job(own):
    bands = own.load_collection("S2_ALPS", temporal_extent=["2022-06-01", "2022-06-12"], bands=["B04", "B08"])
    ndvi = bands.ndvi(red="B04", nir="B08").reduce_dimension(dimension="t", reducer="max")
    job = ndvi.create_job(title="NDVI <max>", out_format="GTiff")
    job.start_and_wait(print=lambda *_: None, max_poll_interval=0.2, connection_retry_interval=0.2)
    return job


def a_job(status):
    return {"id": "j-1", "title": "A job", "status": status, "created": "2026-11-30T12:00:00Z"}


def geotiff(values, names=()):
    values = np.asarray(values, np.float32)
    layout = {"driver": "GTiff", "dtype": "float32", "count": len(values), "crs": "EPSG:3857", "nodata": np.nan}
    transform = rasterio.transform.from_bounds(1_260_000, 5_850_000, 1_266_000, 5_856_000, 30, 30)
    with rasterio.MemoryFile() as memory:
        with memory.open(**layout, transform=transform, width=30, height=30) as file:
            file.write(values)
            for number, name in enumerate(names, 1):
                file.set_band_description(number, name)
        return memory.read()


def test_a_finished_job_is_a_layer(area, own, job):
    layer = area.add_layer(job, colormap="vegetation", range=(0, 1))
    assert (layer.name, layer.range, layer.bounds) == ("NDVI <max>", (0, 1), pytest.approx(ALPS, abs=2e-3))
    picture = np.asarray(Image.open(io.BytesIO(layer.png)).convert("RGBA"))
    assert (picture[..., 3] == 255).mean() > 0.9
    red, green, blue = (picture[..., band][picture[..., 3] > 0].mean() for band in range(3))
    assert green > red > blue, "meadows and woods"
    [overlay] = [each for each in area.map.layers if each._model_name == "LeafletImageOverlayModel" and each.url]
    assert overlay.url.startswith("data:image/png;base64,")
    # Once more by its id, it replaces itself.
    area.add_layer(job.job_id, connection=own)
    assert [each.name for each in area.layers] == ["NDVI <max>"]
    assert "NDVI &lt;max&gt;" in area._repr_html_()
    assert '<img src="data:image/png' in area._repr_html_()


def test_files_of_the_own_server_are_tiles_where_it_may_read_them(area, own, job, monkeypatch):
    monkeypatch.setattr(layer_sources, "is_default_url", lambda _: True)
    # By default a server asks no host, itself included: there is a picture.
    assert type(area.add_layer(job)).__name__ == "PictureLayer"
    made = []

    class Service:
        def __init__(self, connection, graph, title, options):
            made.append(graph)
            self.configuration, self.attributes, self.zooms, self.bounds = {}, {}, (0, 22), ALPS
            self.url = self.address = "https://example.org/{z}/{x}/{y}"

        def remove(self, timeout):
            pass

    monkeypatch.setattr(layer_sources, "TileService", Service)
    assert type(area.add_layer(job)).__name__ == "GraphLayer"
    assert made[0]["load"]["process_id"] == "load_stac"
    assert made[0]["load"]["arguments"]["url"].startswith(own.root_url)


@pytest.mark.parametrize(
    ("status", "message"),
    [("running", "j-1 is running: a result is there once it is finished"), ("error", "j-1 is error")],
)
def test_a_job_without_a_result_is_told(area, connection, backend, status, message):
    backend.jobs["j-1"] = a_job(status)
    with pytest.raises(GdcError, match=message):
        area.add_layer(connection.job("j-1"))
    assert message in area.fields.message
    with pytest.raises(GdcError, match="'j-2' does not exist"):
        area.add_layer("j-2", connection=connection)


def test_a_job_of_another_back_end(area, connection, backend, tmp_path):
    backend.jobs["j-1"] = a_job("finished")
    path = tmp_path / "result.tif"
    path.write_bytes(geotiff(np.full((1, 30, 30), 0.5)))
    backend.results["result.tif"] = path
    layer = area.add_layer("j-1", connection=connection, range=(0, 1))
    assert layer.name == "A job"
    assert layer.bounds == pytest.approx((11.3188, 46.4329, 11.3727, 46.4701), abs=1e-3)
    path = tmp_path / "table.csv"
    path.write_text("a,b")
    backend.results = {"table.csv": path}
    with pytest.raises(GdcError, match=r"holds table\.csv; only GeoTIFF, netCDF and Zarr"):
        area.add_layer("j-1", connection=connection)


def test_an_array_is_a_layer(area):
    lat, lon = np.arange(47, 46, -0.1), np.arange(11, 12, 0.1)
    array = xr.DataArray(np.random.default_rng(1).random((10, 10)), {"lat": lat, "lon": lon}, ("lat", "lon"), "height")
    layer = area.add_layer(array, opacity=0.5)
    assert (layer.name, layer.opacity, layer.overlay.opacity, layer.overlay.pane) == ("height", 0.5, 0.5, "gdc-layers")
    assert layer.bounds == pytest.approx((10.95, 46.05, 11.95, 47.05))
    low, high = layer.range
    assert 0 < low < 0.1 < 0.9 < high < 1
    [row] = area._layers.panel.rows
    assert (row["name"], row["bounds"], row["of_view"]) == ("height", True, False)
    assert len(row["colors"]) > 2
    # The cell once more, and another array.
    area.add_layer(array + 1)
    area.add_layer(array.rename(None))
    area.add_layer(array.rename(None))
    assert [each.name for each in area.layers] == ["height", "array", "array (2)"]
    with pytest.raises(GdcError, match="choose one of height"):
        area.add_layer(array.to_dataset())
    with pytest.raises(GdcError, match="no option 'smoothing'"):
        area.add_layer(array, smoothing=3)
    area.remove_layer("height")
    assert layer.overlay not in area.map.layers


def test_without_tiles_the_view_is_computed(area, connection, backend):
    backend.computed = geotiff(np.linspace(0, 1, 900).reshape(1, 30, 30), ["ndvi"])
    layer = area.add_layer(GRAPH, "NDVI", range=(0, 1), connection=connection)
    [asked] = backend.asked_to_compute
    graph = asked["process"]["process_graph"]
    assert [node["process_id"] for node in graph.values()] == [
        "load_collection",
        "filter_bbox",
        "resample_spatial",
        "save_result",
    ]
    extent = graph["view_filter_bbox"]["arguments"]["extent"]
    assert list(extent.values()) == pytest.approx(area.view)
    # 1500 pixels across the 720 that the map has, of about 0.000343 degrees or 38 metres each
    assert graph["view_resample_spatial"]["arguments"]["resolution"] == pytest.approx(38.2 * 720 / 1500, rel=0.01)
    assert graph["view_save_result"]["arguments"]["format"] == "GTiff"
    assert (layer.of_view, area._layers.panel.rows[0]["of_view"]) == (True, True)
    assert "computed for one view" in layer.note

    area.map.center = (46.6, 11.5)
    area._layers._compute_again(layer)
    assert list(
        backend.asked_to_compute[1]["process"]["process_graph"]["view_filter_bbox"]["arguments"]["extent"].values()
    ) == (pytest.approx(area.view))
    backend.computed = b"no picture"
    area._layers._compute_again(layer)
    assert "sent no GeoTIFF" in layer.problem
    assert layer.loading is False
    backend.computed = None
    with pytest.raises(GdcError) as told:
        area.add_layer(GRAPH, connection=connection)
    assert "none is XYZ. Nor does it compute what the map shows at once: The result is too large." in told.value.message


def test_a_graph_for_a_view_ends_before_what_is_saved():
    graph = {
        "a": {"process_id": "load_collection", "arguments": {"id": "X"}},
        "b": {"process_id": "save_result", "arguments": {"data": {"from_node": "a"}, "format": "netCDF"}},
        "c": {"process_id": "save_result", "arguments": {"data": {"from_node": "b"}, "format": "PNG"}, "result": True},
    }
    made = view_graph(graph, (1, 2, 3, 4))
    assert list(made) == ["a", "view_filter_bbox", "view_resample_spatial", "view_save_result"]
    assert made["view_filter_bbox"]["arguments"]["data"] == {"from_node": "a"}
    assert [name for name, node in made.items() if node.get("result")] == ["view_save_result"]
    with pytest.raises(GdcError, match="no data that come from"):
        view_graph({"c": {"process_id": "save_result", "arguments": {}, "result": True}}, (1, 2, 3, 4))
