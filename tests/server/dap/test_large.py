"""Answers that are larger than memory should be, clients that hang up, and limits."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import netCDF4
import numpy as np
import psutil
import pytest
import requests

from gdc_jupyter.catalog.catalog import Catalog

from .answers import VARIED, ask
from .files import grid_axes, make_varied


@pytest.fixture(scope="module")
def large(dap):
    """The address of a granule with a variable of 400 MB."""
    path = dap.folder / "huge.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        grid_axes(dataset, times=200, rows=500, columns=1000)
        variable = dataset.createVariable("v", "f4", ("time", "lat", "lon"), chunksizes=(1, 500, 1000))
        for step in range(0, 200, 50):
            variable[step] = step
    Catalog(dap.server.data).add(path, "huge")
    return f"{dap.root}/huge/huge"


class TestLargeAnswers:
    @pytest.mark.parametrize("asked", [".dods?v", ".dap?dap4.ce=/v"])
    def test_memory_does_not_grow_with_them(self, dap, large, asked):
        process = psutil.Process(dap.server.process.pid)
        requests.get(f"{large}.dods?v[0][0][0]", timeout=30)
        before, most = process.memory_info().rss, 0
        with requests.get(large + asked, stream=True, timeout=60) as answer:
            size = 0
            for chunk in answer.iter_content(1 << 20):
                size += len(chunk)
                most = max(most, process.memory_info().rss)
        assert size == int(answer.headers["Content-Length"]) > 400_000_000
        assert most - before < 100e6

    def test_a_client_that_hangs_up_stops_the_reading(self, dap, large):
        process = psutil.Process(dap.server.process.pid)
        for _ in range(5):
            with requests.get(f"{large}.dods?v", stream=True, timeout=60) as answer:
                answer.raw.read(1 << 16)
        time.sleep(0.5)
        before = process.cpu_times()
        time.sleep(0.5)
        after = process.cpu_times()
        assert after.user + after.system - before.user - before.system < 0.25
        assert ask(dap, f"{VARIED}.dds").status_code == 200

    def test_a_slow_client_gets_all(self, large):
        asked = f"{large}.dods?v.v[48:52][0:499][0:999]"
        with requests.get(asked, stream=True, timeout=60) as answer:
            pieces = []
            while piece := answer.raw.read(3 << 20):
                pieces.append(piece)
                time.sleep(0.1)
        whole = requests.get(asked, timeout=60).content
        assert b"".join(pieces) == whole
        step = np.frombuffer(whole[-5 * 2_000_000 :], ">f4").reshape(5, 500, 1000)[2]
        assert (step == 50).all()

    def test_others_are_answered_meanwhile(self, dap, large):
        with requests.get(f"{large}.dods?v", stream=True, timeout=60) as answer:
            begin = time.monotonic()
            for _ in range(5):
                answer.raw.read(1 << 22)
                assert requests.get(f"{dap.root.partition('data')[0]}health", timeout=30).status_code == 200
            assert time.monotonic() - begin < 5


def test_answers_do_not_wait_for_files_that_are_made(dap, large):
    with ThreadPoolExecutor(6) as pool:
        made = [
            pool.submit(requests.get, f"{large}.nc4?v[0:49][0:499][0:999]", timeout=120, stream=True) for _ in range(6)
        ]
        time.sleep(0.2)
        begin = time.monotonic()
        assert ask(dap, f"{VARIED}.dods?lat").status_code == 200
        seconds = time.monotonic() - begin
        assert seconds < 2
        for each in made:
            each.result().close()


def test_limits_are_configured(serve, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    Catalog(data).add(make_varied(tmp_path / "varied.nc"), "varied")
    server = serve(data, tmp_path / "log", "--GdcApp.max_dap_bytes=1000", "--GdcApp.max_dap_file_bytes=100")
    try:
        root = f"http://127.0.0.1:{server.port}/opendap/data/varied/varied"
        for suffix, status in (("dods?sst", 413), ("dods?lat", 200), ("nc4?lat", 413), ("nc4?lat[0]", 200)):
            answer = requests.get(f"{root}.{suffix}", timeout=30)
            assert answer.status_code == status
            assert status == 200 or answer.text.startswith("Error {")
    finally:
        server.stop()
