"""Selections and addresses opened as one dataset, from a running server: the values of the files, read as needed."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import netCDF4
import numpy as np
import pytest
import rasterio
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

import gdc_jupyter as gdc
from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.opendap.remote.access import Access

TOKEN = "secret"
LAT, LON = np.arange(9.5, 0, -1), np.arange(0.5, 360)


def netcdf(path, lat=LAT, lon=LON, times=(0,), names=("v",), fill=-1, calendar="standard", kind="i4", group=None):
    """Write variables that tell the number of each cell, 100,000 more a day; the first one of all is missing."""
    with netCDF4.Dataset(path, "w") as root:
        file = root.createGroup(group) if group else root
        for name, values in (("time", times), ("lat", lat), ("lon", lon)):
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
        file["time"].units, file["time"].calendar = "days since 2020-02-28", calendar
        file["lat"].units, file["lon"].units = "degrees_north", "degrees_east"
        for name in names:
            cells = np.arange(len(lat) * len(lon)).reshape(1, len(lat), len(lon))
            values = cells + 100_000 * np.asarray(times).reshape(-1, 1, 1)
            values[:, 0, 0] = fill
            file.createVariable(name, kind, ("time", "lat", "lon"), fill_value=fill)[:] = values
            file[name].long_name = f"the variable {name}"
    return path


def scene(path, left, top, value):
    profile = {"crs": "EPSG:32632", "transform": from_origin(left, top, 100, 100), "nodata": 0, "dtype": "uint16"}
    with rasterio.open(path, "w", "GTiff", 30, 20, 1, **profile) as file:
        file.write(value + np.arange(600, dtype="uint16").reshape(1, 20, 30))


def points(path):
    """Write a grid of which each cell has coordinates of its own."""
    rows, columns = np.meshgrid(np.arange(20), np.arange(30), indexing="ij")
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("row", 20)
        file.createDimension("column", 30)
        for name, values in (("longitude", 10 + columns + 0.3 * rows), ("latitude", 40 + rows - 0.2 * columns)):
            file.createVariable(name, "f8", ("row", "column"))[:] = values
            file[name].standard_name = name
        file.createVariable("v", "f4", ("row", "column"))[:] = rows * 30 + columns
        file["v"].coordinates = "longitude latitude"


@pytest.fixture(scope="module")
def server(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    catalog = Catalog(folder / "data", samples=False)
    for name in ("days", "tiles", "scenes", "noleap"):
        (folder / name).mkdir()
    for day in (2, 0, 1):
        netcdf(folder / "days" / f"day{day}.nc", times=(day,), fill=-1 - day)
        netcdf(folder / "noleap" / f"day{day}.nc", times=(day,), calendar="360_day")
    netcdf(folder / "tiles" / "west.nc", lon=LON[:20])
    netcdf(folder / "tiles" / "east.nc", lon=LON[20:40])
    for number in range(2):
        scene(folder / "scenes" / f"B_2021070{number + 1}.tif", 600_000 + 1000 * number, 5_200_000, 1000 * number + 1)
    points(folder / "points.nc")
    netcdf(folder / "both.nc", names=("v", "w"), times=(5, 6), fill=-7, kind="f4")
    netcdf(folder / "grouped.nc", group="inner")
    netcdf(folder / "shifted.nc", lat=LAT + 0.3)
    for name in ("days", "tiles", "scenes", "noleap", "points.nc", "both.nc", "grouped.nc", "shifted.nc"):
        catalog.add(folder / name, name.partition(".")[0].upper())
    server = serve(folder / "data", folder / "log", "--GdcApp.samples=False")
    before = {name: os.environ.get(name) for name in ("GDC_URL", "GDC_TOKEN")}
    os.environ |= {"GDC_URL": server.url, "GDC_TOKEN": TOKEN}
    yield server
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value
    server.stop()


@pytest.fixture
def asked(monkeypatch):
    """What is asked for, while a test runs."""
    urls = []
    get = Access.get

    def told(self, url, accept="*/*"):
        urls.append(url)
        return get(self, url, accept)

    monkeypatch.setattr(Access, "get", told)
    return urls


def cells(rows, columns, days):
    """The values of the files, missing ones included."""
    rows, columns, days = (np.asarray(each) for each in (rows, columns, days))
    values = rows[None, :, None] * 360.0 + columns[None, None, :] + 100_000 * days[:, None, None]
    values[:, (rows == 0)[:, None] & (columns == 0)[None, :]] = np.nan
    return values


def test_granules_are_one_dataset_that_reads_what_is_needed(server, asked):
    dataset = gdc.open_dap(gdc.Selection("DAYS", (-2, 3, 2, 5)))
    assert dataset.sizes == {"time": 3, "lat": 2, "lon": 4}
    assert dataset["lon"].values.tolist() == [-1.5, -0.5, 0.5, 1.5]
    assert dataset["lat"].values.tolist() == [4.5, 3.5]
    assert dataset["time"].dt.day.values.tolist() == [28, 29, 1]
    assert dataset["v"].attrs == {"long_name": "the variable v"}
    assert not any("v%5B" in url or "/v&" in url for url in asked)
    asked.clear()
    last = dataset["v"].isel(time=2, lon=slice(0, 1)).load()
    assert last.values.ravel().tolist() == [200_000 + 5 * 360 + 358, 200_000 + 6 * 360 + 358]
    assert ["/v%5B0:1:0%5D%5B5:1:6%5D%5B358:1:358%5D" in url for url in asked] == [True]
    assert np.array_equal(dataset["v"].values, cells([5, 6], [358, 359, 0, 1], [0, 1, 2]))


@pytest.mark.parametrize(
    ("box", "longitudes"),
    [
        ((-30, 3, -27, 5), [-29.5, -28.5, -27.5]),
        ((330, 3, 333, 5), [-29.5, -28.5, -27.5]),
        ((178, 3, 182, 5), [178.5, 179.5, 180.5, 181.5]),
        ((-180, 3, 180, 5), [0.5 + n for n in range(360)]),
    ],
)
def test_longitudes_are_those_of_the_box(server, box, longitudes):
    assert gdc.open_dap(gdc.Selection("DAYS", box))["lon"].values.tolist() == longitudes


def test_missing_values_are_those_of_each_file(server):
    values = gdc.open_dap(gdc.Selection("DAYS", (0, 8, 3, 10)))["v"].values
    assert np.isnan(values[:, 0, 0]).all()
    assert np.isnan(values).sum() == 3
    assert np.array_equal(values, cells([0, 1], [0, 1, 2], [0, 1, 2]), equal_nan=True)


def test_the_interval_of_a_selection_counts_within_granules(server):
    dataset = gdc.open_dap(gdc.Selection("BOTH", datetime=("2020-03-04", "2020-03-05")))
    assert dataset["time"].dt.day.values.tolist() == [4]
    with pytest.raises(gdc.GdcError, match="no granules there") as caught:
        gdc.open_dap(gdc.Selection("BOTH", datetime="1999"))
    assert caught.value.code == "NoDataAvailable"


def test_addresses_of_any_kind_open(server):
    root = server.url.removesuffix("/gdc")
    with pytest.warns(UserWarning, match="two addresses for each granule"):
        urls = gdc.Selection("DAYS", (-2, 3, 2, 5)).dap_urls()
    assert len(urls) == 6
    by_selection = gdc.open_dap(gdc.Selection("DAYS", (-2, 3, 2, 5)))
    by_urls = gdc.open_dap(urls)
    by_ous = gdc.open_dap(f"{root}/opendap/ous/collection/DAYS?bounding-box=-2,3,2,5")
    by_stream = gdc.open_dap(f"{root}/opendap/ous/streaming-collection/DAYS?bounding_box=-2,3,2,5")
    xr.testing.assert_identical(by_ous, by_selection)
    xr.testing.assert_identical(by_stream, by_selection)
    turned = by_urls.assign_coords(lon=(by_urls["lon"] + 180) % 360 - 180).sortby("lon")
    assert np.array_equal(turned["v"].values, by_selection["v"].values)
    for form in ("nc4", "ascii", "dods"):
        one = gdc.open_dap(gdc.Selection("DAYS", (10, 3, 12, 5)).dap_urls(format=form)[0])
        assert one["v"].values.tolist() == cells([5, 6], [10, 11], [0]).tolist()
    whole = gdc.open_dap(f"{root}/opendap/data/DAYS/day1")
    assert whole["v"].shape == (1, 10, 360)
    dap4 = gdc.open_dap(f"{root}/opendap/data/DAYS/day1.dap.nc4?dap4.ce=/v[0:1:0][2:2:6][3:1:3];/lat;/lon")
    assert dap4["v"].values.ravel().tolist() == [100_000 + row * 360 + 3 for row in (2, 4, 6)]


def test_a_variable_that_a_granule_lacks_is_missing_there(server):
    root = server.url.removesuffix("/gdc")
    dataset = gdc.open_dap([f"{root}/opendap/data/{name}" for name in ("BOTH/both", "DAYS/day0")])
    assert dataset["time"].size == 3
    assert np.isnan(dataset["w"].isel(time=0)).all()
    assert np.array_equal(dataset["w"].isel(time=[1, 2]).values, cells(range(10), range(360), [5, 6]), equal_nan=True)
    assert np.array_equal(dataset["v"].values, cells(range(10), range(360), [0, 5, 6]), equal_nan=True)


def test_what_lies_beside_each_other_is_put_together(server):
    dataset = gdc.open_dap(gdc.Selection("TILES", (15, 3, 25, 5)))
    assert dataset["lon"].values.tolist() == [15.5 + n for n in range(10)]
    assert dataset["v"].isel(time=0, lat=0).values.tolist() == [5 * 20 + n for n in [*range(15, 20), *range(5)]]


def test_scenes_get_a_time_each(server):
    dataset = gdc.open_dap(gdc.Selection("SCENES"))
    assert dataset.sizes == {"time": 2, "y": 20, "x": 40}
    band = dataset["band_1"]
    assert np.isnan(band.isel(time=0).values[:, 30:]).all()
    assert np.isnan(band.isel(time=1).values[:, :10]).all()
    assert band.isel(time=1, y=3).values[10:].tolist() == [1001 + 90 + n for n in range(30)]
    assert dataset["spatial_ref"].attrs["crs_wkt"].startswith("PROJCRS")
    part = gdc.open_dap(gdc.Selection("SCENES", (10.345, 46.935, 10.35, 46.94), bands=["band_1"]))
    assert 3 <= part.sizes["x"] <= 8
    assert (part["x"].values[0] - 600_050) % 100 == 0


def test_cells_with_coordinates_of_their_own(server):
    dataset = gdc.open_dap(gdc.Selection("POINTS", (20, 45, 22, 47)))
    inside = (abs(dataset["longitude"] - 21) <= 1) & (abs(dataset["latitude"] - 46) <= 1)
    assert inside.sum() == 4
    assert dataset["v"].size < 40
    assert (dataset["v"].where(inside, drop=True).count() == 4).item()


def test_other_calendars_and_groups(server):
    dataset = gdc.open_dap(gdc.Selection("NOLEAP", (10, 3, 12, 5)))
    assert [str(time)[:10] for time in dataset["time"].values] == ["2020-02-28", "2020-02-29", "2020-02-30"]
    inner = gdc.open_dap(gdc.Selection("GROUPED", (10, 3, 12, 5)))
    assert inner["v"].values.tolist() == cells([5, 6], [10, 11], [0]).tolist()


def test_dask_and_threads_read_the_same(server):
    dataset = gdc.open_dap(gdc.Selection("DAYS"))
    expected = cells(range(10), range(360), [0, 1, 2])
    chunked = dataset.chunk({"time": 1, "lon": 100})
    assert np.array_equal(chunked["v"].values, expected, equal_nan=True)
    with ThreadPoolExecutor(6) as pool:
        parts = list(pool.map(lambda row: dataset["v"][:, row].values, range(10)))
    assert np.array_equal(np.stack(parts, 1), expected, equal_nan=True)
    elsewhere = pickle.loads(pickle.dumps(dataset))
    assert np.array_equal(elsewhere["v"][2].values, expected[2], equal_nan=True)


indices = st.one_of(
    st.integers(0, 9),
    st.tuples(st.integers(0, 10), st.integers(0, 10), st.sampled_from([1, 2, 3])).map(lambda each: slice(*each)),
    st.tuples(st.integers(0, 8), st.integers(1, 9)).map(lambda each: slice(min(each[0] + each[1], 9), each[0], -1)),
    st.lists(st.integers(0, 9), min_size=1, max_size=5),
)


dates = st.one_of(st.integers(0, 2), st.just(slice(None, None, -1)), st.lists(st.integers(0, 2), min_size=1))


@settings(max_examples=40, deadline=None)
@given(time=dates, row=indices, column=indices)
def test_any_part_is_the_same_part_of_the_values(server, time, row, column):
    lazy, loaded = _known(server)
    part = {"time": time, "lat": row, "lon": column}
    assert np.array_equal(lazy[part].values, loaded[part].values)


_opened = {}


def _known(server):
    if server.url not in _opened:
        selection = gdc.Selection("DAYS", (10, 0, 20, 10))
        _opened[server.url] = gdc.open_dap(selection)["v"], gdc.open_dap(selection)["v"].load()
    return _opened[server.url]


def test_the_token_is_nowhere_to_be_seen(server, asked):
    selection = gdc.Selection("DAYS", (2, 3, 5, 5))
    dataset = gdc.open_dap(selection)
    shown = repr(dataset) + repr(dataset.encoding) + repr([each.encoding for each in dataset.variables.values()])
    assert TOKEN not in shown + "".join(asked) + "".join(selection.dap_urls())
    with pytest.raises(gdc.GdcError) as caught:
        gdc.open_dap(selection.dap_urls()[0], token="wrong-one")
    assert caught.value.code == "TokenInvalid"
    assert "wrong-one" not in str(caught.value)


def test_the_token_goes_to_its_server_alone(server, asked):
    access = Access(server.url.removesuffix("/gdc"), f"Bearer {TOKEN}")
    request = requests_prepared(f"http://127.0.0.1:1{urlsplit(server.url).path}/x")
    assert "Authorization" not in access._auth(request).headers
    assert access._auth(requests_prepared(f"{server.url}/x")).headers["Authorization"] == f"Bearer {TOKEN}"


def requests_prepared(url):
    import requests

    return requests.Request("GET", url).prepare()


def test_a_connection_names_the_server_and_logs_in(server, monkeypatch):
    monkeypatch.setenv("GDC_URL", "http://127.0.0.1:1/gdc")
    connection = gdc.connect(server.url, token=TOKEN)
    selection = gdc.Selection("DAYS", (10, 3, 12, 5))
    assert gdc.open_dap(selection, connection).sizes["time"] == 3
    assert gdc.open_dap(selection, server.url, token=TOKEN).sizes["time"] == 3
    assert selection.dap_urls(connection) == selection.dap_urls(server.url.removesuffix("/gdc"), token=TOKEN)
    explained = selection.dap_urls(connection, explain=True)
    assert [each["bytes"] for each in explained] == [16] * 3
    assert explained[0]["bounding-box"] == [10, 3, 12, 5]


def test_a_public_address_is_reached_at_the_server_itself(serve, tmp_path, monkeypatch):
    catalog = Catalog(tmp_path / "data", samples=False)
    catalog.add(netcdf(tmp_path / "one.nc"), "ONE")
    options = ("--GdcApp.samples=False", "--GdcApp.public_url=https://hub.example.org/user/me/")
    server = serve(tmp_path / "data", tmp_path / "log", *options)
    monkeypatch.setenv("GDC_URL", server.url)
    monkeypatch.setenv("GDC_TOKEN", TOKEN)
    try:
        urls = gdc.Selection("ONE", (10, 3, 12, 5)).dap_urls()
        assert urls[0].startswith("https://hub.example.org/user/me/opendap/data/ONE/one.nc?")
        ous = "https://hub.example.org/user/me/opendap/ous/collection/ONE?bounding-box=10,3,12,5"
        for what in (gdc.Selection("ONE", (10, 3, 12, 5)), urls, ous):
            assert gdc.open_dap(what)["v"].values.tolist() == cells([5, 6], [10, 11], [0]).tolist()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("what", "code", "told"),
    [
        (gdc.Selection("NOT_THERE"), "NoDataAvailable", "'NOT_THERE' has no granules"),
        (gdc.Selection("DAYS", (0, 20, 10, 30)), "NoDataAvailable", "bounding-box 0,20,10,30"),
        (gdc.Selection("DAYS", bands=["x", "y"]), "BandNotFound", "'DAYS' has no variable x, y"),
        ("{root}/opendap/ous/collection/DAYS?bounding-box=0,-95,1,0", "DataNotReadable", "latitude"),
        ("{root}/opendap/data/DAYS/day9.nc", "DataNotReadable", "no granule 'day9'"),
        ("{root}/opendap/data/DAYS/day1.nc?x", "BandNotFound", "No granule has x"),
        ("{root}/opendap/data/DAYS/day1.nc?v[0:1:7][0:1:1][0:1:1]", "DataNotReadable", "(1, 10, 360)"),
        ("http://127.0.0.1:9/opendap/data/x", "ServerNotFound", "does not answer"),
        ("not an address", "DataNotReadable", "no address"),
        ([], "DataNotReadable", "Give a gdc.Selection"),
        (["{root}/opendap/data/DAYS/day1", "{root}/opendap/data/SHIFTED/shifted"], "GridIrregular", "different grids"),
    ],
)
def test_what_cannot_be_opened_says_why(server, what, code, told):
    root = server.url.removesuffix("/gdc")
    if isinstance(what, str):
        what = what.replace("{root}", root)
    if isinstance(what, list):
        what = [each.replace("{root}", root) for each in what]
    with pytest.raises(gdc.GdcError) as caught:
        gdc.open_dap(what)
    assert caught.value.code == code
    assert told in str(caught.value)
