"""A plan explained: what is loaded, how each node is computed, what is saved, and what it takes in memory and time."""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from gdc_jupyter.cube.time import format_instant
from gdc_jupyter.errors import Fault
from gdc_jupyter.graph.block_cube import BlockCube
from gdc_jupyter.graph.blocks import thread_count
from gdc_jupyter.graph.costs import Costs, Work, costs_of, dimensions_of, human, outputs_of, refused, size_of
from gdc_jupyter.graph.meter import Rates, read_rates
from gdc_jupyter.graph.plan import Plan, Saved
from gdc_jupyter.graph.run import make_plan
from gdc_jupyter.graph.write import saved_values
from gdc_jupyter.settings import Permissions

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog

# What starting takes, and what GDAL keeps of decoded tiles at most (see `gdc_jupyter.catalog.raster_files`).
START_SECONDS, GDAL_CACHE = 0.05, 256 << 20
# Files whose size is looked at.
MOST_FILES = 500


@dataclass(frozen=True)
class Explanation:
    """What a run of a process would do.

    Parameters
    ----------
    plan : Plan
    saved : list of Saved
        What is written.
    costs : Costs
    rates : Rates
        How fast this computer is.
    catalog : Catalog
    faults : list of Fault
        Why it would be refused, where it costs too much.
    """

    plan: Plan
    saved: list[Saved]
    costs: Costs
    rates: Rates
    catalog: Catalog
    faults: list[Fault]

    @property
    def seconds(self) -> float:
        """The time that it takes on this computer."""
        threads = min(thread_count(), max(self.costs.blocks, 1))
        computing = sum(_bytes(work) / self.rates.of(work.cube.work()) for work in self._measured())
        writing = sum(size_of(each.value) / self.rates.of(f"write {each.format}") for each in self.saved)
        return START_SECONDS + computing / threads + writing

    @property
    def memory(self) -> float:
        """The most bytes that are in memory at once, with the program itself."""
        tiled = sum(_as_stored(work) for work in self.costs.reads if work.cube.work() == "read CogSource")
        tiled += sum(size_of(each.value) for each in self.saved if each.format == "GTiff")
        returned = 0.0 if self.saved else self.costs.results
        return resident() + self.costs.memory + min(GDAL_CACHE, tiled) + returned

    def _measured(self) -> Iterator[Work]:
        return (work for work in self.costs.work.values() if work.cube.work())

    def as_json(self) -> dict[str, Any]:
        """Return all figures as JSON."""
        rows, columns = self.costs.shape
        return {
            "loads": [self._load(work) for work in self.costs.reads],
            "nodes": [self._node(name) for name in self.plan.values],
            "saves": [{"format": each.format, "bytes": size_of(each.value)} for each in self.saved],
            "blocks": {"count": self.costs.blocks, "rows": rows, "columns": columns, "threads": thread_count()},
            "decoded_bytes": round(self.costs.decoded),
            "result_bytes": round(self.costs.results),
            "memory_bytes": round(self.memory),
            "seconds": round(self.seconds, 2),
            "rates": self.rates.origin,
            "refused": [fault.message for fault in self.faults],
        }

    def _load(self, work: Work) -> dict[str, Any]:
        source, window = work.cube.source, work.window
        assert window is not None
        files, stored = _stored(source, work, self.catalog)
        found: dict[str, Any] = {
            "collection": source.collection_id,
            "bbox": [round(edge, 5) for edge in window.geographic_bounds],
            "crs": window.crs,
            "rows": window.height,
            "columns": window.width,
            "dates": 0 if source.times is None else len(source.times),
            "bands": [band.name for band in source.bands],
            "pixels": round(work.pixels),
            "decoded_bytes": round(work.size),
            "files": files,
            "stored_bytes": stored,
        }
        if source.times is not None and len(source.times):
            found |= {"from": format_instant(min(source.times)), "to": format_instant(max(source.times))}
        return found

    def _node(self, name: str) -> dict[str, Any]:
        assert self.plan.graph is not None
        value, node = self.plan.values[name], self.plan.graph.nodes[name]
        found: dict[str, Any] = {"id": name, "process": node.process, "needs": list(dict.fromkeys(node.needs))}
        if node.process == "save_result":
            return found | {"how": "written block by block"}
        if isinstance(value, BlockCube):
            how = value.how if self._used(value) else "not computed: nothing needs it"
            return found | {
                "dimensions": dimensions_of(value),
                "type": str(value.probe.dtype),
                "bytes": size_of(value),
                "how": how,
            }
        if isinstance(value, xr.DataArray):
            sizes = {str(key): size for key, size in value.sizes.items()}
            return found | {"dimensions": sizes, "bytes": value.nbytes, "how": "in memory"}
        return found | {"value": f"{value!r:.60}", "how": "while the plan is made"}

    def _used(self, cube: BlockCube) -> bool:
        # What is saved is a copy of the node's cube, computed by the same function.
        return any(work.cube.compute is cube.compute for work in self.costs.work.values())

    def as_text(self) -> str:
        """Return a table to read in a terminal."""
        found = self.as_json()
        lines = ["Loads", *map(_load_text, found["loads"])] if found["loads"] else ["Loads nothing"]
        lines += ["", "Computes", *_columns([_node_row(node) for node in found["nodes"]])]
        blocks = found["blocks"]
        lines += [
            "",
            "Runs",
            f"  {_count(blocks['count'], 'block')} of up to {blocks['rows']} x {blocks['columns']} "
            f"pixels, on {_count(blocks['threads'], 'thread')}",
        ]
        if found["saves"]:
            lines += [
                "",
                "Saves",
                *(f"  {each['format']}, {human(each['bytes'])} before compression" for each in found["saves"]),
            ]
        else:
            lines += ["", "Returns", f"  {human(found['result_bytes'])}"]
        lines += [
            "",
            "Takes",
            f"  {duration_text(self.seconds)}, and {human(self.memory)} of memory at most ({self.rates.origin})",
        ]
        lines += ["", "Refused", *(f"  {fault}" for fault in self.faults)] if self.faults else []
        return "\n".join(lines)


def explain(
    process: Mapping[str, Any],
    catalog: Catalog,
    parameters: Mapping[str, Any] | None = None,
    permissions: Permissions | None = None,
    default_formats: Sequence[str] = (),
) -> Explanation:
    """Return what a run of a process would do; nothing is read.

    Parameters
    ----------
    process : mapping
        A process with ``process_graph``.
    catalog : Catalog
        The collections that it may load.
    parameters : mapping, optional
        Values of the process's parameters.
    permissions : Permissions, optional
        What the graph may do.
    default_formats : sequence of str
        As for :func:`gdc_jupyter.graph.run`.

    Raises
    ------
    InvalidProcessGraph
        With all faults.
    """
    with make_plan(process, catalog, parameters, permissions, reads=False) as plan:
        saved = saved_values(plan, default_formats)
        faults = refused(plan, saved, (permissions or Permissions()).limits, in_memory=not saved)
        costs, rates = costs_of(plan, outputs_of(plan, saved)), read_rates(catalog.folder)
        return Explanation(plan, saved, costs, rates, catalog, faults)


def resident() -> int:
    """Return the bytes of memory that this process has now."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def duration_text(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"about {seconds:.1f} s" if seconds < 10 else f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def duration_iso(seconds: float) -> str:
    """Return a time as ISO 8601 writes it, in whole seconds."""
    whole = max(math.ceil(seconds), 1)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return "PT" + "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if value)


def _as_stored(work: Work) -> float:
    """Return the bytes of what is read in the types of the files, in which GDAL keeps it."""
    source = work.cube.source
    stored = max(np.dtype(band.data_type).itemsize for band in source.bands)
    size: float = work.size * stored / source.dtype.itemsize
    return size


def _bytes(work: Work) -> float:
    return work.size if work.cube.how == "read" else work.size + work.inputs


def _stored(source: Any, work: Work, catalog: Catalog) -> tuple[int | None, int | None]:
    """Return the number of files that are read, and the bytes read of them; None where that is not known."""
    paths = source.files()
    if not paths:
        return None, None
    try:
        sizes = [path.stat().st_size for path in paths[:MOST_FILES]]
    except OSError:
        return len(paths), None
    total = sum(sizes) * len(paths) / len(sizes)
    extent = source.extent
    share = min(work.pixels / (extent.width * extent.height), 1.0)
    if not hasattr(source, "mosaics"):
        # All dates and bands are in the same files.
        collection = catalog.get(source.collection_id)
        share *= len(source.bands) / max(len(collection.bands), 1)
        if source.times is not None and collection.times is not None:
            share *= len(source.times) / max(len(collection.times), 1)
    return len(paths), round(total * min(share, 1.0))


def _load_text(load: dict[str, Any]) -> str:
    west, south, east, north = load["bbox"]
    parts = [
        load["collection"],
        f"{load['rows']:,} x {load['columns']:,} pixels ({west:.4f} {south:.4f} to {east:.4f} {north:.4f})",
    ]
    if load["dates"]:
        parts.append(f"{_count(load['dates'], 'date')} ({load['from'][:10]} to {load['to'][:10]})")
    parts.append(" ".join(load["bands"]))
    stored = "" if load["stored_bytes"] is None else f", from {human(load['stored_bytes'])}"
    stored += "" if load["files"] is None else f" of {_count(load['files'], 'file')}"
    return f"  {'; '.join(parts)}\n    {human(load['decoded_bytes'])} as numbers{stored}"


def _node_row(node: dict[str, Any]) -> list[str]:
    dimensions = node.get("dimensions")
    shape = " ".join(f"{name} {size:,}" for name, size in dimensions.items()) if dimensions else node.get("value", "")
    size = human(node["bytes"]) if "bytes" in node else ""
    return [node["id"], node["process"], shape, node.get("type", ""), size, node["how"]]


def _columns(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))] if rows else []
    return [
        "  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
