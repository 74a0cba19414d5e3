"""What reading, computing and writing takes on this computer: measured while jobs run, kept for estimates."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "rates.json"
#: Bytes in a second of one thread, before anything was measured here.
DEFAULTS = {
    "read": 250e6,
    "read CogSource": 350e6,
    "read ArraySource": 150e6,
    "compute": 400e6,
    "write": 120e6,
}
# How much of an average the newest job is, how much faster or slower than known it may be, and what counts at all.
NEWEST, STEP, SECONDS, BYTES = 0.3, 4.0, 0.002, 4 << 20


Sum = tuple[float, float]
NOTHING: Sum = (0.0, 0.0)


class Meter:
    """Adds up bytes and seconds of what a run does, by what it is; used by several threads."""

    def __init__(self) -> None:
        self._sums: dict[str, Sum] = {}
        self._lock = threading.Lock()

    def sums(self) -> dict[str, Sum]:
        """Return bytes and seconds by name."""
        with self._lock:
            return dict(self._sums)

    def add(self, name: str, size: float, seconds: float) -> None:
        """Add a piece of work: its bytes and the time that a thread took."""
        with self._lock:
            known = self._sums.get(name, NOTHING)
            self._sums[name] = known[0] + size, known[1] + seconds


#: What this process has done so far; a job has one of its own.
METER = Meter()


def metered(name: str, work: Callable[[], Any], size: int = 0) -> Any:
    """Return what ``work`` returns, and add it to what this process has done.

    Parameters
    ----------
    name : str
        The kind of work and, after a space, what it is.
    work : callable
        Returns something with ``nbytes``, or nothing.
    size : int
        The bytes that go into it; those of the result are added.
    """
    start = time.perf_counter()
    result = work()
    METER.add(name, size + getattr(result, "nbytes", 0), time.perf_counter() - start)
    return result


@dataclass(frozen=True)
class Rates:
    """Bytes in a second of one thread, by what is done.

    Parameters
    ----------
    measured : mapping of str to float
        Averages of the jobs that have run here, the newest counting most.
    jobs : int
        How many these were.
    """

    measured: Mapping[str, float] = field(default_factory=dict)
    jobs: int = 0

    def of(self, name: str) -> float:
        """Return the rate of a piece of work: measured, or that of its kind, or a usual one."""
        kind = name.partition(" ")[0]
        for known in (self.measured, DEFAULTS):
            for each in (name, kind):
                if each in known:
                    return known[each]
        raise LookupError(name)

    @property
    def origin(self) -> str:
        """Where the rates come from, for people."""
        if not self.jobs:
            return "usual rates; nothing was measured on this computer yet"
        return f"measured in {self.jobs} run{'s' * (self.jobs != 1)} on this computer"


def read_rates(folder: Path) -> Rates:
    """Return the rates kept in a data folder; those before any job where there are none."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Rates({str(name): float(rate) for name, rate in kept["rates"].items() if rate > 0}, int(kept["jobs"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Rates()


def learn(folder: Path, before: Mapping[str, Sum]) -> None:
    """Add what a finished run measured to the averages; where that cannot be written, nothing is learned.

    Parameters
    ----------
    folder : Path
        The data folder.
    before : mapping
        What `METER` had measured when the run began.
    """
    found = {}
    for name, (size, seconds) in METER.sums().items():
        size, seconds = size - before.get(name, NOTHING)[0], seconds - before.get(name, NOTHING)[1]
        if seconds > SECONDS and size > BYTES:
            found[name] = size / seconds
    if not found:
        return
    known = read_rates(folder)
    averages = dict(known.measured)
    kinds: dict[str, list[float]] = {}
    for name in found:
        kinds.setdefault(name.partition(" ")[0], []).append(found[name])
    # What has not run yet is taken for the slowest of its kind rather than the fastest.
    found |= {kind: min(rates) for kind, rates in kinds.items()}
    for name, rate in found.items():
        # The first run of all may have waited for files that were made, or for a disk that was asleep.
        usual = known.of(name)
        rate = min(max(rate, usual / STEP), usual * STEP)
        averages[name] = rate if name not in averages else (1 - NEWEST) * averages[name] + NEWEST * rate
    part = folder / f".{FILE}.{os.getpid()}"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"rates": averages, "jobs": known.jobs + 1}, indent=1), encoding="utf-8")
        part.replace(folder / FILE)
