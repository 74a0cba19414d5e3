"""Random graphs give the same in blocks as on whole cubes, in whatever order and by whatever names dimensions are."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from memory_catalog import MemoryCatalog
from random_graphs import cubes, graphs

from gdc_jupyter.errors import GdcError, InvalidProcessGraph
from gdc_jupyter.graph import blocks, execute
from gdc_jupyter.graph.planned import planned


def outcome(graph, cube):
    try:
        return execute(graph, {"cube": cube}, catalog=MemoryCatalog())
    except GdcError as error:
        return error


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_blocks_give_what_the_whole_cube_gives(monkeypatch, data):
    cube, names = data.draw(cubes())
    graph = data.draw(graphs(names))
    shape = data.draw(st.tuples(st.integers(2, 17), st.integers(2, 17)))
    monkeypatch.setattr(blocks, "block_shape", lambda pixel_bytes: shape)
    whole, in_blocks = outcome(graph, cube), outcome(graph, planned(cube))
    note(f"{whole!r}\n{in_blocks!r}")
    if isinstance(in_blocks, InvalidProcessGraph) and in_blocks.faults[0].code == "NoDataAvailable":
        # A plan tells of a box without pixels, which leaves an empty cube otherwise.
        assert isinstance(whole, GdcError) or not whole.size
        return
    if isinstance(whole, GdcError) or isinstance(in_blocks, GdcError):
        assert isinstance(whole, GdcError)
        assert isinstance(in_blocks, GdcError)
        return
    assert whole.dims == in_blocks.dims
    for name in whole.dims:
        one, other = whole.coords[name].values, in_blocks.coords[name].values
        assert len(one) == len(other)
        assert np.allclose(one, other) if one.dtype.kind == "f" else (one == other).all()
    xr.testing.assert_equal(whole.isnull().drop_vars(whole.coords), in_blocks.isnull().drop_vars(in_blocks.coords))
    np.testing.assert_allclose(in_blocks.values, whole.values, rtol=1e-5, atol=1e-3)
