"""Constraints, who may see what, and the bytes on the wire."""

from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree

import netCDF4
import pytest
import requests

from ..conftest import TOKEN
from .answers import DAP4, VARIED, ask, basic, dechunked


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
