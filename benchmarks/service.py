"""How long people wait: import, server start, the first result of a cold server, and a trivial batch job.

Usage: ``python benchmarks/service.py [--repeat N]``. Each round starts ``jupyter gdc`` with an empty data directory,
asks for a synchronous result at once, then runs trivial batch jobs. Medians are printed; the peer of the import is
``import xarray``, in the same run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import requests

from gdc_jupyter.demo import free_port

TOKEN = "benchmark"
AREA = {"west": 11.345, "south": 46.495, "east": 11.372, "north": 46.512}
GRAPH = {
    "load": {
        "process_id": "load_collection",
        "arguments": {
            "id": "S2_ALPS",
            "spatial_extent": AREA,
            "temporal_extent": ["2022-07-01", "2022-07-20"],
            "bands": ["B04", "B08"],
        },
    },
    "ndvi": {"process_id": "ndvi", "arguments": {"data": {"from_node": "load"}}},
    "median": {
        "process_id": "reduce_dimension",
        "arguments": {
            "data": {"from_node": "ndvi"},
            "dimension": "t",
            "reducer": {
                "process_graph": {
                    "m": {"process_id": "median", "arguments": {"data": {"from_parameter": "data"}}, "result": True}
                }
            },
        },
    },
    "save": {
        "process_id": "save_result",
        "arguments": {"data": {"from_node": "median"}, "format": "GTiff"},
        "result": True,
    },
}
TRIVIAL = {"add": {"process_id": "add", "arguments": {"x": 3, "y": 5}, "result": True}}


def seconds_of(command: list[str]) -> float:
    """Return the seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def round_of_figures() -> dict[str, float]:
    """Return the figures of one server."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {**os.environ, "GDC_DATA_DIR": folder}
        command = [
            *[sys.executable, "-m", "gdc_server"],
            f"--ServerApp.port={port}",
            f"--IdentityProvider.token={TOKEN}",
            "--no-browser",
        ]
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}/gdc"
            while True:
                try:
                    requests.get(f"{url}/conformance", timeout=5).raise_for_status()
                    break
                except requests.ConnectionError:
                    time.sleep(0.02)
            figures["server start to the first answer"] = time.perf_counter() - start
            session = requests.Session()
            session.headers["Authorization"] = f"Bearer basic//{TOKEN}"
            figures["first result of a cold server"] = answer(session, url)
            figures["the same result again"] = answer(session, url)
            figures["trivial batch job"] = statistics.median(batch_job(session, url) for _ in range(5))
        finally:
            process.terminate()
            process.wait(timeout=20)
    return figures


def answer(session: requests.Session, url: str) -> float:
    """Return the seconds of a synchronous request."""
    start = time.perf_counter()
    response = session.post(f"{url}/result", json={"process": {"process_graph": GRAPH}}, timeout=60)
    response.raise_for_status()
    assert response.content[:2] == b"II"
    return time.perf_counter() - start


def batch_job(session: requests.Session, url: str) -> float:
    """Return the seconds from the start of a trivial job until it is finished."""
    created = session.post(f"{url}/jobs", json={"process": {"process_graph": TRIVIAL}}, timeout=10)
    job = created.headers["Location"]
    start = time.perf_counter()
    session.post(f"{job}/results", timeout=10).raise_for_status()
    while session.get(job, timeout=10).json()["status"] != "finished":
        time.sleep(0.01)
    return time.perf_counter() - start


def main() -> None:
    """Print the medians of some rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    bare = [seconds_of([sys.executable, "-c", "pass"]) for _ in range(5)]
    rows: dict[str, list[float]] = {}
    for module in ("gdc_jupyter", "xarray"):
        whole = [seconds_of([sys.executable, "-c", f"import {module}"]) for _ in range(5)]
        rows[f"import {module}"] = [each - statistics.median(bare) for each in whole]
    for _ in range(options.repeat):
        for name, value in round_of_figures().items():
            rows.setdefault(name, []).append(value)
    for name, values in rows.items():
        print(f"{name:34} {statistics.median(values):6.3f} s  ({min(values):.3f} to {max(values):.3f})")


if __name__ == "__main__":
    main()
