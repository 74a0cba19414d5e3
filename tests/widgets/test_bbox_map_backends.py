"""BBoxMap against an old openEO federation and a plain STAC API, which are odd, slow, closed or gone."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import quote

import pytest

from gdc_jupyter import client
from gdc_jupyter.errors import GdcError
from gdc_jupyter.widgets.bbox_map import BBoxMap
from tests.backends.fixtures import PASSWORD, USER

WHOLE = (11.0, 46.18, 11.32, 46.5)


@pytest.fixture
def area():
    widget = BBoxMap(center=(46.4, 11.1), zoom=10)
    yield widget
    widget.close()


@pytest.fixture
def connection(federation):
    return client.connect(federation.url, user=USER, token=PASSWORD)


def graph(connection, process="load_collection"):
    return {"load": {"process_id": process, "arguments": {"id": "SENTINEL2_L2A"}, "result": True}}


def test_every_collection_is_taken_as_it_is(area, connection):
    area.connection = connection
    area.bbox = (11.0, 46.2, 11.3, 46.4)
    for collection_id in connection.list_collection_ids():
        # The client does not write ids of this kind into an address as it should.
        area.collection = connection.describe_collection(quote(collection_id, safe=""))
        assert area.selection.collection == collection_id
        texts = {copy["kind"]: copy["text"] for copy in area.bar.copies}
        # It has no search of items, no coverages and no OPeNDAP.
        assert list(texts) == ["openeo", "xarray", "bbox", "spatial_extent", "geojson"]
        for kind in ("openeo", "xarray"):
            compile(texts[kind], kind, "exec")
        if collection_id in ("NO_EXTENT", "NULL_FIELDS", "ODD FIELDS/ä"):
            assert f"{collection_id} tell no extent" in area.fields.message
    area.collection = connection.describe_collection("SENTINEL2_L2A")
    assert area.bar.size == "about 30 × 20 pixels, 8 bands"


def test_a_collection_over_the_antimeridian(area, connection):
    area.collection = connection.describe_collection("FIJI")
    area._on_fields(area.fields, {"action": "whole"}, [])
    assert area.bbox == (177, -21, 182, -12)
    assert area.bar.size == "about 500 × 900 pixels, 1 band"
    area.bbox = (-179, -15, -178, -14)
    assert area.bar.size == "about 100 × 100 pixels, 1 band"


def test_without_tiles_a_view_is_computed(area, connection, federation):
    layer = area.add_layer(graph(connection), "scene", connection=connection)
    assert layer.of_view
    assert layer.bounds == pytest.approx(WHOLE, abs=1e-6)
    [asked] = federation.requests("POST /result")
    extent = asked["body"]["process"]["process_graph"]["view_filter_bbox"]["arguments"]["extent"]
    assert list(extent.values()) == pytest.approx(area.view)
    with pytest.raises(GdcError, match=r"Nor does it compute .* 'no_such_process' is not available"):
        area.add_layer(graph(connection, "no_such_process"), connection=connection)


def test_jobs_are_layers_or_say_why_not(area, connection, federation):
    jobs = {job["id"]: job["status"] for job in connection.list_jobs()}
    finished = next(job for job, status in jobs.items() if status == "finished")
    layer = area.add_layer(finished, connection=connection)
    assert layer.bounds == pytest.approx(WHOLE, abs=1e-6)
    other = next(job for job, status in jobs.items() if status in ("created", "error", "running"))
    with pytest.raises(GdcError, match="a result is there once it is finished"):
        area.add_layer(other, connection=connection)
    assert [each.name for each in area.layers] == [layer.name]


def test_who_is_signed_out_is_told_what_to_do(area, federation):
    signed_out = client.connect(federation.url)
    for what in (graph(signed_out), "j-0001"):
        with pytest.raises(GdcError, match=r"Sign in: connection\.authenticate_oidc"):
            area.add_layer(what, connection=signed_out)
        assert "Sign in" in area.fields.message


@pytest.mark.parametrize(
    ("switches", "message"),
    [({"gone": True}, "does not answer"), ({"fail": True}, "Something is broken in <b>one</b>")],
)
def test_a_back_end_that_is_gone_or_broken_is_told_and_nothing_is_lost(area, connection, federation, switches, message):
    area.bbox = (11.0, 46.2, 11.3, 46.4)
    layer = area.add_layer(graph(connection), "scene", connection=connection)
    federation.control(**switches)
    with pytest.raises(GdcError, match=message):
        area.add_layer(graph(connection), connection=connection)
    area._layers._compute_again(layer)
    assert message in layer.problem
    federation.control(gone=False, fail=False)
    area._layers._compute_again(layer)
    assert layer.problem == ""
    assert (area.bbox, area.layers) == ((11.0, 46.2, 11.3, 46.4), (layer,))


def test_items_of_a_plain_stac_api(area, stac_api):
    from pystac_client import Client

    area.connection = SimpleNamespace(root_url=stac_api.url)
    catalog = Client.open(stac_api.url)
    area.collection = catalog.get_collection("scenes")
    assert area.bar.size == "2 bands"
    names = {}
    exec(area.copy_as("stac"), names)
    before = len(stac_api.requests("/search"))
    assert area.show_items(names["search"], limit=60) == 60
    assert area.bar.note == "the first 60 items are shown, there are more"
    # Pages that nobody sees are not asked for.
    assert len(stac_api.requests("/search")) - before == 7
    west, south, *_ = names["items"][0].bbox
    area.bbox = (west + 0.2, south + 0.2, west + 0.8, south + 0.8)
    assert area.bar.note == ""
    exec(area.copy_as("stac"), names)
    found = area.show_items(names["items"])
    assert 0 < found < 60
    area.collection = catalog.get_collection("radar")
    area.bbox = None
    area.show_items(catalog.search(collections=["radar"]))
    assert area.bar.note == "40 items shown, 1 without a footprint"
