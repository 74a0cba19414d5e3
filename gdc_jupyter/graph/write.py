"""The cubes and values that a plan saves, written into files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from gdc_jupyter.cube.encode import FORMATS, Asset, require_format
from gdc_jupyter.cube.encode.staging import publish, staged, storing
from gdc_jupyter.graph.block_cube import BlockCube
from gdc_jupyter.graph.blocks import Execution, windows
from gdc_jupyter.graph.meter import metered
from gdc_jupyter.graph.plan import Plan, Saved


def saved_values(plan: Plan, default_formats: Sequence[str]) -> list[Saved]:
    """Return what a plan saves: what its nodes save, else its result cube in the first default format that suits it.

    Raises
    ------
    GdcError
        ``FormatUnsuitable`` where none does.
    """
    if plan.saved or not default_formats or not isinstance(plan.result, (BlockCube, xr.DataArray)):
        return list(plan.saved)
    probe, grid = _look(plan.result)
    known = [name for name in default_formats if name in FORMATS]
    suitable = [name for name in known if not FORMATS[name].suits(probe, grid)]
    if not suitable:
        require_format(known[0]).check(probe, grid, {})
    return [Saved(plan.result, suitable[0], {}, plan.extent)]


def write(saved: Saved, folder: Path, stem: str, pixel_bytes: int, execution: Execution) -> list[Asset]:
    """Write one value, block by block, and return its files.

    They are in the folder whole, or not at all.

    Parameters
    ----------
    saved : Saved
    folder : Path
    stem : str
        The name of the file, without extension; where there are several, the start of their names.
    pixel_bytes : int
        The memory of one pixel, which says how large blocks may be.
    execution : Execution
        How blocks are computed.

    Raises
    ------
    GdcError
        ``StorageFailure`` where the disk is full, for example.
    """
    chosen = require_format(saved.format)
    value = saved.value
    if isinstance(value, BlockCube) and value.grid is None:
        # Its probe does not tell how many labels it has along a dimension that was x or y.
        value = value.whole()
    probe, grid = _look(value)
    name, work = f"{stem}.{chosen.extension}", f"write {chosen.name}"
    with staged(folder) as hidden:
        with storing(name, folder):
            writer = chosen.open(hidden, stem, probe, grid, chosen.settled(saved.options))
        blocks: Iterator[tuple[Any, Any]] = iter([(None, value)])
        if grid is not None:
            blocks = execution.blocks(value, windows(value, pixel_bytes))
        for window, block in blocks:
            with storing(name, folder):
                metered(work, partial(writer.write, block, window), _size(block))
        with storing(name, folder):
            assets = metered(work, writer.close)
        return publish(assets, folder)


def _size(block: Any) -> int:
    return int(getattr(block, "nbytes", 0))


def _look(value: Any) -> tuple[Any, Any]:
    return (value.probe, value.grid) if isinstance(value, BlockCube) else (value, None)
