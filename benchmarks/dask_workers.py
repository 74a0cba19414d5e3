"""Two Dask workers, processes of one thread each, against threads in one process, on work that computing limits.

Usage: ``python benchmarks/dask_workers.py [--repeat N]``. The data are those of ``benchmarks/composite.py``: 10 dates
x 2 bands x 1792 x 1792 as COGs. The graph smooths them with a 9 x 9 kernel, computes an index, and three quantiles over
time. Both sides use the same plan, read the files themselves and keep nothing of earlier runs; the runs alternate. The
results have to be the same bits.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

# Nothing is kept from one run to the next, here and in the workers; each thread computes for itself.
os.environ |= {"GDC_CACHE_BYTES": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

from composite import _ndvi, make_collection

WORKERS = 2


def process_graph() -> dict[str, Any]:
    """Return the graph."""
    rows = [(1, 8, 28, 56, 70, 56, 28, 8, 1)]
    kernel = [[first * second / 2**16 for second in rows[0]] for first in rows[0]]
    quantiles = {"data": {"from_parameter": "data"}, "probabilities": [0.1, 0.5, 0.9]}
    return {
        "load": _node("load_collection", id="composite", spatial_extent=None, temporal_extent=None),
        "smooth": _node("apply_kernel", data={"from_node": "load"}, kernel=kernel, border="reflect"),
        "ndvi": _node(
            "reduce_dimension",
            data={"from_node": "smooth"},
            dimension="bands",
            reducer={"process_graph": _ndvi()},
        ),
        "quantiles": _node(
            "apply_dimension",
            data={"from_node": "ndvi"},
            dimension="t",
            target_dimension="quantile",
            process={"process_graph": {"quantiles": _node("quantiles", **quantiles) | {"result": True}}},
        )
        | {"result": True},
    }


def _node(process: str, /, **arguments: Any) -> dict[str, Any]:
    return {"process_id": process, "arguments": arguments}


def main() -> None:
    """Run both, compare, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory(prefix="gdc-benchmark-") as name:
        compare(Path(name), repeat)


def compare(folder: Path, repeat: int) -> None:
    """Run both on data in a folder."""
    from distributed import Client, LocalCluster

    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.graph import blocks, execute

    make_collection(folder)
    catalog = Catalog(folder / "data", samples=False)
    catalog.add(folder)
    blocks.thread_count = lambda: WORKERS
    cluster = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    )
    with cluster, Client(cluster) as client:
        sides = {"threads": "", "workers": client}
        seconds: dict[str, list[float]] = {side: [] for side in sides}
        results = {}
        for number in range(repeat + 1):
            for side, scheduler in sides.items():
                start = time.perf_counter()
                results[side] = execute(process_graph(), catalog=catalog, dask_scheduler=scheduler).values
                # The first run of each loads modules.
                if number:
                    seconds[side].append(time.perf_counter() - start)
        assert results["threads"].dtype == results["workers"].dtype
        assert results["threads"].tobytes() == results["workers"].tobytes(), "the results differ"
    medians = {side: statistics.median(each) for side, each in seconds.items()}
    shape = " x ".join(map(str, results["threads"].shape))
    print(f"quantiles of smoothed NDVI, {shape}; the same bits on both sides")
    print(f"{WORKERS} threads in one process  {medians['threads']:.2f} s  {_listed(seconds['threads'])}")
    print(f"{WORKERS} Dask workers            {medians['workers']:.2f} s  {_listed(seconds['workers'])}")
    print(f"speed of the workers       {medians['threads'] / medians['workers']:.2f} of that of threads")


def _listed(seconds: list[float]) -> str:
    return "(" + ", ".join(f"{each:.2f}" for each in seconds) + ")"


if __name__ == "__main__":
    main()
