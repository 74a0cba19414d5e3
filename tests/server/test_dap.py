"""The DAP server over HTTP: what real clients read of it, bit by bit, and what it says to bad requests."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import zlib
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import netCDF4
import numpy as np
import psutil
import pytest
import rasterio
import requests

import gdc_jupyter
from gdc_jupyter.catalog.catalog import Catalog

from .conftest import TOKEN
from .dap_files import TYPES, grid_axes, make_large_integers, make_varied

SAMPLES = Path(gdc_jupyter.__file__).parent / "samples"


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
    found = found.astype(found.dtype.newbyteorder("="))
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
        for name in ("words", "umlauts"):
            found = netCDF4.chartostring(remote[name][:], encoding="utf-8")
            assert found.tolist() == file[name][:].tolist()
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


@pytest.fixture(scope="module", params=["#dap4", "#mode=dap4"])
def remote4(dap, request):
    with netCDF4.Dataset(dap.varied + request.param) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset


class TestNetcdfLibraryByDap4:
    @pytest.mark.parametrize("name", [*NUMBERS, "model/level", "model/temperature", "model/inner/flag"])
    def test_values_and_types_are_the_same(self, remote4, file, name):
        found, expected = remote4[name][...], file[name][...]
        assert same(found, expected)
        assert found.dtype == expected.dtype.newbyteorder("=")
        if expected.ndim:
            part = tuple(slice(1, None, 2) for _ in expected.shape)
            assert same(remote4[name][part], file[name][part])

    @pytest.mark.parametrize("name", ["words", "umlauts", "station"])
    def test_texts_and_characters(self, remote4, file, name):
        assert remote4[name][:].tolist() == file[name][:].tolist()
        assert remote4[name].dimensions == file[name].dimensions
        assert remote4["word"][...] == "alone"

    def test_attributes(self, remote4, file):
        assert remote4["time"].units == file["time"].units
        assert remote4["sst"]._FillValue == -32768
        assert remote4["sst"]._FillValue.dtype == np.int16
        assert remote4["model"].comment == "of a group"
        assert (remote4.numbers == file.numbers).all()
        assert remote4.history == file.history
        assert remote4.dimensions["time"].isunlimited()

    def test_constraints(self, dap, file):
        expression = "/sst[0:2:4][][3:5];/lat;/lon[3:5];/model/temperature[0:2:4][]"
        with netCDF4.Dataset(f"{dap.varied}?dap4.ce={expression}#dap4") as remote:
            remote.set_auto_maskandscale(False)
            assert same(remote["sst"][:], file["sst"][0:5:2, :, 3:6])
            assert same(remote["lon"][:], file["lon"][3:6])
            assert same(remote["model/temperature"][:], file["model/temperature"][0:5:2])
            assert remote["sst"].dimensions[1:] == ("lat", "lon")
        with netCDF4.Dataset(f"{dap.varied}?dap4.ce=/lat=[2:3:11];/sst[1][][0:1];/lat#dap4") as remote:
            remote.set_auto_maskandscale(False)
            assert same(remote["sst"][:], file["sst"][1:2, 2:12:3, 0:2])
            assert same(remote["lat"][:], file["lat"][2:12:3])

    def test_integers_of_64_bits(self, dap):
        with netCDF4.Dataset(f"{dap.root}/large/large#dap4") as remote:
            assert (remote["count"][:] == 2**53 + 1).all()

    def test_it_logs_in_with_the_token_as_password(self, dap):
        address = f"{dap.root}/secret/varied#dap4"
        with netCDF4.Dataset(address.replace("http://", f"http://x:{TOKEN}@")) as remote:
            assert remote["time"][:].tolist() == [0, 1, 2, 3, 4]


#: What pydap cannot read of any server: texts that are not ASCII.
PYDAP = [name for name in NUMBERS if not name.startswith("scalar")]


class TestPydap:
    @pytest.mark.parametrize("protocol", ["dap2", "dap4"])
    def test_values_are_the_same(self, dap, file, protocol):
        from pydap.client import open_url

        dataset = open_url(dap.varied, protocol=protocol)
        for name in PYDAP:
            assert same(np.asarray(dataset[name][:].data), file[name][:]), name
        part = (slice(1, 5, 3), slice(2, 17, 5), slice(0, 36, 7))
        assert same(np.asarray(dataset["sst"][part].data), file["sst"][part])
        for name in NUMBERS:
            if name.startswith("scalar"):
                assert np.asarray(dataset[name].data[()]) == file[name][...], name
        words = [each.decode() for each in np.asarray(dataset["words"][:].data).astype("S")]
        assert words == file["words"][:].tolist()
        assert dataset["sst"].attributes["_FillValue"] == -32768
        assert np.isnan(dataset["wind"].attributes["_FillValue"])

    def test_characters_and_groups(self, dap, file):
        from pydap.client import open_url

        flat, whole = open_url(dap.varied, protocol="dap2"), open_url(dap.varied, protocol="dap4")
        assert flat["station"][:].data.tolist() == [b"Oslo", b"Rom", b"Berlin", b"", b"a", b"bc", b"def"]
        assert (np.asarray(whole["station"][:].data).view("S1") == file["station"][:]).all()
        assert same(np.asarray(flat["model_temperature"][:].data), file["model/temperature"][:])
        assert same(np.asarray(whole["/model/temperature"][:].data), file["model/temperature"][:])

    def test_constraints_in_the_address(self, dap, file):
        from pydap.client import open_url

        dataset = open_url(f"{dap.varied}?dap4.ce=/sst[1:1:3][2:1:5][3:1:5];/lat", protocol="dap4")
        assert same(np.asarray(dataset["sst"][:].data), file["sst"][1:4, 2:6, 3:6])
        dataset = open_url(f"{dap.varied}?sst[1:1:3][2:1:5][3:1:5],lat[2:1:5]", protocol="dap2")
        assert same(np.asarray(dataset["sst"][:].data), file["sst"][1:4, 2:6, 3:6])


@pytest.mark.filterwarnings("ignore:PyDAP was unable to determine")
class TestXarray:
    @pytest.mark.parametrize(("engine", "ending"), [("netcdf4", ""), ("netcdf4", "#dap4"), ("pydap", "")])
    def test_decoded_values(self, dap, engine, ending):
        import xarray as xr

        with xr.open_dataset(dap.file) as expected, xr.open_dataset(dap.varied + ending, engine=engine) as found:
            for name in ("wind", "time", "lat", "vector_u1", "vector_u2", "vector_u4", "station"):
                np.testing.assert_array_equal(found[name].values, expected[name].values)
                assert found[name].dims == expected[name].dims
            part = {"time": slice(1, 3), "lat": slice(0, 18, 4), "lon": slice(5, 9)}
            # pydap takes Float32 attributes for Float64, and netCDF 4.10 changes their last bits in DAP4.
            exact = (engine, ending) == ("netcdf4", "")
            np.testing.assert_allclose(
                found["sst"].isel(part).values, expected["sst"].isel(part).values, rtol=0 if exact else 1e-6
            )

    def test_pydap_by_dap4(self, dap):
        import xarray as xr
        from pydap.client import open_url
        from xarray.backends import PydapDataStore

        found = xr.open_dataset(PydapDataStore(open_url(dap.varied, protocol="dap4")))
        with xr.open_dataset(dap.file) as expected:
            for name in ("wind", "time", "lat", "vector_i8", "vector_u8"):
                np.testing.assert_array_equal(found[name].values, expected[name].values)


def ncdump(*arguments):
    program = shutil.which("ncdump")
    if program is None:
        if os.environ.get("GDC_REQUIRE_CLIENTS") == "1":
            pytest.fail("there is no ncdump; it is in the package netcdf-bin")
        pytest.skip("there is no ncdump")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestNcdump:
    @pytest.mark.parametrize("ending", ["", "#dap4"])
    def test_it_prints_the_same_values(self, dap, ending):
        names = ["-v", "sst,lat,vector_i2,vector_f8", "-p", "9,17"]

        def data(address):
            return ncdump(*names, address).partition("data:")[2].partition("group:")[0].rstrip("}\n ")

        found, expected = data(dap.varied + ending), data(str(dap.file))
        assert sorted(found.split(";")) == sorted(expected.split(";"))

    def test_constraints(self, dap, file):
        found = ncdump("-v", "lat", f"{dap.varied}?lat[1:2:5]")
        assert "lat = -75, -55, -35 ;" in found
        found = ncdump("-v", "lat", f"{dap.varied}?dap4.ce=/lat[1:2:5]#dap4")
        assert "lat = -75, -55, -35 ;" in found


def read_with_gdal(address, band, target):
    """Read a band by GDAL's netCDF driver in a process of its own: its libraries clash with those of netCDF4."""
    code = (
        "import json, sys, numpy, rasterio\n"
        "with rasterio.open(sys.argv[1]) as file:\n"
        "    numpy.save(sys.argv[3], file.read(int(sys.argv[2])))\n"
        "    print(json.dumps([file.crs.to_wkt() if file.crs else '', list(file.transform)[:6]]))\n"
    )
    command = [sys.executable, "-c", code, address, str(band), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        return None
    return np.load(target), *json.loads(done.stdout)


def test_gdal(dap, file, tmp_path):
    found = read_with_gdal(f'netcdf:"{dap.varied}":sst', 2, tmp_path / "band.npy")
    if found is None:
        pytest.skip("GDAL's netCDF driver is not built with DAP")
    assert same(found[0][::-1], file["sst"][1])


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
        answer = ask(dap, "group/varied/nothing.dds")
        assert answer.status_code == 404
        assert "code = 1004" in answer.text

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
    assert "XDAP" in head.headers["Access-Control-Expose-Headers"]
    options = requests.options(f"{dap.varied}.dods", headers={"Origin": "https://example.org"}, timeout=30)
    assert options.status_code == 204
    assert "GET" in options.headers["Access-Control-Allow-Methods"]
    assert options.headers["Access-Control-Allow-Origin"] == "*"
    assert requests.post(f"{dap.varied}.dods", timeout=30).status_code == 405


class TestDap4OnTheWire:
    def test_the_description(self, dap):
        answer = ask(dap, f"{VARIED}.dmr")
        assert answer.headers["Content-Type"] == "application/vnd.opendap.dap4.dataset-metadata+xml"
        assert answer.headers["XDAP"] == "4.0"
        assert ask(dap, f"{VARIED}.dmr.xml").text == answer.text
        root = ElementTree.fromstring(answer.content)
        group = root.find(f"{DAP4}Group[@name='model']")
        dims = [each.get("name") for each in group.find(f"{DAP4}Float64").iter(f"{DAP4}Dim")]
        assert dims == ["/time", "/model/level"]
        assert [each.get("name") for each in root.find(f"{DAP4}Int16[@name='sst']").iter(f"{DAP4}Map")] == [
            "/time",
            "/lat",
            "/lon",
        ]

    @pytest.mark.parametrize("checksums", [True, False])
    def test_chunks_and_checksums(self, dap, file, checksums):
        asked = f"?dap4.ce=/vector_i2;/wind;/words&dap4.checksum={str(checksums).lower()}"
        flags, description, body = dechunked(ask(dap, f"{VARIED}.dap{asked}").content)
        assert flags & 4
        assert ElementTree.fromstring(description).tag == f"{DAP4}Dataset"
        expected = [file["wind"][:].tobytes(), file["vector_i2"][:].tobytes()]
        texts = [text.encode() for text in file["words"][:]]
        expected.append(b"".join(struct.pack("<Q", len(text)) + text for text in texts))
        sums = [struct.pack("<I", zlib.crc32(data)) if checksums else b"" for data in expected]
        assert body == b"".join(data + crc for data, crc in zip(expected, sums, strict=True))

    def test_a_dimension_that_is_cut_in_two_ways_is_not_shared(self, dap):
        text = ask(dap, f"{VARIED}.dmr?dap4.ce=/sst[0][0:3][];/lat[1:2]").text
        dims = [each.attrib for each in ElementTree.fromstring(text).find(f"{DAP4}Int16").iter(f"{DAP4}Dim")]
        assert dims == [{"size": "1"}, {"size": "4"}, {"size": "36"}]

    @pytest.mark.parametrize(
        ("expression", "text"),
        [
            ("/sst[0:1", "no variable with hyperslabs"),
            ("/sst[3:1][][]", "reversed"),
            ("/sst[0:9][][]", "out of range"),
            ("/sst[0]", "has 3 dimensions"),
            ("/nothing", "no variable"),
            ("/model/sst", "no variable"),
            ("/lat[0:1];/lat[1:2]", "twice"),
            ("/lat=[0:1];/lat=[1:2];/sst", "twice"),
            ("/nothing=[0:1];/sst", "no dimension"),
            ("/lat=0;/sst", "no hyperslab of a dimension"),
            ("/lat|lat>3", "filter"),
            ("/model{level}", "structure"),
            ("grid(/sst)", "function"),
            (";/lat", "no variable"),
        ],
    )
    @pytest.mark.parametrize("suffix", ["dmr", "dap"])
    def test_bad_constraints_get_an_error_document(self, dap, expression, text, suffix):
        answer = ask(dap, f"{VARIED}.{suffix}", params={"dap4.ce": expression})
        assert answer.status_code in (400, 404)
        assert answer.headers["Content-Type"] == "application/vnd.opendap.dap4.error+xml"
        error = ElementTree.fromstring(answer.content)
        assert error.tag == f"{DAP4}Error"
        assert error.get("httpcode") == str(answer.status_code)
        assert text in error.find(f"{DAP4}Message").text

    def test_data_are_as_long_as_they_are_said_to_be(self, dap):
        for expression in ("/sst", "/wind;/lat;/scalar_u1", "/station", "/model", "/lat[0:1];/sst[0][][]"):
            for checksum in ("true", "false"):
                asked = {"dap4.ce": expression, "dap4.checksum": checksum}
                answer = ask(dap, f"{VARIED}.dap", params=asked)
                assert int(answer.headers["Content-Length"]) == len(answer.content)


class TestDownloads:
    @pytest.mark.parametrize("suffix", ["nc4", "dap.nc4"])
    def test_a_netcdf4_file_is_the_file(self, dap, file, suffix):
        with downloaded(dap, f"{VARIED}.{suffix}") as found:
            names = [*NUMBERS, "words", "umlauts", "word", "station", "letter"]
            for name in [*names, "model/level", "model/temperature", "model/inner/flag"]:
                assert found[name].dimensions == file[name].dimensions
                assert found[name].dtype == (str if file[name].dtype is str else file[name].dtype.newbyteorder("="))
                assert found[name].ncattrs() == file[name].ncattrs()
                if file[name].dtype is str:
                    assert np.asarray(found[name][...]).tolist() == np.asarray(file[name][...]).tolist()
                else:
                    assert same(found[name][...], file[name][...])
            assert found.dimensions["time"].isunlimited()
            assert found.title == file.title
            assert found["model"].comment == "of a group"

    @pytest.mark.parametrize(
        "asked",
        [
            "nc4?sst[0:1:3][2:3:16][4:1:20],lat[2:3:16]",
            "nc?sst[0:1:3][2:3:16][4:1:20],lat[2:3:16]",
            "nc4?dap4.ce=/sst[0:3][2:3:16][4:20];/lat[2:3:16]",
            "dap.nc4?dap4.ce=/lat=[2:3:16];/lat;/sst[0:3][][4:20]",
        ],
    )
    def test_constraints(self, dap, file, asked):
        with downloaded(dap, f"{VARIED}.{asked}") as found:
            assert same(found["sst"][:], file["sst"][0:4, 2:17:3, 4:21])
            assert same(found["lat"][:], file["lat"][2:17:3])
            assert found["sst"]._FillValue == -32768
            assert found["sst"].dimensions == ("time", "lat", "lon")
            assert "wind" not in found.variables

    def test_a_classic_file(self, dap, file):
        with downloaded(dap, f"{VARIED}.nc") as found:
            assert found.data_model == "NETCDF3_64BIT_OFFSET"
            for name in NUMBERS:
                assert same(found[name][...], file[name][...])
            assert found["vector_u2"]._Unsigned == "true"
            assert found["umlauts"][:].tolist() == file["umlauts"][:].tolist()
            assert (found["station"][:] == file["station"][:]).all()
            assert same(found["model_temperature"][:], file["model/temperature"][:])
            assert found["model_temperature"].dimensions == ("time", "model_level")
        refused = ask(dap, "large/large.nc")
        assert refused.status_code == 400
        assert "ask for it by DAP4 (.dap) or as .nc4" in refused.text
        with downloaded(dap, "large/large.nc4") as found:
            assert (found["count"][:] == 2**53 + 1).all()

    def test_a_dimension_that_is_cut_in_two_ways(self, dap, file):
        with downloaded(dap, f"{VARIED}.nc4?dap4.ce=/lat[0:3];/wind[0][5:9][]") as found:
            assert same(found["lat"][:], file["lat"][:4])
            assert same(found["wind"][:], file["wind"][:1, 5:10])
            assert found["wind"].dimensions == ("time", "lat_2", "lon")

    def test_text(self, dap, file):
        lines = ask(dap, f"{VARIED}.ascii?sst[1:2][3:4][5:7],words[1:5],word,scalar_f4,lat[0:1]").text.splitlines()
        assert lines[0] == "Dataset: varied"
        values = file["sst"][1:3, 3:5, 5:8]
        assert f"sst.sst[sst.time=1.0][sst.lat=-55.0], {', '.join(map(str, values[0, 0]))}" in lines
        assert f"sst.sst[sst.time=2.0][sst.lat=-45.0], {', '.join(map(str, values[1, 1]))}" in lines
        assert f"scalar_f4, {file['scalar_f4'][...]!s}" in lines
        assert "lat, -85.0, -75.0" in lines
        assert 'word, "alone"' in lines
        assert any(line.startswith("words, ") and line.endswith(', "x,y", "quoted ""q"""') for line in lines)
        for suffix in ("asc", "csv"):
            assert ask(dap, f"{VARIED}.{suffix}?lat[0:1]").text == "Dataset: varied\nlat, -85.0, -75.0\n"
        found = ask(dap, f"{VARIED}.dap.csv?dap4.ce=/model/temperature[1:2][];/station[0:1][]").text.splitlines()
        rows = {name: list(map(float, rest)) for name, *rest in (line.split(", ") for line in found[2:])}
        assert found[1] == '/station, "Oslo", "Rom"'
        assert rows["/model/temperature[1]"] == file["model/temperature"][1].tolist()
        assert rows["/model/temperature[2]"] == file["model/temperature"][2].tolist()


@contextmanager
def downloaded(dap, path):
    answer = ask(dap, path)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    name = path.partition("?")[0].rpartition("/")[2].replace(".dap.", ".")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    with netCDF4.Dataset("memory", memory=answer.content) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset


DAP4 = "{http://xml.opendap.org/ns/DAP/4.0#}"


def dechunked(content):
    """Return the flags of the first chunk, the description in it, and what the other chunks hold."""
    parts, first, last = [], None, 0
    while content:
        assert not last, "nothing comes after the last chunk"
        (head,) = struct.unpack(">I", content[:4])
        size, flags = head & 0xFFFFFF, head >> 24
        first, last = flags if first is None else first, flags & 1
        parts.append(content[4 : 4 + size])
        assert len(parts[-1]) == size
        content = content[4 + size :]
    assert last
    return first, parts[0], b"".join(parts[1:])


class TestLists:
    def test_collections_and_granules(self, dap):
        token = {"Authorization": f"token {TOKEN}"}
        listed = {each["id"]: each["url"] for each in ask(dap, "").json()["collections"]}
        assert listed["group/varied"] == f"{dap.root}/group/varied"
        assert {"OSTIA_SST", "S2_ALPS", "S2_PATAGONIA", "large"} <= listed.keys()
        assert "secret" not in listed
        assert "secret" in {each["id"] for each in ask(dap, "", headers=token).json()["collections"]}
        granules = requests.get(listed["group/varied"], timeout=30).json()
        assert granules["granules"] == [{"id": "varied", "url": dap.varied}]
        assert ask(dap, "secret").status_code == 401
        assert ask(dap, "secret", headers=token).json()["granules"][0]["id"] == "varied"

    def test_pages_of_granules(self, dap):
        first = ask(dap, "S2_ALPS?limit=10").json()
        (following,) = (link["href"] for link in first["links"] if link["rel"] == "next")
        rest = requests.get(following.replace("limit=10", "limit=1000"), timeout=30).json()
        ids = [each["id"] for each in [*first["granules"], *rest["granules"]]]
        assert len(ids) == len(set(ids)) == 44
        assert "next" not in {link["rel"] for link in rest["links"]}

    def test_a_granule_is_described(self, dap):
        described = ask(dap, f"{VARIED}.html").json()
        assert described == ask(dap, VARIED).json()
        found = {each["path"]: each for each in described["variables"]}
        assert found["/sst"]["constraint"] == "sst[0:1:4][0:1:17][0:1:35]"
        assert found["/model/temperature"]["name"] == "model_temperature"
        assert found["/sst"]["bytes"] == 2 * 5 * 18 * 36
        for link in described["links"]:
            answer = requests.head(link["href"], timeout=30)
            assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["", "group/varied", VARIED, f"{VARIED}.html"])
    def test_pages_for_people(self, dap, path):
        answer = ask(dap, path, headers={"Accept": "text/html"})
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "<h1>" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        for href in re.findall(r'href="(http[^"]+)"', answer.text):
            assert requests.head(href.replace("&amp;", "&"), timeout=30).status_code in (200, 405), href

    def test_catalogues_of_thredds(self, dap):
        space = "{http://www.unidata.ucar.edu/namespaces/thredds/InvCatalog/v1.0}"
        root = ElementTree.fromstring(ask(dap, "catalog.xml").content)
        links = [each.get("{http://www.w3.org/1999/xlink}href") for each in root.iter(f"{space}catalogRef")]
        assert f"{dap.root}/group/varied/catalog.xml" in links
        below = ElementTree.fromstring(ask(dap, "group/varied/catalog.xml").content)
        base = below.find(f"{space}service").get("base")
        (path,) = (each.get("urlPath") for each in below.iter(f"{space}dataset"))
        assert f"{dap.root.partition('/opendap')[0]}{base}{path}" == dap.varied


def test_answers_are_sent_again_only_if_the_file_has_changed(dap):
    first = ask(dap, f"{VARIED}.dods?lat")
    again = ask(dap, f"{VARIED}.dods?lat", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert "Last-Modified" in first.headers
    assert ask(dap, f"{VARIED}.dods?lat", headers={"If-None-Match": 'W/"other"'}).content == first.content


def test_a_file_that_was_changed_is_served_anew(dap, tmp_path):
    def make(value):
        with netCDF4.Dataset(tmp_path / "new.nc", "w") as dataset:
            grid_axes(dataset, times=2)
            dataset.createVariable("v", "f4", ("time", "lat", "lon"))[:] = value
        (tmp_path / "new.nc").replace(tmp_path / "changing.nc")

    make(1)
    Catalog(dap.server.data).add(tmp_path / "changing.nc", "changing")
    for value in (1, 2):
        make(value)
        with netCDF4.Dataset(f"{dap.root}/changing/changing") as remote:
            assert (remote["v"][:] == value).all()


class TestItemsOfRasters:
    def test_bands_are_variables(self, dap):
        address = f"{dap.root}/S2_PATAGONIA/S2_PATAGONIA"
        for ending in ("", "#dap4"):
            with netCDF4.Dataset(address + ending) as remote:
                remote.set_auto_maskandscale(False)
                for band, suffix in (("B02", ""), ("B04", ""), ("B11", "_2")):
                    with rasterio.open(SAMPLES / "S2_PATAGONIA" / f"S2_PATAGONIA_{band}.tif") as expected:
                        values = expected.read(1)
                        assert same(remote[band][:], values)
                        assert same(remote[band][3:90:7, 5:140:3], values[3:90:7, 5:140:3])
                        x, y = expected.transform * (np.arange(2) + 0.5, np.arange(2) + 0.5)
                        np.testing.assert_allclose(remote[f"x{suffix}"][:2], x)
                        np.testing.assert_allclose(remote[f"y{suffix}"][:2], y)
                    assert remote[band].dimensions == (f"y{suffix}", f"x{suffix}")
                    mapping = remote[remote[band].grid_mapping]
                    assert mapping.grid_mapping_name == "transverse_mercator"
                    assert remote[band].scale_factor == 0.0001
                    assert remote[band]._FillValue == 0
                assert remote["time"].units.startswith("seconds since 1970")

    def test_gdal_knows_where_they_are(self, dap, tmp_path):
        path = tmp_path / "b02.nc"
        path.write_bytes(ask(dap, "S2_PATAGONIA/S2_PATAGONIA.nc4?B02,spatial_ref").content)
        found = read_with_gdal(f'netcdf:"{path}":B02', 1, tmp_path / "band.npy")
        assert found is not None
        values, crs, transform = found
        with rasterio.open(SAMPLES / "S2_PATAGONIA" / "S2_PATAGONIA_B02.tif") as expected:
            assert rasterio.crs.CRS.from_wkt(crs) == expected.crs
            assert transform == list(expected.transform)[:6]
            assert (values == expected.read(1)).all()


def attributes_of(variable):
    return {name: variable.getncattr(name) for name in variable.ncattrs()}


class TestZarr:
    @pytest.mark.parametrize("version", [2, 3])
    def test_a_store_is_a_granule(self, dap, file, tmp_path, version):
        import xarray as xr
        from pydap.client import open_url

        names = ["sst", "wind", "vector_i8", "vector_u2", "time", "lat", "lon"]
        variables = {
            name: (
                file[name].dimensions,
                file[name][:],
                {key: file[name].getncattr(key) for key in file[name].ncattrs()},
            )
            for name in names
        }
        path = tmp_path / f"store{version}.zarr"
        xr.Dataset(variables).to_zarr(path, zarr_format=version, consolidated=version == 2)
        Catalog(dap.server.data).add(path, f"zarr{version}")
        address = f"{dap.root}/zarr{version}/store{version}"
        part = (slice(1, 5, 2), slice(3, 17, 4), slice(0, 36, 5))
        with netCDF4.Dataset(address) as flat:
            flat.set_auto_maskandscale(False)
            whole = open_url(address, protocol="dap4")
            for name in names:
                assert same(flat[name][:], file[name][:])
                assert same(np.asarray(whole[name][:].data), file[name][:])
            assert same(flat["sst"][part], file["sst"][part])
            assert same(np.asarray(whole["sst"][part].data), file["sst"][part])
            assert flat["sst"]._FillValue == -32768
            assert flat["sst"].units == "K"
            assert flat["sst"].dimensions == ("time", "lat", "lon")


class TestLargeAnswers:
    @pytest.fixture(scope="class")
    @staticmethod
    def large(dap):
        path = dap.folder / "huge.nc"
        with netCDF4.Dataset(path, "w") as dataset:
            grid_axes(dataset, times=200, rows=500, columns=1000)
            variable = dataset.createVariable("v", "f4", ("time", "lat", "lon"), chunksizes=(1, 500, 1000))
            for step in range(0, 200, 50):
                variable[step] = step
        Catalog(dap.server.data).add(path, "huge")
        return f"{dap.root}/huge/huge"

    @pytest.mark.parametrize("asked", [".dods?v", ".dap?dap4.ce=/v"])
    def test_memory_does_not_grow_with_them(self, dap, large, asked):
        process = psutil.Process(dap.server.process.pid)
        requests.get(f"{large}.dods?v[0][0][0]", timeout=30)
        before, most = process.memory_info().rss, 0
        with requests.get(large + asked, stream=True, timeout=60) as answer:
            size = 0
            for chunk in answer.iter_content(1 << 20):
                size += len(chunk)
                most = max(most, process.memory_info().rss)
        assert size == int(answer.headers["Content-Length"]) > 400_000_000
        assert most - before < 100e6

    def test_a_client_that_hangs_up_stops_the_reading(self, dap, large):
        process = psutil.Process(dap.server.process.pid)
        for _ in range(5):
            with requests.get(f"{large}.dods?v", stream=True, timeout=60) as answer:
                answer.raw.read(1 << 16)
        time.sleep(0.5)
        before = process.cpu_times()
        time.sleep(0.5)
        after = process.cpu_times()
        assert after.user + after.system - before.user - before.system < 0.25
        assert ask(dap, f"{VARIED}.dds").status_code == 200

    def test_others_are_answered_meanwhile(self, dap, large):
        with requests.get(f"{large}.dods?v", stream=True, timeout=60) as answer:
            begin = time.monotonic()
            for _ in range(5):
                answer.raw.read(1 << 22)
                assert requests.get(f"{dap.root.partition('data')[0]}health", timeout=30).status_code == 200
            assert time.monotonic() - begin < 5


def test_limits_are_configured(serve, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    Catalog(data).add(make_varied(tmp_path / "varied.nc"), "varied")
    server = serve(data, tmp_path / "log", "--GdcApp.max_dap_bytes=1000", "--GdcApp.max_dap_file_bytes=100")
    try:
        root = f"http://127.0.0.1:{server.port}/opendap/data/varied/varied"
        for suffix, status in (("dods?sst", 413), ("dods?lat", 200), ("nc4?lat", 413), ("nc4?lat[0]", 200)):
            answer = requests.get(f"{root}.{suffix}", timeout=30)
            assert answer.status_code == status
            assert status == 200 or answer.text.startswith("Error {")
    finally:
        server.stop()
