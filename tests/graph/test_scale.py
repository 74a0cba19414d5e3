"""Blocks on a Dask cluster: the same bits as on threads, whatever happens to its workers."""

import threading
import time

import numpy as np
import psutil
import pytest
import xarray as xr
from memory_catalog import node, of, parameter, reducer

from gdc_jupyter.cube.cube import grid_of
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import blocks, execute, scale
from gdc_jupyter.graph.run import make_plan, run

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

BOX = {"west": 679720, "south": 5151080, "east": 680680, "north": 5151920, "crs": 32632}


@pytest.fixture(scope="module")
def cluster(data_directory):
    """Two workers, each a process of one thread."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def edge(monkeypatch):
    # Nothing is kept, so that each run computes.
    monkeypatch.setenv("GDC_CACHE_BYTES", "0")
    monkeypatch.setattr("gdc_jupyter.graph.kept.LIMIT", 0)
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (32, 40))


def load(**more):
    arguments = {"id": "S2_ALPS", "spatial_extent": BOX, "temporal_extent": ["2022-06-01", "2022-07-01"], **more}
    return node("load_collection", **arguments)


def graph(**nodes):
    nodes[list(nodes)[-1]]["result"] = True
    return nodes


def quantiles(**more):
    return graph(
        load=load(bands=["B04", "B08"], **more),
        fine=node("resample_spatial", data=of("load"), resolution=5, method="cubic"),
        blur=node("apply_kernel", data=of("fine"), kernel=[[1, 2, 1], [2, 4, 2], [1, 2, 1]], factor=1 / 16),
        median=node("reduce_dimension", data=of("blur"), dimension="t", reducer=reducer("median")),
    )


def assert_same_bits(process, cluster, catalog, parameters=None):
    here = execute(process, parameters, catalog=catalog)
    there = execute(process, parameters, catalog=catalog, dask_scheduler=cluster.scheduler_address)
    assert there.dtype == here.dtype
    assert np.asarray(there.values).tobytes() == np.asarray(here.values).tobytes()
    xr.testing.assert_identical(here, there)
    return here


def test_the_same_bits(cluster, catalog):
    result = assert_same_bits(quantiles(), cluster, catalog)
    assert result.size > 50_000
    assert np.isfinite(result.values).any()


def test_the_workers_compute_all_blocks(cluster, catalog, monkeypatch):
    monkeypatch.setattr(blocks.Threads, "map", None)
    execute(quantiles(), catalog=catalog, dask_scheduler=cluster.scheduler_address)


def test_cubes_in_memory_are_sent_once(cluster, catalog, monkeypatch):
    process = graph(
        load=load(bands=["B04"]),
        mask=node("mask", data=of("load"), mask=parameter("marks")),
        mean=node("reduce_dimension", data=of("mask"), dimension="t", reducer=reducer("mean")),
    )
    grid = grid_of(execute(graph(load=load()), catalog=catalog))
    marks = np.random.default_rng(0).integers(0, 2, grid.shape).astype(float)
    cube = xr.DataArray(
        marks, dims=["y", "x"], coords={"y": grid.y_labels(), "x": grid.x_labels()}, attrs={"crs": grid.crs}
    )
    monkeypatch.setattr(scale, "_LARGEST_INLINE", 1000)
    result = assert_same_bits(process, cluster, catalog, {"marks": cube})
    assert (np.isnan(result.values[0]) >= (marks != 0)).all()


def test_what_needs_all_blocks_first(cluster, catalog):
    process = graph(
        load=load(bands=["B04"]),
        median=node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("median")),
        around=node("apply_kernel", data=of("median"), kernel=[[0.5, 0, 0.5]], border="wrap"),
        more=node("apply_kernel", data=of("around"), kernel=[[0, 1, 0], [0, 1, 0], [0, 1, 0]]),
    )
    assert_same_bits(process, cluster, catalog)


def test_zonal_statistics(cluster, catalog):
    corners = [[680000, 5151200], [680400, 5151250], [680300, 5151700], [680000, 5151200]]
    fields = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}},
        "features": [
            {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [corners]}},
        ],
    }
    process = quantiles()
    del process["median"]["result"]
    process["zones"] = node("aggregate_spatial", True, data=of("median"), geometries=fields, reducer=reducer("mean"))
    result = assert_same_bits(process, cluster, catalog)
    assert np.isfinite(result.values).all()


def test_a_lost_worker_does_not_matter(cluster, catalog):
    process = quantiles(temporal_extent=["2022-05-01", "2022-09-01"])
    process["fine"]["arguments"]["resolution"] = 2.5
    here = execute(process, catalog=catalog)
    before = set(worker_pids(cluster))
    killed, advanced = [], threading.Event()

    def kill_one():
        advanced.wait(60)
        killed.append(min(worker_pids(cluster)))
        psutil.Process(killed[0]).kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    with make_plan({"process_graph": process}, catalog) as plan:
        executor = scale.Cluster(
            cluster.scheduler_address, plan, {"process_graph": process}, {}, catalog, permissions()
        )
        plan.resources.callback(executor.close)
        plan.execution.executor, plan.execution.advance = executor, advanced.set
        there = blocks.assemble(plan.result, plan.execution)
    killer.join()
    assert killed[0] in before
    assert there.values.tobytes() == here.values.tobytes()


def permissions():
    from gdc_jupyter.settings import Permissions

    return Permissions()


def worker_pids(cluster):
    return [nanny.pid for nanny in cluster.workers.values()]


def test_few_blocks_are_on_their_way_and_none_when_nobody_wants_more(cluster, catalog):
    process = {"process_graph": quantiles()}
    with (
        make_plan(process, catalog) as plan,
        distributed.Client(cluster.scheduler_address, set_as_default=False) as client,
    ):
        executor = scale.Cluster(client, plan, process, {}, catalog, permissions())
        windows = blocks.windows(plan.result, 1)
        assert len(windows) > 20
        stream = executor.map(plan.result, windows, lambda block, window: (window, block.values))
        assert next(stream)[0] == windows[0]
        assert len(client.futures) <= executor._in_flight()
        stream.close()
        executor.close()
        deadline = time.monotonic() + 5
        while client.futures and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client.futures == {}
        assert client.status == "running"


def test_functions_of_blocks_run_here_in_order(cluster, catalog):
    process = {"process_graph": quantiles()}
    with make_plan(process, catalog) as plan:
        executor = scale.Cluster(cluster.scheduler_address, plan, process, {}, catalog, permissions())
        plan.resources.callback(executor.close)
        windows = blocks.windows(plan.result, 1)[:9]
        main = threading.get_ident()
        seen = list(
            executor.map(plan.result, windows, lambda block, window: (window, block.shape, threading.get_ident()))
        )
    assert [window for window, _, _ in seen] == windows
    assert all(shape[-2:] == window.shape for window, shape, _ in seen)
    assert main not in {ident for _, _, ident in seen}


def test_errors_keep_their_code(cluster, catalog):
    code = """
def apply_datacube(cube, context):
    assert float(cube.max()) <= 1, "too bright"
    return cube
"""
    callback = {"process_graph": {"udf": node("run_udf", True, data=parameter("x"), udf=code, runtime="Python")}}
    process = graph(load=load(bands=["B04"]), udf=node("apply", data=of("load"), process=callback))
    with pytest.raises(GdcError) as caught:
        execute(process, catalog=catalog, dask_scheduler=cluster.scheduler_address)
    assert caught.value.code == "UdfFailed"
    assert "too bright" in caught.value.message
    assert "udf/udf" in caught.value.message


def test_where_no_cluster_answers(catalog, monkeypatch):
    monkeypatch.setattr(scale, "_CONNECT_SECONDS", 0.3)
    with pytest.raises(GdcError, match=r"No Dask cluster answers at tcp://127.0.0.1:9") as caught:
        execute(quantiles(), catalog=catalog, dask_scheduler="tcp://127.0.0.1:9")
    assert caught.value.code == "Internal"


def test_a_job_finds_its_cluster_in_the_environment(cluster, catalog, tmp_path, monkeypatch):
    monkeypatch.setenv("GDC_DASK_SCHEDULER", cluster.scheduler_address)
    monkeypatch.setattr(blocks.Threads, "map", None)
    log, percents = [], []
    result = run(
        {"process_graph": quantiles()},
        catalog,
        tmp_path,
        progress=percents.append,
        log=lambda level, message, path: log.append(message),
        default_formats=["GTiff"],
    )
    assert result.assets[0].path.exists()
    assert f"Blocks are computed by the Dask cluster at {cluster.scheduler_address}." in log
    assert percents == sorted(percents)
    assert len(percents) > 20
