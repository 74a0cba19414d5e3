"""A planned cube without the labels that have no data, which all of its blocks are looked at for."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph.block_cube import BlockCube, Memo, one_pixel
from gdc_jupyter.graph.blocks import Execution, windows
from gdc_jupyter.processes.reshape import kept_labels, valid_labels


def trimmed(cube: BlockCube, execution: Execution) -> BlockCube:
    """Return a cube cut to the labels that have data.

    Parameters
    ----------
    cube : BlockCube
        A cube with x and y; its blocks are computed once to see where data are.
    execution : Execution
        How they are computed.

    Raises
    ------
    GdcError
        ``NoDataAvailable`` where there are none.
    """
    grid, probe = cube.grid, cube.probe
    assert grid is not None
    vertical, horizontal = spatial_dimensions(probe)
    sizes = {**probe.sizes, vertical: grid.height, horizontal: grid.width}
    valid = {str(name): np.zeros(size, bool) for name, size in sizes.items()}
    found = execution.map(cube, windows(cube), lambda block, window: (valid_labels(block), window))
    for here, window in found:
        row, column = grid.offset(window)
        starts = {vertical: row, horizontal: column}
        for name, marks in here.items():
            start = starts.get(name, 0)
            valid[name][start : start + len(marks)] |= marks
    kept = {name: kept_labels(probe, name, marks) for name, marks in valid.items()}
    if not all(len(positions) for positions in kept.values()):
        raise GdcError("NoDataAvailable", "The data cube has no data that trim_cube could keep.")
    rows, columns = kept.pop(vertical), kept.pop(horizontal)
    inner = grid.window(int(rows[0]), int(columns[0]), len(rows), len(columns))

    def compute(window: Grid | None, memo: Memo) -> xr.DataArray:
        assert window is not None
        return cube.block(window, memo).isel(kept)

    return BlockCube(
        one_pixel(probe.isel(kept), inner),
        inner,
        compute,
        how="block by block, without the labels that have no data",
        needs=lambda window: [(cube, window)],
        streamed=(cube,),
    )
