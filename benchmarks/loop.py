"""How long the server's event loop is blocked while it answers: the longest time for each kind of request.

Usage: ``python benchmarks/loop.py [--seconds N] [--clients N] [--only NAME] [--stacks] [--data FOLDER]``. A
``jupyter gdc`` with 1,000 collections, 100,000 items and 10,000 granules is started with a watch in its process: a task
that wants to run every 2 ms, and notes how much later it ran. What the machine gave to others is taken off: as Linux
tells it for the thread of the loop, and what a process beside it that does nothing was late at the same time. Each kind
of request is sent by several clients at once for some seconds, the very first one of its kind included, and in the end
all kinds together. Printed are, for each kind and in milliseconds, the two longest blocks, and the longest in which the
server computed: in others the thread that had Python's lock waited for a processor that others used, or for a disk.
What is asked of the server: never more than 50. ``--stacks`` prints what ran meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from gdc_jupyter.demo import free_port

ASKED, TICK, NOTED = 0.05, 0.002, 0.005
LATE = 0.03
#: Functions in which threads wait for work.
IDLE = ("_worker", "wait", "select", "_look")


class Watch:
    """Notes in a file when the loop was blocked, for how long, and what all threads ran."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a", buffering=1)
        self.beat = time.monotonic()
        self.stacks = ""
        self.garbage = self.garbage_began = 0.0
        self.callback = ""

    async def run(self) -> None:
        """Watch until the loop ends."""
        threading.Thread(target=self._look, name="watch", daemon=True).start()
        gc.callbacks.append(self._collecting)
        self._time_callbacks()
        path = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        waits = os.open(path, os.O_RDONLY) if path.exists() else None
        while True:
            began, waited, computed = time.monotonic(), _waited(waits), time.process_time()
            self.beat, self.garbage = began, 0.0
            await asyncio.sleep(TICK)
            late = time.monotonic() - began - TICK
            if late > NOTED:
                self._note(began, late - (_waited(waits) - waited), time.process_time() - computed)

    def _note(self, began: float, blocked: float, computed: float) -> None:
        entry = {"began": began, "ended": time.monotonic(), "blocked": blocked, "cpu": computed, "stack": self.stacks}
        entry |= {"garbage": self.garbage, "callback": self.callback}
        self.callback = ""
        self.stacks = ""
        self.file.write(json.dumps(entry) + "\n")

    def _collecting(self, phase: str, _: dict[str, Any]) -> None:
        """Count the time of the search for garbage, which stops all threads."""
        if phase == "start":
            self.garbage_began = time.monotonic()
        else:
            self.garbage += time.monotonic() - self.garbage_began

    def _time_callbacks(self) -> None:
        """Keep which callback of the loop took long."""
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            began = time.monotonic()
            run(handle)
            if time.monotonic() - began > LATE / 2:
                self.callback += f"{1000 * (time.monotonic() - began):.0f} ms of {handle!r:.200} "

        asyncio.Handle._run = timed  # type: ignore[method-assign]

    def _look(self) -> None:
        """Keep what threads run where the loop is late."""
        while True:
            time.sleep(LATE / 3)
            if time.monotonic() - self.beat > LATE and not self.stacks:
                frames = [traceback.extract_stack(frame) for frame in sys._current_frames().values()]
                calls = [
                    [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in frame] for frame in frames
                ]
                self.stacks = " | ".join(" < ".join(each[:-9:-1]) for each in calls if each[-1].split()[-1] not in IDLE)


def _waited(waits: int | None) -> float:
    """Return the seconds in which a thread could have run, but others did."""
    return int(os.pread(waits, 100, 0).split()[1]) / 1e9 if waits is not None else 0.0


def beside(entry: dict[str, Any], others: list[dict[str, Any]]) -> float:
    """Return the seconds in which the process beside was late while the loop was."""
    overlaps = (min(entry["ended"], each["ended"]) - max(entry["began"], each["began"]) for each in others)
    return sum(max(each - TICK, 0.0) for each in overlaps)


def serve(path: Path, arguments: list[str]) -> None:
    """Run a server with a watch."""
    from gdc_server.app import GdcApp

    begin = GdcApp._start_jupyter_server_extension

    async def watched(app: GdcApp, serverapp: Any) -> None:
        app.watch = asyncio.create_task(Watch(path).run())  # type: ignore[attr-defined]
        await begin(app, serverapp)

    GdcApp._start_jupyter_server_extension = watched  # type: ignore[method-assign]
    GdcApp.launch_instance(arguments)  # type: ignore[no-untyped-call]


class Load:
    """Clients that send requests in turn until told to stop."""

    def __init__(self, port: int, calls: list[Any], clients: int) -> None:
        self.port, self.calls = port, calls
        self.stopped = threading.Event()
        self.sent: dict[int, int] = {}
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def run(self, seconds: float) -> str:
        """Send for some seconds, each request at least once, and return the statuses of the answers."""
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        return ", ".join(f"{count} x {status}" for status, count in sorted(self.sent.items()))

    def _run(self, first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        number = first
        while not self.stopped.is_set() or (first == 0 and number < len(self.calls)):
            call = self.calls[number % len(self.calls)]
            number += 1
            try:
                connection.request(call.method, call.path, call.body or None, call.headers)
                response = connection.getresponse()
                while response.read(1 << 20):
                    pass
                status = response.status
            except (OSError, http.client.HTTPException):
                status = 0
                connection.close()
            self.sent[status] = self.sent.get(status, 0) + 1


def prepare(port: int) -> str:
    """Make jobs for the lists, and a service of tiles, whose id is returned."""
    import loop_data as data

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = data.USER | {"Content-Type": "application/json"}
    body = json.dumps(data.process())
    for _ in range(1000):
        connection.request("POST", "/gdc/jobs", body, headers)
        connection.getresponse().read()
    nodes = data.graph()
    nodes["save"]["arguments"]["format"] = "PNG"
    made = {"process": {"process_graph": nodes}, "type": "XYZ", "enabled": True}
    made["configuration"] = {"range": [0, 1]}
    connection.request("POST", "/gdc/services", json.dumps(made), headers)
    response = connection.getresponse()
    if response.status != 201:
        raise RuntimeError(response.read())
    return str(response.headers["OpenEO-Identifier"])


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/gdc/")
            connection.getresponse().read()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text()[-3000:]) from None
            time.sleep(0.02)


def report(kind: str, entries: list[dict[str, Any]], told: str, stacks: bool) -> None:
    """Print the longest blocks of a kind."""
    longest = sorted(entries, key=lambda entry: -float(entry["blocked"]))[:2]
    figures = [1000 * entry["blocked"] for entry in longest] + [0.0, 0.0]
    computed = 1000 * max((min(entry["blocked"], entry["cpu"]) for entry in entries), default=0.0)
    mark = "  TOO LONG" if computed > 1000 * ASKED else ""
    print(f"{kind:48}{figures[0]:9.1f}{figures[1]:9.1f}{max(computed, 0.0):9.1f}   {told}{mark}", flush=True)
    if stacks:
        for entry in longest:
            if entry["blocked"] > ASKED / 2:
                computed = f"{1000 * entry['cpu']:.0f} ms of processors, {1000 * entry['garbage']:.0f} of garbage"
                print(f"      {1000 * entry['blocked']:.0f} ms, {computed}: {entry['callback']}; {entry['stack']}")


def measure(port: int, watched: Path, options: argparse.Namespace) -> None:
    """Send each kind of request, then all, and print."""
    import loop_data as data

    def since(start: float) -> list[dict[str, Any]]:
        time.sleep(0.3)
        noted = (watched, watched.with_suffix(".beside"))
        entries, others = ([json.loads(line) for line in path.read_text().splitlines()] for path in noted)
        entries = [entry for entry in entries if entry["ended"] > start]
        return [entry | {"blocked": entry["blocked"] - beside(entry, others)} for entry in entries]

    time.sleep(3)
    report("start, and the first answer", since(0.0), "", options.stacks)
    start = time.monotonic()
    kinds = data.kinds(prepare(port))
    report("1,000 jobs made one after the other", since(start), "", options.stacks)
    chosen = {kind: calls for kind, calls in kinds.items() if options.only in kind}
    if not options.only:
        chosen["all at once"] = [call for calls in kinds.values() for call in calls]
    for kind, calls in chosen.items():
        start = time.monotonic()
        told = Load(port, calls, options.clients).run(options.seconds)
        report(kind, since(start), told, options.stacks)


def main() -> None:
    """Make the data, start the server and measure."""
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), sys.argv[3:])
        return
    if sys.argv[1:2] == ["--beside"]:
        asyncio.run(Watch(Path(sys.argv[2])).run())
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each kind of request")
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--only", default="", help="kinds that have this in their name")
    parser.add_argument("--data", help="a folder for the data, which are made there the first time")
    parser.add_argument("--stacks", action="store_true", help="print what the loop ran while it was blocked")
    options = parser.parse_args()
    import loop_data as data

    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.data or name)
        if not (folder / "data").exists():
            data.make(folder)
        arguments = data.options(folder)
        port, watched, log = free_port(), folder / "watch.jsonl", folder / "gdc.log"
        watched.write_text("")
        shutil.rmtree(folder / "data" / "jobs", ignore_errors=True)
        idle = subprocess.Popen([sys.executable, __file__, "--beside", str(watched.with_suffix(".beside"))])
        arguments += [f"--ServerApp.port={port}", f"--IdentityProvider.token={data.TOKEN}", "--no-browser"]
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, __file__, "--serve", str(watched), *arguments],
                env=os.environ | {"GDC_DATA_DIR": str(folder / "data")},
                stdout=file,
                stderr=file,
            )
        try:
            wait_for(port, process, log)
            print(f"{'milliseconds':48}{'longest':>9}{'next':>9}{'computed':>9}   answers")
            measure(port, watched, options)
        finally:
            for each in (process, idle):
                each.terminate()
                each.wait(timeout=30)


if __name__ == "__main__":
    main()
