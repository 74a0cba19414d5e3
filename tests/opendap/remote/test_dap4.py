"""What servers of DAP4 say is understood, bit by bit: answers written by hand from the specification."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.remote.dap4 import declarations, decoded

DMR = b"""<?xml version="1.0" encoding="UTF-8"?>
<Dataset xmlns="http://xml.opendap.org/ns/DAP/4.0#" dapVersion="4.0" dmrVersion="1.0" name="x">
  <Dimension name="lat" size="2"/>
  <Float32 name="lat"><Dim name="/lat"/>
    <Attribute name="units" type="String"><Value>degrees_north</Value></Attribute></Float32>
  <UInt64 name="big"/>
  <String name="names"><Dim name="/lat"/></String>
  <Structure name="left_out"><Int8 name="a"/></Structure>
  <Group name="inner">
    <Dimension name="level" size="3"/>
    <Int16 name="v"><Dim name="/inner/level"/><Dim name="lat"/><Dim size="1"/>
      <Attribute name="_FillValue" type="Int16"><Value value="-5"/></Attribute>
      <Attribute name="range" type="Float64"><Value>1</Value><Value>NaN</Value></Attribute>
    </Int16>
  </Group>
  <Attribute name="info" type="Container">
    <Attribute name="title" type="String"><Value>T &amp; U</Value></Attribute></Attribute>
</Dataset>
"""


def chunked(order, *pieces):
    flags = 4 if order == "<" else 0
    last = len(pieces) - 1
    return b"".join(
        struct.pack(">I", ((flags | (number == last)) << 24) | len(piece)) + piece
        for number, piece in enumerate(pieces)
    )


def body(order, checksums=True):
    parts = [
        struct.pack(f"{order}2f", 1.5, -2.5),
        struct.pack(f"{order}Q", 2**64 - 1),
        struct.pack(f"{order}Q", 2) + "é".encode() + struct.pack(f"{order}Q", 0),
        struct.pack(f"{order}6h", *range(-3, 3)),
    ]
    told = [struct.pack(f"{order}I", zlib.crc32(part)) if checksums else b"" for part in parts]
    return b"".join(part + check for part, check in zip(parts, told, strict=True))


def test_declarations():
    variables, attributes = declarations(DMR, "http://x/y")
    assert list(variables) == ["lat", "big", "names", "inner/v"]
    inner = variables["inner/v"]
    assert (inner.dimensions, inner.shape) == (("inner/level", "lat", "inner/v_2"), (3, 2, 1))
    assert inner.attributes["_FillValue"] == np.int16(-5)
    assert np.isnan(inner.attributes["range"][1])
    assert attributes == {"info.title": "T & U"}


@pytest.mark.parametrize("order", ["<", ">"])
def test_values_in_both_byte_orders(order):
    whole = body(order)
    _, values = decoded(chunked(order, DMR, whole[:7], whole[7:40], whole[40:]), "http://x/y")
    assert {name: each.tolist() for name, each in values.items()} == {
        "lat": [1.5, -2.5],
        "big": 2**64 - 1,
        "names": ["é", ""],
        "inner/v": [[[-3], [-2]], [[-1], [0]], [[1], [2]]],
    }
    assert all(each.dtype.isnative for each in values.values())


def test_values_without_checksums():
    plain = DMR.replace(b'<String name="names"><Dim name="/lat"/></String>', b"")
    whole = struct.pack("<2f", 1.5, -2.5) + struct.pack("<Q", 7) + struct.pack("<6h", *range(6))
    _, values = decoded(chunked("<", plain, whole), "http://x/y")
    assert values["big"] == 7
    assert values["inner/v"].ravel().tolist() == list(range(6))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (chunked("<", DMR, body("<"))[:-9], "not complete"),
        (struct.pack(">I", (3 << 24) | 9) + b"no memory", "no memory"),
        (chunked("<", DMR, body("<").replace(struct.pack("<f", 1.5), struct.pack("<f", 1.6))), "damaged"),
        (chunked("<", b"<html></html>", b""), "no DMR"),
        (chunked("<", b"not XML", b""), "no DMR"),
    ],
)
def test_answers_that_are_none(answer, told):
    with pytest.raises(GdcError, match=told) as caught:
        decoded(answer, "http://user:secret@x/y")
    assert caught.value.code == "DataNotReadable"
    assert "secret" not in str(caught.value)
