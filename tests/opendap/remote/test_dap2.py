"""What servers of DAP2 say is understood, bit by bit: answers written by hand from the specification."""

from __future__ import annotations

import struct
from urllib.parse import unquote

import numpy as np
import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.remote import dap2
from gdc_jupyter.opendap.remote.access import Access

DDS = """Dataset {
    Float64 lat[lat = 2];
    Grid {
     Array:
        Int16 v[time = 1][lat = 2];
     Maps:
        Float64 time[time = 1];
        Float64 lat[lat = 2];
    } v;
    Byte flags[3];
    String names[lat = 2];
    Structure {
        UInt32 count;
    } inner;
} some%20data.nc;
"""
DAS = """Attributes {
    v {
        String units "degrees \\"C\\"";
        Int16 _FillValue -99;
        Float32 valid_range -10.5, 60;
    }
    NC_GLOBAL {
        String title "A; {title}";
    }
    inner { count { String units "1"; } }
}
"""
#: What the answer to all of it holds, in order.
BODY = b"".join(
    [
        struct.pack(">IIdd", 2, 2, 10.5, -3.25),
        struct.pack(">IIii", 2, 2, -7, 300) + struct.pack(">IId", 1, 1, 4.0) + struct.pack(">IIdd", 2, 2, 10.5, -3.25),
        struct.pack(">II", 3, 3) + bytes([1, 2, 255]) + b"\0",
        struct.pack(">I", 2) + struct.pack(">I", 1) + b"a\0\0\0" + struct.pack(">I", 5) + b"h\xc3\xa9ll\0\0\0",
        struct.pack(">I", 4_000_000_000),
    ]
)


def test_values_of_every_type():
    values = dap2.decoded(DDS.encode() + b"\nData:\n" + BODY, "http://x/y")
    assert {name: each.tolist() for name, each in values.items()} == {
        "lat": [10.5, -3.25],
        "v": [[-7, 300]],
        "time": [4.0],
        "flags": [1, 2, 255],
        "names": ["a", "héll"],
        "count": 4_000_000_000,
    }
    assert {name: each.dtype.str[1:] for name, each in values.items()} == {
        "lat": "f8",
        "v": "i2",
        "time": "f8",
        "flags": "u1",
        "names": "O",
        "count": "u4",
    }


def test_attributes():
    found = dap2.parsed_attributes(DAS)
    assert found["v"]["units"] == 'degrees "C"'
    assert found["v"]["_FillValue"] == np.int16(-99)
    assert found["v"]["_FillValue"].dtype == np.int16
    assert found["v"]["valid_range"].tolist() == [-10.5, 60]
    assert found["NC_GLOBAL"] == {"title": "A; {title}"}
    assert found["inner.count"] == {"units": "1"}


def answering(dap_server, dods):
    def answer(path, query):
        if path.endswith(".dds"):
            return 200, DDS.encode()
        if path.endswith(".das"):
            return 200, DAS.encode()
        return dods(unquote(query)) if path.endswith(".dods") else (404, b"")

    return dap_server(answer)


def test_hyperslabs_are_asked_of_grids_by_their_arrays(dap_server):
    asked = []

    def dods(query):
        asked.append(query)
        text = "Dataset {\n Structure {\n Int16 v[time = 1][lat = 1];\n } v;\n Float64 lat[lat = 1];\n} x;\n"
        return 200, text.encode() + b"Data:\n" + struct.pack(">IIi", 1, 1, 300) + struct.pack(">IId", 1, 1, -3.25)

    server = answering(dap_server, dods)
    remote = dap2.open_dap2(Access(), f"{server.url}/some%20data.nc")
    assert remote.attributes == {"title": "A; {title}"}
    assert remote.variables["v"].dimensions == ("time", "lat")
    found = remote.read({"v": ((0, 0, 1), (1, 1, 1)), "lat": ((1, 1, 1),)})
    assert asked == ["v.v[0:1:0][1:1:1],lat[1:1:1]"]
    assert found["v"].tolist() == [[300]]
    assert found["lat"].tolist() == [-3.25]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'Error {\n code = 5;\n message = "Too much at once";\n};', "Too much at once"),
        (b"Dataset {\n Float64 lat[lat = 2];\n} x;\nData:\n" + BODY[:12], "cannot be read"),
        (b"<html>Maintenance</html>", "holds no data"),
        (b"Dataset {\n Sequence {\n Int32 a;\n } s;\n} x;\nData:\n", "sequence"),
        (b"Dataset {\n Float64 lat[lat = 2];\n} x;\nData:\n" + struct.pack(">IIddd", 3, 3, 1, 2, 3), "3 values"),
    ],
)
def test_answers_that_are_none(body, told, dap_server):
    server = answering(dap_server, lambda query: (200, body))
    remote = dap2.open_dap2(Access(), f"{server.url}/x")
    with pytest.raises(GdcError, match=told) as caught:
        remote.read({"lat": None})
    assert caught.value.code == "DataNotReadable"
