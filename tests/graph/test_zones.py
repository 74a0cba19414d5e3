"""Geometries in plans of collections: what is read for them, and what they leave."""

import geopandas
import numpy as np
import pytest
import shapely
from memory_catalog import VALUES, MemoryCatalog

from gdc_jupyter.errors import InvalidProcessGraph
from gdc_jupyter.graph import blocks, execute, run

FIELD = geopandas.GeoDataFrame({"crop": ["maize"]}, geometry=[shapely.box(678200, 5152500, 678400, 5152700)], crs=32632)
FAR = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=4326)
INSIDE = VALUES[:, :, 30:50, 20:40]


def parameter(name):
    return {"from_parameter": name}


def of(name):
    return {"from_node": name}


def node(process_id, result=False, **arguments):
    return {"process_id": process_id, "arguments": arguments, "result": result}


def load(extent=None):
    return node("load_collection", id="MEMORY", spatial_extent=extent, temporal_extent=None)


MEAN = {"process_graph": {"mean": node("mean", True, data=parameter("data"))}}


@pytest.fixture
def catalog(monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (32, 32))
    return MemoryCatalog()


def test_a_vector_cube_is_the_extent_of_what_is_loaded(catalog):
    result = execute({"load": {**load(parameter("field")), "result": True}}, {"field": FIELD}, catalog=catalog)
    np.testing.assert_array_equal(result.values, INSIDE)
    assert sum(window.width * window.height for window, _ in catalog.collection.reads) == 400


def test_zonal_statistics_read_the_blocks_of_the_zones_only(catalog):
    graph = {
        "load": load(),
        "zonal": node("aggregate_spatial", True, data=of("load"), geometries=parameter("field"), reducer=MEAN),
    }
    result = execute(graph, {"field": FIELD}, catalog=catalog)
    np.testing.assert_allclose(result.values[0], np.nanmean(INSIDE, axis=(2, 3), dtype=float))
    assert result.crop.values.tolist() == ["maize"]
    assert len(catalog.collection.reads) == 4


def test_geometries_that_are_computed(catalog):
    graph = {
        # The order of arguments does not matter.
        "zonal": node("aggregate_spatial", geometries=of("wider"), data=of("load"), reducer=MEAN),
        "load": load(),
        "wider": node("vector_buffer", geometries=parameter("field"), distance=10),
        "again": node("aggregate_spatial", geometries=of("narrower"), data=of("load"), reducer=MEAN),
        "narrower": node("vector_buffer", geometries=of("zonal"), distance=-10),
        "masked": node("mask_polygon", data=of("load"), mask=of("again"), inside=True),
        "left": node("filter_spatial", True, data=of("masked"), geometries=of("zonal")),
    }
    result = execute(graph, {"field": FIELD}, catalog=catalog)
    expected = VALUES[:, :, 29:51, 19:41].copy()
    expected[..., 1:-1, 1:-1] = np.nan
    corners = np.ix_(range(4), range(3), [0, -1], [0, -1])
    # The corners of the buffer are round, but reach around the centres of the pixels there.
    assert np.isnan(result.values[..., 1:-1, 1:-1]).all()
    np.testing.assert_array_equal(result.values[..., 0, 1:-1], expected[..., 0, 1:-1])
    np.testing.assert_array_equal(result.values[corners], expected[corners])


def test_an_area_without_pixels(catalog, tmp_path):
    steps = {"load": load(), "area": node("filter_spatial", data=of("load"), geometries=parameter("far"))}
    steps["area"]["result"] = True
    assert execute(steps, {"far": FAR}, catalog=catalog).shape == (4, 3, 0, 0)
    steps["area"]["result"] = False
    steps["save"] = node("save_result", True, data=of("area"), format="GTiff")
    with pytest.raises(InvalidProcessGraph) as caught:
        run({"process_graph": steps}, catalog, tmp_path, parameters={"far": FAR})
    assert caught.value.faults[0].code == "DataCubeEmpty"
    with pytest.raises(InvalidProcessGraph) as caught:
        execute({"load": {**load(parameter("far")), "result": True}}, {"far": FAR}, catalog=catalog)
    assert caught.value.faults[0].code == "NoDataAvailable"


def test_a_table_without_save_is_geojson(catalog, tmp_path):
    graph = {
        "load": load(),
        "zonal": node("aggregate_spatial", data=of("load"), geometries=parameter("field"), reducer=MEAN),
        "bands": node("reduce_dimension", data=of("zonal"), dimension="bands", reducer=MEAN),
        "dates": node("reduce_dimension", True, data=of("bands"), dimension="t", reducer=MEAN),
    }
    value = run({"process_graph": graph}, catalog, tmp_path, parameters={"field": FIELD}).value
    assert value["type"] == "FeatureCollection"
    assert value["features"][0]["properties"]["crop"] == "maize"
    assert value["features"][0]["properties"]["value"] == pytest.approx(
        np.nanmean(INSIDE, axis=(2, 3), dtype=float).mean()
    )
