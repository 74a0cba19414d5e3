"""Collections of files made by the tests, and the samples."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.coverages.coverage import resolve
from gdc_jupyter.coverages.formats import FORMATS
from gdc_jupyter.coverages.request import parse_request


@pytest.fixture(scope="session")
def ocean(tmp_path_factory):
    """A global NetCDF file with times, depths and two variables, and its values as they are."""
    random = np.random.default_rng(1)
    times = np.array(["2020-01-01", "2020-02-01", "2020-03-01T12:00"], "datetime64[ns]")
    shape = (3, 4, 18, 36)
    values = {name: random.integers(1, 9000, shape).astype("int16") for name in ("temperature", "salinity")}
    values["salinity"][0, 0, 0, 0] = -32768
    coords = {
        "time": times,
        "depth": [0.0, 10, 50, 100],
        "lat": np.arange(85, -90, -10.0),
        "lon": np.arange(-175, 180, 10.0),
    }
    made = xr.Dataset({name: (("time", "depth", "lat", "lon"), each) for name, each in values.items()}, coords)
    for name in made:
        made[name].attrs = {"units": "1", "_FillValue": np.int16(-32768)}
    path = tmp_path_factory.mktemp("ocean") / "ocean.nc"
    made.to_netcdf(path)
    return path, values


@pytest.fixture(scope="session")
def catalog(ocean, tmp_path_factory):
    catalog = Catalog(tmp_path_factory.mktemp("coverages"), samples=False)
    catalog.add(ocean[0], "ocean")
    return catalog


@pytest.fixture(scope="session")
def ask(catalog):
    """Return a function that resolves a query string's parameters against a collection."""

    def resolved(collection="ocean", **query):
        plain = {name.replace("_", "-"): [each] if isinstance(each, str) else each for name, each in query.items()}
        return resolve(catalog.get(collection), parse_request(plain))

    return resolved


@pytest.fixture(scope="session")
def write():
    """Return a function that gives the bytes of a coverage in a format."""
    return lambda coverage, name: b"".join(bytes(chunk) for chunk in FORMATS[name].write(coverage))
