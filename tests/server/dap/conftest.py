"""A server with files of all kinds, for the tests of the DAP server."""

from __future__ import annotations

from types import SimpleNamespace

import netCDF4
import pytest

from gdc_jupyter.catalog.catalog import Catalog

from .files import make_large_integers, make_varied


@pytest.fixture(scope="session")
def dap(serve, tmp_path_factory):
    """A server with files of all kinds: the addresses of its granules, and the files."""
    folder = tmp_path_factory.mktemp("dap")
    data = folder / "data"
    data.mkdir()
    catalog = Catalog(data)
    varied, large = make_varied(folder / "varied.nc"), make_large_integers(folder / "large.nc")
    catalog.add(varied, "group/varied")
    catalog.add(large, "large")
    catalog.add_all(varied, "secret", owner="local")
    server = serve(data, folder / "server.log")
    root = f"http://127.0.0.1:{server.port}/opendap/data"
    yield SimpleNamespace(root=root, varied=f"{root}/group/varied/varied", file=varied, server=server, folder=folder)
    server.stop()


@pytest.fixture(scope="session")
def file(dap):
    with netCDF4.Dataset(dap.file) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset
