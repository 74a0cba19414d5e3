"""A hyperslab of 12.6 MB by DAP2 and DAP4, against a plain read and copy, and against other servers in the same run.

Usage: ``python benchmarks/opendap.py [--peer PYTHON] [--repeat N] [--gigabytes N]``.

The file has 12 x 1440 x 2880 float32, once as it is and once in compressed chunks; 3 x 1024 x 1024 of it are asked for
over loopback, by the same client, as raw bytes. The plain version reads the slab with netCDF4 and sends it through a
socket. ``--peer`` names the Python of an environment with ``pydap[server]``, ``xpublish-opendap``, ``netCDF4`` and
``gunicorn``: pydap serves arrays that it has in memory already, for it cannot cut files; xpublish serves the file
through xarray. Then a variable of 2 GB is fetched whole by each version of DAP, and the growth of the server's memory
is told. Medians are printed; the page cache is warm. The server keeps what is asked for again for a while: it is asked
for another slab each time, and for the same one, as the others are.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import psutil

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.demo import free_port

SHAPE = (12, 1440, 2880)
PART = (slice(2, 5), slice(200, 1224), slice(500, 1524))
DAP2 = "sst.sst[2:4][200:1223][500:1523]"
ARRAY = "sst[2:4][200:1223][500:1523]"
DAP4 = f"dap4.ce=/{ARRAY}"
PIECE = 1 << 20
SLABS = ("another slab each time", "the same slab again")


def make(path: Path, compressed: bool) -> None:
    """Make a file with a global field that is smooth and has noise, as real ones."""
    random = np.random.default_rng(1)
    with netCDF4.Dataset(path, "w") as dataset:
        sizes = dict(zip(("time", "lat", "lon"), SHAPE, strict=True))
        for name, size in sizes.items():
            dataset.createDimension(name, size)
            dataset.createVariable(name, "f8", (name,))[:] = np.linspace(-89.9, 89.9, size)
        dataset["time"].units, dataset["lat"].units = "days since 2000-01-01", "degrees_north"
        dataset["lon"].units = "degrees_east"
        options = {"zlib": True, "complevel": 4, "chunksizes": (1, 480, 480)} if compressed else {}
        variable = dataset.createVariable("sst", "f4", tuple(sizes), **options)
        smooth = np.add.outer(np.linspace(0, 1, SHAPE[1]), np.linspace(0, 1, SHAPE[2])) * 30
        for time_step in range(SHAPE[0]):
            variable[time_step] = smooth + np.round(random.normal(size=SHAPE[1:]), 2)


def make_large(path: Path, gigabytes: float) -> None:
    """Make a file with one large variable."""
    with netCDF4.Dataset(path, "w") as dataset:
        steps = round(gigabytes * 1e9 / (4 * 1000 * 1000))
        for name, size in (("time", steps), ("y", 1000), ("x", 1000)):
            dataset.createDimension(name, size)
            dataset.createVariable(name, "f8", (name,))[:] = np.arange(size) * 0.01
        dataset["time"].units, dataset["y"].units = "days since 2000-01-01", "degrees_north"
        dataset["x"].units = "degrees_east"
        variable = dataset.createVariable("v", "f4", ("time", "y", "x"))
        values = np.arange(1_000_000, dtype="f4").reshape(1000, 1000)
        for step in range(steps):
            variable[step] = values


class Plain:
    """A thread that reads the slab with netCDF4, and sends it to who connects."""

    def __init__(self, path: Path, keep: bool) -> None:
        self.path, self.keep = path, keep
        self.dataset = self.open()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    def open(self) -> netCDF4.Dataset:
        """Return the open file."""
        dataset = netCDF4.Dataset(self.path)
        dataset.set_auto_maskandscale(False)
        return dataset

    def serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.recv(1)
                dataset = self.dataset if self.keep else self.open()
                connection.sendall(np.ascontiguousarray(dataset["sst"][PART]).data.cast("B"))
                if not self.keep:
                    dataset.close()

    def fetch(self) -> int:
        """Return how many bytes came."""
        with socket.create_connection(self.listener.getsockname()) as connection:
            connection.sendall(b"x")
            return received(connection.recv_into)


def received(read_into: Callable[[memoryview], int]) -> int:
    """Return how many bytes came before the end."""
    piece = memoryview(bytearray(PIECE))
    total = 0
    while size := read_into(piece):
        total += size
    return total


def fetch(port: int, path: str) -> int:
    """Return how many bytes an answer has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()[:500]
        return received(answer.readinto)
    finally:
        connection.close()


def moved(constraint: str, row: int) -> str:
    """Return a constraint whose slab begins at another row."""
    return constraint.replace("[200:1223]", f"[{row}:{row + 1023}]")


def values_of(port: int, path: str) -> np.ndarray:
    """Return the values at the end of an answer by DAP2."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("GET", path)
    body = connection.getresponse().read()
    head = re.search(rb"\nData:\r?\n", body)
    assert head is not None, body[:500]
    return np.frombuffer(body, ">f4", 3 * 1024 * 1024, head.end() + 8)


def start(command: list[str], port: int, path: str, **environment: str) -> subprocess.Popen[bytes]:
    """Return a server that answers."""
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            fetch(port, path)
            return process
        except (OSError, AssertionError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(command)} does not answer") from None
            time.sleep(0.1)


def start_own(data: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Return `jupyter gdc` and its port."""
    port = free_port()
    options = [f"--ServerApp.port={port}", "--IdentityProvider.token=x", "--no-browser", "--GdcApp.samples=False"]
    command = [sys.executable, "-m", "gdc_server", *options]
    return start(command, port, "/opendap/health", GDC_DATA_DIR=str(data)), port


def start_peers(python: str, path: Path) -> dict[str, tuple[subprocess.Popen[bytes], str, int]]:
    """Return the peers that give the right values: process, path and port."""
    script = str(Path(__file__).with_name("peer_opendap.py"))
    found = {}
    for name, address, constraint in (
        ("pydap", "/sst.dods", DAP2),
        ("xpublish", "/datasets/sst/opendap.dods", ARRAY),
    ):
        port = free_port()
        ready = address.replace(".dods", ".dds")
        process = start([python, script, name, str(path), str(port)], port, ready)
        found[name] = (process, f"{address}?{constraint}", port)
    return found


def medians(works: dict[str, Callable[[], int]], repeat: int) -> dict[str, float]:
    """Return the median milliseconds of each, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeat + 2):
        for name, work in works.items():
            begin = time.perf_counter()
            size = work()
            times[name].append(1000 * (time.perf_counter() - begin))
            assert size >= 3 * 1024 * 1024 * 4, (name, size)
    return {name: statistics.median(each[2:]) for name, each in times.items()}


def compare(folder: Path, compressed: bool, peer: str | None, repeat: int) -> None:
    """Print the times of one file."""
    name = "compressed" if compressed else "contiguous"
    path, data = folder / f"{name}.nc", folder / f"data-{name}"
    make(path, compressed)
    Catalog(data, samples=False).add(path, "sst")
    opened, kept = Plain(path, keep=False), Plain(path, keep=True)
    server, port = start_own(data)
    address = f"/opendap/data/sst/{name}"
    processes = [server]
    rows = itertools.count(100)
    try:
        works: dict[str, Callable[[], int]] = {
            "netCDF4 and a copy": opened.fetch,
            "the same, the file open already": kept.fetch,
            "DAP2, another slab each time": lambda: fetch(port, f"{address}.dods?{moved('sst.' + ARRAY, next(rows))}"),
            "DAP4, another slab each time": lambda: fetch(port, f"{address}.dap?{moved(DAP4, next(rows))}"),
            "DAP2, the same slab again": lambda: fetch(port, f"{address}.dods?{DAP2}"),
            "DAP4, the same slab again": lambda: fetch(port, f"{address}.dap?{DAP4}"),
            "the same with checksums": lambda: fetch(port, f"{address}.dap?{DAP4}&dap4.checksum=true"),
        }
        expected = np.ascontiguousarray(kept.dataset["sst"][PART]).reshape(-1)
        assert (values_of(port, f"{address}.dods?{DAP2}") == expected).all()
        for peer_name, (process, asked, peer_port) in (start_peers(peer, path) if peer else {}).items():
            processes.append(process)
            right = (values_of(peer_port, asked) == expected).all()
            title = f"{peer_name}{' (from memory)' if peer_name == 'pydap' else ''}{'' if right else ' (WRONG VALUES)'}"
            works[title] = lambda asked=asked, peer_port=peer_port: fetch(peer_port, asked)
        found = medians(works, repeat)
    finally:
        for process in processes:
            process.terminate()
            process.wait(20)
    print(f"\n12.6 MB of a {name} file {'ms':>22} {'x netCDF4':>10} {'x open file':>12}")
    plain, still_open = itertools.islice(found.values(), 2)
    for title, milliseconds in found.items():
        print(f"  {title:38} {milliseconds:8.1f} {milliseconds / plain:10.2f} {milliseconds / still_open:12.2f}")
    for title in (each for each in found if each.startswith(("pydap", "xpublish"))):
        first, again = (found[title] / max(found[f"DAP{number}, {which}"] for number in (2, 4)) for which in SLABS)
        print(f"  {title} takes {first:.1f} times as long as ours, {again:.1f} times for the same slab again")


def grow(folder: Path, gigabytes: float) -> None:
    """Print how much memory a server takes more while it serves a large variable."""
    path, data = folder / "large.nc", folder / "data-large"
    make_large(path, gigabytes)
    Catalog(data, samples=False).add(path, "large")
    server, port = start_own(data)
    try:
        fetch(port, "/opendap/data/large/large.dods?v[0][0][0:9]")
        process = psutil.Process(server.pid)
        for title, asked in (("DAP2", ".dods?v"), ("DAP4", ".dap?dap4.ce=/v")):
            before, most = process.memory_info().rss, [0]
            done = threading.Event()

            def watch(most: list[int] = most, done: threading.Event = done) -> None:
                while not done.wait(0.01):
                    most[0] = max(most[0], process.memory_info().rss)

            watcher = threading.Thread(target=watch)
            watcher.start()
            begin = time.perf_counter()
            size = fetch(port, f"/opendap/data/large/large{asked}")
            seconds = time.perf_counter() - begin
            done.set()
            watcher.join()
            growth = (most[0] - before) / 1e6
            print(f"  {title}: {size / 1e9:.2f} GB in {seconds:.1f} s, {growth:.0f} MB more memory than before")
    finally:
        server.terminate()
        server.wait(20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help="Python of an environment with pydap and xpublish-opendap")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--gigabytes", type=float, default=2.0, help="size of the large variable; 0 leaves it out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for compressed in (False, True):
            compare(folder, compressed, options.peer, options.repeat)
        if options.gigabytes:
            print(f"\nA variable of {options.gigabytes:g} GB")
            grow(folder, options.gigabytes)


if __name__ == "__main__":
    main()
