"""The DAP server over HTTP: what real clients read of it, bit by bit, and what it says to bad requests."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import netCDF4
import numpy as np
import pytest
import requests

from gdc_jupyter.catalog.catalog import Catalog

from .conftest import TOKEN
from .dap_files import TYPES, make_large_integers, make_varied


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def file(dap):
    with netCDF4.Dataset(dap.file) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset


def same(found, expected):
    """Tell whether arrays are the same bit by bit, the type of the numbers aside."""
    found, expected = np.asarray(found), np.asarray(expected)
    if expected.dtype.kind == "f":
        bits = f"u{expected.dtype.itemsize}"
        native = expected.astype(expected.dtype.newbyteorder("="))
        return found.shape == expected.shape and (np.ascontiguousarray(found).view(bits) == native.view(bits)).all()
    if found.dtype.kind == "i" and expected.dtype.kind == "u" and found.itemsize == expected.itemsize:
        found = found.view(expected.dtype)
    return found.shape == expected.shape and (found == expected).all()


NUMBERS = ["time", "lat", "lon", "sst", "wind", "big_endian"]
NUMBERS += [f"{shape}_{kind}" for shape in ("vector", "scalar") for kind in TYPES]


@pytest.fixture(scope="module")
def remote(dap):
    with netCDF4.Dataset(dap.varied) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset


class TestNetcdfLibraryByDap2:
    @pytest.mark.parametrize("name", NUMBERS)
    def test_values_are_the_same_bits(self, remote, file, name):
        assert same(remote[name][...], file[name][...])

    @pytest.mark.parametrize("name", ["sst", "wind"])
    def test_so_are_strided_hyperslabs(self, remote, file, name):
        part = (slice(1, 5, 3), slice(2, 17, 5), slice(0, 36, 7))
        assert same(remote[name][part], file[name][part])
        assert same(remote[name][3, 4, 5:9], file[name][3, 4, 5:9])

    def test_groups_are_parts_of_names(self, remote, file):
        assert same(remote["model_temperature"][:], file["model/temperature"][:])
        assert same(remote["model_inner_flag"][:], file["model/inner/flag"][:])
        assert remote["model_temperature"].dimensions == ("time", "model_level")

    def test_texts_and_characters(self, remote, file):
        found = netCDF4.chartostring(remote["words"][:], encoding="utf-8")
        assert found.tolist() == file["words"][:].tolist()
        assert netCDF4.chartostring(remote["word"][:]) == "alone"
        assert remote["station"].dimensions == ("n", "letters")
        assert (remote["station"][:] == file["station"][:]).all()
        assert remote["letter"][:].tobytes() == b"Q"

    def test_attributes(self, remote, file):
        for name in ("sst", "time", "lat"):
            for key in file[name].ncattrs():
                expected, found = file[name].getncattr(key), remote[name].getncattr(key)
                assert found == expected
                assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)
        assert np.isnan(remote["wind"]._FillValue)
        assert remote.title == file.title
        assert remote.history == file.history
        assert (remote.numbers == file.numbers).all()

    def test_unlimited_dimensions(self, remote):
        assert [name for name, each in remote.dimensions.items() if each.isunlimited()] == ["time"]

    def test_unsigned_numbers_are_told_to_be_so(self, dap, file):
        with netCDF4.Dataset(dap.varied) as remote:
            for name in ("vector_u1", "vector_u2", "vector_u4"):
                assert same(remote[name][:], file[name][:])

    def test_a_constraint_in_the_address(self, dap, file):
        with netCDF4.Dataset(f"{dap.varied}?sst[0:1:3][2:3:16][4:1:20],lat[2:3:16]") as remote:
            remote.set_auto_maskandscale(False)
            assert same(remote["sst"][:], file["sst"][0:4, 2:17:3, 4:21])
            assert same(remote["lat"][:], file["lat"][2:17:3])

    def test_it_logs_in_with_the_token_as_password(self, dap):
        address = f"{dap.root}/secret/varied"
        with pytest.raises(OSError, match=r"Authorization|Access|NetCDF"):
            netCDF4.Dataset(address)
        with netCDF4.Dataset(address.replace("http://", f"http://x:{TOKEN}@")) as remote:
            assert remote["time"][:].tolist() == [0, 1, 2, 3, 4]


def ask(dap, path, **options):
    return requests.get(f"{dap.root}/{path}", timeout=30, **options)


VARIED = "group/varied/varied"


@pytest.mark.parametrize(
    ("constraint", "code", "text"),
    [
        ("sst[0:1", 1006, "no variable with hyperslabs"),
        ("sst[a][0][0]", 1006, "no hyperslab"),
        ("sst[-1][0][0]", 1006, "no hyperslab"),
        ("sst[0:1:2:3][0][0]", 1006, "no hyperslab"),
        ("sst[][0][0]", 1006, "no hyperslab"),
        ("sst[3:1][0][0]", 1006, "reversed"),
        ("sst[0:0:3][0][0]", 1006, "step of 0"),
        ("sst[0:5][0][0]", 1006, "out of range"),
        ("sst[99999999999999999999][0][0]", 1006, "no hyperslab"),
        ("sst[0]", 1006, "has 3 dimensions"),
        ("scalar_f4[0]", 1006, "has 0 dimensions"),
        ("nothing", 1005, "no variable 'nothing'"),
        ("sst.nothing", 1005, "no variable"),
        ("lat[0:1],lat[1:2]", 1006, "twice"),
        ("sst.sst[0:1][0][0],sst[0][0][0]", 1006, "twice"),
        ("lat&lat>3", 1006, "selection"),
        ("geogrid(sst,1,2,3,4)", 1006, "function"),
        ("", None, ""),
        (",", 1006, "no variable"),
        ("%FF%FE", 1005, "no variable"),
    ],
)
@pytest.mark.parametrize("suffix", ["dds", "dods"])
def test_a_bad_constraint_gets_an_error_object(dap, constraint, code, text, suffix):
    answer = ask(dap, f"{VARIED}.{suffix}?{constraint}")
    if code is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == (404 if code == 1005 else 400)
    assert answer.headers["Content-Description"] == "dods-error"
    assert answer.text.startswith(f"Error {{\n    code = {code};\n    message = ")
    assert text in answer.text


@pytest.mark.parametrize("encoded", ["lat%5B0:2%5D", "lat%5b0%3A1%3A2%5d", "lat[0:1:2]", "%6Cat[0:*]"])
def test_constraints_may_be_percent_encoded(dap, encoded):
    size = 18 if "*" in encoded else 3
    assert f"Float64 lat[lat = {size}];" in ask(dap, f"{VARIED}.dds?{encoded}").text


def test_grids_and_their_members(dap):
    grid = ask(dap, f"{VARIED}.dds?sst[0][1:2][3:2:7]").text
    assert "Grid {" in grid
    assert "Int16 sst[time = 1][lat = 2][lon = 3];" in grid
    assert "Float64 lon[lon = 3];" in grid
    array = ask(dap, f"{VARIED}.dds?sst.sst[0][1:2][3:2:7]").text
    assert "Structure {" in array
    assert "MAPS" not in array
    assert "Float64 lat[lat = 4];" in ask(dap, f"{VARIED}.dds?sst.lat[0:3]").text
    whole = ask(dap, f"{VARIED}.dds?sst.sst[0][1:2][3],sst.time[0],sst.lat[1:2],sst.lon[3]").text
    assert "Grid {" in whole


def test_data_are_as_long_as_they_are_said_to_be(dap):
    for constraint in ("", "sst", "vector_u1[0:4]", "lat[0:2],lon", "scalar_f8", "sst.sst[0][0][0]"):
        answer = ask(dap, f"{VARIED}.dods?{constraint}", stream=True)
        length, body = answer.headers.get("Content-Length"), answer.content
        assert (length is None) == (constraint == ""), "texts have to be read to know their length"
        assert length is None or int(length) == len(body)


def test_64_bit_integers_that_dap2_cannot_carry_are_refused(dap):
    for suffix in ("dds", "dods"):
        answer = ask(dap, f"large/large.{suffix}?count[0][0][0]")
        assert answer.status_code == 400
        assert "DAP2 cannot carry exactly" in answer.text
    with netCDF4.Dataset(f"{dap.root}/large/large") as remote:
        assert (remote["small"][:] == 7).all(), "the library reads all small variables together"
        assert "count" not in remote.variables


class TestAccess:
    def test_private_collections_are_seen_by_their_owner_only(self, dap):
        for path in ("secret/varied.dds", "secret/nothing.dds", "nothing/at.dds"):
            answer = ask(dap, path)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
            assert "code = 1007" in answer.text
        for header in (f"Bearer {TOKEN}", f"token {TOKEN}", f"Bearer basic//{TOKEN}", basic("x", TOKEN)):
            assert ask(dap, "secret/varied.dds", headers={"Authorization": header}).status_code == 200
            assert ask(dap, "secret/other.dds", headers={"Authorization": header}).status_code == 404
        assert ask(dap, "secret/varied.dds", params={"token": TOKEN}).status_code == 200

    def test_a_wrong_token_is_refused(self, dap):
        for header in ("Bearer wrong", basic("x", "wrong"), "Basic rubbish"):
            answer = ask(dap, f"{VARIED}.dds", headers={"Authorization": header})
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_heads_and_preflight_requests(dap):
    head = requests.head(f"{dap.varied}.dods?sst", timeout=30)
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["Content-Length"]) == len(ask(dap, f"{VARIED}.dods?sst").content)
    assert head.headers["XDAP"] == "2.0"
    assert head.headers["Content-Description"] == "dods-data"
    options = requests.options(f"{dap.varied}.dods", headers={"Origin": "https://example.org"}, timeout=30)
    assert options.status_code == 204
    assert "GET" in options.headers["Access-Control-Allow-Methods"]
    assert options.headers["Access-Control-Allow-Origin"] == "*"
    assert requests.post(f"{dap.varied}.dods", timeout=30).status_code == 405
