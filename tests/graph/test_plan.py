"""What a process tells the plan: windows that it reads, and streams; and cubes in memory beside loaded ones."""

import numpy as np
import pytest
import xarray as xr
from memory_catalog import GRID, VALUES, MemoryCatalog, load, node, of, parameter

from gdc_jupyter.cube.cube import without
from gdc_jupyter.cube.stream import stream_of
from gdc_jupyter.graph import blocks, execute
from gdc_jupyter.processes.registry import PROCESSES, process
from gdc_jupyter.processes.schemas import Cube


@pytest.fixture(params=[16, 37, 512], ids="edge{}".format)
def edge(request, monkeypatch):
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: (request.param, request.param + 3))


@pytest.fixture
def total(monkeypatch):
    """A process that adds up all pixels of a stream."""

    def pixel_sum(data: Cube) -> Cube:
        """Add up pixels.

        Parameters
        ----------
        data
            The cube.

        Returns
        -------
        cube
            Another.
        """
        stream = stream_of(data)
        sums = sum(stream.map(lambda block, window: np.nansum(block.values, axis=(-2, -1), dtype=float)))
        row = without(stream.probe, "x", stream.probe.values[..., 0])
        return without(row, "y", np.asarray(sums))

    monkeypatch.setitem(PROCESSES, "pixel_sum", None)
    process("cubes", streams=True)(pixel_sum)


@pytest.fixture
def thirds(monkeypatch):
    """A process that takes the first pixel of each 3 x 3 window."""

    def regrid(grid, arguments):
        return type(grid)(grid.crs, grid.x, grid.y, grid.dx * 3, grid.dy * 3, grid.width // 3, grid.height // 3)

    def reads(grid, arguments, window):
        row, column = regrid(grid, arguments).offset(window)
        return grid.window(row * 3, column * 3, window.height * 3, window.width * 3)

    def third_pixels(data: Cube) -> Cube:
        """Thin out pixels.

        Parameters
        ----------
        data
            The cube.

        Returns
        -------
        cube
            Another.
        """
        from gdc_jupyter.cube.cube import grid_of, place

        thinned = data.isel(y=slice(0, None, 3), x=slice(0, None, 3))
        grid = grid_of(data)
        return place(
            thinned, type(grid)(grid.crs, grid.x, grid.y, grid.dx * 3, grid.dy * 3, *reversed(thinned.shape[-2:]))
        )

    monkeypatch.setitem(PROCESSES, "third_pixels", None)
    process("cubes", reads=reads, regrid=regrid)(third_pixels)


@pytest.mark.usefixtures("edge", "total")
def test_a_stream_sees_each_pixel_once():
    result = execute({"load": load(), "sum": node("pixel_sum", True, data=of("load"))}, catalog=MemoryCatalog())
    assert result.dims == ("t", "bands")
    np.testing.assert_allclose(result.values, np.nansum(VALUES, axis=(2, 3), dtype=float))


@pytest.mark.usefixtures("edge", "thirds")
def test_a_window_of_a_coarser_grid_reads_what_it_needs():
    result = execute({"load": load(), "thin": node("third_pixels", True, data=of("load"))}, catalog=MemoryCatalog())
    np.testing.assert_array_equal(result.values, VALUES[..., :108:3, ::3])
    np.testing.assert_allclose(result.x.values, GRID.x + 15 + 30 * np.arange(50))


@pytest.mark.usefixtures("edge")
def test_a_cube_in_memory_beside_a_loaded_one():
    height, width = GRID.shape
    values = np.arange(height * width, dtype=float).reshape(height, width)
    mask = xr.DataArray(
        values % 2, dims=["y", "x"], coords={"y": GRID.y_labels(), "x": GRID.x_labels()}, attrs={"crs": GRID.crs}
    )
    graph = {"load": load(), "mask": node("mask", True, data=of("load"), mask=parameter("marks"))}
    result = execute(graph, {"marks": mask}, catalog=MemoryCatalog())
    np.testing.assert_array_equal(result.values, np.where(values % 2, np.nan, VALUES))
